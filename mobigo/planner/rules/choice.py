"""Which journeys are worth showing, in what order, and why each is kept. Pure comparisons of journeys."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from math import inf

from mobigo.base.decisions import Decision
from mobigo.planner.model import Journey, Ride

ENDLESS_S = 2 * 3600


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


def explained(journeys: Sequence[Journey]) -> tuple[Journey, ...]:
    """Each with the reasons why it is kept among the others; alone, a journey needs none."""
    if len(journeys) < 2:
        return tuple(journeys)
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
    return tuple(replace(journey, why=tuple(why[:2])) for journey, why in zip(journeys, reasons, strict=True))


def _fixed(journey: Journey) -> tuple[object, ...]:
    """An order that depends on nothing but the journey."""
    legs = tuple(
        (leg.trips[0][0], leg.depart_at.timestamp()) if isinstance(leg, Ride) else (-1, leg.depart_at.timestamp())
        for leg in journey.legs
    )
    return journey.walk_m, len(journey.legs), legs
