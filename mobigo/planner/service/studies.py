"""Studies of planners, long enough to be jobs: a scenario compared with what runs, and matrices of travel times."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO
from zoneinfo import ZoneInfo

import numpy as np
import orjson

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.infra.db import reading
from mobigo.network.model.live import LiveNetwork
from mobigo.network.service.importing import Tools
from mobigo.network.service.scenarios import both_networks
from mobigo.network.store import scenarios
from mobigo.planner.export import compared as told
from mobigo.planner.export import matrices, names
from mobigo.planner.gateway.territory import Territory, load_opportunities, load_territory
from mobigo.planner.model import Endpoint
from mobigo.planner.rules.points import Named, read_points
from mobigo.planner.service.compared import both_areas, compared, cost
from mobigo.planner.service.everywhere import Window, check_size, matrix

COMPARISON_KEEP_DAYS: Final = 180
MATRIX_KEEP_DAYS: Final = 7
Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class StudyHours:
    """When one leaves: a day, the first and the last departure of it ("HH:MM"), and how far apart they are."""

    day: date
    since: str
    until: str
    step_min: int = 10

    def window(self, zone: ZoneInfo) -> Window:
        """The same as instants. Raises InvalidInput for an hour that is none."""
        ends = []
        for text in (self.since, self.until):
            try:
                ends.append(datetime.combine(self.day, time.fromisoformat(text), zone))
            except ValueError:
                raise InvalidInput("planner.hour_unreadable", hour=text[:20]) from None
        return Window(ends[0], ends[1], self.step_min)

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "StudyHours":
        """Of a job's parameters."""
        return cls(date.fromisoformat(str(params["day"])), str(params["since"]), str(params["until"]),
                   int(params["step_min"]))  # fmt: skip


def compare(
    tools: Tools,
    scenario_id: str,
    hours: StudyHours,
    place: Endpoint,
    minutes: int,
    now: datetime,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The comparison of a scenario with what runs, as a document (`export.compared`): what communes reach, what it
    takes to run, the areas reached from `place` within `minutes`. Raises NotFound, InvalidInput or Refused."""
    tell = progress or (lambda done, total, text: None)
    with reading(tools.engine) as session:
        scenario = scenarios.get(session, scenario_id)
    edits = [(each.number, each.edit) for each in scenario.in_force]
    tell(0, None, "compilation")
    both = both_networks(tools, edits, now, progress)
    zone = ZoneInfo(both.before.timetable.zone)
    window, territory = hours.window(zone), load_territory(tools.config.home)
    others = load_opportunities(tools.config.home)
    found = compared(
        both.before, both.after, territory.communes, others, window,
        lambda done, total: tell(done, total, "communes"),
    )  # fmt: skip
    costs = cost(both.before, both.after, hours.day)
    drawn = both_areas(both.before, both.after, place, window, minutes)
    tables = both.before.timetable, both.after.timetable
    return {
        "format": told.FORMAT, "scenario": scenario.id, "name": scenario.name, "edits": [number for number, _ in edits],
        "day": hours.day.isoformat(), "since": hours.since, "until": hours.until, "step_min": hours.step_min,
        "runs_on_day": all(each.first_day <= hours.day <= each.last_day for each in tables),
        "place": place.name, "minutes": minutes, "made_at": now.isoformat(),
        "before": both.before.hash, "after": both.after.hash, "access": told.access_json(found),
        "cost": told.cost_json(
            (costs.day_before, costs.day_after), (costs.all_before, costs.all_after), costs.first_day, costs.last_day
        ),
        "areas": told.areas_drawn(*drawn, territory.outlines),
    }  # fmt: skip


def comparison_bytes(document: Mapping[str, Any]) -> bytes:
    """The document as it is kept."""
    return orjson.dumps(document)


# ---------------------------------------------------------------- matrices


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a matrix: as the file names it, and where one sets out from."""

    named: Named
    endpoint: Endpoint


def places_for(
    network: LiveNetwork, territory: Territory, spec: Mapping[str, Any], points: bytes | None
) -> list[Place]:
    """The places that a specification means: {"kind": "communes", "department": "21"} (their centres; "" for all),
    {"kind": "line", "line": "feed:route_id"} (its stops), {"kind": "points"} (those of the CSV `points`). Raises
    InvalidInput("planner.…")."""
    kind = spec.get("kind")
    if kind == "communes":
        wanted = str(spec.get("department") or "")
        found = [
            Named(each.insee, each.name, each.lat, each.lon)
            for each in territory.communes
            if each.insee.startswith(wanted)
        ]
    elif kind == "points" and points is not None:
        found = read_points(points)
    elif kind == "line":
        return _stops_of(network, str(spec.get("line") or ""))
    else:
        raise InvalidInput("planner.matrix_unknown_places", kind=str(kind)[:40])
    return [Place(each, Endpoint(each.name, Point(each.lat, each.lon))) for each in found]


def _stops_of(network: LiveNetwork, line: str) -> list[Place]:
    row = names.line_rows(network).get(line)
    if row is None:
        raise InvalidInput("planner.unknown_line", line=line[:80])
    t = network.timetable
    trips = np.flatnonzero(t.trip_route == row)
    calls = [t.visit_stop[t.trip_visit_start[trip] : t.trip_visit_start[trip + 1]] for trip in trips.tolist()]
    stops = np.unique(np.concatenate(calls)).tolist() if calls else []
    return [
        Place(
            Named(names.feed_stop_id(t, stop), t.stop_name[stop], float(t.stop_lat[stop]), float(t.stop_lon[stop])),
            Endpoint(t.stop_name[stop], None, (stop,)),
        )
        for stop in stops
    ]


def write_matrix(
    network: LiveNetwork,
    origins: Sequence[Place],
    destinations: Sequence[Place],
    hours: StudyHours,
    out: TextIO,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the matrix as CSV to `out`, a row a pair; how many. Raises InvalidInput for what is too large, before a row
    is written."""
    window = hours.window(ZoneInfo(network.timetable.zone))
    check_size(len(origins), len(destinations), window)
    matrices.begin(out)
    named, ends = [each.named for each in destinations], [each.endpoint for each in destinations]
    rows = matrix(network, [each.endpoint for each in origins], ends, window)
    for n, (origin, (best, median)) in enumerate(zip(origins, rows, strict=True)):
        if progress is not None:
            progress(n, len(origins))
        matrices.write_row(out, origin.named, named, best, median)
    return len(origins) * len(destinations)


@contextmanager
def written(write: Callable[[TextIO], int]) -> Iterator[tuple[BinaryIO, int]]:
    """What `write` writes and tells (its rows), as a file to read: UTF-8 with its mark, as spreadsheets want it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "matrix.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            rows = write(out)
        with path.open("rb") as file:
            yield file, rows
