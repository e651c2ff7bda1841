"""What makes a payment move: its key, which state may follow which, and what makes an answer suspect.

A payment only goes forward, whatever the order in which its provider speaks. Money received is a fact: it is never
hidden by an earlier refusal, so SUCCEEDED follows every state in which nothing was known to be received.
"""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Final

from billettique.model.payments import DisputeState, PaymentState, RefundState, Seen
from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money

CURRENCY: Final = "eur"
# How long a provider remembers a key (Stripe: a day); less, so that a clock a little off does no harm.
KEY_LIFE: Final = timedelta(hours=23)
# How long after a call nothing is known is it looked into: an answer on its way has arrived by then.
FIRST_LOOK: Final = timedelta(seconds=30)
LONGEST_LOOK: Final = timedelta(hours=12)
# How many signs of a key are enough to name it: what the shortest reference of a provider holds.
KEY_SIGNS: Final = 30
# Nothing known so long after a call, and nothing found under its key: it was not made.
SILENCE: Final = timedelta(hours=1)
# How long a person has to keep money of ours that no payment here knows (after a restore), before it goes back.
UNKNOWN_KEPT: Final = timedelta(hours=24)
# What a provider gives back by a call; the rest is cash over a counter, or a request to the accountant.
BY_CALL: Final = frozenset({"card", "sepa_debit"})
# Refusals after which nothing is owed: the money went back another way.
GONE_BACK: Final = frozenset({"charge_already_refunded", "amount_too_large", "charge_disputed"})
# A payer who was sent to a form that says nothing until it is filled, and did not fill it.
ABANDONED: Final = timedelta(hours=24)
# A payment begun and never asked of its provider is given up.
UNASKED: Final = timedelta(minutes=30)

_S = PaymentState
FOLLOWS: Final[Mapping[PaymentState, frozenset[PaymentState]]] = {
    _S.CREATED: frozenset({_S.REQUIRES_ACTION, _S.PROCESSING, _S.SUCCEEDED, _S.FAILED, _S.CANCELED}),
    _S.REQUIRES_ACTION: frozenset({_S.PROCESSING, _S.SUCCEEDED, _S.FAILED, _S.CANCELED}),
    _S.PROCESSING: frozenset({_S.SUCCEEDED, _S.FAILED, _S.CANCELED}),
    _S.FAILED: frozenset({_S.SUCCEEDED}),  # late money: whoever listens serves it or gives it back
    _S.CANCELED: frozenset({_S.SUCCEEDED}),
    _S.SUCCEEDED: frozenset({_S.DISPUTED}),
    _S.DISPUTED: frozenset({_S.SUCCEEDED}),  # the dispute was won
}
OPEN: Final = frozenset({_S.CREATED, _S.REQUIRES_ACTION, _S.PROCESSING})
RECEIVED: Final = frozenset({_S.SUCCEEDED, _S.DISPUTED})

_R = RefundState
REFUND_FOLLOWS: Final[Mapping[RefundState, frozenset[RefundState]]] = {
    _R.CREATED: frozenset({_R.PROCESSING, _R.SUCCEEDED, _R.FAILED, _R.MANDATE}),
    _R.PROCESSING: frozenset({_R.SUCCEEDED, _R.FAILED}),
    _R.SUCCEEDED: frozenset({_R.FAILED}),  # a bank may send a refund back days later
    _R.FAILED: frozenset({_R.MANDATE}),  # what no card takes back is paid by mandate
    _R.MANDATE: frozenset({_R.SUCCEEDED}),
}


def payment_key(order_id: str, attempt: int, purpose: str, amount: Money) -> str:
    """The key of one attempt: the same four, the same payment for ever (64 hexadecimal signs)."""
    return sha256(f"{order_id}\n{attempt}\n{purpose}\n{amount.cents}".encode()).hexdigest()


def may_follow(now: PaymentState, then: PaymentState) -> bool:
    """Whether a payment may go from one state to the other."""
    return then in FOLLOWS[now]


def state_of(seen: Seen, over: frozenset[str]) -> PaymentState:
    """The state an answer speaks of: DISPUTED while a dispute is open or lost. `over` names the disputes already known
    to be won: an answer read before that, and applied after, does not open them again."""
    if seen.state not in RECEIVED:
        return seen.state
    held = [each for each in seen.disputes if each.state is not DisputeState.WON and each.ref not in over]
    return PaymentState.DISPUTED if held else PaymentState.SUCCEEDED


def mismatch(seen: Seen, *, order_id: str, key: str, amount: Money, live: bool) -> Decision | None:
    """What makes an answer one that must never become a ticket, None for one that is as asked."""
    if seen.live != live:
        return Decision("payments.mismatch_live")
    if seen.currency != CURRENCY:
        return Decision("payments.mismatch_currency", currency=seen.currency)
    if seen.amount != amount:
        return Decision("payments.mismatch_amount", asked=amount, seen=seen.amount)
    if seen.order_id != order_id or not same_key(key, seen.key):
        return Decision("payments.mismatch_order")
    return None


def same_key(key: str, told: str | None) -> bool:
    """Whether a provider names this key; some keep no more than its first signs."""
    return told is not None and len(told) >= KEY_SIGNS and key.startswith(told)


def refundable(captured: Money, refunds: Mapping[str, tuple[RefundState, Money]]) -> Money:
    """What may still be given back: what was received less every refund that did not fail."""
    asked = sum((amount.cents for state, amount in refunds.values() if state is not RefundState.FAILED), start=0)
    return max(ZERO, captured - Money(asked))


def outside(seen: Seen, refunds: Mapping[str, tuple[RefundState, Money]]) -> Money:
    """What the provider gave back that nobody here asked for."""
    here = (RefundState.CREATED, RefundState.PROCESSING, RefundState.SUCCEEDED)
    asked = sum((amount.cents for state, amount in refunds.values() if state in here), start=0)
    return max(ZERO, seen.refunded - Money(asked))


def next_look(looks: int) -> timedelta:
    """How long to wait before an open payment is looked at for the nth time: 30 s, 1 min, 2 min … 12 h."""
    return min(FIRST_LOOK * (1 << min(looks, 16)), LONGEST_LOOK)
