"""Differences between two feeds of a million stop times: read from memory, told in GTFS-Diff and in sentences.

    python -m tests.benchmarks.opendata_diff [--data FOLDER] [--seed N] [--cap-s N]

With real data (`--data`, or MOBIGO_REALDATA): the merged French feed, 1.3 million stop times, and the same one in which
one trip in a hundred is gone, one in a hundred later, and all rows are shuffled. The rival is the floor: polars reading
both stop_times tables from CSV and joining them whole by key.
"""

import argparse
import io
import os
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from mobigo.network.export.gtfs import exact
from mobigo.network.gateway.gtfs import read_feed
from mobigo.network.model.feed import FeedTables
from opendata.engine.gtfs_diff import differences
from opendata.engine.gtfs_story import noted, story
from opendata.export.gtfs_diff import diff_bytes
from opendata.service.comparing import compare
from tests.benchmarks.measures import Measure, line


def drawn(trips: int = 50_000, stops: int = 20) -> FeedTables:
    """A feed of so many trips, each calling at so many stops."""
    number = pl.int_range(trips * stops, eager=True)
    trip, place = number // stops, number % stops
    clock = 5 * 3600 + (trip * 37) % 60_000 + place * 240
    text = (clock // 3600).cast(pl.String).str.zfill(2) + ":" + (clock // 60 % 60).cast(pl.String).str.zfill(2) + ":00"
    times = pl.DataFrame(
        {
            "trip_id": "t" + trip.cast(pl.String), "arrival_time": text, "departure_time": text,
            "stop_id": "s" + ((trip * 13 + place) % 6_000).cast(pl.String), "stop_sequence": place.cast(pl.String),
        }
    )  # fmt: skip
    names = pl.int_range(trips, eager=True)
    runs = pl.DataFrame(
        {
            "route_id": "r" + (names % 300).cast(pl.String), "service_id": pl.repeat("all", trips, eager=True),
            "trip_id": "t" + names.cast(pl.String),
        }
    )  # fmt: skip
    return FeedTables({"trips": runs, "stop_times": times})


def edited(feed: FeedTables, seed: int) -> FeedTables:
    """One trip in a hundred gone, one in a hundred with other times, every table shuffled."""
    trips = feed["trips"]["trip_id"].unique().sort()
    gone = trips.gather_every(100)
    later = trips.gather_every(100, offset=50)
    tables = dict(feed.tables)
    for name in ("trips", "stop_times"):
        tables[name] = tables[name].filter(~pl.col("trip_id").is_in(gone.implode()))
    tables["stop_times"] = tables["stop_times"].with_columns(
        pl.when(pl.col("trip_id").is_in(later.implode()))
        .then(pl.col("departure_time").str.replace(r"\d$", "7"))
        .otherwise(pl.col("departure_time"))
        .alias("departure_time")
    )
    return FeedTables({name: table.sample(fraction=1.0, shuffle=True, seed=seed) for name, table in tables.items()})


def floor_s(old: FeedTables, new: FeedTables) -> float:
    """The least that any tool does: read both stop_times from CSV and join them by key."""
    texts = [feed["stop_times"].write_csv().encode() for feed in (old, new)]
    started = time.perf_counter()
    one, other = (pl.read_csv(io.BytesIO(text), infer_schema=False) for text in texts)
    one.join(other, on=["trip_id", "stop_sequence"], how="full", suffix="_new").height  # noqa: B018 - timed
    return time.perf_counter() - started


def _from_files(old: Path, new: FeedTables) -> None:
    """The whole command: two archives read, compared, told, written."""
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "new.zip"
        other.write_bytes(exact(new))
        started = time.perf_counter()
        found = compare(old, other)
        (Path(folder) / "differences.csv").write_bytes(found.csv)
        seconds = time.perf_counter() - started
    note = f"{found.diff.height} differences, with the reading of both archives"
    print(line(Measure("opendata_diff/merged-fr-files", seconds, "s", goal=20.0, note=note)), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Differences between two feeds of a million stop times.")
    parser.add_argument("--data", type=Path, help="the folder of real data")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--cap-s", type=float, help="not used: the cases take seconds")
    options = parser.parse_args()
    named = options.data or (Path(os.environ["MOBIGO_REALDATA"]) if "MOBIGO_REALDATA" in os.environ else None)
    cases = {"drawn-1m": drawn()}
    if named is not None and (named / "bench" / "merged-fr.zip").exists():
        cases["merged-fr"] = read_feed(named / "bench" / "merged-fr.zip")
    for name, old in cases.items():
        new = edited(old, options.seed)
        peer = floor_s(old, new)
        started = time.perf_counter()
        diff = differences(old, new)
        diff_s = time.perf_counter() - started
        diff = noted(diff, old, new)
        told = story(diff, old, new)
        size = len(diff_bytes(diff))
        whole_s = time.perf_counter() - started
        note = f"{diff.height} differences, {size // 1_000_000} MB, {len(told)} sentences"
        print(line(Measure(f"opendata_diff/{name}-told", whole_s, "s", goal=20.0, note=note)), flush=True)
        floor = "polars: read, and join stop_times whole"
        measure = Measure(f"opendata_diff/{name}", diff_s, "s", goal=10.0, peer=peer, peer_name=floor)
        print(line(measure), flush=True)
        shuffled = FeedTables({key: table.sample(fraction=1.0, shuffle=True) for key, table in old.tables.items()})
        started = time.perf_counter()
        same = differences(old, shuffled)
        same_s = time.perf_counter() - started
        assert same.height == 0
        if name == "merged-fr" and named is not None:
            _from_files(named / "bench" / "merged-fr.zip", new)
        print(line(Measure(f"opendata_diff/{name}-shuffled", same_s, "s", goal=10.0, note="no difference")), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
