"""What was awarded for each vehicle trip, and what was put on which statement. Only grows, except one projection.

`covoit_award` holds a row for each time a trip was priced otherwise than before: its figures, its canonical document
(inputs, scale hash, every step, reasons, shares) and the hash of it. `covoit_award_head` says which one counts now; it
can be computed again from the others, and `mobigo covoit verify` does. Months, statements and their lines are frozen
when a month is closed. People are random ids here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Date,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from covoit.model.journeys import JourneyState, VehicleTrip
from covoit.store.journeys import JourneyRow
from mobigo.base.errors import NotFound
from mobigo.base.money import ZERO, Money
from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, UtcDateTime, insert_new, table_of
from mobigo.infra.privacy import Always, describe

_TEN_YEARS: Final = "an accounting paper, with random ids only: they mean nothing once the person is erased"
_SLICE: Final = 2_000


class AwardRow(Base):
    """A vehicle trip, priced. `whole_cents` is what the trip is due in all; `line_cents` what this row adds to what was
    already closed (`settled_cents`); a withdrawal has no priced document and makes the whole zero."""

    __tablename__ = "covoit_award"
    __table_args__ = (UniqueConstraint("operator", "operator_trip_id", "revision"), Index(None, "driver", "day"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    operator: Mapped[str] = mapped_column(String(40))
    operator_trip_id: Mapped[str] = mapped_column(String(256))
    revision: Mapped[int] = mapped_column()
    cause: Mapped[str] = mapped_column(String(20))  # "priced", "priced_again", "withdrawn"
    driver: Mapped[str] = mapped_column(String(26))
    day: Mapped[date] = mapped_column(Date)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    line: Mapped[str | None] = mapped_column(String(64))
    scale_code: Mapped[str] = mapped_column(String(80))
    scale_hash: Mapped[str] = mapped_column(String(64))
    distance_m: Mapped[int] = mapped_column()
    passengers: Mapped[int] = mapped_column()
    before_caps_cents: Mapped[int] = mapped_column()
    whole_cents: Mapped[int] = mapped_column()
    settled_cents: Mapped[int] = mapped_column()
    line_cents: Mapped[int] = mapped_column()
    fare_cents: Mapped[int] = mapped_column()
    document: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    reasons: Mapped[str] = mapped_column(Text)  # decisions with the types of their parameters, to be read by people
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HeadRow(Base):
    """Which award of a trip counts now. `open`: on no statement yet. `stated`: it, or one before it, is on one."""

    __tablename__ = "covoit_award_head"
    __table_args__ = (Index(None, "open", "day"), Index(None, "driver", "day"))

    operator: Mapped[str] = mapped_column(String(40), primary_key=True)
    operator_trip_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    award: Mapped[str] = mapped_column(String(26), unique=True)
    revision: Mapped[int] = mapped_column()
    driver: Mapped[str] = mapped_column(String(26))
    day: Mapped[date] = mapped_column(Date)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    campaign: Mapped[str] = mapped_column(String(80))
    content: Mapped[str] = mapped_column(String(64))  # hash of the trip as it was priced
    digest: Mapped[str] = mapped_column(String(64))
    rank: Mapped[int] = mapped_column()
    counts: Mapped[bool] = mapped_column()  # whether a journey of it counts: it then takes a rank of the day
    passengers: Mapped[int] = mapped_column()
    whole_cents: Mapped[int] = mapped_column()
    settled_cents: Mapped[int] = mapped_column()
    line_cents: Mapped[int] = mapped_column()
    fare_cents: Mapped[int] = mapped_column()
    open: Mapped[bool] = mapped_column()
    stated: Mapped[bool] = mapped_column()


class MonthRow(Base):
    """A closed month."""

    __tablename__ = "covoit_month"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_by: Mapped[str] = mapped_column(String(64))
    lines: Mapped[int] = mapped_column()
    cents: Mapped[int] = mapped_column(BigInteger)


class StatementRow(Base):
    """What a closed month added for one driver. `digest` is over the hashes and amounts of its lines, in order."""

    __tablename__ = "covoit_statement"

    person: Mapped[str] = mapped_column(String(26), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    lines: Mapped[int] = mapped_column()
    cents: Mapped[int] = mapped_column()
    digest: Mapped[str] = mapped_column(String(64))


class StatementLineRow(Base):
    """An award on a statement. An award is on one statement, once, for ever."""

    __tablename__ = "covoit_statement_line"
    __table_args__ = (Index(None, "person", "month"),)

    award: Mapped[str] = mapped_column(String(26), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), index=True)
    person: Mapped[str] = mapped_column(String(26))
    line_cents: Mapped[int] = mapped_column()


class LockRow(Base):
    """The row that whoever prices or closes holds: one at a time."""

    __tablename__ = "covoit_lock"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)


for _owner in (AwardRow, MonthRow, StatementRow, StatementLineRow):
    append_only(_owner)
_AWARD_COLUMNS: Final = (
    "id operator operator_trip_id revision cause driver day started_at line scale_code scale_hash distance_m "
    "passengers before_caps_cents whole_cents settled_cents line_cents fare_cents document digest reasons recorded_at"
)
describe(
    AwardRow, purpose="say what each trip is due, and be able to compute it again", keep=Always(_TEN_YEARS),
    plain=_AWARD_COLUMNS,
)  # fmt: skip
describe(
    HeadRow, purpose="find the award that counts", keep=Always(_TEN_YEARS),
    plain="operator operator_trip_id award revision driver day started_at campaign content digest rank counts "
    "passengers whole_cents settled_cents line_cents fare_cents open stated",
)  # fmt: skip
describe(
    MonthRow, purpose="know which months are closed, and by whom", keep=Always(_TEN_YEARS),
    plain="month closed_at closed_by lines cents",
)  # fmt: skip
describe(
    StatementRow, purpose="freeze what a driver was told of a month", keep=Always(_TEN_YEARS),
    plain="person month lines cents digest",
)  # fmt: skip
describe(
    StatementLineRow, purpose="freeze what a driver was told of a month", keep=Always(_TEN_YEARS),
    plain="award month person line_cents",
)  # fmt: skip
describe(
    LockRow, purpose="let one price or close at a time", keep=Always("the one row that whoever prices holds"),
    plain="name",
)  # fmt: skip

Key = tuple[str, str]


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


def lock(session: Session) -> None:
    """Wait until nobody else prices or closes; held until the transaction ends."""
    insert_new(session, LockRow, {"name": "awards"})
    session.execute(select(LockRow.name).where(LockRow.name == "awards").with_for_update()).one()


# ---------------------------------------------------------------- heads


def heads_between(session: Session, first_day: date, last_day: date) -> dict[Key, Head]:
    """The heads of trips that began from `first_day` to `last_day`, both included."""
    asked = select(*_HEAD).where(HeadRow.day >= first_day, HeadRow.day <= last_day)
    return {(row[0], row[1]): _head(row) for row in session.execute(asked)}


def open_heads(session: Session, last_day: date | None = None) -> Iterator[Head]:
    """The heads that are on no statement, up to `last_day`; by start day."""
    asked = (
        select(*_HEAD).where(HeadRow.open.is_(True)).order_by(HeadRow.day, HeadRow.operator, HeadRow.operator_trip_id)
    )
    if last_day is not None:
        asked = asked.where(HeadRow.day <= last_day)
    return (_head(row) for row in session.execute(asked))


def find_head(session: Session, key: Key) -> Head | None:
    """The head of one trip, or None when it was never priced."""
    row = session.execute(select(*_HEAD).where(HeadRow.operator == key[0], HeadRow.operator_trip_id == key[1])).first()
    return None if row is None else _head(row)


def days_to_price(session: Session, last_day: date | None = None) -> tuple[list[date], frozenset[date]]:
    """The days of trips that are final and on no statement, or that changed since; and those of them on which a trip
    has a journey of the next day."""
    keys = (
        select(JourneyRow.operator, JourneyRow.operator_trip_id)
        .where(JourneyRow.priced_at.is_(None), _final_journey())
        .group_by(JourneyRow.operator, JourneyRow.operator_trip_id)
        .subquery()
    )
    spans = (
        select(func.min(JourneyRow.day).label("first"), func.max(JourneyRow.day).label("last"))
        .join(
            keys, and_(keys.c.operator == JourneyRow.operator, keys.c.operator_trip_id == JourneyRow.operator_trip_id)
        )
        .group_by(JourneyRow.operator, JourneyRow.operator_trip_id)
        .subquery()
    )
    days, past_midnight = set(), set()
    for first, last in session.execute(select(spans.c.first, spans.c.last).distinct()):
        days.add(first)
        if last != first:
            past_midnight.add(first)
    days |= set(session.scalars(select(HeadRow.day).where(HeadRow.open.is_(True)).distinct()))
    return sorted(day for day in days if last_day is None or day <= last_day), frozenset(past_midnight)


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


def mark_priced(session: Session, trips: Iterable[VehicleTrip], now: datetime) -> None:
    """Say that these trips stand on a statement as they are. A journey that changed since they were read, or arrived,
    is not marked: it will be priced."""
    by_state: dict[str, list[str]] = {}
    for trip in trips:
        for journey in trip.journeys:
            by_state.setdefault(journey.state.value, []).append(journey.id)
    for state, ids in sorted(by_state.items()):
        for some in slices(sorted(ids)):
            session.execute(
                update(JourneyRow)
                .where(
                    JourneyRow.id.in_(some),
                    JourneyRow.status == state,
                    JourneyRow.priced_at.is_(None),
                    _final_journey(),
                )
                .values(priced_at=now)
                .execution_options(synchronize_session=False)
            )


def _final_journey() -> Any:
    return or_(JourneyRow.frozen_at.is_not(None), JourneyRow.status == JourneyState.TERMS_VIOLATION.value)


def sums_open(session: Session) -> dict[str, Money]:
    """Σ open lines, by campaign: what the ledger's budgets hold less of, and closing has not frozen."""
    asked = (
        select(HeadRow.campaign, func.sum(HeadRow.line_cents)).where(HeadRow.open.is_(True)).group_by(HeadRow.campaign)
    )
    return {campaign: Money(int(cents)) for campaign, cents in session.execute(asked)}


