"""Validations and checks as devices told them, for 48 hours; which tickets are used; the daily keys that hide media.

Nothing here links a ticket to a place or an instant beyond 48 hours, and a backup never does: the three tables that
could (`NOT_IN_A_BACKUP`) are left out of it. `billettique_used` says that a ticket is used, not when or where.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import Date, Index, LargeBinary, String, and_, delete, func, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.rules.uses import FORGOTTEN, Known, Use
from billettique.store.orders import OrderRow
from billettique.store.tickets import EntitlementRow
from mobigo.infra.db import Base, UtcDateTime, changed, insert_new, table_of
from mobigo.infra.privacy import BLANK, DELETE, Days, describe

IDENTIFIABLE: Final = timedelta(hours=48)  # CNIL, AU-015 (deliberation 2011-107): at most, against technical fraud
PAGE: Final = 400  # names in one query
Value = TypeVar("Value")
NOT_IN_A_BACKUP: Final = {"not_in_a_backup": "it links media to places and instants, for 48 hours at most"}


class DeviceRow(Base):
    """A validator, or an inspector's telephone. `by` is who holds it: an account, or the owner of the key it uses."""

    __tablename__ = "billettique_device"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    organisation: Mapped[str | None] = mapped_column(String(64), index=True)
    by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ahead_s: Mapped[int] = mapped_column(default=0)  # how far its clock is ahead of ours
    keys_sequence: Mapped[int] = mapped_column(default=0)
    revocations_sequence: Mapped[int] = mapped_column(default=0)


