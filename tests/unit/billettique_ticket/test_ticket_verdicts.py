"""The verdict on a code: each answer, both sides of each edge, in the order of the steps; tampering in every way."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from billettique.model.ticket import (
    Answer,
    Area,
    Data,
    Header,
    Here,
    KeyList,
    Line,
    Station,
    Ticket,
    TravelClass,
    Verdict,
    Zone,
)
from billettique.rules import fcb3, fdc1, u2, uper, verify
from billettique.rules.issuing import show_code, sign_ticket
from billettique.rules.keys import is_signed, public_key_of
from billettique.rules.tickets import mark_of, mark_of_code, read_ticket, record_of, ticket_octets
from billettique.rules.uper import Optional, encode, ia5, sequence
from billettique.rules.verify import Keyring, Policy, uses_up
from mobigo.base.errors import InvalidInput, Refused
from tests.counts import count
from tests.ticket_world import (
    DAY,
    KEY,
    KEYS,
    NO_REVOCATION,
    NOW,
    ORDER,
    PASS,
    PROVIDER,
    RING,
    SELLER,
    TELEPHONE,
    TICKET,
    TRIAL,
    bound_code,
    checked,
    dynamic_code,
    signer,
    static_code,
    tickets,
)

STATIC, DYNAMIC = static_code(), dynamic_code()
SECOND = timedelta(seconds=1)
STRANGER = signer("stranger")


def answer(verdict: Verdict) -> tuple[Answer, str]:
    return verdict.answer, verdict.reason.code


def keys(*listed: Any, **changed: Any) -> Keyring:
    return Keyring(replace(KEYS, keys=listed or KEYS.keys, **changed))


# ---------------------------------------------------------------- good ones


@pytest.mark.parametrize("ticket", [TICKET, PASS])
def test_a_good_code_is_good_and_shows_its_ticket(ticket: Ticket) -> None:
    for octets in (static_code(ticket), dynamic_code(ticket)):
        verdict = checked(octets)
        assert answer(verdict) == (Answer.OK, "billettique.ticket_good")
        assert verdict.ticket == ticket
        assert (verdict.keys_s, verdict.revocations_s) == (86_400, 7_200)


@settings(max_examples=50)
@given(tickets())
def test_any_ticket_signed_in_its_time_is_good_within_it(ticket: Ticket) -> None:
    now = ticket.first_minute
    key = replace(KEY, first_at=ticket.issued_at, last_at=ticket.issued_at, accepted_until=now)
    ring = Keyring(KeyList(1, now, now, (key,)))
    octets = show_code(
        sign_ticket(ticket, key, SELLER, production=not ticket.specimen, bound_key=TELEPHONE.public_key), TELEPHONE, now
    )
    policy = Policy(specimens_good=ticket.specimen)
    verdict = checked(octets, keys=ring, now=now, policy=policy)
    assert verdict.answer is (Answer.OK if ticket.activated else Answer.NOT_YET)
    assert verdict.ticket == ticket


def test_codes_are_as_small_as_they_should_be() -> None:
    """A QR code of version 8 holds 152 octets, 12 holds 287, 13 holds 331 (level M)."""
    assert len(STATIC) <= 180
    assert len(DYNAMIC) <= 331


def test_only_singles_are_used_up() -> None:
    assert uses_up(TICKET)
    assert not uses_up(PASS)


def test_contents_of_others_travel_along() -> None:
    other = Data("+FRII1", b"\x01\x02")
    octets = sign_ticket(TICKET, KEY, SELLER, production=False, others=(other,))
    assert u2.read_code(octets).header.data[1] == other
    assert checked(octets).answer is Answer.OK


# ---------------------------------------------------------------- each step, both sides


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (TICKET.first_minute - SECOND, (Answer.NOT_YET, "billettique.good_from")),
        (TICKET.first_minute, (Answer.OK, "billettique.ticket_good")),
        (TICKET.last_minute + 59 * SECOND, (Answer.OK, "billettique.ticket_good")),
        (TICKET.last_minute + 60 * SECOND, (Answer.EXPIRED, "billettique.good_until")),
        (TICKET.last_minute + 30 * DAY, (Answer.UNKNOWN_KEY, "billettique.key_list_expired")),
    ],
)
def test_a_ticket_is_good_from_its_first_second_to_its_last(now: datetime, expected: tuple[Answer, str]) -> None:
    assert answer(checked(STATIC, now=now)) == expected


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (-61, (Answer.STALE_DYNAMIC, "billettique.dynamic_from_the_future")),
        (-60, (Answer.OK, "billettique.ticket_good")),
        (0, (Answer.OK, "billettique.ticket_good")),
        (180, (Answer.OK, "billettique.ticket_good")),  # 120 s of its own, 60 s for the clocks
        (181, (Answer.STALE_DYNAMIC, "billettique.dynamic_too_old")),
        (3600, (Answer.STALE_DYNAMIC, "billettique.dynamic_too_old")),  # a picture taken an hour ago
        (-3600, (Answer.STALE_DYNAMIC, "billettique.dynamic_from_the_future")),  # a telephone an hour ahead
    ],
)
def test_a_shown_code_is_good_for_two_minutes(late: int, expected: tuple[Answer, str]) -> None:
    pass_code = dynamic_code(PASS)
    verdict = checked(pass_code, now=NOW + late * SECOND)
    assert answer(verdict) == expected
    assert (verdict.ticket is not None) is (verdict.answer is Answer.OK)


@pytest.mark.parametrize("duration", [1, 120, 300, 3600, None])
def test_the_code_says_how_long_it_is_good(duration: int | None) -> None:
    header = Header(PROVIDER, 7, (Data(fcb3.FORMAT, ticket_octets(PASS)),), TELEPHONE.public_key, duration_s=duration)
    octets = u2.write_code(header, SELLER.sign(u2.level_1_octets(header)))
    shown = show_code(octets, TELEPHONE, NOW)
    last = NOW + timedelta(seconds=duration or 120) + TRIAL.skew
    assert checked(shown, now=last).answer is Answer.OK
    assert checked(shown, now=last + SECOND).answer is Answer.STALE_DYNAMIC


@pytest.mark.parametrize(
    ("stamp", "now", "expected"),
    [
        (datetime(2026, 12, 31, 23, 59, 50, tzinfo=UTC), datetime(2027, 1, 1, 0, 0, 20, tzinfo=UTC), True),
        (datetime(2027, 1, 1, 0, 0, 20, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 50, tzinfo=UTC), True),
        (datetime(2028, 2, 29, 12, 0, tzinfo=UTC), datetime(2028, 2, 29, 12, 1, tzinfo=UTC), True),
        (datetime(2028, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2029, 1, 1, 0, 0, 0, tzinfo=UTC), True),  # day 366
        (datetime(2028, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2027, 1, 1, 0, 0, 0, tzinfo=UTC), False),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), True),  # the year is not in the stamp
    ],
)
def test_a_stamp_is_of_the_year_that_brings_it_near(stamp: datetime, now: datetime, expected: bool) -> None:
    read = fdc1.stamped_at(fdc1.stamp_record(stamp), now)
    assert (read is not None and abs(read - now) <= timedelta(minutes=2)) is expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2027, 1, 1, tzinfo=UTC), None),  # 2026 has no 366th day, and it is not 1 January
        (datetime(2028, 12, 31, tzinfo=UTC), datetime(2028, 12, 31, tzinfo=UTC)),
        (datetime(2029, 1, 1, tzinfo=UTC), datetime(2028, 12, 31, tzinfo=UTC)),
    ],
)
def test_the_366th_day_is_of_a_leap_year(now: datetime, expected: datetime | None) -> None:
    assert fdc1.stamped_at({"dynamicContentTimeStamp": {"day": 366, "time": 0}}, now) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({}, (Answer.STALE_DYNAMIC, "billettique.dynamic_without_stamp")),
        (fdc1.stamp_record(NOW, app="bfc.mobigo"), (Answer.OK, "billettique.ticket_good")),
    ],
)
def test_what_a_telephone_signs_has_a_stamp(record: dict[str, Any], expected: tuple[Answer, str]) -> None:
    assert answer(checked(shown_with(Data("FDC1", encode(fdc1.DYNAMIC, record))))) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (Data("FDC2", encode(fdc1.DYNAMIC, fdc1.stamp_record(NOW))), "billettique.code_of_another_format"),
        (Data("FDC1", b"\xff\xff"), "billettique.code_malformed"),
        (Data("FDC1", encode(fdc1.DYNAMIC, fdc1.stamp_record(NOW)) + b"\x00"), "billettique.code_malformed"),
    ],
)
def test_a_dynamic_part_of_another_shape_is_unreadable_although_signed(data: Data, expected: str) -> None:
    assert answer(checked(shown_with(data))) == (Answer.UNREADABLE, expected)


def shown_with(data: Data, telephone: Any = TELEPHONE) -> bytes:
    code = u2.read_code(bound_code())
    assert code.signature_1 is not None
    signature_2 = telephone.sign(u2.level_2_octets(code.header, code.signature_1, data))
    return u2.write_code(code.header, code.signature_1, data, signature_2)


@pytest.mark.parametrize(
    ("ring", "expected"),
    [
        (keys(expires_at=NOW), (Answer.OK, "billettique.ticket_good")),
        (keys(expires_at=NOW - SECOND), (Answer.UNKNOWN_KEY, "billettique.key_list_expired")),
        (keys(replace(KEY, key_id=8)), (Answer.UNKNOWN_KEY, "billettique.key_not_listed")),
        (keys(replace(KEY, provider="1187")), (Answer.UNKNOWN_KEY, "billettique.key_not_listed")),
        (keys(replace(KEY, public_key=b"\x02" + b"\xff" * 32)), (Answer.UNKNOWN_KEY, "billettique.key_not_listed")),
        (keys(replace(KEY, public_key=STRANGER.public_key)), (Answer.BAD_SIGNATURE, "billettique.signature_1_bad")),
        (keys(replace(KEY, revoked_at=NOW - DAY)), (Answer.UNKNOWN_KEY, "billettique.key_revoked")),
        (keys(replace(KEY, revoked_at=NOW + DAY)), (Answer.UNKNOWN_KEY, "billettique.key_revoked")),
        (keys(replace(KEY, accepted_until=NOW)), (Answer.OK, "billettique.ticket_good")),
        (keys(replace(KEY, accepted_until=NOW - SECOND)), (Answer.UNKNOWN_KEY, "billettique.key_not_in_its_time")),
        # It signed the ticket at 8:00: it may, from that very minute on, up to that minute.
        (keys(replace(KEY, first_at=TICKET.issued_at + 59 * SECOND)), (Answer.OK, "billettique.ticket_good")),
        (
            keys(replace(KEY, first_at=TICKET.issued_at + 60 * SECOND)),
            (Answer.UNKNOWN_KEY, "billettique.key_not_in_its_time"),
        ),
        (keys(replace(KEY, last_at=TICKET.issued_at)), (Answer.OK, "billettique.ticket_good")),
        (
            keys(replace(KEY, last_at=TICKET.issued_at - SECOND)),
            (Answer.UNKNOWN_KEY, "billettique.key_not_in_its_time"),
        ),
        # a key of the future: not even with a wrong clock
        (
            keys(replace(KEY, first_at=NOW + timedelta(minutes=5))),
            (Answer.UNKNOWN_KEY, "billettique.key_not_in_its_time"),
        ),
    ],
)
def test_a_key_is_known_not_revoked_and_in_its_time(ring: Keyring, expected: tuple[Answer, str]) -> None:
    for octets in (STATIC, DYNAMIC):
        assert answer(checked(octets, keys=ring)) == expected


def test_a_seller_signs_its_own_tickets_only() -> None:
    header = Header(PROVIDER, 7, (Data(fcb3.FORMAT, ticket_octets(replace(TICKET, issuer="1187"))),))
    octets = u2.write_code(header, SELLER.sign(u2.level_1_octets(header)))
    assert answer(checked(octets)) == (Answer.UNKNOWN_KEY, "billettique.key_of_another_seller")


def test_a_ticket_without_issuer_is_of_whoever_signed_it() -> None:
    record = record_of(TICKET)
    del record["issuingDetail"]["issuerNum"]
    header = Header(PROVIDER, 7, (Data(fcb3.FORMAT, encode(fcb3.TICKET, record)),))
    verdict = checked(u2.write_code(header, SELLER.sign(u2.level_1_octets(header))))
    assert verdict.ticket == TICKET


HERE = Here(stations=frozenset({Station("8771800")}), travel_class=TravelClass.SECOND)


@pytest.mark.parametrize(
    ("ticket", "here", "expected"),
    [
        (TICKET, HERE, (Answer.OK, "billettique.ticket_good")),
        (TICKET, None, (Answer.OK, "billettique.ticket_good")),
        (TICKET, Here(stations=frozenset({Station("8711830")})), (Answer.WRONG_AREA, "billettique.not_good_here")),
        (
            TICKET,
            replace(HERE, travel_class=TravelClass.FIRST),
            (Answer.WRONG_AREA, "billettique.not_good_in_first_class"),
        ),
        (
            replace(TICKET, travel_class=TravelClass.FIRST),
            replace(HERE, travel_class=TravelClass.FIRST),
            (Answer.OK, "billettique.ticket_good"),
        ),
        (PASS, Here(zones=frozenset({Zone("3999", 90010, 2)})), (Answer.OK, "billettique.ticket_good")),
        (PASS, Here(line=Line("3999", 204)), (Answer.OK, "billettique.ticket_good")),
        (PASS, Here(line=Line("3999", 205)), (Answer.OK, "billettique.ticket_good_place_untold")),  # in which zone?
        (
            PASS,
            Here(line=Line("3999", 205), zones=frozenset({Zone("3999", 90010, 3)})),
            (Answer.WRONG_AREA, "billettique.not_good_here"),
        ),
        (TICKET, Here(vague=True), (Answer.OK, "billettique.ticket_good_place_untold")),
        (
            TICKET,
            Here(HERE.stations, stop=Station("8711830"), ways=((*TICKET.area.stations, Station("8711830")),)),
            (Answer.WRONG_AREA, "billettique.not_good_at_this_stop"),
        ),
    ],
)
def test_a_ticket_is_good_in_its_area_and_class(
    ticket: Ticket, here: Here | None, expected: tuple[Answer, str]
) -> None:
    assert answer(checked(static_code(ticket), here=here)) == expected


def test_a_revoked_ticket_is_refused_and_a_used_one_says_when() -> None:
    mark = mark_of(TICKET)
    revoked = replace(NO_REVOCATION, marks=frozenset({mark}))
    assert answer(checked(STATIC, revocations=revoked)) == (Answer.REVOKED, "billettique.ticket_revoked")
    verdict = checked(STATIC, used={mark: NOW - timedelta(minutes=7)})
    assert answer(verdict) == (Answer.USED, "billettique.ticket_used")
    assert verdict.reason.params["at"] == NOW - timedelta(minutes=7)
    assert checked(STATIC, used={mark_of(PASS): NOW}, revocations=replace(revoked, marks=frozenset({mark_of(PASS)})))
    assert answer(checked(STATIC, revocations=revoked, used={mark: NOW}))[0] is Answer.REVOKED  # the order of the steps


def test_a_replaced_code_is_refused_and_the_other_code_of_its_ticket_is_good() -> None:
    """Moved from one telephone to another: the ticket's own mark is in no list, so that it stays used once it is."""
    other = signer("other telephone")
    old, new = dynamic_code(PASS), dynamic_code(PASS, telephone=other)
    replaced = replace(NO_REVOCATION, marks=frozenset({mark_of_code(u2.read_code(old))}))
    assert answer(checked(old, revocations=replaced)) == (Answer.REVOKED, "billettique.code_replaced")
    assert checked(new, revocations=replaced).answer is Answer.OK
    assert checked(dynamic_code(PASS, at=NOW - 5 * SECOND), revocations=replaced).answer is Answer.REVOKED


