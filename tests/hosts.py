"""Several hosts on one machine: network namespaces stand for them. Each has a cable to one switch, web processes, a
worker, a cache of its own; all share a database, a broker and the files, as `docs/operations.md` says of production.

Root, and a kernel that lets it make namespaces, are needed; where they are not, the drills that need hosts say so.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from sqlalchemy.engine import make_url

from tests.front import Front, Loop, relay
from tests.live import free_port
from tests.night import children
from tests.refused import refused

SHARED: Final = ("blobs", "publications", "secrets")
PORT: Final = 8000
NAME: Final = "mobigo.exemple.fr"


@dataclass
class Host:
    """A host: its namespace, its end of the cable, its home, what runs on it."""

    number: int
    namespace: str
    cable: str
    address: str
    home: Path
    environ: Mapping[str, str]
    web: "subprocess.Popen[bytes] | None" = None
    workers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def run(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """`mobigo …` on this host."""
        command = ["ip", "netns", "exec", self.namespace, sys.executable, "-m", "mobigo.app.cli", *arguments]
        with (self.home / "host.log").open("ab") as log:
            return subprocess.Popen(command, env=dict(self.environ), stdout=log, stderr=log, start_new_session=True)

    def start(self, workers: int = 1) -> None:
        """`mobigo serve --no-worker`, and workers."""
        self.web = self.run("serve", "--no-worker", "--host", self.address, "--port", str(PORT))
        self.workers = [self.run("worker") for _ in range(workers)]

    def stop(self) -> None:
        """SIGTERM to all; what does not end in time is killed."""
        running = [each for each in (self.web, *self.workers) if each is not None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
        self.web, self.workers = None, []

    def web_processes(self) -> list[int]:
        assert self.web is not None
        return [pid for pid in children(self.web.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def cut_off(self) -> None:
        """Its cable is pulled out."""
        _ip("link", "set", self.cable, "down")

    def plug_in(self) -> None:
        _ip("link", "set", self.cable, "up")

    def said(self) -> str:
        return (self.home / "host.log").read_text("utf-8", "replace")


@dataclass
class Hosts:
    """All of them, and the front before them."""

    all: list[Host]
    front: Front
    url: str

    def start(self, workers: int = 1) -> None:
        for host in self.all:
            host.start(workers)
        for host in self.all:
            try:
                self.front.wait_for(host.number, ready=True)
            except AssertionError as late:
                raise AssertionError(f"{late}\n{host.said()[-4_000:]}") from late


@contextmanager
def hosts_on(folder: Path, count: int, database_url: str, broker_url: str, **settings: str) -> Iterator[Hosts]:
    """So many hosts, none started yet, before one database and one broker of this machine."""
    name = uuid4().hex[:6]
    # A switch of its own: the third octet is free on this machine, or the next one is.
    network = _free_network()
    bridge, switch = f"mgb{name}", f"{network}.1"
    made: list[tuple[str, ...]] = []
    loop = Loop()
    hosts: list[Host] = []
    try:
        _make(made, ("link", "del", bridge), "link", "add", bridge, "type", "bridge")
        _ip("addr", "add", f"{switch}/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        environ = _environ(loop, switch, database_url, broker_url) | settings
        for shared in SHARED:
            (folder / "shared" / shared).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            hosts.append(_plug_in(made, name, bridge, network, number, folder, environ))
        port = free_port()
        front = Front(loop, ("127.0.0.1", port), [(host.address, PORT) for host in hosts], NAME)
        yield Hosts(hosts, front, f"http://127.0.0.1:{port}")
    finally:
        for host in hosts:
            host.stop()
        loop.close()
        for undo in reversed(made):
            subprocess.run(["ip", *undo], check=False, capture_output=True)


def _make(made: list[tuple[str, ...]], undo: tuple[str, ...], *do: str) -> None:
    """Do it, and remember how it is undone; a machine that does not allow it cannot play the drill."""
    try:
        done = subprocess.run(["ip", *do], check=False, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no `ip` on this machine")
    if done.returncode:
        refused("no network of one's own can be made here", done.stderr.decode().strip())
    made.append(undo)


def _plug_in(
    made: list[tuple[str, ...]],
    name: str,
    bridge: str,
    network: str,
    number: int,
    folder: Path,
    environ: Mapping[str, str],
) -> Host:
    namespace, cable, inner = f"mg{name}n{number}", f"mgv{name}{number}", f"mgi{name}{number}"
    address = f"{network}.{10 + number}"
    _make(made, ("netns", "del", namespace), "netns", "add", namespace)
    _make(made, ("link", "del", cable), "link", "add", cable, "type", "veth", "peer", "name", inner)
    _ip("link", "set", cable, "master", bridge)
    _ip("link", "set", cable, "up")
    _ip("link", "set", inner, "netns", namespace)
    for inside in (
        ("addr", "add", f"{address}/24", "dev", inner),
        ("link", "set", inner, "up"),
        ("link", "set", "lo", "up"),
    ):
        _ip("-n", namespace, *inside)
    home = folder / f"host{number}"
    home.mkdir()
    for shared in SHARED:
        (home / shared).symlink_to(folder / "shared" / shared)
    return Host(number, namespace, cable, address, home, {**environ, "MOBIGO_HOME": str(home)})


def _environ(loop: Loop, switch: str, database_url: str, broker_url: str) -> dict[str, str]:
    """What every host is told. The servers of this machine are reached through its address on the switch."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOBIGO_")}
    seen = {}
    for variable, url in (("MOBIGO_DATABASE_URL", database_url), ("MOBIGO_BROKER_URL", broker_url)):
        there = make_url(url)
        port = there.port or {"postgresql": 5432, "redis": 6379, "amqp": 5672}[there.get_backend_name()]
        relay(loop, (switch, port), (there.host or "127.0.0.1", port))
        seen[variable] = there.set(host=switch, port=port).render_as_string(hide_password=False)
    return {
        **ours, **seen, "MOBIGO_ENV": "production", "MOBIGO_SECRET_KEY": "a key of the drills, and of nobody else",
        "MOBIGO_BASE_URL": f"https://{NAME}", "MOBIGO_TRUSTED_PROXIES": "1", "MOBIGO_WEB_PROCESSES": "2",
        "MOBIGO_COLLECTORS": '{"cash": "regie", "cheque": null, "terminal": "regie"}',
        "MOBIGO_REQUESTS_PER_MINUTE": "0", "MOBIGO_LOG_FORMAT": "json",
    }  # fmt: skip


def _free_network() -> str:
    taken = subprocess.run(["ip", "-o", "addr"], check=False, capture_output=True, text=True).stdout
    return next(found for third in range(200, 250) if f"{(found := f'10.213.{third}')}." not in taken)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
