"""Keys: rotation with overlap, signed lists that cannot be turned back, and the drill of a stolen key."""

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from billettique.model.ticket import Answer, KeyList, RevocationList
from billettique.rules.issuing import sign_ticket
from billettique.rules.keys import (
    ROTATION,
    KeptSigner,
    gap_before,
    is_signed,
    merged,
    next_key,
    public_key_of,
    read_key_list,
    read_revocations,
    signing_key,
    signs_at,
    with_key,
    without_key,
    without_past_keys,
    write_key_list,
    write_revocations,
)
from billettique.rules.tickets import mark_of
from billettique.rules.verify import Keyring
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, Refused
from tests.ticket_world import (
    DAY,
    KEY,
    KEYS,
    NO_REVOCATION,
    NOW,
    PROVIDER,
    ROOT,
    SELLER,
    TICKET,
    checked,
    signer,
    static_code,
)

YEAR = timedelta(days=366)
NEXT, STRANGER = signer("next"), signer("stranger")
ROOTS = (ROOT.public_key,)
LIST = write_key_list(KEYS, ROOT)


def following(first_at: datetime) -> Any:
    return next_key(KEYS.keys, PROVIDER, NEXT.public_key, first_at=first_at, longest_ticket=YEAR)


# ---------------------------------------------------------------- rotation


def test_the_next_key_signs_ninety_days_and_is_accepted_until_its_longest_ticket_ended() -> None:
    key = following(NOW)
    assert (key.key_id, key.last_at - key.first_at) == (8, ROTATION)
    assert key.accepted_until - key.last_at == YEAR
    assert next_key((), PROVIDER, NEXT.public_key, first_at=NOW, longest_ticket=DAY).key_id == 1


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (KEY.first_at - timedelta(seconds=1), None),
        (KEY.first_at, 7),
        (KEY.last_at - 5 * DAY, 7),  # both could: the older one signs, while devices fetch the newer
        (KEY.last_at, 7),
        (KEY.last_at + timedelta(seconds=1), 8),
        (KEY.last_at + 85 * DAY, 8),
        (KEY.last_at + 86 * DAY, None),
    ],
)
def test_two_keys_overlap_and_the_older_one_signs(at: datetime, expected: int | None) -> None:
    keys = (following(KEY.last_at - 5 * DAY), KEY)
    key = signing_key(keys, PROVIDER, at)
    assert (key and key.key_id) == expected
    assert signing_key(keys, "1187", at) is None


def test_a_gap_between_two_keys_is_found_before_it_comes() -> None:
    assert gap_before(KEYS.keys, PROVIDER, KEY.last_at, NOW) is None
    assert gap_before(KEYS.keys, PROVIDER, KEY.last_at + DAY, NOW) == KEY.last_at + timedelta(microseconds=1)
    overlapping, late = following(KEY.last_at - DAY), following(KEY.last_at + DAY)
    assert gap_before((KEY, overlapping), PROVIDER, KEY.last_at + DAY, NOW) is None
    assert gap_before((KEY, late), PROVIDER, KEY.last_at + DAY, NOW) == KEY.last_at + timedelta(microseconds=1)


@pytest.mark.parametrize(("seconds", "expected"), [(-60, False), (-59, True), (0, True)])
def test_a_key_signs_from_the_minute_it_begins_in(seconds: int, expected: bool) -> None:
    assert signs_at(KEY, KEY.first_at + timedelta(seconds=seconds)) is expected


def test_a_ticket_outlives_the_signing_time_of_its_key() -> None:
    """Signed on the last day of the key, good for a year: accepted to its end, and not a second longer."""
    sold = KEY.last_at.replace(second=0)
    ticket = replace(TICKET, issued_at=sold, first_minute=sold, last_minute=sold + YEAR)
    octets = sign_ticket(ticket, KEY, SELLER, production=not ticket.specimen)
    ring = Keyring(replace(KEYS, expires_at=sold + 2 * YEAR))
    assert checked(octets, keys=ring, now=KEY.accepted_until).answer is Answer.OK
    assert checked(octets, keys=ring, now=KEY.accepted_until + timedelta(seconds=1)).answer is Answer.UNKNOWN_KEY


def test_keys_of_the_past_leave_the_list() -> None:
    assert without_past_keys(KEYS.keys, KEY.accepted_until) == KEYS.keys
    assert without_past_keys(KEYS.keys, KEY.accepted_until + timedelta(seconds=1)) == ()


def test_a_key_number_is_given_once() -> None:
    listed = with_key(KEYS, following(NOW), now=NOW, lasts=30 * DAY)
    assert (listed.sequence, [each.key_id for each in listed.keys]) == (4, [7, 8])
    assert listed.expires_at == NOW + 30 * DAY
    with pytest.raises(Conflict, match=r"billettique\.key_number_taken"):
        with_key(KEYS, replace(KEY, public_key=NEXT.public_key), now=NOW, lasts=DAY)


