"""The data of the map: outlines, places and lines as GeoJSON (RFC 7946), and the journeys of an answer.

Nothing here leaves our own site: the style is a file of ours, and labels are drawn from the names sent here.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from flask import Response, request
from flask.typing import ResponseReturnValue

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services
from mobigo.network.engine.lines import calls_of
from mobigo.network.engine.places import PlaceIndex
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.places import Kind
from mobigo.network.model.timetable import Timetable
from mobigo.planner.export import names
from mobigo.planner.export.journeys import endpoint_position
from mobigo.planner.export.shapes import ride_coordinates, walk_coordinates
from mobigo.planner.gateway.territory import load_territory
from mobigo.planner.model import Answer, Ride
from mobigo.planner.web import bp
from mobigo.planner.web.here import known_parks, pinned, pinned_today, shared_systems
from mobigo.planner.web.journeys import chosen_answer
from mobigo.planner.web.near import park_words, station_words

if TYPE_CHECKING:
    from mobigo.planner.gateway.pmtiles import Archive

PLACES_MAX = 220
LINES_MAX = 400
SPOTS_MAX = 600
VEHICLE_STALE_S, VEHICLE_AHEAD_S = 300, 60  # older, a vehicle is elsewhere; clocks differ by less
DAY_S, HOUR_S = 86_400, 3_600
Box = tuple[float, float, float, float]  # west, south, east, north


@bp.get("/carte/contours.geojson")
@public
def outlines() -> ResponseReturnValue:
    """The outlines of the region and its départements, as the territory's file holds them."""
    return geojson(load_territory(services().config.home).outlines, DAY_S)


@bp.get("/carte/lieux.geojson")
@public
def places() -> ResponseReturnValue:
    """The places of a part of the map (`bbox=west,south,east,north`), those most served first, at most 220."""
    with pinned() as here:
        features = [
            _point(
                [place.lon, place.lat],
                {"id": place.id, "name": place.name, "kind": place.kind.name.lower(), "modes": place.modes},
            )
            for place in places_within(here.places, box_of(request.args.get("bbox", "")))
        ]
    return geojson(_collection(features), HOUR_S)


@bp.get("/carte/lignes.geojson")
@public
def network_lines() -> ResponseReturnValue:
    """The lines of the network, each drawn along its longest trip."""
    outlines = load_territory(services().config.home).outlines
    with pinned() as here:
        lines = names.lines_of(here.live)
        body = here.live.derived("planner.map_lines", lambda table: _network_lines(table, lines, bounds_of(outlines)))
    return geojson(body, HOUR_S)


@bp.get("/carte/vehicules.geojson")
@public
def vehicles() -> ResponseReturnValue:
    """Where vehicles are, each with the age of its position; none that is older than five minutes, or of the
    future."""
    with pinned_today() as here:
        seen = () if here.live.today is None else here.live.today.vehicles
        lines, now_s = names.lines_of(here.live), int(here.now.timestamp())
        features = []
        for each in seen:
            age_s = now_s - each.at
            if -VEHICLE_AHEAD_S <= age_s <= VEHICLE_STALE_S:
                line, at = lines[each.route], [each.vehicle.lon, each.vehicle.lat]
                words = sentence(Decision("planner.vehicle_seen", line=line.label, seconds=max(0, age_s)))
                features.append(_point(at, {"name": line.label, "color": f"#{line.colour}", "text": words}))
    return geojson(_collection(features), 0)


@bp.get("/carte/velos.geojson")
@public
def shared_bicycles() -> ResponseReturnValue:
    """The stations of shared bicycles of a part of the map (`bbox`), with the bicycles and docks of now, and the
    bicycles that stand at none; nothing of a system whose state is too old."""
    features: list[dict[str, Any]] = []
    moment, box = now(), box_of(request.args.get("bbox", ""))
    for told in shared_systems(moment):
        if told.system is None or told.is_stale:
            continue
        name = told.system.name
        for each in told.system.stations:
            if not _inside(box, each.point):
                continue
            counts = {"bikes": each.bikes if each.rents else 0, "docks": each.docks if each.takes_back else 0}
            words = {"name": each.name, "system": name, "text": each.name + _(" : ") + station_words(each), **counts}
            features.append(_spot(each.point, {"kind": "station", **words}))
        loose = [bike for bike in told.system.loose if _inside(box, bike.point)]
        features += [_spot(bike.point, {"kind": "loose", "name": name, "text": name}) for bike in loose]
    return geojson(_collection(features[:SPOTS_MAX]), 0)


