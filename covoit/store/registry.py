"""Files of journeys received, with their receipts; and what was sent to the national registry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Index, String, UniqueConstraint, and_, bindparam, case, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from covoit.model.journeys import Journey, JourneyState
from covoit.model.registry import Near
from covoit.rules.status import Acquisition, Check
from covoit.store.journeys import JourneyRow, PositionRow, journey_value
from mobigo.base.geo import Point
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime, changed, insert_new, table_of
from mobigo.infra.privacy import Days, describe

_SLICE: Final = 5_000
_FEW: Final = 20


class IntakeRow(Base):
    """A file of journeys that was received, and its receipt: the same file again gets the same receipt."""

    __tablename__ = "covoit_intake"
    __table_args__ = (UniqueConstraint("operator", "sha256"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    operator: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    receipt: Mapped[Any] = mapped_column(Json)


class OrderRow(Base):
    """A file handed over by the API, to be received by a job: which job, and what came of it."""

    __tablename__ = "covoit_intake_order"
    __table_args__ = (UniqueConstraint("operator", "sha256", "good_part"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    operator: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    good_part: Mapped[bool]
    job: Mapped[str] = mapped_column(String(26))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    errors: Mapped[str | None] = mapped_column(String(64))  # the blob of the error file
    refused: Mapped[int | None] = mapped_column()


class SentRow(Base):
    """What the national registry was told of one of our journeys, and what it said."""

    __tablename__ = "covoit_sent"
    __table_args__ = (
        Index(
            "ix_covoit_sent_poll_at", "poll_at",
            sqlite_where=text("poll_at IS NOT NULL"), postgresql_where=text("poll_at IS NOT NULL"),
        ),
    )  # fmt: skip

    journey: Mapped[str] = mapped_column(String(26), primary_key=True)
    operator_journey_id: Mapped[str] = mapped_column(String(256))
    # sent, refused (terms), invalid, expired (too late to be sent), incomplete (a person without key or number),
    # canceled
    state: Mapped[str] = mapped_column(String(16))
    revision: Mapped[int]  # of the journey as the registry knows it
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    remote_id: Mapped[str | None] = mapped_column(String(64))
    remote_status: Mapped[str | None] = mapped_column(String(32))
    labels: Mapped[Any] = mapped_column(Json, nullable=True)
    polled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    poll_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    IntakeRow,
    purpose="prove what was received in a file, and receive no file twice",
    keep=Days(3_653, after="received_at"),
    plain="id operator sha256 size received_at receipt",
)
describe(
    OrderRow,
    purpose="tell an operator what became of the file it handed over",
    keep=Days(92, after="created_at"),
    plain="id operator sha256 good_part job created_at errors refused",
)
describe(
    SentRow,
    purpose="account for what the national registry was told of our lines, and reconcile each month",
    keep=Days(3_653, after="sent_at"),
    plain="journey operator_journey_id state revision sent_at remote_id remote_status labels polled_at poll_at",
)


# ---------------------------------------------------------------- receiving


@dataclass(frozen=True, slots=True)
class Known:
    """A journey that is there already, found by the operator's id."""

    journey: str
    digest: str
    revision: int
    received_at: datetime
    status: str
    findings: Sequence[Mapping[str, Any]]


def known(session: Session, operator: str, ids: Sequence[str]) -> dict[str, Known]:
    """Which of these ids of the operator are there already."""
    found = {}
    table = table_of(JourneyRow).c
    for some in _slices(ids):
        query = select(
            table.operator_journey_id, table.id, table.digest, table.revision, table.received_at, table.status,
            table.findings,
        ).where(table.operator == operator, table.operator_journey_id.in_(some))  # fmt: skip
        for name, journey, digest, revision, received_at, status, findings in session.connection().execute(query):
            found[name] = Known(journey, digest, revision, received_at, status, findings or ())
    return found


def near(
    session: Session,
    persons: Iterable[str],
    first_day: date,
    last_day: date,
    *,
    operator: str | None = None,
    trips: Iterable[tuple[str, str]] = (),
) -> list[Near]:
    """The journeys of these persons between two days, of one operator or of all, that count or still may: those that
    were withdrawn or refused count against nobody (registry's defect 4). And those of the given trips."""
    wanted = sorted(set(persons))
    table = table_of(JourneyRow).c
    alive = or_(table.status == JourneyState.PENDING.value, table.status == JourneyState.OK.value)
    around = and_(table.day.between(first_day, last_day), alive)
    if operator is not None:
        around = and_(around, table.operator == operator)
    found: dict[str, Near] = {}
    columns = [table[name] for name in _NEAR_COLUMNS]
    for some in _slices(wanted):
        # For a few persons one question is quicker, for thousands two that each follow one index.
        theirs = [table.driver.in_(some), table.passenger.in_(some)]
        for who in [or_(*theirs)] if len(some) <= _FEW else theirs:
            for row in session.connection().execute(select(*columns).where(who, around)):
                found[row[0]] = Near(*row)
    by_operator: dict[str, set[str]] = {}
    for owner, trip in trips:
        by_operator.setdefault(owner, set()).add(trip)
    for owner, its in by_operator.items():
        for some in _slices(sorted(its)):
            same = and_(table.operator == owner, table.operator_trip_id.in_(some), alive)
            for row in session.connection().execute(select(*columns).where(same)):
                found[row[0]] = Near(*row)
    return list(found.values())


