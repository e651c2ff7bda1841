"""What was awarded for each vehicle trip, and which award of it counts now. Only grows, except one projection.

`covoit_award` holds a row for each time a trip was priced otherwise than before: its figures, its canonical document
(inputs, scale hash, every step, reasons, shares) and the hash of it. `covoit_award_head` says which one counts now; it
can be computed again from the others, and `mobigo covoit verify` does. Months, statements and their lines are frozen
when a month is closed (`statements`). People are random ids here.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from covoit.store.award_rows import (
    AwardRow,
    HeadRow,
    LockRow,
    MonthRow,
    StatementLineRow,
    StatementRow,
    UseRow,
    slices,
)
from covoit.store.files import files_of
from covoit.store.journey_rows import JourneyRow
from covoit.store.statements import (
    MonthSum,
    awards_of_month,
    awards_of_statement,
    closed_months,
    counts_of,
    find_month,
    freeze,
    last_closed,
    line_of_award,
    lines_of_month,
    lines_of_person,
    months,
    open_awards_of,
    operators_of_month,
    people_before,
    people_of_month,
    scales_of,
    statement_award_before,
    statements_of,
    validated_by_year,
)
from covoit.store.trips import Key, days_to_price, first_unpriced_day, mark_priced, ready_on
from mobigo.base.errors import NotFound
from mobigo.base.money import Money
from mobigo.infra.db import insert_new, table_of

__all__ = [
    "AwardRow",
    "Head",
    "HeadRow",
    "Key",
    "LockRow",
    "MonthRow",
    "MonthSum",
    "StatementLineRow",
    "StatementRow",
    "UseRow",
    "all_awards",
    "award_of",
    "awards_of_month",
    "awards_of_statement",
    "closed_months",
    "closed_use",
    "counts_now",
    "counts_of",
    "days_to_price",
    "documents",
    "documents_of_trips",
    "find_head",
    "find_month",
    "first_unpriced_day",
    "freeze",
    "heads_between",
    "heads_moved_to",
    "last_closed",
    "latest_award_of",
    "line_of_award",
    "lines_of_month",
    "lines_of_person",
    "lock",
    "mark_priced",
    "months",
    "moved_to",
    "open_awards_of",
    "open_bound",
    "open_days",
    "open_heads",
    "open_supplements",
    "operators_of_month",
    "people_before",
    "people_of_month",
    "ready_on",
    "scales_of",
    "slices",
    "statement_award_before",
    "statements_of",
    "sums_open",
    "supplements",
    "validated_by_year",
    "write",
]


@dataclass(frozen=True, slots=True)
class Head:
    """The award of a trip that counts now."""

    key: Key
    award: str
    revision: int
    driver: str
    day: date
    started_at: datetime
    campaign: str
    content: str
    digest: str
    rank: int
    counts: bool
    passengers: int
    whole: Money
    settled: Money
    line: Money
    fare: Money
    open: bool
    stated: bool
    supplement: str = ""  # the code of a campaign; "": the scale


def lock(session: Session) -> None:
    """Wait until nobody else prices or closes; held until the transaction ends."""
    insert_new(session, LockRow, {"name": "awards"})
    session.execute(select(LockRow.name).where(LockRow.name == "awards").with_for_update()).one()


# ---------------------------------------------------------------- heads


def heads_between(session: Session, first_day: date, last_day: date) -> dict[Key, Head]:
    """The heads under the scale of trips that began from `first_day` to `last_day`, both included."""
    asked = select(*HEAD).where(HeadRow.day >= first_day, HeadRow.day <= last_day, HeadRow.supplement == "")
    return {(row[0], row[1]): head_from(row) for row in session.execute(asked)}


def heads_moved_to(session: Session, day: date, ready: Collection[Key]) -> dict[Key, Head]:
    """The heads under the scale of those trips, `ready` to be priced on this day, that were priced on another: their
    first ride was found later, or its times corrected."""
    found = {key: find_head(session, key) for key in moved_to(session, day, ready, HeadRow.supplement == "")}
    return {key: head for key, head in found.items() if head is not None}


def moved_to(session: Session, day: date, ready: Collection[Key], which: ColumnElement[bool]) -> list[Key]:
    """The trips of these that have a head (`which`) of another day."""
    of_trip = and_(HeadRow.operator == JourneyRow.operator, HeadRow.operator_trip_id == JourneyRow.operator_trip_id)
    asked = (
        select(HeadRow.operator, HeadRow.operator_trip_id)
        .join(JourneyRow, of_trip)
        .where(JourneyRow.day == day, JourneyRow.priced_at.is_(None), HeadRow.day != day, which)
        .distinct()
    )
    return sorted(key for row in session.execute(asked) if (key := (row[0], row[1])) in ready)


def open_heads(session: Session, last_day: date | None = None, supplement: str = "") -> Iterator[Head]:
    """The heads under the scale (or of a campaign) that are on no statement, up to `last_day`; by start day."""
    asked = (
        select(*HEAD)
        .where(HeadRow.open.is_(True), HeadRow.supplement == supplement)
        .order_by(HeadRow.day, HeadRow.operator, HeadRow.operator_trip_id)
    )
    if last_day is not None:
        asked = asked.where(HeadRow.day <= last_day)
    return (head_from(row) for row in session.execute(asked))


def find_head(session: Session, key: Key, supplement: str = "") -> Head | None:
    """The head of one trip under the scale (or a campaign), or None when it was never priced."""
    of_trip = HeadRow.operator == key[0], HeadRow.operator_trip_id == key[1], HeadRow.supplement == supplement
    row = session.execute(select(*HEAD).where(*of_trip)).first()
    return None if row is None else head_from(row)


def open_days(session: Session) -> set[date]:
    """The days of trips whose award is on no statement."""
    return set(session.scalars(select(HeadRow.day).where(HeadRow.open.is_(True)).distinct()))


def open_supplements(session: Session) -> set[str]:
    """The campaigns of which an award is on no statement."""
    asked = select(HeadRow.supplement).where(HeadRow.open.is_(True), HeadRow.supplement != "")
    return set(session.scalars(asked.distinct()))


def supplements(session: Session, day: date) -> frozenset[str]:
    """The campaigns of which a trip of that day has an award."""
    asked = select(HeadRow.supplement).where(HeadRow.day == day, HeadRow.supplement != "")
    return frozenset(session.scalars(asked.distinct()))


def open_bound(session: Session) -> tuple[int, int]:
    """How many journeys are on no statement, and the longest of them in metres."""
    asked = select(func.count(), func.max(JourneyRow.distance_m)).where(JourneyRow.priced_at.is_(None))
    count, longest = session.execute(asked).one()
    return count, longest or 0


def closed_use(
    session: Session, campaign: str, span: tuple[date, date], drivers: Sequence[str] | None
) -> dict[str, tuple[int, int, int]]:
    """(cents, trips, persons) on statements for trips of a span of days, by driver; of everybody, under the name ""
    (`drivers` None). Trips that got nothing are none."""
    sums = (func.sum(HeadRow.settled_cents), func.count(), func.sum(HeadRow.passengers))
    paid = and_(HeadRow.campaign == campaign, HeadRow.day >= span[0], HeadRow.day <= span[1], HeadRow.settled_cents > 0)
    if drivers is None:
        cents, trips, persons = session.execute(select(*sums).where(paid)).one()
        return {"": (int(cents or 0), trips, int(persons or 0))}
    found = {}
    for some in slices(drivers):
        asked = select(HeadRow.driver, *sums).where(paid, HeadRow.driver.in_(some)).group_by(HeadRow.driver)
        for driver, cents, trips, persons in session.execute(asked):
            found[driver] = (int(cents), trips, int(persons))
    return found


def documents(session: Session, awards: Sequence[str]) -> dict[str, str]:
    """The canonical documents of awards, by id."""
    found: dict[str, str] = {}
    for some in slices(awards):
        asked = select(AwardRow.id, AwardRow.document).where(AwardRow.id.in_(some))
        found.update((row[0], row[1]) for row in session.execute(asked))
    return found


def sums_open(session: Session) -> dict[str, Money]:
    """Σ open lines, by campaign: what the ledger's budgets hold less of, and closing has not frozen."""
    asked = (
        select(HeadRow.campaign, func.sum(HeadRow.line_cents)).where(HeadRow.open.is_(True)).group_by(HeadRow.campaign)
    )
    return {campaign: Money(int(cents)) for campaign, cents in session.execute(asked)}


