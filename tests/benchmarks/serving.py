"""The product as it is served: memory of the web process, warm start to the first answer, and whole answers over HTTP
to four clients.

The clients share the cores with the server: they write bytes made beforehand, read bytes, and look at nothing before
the clock stops. Wall figures are the best of a few rounds, beside what the server spent of CPU, which a busy machine
disturbs less. Then every journey answered is re-checked from the raw files.
"""

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
from datetime import date, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.benchmarks.measures import Measure, percentile
from tests.benchmarks.nigiri_peer import random_pairs

CLIENTS = 4
ROUNDS = 3
STARTS = 3
WINDOW_MIN = 120
WARMED_BY = 40  # questions until every kernel is compiled, those of the next service too


def serving(case: str, zip_file: Path, day: date, count: int, seed: int) -> Iterator[Measure]:
    """Import the feed into a home of its own, serve it, ask it from door to door."""
    with tempfile.TemporaryDirectory() as home:
        environ = {**os.environ, "MOBIGO_HOME": home, "MOBIGO_ENV": "development"}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a warm start finds Python's own compiled files too
        for command in (["gtfs", "import", str(zip_file), "--name", "bench"], ["network", "build"]):
            subprocess.run(
                [sys.executable, "-m", "mobigo.app.cli", *command], env=environ, check=True, stdout=subprocess.DEVNULL
            )
        doors = _doors(zip_file, day, count, seed)
        with _Server(environ) as server:  # the first start compiles the kernels and fills their cache
            for door in doors[:WARMED_BY]:
                server.ask(door)
        first_s = min(_first_answer(environ, doors[0]) for _ in range(STARTS))
        yield Measure(
            f"planner/{case}/warm-start-to-first-answer", first_s, "wall s", 3.0, note=f"best of {STARTS} starts"
        )
        with _Server(environ) as server:
            server.ask(doors[0])
            bodies, rounds = _clients(server, doors)
            spent, cpu_ms = min(rounds, key=lambda one: percentile(one[0], 0.5))
            mean_kb = sum(len(body) for body in bodies.values()) / len(bodies) / 1e3
            note = f"{len(spent)} answers with legs and shapes, {mean_kb:.0f} kB each, {CLIENTS} clients, "
            note += f"best of {len(rounds)} rounds; the server spent {cpu_ms:.1f} CPU ms an answer"
            yield Measure(f"planner/{case}/http-p50", percentile(spent, 0.5) * 1e3, "wall ms", 40.0, note=note)
            p99_s = min(percentile(one, 0.99) for one, _ in rounds)
            yield Measure(f"planner/{case}/http-p99", p99_s * 1e3, "wall ms", 150.0, note="the same answers")
            yield Measure(
                f"planner/{case}/web-memory", server.web_memory_mb(), "MB resident", 500.0,
                note="largest web process, after those answers",
            )  # fmt: skip
        yield _checked(case, zip_file, Path(home), bodies)


def _first_answer(environ: dict[str, str], path: str) -> float:
    """Seconds from nothing to the first answer of a new server."""
    with _Server(environ) as server:
        return server.ask(path)


def _checked(case: str, zip_file: Path, home: Path, bodies: dict[str, bytes]) -> Measure:
    """The journeys of the answers, made again in this process from the same compiled network and by what is known
    beside it, compared with what was served, and judged from the raw files."""
    from mobigo.app.factory import create_app
    from mobigo.base.geo import Point
    from mobigo.infra.clock import now
    from mobigo.infra.config import load_config
    from mobigo.network.model.live import LiveNetwork
    from mobigo.network.store.compiled import load
    from mobigo.network.store.networks import root_of
    from mobigo.planner.export.journeys import journey_id
    from mobigo.planner.model import Endpoint, Query
    from mobigo.planner.web.here import Here
    from tests.benchmarks.checked import check
    from tests.oracles.spec import Rules

    (folder,) = (path for path in root_of(home).iterdir() if path.is_dir())
    live = LiveNetwork(load(folder), folder.name)
    site = create_app(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "development"}))
    answered = []
    for path, body in bodies.items():
        asked = parse_qs(urlsplit(path).query)
        ends = (Endpoint(end, Point(*map(float, asked[end][0].split(",")))) for end in ("from", "to"))
        query = Query(*ends, datetime.fromisoformat(asked["at"][0]), window_s=WINDOW_MIN * 60)
        with site.test_request_context():
            journeys = Here(live, now()).plan(query).journeys
        served = [journey["id"] for journey in json.loads(body)["journeys"]]
        if served != [journey_id(live.timetable, journey) for journey in journeys]:
            raise AssertionError(f"another answer was served for {path}")
        answered += [(journey, query) for journey in journeys]
    return check(f"{case}/http", live.timetable, "bench", zip_file, answered, Rules())


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
        return max(int((folder / "statm").read_text().split()[1]) * pages / 1e6 for folder in self._processes())

    def cpu_s(self) -> float:
        """Seconds of CPU that its processes have spent."""
        ticks = 0
        for folder in self._processes():
            user, system = (folder / "stat").read_text().rsplit(")", 1)[1].split()[11:13]
            ticks += int(user) + int(system)
        return ticks / os.sysconf("SC_CLK_TCK")

    def _processes(self) -> list[Path]:
        """Their folders in /proc."""
        group = os.getpgid(self._process.pid)
        out = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    if os.getpgid(int(folder.name)) == group:
                        out.append(folder)
                except OSError:
                    continue
        return out


def _clients(server: _Server, doors: list[str]) -> tuple[dict[str, bytes], list[tuple[list[float], float]]]:
    """The answers, and of each round the wall seconds of every answer and the CPU milliseconds the server spent on one.
    Four clients ask side by side, over connections of their own."""
    rounds = []
    bodies: dict[str, bytes] = {}
    asked = {
        path: f"GET {path}&window={WINDOW_MIN} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
        for path in doors
    }

    def client(mine: list[str], spent: list[float]) -> None:
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for path in mine:
                clock = time.perf_counter()
                connection.sendall(asked[path])
                head, body = _read(connection)
                spent.append(time.perf_counter() - clock)
                if not head.startswith(b"HTTP/1.1 200"):
                    raise AssertionError(f"{head[:40]!r} for {path}: {body[:400]!r}")
                bodies[path] = body

    for round_of in (doors[:40], *[doors] * ROUNDS):  # the first to warm up
        spent: list[float] = []
        cpu_s = server.cpu_s()
        threads = [threading.Thread(target=client, args=(round_of[i::CLIENTS], spent)) for i in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if len(spent) != len(round_of):
            raise AssertionError("a client was not answered")
        rounds.append((spent, (server.cpu_s() - cpu_s) / len(spent) * 1e3))
    return bodies, rounds[1:]


def _read(connection: socket.socket) -> tuple[bytes, bytes]:
    """One answer: its head and its body, as long as its Content-Length says."""
    data = bytearray()
    end = -1
    while end < 0:
        more = connection.recv(65_536)
        if not more:
            raise ConnectionError("the server closed the connection")
        data += more
        end = data.find(b"\r\n\r\n")
    head = bytes(data[:end])
    length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    body = data[end + 4 :]
    while len(body) < length:
        body += connection.recv(length - len(body))
    return head, bytes(body)
