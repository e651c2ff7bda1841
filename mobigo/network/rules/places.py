"""Rules on stops: positions, names, stations and what belongs to them."""

import numpy as np
from numpy.typing import NDArray

from mobigo.network.rules.view import NO_NUMBER, View
from mobigo.network.rules.visits import Visits, distances_m

STOP, STATION, ENTRANCE, NODE, BOARDING_AREA = range(5)
# Metropolitan France with a margin, to see a feed whose every stop is swapped.
_FRANCE = (41.0, 51.5, -5.6, 10.0)
_STRAY_M = 300_000  # from the middle of the feed


def location_types(view: View) -> NDArray[np.int64]:
    """The location type of each stop; 0 where none is given."""
    given = view.column("stops", "location_type").whole
    return np.where(given == NO_NUMBER, STOP, given)


def check(view: View, journey: Visits | None, zone: str | None) -> None:
    """Every rule of this file."""
    if not view.has("stops", "stop_id") or not view.height("stops"):
        return
    kind = location_types(view)
    _positions(view, kind, zone)
    _names(view, kind)
    _parents(view, kind)
    _use(view, kind, journey)
    _urls(view)


def _positions(view: View, kind: NDArray[np.int64], zone: str | None) -> None:
    lat, lon = view.column("stops", "stop_lat"), view.column("stops", "stop_lon")
    located = (kind == STOP) | (kind == STATION) | (kind == ENTRANCE)
    view.tell(
        "stop_without_location",
        "stops",
        np.flatnonzero(located & (lat.is_blank | lon.is_blank)),
        "stop_lat",
        with_=("stop_id",),
    )
    at_lat, at_lon = lat.numbers, lon.numbers
    origin = (np.abs(at_lat) <= 1) & (np.abs(at_lon) <= 1)
    with_ = ("stop_id", "stop_lon")
    view.tell("point_near_origin", "stops", np.flatnonzero(origin), "stop_lat", with_=with_)
    view.tell(
        "point_near_pole",
        "stops",
        np.flatnonzero((np.abs(at_lat) >= 89) & (np.abs(at_lat) <= 90)),
        "stop_lat",
        with_=with_,
    )
    swapped = swapped_positions(at_lat, at_lon, zone) & ~origin
    view.tell("mobigo_swapped_coordinates", "stops", np.flatnonzero(swapped), "stop_lat", with_=with_)


def swapped_positions(lat: NDArray[np.float64], lon: NDArray[np.float64], zone: str | None) -> NDArray[np.bool_]:
    """Stops whose latitude and longitude stand in each other's place.

    A stop is swapped when it is far from the middle of the feed as written and near it the other way round; the
    middle itself is, when the feed's time is that of Paris, its middle not in France, and in France the other way
    round.
    """
    known = np.isfinite(lat) & np.isfinite(lon)
    if not known.any():
        return np.zeros(len(lat), np.bool_)
    middle = float(np.median(lat[known])), float(np.median(lon[known]))
    if zone == "Europe/Paris" and not _in_france(*middle) and _in_france(middle[1], middle[0]):
        middle = middle[1], middle[0]
    place = np.full(len(lat), middle[0]), np.full(len(lat), middle[1])
    with np.errstate(invalid="ignore"):
        stray = distances_m(lat, lon, *place) > _STRAY_M
        stray |= np.abs(lat) > 90
        near = (np.abs(lon) <= 90) & (distances_m(lon, lat, *place) <= _STRAY_M)
    return known & stray & near


def _in_france(lat: float, lon: float) -> bool:
    south, north, west, east = _FRANCE
    return south <= lat <= north and west <= lon <= east


def _names(view: View, kind: NDArray[np.int64]) -> None:
    name = view.column("stops", "stop_name")
    named = (kind == STOP) | (kind == STATION) | (kind == ENTRANCE)
    view.tell("missing_stop_name", "stops", np.flatnonzero(named & name.is_blank), "stop_name", with_=("stop_id",))
    if view.has("stops", "stop_name", "stop_desc"):
        desc = view.column("stops", "stop_desc")
        same = np.array([value != "" and desc.code_of.get(value, -1) >= 0 for value in name.texts])[name.codes]
        told = [
            row for row in np.flatnonzero(same).tolist() if name.texts[name.codes[row]] == desc.texts[desc.codes[row]]
        ]
        view.tell(
            "same_name_and_description_for_stop", "stops", np.array(told, np.int64), "stop_desc", with_=("stop_id",)
        )
    if view.height("fare_rules") and not view.column("fare_rules", "origin_id").is_blank.all():
        rows = np.flatnonzero((kind == STOP) & view.column("stops", "zone_id").is_blank)
        view.tell("stop_without_zone_id", "stops", rows, "zone_id", with_=("stop_id",))


def _parents(view: View, kind: NDArray[np.int64]) -> None:
    parent = view.column("stops", "parent_station")
    none = parent.is_blank
    with_ = ("stop_id", "location_type")
    view.tell(
        "station_with_parent_station", "stops", np.flatnonzero((kind == STATION) & ~none), "parent_station", with_=with_
    )
    view.tell(
        "location_without_parent_station",
        "stops",
        np.flatnonzero((kind >= ENTRANCE) & (kind <= BOARDING_AREA) & none),
        "parent_station",
        with_=with_,
    )
    platform = ~view.column("stops", "platform_code").is_blank
    view.tell(
        "platform_without_parent_station",
        "stops",
        np.flatnonzero((kind == STOP) & none & platform),
        "platform_code",
        with_=("stop_id",),
    )
    row = view.match("stops", "parent_station", "stops", "stop_id")
    expected = np.where(kind == BOARDING_AREA, STOP, STATION)
    wrong = (row >= 0) & (kind != STATION) & (kind[np.maximum(row, 0)] != expected)
    view.tell("wrong_parent_location_type", "stops", np.flatnonzero(wrong), "parent_station", with_=with_)


def _use(view: View, kind: NDArray[np.int64], journey: Visits | None) -> None:
    if journey is None:
        return
    used = np.zeros(len(kind), np.bool_)
    used[journey.stop[journey.stop >= 0]] = True
    grouped: set[str] = set()
    for table in ("location_group_stops",):
        if view.has(table, "stop_id"):
            grouped.update(view.column(table, "stop_id").texts)
    ids = view.column("stops", "stop_id")
    in_group = (
        np.array([value in grouped for value in ids.texts])[ids.codes] if grouped else np.zeros(len(kind), np.bool_)
    )
    view.tell("stop_without_stop_time", "stops", np.flatnonzero((kind == STOP) & ~used & ~in_group), "stop_id")
    parents = view.match("stops", "parent_station", "stops", "stop_id")
    holds = np.zeros(len(kind), np.bool_)
    holds[parents[(parents >= 0) & (kind == STOP)]] = True
    view.tell("unused_station", "stops", np.flatnonzero((kind == STATION) & ~holds), "stop_id")


def _urls(view: View) -> None:
    if not view.has("stops", "stop_url"):
        return
    url = view.column("stops", "stop_url")
    for code, table, column in (
        ("same_stop_and_agency_url", "agency", "agency_url"),
        ("same_stop_and_route_url", "routes", "route_url"),
    ):
        if view.has(table, column):
            theirs = set(view.column(table, column).texts) - {""}
            view.tell(code, "stops", url.rows_where(theirs.__contains__), "stop_url", with_=("stop_id",))
