"""Looking for journeys: our lines as LINE journeys, usual trips, who waits; and whether we answer at all."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from covoit.api.standard import bp, wire
from covoit.model.bookings import Offer
from covoit.model.journeys import LineLeg
from covoit.model.lines import Line, LineStop
from covoit.rules import lines as rules
from covoit.rules.bookings import room
from covoit.service import lines as service
from covoit.store import bookings as booking_store
from covoit.store import lines as line_store
from covoit.store import offers as store
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point, distance_m
from mobigo.base.instants import PARIS, paris_day
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.web import services

DELTA_MAX_S: Final = 7 * 86_400
RADIUS_MAX_KM: Final = 50.0
DAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


@bp.get("/status")
@public
def status() -> ResponseReturnValue:
    """We answer, and so does the database."""
    with reading(services().engine) as session:
        store.regulars(session, line="")
    return wire.answer({})


@bp.get("/driver_journeys")
@public
def driver_journeys() -> ResponseReturnValue:
    """The cars of our lines that pass near the departure, at about that time, and near the arrival after."""
    moment, delta = _when()
    found: list[dict[str, Any]] = []
    with reading(services().engine) as session:
        for line, a, z in _pairs(paris_day(moment)):
            leg = rules.leg_between(line, a.id, z.id)
            early = moment - delta - timedelta(seconds=line.duration_s)
            offers = store.offers_between(session, early, moment + delta, line=line.code, direction=leg.direction)
            held = booking_store.bookings_on(session, [each.id for each in offers])
            seen = store.aliases(session, [each.driver for each in offers])
            for offer in offers:
                at = rules.passes_at(line, offer.leg, offer.leaves_at, a)
                left = room(offer, held, leg)
                if rules.within(leg, offer.leg) and abs(at - moment) <= delta and left > 0 and at >= now():
                    found.append(
                        _driver_journey(line, a, z, leg, offer, at, left, *seen.get(offer.driver, (None, None)))
                    )
    return wire.answer(_best(found))


def _driver_journey(
    line: Line, a: LineStop, z: LineStop, leg: LineLeg, offer: Offer, at: datetime, left: int, alias: str | None,
    car: str | None,
) -> dict[str, Any]:  # fmt: skip
    start, end = rules.stop_of(line, offer.from_stop), rules.stop_of(line, offer.to_stop)
    return {
        **_trip(line, a, z, leg),
        "id": offer.id,
        "type": "LINE",
        "driver": wire.user(offer.driver, alias),
        "passengerPickupDate": wire.unix(at),
        "driverDepartureDate": wire.unix(offer.leaves_at),
        "driverDepartureLat": start.point.lat,
        "driverDepartureLng": start.point.lon,
        "driverArrivalLat": end.point.lat,
        "driverArrivalLng": end.point.lon,
        "driverDepartureAddress": start.name,
        "driverArrivalAddress": end.name,
        "availableSeats": left,
        "price": wire.price(service.price_on(paris_day(at))),
        "departureToPickupWalkingDistance": round(distance_m(_point("departure"), a.point)),
        "dropoffToArrivalWalkingDistance": round(distance_m(_point("arrival"), z.point)),
        **({"car": {"model": car}} if car else {}),
    }


@bp.get("/passenger_journeys")
@public
def passenger_journeys() -> ResponseReturnValue:
    """Who waits at a stop of our lines, near a driver's departure, for a stop near their arrival."""
    moment, delta = _when()
    instant = now()
    found = []
    with reading(services().engine) as session:
        for line, a, z in _pairs(paris_day(moment)):
            leg = rules.leg_between(line, a.id, z.id)
            for row in line_store.waiting_at(session, [a.id], instant, service.STILL_WAITING):
                if row.to_stop != z.id or row.passenger is None or abs(max(row.since, instant) - moment) > delta:
                    continue
                alias = store.aliases(session, [row.passenger]).get(row.passenger, (None, None))[0]
                found.append(
                    {
                        **_trip(line, a, z, leg),
                        "id": row.id,
                        "type": "LINE",
                        "passenger": wire.user(row.passenger, alias),
                        "passengerPickupDate": wire.unix(instant),
                        "driverDepartureDate": wire.unix(moment),
                        "requestedSeats": row.seats,
                    }
                )
    return wire.answer(_best(found))


