"""Published files over HTTP by the real server: what has not changed is answered 304, and a file of 15 MB goes to
twenty clients at once without the server growing by as much as one copy of it.

    python -m tests.benchmarks.opendata_http

The clients share the machine with the server, ask over connections of their own, and check every byte they get.
"""

import hashlib
import os
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from tests.benchmarks.measures import Measure, line, percentile
from tests.benchmarks.serving import _read, _Server

NOW = datetime(2026, 3, 16, 8, tzinfo=UTC)
FILE_BYTES = 15_000_000
CLIENTS = 20
ASKED = 300  # a limit of 3,000 an hour bounds each address
ROUNDS = 3
READ_BYTES = 1 << 16


def measures() -> Iterator[Measure]:
    """A home with one dataset of 15 MB, served."""
    with tempfile.TemporaryDirectory() as home:
        environ = {**os.environ, "MOBIGO_HOME": home, "MOBIGO_ENV": "development"}
        digest = _published(Path(home))
        path = "/d/essai-lourd/latest/lourd.bin"
        with _Server(environ) as server:
            server.ask("/donnees")
            etag = _etag(server.port, path)
            cpu_s = server.cpu_s()
            rounds = [_unchanged(server.port, path, etag) for _ in range(ROUNDS)]
            cpu_ms = (server.cpu_s() - cpu_s) / (ASKED * ROUNDS) * 1e3
            p95 = min(percentile(spent, 0.95) for spent in rounds)
            note = f"{ASKED} questions with If-None-Match on one connection, best of {ROUNDS} rounds, all 304; aim 5"
            yield Measure("opendata/http-304-p95", p95 * 1e3, "wall ms", 10.0, note=note)
            yield Measure(
                "opendata/http-304-processor", cpu_ms, "CPU ms an answer", 5.0, note="of the server, all threads"
            )
            before = server.web_memory_mb()
            started = time.perf_counter()
            grown = _downloads(server, path, digest) - before
            whole_s = time.perf_counter() - started
            note = f"{CLIENTS} clients at once, every byte checked; {before:.0f} MB before; a copy each would be 300"
            yield Measure("opendata/http-15mb-memory", max(0.0, grown), "MB grown", FILE_BYTES / 1e6, note=note)
            note = f"{CLIENTS * FILE_BYTES / 1e6 / whole_s:.0f} MB/s in all"
            yield Measure("opendata/http-15mb-to-20", whole_s, "wall s", None, note=note)


def _published(home: Path) -> str:
    """Publish bytes that no coding makes smaller; their SHA-256."""
    from mobigo.app import schema
    from mobigo.infra.config import load_config
    from mobigo.infra.web import Services
    from opendata.model.datasets import FileSpec
    from opendata.model.editions import Edition, Produced
    from opendata.model.offers import Offer
    from opendata.service.publishing import publish_all
    from tests.opendata_world import PLACES

    services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "development"}))
    schema.create(services.engine)
    data = random.Random(1).randbytes(FILE_BYTES)
    kind = "application/octet-stream"
    declared = replace(PLACES, code="essai-lourd", files=(FileSpec("lourd.bin", kind, "Quinze mégaoctets"),))
    offer = Offer(declared, lambda _now, _folder: [Edition(files=(Produced("lourd.bin", kind, data),))])
    tools = SimpleNamespace(config=services.config, engine=services.engine)
    (outcome,) = publish_all(tools, [offer], NOW)
    services.engine.dispose()
    if outcome.result != "published":
        raise AssertionError(f"not published: {outcome}")
    return hashlib.sha256(data).hexdigest()


def _etag(port: int, path: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nRange: bytes=0-9\r\n\r\n".encode())
        head, _body = _read(connection)
    return next(row.split(b": ", 1)[1].decode() for row in head.split(b"\r\n") if row.lower().startswith(b"etag: "))


def _unchanged(port: int, path: str, etag: str) -> list[float]:
    """Wall seconds of each answer, one connection."""
    spent = []
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nIf-None-Match: {etag}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(ASKED):
            clock = time.perf_counter()
            connection.sendall(asked)
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(READ_BYTES)
            spent.append(time.perf_counter() - clock)
            if not head.startswith(b"HTTP/1.1 304"):
                raise AssertionError(head[:80])
    return spent


def _downloads(server: _Server, path: str, digest: str) -> float:
    """Twenty whole downloads side by side; the most memory that the web process had meanwhile (MB)."""
    found: list[str] = []

    def client() -> None:
        content = hashlib.sha256()
        with socket.create_connection(("127.0.0.1", server.port), timeout=300) as connection:
            connection.sendall(
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n".encode()
            )
            data = b""
            while b"\r\n\r\n" not in data:
                data += connection.recv(READ_BYTES)
            body = data.split(b"\r\n\r\n", 1)[1]
            got = len(body)
            content.update(body)
            while got < FILE_BYTES and (more := connection.recv(READ_BYTES)):
                got += len(more)
                content.update(more)
        found.append(content.hexdigest())

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    most = 0.0
    while any(thread.is_alive() for thread in threads):
        most = max(most, server.web_memory_mb())
        time.sleep(0.02)
    if found != [digest] * CLIENTS:
        raise AssertionError(f"{len(found)} downloads, {found.count(digest)} whole")
    return most


def main() -> int:
    """Print one line a measure; 3 when a goal is missed."""
    missed = 0
    for measure in measures():
        print(line(measure), flush=True)
        missed += not measure.ok
    return 3 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
