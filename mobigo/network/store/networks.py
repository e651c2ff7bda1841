"""The compiled network in use: a row points at its folder; each process maps it and lets go of the old one when its
last query ends."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import structlog
from sqlalchemy import Engine, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra import clock
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new, reading
from mobigo.infra.privacy import Always, describe
from mobigo.network.model.live import LiveNetwork
from mobigo.network.store import hearing
from mobigo.network.store.compiled import load, load_streets
from mobigo.network.store.feeds import FeedVersion

log = structlog.get_logger(__name__)
_POINTER = 1
_LOOK_S = 1.0  # how often the pointer is looked at
_STREETS = "streets.txt"  # in a network's folder: the hash of the streets it was built with


class NetworkPointerRow(Base):
    """The one row that says which compiled network serves. `inputs` names the version of each feed in it."""

    __tablename__ = "network_pointer"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str | None] = mapped_column(String(64))
    inputs: Mapped[dict[str, Any]] = mapped_column(Json)
    built_at: Mapped[datetime] = mapped_column(UtcDateTime)


describe(
    NetworkPointerRow,
    purpose="know which compiled network serves",
    keep=Always("it is one row, about timetables"),
    plain="id hash inputs built_at",
)


def root_of(home: Path) -> Path:
    """Where compiled networks lie."""
    return home / "cache" / "networks"


def streets_root_of(home: Path) -> Path:
    """Where street graphs lie."""
    return home / "cache" / "streets"


def name_streets(network: Path, streets: str) -> None:
    """Note with which streets the network of this folder was built; "" for none."""
    (network / _STREETS).write_text(streets)


def streets_named(network: Path) -> str:
    """What `name_streets` noted; "" for a network of before."""
    noted = network / _STREETS
    return noted.read_text() if noted.exists() else ""


def inputs_of(versions: Sequence[FeedVersion]) -> dict[str, str]:
    """What a network is made of: the version of each feed."""
    return {version.feed: version.id for version in versions}


def inputs_hash(versions: Sequence[FeedVersion], places: Sequence[dict[str, str]], settings: str) -> str:
    """The name of the network made of these versions with these places and settings."""
    digest = hashlib.sha256(settings.encode())
    for version, ids in zip(versions, places, strict=True):
        digest.update(f"\0{version.feed}\0{version.content_hash}\0".encode())
        for stop_id, place in sorted(ids.items()):
            digest.update(f"{stop_id}\0{place}\0".encode())
    return digest.hexdigest()[:32]


def lock_pointer(session: Session, now: datetime) -> NetworkPointerRow:
    """The pointer, held until the end of the transaction."""
    insert_new(session, NetworkPointerRow, {"id": _POINTER, "hash": None, "inputs": {}, "built_at": now}, ["id"])
    return session.scalars(select(NetworkPointerRow).where(NetworkPointerRow.id == _POINTER).with_for_update()).one()


def find_pointer(session: Session) -> NetworkPointerRow | None:
    """The pointer; None when no network was ever built."""
    row = session.get(NetworkPointerRow, _POINTER)
    return None if row is None or row.hash is None else row


class _Held:
    """A network, how it runs today, and how many queries are in it. `said`: what today was made of."""

    def __init__(self, network: LiveNetwork) -> None:
        self.network = network
        self.today = network
        self.said: object = None
        self.queries = 0


class NetworkHolder:
    """The compiled network of this process. Threads may share it.

    `current()` pins the network for one query: it stays whole and the same until the block ends, whatever is built
    meanwhile. A network that was replaced is let go when its last query ends.

    Once something serves, `warm` is called with what is newer, as planned or with the day laid over it, before it takes
    its place: it pays what the first query would; where it fails, what is newer serves all the same. `beside`: that is
    read and warmed in a thread of its own, and queries go on with what there is. `missing` is told of a network
    that serves elsewhere and is not on this host, by its name.
    """

    def __init__(
        self,
        engine: Engine,
        home: Path,
        monotonic_s: Callable[[], float] = clock.monotonic_s,
        now: Callable[[], datetime] = clock.now,
        *,
        warm: Callable[[LiveNetwork], None] | None = None,
        beside: bool = False,
        missing: Callable[[str], None] | None = None,
    ) -> None:
        self._engine, self._now, self._warm, self._beside = engine, now, warm, beside
        self._missing = missing
        self._root, self._streets_root = root_of(home), streets_root_of(home)
        self._monotonic_s = monotonic_s
        self._lock = Lock()  # guards the fields below
        self._loading = Lock()  # one thread loads, the others go on with the old one
        self._held: _Held | None = None
        self._retired: list[_Held] = []
        self._looked_s: float | None = None
        self._hears = False  # once somebody asked for today; before, nothing of the day is read

    @contextmanager
    def current(self) -> Iterator[LiveNetwork]:
        """The network in use, as planned, for the length of the block. Raises NotFound("network.none_built") when there
        is none. Cheap in a new process: what runs today is read when it is first asked for."""
        with self._pinned(today=False) as held:
            yield held.network

    @contextmanager
    def today(self) -> Iterator[LiveNetwork]:
        """The network in use as it runs today, for the length of the block: one network and one state of realtime,
        whatever comes meanwhile. The planned one where nothing is known. Raises NotFound("network.none_built")."""
        with self._pinned(today=True) as held:
            yield held.today

    @contextmanager
    def _pinned(self, *, today: bool) -> Iterator[_Held]:
        self._look(today=today)
        with self._lock:
            held = self._held
            if held is None:
                raise NotFound("network.none_built")
            held.queries += 1
        try:
            yield held
        finally:
            with self._lock:
                held.queries -= 1
                self._retired = [old for old in self._retired if old.queries]

    def refresh(self) -> None:
        """Look at the pointer now."""
        with self._lock:
            self._looked_s = None
        self._look(today=True, here=True)

    @property
    def retired(self) -> int:
        """How many replaced networks still have queries in them."""
        with self._lock:
            return len(self._retired)

    def _look(self, *, today: bool, here: bool = False) -> None:
        with self._lock:
            now_s = self._monotonic_s()
            fresh = self._looked_s is not None and now_s - self._looked_s < _LOOK_S
            first = self._held is None or (today and not self._hears)
            if fresh and not first:
                return
            self._looked_s = now_s
        if not self._loading.acquire(blocking=first or here):
            return
        if self._beside and not first and not here:
            Thread(target=self._read_beside, name="mobigo-networks", daemon=True).start()
            return
        try:
            self._load()
            self._hears |= today
            if self._hears:
                self._hear()
        finally:
            self._loading.release()

    def _read_beside(self) -> None:
        """What is newer, while queries go on; `_loading` is held by whoever started this."""
        try:
            self._load()
            if self._hears:
                self._hear()
        except Exception:
            log.exception("networks.not_read")  # what serves goes on serving, and the next look tries again
        finally:
            self._loading.release()

    def _load(self) -> None:
        with reading(self._engine) as session:
            pointer = find_pointer(session)
            wanted = None if pointer is None else pointer.hash
        with self._lock:
            serving = None if self._held is None else self._held.network.hash
        if wanted is None or wanted == serving:
            return
        try:
            streets = streets_named(self._root / wanted)
            graph = load_streets(self._streets_root / streets) if streets else None
            network = LiveNetwork(load(self._root / wanted), wanted, graph)
        except NotFound:
            if self._missing is not None:
                self._missing(wanted)
            if serving is None:
                raise
            return  # what serves goes on serving, until the missing folder is made
        if serving is not None:
            self._warmed(network)
        with self._lock:
            if self._held is not None and self._held.queries:
                self._retired.append(self._held)
            self._held = _Held(network)

    def _hear(self) -> None:
        """Lay what was heard of the day over the network, when it is not what is laid over it already. Realtime that
        cannot be read never takes the timetable away."""
        with self._lock:
            held = self._held
        if held is None:
            return
        heard = hearing.listen(self._engine, self._now())
        if heard.key == held.said:
            return
        try:
            today = hearing.laid_over(held.network, heard, self._engine)
        except Exception:
            log.exception("realtime.not_laid_over")  # a defect of ours: the timetable serves, and we are told
            today = held.network
        if today is not held.network and held.said is not None:
            self._warmed(today)
        with self._lock:
            held.today, held.said = today, heard.key

    def _warmed(self, network: LiveNetwork) -> None:
        """Pay what the first query would; never at the price of the network."""
        if self._warm is None:
            return
        try:
            self._warm(network)
        except Exception:
            log.exception("network.not_warmed")  # a defect of ours: the first query pays, and we are told
