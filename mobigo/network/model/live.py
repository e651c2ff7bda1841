"""The network being served: one compiled timetable, and room for what is derived from it once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, TypeVar

from mobigo.network.model.streets import StreetGraph
from mobigo.network.model.timetable import Timetable
from mobigo.network.model.today import Today

Derived = TypeVar("Derived")


@dataclass(frozen=True, eq=False)
class LiveNetwork:
    """A timetable in use, with the streets when they are known. `caches` holds indexes derived from it (completion,
    stations …), dropped with it.

    With `today` it is the network as it runs: `planned` is the one it is made of, and the timetable that of today
    (`mobigo.network.model.today`).
    """

    timetable: Timetable
    hash: str
    streets: StreetGraph | None = None
    today: Today | None = None
    planned: "LiveNetwork | None" = field(default=None, repr=False)
    caches: dict[str, Any] = field(default_factory=dict, repr=False)
    _lock: RLock = field(default_factory=RLock, repr=False)

    def derived(self, name: str, make: Callable[[Timetable], Derived], *, lasting: bool = False) -> Derived:
        """What `make` derives from the timetable, made once and kept under `name`. Two threads never make it twice;
        what is derived may be derived from something else derived. `lasting`: of stops and lines alone, so the same
        whatever runs today."""
        if lasting and self.planned is not None:
            return self.planned.derived(name, make)
        if name not in self.caches:
            with self._lock:
                if name not in self.caches:
                    self.caches[name] = make(self.timetable)
        made: Derived = self.caches[name]
        return made
