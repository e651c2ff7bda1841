"""Rules on stop_times: order, times, distances, speeds, and trips with too few stops."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobigo.base.geo import EARTH_RADIUS_M
from mobigo.network.model.report import EXAMPLES_MAX
from mobigo.network.rules.view import BLANK_TIME, Rows, View

LONG_DWELL_S = 6 * 3600
FAR_M = 10_000  # MobilityData: fast_travel_between_far_stops looks at stops more than 10 km apart
# MobilityData's greatest plausible speeds in km/h by route type, 200 for any other
SPEED_KMH_MAX = {0: 100, 1: 150, 2: 500, 3: 150, 4: 80, 5: 30, 6: 50, 7: 50, 11: 150, 12: 150}
_SPEED_KMH_DEFAULT = 200


@dataclass(frozen=True)
class Visits:
    """stop_times in the order of travel: `rows` sorted by trip (in order of first appearance) and stop_sequence."""

    rows: Rows
    trip: NDArray[np.int32]  # code of trip_id
    sequence: NDArray[np.int64]
    stop: NDArray[np.int32]  # row of stops, -1
    arrive_s: NDArray[np.int32]
    depart_s: NDArray[np.int32]
    is_first: NDArray[np.bool_]
    is_last: NDArray[np.bool_]
    follows: NDArray[np.bool_]  # visit i+1 belongs to the trip of visit i

    def of(self, mask: NDArray[np.bool_]) -> Rows:
        """The rows of the file, in its order, of the visits where `mask` holds."""
        return np.sort(self.rows[mask])


def visits(view: View) -> Visits:
    """The visits of a feed that has the key columns of stop_times."""
    trip = view.column("stop_times", "trip_id").codes
    sequence = view.column("stop_times", "stop_sequence").whole
    rows = np.arange(len(trip))
    grouped = (trip[1:] > trip[:-1]) | ((trip[1:] == trip[:-1]) & (sequence[1:] >= sequence[:-1]))
    if not grouped.all():
        rows = np.lexsort((sequence, trip))
    trip = trip[rows]
    follows = trip[1:] == trip[:-1]
    edge = np.ones(1, np.bool_)
    return Visits(
        rows=rows,
        trip=trip,
        sequence=sequence[rows],
        stop=view.match("stop_times", "stop_id", "stops", "stop_id")[rows],
        arrive_s=view.column("stop_times", "arrival_time").seconds[rows],
        depart_s=view.column("stop_times", "departure_time").seconds[rows],
        is_first=np.concatenate((edge, ~follows)) if len(trip) else np.empty(0, np.bool_),
        is_last=np.concatenate((~follows, edge)) if len(trip) else np.empty(0, np.bool_),
        follows=follows,
    )


def check(view: View) -> Visits | None:
    """Every rule of this file; gives the visits for the rules that come after, None when the feed has none to judge."""
    if not view.has("stop_times", "trip_id", "stop_id", "stop_sequence") or not view.height("stop_times"):
        return None
    journey = visits(view)
    _nowhere(view)
    _order(view)
    flexible = _windows(view)[journey.rows]
    _blanks(view, journey, flexible)
    _backwards(view, journey)
    _distances(view, journey)
    if view.has("stops", "stop_lat", "stop_lon"):
        _speeds(view, journey)
    _places(view, journey)
    _few(view, journey, flexible)
    return journey


def _nowhere(view: View) -> None:
    """A visit is of a stop, or of a zone or a group of stops (GTFS-Flex)."""
    blank = view.column("stop_times", "stop_id").is_blank
    for other in ("location_id", "location_group_id"):
        blank = blank & view.column("stop_times", other).is_blank
    view.tell("missing_required_field", "stop_times", np.flatnonzero(blank), "stop_id", with_=("trip_id",))


def _order(view: View) -> None:
    trip = view.column("stop_times", "trip_id").codes
    sequence = view.column("stop_times", "stop_sequence").whole
    backwards = (trip[1:] == trip[:-1]) & (sequence[1:] < sequence[:-1])
    seen_before = trip < np.maximum.accumulate(trip)  # codes are in order of first appearance
    starts_again = seen_before[1:] & (trip[1:] != trip[:-1])
    view.tell(
        "unsorted_stop_times",
        "stop_times",
        1 + np.flatnonzero(backwards | starts_again),
        "stop_sequence",
        with_=("trip_id",),
    )


def _windows(view: View) -> NDArray[np.bool_]:
    """Rows served on demand within a window instead of at a time (GTFS-Flex)."""
    start = view.column("stop_times", "start_pickup_drop_off_window")
    end = view.column("stop_times", "end_pickup_drop_off_window")
    windowed = ~start.is_blank | ~end.is_blank
    view.tell(
        "missing_pickup_or_drop_off_window",
        "stop_times",
        np.flatnonzero(start.is_blank ^ end.is_blank),
        with_=("trip_id",),
    )
    timed = ~view.column("stop_times", "arrival_time").is_blank | ~view.column("stop_times", "departure_time").is_blank
    view.tell("forbidden_arrival_or_departure_time", "stop_times", np.flatnonzero(windowed & timed), with_=("trip_id",))
    wrong = (start.seconds >= 0) & (end.seconds >= 0) & (end.seconds <= start.seconds)
    view.tell(
        "invalid_pickup_drop_off_window",
        "stop_times",
        np.flatnonzero(wrong),
        "start_pickup_drop_off_window",
        with_=("trip_id",),
    )
    return windowed


def _blanks(view: View, journey: Visits, flexible: NDArray[np.bool_]) -> None:
    arrival = view.column("stop_times", "arrival_time").is_blank[journey.rows]
    departure = view.column("stop_times", "departure_time").is_blank[journey.rows]
    edge = journey.is_first | journey.is_last
    with_trip = ("trip_id", "stop_sequence")
    missing = edge & ~flexible & (arrival | departure)
    view.tell("missing_trip_edge", "stop_times", journey.of(missing), "arrival_time", with_=with_trip)
    one = (arrival ^ departure) & ~flexible
    view.tell(
        "stop_time_with_only_arrival_or_departure_time", "stop_times", journey.of(one), "arrival_time", with_=with_trip
    )
    both = arrival & departure & ~edge & ~flexible
    view.tell("mobigo_blank_times", "stop_times", journey.of(both), "arrival_time", with_=with_trip)
    if view.has("stop_times", "timepoint"):
        point = view.column("stop_times", "timepoint")
        exact = (point.whole == 1)[journey.rows]
        view.tell(
            "stop_time_timepoint_without_times",
            "stop_times",
            journey.of(exact & (arrival | departure)),
            "timepoint",
            with_=with_trip,
        )
        unsaid = point.is_blank[journey.rows] & ~(arrival & departure)
        view.tell("missing_timepoint_value", "stop_times", journey.of(unsaid), "timepoint", with_=with_trip)


def _backwards(view: View, journey: Visits) -> None:
    with_trip = ("trip_id", "stop_sequence")
    arrive, depart = journey.arrive_s, journey.depart_s
    stay = (arrive != BLANK_TIME) & (depart != BLANK_TIME)
    view.tell(
        "start_and_end_range_out_of_order",
        "stop_times",
        journey.of(stay & (depart < arrive)),
        "departure_time",
        with_=("trip_id", "arrival_time"),
    )
    view.tell(
        "mobigo_long_dwell",
        "stop_times",
        journey.of(stay & (depart - arrive >= LONG_DWELL_S)),
        "departure_time",
        with_=("trip_id", "arrival_time"),
    )
    latest = latest_before(journey)
    backwards = (arrive != BLANK_TIME) & (latest != BLANK_TIME) & (arrive < latest)
    backwards &= ~np.isin(journey.trip, journey.trip[journey.sequence < 0])  # trips whose order is not known
    view.tell(
        "stop_time_with_arrival_before_previous_departure_time",
        "stop_times",
        journey.of(backwards),
        "arrival_time",
        with_=with_trip,
    )


def latest_before(journey: Visits) -> NDArray[np.int64]:
    """For each visit, the time of the last visit before it, on its trip, that has one (departure, else arrival);
    BLANK_TIME for none."""
    own = np.where(journey.depart_s != BLANK_TIME, journey.depart_s, journey.arrive_s)
    place = np.where(own != BLANK_TIME, np.arange(len(own)), -1)
    last = np.maximum.accumulate(place) if len(place) else place
    before = np.concatenate(([-1], last[:-1]))
    start = np.maximum.accumulate(np.where(journey.is_first, np.arange(len(own)), 0)) if len(own) else place
    known = before >= start
    return np.where(known & (before >= 0), own[np.maximum(before, 0)], BLANK_TIME)


def _distances(view: View, journey: Visits) -> None:
    if not view.has("stop_times", "shape_dist_traveled"):
        return
    distance = view.column("stop_times", "shape_dist_traveled").numbers[journey.rows]
    distance = np.where((distance < 0) | (journey.sequence < 0), np.nan, distance)
    # Blank distances between two given ones do not hide that they decrease.
    given = np.flatnonzero(~np.isnan(distance))
    if len(given) < 2:
        return
    same = journey.trip[given[1:]] == journey.trip[given[:-1]]
    bad = same & (distance[given[1:]] <= distance[given[:-1]])
    view.tell(
        "decreasing_or_equal_stop_time_distance",
        "stop_times",
        np.sort(journey.rows[given[1:][bad]]),
        "shape_dist_traveled",
        with_=("trip_id", "stop_sequence"),
    )


def distances_m(
    lat: NDArray[np.float64], lon: NDArray[np.float64], other_lat: NDArray[np.float64], other_lon: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Great-circle metres between pairs of positions in degrees; NaN where one is unknown."""
    half_lat, half_lon = np.radians(other_lat - lat) / 2, np.radians(other_lon - lon) / 2
    chord = np.sin(half_lat) ** 2 + np.cos(np.radians(lat)) * np.cos(np.radians(other_lat)) * np.sin(half_lon) ** 2
    metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, chord)))
    return metres


