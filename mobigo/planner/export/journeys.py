"""An answer as the API gives it: dictionaries made straight from the timetable's arrays, ready for orjson.

Times are local, with their offset (ISO 8601); ids are those of `mobigo.planner.export.names`; coordinates [lon, lat].
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.infra.i18n import current_language, sentence
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.places import mode_of
from mobigo.network.model.timetable import PICKUP_SHIFT, TYPE_MASK, Timetable
from mobigo.network.model.today import Notice
from mobigo.planner.export import names, shapes, today
from mobigo.planner.export.emissions import emission_json
from mobigo.planner.export.on_demand import on_demand_json
from mobigo.planner.model import Answer, By, CarpoolWay, Direction, Endpoint, Journey, Price, Query, Ride, Spot, Walk

Json = dict[str, Any]


def journey_id(timetable: Timetable, journey: Journey) -> str:
    """A short id of what is travelled and when; the same for the same trips, whatever the network's version."""
    parts = [journey.depart_at.isoformat(), journey.arrive_at.isoformat()]
    for leg in journey.legs:
        if isinstance(leg, Ride):
            parts += [names.trip_id(timetable, trip) for trip, _ in leg.trips]
            parts += [str(leg.service_day), str(len(leg.visits)), leg.depart_at.isoformat()]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def answer_json(live: LiveNetwork, answer: Answer, *, geometry: bool = True, stops: bool = True) -> Json:
    """The whole answer."""
    zone = ZoneInfo(live.timetable.zone)
    query = answer.query
    once = _Once(live.timetable)
    journey_json = partial(_journey_json, live, zone=zone, once=once, geometry=geometry, stops=stops)
    return {
        "from": endpoint_json(live, query.origin),
        "to": endpoint_json(live, query.destination),
        "at": _local(query.at, zone),
        "arrive_by": query.arrive_by,
        "network": answer.network_hash or live.hash,
        "journeys": [
            {
                **_journey_json(
                    live, journey, query.origin, query.destination, zone, once, geometry=geometry, stops=stops
                ),
                "price": None if price is None else price_json(price),
                "emissions": None if emission is None else emission_json(emission),
            }
            for journey, price, emission in zip_longest(answer.journeys, answer.prices, answer.emissions)
        ],
        "carpool": [carpool_json(way, query, zone, journey_json) for way in answer.carpool],
        "no_carpool": None if answer.no_carpool is None else decision_json(answer.no_carpool),
        "on_demand": on_demand_json(answer.on_demand, query, zone, journey_json, price_json, decision_json),
        "on_demand_missed": [decision_json(each) for each in answer.on_demand.missed],
        "beaten": [decision_json(each) for each in answer.beaten],
        "order": [{"kind": kind, "index": row} for kind, row in answer.order],
        "cancelled": [
            _journey_json(live, each, query.origin, query.destination, zone, once, geometry=False, stops=False)
            for each in answer.cancelled
        ],
        "realtime": None if (age := today.age_of(live)) is None else decision_json(age),
        "remarks": [decision_json(remark) for remark in answer.remarks],
        "earlier_at": _local(answer.earlier_at, zone) if answer.earlier_at is not None else None,
        "later_at": _local(answer.later_at, zone) if answer.later_at is not None else None,
        "next_at": _local(answer.next_at, zone) if answer.next_at is not None else None,
    }


def price_json(price: Price) -> Json:
    """A price; `cents` is null where it is unknown, never zero for that; `between` then says the least and the most,
    where both are known."""
    return {
        "cents": None if price.total is None else price.total.cents,
        "between": None if price.between is None else [each.cents for each in price.between],
        "currency": "EUR",
        "lines": [{"cents": line.amount.cents, "reason": decision_json(line.reason)} for line in price.lines],
        "unknown": [decision_json(each) for each in price.why_unknown],
        "notes": [decision_json(each) for each in price.notes],
        "own": [decision_json(each) for each in price.own],
        "offers": [decision_json(each) for each in price.offers],
    }


