"""Answering disputes (chargebacks): what proves that a contested payment was for something that was had is sent to the
payer's bank, once, by the provider's own call. The text is made when it leaves and kept nowhere: beyond 48 hours nobody
may know when a ticket was used. What it does to the books and to tickets is in `fulfilment` and `case_money`.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from billettique.export import disputes as export
from billettique.export.disputes import Proof
from billettique.gateway.psp import Providers
from billettique.model.orders import ItemState
from billettique.model.payments import DisputeState
from billettique.service import tickets
from billettique.service.mails import spaced
from billettique.store import inspections as case_store
from billettique.store import notices, validations
from billettique.store import orders as order_store
from billettique.store import payments as store
from billettique.store import tickets as ticket_store
from billettique.store.orders import OrderRow
from billettique.store.payments import DisputeRow, PaymentRow
from mobigo.base.money import Money
from mobigo.infra.db import reading, transaction

if TYPE_CHECKING:
    from mobigo.infra.web import Services

PROOF: Final = "proof"


def on_dispute(session: Session, payment_id: str, ref: str, state: DisputeState, now: datetime) -> None:
    """A payer contests: what proves the journey is to be sent. Called in the transaction that learns it."""
    if state is not DisputeState.OPEN:
        return
    provider = store.get_payment(session, payment_id).provider
    notices.ask(session, provider, PROOF, ref, key=f"{provider}:{ref}", due_at=now, now=now)


def send_proof(services: "Services", providers: Providers, provider: str, ref: str, now: datetime) -> bool:
    """Send what we know, once; False where nothing was used, which a person looks at. Raises Upstream to be tried
    again: the same answer twice is the same answer."""
    with reading(services.engine) as session:
        row = session.get(DisputeRow, (provider, ref))
        if row is None or row.proof_sent_at is not None or row.state != DisputeState.OPEN:
            return False
        said = proof_of(session, store.get_payment(session, row.payment), now)
    if not said:
        return False
    providers.get(provider).answer_dispute(ref, said)
    with transaction(services.engine) as session:
        session.get_one(DisputeRow, (provider, ref), with_for_update=True).proof_sent_at = now
    return True


def proof_of(session: Session, payment: PaymentRow, now: datetime) -> str:
    """The answer about a payment; "" when nothing it paid was used."""
    case = case_store.find_case(session, payment.order_id)
    if case is not None:
        return export.penalty_text(case.reference, case.found_at, Money(payment.cents))
    order = session.get(OrderRow, payment.order_id)
    if order is None:
        return ""
    proofs = [
        proof
        for item in order_store.items_of(session, order.id, ItemState.FULFILLED)
        if item.payment == payment.id
        for proof in _proofs(session, item.id, item.name, item.price, now)
    ]
    return export.text(spaced(order.reference), payment.created_at, proofs)


def _proofs(session: Session, item: str, name: str, price: Money, now: datetime) -> list[Proof]:
    """What became of an item; of a carnet, each ticket taken out of it."""
    rows = ticket_store.of_item(session, item)
    uses = validations.uses_of(session, [tickets.mark_of(row) for row in rows], since=now - validations.IDENTIFIABLE)
    return [
        Proof(name if row.place == 0 else row.name, row.reference, price if row.place == 0 else Money(row.gross_cents),
              row.created_at, row.activated_at, *uses.get(tickets.mark_of(row), (None, 0)))
        for row in rows
    ]  # fmt: skip
