"""What the front by departure, arrival and vehicles leaves out: journeys that are later but cheaper, or walk less.

They are looked for from the instant asked and from the first departures of that front, `STARTS_MAX` in all; within the
slack of `engine.criteria` each search is exact. Arriving by an hour: from half an hour before each of its last
departures, and in time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from mobigo.planner.engine.found import Itinerary
from mobigo.planner.engine.search import Accepts, Searcher
from mobigo.planner.engine.watch import Watch
from mobigo.planner.engine.weighed import Weighed, unbeaten, weighed
from mobigo.planner.model import Query, Reach
from mobigo.planner.rules.choice import WALK_M_LESS
from mobigo.planner.rules.dropped import Dropped, Rule, Sifted
from mobigo.planner.rules.fare_table import FareTable

STARTS_MAX = 3
KEPT_MAX = 3
BEFORE_S = 1800
LATER_MAX = 4  # departures tried to leave as late as a journey allows


@dataclass(frozen=True, slots=True)
class Beside:
    """What is worth a look beside the front, and what was found and is not. `KNOWN`: something of the front is as good
    by arrival and vehicles. `found`: how many there were in all."""

    chosen: tuple[Weighed, ...] = ()
    dropped: tuple[Dropped[Weighed], ...] = ()
    found: int = 0


NOTHING_BESIDE: Final = Beside()


def alternatives(
    searcher: Searcher, table: FareTable | None, query: Query, origin: Reach, destination: Reach, accept: Accepts,
    front: Sequence[Itinerary], watch: Watch | None = None,
) -> Beside:  # fmt: skip
    """Itineraries beside `front` that cost less than each of the quickest, or walk `WALK_M_LESS` less: the
    `KEPT_MAX` best by either, each leaving as late as it can. None without a table, by way of a place or with a vehicle
    of one's own: there, prices are not searched for."""
    if table is None or not front or query.via is not None or query.own is not None:
        return NOTHING_BESIDE
    at_s, limits = int(query.at.timestamp()), query.limits
    departures = sorted({each.depart_s for each in front}, reverse=query.arrive_by)
    starts = [each - BEFORE_S for each in departures] if query.arrive_by else [at_s, *departures]

    starts = list(dict.fromkeys(starts))[:STARTS_MAX]
    # Where a window was searched and held something, it holds all that leaves in it and is beaten by nothing.
    windowed = not query.arrive_by and query.window_s > 0 and min(departures) <= at_s + query.window_s
    last_s = starts[-1] if windowed else None
    behind: list[Itinerary] = []
    if last_s is not None:
        behind = searcher.one(
            origin, destination, last_s, False, limits.vehicles_max, limits.duration_s_max, accept, watch
        )

    def quickest(start_s: int) -> list[tuple[int, int]] | None:
        """(arrival, vehicles) of who leaves then: what the window holds until the last start, and what there is from it
        on. None where neither tells."""
        if last_s is None or start_s > last_s:
            return None
        by_s = start_s + limits.duration_s_max
        leaving = [*behind, *(each for each in front if each.depart_s >= start_s)]
        return unbeaten([(each.arrive_s, len(each.rides)) for each in leaving if each.arrive_s <= by_s])

    def search(start_s: int, by_s: int | None, like: Itinerary | None = None) -> list[Weighed]:
        """What leaves then and arrives by `by_s`; `like`: with no more vehicles and no later than that one does."""
        known = quickest(start_s) if like is None else [(like.arrive_s, len(like.rides))]
        rounds = limits.vehicles_max if like is None else len(like.rides)
        return weighed(
            searcher, table, origin, destination, start_s, rounds, limits.duration_s_max, accept,
            arrive_s_max=by_s, front=known, watch=watch,
        )  # fmt: skip

    found: dict[tuple[int, int, int, int | None], Weighed] = {}
    dropped: list[Dropped[Weighed]] = []
    count = 0
    for start_s in starts:
        each_found = search(start_s, at_s if query.arrive_by else None)
        count += len(each_found)
        gains, without = _worthwhile(each_found)
        dropped += without
        for one in gains:
            leaves_s = _door_s(one.itinerary, origin)
            if not query.arrive_by and query.window_s and leaves_s > at_s + query.window_s:
                dropped.append(Dropped(one, Rule.OUTSIDE))
                continue
            known = found.setdefault(_point(one), one)
            if known is one:
                continue
            if _door_s(known.itinerary, origin) < leaves_s:
                found[_point(one)] = one
                dropped.append(Dropped(known, Rule.SAME_LATER, (one,)))
            else:
                dropped.append(Dropped(one, Rule.SAME_LATER, (known,)))
    cheapest = sorted(found.values(), key=lambda one: (_cents(one), one.walk_m, _point(one)[:2]))[:KEPT_MAX]
    least = sorted(found.values(), key=lambda one: (one.walk_m, _cents(one), _point(one)[:2]))[:KEPT_MAX]
    best = list(dict.fromkeys([*cheapest, *least]))
    dropped += [Dropped(one, Rule.ENOUGH, tuple(best)) for one in found.values() if one not in best]
    chosen: dict[Itinerary, Weighed] = {}
    for one in best:
        later = _latest(one, origin, lambda start_s, like: search(start_s, like.arrive_s, like))
        if later is not one:
            count += 1
            dropped.append(Dropped(one, Rule.SAME_LATER, (later,)))
        same = chosen.setdefault(later.itinerary, later)
        if same is not later:
            dropped.append(Dropped(later, Rule.SAME_LATER, (same,)))
    return Beside(tuple(chosen.values()), tuple(dropped), count)


