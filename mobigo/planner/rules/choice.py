"""Which journeys are worth showing, in what order, and why each is kept. Pure comparisons of journeys."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from math import inf

from mobigo.base.decisions import Decision
from mobigo.base.money import Money
from mobigo.planner.model import Journey, Price, Ride

ENDLESS_S = 2 * 3600
WALK_M_LESS = 200  # on foot: fewer are no reason to be on the way for longer


def useful(journeys: Iterable[Journey]) -> list[Journey]:
    """Those that no other beats: leaves no earlier, arrives no later, with no more vehicles, and is better in one of
    them; of equals the one with fewer metres on foot, then the first in a fixed order."""
    best: dict[tuple[datetime, datetime, int], Journey] = {}
    for journey in sorted(journeys, key=_fixed):
        best.setdefault((journey.depart_at, journey.arrive_at, len(journey.rides)), journey)
    return [
        journey
        for own, journey in best.items()
        if not any(other[0] >= own[0] and other[1] <= own[1] and other[2] <= own[2] and other != own for other in best)
    ]


def sensible(journeys: Sequence[Journey]) -> list[Journey]:
    """Without those that last more than twice as long, and two hours more, as another with no more vehicles: nobody
    sits out a night in a station to be there a quarter of an hour sooner."""

    least_s: dict[int, float] = {}  # of those with that many vehicles
    for journey in journeys:
        count = len(journey.rides)
        least_s[count] = min(_lasts_s(journey), least_s.get(count, inf))
    return [
        journey
        for journey in journeys
        if _lasts_s(journey)
        <= 2 * min(lasts_s for count, lasts_s in least_s.items() if count <= len(journey.rides)) + ENDLESS_S
    ]


def _lasts_s(journey: Journey) -> float:
    return (journey.arrive_at - journey.depart_at).total_seconds()


def ordered(journeys: Iterable[Journey], arrive_by: bool) -> list[Journey]:
    """Leaving after: by departure, then arrival. Arriving by: the latest departure first."""
    if arrive_by:
        return sorted(journeys, key=lambda j: (-j.depart_at.timestamp(), j.arrive_at, _fixed(j)))
    return sorted(journeys, key=lambda j: (j.depart_at, j.arrive_at, _fixed(j)))


def with_worthwhile(
    journeys: Sequence[Journey], beside: Sequence[Journey], prices: Sequence[Price | None], arrive_by: bool
) -> tuple[list[Journey], list[Price | None]]:
    """The journeys, and of those `beside` them what is worth its time: each costs less than every one of `journeys`, or
    walks `WALK_M_LESS` less, and none of all is as good by departure, arrival, vehicles, metres on foot and price. In
    order, with their prices (`prices` are those of `journeys`, then of `beside`). An unknown price is no reason to keep
    one, and beats none."""
    known = list(zip(journeys, prices, strict=False))
    more = list(zip(beside, prices[len(journeys) :], strict=True))
    if journeys:
        cents = min(_cents(journey, price) for journey, price in known)
        walk_m = min(journey.walk_m for journey in journeys)
        more = [each for each in more if _cents(*each) < cents or each[0].walk_m <= walk_m - WALK_M_LESS]
    kept = list(known)
    for each in sorted(more, key=lambda one: (_cents(*one), _fixed(one[0]))):
        if not any(_as_good(other, each) for other in kept):
            kept = [*(other for other in kept if other in known or not _as_good(each, other)), each]
    sensible_ones = set(map(id, sensible([journey for journey, _ in kept])))
    kept = [each for each in kept if each in known or id(each[0]) in sensible_ones]
    order = {id(journey): at for at, journey in enumerate(ordered([journey for journey, _ in kept], arrive_by))}
    kept.sort(key=lambda one: order[id(one[0])])
    return [journey for journey, _ in kept], [price for _, price in kept]


def _cents(journey: Journey, price: Price | None) -> float:
    """What is paid; infinite where it is unknown."""
    if price is None:
        return inf if journey.rides else 0
    return inf if price.total is None else price.total.cents


def _as_good(a: tuple[Journey, Price | None], b: tuple[Journey, Price | None]) -> bool:
    one, other = a[0], b[0]
    return (
        one.depart_at >= other.depart_at
        and one.arrive_at <= other.arrive_at
        and len(one.rides) <= len(other.rides)
        and one.walk_m <= other.walk_m
        and _cents(*a) <= _cents(*b)
    )


def explained(journeys: Sequence[Journey], prices: Sequence[Price | None] = ()) -> tuple[Journey, ...]:
    """Each with the reasons why it is kept among the others; alone, a journey needs none."""
    if len(journeys) < 2:
        return tuple(journeys)
    cents = [_cents(*each) for each in zip(journeys, prices or [None] * len(journeys), strict=True)]
    reasons: list[list[Decision]] = [[] for _ in journeys]

    def mark(code: str, values: Sequence[float]) -> None:
        least = min(values)
        if max(values) > least:
            first = values.index(least)
            if sum(value == least for value in values) < len(values):
                reasons[first].append(Decision(code))

    mark("planner.why_arrives_first", [journey.arrive_at.timestamp() for journey in journeys])
    mark("planner.why_fastest", [(journey.arrive_at - journey.depart_at).total_seconds() for journey in journeys])
    mark("planner.why_fewest_changes", [journey.change_count for journey in journeys])
    mark("planner.why_least_walking", [journey.walk_m for journey in journeys])
    mark("planner.why_leaves_last", [-journey.depart_at.timestamp() for journey in journeys])
    _for_less(journeys, cents, reasons)
    for why in reasons:
        if not why:
            why.append(Decision("planner.why_other_hour"))
    return tuple(replace(journey, why=tuple(why[:2])) for journey, why in zip(journeys, reasons, strict=True))


def _for_less(journeys: Sequence[Journey], cents: Sequence[float], reasons: Sequence[list[Decision]]) -> None:
    """Put first, for each of the cheapest: what it spares beside the quickest of those that cost more, and for how many
    minutes."""
    least = min(cents)
    dearer = [at for at, each in enumerate(cents) if least < each < inf]
    if not dearer:
        return
    quickest = min(dearer, key=lambda at: (_lasts_s(journeys[at]), at))
    for at, each in enumerate(cents):
        if each == least:
            spared, longer_s = (
                Money(int(cents[quickest] - least)),
                _lasts_s(journeys[at]) - _lasts_s(journeys[quickest]),
            )
            if longer_s >= 60:
                said = Decision("planner.why_cheaper_but_longer", spared=spared, minutes=round(longer_s / 60))
            else:
                said = Decision("planner.why_cheapest", spared=spared)
            reasons[at].insert(0, said)


def _fixed(journey: Journey) -> tuple[object, ...]:
    """An order that depends on nothing but the journey."""
    legs = tuple(
        (leg.trips[0][0], leg.depart_at.timestamp()) if isinstance(leg, Ride) else (-1, leg.depart_at.timestamp())
        for leg in journey.legs
    )
    return journey.walk_m, len(journey.legs), legs