def carpool_json(
    way: CarpoolWay, query: Query, zone: ZoneInfo, journey_json: Callable[[Journey, Endpoint, Endpoint], Json]
) -> Json:
    """A way along a carpool line: times are what one may count on, not a timetable. `journey_json`: how a journey of
    the timetable between two ends is written."""
    here, there = Endpoint(way.board, way.board_point), Endpoint(way.alight, way.alight_point)
    return {
        "line": way.line,
        "departure": _local(way.leave_at, zone),
        "arrival": _local(way.arrive_at, zone),
        "board": _carpool_stop(way.board, way.board_point, way.board_place),
        "alight": _carpool_stop(way.alight, way.alight_point, way.alight_place),
        "drivers_expected_since": _local(way.since, zone),
        "drivers_expected_until": _local(way.until, zone),
        "drivers_expected": way.drivers_expected,
        "walk_m": way.walk_to_m + way.walk_from_m,
        "wait_s": way.wait_s,
        "wait": decision_json(way.wait),
        "ride_s": way.ride_s,
        "distance_m": way.distance_m,
        "price_cents": way.price.cents,
        "total_cents": None if way.total is None else way.total.cents,
        "guarantee": None if way.guarantee is None else decision_json(way.guarantee),
        "waiting_since": None if way.board_at is None else _local(way.board_at, zone),
        "set_down_at": None if way.alight_at is None else _local(way.alight_at, zone),
        "buffer_s": way.buffer_s,
        "before": None if way.before is None else journey_json(way.before, query.origin, here),
        "after": None if way.after is None else journey_json(way.after, there, query.destination),
        "rest_price": None if way.rest is None else price_json(way.rest),
        "why": [decision_json(each) for each in way.why],
    }


def _carpool_stop(name: str, point: Point, place: str | None) -> Json:
    return {"name": name, "lat": point.lat, "lon": point.lon, "place": place}


def decision_json(decision: Decision) -> Json:
    """A reason: its code and parameters, for programs, and its sentence, for people, in the language asked."""
    params = {name: _plain(value) for name, value in decision.params.items()}
    return {"code": decision.code, "text": sentence(decision), "params": params}


def _plain(value: object) -> object:
    """A parameter for programs: whole numbers as they are, money in cents, the rest as text."""
    if isinstance(value, Money):
        return value.cents
    return value if isinstance(value, int) else str(value)


def endpoint_json(live: LiveNetwork, endpoint: Endpoint) -> Json:
    """Where a journey begins or ends."""
    position = endpoint_position(live, endpoint)
    return {
        "name": endpoint.name,
        "lat": position[1] if position else None,
        "lon": position[0] if position else None,
        "stop_ids": [names.stop_id(live.timetable, stop) for stop in endpoint.stops[:1]],
    }


def endpoint_position(live: LiveNetwork, endpoint: Endpoint) -> list[float] | None:
    """[lon, lat] of an endpoint: its point, else its first stop."""
    if endpoint.point is not None:
        return [round(endpoint.point.lon, 6), round(endpoint.point.lat, 6)]
    if endpoint.stops:
        stop = endpoint.stops[0]
        return [round(float(live.timetable.stop_lon[stop]), 6), round(float(live.timetable.stop_lat[stop]), 6)]
    return None


