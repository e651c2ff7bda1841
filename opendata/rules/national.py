"""The rules that the national access point (transport.data.gouv.fr) runs on a GTFS beside the reference's, under the
names it gives them: what it shows to everybody, and what makes a feed's compliance 0 or 1.

Source: etalab/transport-validator, its documentation and test data; thresholds as of 2026. Its "Fatal" is an error
here. Each rule counts objects, as it does: a trip, a stop, a pair of stops, not a row.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final
from zoneinfo import available_timezones

import numpy as np
from numpy.typing import NDArray

from mobigo.network.model.modes import basic_type
from mobigo.network.model.notices import Severity
from mobigo.network.rules.schema import TABLES
from mobigo.network.rules.view import BLANK_TIME, Coded, View
from mobigo.network.rules.visits import distances_m
from opendata.model.checks import Finding

if TYPE_CHECKING:
    from mobigo.network.model.feed import FeedTables

CLOSE_M: Final = 10
NULL_DURATION_M: Final = 500
SLOW_M_PER_S: Final = 0.1
DUPLICATE_M: Final = {0: 2.0, 1: 100.0}  # stops, stations; one metre for the rest
SPEED_KM_H: Final = {0: 100, 1: 140, 2: 320, 3: 120, 4: 90, 5: 30, 6: 45, 7: 40}  # by basic type; else that of a bus
_GROUP_MAX: Final = 400  # stops of one name that are compared in pairs
_MANDATORY: Final = ("agency", "stops", "routes", "trips", "stop_times")
_IDENTIFIED: Final = {"agency": "agency_id", "stops": "stop_id", "routes": "route_id", "trips": "trip_id"}
_LIBRARIES: Final = frozenset({
    "alb", "arm", "baq", "bur", "chi", "cze", "dut", "fre", "geo", "ger", "gre", "ice", "mac", "mao", "may", "per",
    "rum", "slo", "tib", "wel",
})  # fmt: skip
_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


def examine(tables: "FeedTables", *, sub_folder: str = "", extra_files: Sequence[str] = ()) -> list[Finding]:
    """What the rules find. `sub_folder`: the folder of the archive in which the feed lies; `extra_files`: those the
    reference does not know."""
    found = _Found(View(tables))
    if sub_folder:
        found.add("SubFolder", _E, [{"folder": sub_folder}])
    found.add("ExtraFile", _I, [{"file": name} for name in extra_files])
    absent = [name for name in _MANDATORY if name not in tables]
    found.add("MissingMandatoryFile", _E, [{"file": f"{name}.txt"} for name in absent])
    if not found.view.height("calendar") and not found.view.height("calendar_dates"):
        found.add("NoCalendar", _E, [{}])
    for rule in _RULES:
        rule(found)
    return found.findings


class _Found:
    """The findings so far, and the feed they are about."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.findings: list[Finding] = []

    def add(self, code: str, severity: Severity, objects: Sequence[dict[str, object]]) -> None:
        """One finding for these objects; none for none."""
        if objects:
            self.findings.append(Finding(code, severity, len(objects), objects[0]))

    def rows(self, code: str, severity: Severity, *told: tuple[str, Mask, str]) -> None:
        """One finding for the rows of one or several tables at which a mask is set; the column shows the value."""
        total, first = 0, None
        for table, mask, column in told:
            at = np.flatnonzero(mask)
            total += len(at)
            if len(at) and first is None:
                row = int(at[0])
                line = int(self.view.tables[table]["_line"][row])
                first = {"file": f"{table}.txt", "line": line, "column": column}
                if value := self.view.text(table, column, row):
                    first["value"] = value
        if first is not None:
            self.findings.append(Finding(code, severity, total, first))


def _blank(view: View, table: str, column: str) -> Mask:
    return np.asarray(view.column(table, column).is_blank)


def _where(column: Coded, bad: Callable[[str], bool]) -> Mask:
    codes = np.array([bool(value) and bad(value) for value in column.texts], np.bool_)
    return codes[column.codes] if len(codes) else np.zeros(len(column.codes), np.bool_)


# --- what refers, what identifies


