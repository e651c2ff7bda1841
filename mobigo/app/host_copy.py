"""This host's own copy of the compiled network. One host's worker builds it and moves the pointer; any other host that
serves notices that it has not that network and compiles it from the same feeds, in a process of its own, once a host
however many web processes it has. Until then what serves goes on serving."""

import fcntl
import logging
import os
import subprocess
import sys
import time
from threading import Thread
from typing import IO, Final

from mobigo.infra.config import Config, as_environ
from mobigo.network.store.networks import root_of

RETRY_S: Final = 60.0
NICE: Final = 5  # requests come first
_log = logging.getLogger(__name__)


class HostCopy:
    """Brings what is missing, when told that it is."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def __call__(self, name: str) -> None:
        """Start compiling, unless somebody on this host does, or has tried that network within a minute."""
        root = root_of(self._config.home)
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / ".copying").open("a+", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return
        with lock:  # closed here; it stays held as long as the process that was given it
            if not _tried_lately(lock, name):
                lock.seek(0)
                lock.truncate()
                lock.write(name)
                lock.flush()
                self._compile(name, lock.fileno())

    def _compile(self, name: str, lock_fd: int) -> None:
        """The lock goes with the process: whoever looks while it lasts leaves it alone."""
        _log.info("compiling this host's copy of network %s", name)
        process = subprocess.Popen(  # our own interpreter and command
            [sys.executable, "-P", "-m", "mobigo.app.cli", "network", "build"],
            env={**os.environ, **as_environ(self._config)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(lock_fd,),
            start_new_session=True,
        )
        os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        Thread(target=_wait_for, args=(process, name), name="host-copy", daemon=True).start()


def _tried_lately(lock: IO[str], name: str) -> bool:
    lock.seek(0)
    tried_s = os.fstat(lock.fileno()).st_mtime
    return lock.read() == name and abs(time.time() - tried_s) < RETRY_S


def _wait_for(process: "subprocess.Popen[bytes]", name: str) -> None:
    if code := process.wait():
        _log.error("this host's copy of network %s could not be compiled (exit code %d)", name, code)
