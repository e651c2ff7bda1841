"""Bookings, each of their changes, whom to call, and the day of a service with its rounds: the row that is locked."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.infra.append_only import append_only
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new
from mobigo.infra.privacy import BLANK, Always, Days, describe
from mobigo.tad.model.bookings import Asked, Booking, Channel, Contact, State
from mobigo.tad.model.rounds import Promise, Rounds, Visit
from mobigo.tad.model.services import Place


class DayRow(Base):
    """One day of a service: its rounds. Whoever books, moves or cancels holds this row until they commit."""

    __tablename__ = "tad_day"
    __table_args__ = (UniqueConstraint("service", "day"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    service: Mapped[str] = mapped_column(String(40))
    day: Mapped[date] = mapped_column(Date)
    version: Mapped[str] = mapped_column(ForeignKey("tad_service.id"))  # whose vehicles and terms the day runs under
    rounds: Mapped[Any] = mapped_column(Json)
    changes: Mapped[int]  # how often the rounds changed: what a driver's page compares
    optimised_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BookingRow(Base):
    """Places of one party. Times are service times of `day`."""

    __tablename__ = "tad_booking"
    __table_args__ = (
        Index(None, "service", "day"),
        Index(None, "state", "day"),
        CheckConstraint("price_cents >= 0", name="price"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    service: Mapped[str] = mapped_column(String(40))
    day: Mapped[date] = mapped_column(Date)
    version: Mapped[str] = mapped_column(ForeignKey("tad_service.id"))
    from_stop: Mapped[str] = mapped_column(String(60))  # "": a position in a zone
    from_name: Mapped[str] = mapped_column(String(200))
    from_lat: Mapped[float | None]
    from_lon: Mapped[float | None]
    to_stop: Mapped[str] = mapped_column(String(60))
    to_name: Mapped[str] = mapped_column(String(200))
    to_lat: Mapped[float | None]
    to_lon: Mapped[float | None]
    wanted_s: Mapped[int]
    earliest_s: Mapped[int]
    latest_s: Mapped[int]
    ride_s_max: Mapped[int]
    arrive_by_s: Mapped[int]
    riders: Mapped[Any] = mapped_column(Json)
    wheelchairs: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    price_cents: Mapped[int]
    channel: Mapped[str] = mapped_column(String(10))
    held_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    series: Mapped[str | None] = mapped_column(String(26), index=True)
    subject: Mapped[str | None] = mapped_column(String(26), index=True)
    asker: Mapped[str | None] = mapped_column(String(26))  # whose API key booked it
    late: Mapped[bool] = mapped_column(default=False)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ContactRow(Base):
    """Whom to call about a booking. Apart, so that it goes long before the rest."""

    __tablename__ = "tad_contact"

    booking: Mapped[str] = mapped_column(ForeignKey("tad_booking.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    name: Mapped[str] = mapped_column(String(100))
    phone: Mapped[str] = mapped_column(String(20), index=True)
    email: Mapped[str] = mapped_column(String(254))
    needs: Mapped[str] = mapped_column(String(200))


class ChangeRow(Base):
    """One change of state of a booking. It only grows."""

    __tablename__ = "tad_booking_change"
    __table_args__ = (Index(None, "booking"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    booking: Mapped[str] = mapped_column(String(26))
    before: Mapped[str | None] = mapped_column(String(12))
    after: Mapped[str] = mapped_column(String(12))
    side: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(ChangeRow)
describe(
    DayRow,
    purpose="plan the vehicles of a day",
    keep=Days(366, after="day"),
    plain="id service day version rounds changes optimised_at",
)
describe(
    BookingRow,
    purpose="keep the places of a party in a vehicle, and account for what was promised and served",
    keep=Days(366, after="day", then=BLANK),
    personal={
        "from_name": "where the vehicle fetches the person",
        "from_lat": "where the vehicle fetches the person",
        "from_lon": "where the vehicle fetches the person",
        "to_name": "where the vehicle takes the person",
        "to_lat": "where the vehicle takes the person",
        "to_lon": "where the vehicle takes the person",
        "subject": "whose booking it is, when they have an account (random subject id)",
    },
    plain="id service day version from_stop to_stop wanted_s earliest_s latest_s ride_s_max arrive_by_s riders "
    "wheelchairs state price_cents channel held_until series asker late reminded_at created_at changed_at",
)
describe(
    ContactRow,
    purpose="call or write to whoever travels; know who was not there several times",
    keep=Days(90, after="day"),
    personal={
        "name": "the driver asks for the person by name",
        "phone": "the driver calls when nobody is there; a reminder is sent",
        "email": "the confirmation and the reminder are sent there",
        "needs": "what the person tells the driver (a walker, a blind person's dog)",
    },
    plain="booking day",
)
describe(
    ChangeRow,
    purpose="show how a booking came to its state",
    keep=Always("it only grows, and holds the random ids of bookings alone"),
    plain="id booking before after side at",
)


# ---------------------------------------------------------------- days


def lock_day(session: Session, service: str, day: date, version: str, now: datetime) -> DayRow:
    """The row of a day, made at the first use, held until the transaction ends."""
    insert_new(
        session, DayRow,
        {"id": new_id(now), "service": service, "day": day, "version": version, "rounds": {}, "changes": 0},
        ["service", "day"],
    )  # fmt: skip
    asked = select(DayRow).where(DayRow.service == service, DayRow.day == day).with_for_update()
    return session.scalars(asked.execution_options(populate_existing=True)).one()


def find_day(session: Session, service: str, day: date) -> DayRow | None:
    """The row of a day as it is; None when nobody booked yet."""
    return session.scalar(select(DayRow).where(DayRow.service == service, DayRow.day == day))


def rounds_of(row: DayRow | None) -> Rounds:
    """The rounds kept in a day's row."""
    kept = {} if row is None else row.rounds
    return {car: tuple(Visit(name, bool(up), at) for name, up, at in visits) for car, visits in kept.items()}