def test_an_old_revocation_list_still_answers_and_says_so() -> None:
    old = replace(NO_REVOCATION, expires_at=NOW - SECOND)
    assert answer(checked(STATIC, revocations=old)) == (Answer.OK, "billettique.ticket_good_old_list")


def test_a_specimen_is_no_ticket_in_production() -> None:
    verdict = checked(STATIC, policy=Policy())
    assert answer(verdict) == (Answer.REVOKED, "billettique.specimen")
    real = replace(TICKET, specimen=False)
    assert checked(static_code(real), policy=Policy()).answer is Answer.OK
    assert checked(static_code(real)).answer is Answer.OK


def test_a_ticket_that_has_to_be_activated_is_not_good_yet() -> None:
    assert answer(checked(static_code(replace(TICKET, activated=False)))) == (
        Answer.NOT_YET,
        "billettique.not_activated",
    )


@pytest.mark.parametrize(("after", "expected"), [(59, Answer.OK), (60, Answer.EXPIRED)])
def test_a_code_drawn_for_a_time_is_drawn_anew_after_it(after: int, expected: Answer) -> None:
    end_at = NOW.replace(second=0)
    octets = show_code(bound_code(end_at=end_at), TELEPHONE, end_at)
    assert checked(octets, now=end_at + after * SECOND).answer is expected


