"""Identity keys, terms, anomalies and statuses: both sides of each edge, and each known defect of the national registry
that touches them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covoit.model.journeys import Journey, JourneyState, LineLeg, ProofClass
from covoit.model.registry import Near, Terms
from covoit.rules import anomalies, identity, status, terms
from covoit.rules.status import Acquisition, Check
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day

START = datetime(2026, 11, 3, 7, tzinfo=UTC)
MIN = timedelta(minutes=1)
JOURNEY = Journey(
    id="B", operator="op", operator_journey_id="b", operator_trip_id="tb", proof_class=ProofClass.C, driver="D",
    passenger="P", seats=1, started_at=START, ended_at=START + 30 * MIN, distance_m=20_000,
    received_at=START + timedelta(hours=2),
)  # fmt: skip


def near(
    start_min: float = -120,
    end_min: float = -90,
    journey: str = "A",
    trip: str = "ta",
    driver: str = "D",
    passenger: str = "P",
    operator: str = "op",
) -> Near:
    """A journey received before ours, from so many minutes after its start."""
    started = START + start_min * MIN
    return Near(
        journey, operator, journey.lower(), trip, driver, passenger, started, START + end_min * MIN,
        JOURNEY.received_at - MIN, paris_day(started),
    )  # fmt: skip


def labels(journey: Journey, others: list[Near], rules: Terms = Terms()) -> list[str]:  # noqa: B008 - a value
    return [found.label for found in terms.violations(journey, others, rules)]


# ---------------------------------------------------------------- identity


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("D'Hérûg-de-l'Hérault", "D HERUG DE L HERAULT"),  # the example of the registry's document
        ("D’Hérûg–de–l’Hérault", "D HERUG DE L HERAULT"),  # as a telephone writes it
        ("De\u0301me\u0301ter", "DEMETER"),  # accents of their own
        ("  Le   Goff ", "LE GOFF"),
        ("Œuvrard", "OEUVRARD"),
        ("Strauß", "STRAUSS"),
        ("Łukasiewicz", "LUKASIEWICZ"),
        ("Tô", "TO"),
    ],
)  # fmt: skip
def test_a_last_name_is_written_in_one_way(name: str, normal: str) -> None:
    assert identity.normal_last_name(name) == normal


def test_the_key_is_the_hash_of_number_and_name() -> None:
    expected = sha256(b"+33701020304-D HERUG DE L HERAULT").hexdigest()
    assert identity.identity_key("07 01 02 03 04", "D'Hérûg-de-l'Hérault") == expected
    assert identity.identity_key("+33 (0)7.01.02.03.04", "d'hérûg de l'hérault") == expected


@pytest.mark.parametrize(
    ("phone", "normal"),
    [("+33601020304", "+33601020304"), ("0033601020304", "+33601020304"), ("+590690101010", "+590690101010")],
)
def test_a_number_is_written_in_one_way(phone: str, normal: str) -> None:
    assert identity.normal_phone(phone) == normal
    assert identity.truncated(normal) == normal[:-2]


@pytest.mark.parametrize("phone", ["", "601020304", "06010203", "+0601020304", "+33", "06 01 02 03 0x", "٠٦٠١٠٢٠٣٠٤"])
def test_a_number_that_is_not_whole_is_refused(phone: str) -> None:
    with pytest.raises(InvalidInput):
        identity.normal_phone(phone)


@pytest.mark.parametrize("name", ["", " ", "-'", "王", "1"])
def test_a_name_without_a_letter_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        identity.normal_last_name(name)


@given(st.text(max_size=30))
def test_a_normal_name_is_normal(name: str) -> None:
    try:
        normal = identity.normal_last_name(name)
    except InvalidInput:
        return
    assert set(normal) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    assert identity.normal_last_name(normal) == normal


# ---------------------------------------------------------------- terms


@pytest.mark.parametrize(("distance_m", "short"), [(1_999, True), (2_000, False)])
def test_under_two_kilometres_is_too_short(distance_m: int, short: bool) -> None:
    assert ("distance_too_short" in labels(replace(JOURNEY, distance_m=distance_m), [])) is short


@pytest.mark.parametrize(
    ("late", "deadline", "expired"),
    [
        (timedelta(hours=24), timedelta(hours=24), False),
        (timedelta(hours=24, minutes=1), timedelta(hours=24), True),  # worked example 24: 24 h 01 after the start
        (timedelta(days=30), timedelta(days=30), False),  # our own lines: a paper claim
        (timedelta(days=30, seconds=1), timedelta(days=30), True),
        (timedelta(days=400), None, False),  # a history taken over
    ],
)
def test_a_journey_expires_after_its_deadline(late: timedelta, deadline: timedelta | None, expired: bool) -> None:
    journey = replace(JOURNEY, received_at=START + late)
    assert labels(journey, [], Terms(deadline=deadline)) == (["expired"] if expired else [])


def test_nobody_is_their_own_passenger() -> None:
    """Open gap of the registry (issue 2469): driver and passenger with the same identity were accepted."""
    assert labels(replace(JOURNEY, passenger="D"), []) == ["driver_is_passenger"]


def others_of(driver_trips: int, passenger_trips: int) -> list[Near]:
    """So many other trips of each on that day, with others, far apart."""
    mine = [near(-400 + i, -399 + i, f"D{i}", f"d{i}", passenger="X") for i in range(driver_trips)]
    theirs = [near(200 + i, 201 + i, f"P{i}", f"p{i}", driver="Y", passenger="P") for i in range(passenger_trips)]
    return mine + theirs


@pytest.mark.parametrize(
    ("driver_trips", "passenger_trips", "many"),
    [(3, 3, False), (4, 0, True), (0, 4, True), (3, 0, False), (2, 2, False)],  # the larger, not the union
)
def test_a_fifth_trip_of_the_day_is_too_many(driver_trips: int, passenger_trips: int, many: bool) -> None:
    found = terms.violations(JOURNEY, others_of(driver_trips, passenger_trips), Terms())
    assert [each.label for each in found] == (["too_many_trips_by_day"] if many else [])
    if many:
        assert found[0].figures == {
            "driver_trips": driver_trips, "passenger_trips": passenger_trips, "trips_max": 4,
        }  # fmt: skip


def test_other_passengers_of_one_trip_and_other_operators_do_not_count() -> None:
    same_trip = [near(0, 30, f"S{i}", "tb", passenger=f"Q{i}") for i in range(6)]
    elsewhere = [near(200 + i, 210 + i, f"E{i}", f"e{i}", operator="other") for i in range(6)]
    assert labels(JOURNEY, same_trip + elsewhere) == []


def test_the_day_is_that_of_paris() -> None:
    """Defect 6: day by the server's clock. 22:30 UTC on 3 November is 23:30 in Paris; 23:30 UTC is the 4th."""
    late = replace(JOURNEY, started_at=datetime(2026, 11, 3, 22, 30, tzinfo=UTC))
    next_day = replace(JOURNEY, started_at=datetime(2026, 11, 3, 23, 30, tzinfo=UTC))
    assert (late.day, next_day.day) == (date(2026, 11, 3), date(2026, 11, 4))
    others = others_of(4, 0)
    assert terms.trips_of_day("D", late, others) == 4
    assert terms.trips_of_day("D", next_day, others) == 0


