"""Lengths and rates as parameters of a decision: exact, made of whole numbers, said by the catalogues."""

from functools import lru_cache

from mobigo.base.decisions import Decision
from mobigo.base.money import Money


@lru_cache(maxsize=8_192)
def length(distance_m: int) -> Decision:
    """ "80 km", "12,349 km": every metre said, no idle zero."""
    whole, part = divmod(distance_m, 1_000)
    if not part:
        return Decision("covoit.words_km", km=whole)
    return Decision("covoit.words_km_and_part", km=whole, part=f"{part:03d}".rstrip("0"))


@lru_cache(maxsize=256)
def euros(mills: int) -> Money | Decision:
    """An amount in thousandths of a euro: "0,10 €" when it is whole cents, else "0,529 €"."""
    if mills % 10 == 0:
        return Money(mills // 10)
    return Decision("covoit.words_euros", euros=mills // 1_000, part=f"{mills % 1_000:03d}")


@lru_cache(maxsize=256)
def rate(rate_cents: int, unit_m: int) -> Money | Decision:
    """A rate for each kilometre, exact when it is a whole number of thousandths; else said with its own unit."""
    mills, rest = divmod(rate_cents * 10 * 1_000, unit_m)
    if rest:
        return Decision("covoit.words_rate", rate=Money(rate_cents), unit=length(unit_m))
    return euros(mills)