_HEAD: Final = (
    HeadRow.operator, HeadRow.operator_trip_id, HeadRow.award, HeadRow.revision, HeadRow.driver, HeadRow.day,
    HeadRow.started_at, HeadRow.campaign, HeadRow.content, HeadRow.digest, HeadRow.rank, HeadRow.counts,
    HeadRow.passengers, HeadRow.whole_cents, HeadRow.settled_cents, HeadRow.line_cents, HeadRow.fare_cents,
    HeadRow.open, HeadRow.stated,
)  # fmt: skip


def _head(row: Any) -> Head:
    (operator, trip, award, revision, driver, day, started_at, campaign, content, digest, rank, counts, passengers,
     whole, settled, line, fare, is_open, stated) = row  # fmt: skip
    return Head(
        (operator, trip), award, revision, driver, day, started_at, campaign, content, digest, rank, counts, passengers,
        Money(whole), Money(settled), Money(line), Money(fare), is_open, stated,
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
        named = [column.name for column in table.columns if column.name not in ("operator", "operator_trip_id")]
        connection.execute(
            update(table)
            .where(
                table.c.operator == bindparam("new_operator"),
                table.c.operator_trip_id == bindparam("new_operator_trip_id"),
                table.c.revision == bindparam("new_revision") - 1,
            )
            .values({name: bindparam(f"new_{name}") for name in named}),
            rows,
        )


# ---------------------------------------------------------------- months and statements


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
        .order_by(StatementLineRow.person, AwardRow.started_at, AwardRow.operator, AwardRow.operator_trip_id)
    )
    return ((row[0], row[1], row[2], row[3]) for row in session.execute(asked.execution_options(yield_per=10_000)))


