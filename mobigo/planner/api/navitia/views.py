"""The operations: what is covered, places by name, journeys, and what leaves a stop line by line."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final, TypeVar

import numpy as np
from flask import Response, request

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra.auth import public
from mobigo.infra.i18n import sentence
from mobigo.network.engine.boards import next_departures, routes_at
from mobigo.network.model.places import Kind, Match, Place
from mobigo.network.model.streets import WALKER
from mobigo.network.model.timetable import Timetable
from mobigo.planner.api.answers import end_of, json_response
from mobigo.planner.api.navitia import bp, said
from mobigo.planner.api.navitia.asked import REGION, NavitiaError, Parameters, coord_of, id_of, instant_of, unknown
from mobigo.planner.export import names, today
from mobigo.planner.export.journeys import answer_json, line_json, stop_json
from mobigo.planner.model import Answer, By, Endpoint, Limits, Own, Query
from mobigo.planner.web.asked import full_label, label
from mobigo.planner.web.here import Here, pinned, pinned_today

Json = dict[str, Any]
View = TypeVar("View", bound=Callable[..., Any])
KINDS: Final = {
    "stop_area": (Kind.STATION, Kind.STOP),
    "stop_point": (),
    "administrative_region": (Kind.COMMUNE,),
    "address": (Kind.ADDRESS,),
    "poi": (),
}
DEPARTURES_MAX: Final = 500
DAY_S: Final = 86_400
TIMEFRAME_S: Final = 3_600  # of departures, where the question says nothing
FRESHNESS: Final = ("base_schedule", "realtime")
WITHOUT: Final = {  # what our remarks are in Navitia's errors
    "planner.no_stop_near_origin": "no_origin",
    "planner.no_stop_near_destination": "no_destination",
    "planner.outside_validity": "date_out_of_bounds",
}


def answering(view: View) -> View:
    """Parameters in, a document out; errors in Navitia's words."""

    @wraps(view)
    def answered(*, region: str = REGION, **path: str) -> Response:
        parameters = Parameters(request.args)
        parameters.text("lang")
        try:
            if region != REGION and coord_of(region) is None:
                raise unknown(region)
            return json_response(view(parameters, **path))
        except NavitiaError as error:
            return _refused(error.status, error.id, error.message)
        except NotFound as missing:
            return _refused(404, "unknown_object", sentence(missing.decision))
        except InvalidInput as wrong:
            return _refused(400, "unable_to_parse", sentence(wrong.decision))

    return answered  # type: ignore[return-value]  # a view again


def _refused(status: int, id_: str, message: str) -> Response:
    response = json_response({"error": {"id": id_, "message": message}})
    response.status_code = status
    return response


@bp.get("/coverage")
@bp.get("/coverage/<region>")
@public
@answering
def coverage(parameters: Parameters) -> Json:
    """The one region there is, the days its timetable holds, and where it lies."""
    parameters.end()
    with pinned() as here:
        table = here.live.timetable
        region = {
            "id": REGION,
            "name": "Mobigo",
            "status": "running",
            "timezone": table.zone,
            "start_production_date": f"{table.first_day:%Y%m%d}",
            "end_production_date": f"{table.last_day:%Y%m%d}",
            "shape": _shape(table),
        }
        return {"regions": [region], "links": [], "context": _context(here)}


def _shape(table: Timetable) -> str:
    """The rectangle around the stops (WKT)."""
    known = np.isfinite(table.stop_lat) & np.isfinite(table.stop_lon)
    if not known.any():
        return ""
    south, north = (round(float(pick(table.stop_lat[known])), 4) for pick in (np.min, np.max))
    west, east = (round(float(pick(table.stop_lon[known])), 4) for pick in (np.min, np.max))
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return f"POLYGON(({','.join(f'{lon} {lat}' for lon, lat in corners)}))"


@bp.get("/places")
@bp.get("/coverage/<region>/places")
@public
@answering
def places(parameters: Parameters) -> Json:
    """Places by name."""
    text = parameters.text("q") or ""
    count = parameters.whole("count", 10, 1, 50)
    wanted = parameters.several("type", KINDS)
    parameters.end()
    if not text.strip():
        raise NavitiaError(400, "unable_to_parse", "Search word absent")
    kinds = [kind for name in (wanted or KINDS) for kind in KINDS[name]]
    with pinned() as here:
        found: list[Match] = here.places.search(text, count, kinds) if kinds else []
        return {
            "places": [said.place(each.place, _label(each.place), max(0, min(100, int(each.score)))) for each in found],
            "links": [],
            "context": _context(here),
        }