# ---------------------------------------------------------------- tampering


def test_a_stripped_second_level_is_refused() -> None:
    for octets in (bound_code(), stripped(DYNAMIC)):
        assert answer(checked(octets)) == (Answer.BAD_SIGNATURE, "billettique.signature_2_missing")


def stripped(octets: bytes) -> bytes:
    code = u2.read_code(octets)
    assert code.signature_1 is not None
    return u2.write_code(code.header, code.signature_1)


def test_a_signature_kept_without_its_content_or_a_content_without_its_signature_is_refused() -> None:
    code = u2.read_code(DYNAMIC)
    assert code.signature_1 is not None
    for octets in (
        u2.write_code(code.header, code.signature_1, None, code.signature_2),
        u2.write_code(code.header, code.signature_1, code.dynamic, None),
    ):
        assert answer(checked(octets)) == (Answer.BAD_SIGNATURE, "billettique.signature_2_missing")


def test_a_second_level_that_nobody_asked_for_is_refused() -> None:
    code, other = u2.read_code(STATIC), u2.read_code(DYNAMIC)
    assert code.signature_1 is not None
    for octets in (
        u2.write_code(code.header, code.signature_1, other.dynamic, other.signature_2),
        u2.write_code(code.header, code.signature_1, other.dynamic),
        u2.write_code(code.header, code.signature_1, None, other.signature_2),
    ):
        assert answer(checked(octets)) == (Answer.BAD_SIGNATURE, "billettique.unsigned_part")


