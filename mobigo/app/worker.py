"""`mobigo worker`: run the jobs; and the same as a process beside the web (`mobigo serve`, `mobigo demo`)."""

import os
import signal
import subprocess
import sys

import click

from mobigo.infra.config import Config, as_environ, load_config, require_safe


@click.command(short_help="Exécuter les travaux.")
@click.option("--with-parent", type=int, hidden=True, help="Finir avec le processus de ce numéro.")
def worker(with_parent: int | None) -> None:
    """Exécuter les travaux en attente et les horaires, jusqu'à SIGTERM ou Ctrl-C.

    Chaque travail a son propre processus ; MOBIGO_JOBS_AT_ONCE dit combien à la fois.
    """
    from mobigo.app import jobs_registry
    from mobigo.app.serve import make_ready
    from mobigo.infra import log
    from mobigo.infra.jobs.child import die_with_parent
    from mobigo.infra.jobs.worker import run_worker

    if with_parent is not None:
        die_with_parent(with_parent, signal.SIGTERM)
    config = load_config()
    require_safe(config)
    log.configure(config)
    make_ready(config)
    jobs_registry.install()
    sys.exit(run_worker(config))


def start_worker_process(config: Config) -> "subprocess.Popen[bytes]":
    """Start `mobigo worker` with this configuration, in a session of its own (a Ctrl-C reaches the caller only).

    It ends by itself when the thread that called this ends. To stop it: `terminate()`, then `wait()`; it hands back
    what it cannot finish within ten seconds or so.
    """
    command = [sys.executable, "-P", "-m", "mobigo.app.cli", "worker", "--with-parent", str(os.getpid())]
    environ = {**os.environ, **as_environ(config)}
    return subprocess.Popen(command, env=environ, start_new_session=True)  # noqa: S603 - our own interpreter
