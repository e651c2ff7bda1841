"""A question made ready to be searched: its bounds checked, its ends brought to the stops within reach."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.changes import settled
from mobigo.planner.engine.doors import Doors, position_of, with_platforms
from mobigo.planner.engine.filters import accepts
from mobigo.planner.engine.found import Itinerary
from mobigo.planner.engine.hubs import SharedBikes
from mobigo.planner.engine.journeys import journey_of
from mobigo.planner.engine.parks import ParkedCar
from mobigo.planner.engine.search import Accepts, Searcher
from mobigo.planner.engine.via import Via
from mobigo.planner.model import AccessEgress, By, Journey, Query, Reach
from mobigo.planner.rules import own as owns
from mobigo.planner.rules.parks import Parking
from mobigo.planner.rules.shared import Stands
from mobigo.planner.service.moving import VEHICLES_MAX, access_of, reach_of, searcher_of

WALK_M_MAX = 10_000
WINDOW_S_MAX = 24 * 3600
DURATION_S_MAX = 48 * 3600


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, who searches it, and its ends. `whole`: the ways without a timetable, by one vehicle all along.
    `remarks`: why nothing need be searched; empty where there is something to search. `hubs`: the bicycles or the car
    parks at which one changes vehicles, where the question is of them."""

    network: LiveNetwork
    query: Query
    searcher: Searcher
    access: AccessEgress
    doors: Doors
    hubs: SharedBikes | ParkedCar | None
    origin: Reach
    destination: Reach
    accept: Accepts
    whole: Sequence[Journey]
    remarks: Sequence[Decision]

    @property
    def timetable(self) -> Timetable:
        return self.searcher.timetable

    def journey(self, itinerary: Itinerary) -> Journey:
        """It as a journey, walked at the query's pace."""
        speed_m_s = owns.walker(replace(self.query.limits, wheelchair=False)).speed_m_s
        return journey_of(self.timetable, itinerary, self.origin, self.destination, speed_m_s)

    def settled(self, itinerary: Itinerary) -> Journey:
        """It as a journey that changes where one walks the least."""
        return self.journey(settled(self.timetable, itinerary, self.origin, self.destination, self.accept))

    def split(self, journeys: Sequence[Journey]) -> list[Journey]:
        """The journeys with the legs by one's own vehicle told apart at the hubs."""
        return list(journeys) if self.hubs is None else [self.hubs.split(each) for each in journeys]

    def drawn(self, journeys: Sequence[Journey]) -> tuple[Journey, ...]:
        """The journeys with the lines of their legs along the streets."""
        drawn, hubs = self.doors.drawn(journeys), self.hubs
        if hubs is None:
            return tuple(drawn)
        ends = position_of(self.timetable, self.query.origin), position_of(self.timetable, self.query.destination)
        return tuple(hubs.drawn(each, *ends, self.timetable) for each in drawn)


def made_ready(
    network: LiveNetwork, query: Query, access: AccessEgress | None, shared: Stands | None, parking: Parking | None
) -> Asked:
    """The question with its ends within reach of stops. Raises InvalidInput for limits outside what is offered."""
    _check(query)
    if query.own is not None and query.own.by is By.SHARED and shared is None:
        query = replace(query, own=None)  # nobody told where there are any: on foot
    searcher, limits = searcher_of(network, query.limits), query.limits
    timetable = searcher.timetable
    access = access or access_of(network, owns.walker(limits))
    origin = reach_of(searcher, query.origin, limits.walk_m_max, access, leaving=True)
    destination = reach_of(searcher, query.destination, limits.walk_m_max, access, leaving=False)
    hubs = _shared_bikes(network, query, shared) or _parked_car(network, query, parking)
    own_access = hubs or (
        None if query.own is None else access_of(network, owns.TAKEN[query.own.by].mover, owns.walker(limits))
    )
    doors = Doors(timetable, query, access, own_access)
    origin, destination = doors.by_own(origin, destination)
    whole = doors.whole()
    remarks = [] if whole else _unreached(query, origin, destination)
    accept = replace(accepts(timetable, limits, with_bicycle=_is_aboard(query)), via=_via(searcher, query, access))
    if accept.via is not None and not accept.via.nodes:
        remarks.append(Decision("planner.no_stop_near_via", name=query.via.name if query.via else ""))
    return Asked(network, query, searcher, access, doors, hubs, origin, destination, accept, whole, remarks)