def test_parts_of_two_good_codes_make_no_third() -> None:
    """Every way to put header, first signature, dynamic part and second signature of two codes together."""
    a, b = u2.read_code(dynamic_code(TICKET)), u2.read_code(dynamic_code(PASS, NOW + SECOND))
    refused = 0
    for header in (a, b):
        for first in (a, b):
            for dynamic in (a, b):
                for second in (a, b):
                    assert first.signature_1 is not None
                    octets = u2.write_code(header.header, first.signature_1, dynamic.dynamic, second.signature_2)
                    verdict = checked(octets)
                    if header is first is dynamic is second:
                        assert verdict.answer is Answer.OK
                    else:
                        assert verdict.answer is Answer.BAD_SIGNATURE
                        assert verdict.ticket is None  # what nobody vouches for is not shown
                        refused += 1
    assert refused == 14


def test_the_twin_of_a_signature_is_the_same_ticket() -> None:
    """(r, n − s) verifies wherever (r, s) does, for everybody: other octets, one ticket, used once."""
    code = u2.read_code(STATIC)
    r, s = decode_dss_signature(code.signature_1 or b"")
    twin = u2.write_code(code.header, encode_dss_signature(r, ORDER - s))
    assert twin != STATIC
    verdict = checked(twin)
    assert verdict.ticket == TICKET
    assert checked(twin, used={mark_of(TICKET): NOW}).answer is Answer.USED


