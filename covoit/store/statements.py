"""Closed months, and the statements that say what each adds for a driver. Frozen once written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import cast, func, insert, literal, select, update
from sqlalchemy.orm import Session

from covoit.store import files
from covoit.store.award_rows import AwardRow, HeadRow, MonthRow, StatementLineRow, StatementRow, slices
from covoit.store.files import of_files
from mobigo.base.money import ZERO, Money
from mobigo.infra.db import table_of

# Of trips on a statement; what a campaign adds comes after what the scale gives.
_ORDER: Final = (AwardRow.started_at, AwardRow.operator, AwardRow.operator_trip_id, AwardRow.supplement)


def find_month(session: Session, month: str) -> MonthRow | None:
    """A closed month, None while it is open."""
    return session.get(MonthRow, month)


def people_of_month(session: Session, month: str) -> int:
    """How many drivers have a statement of the month."""
    return session.scalar(select(func.count()).select_from(StatementRow).where(StatementRow.month == month)) or 0


def last_closed(session: Session) -> str | None:
    """The last month closed, "2026-11"."""
    return session.scalar(select(func.max(MonthRow.month)))


def months(session: Session) -> list[MonthRow]:
    """The closed months, the latest first."""
    return list(session.scalars(select(MonthRow).order_by(MonthRow.month.desc())))


def closed_months(session: Session) -> list[str]:
    """Their names, the latest first."""
    return [row.month for row in months(session)]


def freeze(session: Session, month: str, last_day: date) -> int:
    """Put every open award up to `last_day` on the statement of `month`; how many."""
    heads, lines = table_of(HeadRow), table_of(StatementLineRow)
    ready = (heads.c.open.is_(True)) & (heads.c.day <= last_day)
    chosen = select(heads.c.award, cast(literal(month), lines.c.month.type), heads.c.driver, heads.c.line_cents).where(
        ready
    )
    session.flush()
    count = session.scalar(select(func.count()).select_from(heads).where(ready)) or 0
    session.execute(insert(lines).from_select(["award", "month", "person", "line_cents"], chosen))
    session.execute(
        update(heads)
        .where(ready)
        .values(open=False, stated=True, settled_cents=heads.c.settled_cents + heads.c.line_cents, line_cents=0)
    )
    return count


def lines_of_month(session: Session, month: str) -> Iterator[tuple[str, str, int, str]]:
    """(person, award, line_cents, digest) of every line of a closed month: by person, then in the order of trips."""
    asked = (
        select(StatementLineRow.person, StatementLineRow.award, StatementLineRow.line_cents, AwardRow.digest)
        .join(AwardRow, AwardRow.id == StatementLineRow.award)
        .where(StatementLineRow.month == month)
        .order_by(StatementLineRow.person, *_ORDER)
    )
    return ((row[0], row[1], row[2], row[3]) for row in session.execute(asked.execution_options(yield_per=10_000)))


def awards_of_statement(session: Session, person: str, month: str) -> list[tuple[AwardRow, int]]:
    """The awards on a driver's closed statement with what each adds, in the order of trips."""
    asked = (
        select(AwardRow, StatementLineRow.line_cents)
        .join(StatementLineRow, StatementLineRow.award == AwardRow.id)
        .where(of_files(StatementLineRow.person, person), StatementLineRow.month == month)
        .order_by(*_ORDER)
    )
    return [(row[0], row[1]) for row in session.execute(asked)]


def awards_of_month(
    session: Session, operator: str, month: str, supplement: str = ""
) -> Iterator[tuple[AwardRow, int]]:
    """The awards, under the scale or of a campaign, of an operator's trips on the statements of a closed month, with
    what each adds, in order."""
    asked = (
        select(AwardRow, StatementLineRow.line_cents)
        .join(StatementLineRow, StatementLineRow.award == AwardRow.id)
        .where(
            StatementLineRow.month == month,
            AwardRow.operator == operator,
            AwardRow.supplement == supplement,
        )
        .order_by(AwardRow.started_at, AwardRow.operator_trip_id)
    )
    return ((row[0], row[1]) for row in session.execute(asked.execution_options(yield_per=5_000)))


def operators_of_month(session: Session, month: str) -> list[tuple[str, str]]:
    """The operators with a line on the statements of a closed month, each with "" (the scale) or a campaign."""
    asked = (
        select(AwardRow.operator, AwardRow.supplement)
        .join(StatementLineRow, StatementLineRow.award == AwardRow.id)
        .where(StatementLineRow.month == month)
        .distinct()
    )
    return sorted((row[0], row[1]) for row in session.execute(asked))


def statement_award_before(session: Session, award: AwardRow) -> AwardRow | None:
    """The award of the same trip that is on the statement before this one."""
    asked = (
        select(AwardRow)
        .join(StatementLineRow, StatementLineRow.award == AwardRow.id)
        .where(
            AwardRow.operator == award.operator,
            AwardRow.operator_trip_id == award.operator_trip_id,
            AwardRow.supplement == award.supplement,
            AwardRow.revision < award.revision,
        )
        .order_by(AwardRow.revision.desc())
    )
    return session.scalars(asked).first()


