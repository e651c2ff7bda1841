"""Everything at once, as on a working day: searches, boards, purchases, scans, proofs of carpooling, downloads; on
territories of growing size.

    python -m tests.benchmarks.load [--minutes N] [--sizes 1 2 4 8] [--clients N] [--processes N] [--seed N]

Of each size: requests a second, the median and the 99th percentile as the clients see them, by kind; memory of the web
from the first to the last minute; processor by part; and what was short first. The clients share the machine with what
they measure, and are counted as a part. PostgreSQL where MOBIGO_TEST_POSTGRES says so (it commits without waiting for
its disk, as for the tests), SQLite otherwise. The load of the machine before the start is said with every figure. A
table for people goes to stderr. The long run: `--minutes 20 --sizes 1 2 4 8`, an hour and a half.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from tests.benchmarks.load_clients import SHARES, Client, Told
from tests.benchmarks.load_parts import Spent, Watch, bottleneck, by_route, database_processes, group_of
from tests.benchmarks.load_world import World, make
from tests.benchmarks.measures import Measure, line, machine, percentile
from tests.night import Served, served

WARM_S, WARM_TURNS, WARM_ANSWERS = 10.0, 12, 4
LEAK_MB_A_MINUTE: Final = 5.0
FILE: Final = "/gtfs.zip"
KERNELS: Final = Path(__file__).parents[2] / ".numba_cache"


@dataclass(frozen=True)
class Load:
    """What was measured of one size."""

    size: int
    world: World
    told: Told
    spent: Spent
    routes: dict[str, tuple[int, float, float]]
    load_before: float
    database: str

    def taken(self, kind: str | None = None) -> list[float]:
        return [took for _, each, took, good in self.told.requests if good and kind in (None, each)]

    @property
    def failed(self) -> int:
        return sum(not good for *_, good in self.told.requests)

    @property
    def rate(self) -> float:
        return len(self.taken()) / self.spent.wall_s

    def memory_mb(self) -> tuple[float, float, float]:
        """At the start, at the end, and how much more each minute over the second half."""
        samples = self.spent.memory
        half = samples[len(samples) // 2 :]
        lasted = (half[-1][0] - half[0][0]) / 60 or 1.0
        return samples[0][1], samples[-1][1], (half[-1][1] - half[0][1]) / lasted


def loaded(size: int, minutes: float, clients: int, processes: int, seed: int) -> Load:
    """Make the territory, serve it, load it."""
    from mobigo.app import schema
    from mobigo.base.instants import paris_day
    from mobigo.infra import clock, numba_cache
    from mobigo.infra.config import load_config
    from mobigo.infra.web import Services
    from tests.conftest import postgres_database

    os.environ.setdefault(numba_cache.VARIABLE, str(KERNELS))  # compiled once for all sizes
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "home"
        home.mkdir()
        on_postgres = bool(os.environ.get("MOBIGO_TEST_POSTGRES"))
        url = stack.enter_context(postgres_database()) if on_postgres else f"sqlite:///{home / 'mobigo.sqlite'}"
        environ = {
            "MOBIGO_HOME": str(home), "MOBIGO_ENV": "development", "MOBIGO_DATABASE_URL": url, "MOBIGO_PAYMENTS": "sim",
            "MOBIGO_REQUESTS_PER_MINUTE": "0",
        }  # fmt: skip
        services = Services(load_config(environ))
        stack.callback(services.engine.dispose)
        schema.create(services.engine)
        world = make(services, environ, size, seed, paris_day(clock.now()))
        subprocess.run(
            [sys.executable, "-m", "mobigo.app.cli", "opendata", "publish"], env={**os.environ, **environ}, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        before = os.getloadavg()[0]
        settings = {
            name: value for name, value in environ.items() if name not in ("MOBIGO_HOME", "MOBIGO_DATABASE_URL")
        }
        serving = stack.enter_context(served(home, url, processes=processes, **settings))
        file = FILE if _answers(serving.url + FILE) else ""
        codes = _Codes(services.engine)
        _warm(serving, world, clients, seed, codes, file)
        log = home / "server.log"
        skipped = by_route(log)
        parts = {"web": lambda: group_of(serving.pid), "clients": lambda: [os.getpid()]}
        if on_postgres:
            name = url.rsplit("/", 1)[1]
            parts["database"] = lambda: database_processes(name)
        with Watch(parts, "web") as watch:
            told = _crowd(serving, world, clients, minutes * 60, seed, codes, file)
        routes = {route: _less(after, skipped.get(route)) for route, after in by_route(log).items()}
        return Load(size, world, told, watch.spent, routes, before, "PostgreSQL" if on_postgres else "SQLite")


def _less(after: tuple[int, float, float], before: tuple[int, float, float] | None) -> tuple[int, float, float]:
    return after if before is None else (after[0] - before[0], after[1] - before[1], after[2] - before[2])


class _Codes:
    """Tickets sold so far, as an inspector would read them; looked up again every few seconds."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._looked_s, self._lock = engine, 0.0, threading.Lock()
        self._found: list[str] = []

    def __call__(self) -> list[str]:
        from sqlalchemy import select

        from billettique.store.tickets import CodeRow
        from mobigo.infra.db import reading

        with self._lock:
            if time.monotonic() - self._looked_s > 3.0:
                self._looked_s = time.monotonic()
                with reading(self._engine) as session:
                    asked = select(CodeRow.octets).order_by(CodeRow.id.desc()).limit(200)
                    self._found = [octets.hex() for octets in session.scalars(asked)]
            return self._found


