"""Instants, periods, positions, ids, decisions and errors."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused, Upstream
from mobigo.base.geo import EARTH_RADIUS_M, Point, distance_m
from mobigo.base.ids import is_id, new_id, rising_ids
from mobigo.base.instants import paris_day, to_utc
from mobigo.base.periods import Period

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
POINTS = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))


# ---------------------------------------------------------------- instants


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), date(2026, 7, 1)),  # summer: two hours ahead
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), date(2027, 1, 1)),  # winter: one
        (datetime(2026, 7, 1, 0, 0, tzinfo=timezone(timedelta(hours=14))), date(2026, 6, 30)),
    ],
)
def test_the_day_of_an_instant_is_the_day_in_france(instant: datetime, day: date) -> None:
    assert paris_day(instant) == day


@pytest.mark.parametrize("function", [to_utc, paris_day])
def test_an_instant_without_a_zone_is_refused(function: object) -> None:
    with pytest.raises(ValueError, match="zone"):
        function(datetime(2026, 1, 1))  # type: ignore[operator]  # noqa: DTZ001 - the point of the test


def test_to_utc_keeps_the_instant() -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert to_utc(noon).isoformat() == "2026-07-01T10:00:00+00:00"


# ---------------------------------------------------------------- periods


@pytest.mark.parametrize(
    ("day", "inside"),
    [
        (date(2026, 8, 31), False),
        (date(2026, 9, 1), True),
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
    ],
)
def test_a_period_holds_its_first_and_its_last_day(day: date, inside: bool) -> None:
    assert (day in Period(date(2026, 9, 1), date(2026, 9, 30))) is inside


def test_an_open_period_never_ends_and_cannot_be_listed() -> None:
    since = Period(date(2026, 9, 1))
    assert date(9999, 12, 31) in since
    assert date(2026, 8, 31) not in since
    with pytest.raises(ValueError, match="open"):
        list(since.days())


def test_a_period_may_not_end_before_it_begins() -> None:
    Period(date(2026, 9, 1), date(2026, 9, 1))
    with pytest.raises(ValueError, match="before it begins"):
        Period(date(2026, 9, 2), date(2026, 9, 1))


def periods() -> st.SearchStrategy[Period]:
    return st.tuples(DAYS, st.none() | st.integers(0, 400)).map(
        lambda drawn: Period(drawn[0], None if drawn[1] is None else drawn[0] + timedelta(days=drawn[1]))
    )


@given(periods(), periods())
def test_two_periods_overlap_when_they_share_a_day(one: Period, other: Period) -> None:
    shared = max(one.first_day, other.first_day)
    assert one.overlaps(other) is (shared in one and shared in other)
    assert one.overlaps(other) is other.overlaps(one)


@given(DAYS, st.integers(0, 400))
def test_the_days_of_a_period_are_all_inside_and_as_many_as_counted(first: date, more: int) -> None:
    period = Period(first, first + timedelta(days=more))
    days = list(period.days())
    assert len(days) == more + 1 == len(set(days))
    assert all(day in period for day in days)


# ---------------------------------------------------------------- positions


@pytest.mark.parametrize(
    ("lat", "lon"), [(90.1, 0), (-90.1, 0), (0, 180.1), (0, -180.1), (float("nan"), 0), (0, float("inf"))]
)
def test_a_position_outside_the_globe_is_refused(lat: float, lon: float) -> None:
    with pytest.raises(ValueError, match="not a position"):
        Point(lat, lon)


@pytest.mark.parametrize(
    ("a", "b", "metres", "within_m"),
    [
        (Point(47.3234, 5.0270), Point(47.2470, 6.0219), 75_500, 500),  # Dijon-Ville, Besançon-Viotte
        (Point(0, 0), Point(0, 1), 111_195, 1),  # a degree of the sphere of radius 6,371,008.8 m
        (Point(0, 179.5), Point(0, -179.5), 111_195, 1),  # across the date line
        (Point(90, 0), Point(-90, 0), 20_015_114, 1),  # half the globe
    ],
)
def test_distances_known_from_elsewhere(a: Point, b: Point, metres: float, within_m: float) -> None:
    assert distance_m(a, b) == pytest.approx(metres, abs=within_m)


@given(POINTS, POINTS)
def test_a_distance_has_no_direction_and_never_passes_half_the_globe(a: Point, b: Point) -> None:
    assert distance_m(a, b) == pytest.approx(distance_m(b, a), abs=1e-6)
    assert 0 <= distance_m(a, b) <= 3.141592653589794 * EARTH_RADIUS_M
    assert distance_m(a, a) == 0


@given(POINTS, POINTS, POINTS)
def test_a_detour_is_never_shorter(a: Point, b: Point, c: Point) -> None:
    assert distance_m(a, c) <= distance_m(a, b) + distance_m(b, c) + 0.1  # metres: haversine near the antipodes


# ---------------------------------------------------------------- ids


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**48 - 1))
def test_ids_sort_by_the_time_they_were_made(earlier_ms: int, later_ms: int) -> None:
    earlier_ms, later_ms = sorted((earlier_ms, later_ms))
    assert is_id(new_id(earlier_ms))
    assert earlier_ms == later_ms or new_id(earlier_ms) < new_id(later_ms)


def test_an_id_is_26_letters_safe_in_a_url_and_a_uuid_7_inside() -> None:
    letters = new_id(1_764_000_000_000)
    assert len(letters) == 26
    assert letters.isalnum()
    number = 0
    for letter in letters:
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(letter)
    assert number >> 80 == 1_764_000_000_000
    assert (number >> 76 & 15, number >> 62 & 3) == (7, 2)  # version 7, variant 10 (RFC 9562 §5.7)


def test_a_thousand_ids_of_one_millisecond_differ() -> None:
    assert len({new_id(0) for _ in range(1000)}) == 1000


def test_ids_that_rise_each_come_after_the_one_before_and_lie_far_apart() -> None:
    made = list(islice(rising_ids(1_764_000_000_000), 1_000))
    assert made == sorted(set(made))
    assert all(map(is_id, made))
    assert new_id(1_763_999_999_999) < made[0] < made[-1] < new_id(1_764_000_000_001)
    numbers = [int.from_bytes(each.encode()) for each in made]
    assert len({later - earlier for earlier, later in pairwise(numbers)}) > 900  # nobody guesses the next one
    assert next(rising_ids(0)) != next(rising_ids(0))


@pytest.mark.parametrize("now_ms", [-1, 2**48])
def test_a_time_that_does_not_fit_is_refused(now_ms: int) -> None:
    with pytest.raises(ValueError, match="48 bits"):
        new_id(now_ms)


@pytest.mark.parametrize("text", ["", "0" * 25, "0" * 27, "8" + "0" * 25, "I" * 26, "../" + "0" * 23, "0" * 25 + "é"])
def test_what_cannot_be_an_id(text: str) -> None:
    assert not is_id(text)


# ---------------------------------------------------------------- decisions and errors


def test_equal_codes_and_parameters_are_equal_decisions() -> None:
    one, same = Decision("planner.too_far", metres=900), Decision("planner.too_far", metres=900)
    assert one == same
    assert hash(one) == hash(same)
    assert one != Decision("planner.too_far", metres=901)
    assert one != Decision("planner.too_near", metres=900)
    assert one != "planner.too_far"


def test_a_decision_is_never_changed() -> None:
    decision = Decision("planner.too_far", metres=900)
    with pytest.raises(AttributeError):
        decision.code = "other"
    with pytest.raises(TypeError):
        decision.params["metres"] = 1  # type: ignore[index]  # the point of the test


@pytest.mark.parametrize("word", [NotFound, InvalidInput, Refused, Conflict, Upstream])
def test_each_error_word_carries_its_decision(word: type[MobigoError]) -> None:
    error = word("feed.unknown", name="ter")
    assert error.decision == Decision("feed.unknown", name="ter")
    assert str(error) == "feed.unknown(name=ter)"


def test_a_parameter_may_be_called_code_or_anything() -> None:
    assert Decision("a.b", reason="x", name="y").params == {"reason": "x", "name": "y"}
