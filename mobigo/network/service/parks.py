"""Car parks: brought as a national file, or read with the streets; their free places looked at where an operator tells
them, and read by every process from what was last kept."""

import re
import tempfile
from datetime import datetime
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
from mobigo.network.gateway import parks as gateway
from mobigo.network.gateway.fetch import FetchLimits, check_url, fetch
from mobigo.network.model.parks import CarPark, Occupancy, ToldParks
from mobigo.network.service.importing import Tools
from mobigo.network.store import parks as store
from mobigo.network.store.parks import ParkSource

log = structlog.get_logger(__name__)
EVERY_S: Final = 120
EVERY_S_MIN: Final = 60
STALE_S: Final = 900  # older, free places are no longer believed
LOOK_S: Final = 5.0
OSM: Final = "osm:"  # before the name of an extract of streets, the code of its car parks
OSM_CREDIT: Final = "© les contributeurs d’OpenStreetMap (ODbL)"
CODE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)


def import_parks(
    tools: Tools, code: str, path: Path, *, credit: str = "", now: datetime | None = None
) -> tuple[CarPark, ...]:
    """Put the car parks of a national CSV in use, in the place of those of that name; all of them or none.

    Raises NotFound for no file, InvalidInput for a name that is none and for a row that makes no sense.
    """
    if not CODE.fullmatch(code):
        raise InvalidInput("parks.bad_code", source=code[:80])
    if not path.is_file():
        raise NotFound("parks.no_file", file=path.name)
    if path.stat().st_size > gateway.BYTES_MAX:
        raise InvalidInput("parks.unreadable", file=path.name)
    found = gateway.read_parks(path.read_bytes(), path.name)
    _put(tools, code, path.name, credit[:200], found, now or clock.now())
    return found


def import_osm_parks(tools: Tools, extract: str, path: Path, now: datetime) -> int:
    """Put the car parks of an extract of streets in use, in the place of those it had; how many. An extract without
    any has no source."""
    found = gateway.read_osm_parks(path, path.name)
    if found:
        _put(tools, OSM + extract, path.name, OSM_CREDIT, found, now)
    else:
        with transaction(tools.engine) as session:
            store.remove_source(session, OSM + extract, missing_ok=True)
    return len(found)


def _put(tools: Tools, code: str, source: str, credit: str, found: tuple[CarPark, ...], now: datetime) -> None:
    data = gateway.packed(found)
    with transaction(tools.engine) as session:
        store.put_parks(session, code, source[:500], credit, data, sha256(data).hexdigest(), STALE_S, now)


def tell_occupancy(
    tools: Tools, code: str, url: str, *, every_s: int = EVERY_S, stale_s: int = STALE_S, now: datetime | None = None
) -> None:
    """Record where the free places of a source are told, due at once.

    Raises NotFound for an unknown source, InvalidInput for an address we would not fetch or a rhythm too fast.
    """
    check_url(url)
    if len(url) > 500:
        raise InvalidInput("network.bad_url", url=url[:100])
    if every_s < EVERY_S_MIN or not every_s <= stale_s <= 86_400:
        raise InvalidInput("network.source_too_often", every_s=every_s, least_s=EVERY_S_MIN)
    with transaction(tools.engine) as session:
        store.put_address(session, code, url, every_s, stale_s, now or clock.now())


def remove_parks(tools: Tools, code: str) -> None:
    """Take a source out of use. Raises NotFound."""
    with transaction(tools.engine) as session:
        store.remove_source(session, code)


def poll_parks(tools: Tools, *, now: datetime | None = None, limits: FetchLimits | None = None) -> int:
    """Look at every address of free places that is due; how many had something new. What an operator does never
    raises: it is noted."""
    now = now or clock.now()
    with reading(tools.engine) as session:
        waiting = store.due(session, now)
    return sum(_poll(tools, source, now, limits) for source in waiting)


def _poll(tools: Tools, source: ParkSource, now: datetime, limits: FetchLimits | None) -> bool:
    limits = limits or FetchLimits(gateway.BYTES_MAX, 20.0, 10.0, private=tools.config.fetch_private)
    with tempfile.TemporaryDirectory(prefix="mobigo-parks-") as folder:
        target = Path(folder) / "places"
        try:
            fetch(source.url, target, limits=limits)
            data = target.read_bytes()
            gateway.read_occupancy(data)
        except MobigoError as error:
            with transaction(tools.engine) as session:
                store.note_failure(session, source.code, error.decision, now)
            return False
    with transaction(tools.engine) as session:
        return store.keep(session, source.code, data, sha256(data).hexdigest(), now)


class ParksHolder:
    """The car parks as this process knows them: the rows are looked at every few seconds, and read again when they
    changed. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._looked_s: float | None = None
        self._sources: list[ParkSource] = []
        self._read: dict[str, tuple[str, tuple[CarPark, ...], dict[str, Occupancy]]] = {}

    def told(self) -> list[ToldParks]:
        """Every source in use, by code."""
        with self._lock:
            at_s = clock.monotonic_s()
            if self._looked_s is None or at_s - self._looked_s >= LOOK_S:
                self._look()
                self._looked_s = at_s
            found = [(each, self._read[each.code]) for each in self._sources if each.code in self._read]
        return [
            ToldParks(
                each.code, each.source, parks, occupancy, each.stale_s, each.credit, each.url, each.error
            )
            for each, (_key, parks, occupancy) in found
        ]  # fmt: skip

    def _look(self) -> None:
        """Without the database journeys are found all the same: what was known grows old, and is told so."""
        try:
            with reading(self._engine) as session:
                self._sources = store.list_sources(session)
                for source in self._sources:
                    key = source.sha256 + source.told_sha256
                    if self._read.get(source.code, ("",))[0] == key:
                        continue
                    found = store.contents(session, source.code)
                    if found is not None:
                        self._read[source.code] = (key, gateway.unpacked(found[0]), _occupancy(found[1]))
        except SQLAlchemyError:
            log.exception("parks.not_read")
        known = {source.code for source in self._sources}
        self._read = {code: each for code, each in self._read.items() if code in known}


def _occupancy(told: bytes | None) -> dict[str, Occupancy]:
    try:
        return {} if told is None else gateway.read_occupancy(told)
    except MobigoError as error:  # kept by another version of ours: told as unknown, the next look mends it
        log.warning("parks.unreadable", code=error.decision.code)
        return {}