def _speeds(view: View, journey: Visits) -> None:
    timed = np.flatnonzero((journey.stop >= 0) & (journey.arrive_s != BLANK_TIME) & (journey.depart_s != BLANK_TIME))
    if len(timed) < 2:
        return
    lat = view.column("stops", "stop_lat").numbers
    lon = view.column("stops", "stop_lon").numbers
    stop = journey.stop[timed]
    here, there = stop[:-1], stop[1:]
    metres = _leg_metres(lat, lon, here, there)
    same = journey.trip[timed[1:]] == journey.trip[timed[:-1]]
    metres = np.where(same & ~np.isnan(metres), metres, 0.0)
    depart, arrive = journey.depart_s[timed], journey.arrive_s[timed]
    fastest = _speed_limits(view)[journey.trip[timed]]

    near = np.flatnonzero(same & (metres > 0))
    kmh = _kmh(metres[near], depart[near], arrive[near + 1])
    bad = kmh > fastest[near]
    _tell_fast(
        view, "fast_travel_between_consecutive_stops", journey.rows[timed[near[bad] + 1]], kmh[bad], metres[near[bad]]
    )

    # From each visit to the first one further than FAR_M along the trip.
    along = np.concatenate(([0.0], np.cumsum(metres)))
    far = np.searchsorted(along, along + FAR_M, side="right")
    inside = np.flatnonzero(far < len(along))
    inside = inside[journey.trip[timed[far[inside]]] == journey.trip[timed[inside]]]
    length = along[far[inside]] - along[inside]
    kmh = _kmh(length, depart[inside], arrive[far[inside]])
    fast = np.flatnonzero(kmh > fastest[inside])
    fast = fast[np.unique(journey.trip[timed[inside[fast]]], return_index=True)[1]]  # one a trip
    rows = journey.rows[timed[far[inside[fast]]]]
    _tell_fast(view, "fast_travel_between_far_stops", rows, kmh[fast], length[fast])


