"""Services as GTFS. Those that carry pupils alone are of route type 712 (school bus) and stay in a feed of their own,
which is never part of what is published for travellers; those open to everybody are of type 713 (school and public).

School days are written one by one (calendar_dates): no rule of weekdays survives holidays.
"""

import csv
import hashlib
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from mobigo.base.servicetime import format_service_time
from mobigo.network.export.archive import zip_bytes
from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand
from scolaire.model.plan import Circuit
from scolaire.model.problem import Problem
from scolaire.model.running import Changes, OtherCoach, trip_of
from scolaire.rules.doubling import only
from scolaire.rules.halves import Passing, passings, problems_of

CLOSED: Final = 712
OPEN: Final = 713
AGENCY: Final = "mobigo-scolaire"
# A closed service passes where children wait at a known hour: it is for those who carry them.
PRIVACY_POLICY: Final = "closed services are not published; open ones are public timetables, no pupil is in them"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who answers for the feed."""

    name: str
    url: str
    phone: str = ""


class Trip(NamedTuple):
    """A service as one coach drives it on some days. `other`: the coach that replaces the planned one, or doubles it
    (`added`)."""

    half: str
    circuit: Circuit
    days: tuple[date, ...]
    calendar: str
    other: OtherCoach | None
    added: bool = False

    @property
    def id(self) -> str:
        """Its name in the feed."""
        return trip_of(self.circuit.id, "" if self.other is None else self.other.id)


def school_gtfs(
    plan: DayPlan, demand: Demand, days: Mapping[str, Sequence[date]], publisher: Publisher, *, version: str,
    open_services: Collection[str] = (), closed: bool = True, changes: Mapping[str, Changes] | None = None,
) -> bytes:  # fmt: skip
    """The feed of the closed services, or of the open ones. `days`: by half-day, the days it runs; `changes`: by
    service, the days on which it does not, and those on which another coach drives it, which is a trip of its own. The
    same facts give the same bytes."""
    problems = problems_of(demand, plan)
    trips = [
        trip
        for half in plan.halves
        for circuit in plan.halves[half].circuits
        if (circuit.id in open_services) is not closed
        for trip in trips_of(half, circuit, days.get(half, ()), (changes or {}).get(circuit.id))
    ]
    told = {trip.id: passings(_driven(trip, problems[trip.half]), problems[trip.half]) for trip in trips}
    circuits: dict[str, Trip] = {}
    for trip in trips:  # an added coach comes last: a route is named by the whole service
        circuits.setdefault(trip.circuit.id, trip)
    places = sorted({(each.place, each.id) for some in told.values() for each in some})
    blocks = {name: block.id for each in plan.halves.values() for block in each.blocks for name in block.circuits}
    calendars = {trip.calendar: trip.days for trip in trips}
    files: dict[str, Iterable[Sequence[object]]] = {
        "agency": [
            ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang", "agency_phone"),
            (AGENCY, publisher.name, publisher.url, "Europe/Paris", "fr", publisher.phone),
        ],
        "feed_info": [
            ("feed_publisher_name", "feed_publisher_url", "feed_lang", "feed_version"),
            (publisher.name, publisher.url, "fr", version),
        ],
        "stops": [("stop_id", "stop_name", "stop_lat", "stop_lon"), *(_stop(demand, *each) for each in places)],
        "routes": [
            ("route_id", "agency_id", "route_short_name", "route_long_name", "route_type"),
            *(_route(demand, each.circuit, told[each.id], CLOSED if closed else OPEN) for each in circuits.values()),
        ],
        "trips": [
            ("route_id", "service_id", "trip_id", "trip_headsign", "trip_short_name", "direction_id", "block_id",
             "wheelchair_accessible"),
            *(_trip(demand, trip, told[trip.id], problems[trip.half], blocks) for trip in trips),
        ],
        "stop_times": [
            ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "pickup_type", "drop_off_type"),
            *(row for trip in trips for row in _times(trip.id, told[trip.id], problems[trip.half])),
        ],
        "calendar_dates": [
            ("service_id", "date", "exception_type"),
            *((name, day.strftime("%Y%m%d"), 1) for name in sorted(calendars) for day in calendars[name]),
        ],
    }  # fmt: skip
    return zip_bytes({f"{name}.txt": csv_rows(rows) for name, rows in files.items()})


def trips_of(half: str, circuit: Circuit, days: Sequence[date], changes: Changes | None) -> list[Trip]:
    """A service on its days: one trip where all is as planned; else what is left of it, and one for each other coach.
    Of two coaches for one day, the later one drives; one that doubles it drives beside. None that never runs."""
    if changes is None:
        return [Trip(half, circuit, tuple(days), half, None)] if days else []
    left = [day for day in days if day not in changes.no_run]
    driven = {day: coach for coach in changes.coaches for day in coach.days}
    usual = tuple(day for day in left if day not in driven)
    found = [Trip(half, circuit, usual, f"{half}:{circuit.id}", None)] if usual else []
    for coach in changes.coaches:
        theirs = tuple(day for day in left if driven.get(day) == coach)
        if theirs:
            found.append(Trip(half, circuit, theirs, f"{half}:{trip_of(circuit.id, coach.id)}", coach))
    for coach in changes.added:
        theirs = tuple(day for day in left if day in coach.days)
        if theirs:
            found.append(Trip(half, circuit, theirs, f"{half}:{trip_of(circuit.id, coach.id)}", coach, added=True))
    return found


def _driven(trip: Trip, problem: Problem) -> Circuit:
    return only(trip.circuit, trip.other.stops, problem) if trip.other is not None and trip.added else trip.circuit


def _id(place: str, name: str) -> str:
    return f"{place}:{name}"


def _stop(demand: Demand, place: str, name: str) -> Sequence[object]:
    site = demand.stop_of[name] if place == "stop" else demand.school_of[name]
    return _id(place, name), site.name, f"{site.at.lat:.5f}", f"{site.at.lon:.5f}"


def _school(demand: Demand, told: Sequence[Passing]) -> str:
    names = [demand.school_of[each.id].name for each in told if each.place == "school"]
    return " / ".join(dict.fromkeys(names))


def _route(demand: Demand, circuit: Circuit, told: Sequence[Passing], kind: int) -> Sequence[object]:
    return circuit.id, AGENCY, short_name(circuit.id), _school(demand, told), kind


def short_name(service: str) -> str:
    """A short number for a service, made from its name: the same each time."""
    return f"S{int(hashlib.sha256(service.encode()).hexdigest()[:8], 16) % 100_000:05}"


def _trip(
    demand: Demand, trip: Trip, told: Sequence[Passing], problem: Problem, blocks: Mapping[str, str]
) -> Sequence[object]:
    last = told[-1]
    site = demand.stop_of[last.id] if last.place == "stop" else demand.school_of[last.id]
    name = trip.circuit.id
    if trip.other is None:
        return name, trip.calendar, trip.id, site.name, "", int(problem.mirrored), f"{trip.half}:{blocks[name]}", ""
    shown = f"{'doublage' if trip.added else 'remplacement'} {trip.other.shown}".strip()
    rolling = 1 if trip.other.wheelchairs else 2
    return name, trip.calendar, trip.id, site.name, shown, int(problem.mirrored), "", rolling


def _times(trip: str, told: Sequence[Passing], problem: Problem) -> Iterable[Sequence[object]]:
    for order, each in enumerate(told, 1):
        on_here = (each.place == "stop") is not problem.mirrored
        first, last = order == 1, order == len(told)
        arrives, leaves = (format_service_time(ms // 1000) for ms in (each.arrives_ms, each.leaves_ms))
        arrives, leaves = (leaves, leaves) if first else (arrives, arrives) if last else (arrives, leaves)
        yield trip, arrives, leaves, _id(each.place, each.id), order, 0 if on_here else 1, 1 if on_here else 0


def csv_rows(rows: Iterable[Sequence[object]]) -> bytes:
    """A table of a feed: UTF-8, CRLF."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode("utf-8")
