"""The facts of the demonstration territory, read from `fixtures/` (README.md there says where each comes from).

Nothing is invented here: the times of runs are written in `lines/*.toml`, the feeds are made of them in `territory`.
"""

import csv
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.geo import Point
from mobigo.base.periods import Period


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune of the region; `point` lies inside it, not always in its centre."""

    code: str
    name: str
    departement: str
    point: Point
    population: int


@dataclass(frozen=True, slots=True)
class StopFact:
    """A place where vehicles stop: its id in the feed, and GTFS's wheelchair_boarding (0 unknown, 1 yes, 2 no)."""

    id: str
    name: str
    point: Point
    wheelchair: int
    commune: str = ""  # INSEE code, for the stop of a village


@dataclass(frozen=True, slots=True)
class Call:
    """One place of a line: minutes from its first stop (None: to be spread), and who may use it on the way there."""

    place: str
    minutes: float | None
    pickup_only: bool = False
    drop_off_only: bool = False


@dataclass(frozen=True, slots=True)
class Runs:
    """Departures of a line on a set of days, in seconds of the service day, over the whole line or a part of it."""

    days: str
    departures_s: tuple[int, ...]
    first: str | None = None
    last: str | None = None
    skip: frozenset[str] = frozenset()
    block: str = ""
    headway_s: int = 0  # of a frequency; then departures_s holds the first and the last
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line as written: its places in the order of the way there, and its runs both ways."""

    id: str
    number: str
    name: str
    mode: str
    color: str
    calls: tuple[Call, ...]
    there: tuple[Runs, ...]
    back: tuple[Runs, ...]
    moved_by: str = ""  # name of the service whose hours are moved by a few minutes for this line


@dataclass(frozen=True)
class Facts:
    """All of it."""

    communes: Sequence[Commune] = field(repr=False)
    stations: Sequence[StopFact] = field(repr=False)
    stops: Mapping[str, Sequence[StopFact]] = field(repr=False)  # by network: coaches, dijon, besancon
    lines: Mapping[str, Sequence[Line]] = field(repr=False)  # by network: ter, coaches, dijon, besancon
    school_holidays: Sequence[Period] = ()


def folder() -> Path:
    """The facts: beside this file in an installed package, `fixtures/` in a clone. Raises NotFound elsewhere."""
    for candidate in (Path(__file__).parent / "fixtures", Path(__file__).parents[3] / "fixtures"):
        if (candidate / "territory" / "communes.csv").is_file():
            return candidate
    raise NotFound("demo.no_facts", folder=str(Path(__file__).parents[3] / "fixtures"))


def load(root: Path | None = None) -> Facts:
    """Every fact. Raises InvalidInput("demo.bad_fact") naming the file and what is wrong in it."""
    base = root or folder()
    territory = base / "territory"
    return Facts(
        communes=[
            Commune(row["code"], row["name"], row["departement"], _point(row), int(row["population"]))
            for row in _rows(territory / "communes.csv")
        ],
        stations=[StopFact(row["uic"], row["name"], _point(row), 0) for row in _rows(territory / "stations.csv")],
        stops={
            network: [
                StopFact(slug(row["name"]), row["name"], _point(row), int(row["wheelchair"]))
                for row in _rows(territory / "stops" / f"{network}.csv")
            ]
            for network in ("coaches", "dijon", "besancon")
        },
        lines={network: load_lines(territory / "lines" / f"{network}.toml") for network in NETWORKS},
        school_holidays=[
            Period(date.fromisoformat(row["first_day"]), date.fromisoformat(row["last_day"]))
            for row in _rows(base / "calendar" / "school-holidays.csv")
        ],
    )


NETWORKS = ("ter", "coaches", "dijon", "besancon")
_MODES = {"ter": "train", "coaches": "coach", "dijon": "bus", "besancon": "bus"}


def load_lines(path: Path) -> list[Line]:
    """The lines of one file. Raises InvalidInput("demo.bad_fact", file, line, reason)."""
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    services = written.get("service", {})
    lines = []
    for entry in written["line"]:
        try:
            service = services[entry["service"]] if "service" in entry else entry
            lines.append(
                Line(
                    id=entry["id"],
                    number=str(entry.get("number", entry["id"])),
                    name=entry["name"],
                    mode=entry.get("mode", _MODES[path.stem]),
                    color=entry["color"],
                    calls=tuple(_calls(entry["stops"])),
                    there=tuple(_runs(written_runs) for written_runs in service["there"]),
                    back=tuple(_runs(written_runs) for written_runs in service["back"]),
                    moved_by=entry.get("service", ""),
                )
            )
        except (KeyError, ValueError) as fault:
            raise InvalidInput("demo.bad_fact", file=path.name, line=entry.get("id", "?"), reason=str(fault)) from fault
    return lines


def slug(name: str) -> str:
    """`"Saulieu, place Monge"` as an id people can type: `saulieu-place-monge`."""
    plain = unicodedata.normalize("NFKD", name.replace("’", "-")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def seconds(hour: str) -> int:
    """`"06:35"` as seconds of the service day; hours may pass 24."""
    hours, minutes = hour.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _calls(text: str) -> Iterator[Call]:
    for written in text.strip().splitlines():
        place, _, minutes = (part.strip() for part in written.partition("|"))
        yield Call(
            place.rstrip("^v").rstrip() if place.endswith((" ^", " v")) else place,
            float(minutes) if minutes else None,
            pickup_only=place.endswith(" ^"),
            drop_off_only=place.endswith(" v"),
        )


def _runs(written: Mapping[str, object]) -> Runs:
    frequency = bool(written.get("frequency"))
    headway_s = 0
    if "every" in written:
        first, last, minutes = str(written["every"]).split()
        headway_s = int(minutes) * 60
        departures = range(seconds(first), seconds(last) + 1, headway_s)
        departures_s = (departures[0], departures[-1]) if frequency else tuple(departures)
    else:
        departures_s = tuple(seconds(hour) for hour in str(written["at"]).split())
    skip = written.get("skip", ())
    return Runs(
        days=str(written["days"]),
        departures_s=departures_s,
        first=str(written["from"]) if "from" in written else None,
        last=str(written["to"]) if "to" in written else None,
        skip=frozenset(skip if isinstance(skip, list) else ()),
        block=str(written.get("block", "")),
        headway_s=headway_s if frequency else 0,
        exact=bool(written.get("exact", False)),
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as opened:
        yield from csv.DictReader(opened)


def _point(row: Mapping[str, str]) -> Point:
    return Point(float(row["lat"]), float(row["lon"]))
