"""Invoices on request, credit notes of themselves: never one that nobody asked for, never a hole in a series."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from billettique.model.orders import ItemState
from billettique.rules import invoices as rules
from billettique.store import invoices as store
from billettique.store import orders as order_store
from billettique.store.invoices import InvoiceRow
from billettique.store.orders import ItemRow
from mobigo.base.errors import Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra.clock import new_id


def issue(session: Session, order_id: str, now: datetime) -> InvoiceRow:
    """An invoice of what an order was served and not invoiced for yet. The order's lock is taken.

    Raises NotFound("billettique.no_order"), Refused("billettique.nothing_to_invoice").
    """
    order_store.get_order(session, order_id, lock=True)
    made = issue_locked(session, order_id, now)
    if made is None:
        raise Refused("billettique.nothing_to_invoice")
    return made


def issue_locked(session: Session, order_id: str, now: datetime) -> InvoiceRow | None:
    """The same, the order being locked already; None when there is nothing to invoice."""
    known = {line["item"] for each in store.invoices_of(session, order_id) if each.of is None for line in each.lines}
    fresh = [each for each in order_store.items_of(session, order_id, ItemState.FULFILLED) if each.id not in known]
    if not fresh:
        return None
    lines = [rules.Line(each.id, each.name, Decimal(each.vat_pct), each.net, each.tax) for each in fresh]
    return _write(session, order_id, lines, None, now)


def credit(session: Session, item: ItemRow, net: Money, tax: Money, now: datetime) -> InvoiceRow | None:
    """A credit note for what of an invoiced item is taken back; None for an item that was not invoiced."""
    for each in store.invoices_of(session, item.order_id):
        if each.of is None and any(line["item"] == item.id for line in each.lines):
            line = rules.Line(item.id, item.name, Decimal(item.vat_pct), net, tax)
            return _write(session, item.order_id, [line], each.id, now)
    return None


def _write(session: Session, order_id: str, lines: Sequence[rules.Line], of: str | None, now: datetime) -> InvoiceRow:
    series = rules.series_of(paris_day(now), credit=of is not None)
    net, tax, gross = rules.totals(lines)
    row = InvoiceRow(
        id=new_id(now), series=series, number=store.take_number(session, series), order_id=order_id, of=of,
        lines=[rules.written(each) for each in lines], net_cents=net.cents, tax_cents=tax.cents,
        gross_cents=gross.cents, issued_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def lines_of(row: InvoiceRow) -> list[rules.Line]:
    """The lines of an invoice."""
    return [rules.read(each) for each in row.lines]
