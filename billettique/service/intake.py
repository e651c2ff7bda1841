"""Storing what providers tell us: as many notices in one commit as came while the last one was being written.

A disk takes milliseconds to be sure, whatever it writes; a provider that catches up sends thousands. Whoever arrives
waits for the writing under way, then one writes for all that wait. Nobody is answered before their own notice is safe.
"""

from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, Final

from sqlalchemy import Engine

from billettique.model.payments import Notice
from billettique.service import waking
from billettique.store import notices
from mobigo.infra.clock import new_id
from mobigo.infra.db import transaction

AT_ONCE: Final = 500
WORKS: Final = frozenset({"payment", "refund", "means"})  # what a notice may be about that asks work


@dataclass(slots=True)
class _Waiting:
    notice: Notice
    now: datetime
    done: bool = False
    fresh: bool = False
    failure: Exception | None = None


@dataclass
class Intake:
    """One for each process; any number of threads."""

    engine: Engine
    _waiting: list[_Waiting] = field(default_factory=list)
    _queue: Lock = field(default_factory=Lock)
    _writing: Lock = field(default_factory=Lock)

    def store(self, notice: Notice, now: datetime) -> bool:
        """Store a verified notice with the work it asks; False for one that was stored before. It is safe when this
        returns; an exception means that it is not, and that the provider has to send it again."""
        mine = _Waiting(notice, now)
        with self._queue:
            self._waiting.append(mine)
        with self._writing:
            while not mine.done:
                with self._queue:
                    taken, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                self._write(taken)
        if mine.failure is not None:
            raise mine.failure
        return mine.fresh

    def _write(self, taken: list[_Waiting]) -> None:
        try:
            events = {_name(each.notice): _event(each.notice, each.now) for each in taken}
            works = {_name(each.notice): _work(each.notice, each.now) for each in taken if _asks(each.notice)}
            with transaction(self.engine) as session:
                new = notices.store_events(session, list(events.values()), works)
                if not new.isdisjoint(works):
                    now = max(each.now for each in taken)
                    waking.wake(session, now, now)
        except Exception as failure:
            for each in taken:
                each.failure, each.done = failure, True
            return
        for each in taken:
            each.fresh = _name(each.notice) in new
            new.discard(_name(each.notice))  # the same one twice in one writing is new once
            each.done = True


def _name(notice: Notice) -> tuple[str, str]:
    return notice.provider, notice.event_id[:255]


def _asks(notice: Notice) -> bool:
    return notice.about in WORKS and bool(notice.object_ref)


def _event(notice: Notice, now: datetime) -> dict[str, Any]:
    return {
        "provider": notice.provider, "event_id": notice.event_id[:255], "kind": notice.kind[:100],
        "about": notice.about, "object_ref": notice.object_ref[:255], "sent_at": notice.sent_at, "received_at": now,
    }  # fmt: skip


def _work(notice: Notice, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(now), "provider": notice.provider, "what": notice.about, "ref": notice.object_ref[:255],
        "key": f"{notice.provider}:{notice.event_id}"[:300], "created_at": now, "due_at": now, "tries": 0,
    }  # fmt: skip
