"""A vehicle of one's own for one end of a journey: how far it is worth taking, what leaving it costs, and what must be
said. The figures are the product's own choice, not an authority's."""

from dataclasses import dataclass
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.network.model.streets import BICYCLE, CAR, E_BIKE, SLOW_WALKER, STROLLER, WALKER, WHEELCHAIR, Mover
from mobigo.network.model.timetable import Timetable
from mobigo.planner.model import By, Limits, Own, Pace

SHARE_MAX: Final = 0.5  # of the way as the crow flies: beyond that, it is no way to a stop, it is the journey


@dataclass(frozen=True, slots=True)
class Taken:
    """Who moves, from how far on (nearer, one walks), how far at most, how long leaving or fetching it takes; and how
    far one goes by it from door to door, 0 for never."""

    mover: Mover
    least_m: int
    most_m: int
    stow_s: int
    whole_m_max: int = 0


TAKEN: Final = {
    By.BIKE: Taken(BICYCLE, 300, 8_000, 60, whole_m_max=20_000),
    By.EBIKE: Taken(E_BIKE, 300, 12_000, 60, whole_m_max=30_000),
    By.ABOARD: Taken(BICYCLE, 300, 8_000, 60, whole_m_max=20_000),  # at both ends
    By.CAR: Taken(CAR, 1_000, 25_000, 180),
    By.DROPPED: Taken(CAR, 1_000, 25_000, 60),
    By.FETCHED: Taken(CAR, 1_000, 25_000, 60),
    By.SHARED: Taken(BICYCLE, 500, 6_000, 0, whole_m_max=8_000),  # taken and left at stations: no time beside theirs
}


def walker(limits: Limits) -> Mover:
    """Who walks."""
    if limits.wheelchair:
        return WHEELCHAIR
    return {Pace.USUAL: WALKER, Pace.SLOW: SLOW_WALKER, Pace.STROLLER: STROLLER}[limits.pace]


def refusal(own: Own, limits: Limits) -> Decision | None:
    """Why that vehicle cannot be taken, if it cannot."""
    if own.by is By.WALK:
        return Decision("planner.own_is_a_vehicle")
    if (own.left_at or own.park) and own.by in (By.DROPPED, By.FETCHED, By.SHARED):
        return Decision("planner.own_left_by_nobody")
    if (own.left_at or own.park) and own.by is By.ABOARD:
        return Decision("planner.own_goes_along")
    if limits.wheelchair and own.by in (By.BIKE, By.EBIKE, By.ABOARD, By.SHARED):
        return Decision("planner.own_with_wheelchair")
    return None


def takes_bicycles(timetable: Timetable) -> bool:
    """Whether some trip is known to take bicycles on board (GTFS trips.txt, bikes_allowed 1)."""
    return bool((timetable.trip_bikes == 1).any())


def said(own: Own, has_streets: bool, has_parks: bool = False, has_bicycles: bool = False) -> list[Decision]:
    """What a traveller must know of the answer. `has_parks`: car parks are known, and the car is left at one alone;
    `has_bicycles`: some trip is known to take bicycles."""
    told = []
    if not has_streets:
        told.append(Decision("planner.own_as_the_crow_flies"))
    if own.by is By.CAR and not own.at_end and not has_parks:
        told.append(Decision("planner.own_car_parks_unknown"))
    if own.by is By.ABOARD:
        told.append(Decision("planner.own_bikes_told" if has_bicycles else "planner.own_bikes_unknown"))
    return told