_NEAR_COLUMNS: Final = (
    "id", "operator", "operator_journey_id", "operator_trip_id", "driver", "passenger", "started_at", "ended_at",
    "received_at", "day",
)  # fmt: skip


def find_receipt(session: Session, operator: str, sha256: str) -> Mapping[str, Any] | None:
    """The receipt of a file that was received; None when it was not."""
    found: Mapping[str, Any] | None = session.scalar(
        select(IntakeRow.receipt).where(IntakeRow.operator == operator, IntakeRow.sha256 == sha256)
    )
    return found


def keep_receipt(
    session: Session, intake: str, operator: str, sha256: str, size: int, receipt: Mapping[str, Any], now: datetime
) -> bool:
    """Keep the receipt of a file; False when the file was received meanwhile."""
    row = {
        "id": intake, "operator": operator, "sha256": sha256, "size": size, "received_at": now,
        "receipt": dict(receipt),
    }  # fmt: skip
    return insert_new(session, IntakeRow, row, ["operator", "sha256"])


# ---------------------------------------------------------------- checking


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A journey whose checks have not been made, with its exact positions while they are kept."""

    journey: Journey
    revision: int
    positions: tuple[Point, Point] | None


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks found of a journey, as it was at this revision."""

    journey: str
    revision: int
    fraud: Check
    anomaly: Check
    status: str
    findings: Sequence[Mapping[str, Any]]


def unchecked(session: Session, limit: int) -> list[Unchecked]:
    """The journeys received first whose checks have not been made."""
    waiting = [Acquisition.RECEIVED.value, Acquisition.UPDATED.value]
    rows = session.execute(
        select(JourneyRow, PositionRow)
        .outerjoin(PositionRow, PositionRow.journey == JourneyRow.id)
        .where(JourneyRow.frozen_at.is_(None), JourneyRow.acquisition.in_(waiting))
        .order_by(JourneyRow.received_at, JourneyRow.id)
        .limit(limit)
    )
    found = []
    for row, at in rows:
        ends = None if at is None else (Point(at.start_lat, at.start_lon), Point(at.end_lat, at.end_lon))
        found.append(Unchecked(journey_value(row), row.revision, ends))
    return found


def note_checked(session: Session, checked: Sequence[Checked]) -> None:
    """Write what was found; a journey that changed or froze meanwhile is left as it is."""
    if not checked:
        return
    table = table_of(JourneyRow)
    statement = (
        update(table)
        .where(
            table.c.id == bindparam("at"), table.c.revision == bindparam("as_of"), table.c.frozen_at.is_(None),
            or_(*(table.c.acquisition == each.value for each in (Acquisition.RECEIVED, Acquisition.UPDATED))),
        )
        .values(
            acquisition=Acquisition.PROCESSED.value, fraud=bindparam("fraud"), anomaly=bindparam("anomaly"),
            status=bindparam("status"), findings=bindparam("findings"),
        )
    )  # fmt: skip
    rows = [
        {
            "at": each.journey, "as_of": each.revision, "fraud": each.fraud.value, "anomaly": each.anomaly.value,
            "status": each.status, "findings": list(each.findings) or None,
        }
        for each in checked
    ]  # fmt: skip
    session.connection().execute(statement, rows)


def freeze(session: Session, now: datetime) -> int:
    """Make final every journey whose time is up: a check that never ended is taken as passed (`status.frozen`)."""
    row = JourneyRow
    passed, pending, failed = Check.PASSED.value, Check.PENDING.value, Check.FAILED.value
    left = row.acquisition.in_([Acquisition.CANCELLED.value, Acquisition.TERMS_VIOLATION.value])
    return changed(
        session,
        update(row)
        .where(row.frozen_at.is_(None), row.freezes_at <= now)
        .values(
            frozen_at=now,
            status=case(
                (or_(left, row.fraud == failed, row.anomaly == failed), row.status), else_=JourneyState.OK.value
            ),
            fraud=case((and_(~left, row.fraud == pending), passed), else_=row.fraud),
            anomaly=case((and_(~left, row.anomaly == pending), passed), else_=row.anomaly),
            acquisition=case((left, row.acquisition), else_=Acquisition.PROCESSED.value),
        )
        .execution_options(synchronize_session=False),
    )


