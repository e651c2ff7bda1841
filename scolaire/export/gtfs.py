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
from typing import Final

from mobigo.base.servicetime import format_service_time
from mobigo.network.export.archive import zip_bytes
from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand
from scolaire.model.plan import Circuit
from scolaire.model.problem import Problem
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


def school_gtfs(
    plan: DayPlan, demand: Demand, days: Mapping[str, Sequence[date]], publisher: Publisher, *, version: str,
    open_services: Collection[str] = (), closed: bool = True,
) -> bytes:  # fmt: skip
    """The feed of the closed services, or of the open ones. `days`: by half-day, the days it runs. The same plan gives
    the same bytes."""
    problems = problems_of(demand, plan)
    wanted = [
        (half, circuit, problems[half])
        for half in plan.halves
        for circuit in plan.halves[half].circuits
        if (circuit.id in open_services) is not closed and days.get(half)
    ]
    told = {circuit.id: passings(circuit, problem) for _, circuit, problem in wanted}
    places = sorted({(each.place, each.id) for some in told.values() for each in some})
    blocks = {name: block.id for each in plan.halves.values() for block in each.blocks for name in block.circuits}
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
            *(_route(demand, circuit, told[circuit.id], CLOSED if closed else OPEN) for _, circuit, _ in wanted),
        ],
        "trips": [
            ("route_id", "service_id", "trip_id", "trip_headsign", "direction_id", "block_id"),
            *(_trip(demand, half, c, told[c.id], p, blocks) for half, c, p in wanted),
        ],
        "stop_times": [
            ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "pickup_type", "drop_off_type"),
            *(row for half, circuit, p in wanted for row in _times(circuit, told[circuit.id], p)),
        ],
        "calendar_dates": [
            ("service_id", "date", "exception_type"),
            *((half, day.strftime("%Y%m%d"), 1) for half in sorted({each[0] for each in wanted}) for day in days[half]),
        ],
    }
    return zip_bytes({f"{name}.txt": csv_rows(rows) for name, rows in files.items()})


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
    demand: Demand, half: str, circuit: Circuit, told: Sequence[Passing], problem: Problem, blocks: Mapping[str, str]
) -> Sequence[object]:
    last = told[-1]
    site = demand.stop_of[last.id] if last.place == "stop" else demand.school_of[last.id]
    return circuit.id, half, circuit.id, site.name, int(problem.mirrored), f"{half}:{blocks[circuit.id]}"


def _times(circuit: Circuit, told: Sequence[Passing], problem: Problem) -> Iterable[Sequence[object]]:
    for order, each in enumerate(told, 1):
        on_here = (each.place == "stop") is not problem.mirrored
        first, last = order == 1, order == len(told)
        arrives, leaves = (format_service_time(ms // 1000) for ms in (each.arrives_ms, each.leaves_ms))
        arrives, leaves = (leaves, leaves) if first else (arrives, arrives) if last else (arrives, leaves)
        yield (
            circuit.id, arrives, leaves, _id(each.place, each.id), order, 0 if on_here else 1, 1 if on_here else 0,
        )  # fmt: skip


def csv_rows(rows: Iterable[Sequence[object]]) -> bytes:
    """A table of a feed: UTF-8, CRLF."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode("utf-8")
