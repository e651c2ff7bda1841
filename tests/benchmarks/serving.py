"""The product as it is served: memory of the web process, warm start to the first answer, and whole answers over HTTP
to four clients."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from tests.benchmarks.measures import Measure, percentile
from tests.benchmarks.nigiri_peer import random_pairs

CLIENTS = 4


def serving(case: str, zip_file: Path, day: date, count: int, seed: int) -> Iterator[Measure]:
    """Import the feed into a home of its own, serve it, ask it from door to door."""
    with tempfile.TemporaryDirectory() as home:
        environ = {**os.environ, "MOBIGO_HOME": home, "MOBIGO_ENV": "development"}
        for command in (["gtfs", "import", str(zip_file), "--name", "bench"], ["network", "build"]):
            subprocess.run(
                [sys.executable, "-m", "mobigo.app.cli", *command], env=environ, check=True, stdout=subprocess.DEVNULL
            )
        doors = _doors(zip_file, day, count, seed)
        with _Server(environ) as server:  # the first start compiles the kernels and fills their cache
            server.ask(doors[0])
            server.ask(doors[1])
        with _Server(environ) as server:
            first_s = server.ask(doors[0])
            yield Measure(f"planner/{case}/warm-start-to-first-answer", first_s, "wall s", 3.0)
            spent = _clients(server, doors)
            yield Measure(
                f"planner/{case}/http-p50",
                percentile(spent, 0.5) * 1e3,
                "wall ms",
                40.0,
                note=f"{len(spent)} answers, 4 clients",
            )
            yield Measure(
                f"planner/{case}/http-p99",
                percentile(spent, 0.99) * 1e3,
                "wall ms",
                150.0,
                note="legs and shapes included",
            )
            yield Measure(
                f"planner/{case}/web-memory",
                server.web_memory_mb(),
                "MB resident",
                500.0,
                note="largest web process, after those answers",
            )


def _doors(zip_file: Path, day: date, count: int, seed: int) -> list[str]:
    """Addresses of random door-to-door questions: 150 m from random stops."""
    import csv
    import io
    import zipfile

    from tests.benchmarks.feedwriter import write_comparison_feed

    with tempfile.TemporaryDirectory() as folder:
        write_comparison_feed(zip_file, day, Path(folder))
        pairs = random_pairs(Path(folder), day, count, seed)
    with zipfile.ZipFile(zip_file) as archive:
        rows = csv.DictReader(io.TextIOWrapper(archive.open("stops.txt"), "utf-8-sig"))
        where = {row["stop_id"]: (float(row["stop_lat"]), float(row["stop_lon"])) for row in rows}
    out = []
    for origin, destination, minute in pairs:
        (a, b), (c, d) = where[origin], where[destination]
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(minute * 60))
        out.append(f"/api/v1/journeys?from={a + 0.001:.5f},{b + 0.001:.5f}&to={c - 0.001:.5f},{d - 0.001:.5f}&at={at}")
    return out


class _Server:
    """`mobigo serve`, until the block ends."""

    def __init__(self, environ: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._environ = environ

    def __enter__(self) -> "_Server":
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mobigo.app.cli", "serve", "--no-worker", "--port", str(self.port)],
            env=self._environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        return self

    def __exit__(self, *exc: object) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(30)

    def ask(self, path: str) -> float:
        """Seconds from the start of the server to this answer, asked again and again until it comes."""
        while time.perf_counter() - self._started < 300:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=240)
                connection.request("GET", path)
                response = connection.getresponse()
                response.read()
                if response.status == 200:
                    return time.perf_counter() - self._started
            except OSError:
                pass
            time.sleep(0.02)
        raise TimeoutError("the server never answered")

    def web_memory_mb(self) -> float:
        """Resident memory of the largest process of the server."""
        pages = os.sysconf("SC_PAGE_SIZE")
        sizes = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    if os.getpgid(int(folder.name)) == os.getpgid(self._process.pid):
                        sizes.append(int((folder / "statm").read_text().split()[1]) * pages / 1e6)
                except (OSError, IndexError):
                    continue
        return max(sizes)


def _clients(server: _Server, doors: list[str]) -> list[float]:
    """Wall seconds of each answer, four clients asking side by side over connections of their own."""
    spent: list[float] = []

    def client(mine: list[str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for path in mine:
            clock = time.perf_counter()
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            spent.append(time.perf_counter() - clock)
            if response.status != 200:
                raise AssertionError(f"{response.status} for {path}: {json.loads(body)}")

    for round_of in (doors[:40], doors):  # the first to warm up
        spent.clear()
        threads = [threading.Thread(target=client, args=(round_of[i::CLIENTS],)) for i in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return spent
