"""Open data of a network: GTFS written beside polars’ own CSV and a plain zip; a feed from archive to address; NeTEx
written, and every reference in it looked up; what runs told as GTFS Realtime.

    python -m tests.benchmarks.opendata [--data FEED.zip] [--cap-s N]
        [--only gtfs,chain,edition,region,netex,references,live,small,large]

Each part runs in a process of its own, so that its memory is its own; modules are compiled once before, as they are
where Mobigo is installed, and their import is in the figures. Needs a feed: `--data`, or MOBIGO_REALDATA with
bench/merged-fr.zip (1.3 million stop times).
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.measures import Measure, line

NOW = datetime(2026, 3, 16, 8, tzinfo=UTC)
TODAY = date(2026, 3, 16)
ROUNDS = 3


def gtfs(data: Path) -> Iterator[Measure]:
    """The published feed: rows in order, every column and file, the same bytes each time. The rival writes the tables
    as they lie."""
    from mobigo.network.export.archive import write_zip
    from mobigo.network.export.gtfs import published
    from mobigo.network.gateway import gtfs as gateway

    read = gateway.read(data)
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs, digests = [], [], set()
        for _ in range(ROUNDS):
            before = time.perf_counter()
            digests.add(write_zip(Path(folder) / "gtfs.zip", published(read.tables, read.headers)).sha256)
            ours.append(time.perf_counter() - before)
            before = time.perf_counter()
            with zipfile.ZipFile(Path(folder) / "plain.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                for name, frame in read.tables.tables.items():
                    frame.drop("_line").write_csv(path := Path(folder) / f"{name}.txt")
                    archive.write(path, path.name)
            theirs.append(time.perf_counter() - before)
        sizes = [(Path(folder) / name).stat().st_size for name in ("gtfs.zip", "plain.zip")]
    note = (
        f"{read.tables['stop_times'].height} stop times; {sizes[0] / sizes[1]:.2f} × its size; {len(digests)} content"
    )
    yield Measure(
        "opendata/gtfs-write", min(ours), "s", 3, min(theirs), "polars write_csv + zipfile", note=f"{note}; aim 1.5"
    )


CORE = ("gtfs.zip", "stop_times.parquet")


def chain(data: Path) -> Iterator[Measure]:
    """From the archive to the public address: imported and validated by our rules, written as GTFS and Parquet, judged,
    kept, shown in the catalogue."""
    yield from _published(data, "opendata/import-validate-publish", CORE)


def edition(data: Path) -> Iterator[Measure]:
    """The same with all that a dataset of timetables has: NeTEx and its judge, maps and tables."""
    yield from _published(data, "opendata/import-validate-publish-all", ())


def small(data: Path) -> Iterator[Measure]:
    """The chain on the first trips of the feed, of 100,000 stop times, in a process that has done it before: at this
    size half of the time of a new one goes into imports."""
    with tempfile.TemporaryDirectory() as folder:
        feed = _sized(data, 100_000, Path(folder) / "feed.zip")
        list(_published(feed, "opendata/of-100000", CORE))
        yield from _published(feed, "opendata/of-100000", CORE, 2)


def large(data: Path) -> Iterator[Measure]:
    """The chain on the feed as often as it takes, each time under other ids, to have 3 million stop times."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _published(_sized(data, 3_000_000, Path(folder) / "feed.zip"), "opendata/of-3000000", CORE, 60)


