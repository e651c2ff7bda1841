"""Which former files of a person were joined to the one they keep: what was closed and paid in a former one stays
written there, and is read with the other."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, String, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Always, describe

_TEN_YEARS: Final = "an accounting paper, with random ids only: they mean nothing once the person is erased"


class JoinedFileRow(Base):
    """A former file, and the one it was joined to (never itself a former one)."""

    __tablename__ = "covoit_joined_file"

    former: Mapped[str] = mapped_column(String(26), primary_key=True)
    person: Mapped[str] = mapped_column(String(26), index=True)
    decision: Mapped[str | None] = mapped_column(String(26))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


describe(
    JoinedFileRow, purpose="find what was paid to a person before two files of theirs were made one",
    keep=Always(_TEN_YEARS), plain="former person decision at",
)  # fmt: skip


def of_files(column: Any, person: str) -> ColumnElement[bool]:
    """The condition that a column names a person, or a former file of theirs."""
    former = select(JoinedFileRow.former).where(JoinedFileRow.person == person)
    return or_(column == person, column.in_(former))


def files_of(session: Session, person: str) -> list[str]:
    """The file of a person, then their former ones."""
    asked = select(JoinedFileRow.former).where(JoinedFileRow.person == person).order_by(JoinedFileRow.former)
    return [person, *session.scalars(asked)]


def former_of(session: Session, people: Iterable[str]) -> dict[str, str]:
    """Former file → person, for several people."""
    wanted = set(people)
    if not wanted:
        return {}
    return {
        row.former: row.person for row in session.scalars(select(JoinedFileRow)) if row.person in wanted
    }  # few: each is an agent's decision


def joined(session: Session) -> list[JoinedFileRow]:
    """Every former file."""
    return list(session.scalars(select(JoinedFileRow).order_by(JoinedFileRow.former)))


def join(session: Session, former: str, person: str, decision: str | None, now: datetime) -> None:
    """A file becomes a former one of a person; what had been joined to it follows."""
    session.execute(update(JoinedFileRow).where(JoinedFileRow.person == former).values(person=person))
    session.add(JoinedFileRow(former=former, person=person, decision=decision, at=now))
    session.flush()
