"""A provider's account against ours: what explains a line, what a payout has to be, what is missing there. Pure.

gross − fees − refunds − disputes = payout, to the cent, each line explained by something of ours. Whatever is not
explained is said with both figures, and nothing is ever rounded to fit.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from billettique.model.payments import BalanceLine, DisputeState
from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money


@dataclass(frozen=True, slots=True)
class Ours:
    """What we know, by the provider's names. `payments`: (our id, received). `refunds`: (our id, amount), `outside`:
    the amounts of refunds made there, by payment. `disputes`: (amount, state). `aside`: what was set aside, and given
    back from there."""

    payments: dict[str, tuple[str, Money]] = field(default_factory=dict)
    refunds: dict[str, tuple[str, Money]] = field(default_factory=dict)
    outside: dict[str, list[tuple[str, Money]]] = field(default_factory=dict)
    disputes: dict[str, tuple[Money, DisputeState]] = field(default_factory=dict)
    aside: dict[str, Money] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Explained:
    """What a line is: `by` names the kind (payment, refund, dispute, fee, payout, quarantine), `id` is ours."""

    by: str
    id: str


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout and what it is made of. `difference` is what no line explains: ZERO, or a fault."""

    ref: str
    gross: Money
    fees: Money
    refunds: Money
    disputes: Money
    other: Money
    paid: Money

    @property
    def difference(self) -> Money:
        return self.gross - self.fees - self.refunds - self.disputes + self.other - self.paid


def explain(line: BalanceLine, ours: Ours) -> Explained | Decision:
    """What explains a line that is not a payout, or why nothing does."""
    found: Explained | Decision
    if line.category == "charge":
        found = _charge(line, ours)
    elif line.category == "refund":
        found = _refund(line, ours)
    elif line.category == "dispute":
        found = _dispute(line, ours)
    elif line.category == "fee":
        found = Explained("fee", line.object_ref)
    else:
        found = Decision("payments.line_unknown", category=line.category, amount=line.amount)
    return found


def _charge(line: BalanceLine, ours: Ours) -> Explained | Decision:
    known = ours.payments.get(line.object_ref)
    if known is not None:
        return _same(known[1], line.amount) or Explained("payment", known[0])
    aside = ours.aside.get(line.object_ref)
    if aside is not None:
        return _same(aside, line.amount) or Explained("quarantine", line.object_ref)
    return Decision("payments.line_no_payment", amount=line.amount)


def _refund(line: BalanceLine, ours: Ours) -> Explained | Decision:
    known = ours.refunds.get(line.object_ref)
    if known is not None:  # its failure brings it back: the same amount, the other way
        return _same(known[1], abs_of(line.amount)) or Explained("refund", known[0])
    for refund, amount in ours.outside.get(line.payment_ref, []):
        if amount == abs_of(line.amount):
            return Explained("refund", refund)
    return Decision("payments.line_no_refund", amount=line.amount)


def _dispute(line: BalanceLine, ours: Ours) -> Explained | Decision:
    known = ours.disputes.get(line.object_ref)
    if known is None:
        return Decision("payments.line_no_dispute", amount=line.amount)
    amount, state = known
    if line.amount > ZERO and state is not DisputeState.WON:
        return Decision("payments.line_not_won", amount=line.amount)
    return _same(amount, abs_of(line.amount)) or Explained("dispute", line.object_ref)


def _same(expected: Money, seen: Money) -> Decision | None:
    if expected == seen:
        return None
    return Decision("payments.line_differs", expected=expected, seen=seen, difference=seen - expected)


def abs_of(amount: Money) -> Money:
    """An amount without its sign."""
    return Money(abs(amount.cents))


def payout_of(ref: str, lines: Iterable[BalanceLine]) -> Payout:
    """The sums of a payout: what it holds by kind (each as people count it, positive), and what was paid."""
    sums = dict.fromkeys(("charge", "refund", "dispute", "fee", "adjustment", "payout"), 0)
    fees = 0
    for line in lines:
        sums[line.category] += line.amount.cents
        fees += line.fee.cents
    return Payout(
        ref,
        gross=Money(sums["charge"]),
        fees=Money(fees - sums["fee"]),
        refunds=Money(-sums["refund"]),
        disputes=Money(-sums["dispute"]),
        other=Money(sums["adjustment"]),
        paid=Money(-sums["payout"]),
    )
