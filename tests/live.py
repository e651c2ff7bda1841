"""A site that answers on this machine, for tests that need a real server: granian, in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_LIMIT_S = 180.0  # far beyond what a busy machine needs


@dataclass(frozen=True)
class Site:
    """Where it answers, where it lives, and what it wrote."""

    url: str
    home: Path
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def site(
    home: Path,
    environ: Mapping[str, str] | None = None,
    app: str = "mobigo.app.serve:application",
    processes: int = 1,
) -> Iterator[Site]:
    """A server on this home, ready to answer; stopped at the end. The database must be there already."""
    port = free_port()
    log = home / "server.log"
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOBIGO_")}
    settings = {
        **ours,
        "MOBIGO_HOME": str(home),
        "MOBIGO_ENV": "demo",
        "MOBIGO_PORT": str(port),
        "MOBIGO_LOG_FORMAT": "json",
        **(environ or {}),
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--no-ws", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", str(processes), "--blocking-threads", "4", app]
    with log.open("wb") as written:
        server = subprocess.Popen(command, env=settings, stdout=written, stderr=written, start_new_session=True)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, server, log)
            yield Site(url, home, log)
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait(10)


def _wait(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise RuntimeError(f"the server did not start:\n{log.read_text(errors='replace')}")
