"""What people thought of a journey they followed: one answer a journey, counted by line and month. No text, no name; a
journey is known by a keyed mark alone, so that it is counted once."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import CheckConstraint, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Days, describe

ANSWERS = ("good", "fair", "bad")
FEWEST = 5  # answers of a line and month under which they are not shown


class TripOpinionRow(Base):
    """The answer given for one journey; a later one takes its place."""

    __tablename__ = "trip_opinion"
    __table_args__ = (CheckConstraint("answer IN ('good', 'fair', 'bad')", name="answer"),)

    mark: Mapped[str] = mapped_column(String(40), primary_key=True)
    month: Mapped[date] = mapped_column(index=True)  # its first day
    line: Mapped[str] = mapped_column(String(400))
    answer: Mapped[str] = mapped_column(String(4))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


describe(
    TripOpinionRow,
    purpose="know how journeys went, by line and month",
    keep=Days(400, after="changed_at"),
    personal={"mark": "a keyed mark of the journey followed, to count it once; nobody reads the journey from it"},
    plain="month line answer changed_at",
)


def put(session: Session, mark: str, month: date, line: str, answer: str, now: datetime) -> None:
    """Count an answer, in the place of the one given before for the same journey."""
    session.merge(TripOpinionRow(mark=mark, month=month, line=line, answer=answer, changed_at=now))
    session.flush()


def find(session: Session, mark: str) -> str | None:
    """The answer given for a journey."""
    row = session.get(TripOpinionRow, mark)
    return None if row is None else row.answer


def counts(session: Session) -> list[tuple[date, str, dict[str, int]]]:
    """(month, line, how many of each answer), newest month first; those of fewer than `FEWEST` answers together, under
    no line."""
    asked = select(TripOpinionRow.month, TripOpinionRow.line, TripOpinionRow.answer, func.count()).group_by(
        TripOpinionRow.month, TripOpinionRow.line, TripOpinionRow.answer
    )
    return shown((row[0], row[1], row[2], row[3]) for row in session.execute(asked))


def shown(rows: Iterable[tuple[date, str, str, int]]) -> list[tuple[date, str, dict[str, int]]]:
    """Rows of answers as they may be shown."""
    of_line: dict[tuple[date, str], dict[str, int]] = {}
    for month, line, answer, count in rows:
        of_line.setdefault((month, line), dict.fromkeys(ANSWERS, 0))[answer] += count
    found: dict[tuple[date, str], dict[str, int]] = {}
    for (month, line), each in of_line.items():
        key = (month, line if sum(each.values()) >= FEWEST else "")
        total = found.setdefault(key, dict.fromkeys(ANSWERS, 0))
        for answer, count in each.items():
            total[answer] += count
    kept = {key: each for key, each in found.items() if sum(each.values()) >= FEWEST}
    ordered = sorted(kept.items(), key=lambda row: (-row[0][0].toordinal(), row[0][1]))
    return [(month, line, each) for (month, line), each in ordered]
