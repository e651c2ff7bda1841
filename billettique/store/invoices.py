"""Invoices and credit notes, numbered without a gap: the number is taken from a locked row in the transaction that
issues, so that one that fails leaves no hole. They never change, and name nobody."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.store.orders import ACCOUNTING
from mobigo.base.errors import NotFound
from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new
from mobigo.infra.privacy import Always, describe


class SeriesRow(Base):
    """The last number taken in a series. Whoever takes the next one holds the row until it is committed."""

    __tablename__ = "billettique_invoice_series"

    series: Mapped[str] = mapped_column(String(20), primary_key=True)
    last: Mapped[int]


class InvoiceRow(Base):
    """One invoice, or one credit note (`of` an invoice). Amounts of a credit note are positive too."""

    __tablename__ = "billettique_invoice"
    __table_args__ = (
        UniqueConstraint("series", "number"),
        CheckConstraint("number > 0 AND net_cents + tax_cents = gross_cents AND gross_cents >= 0", name="sums"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    series: Mapped[str] = mapped_column(String(20))
    number: Mapped[int]
    order_id: Mapped[str] = mapped_column(String(26), index=True)
    of: Mapped[str | None] = mapped_column(String(26))
    lines: Mapped[Any] = mapped_column(Json)
    net_cents: Mapped[int]
    tax_cents: Mapped[int]
    gross_cents: Mapped[int]
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


append_only(InvoiceRow)
describe(SeriesRow, purpose="number invoices without a gap", keep=Always(ACCOUNTING), plain="series last")
describe(
    InvoiceRow,
    purpose="give an invoice to who asks for one, and a credit note for what is taken back",
    keep=Always(ACCOUNTING),
    plain="id series number order_id of lines net_cents tax_cents gross_cents issued_at",
)


def take_number(session: Session, series: str) -> int:
    """The next number of a series: nobody else takes one before this transaction ends."""
    insert_new(session, SeriesRow, {"series": series, "last": 0}, ["series"])
    row = session.get_one(SeriesRow, series, with_for_update=True, populate_existing=True)
    row.last += 1
    session.flush()
    return row.last


def invoices_of(session: Session, order_id: str) -> list[InvoiceRow]:
    """The invoices of an order, then its credit notes, each oldest first at one instant."""
    asked = select(InvoiceRow).where(InvoiceRow.order_id == order_id)
    return list(session.scalars(asked.order_by(InvoiceRow.issued_at, InvoiceRow.of.is_not(None), InvoiceRow.number)))


def get_invoice(session: Session, invoice_id: str, *, of: str) -> InvoiceRow:
    """One invoice of an order. Raises NotFound("billettique.no_invoice")."""
    row = session.get(InvoiceRow, invoice_id)
    if row is None or row.order_id != of:
        raise NotFound("billettique.no_invoice")
    return row
