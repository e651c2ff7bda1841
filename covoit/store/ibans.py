"""Where drivers want to be paid. The only table where an IBAN stands; erasable.

An account counts once a code sent to the person by another road was given back (`confirmed_at`). A person has at most
one account that counts and one that waits; the database holds that.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Index, String, delete, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from covoit.store.people import IDENTITY_DAYS, PersonRow
from mobigo.infra.db import Base, UtcDateTime, changed
from mobigo.infra.privacy import BLANK, Days, describe

WAITING: Final = "waiting"
ACTIVE: Final = "active"
ENDED: Final = "ended"


class IbanRow(Base):
    """A bank account someone gave. Ended: replaced, never confirmed, or given back by the bank."""

    __tablename__ = "covoit_iban"
    __table_args__ = (
        Index(
            "uq_covoit_iban_active", "person", unique=True,
            sqlite_where=text("state = 'active'"), postgresql_where=text("state = 'active'"),
        ),
        Index(
            "uq_covoit_iban_waiting", "person", unique=True,
            sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    person: Mapped[str] = mapped_column(String(26), index=True)
    iban: Mapped[str | None] = mapped_column(String(34))
    holder: Mapped[str | None] = mapped_column(String(70))
    state: Mapped[str] = mapped_column(String(10))
    code_hash: Mapped[str | None] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    returned: Mapped[str | None] = mapped_column(String(10))  # why the bank gave a payment back: AC04 …


describe(
    IbanRow,
    purpose="pay drivers to the account they chose",
    # Ten years on paper; here only until payments to it can no longer come back (13 months, code monétaire L133-24).
    keep=Days(400, after="ended_at", then=BLANK),
    personal={
        "person": "whose account it is (random person id)",
        "iban": "paying",
        "holder": "the name the bank compares with the account's (verification of payee)",
        "code_hash": "checking the code sent by another road",
    },
    plain="id state tries asked_at expires_at confirmed_at ended_at returned",
)


def active(session: Session, person: str) -> IbanRow | None:
    """The account that counts for a person."""
    return session.scalar(select(IbanRow).where(IbanRow.person == person, IbanRow.state == ACTIVE))


def waiting(session: Session, person: str, *, lock: bool = True) -> IbanRow | None:
    """The account that waits for its code."""
    asked = select(IbanRow).where(IbanRow.person == person, IbanRow.state == WAITING)
    return session.scalar(asked.with_for_update() if lock else asked)


def actives(session: Session, people: list[str]) -> dict[str, IbanRow]:
    """The account that counts for each of many people."""
    found = {}
    for start in range(0, len(people), 2_000):
        some = people[start : start + 2_000]
        for row in session.scalars(select(IbanRow).where(IbanRow.person.in_(some), IbanRow.state == ACTIVE)):
            found[row.person] = row
    return found


def by_ids(session: Session, ids: list[str]) -> dict[str, IbanRow]:
    """Accounts by their id, ended ones too."""
    found = {}
    for start in range(0, len(ids), 2_000):
        for row in session.scalars(select(IbanRow).where(IbanRow.id.in_(ids[start : start + 2_000]))):
            found[row.id] = row
    return found


def of_person(session: Session, person: str) -> list[IbanRow]:
    """All the accounts someone gave, oldest first."""
    return list(session.scalars(select(IbanRow).where(IbanRow.person == person).order_by(IbanRow.asked_at, IbanRow.id)))


def forget(session: Session, person: str) -> int:
    """Delete what someone gave. Whoever calls has checked that no payment is under way."""
    rows = of_person(session, person)
    session.execute(delete(IbanRow).where(IbanRow.person == person))
    return len(rows)


def end_abandoned(session: Session, now: datetime) -> int:
    """End the accounts that would be kept for ever because nobody came back: of who was not seen for as long as an
    identity is kept, and those whose code nobody gave back in time. They are erased in their turn. Returns how many."""
    gone = select(PersonRow.id).where(PersonRow.seen_at <= now - timedelta(days=IDENTITY_DAYS))
    abandoned = or_(
        (IbanRow.state != ENDED) & IbanRow.person.in_(gone), (IbanRow.state == WAITING) & (IbanRow.expires_at <= now)
    )
    return changed(session, update(IbanRow).where(abandoned).values(state=ENDED, ended_at=now, code_hash=None))
