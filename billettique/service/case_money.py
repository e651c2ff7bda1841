"""What a case was paid, and what became of it: at a counter, on the spot, online; a payment that its payer contests at
the bank (dispute); money that comes to a closed case.

    collector → owed                 a payment is received
    collector → to give back         it came to a closed case (see `give_backs`)
    disputes ← collector             the payer contests it; the other way round when we win
    owed ← disputes                  we lost: it is owed again, and the case is open again for a whole term
"""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from billettique.model.cases import CaseState, least
from billettique.model.payments import DisputeState, PaymentState
from billettique.service import give_backs
from billettique.service.books import DISPUTES, collector_account, give
from billettique.store import inspections as store
from billettique.store import payments as payment_store
from billettique.store.inspections import CaseRow
from billettique.store.payments import PaymentRow
from mobigo.base.errors import Conflict, Refused
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.money import ZERO, Money
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Transfer

if TYPE_CHECKING:
    from mobigo.infra.web import Services

OWED: Final = "billettique:penalties:owed"
EARNED: Final = "billettique:penalties:earned"
TRANSMITTED: Final = "billettique:penalties:transmitted"
PURPOSE: Final = "case"
CITIZEN: Final = "citizen"
SYSTEM: Final = "system"


def remaining(row: CaseRow) -> Money:
    """What is still owed."""
    return least(Money(row.owed_cents), Money(row.paid_cents))


def begin_payment(services: "Services", case_id: str, *, return_url: str, now: datetime) -> str:
    """Begin an online payment of all that remains; where the payer goes on (an address of the provider or of ours).

    Raises Refused("billettique.no_online_payment") where no way of paying online is configured.
    """
    from billettique.service import payments
    from mobigo.infra.db import transaction

    providers = payments.providers_of(services)
    found = [
        (name, means)
        for name in providers.names
        for means in ("card", "redirect")
        if not providers.get(name).abilities.person and means in providers.get(name).abilities.means
    ]
    if not found:
        raise Refused("billettique.no_online_payment")
    provider, means = found[0]
    with transaction(services.engine) as session:
        row = open_case(session, case_id)
        before = payment_store.payments_of(session, row.id)
        waiting = [each for each in before if PaymentState(each.state) is PaymentState.REQUIRES_ACTION]
        if waiting and waiting[-1].action is not None:
            return waiting[-1].action
        attempt = len(before) + 1
        payment = payments.begin(
            session, order_id=row.id, amount=remaining(row), means=means, provider=provider, attempt=attempt,
            return_url=return_url, purpose=PURPOSE, now=now,
        )  # fmt: skip
    seen = payments.call(services, payment, now)
    if seen.state is PaymentState.SUCCEEDED:
        return return_url
    if seen.action is None:
        raise Refused("billettique.no_online_payment")
    return seen.action


def on_payment(session: Session, payment_id: str, state: PaymentState, now: datetime) -> None:
    """A payment moved: if it is a case's and succeeded, the case is paid; if its payer contests it, the collector holds
    it no longer. Called in the transaction that moves it."""
    payment = payment_store.get_payment(session, payment_id)
    if payment.purpose != PURPOSE or state not in (PaymentState.SUCCEEDED, PaymentState.DISPUTED):
        return
    row = store.find_case(session, payment.order_id, lock=True)
    if row is None:
        return
    paid, times, contested = _stands(session, row, payment_id)
    account, cents = collector_account(payment.collector or "", payment.provider), payment.cents
    detail: dict[str, object] = {"payment": payment_id, "means": payment.means}
    if not paid:
        transfers = receive(session, row, Money(cents), payment_id, account, CITIZEN, now, detail=detail)
    elif state is PaymentState.DISPUTED and not contested:
        amount = _contested(session, payment)
        store.move(session, row, "disputed", CITIZEN, now, amount=amount, detail=detail)
        transfers = [moved(row, f"disputed:{payment_id}:{times + 1}", DISPUTES, account, amount, now)]
    elif state is PaymentState.SUCCEEDED and contested:
        booked = ledger.find(session, f"billettique:case:{row.id}:disputed:{payment_id}:{times}")
        amount = Money(cents) if booked is None else booked.amount
        store.move(session, row, "dispute_won", SYSTEM, now, amount=amount, detail=detail)
        transfers = [moved(row, f"won:{payment_id}:{times}", account, DISPUTES, amount, now)]
    else:
        return
    give(session, transfers, now)


