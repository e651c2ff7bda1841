"""Schools by their national number, with bells, sectors and the days of their zone; which communes an AO2 answers for.

Every row that may change is dated: what was in force on a day stays readable.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ColumnElement, Date, ForeignKey, Index, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.base.geo import Point
from mobigo.base.periods import Period
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Always, describe
from scolaire.model.schools import Bell, Days, School, Stage, Standing, Way

_WHY = "a school is a public place; past bells and days explain past plans and past rights"


class SchoolRow(Base):
    """A school (établissement). `stages`: its stages, sorted, joined by blanks."""

    __tablename__ = "scolaire_school"

    uai: Mapped[str] = mapped_column(String(8), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    stages: Mapped[str] = mapped_column(String(60))
    standing: Mapped[str] = mapped_column(String(20))
    commune: Mapped[str] = mapped_column(String(5), index=True)
    address: Mapped[str] = mapped_column(String(300), default="")
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    place: Mapped[str | None] = mapped_column(String(26))  # the network's place at its gates
    zone: Mapped[str] = mapped_column(String(1), default="A")
    early_s: Mapped[int] = mapped_column(default=900)
    late_s: Mapped[int] = mapped_column(default=900)
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    email: Mapped[str | None] = mapped_column(String(320))
    phone: Mapped[str | None] = mapped_column(String(20))
    closed_on: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(200), default="")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BellRow(Base):
    """When lessons begin or end on a weekday; in force from a day to a day."""

    __tablename__ = "scolaire_bell"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("at_s BETWEEN 0 AND 86399", name="hour"),
        Index(None, "uai", "weekday"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    uai: Mapped[str] = mapped_column(ForeignKey("scolaire_school.uai", ondelete="CASCADE"))
    weekday: Mapped[int]
    way: Mapped[str] = mapped_column(String(3))
    at_s: Mapped[int]
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)


class SectorRow(Base):
    """That a commune is in the sector of a school for a stage (secteur scolaire)."""

    __tablename__ = "scolaire_sector"
    __table_args__ = (Index(None, "commune", "stage"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    uai: Mapped[str] = mapped_column(ForeignKey("scolaire_school.uai", ondelete="CASCADE"), index=True)
    commune: Mapped[str] = mapped_column(String(5))
    stage: Mapped[str] = mapped_column(String(20))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(200), default="")


class DaysRow(Base):
    """Days off or on, of a zone or of one school. A correction ends a row (`ended_at`) and writes another."""

    __tablename__ = "scolaire_days"
    __table_args__ = (Index(None, "zone", "first_day"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    zone: Mapped[str] = mapped_column(String(1))
    uai: Mapped[str | None] = mapped_column(ForeignKey("scolaire_school.uai", ondelete="CASCADE"), index=True)
    open: Mapped[bool]
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    words: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(200), default="")
    entered_by: Mapped[str] = mapped_column(String(26))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(26))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AreaRow(Base):
    """That an organisation (mairie, AO2) answers for a commune's pupils."""

    __tablename__ = "scolaire_area"

    organisation: Mapped[str] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"), primary_key=True)
    commune: Mapped[str] = mapped_column(String(5), primary_key=True)
    first_day: Mapped[date] = mapped_column(Date, primary_key=True)
    last_day: Mapped[date | None] = mapped_column(Date)


describe(
    SchoolRow,
    purpose="know the schools pupils go to",
    keep=Always(_WHY),
    plain="uai name stages standing commune address lat lon place zone early_s late_s organisation email phone "
    "closed_on source updated_at",
)
describe(
    BellRow, purpose="arrive before lessons and leave after them", keep=Always(_WHY),
    plain="id uai weekday way at_s first_day last_day",
)  # fmt: skip
describe(
    SectorRow, purpose="tell which school is a commune's own", keep=Always(_WHY),
    plain="id uai commune stage first_day last_day source",
)  # fmt: skip
describe(
    DaysRow, purpose="tell the days of school", keep=Always(_WHY),
    plain="id zone uai open first_day last_day words source entered_by entered_at ended_by ended_at",
)  # fmt: skip
describe(
    AreaRow, purpose="show an organisation its own communes alone", keep=Always(_WHY),
    plain="organisation commune first_day last_day",
)  # fmt: skip


