"""What must happen after a commit, and surely: effects on other packages, and messages to people.

Both are rows written in the transaction of the fact that causes them, so that neither exists without the other.
Delivery is at least once. An effect is handled in the transaction that marks it delivered: on our own database it
therefore happens exactly once. A message leaves through a gateway with its id as the key by which the other side may
notice a repetition. A row whose delivery fails is tried again, later and later, then set aside for a person to see.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol

from sqlalchemy import Engine, Select, String, Text, UniqueConstraint, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.clock import new_id, rising_ids
from mobigo.infra.db import Base, Json, UtcDateTime, changed, insert_all_new, insert_new, reading, transaction
from mobigo.infra.privacy import Days, describe

MAX_TRIES: Final = 12
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=6)
LEASE: Final = timedelta(minutes=5)
AHEAD: Final = timedelta(minutes=1)  # two clocks that agree may be that far apart
Channel = Literal["email", "sms", "letter"]
_log = logging.getLogger(__name__)


class EffectRow(Base):
    """An effect on another package: a topic and a document. The same (topic, key) is written once."""

    __tablename__ = "outbox_effect"
    __table_args__ = (UniqueConstraint("topic", "key"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    topic: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(200))
    payload: Mapped[Any] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    tries: Mapped[int] = mapped_column(default=0)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    error: Mapped[str | None] = mapped_column(String(200))


class MessageRow(Base):
    """A message to a person, as it will be read. The same key is written once."""

    __tablename__ = "outbox_message"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    key: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(10))
    recipient: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    person: Mapped[str | None] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    tries: Mapped[int] = mapped_column(default=0)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    error: Mapped[str | None] = mapped_column(String(200))


describe(
    EffectRow,
    purpose="carry a fact from one package to another, surely",
    keep=Days(30, after="delivered_at"),
    plain="id topic key payload created_at due_at tries delivered_at failed_at error",
)
describe(
    MessageRow,
    purpose="write to a person, and show what was written while they may ask",
    keep=Days(90, after="created_at"),
    personal={
        "recipient": "the address the message goes to",
        "subject": "the message",
        "body": "the message",
        "person": "whose message it is (random subject id)",
    },
    plain="id key channel created_at due_at tries delivered_at failed_at error",
)


@dataclass(frozen=True, slots=True)
class Message:
    """What to send: `recipient` is an address of the channel; `person` the subject id it is about, if any."""

    channel: Channel
    recipient: str
    subject: str
    body: str
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect being delivered. `key` is the same at each try: whoever acts outside our database dedupes by it."""

    id: str
    topic: str
    key: str
    payload: Any


Handler = Callable[[Session, Effect], object]