def test_the_drill_of_a_stolen_key() -> None:
    """Stolen at night: its list says so, the thief's and the buyers' codes are refused, the buyers' are signed anew."""
    theft = sign_ticket(replace(TICKET, reference="FORGED"), KEY, SELLER, production=False)
    bought = static_code()
    listed = with_key(KEYS, following(TICKET.issued_at), now=NOW, lasts=30 * DAY)
    listed = without_key(listed, PROVIDER, 7, now=NOW, lasts=30 * DAY)
    ring = Keyring(read_key_list(write_key_list(listed, ROOT), ROOTS, now=NOW, newest=KEYS.sequence))
    for octets in (theft, bought):
        verdict = checked(octets, keys=ring)
        assert (verdict.answer, verdict.reason.code) == (Answer.UNKNOWN_KEY, "billettique.key_revoked")
        assert verdict.ticket is None
    key = signing_key(listed.keys, PROVIDER, NOW)
    assert key is not None
    assert key.key_id == 8
    again = sign_ticket(TICKET, key, NEXT, production=False)
    assert checked(again, keys=ring).ticket == TICKET
    assert mark_of(TICKET) == mark_of(checked(again, keys=ring).ticket or TICKET)  # the same ticket: used once
    with pytest.raises(Refused, match=r"billettique\.key_not_for_this_ticket"):
        sign_ticket(TICKET, listed.keys[0], SELLER, production=False)


def test_a_key_is_revoked_once_and_for_good() -> None:
    once = without_key(KEYS, PROVIDER, 7, now=NOW, lasts=DAY)
    twice = without_key(once, PROVIDER, 7, now=NOW + DAY, lasts=DAY)
    assert [each.revoked_at for each in twice.keys] == [NOW]
    with pytest.raises(InvalidInput, match=r"billettique\.key_unknown"):
        without_key(KEYS, PROVIDER, 9, now=NOW, lasts=DAY)


# ---------------------------------------------------------------- signed lists


def test_a_key_list_is_read_as_it_was_written() -> None:
    listed = with_key(without_key(KEYS, PROVIDER, 7, now=NOW, lasts=DAY), following(NOW), now=NOW, lasts=DAY)
    assert read_key_list(write_key_list(listed, ROOT), ROOTS, now=NOW) == listed


@given(st.frozensets(st.binary(min_size=8, max_size=8), max_size=30))
def test_a_revocation_list_is_read_as_it_was_written(marks: frozenset[bytes]) -> None:
    listed = replace(NO_REVOCATION, marks=marks)
    assert read_revocations(write_revocations(listed, ROOT), ROOTS, now=NOW) == listed


def changed(octets: bytes, **parts: Any) -> bytes:
    return json.dumps({**json.loads(octets), **parts}).encode()


@pytest.mark.parametrize(
    ("octets", "roots", "now", "newest", "expected"),
    [
        (LIST, ROOTS, NOW, 3, None),  # the same again
        (LIST, ROOTS, NOW, 4, "billettique.list_older"),
        (LIST, ROOTS, KEYS.expires_at, 0, None),
        (LIST, ROOTS, KEYS.expires_at + timedelta(seconds=1), 0, "billettique.list_expired"),
        (LIST, ROOTS, KEYS.issued_at - timedelta(minutes=10), 0, None),
        (LIST, ROOTS, KEYS.issued_at - timedelta(minutes=11), 0, "billettique.list_from_the_future"),
        (LIST, (), NOW, 0, "billettique.list_not_signed"),
        (LIST, (STRANGER.public_key,), NOW, 0, "billettique.list_not_signed"),
        (LIST, (STRANGER.public_key, *ROOTS), NOW, 0, None),
        (write_key_list(KEYS, STRANGER), ROOTS, NOW, 0, "billettique.list_not_signed"),
        (
            changed(write_key_list(KEYS, STRANGER), by=ROOT.public_key.hex()),
            ROOTS,
            NOW,
            0,
            "billettique.list_not_signed",
        ),
        (changed(LIST, list=json.loads(LIST)["list"] + " "), ROOTS, NOW, 0, "billettique.list_not_signed"),
        (write_revocations(NO_REVOCATION, ROOT), ROOTS, NOW, 0, "billettique.list_not_signed"),  # another purpose
        (changed(LIST, signature="!"), ROOTS, NOW, 0, "billettique.list_malformed"),
        (changed(LIST, by="zz"), ROOTS, NOW, 0, "billettique.list_malformed"),
        (b"", ROOTS, NOW, 0, "billettique.list_malformed"),
        (b"[]", ROOTS, NOW, 0, "billettique.list_malformed"),
        (b"\xff\xfe", ROOTS, NOW, 0, "billettique.list_malformed"),
        (b"[" * 100_000, ROOTS, NOW, 0, "billettique.list_malformed"),
    ],
)
def test_a_list_is_signed_current_and_not_turned_back(
    octets: bytes, roots: tuple[bytes, ...], now: datetime, newest: int, expected: str | None
) -> None:
    if expected is None:
        assert read_key_list(octets, roots, now=now, newest=newest) == KEYS
        return
    with pytest.raises(MobigoError) as refused:
        read_key_list(octets, roots, now=now, newest=newest)
    assert refused.value.decision.code == expected


