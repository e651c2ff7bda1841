"""A small on-demand service that can be checked by hand: four stops on a line of 10 km each, one or two vehicles.

Stops A, B, C, D lie on the parallel 47° N, 0.1° of longitude apart; the road of `Ruler` is a minute a kilometre.
"""

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

from mobigo.base.geo import Point
from mobigo.tad.model.bookings import Asked, Contact
from mobigo.tad.model.rounds import Promise, Request
from mobigo.tad.model.services import Service, Vehicle
from mobigo.tad.rules.documents import service_of

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday, 10:00 in Paris
WEDNESDAY = date(2026, 11, 25)
CALLER = Contact("Camille Exemple", "+33639980001", "camille@example.org", "")

DOCUMENT: Mapping[str, Any] = {
    "code": "essai",
    "name": "TAD d’essai",
    "operator": "Cars d’essai",
    "phone": "03 39 98 00 10",
    "phone_hours": "du lundi au vendredi, de 8 h à 18 h",
    "first_day": "2026-09-01",
    "stops": [
        {"id": "a", "name": "Aubigny", "lat": 47.0, "lon": 4.0},
        {"id": "b", "name": "Brazey", "lat": 47.0, "lon": 4.1},
        {"id": "c", "name": "Chissey", "lat": 47.0, "lon": 4.2},
        {"id": "d", "name": "Dun", "lat": 47.0, "lon": 4.3},
    ],
    "windows": [{"weekdays": [0, 1, 2, 3, 4], "since": "08:00", "until": "18:00"}],
    "vehicles": [{"id": "bus-1", "name": "Minibus 1", "seats": 4, "wheelchairs": 1, "lat": 47.0, "lon": 4.0}],
    "booking": {"kind": "days", "days": 1, "at": "17:00", "ahead_days": 60},
    "promise": {"wait_min": 20, "detour_pct": 50, "detour_min": 15, "board_s": 60},
    "fares": [{"rider": "adulte", "cents": 200}, {"rider": "jeune", "cents": 100}],
    "no_shows": 2,
    "no_show_days": 90,
    "source": "service d’essai",
}


def document(**changes: Any) -> dict[str, Any]:
    """The document of the service with what differs."""
    return {**deepcopy(dict(DOCUMENT)), **changes}


def service(**changes: Any) -> Service:
    """The service with what differs."""
    return service_of(document(**changes))


def asked(origin: str = "a", destination: str = "c", at: str = "9:00", **changes: Any) -> Asked:
    """One adult from Aubigny to Chissey on Wednesday at nine, but for what differs."""
    stops = {each.id: each for each in service().stops}
    hour, minute = at.split(":")
    given: dict[str, Any] = {
        "day": WEDNESDAY, "wanted_s": int(hour) * 3600 + int(minute) * 60, "riders": ("adulte",), "wheelchairs": 0
    } | changes  # fmt: skip
    return Asked(stops[origin], stops[destination], **given)


class Ruler:
    """A road of whole minutes: a kilometre of 0.01° of longitude, a minute each."""

    def time_s(self, a: Point, b: Point) -> int:
        return round(abs(a.lon - b.lon) * 100) * 60

    def distance_m(self, a: Point, b: Point) -> int:
        return round(abs(a.lon - b.lon) * 100) * 1000


def at_km(km: int) -> Point:
    """A position on the road."""
    return Point(47.0, 4.0 + km / 100)


def vehicle(name: str = "v1", seats: int = 4, wheelchairs: int = 1, km: int = 0) -> Vehicle:
    return Vehicle(name, name, seats, wheelchairs, at_km(km))


def request(name: str, a_km: int, z_km: int, at_s: int, seats: int = 1, wheelchairs: int = 0, wait_s: int = 1200,
            more_s: int = 600) -> Request:  # fmt: skip
    """Somebody from one kilometre to another, with a promise of the ruler's direct time and `more_s`."""
    ride = abs(z_km - a_km) * 60 + more_s
    promise = Promise(at_s, at_s + wait_s, ride, at_s + wait_s + 60 + ride)
    return Request(name, at_km(a_km), at_km(z_km), promise, seats, wheelchairs)