HEAD: Final = (
    HeadRow.operator, HeadRow.operator_trip_id, HeadRow.award, HeadRow.revision, HeadRow.driver, HeadRow.day,
    HeadRow.started_at, HeadRow.campaign, HeadRow.content, HeadRow.digest, HeadRow.rank, HeadRow.counts,
    HeadRow.passengers, HeadRow.whole_cents, HeadRow.settled_cents, HeadRow.line_cents, HeadRow.fare_cents,
    HeadRow.open, HeadRow.stated, HeadRow.supplement,
)  # fmt: skip


def head_from(row: Any) -> Head:
    """The value of a row of `HEAD`."""
    (operator, trip, award, revision, driver, day, started_at, campaign, content, digest, rank, counts, passengers,
     whole, settled, line, fare, is_open, stated, supplement) = row  # fmt: skip
    return Head(
        (operator, trip), award, revision, driver, day, started_at, campaign, content, digest, rank, counts, passengers,
        Money(whole), Money(settled), Money(line), Money(fare), is_open, stated, supplement,
    )  # fmt: skip


def write(session: Session, awards: Sequence[Mapping[str, Any]], heads: Sequence[Mapping[str, Any]]) -> None:
    """Add awards, and point their trips' heads at them (inserted or moved)."""
    if not awards:
        return
    connection = session.connection()
    connection.execute(insert(table_of(AwardRow)), list(awards))
    fresh = [head for head in heads if head["revision"] == 1]
    moved = [head for head in heads if head["revision"] > 1]
    if fresh:
        connection.execute(insert(table_of(HeadRow)), fresh)
    if moved:
        table = table_of(HeadRow)
        rows = [{f"new_{name}": value for name, value in head.items()} for head in moved]
        named = [column.name for column in table.columns if not column.primary_key]
        connection.execute(
            update(table)
            .where(
                table.c.operator == bindparam("new_operator"),
                table.c.operator_trip_id == bindparam("new_operator_trip_id"),
                table.c.supplement == bindparam("new_supplement"),
                table.c.revision == bindparam("new_revision") - 1,
            )
            .values({name: bindparam(f"new_{name}") for name in named}),
            rows,
        )


