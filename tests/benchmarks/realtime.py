"""Realtime: 2,000 TripUpdates laid over a country's timetable, and what searches cost when a trip in ten is late.

    python -m tests.benchmarks.realtime [--data FEED.zip --date D] [--seed N] [--queries N]

Times are CPU of the thread. The rival is ourselves without realtime, in the same run: the same pairs, on the planned
timetable. `apply`: from the bytes of the message to the timetable of today.
"""

import argparse
import os
import random
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from tests.benchmarks.measures import Measure, line, percentile

ZONE = "Europe/Paris"
UPDATES = 2_000
APPLY_MS_GOAL, QUERY_RATIO_GOAL = 400.0, 1.4


def main(arguments: list[str] | None = None) -> int:
    """Print a line a measure; 3 when a goal is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--date", type=date.fromisoformat, default=date(2026, 3, 17))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--cap-s", type=float, default=0.0, help="as every benchmark takes it; not needed here")
    given = parser.parse_args(arguments)
    path = given.data or Path(os.environ["MOBIGO_REALDATA"]) / "bench/merged-fr.zip"
    measures = _measured(path, given.date, given.seed, given.queries)
    for measure in measures:
        sys.stdout.write(line(measure) + "\n")
    return 0 if all(measure.ok for measure in measures) else 3


def _measured(path: Path, day: date, seed: int, queries: int) -> list[Measure]:
    from mobigo.network.engine.compile import CompileInput, compile_feeds
    from mobigo.network.engine.realtime.matching import FeedIndex, match
    from mobigo.network.engine.realtime.overlay import overlaid
    from mobigo.network.gateway.gtfs import read_feed
    from mobigo.network.gateway.gtfs_realtime import read
    from mobigo.planner.engine.search import Searcher

    table = compile_feeds([CompileInput("feed", read_feed(path))], ZONE, "bench")
    chance = random.Random(seed)
    running = [row for row in range(len(table.trip_route)) if table.runs_on(int(table.trip_days[row]), day)]
    ids = list(table.trip_id)

    def applied(rows: list[int]):  # type: ignore[no-untyped-def]  # an Overlay
        return overlaid(table, match(FeedIndex(table, 0), [read(_message(ids, rows, day, chance))]).changes)

    picked = chance.sample(running, min(UPDATES, len(running)))
    applied(picked[:10])  # the kernels are compiled
    data = _message(ids, picked, day, chance)
    spent = []
    for _ in range(5):
        started = time.thread_time()
        matched = match(FeedIndex(table, 0), [read(data)])
        overlaid(table, matched.changes)
        spent.append((time.thread_time() - started) * 1000)
    late = applied(chance.sample(running, len(running) // 10))
    plain, today = Searcher(table), Searcher(late.timetable)
    served = np.unique(table.visit_stop)
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE)).astimezone(UTC).timestamp())
    pairs = [
        (int(chance.choice(served)), int(chance.choice(served)), midnight + chance.randint(6, 18) * 3600)
        for _ in range(queries)
    ]
    ends = [(plain.linked([a], True), plain.linked([b], False), at_s) for a, b, at_s in pairs]
    for searcher in (plain, today):
        searcher.one(*ends[0])
    own: list[float] = []
    planned: list[float] = []
    for a, b, at_s in ends:
        for searcher, out in ((plain, planned), (today, own)):
            started = time.thread_time()
            searcher.one(a, b, at_s)
            out.append((time.thread_time() - started) * 1000)
    return [
        Measure("realtime/apply-2000", min(spent), "CPU ms", APPLY_MS_GOAL),
        Measure(
            "realtime/query-10pct-late", sum(own) / len(own), "CPU ms", QUERY_RATIO_GOAL, sum(planned) / len(planned),
            "the planned timetable",
        ),
        Measure(
            "realtime/query-10pct-late-p99", percentile(own, 0.99), "CPU ms", QUERY_RATIO_GOAL,
            percentile(planned, 0.99), "the planned timetable",
        ),
    ]  # fmt: skip


def _message(ids: list[str], rows: list[int], day: date, chance: random.Random) -> bytes:
    """One trip in twenty is cancelled; the others are late, from their first call on, by up to a quarter of an hour."""
    from google.transit import gtfs_realtime_pb2 as pb

    feed = pb.FeedMessage()
    feed.header.gtfs_realtime_version = "2.0"
    feed.header.timestamp = 1
    for row in rows:
        update = feed.entity.add(id=str(row)).trip_update
        update.trip.trip_id, update.trip.start_date = ids[row], f"{day:%Y%m%d}"
        if chance.random() < 0.05:
            update.trip.schedule_relationship = 3
        else:
            update.delay = chance.randint(0, 15) * 60
    data: bytes = feed.SerializeToString()
    return data


if __name__ == "__main__":
    sys.exit(main())