# ---------------------------------------------------------------- files handed over by the API


def find_order(session: Session, operator: str, order: str) -> OrderRow | None:
    """A file the operator handed over; None when it is none of its own."""
    return session.scalar(select(OrderRow).where(OrderRow.operator == operator, OrderRow.id == order))


def order_of(session: Session, operator: str, sha256: str, good_part: bool) -> OrderRow | None:
    """The order already given for this file, asked in the same way."""
    return session.scalar(
        select(OrderRow).where(
            OrderRow.operator == operator, OrderRow.sha256 == sha256, OrderRow.good_part == good_part
        )
    )


def add_order(
    session: Session, operator: str, sha256: str, good_part: bool, job: str, order: str, now: datetime
) -> None:
    """Record an order."""
    session.add(OrderRow(id=order, operator=operator, sha256=sha256, good_part=good_part, job=job, created_at=now))
    session.flush()


def note_order(session: Session, order: str, *, errors: str | None, refused: int) -> None:
    """Record what was refused of a file."""
    session.execute(update(OrderRow).where(OrderRow.id == order).values(errors=errors, refused=refused))


# ---------------------------------------------------------------- what was sent


@dataclass(frozen=True, slots=True)
class Sent:
    """What the registry knows of one of our journeys."""

    state: str
    revision: int
    remote_status: str | None = None
    poll_at: datetime | None = None


def sent(session: Session, journeys: Sequence[str]) -> dict[str, Sent]:
    """What was sent of these journeys."""
    found = {}
    for some in _slices(journeys):
        for row in session.scalars(select(SentRow).where(SentRow.journey.in_(some))):
            found[row.journey] = Sent(row.state, row.revision, row.remote_status, row.poll_at)
    return found


def note_sent(session: Session, journey: Journey, values: Mapping[str, Any]) -> None:
    """Write what the registry was told, and what it said."""
    fresh = {"journey": journey.id, "operator_journey_id": journey.operator_journey_id, **values}
    if not insert_new(session, SentRow, fresh, ["journey"]):
        session.execute(update(SentRow).where(SentRow.journey == journey.id).values(dict(values)))


def to_poll(session: Session, now: datetime, limit: int) -> list[tuple[str, str]]:
    """The journeys whose status is to be asked now: (our id, the operator's id)."""
    rows = session.execute(
        select(SentRow.journey, SentRow.operator_journey_id)
        .where(SentRow.poll_at <= now)
        .order_by(SentRow.poll_at, SentRow.journey)
        .limit(limit)
    )
    return [(journey, name) for journey, name in rows]


def note_polled(
    session: Session, journey: str, *, status: str, labels: Any, remote_id: str | None, now: datetime,
    again: timedelta | None,
) -> None:  # fmt: skip
    """Write the status the registry answered, and when to ask again (None: it is final)."""
    values = {
        "remote_status": status, "labels": labels, "remote_id": remote_id, "polled_at": now,
        "poll_at": None if again is None else now + again,
    }  # fmt: skip
    session.execute(update(SentRow).where(SentRow.journey == journey).values(values))


def to_tell(session: Session, operator: str, since: datetime, limit: int, after: str = "") -> list[tuple[Journey, int]]:
    """Our journeys received since then of which the registry knows nothing, or an older revision."""
    rows = session.execute(
        select(JourneyRow)
        .outerjoin(SentRow, SentRow.journey == JourneyRow.id)
        .where(
            JourneyRow.operator == operator, JourneyRow.received_at >= since, JourneyRow.id > after,
            JourneyRow.status != JourneyState.TERMS_VIOLATION.value,
            or_(SentRow.journey.is_(None), SentRow.revision < JourneyRow.revision),
        )
        .order_by(JourneyRow.id)
        .limit(limit)
    )  # fmt: skip
    return [(journey_value(row), row.revision) for (row,) in rows]


def month_of(
    session: Session, operator: str, first_day: date, last_day: date
) -> list[tuple[str, str, str | None, str | None]]:
    """Our journeys of a month beside what the registry said: (our id, our status, what was told, its status)."""
    rows = session.execute(
        select(JourneyRow.id, JourneyRow.status, SentRow.state, SentRow.remote_status)
        .outerjoin(SentRow, SentRow.journey == JourneyRow.id)
        .where(JourneyRow.operator == operator, JourneyRow.day.between(first_day, last_day))
        .order_by(JourneyRow.id)
    )
    return [(name, status, state, remote) for name, status, state, remote in rows]


def intake_id(now: datetime) -> str:
    """A fresh id for a file or an order."""
    return new_id(now)


def _slices(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _SLICE] for start in range(0, len(values), _SLICE))