@bp.get("/driver_regular_trips")
@public
def driver_regular_trips() -> ResponseReturnValue:
    """The usual trips of drivers that pass near the departure at about that time of day, on one of those days."""
    seconds, delta = _time_of_day(), _delta()
    wanted = [day for day in request.args.get("departureWeekdays", ",".join(DAYS)).split(",") if day in DAYS]
    first, last = wire.whole("minDepartureDate", None, 0), wire.whole("maxDepartureDate", None, 0)
    found: list[dict[str, Any]] = []
    today = paris_day(now())
    with reading(services().engine) as session:
        for line, a, z in _pairs(today):
            leg = rules.leg_between(line, a.id, z.id)
            for row in store.regulars(session, line=line.code):
                own = rules.leg_between(line, row.from_stop, row.to_stop)
                if not rules.within(leg, own):
                    continue
                if first is not None and row.last_day < paris_day(wire.instant(first)):
                    continue
                if last is not None and row.first_day > paris_day(wire.instant(last)):
                    continue
                ahead = leg.from_m - own.from_m
                at = (row.leaves.hour * 60 + row.leaves.minute) * 60 + (rules.ride_s(line, ahead) if ahead else 0)
                days = [day for number, day in enumerate(DAYS) if row.weekdays >> number & 1 and day in wanted]
                if abs(at - seconds) > delta.total_seconds() or not days or at >= 86_400:
                    continue
                clock = f"{at // 3600:02d}:{at // 60 % 60:02d}:00"
                alias = store.aliases(session, [row.driver]).get(row.driver, (None, None))[0]
                found.append(
                    {
                        **_trip(line, a, z, leg),
                        "driver": wire.user(row.driver, alias),
                        "schedules": [{"passengerPickupDay": day, "passengerPickupTimeOfDay": clock} for day in days],
                    }
                )
    return wire.answer(_best(found))


@bp.get("/passenger_regular_trips")
@public
def passenger_regular_trips() -> ResponseReturnValue:
    """On our lines passengers book seats or come to the stop; none declares usual trips, so there are none to find."""
    _time_of_day()
    _delta()
    wire.whole("minDepartureDate", None, 0)
    wire.whole("maxDepartureDate", None, 0)
    list(_pairs(paris_day(now())))
    _best([])
    return wire.answer([])


# ---------------------------------------------------------------- what was asked


def _point(name: str) -> Point:
    return Point(wire.number(f"{name}Lat", None, -90, 90), wire.number(f"{name}Lng", None, -180, 180))


def _delta() -> timedelta:
    return timedelta(seconds=wire.whole("timeDelta", 900, 0, DELTA_MAX_S) or 0)


def _when() -> tuple[datetime, timedelta]:
    seconds = wire.whole("departureDate", None, 0)
    if seconds is None:
        raise InvalidInput("covoit.wire_bad_parameter", name="departureDate")
    return wire.instant(seconds).astimezone(PARIS), _delta()


def _time_of_day() -> int:
    """Seconds since midnight of RFC 3339's partial-time."""
    given = request.args.get("departureTimeOfDay", "")
    parts = given.split(":")
    fine = len(parts) == 3 and all(part.isascii() and part[:2].isdigit() and len(part) >= 2 for part in parts)
    hours, minutes, seconds = (int(part[:2]) for part in parts) if fine else (99, 99, 99)
    if not (hours < 24 and minutes < 60 and seconds <= 60):
        raise InvalidInput("covoit.wire_bad_parameter", name="departureTimeOfDay")
    return hours * 3600 + minutes * 60 + seconds


def _pairs(day: Any) -> Iterator[tuple[Line, LineStop, LineStop]]:
    """On each line, the stop nearest to the departure and the one nearest to the arrival, when both are in reach."""
    departure, arrival = _point("departure"), _point("arrival")
    near = wire.number("departureRadius", 1.0, 0, RADIUS_MAX_KM) * 1000
    far = wire.number("arrivalRadius", 1.0, 0, RADIUS_MAX_KM) * 1000
    wire.whole("count", None, 0)
    for line in service.current_lines(day):
        a = rules.nearest_stop(line, departure, int(near))
        z = rules.nearest_stop(line, arrival, int(far))
        if a is not None and z is not None and a != z:
            yield line, a, z


def _best(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By hour, and no more than asked for."""
    count = wire.whole("count", None, 0)
    ordered = sorted(found, key=lambda each: (each.get("passengerPickupDate", 0), str(each.get("id", ""))))
    return ordered if count is None else ordered[:count]


def _trip(line: Line, a: LineStop, z: LineStop, leg: LineLeg) -> dict[str, Any]:
    metres = leg.to_m - leg.from_m
    page = url_for("covoit.line", code=line.code, sens=leg.direction or None, arret=a.id)
    return {
        "operator": wire.operator_name(),
        "passengerPickupLat": a.point.lat,
        "passengerPickupLng": a.point.lon,
        "passengerDropLat": z.point.lat,
        "passengerDropLng": z.point.lon,
        "passengerPickupAddress": a.name,
        "passengerDropAddress": z.name,
        "distance": metres,
        "duration": rules.ride_s(line, metres),
        "webUrl": f"{services().config.base_url}{page}",
    }
