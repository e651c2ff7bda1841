"""Telephone numbers that wait for the code sent to them. What was typed is not yet anybody's number: it is written on
the person (`covoit.store.people`) once the code came back."""

from datetime import datetime
from typing import Final

from sqlalchemy import Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Days, describe

WAITING: Final = "waiting"
PROVEN: Final = "proven"  # the code came back, and the number is another account's: an agent decides
ENDED: Final = "ended"


class PhoneCheckRow(Base):
    """A number and a name that an account gave, and the code that would prove the number."""

    __tablename__ = "covoit_phone_check"
    __table_args__ = (
        Index(
            "uq_covoit_phone_check_waiting", "person", unique=True,
            sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    person: Mapped[str] = mapped_column(String(26), index=True)
    phone: Mapped[str] = mapped_column(String(20))
    first_name: Mapped[str | None] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    code_hash: Mapped[str | None] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    PhoneCheckRow,
    purpose="make sure that a telephone number is that of who gives it, before it counts",
    keep=Days(90, after="asked_at"),
    personal={
        "person": "who gave it (random person id)",
        "phone": "the number to which the code went",
        "first_name": "the name that goes with the number once it is proven",
        "last_name": "the name that goes with the number once it is proven",
        "code_hash": "checking the code",
    },
    plain="id state tries asked_at expires_at ended_at",
)


def waiting(session: Session, person: str, *, lock: bool = True) -> PhoneCheckRow | None:
    """The number that waits for its code."""
    asked = select(PhoneCheckRow).where(PhoneCheckRow.person == person, PhoneCheckRow.state == WAITING)
    return session.scalar(asked.with_for_update() if lock else asked)


def proven(session: Session, person: str) -> PhoneCheckRow | None:
    """The latest number this person proved to hold while another account has it."""
    asked = select(PhoneCheckRow).where(PhoneCheckRow.person == person, PhoneCheckRow.state == PROVEN)
    return session.scalars(asked.order_by(PhoneCheckRow.asked_at.desc(), PhoneCheckRow.id).limit(1)).first()


def of_person(session: Session, person: str) -> list[PhoneCheckRow]:
    """All the numbers a person gave, oldest first."""
    asked = select(PhoneCheckRow).where(PhoneCheckRow.person == person)
    return list(session.scalars(asked.order_by(PhoneCheckRow.asked_at, PhoneCheckRow.id)))