def awards_of_statement(session: Session, person: str, month: str) -> list[tuple[AwardRow, int]]:
    """The awards on a driver's closed statement with what each adds, in the order of trips."""
    asked = (
        select(AwardRow, StatementLineRow.line_cents)
        .join(StatementLineRow, StatementLineRow.award == AwardRow.id)
        .where(StatementLineRow.person == person, StatementLineRow.month == month)
        .order_by(AwardRow.started_at, AwardRow.operator, AwardRow.operator_trip_id)
    )
    return [(row[0], row[1]) for row in session.execute(asked)]


def awards_of_month(session: Session, operator: str, month: str) -> Iterator[tuple[AwardRow, int]]:
    """The awards of an operator's trips on the statements of a closed month with what each adds, in order."""
    asked = (
        select(AwardRow, StatementLineRow.line_cents)
        .join(StatementLineRow, StatementLineRow.award == AwardRow.id)
        .where(StatementLineRow.month == month, AwardRow.operator == operator)
        .order_by(AwardRow.started_at, AwardRow.operator_trip_id)
    )
    return ((row[0], row[1]) for row in session.execute(asked.execution_options(yield_per=5_000)))


def operators_of_month(session: Session, month: str) -> list[str]:
    """The operators with a line on the statements of a closed month."""
    asked = (
        select(AwardRow.operator)
        .join(StatementLineRow, StatementLineRow.award == AwardRow.id)
        .where(StatementLineRow.month == month)
        .distinct()
    )
    return sorted(session.scalars(asked))