def test_another_telephone_cannot_show_the_code() -> None:
    stamp = Data("FDC1", encode(fdc1.DYNAMIC, fdc1.stamp_record(NOW)))
    verdict = checked(shown_with(stamp, STRANGER))
    assert answer(verdict) == (Answer.BAD_SIGNATURE, "billettique.signature_2_bad")
    with pytest.raises(Refused, match=r"billettique\.not_this_telephone"):
        show_code(bound_code(), STRANGER, NOW)
    with pytest.raises(Refused, match=r"billettique\.not_this_telephone"):
        show_code(STATIC, TELEPHONE, NOW)


def test_a_bound_key_that_is_no_point_is_refused() -> None:
    header = Header(PROVIDER, 7, (Data(fcb3.FORMAT, ticket_octets(TICKET)),), b"\x02" + b"\xff" * 32)
    code = u2.read_code(DYNAMIC)
    octets = u2.write_code(header, SELLER.sign(u2.level_1_octets(header)), code.dynamic, code.signature_2)
    assert answer(checked(octets)) == (Answer.BAD_SIGNATURE, "billettique.signature_2_bad")


def test_a_strangers_code_is_refused() -> None:
    mine = replace(KEY, public_key=STRANGER.public_key)
    octets = sign_ticket(TICKET, mine, STRANGER, production=False)
    assert answer(checked(octets)) == (Answer.BAD_SIGNATURE, "billettique.signature_1_bad")
    header = Header(PROVIDER, 7, (Data(fcb3.FORMAT, ticket_octets(TICKET)),))
    assert answer(checked(u2.write_code(header, b""))) == (Answer.BAD_SIGNATURE, "billettique.signature_1_bad")