def on_dispute(session: Session, payment_id: str, ref: str, state: DisputeState, now: datetime) -> None:
    """A dispute began or ended: when we lost it, what the bank took back is owed again, for a whole term; unless it was
    to be given back, and then it is. Where the person is forgotten by now nobody can be asked: it stays in disputes."""
    payment = payment_store.get_payment(session, payment_id)
    if payment.purpose != PURPOSE or state is not DisputeState.LOST:
        return
    row = store.find_case(session, payment.order_id, lock=True)
    if row is None or not _stands(session, row, payment_id)[2]:
        return
    lost = _contested(session, payment)
    given, transfers = give_backs.settled_by_bank(session, row, payment_id, now)
    amount = max(ZERO, min(lost - given, Money(row.paid_cents)))
    again = CaseState(row.state) is CaseState.PAID and store.person_of(session, row.id) is not None and amount > ZERO
    waits = store.waits(store.contest_of(session, row.id))
    then = CaseState.CONTESTED if waits else CaseState.OPEN
    store.move(session, row, "dispute_lost", SYSTEM, now, state=then if again else None, amount=lost,
               detail={"payment": payment_id, "ref": ref})  # fmt: skip
    if again:
        row.paid_cents -= amount.cents
        row.term = max(row.term, paris_day(now) + (row.term - paris_day(row.found_at)))
        if not waits:
            forget_at = datetime.combine(row.term, time(), PARIS) + timedelta(days=row.paid_days)  # or as its end says
            store.forget_from(session, row.id, forget_at)
        transfers.append(moved(row, f"lost:{payment_id}:{ref}", OWED, DISPUTES, amount, now))
    give(session, transfers, now)


def _stands(session: Session, row: CaseRow, payment_id: str) -> tuple[bool, int, bool]:
    """Whether a payment of a case was received, how often it was contested, whether it is now."""
    kinds = [each.kind for each in store.moves_of(session, row.id) if (each.detail or {}).get("payment") == payment_id]
    times = kinds.count("disputed")
    return "paid" in kinds, times, times > kinds.count("dispute_won") + kinds.count("dispute_lost")


def _contested(session: Session, payment: PaymentRow) -> Money:
    """What the payer contests, of what was paid."""
    open_or_lost = [each for each in payment_store.disputes_of(session, payment.id) if each.state != DisputeState.WON]
    return min(Money(payment.cents), sum((Money(each.cents) for each in open_or_lost), ZERO) or Money(payment.cents))


def receive(
    session: Session, row: CaseRow, amount: Money, key: str, account: str, by: str, now: datetime, *,
    detail: dict[str, object],
) -> list[Transfer]:  # fmt: skip
    """What was paid, noted; the case is closed when nothing remains. Money that comes to a closed case is kept apart,
    for a person to give back."""
    before = remaining(row)
    row.paid_cents += amount.cents
    open_still = CaseState(row.state) in (CaseState.OPEN, CaseState.CONTESTED)
    done = open_still and remaining(row) == ZERO
    store.move(session, row, "paid", by, now, state=CaseState.PAID if done else None, amount=amount, detail=detail)
    if done:
        forget_paid(session, row, now)
    taken = min(before, amount) if open_still else ZERO
    give_backs.owe(session, row, cause=f"too_much:{key}", amount=amount - taken, means=str(detail.get("means", "")),
                   payment=None if detail.get("payment") is None else key, now=now)  # fmt: skip
    return [
        moved(row, f"paid:{key}", account, OWED, taken, now),
        moved(row, f"too_much:{key}", account, give_backs.TO_GIVE_BACK, amount - taken, now),
    ]


def open_case(session: Session, case_id: str) -> CaseRow:
    """A case on which something is still to be decided, locked. Raises Conflict("billettique.case_closed")."""
    row = store.get_case(session, case_id, lock=True)
    if CaseState(row.state) not in (CaseState.OPEN, CaseState.CONTESTED):
        raise Conflict("billettique.case_closed", state=row.state)
    return row


def forget_paid(session: Session, row: CaseRow, now: datetime) -> None:
    """Its person is forgotten a while after it is paid; after the answer, when a contest waits."""
    if not store.waits(store.contest_of(session, row.id)):
        store.forget_from(session, row.id, now + timedelta(days=row.paid_days))


def moved(row: CaseRow, what: str, debit: str, credit: str, amount: Money, at: datetime) -> Transfer:
    """A posting about a case."""
    return Transfer(f"billettique:case:{row.id}:{what}", debit, credit, amount, at, "billettique.case", row.id)
