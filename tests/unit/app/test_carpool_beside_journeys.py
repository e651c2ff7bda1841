"""When to be at a carpool stop to be there in time: both sides of each edge, on the line of the demonstration."""

from datetime import datetime

import pytest

from covoit.gateway.lines import get_line
from covoit.model.lines import UNKNOWN_WAIT, ExpectedWait, Guarantee, Help, WaitFrom
from mobigo.app.carpool_ways import WAIT_S_UNKNOWN, counted_on_s, ends_on, wait_in_words, waits_from
from mobigo.base.geo import Point
from mobigo.base.instants import PARIS
from mobigo.base.money import Money
from mobigo.base.periods import Period

LINE = get_line("saulieu-chatillon", datetime(2026, 11, 24, tzinfo=PARIS).date())
SAULIEU, CHATILLON, SEMUR = (LINE.stops[n].point for n in (0, -1, 2))
ENDS = ends_on(LINE, SAULIEU, CHATILLON, 2_000)
assert ENDS is not None
TUESDAY = "2026-11-24T"
GUARANTEE = Guarantee("g", Period(LINE.period.first_day), 20, (Help.TAXI,), Money(12_000), "", "")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def test_the_whole_line_is_80_km_in_75_minutes() -> None:
    assert ENDS is not None
    assert (ENDS.ride_m, ENDS.ride_s, ENDS.direction) == (80_000, 75 * 60, 0)
    back = ends_on(LINE, CHATILLON, SEMUR, 2_000)
    assert back is not None
    assert (back.direction, back.ride_m) == (1, 52_000)


@pytest.mark.parametrize(
    ("walk_m_max", "found"),
    [(145, True), (143, False)],  # 0.001° of latitude is 111.2 m as the crow flies, 145 m on foot
)
def test_a_stop_is_near_enough_or_not(walk_m_max: int, found: bool) -> None:
    beside = Point(SAULIEU.lat + 0.001, SAULIEU.lon)
    assert (ends_on(LINE, beside, CHATILLON, walk_m_max) is not None) is found


def test_one_stop_is_no_ride() -> None:
    assert ends_on(LINE, SAULIEU, SAULIEU, 2_000) is None


@pytest.mark.parametrize(
    ("asked", "arrive_by", "be_there"),
    [
        # Drivers from 6.00 to 9.30 and from 16.00 to 19.00; 20 minutes of wait, 75 of road: 95 in all.
        (f"{TUESDAY}08:00", True, f"{TUESDAY}06:25"),
        (f"{TUESDAY}07:35", True, f"{TUESDAY}06:00"),
        (f"{TUESDAY}07:34", True, None),  # one would have to begin before any driver is expected
        (f"{TUESDAY}12:00", True, f"{TUESDAY}09:29"),  # the last minute at which a driver is still expected
        (f"{TUESDAY}15:04", True, f"{TUESDAY}09:29"),
        (f"{TUESDAY}15:05", True, None),  # more than four hours early is not an answer
        (f"{TUESDAY}07:10", False, f"{TUESDAY}07:10"),
        (f"{TUESDAY}05:00", False, f"{TUESDAY}06:00"),
        (f"{TUESDAY}01:59", False, None),
        (f"{TUESDAY}02:00", False, f"{TUESDAY}06:00"),
        (f"{TUESDAY}09:29", False, f"{TUESDAY}09:29"),
        (f"{TUESDAY}09:30", False, None),  # the next drivers come in more than four hours
        (f"{TUESDAY}12:00", False, f"{TUESDAY}16:00"),
        (f"{TUESDAY}19:00", False, None),
        ("2026-11-29T08:00", False, None),  # a Sunday
    ],
)
def test_when_to_be_at_the_stop(asked: str, arrive_by: bool, be_there: str | None) -> None:
    assert ENDS is not None
    found = waits_from(ENDS, at(asked), 20 * 60, arrive_by=arrive_by, window_s=0)
    assert found == (at(be_there) if be_there else None)


@pytest.mark.parametrize(
    ("wait", "guarantee", "arrive_by", "counted_min"),
    [
        (ExpectedWait(WaitFrom.HISTORY, 6, 14, 40), GUARANTEE, False, 6),
        (ExpectedWait(WaitFrom.HISTORY, 6, 14, 40), GUARANTEE, True, 14),  # to be on time, nine in ten
        (ExpectedWait(WaitFrom.HISTORY, 12, 28, 40), GUARANTEE, True, 20),  # a taxi comes before that
        (ExpectedWait(WaitFrom.HISTORY, 12, 28, 40), None, True, 28),
        (ExpectedWait(WaitFrom.DECLARED, 15, None, 3), GUARANTEE, True, 15),
        (UNKNOWN_WAIT, GUARANTEE, True, 20),
        (UNKNOWN_WAIT, None, True, WAIT_S_UNKNOWN // 60),
    ],
)
def test_the_wait_one_counts_on(
    wait: ExpectedWait, guarantee: Guarantee | None, arrive_by: bool, counted_min: int
) -> None:
    assert counted_on_s(wait, guarantee, sure=arrive_by) == counted_min * 60


def test_each_basis_of_a_wait_has_its_words() -> None:
    assert wait_in_words(UNKNOWN_WAIT).code == "carpool.wait_unknown"
    assert wait_in_words(ExpectedWait(WaitFrom.DECLARED, 15, None, 3)).params == {"minutes": 15, "drivers": 3}
    assert wait_in_words(ExpectedWait(WaitFrom.HISTORY, 6, 14, 40)).params["most_minutes"] == 14
