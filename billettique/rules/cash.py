"""The rules of a till: what may be taken, how money goes back, what a count means. Pure; the locks are in the store.

What was taken is never spent: money goes back out of the advance that the act allows, or by a request to the accountant
(décret n° 2012-1246, art. 23: receipts and expenses are not netted).
"""

from collections.abc import Mapping

from billettique.model.regie import PIECES, CashKind, Closing, Holding, Regie
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.money import ZERO, Money

CASH = "cash"


def counted(pieces: Mapping[int, int]) -> Money:
    """What notes and coins are worth: {value in cents: how many}.

    Raises InvalidInput("billettique.no_such_piece", "billettique.bad_count").
    """
    for value, count in pieces.items():
        if value not in PIECES:
            raise InvalidInput("billettique.no_such_piece", value=Money(value))
        if not 0 <= count <= 100_000:
            raise InvalidInput("billettique.bad_count", value=Money(value))
    return Money(sum(value * count for value, count in pieces.items()))


def refusal_of_sale(
    regie: Regie, holding: Holding, means: str, amount: Money, kind: CashKind = CashKind.SALE
) -> Decision | None:
    """Why this cannot be paid to this régie in this way; None when it can."""
    if str(kind) not in regie.receipts:
        return Decision("billettique.receipt_not_in_act", act=regie.act)
    if means not in regie.means:
        return Decision("billettique.means_not_in_act", means=means, act=regie.act)
    if means != CASH:
        return None
    if amount > regie.payment_max:
        return Decision("billettique.too_much_cash", amount=amount, most=regie.payment_max)
    if holding.cash + amount > regie.ceiling:
        return Decision("billettique.till_full", held=holding.cash, ceiling=regie.ceiling)
    return None


def refusal_of_cash_back(regie: Regie, holding: Holding, amount: Money) -> Decision | None:
    """Why money paid in cash cannot go back in cash here, so that it becomes a request to the accountant; None when
    the advance of the régie covers it."""
    if regie.advance == ZERO:
        return Decision("billettique.no_advance", act=regie.act)
    if amount > regie.refund_max:
        return Decision("billettique.refund_over_limit", amount=amount, most=regie.refund_max)
    left = regie.advance - holding.advance_used
    if amount > left:
        return Decision("billettique.advance_used_up", left=left)
    return None


def closing(expected: Money, found: Money) -> Closing:
    """What a count says. A difference is written down with its reason and never made up for silently."""
    if found == expected:
        return Closing(expected, found, Decision("billettique.till_even"))
    if found > expected:
        return Closing(expected, found, Decision("billettique.till_over", amount=found - expected))
    return Closing(expected, found, Decision("billettique.till_short", amount=expected - found))
