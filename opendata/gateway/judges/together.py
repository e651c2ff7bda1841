"""A GTFS read once for all the judges that look at it together.

Outside `once`, each reads for itself: what is read is large, and is let go when the judges are done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mobigo.network.gateway.archive import Archive
    from mobigo.network.gateway.gtfs import FeedRead


@dataclass
class _Shared:
    lock: Lock = field(default_factory=Lock)
    held: "dict[Path, tuple[Archive, FeedRead]]" = field(default_factory=dict)


_SHARED: Final[ContextVar[_Shared | None]] = ContextVar("gtfs_read_once", default=None)


@contextmanager
def once() -> Iterator[None]:
    """In the block, and in the threads that run in a copy of its context, `read` opens no file twice. The files must
    not change meanwhile."""
    before = _SHARED.set(_Shared())
    try:
        yield
    finally:
        _SHARED.reset(before)


def read(path: Path) -> "tuple[Archive, FeedRead]":
    """The archive at `path` and the feed in it. Raises as `mobigo.network.gateway.gtfs.read`."""
    shared = _SHARED.get()
    if shared is None:
        return _read(path)
    with shared.lock:  # who comes second waits: reading twice at once would take twice the memory
        if path not in shared.held:
            shared.held[path] = _read(path)
        return shared.held[path]


def _read(path: Path) -> "tuple[Archive, FeedRead]":
    from mobigo.network.gateway import gtfs
    from mobigo.network.gateway.archive import open_feed

    archive = open_feed(path)
    return archive, gtfs.read_archive(archive)
