"""What is known of use once nobody can be found in it: counts of validations and checks, loads of trips, flows of a
month. Rows are exact; what may be published of them is `opendata`'s to decide."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Date, Index, String, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.db import Base, UtcDateTime, insert_new, table_of
from mobigo.infra.privacy import Always, describe

PAGE: Final = 300
_COUNTS: Final = Always("it counts journeys, and holds nothing of anyone")


class UseRow(Base):
    """Validations accepted, by day of service, line, stop, hour of the clock in France, product and channel of sale."""

    __tablename__ = "billettique_use"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    line: Mapped[str] = mapped_column(String(60), primary_key=True)
    stop: Mapped[str] = mapped_column(String(60), primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True)
    product: Mapped[str] = mapped_column(String(120), primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    count: Mapped[int] = mapped_column()


class CheckRow(Base):
    """Inspectors' checks, by day of service, line and answer."""

    __tablename__ = "billettique_check"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    line: Mapped[str] = mapped_column(String(60), primary_key=True)
    answer: Mapped[str] = mapped_column(String(20), primary_key=True)
    count: Mapped[int] = mapped_column()


class LoadRow(Base):
    """Who got on a trip at a stop, and how many of those whose way is inferred got off there."""

    __tablename__ = "billettique_load"
    __table_args__ = (Index(None, "day", "line"),)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    trip: Mapped[str] = mapped_column(String(80), primary_key=True)
    stop: Mapped[str] = mapped_column(String(60), primary_key=True)
    line: Mapped[str] = mapped_column(String(60))
    boardings: Mapped[int] = mapped_column(default=0)
    inferred_on: Mapped[int] = mapped_column(default=0)
    inferred_off: Mapped[int] = mapped_column(default=0)


class FlowRow(Base):
    """Ways inferred in a month, from stop to stop, by part of the day; of no person and no day."""

    __tablename__ = "billettique_flow"

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    part: Mapped[str] = mapped_column(String(10), primary_key=True)
    from_stop: Mapped[str] = mapped_column(String(60), primary_key=True)
    to_stop: Mapped[str] = mapped_column(String(60), primary_key=True)
    count: Mapped[int] = mapped_column()


class ChainedDayRow(Base):
    """A day of service whose ways were inferred: once, while its tokens were there."""

    __tablename__ = "billettique_chained_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    taps: Mapped[int] = mapped_column()
    inferred: Mapped[int] = mapped_column()
    done_at: Mapped[datetime] = mapped_column(UtcDateTime)


describe(UseRow, purpose="know use", keep=_COUNTS, plain="day line stop hour product channel count")
describe(CheckRow, purpose="know what checks find", keep=_COUNTS, plain="day line answer count")
describe(
    LoadRow, purpose="know how full trips are", keep=_COUNTS,
    plain="day trip stop line boardings inferred_on inferred_off",
)  # fmt: skip
describe(FlowRow, purpose="know where people go", keep=_COUNTS, plain="month part from_stop to_stop count")
describe(ChainedDayRow, purpose="infer a day's ways once", keep=_COUNTS, plain="day taps inferred done_at")


def add(session: Session, owner: type[Base], counts: Mapping[tuple[Any, ...], Mapping[str, int]],
        more: Mapping[tuple[Any, ...], Mapping[str, Any]] | None = None) -> None:  # fmt: skip
    """Add to the rows of these primary keys, made where there are none; `more` are columns that do not add up."""
    table = table_of(owner)
    names = [column.name for column in table.primary_key.columns]
    write = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    keys = sorted(counts, key=repr)
    for start in range(0, len(keys), PAGE):
        rows = [
            {**dict(zip(names, key, strict=True)), **(more or {}).get(key, {}), **counts[key]}
            for key in keys[start : start + PAGE]
        ]
        statement = write(table).values(rows)
        summed = {name: table.c[name] + statement.excluded[name] for name in counts[keys[0]]}
        session.execute(statement.on_conflict_do_update(index_elements=names, set_=summed))


def claim_day(session: Session, day: date, taps: int, inferred: int, now: datetime) -> bool:
    """Whether this transaction is the one that infers a day's ways."""
    return insert_new(session, ChainedDayRow, {"day": day, "taps": taps, "inferred": inferred, "done_at": now})


def chained(session: Session, day: date) -> bool:
    """Whether a day's ways were inferred."""
    return session.get(ChainedDayRow, day) is not None


def months_known(session: Session) -> list[date]:
    """The months that have validations, as first days, in order."""
    days = session.scalars(select(UseRow.day).distinct())
    return sorted({day.replace(day=1) for day in days})


def uses_by(session: Session, first_day: date, last_day: date, *names: str) -> dict[tuple[Any, ...], int]:
    """Validations between two days, counted by some columns of `UseRow`."""
    columns = [getattr(UseRow, name) for name in names]
    asked = select(*columns, func.sum(UseRow.count)).where(UseRow.day >= first_day, UseRow.day <= last_day)
    return {tuple(row[:-1]): int(row[-1]) for row in session.execute(asked.group_by(*columns).order_by(*columns))}


def checks_by_line(session: Session, first_day: date, last_day: date) -> dict[tuple[str, str], int]:
    """Checks between two days, by (line, answer)."""
    asked = (
        select(CheckRow.line, CheckRow.answer, func.sum(CheckRow.count))
        .where(CheckRow.day >= first_day, CheckRow.day <= last_day)
        .group_by(CheckRow.line, CheckRow.answer)
        .order_by(CheckRow.line, CheckRow.answer)
    )
    return {(line, answer): int(count) for line, answer, count in session.execute(asked)}


def boardings(session: Session, trips: Collection[str], first_day: date, last_day: date) -> dict[tuple[str, date], int]:
    """How many got on these trips on these days (both included), by trip and day."""
    found: dict[tuple[str, date], int] = {}
    wanted = sorted(set(trips))
    for start in range(0, len(wanted), PAGE):
        asked = (
            select(LoadRow.trip, LoadRow.day, func.sum(LoadRow.boardings))
            .where(LoadRow.day >= first_day, LoadRow.day <= last_day, LoadRow.trip.in_(wanted[start : start + PAGE]))
            .group_by(LoadRow.trip, LoadRow.day)
        )
        found |= {(trip, day): int(count) for trip, day, count in session.execute(asked)}
    return found


def loads(session: Session, first_day: date, last_day: date, line: str | None = None) -> Sequence[LoadRow]:
    """The rows of trips between two days, by day and trip."""
    asked = select(LoadRow).where(LoadRow.day >= first_day, LoadRow.day <= last_day)
    if line is not None:
        asked = asked.where(LoadRow.line == line)
    return list(session.scalars(asked.order_by(LoadRow.day, LoadRow.trip, LoadRow.stop)))


def flows(session: Session, month: date) -> Sequence[FlowRow]:
    """A month's ways, the most taken first."""
    asked = select(FlowRow).where(FlowRow.month == month)
    return list(session.scalars(asked.order_by(FlowRow.count.desc(), FlowRow.from_stop, FlowRow.to_stop, FlowRow.part)))


def chained_days(session: Session, first_day: date, last_day: date) -> Sequence[ChainedDayRow]:
    """The days between two whose ways were inferred."""
    asked = select(ChainedDayRow).where(ChainedDayRow.day >= first_day, ChainedDayRow.day <= last_day)
    return list(session.scalars(asked.order_by(ChainedDayRow.day)))