def _check(query: Query) -> None:
    limits = query.limits
    refused = None if query.own is None else owns.refusal(query.own, limits)
    if refused is not None:
        raise InvalidInput(refused.code, **refused.params)
    if query.at.tzinfo is None:
        raise InvalidInput("planner.time_without_zone", at=query.at.isoformat())
    for code, value, least, most in (
        ("planner.vehicles_out_of_range", limits.vehicles_max, 1, VEHICLES_MAX),
        ("planner.walk_out_of_range", limits.walk_m_max, 0, WALK_M_MAX),
        ("planner.window_out_of_range", query.window_s, 0, WINDOW_S_MAX),
        ("planner.change_out_of_range", limits.change_s_extra, 0, 3600),
        ("planner.duration_out_of_range", limits.duration_s_max, 60, DURATION_S_MAX),
        ("planner.stay_out_of_range", query.via_stay_s, 0, 12 * 3600),
    ):
        if not least <= value <= most:
            raise InvalidInput(code, value=value, least=least, most=most)


def _is_aboard(query: Query) -> bool:
    return query.own is not None and query.own.by is By.ABOARD


def _shared_bikes(network: LiveNetwork, query: Query, shared: Stands | None) -> SharedBikes | None:
    """Shared bicycles, where the question is of them and there are some."""
    if query.own is None or query.own.by is not By.SHARED or shared is None:
        return None
    walker = owns.walker(query.limits)
    near: dict[tuple[Point, bool, str], Reach] = network.derived("planner.shared_near", lambda _: {}, lasting=True)
    return SharedBikes(
        shared, access_of(network, walker), access_of(network, owns.TAKEN[By.SHARED].mover, walker), near, walker.name
    )


def _parked_car(network: LiveNetwork, query: Query, parking: Parking | None) -> ParkedCar | None:
    """One's car and the car parks, where the question is of it and some are known."""
    if query.own is None or query.own.by is not By.CAR or parking is None:
        return None
    walker, taken = owns.walker(query.limits), owns.TAKEN[By.CAR]
    near: dict[tuple[Point, bool, str], Reach] = network.derived("planner.parks_near", lambda _: {}, lasting=True)
    return ParkedCar(
        parking, access_of(network, walker), access_of(network, taken.mover, walker), near, walker.name, taken.stow_s
    )


def _via(searcher: Searcher, query: Query, access: AccessEgress) -> Via | None:
    """The nodes of the place to go by: its stops; for a position, those it is an accepted walk from. None when the
    journey begins or ends there anyhow."""
    place = query.via
    if place is None:
        return None
    if place.stops:
        here = with_platforms(searcher.timetable, place.stops)
        ends = (query.origin.stops, query.destination.stops)
        if any(here & with_platforms(searcher.timetable, stops) for stops in ends):
            return None
        nodes = np.flatnonzero(np.isin(searcher.timetable.node_stop, list(here))).astype(np.int32)
    elif place.point is None:
        raise InvalidInput("planner.place_without_position", name=place.name)
    else:
        nodes = access.reach(searcher.timetable, place.point, query.limits.walk_m_max, leaving=True).node
    return Via(tuple(int(node) for node in nodes), query.via_stay_s)


def _unreached(query: Query, origin: Reach, destination: Reach) -> list[Decision]:
    """Why no vehicle can be taken at all."""
    out = []
    if not len(origin.node):
        out.append(Decision("planner.no_stop_near_origin", name=query.origin.name, walk_m=query.limits.walk_m_max))
    if not len(destination.node):
        out.append(
            Decision("planner.no_stop_near_destination", name=query.destination.name, walk_m=query.limits.walk_m_max)
        )
    return out
