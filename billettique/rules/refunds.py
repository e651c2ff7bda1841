"""What is given back of an item, by the terms of the day it was bought. Pure: the dates and the use are arguments."""

from datetime import datetime
from fractions import Fraction

from billettique.model.orders import ItemKind
from billettique.model.sales import GivenBack, RefundRule, SaleTerms, Sold, When
from billettique.rules.fares import operating_day
from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money, from_exact_cents


def given_back(sold: Sold, terms: SaleTerms, now: datetime) -> GivenBack | Decision:
    """What the first rule that fits gives back, or why nothing is."""
    reasons = []
    for rule in terms.refunds:
        if sold.kind not in rule.kinds:
            continue
        answer = _by_rule(rule, sold, now)
        if isinstance(answer, GivenBack):
            return answer
        reasons.append(answer)
    return reasons[-1] if reasons else Decision("billettique.refund_never", kind=str(sold.kind))


def _by_rule(rule: RefundRule, sold: Sold, now: datetime) -> GivenBack | Decision:
    match rule.when:
        case When.UNUSED:
            if sold.used_at is not None:
                return Decision("billettique.refund_used", at=sold.used_at)
            if sold.last_at is not None and now > sold.last_at:
                return Decision("billettique.refund_over", at=sold.last_at)
            return _of(rule, sold, sold.price, Decision("billettique.refund_whole"))
        case When.AHEAD:
            if sold.used_at is not None:
                return Decision("billettique.refund_used", at=sold.used_at)
            if sold.first_at is None or now > sold.first_at - rule.ahead:
                minutes = int(rule.ahead.total_seconds() // 60)
                return Decision("billettique.refund_too_late", minutes=minutes)
            return _of(rule, sold, sold.price, Decision("billettique.refund_whole"))
        case When.PRO_RATA:
            return _pro_rata(rule, sold, now)


def _pro_rata(rule: RefundRule, sold: Sold, now: datetime) -> GivenBack | Decision:
    if sold.kind is ItemKind.CARNET:
        units, left = sold.units or 0, sold.units_left or 0
        if sold.last_at is not None and now > sold.last_at:
            return Decision("billettique.refund_over", at=sold.last_at)
        if units == 0 or left == 0:
            return Decision("billettique.refund_nothing_left")
        back = from_exact_cents(Fraction(sold.price.cents * left, units))
        return _of(rule, sold, back, Decision("billettique.refund_tickets_left", left=left, units=units))
    if sold.first_at is None or sold.last_at is None:
        return Decision("billettique.refund_never", kind=str(sold.kind))
    first, last, today = operating_day(sold.first_at), operating_day(sold.last_at), operating_day(now)
    days, left = (last - first).days + 1, (last - today).days
    if left <= 0:
        return Decision("billettique.refund_nothing_left")
    back = from_exact_cents(Fraction(sold.price.cents * min(left, days), days))
    return _of(rule, sold, back, Decision("billettique.refund_days_left", left=min(left, days), days=days))


def _of(rule: RefundRule, sold: Sold, back: Money, reason: Decision) -> GivenBack:
    amount = max(ZERO, back - rule.keep)
    return GivenBack(rule.id, amount, sold.price - amount, reason)
