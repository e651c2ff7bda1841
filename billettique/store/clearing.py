"""Clearing statements: one for each party and month, numbered without a gap in the party's own series."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, describe

_ACCOUNTS: Final = "what operators owe each other is kept ten years with the accounts; it names nobody"


class StatementRow(Base):
    """What a party earned of a month's sales, without tax. `lines`: by product. It never changes."""

    __tablename__ = "billettique_clearing_statement"
    __table_args__ = (UniqueConstraint("party", "number"), UniqueConstraint("party", "month"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    party: Mapped[str] = mapped_column(String(60))
    number: Mapped[int]
    month: Mapped[str] = mapped_column(String(7), index=True)
    net_cents: Mapped[int]
    lines: Mapped[Any] = mapped_column(Json)
    source: Mapped[str] = mapped_column(String(300))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(StatementRow)
describe(
    StatementRow,
    purpose="say what each operator earned of what was sold for it",
    keep=Always(_ACCOUNTS),
    plain="id party number month net_cents lines source made_at",
)


def statements_of(session: Session, month: str) -> list[StatementRow]:
    """The statements of a month, by party."""
    return list(session.scalars(select(StatementRow).where(StatementRow.month == month).order_by(StatementRow.party)))