@pytest.mark.parametrize(
    ("start_min", "end_min", "close"),
    [
        (-60, -30, False),  # ends 30 min before
        (-60, -29, True),
        (60, 80, False),  # starts 30 min after
        (59, 80, True),
        (5, 25, True),  # inside
        (-10, 40, True),  # contains ours: defect 5, "start in window or end in window" misses it
        (0, 30, True),
    ],
)
def test_two_trips_of_one_pair_are_half_an_hour_apart(start_min: float, end_min: float, close: bool) -> None:
    assert labels(JOURNEY, [near(start_min, end_min)]) == (["too_close_trips"] if close else [])
    swapped = near(start_min, end_min, driver="P", passenger="D")
    assert labels(JOURNEY, [swapped]) == (["too_close_trips"] if close else [])


def test_trips_close_together_with_someone_else_are_allowed() -> None:
    assert labels(JOURNEY, [near(-20, -5, passenger="Q"), near(31, 40, "C", "tc", driver="E")]) == []


# ---------------------------------------------------------------- anomalies and frauds


@pytest.mark.parametrize(
    ("start_min", "end_min", "share"),
    [(9, 39, 0.7), (9.5, 39.5, 0.6833), (-10, 60, 1.0), (10, 12, 1.0), (30, 60, 0.0), (10, 10, 1.0)],
)
def test_overlap_is_over_the_shorter_so_that_containing_is_overlapping(
    start_min: float, end_min: float, share: float
) -> None:
    """Defect 5: an existing journey that contains the new one was not seen."""
    other = near(start_min, end_min, driver="E")
    assert anomalies.overlap_share(JOURNEY, other) == pytest.approx(share, abs=1e-4)
    found = [each.label for each in anomalies.anomalies(JOURNEY, [other], None)]
    assert found == (["temporal_overlap_anomaly"] if share >= 0.7 else [])