def _leg_metres(
    lat: NDArray[np.float64], lon: NDArray[np.float64], here: NDArray[np.int32], there: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Distances of many pairs of few stops: each pair is measured once."""
    if len(here) < 100_000:
        return distances_m(lat[here], lon[here], lat[there], lon[there])
    # The small-angle form costs a third of the haversine; it is exact enough for a speed, save near the poles and
    # date line.
    phi = np.radians(lat)
    cosine = np.cos(phi)
    dx = (lon[there] - lon[here]) * (cosine[here] + cosine[there]) / 2
    dy = lat[there] - lat[here]
    metres: NDArray[np.float64] = np.radians(np.sqrt(dx * dx + dy * dy)) * EARTH_RADIUS_M
    return metres


def _kmh(metres: NDArray[np.float64], depart: NDArray[np.int32], arrive: NDArray[np.int32]) -> NDArray[np.float64]:
    """Speeds; times in whole minutes may hide up to a minute, which is given to them."""
    seconds = (arrive - depart).astype(np.float64)
    seconds += np.where((arrive % 60 == 0) & (depart % 60 == 0), 60, 0)
    speed: NDArray[np.float64] = np.where(
        seconds > 0, metres / np.maximum(seconds, 1) * 3.6, np.where(arrive < depart, 0.0, metres * 3.6)
    )
    return speed


def _speed_limits(view: View) -> NDArray[np.int64]:
    """The greatest plausible speed (km/h) of each coded trip_id of stop_times."""
    trips = view.column("stop_times", "trip_id")
    if not view.has("trips", "trip_id", "route_id") or not view.has("routes", "route_id", "route_type"):
        return np.full(len(trips.values), _SPEED_KMH_DEFAULT)
    known = view.column("trips", "trip_id")
    route_of = view.match("trips", "route_id", "routes", "route_id")
    kind_of = view.column("routes", "route_type").whole
    limits = np.array([SPEED_KMH_MAX.get(kind, _SPEED_KMH_DEFAULT) for kind in kind_of.tolist()] + [_SPEED_KMH_DEFAULT])
    first_row = np.full(len(known.values) + 1, -1)
    first_row[known.codes[::-1]] = np.arange(len(known.codes))[::-1]
    rows = first_row[[known.code_of.get(value, -1) for value in trips.texts]] if trips.texts else np.empty(0, np.int64)
    routes = np.where(rows >= 0, route_of[np.maximum(rows, 0)] if len(route_of) else -1, -1)
    return limits[routes]


def _tell_fast(view: View, code: str, rows: Rows, kmh: NDArray[np.float64], metres: NDArray[np.float64]) -> None:
    order = np.argsort(rows, kind="stable")
    for place in order[:EXAMPLES_MAX].tolist():
        view.tell(
            code,
            "stop_times",
            rows[place : place + 1],
            "arrival_time",
            with_=("trip_id",),
            kmh=int(kmh[place]),
            metres=int(metres[place]),
        )
    view.found.count(code, len(rows) - len(order[:EXAMPLES_MAX]))


def _places(view: View, journey: Visits) -> None:
    if view.has("stops", "location_type"):
        kind = view.column("stops", "location_type").whole
        wrong = (journey.stop >= 0) & np.isin(kind[np.maximum(journey.stop, 0)], (1, 2, 3, 4))
        view.tell("location_with_unexpected_stop_time", "stop_times", journey.of(wrong), "stop_id", with_=("trip_id",))


def _few(view: View, journey: Visits, flexible: NDArray[np.bool_]) -> None:
    """Trips that nobody can ride: without stops, or with one."""
    if not view.has("trips", "trip_id"):
        return
    counts = np.bincount(journey.trip, minlength=len(view.column("stop_times", "trip_id").values))
    on_demand = np.zeros(len(counts), np.bool_)
    on_demand[journey.trip[flexible]] = True
    trips, visited = view.column("trips", "trip_id"), view.column("stop_times", "trip_id").code_of
    place = np.array([visited.get(value, -1) for value in trips.texts], np.int64)
    number = np.where(place >= 0, counts[np.maximum(place, 0)], 0)[trips.codes]
    demand = np.where(place >= 0, on_demand[np.maximum(place, 0)], False)[trips.codes]
    view.tell("unused_trip", "trips", np.flatnonzero(number == 0), "trip_id")
    view.tell("unusable_trip", "trips", np.flatnonzero((number == 1) & ~demand), "trip_id")
