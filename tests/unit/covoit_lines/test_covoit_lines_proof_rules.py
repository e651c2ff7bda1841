"""The rotating code on both sides of each edge, short codes, and the class the evidence earns."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covoit.model.journeys import ProofClass
from covoit.model.proofs import CodeSession, Evidence, Meeting, Sighting, Token, Trace
from covoit.rules import proofs as rules

ROOT = b"a root key for the tests, 32 b.."
SESSION = "01KAVSAMPLE000000000000000"
SHOWN = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)  # the beginning of a step
OPEN = CodeSession(SESSION, "offer", "driver", SHOWN - timedelta(minutes=5))
KEY = rules.session_key(ROOT, SESSION)
S = timedelta(seconds=1)


def token(step: int | None = None, key: bytes = KEY, session: str = SESSION) -> Token:
    at = rules.step_of(SHOWN) if step is None else step
    read = rules.read_token(rules.token_text(key, session, at))
    assert read is not None
    return read


def refusal(
    scanned: datetime = SHOWN, received: datetime | None = None, given=None, session=OPEN, used=False
) -> str | None:
    found = rules.refusal_of_scan(
        given or token(), session, KEY, scanned_at=scanned, received_at=received or scanned, used=used, deadline_days=30
    )
    return None if found is None else found.code


@pytest.mark.parametrize(
    ("after_shown", "expected"),
    [
        (-31 * S, "covoit.scan_clock_behind"),  # two steps early
        (-30 * S, None),
        (-1 * S, None),
        (0 * S, None),
        (29 * S, None),
        (89 * S, None),  # two steps late: 60 to 89 s
        (90 * S, "covoit.scan_too_old"),
        (timedelta(days=1), "covoit.scan_too_old"),
    ],
)
def test_a_code_is_taken_from_one_step_before_to_two_after(after_shown: timedelta, expected: str | None):
    assert refusal(SHOWN + after_shown) == expected


@pytest.mark.parametrize(
    ("received_after", "expected"),
    [
        (timedelta(minutes=-5), None),  # the telephone's clock is five minutes ahead of ours
        (timedelta(minutes=-5) - S, "covoit.scan_from_the_future"),
        (timedelta(days=2), None),  # synced two days later
        (timedelta(days=30), None),
        (timedelta(days=30) + S, "covoit.proof_too_late"),
    ],
)
def test_a_scan_may_come_in_late_until_the_deadline_and_never_from_the_future(received_after, expected):
    assert refusal(SHOWN, SHOWN + received_after) == expected


def test_foreign_codes_are_refused():
    other = rules.session_key(b"another installation's root key.", SESSION)
    assert refusal(given=token(key=other)) == "covoit.scan_foreign"
    assert refusal(given=replace(token(), seal="A" * 26)) == "covoit.scan_foreign"
    assert refusal(given=replace(token(), step=token().step + 1)) == "covoit.scan_foreign"  # a seal is of one step
    assert refusal(session=None) == "covoit.scan_unknown"


@pytest.mark.parametrize(
    ("opened", "closed", "expected"),
    [
        (SHOWN - 30 * S, None, None),
        (SHOWN + 29 * S, None, None),  # opened within the step shown
        (SHOWN + 30 * S, None, "covoit.scan_session_closed"),
        (SHOWN - 60 * S, SHOWN, None),
        (SHOWN - 60 * S, SHOWN - S, "covoit.scan_session_closed"),
    ],
)
def test_a_code_counts_only_while_its_session_is_open(opened, closed, expected):
    assert refusal(session=replace(OPEN, opened_at=opened, closed_at=closed)) == expected


def test_a_code_used_is_used():
    assert refusal(used=True) == "covoit.scan_used"


@pytest.mark.parametrize(
    "text",
    [
        "", "hello", "MBC1", "MBC1.x.1.y", f"MBC2.{SESSION}.1.{'A' * 26}", f"MBC1.{SESSION}.-1.{'A' * 26}",
        f"MBC1.{SESSION}.1²3.{'A' * 26}", f"MBC1.{SESSION}.12345678901.{'A' * 26}",
    ],
)  # fmt: skip
def test_what_is_no_code_is_read_as_none(text: str):
    assert rules.read_token(text) is None


def test_a_code_is_read_alone_or_at_the_end_of_an_address():
    text = rules.token_text(KEY, SESSION, 12)
    assert rules.read_token(text) == rules.read_token(f"https://mobigo.example/covoiturage/scan/{text}")


@given(st.integers(0, 2**31), st.integers(0, 2**31))
def test_no_two_steps_share_a_seal(a: int, b: int):
    assert (rules.seal_of(KEY, SESSION, a) == rules.seal_of(KEY, SESSION, b)) is (a == b)


@pytest.mark.parametrize(("steps_ago", "taken"), [(-2, False), (-1, True), (0, True), (4, True), (5, False)])
def test_six_figures_are_taken_for_two_minutes(steps_ago: int, taken: bool):
    code = rules.typed_code(KEY, SESSION, rules.step_of(SHOWN) - steps_ago)
    assert rules.matches_typed(KEY, SESSION, code, SHOWN) is taken
    assert len(code) == 6
    assert code.isdigit()


@pytest.mark.parametrize("typed", ["", "abc", "٣٣٣٣٣٣", "12345", "1234567"])
def test_what_is_not_six_figures_matches_nothing(typed: str):
    assert not rules.matches_typed(KEY, SESSION, typed, SHOWN)


def test_the_boarding_code_is_of_one_booking_and_one_installation():
    code = rules.boarding_code(ROOT, "a")
    assert len(code) == 4
    assert len({rules.boarding_code(ROOT, str(each)) for each in range(200)}) > 150
    assert code != rules.boarding_code(b"other", "a") or code != rules.boarding_code(ROOT, "b")


# ---------------------------------------------------------------- classes

START, END = SHOWN, SHOWN + timedelta(minutes=16)


def trace(device: str | None = "phone-1", *, measured: bool = True, end: bool = True) -> Trace:
    return Trace(
        device,
        Sighting(START, "semur", measured),
        Sighting(END, "montbard", measured) if end else None,
    )


BOOKED = frozenset({Meeting.BOOKING})
SCANNED = BOOKED | {Meeting.SCAN}
PAPER = BOOKED | {Meeting.PAPER}


@pytest.mark.parametrize(
    ("evidence", "earned"),
    [
        (Evidence(BOOKED), "A"),
        (Evidence(BOOKED, trace("d"), trace("p")), "A"),  # nothing says that they were together
        (Evidence(SCANNED), "A"),  # together at one moment, no trip told
        (Evidence(SCANNED, trace("d", end=False), trace("p", end=False)), "A"),
        (Evidence(SCANNED, trace("d", measured=False)), "B"),
        (Evidence(SCANNED, passenger=trace("p", measured=False)), "B"),
        (Evidence(SCANNED, trace("d"), trace("p")), "C"),
        (Evidence(BOOKED | {Meeting.CODE}, trace("d"), trace("p")), "C"),
        (Evidence(BOOKED | {Meeting.POSITIONS}, trace("d"), trace("p")), "C"),
        (Evidence(SCANNED, trace("d"), trace("p", measured=False)), "B"),  # C needs both measured
        (Evidence(SCANNED, trace("same"), trace("same")), "B"),  # one telephone is not two
        (Evidence(SCANNED, trace("d"), trace("p"), distinct_people=False), "A"),
        (Evidence(PAPER, trace("paper:12", measured=False), trace("paper:12", measured=False)), "B"),
        (Evidence(PAPER, trace("d"), trace("p")), "B"),  # paper never makes C
        (Evidence(SCANNED, trace(None)), "A"),  # no device tells it
    ],
)
def test_the_class_follows_from_the_evidence(evidence: Evidence, earned: str):
    assert rules.proof_class(evidence) is ProofClass(earned)


@pytest.mark.parametrize(
    "broken",
    [
        replace(trace(), end=Sighting(START, "montbard")),  # arrived when leaving
        replace(trace(), end=Sighting(END, "semur")),  # at the same stop
    ],
)
def test_a_trip_that_goes_nowhere_is_not_told(broken: Trace):
    assert rules.proof_class(Evidence(SCANNED, broken)) is ProofClass.A


meetings = st.frozensets(st.sampled_from(list(Meeting)))
traces = st.builds(trace, st.sampled_from(["d", "p", None]), measured=st.booleans(), end=st.booleans()) | st.just(
    Trace()
)


@given(meetings, traces, traces, st.booleans(), st.sampled_from([Meeting.SCAN, Meeting.CODE, Meeting.POSITIONS]))
def test_more_evidence_of_being_together_never_lowers_the_class(met, driver, passenger, distinct, added):
    before = rules.proof_class(Evidence(met, driver, passenger, distinct))
    assert rules.proof_class(Evidence(met | {added}, driver, passenger, distinct)) >= before


@given(meetings, traces, traces, st.booleans())
def test_class_c_always_rests_on_both_occupants(met, driver, passenger, distinct):
    if rules.proof_class(Evidence(met, driver, passenger, distinct)) is ProofClass.C:
        assert distinct
        assert None not in (driver.start, driver.end, passenger.start, passenger.end)
        assert driver.device != passenger.device


@pytest.mark.parametrize(("apart_min", "agree"), [(0, True), (10, True), (11, False)])
def test_positions_alone_agree_within_ten_minutes(apart_min: int, agree: bool):
    late = timedelta(minutes=apart_min)
    other = Trace("p", Sighting(START + late, "semur", True), Sighting(END + late, "montbard", True))
    assert rules.positions_agree(trace("d"), other) is agree
    assert not rules.positions_agree(trace("d", measured=False), other)