def _worthwhile(found: Sequence[Weighed]) -> Sifted[Weighed]:
    """Of what one search found, what is beside its front by arrival and vehicles and beats all of it by price or by
    walking."""
    quickest = [one for one in found if not any(_sooner(other, one) for other in found)]
    dropped = [Dropped(one, Rule.KNOWN) for one in quickest]
    if not quickest:
        return Sifted([], dropped)
    cheapest, least = min(quickest, key=_cents), min(quickest, key=lambda one: one.walk_m)
    kept = []
    for one in found:
        if one in quickest:
            continue
        if _cents(one) < _cents(cheapest) or one.walk_m <= least.walk_m - WALK_M_LESS:
            kept.append(one)
        else:
            dropped.append(Dropped(one, Rule.NO_GAIN, (cheapest,) if cheapest is least else (cheapest, least)))
    return Sifted(kept, dropped)


def _sooner(a: Weighed, b: Weighed) -> bool:
    one, other = (a.itinerary.arrive_s, len(a.itinerary.rides)), (b.itinerary.arrive_s, len(b.itinerary.rides))
    return one != other and one[0] <= other[0] and one[1] <= other[1]


def _cents(one: Weighed) -> float:
    return inf if one.most_cents is None else one.most_cents


def _point(one: Weighed) -> tuple[int, int, int, int | None]:
    return one.itinerary.arrive_s, len(one.itinerary.rides), one.walk_m, one.most_cents


def _latest(one: Weighed, origin: Reach, search: Callable[[int, Itinerary], list[Weighed]]) -> Weighed:
    """The same arrival, vehicles, metres and price, leaving as late as they allow; `search` from an instant for what
    does as well as another."""
    wanted = _point(one)
    for _ in range(LATER_MAX):
        found = search(_door_s(one.itinerary, origin) + 1, one.itinerary)
        later = [each for each in found if _point(each) == wanted]
        if not later:
            break
        one = later[0]
    return one


def _door_s(itinerary: Itinerary, origin: Reach) -> int:
    """When one leaves the door, for the first vehicle."""
    first = itinerary.rides[0]
    row = int(origin.node.searchsorted(first.board_node))
    return first.depart_s - int(origin.time_s[row])
