"""Kernels compiled once for all the processes of a run: who needs one that another is compiling waits and loads it.

Without it three processes that start with an empty cache compile everything three times, a minute each, and two that
save at once may lose each other's entry of numba's index.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import Dispatcher


def compile_in_turn(folder: Path) -> None:
    """From now on this process compiles a kernel, or loads it, under a lock in that folder: one lock a kernel.

    A kernel is locked after those that call it and before those it calls, in every process: no circle. The threads of
    one process come one by one, as numba has them do anyway.
    """
    compiling = Dispatcher.compile
    mine: set[str] = set()

    @contextmanager
    def turn(name: str) -> Iterator[None]:
        if name in mine:  # compiled for other types while it is being compiled
            yield
            return
        with (folder / f"{name}.lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            mine.add(name)
            try:
                yield
            finally:
                mine.remove(name)

    def compile_it(self: Any, signature: Any) -> Any:
        whose = f"{self.py_func.__module__}.{self.py_func.__qualname__}"
        with global_compiler_lock, turn(sha256(whose.encode()).hexdigest()[:32]):
            return compiling(self, signature)

    Dispatcher.compile = compile_it  # type: ignore[method-assign, assignment]  # numba offers no other place for it
