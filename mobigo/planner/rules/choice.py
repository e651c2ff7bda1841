"""Which journeys are worth showing, in what order, and why each is kept. Pure comparisons of journeys."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from math import inf
from typing import NamedTuple

from mobigo.base.decisions import Decision
from mobigo.base.money import Money
from mobigo.planner.model import Journey, Price, Ride
from mobigo.planner.rules.dropped import Dropped, Rule, Sifted

ENDLESS_S = 2 * 3600
WALK_M_LESS = 200  # on foot: fewer are no reason to be on the way for longer

_Point = tuple[datetime, datetime, int]  # departure, arrival, vehicles


def useful(journeys: Iterable[Journey]) -> Sifted[Journey]:
    """Those that no other beats: leaves no earlier, arrives no later, with no more vehicles, and is better in one of
    them; of equals the one with fewer metres on foot, then the first in a fixed order."""
    best: dict[_Point, Journey] = {}
    dropped = []
    for journey in sorted(journeys, key=_fixed):
        first = best.setdefault((journey.depart_at, journey.arrive_at, len(journey.rides)), journey)
        if first is not journey:
            dropped.append(Dropped(journey, Rule.TWIN, (first,)))
    kept = [each for each in best.items() if not any(_beats(other, each[0]) for other in best)]
    if len(kept) < len(best):
        standing = dict(kept)
        for point, journey in best.items():
            if point not in standing:
                better = next(other for at, other in kept if _beats(at, point))
                dropped.append(Dropped(journey, Rule.BEATEN, (better,)))
    return Sifted([journey for _, journey in kept], dropped)


def _beats(a: _Point, b: _Point) -> bool:
    return a != b and a[0] >= b[0] and a[1] <= b[1] and a[2] <= b[2]


def sensible(journeys: Sequence[Journey]) -> Sifted[Journey]:
    """Without those that last more than twice as long, and two hours more, as another with no more vehicles: nobody
    sits out a night in a station to be there a quarter of an hour sooner."""
    least: dict[int, Journey] = {}  # of those with that many vehicles
    for journey in journeys:
        count = len(journey.rides)
        if count not in least or _lasts_s(journey) < _lasts_s(least[count]):
            least[count] = journey
    kept, dropped = [], []
    for journey in journeys:
        quicker = min((each for count, each in least.items() if count <= len(journey.rides)), key=_lasts_s)
        if _lasts_s(journey) <= 2 * _lasts_s(quicker) + ENDLESS_S:
            kept.append(journey)
        else:
            dropped.append(Dropped(journey, Rule.TOO_LONG, (quicker,)))
    return Sifted(kept, dropped)


def _lasts_s(journey: Journey) -> float:
    return (journey.arrive_at - journey.depart_at).total_seconds()


def ordered(journeys: Iterable[Journey], arrive_by: bool) -> list[Journey]:
    """Leaving after: by departure, then arrival. Arriving by: the latest departure first."""
    if arrive_by:
        return sorted(journeys, key=lambda j: (-j.depart_at.timestamp(), j.arrive_at, _fixed(j)))
    return sorted(journeys, key=lambda j: (j.depart_at, j.arrive_at, _fixed(j)))


class Worthwhile(NamedTuple):
    """The journeys of an answer with their prices, and what was left out of those beside them."""

    journeys: list[Journey]
    prices: list[Price | None]
    dropped: list[Dropped[Journey]]


def with_worthwhile(
    journeys: Sequence[Journey], beside: Sequence[Journey], prices: Sequence[Price | None], arrive_by: bool
) -> Worthwhile:
    """The journeys, and of those `beside` them what is worth its time: each costs less than every one of `journeys`, or
    walks `WALK_M_LESS` less, and none of all is as good by departure, arrival, vehicles, metres on foot and price. In
    order, with their prices (`prices` are those of `journeys`, then of `beside`). An unknown price is no reason to keep
    one, and beats none."""
    known = list(zip(journeys, prices, strict=False))
    more = list(zip(beside, prices[len(journeys) :], strict=True))
    dropped: list[Dropped[Journey]] = []
    if journeys:
        cheapest, least = min(known, key=lambda each: _cents(*each)), min(journeys, key=lambda each: each.walk_m)
        for each in more:
            if _cents(*each) >= _cents(*cheapest) and each[0].walk_m > least.walk_m - WALK_M_LESS:
                against = (cheapest[0],) if cheapest[0] is least else (cheapest[0], least)
                dropped.append(Dropped(each[0], Rule.NOT_WORTH, against))
        without = {id(each.what) for each in dropped}
        more = [each for each in more if id(each[0]) not in without]
    kept = list(known)
    for each in sorted(more, key=lambda one: (_cents(*one), _fixed(one[0]))):
        better = next((other for other in kept if _as_good(other, each)), None)
        if better is not None:
            dropped.append(Dropped(each[0], Rule.AS_GOOD, (better[0],)))
            continue
        beaten = [other for other in kept if other not in known and _as_good(each, other)]
        dropped += [Dropped(other[0], Rule.AS_GOOD, (each[0],)) for other in beaten]
        kept = [*(other for other in kept if other not in beaten), each]
    too_long = {id(each.what): each for each in sensible([journey for journey, _ in kept]).dropped}
    ours = {id(journey) for journey in journeys}
    dropped += [each for at, each in too_long.items() if at not in ours]
    kept = [each for each in kept if id(each[0]) in ours or id(each[0]) not in too_long]
    order = {id(journey): at for at, journey in enumerate(ordered([journey for journey, _ in kept], arrive_by))}
    kept.sort(key=lambda one: order[id(one[0])])
    return Worthwhile([journey for journey, _ in kept], [price for _, price in kept], dropped)


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
