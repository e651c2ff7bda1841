"""Which jobs exist. A package declares its own in its `tasks.py`; `mobigo.app.jobs_registry` names those modules, and
they are imported when a job is first looked up: in the process that asks, and in each job's own process.

So a `tasks.py` is light: it imports what its jobs need (polars, numba, …) inside the functions.
"""

import importlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Concatenate, Final, TypeVar

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.infra.jobs import rhythms

if TYPE_CHECKING:
    from mobigo.infra.jobs.context import JobContext

JobFunction = Callable[Concatenate["JobContext", ...], Decision | None]
Function = TypeVar("Function", bound=JobFunction)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", re.ASCII)
_lock: Final = RLock()
_known: Final[dict[str, "JobKind"]] = {}
_schedules: Final[dict[str, "DeclaredSchedule"]] = {}
_modules: Final[list[str]] = []
_waiting: Final[list[str]] = []
_installers: Final[list[str]] = []


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job: its function, how often it is tried, how it waits between tries, how much memory it may take
    (MiB; None: the configuration's `job_memory_mb`)."""

    name: str
    function: JobFunction
    tries_max: int
    backoff_s: float
    memory_mb: int | None


@dataclass(frozen=True, slots=True)
class DeclaredSchedule:
    """A schedule the code wants to exist: its row is made or brought up to date when a worker starts."""

    name: str
    job: str
    rhythm: str


def job(
    name: str,
    *,
    tries_max: int = 3,
    backoff_s: float = 30.0,
    memory_mb: int | None = None,
    every: str | None = None,
) -> Callable[[Function], Function]:
    """Register the decorated function as the job `name` (`package.verb`).

    It is called with a JobContext and the job's params by name, and may return a Decision (its result, shown to
    people). It may run again after a crash, up to `tries_max` times: write effects in `ctx.ending()`, or make them
    repeatable, or set `tries_max=1`. With `every` (see `rhythms`), a schedule of the same name runs it by itself.
    """
    if not _NAME.fullmatch(name) or tries_max < 1 or backoff_s < 0:
        raise ValueError(f"job {name!r}: a dotted name, at least one try, a back-off in seconds")

    def register(function: Function) -> Function:
        with _lock:
            known = _known.get(name)
            if known is not None and known.function.__module__ != function.__module__:
                raise ValueError(f"two jobs are named {name!r}")
            _known[name] = JobKind(name, function, tries_max, backoff_s, memory_mb)
            if every is not None:
                rhythms.read(every)
                _schedules[name] = DeclaredSchedule(name, name, every)
        return function

    return register


def use_modules(names: Sequence[str], installer: str | None = None) -> None:
    """Add modules that declare jobs. They are imported when a job is first looked up.

    `installer` ("module:function") is called in each job's own process, so that it is wired as this one is.
    """
    with _lock:
        if installer is not None and installer not in _installers:
            _installers.append(installer)
        for name in names:
            if name not in _modules:
                _modules.append(name)
                _waiting.append(name)


def modules() -> tuple[str, ...]:
    """The modules in use, in order: what a job's own process must know too."""
    with _lock:
        return tuple(_modules)


def installers() -> tuple[str, ...]:
    """The functions to call in a job's own process."""
    with _lock:
        return tuple(_installers)


def install(names: Sequence[str], functions: Sequence[str]) -> None:
    """In a job's own process: the same modules and the same wiring as where it was ordered."""
    use_modules(names)
    for each in functions:
        module, _, function = each.partition(":")
        getattr(importlib.import_module(module), function)()


def find_kind(name: str) -> JobKind:
    """The kind of job of this name. Raises InvalidInput("jobs.unknown_name", name)."""
    _import_waiting()
    kind = _known.get(name)
    if kind is None:
        raise InvalidInput("jobs.unknown_name", name=name)
    return kind


def kinds() -> tuple[JobKind, ...]:
    """Every kind of job, by name."""
    _import_waiting()
    return tuple(_known[name] for name in sorted(_known))


def declared_schedules() -> tuple[DeclaredSchedule, ...]:
    """Every schedule declared in code, by name."""
    _import_waiting()
    return tuple(_schedules[name] for name in sorted(_schedules))


def _import_waiting() -> None:
    with _lock:
        while _waiting:
            importlib.import_module(_waiting[0])
            _waiting.pop(0)
