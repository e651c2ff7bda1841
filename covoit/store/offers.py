"""Drivers' offers, regular and single; what members declared; who does not want to meet whom; reports."""

from collections.abc import Iterable
from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from covoit.model.bookings import OPEN, Member, Offer, OfferState
from covoit.model.journeys import LineLeg
from covoit.store.people import PersonRow
from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Days, describe


class MemberRow(Base):
    """What a person declared and signed to carpool on our lines. Ages and names are in `covoit_person`."""

    __tablename__ = "covoit_member"

    person: Mapped[str] = mapped_column(ForeignKey("covoit_person.id", ondelete="CASCADE"), primary_key=True)
    guardian_consent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    age_corrected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by the person: once
    licence_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    insurance_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    terms_version: Mapped[str | None] = mapped_column(String(40))
    terms_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    car: Mapped[str | None] = mapped_column(String(60))  # "Clio bleue": how one recognises it
    alias: Mapped[str | None] = mapped_column(String(40))  # what the other occupant sees
    banned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class RegularRow(Base):
    """ "Every weekday at 7.10": from it come single offers, day by day."""

    __tablename__ = "covoit_regular"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    driver: Mapped[str] = mapped_column(String(26), index=True)
    line: Mapped[str] = mapped_column(String(40), index=True)
    from_stop: Mapped[str] = mapped_column(String(60))
    to_stop: Mapped[str] = mapped_column(String(60))
    direction: Mapped[int]
    weekdays: Mapped[int]  # bit n: the day n of `date.weekday()`
    leaves: Mapped[time]  # on the Paris clock
    seats: Mapped[int]
    first_day: Mapped[date]
    last_day: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OfferRow(Base):
    """One run of one car."""

    __tablename__ = "covoit_offer"
    __table_args__ = (
        Index(None, "line", "direction", "leaves_at"),
        Index(None, "driver", "leaves_at"),
        UniqueConstraint("regular", "day"),
        CheckConstraint("seats >= 1 AND seats <= 8", name="seats"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    driver: Mapped[str] = mapped_column(String(26))
    line: Mapped[str] = mapped_column(String(40))
    direction: Mapped[int]
    from_stop: Mapped[str] = mapped_column(String(60))
    to_stop: Mapped[str] = mapped_column(String(60))
    from_m: Mapped[int]
    to_m: Mapped[int]
    leaves_at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date]
    seats: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    regular: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BlockRow(Base):
    """Somebody who does not want to meet somebody again. Neither of them sees the other any more."""

    __tablename__ = "covoit_block"

    by: Mapped[str] = mapped_column(String(26), primary_key=True)
    other: Mapped[str] = mapped_column(String(26), primary_key=True, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReportRow(Base):
    """Something a person tells us about a ride: read by an agent."""

    __tablename__ = "covoit_report"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    by: Mapped[str] = mapped_column(String(26), index=True)
    about: Mapped[str | None] = mapped_column(String(26))
    offer: Mapped[str | None] = mapped_column(String(26))
    kind: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_by: Mapped[str | None] = mapped_column(String(26))


describe(
    MemberRow,
    purpose="let a person drive or ride on the lines: what they declared and signed",
    keep=Days(5 * 366, after="changed_at"),
    personal={
        "guardian_consent_at": "a minor rides with the consent of a parent",
        "age_corrected_at": "an age declared by mistake is corrected by oneself once",
        "licence_at": "drivers declare a licence",
        "insurance_at": "drivers declare an insurance",
        "terms_version": "which terms were signed",
        "terms_at": "when they were signed",
        "car": "recognising the car at the stop",
        "alias": "what the other occupant is shown instead of a name",
        "banned_at": "keeping somebody away who endangered others",
    },
    plain="person changed_at",
)
describe(
    RegularRow,
    purpose="announce a driver's usual trips",
    keep=Days(90, after="ended_at", or_after="last_day"),
    personal={"driver": "whose trips they are (random person id)"},
    plain="id line from_stop to_stop direction weekdays leaves seats first_day last_day created_at ended_at",
)
describe(
    OfferRow,
    purpose="show a run to passengers and tie its proofs together",
    keep=Days(3 * 366, after="leaves_at"),
    personal={"driver": "whose run it is (random person id)"},
    plain="id line direction from_stop to_stop from_m to_m leaves_at day seats state regular created_at started_at "
    "ended_at",
)
describe(
    BlockRow,
    purpose="keep two people from meeting again",
    keep=Days(5 * 366, after="at"),
    personal={"by": "who asked for it (random person id)", "other": "whom they do not want to meet"},
    plain="at",
)
describe(
    ReportRow,
    purpose="answer somebody who tells of a danger, a refusal or a fraud",
    keep=Days(3 * 366, after="at"),
    personal={
        "by": "who tells it (random person id)",
        "about": "whom it is about (random person id)",
        "words": "what happened, in their words",
    },
    plain="id offer kind at read_at read_by",
)


def find_member(session: Session, person: str) -> Member:
    """What is known of a person's right to drive and ride; an empty value for somebody new."""
    row = session.get(MemberRow, person)
    known = session.get(PersonRow, person)
    adult = None if known is None else known.over_18
    reachable = known is None or known.subject is None or known.phone_verified_at is not None
    if row is None:
        return Member(person, adult, reachable=reachable)
    return Member(
        person, adult, row.guardian_consent_at, row.licence_at, row.insurance_at, row.terms_version, row.terms_at,
        row.banned_at, reachable,
    )  # fmt: skip


def member_row(session: Session, person: str, now: datetime) -> MemberRow:
    """The row to write a person's declarations in; made when there is none."""
    row = session.get(MemberRow, person, with_for_update=True)
    if row is None:
        row = MemberRow(person=person, changed_at=now)
        session.add(row)
        session.flush()
    row.changed_at = max(row.changed_at, now)
    return row


def aliases(session: Session, persons: Iterable[str]) -> dict[str, tuple[str | None, str | None]]:
    """What the other occupant may see of these people: (alias, car)."""
    rows = session.execute(
        select(MemberRow.person, MemberRow.alias, MemberRow.car).where(MemberRow.person.in_(set(persons)))
    )
    return {person: (alias, car) for person, alias, car in rows}


def offer_value(row: OfferRow) -> Offer:
    """The value of a row."""
    return Offer(
        row.id, row.driver, row.line, row.from_stop, row.to_stop,
        LineLeg(row.line, row.direction, row.from_m, row.to_m), row.leaves_at, row.seats, OfferState(row.state),
    )  # fmt: skip


def get_offer(session: Session, offer_id: str, *, lock: bool = False) -> OfferRow:
    """One run; `lock` makes whoever else wants to change it, or to book it, wait. Raises
    NotFound("covoit.offer_gone")."""
    asked = select(OfferRow).where(OfferRow.id == offer_id)
    row = session.scalar(asked.with_for_update() if lock else asked)
    if row is None:
        raise NotFound("covoit.offer_gone")
    return row


def offers_between(
    session: Session, first: datetime, last: datetime, *, line: str | None = None, direction: int | None = None
) -> list[Offer]:
    """The runs not over that leave their first stop in this time, in order."""
    asked = select(OfferRow).where(
        OfferRow.leaves_at >= first, OfferRow.leaves_at <= last, OfferRow.state.in_([str(each) for each in OPEN])
    )
    if line is not None:
        asked = asked.where(OfferRow.line == line)
    if direction is not None:
        asked = asked.where(OfferRow.direction == direction)
    return [offer_value(row) for row in session.scalars(asked.order_by(OfferRow.leaves_at, OfferRow.id))]


def offers_of(session: Session, driver: str, since: datetime, limit: int = 50) -> list[Offer]:
    """A driver's own runs from this instant on, and those being driven."""
    asked = select(OfferRow).where(
        OfferRow.driver == driver,
        or_(OfferRow.leaves_at >= since, OfferRow.state == str(OfferState.DRIVING)),
        OfferRow.state != str(OfferState.CANCELLED),
    )
    return [offer_value(row) for row in session.scalars(asked.order_by(OfferRow.leaves_at, OfferRow.id).limit(limit))]


def regulars(
    session: Session, *, driver: str | None = None, line: str | None = None, on: date | None = None
) -> list[RegularRow]:
    """The usual trips in force, of a driver, of a line, on a day."""
    asked = select(RegularRow).where(RegularRow.ended_at.is_(None))
    if driver is not None:
        asked = asked.where(RegularRow.driver == driver)
    if line is not None:
        asked = asked.where(RegularRow.line == line)
    if on is not None:
        asked = asked.where(RegularRow.first_day <= on, RegularRow.last_day >= on)
    return list(session.scalars(asked.order_by(RegularRow.line, RegularRow.leaves, RegularRow.id)))


def blocked_with(session: Session, person: str) -> frozenset[str]:
    """Everybody this person has blocked or who blocked them."""
    rows = session.execute(
        select(BlockRow.by, BlockRow.other).where(or_(BlockRow.by == person, BlockRow.other == person))
    )
    return frozenset(other if by == person else by for by, other in rows)


def blocks_of(session: Session, person: str) -> list[BlockRow]:
    """Those this person blocked: theirs to see and to undo."""
    return list(session.scalars(select(BlockRow).where(BlockRow.by == person).order_by(BlockRow.at)))


def reports(
    session: Session, *, unread_only: bool, hidden_from: str | None = None, limit: int = 200
) -> list[ReportRow]:
    """What people told, oldest unread first. `hidden_from`: somebody who may not see what is told of them."""
    asked = select(ReportRow)
    if hidden_from is not None:
        asked = asked.where(or_(ReportRow.about.is_(None), ReportRow.about != hidden_from))
    if unread_only:
        asked = asked.where(ReportRow.read_at.is_(None))
    return list(session.scalars(asked.order_by(ReportRow.at).limit(limit)))


def same_report(
    session: Session, by: str, *, about: str | None, offer: str | None, kind: str, words: str
) -> ReportRow | None:
    """What a person told already in these very words, and nobody has read yet."""
    asked = select(ReportRow).where(
        ReportRow.by == by, ReportRow.about.is_not_distinct_from(about), ReportRow.offer.is_not_distinct_from(offer),
        ReportRow.kind == kind, ReportRow.words == words, ReportRow.read_at.is_(None),
    )  # fmt: skip
    return session.scalar(asked.order_by(ReportRow.id).limit(1))
