"""The tables of awards, statements and closed months; each says what it is and how long it is kept."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import BigInteger, Date, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Always, describe

_TEN_YEARS: Final = "an accounting paper, with random ids only: they mean nothing once the person is erased"


class AwardRow(Base):
    """A vehicle trip, priced by the scale (`supplement` "") or by a campaign (its code).

    `whole_cents` is what the trip is due in all; `line_cents` what this row adds to what was already closed
    (`settled_cents`); a withdrawal has no priced document and makes the whole zero."""

    __tablename__ = "covoit_award"
    __table_args__ = (
        UniqueConstraint("operator", "operator_trip_id", "supplement", "revision"),
        Index(None, "driver", "day"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    operator: Mapped[str] = mapped_column(String(40))
    operator_trip_id: Mapped[str] = mapped_column(String(256))
    supplement: Mapped[str] = mapped_column(String(80))
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
    supplement: Mapped[str] = mapped_column(String(80), primary_key=True)
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


class UseRow(Base):
    """What an award of a campaign uses of its caps for one passenger ("": the trip is priced whole), beyond what the
    statements before it used. Counts once the award is on a statement."""

    __tablename__ = "covoit_award_use"

    award: Mapped[str] = mapped_column(String(26), primary_key=True)
    passenger: Mapped[str] = mapped_column(String(26), primary_key=True)
    cents: Mapped[int] = mapped_column()
    trips: Mapped[int] = mapped_column()
    persons: Mapped[int] = mapped_column()


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


for _owner in (AwardRow, UseRow, MonthRow, StatementRow, StatementLineRow):
    append_only(_owner)
_AWARD_COLUMNS: Final = (
    "id operator operator_trip_id supplement revision cause driver day started_at line scale_code scale_hash "
    "distance_m passengers before_caps_cents whole_cents settled_cents line_cents fare_cents document digest reasons "
    "recorded_at"
)
describe(
    AwardRow, purpose="say what each trip is due, and be able to compute it again", keep=Always(_TEN_YEARS),
    plain=_AWARD_COLUMNS,
)  # fmt: skip
describe(
    HeadRow, purpose="find the award that counts", keep=Always(_TEN_YEARS),
    plain="operator operator_trip_id supplement award revision driver day started_at campaign content digest rank "
    "counts passengers whole_cents settled_cents line_cents fare_cents open stated",
)  # fmt: skip
describe(
    UseRow, purpose="know what a campaign's caps have used", keep=Always(_TEN_YEARS),
    plain="award passenger cents trips persons",
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


def slices(values: Sequence[str], size: int = 2_000) -> Iterator[Sequence[str]]:
    """`values` by pieces that fit in one IN (…)."""
    return (values[start : start + size] for start in range(0, len(values), size))
