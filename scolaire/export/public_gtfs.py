"""The services open to everybody as a GTFS that the public may have. It stops only where the privacy gate says so, and
its times are whole minutes: doors that stay open a little longer for each pupil would tell how many they are.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final

from mobigo.base.servicetime import format_service_time
from mobigo.network.export.archive import zip_bytes
from scolaire.export.gtfs import AGENCY, OPEN, Publisher, csv_rows, short_name
from scolaire.export.opendata import Run
from scolaire.model.demand import Direction
from scolaire.rules.halves import Passing

MINUTE_S: Final = 60
Shown = Callable[[str, int], bool]  # circuit, rank of the place on it → may it be named


def public_gtfs(runs: Iterable[Run], publisher: Publisher, shown: Shown, *, contact: str = "") -> bytes | None:
    """The feed of the open services among these. A service left with fewer than two places is not in it; None when
    none is left. The same facts give the same bytes; the feed's version is made of its content."""
    kept = [(run, places) for run in runs if (places := _places(run, shown))]
    if not kept:
        return None
    kept.sort(key=lambda each: each[0].id)
    days = sorted({day for run, _ in kept for day in run.days})
    sites = {(each.place, each.id): _site(run, each) for run, places in kept for _rank, each in places}
    tables: dict[str, Iterable[Sequence[object]]] = {
        "agency": [
            ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang", "agency_phone"),
            (AGENCY, publisher.name, publisher.url, "Europe/Paris", "fr", publisher.phone),
        ],
        "stops": [
            ("stop_id", "stop_name", "stop_lat", "stop_lon"),
            *((f"{place}:{name}", *site) for (place, name), site in sorted(sites.items())),
        ],
        "routes": [
            ("route_id", "agency_id", "route_short_name", "route_long_name", "route_type"),
            *((run.id, AGENCY, short_name(run.circuit.id), _name(run, places), OPEN) for run, places in kept),
        ],
        "trips": [
            ("route_id", "service_id", "trip_id", "trip_headsign", "direction_id"),
            *((run.id, _service(run), run.id, _site(run, places[-1][1])[0], _direction(run)) for run, places in kept),
        ],
        "stop_times": [
            ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "timepoint"),
            *(row for run, places in kept for row in _times(run, places)),
        ],
        "calendar_dates": [("service_id", "date", "exception_type"), *_days(run for run, _ in kept)],
    }
    files = {f"{name}.txt": csv_rows(rows) for name, rows in tables.items()}
    version = sha256(b"\0".join(files[name] for name in sorted(files))).hexdigest()[:12]
    files["feed_info.txt"] = csv_rows(
        [
            ("feed_publisher_name", "feed_publisher_url", "feed_lang", "feed_start_date", "feed_end_date",
             "feed_version", "feed_contact_email", "feed_contact_url"),
            (publisher.name, publisher.url, "fr", f"{days[0]:%Y%m%d}", f"{days[-1]:%Y%m%d}", version, contact,
             publisher.url),
        ]
    )  # fmt: skip
    return zip_bytes(files)


def _places(run: Run, shown: Shown) -> list[tuple[int, Passing]]:
    """The places of an open service that may be named, with their ranks; none when they make no trip."""
    if run.circuit.id not in run.held.open_services or not run.days:
        return []
    places = [(rank, each) for rank, each in enumerate(run.told, 1) if shown(run.id, rank)]
    return places if len({(each.place, each.id) for _, each in places}) > 1 else []


def _site(run: Run, place: Passing) -> tuple[str, str, str]:
    demand = run.held.demand
    site = demand.stop_of[place.id] if place.place == "stop" else demand.school_of[place.id]
    return site.name, f"{site.at.lat:.5f}", f"{site.at.lon:.5f}"


def _name(run: Run, places: Sequence[tuple[int, Passing]]) -> str:
    first, last = places[0][1], places[-1][1]
    return f"{_site(run, first)[0]} – {_site(run, last)[0]}"


def _service(run: Run) -> str:
    """Plans keep their own days: two sectors may be of two holiday zones. So does a service that has a day without a
    coach: nobody waits for it then."""
    name = f"{run.held.plan_id}:{run.half.id}"
    return name if run.days == tuple((run.held.days or {})[run.half.id]) else f"{name}:{run.id}"


def _direction(run: Run) -> int:
    return int(run.half.direction is Direction.FROM)


def _times(run: Run, places: Sequence[tuple[int, Passing]]) -> Iterable[Sequence[object]]:
    """The minute in which the doors open: whoever is there then misses nothing. The last place is reached by the end
    of the minute."""
    last = places[-1][0]
    for order, (rank, each) in enumerate(places, 1):
        seconds = each.arrives_ms // 1000
        minute = -(-seconds // MINUTE_S) if rank == last else seconds // MINUTE_S
        told = format_service_time(minute * MINUTE_S)
        yield run.id, told, told, f"{each.place}:{each.id}", order, 0


def _days(runs: Iterable[Run]) -> list[Sequence[object]]:
    services = {_service(run): run.days for run in runs}
    return [(name, f"{day:%Y%m%d}", 1) for name in sorted(services) for day in sorted(services[name])]
