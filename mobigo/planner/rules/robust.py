"""How often a change could be made, from how late a vehicle was on days before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

DAYS_MIN: Final = 10  # fewer say nothing


@dataclass(frozen=True, slots=True)
class Held:
    """So many times, of so many days."""

    times: int
    days: int


def held(late_s: Sequence[int | None], spare_s: int) -> Held | None:
    """On how many days the vehicle that brings one there was at most `spare_s` late. `late_s`: of each day, None where
    it did not run. None under ten days: a probability of three days is none."""
    if len(late_s) < DAYS_MIN:
        return None
    return Held(sum(1 for each in late_s if each is not None and each <= spare_s), len(late_s))