def all_awards(session: Session) -> Iterator[AwardRow]:
    """Every award, by trip, scale then campaigns, then revision."""
    asked = select(AwardRow).order_by(
        AwardRow.operator, AwardRow.operator_trip_id, AwardRow.supplement, AwardRow.revision
    )
    return iter(session.scalars(asked.execution_options(yield_per=5_000)))


# ---------------------------------------------------------------- one driver's, for their own eyes


def award_of(session: Session, driver: str, award: str) -> AwardRow:
    """An award of this driver. Raises NotFound("covoit.unknown_award"), for another driver's too."""
    row = session.get(AwardRow, award)
    if row is None or (row.driver != driver and row.driver not in files_of(session, driver)):
        raise NotFound("covoit.unknown_award", award=award[:40])
    return row


def latest_award_of(session: Session, driver: str) -> AwardRow | None:
    """The award that counts of the latest trip of a driver."""
    asked = (
        select(AwardRow)
        .join(HeadRow, HeadRow.award == AwardRow.id)
        .where(HeadRow.driver == driver, HeadRow.supplement == "")
        .order_by(HeadRow.started_at.desc(), HeadRow.operator_trip_id)
        .limit(1)
    )
    return session.scalar(asked)


def counts_now(session: Session, award: str) -> bool:
    """Whether this is the award of its trip that counts now, no later one having taken its place."""
    return session.scalar(select(HeadRow.award).where(HeadRow.award == award)) is not None


def documents_of_trips(session: Session, keys: Iterable[Key]) -> dict[Key, str]:
    """The canonical document of the award that counts of each trip; trips never priced are left out."""
    found: dict[Key, str] = {}
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        asked = (
            select(HeadRow.operator, HeadRow.operator_trip_id, AwardRow.document)
            .join(AwardRow, AwardRow.id == HeadRow.award)
            .where(tuple_(HeadRow.operator, HeadRow.operator_trip_id).in_(some), HeadRow.supplement == "")
        )
        found.update(((row[0], row[1]), row[2]) for row in session.execute(asked))
    return found
