"""The journeys of a benchmark, re-checked from the raw files after the clock stopped: a fast wrong answer is worthless.

The judge is `tests.oracles.validator`, which shares no code with the engine. Of a large feed only the trips ridden, and
those of the same vehicles, are read: no other has a say in whether a journey is possible.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mobigo.network.model.timetable import Timetable
from mobigo.planner.model import Journey, Query
from tests.benchmarks.measures import Measure
from tests.oracles.spec import Rules, World
from tests.oracles.validator import Validator

SHOWN = 3  # faults told in the note


def check(
    case: str, timetable: Timetable, feed: str, raw: Path, answered: Sequence[tuple[Journey, Query]], rules: Rules
) -> Measure:
    """How many of the journeys answered have a fault; the goal is none. `raw` is the feed, a folder or a zip."""
    ridden = {
        str(timetable.trip_id[trip]) for journey, _ in answered for ride in journey.rides for trip, _ in ride.trips
    }
    judge = Validator(timetable, {feed: World(_files(raw, ridden), rules)})
    wrong = [fault for journey, query in answered if (fault := judge.faults(journey, query))]
    told = "".join(f"; {fault[0]}" for fault in wrong[:SHOWN])
    note = f"{len(answered)} journeys re-checked from the raw CSV, {len(wrong)} with a fault{told}"
    return Measure(f"planner/{case}", len(wrong), "faults", 0, note=note)


def _files(raw: Path, ridden: set[str]) -> dict[str, str]:
    """The files of a feed as text, without shapes; of trips and their stop times only those that matter."""
    if raw.is_dir():
        texts = {path.name: path.read_text("utf-8-sig") for path in raw.glob("*.txt") if path.name != "shapes.txt"}
    else:
        with zipfile.ZipFile(raw) as archive:
            names = [name for name in archive.namelist() if name.endswith(".txt") and name != "shapes.txt"]
            texts = {name: archive.read(name).decode("utf-8-sig") for name in names}
    trips = list(csv.DictReader(io.StringIO(texts["trips.txt"])))
    vehicles = {trip.get("block_id") for trip in trips if trip["trip_id"] in ridden} - {None, ""}
    wanted = ridden | {trip["trip_id"] for trip in trips if trip.get("block_id") in vehicles}
    for name in ("trips.txt", "stop_times.txt", "frequencies.txt"):
        if name in texts:
            texts[name] = _only(texts[name], wanted)
    return texts


def _only(text: str, wanted: set[str]) -> str:
    """The rows of the trips wanted."""
    given = csv.reader(io.StringIO(text))
    header = next(given)
    column = header.index("trip_id")
    out = io.StringIO()
    csv.writer(out).writerows(_rows(header, given, column, wanted))
    return out.getvalue()


def _rows(header: list[str], given: Iterable[list[Any]], column: int, wanted: set[str]) -> Iterable[list[Any]]:
    yield header
    yield from (row for row in given if row and row[column] in wanted)