class ScanRow(Base):
    """That a record of a device came: a second sending is known by it. It says nothing else."""

    __tablename__ = "billettique_scan"

    device: Mapped[str] = mapped_column(String(40), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(40), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ValidationRow(Base):
    """One presentation of a ticket. `token` is the keyed hash of its mark, under the key of the day."""

    __tablename__ = "billettique_validation"
    __table_args__ = (Index(None, "day", "token"), {"info": NOT_IN_A_BACKUP})

    device: Mapped[str] = mapped_column(String(40), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    day: Mapped[date] = mapped_column(Date)  # of service
    token: Mapped[str | None] = mapped_column(String(32))
    answer: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(10))
    use: Mapped[str | None] = mapped_column(String(6))  # first, repeat
    product: Mapped[str] = mapped_column(String(120))
    line: Mapped[str] = mapped_column(String(60))
    stop: Mapped[str] = mapped_column(String(60))
    trip: Mapped[str] = mapped_column(String(80))


class UsedRow(Base):
    """A ticket that is used up, by its mark, until its last day; `uses` how often it was accepted."""

    __tablename__ = "billettique_used"

    mark: Mapped[bytes] = mapped_column(LargeBinary(8), primary_key=True)
    until: Mapped[date] = mapped_column(Date, index=True)
    uses: Mapped[int] = mapped_column(default=1)
    alerted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # an agent looked at the alert


class FirstUseRow(Base):
    """When, and on which device, a ticket was first used: 48 hours, so that devices that were apart can be compared."""

    __tablename__ = "billettique_first_use"
    __table_args__ = ({"info": NOT_IN_A_BACKUP},)

    mark: Mapped[bytes] = mapped_column(LargeBinary(8), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    device: Mapped[str] = mapped_column(String(40))
    nonce: Mapped[str] = mapped_column(String(40))


class DayKeyRow(Base):
    """The key of a day of service: what turns a ticket's mark into that day's token. Destroyed, it cannot be again."""

    __tablename__ = "billettique_day_key"
    __table_args__ = ({"info": NOT_IN_A_BACKUP},)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


describe(
    DeviceRow,
    purpose="know which validators and inspectors' telephones work, and how old their lists are",
    keep=Days(60, after="seen_at", then=BLANK),
    personal={"by": "who holds the device (random subject id)"},
    plain="id kind organisation created_at seen_at ahead_s keys_sequence revocations_sequence",
)
describe(
    ScanRow,
    purpose="count a record once, however often its device sends it",
    keep=Days(60, after="received_at"),
    plain="device nonce received_at",
)
describe(
    ValidationRow,
    purpose="find technical fraud, and where people change; 48 hours (CNIL, AU-015), never in a backup",
    keep=Days(2, after="at", then=DELETE),
    personal={
        "token": "one ticket's day, under a key that is destroyed",
        "at": "when a ticket was presented",
        "line": "where",
        "stop": "where",
        "trip": "where",
    },
    plain="device nonce day answer kind use product",
)
describe(
    UsedRow,
    purpose="refuse a ticket that is used up; says neither when nor where it was",
    keep=Days(400, after="until"),
    plain="mark until uses alerted_at seen_at",
)
describe(
    FirstUseRow,
    purpose="tell which of two uses was the first; 48 hours, never in a backup",
    keep=Days(2, after="at", then=DELETE),
    personal={
        "mark": "a ticket",
        "at": "when it was used",
        "device": "where it was used",
        "nonce": "where it was used",
    },
)
describe(
    DayKeyRow,
    purpose="hide a day's tickets behind tokens; destroyed after 47 hours, never in a backup",
    keep=Days(2, after="made_at", then=DELETE),
    plain="day key made_at",
)


# ---------------------------------------------------------------- devices


def meet(session: Session, device: str, values: Mapping[str, Any], now: datetime) -> DeviceRow:
    """The row of a device, made at the first meeting; `values` are what it says of itself today."""
    insert_new(session, DeviceRow, {"id": device, "created_at": now, "seen_at": now, "ahead_s": 0, "keys_sequence": 0,
                                    "revocations_sequence": 0, "organisation": None, "by": None, **values})  # fmt: skip
    row = session.scalars(select(DeviceRow).where(DeviceRow.id == device).with_for_update()).one()
    for name, value in values.items():
        setattr(row, name, value)
    row.seen_at = max(row.seen_at, now)
    return row


def find_device(session: Session, device: str) -> DeviceRow | None:
    """The device of this id."""
    return session.get(DeviceRow, device)


# ---------------------------------------------------------------- records


def new_among(session: Session, device: str, nonces: Sequence[str], now: datetime) -> set[str]:
    """Those of a device's records that never came before; they are known from now on."""
    fresh: set[str] = set()
    add = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for start in range(0, len(nonces), PAGE):
        rows = [{"device": device, "nonce": nonce, "received_at": now} for nonce in nonces[start : start + PAGE]]
        statement = add(table_of(ScanRow)).values(rows).on_conflict_do_nothing().returning(ScanRow.nonce)
        fresh |= set(session.scalars(statement))
    return fresh


def add_validations(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Records more; they are new (see `new_among`)."""
    if rows:
        session.execute(insert(ValidationRow), list(rows))


def mark_repeats(session: Session, uses: Iterable[Use]) -> None:
    """These uses are repeats now."""
    for some in _pages(sorted(uses)):
        names = [(use.device, use.nonce) for use in some]
        these = tuple_(ValidationRow.device, ValidationRow.nonce).in_(names)
        session.execute(update(ValidationRow).where(these).values(use="repeat"))


# ---------------------------------------------------------------- used tickets


def lock_used(session: Session, marks: Mapping[bytes, date]) -> dict[bytes, Known]:
    """What is known of the first use of these tickets, held until the end of the transaction: nobody else decides about
    them meanwhile. A ticket never used before is not in the answer, and has its row from now on."""
    found: dict[bytes, Known] = {}
    add = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for some in _pages(sorted(marks)):
        rows = [{"mark": mark, "until": marks[mark], "uses": 0} for mark in some]
        session.execute(add(table_of(UsedRow)).values(rows).on_conflict_do_nothing())
    for some in _pages(sorted(marks)):
        asked = select(UsedRow.mark, UsedRow.uses).where(UsedRow.mark.in_(some)).order_by(UsedRow.mark)
        for row in session.execute(asked.with_for_update()).all():
            if row.uses:
                found[bytes(row.mark)] = FORGOTTEN
        firsts = select(FirstUseRow.mark, FirstUseRow.at, FirstUseRow.device, FirstUseRow.nonce)
        for known in session.execute(firsts.where(FirstUseRow.mark.in_(some))):
            found[bytes(known.mark)] = Use(known.at, known.device, known.nonce)
    return found


def drop_firsts(session: Session, marks: Collection[bytes]) -> None:
    """The first use of these tickets is too old to be remembered: that they are used is all that is known."""
    for some in _pages(sorted(marks)):
        session.execute(delete(FirstUseRow).where(FirstUseRow.mark.in_(some)))


def write_firsts(session: Session, firsts: Mapping[bytes, Use]) -> None:
    """These are the first uses now."""
    add = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for some in _pages(sorted(firsts)):
        rows = [
            {"mark": mark, "at": firsts[mark].at, "device": firsts[mark].device, "nonce": firsts[mark].nonce}
            for mark in some
        ]
        statement = add(table_of(FirstUseRow)).values(rows)
        new = statement.excluded
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["mark"], set_={"at": new.at, "device": new.device, "nonce": new.nonce}
            )
        )


def count_uses(session: Session, accepted: Mapping[bytes, int], now: datetime) -> list[bytes]:
    """Add to how often tickets were accepted; the tickets that are now, for the first time, used more than once: an
    alert stands on them."""
    for times in sorted(set(accepted.values())):
        for some in _pages(sorted(mark for mark, count in accepted.items() if count == times)):
            session.execute(update(UsedRow).where(UsedRow.mark.in_(some)).values(uses=UsedRow.uses + times))
    alerts: list[bytes] = []
    for some in _pages(sorted(accepted)):
        several = and_(UsedRow.mark.in_(some), UsedRow.uses > 1, UsedRow.alerted_at.is_(None))
        alerts += [bytes(mark) for mark in session.scalars(select(UsedRow.mark).where(several))]
        session.execute(update(UsedRow).where(several).values(alerted_at=now))
    return alerts


def used_among(session: Session, marks: Collection[bytes]) -> dict[bytes, datetime | None]:
    """Which of these tickets are used, and since when (None: longer than we may remember)."""
    found: dict[bytes, datetime | None] = {}
    for some in _pages(sorted(marks)):
        asked = (
            select(UsedRow.mark, FirstUseRow.at)
            .outerjoin(FirstUseRow, FirstUseRow.mark == UsedRow.mark)
            .where(UsedRow.mark.in_(some), UsedRow.uses > 0)
        )
        found |= {bytes(row.mark): row.at for row in session.execute(asked)}
    return found


def uses_of(session: Session, marks: Collection[bytes], *, since: datetime) -> dict[bytes, tuple[datetime | None, int]]:
    """Of these tickets, those that were accepted: the first time, where it came after `since`, and how often."""
    found: dict[bytes, tuple[datetime | None, int]] = {}
    for some in _pages(sorted(marks)):
        asked = (
            select(UsedRow.mark, UsedRow.uses, FirstUseRow.at)
            .outerjoin(FirstUseRow, (FirstUseRow.mark == UsedRow.mark) & (FirstUseRow.at > since))
            .where(UsedRow.mark.in_(some), UsedRow.uses > 0)
        )
        found |= {bytes(row.mark): (row.at, row.uses) for row in session.execute(asked)}
    return found


def used_since(session: Session, since: datetime) -> list[tuple[bytes, datetime]]:
    """The tickets first used since an instant: what another device adds to its own used-set."""
    asked = select(FirstUseRow.mark, FirstUseRow.at).where(FirstUseRow.at >= since).order_by(FirstUseRow.mark)
    return [(bytes(row.mark), row.at) for row in session.execute(asked)]


def used_before(session: Session, today: date) -> list[bytes]:
    """The tickets that are used, nobody may know since when, and whose last day is not over."""
    asked = select(UsedRow.mark).outerjoin(FirstUseRow, FirstUseRow.mark == UsedRow.mark)
    old = FirstUseRow.mark.is_(None) & (UsedRow.uses > 0) & (UsedRow.until >= today)
    return [bytes(mark) for mark in session.scalars(asked.where(old).order_by(UsedRow.mark))]


def channels_of(session: Session, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Where tickets of ours, by issuer and reference, were sold."""
    found: dict[tuple[str, str], str] = {}
    for some in _pages(sorted(names)):
        asked = (
            select(EntitlementRow.provider, EntitlementRow.reference, OrderRow.channel)
            .join(OrderRow, OrderRow.id == EntitlementRow.order_id)
            .where(tuple_(EntitlementRow.provider, EntitlementRow.reference).in_(some))
        )
        found |= {(row.provider, row.reference): row.channel for row in session.execute(asked)}
    return found


def alerts(session: Session) -> list[UsedRow]:
    """Tickets accepted more than once, that nobody looked at yet; the latest first."""
    asked = select(UsedRow).where(UsedRow.alerted_at.is_not(None), UsedRow.seen_at.is_(None))
    return list(session.scalars(asked.order_by(UsedRow.alerted_at.desc(), UsedRow.mark).limit(500)))


def see_alert(session: Session, mark: bytes, now: datetime) -> bool:
    """An agent looked at it; False when there is none."""
    waiting = (UsedRow.mark == mark) & UsedRow.alerted_at.is_not(None) & UsedRow.seen_at.is_(None)
    return changed(session, update(UsedRow).where(waiting).values(seen_at=now)) == 1


# ---------------------------------------------------------------- days


def day_key(session: Session, day: date, fresh: bytes, now: datetime) -> bytes:
    """The key of a day of service; `fresh` becomes it where there is none. The caller sees to it that the day is not
    one whose key was destroyed."""
    insert_new(session, DayKeyRow, {"day": day, "key": fresh, "made_at": now})
    return bytes(session.scalars(select(DayKeyRow.key).where(DayKeyRow.day == day)).one())


def taps_of_day(session: Session, day: date) -> list[Any]:
    """A day's accepted validations that have a token: (token, at, line, stop, trip), by token and time."""
    asked = select(
        ValidationRow.token, ValidationRow.at, ValidationRow.line, ValidationRow.stop, ValidationRow.trip
    ).where(
        ValidationRow.day == day, ValidationRow.token.is_not(None), ValidationRow.kind == "onboard",
        ValidationRow.answer == "OK",
    )  # fmt: skip
    return list(session.execute(asked.order_by(ValidationRow.token, ValidationRow.at, ValidationRow.nonce)))


def days_with_taps(session: Session, before: date) -> list[date]:
    """The days of service, before one, that still have validations."""
    return list(session.scalars(select(ValidationRow.day).where(ValidationRow.day < before).distinct().order_by("day")))


def forget(session: Session, now: datetime, *, after: timedelta, today: date, keys_before: date) -> int:
    """Erase what is older than `after`, the keys of days before `keys_before`, and the used tickets whose last day was
    over two days before `today`; how many rows. Twice forgets nothing more."""
    limit = now - after
    gone = changed(session, delete(ValidationRow).where(ValidationRow.at <= limit))
    gone += changed(session, delete(FirstUseRow).where(FirstUseRow.at <= limit))
    gone += changed(session, delete(DayKeyRow).where(DayKeyRow.day < keys_before))
    unseen = UsedRow.alerted_at.is_not(None) & UsedRow.seen_at.is_(None)
    gone += changed(session, delete(UsedRow).where(UsedRow.until < today - timedelta(days=2), ~unseen))
    return gone


def held(session: Session) -> dict[str, int]:
    """How many rows there are, by table: for tests and the page of an installation's state."""
    owners = (ValidationRow, FirstUseRow, DayKeyRow, UsedRow, ScanRow)
    return {owner.__tablename__: session.scalar(select(func.count()).select_from(owner)) or 0 for owner in owners}


def _pages(values: Sequence[Value]) -> list[Sequence[Value]]:
    return [values[start : start + PAGE] for start in range(0, len(values), PAGE)]
