"""Shared bicycles: systems added by their GBFS address or brought as files, looked at as often as they say, and read
by every process from the last documents kept."""

import json
import re
import tempfile
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Final

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from mobigo.base.errors import InvalidInput, MobigoError, NotFound
from mobigo.infra import clock
from mobigo.infra.db import reading, transaction
from mobigo.network.gateway import gbfs
from mobigo.network.gateway.fetch import FetchLimits, check_url, fetch
from mobigo.network.model.shared import SharedSystem, Told
from mobigo.network.service.importing import Tools
from mobigo.network.store import shared as store
from mobigo.network.store.shared import SharedSource

log = structlog.get_logger(__name__)
EVERY_S_MIN: Final = 60  # nobody is asked more often, whatever it says of itself
EVERY_S_MAX: Final = 600
SLOW_EVERY: Final = timedelta(hours=1)  # what changes seldom
STALE_S: Final = 600  # older, a state is no longer believed
LOOK_S: Final = 5.0
DOCUMENT_BYTES_MAX: Final = 20_000_000
CODE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)


def add_source(tools: Tools, code: str, url: str, now: datetime | None = None) -> SharedSource:
    """Put a system in use by the address of its `gbfs.json`, due at once. Raises InvalidInput for a code or an address
    that is none."""
    _check_code(code)
    check_url(url)
    if len(url) > 500:
        raise InvalidInput("network.bad_url", url=url[:100])
    with transaction(tools.engine) as session:
        return store.put_source(session, code, url, EVERY_S_MIN, now or clock.now())


def import_folder(tools: Tools, code: str, folder: Path, now: datetime | None = None) -> SharedSystem:
    """Put a system in use as the files of a folder tell it (`system_information.json` …); all of them or none.

    Raises NotFound for no folder, InvalidInput for what is no GBFS.
    """
    _check_code(code)
    if not folder.is_dir():
        raise NotFound("shared.no_folder", folder=folder.name)
    found = {}
    for name in gbfs.WANTED:
        path = folder / f"{name}.json"
        if path.is_file():
            if path.stat().st_size > DOCUMENT_BYTES_MAX:
                raise InvalidInput("shared.unreadable", document=name)
            found[name] = gbfs.parse(path.read_bytes(), name)
    system = gbfs.read(found)
    now = now or clock.now()
    with transaction(tools.engine) as session:
        store.put_source(session, code, folder.name[:500], None, now)
        data = _packed(found)
        store.keep(session, code, data, sha256(data).hexdigest(), now, None, None)
    return system


def remove_source(tools: Tools, code: str) -> None:
    """Take a system out of use. Raises NotFound."""
    with transaction(tools.engine) as session:
        store.remove_source(session, code)


def poll_shared(tools: Tools, *, now: datetime | None = None, limits: FetchLimits | None = None) -> int:
    """Look at every system that is due; how many had something new. What an operator does never raises: it is
    noted."""
    now = now or clock.now()
    with reading(tools.engine) as session:
        waiting = store.due(session, now)
    return sum(_poll(tools, source, now, limits) for source in waiting)


def _poll(tools: Tools, source: SharedSource, now: datetime, limits: FetchLimits | None) -> bool:
    limits = limits or FetchLimits(DOCUMENT_BYTES_MAX, 20.0, 10.0, private=tools.config.fetch_private)
    with reading(tools.engine) as session:
        before = _unpacked(store.documents(session, source.code))
    is_slow_due = source.slow_at is None or now - source.slow_at >= SLOW_EVERY or gbfs.DISCOVERY not in before
    try:
        found = _fetched(source.url, before, limits, everything=is_slow_due)
        system = gbfs.read({name: document for name, document in found.items() if name != gbfs.DISCOVERY})
    except MobigoError as error:
        with transaction(tools.engine) as session:
            store.note_failure(session, source.code, error.decision, now)
        return False
    data = _packed(found)
    every_s = min(max(system.ttl_s, EVERY_S_MIN), EVERY_S_MAX)
    slow_at = now if is_slow_due else source.slow_at
    with transaction(tools.engine) as session:
        return store.keep(session, source.code, data, sha256(data).hexdigest(), now, every_s, slow_at)


def _fetched(
    url: str, before: dict[str, gbfs.Document], limits: FetchLimits, *, everything: bool
) -> dict[str, gbfs.Document]:
    """The documents of a system: what changes often, and the rest as it was unless `everything`. Each address that the
    system names is checked as its own was."""
    with tempfile.TemporaryDirectory(prefix="mobigo-gbfs-") as folder:
        target = Path(folder) / "document.json"

        def brought(name: str, address: str) -> gbfs.Document:
            fetch(address, target, limits=limits)
            return gbfs.parse(target.read_bytes(), name)

        found = {gbfs.DISCOVERY: brought(gbfs.DISCOVERY, url)} if everything else dict(before)
        for name, address in gbfs.addresses(found[gbfs.DISCOVERY]).items():
            if everything or name in gbfs.QUICK:
                found[name] = brought(name, address)
    return found


def _packed(documents: dict[str, gbfs.Document]) -> bytes:
    return json.dumps(documents, sort_keys=True, separators=(",", ":")).encode()


def _unpacked(data: bytes | None) -> dict[str, gbfs.Document]:
    return {} if data is None else json.loads(data)


def _check_code(code: str) -> None:
    if not CODE.fullmatch(code):
        raise InvalidInput("shared.bad_code", system=code[:80])


class SharedHolder:
    """The systems as this process knows them: the rows are looked at every few seconds, and read again when they
    changed. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._looked_s: float | None = None
        self._sources: list[SharedSource] = []
        self._read: dict[str, tuple[str, SharedSystem | None]] = {}

    def told(self, now: datetime) -> list[Told]:
        """Every system in use, by code."""
        with self._lock:
            at_s = clock.monotonic_s()
            if self._looked_s is None or at_s - self._looked_s >= LOOK_S:
                self._look()
                self._looked_s = at_s
            found = [(source, self._read.get(source.code, ("", None))[1]) for source in self._sources]
        return [
            Told(each.code, each.url, system, system is None or system.is_stale(now, STALE_S), each.error)
            for each, system in found
        ]

    def _look(self) -> None:
        """Without the database journeys are found all the same: what was known grows old, and is told so."""
        try:
            with reading(self._engine) as session:
                self._sources = store.list_sources(session)
                for source in self._sources:
                    if self._read.get(source.code, ("", None))[0] != source.sha256:
                        told = store.documents(session, source.code)
                        self._read[source.code] = (source.sha256, _system(_unpacked(told)))
        except SQLAlchemyError:
            log.exception("shared.not_read")
        known = {source.code for source in self._sources}
        self._read = {code: each for code, each in self._read.items() if code in known}


def _system(documents: dict[str, gbfs.Document]) -> SharedSystem | None:
    if not documents:
        return None
    try:
        return gbfs.read({name: each for name, each in documents.items() if name != gbfs.DISCOVERY})
    except MobigoError as error:  # kept by another version of ours: told as never read, the next look mends it
        log.warning("shared.unreadable", code=error.decision.code)
        return None
