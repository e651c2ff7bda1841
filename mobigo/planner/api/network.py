"""Stops, departures and lines."""

from datetime import date, timedelta
from typing import Any

from flask.typing import ResponseReturnValue

from mobigo.base.errors import NotFound
from mobigo.infra.auth import public
from mobigo.network.engine.boards import Departure, next_day_served, next_departures, routes_at
from mobigo.network.engine.lines import Direction, line_days, line_on
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.places import Kind, Place
from mobigo.network.model.today import Unserved
from mobigo.planner.api import bp
from mobigo.planner.api.answers import Json, json_response, place_json
from mobigo.planner.api.asked import (
    DeparturesAsked,
    LineAsked,
    LinesAsked,
    NothingAsked,
    StopsAsked,
    asking,
    instant,
    point,
)
from mobigo.planner.export import names, today
from mobigo.planner.export.journeys import decision_json, line_json, notice_json, stop_json
from mobigo.planner.export.offered import lines_matching
from mobigo.planner.web.here import Here, pinned, pinned_today


@bp.get("/stops")
@public
@asking(StopsAsked)
def stops(asked: StopsAsked) -> ResponseReturnValue:
    """Stops, stations and communes by name (accents and typing errors forgiven), around a position, or all of them."""
    wanted = (asked.kind or "station,stop").split(",")
    kinds = [kind for kind in Kind if kind.name.lower() in wanted]
    first = asked.cursor or 0
    last = first + asked.limit
    with pinned() as here:
        around = point(asked.near) if asked.near is not None else None
        if asked.q is not None:
            found = here.places.search(asked.q, last + 1, kinds, around)
            body = [place_json(match.place) for match in found]
        elif around is not None:
            near = here.places.near(around, asked.radius, last + 1, kinds)
            body = [place_json(place, metres) for place, metres in near]
        else:
            body = [place_json(place) for place in _every_place(here, kinds)[: last + 1]]
        return json_response({"stops": body[first:last], "next": last if len(body) > last else None})


def _every_place(here: Here, kinds: list[Kind]) -> list[Place]:
    index = here.places
    ordered = here.live.derived(
        f"planner.places_ordered.{id(index)}",
        lambda _: sorted(index.places, key=lambda place: (-place.departures, place.id)),
    )
    return [place for place in ordered if place.kind in kinds]


@bp.get("/stops/<path:stop_id>")
@public
@asking(NothingAsked)
def stop(asked: NothingAsked, stop_id: str) -> ResponseReturnValue:
    """One stop with its platforms and its lines."""
    with pinned() as here:
        place = _place(here, stop_id)
        table = here.live.timetable
        rows = routes_at(here.boards, place.stops)
        return json_response(
            {
                **place_json(place),
                "platforms": [stop_json(table, each) for each in place.stops],
                "lines": [line_json(names.lines_of(here.live)[row]) for row in rows],
            }
        )


@bp.get("/departures")
@public
@asking(DeparturesAsked)
def departures(asked: DeparturesAsked) -> ResponseReturnValue:
    """What leaves a stop, by time; what runs past midnight is given with its service day."""
    with pinned_today() as here:
        place = _place(here, asked.stop)
        at = instant(asked.at, here.now, here.zone)
        found = next_departures(here.boards, place.stops, at, asked.limit, asked.days) if at is not None else []
        shown, gone = list(found), dict[Departure, Unserved]()
        if at is not None:
            until = found[-1].depart_at if len(found) == asked.limit else at + timedelta(days=asked.days)
            gone = dict(today.unserved_departures(here.live, place.stops, at, until))
            shown = sorted([*found, *gone], key=lambda each: each.depart_at)
        following = None
        if not found and at is not None:
            following = next_day_served(here.boards, place.stops, at.astimezone(here.zone).date())
        return json_response(
            {
                "stop": place_json(place),
                "at": at.astimezone(here.zone) if at is not None else asked.at,
                "departures": [_departure(here, each, is_cancelled=each in gone) for each in shown],
                "notices": [
                    notice_json(each)
                    for each in today.notices(
                        here.live,
                        at or here.now,
                        routes=routes_at(here.boards, place.stops),
                        stops=place.stops,
                        every_line=True,
                    )
                ],
                "realtime": None if (age := today.age_of(here.live)) is None else decision_json(age),
                "next_day": following,
            }
        )


