"""Pupils, their homes and who answers for them. What tells who and where they are stands in tables of its own:

scolaire_pupil              a random id: what registrations, stops and plans refer to
scolaire_pupil_identity     name and birth
scolaire_home               in which commune, in which weeks; no address
scolaire_home_address       the address and its position: read by few, never by who draws circuits
scolaire_walk               which stops are within reach of a home, in metres: what a plan needs instead
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ColumnElement, Date, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.geo import Point
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Days, With, describe
from scolaire.model.people import Access, Bond, Stay, Tie, Weeks, weekdays_of

# A pupil who does not come back is forgotten two school years after the last one: the time of a contest before the
# judge (two months, then the appeal), of a duplicate and of the statistics by school year.
KEEP_DAYS = 2 * 365


class PupilRow(Base):
    """A pupil. `last_day`: of their latest registration, from which their time runs."""

    __tablename__ = "scolaire_pupil"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_day: Mapped[date] = mapped_column(Date, index=True)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class IdentityRow(Base):
    """Who a pupil is. `folded`: the last name without accents in small letters, for who looks for somebody."""

    __tablename__ = "scolaire_pupil_identity"
    __table_args__ = (Index(None, "folded", "born_on"),)

    pupil: Mapped[str] = mapped_column(ForeignKey("scolaire_pupil.id", ondelete="CASCADE"), primary_key=True)
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    folded: Mapped[str] = mapped_column(String(100))
    born_on: Mapped[date] = mapped_column(Date)


class HomeRow(Base):
    """A home of a pupil, from a day to a day: its commune, and when the pupil lives there."""

    __tablename__ = "scolaire_home"
    __table_args__ = (CheckConstraint("weekdays BETWEEN 0 AND 127", name="weekdays"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    pupil: Mapped[str] = mapped_column(ForeignKey("scolaire_pupil.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    commune: Mapped[str] = mapped_column(String(5), index=True)
    weeks: Mapped[str] = mapped_column(String(4), default="all")
    weekdays: Mapped[int] = mapped_column(default=63)  # bit 0 is Monday
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)


class AddressRow(Base):
    """Where a home is. `located_by`: "typed" coordinates, "agent" on a map, "" when it is not located. `walked_by`: the
    streets along which its ways to stops were measured, "" where they are as the crow flies."""

    __tablename__ = "scolaire_home_address"

    home: Mapped[str] = mapped_column(ForeignKey("scolaire_home.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[str] = mapped_column(String(200))
    extra: Mapped[str] = mapped_column(String(200), default="")
    postcode: Mapped[str] = mapped_column(String(5))
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    located_by: Mapped[str] = mapped_column(String(10), default="")
    walked_by: Mapped[str] = mapped_column(String(12), default="")


class WalkRow(Base):
    """A stop within reach of a home on foot. `method`: how the metres were found (`estimate`: as the crow flies times a
    factor; `road`: along the streets)."""

    __tablename__ = "scolaire_walk"

    home: Mapped[str] = mapped_column(ForeignKey("scolaire_home.id", ondelete="CASCADE"), primary_key=True)
    stop: Mapped[str] = mapped_column(ForeignKey("scolaire_stop.id", ondelete="CASCADE"), primary_key=True, index=True)
    metres: Mapped[int]
    method: Mapped[str] = mapped_column(String(10))


class GuardianRow(Base):
    """Somebody who answers for pupils: with an account (`subject`), or known from a paper form alone."""

    __tablename__ = "scolaire_guardian"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    subject: Mapped[str | None] = mapped_column(String(26), unique=True)
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(320), index=True)
    phone: Mapped[str | None] = mapped_column(String(20))
    postal: Mapped[str] = mapped_column(String(320), default="")  # for letters, as written on the envelope
    prefers: Mapped[str] = mapped_column(String(10), default="email")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_day: Mapped[date] = mapped_column(Date, index=True)


class BondRow(Base):
    """That a guardian answers for a pupil, from a day to a day, within the limits a judge set. A change ends the row
    and writes another; `ground` says on what paper (a judgment's date, never its words)."""

    __tablename__ = "scolaire_bond"
    __table_args__ = (Index(None, "pupil"), Index(None, "guardian"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    pupil: Mapped[str] = mapped_column(ForeignKey("scolaire_pupil.id", ondelete="CASCADE"))
    guardian: Mapped[str] = mapped_column(ForeignKey("scolaire_guardian.id", ondelete="CASCADE"))
    tie: Mapped[str] = mapped_column(String(12))
    access: Mapped[str] = mapped_column(String(5))
    home: Mapped[str | None] = mapped_column(ForeignKey("scolaire_home.id", ondelete="SET NULL"))
    ground: Mapped[str] = mapped_column(String(200), default="")
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    recorded_by: Mapped[str] = mapped_column(String(26))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class InviteRow(Base):
    """A code by which the other parent, or a family that signed on paper, ties their account to a pupil. Only its hash
    is kept; it serves once."""

    __tablename__ = "scolaire_invite"
    __table_args__ = (UniqueConstraint("code_hash"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    guardian: Mapped[str] = mapped_column(ForeignKey("scolaire_guardian.id", ondelete="CASCADE"), index=True)
    made_by: Mapped[str] = mapped_column(String(26))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    PupilRow, purpose="carry a pupil to school", keep=Days(KEEP_DAYS, after="last_day"),
    personal={"id": "the pupil (random id), in registrations, stops and plans"}, plain="created_at last_day erased_at",
)  # fmt: skip
describe(
    IdentityRow, purpose="know whom a registration and a pass are for", keep=With("scolaire_pupil"),
    personal={
        "pupil": "whose name it is (random id)", "first_name": "the pupil", "last_name": "the pupil",
        "folded": "finding the pupil by name", "born_on": "the age that a right depends on; telling namesakes apart",
    },
)  # fmt: skip
describe(
    HomeRow, purpose="know from which commune, on which days a pupil leaves", keep=With("scolaire_pupil"),
    personal={
        "pupil": "whose home it is (random id)", "kind": "shared custody or a placement, which change the right",
        "commune": "which rules and which authority apply", "weeks": "when the pupil lives there",
        "weekdays": "when the pupil lives there",
    },
    plain="id first_day last_day",
)  # fmt: skip
describe(
    AddressRow, purpose="measure the way to school, find the stops within reach", keep=With("scolaire_home"),
    personal={
        "line": "the address", "extra": "the address", "postcode": "the address", "lat": "measuring the way",
        "lon": "measuring the way",
    },
    plain="home located_by walked_by",
)  # fmt: skip
describe(
    WalkRow, purpose="plan circuits without reading an address", keep=With("scolaire_home"),
    personal={"metres": "how far the stop is from the home"}, plain="home stop method",
)  # fmt: skip
describe(
    GuardianRow, purpose="write to who answers for a pupil, and let them see the file",
    keep=Days(KEEP_DAYS, after="last_day"),
    personal={
        "subject": "the account (random id)", "first_name": "writing to the person",
        "last_name": "writing to the person",
        "email": "writing to the person", "phone": "warning the person", "postal": "writing to the person",
    },
    plain="id prefers created_at last_day",
)  # fmt: skip
describe(
    BondRow, purpose="let each parent see their child, within what a judge decided", keep=With("scolaire_pupil"),
    personal={
        "pupil": "the pupil (random id)", "guardian": "the guardian (random id)", "tie": "who they are for the pupil",
        "access": "what a judge left them", "home": "the home that is theirs", "ground": "on which paper it rests",
    },
    plain="id first_day last_day recorded_by recorded_at",
)  # fmt: skip
describe(
    InviteRow, purpose="tie an account to a pupil's file safely", keep=Days(30, after="expires_at"),
    personal={"guardian": "whom the code is for (random id)"}, plain="id code_hash made_by made_at expires_at used_at",
)  # fmt: skip


def identities(session: Session, pupils: Collection[str]) -> dict[str, IdentityRow]:
    """Who several pupils are, by id; those unknown are left out."""
    found: dict[str, IdentityRow] = {}
    wanted = sorted(set(pupils))
    for start in range(0, len(wanted), 500):
        some = select(IdentityRow).where(IdentityRow.pupil.in_(wanted[start : start + 500]))
        found |= {row.pupil: row for row in session.scalars(some)}
    return found


def homes(session: Session, pupil: str, day: date) -> list[HomeRow]:
    """The homes of a pupil on a day, the main one first."""
    asked = select(HomeRow).where(
        HomeRow.pupil == pupil, HomeRow.first_day <= day, HomeRow.last_day.is_(None) | (HomeRow.last_day >= day)
    )
    return sorted(session.scalars(asked), key=lambda row: (row.kind == "second", row.id))


def stay_value(row: HomeRow) -> Stay:
    """When the pupil lives in a home."""
    return Stay(row.id, Weeks(row.weeks), weekdays_of(row.weekdays))


def position(row: AddressRow | None) -> Point | None:
    """Where an address is; None when it was not located."""
    if row is None or row.lat is None or row.lon is None:
        return None
    return Point(row.lat, row.lon)


def find_guardian(session: Session, subject: str) -> GuardianRow | None:
    """The guardian whose account this is."""
    return session.scalar(select(GuardianRow).where(GuardianRow.subject == subject))


def bonds_of_pupil(session: Session, pupil: str, day: date) -> list[BondRow]:
    """Who answers for a pupil on a day, those without access too, first come first."""
    asked = select(BondRow).where(BondRow.pupil == pupil, _on(day))
    return list(session.scalars(asked.order_by(BondRow.recorded_at, BondRow.id)))


def bonds_of_guardian(session: Session, guardian: str, day: date) -> list[BondRow]:
    """For whom a guardian answers on a day."""
    asked = select(BondRow).where(BondRow.guardian == guardian, _on(day))
    return list(session.scalars(asked.order_by(BondRow.recorded_at, BondRow.id)))


def bond_value(row: BondRow) -> Bond:
    """The row as the rules read it."""
    return Bond(row.pupil, row.guardian, Tie(row.tie), Access(row.access), row.home)


def walks(session: Session, homes_: Iterable[str]) -> dict[str, list[WalkRow]]:
    """The stops within reach of several homes, nearest first."""
    found: dict[str, list[WalkRow]] = {}
    wanted = sorted(set(homes_))
    for start in range(0, len(wanted), 500):
        asked = select(WalkRow).where(WalkRow.home.in_(wanted[start : start + 500]))
        for row in session.scalars(asked.order_by(WalkRow.home, WalkRow.metres, WalkRow.stop)):
            found.setdefault(row.home, []).append(row)
    return found


def _on(day: date) -> ColumnElement[bool]:
    return (BondRow.first_day <= day) & (BondRow.last_day.is_(None) | (BondRow.last_day >= day))
