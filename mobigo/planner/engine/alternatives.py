"""What the front by departure, arrival and vehicles leaves out: journeys that are later but cheaper, or walk less.

They are looked for from the instant asked and from the first departures of that front, `STARTS_MAX` in all; within the
slack of `engine.criteria` each search is exact. Arriving by an hour: from half an hour before each of its last
departures, and in time.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf

from mobigo.planner.engine.found import Itinerary
from mobigo.planner.engine.journeys import journey_of
from mobigo.planner.engine.search import Accepts, Searcher
from mobigo.planner.engine.weighed import Weighed, weighed
from mobigo.planner.model import Journey, Query, Reach
from mobigo.planner.rules.choice import WALK_M_LESS
from mobigo.planner.rules.fare_table import FareTable
from mobigo.planner.rules.own import walker

STARTS_MAX = 3
KEPT_MAX = 3
BEFORE_S = 1800
LATER_MAX = 4  # departures tried to leave as late as a journey allows


def journeys_beside(
    searcher: Searcher, table: FareTable | None, query: Query, origin: Reach, destination: Reach, accept: Accepts,
    front: Sequence[Itinerary],
) -> list[Journey]:  # fmt: skip
    """`alternatives` as journeys, walked at the query's pace; none without a table."""
    if table is None:
        return []
    speed_m_s = walker(replace(query.limits, wheelchair=False)).speed_m_s
    return [
        journey_of(searcher.timetable, each, origin, destination, speed_m_s)
        for each in alternatives(searcher, table, query, origin, destination, accept, front)
    ]


def alternatives(
    searcher: Searcher, table: FareTable, query: Query, origin: Reach, destination: Reach, accept: Accepts,
    front: Sequence[Itinerary],
) -> list[Itinerary]:  # fmt: skip
    """Itineraries beside `front` that cost less than each of the quickest, or walk `WALK_M_LESS` less: the
    `KEPT_MAX` best by either, each leaving as late as it can. None by way of a place or with a vehicle of one's own:
    there, prices are not searched for."""
    if not front or query.via is not None or query.own is not None:
        return []
    at_s, limits = int(query.at.timestamp()), query.limits
    departures = sorted({each.depart_s for each in front}, reverse=query.arrive_by)
    starts = [each - BEFORE_S for each in departures] if query.arrive_by else [at_s, *departures]

    def search(start_s: int, by_s: int | None) -> list[Weighed]:
        return weighed(
            searcher, table, origin, destination, start_s, limits.vehicles_max, limits.duration_s_max, accept,
            arrive_s_max=by_s,
        )  # fmt: skip

    found: dict[tuple[int, int, int, int | None], Weighed] = {}
    for start_s in list(dict.fromkeys(starts))[:STARTS_MAX]:
        for one in _worthwhile(search(start_s, at_s if query.arrive_by else None)):
            leaves_s = _door_s(one.itinerary, origin)
            if query.arrive_by or not query.window_s or leaves_s <= at_s + query.window_s:
                known = found.get(_point(one))
                if known is None or _door_s(known.itinerary, origin) < leaves_s:
                    found[_point(one)] = one
    cheapest = sorted(found.values(), key=lambda one: (_cents(one), one.walk_m, _point(one)[:2]))[:KEPT_MAX]
    least = sorted(found.values(), key=lambda one: (one.walk_m, _cents(one), _point(one)[:2]))[:KEPT_MAX]
    return list(dict.fromkeys(_latest(one, origin, search) for one in dict.fromkeys([*cheapest, *least])))


def _worthwhile(found: Sequence[Weighed]) -> list[Weighed]:
    """Of what one search found, what is beside its front by arrival and vehicles and beats all of it by price or by
    walking."""
    quickest = [one for one in found if not any(_sooner(other, one) for other in found)]
    if not quickest:
        return []
    cents, walk_m = min(map(_cents, quickest)), min(one.walk_m for one in quickest) - WALK_M_LESS
    return [one for one in found if one not in quickest and (_cents(one) < cents or one.walk_m <= walk_m)]


def _sooner(a: Weighed, b: Weighed) -> bool:
    one, other = (a.itinerary.arrive_s, len(a.itinerary.rides)), (b.itinerary.arrive_s, len(b.itinerary.rides))
    return one != other and one[0] <= other[0] and one[1] <= other[1]


def _cents(one: Weighed) -> float:
    return inf if one.most_cents is None else one.most_cents


def _point(one: Weighed) -> tuple[int, int, int, int | None]:
    return one.itinerary.arrive_s, len(one.itinerary.rides), one.walk_m, one.most_cents


def _latest(one: Weighed, origin: Reach, search: Callable[[int, int | None], list[Weighed]]) -> Itinerary:
    """The same arrival, vehicles, metres and price, leaving as late as they allow."""
    wanted = _point(one)
    for _ in range(LATER_MAX):
        later = [
            each
            for each in search(_door_s(one.itinerary, origin) + 1, one.itinerary.arrive_s)
            if _point(each) == wanted
        ]
        if not later:
            break
        one = later[0]
    return one.itinerary


def _door_s(itinerary: Itinerary, origin: Reach) -> int:
    """When one leaves the door, for the first vehicle."""
    first = itinerary.rides[0]
    row = int(origin.node.searchsorted(first.board_node))
    return first.depart_s - int(origin.time_s[row])
