"""What an offer takes off a price. Offers never add up: one an order, the one that takes off most."""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction

from billettique.model.promotions import Line, Promotion, Reduced
from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money, from_exact_cents


def reduction(promotion: Promotion, line: Line) -> Money:
    """What the offer takes off one line: zero out of its scope, never more than the price. A percentage is rounded
    once, half up, on what remains to be paid."""
    if promotion.networks is not None and not (line.networks and line.networks <= promotion.networks):
        return ZERO
    if promotion.products is not None and line.product not in promotion.products:
        return ZERO
    if promotion.riders is not None and not set(line.riders) <= promotion.riders:
        return ZERO
    price = line.price.cents
    if promotion.pct is not None:
        return line.price - from_exact_cents(Fraction(price * (100 - promotion.pct), 100))
    if promotion.off_cents is not None:
        return Money(min(price, promotion.off_cents))
    return Money(max(0, price - (promotion.flat_cents or 0)))


def reduced(promotion: Promotion, lines: Sequence[Line]) -> Reduced:
    """The offer on every line."""
    return Reduced(promotion, tuple(reduction(promotion, line) for line in lines))


def refusal(
    promotion: Promotion, day: date, spent: Money, used: int, wanted: Money, used_by_person: int
) -> Decision | None:
    """Why an offer does not apply to an order of a day: its dates, its limits, its budget, in that order.

    A budget that does not cover the whole reduction covers none of it: nobody gets a part of an offer.
    """
    if day not in promotion.period:
        return Decision("billettique.promotion_not_that_day", name=promotion.name)
    if wanted == ZERO:
        return Decision("billettique.promotion_elsewhere", name=promotion.name)
    if promotion.per_person is not None and used_by_person >= promotion.per_person:
        return Decision("billettique.promotion_used", name=promotion.name, most=promotion.per_person)
    if promotion.uses_max is not None and used >= promotion.uses_max:
        return Decision("billettique.promotion_over", name=promotion.name)
    if spent + wanted > promotion.budget:
        return Decision("billettique.promotion_over", name=promotion.name)
    return None


def best(found: Iterable[Reduced]) -> Reduced | None:
    """The offer that takes off most; of equals, the first by name then id."""
    every = sorted(found, key=lambda each: (-each.total.cents, each.promotion.name, each.promotion.id))
    return every[0] if every and every[0].total > ZERO else None
