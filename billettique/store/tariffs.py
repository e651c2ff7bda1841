"""Tariff versions in the database: drafts that are worked on, and versions that an act put in force, which never
change.

`connect` tells, for a home folder, which database holds its versions: whoever prices (a page, a job, a command) then
reads the same ones, without carrying a session along.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, String, Text, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, Json, UtcDateTime, reading
from mobigo.infra.privacy import Always, Days, describe


class FareDraftRow(Base):
    """A version being prepared. `document`: its TOML text. `editors`: everybody who changed it, who may not approve it.
    `base`: the code of the version it was begun from. `closed_at`: approved or given up."""

    __tablename__ = "billettique_fare_draft"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    code: Mapped[str] = mapped_column(String(80), index=True)
    title: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(Text)
    base: Mapped[str | None] = mapped_column(String(80))
    editors: Mapped[list[str]] = mapped_column(Json)
    edition: Mapped[int] = mapped_column(default=1)  # what a form was made from: an older one is refused
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FareVersionRow(Base):
    """A version that an act approved: its text, its hash, the act, who prepared it and who approved it."""

    __tablename__ = "billettique_fare_version"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    code: Mapped[str] = mapped_column(String(80), unique=True)
    hash: Mapped[str] = mapped_column(String(64))
    document: Mapped[str] = mapped_column(Text)
    act_number: Mapped[str] = mapped_column(String(80))
    act_day: Mapped[date]
    editors: Mapped[list[str]] = mapped_column(Json)
    approved_by: Mapped[str] = mapped_column(String(64))
    approved_at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(FareVersionRow)
describe(
    FareDraftRow,
    purpose="prepare a tariff version before a second person approves it",
    keep=Days(5 * 365, after="closed_at"),
    personal={"editors": "subject ids of who prepared it: they may not approve it"},
    plain="id code title document base edition created_at changed_at closed_at",
)
describe(
    FareVersionRow,
    purpose="know which prices were in force, by which act, prepared and approved by whom",
    keep=Always("prices paid must be explained later; it holds random subject ids only"),
    plain="id code hash document act_number act_day editors approved_by approved_at",
)

_COUNT: Final = "SELECT count(*) FROM billettique_fare_version"
_engines: Final[dict[Path, Engine]] = {}
_default: Final[list[Callable[[Path], Engine | None]]] = []


def connect(home: Path, engine: Engine) -> None:
    """From now on the versions of `home` are in this database too."""
    _engines[home.resolve()] = engine


def connect_by(find: Callable[[Path], Engine | None]) -> None:
    """For a process that is told nothing: how to find the database of a home."""
    _default[:] = [find]


def engine_of(home: Path) -> Engine | None:
    """The database of a home, where it was told."""
    found = _engines.get(home.resolve())
    if found is None and _default:
        found = _default[0](home)
        if found is not None:
            connect(home, found)
    return found


def stamp(home: Path) -> int:
    """A number that changes when a version is approved. Raises SQLAlchemyError when the database is not there."""
    engine = engine_of(home)
    if engine is None:
        return 0
    connection = engine.raw_connection()  # one number, asked with every answer: no session, no transaction of ours
    try:
        cursor = connection.cursor()
        cursor.execute(_COUNT)
        (count,) = cursor.fetchone() or (0,)
        return int(count)
    except engine.dialect.loaded_dbapi.Error as lost:
        raise DBAPIError(_COUNT, None, lost) from lost
    finally:
        connection.close()


def approved(home: Path) -> Sequence[FareVersionRow]:
    """Every version approved, in the order of approval."""
    engine = engine_of(home)
    if engine is None:
        return ()
    with reading(engine) as session:
        return approved_rows(session)


def approved_rows(session: Session) -> list[FareVersionRow]:
    """Every version approved, in the order of approval."""
    return list(session.scalars(select(FareVersionRow).order_by(FareVersionRow.id)))


def open_drafts(session: Session) -> list[FareDraftRow]:
    """The drafts being prepared, the last changed first."""
    asked = select(FareDraftRow).where(FareDraftRow.closed_at.is_(None)).order_by(FareDraftRow.changed_at.desc())
    return list(session.scalars(asked))


def find_draft(session: Session, draft_id: str, *, locked: bool = False) -> FareDraftRow | None:
    """One draft still open; locked when it is about to change."""
    asked = select(FareDraftRow).where(FareDraftRow.id == draft_id, FareDraftRow.closed_at.is_(None))
    if locked:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    return session.scalar(asked)