def _departure(here: Here, departure: Departure, *, is_cancelled: bool = False) -> Json:
    table = here.live.timetable
    status = today.NOTHING
    if not is_cancelled:
        status = today.status_of(here.live, departure.trip, departure.position, departure.stop, departure.depart_at)
    moved = status.planned_stop
    return {
        "departure": departure.depart_at.astimezone(here.zone),
        "planned_departure": None if status.planned_at is None else status.planned_at.astimezone(here.zone),
        "planned_platform": None if moved is None else table.stop_platform[moved],
        "realtime": status.is_expected,
        "cancelled": is_cancelled,
        "service_day": departure.service_day,
        "stop": stop_json(table, departure.stop),
        "line": line_json(names.lines_of(here.live)[int(table.trip_route[departure.trip])]),
        "headsign": names.headsign(table, departure.trip, departure.position),
        "number": names.train_number(table, departure.trip),
        "trip_id": names.trip_id(table, departure.trip),
        "by_frequency": departure.by_frequency,
        "pickup_type": departure.pickup,
    }


@bp.get("/lines")
@public
@asking(LinesAsked)
def lines(asked: LinesAsked) -> ResponseReturnValue:
    """Lines by number, town or operator, or all of them."""
    first = asked.cursor or 0
    last = first + asked.limit
    with pinned() as here:
        found = lines_matching(here.live, asked.q or "")
        return json_response(
            {
                "lines": [line_json(line) for line in found[first:last]],
                "total": len(found),
                "next": last if len(found) > last else None,
            }
        )


@bp.get("/lines/<path:line_id>")
@public
@asking(LineAsked)
def line(asked: LineAsked, line_id: str) -> ResponseReturnValue:
    """One line and its timetable on a day, both ways."""
    with pinned() as here:
        row = names.line_rows(here.live).get(line_id)
        if row is None:
            raise NotFound("planner.no_such_line", line=line_id[:80])
        day = asked.date or here.now.astimezone(here.zone).date()
        directions = line_on(here.boards, [row], day)
        return json_response(
            {
                "line": line_json(names.lines_of(here.live)[row]),
                "date": day,
                "zone": here.live.timetable.zone,
                "directions": [_direction(here.live, direction) for direction in directions],
                "next_day": None if directions else _next_day(here.live, row, day),
            }
        )


def _next_day(live: LiveNetwork, row: int, after: date) -> date | None:
    return next((day for day in line_days(live.timetable, [row]) if day > after), None)


def _direction(live: LiveNetwork, direction: Direction) -> Json:
    table = live.timetable
    trips: list[dict[str, Any]] = []
    for column in direction.columns:
        times = [
            None
            if cell is None
            else {
                "arrival_s": cell.arrive_s,
                "departure_s": cell.depart_s,
                "pickup_type": cell.pickup,
                "drop_off_type": cell.drop_off,
            }
            for cell in column.cells
        ]
        trips.append(
            {
                "trip_id": names.trip_id(table, column.trip),
                "headsign": names.headsign(table, column.trip),
                "number": names.train_number(table, column.trip),
                "by_frequency": column.by_frequency,
                "times": times,
            }
        )
    return {
        "direction": direction.number,
        "headsigns": list(direction.headsigns),
        "stops": [stop_json(table, stop) for stop in direction.rows],
        "trips": trips,
    }


def _place(here: Here, stop_id: str) -> Place:
    """The place of an id. Raises NotFound when it names none with stops."""
    place = here.places.by_id(stop_id)
    if place is None or not place.stops:
        raise NotFound("planner.no_such_stop", stop=stop_id[:80])
    return place
