"""The only clock of the product. Everything else receives `now` as an argument."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from mobigo.base import ids


def now() -> datetime:
    """This instant, aware and in UTC."""
    return datetime.now(UTC)


def new_id(at: datetime | None = None) -> str:
    """A fresh id (see `mobigo.base.ids`) made at `at`, or now."""
    instant = now() if at is None else at
    return ids.new_id(int(instant.timestamp() * 1000))


def rising_ids(at: datetime) -> Iterator[str]:
    """Fresh ids made at `at`, each after the one before it (see `mobigo.base.ids`)."""
    return ids.rising_ids(int(at.timestamp() * 1000))


def thread_cpu_s() -> float:
    """Seconds of processor this thread has spent."""
    return time.thread_time()


def monotonic_s() -> float:
    """Seconds that only go forward, to measure durations and deadlines inside one process."""
    return time.monotonic()
