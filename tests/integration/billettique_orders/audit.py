"""What must be true of an installation that sells, whatever it went through."""

from collections import Counter, defaultdict

from sqlalchemy import select

from billettique.model.orders import ItemState
from billettique.service import books, issuing
from billettique.service.tickets import mark_of
from billettique.store.invoices import InvoiceRow
from billettique.store.keys import RevocationRow
from billettique.store.orders import ItemRow, OrderPaymentRow
from billettique.store.payments import RefundRow
from billettique.store.tickets import CodeRow, EntitlementRow
from mobigo.infra.db import reading
from mobigo.ledger import service as ledger
from mobigo.ledger.store import all_books
from tests.billettique_faults import Trial
from tests.oracles.ticketing_auditor import findings, held_by_order


def audit(trial: Trial) -> None:
    """The auditor's look, then the books: sales = payments = ledger, invoices without a hole."""
    engine, config = trial.shop.engine, trial.shop.config
    held = held_by_order(config.home / "sim" / "provider.sqlite")
    with reading(engine) as session:
        refused = {
            bytes(each) for each in session.scalars(select(RevocationRow.mark).where(RevocationRow.lifted_at.is_(None)))
        }
        tickets = []
        seen: Counter[str] = Counter()
        for code, row in session.execute(
            select(CodeRow, EntitlementRow).join(EntitlementRow, EntitlementRow.id == CodeRow.entitlement)
        ):
            ticket = issuing.ticket_in(code.octets)
            assert ticket.specimen
            assert ticket.price is not None
            seen[row.item] += code.replaced_at is None
            if code.replaced_at is None:
                tickets.append((row.order_id, ticket.price.cents, mark_of(row) not in refused))
        assert max(seen.values(), default=1) == 1, "an item with two tickets"
        mandates: dict[str, int] = defaultdict(int)
        for refund, payment in session.execute(
            select(RefundRow, OrderPaymentRow).join(OrderPaymentRow, OrderPaymentRow.payment == RefundRow.payment)
        ):
            if refund.state == "MANDATE":
                mandates[payment.order_id] += refund.cents
        assert findings(held, tickets, mandates) == []
        _books(trial, held, mandates)
        numbers = defaultdict(list)
        for row in session.scalars(select(InvoiceRow).order_by(InvoiceRow.number)):
            numbers[row.series].append(row.number)
        assert all(each == list(range(1, len(each) + 1)) for each in numbers.values()), "a hole in a series"
    assert ledger.verify(engine).ok


def _books(trial: Trial, held: dict[str, int], mandates: dict[str, int]) -> None:
    with reading(trial.shop.engine) as session:
        net = {code: book.balance().net.cents for code, book in all_books(session).items()}
        sold = sum(
            item.gross_cents - item.reduction_cents
            for item in session.scalars(select(ItemRow).where(ItemRow.state == str(ItemState.FULFILLED)))
        )
    sales = sum(cents for code, cents in net.items() if code.startswith(("billettique:sales:", "billettique:vat:")))
    assert sales == sold, "sales and ledger differ"
    assert sum(-cents for code, cents in net.items() if code.startswith("billettique:collector:")) == sum(held.values())
    assert net.get(books.refunds_account("essai", "sim"), 0) == sum(mandates.values())
    left = {code: cents for code, cents in net.items() if code.startswith("billettique:order:") and cents}
    assert left == {}, "an order holds money that nobody has a use for"