@bp.get("/carte/parkings.geojson")
@public
def car_parks() -> ResponseReturnValue:
    """The car parks open to everybody of a part of the map (`bbox`), with the places free now; `free` is null where
    that is not known."""
    features = []
    moment, box = now(), box_of(request.args.get("bbox", ""))
    for told in known_parks():
        for each in told.parks:
            if not each.is_public or not _inside(box, each.point):
                continue
            known = told.known(each.id, moment)
            free = None if known is None else known.free if known.is_open else 0
            text = each.name + _(" : ") + " ".join(park_words(each, told, moment))
            features.append(_spot(each.point, {"name": each.name, "free": free, "relay": each.is_relay, "text": text}))
    features.sort(key=lambda each: (not each["properties"]["relay"], each["properties"]["name"]))
    return geojson(_collection(features[:SPOTS_MAX]), 0)


def _inside(box: Box | None, point: Point) -> bool:
    return box is None or (box[0] <= point.lon <= box[2] and box[1] <= point.lat <= box[3])


def _spot(point: Point, properties: dict[str, Any]) -> dict[str, Any]:
    return _point([round(point.lon, 6), round(point.lat, 6)], properties)


@bp.get("/trajets/carte.geojson")
@public
def journeys_map() -> ResponseReturnValue:
    """The journeys of the question in the address, leg by leg."""
    with pinned_today() as here:
        _asked, answer = chosen_answer(here)
        return geojson(_collection(_answer_features(here.live, answer)), 0)


@bp.get("/carte/fond/<int:z>/<int:x>/<int:y>")
@public
def background_tile(z: int, x: int, y: int) -> ResponseReturnValue:
    """A picture of the background the operator chose; without one there is nothing here."""
    archive = background()
    picture = None if archive is None else archive.tile(z, x, y)
    if archive is None or picture is None:
        return Response(status=404)
    response = Response(picture, content_type=archive.media_type)
    response.headers["Cache-Control"] = f"public, max-age={DAY_S}"
    return response


def background() -> "Archive | None":
    """The archive of the background; None where none is set, or it cannot be read (`mobigo doctor` says why)."""
    path = services().config.map_tiles
    if path is None:
        return None
    try:
        return _archive(path, path.stat().st_mtime_ns)
    except (OSError, InvalidInput):
        return None


@lru_cache(maxsize=2)
def _archive(path: Path, _changed: int) -> "Archive":
    from mobigo.planner.gateway.pmtiles import open_archive

    return open_archive(path)


@bp.app_context_processor
def _background() -> dict[str, Any]:
    """What the map of any page needs to know of the background."""
    return {"map_background": background}


def box_of(text: str) -> Box | None:
    """The box of `west,south,east,north` in degrees; None when the text is no box."""
    parts = text[:200].split(",")
    try:
        west, south, east, north = (float(part) for part in parts)
    except ValueError:
        return None
    if not all(isfinite(each) for each in (west, south, east, north)) or west > east or south > north:
        return None
    return west, south, east, north


def bounds_of(collection: dict[str, Any]) -> Box | None:
    """The box around every position of a GeoJSON collection; None for an empty one."""
    found: list[tuple[float, float]] = []

    def walk(part: Any) -> None:
        if part and isinstance(part[0], int | float):
            found.append((float(part[0]), float(part[1])))
        else:
            for each in part:
                walk(each)

    for feature in collection["features"]:
        walk((feature.get("geometry") or {}).get("coordinates") or [])
    if not found:
        return None
    lons, lats = zip(*found, strict=True)
    return min(lons), min(lats), max(lons), max(lats)


