"""Invoices: only when asked, net and tax and gross that agree, numbers without a hole whoever issues and dies."""

import random
import threading

import pytest
from sqlalchemy import select

from billettique.export.invoice import invoice_pdf
from billettique.rules.invoices import number_text
from billettique.service import invoices, refunds
from billettique.store.invoices import InvoiceRow, invoices_of
from mobigo.base.errors import Refused
from mobigo.base.money import Money
from mobigo.infra.db import reading, transaction
from tests.billettique_orders_world import Shop

ISSUERS = 32


def numbers(shop: Shop, series: str = "F2026") -> list[int]:
    with reading(shop.engine) as session:
        asked = select(InvoiceRow.number).where(InvoiceRow.series == series).order_by(InvoiceRow.number)
        return list(session.scalars(asked))


def test_no_invoice_is_made_unless_somebody_asks(shop: Shop) -> None:
    shop.buy()
    assert numbers(shop) == []
    asked = shop.buy(receipt=True)
    assert numbers(shop) == [1]
    with reading(shop.engine) as session:
        (row,) = invoices_of(session, asked)
    assert (row.net_cents, row.tax_cents, row.gross_cents) == (136, 14, 150)


def test_an_invoice_is_issued_once_for_the_same_items(shop: Shop) -> None:
    order = shop.buy()
    with transaction(shop.engine) as session:
        invoices.issue(session, order, shop.now)
    with pytest.raises(Refused), transaction(shop.engine) as session:
        invoices.issue(session, order, shop.now)
    assert numbers(shop) == [1]


def test_what_is_taken_back_of_an_invoiced_item_gets_a_credit_note_of_its_own_series(shop: Shop) -> None:
    order = shop.buy(receipt=True)
    with transaction(shop.engine) as session:
        refunds.refund(session, shop.services, order, shop.items(order)[0].id, now=shop.now)
    with reading(shop.engine) as session:
        invoice, note = invoices_of(session, order)
    assert (note.series, note.number, note.of) == ("A2026", 1, invoice.id)
    assert (note.net_cents, note.tax_cents) == (136, 14)


def test_an_item_without_an_invoice_gets_no_credit_note(shop: Shop) -> None:
    order = shop.buy()
    with transaction(shop.engine) as session:
        refunds.refund(session, shop.services, order, shop.items(order)[0].id, now=shop.now)
    assert numbers(shop, "A2026") == []


def test_thirty_two_issuers_some_of_which_fail_leave_no_hole(shop: Shop) -> None:
    orders = [shop.buy() for _ in range(ISSUERS)]
    failed = []
    start = threading.Barrier(ISSUERS)

    def work(at: int) -> None:
        luck = random.Random(at)
        start.wait()
        while True:
            try:
                with transaction(shop.engine) as session:
                    invoices.issue(session, orders[at], shop.now)
                    if luck.random() < 0.4:
                        raise RuntimeError("dies after taking its number")
                return
            except RuntimeError:
                failed.append(at)

    threads = [threading.Thread(target=work, args=(at,)) for at in range(ISSUERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed, "nothing failed: the test proves nothing"
    assert numbers(shop) == list(range(1, ISSUERS + 1))


def test_the_document_is_the_same_whenever_it_is_made(shop: Shop) -> None:
    order = shop.buy(receipt=True)
    with reading(shop.engine) as session:
        (row,) = invoices_of(session, order)
    given = {
        "title_number": number_text(row.series, row.number), "lines": invoices.lines_of(row),
        "issued_at": row.issued_at, "reference": "ABC DEF GHJ", "seller": "La Région", "of_number": None,
        "buyer": "Société Dupré", "specimen": True,
    }  # fmt: skip
    first, second = invoice_pdf(**given), invoice_pdf(**given)  # type: ignore[arg-type]
    assert first == second
    assert first.startswith(b"%PDF")


def test_a_pass_is_taken_back_in_two_parts_that_add_up() -> None:
    from decimal import Decimal

    from billettique.service.refunds import undone
    from billettique.store.orders import ItemRow

    for price in range(1, 400):
        item = ItemRow(gross_cents=price, reduction_cents=0, vat_pct="10")
        for back in (0, 1, price // 3, price):
            net, tax = undone(item, Money(back))
            assert net + tax == Money(back)
            assert Money(0) <= net <= item.net
            assert Decimal(item.vat_pct) == 10