def _references(found: _Found) -> None:
    """Of what trips and stop times name, each thing that is not there, once."""
    view = found.view
    services = {*view.column("calendar", "service_id").texts, *view.column("calendar_dates", "service_id").texts}
    lost: list[dict[str, object]] = []
    for table, column, known in (
        ("stop_times", "trip_id", view.column("trips", "trip_id").texts),
        ("stop_times", "stop_id", view.column("stops", "stop_id").texts),
        ("trips", "service_id", services),
        ("trips", "route_id", view.column("routes", "route_id").texts),
    ):
        absent = {*view.column(table, column).texts} - {"", *known}
        lost += [{"file": f"{table}.txt", "column": column, "value": value} for value in sorted(absent)]
    found.add("InvalidReference", _E, lost)
    absent = {*view.column("trips", "shape_id").texts} - {"", *view.column("shapes", "shape_id").texts}
    found.add("InvalidShapeId", _E, [{"file": "trips.txt", "shape_id": value} for value in sorted(absent)])


def _identities(found: _Found) -> None:
    view = found.view
    several = view.height("agency") > 1
    missing = [(t, _blank(view, t, c), c) for t, c in _IDENTIFIED.items() if view.height(t) and (t != "agency")]
    found.rows("MissingId", _E, *missing)
    if several:
        found.rows("MissingAgencyId", _E, ("agency", _blank(view, "agency", "agency_id"), "agency_id"))
    doubles, ascii_ = [], []
    for table, column in {**_IDENTIFIED, "calendar": "service_id", "fare_attributes": "fare_id"}.items():
        coded = view.column(table, column)
        first = np.zeros(len(coded.codes), np.bool_)
        first[np.unique(coded.codes, return_index=True)[1]] = True
        doubles.append((table, ~first & ~np.asarray(coded.is_blank), column))
        ascii_.append((table, _where(coded, lambda each: not each.isascii()), column))
    found.rows("DuplicateObjectId", _E, *doubles)
    found.rows("IdNotAscii", _W, *ascii_)


def _names(found: _Found) -> None:
    view = found.view
    kind = view.column("stops", "location_type").whole
    named = [
        ("routes", _blank(view, "routes", "route_short_name") & _blank(view, "routes", "route_long_name"),
         "route_short_name"),
        ("stops", _blank(view, "stops", "stop_name") & ~np.isin(kind, (3, 4)), "stop_name"),
        ("agency", _blank(view, "agency", "agency_name"), "agency_name"),
        ("feed_info", _blank(view, "feed_info", "feed_publisher_name"), "feed_publisher_name"),
    ]  # fmt: skip
    found.rows("MissingName", _E, *named)
    addresses = [("agency", "agency_url"), ("feed_info", "feed_publisher_url")]
    found.rows("MissingUrl", _E, *((t, _blank(view, t, c), c) for t, c in addresses))
    wrong = [(t, _where(view.column(t, c), _no_url), c) for t, c in addresses]
    found.rows("InvalidUrl", _E, *wrong)
    zones = available_timezones()
    zone = view.column("agency", "agency_timezone")
    found.rows("InvalidTimezone", _E, ("agency", _where(zone, lambda each: each not in zones), "agency_timezone"))
    found.rows("MissingLanguage", _W, ("feed_info", _blank(view, "feed_info", "feed_lang"), "feed_lang"))
    language = view.column("feed_info", "feed_lang")
    found.rows("InvalidLanguage", _W, ("feed_info", _where(language, _no_language), "feed_lang"))
    routes = view.column("routes", "route_type")
    known = TABLES["routes"].columns["route_type"].allowed
    found.rows("InvalidRouteType", _I, ("routes", _where(routes, lambda each: each not in known), "route_type"))


def _no_url(text: str) -> bool:
    return not text.lower().startswith(("http://", "https://", "ftp://")) or " " in text


@cache
def _languages() -> frozenset[str]:
    """ISO 639-1 and 639-3 codes, as CLDR knows them; those of libraries (639-2/B) are not among them."""
    from babel import Locale
    from babel.core import get_global

    return frozenset({*Locale("en").languages, *get_global("language_aliases")}) - _LIBRARIES


def _no_language(text: str) -> bool:
    return text.replace("_", "-").split("-")[0].lower() not in _languages() or len(text) > 11


def _fares(found: _Found) -> None:
    from babel.numbers import list_currencies

    view, known = found.view, list_currencies()
    table = "fare_attributes"
    found.rows("MissingPrice", _E, (table, _blank(view, table, "price"), "price"))
    currency = view.column(table, "currency_type")
    found.rows("InvalidCurrency", _E, (table, _where(currency, lambda each: each not in known), "currency_type"))
    transfers = view.column(table, "transfers")
    found.rows("InvalidTransfers", _E, (table, _where(transfers, lambda each: each not in "012"), "transfers"))
    duration = view.column(table, "transfer_duration")
    found.rows("InvalidTransferDuration", _E,
               (table, _where(duration, lambda each: not each.isdecimal()), "transfer_duration"))  # fmt: skip


