"""Answering disputes (chargebacks): what proves that a contested payment was for something that was had is sent to the
payer's bank, once, by the provider's own call. The text is made when it leaves and kept nowhere: beyond 48 hours nobody
may know when a ticket was used. What it does to the books and to tickets is in `fulfilment` and `case_money`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from billettique.export import disputes as export
from billettique.export.disputes import Proof
from billettique.gateway.psp import Providers
from billettique.model.orders import ItemState
from billettique.model.payments import DisputeState
from billettique.rules.disputes import MAY_ANSWER, Step, is_soon, step_of
from billettique.service import tickets
from billettique.service.mails import spaced
from billettique.store import inspections as case_store
from billettique.store import notices, validations
from billettique.store import orders as order_store
from billettique.store import payments as store
from billettique.store import tickets as ticket_store
from billettique.store.orders import OrderRow
from billettique.store.payments import DisputeRow, PaymentRow
from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.money import Money
from mobigo.infra import audit
from mobigo.infra.db import reading, transaction

if TYPE_CHECKING:
    from mobigo.infra.web import Services

PROOF: Final = "proof"
WORDS_MAX: Final = 4_000


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
    if not said or row.conceded_at is not None:
        return False
    providers.get(provider).answer_dispute(ref, said)
    with transaction(services.engine) as session:
        session.get_one(DisputeRow, (provider, ref), with_for_update=True).proof_sent_at = now
    return True


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """A dispute that no bank has decided. `about` is the reference of an order, or of a constat; `said` what we would
    answer by ourselves, "" when nothing shows a use."""

    row: DisputeRow
    about: str
    penalty: bool
    said: str
    step: Step
    soon: bool


def open_disputes(session: Session, now: datetime, most: int) -> list[OpenDispute]:
    """The disputes that wait for us or for a bank, the first to answer at the top."""
    return [_shown(session, row, payment, now) for row, payment in store.open_disputes(session, most)]


def get(session: Session, provider: str, ref: str, now: datetime) -> OpenDispute:
    """One of them. Raises NotFound("payments.no_dispute")."""
    row = session.get(DisputeRow, (provider, ref))
    if row is None or row.state != DisputeState.OPEN:
        raise NotFound("payments.no_dispute")
    return _shown(session, row, store.get_payment(session, row.payment), now)


def _shown(session: Session, row: DisputeRow, payment: PaymentRow, now: datetime) -> OpenDispute:
    case = case_store.find_case(session, payment.order_id)
    order = session.get(OrderRow, payment.order_id)
    said = proof_of(session, payment, now)
    step = step_of(sent_at=row.proof_sent_at, conceded_at=row.conceded_at, due_at=row.due_at, known=bool(said), now=now)
    about = case.reference if case is not None else "" if order is None else spaced(order.reference)
    return OpenDispute(row, about, case is not None, said, step, step in MAY_ANSWER and is_soon(row.due_at, now))


def answer_by_hand(
    services: "Services", providers: Providers, provider: str, ref: str, *, words: str, by: str, now: datetime
) -> None:
    """A person answers the payer's bank, with what we know of the use and their own words, which nobody keeps here.

    Raises NotFound("payments.no_dispute"), Conflict("payments.dispute_answered") once it is too late or done,
    InvalidInput("payments.no_words") where there is nothing else to say, and Upstream to be tried again.
    """
    with reading(services.engine) as session:
        found = get(session, provider, ref, now)
    if found.step not in MAY_ANSWER:
        raise Conflict("payments.dispute_answered")
    said = "\n".join(part for part in (found.said, words.strip()[:WORDS_MAX]) if part)
    if not words.strip():
        raise InvalidInput("payments.no_words")
    providers.get(provider).answer_dispute(ref, said)
    with transaction(services.engine) as session:
        row = session.get_one(DisputeRow, (provider, ref), with_for_update=True)
        row.proof_sent_at, row.handled_by = now, by
        audit.record(
            session, "billettique.dispute.answer", actor=by, object_kind="dispute", object_id=ref[:40], now=now
        )


def concede(session: Session, provider: str, ref: str, *, by: str, now: datetime) -> None:
    """A person chooses not to answer: the bank will give the money back. Raises NotFound("payments.no_dispute"),
    Conflict("payments.dispute_answered")."""
    if get(session, provider, ref, now).step not in MAY_ANSWER:
        raise Conflict("payments.dispute_answered")
    row = session.get_one(DisputeRow, (provider, ref), with_for_update=True)
    row.conceded_at, row.handled_by = now, by
    audit.record(session, "billettique.dispute.concede", actor=by, object_kind="dispute", object_id=ref[:40], now=now)


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
