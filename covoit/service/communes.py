"""The commune of each end of an operator's journey, from outlines that whoever runs the service imports.

Without outlines operators' journeys have no commune: they are paid like the others, stay out of the published tables,
and both are said. A journey is placed before it is priced, so that nothing priced ever changes by it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from covoit.gateway import communes as gateway
from covoit.model.communes import Outline
from covoit.store import communes as store
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.infra import audit, competence
from mobigo.infra.blobs import BlobRow, Blobs
from mobigo.infra.db import reading, transaction

if TYPE_CHECKING:
    from covoit.engine.communes import Communes

OWNER: Final = "covoit"
PURPOSE: Final = "covoit.communes"
LOOK_BACK: Final = timedelta(days=4)  # checks end 48 hours after the ride; later it is priced
BATCH: Final = 2_000


@dataclass(frozen=True, slots=True)
class State:
    """What is imported, and what it leaves: communes of the region without outline, journeys without commune."""

    imported_at: datetime | None
    communes: int
    missing: tuple[str, ...]
    journeys: int
    unplaced: int


def import_files(
    engine: Engine, blobs: Blobs, files: Mapping[str, bytes], *, by: str, now: datetime
) -> tuple[Outline, ...]:
    """Keep these outlines in place of those before; all the files, or none. Raises
    InvalidInput("covoit.communes_file" | "covoit.communes_twice")."""
    found = read_files(files)
    with transaction(engine) as session:
        digest = blobs.put(
            session, gateway.as_geojson(found), owner=OWNER, purpose=PURPOSE, keep_days=None, now=now,
            name="communes.geojson",
        )  # fmt: skip
        audit.record(
            session, "covoit.communes_imported", actor=by, object_kind="blob", object_id=digest, now=now,
            detail={"communes": len(found)},
        )  # fmt: skip
    return tuple(found)


def read_files(files: Mapping[str, bytes]) -> list[Outline]:
    """The outlines of these files together. Raises InvalidInput("covoit.communes_file" | "covoit.communes_twice")."""
    found = [outline for name, content in files.items() for outline in gateway.read_outlines(content, name)]
    twice = [code for code, count in Counter(each.code for each in found).items() if count > 1]
    if twice:
        raise InvalidInput("covoit.communes_twice", codes=", ".join(sorted(twice)[:10]))
    return found


def imported_at(session: Session) -> datetime | None:
    """When the outlines in use were imported; None when none were. Reads no outline."""
    row = _latest(session)
    return None if row is None else row.created_at


def outlines(session: Session, blobs: Blobs) -> "Communes | None":
    """The outlines that were imported last; None when none were. Kept by this process as long as they are the last."""
    row = _latest(session)
    return None if row is None else _loaded(blobs.path(row.sha256))


def _latest(session: Session) -> BlobRow | None:
    asked = select(BlobRow).where(BlobRow.owner == OWNER, BlobRow.purpose == PURPOSE)
    return session.scalars(asked.order_by(BlobRow.created_at.desc(), BlobRow.id.desc()).limit(1)).first()


@lru_cache(maxsize=1)
def _loaded(path: Path) -> "Communes":
    from covoit.engine.communes import Communes

    return Communes(gateway.read_outlines(path.read_bytes(), path.name))


def place(engine: Engine, blobs: Blobs, now: datetime) -> int:
    """Write the communes of journeys received lately that have none and are not priced yet; how many were placed."""
    with reading(engine) as session:
        known = outlines(session, blobs)
    if known is None:
        return 0
    placed, after = 0, ""
    while True:
        with reading(engine) as session:
            waiting = store.unplaced(session, now - LOOK_BACK, BATCH, after)
        if not waiting:
            return placed
        after = waiting[-1].journey
        codes = known.locate([point for each in waiting for point in (each.start, each.end)])
        found = [
            store.Placed(each.journey, each.revision, codes[2 * number], codes[2 * number + 1])
            for number, each in enumerate(waiting)
            if codes[2 * number] is not None or codes[2 * number + 1] is not None
        ]
        with transaction(engine) as session:
            placed += store.note_placed(session, found)


def ends_of(
    session: Session, blobs: Blobs | None, ends: Sequence[tuple[Point, Point]]
) -> list[tuple[str | None, str | None]]:
    """The communes of both ends of journeys, for a table; nothing is written."""
    known = None if blobs is None else outlines(session, blobs)
    if known is None:
        return [(None, None)] * len(ends)
    codes = known.locate([point for pair in ends for point in pair])
    return list(zip(codes[::2], codes[1::2], strict=True))


def state(session: Session, blobs: Blobs) -> State:
    """What stands now."""
    row = _latest(session)
    codes = set() if row is None else set(_loaded(blobs.path(row.sha256)).codes)
    missing = tuple(sorted(set(competence.communes()) - codes)) if codes else ()
    whole, unplaced = store.counts(session)
    return State(None if row is None else row.created_at, len(codes), missing, whole, unplaced)
