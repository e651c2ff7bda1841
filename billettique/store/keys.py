"""The public keys of sellers, the marks of what is revoked, and the numbers of the two signed lists.

The number of a list is a row, locked until the end of the transaction that changes the list: numbers come in the order
of the commits, so that whoever knows number N knows everything up to N.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Index, LargeBinary, String, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.model.entitlements import KeyPurpose
from billettique.model.ticket import SellerKey
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, UtcDateTime, changed, insert_new
from mobigo.infra.privacy import Always, Days, describe

KEYS: Final = "keys"
REVOCATIONS: Final = "revocations"


class KeyRow(Base):
    """One public key. `accepted_until` leaves the longest ticket the time to end."""

    __tablename__ = "billettique_key"
    __table_args__ = (Index(None, "provider", "purpose", "key_id", unique=True),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    provider: Mapped[str] = mapped_column(String(60))
    purpose: Mapped[str] = mapped_column(String(10))
    key_id: Mapped[int]
    public_key: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    why: Mapped[str | None] = mapped_column(String(200))

    def value(self) -> SellerKey:
        """The key as a value."""
        return SellerKey(
            self.provider, self.key_id, self.public_key, self.first_at, self.last_at, self.accepted_until,
            self.revoked_at,
        )  # fmt: skip


class ListRow(Base):
    """The number of a list, and when it last changed."""

    __tablename__ = "billettique_list"

    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    sequence: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RevocationRow(Base):
    """A mark in the revocation list: of a ticket, or of one replaced code of it. Lifted: it is good again."""

    __tablename__ = "billettique_revocation"
    __table_args__ = (Index(None, "mark"), Index(None, "entitlement"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary)
    entitlement: Mapped[str] = mapped_column(String(26))
    why: Mapped[str] = mapped_column(String(60))
    sequence: Mapped[int] = mapped_column(index=True)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)  # then the ticket is over by itself
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_sequence: Mapped[int | None]


describe(
    KeyRow,
    purpose="know which keys sign tickets and lists, and since when one no longer does",
    keep=Always("public keys: what was signed with them must be judged later; they name no person"),
    plain="id provider purpose key_id public_key first_at last_at accepted_until revoked_at why",
)
describe(
    ListRow,
    purpose="number the signed lists, so that an older one is never taken for the newest",
    keep=Always("a number that came back would undo every later list"),
    plain="kind sequence changed_at",
)
describe(
    RevocationRow,
    purpose="tell inspectors' devices which tickets are no longer good, by marks that say no ticket",
    keep=Days(60, after="until"),
    plain="id mark entitlement why sequence added_at until lifted_at lifted_sequence",
)


def keys_of(session: Session, purpose: KeyPurpose, provider: str | None = None) -> list[KeyRow]:
    """The keys of a purpose, of one seller or of all, by seller and number."""
    asked = select(KeyRow).where(KeyRow.purpose == purpose)
    if provider is not None:
        asked = asked.where(KeyRow.provider == provider)
    return list(session.scalars(asked.order_by(KeyRow.provider, KeyRow.key_id)))


def find_key(session: Session, purpose: KeyPurpose, provider: str, key_id: int) -> KeyRow | None:
    """One key, locked: it is about to be changed."""
    asked = select(KeyRow).where(KeyRow.purpose == purpose, KeyRow.provider == provider, KeyRow.key_id == key_id)
    return session.scalar(asked.with_for_update().execution_options(populate_existing=True))


def add_key(session: Session, purpose: KeyPurpose, key: SellerKey, now: datetime) -> bool:
    """Write a key; False when somebody else just took its number."""
    row = {
        "id": new_id(now), "provider": key.provider, "purpose": str(purpose), "key_id": key.key_id,
        "public_key": key.public_key, "first_at": key.first_at, "last_at": key.last_at,
        "accepted_until": key.accepted_until,
    }  # fmt: skip
    return insert_new(session, KeyRow, row, ("provider", "purpose", "key_id"))


def sequence_of(session: Session, kind: str) -> tuple[int, datetime | None]:
    """The number of a list and when it last changed; (0, None) before its first change."""
    row = session.execute(select(ListRow.sequence, ListRow.changed_at).where(ListRow.kind == kind)).first()
    return (0, None) if row is None else (row.sequence, row.changed_at)


def hold(session: Session, kind: str, now: datetime) -> None:
    """Take the lock of a list, before any ticket's: whoever changes several tickets in one transaction waits for the
    others here, and nowhere else."""
    insert_new(session, ListRow, {"kind": kind, "sequence": 0, "changed_at": now}, ("kind",))
    session.execute(select(ListRow.sequence).where(ListRow.kind == kind).with_for_update())


def next_sequence(session: Session, kind: str, now: datetime) -> int:
    """The next number of a list, held by this transaction until it ends."""
    insert_new(session, ListRow, {"kind": kind, "sequence": 0, "changed_at": now}, ("kind",))
    grown = update(ListRow).where(ListRow.kind == kind)
    session.execute(grown.values(sequence=ListRow.sequence + 1, changed_at=now))
    return session.execute(select(ListRow.sequence).where(ListRow.kind == kind)).scalar_one()


def add_mark(session: Session, mark: bytes, entitlement: str, why: str, until: datetime, now: datetime) -> bool:
    """Put a mark on the list; False when it is there already."""
    there = select(RevocationRow.id).where(RevocationRow.mark == mark, RevocationRow.lifted_at.is_(None))
    sequence = next_sequence(session, REVOCATIONS, now)
    if session.execute(there).first() is not None:
        return False
    session.add(
        RevocationRow(
            id=new_id(now), mark=mark, entitlement=entitlement, why=why, sequence=sequence, added_at=now, until=until
        )
    )
    session.flush()
    return True


def lift_mark(session: Session, mark: bytes, now: datetime) -> bool:
    """Take a mark off the list; False when it is not on it."""
    sequence = next_sequence(session, REVOCATIONS, now)
    standing = update(RevocationRow).where(RevocationRow.mark == mark, RevocationRow.lifted_at.is_(None))
    return changed(session, standing.values(lifted_at=now, lifted_sequence=sequence)) > 0


def marks(session: Session, now: datetime, since: int = 0) -> frozenset[bytes]:
    """The marks that stand, added after list `since`; those of tickets that are over are left out."""
    asked = select(RevocationRow.mark).where(
        RevocationRow.lifted_at.is_(None), RevocationRow.until >= now, RevocationRow.sequence > since
    )
    return frozenset(session.scalars(asked))


def lifted_since(session: Session, since: int) -> bool:
    """Whether a mark came off the list after list `since`: then only a whole list says so."""
    asked = select(RevocationRow.id).where(RevocationRow.lifted_sequence > since, RevocationRow.sequence <= since)
    return session.execute(asked.limit(1)).first() is not None


def count_marks(session: Session, now: datetime) -> int:
    """How many marks stand."""
    standing = or_(RevocationRow.lifted_at.is_not(None), RevocationRow.until < now)
    return session.scalar(select(func.count()).select_from(RevocationRow).where(~standing)) or 0