def keep_rounds(row: DayRow, rounds: Rounds) -> None:
    """Write the rounds into a day's row (held by the caller)."""
    row.rounds = {
        car: [[each.request, int(each.pickup), each.at_s] for each in visits] for car, visits in rounds.items()
    }
    row.changes += 1


def days_between(session: Session, first: date, last: date) -> Sequence[DayRow]:
    """The days of every service between two, both included, by service and day."""
    asked = select(DayRow).where(DayRow.day >= first, DayRow.day <= last)
    return session.scalars(asked.order_by(DayRow.service, DayRow.day)).all()


# ---------------------------------------------------------------- bookings


def add_booking(session: Session, booking: Booking, contact: Contact, asker: str | None, now: datetime) -> BookingRow:
    """A new booking, held or confirmed."""
    asked, promise = booking.asked, booking.promise
    row = BookingRow(
        id=booking.id, service=booking.service, day=asked.day, version=booking.version, from_stop=asked.origin.id,
        from_name=asked.origin.name[:200], from_lat=asked.origin.point.lat, from_lon=asked.origin.point.lon,
        to_stop=asked.destination.id, to_name=asked.destination.name[:200], to_lat=asked.destination.point.lat,
        to_lon=asked.destination.point.lon, wanted_s=asked.wanted_s, earliest_s=promise.earliest_s,
        latest_s=promise.latest_s, ride_s_max=promise.ride_s_max, arrive_by_s=promise.arrive_by_s,
        riders=list(asked.riders), wheelchairs=asked.wheelchairs, state=str(booking.state),
        price_cents=booking.price.cents, channel=str(booking.channel), held_until=booking.held_until,
        series=booking.series, subject=booking.subject, asker=asker, late=False, created_at=now, changed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add(ContactRow(booking=row.id, day=row.day, name=contact.name, phone=contact.phone, email=contact.email,
                           needs=contact.needs))  # fmt: skip
    session.add(ChangeRow(id=new_id(now), booking=row.id, before=None, after=row.state, side="passenger", at=now))
    session.flush()
    return row


def booking_value(row: BookingRow) -> Booking:
    """The value of a row. A booking whose positions were erased has them at 0, 0: nobody drives there any more."""
    asked = Asked(
        Place(row.from_stop, row.from_name, Point(row.from_lat or 0.0, row.from_lon or 0.0)),
        Place(row.to_stop, row.to_name, Point(row.to_lat or 0.0, row.to_lon or 0.0)),
        row.day, row.wanted_s, tuple(row.riders), row.wheelchairs,
    )  # fmt: skip
    return Booking(
        row.id, row.service, row.version, asked,
        Promise(row.earliest_s, row.latest_s, row.ride_s_max, row.arrive_by_s), State(row.state),
        Money(row.price_cents), Channel(row.channel), row.held_until, row.series, row.subject, row.late,
    )  # fmt: skip


def get_booking(session: Session, booking_id: str) -> BookingRow:
    """One booking, as it is now. Raises NotFound("tad.no_such_booking")."""
    row = session.get(BookingRow, booking_id, populate_existing=True)
    if row is None:
        raise NotFound("tad.no_such_booking")
    return row


def bookings_on(session: Session, service: str, day: date, states: Iterable[State] | None = None) -> list[BookingRow]:
    """The bookings of a day, by hour."""
    asked = select(BookingRow).where(BookingRow.service == service, BookingRow.day == day)
    if states is not None:
        asked = asked.where(BookingRow.state.in_(sorted(str(each) for each in states)))
    return list(session.scalars(asked.order_by(BookingRow.earliest_s, BookingRow.id)))


def live_between(session: Session, first: date, last: date) -> list[BookingRow]:
    """The confirmed bookings between two days, both included, nobody reminded yet."""
    asked = select(BookingRow).where(
        BookingRow.state == str(State.CONFIRMED), BookingRow.day >= first, BookingRow.day <= last,
        BookingRow.reminded_at.is_(None),
    )  # fmt: skip
    return list(session.scalars(asked.order_by(BookingRow.day, BookingRow.earliest_s, BookingRow.id)))


def held_over(session: Session, now: datetime) -> list[BookingRow]:
    """The holds whose time is up."""
    asked = select(BookingRow).where(BookingRow.state == str(State.HELD), BookingRow.held_until <= now)
    return list(session.scalars(asked.order_by(BookingRow.service, BookingRow.day, BookingRow.id)))


def of_series(session: Session, series: str) -> list[BookingRow]:
    """The bookings made together, by day."""
    asked = select(BookingRow).where(BookingRow.series == series)
    return list(session.scalars(asked.order_by(BookingRow.day, BookingRow.earliest_s, BookingRow.id)))


def of_subject(session: Session, subject: str) -> list[BookingRow]:
    """The bookings of an account, the latest day first."""
    asked = select(BookingRow).where(BookingRow.subject == subject)
    return list(session.scalars(asked.order_by(BookingRow.day.desc(), BookingRow.earliest_s, BookingRow.id)))


def contact_of(session: Session, booking_id: str) -> Contact | None:
    """Whom to call; None once it was erased."""
    row = session.get(ContactRow, booking_id)
    return None if row is None else Contact(row.name, row.phone, row.email, row.needs)


def contacts_of(session: Session, booking_ids: Iterable[str]) -> dict[str, Contact]:
    """Whom to call, by booking."""
    rows = session.scalars(select(ContactRow).where(ContactRow.booking.in_(sorted(booking_ids))))
    return {row.booking: Contact(row.name, row.phone, row.email, row.needs) for row in rows}


def missed(session: Session, phone: str, since: date) -> int:
    """How often whoever has this number was not there, or cancelled past the cut-off, since a day."""
    counted = (
        select(func.count())
        .select_from(BookingRow)
        .join(ContactRow, ContactRow.booking == BookingRow.id)
        .where(
            ContactRow.phone == phone, BookingRow.day >= since,
            (BookingRow.state == str(State.NO_SHOW)) | BookingRow.late.is_(True),
        )
    )  # fmt: skip
    return session.scalar(counted) or 0


def write_change(session: Session, row: BookingRow, after: State, side: str, now: datetime) -> None:
    """The state of a booking, and one line of its history."""
    session.add(ChangeRow(id=new_id(now), booking=row.id, before=row.state, after=str(after), side=side, at=now))
    row.state, row.changed_at = str(after), now
    session.flush()


def changes_of(session: Session, booking_ids: Iterable[str]) -> Sequence[ChangeRow]:
    """The changes of several bookings, oldest first."""
    asked = select(ChangeRow).where(ChangeRow.booking.in_(sorted(booking_ids)))
    return session.scalars(asked.order_by(ChangeRow.at, ChangeRow.id)).all()


def history_of(session: Session, booking_id: str) -> Sequence[ChangeRow]:
    """The changes of a booking, oldest first; those of one instant in the order in which each begins where the one
    before ended."""
    asked = select(ChangeRow).where(ChangeRow.booking == booking_id)
    left = list(session.scalars(asked.order_by(ChangeRow.at, ChangeRow.id)))
    told: list[ChangeRow] = []
    while left:
        now = [row for row in left if row.at == left[0].at]
        state = told[-1].after if told else None
        told.append(next((row for row in now if row.before == state), now[0]))
        left.remove(told[-1])
    return told