def _label(place: Place) -> str:
    return full_label(place) if place.kind is Kind.COMMUNE else label(place)


@bp.get("/journeys")
@bp.get("/coverage/<region>/journeys")
@public
@answering
def journeys(parameters: Parameters) -> Json:
    """Ways from one place to another, by the timetable or as vehicles run today."""
    asked = {name: parameters.text(name) for name in ("from", "to", "datetime")}
    arrives = parameters.choice("datetime_represents", "departure", ("departure", "arrival")) == "arrival"
    fresh = parameters.choice("data_freshness", "base_schedule", FRESHNESS)
    count = parameters.whole("count", 10, 1, 100)
    window_s = parameters.whole("timeframe_duration", TIMEFRAME_S, 0, DAY_S)
    limits = _limits(parameters)
    own = _own(parameters)
    parameters.end()
    if asked["from"] is None or asked["to"] is None:
        id_ = "no_origin" if asked["from"] is None else "no_destination"
        raise NavitiaError(404, id_, "from and to are both needed: reachable areas are not given here")
    with pinned_today() as now_is:
        here = now_is if fresh == "realtime" else now_is.as_planned
        origin, destination = _end(here, asked["from"]), _end(here, asked["to"])
        at = instant_of(asked["datetime"], here.now, here.zone).astimezone(here.zone)
        without = [name for name in limits.without_routes if name not in names.line_rows(here.live)]
        if without:
            raise unknown(f"line:{without[0]}")
        answer = here.plan(Query(origin, destination, at, arrives, window_s, limits=limits, own=own))
        if not answer.journeys:
            return _without(answer, here)
        made = answer_json(here.live, answer)
        return {
            "journeys": [said.journey(each, at) for each in made["journeys"][:count]],
            "notes": [{"id": each["code"], "type": "notes", "value": each["text"]} for each in made["remarks"]],
            "tickets": [],
            "disruptions": [],
            "feed_publishers": [],
            "exceptions": [],
            "links": [],
            "context": _context(here),
        }


def _without(answer: Answer, here: Here) -> Json:
    """No journey: why, as an error where Navitia has one."""
    why: tuple[Decision, ...] = answer.remarks
    for each in why:
        if each.code in WITHOUT:
            raise NavitiaError(404, WITHOUT[each.code], sentence(each))
    message = " ".join(map(sentence, why)) or "no solution found for this journey"
    return {"error": {"id": "no_solution", "message": message}, "journeys": [], "links": [], "context": _context(here)}


def _limits(parameters: Parameters) -> Limits:
    changes = parameters.whole("max_nb_transfers", 7, 0, 7)
    walk_s = parameters.whole("max_walking_duration_to_pt", 1_800, 0, 7_200)
    chair = parameters.choice("wheelchair", "false", ("true", "false")) == "true"
    barred = set()
    for each in parameters.several("forbidden_uris"):
        kind, _, own = each.partition(":")
        if kind != "line":
            raise NavitiaError(400, "unable_to_parse", "forbidden_uris[] takes lines (line:…) here, and nothing else")
        barred.add(own)
    return Limits(
        vehicles_max=changes + 1, walk_m_max=int(walk_s * WALKER.speed_m_s), wheelchair=chair,
        without_routes=frozenset(barred),
    )  # fmt: skip


def _own(parameters: Parameters) -> Own | None:
    """The vehicle one goes to the stop by. One alone: the last part of the way is on foot."""
    known = {"walking": By.WALK, "bike": By.BIKE, "car": By.CAR, "car_no_park": By.DROPPED}
    chosen = {known[mode] for mode in parameters.several("first_section_mode", known)} - {By.WALK}
    parameters.several("last_section_mode", ("walking",))
    if len(chosen) > 1:
        raise NavitiaError(400, "unable_to_parse", "first_section_mode[] takes one vehicle here, beside walking")
    return Own(chosen.pop()) if chosen else None


def _end(here: Here, text: str) -> Endpoint:
    point = coord_of(text)
    if point is not None:
        return end_of(here, f"{point.lat:.6f},{point.lon:.6f}")[0]
    _, own = id_of(text)
    if here.places.by_id(own) is None and own not in _stop_ids(here):
        raise unknown(text)
    return end_of(here, own)[0] if here.places.by_id(own) is not None else _stop(here, own)


def _stop_ids(here: Here) -> dict[str, int]:
    """The row of each stop by the id we give it."""
    return here.live.derived(
        "planner.navitia_stops",
        lambda table: {names.stop_id(table, row): row for row in range(len(table.stop_id))},
        lasting=True,
    )


