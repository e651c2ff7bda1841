"""Faults at named points of our own code: an exception before or after each of them, and before and after each commit.
A harness arms one, runs a step, opens the database again, and runs it once more. Nothing in the product knows of it.
"""

import importlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

# ("module", "function") or ("module", "Class.method"), around each of which a fault may strike.
Point = tuple[str, str]

PAYMENTS: tuple[Point, ...] = (
    ("billettique.gateway.psp.sim", "SimApi._asked"),  # before each provider call, and after its success
    ("billettique.gateway.psp.sim", "Sim.deliver"),
    ("billettique.store.payments", "record_move"),
    ("billettique.store.payments", "name"),
    ("billettique.store.notices", "store_events"),
    ("billettique.store.notices", "take"),
    ("billettique.store.notices", "done"),
    ("billettique.store.notices", "ask"),
    ("billettique.service.payments", "apply"),
    ("billettique.service.payment_refunds", "apply_refund"),
    ("billettique.service.payment_refunds", "give_back"),
    ("billettique.service.quarantine", "give_back"),
    ("billettique.service.listening", "payment_moved"),
    ("billettique.service.listening", "refund_moved"),
    ("billettique.store.balance", "keep"),
    ("mobigo.infra.jobs.desk", "enqueue"),
)


class Boom(Exception):
    """The fault."""


class Faults:
    """Counts the points reached, and raises at the one that is armed (`at`, from 1)."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.reached = 0
        self.struck: list[str] = []

    def arm(self, at: int | None) -> None:
        """Strike at the nth point reached from now; None: not at all."""
        self.at, self.reached = at, 0

    def point(self, name: str) -> None:
        """A point is reached."""
        self.reached += 1
        if self.at is not None and self.reached == self.at:
            self.struck.append(name)
            raise Boom(name)

    @contextmanager
    def everywhere(self, monkeypatch: pytest.MonkeyPatch, points: Iterable[Point] = PAYMENTS) -> Iterator[None]:
        """Have the points and the commits watched."""
        for module_name, name in points:
            owner: Any = importlib.import_module(module_name)
            *inside, last = name.split(".")
            for part in inside:
                owner = getattr(owner, part)
            monkeypatch.setattr(owner, last, self._around(name, getattr(owner, last)))
        watched = {"before_commit": self._before_commit, "after_commit": self._after_commit}
        for kind, act in watched.items():
            event.listen(Session, kind, act)
        try:
            yield
        finally:
            for kind, act in watched.items():
                event.remove(Session, kind, act)

    def _before_commit(self, _session: Session) -> None:
        self.point("before commit")

    def _after_commit(self, _session: Session) -> None:
        self.point("after commit")

    def _around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **named: Any) -> Any:
            self.point(f"before {name}")
            answer = function(*args, **named)
            self.point(f"after {name}")
            return answer

        return wrapped
