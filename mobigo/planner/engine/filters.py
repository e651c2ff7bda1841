"""What a traveller's limits leave of a timetable: which runs may be ridden, and where people may get on and off."""

from collections.abc import Iterator

import numpy as np

from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.search import Accepts
from mobigo.planner.model import Limits

YES = 1  # of trips.txt: wheelchair_accessible, bikes_allowed


def accepts(timetable: Timetable, limits: Limits, *, with_bicycle: bool = False) -> Accepts:
    """The filter of `limits`. Step-free journeys use only what is known to be accessible, and who takes a bicycle on
    board only what is known to take it: unknown counts as no."""
    route_ok = _routes(timetable, limits)
    run_ok = node_ok = stretches = None
    if limits.wheelchair or with_bicycle or route_ok is not None:
        trip_ok = np.ones(len(timetable.trip_route), np.bool_) if route_ok is None else route_ok[timetable.trip_route]
        if limits.wheelchair:
            trip_ok &= timetable.trip_wheelchair == YES
            node_ok = (timetable.stop_wheelchair == YES)[timetable.node_stop]
        if with_bicycle:
            trip_ok &= timetable.trip_bikes == YES
        if len(timetable.run_trip):
            ridden = trip_ok[timetable.run_trip]
            run_ok = np.logical_and.reduceat(ridden, timetable.run_trip_start[:-1])
            mixed = np.flatnonzero(~run_ok & np.logical_or.reduceat(ridden, timetable.run_trip_start[:-1]))
            stretches = np.array(
                [row for run in mixed for row in _stretches(timetable, int(run), ridden)], np.int32
            ).reshape(-1, 3)
    key = (limits.wheelchair, with_bicycle, limits.route_types, limits.without_routes, limits.only_agencies)
    return Accepts(key, run_ok, node_ok, limits.change_s_extra, stretches)


def _stretches(timetable: Timetable, run: int, ridden: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """(run, first, last position) of the longest parts of a joined run whose trips are all accepted."""
    begin, end = int(timetable.run_trip_start[run]), int(timetable.run_trip_start[run + 1])
    pattern = int(np.searchsorted(timetable.pattern_run_start, run, side="right")) - 1
    length = int(timetable.pattern_node_start[pattern + 1] - timetable.pattern_node_start[pattern])
    firsts = [*timetable.run_trip_first[begin:end].tolist(), length]
    at = begin
    while at < end:
        if not ridden[at]:
            at += 1
            continue
        from_trip = at
        while at < end and ridden[at]:
            at += 1
        yield run, firsts[from_trip - begin], firsts[at - begin] - 1


def _routes(timetable: Timetable, limits: Limits) -> np.ndarray | None:
    """Which routes are allowed; None when all are."""
    if limits.route_types is None and not limits.without_routes and limits.only_agencies is None:
        return None
    ok = np.ones(len(timetable.route_type), np.bool_)
    if limits.route_types is not None:
        ok &= np.isin(timetable.route_type, sorted(limits.route_types))
    names = list(timetable.feed_name)
    if limits.without_routes:
        ids = [
            f"{names[feed]}:{route}"
            for feed, route in zip(timetable.route_feed.tolist(), timetable.route_id, strict=True)
        ]
        ok &= np.array([route not in limits.without_routes for route in ids], np.bool_)
    if limits.only_agencies is not None:
        agencies = [
            f"{names[feed]}:{agency}"
            for feed, agency in zip(timetable.agency_feed.tolist(), timetable.agency_id, strict=True)
        ]
        ok &= np.array(
            [row >= 0 and agencies[row] in limits.only_agencies for row in timetable.route_agency.tolist()], np.bool_
        )
    return ok