def _sized(data: Path, rows: int, path: Path) -> Path:
    """A feed of about so many stop times, made of this one: its first trips and what they use, or all of it several
    times over."""
    import polars as pl

    from mobigo.network.gateway import gtfs as gateway

    tables = {name: frame.drop("_line") for name, frame in gateway.read(data).tables.tables.items()}
    times = tables["stop_times"]
    copies = max(1, -(-rows // times.height))
    if copies == 1:
        kept = times.head(rows)["trip_id"].unique().implode()
        for name in ("trips", "stop_times"):
            tables[name] = tables[name].filter(pl.col("trip_id").is_in(kept))
        stops, parents = tables["stops"], pl.Series(dtype=pl.String)
        if "parent_station" in stops.columns:
            parents = stops.filter(pl.col("stop_id").is_in(tables["stop_times"]["stop_id"].implode()))["parent_station"]
        used = {"stops": ("stop_id", [*tables["stop_times"]["stop_id"].unique(), *parents.drop_nulls().unique()])}
        for name, key in (("routes", "route_id"), ("calendar", "service_id"), ("calendar_dates", "service_id"),
                          ("shapes", "shape_id")):  # fmt: skip
            if key in tables["trips"].columns:
                used[name] = key, tables["trips"][key].drop_nulls().unique().to_list()
        for name, (key, values) in used.items():
            if name in tables:
                tables[name] = tables[name].filter(pl.col(key).is_in(values))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, frame in tables.items():
            once = name in ("feed_info", "calendar", "calendar_dates", "agency", "stops", "routes", "shapes")
            parts = [frame.with_columns(_other(frame, number)) for number in range(1 if once else copies)]
            archive.writestr(f"{name}.txt", pl.concat(parts).write_csv())
    return path


def _other(frame: Any, number: int) -> list[Any]:
    """The trips of a table under other ids."""
    import polars as pl

    if number == 0:
        return []
    return [pl.col(name) + f"~{number}" for name in ("trip_id", "block_id") if name in frame.columns]


def _published(data: Path, bench: str, only: tuple[str, ...], goal_s: int = 30) -> Iterator[Measure]:
    from mobigo.app import schema
    from mobigo.app.open_data import judges, offers
    from mobigo.infra.config import load_config
    from mobigo.infra.web import Services
    from mobigo.network.service import import_feed
    from opendata.service.publishing import publish_all

    with tempfile.TemporaryDirectory() as home:
        services = Services(load_config({"MOBIGO_HOME": home}))
        schema.create(services.engine)
        before, busy = time.perf_counter(), time.process_time()
        version = import_feed(services, data, "reseau", now=NOW)
        imported = time.perf_counter() - before
        wanted = [offer for offer in offers(services, NOW) if offer.declared.code == "horaires-reseau"]
        heard = judges(services)
        for judge in heard:
            # The feed has faults of its own: they are told, and it is published all the same.
            judge.required = False  # type: ignore[misc]  # each judge lets it be set; who publishes must not
        if only:
            wanted = [_those(services, version, offer, only) for offer in wanted]
        outcomes = publish_all(services, wanted, NOW, judges=heard)
        whole, busy = time.perf_counter() - before, time.process_time() - busy
        services.engine.dispose()
    assert outcomes[0].result == "published", outcomes
    files = [file.name for outcome in outcomes if outcome.version for file in outcome.version.files]
    load = os.getloadavg()[0]
    note = f"{version.rows['stop_times']} stop times; import {imported:.1f} s; {', '.join(files)}; load {load:.0f}"
    yield Measure(bench, whole, "s", goal_s, note=note)
    alone = "all threads together; what other work on the machine changes least"
    yield Measure(f"{bench}-processor", busy, "CPU s", goal_s, note=alone)
    yield _memory(f"{bench}-memory", 2_000 if goal_s <= 30 else 6_000)


def _those(services: Any, version: Any, offer: Any, only: tuple[str, ...]) -> Any:
    """The offer with these files alone."""
    from mobigo.network.service.publishing import write_files
    from opendata.model.editions import Edition, Produced
    from opendata.model.offers import Offer

    def produce(_now: datetime, folder: Path) -> list[Edition]:
        made = write_files(services, version, folder, only=only)
        files = [Produced(each.name, each.media_type, each.path, each.rows, each.content_sha256) for each in made]
        return [Edition(files=tuple(files), first_day=version.first_day, last_day=version.last_day)]

    specs = tuple(spec for spec in offer.declared.files if spec.name in only)
    return Offer(replace(offer.declared, files=specs), produce)


def region(data: Path) -> Iterator[Measure]:
    """Two networks of that size as one, beside each written alone: what the names before the ids cost."""
    from mobigo.network.export.archive import write_zip
    from mobigo.network.export.gtfs import published
    from mobigo.network.export.merged import Part, merge
    from mobigo.network.gateway import gtfs as gateway

    tables = gateway.read_feed(data)
    with tempfile.TemporaryDirectory() as folder:
        busy = time.process_time()
        write_zip(Path(folder) / "alone.zip", published(tables))
        alone = (time.process_time() - busy) * 2
        busy = time.process_time()
        whole = merge([Part("a", tables), Part("b", tables)])
        merged = time.process_time() - busy
        write_zip(Path(folder) / "region.zip", published(whole.tables))
        spent = time.process_time() - busy
    note = f"{whole.tables['stop_times'].height} stop times; put together in {merged:.1f} CPU s, then written"
    yield Measure("opendata/region-write", spent, "CPU s", 2, alone, "each alone", note=note)
    yield _memory("opendata/region-write-memory", 4_000)


def netex(data: Path) -> Iterator[Measure]:
    """The French profile, one file a line."""
    from mobigo.network.export.netex import write_netex
    from mobigo.network.gateway import gtfs as gateway

    tables = gateway.read_feed(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "netex.zip"
        before, busy = time.perf_counter(), time.process_time()
        found = write_netex(tables, path, feed="reseau", participant="Région", published_at=NOW)
        spent, busy = time.perf_counter() - before, time.process_time() - busy
        size = path.stat().st_size
    note = f"{found.passing_times} passing times in {spent:.1f} s, {found.lines} lines, {size / 1e6:.1f} MB; aim 20"
    yield Measure("opendata/netex-write", spent * 1e6 / found.passing_times, "s a million passing times", 40, note=note)
    yield Measure("opendata/netex-write-processor", busy * 1e6 / found.passing_times, "CPU s a million", 40)
    yield _memory("opendata/netex-write-memory", 2_000)


def references(data: Path) -> Iterator[Measure]:
    """Every reference of a delivery looked up; the delivery is written by another process."""
    from opendata.gateway.judges import NetexLinks
    from opendata.model.checks import Verdict

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "netex.zip"
        _elsewhere(data, path)
        before = time.perf_counter()
        check = NetexLinks().check(path, path.name, TODAY)
        spent = time.perf_counter() - before
    assert check.verdict is Verdict.PASSED, check.findings
    yield Measure(
        "opendata/netex-references", spent, "s", 60, note="1.3 million passing times; every reference resolves"
    )
    yield _memory("opendata/netex-references-memory", 500)


def live(_data: Path) -> Iterator[Measure]:
    """What runs on demand told as GTFS Realtime: 2,000 rounds of 20 calls."""
    from datetime import timedelta

    from mobigo.base.geo import Point
    from mobigo.tad.export.gtfs_realtime import realtime
    from mobigo.tad.model.services import Place
    from mobigo.tad.rules.running import Call, RunningRound

    stops = [Place(f"stop-{number}", f"Arrêt {number}", Point(47 + number / 100, 4.5)) for number in range(20)]
    calls = tuple(Call(stop, 25_000 + 300 * number, number == 0) for number, stop in enumerate(stops))
    rounds = [RunningRound(f"service-{number // 10}", TODAY, number % 10 + 1, calls) for number in range(2_000)]
    spent = []
    for second in range(ROUNDS):
        before = time.process_time()
        data = realtime(rounds, NOW + timedelta(seconds=second), "4a1f")
        spent.append(time.process_time() - before)
    note = f"2,000 trips of 20 calls, and where each is; {len(data) / 1e3:.0f} kB"
    yield Measure("opendata/realtime-encode", 1e3 * min(spent), "CPU ms", 150, note=note)


def _elsewhere(data: Path, path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from datetime import UTC, datetime;"
        "from mobigo.network.export.netex import write_netex; from mobigo.network.gateway import gtfs;"
        "write_netex(gtfs.read_feed(Path(sys.argv[1])), Path(sys.argv[2]), feed='reseau', participant='Région',"
        " published_at=datetime(2026, 3, 16, tzinfo=UTC))"
    )
    subprocess.run([sys.executable, "-c", code, str(data), str(path)], check=True)


def _memory(bench: str, goal_mb: int) -> Measure:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measure(bench, peak, "MB at most", goal_mb, note="the whole process, Python and polars included")


PARTS: dict[str, Callable[[Path], Iterator[Measure]]] = {
    "gtfs": gtfs, "chain": chain, "edition": edition, "region": region, "netex": netex, "references": references,
    "live": live, "small": small, "large": large,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description="Open data of a network, at size.")
    real = os.environ.get("MOBIGO_REALDATA")
    parser.add_argument("--data", type=Path, default=Path(real) / "bench/merged-fr.zip" if real else None)
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {','.join(PARTS)}")
    parser.add_argument("--seed", type=int, default=1, help="not used: nothing is drawn")
    parser.add_argument("--cap-s", type=float, default=120.0, help="no part goes on longer")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.data is None:
        print("no feed: --data, or MOBIGO_REALDATA", file=sys.stderr)
        return 0
    if not options.inside:
        with tempfile.TemporaryDirectory() as compiled:
            _rehearse(compiled)
            return max(_apart(name, options.data, options.cap_s, compiled) for name in options.only.split(","))
    failed = False
    for measure in PARTS[options.only](options.data):
        print(line(measure), flush=True)
        failed |= not measure.ok
    return 3 if failed else 0


def _apart(name: str, data: Path, cap_s: float, compiled: str) -> int:
    try:
        return subprocess.run(_command(name, data), check=False, timeout=cap_s, env=_compiling_to(compiled)).returncode
    except subprocess.TimeoutExpired:
        print(line(Measure(f"opendata/{name}", cap_s, "wall s", 0, note="stopped: it met the cap")), flush=True)
        return 3


def _rehearse(compiled: str) -> None:
    """Publish a feed of one trip in another process: every module is compiled then."""
    from tests.builders import feed, trip, write_zip

    with tempfile.TemporaryDirectory() as folder:
        small = write_zip(feed([trip("t", "A 07:55 B 08:55")]), Path(folder) / "feed.zip")
        command = _command("edition", small)
        subprocess.run(command, check=False, env=_compiling_to(compiled), stdout=subprocess.DEVNULL)


def _command(name: str, data: Path) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks.opendata", "--inside", "--only", name, "--data", str(data)]


def _compiling_to(folder: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": folder}


if __name__ == "__main__":
    sys.exit(main())
