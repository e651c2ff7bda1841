"""What a drill needs: a client that never stops declaring journeys and remembers every answer, and the processes of a
site to be hurt."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from mobigo.infra import clock
from tests.covoit_registry_world import Operator, declared
from tests.live import free_port

BASE: Final = "/api/v1/covoit/registry"
TIMEOUT_S: Final = 60.0
# How one hears that the process one was calling died. Each listens by itself: a call that was just coming is refused.
CUT: Final = frozenset({"RemoteDisconnected", "ConnectionResetError", "ConnectionRefusedError", "BrokenPipeError"})


@dataclass(frozen=True)
class Served:
    """A site that `mobigo serve` runs: where it answers, the process that holds the others, its home."""

    url: str
    pid: int
    home: Path

    def web_processes(self) -> list[int]:
        """The processes that answer requests."""
        return [pid for pid in children(self.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@dataclass
class Declaring:
    """Threads that declare one journey after the other until told to stop, as an operator's server does: what was
    acknowledged is remembered, what was not is sent again."""

    url: str
    operator: Operator
    name: str | None = None  # the public name asked for, where it is not in `url`
    acknowledged: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)  # the first of each kind of refusal

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self.threads = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(4)]

    def __enter__(self) -> "Declaring":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self.threads:
            thread.join(TIMEOUT_S * 2)
        assert not any(thread.is_alive() for thread in self.threads), "a request was never answered"

    def wait_for(self, more: int, limit_s: float = 120.0) -> None:
        """Until so many more journeys are acknowledged."""
        wanted, until = len(self.acknowledged) + more, time.monotonic() + limit_s
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < until, f"nothing was acknowledged for {limit_s:.0f} s: {self.answers}"
            time.sleep(0.02)

    def _work(self, worker: int) -> None:
        number = 0
        while not self._stop.is_set():
            journey = f"{worker}-{number}"
            kind = self._declare(journey)
            self.answers[kind] += 1
            if kind in ("201", "409"):  # 409: it was received, and the answer lost on its way
                self.acknowledged.append(journey)
                number += 1
            else:
                time.sleep(0.05)

    def _declare(self, journey: str) -> str:
        start = (clock.now() - timedelta(hours=3)).replace(microsecond=0)
        document = declared(journey, f"t-{journey}", f"d-{journey}", f"p-{journey}", start=start)
        to = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=TIMEOUT_S)
        try:
            to.request(
                "POST",
                f"{BASE}/journeys",
                json.dumps(document),
                self.operator.headers | ({} if self.name is None else {"Host": self.name}),
            )
            answer = to.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            to.close()
        if answer.status not in (201, 409):
            self.bodies.setdefault(str(answer.status), json.loads(body) | {"headers": dict(answer.getheaders())})
        return str(answer.status)


def children(pid: int) -> list[int]:
    """The processes a process started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(each) for each in found.split()]


@contextmanager
def served(
    home: Path, database_url: str, *, processes: int = 2, worker: bool = False, **settings: str
) -> Iterator[Served]:
    """`mobigo serve` as an operator starts it, on that database; stopped at the end."""
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOBIGO_")}
    environ = {
        **ours, "MOBIGO_HOME": str(home), "MOBIGO_ENV": "development", "MOBIGO_DATABASE_URL": database_url,
        "MOBIGO_WEB_PROCESSES": str(processes), "MOBIGO_LOG_FORMAT": "json", **settings,
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "mobigo.app.cli",
        "serve",
        "--port",
        str(port),
        *([] if worker else ["--no-worker"]),
    ]
    with (home / "server.log").open("wb") as written:
        process = subprocess.Popen(command, env=environ, stdout=written, stderr=written, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + TIMEOUT_S * 3
        while status(url, "/healthz") != 200 or listening(port) < processes:
            running = process.poll() is None and time.monotonic() < until
            assert running, (home / "server.log").read_text(encoding="utf-8")
            time.sleep(0.1)
        yield Served(url, process.pid, home)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def listening(port: int) -> int:
    """How many sockets wait for connections at this port of this machine: each web process has its own."""
    rows = (row.split() for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:])
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)


def status(url: str, path: str) -> int:
    """The status of an answer; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(url + path, timeout=TIMEOUT_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


def report(drill: str, client: Declaring, found: list[str]) -> None:
    """One line for whoever reads the drills: what was acknowledged, what is found, how everybody was answered."""
    answers = ", ".join(f"{kind} × {count}" for kind, count in sorted(client.answers.items()))
    print(f"\ndrill {drill}: {len(client.acknowledged)} acknowledged, {len(found)} found; {answers}")