def test_another_algorithm_is_not_ours_to_check() -> None:
    """The same ticket, said to be signed with DSA (2.16.840.1.101.3.4.3.1)."""
    record = u2._record_of(Header(PROVIDER, 7, (Data(fcb3.FORMAT, ticket_octets(TICKET)),)))
    level_1 = record | {"level1SigningAlg": bytes.fromhex("608648016503040301")}
    signature_1 = SELLER.sign(encode(u2.LEVEL_1, level_1))
    octets = encode(
        u2._CODE, {"format": "U2", "level2SignedData": {"level1Data": level_1, "level1Signature": signature_1}}
    )
    assert answer(checked(octets)) == (Answer.UNKNOWN_KEY, "billettique.key_of_another_algorithm")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (Header(PROVIDER, 7, ()), "billettique.not_one_document"),
        (Header(PROVIDER, 7, (Data("+FRII1", b""),)), "billettique.not_one_document"),
        (Header(PROVIDER, 7, (Data("FCB3", ticket_octets(TICKET)),) * 2), "billettique.not_one_document"),
        (Header(PROVIDER, 7, (Data("FCB2", ticket_octets(TICKET)),)), "billettique.not_one_document"),
        (Header(PROVIDER, 7, (Data("FCB3", ticket_octets(TICKET) + b"\x00"),)), "billettique.code_malformed"),
        (Header(PROVIDER, 7, (Data("FCB3", ticket_octets(TICKET)[:-2]),)), "billettique.code_malformed"),
    ],
)
def test_a_signed_code_without_one_readable_ticket_is_unreadable(header: Header, expected: str) -> None:
    octets = u2.write_code(header, SELLER.sign(u2.level_1_octets(header)))
    assert answer(checked(octets)) == (Answer.UNREADABLE, expected)


@pytest.mark.parametrize("format", ["U1", "u2", "U2 ", "U", "", "U2\x00", "UT"])
def test_the_format_is_u2_to_the_letter(format: str) -> None:
    """In the norm nobody signs the format: every other word is refused, however good the rest."""
    code = sequence(format=ia5(), level2SignedData=u2._LEVEL_2, level2Signature=Optional(u2.OCTETS))
    header = u2._record_of(u2.read_code(STATIC).header)
    level_2 = {"level1Data": header, "level1Signature": u2.read_code(STATIC).signature_1}
    octets = encode(code, {"format": format, "level2SignedData": level_2})
    assert answer(checked(octets)) == (Answer.UNREADABLE, "billettique.code_of_another_format")


def test_a_code_without_the_name_of_a_key_is_unreadable() -> None:
    for missing in ("securityProviderNum", "keyId"):
        record = u2._record_of(u2.read_code(STATIC).header)
        del record[missing]
        octets = encode(u2._CODE, {"format": "U2", "level2SignedData": {"level1Data": record, "level1Signature": b""}})
        assert answer(checked(octets)) == (Answer.UNREADABLE, "billettique.code_without_key")


# ---------------------------------------------------------------- mutants


class Memory:
    """Stands for the check of signatures while hundreds of thousands of mutants pass.

    What was truly signed is remembered. A mutant whose signature is of another shape is really checked; one that asks
    about octets that nobody signed, or brings another number of the same shape, is not: ECDSA is trusted there, and
    tried for one in two hundred.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.signed: set[tuple[bytes, bytes]] = set()
        self.shapes: set[tuple[bytes, tuple[int, ...]]] = set()
        self.messages: set[bytes] = set()
        self.tried = 0

    def learn(self, octets: bytes) -> None:
        code = u2.read_code(octets)
        for signed, signature in ((code.signed_1, code.signature_1), (code.signed_2, code.signature_2)):
            if signature is not None:
                self.messages.add(signed)
                self.signed.add((signed, signature))
                self.shapes.add((signed, shape(signature)))

    def is_signed(self, key: Any, octets: bytes, signature: bytes) -> bool:
        if (octets, signature) in self.signed:
            return True
        same_shape = (octets, shape(signature)) in self.shapes
        unknown = octets not in self.messages
        if (same_shape or unknown) and self.random.random() >= 0.005:
            return False
        self.tried += 1
        return is_signed(key, octets, signature)


def shape(signature: bytes) -> tuple[int, ...]:
    """The tags and lengths of a signature in DER, as its own lengths place them; and its whole length."""
    second = 4 + signature[3] if len(signature) > 3 else 0
    return (len(signature), *signature[:4], *signature[second : second + 2])


def sample(n: int, seed: int) -> Iterator[bytes]:
    """Codes of singles and passes, one in eight dynamic, every one another ticket."""
    random = Random(seed)
    for at in range(n):
        small = replace(TICKET, area=Area(), reference=str(random.getrandbits(60)), product=str(at))
        ticket = small if at % 8 else replace(PASS, area=Area(), reference=str(at))
        yield static_code(ticket) if at % 8 != 4 else dynamic_code(ticket)


@contextmanager
def judge(octets: bytes, seed: int) -> Iterator[Callable[[bytes], Verdict]]:
    """`verify` in this world, quick enough for millions of mutants of one code. The ticket, the header and the
    telephone's key that were truly signed are read once, every other one anew; signatures as `Memory` says."""
    memory = Memory(seed)
    memory.learn(octets)
    code = u2.read_code(octets)
    (genuine,) = (each.octets for each in code.header.data)
    ticket, bound = read_ticket(genuine), code.header.bound_key
    key = None if bound is None else public_key_of(bound)
    with pytest.MonkeyPatch.context() as patch, read_once(u2.LEVEL_1, octets) as record, read_once(u2._LEVEL_2, octets):
        header_of = u2._header_of
        patch.setattr(u2, "_header_of", lambda given: code.header if given is record else header_of(given))
        patch.setattr(verify, "is_signed", memory.is_signed)
        patch.setattr(verify, "read_ticket", lambda given: ticket if given == genuine else read_ticket(given))
        patch.setattr(verify, "public_key_of", lambda given: key if given == bound else public_key_of(given))
        yield partial(verify.verify, keys=RING, revocations=NO_REVOCATION, used={}, now=NOW, policy=TRIAL)