def _warm(serving: Served, world: World, clients: int, seed: int, codes: _Codes, file: str) -> None:
    """Until everything was answered a few times: what a new server reads and compiles once is not what is measured."""
    for turn in range(1, WARM_TURNS + 1):
        told = _crowd(serving, world, clients, WARM_S, seed + turn, codes, file)
        good = Counter(kind for _, kind, _, answered in told.requests if answered)
        if all(good[kind] >= WARM_ANSWERS for kind in SHARES if kind != "downloads"):
            return


def _crowd(serving: Served, world: World, clients: int, lasting_s: float, seed: int, codes: _Codes, file: str) -> Told:
    told, over, started_s = Told(), threading.Event(), time.monotonic()
    crowd = [Client(serving.url, world, seed * 1_000 + n, told, started_s, codes, file) for n in range(clients)]
    threads = [threading.Thread(target=each.work, args=(over,), daemon=True) for each in crowd]
    for thread in threads:
        thread.start()
    over.wait(lasting_s)
    over.set()
    for thread in threads:
        thread.join(120)
    return told


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return bool(answer.read(1))
    except OSError:
        return False


def measures(load: Load, clients: int, processes: int) -> Iterator[Measure]:
    """The figures of one size, as every benchmark tells its own."""
    name = f"load/x{load.size}"
    taken = load.taken()
    note = (
        f"{load.world.told}; {clients} clients, {processes} web processes, {load.database}, {load.spent.wall_s:.0f} s; "
    )
    note += f"load of the machine before: {load.load_before:.1f}"
    yield Measure(f"{name}/rate", load.rate, "requests/s", None, higher_is_better=True, note=note)
    yield Measure(f"{name}/p50", percentile(taken, 0.5) * 1e3, "wall ms", None)
    yield Measure(f"{name}/p99", percentile(taken, 0.99) * 1e3, "wall ms", None)
    wrong = "; ".join(f"{kind}: {said}" for kind, said in sorted(load.told.wrong.items()))
    yield Measure(f"{name}/failed", load.failed, "requests", 0.0, note=wrong)
    first, last, more = load.memory_mb()
    yield Measure(
        f"{name}/memory-growth", more, "MB/minute", LEAK_MB_A_MINUTE if load.spent.wall_s >= 600 else None,
        note=f"web processes together: {first:.0f} MB at the start, {last:.0f} at the end; growth over the second half",
    )  # fmt: skip
    yield Measure(
        f"{name}/web-cpu", 1e3 * load.spent.parts["web"] / max(1, len(taken)), "CPU ms a request", None,
        note=bottleneck(load.spent, load.routes, os.cpu_count() or 1),
    )  # fmt: skip


def table(loads: list[Load]) -> str:
    """For people: a line a size, then a line a kind, then the dearest routes of each size."""
    rows = [
        "| size | requests/s | p50 ms | p99 ms | failed | web CPU ms a request | database CPU ms a request "
        "| web memory MB | short first |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for load in loads:
        taken, many = load.taken(), max(1, len(load.taken()))
        first, last, _ = load.memory_mb()
        rows.append(
            f"| ×{load.size} | {load.rate:.1f} | {percentile(taken, 0.5) * 1e3:.0f} "
            f"| {percentile(taken, 0.99) * 1e3:.0f} | {load.failed} | {1e3 * load.spent.parts['web'] / many:.1f} "
            f"| {1e3 * load.spent.parts.get('database', 0.0) / many:.1f} | {first:.0f} → {last:.0f} "
            f"| {bottleneck(load.spent, load.routes, os.cpu_count() or 1)} |"
        )
    kinds = [kind for kind in SHARES if any(load.taken(kind) for load in loads)]
    rows += [
        "",
        "| p50 / p99, ms | " + " | ".join(f"×{load.size}" for load in loads) + " |",
        "|---" * (1 + len(loads)) + "|",
    ]
    for kind in kinds:
        cells = [
            f"{percentile(found, 0.5) * 1e3:.0f} / {percentile(found, 0.99) * 1e3:.0f}" if found else "—"
            for found in (load.taken(kind) for load in loads)
        ]
        rows.append(f"| {kind} | {' | '.join(cells)} |")
    for load in loads:
        dearest = sorted(load.routes.items(), key=lambda each: -each[1][1])[:5]
        whole = sum(cpu for _, cpu, _ in load.routes.values()) or 1.0
        told = "; ".join(
            f"{route}: {100 * cpu / whole:.0f} %, {cpu / max(1, count):.1f} ms each"
            for route, (count, cpu, _) in dearest
        )
        rows += ["", f"×{load.size}, processor of the web by route: {told}"]
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0, help="of load, for each size")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1], help="how many times the territory")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--processes", type=int, default=2, help="web processes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cap-s", type=float, default=None, help="seconds of load a size at most")
    options = parser.parse_args()
    minutes = options.minutes if options.cap_s is None else min(options.minutes, options.cap_s / 60)
    good, loads = True, []
    for size in options.sizes:
        loads.append(loaded(size, minutes, options.clients, options.processes, options.seed))
        for measure in measures(loads[-1], options.clients, options.processes):
            good = good and measure.ok
            print(line(measure), flush=True)
    before = ", ".join(f"{each.load_before:.1f}" for each in loads)
    print(f"{machine()}; load of the machine before: {before}\n\n{table(loads)}", file=sys.stderr)
    return 0 if good else 3


if __name__ == "__main__":
    sys.exit(main())