# --- where


def _positions(found: _Found) -> None:
    view = found.view
    kind = view.column("stops", "location_type").whole
    lat, lon = (view.column("stops", name).numbers for name in ("stop_lat", "stop_lon"))
    none = (np.nan_to_num(lat) == 0) | (np.nan_to_num(lon) == 0)
    outside = (np.abs(np.nan_to_num(lat)) > 90) | (np.abs(np.nan_to_num(lon)) > 180)
    wrong, missing = [("stops", outside, "stop_lat")], [("stops", none & ~np.isin(kind, (3, 4)), "stop_lat")]
    if view.height("shapes"):
        shape = view.column("shapes", "shape_id")
        lat, lon = (view.column("shapes", name).numbers for name in ("shape_pt_lat", "shape_pt_lon"))
        outside = (np.abs(np.nan_to_num(lat)) > 90) | (np.abs(np.nan_to_num(lon)) > 180)
        none = (np.nan_to_num(lat) == 0) | (np.nan_to_num(lon) == 0)
        wrong.append(("shapes", _first_of(shape, outside), "shape_pt_lat"))
        missing.append(("shapes", _first_of(shape, none), "shape_pt_lat"))
    found.rows("MissingCoordinates", _W, *missing)
    found.rows("InvalidCoordinates", _E, *wrong)


def _first_of(column: Coded, rows: Mask) -> Mask:
    """Of the rows set, the first of each value: one an object."""
    at = np.flatnonzero(rows)
    out = np.zeros(len(rows), np.bool_)
    out[at[np.unique(column.codes[at], return_index=True)[1]]] = True
    return out


def _parents(found: _Found) -> None:
    view = found.view
    if not view.height("stops"):
        return
    kind = np.maximum(view.column("stops", "location_type").whole, 0)
    row = view.match("stops", "parent_station", "stops", "stop_id")
    given = ~_blank(view, "stops", "parent_station")
    theirs = np.where(row >= 0, kind[np.maximum(row, 0)], -1)
    bad = (
        ((kind == 1) & given)
        | ((kind == 0) & (row >= 0) & (theirs != 1))
        | (np.isin(kind, (2, 3)) & (theirs != 1))
        | ((kind == 4) & (theirs != 0))
    )
    found.rows("InvalidStopParent", _W, ("stops", bad, "parent_station"))
    used = np.zeros(len(kind), np.bool_)
    if view.height("stop_times"):
        called = view.match("stop_times", "stop_id", "stops", "stop_id")
        used[called[called >= 0]] = True
        found.rows("InvalidStopLocationTypeInTrip", _W, ("stops", used & (kind != 0), "location_type"))
    for _ in range(2):  # a station of a used stop, and what it belongs to
        used[row[used & (row >= 0)]] = True
    found.rows("UnusedStop", _I, ("stops", ~used & (kind <= 1), "stop_id"))


def _twins(found: _Found) -> None:
    """Two stops of one name and kind nearer than their kind allows."""
    view = found.view
    lat, lon = (view.column("stops", name).numbers for name in ("stop_lat", "stop_lon"))
    kind, names = np.maximum(view.column("stops", "location_type").whole, 0), view.column("stops", "stop_name")
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row, (name, of) in enumerate(zip(names.codes.tolist(), kind.tolist(), strict=True)):
        groups[name, of].append(row)
    pairs: list[dict[str, object]] = []
    ids = view.column("stops", "stop_id")
    for (_, of), rows in groups.items():
        if not 1 < len(rows) <= _GROUP_MAX:
            continue
        one, other = np.triu_indices(len(rows), 1)
        a, b = np.array(rows)[one], np.array(rows)[other]
        near = distances_m(lat[a], lon[a], lat[b], lon[b]) < DUPLICATE_M.get(of, 1.0)
        pairs += [{"stop_id": ids.texts[ids.codes[i]], "same_as": ids.texts[ids.codes[j]]}
                  for i, j in zip(a[near].tolist(), b[near].tolist(), strict=True)]  # fmt: skip
    found.add("DuplicateStops", _I, pairs)


# --- when