def test_no_byte_of_a_list_may_change() -> None:
    """Any other text is refused, or is the same list said otherwise (spaces in the envelope, letters of a figure)."""
    for octets in (LIST, write_key_list(replace(KEYS, keys=()), ROOT)):
        for at in range(len(octets)):
            mutant = octets[:at] + bytes((octets[at] ^ 1,)) + octets[at + 1 :]
            try:
                read = read_key_list(mutant, ROOTS, now=NOW)
            except MobigoError:
                continue
            assert read == read_key_list(octets, ROOTS, now=NOW)


@pytest.mark.parametrize("said", ['{"sequence": 1}', "[]", "{}", '{"sequence":"1","issued":"2026-01-01","expires":""}'])
def test_a_signed_list_of_another_shape_is_malformed(said: str) -> None:
    signature = b64encode(ROOT.sign(("mobigo seller keys 1\n" + said).encode())).decode()
    octets = json.dumps({"list": said, "signature": signature, "by": ROOT.public_key.hex()}).encode()
    with pytest.raises(InvalidInput, match=r"billettique\.list_malformed"):
        read_key_list(octets, ROOTS, now=NOW)


# ---------------------------------------------------------------- revocations


def revocations(sequence: int, since: int, *marks: bytes) -> RevocationList:
    return replace(NO_REVOCATION, sequence=sequence, since=since, marks=frozenset(marks))


A, B, C = (bytes([letter]) * 8 for letter in b"ABC")


@pytest.mark.parametrize(
    ("known", "came", "expected"),
    [
        (revocations(5, 0, A), revocations(6, 5, B), {A, B}),
        (revocations(5, 0, A), revocations(7, 3, B, C), {A, B, C}),  # more than was missing does no harm
        (revocations(5, 0, A), revocations(6, 0, B), {B}),  # a whole one replaces: A's ticket has ended
        (revocations(5, 0, A), revocations(5, 4, A), {A}),
        (revocations(5, 0, A), revocations(4, 0, B), "billettique.list_older"),
        (revocations(5, 0, A), revocations(7, 6, B), "billettique.list_gap"),
    ],
)
def test_a_revocation_list_grows_without_gap(known: RevocationList, came: RevocationList, expected: Any) -> None:
    if isinstance(expected, str):
        with pytest.raises(MobigoError) as refused:
            merged(known, came)
        assert refused.value.decision.code == expected
        return
    after = merged(known, came)
    assert (after.sequence, after.since, after.marks) == (came.sequence, 0, expected)


def test_a_hundred_thousand_marks_fit_in_little_more_than_a_megabyte() -> None:
    marks = frozenset(number.to_bytes(8) for number in range(100_000))
    octets = write_revocations(replace(NO_REVOCATION, marks=marks), ROOT)
    assert len(octets) < 1_080_000
    assert read_revocations(octets, ROOTS, now=NOW).marks == marks


def test_a_cut_mark_is_malformed() -> None:
    said = json.loads(json.loads(write_revocations(revocations(6, 0, A), ROOT))["list"])
    said["marks"] = b64encode(b64decode(said["marks"])[:-1]).decode()
    text = json.dumps(said)
    signature = b64encode(ROOT.sign(("mobigo revoked tickets 1\n" + text).encode())).decode()
    octets = json.dumps({"list": text, "signature": signature, "by": ROOT.public_key.hex()}).encode()
    with pytest.raises(InvalidInput, match=r"billettique\.list_malformed"):
        read_revocations(octets, ROOTS, now=NOW)


# ---------------------------------------------------------------- points and curves


def test_only_p256_signs() -> None:
    with pytest.raises(InvalidInput, match=r"billettique\.key_not_p256"):
        KeptSigner(ec.generate_private_key(ec.SECP384R1()))


@pytest.mark.parametrize(
    "point",
    [
        b"",
        b"\x00",
        SELLER.public_key[:-1],
        b"\x05" + SELLER.public_key[1:],
        b"\x02" + b"\xff" * 32,
        b"\x04" + bytes(64),
    ],
)
def test_what_is_no_compressed_point_is_no_key(point: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (any ValueError is what is promised)
        public_key_of(point)


def test_a_signature_is_of_its_octets_and_key() -> None:
    key, signature = public_key_of(SELLER.public_key), SELLER.sign(b"a ticket")
    assert is_signed(key, b"a ticket", signature)
    assert not is_signed(key, b"a titlf", signature)
    assert not is_signed(public_key_of(NEXT.public_key), b"a ticket", signature)
    assert not is_signed(key, b"a ticket", b"")
    assert not is_signed(key, b"a ticket", signature + b"\x00")


def test_a_list_of_keys_is_a_value() -> None:
    assert KeyList(1, NOW, NOW, ()) == KeyList(1, NOW, NOW, ())
    assert "marks" not in repr(NO_REVOCATION)  # a hundred thousand of them say nothing in a log