def _journey_json(
    live: LiveNetwork,
    journey: Journey,
    origin: Endpoint,
    destination: Endpoint,
    zone: ZoneInfo,
    once: "_Once",
    *,
    geometry: bool,
    stops: bool,
) -> Json:
    """One journey with its legs."""
    start, end = endpoint_position(live, origin), endpoint_position(live, destination)
    return {
        "id": journey_id(live.timetable, journey),
        "departure": _local(journey.depart_at, zone),
        "arrival": _local(journey.arrive_at, zone),
        "duration_s": int((journey.arrive_at - journey.depart_at).total_seconds()),
        "changes": journey.change_count,
        "walk_m": journey.walk_m,
        "own_m": journey.own_m,
        "why": [decision_json(reason) for reason in journey.why],
        "notices": [notice_json(each) for each in today.journey_notices(live, journey)],
        "legs": [
            _ride_json(live, leg, zone, once, geometry, stops)
            if isinstance(leg, Ride)
            else _walk_json(live, leg, origin, destination, start, end, zone, once, geometry)
            for leg in journey.legs
        ],
    }


def _ride_json(live: LiveNetwork, ride: Ride, zone: ZoneInfo, once: "_Once", geometry: bool, stops: bool) -> Json:
    timetable = live.timetable
    trip = names.first_trip(ride)
    line = names.lines_of(live)[int(timetable.trip_route[trip])]
    first, last = ride.visits[0], ride.visits[-1]
    position = names.boarding_position(timetable, trip, first.stop, last.stop)
    visit = int(timetable.trip_visit_start[trip]) + position
    out: Json = {
        "type": "ride",
        "departure": _local(first.depart_at, zone),
        "arrival": _local(last.arrive_at, zone),
        "line": line_json(line),
        "headsign": names.headsign(timetable, trip, position),
        "number": names.train_number(timetable, trip),
        "trip_ids": [names.trip_id(timetable, each) for each, _ in ride.trips],
        "service_day": ride.service_day,
        **_today_json(live, ride, zone),
        "by_frequency": ride.by_frequency,
        "pickup_type": int(timetable.visit_flags[visit]) >> PICKUP_SHIFT & TYPE_MASK,
        "wheelchair": _wheelchair(timetable, trip),
        "from": once.stop(first.stop),
        "to": once.stop(last.stop),
    }
    if stops:
        out["stops"] = [
            {
                **once.stop(each.stop),
                "arrival": _local(each.arrive_at, zone),
                "departure": _local(each.depart_at, zone),
            }
            for each in ride.visits[1:-1]
        ]
    if geometry:
        out["geometry"] = _line_string(shapes.ride_coordinates(live, ride))
    return out


def _today_json(live: LiveNetwork, ride: Ride, zone: ZoneInfo) -> Json:
    """What realtime changes of a ride where one gets on and off; nulls where nothing is known, or all is as planned."""
    if live.today is None or live.today.overlay is None:
        return {"realtime": False, "planned_departure": None, "planned_arrival": None, "planned_platform": None}
    calls, first, last = today.ride_calls(live, ride), ride.visits[0], ride.visits[-1]
    starts = today.status_of(live, *calls[0], first.stop, first.depart_at)
    ends = today.status_of(live, *calls[-1], last.stop, last.arrive_at, arriving=True)
    moved = starts.planned_stop
    return {
        "realtime": starts.is_expected or ends.is_expected,
        "planned_departure": None if starts.planned_at is None else _local(starts.planned_at, zone),
        "planned_arrival": None if ends.planned_at is None else _local(ends.planned_at, zone),
        "planned_platform": None if moved is None else live.timetable.stop_platform[moved],
    }


def notice_json(notice: Notice) -> Json:
    """An alert, in the language asked."""
    language, alert = current_language(), notice.alert
    return {
        "title": today.text_of(alert.header, language),
        "text": today.text_of(alert.description, language),
        "url": today.text_of(alert.url, language),
        "effect": alert.effect,
    }


