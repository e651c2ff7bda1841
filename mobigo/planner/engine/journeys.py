"""Itineraries to journeys: the calls on the way, the walks between, the trips behind a run."""

from datetime import UTC, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

import numpy as np

from mobigo.base.servicetime import DAY_S, service_day_start
from mobigo.network.model.timetable import NONE, Timetable
from mobigo.planner.engine.found import Itinerary, RideFound
from mobigo.planner.engine.paced import within_rows
from mobigo.planner.engine.reach import SPEED_M_S
from mobigo.planner.model import By, Journey, Leg, Reach, Ride, Visit, Walk


def journey_of(
    timetable: Timetable, itinerary: Itinerary, origin: Reach, destination: Reach, speed_m_s: float = SPEED_M_S
) -> Journey:
    """The journey in full. Walks are shown at walking pace; what a change must last besides is waiting."""
    legs: list[Leg] = []
    node_stop = timetable.node_stop
    rides = [_ride(timetable, found) for found in itinerary.rides]
    first, last = itinerary.rides[0], itinerary.rides[-1]
    access_s, access_m, by = _at(origin, first.board_node)
    if access_s or access_m:
        leave = rides[0].depart_at - timedelta(seconds=access_s)
        legs.append(
            Walk(
                None,
                int(node_stop[first.board_node]),
                leave,
                leave + timedelta(seconds=_pace_s(access_s, access_m, speed_m_s) if origin.paced else access_s),
                access_m,
                by=by,
            )
        )
    for number, (ride, found) in enumerate(zip(rides, itinerary.rides, strict=True)):
        if number:
            before = itinerary.rides[number - 1]
            a, b = int(node_stop[before.alight_node]), int(node_stop[found.board_node])
            if a != b:
                seconds, metres, walk_s = _link(timetable, before.alight_node, found.board_node)
                leave = rides[number - 1].arrive_at
                lasts_s = _pace_s(seconds, metres, speed_m_s) if walk_s is None else min(seconds, walk_s)
                legs.append(Walk(a, b, leave, leave + timedelta(seconds=lasts_s), metres))
        legs.append(ride)
    egress_s, egress_m, by = _at(destination, last.alight_node)
    if egress_s or egress_m:
        leave = rides[-1].arrive_at
        arrive = leave + timedelta(seconds=egress_s)
        legs.append(Walk(int(node_stop[last.alight_node]), None, leave, arrive, egress_m, by=by))
    return Journey(tuple(legs), legs[0].depart_at, legs[-1].arrive_at)


def _pace_s(seconds: int, metres: int, speed_m_s: float) -> int:
    """Seconds of the walk itself, never more than the change allows."""
    return min(seconds, ceil(metres / speed_m_s))


def _at(reach: Reach, node: int) -> tuple[int, int, By]:
    row = int(np.searchsorted(reach.node, node))
    by = reach.by if reach.own is not None and reach.own[row] else By.WALK
    return int(reach.time_s[row]), int(reach.walk_m[row]), by


def _link(timetable: Timetable, a: int, b: int) -> tuple[int, int, int | None]:
    """Seconds, metres, and how much of the seconds one walks, where pathways tell."""
    for e in range(timetable.foot_start[a], timetable.foot_start[a + 1]):
        if timetable.foot_node[e] == b:
            [row] = within_rows(timetable, np.array([a], np.int32), np.array([b], np.int32)).tolist()
            walk_s = int(timetable.within_walk_s[0, row]) if row >= 0 else NONE
            return int(timetable.foot_s[e]), int(timetable.foot_m[e]), None if walk_s == NONE else walk_s
    raise LookupError(f"no link from node {a} to node {b}")


def _ride(timetable: Timetable, found: RideFound) -> Ride:
    """The visits from boarding to alighting; where one trip continues as the next at a stop, that is one visit."""
    start_s = int(timetable.run_start_s[found.run])
    zero = int(service_day_start(found.service_day, ZoneInfo(timetable.zone)).timestamp()) + start_s
    row = int(timetable.run_times[found.run])
    base = int(timetable.pattern_node_start[found.pattern])
    span = slice(found.board, found.alight + 1)
    stops = timetable.node_stop[timetable.pattern_node[base + found.board : base + found.alight + 1]].tolist()
    arrive = (timetable.times_arrive_s[row + span.start : row + span.stop] + zero).tolist()
    depart = (timetable.times_depart_s[row + span.start : row + span.stop] + zero).tolist()
    trips_at = slice(int(timetable.run_trip_start[found.run]), int(timetable.run_trip_start[found.run + 1]))
    trips, firsts = timetable.run_trip[trips_at].tolist(), timetable.run_trip_first[trips_at].tolist()
    begins = {first: trip for trip, first in zip(trips, firsts, strict=True)}
    boarded = int(np.searchsorted(firsts, found.board, side="right")) - 1
    day = found.service_day + timedelta(days=_days_later(timetable, found.run, trips[boarded], firsts[boarded]))
    visits: list[Visit] = []
    ridden: list[tuple[int, int]] = [(trips[boarded], 0)]
    merged = False
    for offset, (stop, reach, leave) in enumerate(zip(stops, arrive, depart, strict=True)):
        begun = begins.get(found.board + offset) if offset else None
        merged = begun is not None and visits[-1].stop == stop
        if merged:
            visits[-1] = Visit(stop, visits[-1].arrive_at, _utc(leave))
        else:
            visits.append(Visit(stop, _utc(reach), _utc(leave)))
        if begun is not None:
            ridden.append((begun, len(visits) - 1))
    if merged:
        ridden.pop()  # left where the next trip begins: that trip is not ridden
    return Ride(tuple(ridden), day, tuple(visits), bool(timetable.run_frequency[found.run]))


def _days_later(timetable: Timetable, run: int, trip: int, first: int) -> int:
    """How many service days after its run's a joined trip is; `first` is the position of the run where it begins."""
    if not first:
        return 0
    leaves_s = int(timetable.run_start_s[run]) + int(timetable.times_depart_s[int(timetable.run_times[run]) + first])
    return round((leaves_s - int(timetable.visit_depart_s[timetable.trip_visit_start[trip]])) / DAY_S)


def _utc(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
