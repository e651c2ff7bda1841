"""Rules on what joins places: transfers, pathways, shapes."""

import numpy as np

from mobigo.network.rules.places import NODE, STATION, STOP, location_types
from mobigo.network.rules.view import View
from mobigo.network.rules.visits import Visits, distances_m

TRANSFER_M_MAX = 10_000  # MobilityData: transfer_distance_too_large
IN_SEAT = (4, 5)
_EXIT_GATE = 7
_SAME_POINT_M = 1.11  # MobilityData's threshold for two shape points to count as one


def check(view: View, journey: Visits | None) -> None:
    """Every rule of this file."""
    if view.height("transfers"):
        _transfers(view, journey)
    if view.height("pathways") and view.has("pathways", "from_stop_id", "to_stop_id") and view.height("stops"):
        _pathways(view)
    if view.height("shapes") and view.has("shapes", "shape_id", "shape_pt_sequence"):
        _shapes(view)


def _transfers(view: View, journey: Visits | None) -> None:
    kind = view.column("transfers", "transfer_type").whole
    for side in ("from", "to"):
        stop, trip, route = f"{side}_stop_id", f"{side}_trip_id", f"{side}_route_id"
        seat = np.isin(kind, IN_SEAT)
        view.tell(
            "missing_required_field", "transfers", np.flatnonzero(seat & view.column("transfers", trip).is_blank), trip
        )
        unplaced = ~seat & view.column("transfers", stop).is_blank
        view.tell("missing_required_field", "transfers", np.flatnonzero(unplaced), stop)
        row = view.match("transfers", stop, "stops", "stop_id")
        if view.height("stops"):
            types = location_types(view)[np.maximum(row, 0)]
            view.tell(
                "transfer_with_invalid_stop_location_type",
                "transfers",
                np.flatnonzero((row >= 0) & (types > STATION)),
                stop,
            )
        trip_row = view.match("transfers", trip, "trips", "trip_id")
        if view.has("transfers", route) and view.height("trips"):
            wanted, theirs = view.column("transfers", route), view.column("trips", "route_id")
            bad = [
                at
                for at in np.flatnonzero((trip_row >= 0) & ~wanted.is_blank).tolist()
                if wanted.texts[wanted.codes[at]] != theirs.texts[theirs.codes[trip_row[at]]]
            ]
            view.tell(
                "transfer_with_invalid_trip_and_route", "transfers", np.array(bad, np.int64), trip, with_=(route,)
            )
        if journey is not None:
            _trip_calls(view, journey, stop, trip)
    _far(view)


def _trip_calls(view: View, journey: Visits, stop: str, trip: str) -> None:
    """A transfer of a trip at a stop where it does not call is for nobody."""
    trips, stops = view.column("transfers", trip), view.column("transfers", stop)
    rows = np.flatnonzero(~trips.is_blank & (view.match("transfers", stop, "stops", "stop_id") >= 0))
    if not len(rows):
        return
    visited = view.column("stop_times", "trip_id").code_of
    wanted = {
        visited[value] for value in {trips.texts[code] for code in trips.codes[rows].tolist()} if value in visited
    }
    here = np.flatnonzero(np.isin(journey.trip, list(wanted)))
    ids, parents = view.column("stops", "stop_id"), view.match("stops", "parent_station", "stops", "stop_id")
    calls: set[tuple[int, str]] = set()
    for at in here.tolist():
        row = int(journey.stop[at])
        if row >= 0:
            calls.add((int(journey.trip[at]), ids.texts[ids.codes[row]]))
            if parents[row] >= 0:
                calls.add((int(journey.trip[at]), ids.texts[ids.codes[parents[row]]]))
    bad = [
        at
        for at in rows.tolist()
        if (code := visited.get(trips.texts[trips.codes[at]])) is not None
        and (code, stops.texts[stops.codes[at]]) not in calls
    ]
    view.tell("transfer_with_invalid_trip_and_stop", "transfers", np.array(bad, np.int64), trip, with_=(stop,))


def _far(view: View) -> None:
    if not view.has("stops", "stop_lat", "stop_lon"):
        return
    lat, lon = view.column("stops", "stop_lat").numbers, view.column("stops", "stop_lon").numbers
    here = view.match("transfers", "from_stop_id", "stops", "stop_id")
    there = view.match("transfers", "to_stop_id", "stops", "stop_id")
    known = np.flatnonzero((here >= 0) & (there >= 0))
    metres = distances_m(lat[here[known]], lon[here[known]], lat[there[known]], lon[there[known]])
    view.tell(
        "transfer_distance_too_large",
        "transfers",
        known[metres > TRANSFER_M_MAX],
        "from_stop_id",
        with_=("to_stop_id",),
    )


