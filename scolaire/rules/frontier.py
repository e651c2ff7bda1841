"""A short list instead of one answer: plans of which none is better than another in everything."""

from collections.abc import Sequence
from typing import NamedTuple

from scolaire.model.day import Kpis

MOST = 6


class Offer(NamedTuple):
    """A plan as those who choose see it; less is better in every figure. `changed`: pupils with another stop or hour
    than today (0 where there is no today). `unsure_pm`: morning services in a thousand that miss the bell."""

    name: str
    left: int
    buses: int
    week_cents: int
    ride_p95_s: int
    walk_p95_m: int
    changed: int
    unsure_pm: int

    @property
    def figures(self) -> tuple[int, ...]:
        return tuple(self[1:])


def offer(name: str, figures: Kpis, *, changed: int, punctual: float) -> Offer:
    """What a plan offers. `punctual`: the share of morning services before the bell, under delays."""
    return Offer(
        name, figures.left, figures.buses, figures.week_cents, figures.ride_p95_s, figures.walk_p95_m, changed,
        round(1000 * (1 - punctual)),
    )  # fmt: skip


def frontier(offers: Sequence[Offer]) -> list[Offer]:
    """Those that no other one beats: as good in every figure and better in one. Of equals the first. Nobody is left for
    the sake of a cheaper plan: only those that carry most stay. At most `MOST`, fewest buses first, then cheapest."""
    carried = min((each.left for each in offers), default=0)
    able = [each for each in offers if each.left == carried]
    kept = [
        each
        for n, each in enumerate(able)
        if not any(beats(other, each) for other in able) and each.figures not in {o.figures for o in able[:n]}
    ]
    return sorted(kept, key=lambda each: (each.buses, each.week_cents, each.name))[:MOST]


def beats(one: Offer, other: Offer) -> bool:
    """Whether one is as good in every figure, and better in one."""
    pairs = list(zip(one.figures, other.figures, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)
