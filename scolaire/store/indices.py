"""Values of published indices, and by which formula the prices of a contract follow them. Nothing is edited: a
corrected value is another row, and the last one entered for the same day of publication counts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, describe

_WHY = "prices of past years rest on it; no person"


class IndexValueRow(Base):
    """What an index was, from the day on which it was published until its next value. `value` is a decimal number as
    text: it is exact."""

    __tablename__ = "scolaire_index_value"
    __table_args__ = (UniqueConstraint("code", "published_on", "number"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    published_on: Mapped[date] = mapped_column(Date)
    number: Mapped[int]
    value: Mapped[str] = mapped_column(String(24))
    source: Mapped[str] = mapped_column(String(200))
    entered_by: Mapped[str] = mapped_column(String(26))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FormulaRow(Base):
    """The formula of a contract: P = P0 × (a + Σ b × I / I0), revised on a day of the year (or each month). `terms`:
    [{code, weight, base}], decimal numbers as text."""

    __tablename__ = "scolaire_price_formula"
    __table_args__ = (
        CheckConstraint("decimals BETWEEN 2 AND 8", name="decimals"),
        CheckConstraint("every IN ('year', 'month')", name="every"),
        CheckConstraint("rounding IN ('half_up', 'down')", name="rounding"),
    )

    contract: Mapped[str] = mapped_column(ForeignKey("scolaire_contract.id"), primary_key=True)
    fixed: Mapped[str] = mapped_column(String(24))
    terms: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    every: Mapped[str] = mapped_column(String(5))
    month: Mapped[int]
    decimals: Mapped[int]
    rounding: Mapped[str] = mapped_column(String(8))
    article: Mapped[str] = mapped_column(String(200))
    entered_by: Mapped[str] = mapped_column(String(26))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(IndexValueRow)
append_only(FormulaRow)
describe(
    IndexValueRow, purpose="revise prices as contracts say", keep=Always(_WHY),
    plain="id code published_on number value source entered_by entered_at",
)  # fmt: skip
describe(
    FormulaRow, purpose="revise prices as contracts say", keep=Always(_WHY),
    plain="contract fixed terms every month decimals rounding article entered_by entered_at",
)  # fmt: skip


def values(session: Session) -> list[IndexValueRow]:
    """Every value entered, by index and day of publication, corrections last."""
    order = (IndexValueRow.code, IndexValueRow.published_on, IndexValueRow.number)
    return list(session.scalars(select(IndexValueRow).order_by(*order)))


def find_formula(session: Session, contract: str) -> FormulaRow | None:
    """The formula of a contract; None where its prices stay as they are."""
    return session.get(FormulaRow, contract)
