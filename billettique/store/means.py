"""Means of payment left for later debits. The number of a card or of an account is never here."""

from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import BLANK, Days, describe


class SavedMeansRow(Base):
    """A means of payment at a provider. `holder` is a random id: of a person, or of a subscription."""

    __tablename__ = "billettique_saved_means"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64), index=True)
    provider: Mapped[str] = mapped_column(String(20))
    means: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(100), unique=True)
    state: Mapped[str] = mapped_column(String(20))
    return_url: Mapped[str | None] = mapped_column(String(1000))
    provider_ref: Mapped[str | None] = mapped_column(String(255), index=True)
    action: Mapped[str | None] = mapped_column(String(2000))
    means_ref: Mapped[str | None] = mapped_column(String(255))
    label: Mapped[str] = mapped_column(String(60))
    mandate: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)


describe(
    SavedMeansRow,
    # 14 months: a debit may be contested for 13.
    purpose="debit a pass each month without asking for the card again",
    keep=Days(1_200, after="moved_at", then=BLANK),
    personal={
        "holder": "whose means it is (random id)",
        "return_url": "where the holder's browser comes back to",
        "action": "the holder's page at the provider",
        "means_ref": "the provider's reference of the means",
        "label": "the four signs its holder knows it by",
        "mandate": "the reference of the SEPA mandate",
    },
    plain="id provider means key state provider_ref created_at moved_at",
)


def get_means(session: Session, means_id: str, *, lock: bool = False) -> SavedMeansRow:
    """A saved means. Raises NotFound("payments.no_means")."""
    row = session.get(SavedMeansRow, means_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound("payments.no_means")
    return row


def find_means_by_ref(session: Session, provider: str, ref: str) -> SavedMeansRow | None:
    """The means a provider calls so."""
    asked = select(SavedMeansRow).where(SavedMeansRow.provider == provider, SavedMeansRow.provider_ref == ref)
    return session.scalars(asked.limit(1)).one_or_none()


def means_of(session: Session, holder: str) -> list[SavedMeansRow]:
    """What a holder left, newest first."""
    return list(
        session.scalars(select(SavedMeansRow).where(SavedMeansRow.holder == holder).order_by(SavedMeansRow.id.desc()))
    )
