"""One attempt to be paid: begun in our database, asked of its provider outside any transaction, moved by what the
provider says when it is read. Everything may be repeated: the page a payer comes back to, an event, a sweep and a
second try all end in `apply`, under the lock of the payment.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from billettique.gateway.psp import Providers
from billettique.model.payments import DisputeState, PaymentAsk, PaymentState, Provider, RefundState, Seen
from billettique.rules import payments as rules
from billettique.service import listening
from billettique.service.payment_refunds import ask_refund, settle_refund
from billettique.service.quarantine import set_aside
from billettique.service.waking import wake
from billettique.store import payments as store
from billettique.store.payments import DisputeRow, PaymentRow, RefundRow
from billettique.store.reasons import told, written
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, Refused, Upstream
from mobigo.base.money import ZERO, Money
from mobigo.infra.clock import new_id
from mobigo.infra.db import insert_new, reading, transaction

if TYPE_CHECKING:
    from mobigo.infra.web import Services

__all__ = ["apply", "ask_refund", "begin", "call", "give_up", "providers_of", "refresh", "settle_refund"]

ORDER: Final = "order"
NOT_YET: Final = "payments.not_known_yet"


def providers_of(services: "Services") -> Providers:
    """The providers of this process."""
    return services.part(Providers, lambda made: Providers(made.config))


# ---------------------------------------------------------------- beginning


def begin(
    session: Session, *, order_id: str, amount: Money, means: str, provider: str, attempt: int, return_url: str | None,
    means_ref: str | None = None, proof: Mapping[str, str] | None = None, purpose: str = ORDER,
    collector: str | None = None, now: datetime,
) -> str:  # fmt: skip
    """Write an attempt and its key; nobody is asked yet. Its id; the same attempt again gives the same one.

    Raises InvalidInput("payments.no_amount"), Conflict("payments.other_amount") for an attempt that was begun with
    another amount, provider or means.
    """
    if amount <= ZERO:
        raise InvalidInput("payments.no_amount")
    key = rules.payment_key(order_id, attempt, purpose, amount)
    fresh = new_id(now)
    row = {
        "id": fresh, "order_id": order_id, "attempt": attempt, "purpose": purpose, "key": key, "provider": provider,
        "means": means, "collector": collector, "cents": amount.cents, "captured_cents": 0, "return_url": return_url,
        "means_ref": means_ref, "proof": None if proof is None else dict(proof), "state": str(PaymentState.CREATED),
        "quarantined": False, "created_at": now, "moved_at": now, "looks": 0, "look_at": now + rules.UNASKED,
    }  # fmt: skip
    if insert_new(session, PaymentRow, row, ["order_id", "attempt", "purpose"]):
        made = store.get_payment(session, fresh)
        store.record_move(session, made, PaymentState.CREATED, cause="begin", why=None, now=now)
        wake(session, now + rules.UNASKED, now)
        return fresh
    known = store.find_attempt(session, order_id, attempt, purpose)
    if known is None or (known.key, known.provider, known.means) != (key, provider, means):
        raise Conflict("payments.other_amount", order=order_id, attempt=attempt)
    return known.id


# ---------------------------------------------------------------- asking


def call(services: "Services", payment_id: str, now: datetime) -> Seen:
    """Ask the provider, with the key that was stored, and apply its answer; how the payment stands.

    The same call again asks with the same key; after a day, when keys are forgotten, the payment is looked for under
    what was written on it first. A sure refusal is a Seen (FAILED). Raises Upstream when nothing is known: the payment
    is looked at again by itself; InvalidInput("payments.unknown_provider", "payments.no_collector") when this
    installation may not ask.
    """
    with transaction(services.engine) as session:
        row = store.get_payment(session, payment_id, lock=True)
        provider = providers_of(services).get(row.provider)
        collector = row.collector or providers_of(services).collector(row.means)
        first_call, row.called_at = row.called_at, row.called_at or now
        row.collector, row.live = collector, provider.live if row.live is None else row.live
        if PaymentState(row.state) is not PaymentState.CREATED:
            return seen_of(row)
        row.look_at = now + rules.next_look(row.looks)
        row.looks += 1
        wake(session, row.look_at, now)
    try:
        seen = _created(provider, row, first_call, now)
    except (InvalidInput, Refused) as refused:
        why = refused.decision
        seen = Seen(
            provider_ref=f"refused:{row.key}", state=PaymentState.FAILED, amount=Money(row.cents), live=provider.live,
            order_id=row.order_id, key=row.key, why=why,
        )  # fmt: skip
    with transaction(services.engine) as session:
        apply(session, payment_id, seen, now, cause="answer")
    return seen


def _created(provider: Provider, row: PaymentRow, first_call: datetime | None, now: datetime) -> Seen:
    asked = PaymentAsk(
        key=row.key, order_id=row.order_id, amount=Money(row.cents), means=row.means, return_url=row.return_url,
        means_ref=row.means_ref, proof=row.proof,
    )  # fmt: skip
    if first_call is None or not provider.abilities.answers:
        return provider.create(asked)
    if now - first_call >= rules.KEY_LIFE:
        return provider.find(row.key) or provider.create(asked)
    try:
        return provider.create(asked)
    except Upstream:
        # A provider replays its own fault under the same key; what it did all the same bears our name.
        found = provider.find(row.key)
        if found is not None:
            return found
        if now - first_call < rules.SILENCE:
            raise
        why = Decision("payments.provider_silent", provider=provider.name)
        return Seen(
            provider_ref=f"silent:{row.key}", state=PaymentState.FAILED, amount=Money(row.cents), live=provider.live,
            order_id=row.order_id, key=row.key, why=why,
        )  # fmt: skip


def refresh(services: "Services", payment_id: str, now: datetime, *, cause: str = "read") -> PaymentState:
    """Read the payment at its provider and apply what it says; its state. For a page the payer comes back to, an event,
    a sweep: none of them is believed. Raises Upstream as `call` does."""
    with reading(services.engine) as session:
        row = store.get_payment(session, payment_id)
    provider = providers_of(services).get(row.provider)
    if row.called_at is None or not provider.abilities.answers:
        return PaymentState(row.state)
    if row.provider_ref is None:
        call(services, payment_id, now)
    elif ":" not in row.provider_ref:  # a refusal of ours has nothing to be read
        try:
            seen = provider.read(row.provider_ref)
        except Upstream as silent:
            if silent.decision.code != NOT_YET:
                raise
            return _not_yet(services, payment_id, now)
        with transaction(services.engine) as session:
            return apply(session, payment_id, seen, now, cause=cause)
    with reading(services.engine) as session:
        return PaymentState(store.get_payment(session, payment_id).state)


def _not_yet(services: "Services", payment_id: str, now: datetime) -> PaymentState:
    """Nothing happened on the form; after a day nothing will."""
    with transaction(services.engine) as session:
        row = store.get_payment(session, payment_id, lock=True)
        asked_at = row.called_at or row.created_at
        if PaymentState(row.state) in rules.OPEN and now - asked_at >= rules.ABANDONED:
            move(session, row, PaymentState.CANCELED, cause="abandoned", why=None, now=now)
        return PaymentState(row.state)


def give_up(services: "Services", payment_id: str, now: datetime) -> PaymentState:
    """Have it not happen any more, where that is still possible; its state, which may be SUCCEEDED.

    Raises Upstream as `call` does, then it is not given up yet.
    """
    with transaction(services.engine) as session:
        row = store.get_payment(session, payment_id, lock=True)
        if PaymentState(row.state) not in rules.OPEN:
            return PaymentState(row.state)
        if row.called_at is None:
            move(session, row, PaymentState.CANCELED, cause="given_up", why=None, now=now)
            return PaymentState.CANCELED
    provider = providers_of(services).get(row.provider)
    if row.provider_ref is None:
        # Asked, and never answered: under the same key it is found or made, then given up.
        call(services, payment_id, now)
        with reading(services.engine) as session:
            row = store.get_payment(session, payment_id)
    if PaymentState(row.state) in rules.OPEN and row.provider_ref is not None:
        try:
            seen = provider.cancel(row.provider_ref)
        except (Refused, Upstream) as cannot:
            if isinstance(cannot, Upstream) and cannot.decision.code != NOT_YET:
                raise
            return PaymentState(row.state)  # this way of paying cannot be called back: its own time ends it
        with transaction(services.engine) as session:
            return apply(session, payment_id, seen, now, cause="given_up")
    return PaymentState(row.state)


# ---------------------------------------------------------------- applying


def apply(session: Session, payment_id: str, seen: Seen, now: datetime, *, cause: str = "answer") -> PaymentState:
    """Move the payment by what was read of it; its state. What does not match what was asked is set aside and given
    back, and never becomes SUCCEEDED. Whoever listens is told in this transaction."""
    row = store.get_payment(session, payment_id, lock=True)
    _learn_names(session, row, seen)
    live = seen.live if row.live is None else row.live
    bad = rules.mismatch(seen, order_id=row.order_id, key=row.key, amount=Money(row.cents), live=live)
    if bad is not None:
        return _mismatched(session, row, seen, bad, now)
    if row.quarantined:
        return PaymentState(row.state)
    news = _follow_disputes(session, row, seen, now)
    over = frozenset(each.ref for each in store.disputes_of(session, row.id) if each.state == DisputeState.WON)
    then, before = rules.state_of(seen, over), PaymentState(row.state)
    row.action = seen.action if then in rules.OPEN else None
    if then in rules.RECEIVED and before not in rules.RECEIVED:
        row.captured_cents = seen.amount.cents
        move(session, row, PaymentState.SUCCEEDED, cause=cause, why=None, now=now)
        before = PaymentState.SUCCEEDED
    if then is not before and rules.may_follow(before, then):
        move(session, row, then, cause=cause, why=seen.why, now=now)
    else:
        row.why = written(seen.why) if then is before and then in rules.OPEN else row.why
    if then in rules.RECEIVED:
        _note_outside(session, row, seen, now)
    for ref, dispute in news:
        listening.dispute_moved(session, row.id, ref, dispute, now)
        wake(session, now, now)  # for the answer to it
    if PaymentState(row.state) in rules.OPEN:
        row.look_at = now + rules.next_look(row.looks)
        row.looks += 1
        wake(session, row.look_at, now)
    return PaymentState(row.state)


def move(
    session: Session, row: PaymentRow, then: PaymentState, *, cause: str, why: Decision | None, now: datetime
) -> None:
    """Move a locked payment, write the move, tell those who listen."""
    store.record_move(session, row, then, cause=cause, why=written(why), now=now)
    row.why = written(why)
    if then not in rules.OPEN:
        row.look_at = None
    listening.payment_moved(session, row.id, then, now)


def seen_of(row: PaymentRow) -> Seen:
    """A payment as it was last seen."""
    return Seen(
        provider_ref=row.provider_ref or "", state=PaymentState(row.state), amount=Money(row.cents),
        live=bool(row.live), order_id=row.order_id, key=row.key, action=row.action, why=told(row.why),
    )  # fmt: skip


def _learn_names(session: Session, row: PaymentRow, seen: Seen) -> None:
    if row.provider_ref is None or seen.provider_ref.startswith("cs_"):
        row.provider_ref = seen.provider_ref
    store.name(session, row.provider, (seen.provider_ref, *seen.refs), row.id)


def _mismatched(session: Session, row: PaymentRow, seen: Seen, bad: Decision, now: datetime) -> PaymentState:
    accepted = PaymentState(row.state) in rules.RECEIVED
    # A payment accepted before whose object was changed since: a person looks, its ticket is out already.
    seen = replace(seen, provider_ref=row.provider_ref or seen.provider_ref)  # the same money, under one name
    set_aside(session, row.provider, seen, bad, payment=row.id, refund_at=None if accepted else now, now=now)
    if not accepted:
        row.quarantined = True
        if PaymentState(row.state) in rules.OPEN:
            move(session, row, PaymentState.FAILED, cause="mismatch", why=bad, now=now)
    return PaymentState(row.state)


def _follow_disputes(session: Session, row: PaymentRow, seen: Seen, now: datetime) -> list[tuple[str, DisputeState]]:
    """Disputes as they stand at the provider; which began or ended since the last look."""
    news = []
    for each in seen.disputes:
        fresh = {
            "provider": row.provider, "ref": each.ref, "payment": row.id, "cents": each.amount.cents,
            "reason": each.reason, "state": str(DisputeState.OPEN), "opened_at": now, "due_at": each.due_at,
        }  # fmt: skip
        if insert_new(session, DisputeRow, fresh, ["provider", "ref"]):
            news.append((each.ref, DisputeState.OPEN))
        known = session.get_one(DisputeRow, (row.provider, each.ref))
        known.due_at = each.due_at or known.due_at
        if known.state == DisputeState.OPEN and each.state is not DisputeState.OPEN:
            known.state, known.ended_at = str(each.state), now
            news.append((each.ref, each.state))
    session.flush()
    return news


def _note_outside(session: Session, row: PaymentRow, seen: Seen, now: datetime) -> None:
    """A refund made at the provider, by a person there: recorded, so that the same money is not given back twice."""
    known = {
        each.id: (RefundState(each.state), Money(each.cents))
        for each in store.refunds_of(session, row.id)
        if each.provider_ref is not None or each.called_at is not None or each.outside
    }
    extra = rules.outside(seen, known)
    if extra <= ZERO:
        return
    refund = RefundRow(
        id=new_id(now), payment=row.id, key=f"outside:{row.id}:{seen.refunded.cents}", cents=extra.cents,
        reason="outside", outside=True, state=str(RefundState.SUCCEEDED), created_at=now, moved_at=now,
    )  # fmt: skip
    session.add(refund)
    session.flush()
    listening.refund_moved(session, refund.id, now)


def look(services: "Services", payment_id: str, now: datetime) -> None:
    """What is done with a payment whose time to be looked at has come. Raises nothing that another try may cure."""
    try:
        with transaction(services.engine) as session:
            row = store.get_payment(session, payment_id, lock=True)
            if row.called_at is None and PaymentState(row.state) is PaymentState.CREATED:
                move(session, row, PaymentState.CANCELED, cause="unasked", why=None, now=now)
                return
            row.look_at = now + rules.next_look(row.looks)
            row.looks += 1
            wake(session, row.look_at, now)
        refresh(services, payment_id, now, cause="sweep")
    except (Upstream, InvalidInput):
        return  # it is looked at again, later
    except MobigoError as failure:
        with transaction(services.engine) as session:
            row = store.get_payment(session, payment_id, lock=True)
            row.why = written(failure.decision)