@contextmanager
def read_once(kind: uper.Kind, octets: bytes) -> Iterator[Any]:
    """What this type reads in that code, read once: a reader sees no bit behind the last that it takes, so a code that
    is the same up to there has the same there. Any other code is read anew."""
    plain, met = kind.read, []

    def meet(number: int, left: int) -> tuple[Any, int]:
        value, end = plain(number, left)
        met.append((left, number >> end, value, end))
        return value, end

    object.__setattr__(kind, "read", meet)
    try:
        u2.read_code(octets)
        ((start, known, value, end),) = met

        def read(number: int, left: int) -> tuple[Any, int]:
            if left == start and number >> end == known:
                return value, end
            return plain(number, left)

        object.__setattr__(kind, "read", read)
        yield value
    finally:
        object.__setattr__(kind, "read", plain)


def refuses_all(codes: Iterable[bytes], seed: int) -> None:
    """Every octet of every code as each of its 255 others, hence every bit turned: all through `verify`, none is OK."""
    for octets in codes:
        with judge(octets, seed) as check:
            assert check(octets).answer is Answer.OK
            for at in range(len(octets)):
                before, octet, behind = octets[:at], octets[at], octets[at + 1 :]
                for other in OTHERS[octet]:
                    if check(before + other + behind).answer is Answer.OK:
                        pytest.fail(f"{octets.hex()} with {other.hex()} at {at}")


OTHERS = [[bytes((other,)) for other in range(256) if other != octet] for octet in range(256)]
CODES, PARTS = count(200, 8), count(25, 8)


@pytest.mark.parametrize("part", range(PARTS))
def test_no_bit_and_no_byte_of_200_codes_may_change(part: int) -> None:
    refuses_all(list(sample(CODES, 1))[part::PARTS], part)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(40))
def test_no_bit_and_no_byte_of_1000_codes_may_change(part: int) -> None:
    refuses_all(sample(25, 100 + part), part)


def test_no_bit_of_a_code_may_change_with_every_signature_checked() -> None:
    for octets in (STATIC, DYNAMIC):
        number = int.from_bytes(octets)
        for bit in range(len(octets) * 8):
            assert checked((number ^ 1 << bit).to_bytes(len(octets))).answer is not Answer.OK


def test_what_judges_millions_of_mutants_says_what_the_rules_say() -> None:
    """Every answer with its reason, of two codes with each bit turned, and with each octet turned over."""
    for octets in (STATIC, DYNAMIC):
        number, size = int.from_bytes(octets), len(octets)
        turned = [1 << bit for bit in range(size * 8)] + [0xFF << 8 * at for at in range(size)]
        mutants = [octets, *((number ^ mask).to_bytes(size) for mask in turned)]
        with judge(octets, 1) as check:
            found = [answer(check(mutant)) for mutant in mutants]
        assert found == [answer(checked(mutant)) for mutant in mutants]


def test_no_shortened_and_no_lengthened_code_is_accepted() -> None:
    for octets in (STATIC, DYNAMIC):
        assert {checked(octets[:length]).answer for length in range(len(octets))} == {Answer.UNREADABLE}
        for more in (b"\x00", b"\xff", octets, bytes(1024)):
            assert checked(octets + more).answer is Answer.UNREADABLE


@settings(max_examples=300)
@given(st.binary(max_size=700))
def test_noise_is_unreadable(octets: bytes) -> None:
    assert checked(octets).answer is Answer.UNREADABLE