def test_of_two_that_overlap_the_first_received_stands() -> None:
    later = near(0, 30, driver="E")._replace(received_at=JOURNEY.received_at + MIN)
    assert anomalies.anomalies(JOURNEY, [later], None) == []
    together = near(0, 30, "C", driver="E")._replace(received_at=JOURNEY.received_at)
    assert anomalies.anomalies(JOURNEY, [together], None) == []  # "B" comes before "C"


def test_a_trip_has_one_driver() -> None:
    found = anomalies.anomalies(JOURNEY, [near(0, 30, trip="tb", driver="E", passenger="Q")], None)
    assert [each.label for each in found] == ["trip_of_another_driver"]


# One degree of latitude is 111,195 m as the crow flies; 0.1 is 11,119.5 m.
HERE, THERE, NEXT_DOOR = Point(47.0, 6.0), Point(47.1, 6.0), Point(47.001, 6.0)


@pytest.mark.parametrize(
    ("distance_m", "minutes", "to", "reason"),
    [
        (20_000, 30, THERE, None),
        (299, 30, THERE, "distance_below_300_m"),
        (20_000, 0.98, THERE, "duration_below_1_min"),
        (20_000, 30, NEXT_DOOR, "distance_below_300_m"),  # 111 m × 2.5 = 278 m
        (4_448, 30, THERE, None),  # 11,119.5 / 2.5 = 4,447.8
        (4_447, 30, THERE, "distance_too_short"),
        (111_194, 30, THERE, None),  # 11,119.5 × 2.5 × 4 = 111,195
        (111_196, 30, THERE, "distance_too_long"),
        (20_000, 2.06, THERE, None),  # 11,119.5 m at 130 km/h is 307.9 s; a 2.5th is 123.2 s
        (20_000, 2.05, THERE, "duration_too_short"),
        (20_000, 583, THERE, None),  # 27,798.8 m at 20 km/h is 5,003.8 s; 7 times is 583.8 min
        (20_000, 584, THERE, "duration_too_long"),
    ],
)
def test_distance_and_duration_that_no_road_allows(
    distance_m: int, minutes: float, to: Point, reason: str | None
) -> None:
    journey = replace(JOURNEY, distance_m=distance_m, ended_at=START + minutes * MIN)
    found = anomalies.absurd(journey, (HERE, to))
    assert (None if found is None else found.figures["reason"]) == reason
    assert anomalies.absurd(replace(journey, proof_class=ProofClass.B), (HERE, to)) is None


@pytest.mark.parametrize(
    ("distance_m", "seconds", "reason"),
    [
        (80_000, 0.1, "duration_below_1_min"),  # two telephones on one table
        (80_000, 2_215, "duration_too_short"),  # 80 km at 130 km/h is 2,215.4 s
        (80_000, 2_216, None),
        (1_000, 59, "duration_below_1_min"),
        (1_000, 60, None),
        (80_000, 86_400, None),  # whoever forgets to say that they arrived still rode
    ],
)
@pytest.mark.parametrize("proof_class", [ProofClass.A, ProofClass.B])
def test_no_ride_on_our_lines_is_faster_than_any_car(
    distance_m: int, seconds: float, reason: str | None, proof_class: ProofClass
) -> None:
    leg = LineLeg("saulieu-chatillon", 0, 0, distance_m)
    ended_at = START + timedelta(seconds=seconds)
    ours = replace(JOURNEY, operator="mobigo", leg=leg, distance_m=distance_m, ended_at=ended_at)
    found = anomalies.absurd(replace(ours, proof_class=proof_class), None)
    assert (None if found is None else found.figures["reason"]) == reason
    assert anomalies.absurd(replace(ours, proof_class=proof_class, operator="op"), None) is None


