"""Our codec beside another implementation fed with the norm's own files, and the specimens of French networks.

Random values are drawn from the norm as the other implementation parsed it, so that our tables have no part in it.
"""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billettique.model.ticket import Answer, Data, Header, Ticket
from billettique.rules import fcb3, fdc1, u2
from billettique.rules.keys import is_signed, public_key_of
from billettique.rules.tickets import mark_of, read_ticket, record_of, ticket_octets
from billettique.rules.uper import decode, encode
from mobigo.base.errors import InvalidInput
from tests.ticket_world import KEY, PROVIDER, SELLER, bound_code, checked, dynamic_code, static_code, tickets

pytestmark = pytest.mark.realdata
OURS = {"UicRailTicketData": ("ticket", fcb3.TICKET), "UicDynamicContentData": ("dynamic", fdc1.DYNAMIC)}
READ_HERE = {"openTicket", "pass"}  # of the twelve documents
DYNAMIC = {"20200301-pass-ok-F-Z.bin", "20240207-Exemple-24H-EMS-2-passagers-CB2D.bin"}
OTHER_FORMATS = {"20241217-ter-ticket.bin", "20250224-ter-zone-pass.bin"}
seeds = st.integers(0, 2**64 - 1)


class Drawn:
    """A random value of a type of the norm."""

    def __init__(self, types: dict[str, Any], seed: int) -> None:
        self.types, self.random = types, Random(seed)

    def value(self, of: dict[str, Any], depth: int = 0) -> Any:
        kind = of["type"]
        random = self.random
        if kind in self.types:
            return self.value(self.types[kind], depth)
        if kind == "BOOLEAN":
            return random.random() < 0.5
        if kind == "INTEGER":
            low, high = of.get("restricted-to", [(-(2**63), 2**63 - 1)])[0]
            return random.choice([low, high, random.randint(low, high), max(low, min(high, random.randint(-300, 300)))])
        if kind == "ENUMERATED":
            return random.choice([each for each in of["values"] if each is not None])[0]
        if kind == "OCTET STRING":
            return random.randbytes(random.choice([0, 1, 5, 130]))
        if kind == "IA5String":
            return "".join(chr(random.randrange(128)) for _ in range(self.length(of)))
        if kind == "UTF8String":
            return "".join(random.choice("aé’€🚌z ") for _ in range(self.length(of)))
        if kind == "OBJECT IDENTIFIER":
            return random.choice(["1.2.840.10045.3.1.7", "1.2.840.10045.4.3.2"])
        if kind == "SEQUENCE OF":
            return [self.value(of["element"], depth + 1) for _ in range(random.randint(0, 2))]
        members = [each for each in of["members"] if each is not None]
        if kind == "CHOICE":
            read = [each for each in members if each["name"] in READ_HERE] or members
            member = random.choice(read)
            return member["name"], self.value(member, depth + 1)
        assert kind == "SEQUENCE", kind
        found = {}
        for member in members:
            absent = member.get("optional") or "default" in member
            if absent and random.random() > (0.9 if depth < 2 else 0.6 if depth < 4 else 0.3 if depth < 6 else 0.0):
                continue
            found[member["name"]] = self.value(member, depth + 1)
        return found

    def length(self, of: dict[str, Any]) -> int:
        if "size" not in of:
            return self.random.choice([0, 1, 7, 20, 127, 128] if self.random.random() < 0.1 else [0, 1, 7, 20])
        size = of["size"][0]
        return self.random.randint(*size) if isinstance(size, tuple) else int(size)


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=500)
@given(seed=seeds)
def test_any_value_of_the_norm_is_written_to_the_same_octets(
    norm: dict[str, Any], norm_types: dict[str, Any], name: str, seed: int
) -> None:
    same_octets_both_ways(norm, norm_types, name, seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", OURS)
@settings(max_examples=10_000)
@given(seed=seeds)
def test_ten_thousand_values_of_the_norm_are_written_to_the_same_octets(
    norm: dict[str, Any], norm_types: dict[str, Any], name: str, seed: int
) -> None:
    same_octets_both_ways(norm, norm_types, name, seed)


def same_octets_both_ways(norm: dict[str, Any], norm_types: dict[str, Any], name: str, seed: int) -> None:
    file, kind = OURS[name]
    value = Drawn(norm_types, seed).value(norm_types[name])
    theirs = norm[file].encode(name, value)
    assert encode(kind, value) == theirs
    assert decode(kind, theirs) == norm[file].decode(name, theirs)


@settings(max_examples=300)
@given(seed=seeds)
def test_any_ticket_of_the_norm_gets_a_verdict(norm_types: dict[str, Any], seed: int) -> None:
    """Whatever a seller signs, dates of 2269 and empty lists included: one of the answers, never an accident."""
    record = Drawn(norm_types, seed).value(norm_types["UicRailTicketData"])
    octets = encode(fcb3.TICKET, record)
    header = Header(PROVIDER, KEY.key_id, (Data("FCB3", octets),))
    try:
        code = u2.write_code(header, SELLER.sign(u2.level_1_octets(header)))
    except InvalidInput:
        assert len(octets) > 900
        return
    verdict = checked(code)
    assert verdict.answer in (Answer.UNREADABLE, Answer.UNKNOWN_KEY)
    if len(record.get("transportDocument", ())) != 1:
        with pytest.raises(InvalidInput, match=r"billettique\.not_one_document"):
            read_ticket(octets)
        return
    ticket = read_ticket(octets)
    assert ticket.first_minute.tzinfo is not None
    assert len(mark_of(ticket)) == 8


@settings(max_examples=500)
@given(seed=seeds)
def test_any_header_of_the_norm_is_read_as_it_was_written(
    norm: dict[str, Any], norm_types: dict[str, Any], seed: int
) -> None:
    """The header in its own words too: object identifiers are octets with us, dotted numbers with them."""
    level_1 = Drawn(norm_types, seed).value(norm_types["Level1DataType"], depth=1)
    theirs = norm["header"].encode("Level1DataType", level_1)
    read = decode(u2.LEVEL_1, theirs)
    assert encode(u2.LEVEL_1, read) == theirs
    dotted = {"1.2.840.10045.3.1.7": u2.P256, "1.2.840.10045.4.3.2": u2.ECDSA_SHA256}
    assert read == {name: dotted.get(value, value) if "Alg" in name else value for name, value in level_1.items()}


@settings(max_examples=100)
@given(tickets())
def test_a_ticket_of_ours_is_the_same_ticket_to_them(norm: dict[str, Any], ticket: Ticket) -> None:
    octets = ticket_octets(ticket)
    theirs = norm["ticket"].decode("UicRailTicketData", octets)
    assert norm["ticket"].encode("UicRailTicketData", theirs) == octets
    assert norm["ticket"].encode("UicRailTicketData", without_none(record_of(ticket))) == octets


def without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_none(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_none(each) for each in value]
    return (value[0], without_none(value[1])) if isinstance(value, tuple) else value


@pytest.mark.parametrize("octets", [static_code(), bound_code(), dynamic_code()], ids=["static", "bound", "dynamic"])
def test_a_code_of_ours_is_a_code_to_them(norm: dict[str, Any], octets: bytes) -> None:
    """They read our code, write it again to the bit, and the octets that they say are signed are those we signed."""
    theirs = norm["header"].decode("UicBarcodeHeader", octets)
    assert norm["header"].encode("UicBarcodeHeader", theirs) == octets
    ours = u2.read_code(octets)
    level_2 = theirs["level2SignedData"]
    assert norm["header"].encode("Level1DataType", level_2["level1Data"]) == ours.signed_1
    assert norm["header"].encode("Level2DataType", level_2) == ours.signed_2
    assert (level_2["level1Signature"], theirs.get("level2Signature")) == (ours.signature_1, ours.signature_2)


# ---------------------------------------------------------------- specimens


def test_every_specimen_is_re_encoded_to_the_bit_or_refused_as_unreadable(specimens: dict[str, bytes]) -> None:
    assert len(specimens) >= 7
    for name, octets in specimens.items():
        if name in OTHER_FORMATS:
            assert checked(octets).answer is Answer.UNREADABLE, name
            with pytest.raises(InvalidInput):
                u2.read_code(octets)
            continue
        code = u2.read_code(octets)  # which writes it again, and compares
        for data in code.header.data:
            assert encode(fcb3.TICKET, decode(fcb3.TICKET, data.octets)) == data.octets, name
        assert checked(octets).answer is Answer.UNKNOWN_KEY, name  # we have no key of theirs


def test_every_specimen_is_read_as_they_read_it(norm: dict[str, Any], specimens: dict[str, bytes]) -> None:
    for name in specimens.keys() - OTHER_FORMATS:
        for data in u2.read_code(specimens[name]).header.data:
            assert decode(fcb3.TICKET, data.octets) == norm["ticket"].decode("UicRailTicketData", data.octets), name


def test_the_extensions_of_others_are_kept(specimens: dict[str, bytes]) -> None:
    for name in specimens.keys() - OTHER_FORMATS:
        (data,) = u2.read_code(specimens[name]).header.data
        assert decode(fcb3.TICKET, data.octets)["issuingDetail"]["extension"]["extensionId"] == "+FRII1", name


def test_the_second_signatures_of_the_field_verify(specimens: dict[str, bytes]) -> None:
    found = set()
    for name in specimens.keys() - OTHER_FORMATS:
        code = u2.read_code(specimens[name])
        if code.header.bound_key is None:
            continue
        found.add(name)
        telephone = public_key_of(code.header.bound_key)
        assert code.signature_2 is not None
        assert is_signed(telephone, code.signed_2, code.signature_2), name
        assert not is_signed(telephone, code.signed_1, code.signature_2), name
        assert not code.header.other_algorithm, name
    assert found == DYNAMIC


def test_a_specimen_says_what_is_printed_on_it(specimens: dict[str, bytes]) -> None:
    """The Pass'OK of March 2020: the whole month in local time, 48 €, in zones that only its seller can read."""
    code = u2.read_code(specimens["20200301-pass-ok-F-Z.bin"])
    ticket = read_ticket(code.header.data[0].octets)
    assert (ticket.words, ticket.holder, ticket.price and ticket.price.cents) == ("Pass'OK", ("Joël", "HEPP"), 4800)
    assert ticket.first_minute.isoformat() == "2020-02-29T23:00:00+00:00"  # 1 March, 0:00 in France
    assert ticket.last_minute.isoformat() == "2020-03-31T21:59:00+00:00"  # 31 March, 23:59, summer time
    assert ticket.area.opaque
    assert ticket.checks.identity
    assert ticket.specimen