@pytest.mark.parametrize("octets", [Random(4).randbytes(4096), bytes(4096), b"\xff" * 4096, bytes(1_000_000)])
def test_what_is_too_long_is_not_even_looked_at(octets: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> Any:
        raise AssertionError("read")

    monkeypatch.setattr(u2, "decode", read)
    assert answer(checked(octets)) == (Answer.UNREADABLE, "billettique.code_too_long")


def test_noise_as_long_as_may_be_takes_a_bounded_number_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every element of a list takes a bit at least, so that no code asks for more lengths than it has bits."""
    read, calls = uper._read_length, 0

    def counted(number: int, left: int) -> tuple[int, int]:
        nonlocal calls
        calls += 1
        return read(number, left)

    monkeypatch.setattr(uper, "_read_length", counted)
    random, size = Random(5), u2.CODE_OCTETS_MAX
    starts = [STATIC[:at] for at in range(1, 60)]
    noise = [start + random.randbytes(size - len(start)) for start in starts]
    for octets in [bytes(size), b"\xff" * size, *noise, *(start + bytes(size - len(start)) for start in starts)]:
        calls = 0
        assert checked(octets).answer is Answer.UNREADABLE
        assert calls <= size * 8


def test_routes_inside_routes_are_not_followed_for_ever() -> None:
    """What a hostile code may say of a route: one in another, as deep as its length allows."""
    via = {"stationCodeTable": "stationUIC", "border": False}
    for _ in range(4):
        via = {**via, "route": [via]}
    ticket = {
        "issuingDetail": {
            "issuingYear": 2026,
            "issuingDay": 1,
            "issuingTime": 0,
            "specimen": True,
            "securePaperTicket": False,
            "activated": True,
        }
    }
    document = {"returnIncluded": False, "validRegion": [("viaStations", via)]}
    assert encode(fcb3.TICKET, {**ticket, "transportDocument": [{"ticket": ("openTicket", document)}]})
    document = {"returnIncluded": False, "validRegion": [("viaStations", {**via, "route": [via]})]}
    with pytest.raises(ValueError, match="too deep"):
        encode(fcb3.TICKET, {**ticket, "transportDocument": [{"ticket": ("openTicket", document)}]})


# ---------------------------------------------------------------- signing


@pytest.mark.parametrize(
    "key",
    [
        replace(KEY, provider="1187"),
        replace(KEY, public_key=STRANGER.public_key),
        replace(KEY, revoked_at=NOW),
        replace(KEY, first_at=TICKET.issued_at + timedelta(minutes=1)),
        replace(KEY, last_at=TICKET.issued_at - SECOND),
    ],
)
def test_a_ticket_is_signed_by_its_sellers_key_in_its_time(key: Any) -> None:
    with pytest.raises(Refused, match=r"billettique\.key_not_for_this_ticket"):
        sign_ticket(TICKET, key, SELLER, production=False)


@pytest.mark.parametrize(
    ("specimen", "production", "expected"),
    [
        (True, False, None),
        (False, True, None),
        (False, False, "billettique.specimen_only"),
        (True, True, "billettique.no_specimen_in_production"),
    ],
)
def test_a_specimen_is_signed_outside_production_and_nowhere_else(
    specimen: bool, production: bool, expected: str | None
) -> None:
    ticket = replace(TICKET, specimen=specimen)
    if expected is None:
        assert checked(sign_ticket(ticket, KEY, SELLER, production=production)).ticket == ticket
        return
    with pytest.raises(Refused) as refused:
        sign_ticket(ticket, KEY, SELLER, production=production)
    assert refused.value.decision.code == expected


def test_a_ticket_is_bound_to_a_key_that_can_sign() -> None:
    with pytest.raises(InvalidInput, match=r"billettique\.key_not_p256"):
        sign_ticket(TICKET, KEY, SELLER, production=False, bound_key=b"\x02" + b"\xff" * 32)


def test_a_foreign_code_is_not_completed_by_a_telephone_of_ours() -> None:
    """One that says its algorithm, as Strasbourg's do: we would write it otherwise than its seller signed it."""
    level_1 = u2._record_of(u2.read_code(bound_code()).header) | {"level1KeyAlg": u2.P256}
    level_2 = {"level1Data": level_1, "level1Signature": SELLER.sign(encode(u2.LEVEL_1, level_1))}
    octets = encode(u2._CODE, {"format": "U2", "level2SignedData": level_2})
    with pytest.raises(Refused, match=r"billettique\.not_this_telephone"):
        show_code(octets, TELEPHONE, NOW)


def test_a_code_that_no_telephone_could_read_is_not_written() -> None:
    with pytest.raises(InvalidInput, match=r"billettique\.code_too_long"):
        static_code(replace(TICKET, words="x" * 1000))