class Gateway(Protocol):
    """How messages of one channel leave. Raises when it could not; may be called again with the same id."""

    def send(self, message_id: str, message: Message, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one round did."""

    done: int = 0
    failed: int = 0


def emit(session: Session, topic: str, payload: object, *, key: str, now: datetime) -> bool:
    """Write an effect with the fact that causes it. False when (topic, key) was already written: nothing is added."""
    row = {"topic": topic, "key": key, "payload": payload}
    return _insert(session, EffectRow, row, ["topic", "key"], now)


def send(session: Session, message: Message, *, key: str, now: datetime) -> bool:
    """Write a message with the fact that causes it. False when `key` was already written: nobody is told twice."""
    return _insert(session, MessageRow, _message(key, message), ["key"], now)


def send_all(session: Session, messages: Mapping[str, Message], now: datetime) -> int:
    """Write many messages at once, each under its key; how many were not written before."""
    ids = rising_ids(now)
    rows = [{**_fresh(next(ids), now), **_message(key, each)} for key, each in messages.items()]
    written = insert_all_new(session, MessageRow, rows, ["key"])
    if written and _ask is not None:
        _ask(session, now)
    return written


def take_back(session: Session, prefix: str, recipient: str) -> int:
    """Messages to an address that did not leave yet, whose keys begin so, leave no more; how many. One that is leaving
    at this very moment cannot be called back."""
    waiting = MessageRow.delivered_at.is_(None) & MessageRow.key.startswith(prefix, autoescape=True)
    return changed(session, delete(MessageRow).where(waiting, MessageRow.recipient == recipient))


def _message(key: str, message: Message) -> dict[str, object]:
    return {
        "key": key,
        "channel": message.channel,
        "recipient": message.recipient,
        "subject": message.subject,
        "body": message.body,
        "person": message.person,
    }


def _fresh(row_id: str, now: datetime) -> dict[str, object]:
    return {"id": row_id, "created_at": now, "due_at": now, "tries": 0}


def _insert(session: Session, table: type[Base], row: Mapping[str, object], unique: list[str], now: datetime) -> bool:
    written = insert_new(session, table, {**_fresh(new_id(now), now), **row}, unique)
    if written and _ask is not None:
        _ask(session, now)
    return written


_ask: Callable[[Session, datetime], object] | None = None


def when_written(ask: Callable[[Session, datetime], object] | None) -> None:
    """Call `ask(session, now)` in each transaction that writes a row: how it gets delivered soon."""
    global _ask
    _ask = ask


def next_due(session: Session) -> datetime | None:
    """When the earliest row still to be delivered is due; None when there is none."""
    due = [session.scalar(select(func.min(table.due_at))) for table in (EffectRow, MessageRow)]
    return min((instant for instant in due if instant is not None), default=None)


def bring_back(engine: Engine, now: datetime) -> int:
    """What waits for an instant that cannot be, because a clock ahead of its time wrote it, is due now; how many rows.
    Otherwise a message written while a clock was a day ahead would leave a day late."""
    brought = 0
    for table in (EffectRow, MessageRow):
        ahead = (table.created_at > now + AHEAD) | (table.due_at > now + LONGEST_WAIT + AHEAD)
        wrong = (table.due_at > now) & ahead
        with reading(engine) as session:
            if session.scalar(select(table.id).where(wrong).limit(1)) is None:
                continue
        with transaction(engine) as session:
            brought += changed(session, update(table).where(wrong).values(due_at=now, created_at=now))
    return brought


# ---------------------------------------------------------------- effects


def deliver_effects(engine: Engine, handlers: Mapping[str, Handler], clock: Callable[[], datetime]) -> Delivered:
    """Handle every effect that is due, oldest first, each in a transaction of its own. Any number may run at once.

    An effect whose topic has no handler fails like any other: it is tried again after the next release, not lost.
    """
    done = failed = 0
    while (outcome := _deliver_one_effect(engine, handlers, clock)) is not None:
        done, failed = done + outcome, failed + (not outcome)
    return Delivered(done, failed)


def _deliver_one_effect(engine: Engine, handlers: Mapping[str, Handler], clock: Callable[[], datetime]) -> bool | None:
    taken: str | None = None
    try:
        with transaction(engine) as session:
            row = session.scalars(_due(select(EffectRow), EffectRow, clock())).first()
            if row is None:
                return None
            taken = row.id
            effect = Effect(row.id, row.topic, row.key, row.payload)
            handlers[effect.topic](session, effect)
            _mark_delivered(session, EffectRow, taken, clock())
        return True
    except Exception as failure:
        if taken is None:
            raise
        _log.warning("effect %s failed: %s", taken, type(failure).__name__)
        with transaction(engine) as session:
            _mark_failed(session, EffectRow, taken, failure, clock())
        return False


# ---------------------------------------------------------------- messages


def deliver_messages(engine: Engine, gateways: Mapping[str, Gateway], clock: Callable[[], datetime]) -> Delivered:
    """Send every message that is due, oldest first. Any number may run at once: each message is leased to one.

    No transaction is open while a gateway works. A sender that dies leaves its lease, which runs out after 5 minutes.
    """
    done = failed = 0
    while True:
        with transaction(engine) as session:
            row = session.scalars(_due(select(MessageRow), MessageRow, clock())).first()
            if row is None:
                return Delivered(done, failed)
            row.due_at = clock() + LEASE
            message_id, channel = row.id, row.channel
            message = Message(row.channel, row.recipient, row.subject, row.body, row.person)
        try:
            gateways[channel].send(message_id, message, clock())
        except Exception as failure:
            _log.warning("message %s failed: %s", message_id, type(failure).__name__)
            with transaction(engine) as session:
                _mark_failed(session, MessageRow, message_id, failure, clock())
            failed += 1
        else:
            with transaction(engine) as session:
                _mark_delivered(session, MessageRow, message_id, clock())
            done += 1


# ---------------------------------------------------------------- both


def waiting(engine: Engine, now: datetime) -> dict[str, int]:
    """What the administrator sees: rows due and rows set aside, by outbox."""
    with reading(engine) as session:
        return {
            f"{name}_{state}": session.scalar(select(func.count()).select_from(table).where(condition)) or 0
            for name, table in (("effects", EffectRow), ("messages", MessageRow))
            for state, condition in (("due", table.due_at <= now), ("set_aside", table.failed_at.is_not(None)))
        }


def retry(session: Session, row_id: str, now: datetime) -> bool:
    """Give a row set aside all its tries again; False when there is no such row."""
    fresh = {"due_at": now, "tries": 0, "failed_at": None, "error": None}
    for table in (EffectRow, MessageRow):
        if changed(session, update(table).where(table.id == row_id, table.failed_at.is_not(None)).values(fresh)):
            return True
    return False


def wait_after(tries: int) -> timedelta:
    """How long to wait after the nth failure: 30 s, 1 min, 2 min … 6 h at most."""
    return min(FIRST_WAIT * (1 << min(tries - 1, 20)), LONGEST_WAIT)


def _due(asked: Select[Any], table: type[EffectRow] | type[MessageRow], now: datetime) -> Select[Any]:
    # On PostgreSQL two deliverers take different rows; on SQLite the writing transaction is alone anyway.
    first = asked.where(table.due_at <= now).order_by(table.id).limit(1)
    return first.with_for_update(skip_locked=True)


def _mark_delivered(session: Session, table: type[Base], row_id: str, now: datetime) -> None:
    values = {"delivered_at": now, "due_at": None, "error": None}
    session.execute(update(table).where(table.__table__.c.id == row_id).values(values))


def _mark_failed(session: Session, table: Any, row_id: str, failure: Exception, now: datetime) -> None:
    row = session.get(table, row_id)
    if row is None or row.delivered_at is not None:
        return
    row.tries += 1
    # The kind of failure only: its text may hold what the message said, or to whom.
    row.error = type(failure).__name__[:200]
    if row.tries >= MAX_TRIES:
        row.due_at, row.failed_at = None, now
    else:
        row.due_at = now + wait_after(row.tries)