def open_awards_of(session: Session, person: str, last_day: date | None = None) -> list[tuple[AwardRow, int]]:
    """A driver's awards on no statement yet, in the order of trips."""
    asked = (
        select(AwardRow, HeadRow.line_cents)
        .join(HeadRow, HeadRow.award == AwardRow.id)
        .where(HeadRow.driver == person, HeadRow.open.is_(True))
        .order_by(*_ORDER)
    )
    if last_day is not None:
        asked = asked.where(HeadRow.day <= last_day)
    return [(row[0], row[1]) for row in session.execute(asked)]


@dataclass(frozen=True, slots=True)
class MonthSum:
    """What the statement of a month adds up to."""

    month: str
    lines: int
    cents: int


def statements_of(session: Session, person: str) -> list[MonthSum]:
    """A driver's closed statements, oldest first; those of a former file added to theirs."""
    asked = (
        select(StatementRow.month, func.sum(StatementRow.lines), func.sum(StatementRow.cents))
        .where(of_files(StatementRow.person, person))
        .group_by(StatementRow.month)
        .order_by(StatementRow.month)
    )
    return [MonthSum(month, int(lines), int(cents)) for month, lines, cents in session.execute(asked)]


def people_before(session: Session, month: str) -> list[str]:
    """The drivers with a statement of a month before this one."""
    return list(session.scalars(select(StatementRow.person).where(StatementRow.month < month).distinct()))


def validated_by_year(session: Session, person: str) -> dict[int, Money]:
    """What was validated for a driver, by the year of the trips."""
    asked = (
        select(AwardRow.day, StatementLineRow.line_cents)
        .join(AwardRow, AwardRow.id == StatementLineRow.award)
        .where(of_files(StatementLineRow.person, person))
    )
    years: dict[int, Money] = {}
    for day, cents in session.execute(asked):
        years[day.year] = years.get(day.year, ZERO) + Money(cents)
    return years


def scales_of(
    session: Session, people: Iterable[str], last_month: str | None = None
) -> dict[str, set[tuple[str, str]]]:
    """The scales (code, hash) under which each person's validated lines were priced."""
    found: dict[str, set[tuple[str, str]]] = {}
    wanted = set(people)
    former = files.former_of(session, wanted)
    for some in slices(sorted(wanted | former.keys())):
        asked = (
            select(StatementLineRow.person, AwardRow.scale_code, AwardRow.scale_hash)
            .join(AwardRow, AwardRow.id == StatementLineRow.award)
            .where(StatementLineRow.person.in_(some))
            .distinct()
        )
        if last_month is not None:
            asked = asked.where(StatementLineRow.month <= last_month)
        for person, code, digest in session.execute(asked):
            found.setdefault(former.get(person, person), set()).add((code, digest))
    return found


def counts_of(session: Session, people: Iterable[str], last_month: str) -> dict[str, tuple[int, str, str]]:
    """(lines with an amount, first month, last month) of each person's statements up to `last_month`."""
    found: dict[str, tuple[int, str, str]] = {}
    wanted = set(people)
    former = files.former_of(session, wanted)
    for some in slices(sorted(wanted | former.keys())):
        asked = (
            select(
                StatementLineRow.person,
                func.count(),
                func.min(StatementLineRow.month),
                func.max(StatementLineRow.month),
            )
            .where(
                StatementLineRow.person.in_(some),
                StatementLineRow.month <= last_month,
                StatementLineRow.line_cents != 0,
            )
            .group_by(StatementLineRow.person)
        )
        for file, count, first, last in session.execute(asked):
            person = former.get(file, file)
            lines, begins, ends = found.get(person, (0, first, last))
            found[person] = (lines + count, min(begins, first), max(ends, last))
    return found


def line_of_award(session: Session, award: str) -> tuple[str | None, int]:
    """(the month whose statement the award is on, what it adds there); (None, what it would add) while it is open."""
    found = session.get(StatementLineRow, award)
    if found is not None:
        return found.month, found.line_cents
    return None, session.scalar(select(HeadRow.line_cents).where(HeadRow.award == award)) or 0


def lines_of_person(session: Session, person: str) -> Iterator[tuple[str | None, AwardRow, int]]:
    """Every line of a driver, on a statement (its month) or on none yet (None), in the order of trips."""
    stated = (
        select(StatementLineRow.month, AwardRow, StatementLineRow.line_cents)
        .join(AwardRow, AwardRow.id == StatementLineRow.award)
        .where(of_files(StatementLineRow.person, person))
        .order_by(AwardRow.started_at, AwardRow.id)
    )
    yield from ((row[0], row[1], row[2]) for row in session.execute(stated))
    yield from ((None, row, cents) for row, cents in open_awards_of(session, person))
