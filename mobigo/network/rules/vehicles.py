"""Rules on what one vehicle does: blocks and frequencies."""

import numpy as np

from mobigo.network.rules.days import Services
from mobigo.network.rules.view import BLANK_TIME, NO_NUMBER, View
from mobigo.network.rules.visits import Visits

_PAIRS_MAX = 2_000_000  # pairs of trips of a block compared, in a whole feed


def check(view: View, journey: Visits | None, services: Services | None) -> None:
    """Every rule of this file."""
    _frequencies(view)
    if view.has("trips", "trip_id", "block_id", "service_id") and journey is not None and services is not None:
        _blocks(view, journey, services)
    if view.has("trips", "block_id", "route_id") and view.has("routes", "route_id", "route_type"):
        _block_types(view)


def _frequencies(view: View) -> None:
    if not view.height("frequencies") or not view.has("frequencies", "trip_id", "start_time", "end_time"):
        return
    trip = view.column("frequencies", "trip_id").codes
    start, end = view.column("frequencies", "start_time").seconds, view.column("frequencies", "end_time").seconds
    known = (start != BLANK_TIME) & (end != BLANK_TIME)
    view.tell(
        "start_and_end_range_out_of_order",
        "frequencies",
        np.flatnonzero(known & (end < start)),
        "end_time",
        with_=("trip_id", "start_time"),
    )
    view.tell(
        "start_and_end_range_equal",
        "frequencies",
        np.flatnonzero(known & (end == start)),
        "end_time",
        with_=("trip_id", "start_time"),
    )
    rows = np.flatnonzero(known)
    order = rows[np.lexsort((start[rows], trip[rows]))]
    same = trip[order[1:]] == trip[order[:-1]]
    over = same & (start[order[1:]] < end[order[:-1]])
    view.tell("overlapping_frequency", "frequencies", np.sort(order[1:][over]), "start_time", with_=("trip_id",))


def _blocks(view: View, journey: Visits, services: Services) -> None:
    """Trips of one block on one day follow one another: a vehicle is not in two places."""
    block = view.column("trips", "block_id")
    visited = view.column("stop_times", "trip_id")
    first = np.full(len(visited.values), BLANK_TIME, np.int64)
    last = np.full(len(visited.values), BLANK_TIME, np.int64)
    first[journey.trip[journey.is_first]] = journey.depart_s[journey.is_first]
    last[journey.trip[journey.is_last]] = journey.arrive_s[journey.is_last]
    ids, service = view.column("trips", "trip_id"), view.column("trips", "service_id")
    place = np.array([visited.code_of.get(value, -1) for value in ids.texts], np.int64)[ids.codes]
    start = np.where(place >= 0, first[np.maximum(place, 0)], BLANK_TIME)
    end = np.where(place >= 0, last[np.maximum(place, 0)], BLANK_TIME)
    rows = np.flatnonzero(~block.is_blank & (start != BLANK_TIME) & (end > start))
    rows = rows[np.lexsort((start[rows], block.codes[rows]))]
    days = [services.bits[services.index[value]] if value in services.index else 0 for value in service.texts]
    of_block, starts, ends, calendars = (
        block.codes[rows].tolist(),
        start[rows].tolist(),
        end[rows].tolist(),
        service.codes[rows].tolist(),
    )
    # Where no trip begins before all earlier ones of its block ended, there is nothing to compare.
    pairs, wrong = 0, []
    for here in range(len(rows)):
        there = here + 1
        while (
            there < len(rows)
            and of_block[there] == of_block[here]
            and starts[there] < ends[here]
            and pairs < _PAIRS_MAX
        ):
            pairs += 1
            if days[calendars[here]] & days[calendars[there]]:
                wrong.append(int(rows[there]))
            there += 1
    view.tell(
        "block_trips_with_overlapping_stop_times",
        "trips",
        np.unique(np.array(wrong, np.int64)),
        "block_id",
        with_=("trip_id", "service_id"),
    )


def _block_types(view: View) -> None:
    block = view.column("trips", "block_id")
    if block.is_blank.all():
        return
    route = view.match("trips", "route_id", "routes", "route_id")
    kinds = view.column("routes", "route_type").whole
    kind = np.where(route >= 0, kinds[np.maximum(route, 0)], NO_NUMBER)
    least = np.full(len(block.values), 2**62)
    most = np.full(len(block.values), -(2**62))
    known = kind != NO_NUMBER
    np.minimum.at(least, block.codes[known], kind[known])
    np.maximum.at(most, block.codes[known], kind[known])
    mixed = [code for code, value in enumerate(block.texts) if value and least[code] < most[code]]
    rows = [int(block.rows_of([code])[0]) for code in mixed]
    view.tell("inconsistent_route_type_for_block_id", "trips", np.sort(np.array(rows, np.int64)), "block_id")
