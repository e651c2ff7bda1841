"""Requests, who asked them, and what was said and done in each."""

import unicodedata
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    and_,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Days, With, describe
from mobigo.requests.model import OPEN, Contact, State, Way

KEPT_DAYS = 2 * 366  # a judge may be asked within two months of the answer; figures are compared over two years
CONTACT_DAYS = 366


class RequestRow(Base):
    """One request. `changes` grows with each act: who answers says which one they have read."""

    __tablename__ = "requests_request"
    __table_args__ = (
        Index(None, "state", "promised_on"),
        Index(None, "received_at"),
        CheckConstraint("reopened >= 0", name="reopened"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[str] = mapped_column(String(9), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    service: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12))
    channel: Mapped[str] = mapped_column(String(10))
    language: Mapped[str] = mapped_column(String(2))
    origin: Mapped[str] = mapped_column(String(20))  # "": from nowhere in particular
    facts: Mapped[Any] = mapped_column(Json)
    subject: Mapped[str | None] = mapped_column(String(26), index=True)
    entered_by: Mapped[str | None] = mapped_column(String(26))  # the agent, for a caller or a letter
    taken_by: Mapped[str | None] = mapped_column(String(26), index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    rules: Mapped[str] = mapped_column(String(20))  # the table of deadlines it was received under
    promised_on: Mapped[date] = mapped_column(Date)
    legal_on: Mapped[date | None] = mapped_column(Date)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # for the first time
    in_time: Mapped[bool | None]  # whether that was by the day promised
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # answered or closed; empty again once reopened
    ending: Mapped[str | None] = mapped_column(String(12))
    reopened: Mapped[int] = mapped_column(default=0)
    content: Mapped[str | None] = mapped_column(String(8))
    changes: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ContactRow(Base):
    """Who asked. Apart, so that it goes before the rest."""

    __tablename__ = "requests_contact"

    request: Mapped[str] = mapped_column(ForeignKey("requests_request.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(100), index=True)
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(20))
    postal: Mapped[str] = mapped_column(String(300))
    way: Mapped[str] = mapped_column(String(8))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of its request


class EntryRow(Base):
    """One thing said or done in a request. `words` are the person's or the agent's; `detail` is a code."""

    __tablename__ = "requests_entry"
    __table_args__ = (Index(None, "request"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    request: Mapped[str] = mapped_column(ForeignKey("requests_request.id", ondelete="CASCADE"))
    act: Mapped[str] = mapped_column(String(8))
    side: Mapped[str] = mapped_column(String(8))
    actor: Mapped[str | None] = mapped_column(String(26))
    words: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class FileRow(Base):
    """A photograph or document joined to what was said; the file is a blob. Gone before the request is: it tells more
    than words do."""

    __tablename__ = "requests_file"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    request: Mapped[str] = mapped_column(ForeignKey("requests_request.id", ondelete="CASCADE"), index=True)
    entry: Mapped[str] = mapped_column(ForeignKey("requests_entry.id", ondelete="CASCADE"), index=True)
    place: Mapped[int]  # among the files of its request, from 0
    side: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(80))
    media: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of its request


describe(
    RequestRow,
    purpose="answer what people ask by the day promised, and account for it",
    keep=Days(KEPT_DAYS, after="ended_at"),
    personal={
        "facts": "the journey, order or booking the request is about",
        "subject": "whose request it is, when they have an account (random subject id)",
    },
    plain="id number kind service state channel language origin entered_by taken_by received_at rules promised_on "
    "legal_on answered_at in_time ended_at ending reopened content changes changed_at",
)
describe(
    ContactRow,
    purpose="write the answer to whoever asked",
    keep=Days(CONTACT_DAYS, after="ended_at"),
    personal={
        "name": "the answer is addressed to the person",
        "name_key": "an agent finds the request of a caller by name",
        "email": "the answer is sent there",
        "phone": "the answer is sent there by text message",
        "postal": "the answer is posted there",
    },
    plain="request way ended_at",
)
describe(
    EntryRow,
    purpose="keep what was asked and answered, for the person, the agents and a judge",
    keep=With("requests_request"),
    personal={"words": "what the person and the agents wrote"},
    plain="id request act side actor detail at",
)
describe(
    FileRow,
    purpose="see what words do not say: a photograph, a proof",
    keep=Days(CONTACT_DAYS, after="ended_at"),
    personal={"name": "the name its file was given; people put names into file names"},
    plain="id request entry place side media size sha256 at ended_at",
)


def find(session: Session, number: str, *, lock: bool = False) -> RequestRow | None:
    """The request of this number, if there is one."""
    asked = select(RequestRow).where(RequestRow.number == number).execution_options(populate_existing=lock)
    return session.scalar(asked.with_for_update() if lock else asked)


def get(session: Session, number: str, *, lock: bool = False) -> RequestRow:
    """The request of this number. Raises NotFound("requests.unknown")."""
    row = find(session, number, lock=lock)
    if row is None:
        raise NotFound("requests.unknown")
    return row


def contact_of(session: Session, request: str) -> Contact:
    """Who asked; empty once it is forgotten."""
    row = session.get(ContactRow, request)
    return Contact() if row is None else Contact(row.name, row.email, row.phone, row.postal, Way(row.way))


def names_of(session: Session, requests: Collection[str]) -> dict[str, str]:
    """The name of who asked, by request."""
    asked = select(ContactRow.request, ContactRow.name).where(ContactRow.request.in_(requests))
    return {row[0]: row[1] for row in session.execute(asked)}


def entries_of(session: Session, request: str) -> list[EntryRow]:
    """What was said and done, oldest first."""
    return list(session.scalars(select(EntryRow).where(EntryRow.request == request).order_by(EntryRow.id)))


def of_subject(session: Session, subject: str) -> list[RequestRow]:
    """The requests of an account, the latest first."""
    return list(session.scalars(select(RequestRow).where(RequestRow.subject == subject).order_by(RequestRow.id.desc())))


def listed(
    session: Session, services: Collection[str], states: Collection[str], *, kind: str = "", taken_by: str = "",
    late_before: date | None = None, limit: int, offset: int = 0,
) -> tuple[list[RequestRow], int]:  # fmt: skip
    """Requests of these services, the nearest day promised first, and how many there are in all."""
    chosen: list[ColumnElement[bool]] = [RequestRow.service.in_(services), RequestRow.state.in_(states)]
    chosen += [RequestRow.kind == kind] if kind else []
    chosen += [RequestRow.taken_by == taken_by] if taken_by else []
    chosen += [] if late_before is None else [RequestRow.promised_on < late_before, RequestRow.state.in_(OPEN)]
    ended = RequestRow.state.in_((State.ANSWERED, State.CLOSED))
    asked = select(RequestRow).where(*chosen).order_by(ended, RequestRow.promised_on, RequestRow.id)
    total = session.scalar(select(func.count()).select_from(RequestRow).where(*chosen)) or 0
    return list(session.scalars(asked.limit(limit).offset(offset))), total


def count_open(session: Session, services: Collection[str], today: date) -> tuple[int, int]:
    """(requests that wait for an answer, those whose promised day is over)."""
    late = func.sum((RequestRow.promised_on < today).cast(Integer))
    asked = select(func.count(), late).where(RequestRow.service.in_(services), RequestRow.state.in_(OPEN))
    count, over = session.execute(asked).one()
    return int(count), int(over or 0)


def search(session: Session, services: Collection[str], number: str | None, words: str, limit: int) -> list[RequestRow]:
    """The requests of this number, or of people whose name holds these words."""
    asked = select(RequestRow).join(ContactRow, ContactRow.request == RequestRow.id, isouter=True)
    named = [ContactRow.name_key.contains(word, autoescape=True) for word in name_key(words).split()]
    which = RequestRow.number == (number or "")
    if named and number is None:
        which = and_(*named)
    return list(
        session.scalars(
            asked.where(RequestRow.service.in_(services), which).order_by(RequestRow.id.desc()).limit(limit)
        )
    )


def figures(session: Session, first: datetime) -> Sequence[Any]:
    """(kind, state, promised_on, received_at, in_time, content) of each request received since then, or still open."""
    asked = select(
        RequestRow.kind, RequestRow.state, RequestRow.promised_on, RequestRow.received_at, RequestRow.in_time,
        RequestRow.content,
    )  # fmt: skip
    return session.execute(asked.where(or_(RequestRow.received_at >= first, RequestRow.state.in_(OPEN)))).all()


def ended_before(session: Session, state: State, at: datetime) -> list[RequestRow]:
    """Requests that stand so since before this instant, locked."""
    asked = select(RequestRow).where(RequestRow.state == state, RequestRow.changed_at < at)
    return list(session.scalars(asked.order_by(RequestRow.id).limit(500).with_for_update()))


def name_key(name: str) -> str:
    """A name to be found by: without accents or capitals."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())[:100]