def get_school(session: Session, uai: str) -> SchoolRow:
    """Raises NotFound("scolaire.unknown_school")."""
    row = session.get(SchoolRow, uai)
    if row is None:
        raise NotFound("scolaire.unknown_school", uai=uai[:20])
    return row


def school_value(row: SchoolRow) -> School:
    """The row as the rules read it."""
    return School(
        row.uai, row.name, frozenset(Stage(each) for each in row.stages.split()), Standing(row.standing), row.commune,
        None if row.lat is None or row.lon is None else Point(row.lat, row.lon), row.zone, row.organisation,
        row.early_s, row.late_s,
    )  # fmt: skip


def schools(
    session: Session, *, communes: Collection[str] | None = None, organisations: Collection[str] | None = None
) -> list[SchoolRow]:
    """The open schools, by name; of these communes, of these organisations."""
    asked = select(SchoolRow).where(SchoolRow.closed_on.is_(None))
    if communes is not None:
        asked = asked.where(SchoolRow.commune.in_(sorted(communes)))
    if organisations is not None:
        asked = asked.where(SchoolRow.organisation.in_(sorted(organisations)))
    return list(session.scalars(asked.order_by(SchoolRow.name, SchoolRow.uai)))


def bells(session: Session, uais: Collection[str], day: date) -> list[Bell]:
    """The bells of several schools in force on a day, by school, weekday and hour."""
    asked = select(BellRow).where(BellRow.uai.in_(sorted(uais)), _in_force(BellRow, day))
    rows = session.scalars(asked.order_by(BellRow.uai, BellRow.weekday, BellRow.at_s, BellRow.id))
    return [Bell(row.uai, row.weekday, Way(row.way), row.at_s, Period(row.first_day, row.last_day)) for row in rows]


def bells_between(session: Session, uais: Collection[str], first: date, last: date) -> dict[str, list[Bell]]:
    """The bells of several schools in force on some of these days (both included), by school."""
    known = (BellRow.first_day <= last) & (BellRow.last_day.is_(None) | (BellRow.last_day >= first))
    found: dict[str, list[Bell]] = {}
    for row in session.scalars(select(BellRow).where(BellRow.uai.in_(sorted(uais)), known).order_by(BellRow.id)):
        bell = Bell(row.uai, row.weekday, Way(row.way), row.at_s, Period(row.first_day, row.last_day))
        found.setdefault(row.uai, []).append(bell)
    return found


def sector_schools(session: Session, commune: str, stage: Stage, day: date) -> list[str]:
    """The schools (UAI) of a commune's sector for a stage; empty where none was recorded: it is not known then."""
    asked = select(SectorRow.uai).where(
        SectorRow.commune == commune, SectorRow.stage == str(stage), _in_force(SectorRow, day)
    )
    return sorted(set(session.scalars(asked)))


def days(session: Session, zone: str, uai: str | None = None) -> list[Days]:
    """What is recorded of the days of a zone, and of one school when it is named."""
    of_school = DaysRow.uai.is_(None) if uai is None else or_(DaysRow.uai.is_(None), DaysRow.uai == uai)
    asked = select(DaysRow).where(DaysRow.zone == zone, of_school, DaysRow.ended_at.is_(None))
    rows = session.scalars(asked.order_by(DaysRow.first_day, DaysRow.id))
    return [Days(row.zone, Period(row.first_day, row.last_day), row.open, row.words, row.uai) for row in rows]


def communes_of(session: Session, organisations: Iterable[str], day: date) -> set[str]:
    """The communes that these organisations answer for on a day."""
    asked = select(AreaRow.commune).where(AreaRow.organisation.in_(sorted(organisations)), _in_force(AreaRow, day))
    return set(session.scalars(asked))


def _in_force(table: type[BellRow] | type[SectorRow] | type[AreaRow], day: date) -> ColumnElement[bool]:
    return (table.first_day <= day) & (table.last_day.is_(None) | (table.last_day >= day))
