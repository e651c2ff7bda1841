"""nigiri, through pynigiri 0.1.5, as rival and oracle of the planner.

    python -m tests.benchmarks.nigiri_peer FOLDER --date 2025-03-18 --queries 500 --seed 1
    python -m tests.benchmarks.nigiri_peer FOLDER --date 2025-03-18 --pairs PAIRS.json > FRONTS.json

FOLDER is a comparison feed (`tests.benchmarks.feedwriter`). PAIRS.json is a list of `[from stop_id, to stop_id,
minutes since 1970]`; FRONTS.json the list of their fronts, each a list of `[departure, arrival, changes]` in minutes
since 1970.

Loaded with link distance 0 and a default zone; asked with exact match, start footpaths on, 7 changes, 1,440 minutes.
Traps of the binding: `Leg.from` is a Python keyword (`getattr`), a journey without a ride is never answered, two
threads gain nothing.
"""

import argparse
import csv
import json
import random
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

CHANGES_MAX = 7
TRAVEL_MIN_MAX = 1440
ZONE = "Europe/Paris"

Front = list[tuple[int, int, int]]  # departure, arrival (minutes since 1970), changes
Pair = tuple[str, str, int]  # from stop_id, to stop_id, minutes since 1970


@dataclass(frozen=True)
class Load:
    """What loading cost: seconds of CPU and of wall clock, and resident memory after it in MB."""

    cpu_s: float
    wall_s: float
    rss_mb: float


def resident_mb() -> float:
    """Resident memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


class Nigiri:
    """A loaded comparison feed."""

    def __init__(self, folder: Path, day: date, days_around: int = 2) -> None:
        import pynigiri

        self._ng = pynigiri
        config = pynigiri.LoaderConfig()
        config.link_stop_distance = 0
        config.default_tz = ZONE
        first, last = day - timedelta(days=days_around), day + timedelta(days=days_around + 1)
        cpu, wall = time.process_time(), time.perf_counter()
        source = pynigiri.TimetableSource("feed", str(folder), config)
        self.timetable = pynigiri.load_timetable([source], first.isoformat(), last.isoformat())
        self.load = Load(time.process_time() - cpu, time.perf_counter() - wall, resident_mb())
        self._locations: dict[str, Any] = {}

    def location(self, stop_id: str) -> Any:
        found = self._locations.get(stop_id)
        if found is None:
            found = self._locations[stop_id] = self.timetable.find_location(stop_id)
        return found

    def query(self, origin: str, destination: str, at_min: int, changes_max: int = CHANGES_MAX) -> Any:
        """A query leaving at `at_min` (minutes since 1970) at the earliest."""
        query = self._ng.Query()
        query.start_time = at_min
        query.start = [self._ng.Offset(self.location(origin), 0, 0)]
        query.destination = [self._ng.Offset(self.location(destination), 0, 0)]
        query.start_match_mode = query.dest_match_mode = self._ng.LocationMatchMode.EXACT
        query.use_start_footpaths = True
        query.max_transfers = changes_max
        query.max_travel_time = TRAVEL_MIN_MAX
        return query

    def route(self, query: Any) -> list[Any]:
        """The journeys nigiri answers."""
        return list(self._ng.route(self.timetable, query))

    def front(self, origin: str, destination: str, at_min: int, changes_max: int = CHANGES_MAX) -> Front:
        """The Pareto front (departure, arrival, changes), in order of changes."""
        journeys = self.route(self.query(origin, destination, at_min, changes_max))
        return sorted(
            ((j.departure_time(), j.arrival_time(), j.transfers) for j in journeys), key=lambda j: (j[2], j[1])
        )

    def legs(self, origin: str, destination: str, at_min: int) -> list[list[tuple[str, str, int, int]]]:
        """Each journey's legs: names of both ends, departure and arrival in minutes since 1970; for explaining a
        difference."""
        name = self.timetable.get_location_name
        return [
            [(name(getattr(leg, "from")), name(leg.to), leg.dep_time, leg.arr_time) for leg in journey.legs]
            for journey in self.route(self.query(origin, destination, at_min))
        ]


def random_pairs(folder: Path, day: date, count: int, seed: int) -> list[Pair]:
    """Random pairs of distinct stops of the feed, leaving between 06:00 and 18:59 UTC-wise of the day in France."""
    from zoneinfo import ZoneInfo

    with (folder / "stops.txt").open(encoding="utf-8", newline="") as stream:
        stops = [row["stop_id"] for row in csv.DictReader(stream)]
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE)).astimezone(UTC).timestamp()) // 60
    chance = random.Random(seed)
    pairs: list[Pair] = []
    while len(pairs) < count:
        origin, destination = chance.choice(stops), chance.choice(stops)
        if origin != destination:
            pairs.append((origin, destination, midnight + chance.randrange(6 * 60, 19 * 60)))
    return pairs


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; `share` between 0 and 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def measure(peer: Nigiri, pairs: Sequence[Pair]) -> dict[str, float]:
    """CPU milliseconds of each query (the binding's own objects are made before the clock starts), after ten to warm
    up."""
    queries = [peer.query(*pair) for pair in pairs]
    for query in queries[:10]:
        peer.route(query)
    spent: list[float] = []
    found = 0
    for query in queries:
        start = time.thread_time()
        journeys = peer.route(query)
        spent.append((time.thread_time() - start) * 1000)
        found += bool(journeys)
    return {
        "queries": len(spent),
        "answered": found,
        "mean_ms": round(sum(spent) / len(spent), 3),
        "p50_ms": round(percentile(spent, 0.5), 3),
        "p90_ms": round(percentile(spent, 0.9), 3),
        "p99_ms": round(percentile(spent, 0.99), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description="nigiri on a comparison feed: its figures, or its fronts for given pairs."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--date", type=date.fromisoformat, required=True)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pairs", type=Path, help="JSON list of [from, to, minutes since 1970]; answers their fronts")
    options = parser.parse_args()
    peer = Nigiri(options.folder, options.date)
    if options.pairs:
        pairs = json.loads(options.pairs.read_text(encoding="utf-8"))
        json.dump([peer.front(*pair) for pair in pairs], sys.stdout)
        return
    pairs = random_pairs(options.folder, options.date, options.queries, options.seed)
    print(json.dumps({"load": vars(peer.load), **measure(peer, pairs)}))


if __name__ == "__main__":
    main()
