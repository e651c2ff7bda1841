"""The legal ceiling of an aid to a driver (code des transports R3132-3 and D3132-5), as pure arithmetic."""

from typing import Final

from covoit.model.scale import Ceiling
from mobigo.base.money import Money

# Thousandths of a euro for each km × metres, in a cent: 10 thousandths × 1,000 metres.
MILLS_M_PER_CENT: Final = 10_000


def costs_of(distance_m: int, ceiling: Ceiling) -> Money:
    """What a trip of this length costs its driver: whole cents, rounded down so that the aid never exceeds it."""
    return Money(distance_m * ceiling.rate_mills_per_km // MILLS_M_PER_CENT)


def is_exempt(distance_m: int, rank_of_day: int, ceiling: Ceiling) -> bool:
    """Whether the aid may exceed the costs: a short trip among the driver's first of the day."""
    return distance_m < ceiling.short_below_m and rank_of_day <= ceiling.short_trips_per_day


def limit_of(distance_m: int, rank_of_day: int, ceiling: Ceiling) -> Money | None:
    """The most that may be paid for a trip; None where the law sets no limit."""
    return None if is_exempt(distance_m, rank_of_day, ceiling) else costs_of(distance_m, ceiling)