def places_within(index: PlaceIndex, box: Box | None) -> list[Any]:
    """Communes and stops in a box (everywhere for None), by importance: rail, then how often it is served."""
    found = [
        place
        for place in index.places
        if box is None or (box[0] <= place.lon <= box[2] and box[1] <= place.lat <= box[3])
    ]
    towns = sorted((p for p in found if p.kind is Kind.COMMUNE), key=lambda p: (-p.departures, p.id))
    stops = sorted(
        (p for p in found if p.kind is not Kind.COMMUNE), key=lambda p: (-(p.modes & 1), -p.departures, p.id)
    )
    return towns[: PLACES_MAX // 4] + stops[: PLACES_MAX - min(len(towns), PLACES_MAX // 4)]


def _network_lines(timetable: Timetable, lines: Sequence[names.Line], box: Box | None) -> bytes:
    longest = _longest_trips(timetable)
    features: list[dict[str, Any]] = []
    drawn: set[tuple[int, ...]] = set()
    for line in lines:
        trip = longest.get(line.row)
        if trip is None:
            continue
        calls = tuple(calls_of(timetable, trip))
        key = min(calls, calls[::-1])
        if key in drawn or not _touches(timetable, calls, box):
            continue
        drawn.add(key)
        coordinates = [[round(float(timetable.stop_lon[s]), 4), round(float(timetable.stop_lat[s]), 4)] for s in calls]
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": coordinates},
                "properties": {"name": line.label, "color": f"#{line.colour}", "type": line.route_type},
            }
        )
    features.sort(
        key=lambda f: (f["properties"]["type"] != 2, -len(f["geometry"]["coordinates"]), f["properties"]["name"])
    )
    return orjson.dumps(_collection(features[:LINES_MAX]))


def _longest_trips(timetable: Timetable) -> dict[int, int]:
    """For each route the trip with most stops; of equals the first."""
    lengths = np.diff(timetable.trip_visit_start)
    order = np.lexsort((np.arange(len(lengths)), -lengths, timetable.trip_route))
    routes, first = np.unique(timetable.trip_route[order], return_index=True)
    return {int(r): int(order[i]) for r, i in zip(routes, first, strict=True) if lengths[order[i]] > 1}


def _touches(timetable: Timetable, calls: Sequence[int], box: Box | None) -> bool:
    """Whether at least two stops lie in the box."""
    if box is None:
        return True
    inside = sum(
        box[0] <= float(timetable.stop_lon[s]) <= box[2] and box[1] <= float(timetable.stop_lat[s]) <= box[3]
        for s in calls
    )
    return inside >= 2


def _answer_features(live: LiveNetwork, answer: Answer) -> list[dict[str, Any]]:
    timetable = live.timetable
    start = endpoint_position(live, answer.query.origin)
    end = endpoint_position(live, answer.query.destination)
    features: list[dict[str, Any]] = []
    for number, journey in enumerate(answer.journeys):
        for leg in journey.legs:
            if isinstance(leg, Ride):
                line = names.lines_of(live)[int(timetable.trip_route[names.first_trip(leg)])]
                shown: dict[str, Any] = {"kind": "ride", "name": line.label, "color": f"#{line.colour}"}
                coordinates = ride_coordinates(live, leg)
                for visit in (leg.visits[0], leg.visits[-1]):
                    at = [
                        round(float(timetable.stop_lon[visit.stop]), 5),
                        round(float(timetable.stop_lat[visit.stop]), 5),
                    ]
                    features.append(
                        _point(at, {"kind": "change", "journey": number, "name": timetable.stop_name[visit.stop]})
                    )
            else:
                shown = {"kind": "walk"}
                coordinates = walk_coordinates(live, leg, start, end)
            if len(coordinates) > 1:
                features.append(
                    {
                        "type": "Feature",
                        "geometry": {"type": "LineString", "coordinates": coordinates},
                        "properties": {**shown, "journey": number},
                    }
                )
    for position, kind, endpoint in ((start, "from", answer.query.origin), (end, "to", answer.query.destination)):
        if position is not None:
            features.append(_point(position, {"kind": kind, "journey": -1, "name": endpoint.name}))
    return features


def _point(position: list[float], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": position}, "properties": properties}


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def geojson(body: Any, kept_s: int) -> Response:
    """A GeoJSON response, kept by the browser for `kept_s` seconds."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    response = Response(data, content_type="application/geo+json")
    response.headers["Cache-Control"] = f"public, max-age={kept_s}" if kept_s else "private, no-cache"
    return response
