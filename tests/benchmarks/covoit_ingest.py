"""Receiving journeys: files of them on SQLite; single ones, safe before they are acknowledged, by eight clients on
PostgreSQL through granian.

    python -m tests.benchmarks.covoit_ingest [--rows N] [--cap-s N] [--seed N] [--only bulk|single]

The single POSTs need a PostgreSQL server (MOBIGO_TEST_POSTGRES); without one, only the file is measured.
"""

import argparse
import http.client
import io
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from covoit.model.registry import Terms
from covoit.service.ingest import ingest
from mobigo.app import schema
from mobigo.infra import clock
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine
from mobigo.infra.web import Services
from tests.benchmarks.measures import Measure, line, percentile
from tests.conftest import postgres_database
from tests.covoit_registry_world import NOW, declared, many, operator_in
from tests.covoit_registry_world import line as row
from tests.live import free_port

CLIENTS = 8
PROCESSES = 2


def bulk(rows: int, seed: int) -> Iterator[Measure]:
    """A file of journeys: read and validated, deduplicated, held to the terms, kept, and its receipt signed."""
    with tempfile.TemporaryDirectory() as home:
        services = Services(load_config({"MOBIGO_HOME": home}))
        schema.create(services.engine)
        file = Path(home) / "journeys.ndjson"
        with file.open("wb") as written:
            written.writelines(row(document) for document in many(rows, seed))
        rules = Terms(deadline=None)
        for name, note in (("new", "first time"), ("repeated", "the same file again: the same receipt")):
            wall, cpu = time.perf_counter(), time.process_time()
            outcome = ingest(services, file, "mobigo", errors=io.BytesIO(), rules=rules, now=NOW)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            assert outcome.receipt is not None
            assert outcome.receipt["new"] == rows
            if name == "new":
                cpu_note = f"{rows} journeys, {note}; what other work on the machine does not change"
                yield Measure(
                    "covoit_ingest/sqlite-file-processor", rows / cpu, "journeys/CPU s", 1_500, higher_is_better=True,
                    note=cpu_note,
                )  # fmt: skip
            yield Measure(
                f"covoit_ingest/sqlite-file-{name}", rows / wall, "journeys/s", 1_500, higher_is_better=True,
                note=f"{rows} journeys, {note}; aim 5,000",
            )  # fmt: skip
        services.engine.dispose()


def single(cap_s: float) -> Iterator[Measure]:
    """POST after POST, each answered once it is committed, from eight clients over connections of their own."""
    with postgres_database() as url, tempfile.TemporaryDirectory() as home:
        engine = open_engine(url)
        schema.create(engine)
        operator = operator_in(engine)
        with _served(Path(home), url) as host:
            numbers = itertools.count()
            start = clock.now().replace(microsecond=0) - timedelta(hours=2)
            spent: list[float] = []
            refused: list[str] = []

            def client(until: float) -> None:
                connection = http.client.HTTPConnection(host, timeout=60)
                while time.perf_counter() < until:
                    number = next(numbers)
                    document = declared(f"j{number}", f"t{number}", f"d{number}", f"p{number}", start=start)
                    before = time.perf_counter()
                    connection.request("POST", "/api/v1/covoit/registry/journeys", row(document), operator.headers)
                    response = connection.getresponse()
                    body = response.read()
                    spent.append(time.perf_counter() - before)
                    if response.status != 201:
                        refused.append(f"{response.status} {body[:200]!r}")

            for seconds in (min(2.0, cap_s / 4), min(15.0, cap_s / 2)):  # the first to warm up
                spent.clear()
                began = time.perf_counter()
                threads = [threading.Thread(target=client, args=(began + seconds,)) for _ in range(CLIENTS)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                lasted = time.perf_counter() - began
            assert not refused, refused[:3]
        engine.dispose()
        note = f"{len(spent)} journeys, {CLIENTS} clients, {PROCESSES} web processes, committed before 201; aim 300/s"
        yield Measure(
            "covoit_ingest/postgres-single", len(spent) / lasted, "journeys/s", 150, higher_is_better=True, note=note
        )
        yield Measure("covoit_ingest/postgres-single-p99", percentile(spent, 0.99) * 1e3, "wall ms", 150, note=note)


@contextmanager
def _served(home: Path, database: str) -> Iterator[str]:
    """The product as it is served on two cores: granian, two processes; where it answers."""
    port = free_port()
    environ = {
        **os.environ, "MOBIGO_HOME": str(home), "MOBIGO_ENV": "development", "MOBIGO_DATABASE_URL": database,
        "MOBIGO_WEB_PROCESSES": str(PROCESSES), "MOBIGO_LOG_LEVEL": "warning",
    }  # fmt: skip
    command = [sys.executable, "-m", "mobigo.app.cli", "serve", "--no-worker", "--port", str(port)]
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as server:
        try:
            for _ in range(1_200):
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                        break
                except OSError:
                    time.sleep(0.05)
            yield f"127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast journeys are received.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--cap-s", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("bulk", "single"))
    options = parser.parse_args()
    rows = min(options.rows, int(options.cap_s * 1_500))
    if options.only != "single":
        for measure in bulk(rows, options.seed):
            print(line(measure), flush=True)
    if options.only != "bulk" and os.environ.get("MOBIGO_TEST_POSTGRES"):
        for measure in single(options.cap_s):
            print(line(measure), flush=True)


if __name__ == "__main__":
    main()
