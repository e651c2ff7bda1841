"""What time the jobs go by, and what is done about a clock that was set.

Leases and due instants are written by one process and judged by another: all of them go by one clock, the database's
where it has one of its own (PostgreSQL), this machine's otherwise. A host whose own clock says something else runs no
job until the two agree, for a job asks its own clock what day it is.

A clock that jumps makes every lease look over, or endless; whoever notices the jump judges nobody for one lease, while
the living renew theirs.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from mobigo.base.instants import to_utc
from mobigo.infra import clock, db

APART_MAX: Final = timedelta(seconds=60)
STEP_S_MIN: Final = 2.0  # less is a busy machine
TOLD_EVERY_S: Final = 60.0
_log = logging.getLogger(__name__)


def now_in(session: Session) -> datetime:
    """This instant, by the clock all workers share."""
    if session.get_bind().dialect.name != "postgresql":
        return clock.now()
    told = session.scalar(text("SELECT clock_timestamp()"))
    return to_utc(told) if isinstance(told, datetime) else clock.now()


def now(engine: Engine) -> datetime:
    """This instant, by the clock all workers share."""
    if engine.dialect.name != "postgresql":
        return clock.now()
    with db.reading(engine) as session:
        return now_in(session)


class Steps:
    """Notices that a clock was set: compares how far it went with how long that took."""

    def __init__(self) -> None:
        self._last: tuple[datetime, float] | None = None

    def seen(self, instant: datetime, monotonic_s: float) -> float:
        """Seconds the clock was moved since the last call, forward or (negative) back; 0 when it only went on."""
        last, self._last = self._last, (instant, monotonic_s)
        if last is None:
            return 0.0
        moved_s = (instant - last[0]).total_seconds() - (monotonic_s - last[1])
        return moved_s if abs(moved_s) >= STEP_S_MIN else 0.0


class WorkerClock:
    """The shared clock as one worker looks at it."""

    def __init__(self, engine: Engine, lease_s: float) -> None:
        self._engine = engine
        self._lease_s = lease_s
        self._steps = Steps()
        self._judges_from_s = 0.0
        self._told_s: float | None = None

    def look(self) -> tuple[datetime, bool]:
        """This instant, and whether the clock was set since the last look: then `may_judge` is no for one lease."""
        instant, passed_s = now(self._engine), clock.monotonic_s()
        moved_s = self._steps.seen(instant, passed_s)
        if moved_s:
            _log.warning("the clock was set by %+.0f s: no lease is judged for %.0f s", moved_s, self._lease_s)
            self._judges_from_s = passed_s + self._lease_s
        return instant, bool(moved_s)

    def may_judge(self) -> bool:
        """Whether a lease that looks over is over."""
        return clock.monotonic_s() >= self._judges_from_s

    def agrees(self, instant: datetime) -> bool:
        """Whether this host's own clock is right enough to run jobs by; said once a minute while it is not."""
        apart = abs(clock.now() - instant)
        if apart <= APART_MAX:
            self._told_s = None
            return True
        passed_s = clock.monotonic_s()
        if self._told_s is None or passed_s - self._told_s >= TOLD_EVERY_S:
            self._told_s = passed_s
            _log.error("this host's clock is %.0f s from the database's: it takes no job", apart.total_seconds())
        return False