def _visits(found: _Found) -> None:
    view = found.view
    if not view.height("stop_times") or not view.height("trips"):
        return
    trip = view.match("stop_times", "trip_id", "trips", "trip_id")
    order = np.lexsort((view.column("stop_times", "stop_sequence").whole, trip))
    order = order[trip[order] >= 0]
    trip = trip[order]
    count = np.bincount(trip, minlength=view.height("trips"))
    found.rows("UnusableTrip", _W, ("trips", count < 2, "trip_id"))
    sequence = view.column("stop_times", "stop_sequence").whole[order]
    twice = np.unique(trip[1:][(trip[1:] == trip[:-1]) & (sequence[1:] == sequence[:-1])])
    found.rows("DuplicateStopSequence", _E, ("trips", _mask(twice, len(count)), "trip_id"))
    arrive, depart = (view.column("stop_times", f"{end}_time").seconds[order] for end in ("arrival", "departure"))
    untimed = (arrive == BLANK_TIME) & (depart == BLANK_TIME)
    edge = np.r_[True, trip[1:] != trip[:-1]] | np.r_[trip[1:] != trip[:-1], True]
    lost = np.unique(trip[edge & untimed])
    found.rows("ImpossibleToInterpolateStopTimes", _E, ("trips", _mask(lost, len(count)), "trip_id"))
    arrive, depart = np.where(arrive < 0, depart, arrive), np.where(depart < 0, arrive, depart)
    backwards = np.zeros(view.height("stop_times"), np.bool_)
    backwards[order[depart < arrive]] = True
    found.rows("NegativeStopDuration", _W, ("stop_times", backwards, "departure_time"))
    _legs(found, order, trip, arrive, depart)


def _mask(rows: Rows, size: int) -> Mask:
    mask = np.zeros(size, np.bool_)
    mask[rows] = True
    return mask


def _legs(
    found: _Found, order: Rows, trip: NDArray[np.int32], arrive: NDArray[np.int32], depart: NDArray[np.int32]
) -> None:
    """From one stop of a trip to the next: the first of these faults that holds."""
    view = found.view
    stop = view.match("stop_times", "stop_id", "stops", "stop_id")[order]
    lat, lon = (view.column("stops", name).numbers for name in ("stop_lat", "stop_lon"))
    at = np.flatnonzero((trip[1:] == trip[:-1]) & (stop[1:] >= 0) & (stop[:-1] >= 0))
    at = at[(depart[at] != BLANK_TIME) & (arrive[at + 1] != BLANK_TIME)]
    metres = distances_m(lat[stop[at]], lon[stop[at]], lat[stop[at + 1]], lon[stop[at + 1]])
    seconds = (arrive[at + 1] - depart[at]).astype(np.int64)
    fastest = _speeds(view)[trip[at]] / 3.6
    with np.errstate(divide="ignore", invalid="ignore"):
        speed = metres / seconds
    left = np.isfinite(metres)
    for code, severity, bad in (
        ("CloseStops", _I, metres < CLOSE_M),
        ("NullDuration", _W, (seconds == 0) & (metres > NULL_DURATION_M)),
        ("ExcessiveSpeed", _I, (seconds > 0) & (speed > fastest)),
        ("NegativeTravelTime", _W, seconds < 0),
        ("Slow", _I, (seconds > 0) & (speed < SLOW_M_PER_S)),
    ):
        here = left & bad
        left &= ~bad
        legs = np.zeros(view.height("stop_times"), np.bool_)
        legs[order[at[here]]] = True
        found.rows(code, severity, ("stop_times", legs, "stop_id"))


def _speeds(view: View) -> NDArray[np.float64]:
    """By row of trips, the speed above which its mode does not go (km/h)."""
    kinds = view.column("routes", "route_type").whole
    modes = [basic_type(int(kind)) for kind in kinds]
    speeds = [SPEED_KM_H[3] if mode is None else SPEED_KM_H.get(mode, SPEED_KM_H[3]) for mode in modes]
    table = np.array([*speeds, SPEED_KM_H[3]], np.float64)
    return table[view.match("trips", "route_id", "routes", "route_id")]


def _shapes(found: _Found) -> None:
    view = found.view
    if not view.height("shapes"):
        return
    drawn = view.column("shapes", "shape_id")
    used = set(view.column("trips", "shape_id").texts)
    unused = _where(drawn, lambda each: each not in used)
    found.rows("UnusedShapeId", _I, ("shapes", _first_of(drawn, unused), "shape_id"))


_RULES: Final[Iterable[Callable[[_Found], None]]] = (
    _references, _identities, _names, _fares, _positions, _parents, _twins, _visits, _shapes,
)  # fmt: skip
