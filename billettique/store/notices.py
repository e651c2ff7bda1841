"""What providers told us, once each; and what is to be asked of them: the queue of everything that leaves our database
for a provider. A row of that queue is written with the fact that causes it, leased while somebody works on it outside
any transaction, tried again later and later, then set aside for a person.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Index, String, UniqueConstraint, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, UtcDateTime, insert_new, table_of
from mobigo.infra.outbox import MAX_TRIES, wait_after
from mobigo.infra.privacy import Days, describe

LEASE: Final = timedelta(minutes=2)


class ProviderEventRow(Base):
    """An event of a provider, verified. The same event is stored once."""

    __tablename__ = "billettique_provider_event"

    provider: Mapped[str] = mapped_column(String(20), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    kind: Mapped[str] = mapped_column(String(100))
    about: Mapped[str] = mapped_column(String(20))
    object_ref: Mapped[str] = mapped_column(String(255))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WorkRow(Base):
    """Something to ask a provider. `what`: "payment", "refund", "means" (read one again), "give_back" (our refund),
    "cancel", "quarantine", "proof". `done_at` and `failed_at` both empty: still to do."""

    __tablename__ = "billettique_provider_work"
    __table_args__ = (
        UniqueConstraint("what", "key"),
        Index(None, "provider", "what", "ref"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    provider: Mapped[str] = mapped_column(String(20))
    what: Mapped[str] = mapped_column(String(20))
    ref: Mapped[str] = mapped_column(String(255))
    key: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    error: Mapped[str | None] = mapped_column(String(200))


describe(
    ProviderEventRow,
    purpose="apply an event of a payment provider once",
    keep=Days(90, after="received_at"),
    plain="provider event_id kind about object_ref sent_at received_at",
)
describe(
    WorkRow,
    purpose="ask a payment provider what is to be asked, surely",
    keep=Days(90, after="done_at"),
    plain="id provider what ref key created_at due_at tries done_at failed_at error",
)


class Work(NamedTuple):
    """A row of the queue, taken. `ids` are all the rows that ask the same."""

    provider: str
    what: str
    ref: str
    ids: tuple[str, ...]
    tries: int


def ask(session: Session, provider: str, what: str, ref: str, *, key: str, due_at: datetime, now: datetime) -> bool:
    """Put something into the queue with the fact that causes it; False when (what, key) is there already."""
    row = {
        "id": new_id(now), "provider": provider, "what": what, "ref": ref, "key": key, "created_at": now,
        "due_at": due_at, "tries": 0,
    }  # fmt: skip
    return insert_new(session, WorkRow, row, ["what", "key"])


def store_events(
    session: Session, events: Sequence[Mapping[str, Any]], works: Mapping[tuple[str, str], Mapping[str, Any]]
) -> set[tuple[str, str]]:
    """Store events and, of those that are new, what they ask (`works`, by provider and event): which were new. What
    another host stores at this very moment is stored once: it is waited for, and the keys hold it."""
    connection = session.connection()
    once = _insert(connection.dialect.name, ProviderEventRow, _EVENT)
    new = {(row.provider, row.event_id) for row in connection.execute(once, list(events))}
    asked = [works[name] for name in new if name in works]
    if asked:
        connection.execute(_insert(connection.dialect.name, WorkRow, _WORK), asked)
    return new


_EVENT: Final = ("provider", "event_id")
_WORK: Final = ("what", "key")


@cache
def _insert(dialect: str, owner: type[Base], unique: tuple[str, ...]) -> Any:
    add = postgresql.insert if dialect == "postgresql" else sqlite.insert
    table = table_of(owner)
    # What is returned makes it one statement for many rows.
    return add(table).on_conflict_do_nothing(index_elements=list(unique)).returning(*(table.c[name] for name in unique))


def take(session: Session, now: datetime) -> Work | None:
    """Take the oldest thing due, and with it every row that asks the same: nobody else has it for two minutes."""
    first = session.scalars(
        select(WorkRow).where(WorkRow.due_at <= now).order_by(WorkRow.due_at, WorkRow.id).limit(1)
        .with_for_update(skip_locked=True)
    ).first()  # fmt: skip
    if first is None:
        return None
    same = session.scalars(
        select(WorkRow)
        .where(
            WorkRow.provider == first.provider, WorkRow.what == first.what, WorkRow.ref == first.ref,
            WorkRow.due_at <= now,
        )
        .with_for_update(skip_locked=True)
    ).all()  # fmt: skip
    for row in same:
        row.due_at = now + LEASE
    return Work(first.provider, first.what, first.ref, tuple(row.id for row in same), max(row.tries for row in same))


def done(session: Session, work: Work, now: datetime) -> None:
    """It is done."""
    session.execute(update(WorkRow).where(WorkRow.id.in_(work.ids)).values(done_at=now, due_at=None, error=None))


def failed(session: Session, work: Work, error: str, now: datetime) -> None:
    """It was not answered: again later; after the last try it is set aside, for a person to see."""
    tries = work.tries + 1
    over = tries >= MAX_TRIES
    session.execute(
        update(WorkRow).where(WorkRow.id.in_(work.ids), WorkRow.done_at.is_(None)).values(
            tries=tries, error=error[:200], due_at=None if over else now + wait_after(tries),
            failed_at=now if over else None,
        )
    )  # fmt: skip


def set_aside(session: Session) -> list[WorkRow]:
    """What was given up, oldest first."""
    return list(session.scalars(select(WorkRow).where(WorkRow.failed_at.is_not(None)).order_by(WorkRow.id)))


def again(session: Session, work_id: str, now: datetime) -> bool:
    """Give what was set aside all its tries again."""
    row = session.get(WorkRow, work_id)
    if row is None or row.failed_at is None:
        return False
    row.due_at, row.tries, row.failed_at, row.error = now, 0, None, None
    return True


def next_due(session: Session) -> datetime | None:
    """When the earliest row is due."""
    return session.scalar(select(func.min(WorkRow.due_at)))