def _stop(here: Here, own: str) -> Endpoint:
    row = _stop_ids(here)[own]
    return Endpoint(here.live.timetable.stop_name[row], None, (row,))


@bp.get("/coverage/<region>/stop_areas/<path:area>/stop_schedules")
@public
@answering
def area_schedules(parameters: Parameters, area: str) -> Json:
    """What leaves a place, line by line and direction by direction."""
    kind, own = id_of(area)
    if kind != "stop_area":
        raise unknown(area)
    return _schedules(parameters, lambda here: _stops_of(here, own, area))


@bp.get("/coverage/<region>/stop_points/<path:point>/stop_schedules")
@public
@answering
def point_schedules(parameters: Parameters, point: str) -> Json:
    """The same of one stop."""
    kind, own = id_of(point)
    if kind != "stop_point":
        raise unknown(point)
    return _schedules(parameters, lambda here: _stops_of(here, own, point))


def _stops_of(here: Here, own: str, text: str) -> tuple[int, ...]:
    if own in _stop_ids(here) and text.startswith("stop_point:"):
        return (_stop_ids(here)[own],)
    place = here.places.by_id(own)
    if place is None or not place.stops:
        raise unknown(text)
    return place.stops


def _schedules(parameters: Parameters, stops_of: Callable[[Here], tuple[int, ...]]) -> Json:
    since = parameters.text("from_datetime")
    lasts_s = parameters.whole("duration", DAY_S, 60, DAY_S)
    fresh = parameters.choice("data_freshness", "realtime", FRESHNESS)
    most = parameters.whole("items_per_schedule", DEPARTURES_MAX, 1, DEPARTURES_MAX)
    parameters.end()
    with pinned_today() as now_is:
        here = now_is if fresh == "realtime" else now_is.as_planned
        stops = stops_of(here)
        at = instant_of(since, here.now, here.zone)
        return {
            "stop_schedules": _by_line(here, stops, at, at + timedelta(seconds=lasts_s), most),
            "notes": [],
            "disruptions": [],
            "feed_publishers": [],
            "links": [],
            "context": _context(here),
        }


def _by_line(here: Here, stops: tuple[int, ...], at: datetime, until: datetime, most: int) -> list[Json]:
    table, lines = here.live.timetable, names.lines_of(here.live)
    by_line: dict[tuple[int, int, str], list[Json]] = {}
    for each in next_departures(here.boards, stops, at, DEPARTURES_MAX, 2):
        if each.depart_at > until:
            break
        status = today.status_of(here.live, each.trip, each.position, each.stop, each.depart_at)
        headsign = names.headsign(table, each.trip, each.position)
        when = each.depart_at.astimezone(here.zone)
        base = when if status.planned_at is None else status.planned_at.astimezone(here.zone)
        rows = by_line.setdefault((each.stop, int(table.trip_route[each.trip]), headsign), [])
        if len(rows) < most:
            rows.append({
                "date_time": said.instant(when),
                "base_date_time": said.instant(base),
                "data_freshness": "realtime" if status.is_expected else "base_schedule",
                "additional_informations": [],
                "links": [],
            })  # fmt: skip
    out = []
    for (stop, line, headsign), times in by_line.items():
        out.append(_schedule(here, stop, lines[line], headsign, times))
    seen = {line for _, line, _ in by_line}
    for line in routes_at(here.boards, stops):  # served, and not in these hours
        if line not in seen:
            out.append(_schedule(here, stops[0], lines[line], "", []))
    return out


def _schedule(here: Here, stop: int, line: names.Line, headsign: str, times: list[Json]) -> Json:
    shown = line_json(line)
    mode_id, mode = said.physical(shown)
    return {
        "stop_point": said.stop_point(stop_json(here.live.timetable, stop)),
        "display_informations": said.display(shown, headsign),
        "route": {
            "id": f"route:{line.id}:{headsign}",
            "name": headsign or line.label,
            "is_frequence": "False",
            "line": {
                "id": f"line:{line.id}",
                "name": line.long_name or line.label,
                "code": line.label,
                "color": line.colour.upper(),
                "text_color": line.text_colour.upper(),
                "commercial_mode": {"id": mode_id.replace("physical", "commercial"), "name": mode},
                "physical_modes": [{"id": mode_id, "name": mode}],
            },
        },
        "date_times": times,
        "additional_informations": None if times else "no_departure_this_day",
        "links": [],
    }


def _context(here: Here) -> Json:
    return {"timezone": here.live.timetable.zone, "current_datetime": said.instant(here.now.astimezone(here.zone))}
