"""The clock of a process, moved by a file: Python reads this module at each start, in whatever process a drill starts.

`MOVED_CLOCK` names the file, which holds seconds, and may be written anew at any time. What is moved is what the
product goes by, `mobigo.infra.clock.now`, and `time.time`, by which libraries count; `time.monotonic` goes on, as it
does on a machine whose clock is set. Without the variable nothing is touched.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import ModuleType

_true_time, _true_time_ns = time.time, time.time_ns


def moved_s() -> float:
    """Seconds the clock stands off now."""
    try:
        with open(os.environ["MOVED_CLOCK"], encoding="ascii") as file:  # noqa: PTH123 - pathlib is not loaded yet
            return float(file.read() or 0)
    except (OSError, ValueError):
        return 0.0


class _Loader(importlib.abc.Loader):
    def __init__(self, true: importlib.abc.Loader) -> None:
        self._true = true

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._true.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._true.exec_module(module)
        true_now = module.now

        def now() -> datetime:
            read: datetime = true_now() + timedelta(seconds=moved_s())
            return read

        module.now = now  # type: ignore[attr-defined]  # the one function of the product that reads a clock


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "mobigo.infra.clock":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


if "MOVED_CLOCK" in os.environ:
    time.time = lambda: _true_time() + moved_s()
    time.time_ns = lambda: _true_time_ns() + int(moved_s() * 1e9)
    sys.meta_path.insert(0, _Finder())
