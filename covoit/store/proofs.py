"""Devices that show codes, and every piece of evidence as it came in. Evidence is added, never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from covoit.model.proofs import CodeSession
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new
from mobigo.infra.privacy import BLANK, Days, describe


class SessionRow(Base):
    """A driver's device while it shows codes for one run. Its key is computed, not kept."""

    __tablename__ = "covoit_code_session"
    __table_args__ = (Index(None, "offer"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    offer: Mapped[str] = mapped_column(String(26))
    driver: Mapped[str] = mapped_column(String(26))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class EvidenceRow(Base):
    """One piece of evidence about one booking: a scan, a code, a position, the lines of a signed sheet."""

    __tablename__ = "covoit_evidence"
    __table_args__ = (Index(None, "booking"), UniqueConstraint("key"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    key: Mapped[str] = mapped_column(String(120))  # the same evidence sent again is the same row
    booking: Mapped[str] = mapped_column(String(36))
    meeting: Mapped[str | None] = mapped_column(String(12))  # what it shows of their being together
    side: Mapped[str | None] = mapped_column(String(10))  # whose trace it belongs to: driver, passenger, or both
    phase: Mapped[str | None] = mapped_column(String(5))  # start, end
    device: Mapped[str | None] = mapped_column(String(60))
    stop: Mapped[str | None] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UtcDateTime)  # as its device says
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    measured: Mapped[bool]
    detail: Mapped[Any] = mapped_column(Json, nullable=True)


describe(
    SessionRow,
    purpose="know which device showed a code, and when",
    keep=Days(3 * 366, after="opened_at"),
    personal={"driver": "whose device it is (random person id)"},
    plain="id offer opened_at closed_at",
)
describe(
    EvidenceRow,
    purpose="prove a ride; positions are kept three months after they were measured",
    keep=Days(92, after="at", or_after="received_at", then=BLANK),
    personal={
        "lat": "showing that the device was at the stop",
        "lon": "showing that the device was at the stop",
        "device": "showing that two devices, not one, were in the car",
    },
    plain="id key booking meeting side phase stop at received_at measured detail",
)


def session_value(row: SessionRow) -> CodeSession:
    """The value of a row."""
    return CodeSession(row.id, row.offer, row.driver, row.opened_at, row.closed_at)


def find_session(session: Session, session_id: str) -> CodeSession | None:
    """The device session of this id."""
    row = session.get(SessionRow, session_id)
    return None if row is None else session_value(row)


def sessions_of(session: Session, offers: Sequence[str], *, open_only: bool = True) -> list[CodeSession]:
    """The device sessions of these runs, the latest first."""
    asked = select(SessionRow).where(SessionRow.offer.in_(offers))
    if open_only:
        asked = asked.where(SessionRow.closed_at.is_(None))
    return [session_value(row) for row in session.scalars(asked.order_by(SessionRow.opened_at.desc(), SessionRow.id))]


def add_evidence(session: Session, **columns: Any) -> bool:
    """One piece of evidence more; False when this very piece (its key) was there already."""
    row = {
        "id": new_id(columns["received_at"]), "meeting": None, "side": None, "phase": None, "device": None,
        "stop": None, "lat": None, "lon": None, "measured": False, "detail": None, **columns,
    }  # fmt: skip
    return insert_new(session, EvidenceRow, row, unique=("key",))


def has_evidence(session: Session, key: str) -> bool:
    """Whether this very piece came in already."""
    return session.scalar(select(EvidenceRow.id).where(EvidenceRow.key == key)) is not None


def evidence_of(session: Session, booking_id: str) -> list[EvidenceRow]:
    """All that came in about a booking, in the order of its own times."""
    asked = select(EvidenceRow).where(EvidenceRow.booking == booking_id)
    return list(session.scalars(asked.order_by(EvidenceRow.at, EvidenceRow.id)))