def _walk_json(
    live: LiveNetwork,
    walk: Walk,
    origin: Endpoint,
    destination: Endpoint,
    start: list[float] | None,
    end: list[float] | None,
    zone: ZoneInfo,
    once: "_Once",
    geometry: bool,
) -> Json:
    out: Json = {
        "type": walk.by.value,
        "departure": _local(walk.depart_at, zone),
        "arrival": _local(walk.arrive_at, zone),
        "distance_m": walk.distance_m,
        "from": _end(walk.from_spot, walk.from_stop, origin, start, once),
        "to": _end(walk.to_spot, walk.to_stop, destination, end, once),
    }
    if walk.directions:
        out["directions"] = once.directions(walk.directions)
    if walk.by is By.CAR and walk.to_spot is not None:
        out["park"] = walk.to_spot.id
    if walk.by is By.SHARED or (walk.by is By.CAR and (walk.from_spot or walk.to_spot)):
        out["notes"] = [decision_json(note) for note in spot_notes(walk)]
    if geometry:
        out["geometry"] = once.path(walk.path) or _line_string(shapes.walk_coordinates(live, walk, start, end))
    return out


def spot_notes(walk: Walk) -> list[Decision]:
    """What is known of the stations, or of the car park, at both ends of a leg."""
    spots = [spot for spot in (walk.from_spot, walk.to_spot) if spot is not None]
    return [note for spot in spots for note in (spot.note, *spot.facts) if note is not None]


class _Once:
    """What the journeys of one answer have in common, made once: stops, and the ways between a door and a stop, which
    are the same values in each of them."""

    def __init__(self, timetable: Timetable) -> None:
        self.stop: Callable[[int], Json] = cache(partial(stop_json, timetable))
        self._made: dict[int, Json | list[Json] | None] = {}  # by identity: the answer keeps the values alive

    def directions(self, directions: tuple[Direction, ...]) -> Json | list[Json] | None:
        """The instructions of a way, in words."""
        if id(directions) not in self._made:
            self._made[id(directions)] = [
                {"text": sentence(each.what), "distance_m": each.length_m} for each in directions
            ]
        return self._made[id(directions)]

    def path(self, path: tuple[Point, ...]) -> Json | list[Json] | None:
        """The line of a way along the streets; None for none."""
        if path and id(path) not in self._made:
            self._made[id(path)] = _line_string([[round(point.lon, 5), round(point.lat, 5)] for point in path])
        return self._made[id(path)] if path else None


def _end(spot: Spot | None, stop: int | None, door: Endpoint, position: list[float] | None, once: "_Once") -> Json:
    """One end of a way along the streets: a station of shared bicycles, a car park, a stop, or the door."""
    if spot is not None:
        return _door(Endpoint(spot.name), [round(spot.point.lon, 6), round(spot.point.lat, 6)])
    return _door(door, position) if stop is None else once.stop(stop)


def _door(endpoint: Endpoint, position: list[float] | None) -> Json:
    return {
        "id": None,
        "name": endpoint.name,
        "lat": position[1] if position else None,
        "lon": position[0] if position else None,
        "platform": "",
    }


def stop_json(timetable: Timetable, stop: int) -> Json:
    """A stop or platform."""
    return {
        "id": names.stop_id(timetable, stop),
        "name": timetable.stop_name[stop],
        "lat": round(float(timetable.stop_lat[stop]), 6),
        "lon": round(float(timetable.stop_lon[stop]), 6),
        "platform": timetable.stop_platform[stop],
    }


def line_json(line: names.Line) -> Json:
    """A line; `color` and `text_color` are readable together."""
    return {
        "id": line.id,
        "name": line.label,
        "long_name": line.long_name,
        "agency": line.agency,
        "agency_id": line.agency_id,
        "route_type": line.route_type,
        "mode": mode_of(line.route_type).name.lower(),
        "color": line.colour,
        "text_color": line.text_colour,
    }


def _wheelchair(timetable: Timetable, trip: int) -> str:
    return {1: "yes", 2: "no"}.get(int(timetable.trip_wheelchair[trip]), "unknown")


def _line_string(coordinates: shapes.Coordinates) -> Json | None:
    """GeoJSON (RFC 7946); None when it would have fewer than two positions."""
    return {"type": "LineString", "coordinates": coordinates} if len(coordinates) > 1 else None


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone)
