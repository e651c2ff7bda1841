"""`mobigo serve`: the web and the worker, in one command, until Ctrl-C or SIGTERM.

The web is granian, its processes spawned (never forked: a fork after numba or polars hangs); the worker is a process
beside it, ended with it. On several hosts: `mobigo serve --no-worker` behind a proxy, `mobigo worker` where jobs run.
"""

import gc
import multiprocessing
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import click

from mobigo.base.errors import Refused
from mobigo.infra import console
from mobigo.infra.config import Config, as_environ, load_config, require_safe

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from apiflask import APIFlask

PORTS_TRIED: Final = 50
VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"
ANSWER_WAIT_S: Final = 60.0
ANSWER_PAUSE_S: Final = 0.05
WORKER_END_S: Final = 12.0
COLLECTED_AFTER: Final = (50_000, 20, 20)  # objects made, then rounds; Python's own is 700
NEW_BEFORE_OLD_S: Final = 30.0  # a restart by SIGHUP: a new process has that long to answer before the old one leaves
KILLED_AFTER_S: Final = 10  # a process told to end that does not
SWITCH_S: Final = 0.0005  # a search that ends waits no longer for its turn to be written down; Python's own is 5 ms


@click.command(short_help="Répondre sur le web et exécuter les travaux.")
@click.option("--host", help="Adresse d'écoute (MOBIGO_HOST).")
@click.option("--port", type=click.IntRange(1, 65_535), help="Port d'écoute (MOBIGO_PORT).")
@click.option("--no-worker", is_flag=True, help="Le web seul ; les travaux tournent ailleurs (mobigo worker).")
def serve(host: str | None, port: int | None, no_worker: bool) -> None:
    """Répondre sur le web et exécuter les travaux, jusqu'à Ctrl-C."""
    config = listening(load_config(), host, port)
    require_safe(config)
    if not is_free(config.host, config.port):
        raise Refused("serve.port_taken", port=config.port, free=free_port(config.host, config.port + 1))
    make_ready(config)
    if config.environment == "demo":
        from mobigo.app.oidc_test_provider import beside

        with beside(config) as demonstrated:
            run(demonstrated, with_worker=not no_worker)
    else:
        run(config, with_worker=not no_worker)


def listening(config: Config, host: str | None, port: int | None) -> Config:
    """The configuration with another address to listen on; the public address follows unless it was given."""
    if host is None and port is None:
        return config
    changed = replace(config, host=host or config.host, port=port or config.port)
    if os.environ.get("MOBIGO_BASE_URL"):
        return changed
    shown = "127.0.0.1" if changed.host in ("0.0.0.0", "::") else changed.host  # noqa: S104  # compared, not bound
    return replace(changed, base_url=f"http://{shown}:{changed.port}")


def make_ready(config: Config) -> None:
    """What must be true before the first request: the home is there, its secret too, the schema is this version's."""
    from mobigo.infra import keys

    config.home.mkdir(parents=True, exist_ok=True)
    keys.secret_key(config)
    if is_at_head(config.database_url):
        return
    from mobigo.app import schema
    from mobigo.infra.db import open_engine

    engine = open_engine(config.database_url)
    try:
        schema.ready(engine, config)
    finally:
        engine.dispose()


def is_at_head(database_url: str) -> bool:
    """Whether this is a SQLite file at this version's schema: told by one look, without loading what migrates, for
    which each start would wait half a second. False whenever that is not plain to see."""
    scheme, _, path = database_url.partition(":///")
    if scheme != "sqlite" or not Path(path).is_file():
        return False
    newest = max(file.stem.partition("_")[0] for file in VERSIONS.glob("[0-9]*.py"))
    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)) as looking:
            found = looking.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error:
        return False
    return found == [(newest,)]