def statement_award_before(session: Session, award: AwardRow) -> AwardRow | None:
    """The award of the same trip that is on the statement before this one."""
    asked = (
        select(AwardRow)
        .join(StatementLineRow, StatementLineRow.award == AwardRow.id)
        .where(
            AwardRow.operator == award.operator,
            AwardRow.operator_trip_id == award.operator_trip_id,
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
        .order_by(AwardRow.started_at, AwardRow.operator, AwardRow.operator_trip_id)
    )
    if last_day is not None:
        asked = asked.where(HeadRow.day <= last_day)
    return [(row[0], row[1]) for row in session.execute(asked)]


def statements_of(session: Session, person: str) -> list[StatementRow]:
    """A driver's closed statements, oldest first."""
    return list(session.scalars(select(StatementRow).where(StatementRow.person == person).order_by(StatementRow.month)))


def people_before(session: Session, month: str) -> list[str]:
    """The drivers with a statement of a month before this one."""
    return list(session.scalars(select(StatementRow.person).where(StatementRow.month < month).distinct()))


def validated_by_year(session: Session, person: str) -> dict[int, Money]:
    """What was validated for a driver, by the year of the trips."""
    asked = (
        select(AwardRow.day, StatementLineRow.line_cents)
        .join(AwardRow, AwardRow.id == StatementLineRow.award)
        .where(StatementLineRow.person == person)
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
    for some in slices(sorted(set(people))):
        asked = (
            select(StatementLineRow.person, AwardRow.scale_code, AwardRow.scale_hash)
            .join(AwardRow, AwardRow.id == StatementLineRow.award)
            .where(StatementLineRow.person.in_(some))
            .distinct()
        )
        if last_month is not None:
            asked = asked.where(StatementLineRow.month <= last_month)
        for person, code, digest in session.execute(asked):
            found.setdefault(person, set()).add((code, digest))
    return found


def counts_of(session: Session, people: Iterable[str], last_month: str) -> dict[str, tuple[int, str, str]]:
    """(lines with an amount, first month, last month) of each person's statements up to `last_month`."""
    found = {}
    for some in slices(sorted(set(people))):
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
        for person, count, first, last in session.execute(asked):
            found[person] = (count, first, last)
    return found


def all_awards(session: Session) -> Iterator[AwardRow]:
    """Every award, by trip then revision."""
    asked = select(AwardRow).order_by(AwardRow.operator, AwardRow.operator_trip_id, AwardRow.revision)
    return iter(session.scalars(asked.execution_options(yield_per=5_000)))


def slices(values: Sequence[str], size: int = _SLICE) -> Iterator[Sequence[str]]:
    """`values` by pieces that fit in one IN (…)."""
    return (values[start : start + size] for start in range(0, len(values), size))


# ---------------------------------------------------------------- one driver's, for their own eyes


def award_of(session: Session, driver: str, award: str) -> AwardRow:
    """An award of this driver. Raises NotFound("covoit.unknown_award"), for another driver's too."""
    row = session.get(AwardRow, award)
    if row is None or row.driver != driver:
        raise NotFound("covoit.unknown_award", award=award[:40])
    return row


def latest_award_of(session: Session, driver: str) -> AwardRow | None:
    """The award that counts of the latest trip of a driver."""
    asked = (
        select(AwardRow)
        .join(HeadRow, HeadRow.award == AwardRow.id)
        .where(HeadRow.driver == driver)
        .order_by(HeadRow.started_at.desc(), HeadRow.operator_trip_id)
        .limit(1)
    )
    return session.scalar(asked)


def line_of_award(session: Session, award: str) -> tuple[str | None, int]:
    """(the month whose statement the award is on, what it adds there); (None, what it would add) while it is open."""
    found = session.get(StatementLineRow, award)
    if found is not None:
        return found.month, found.line_cents
    return None, session.scalar(select(HeadRow.line_cents).where(HeadRow.award == award)) or 0


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
            .where(tuple_(HeadRow.operator, HeadRow.operator_trip_id).in_(some))
        )
        found.update(((row[0], row[1]), row[2]) for row in session.execute(asked))
    return found


def lines_of_person(session: Session, person: str) -> Iterator[tuple[str | None, AwardRow, int]]:
    """Every line of a driver, on a statement (its month) or on none yet (None), in the order of trips."""
    stated = (
        select(StatementLineRow.month, AwardRow, StatementLineRow.line_cents)
        .join(AwardRow, AwardRow.id == StatementLineRow.award)
        .where(StatementLineRow.person == person)
        .order_by(AwardRow.started_at, AwardRow.id)
    )
    yield from ((row[0], row[1], row[2]) for row in session.execute(stated))
    yield from ((None, row, cents) for row, cents in open_awards_of(session, person))