@pytest.mark.parametrize(
    ("others", "found"),
    [
        ([near(10, 50, operator="other")], ["interoperator_overlap"]),
        ([near(-10, 60, operator="other")], ["interoperator_overlap"]),  # contains
        ([near(30, 50, operator="other")], ["interoperator_too_close_trips"]),  # touches
        ([near(59.9, 80, operator="other")], ["interoperator_too_close_trips"]),
        ([near(60, 80, operator="other")], []),
        ([near(10, 50, operator="other", passenger="Q")], []),  # not the same persons
        ([near(10, 50)], []),  # the same operator: a term, not a fraud
    ],
)
def test_the_same_persons_declared_elsewhere(others: list[Near], found: list[str]) -> None:
    assert [each.label for each in anomalies.frauds(JOURNEY, others)] == found


def test_four_trips_over_several_operators_are_the_most() -> None:
    mine = [near(200 + 60 * i, 210 + 60 * i, f"M{i}", f"m{i}", passenger="Q") for i in range(3)]
    one = near(-200, -190, "E", "e", passenger="Q", operator="other")
    assert anomalies.frauds(JOURNEY, mine) == []
    assert [each.label for each in anomalies.frauds(JOURNEY, [*mine, one])] == ["interoperator_too_many_trips_by_day"]
    assert anomalies.frauds(JOURNEY, [*mine[:2], one]) == []


# ---------------------------------------------------------------- statuses

P, OK, KO = Check.PENDING, Check.PASSED, Check.FAILED


@pytest.mark.parametrize(
    ("acquisition", "fraud", "anomaly", "word"),
    [
        (Acquisition.CANCELLED, KO, KO, "canceled"),
        (Acquisition.TERMS_VIOLATION, KO, KO, "terms_violation_error"),
        (Acquisition.FAILED, OK, OK, "acquisition_error"),
        (Acquisition.PROCESSED, OK, OK, "ok"),
        (Acquisition.PROCESSED, KO, KO, "fraud_error"),
        (Acquisition.PROCESSED, OK, KO, "anomaly_error"),
        (Acquisition.PROCESSED, P, KO, "anomaly_error"),
        (Acquisition.PROCESSED, P, OK, "pending"),
        (Acquisition.RECEIVED, OK, OK, "pending"),
        (Acquisition.UPDATED, P, P, "pending"),
    ],
)
def test_the_public_word_follows_the_registrys_priority(
    acquisition: Acquisition, fraud: Check, anomaly: Check, word: str
) -> None:
    assert status.public_status(acquisition, fraud, anomaly) == word


@pytest.mark.parametrize("state", list(JourneyState))
def test_a_known_word_has_the_checks_that_say_it(state: JourneyState) -> None:
    assert status.public_status(*status.checks_of(state)) == state.value


def test_a_status_is_final_48_hours_after_the_end_or_a_day_after_it_came_late() -> None:
    end = JOURNEY.ended_at
    assert status.freezes_at(end, START + timedelta(hours=24)) == end + timedelta(hours=48)  # in time: always
    assert status.freezes_at(end, end + timedelta(days=20)) == end + timedelta(days=21)


def test_when_the_checker_is_down_what_was_not_found_is_not_held_against_anyone() -> None:
    assert status.frozen(P, P) == (OK, OK)
    assert status.frozen(KO, P) == (KO, OK)


@given(st.integers(-200, 200), st.integers(0, 200), st.integers(-200, 200), st.integers(0, 200))
def test_gap_and_overlap_agree_and_are_the_same_from_both_sides(a: int, b: int, c: int, d: int) -> None:
    mine = replace(JOURNEY, started_at=START + a * MIN, ended_at=START + (a + b) * MIN)
    other = near(c, c + d)
    back = replace(JOURNEY, started_at=other.started_at, ended_at=other.ended_at)
    seen = near(a, a + b)
    assert terms.gap(mine, other) == terms.gap(back, seen)
    if b and d:
        assert (terms.gap(mine, other) < timedelta(0)) == (anomalies.overlap_share(mine, other) > 0)