def run(config: Config, *, with_worker: bool = True, when_answering: Callable[[], None] | None = None) -> None:
    """Serve until a signal, with the worker beside unless told otherwise.

    `when_answering` is called once the first page answers; by default it says where, and how to stop.
    """
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    from mobigo.app.worker import start_worker_process

    os.environ.update(as_environ(config))
    multiprocessing.set_start_method("spawn", force=True)
    server = Server(
        "mobigo.app.serve:application",
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=config.web_processes,
        blocking_threads=config.web_threads,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=NEW_BEFORE_OLD_S,
        workers_kill_timeout=KILLED_AFTER_S,
    )
    worker = start_worker_process(config) if with_worker else None
    tell = when_answering or (lambda: say_where(config))
    Thread(target=_tell_when_answering, args=(config, tell), daemon=True).start()
    try:
        server.serve()
    finally:
        if worker is not None:
            stop_worker(worker)


def application() -> "APIFlask":
    """The web application of a process that serves: its log and the folder of compiled kernels are set first. The
    process ends with the one that started it, so that nobody is answered by what no worker stands beside."""
    # What is made at the start stays: the collector need not look through it, then or later, and seldom at the rest.
    gc.disable()
    # None means: not there. numba would import scipy, and structlog rich, for nothing.
    for unused in ("scipy", "rich"):
        sys.modules.setdefault(unused, None)  # type: ignore[arg-type]  # what Python's import takes for absence
    from mobigo.app.factory import create_app, make_served_networks
    from mobigo.infra import log, numba_cache
    from mobigo.infra.jobs.child import die_with_parent
    from mobigo.infra.web import EXTENSION

    started_by = multiprocessing.parent_process()
    if started_by is not None and started_by.pid is not None:
        die_with_parent(started_by.pid, signal.SIGTERM)
        Thread(target=_leave_after, args=(started_by,), daemon=True).start()
    config = load_config()
    log.configure(config)
    numba_cache.use(config.home)
    sys.setswitchinterval(SWITCH_S)
    app = create_app(config)
    app.extensions[EXTENSION].make_networks = make_served_networks
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
    gc.enable()
    return app


def _leave_after(started_by: "BaseProcess") -> None:
    """Where somebody's half-sent request would hold this process: it is given the time that its parent would give."""
    started_by.join()
    time.sleep(KILLED_AFTER_S)
    os._exit(1)


def say_where(config: Config) -> None:
    """Where the service answers and how to stop it, for the person at the terminal."""
    page = "/demonstration" if config.environment == "demo" else ""
    console.message(f"\nMobigo répond sur {config.base_url}{page}\nPour arrêter : Ctrl-C.")


def stop_worker(worker: "subprocess.Popen[bytes]") -> None:
    """Ask the worker to end; it hands back what it cannot finish. Kill it if it does not end in time."""
    worker.terminate()
    try:
        worker.wait(WORKER_END_S)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def is_free(host: str, port: int) -> bool:
    """Whether this machine can listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str, first: int) -> int:
    """The first free port from `first` on. Raises Refused when none of the next ones is."""
    for port in range(first, min(first + PORTS_TRIED, 65_536)):
        if is_free(host, port):
            return port
    raise Refused("serve.no_free_port", first=first)


def _tell_when_answering(config: Config, tell: Callable[[], None]) -> None:
    """Wait for the health page, then tell. Runs in a thread that ends with the process."""
    from http.client import HTTPConnection, HTTPException
    from threading import Event

    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.host, config.host)  # noqa: S104  # compared, not bound
    for _attempt in range(round(ANSWER_WAIT_S / ANSWER_PAUSE_S)):
        connection = HTTPConnection(host, config.port, timeout=5)
        try:
            connection.request("GET", "/healthz", headers={"Host": f"127.0.0.1:{config.port}"})
            if connection.getresponse().status == 200:
                tell()
                return
        except (OSError, HTTPException):
            pass  # not yet
        finally:
            connection.close()
        Event().wait(ANSWER_PAUSE_S)