def _pathways(view: View) -> None:
    types = location_types(view)
    ends = [view.match("pathways", name, "stops", "stop_id") for name in ("from_stop_id", "to_stop_id")]
    with_ = ("pathway_id",)
    loop = (ends[0] >= 0) & (ends[0] == ends[1])
    view.tell("pathway_loop", "pathways", np.flatnonzero(loop), "from_stop_id", with_=with_)
    areas = np.zeros(len(types), np.bool_)
    parents = view.match("stops", "parent_station", "stops", "stop_id")
    boarding = parents[(types == 4) & (parents >= 0)]
    areas[boarding] = True
    for name, row in zip(("from_stop_id", "to_stop_id"), ends, strict=True):
        there = np.maximum(row, 0)
        view.tell(
            "pathway_to_wrong_location_type",
            "pathways",
            np.flatnonzero((row >= 0) & (types[there] == STATION)),
            name,
            with_=with_,
        )
        view.tell(
            "pathway_to_platform_with_boarding_areas",
            "pathways",
            np.flatnonzero((row >= 0) & (types[there] == STOP) & areas[there]),
            name,
            with_=with_,
        )
    gate = (view.column("pathways", "pathway_mode").whole == _EXIT_GATE) & (
        view.column("pathways", "is_bidirectional").whole == 1
    )
    view.tell("bidirectional_exit_gate", "pathways", np.flatnonzero(gate), "is_bidirectional", with_=with_)
    # A generic node leads somewhere only when it has at least two neighbours.
    neighbours: dict[int, set[int]] = {}
    for one, other in zip(ends[0].tolist(), ends[1].tolist(), strict=True):
        if one >= 0 and other >= 0 and one != other:
            neighbours.setdefault(one, set()).add(other)
            neighbours.setdefault(other, set()).add(one)
    dangling = [row for row in np.flatnonzero(types == NODE).tolist() if len(neighbours.get(row, ())) == 1]
    view.tell("pathway_dangling_generic_node", "stops", np.array(dangling, np.int64), "stop_id")


def _shapes(view: View) -> None:
    ids = view.column("shapes", "shape_id")
    if view.has("trips", "shape_id"):
        used = set(view.column("trips", "shape_id").texts)
        unused = [code for code, value in enumerate(ids.texts) if value not in used]
    else:
        unused = list(range(len(ids.texts)))
    first = np.full(len(ids.texts), -1)
    first[ids.codes[::-1]] = np.arange(len(ids.codes))[::-1]
    view.tell("unused_shape", "shapes", np.sort(first[unused]), "shape_id")
    count = np.bincount(ids.codes, minlength=len(ids.texts))
    view.tell("single_shape_point", "shapes", np.sort(first[count == 1]), "shape_id")
    if not view.has("shapes", "shape_dist_traveled", "shape_pt_lat", "shape_pt_lon"):
        return
    distance = view.column("shapes", "shape_dist_traveled").numbers
    if np.isnan(distance).all():
        return
    order_of = view.column("shapes", "shape_pt_sequence").whole
    # What has no place in the order, or a distance below 0, is told as such: it says nothing of its neighbours.
    distance = np.where((order_of < 0) | (distance < 0), np.nan, distance)
    order = np.lexsort((order_of, ids.codes))
    along, shape = distance[order], ids.codes[order]
    same = shape[1:] == shape[:-1]
    after = order[1:]
    with_ = ("shape_id", "shape_pt_sequence")
    view.tell(
        "decreasing_shape_distance",
        "shapes",
        np.sort(after[same & (along[1:] < along[:-1])]),
        "shape_dist_traveled",
        with_=with_,
    )
    equal = np.flatnonzero(same & (along[1:] == along[:-1]))
    lat, lon = (
        view.column("shapes", "shape_pt_lat").numbers[order],
        view.column("shapes", "shape_pt_lon").numbers[order],
    )
    moved = distances_m(lat[equal], lon[equal], lat[equal + 1], lon[equal + 1]) >= _SAME_POINT_M
    still = (lat[equal] == lat[equal + 1]) & (lon[equal] == lon[equal + 1])
    view.tell(
        "equal_shape_distance_diff_coordinates",
        "shapes",
        np.sort(after[equal[moved]]),
        "shape_dist_traveled",
        with_=with_,
    )
    view.tell(
        "equal_shape_distance_same_coordinates",
        "shapes",
        np.sort(after[equal[still]]),
        "shape_dist_traveled",
        with_=with_,
    )
