"""A service's document (as it is kept, and as TOML files have it) read into a value, and written back.

Raises InvalidInput("tad.bad_service", fault): the first thing that cannot be, in words for whoever typed it.
"""

from collections.abc import Mapping
from datetime import date, time
from typing import Any, Final

from mobigo.base.canonical import content_hash
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.base.periods import Period
from mobigo.tad.model.services import (
    EVERY_DAY,
    Cutoff,
    CutoffKind,
    NoShows,
    Place,
    Service,
    Terms,
    Vehicle,
    Window,
    Zone,
)

SEATS_MAX: Final = 22  # of a vehicle of public transport driven with a D1 licence: 16; a midibus: 22
AHEAD_DAYS_MAX: Final = 92
Document = Mapping[str, Any]


def service_of(document: Document) -> Service:
    """The service a document says."""
    try:
        return _read(document)
    except InvalidInput:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise InvalidInput("tad.bad_service", fault=f"{type(fault).__name__}: {fault}"[:200]) from None


def _read(document: Document) -> Service:
    terms, booking = document["promise"], document["booking"]
    last = document.get("last_day")
    made = Service(
        code=document["code"],
        name=document["name"],
        operator=document["operator"],
        phone=document["phone"],
        phone_hours=document.get("phone_hours", ""),
        period=Period(_day(document["first_day"]), None if last is None else _day(last)),
        stops=tuple(Place(each["id"], each["name"], _point(each)) for each in document.get("stops", ())),
        zones=tuple(
            Zone(each["id"], each["name"], tuple(Point(float(lat), float(lon)) for lat, lon in each["ring"]))
            for each in document.get("zones", ())
        ),
        windows=tuple(
            Window(_weekdays(each.get("weekdays")), _time(each["since"]), _time(each["until"]))
            for each in document["windows"]
        ),
        vehicles=tuple(
            Vehicle(each["id"], each["name"], int(each["seats"]), int(each.get("wheelchairs", 0)), _point(each))
            for each in document["vehicles"]
        ),
        cutoff=Cutoff(
            CutoffKind(booking["kind"]), int(booking.get("minutes", 0)), int(booking.get("days", 0)),
            _time(booking.get("at", "17:00")), _weekdays(booking.get("weekdays")),
        ),
        ahead_days=int(booking.get("ahead_days", 30)),
        terms=Terms(
            int(terms["wait_min"]) * 60, int(terms["detour_pct"]), int(terms["detour_min"]) * 60,
            int(terms.get("board_s", 60)),
        ),
        # A list: PostgreSQL keeps no order of keys, and the first category is the one proposed.
        fares={str(each["rider"]): Money(int(each["cents"])) for each in document["fares"]},
        no_shows=NoShows(int(document.get("no_shows", 0)), int(document.get("no_show_days", 90))),
        source=document.get("source", ""),
        closed_days=frozenset(_day(each) for each in document.get("closed_days", ())),
        digest=content_hash(document),
    )  # fmt: skip
    _check(made)
    return made


def _check(service: Service) -> None:
    def must(holds: bool, fault: str) -> None:
        if not holds:
            raise InvalidInput("tad.bad_service", fault=fault)

    code = service.code
    must(
        0 < len(code) <= 40 and code.isascii() and code.replace("-", "").isalnum() and code.islower(), f"code : {code}"
    )
    must(bool(service.name) and bool(service.phone), "name, phone")
    must(bool(service.stops) or bool(service.zones), "stops, zones")
    must(len({each.id for each in service.stops} - {""}) == len(service.stops), "stops : id")
    must(all(len(each.ring) >= 3 for each in service.zones), "zones : ring")
    must(bool(service.windows) and all(each.weekdays for each in service.windows), "windows")
    must(bool(service.vehicles), "vehicles")
    must(len({each.id for each in service.vehicles}) == len(service.vehicles), "vehicles : id")
    must(all(1 <= each.seats <= SEATS_MAX and 0 <= each.wheelchairs <= 6 for each in service.vehicles), "seats")
    must(0 <= service.cutoff.minutes <= 1_440 and 0 <= service.cutoff.days <= 30, "booking : minutes, days")
    must(service.cutoff.kind is not CutoffKind.MINUTES or service.cutoff.minutes > 0, "booking : minutes")
    must(bool(service.cutoff.weekdays), "booking : weekdays")
    must(1 <= service.ahead_days <= AHEAD_DAYS_MAX, "ahead_days")
    must(0 < service.terms.wait_s <= 7_200 and 0 <= service.terms.detour_pct <= 300, "promise")
    must(0 <= service.terms.detour_s <= 7_200 and 0 <= service.terms.board_s <= 600, "promise")
    must(bool(service.fares) and all(fare.cents >= 0 for fare in service.fares.values()), "fares")
    must(0 <= service.no_shows.most <= 20 and 1 <= service.no_shows.within_days <= 90, "no_shows")


def _point(given: Document) -> Point:
    return Point(float(given["lat"]), float(given["lon"]))


def _day(given: Any) -> date:
    return given if isinstance(given, date) else date.fromisoformat(given)


def _time(given: Any) -> time:
    return given if isinstance(given, time) else time.fromisoformat(given)


def _weekdays(given: Any) -> frozenset[int]:
    days = EVERY_DAY if given is None else frozenset(int(each) for each in given)
    if not days <= EVERY_DAY:
        raise ValueError("weekdays")
    return days
