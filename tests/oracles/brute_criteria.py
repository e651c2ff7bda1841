"""Every journey of a tiny feed, one by one, with what it walks and costs; and those of them that no other beats.

Beside the rules of `tests.oracles.brute_force` (whose graph is walked here without any pruning but the latest arrival):

19. A leg is of the network of its route; of none when its trips, seated, are of several. Its metres are the sum of the
    whole metres from call to call.
20. Legs one after the other of a network that joins, changed in one station, are one leg from the first stop to the
    last.
21. A leg costs the price of its pair of stations, else a flat price, else that of the first band beyond its metres;
    and, at the most, that of the metres multiplied by the winding. A price missing in any of these makes the whole
    unknown.
22. Whoever has paid a leg of a group, or transferred to it, may transfer to the next leg under the rule from the one
    group to the other: within its count of transfers running in one group, and its seconds from the first leg of the
    run (within a group) or the leg before (between two).
23. Legs of the networks of a cap cost the cap together at most.
24. A journey beats another when it arrives no later, with no more vehicles, no more metres on foot, at no higher least
    and no higher most price, and is better in one of them. An unknown price is higher than any.
25. With k vehicles, only arrivals within a slack of the earliest one that k vehicles or fewer can make (of the fewest
    that can, where k is below), and within another of the earliest of all, are looked at; k is at most so many more
    than the most vehicles of the front (arrival, vehicles).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from tests.oracles.brute_force import Ask, Expanded
from tests.oracles.spec import crow_m

Point = tuple[int, int, int, float, float]  # arrival, vehicles, metres, least and most cents


class TooMany(Exception):
    """There are more journeys than can be listed."""


@dataclass(frozen=True)
class Transfer:
    cents: int
    count: int | None = None
    limit_s: int | None = None
    from_arrival: bool = False
    to_arrival: bool = False


@dataclass(frozen=True)
class Tariff:
    """`network` of each route; a route that is missing is of none. `outside`: stops where a network's tariff does not
    hold, so that a leg of it that begins or ends there is of none."""

    network: Mapping[str, str] = field(default_factory=dict)
    flat: Mapping[str, int] = field(default_factory=dict)
    bands: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)  # (until metres, cents)
    winding: Mapping[str, float] = field(default_factory=dict)
    joins: frozenset[str] = frozenset()
    pairs: Mapping[tuple[str, str], int | None] = field(default_factory=dict)  # of stations, both ways given
    pair_network: str = ""
    cap: tuple[frozenset[str], int] | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    transfers: Mapping[tuple[str, str], Transfer] = field(default_factory=dict)
    outside: frozenset[tuple[str, str]] = frozenset()  # (network, stop)


@dataclass(frozen=True)
class Leg:
    network: str | None
    from_stop: str
    to_stop: str
    depart: int
    arrive: int
    metres: int


def prices(tariff: Tariff, legs: Sequence[Leg], station: Mapping[str, str]) -> set[tuple[float, float]]:
    """(least, most) of each way to pay for legs in order; infinite where unknown."""
    if any(leg.network is None for leg in legs):
        return {(inf, inf)}
    whole: list[Leg] = []
    for leg in legs:
        before = whole[-1] if whole else None
        joined = before is not None and before.network == leg.network and leg.network in tariff.joins
        if before is not None and joined and station[before.to_stop] == station[leg.from_stop]:
            whole[-1] = Leg(
                leg.network, before.from_stop, leg.to_stop, before.depart, leg.arrive, before.metres + leg.metres
            )
        else:
            whole.append(leg)
    paid = {_sum(tariff, whole, way, station) for way in _ways(tariff, whole)}
    return {(inf, inf) if most == inf else (least, most) for least, most in paid}


def _ways(tariff: Tariff, legs: Sequence[Leg]) -> Iterator[tuple[int | None, ...]]:
    """Each way to pay: for each leg what a transfer to it costs, or None where a ticket is bought."""

    def after(at: int, way: tuple[int | None, ...], run: tuple[int, int]) -> Iterator[tuple[int | None, ...]]:
        if at == len(legs):
            yield way
            return
        yield from after(at + 1, (*way, None), (0, at))
        groups = [tariff.groups.get(legs[n].network or "") for n in (at - 1, at)] if at else [None, None]
        rule = tariff.transfers.get((groups[0], groups[1])) if None not in groups else None  # type: ignore[arg-type]
        if rule is None:
            return
        same = groups[0] == groups[1]
        count, first = (run[0] + 1, run[1]) if same else (1, at - 1)
        if same and rule.count is not None and count > rule.count:
            return
        since = legs[first].arrive if rule.from_arrival else legs[first].depart
        until = legs[at].arrive if rule.to_arrival else legs[at].depart
        if rule.limit_s is None or until - since <= rule.limit_s:
            yield from after(at + 1, (*way, rule.cents), (count, first) if same else (0, at))

    yield from after(0, (), (0, 0))


def _sum(
    tariff: Tariff, legs: Sequence[Leg], way: Sequence[int | None], station: Mapping[str, str]
) -> tuple[float, float]:
    total = []
    for winding in (False, True):
        within = beyond = 0.0
        for leg, transfer in zip(legs, way, strict=True):
            cents = _cents(tariff, leg, station, winding=winding)
            # a transfer from a leg, or to one, of unknown price: the leg is still a known step
            paid = transfer if transfer is not None else cents
            if tariff.cap is not None and leg.network in tariff.cap[0]:
                within += paid
            else:
                beyond += paid
        if within < inf and tariff.cap is not None:
            within = min(within, tariff.cap[1])
        total.append(within + beyond)
    return total[0], total[1]


def _cents(tariff: Tariff, leg: Leg, station: Mapping[str, str], *, winding: bool) -> float:
    network = leg.network or ""
    if network == tariff.pair_network:
        pair = (station[leg.from_stop], station[leg.to_stop])
        if pair in tariff.pairs:
            cents = tariff.pairs[pair]
            return inf if cents is None else cents
    if network in tariff.flat:
        return tariff.flat[network]
    metres = int(leg.metres * tariff.winding.get(network, 1.0)) if winding else leg.metres
    return next((cents for until, cents in tariff.bands.get(network, ()) if metres < until), inf)


def listed(
    graph: Expanded, ask: Ask, walk_m: Mapping[str, int], at: int, latest: Mapping[int, int], tariff: Tariff,
    most: int = 60_000,
) -> Iterator[tuple[int, int, int, tuple[Leg, ...]]]:  # fmt: skip
    """(arrival, vehicles, metres, legs) of every journey that leaves the door at `at`. `walk_m` of each stop: from the
    door, and to it. Raises TooMany beyond `most` states."""
    if not latest:
        return
    last = max(latest.values())
    frontier = {
        (n, walk_m[stop], ())
        for stop, seconds in ask.access.items()
        for n in graph._boards_at(stop, ask)
        if graph.nodes[n].depart >= at + seconds and graph.nodes[n].depart <= last
    }
    states = 0
    for vehicles in range(1, max(latest) + 1):
        boards = set()
        for n, metres, legs in frontier:
            for m, leg in _ridden(graph, n, ask, tariff):
                node = graph.nodes[m]
                if node.arrive > last or not node.may_alight or not graph._door(node, ask):
                    continue
                states += 1
                if states > most:
                    raise TooMany
                ridden = (*legs, leg)
                if node.stop in ask.egress:
                    arrival = node.arrive + ask.egress[node.stop]
                    if vehicles in latest and arrival <= latest[vehicles]:
                        yield arrival, vehicles, metres + walk_m[node.stop], ridden
                for stop in graph.world.targets(node.stop):
                    for b in graph._boards_at(stop, ask):
                        if node.arrive <= graph.nodes[b].depart <= last and any(graph._changes((m, True), b, ask)):
                            boards.add((b, metres + graph._walk_m(node.stop, stop), ridden))
        frontier = boards


def _ridden(graph: Expanded, origin: int, ask: Ask, tariff: Tariff) -> Iterator[tuple[int, Leg]]:
    """Where one gets off the vehicle boarded at `origin`, and the leg that makes."""
    stack = [(origin, False, frozenset({graph.nodes[origin].trip.trip_id}), 0)]
    begun = graph.nodes[origin]
    seen = set()
    while stack:
        node, crossed, trips, metres = stack.pop()
        for m in graph.next[node]:
            here, there = graph.nodes[node], graph.nodes[m]
            change = there.day != here.day
            if not graph._usable(there, ask) or (crossed and change):
                continue
            over, ridden = crossed or change, trips | {there.trip.trip_id}
            gone = metres + hop_m(graph, here.stop, there.stop)
            if (m, over, ridden, gone) in seen:
                continue
            seen.add((m, over, ridden, gone))
            networks = {tariff.network.get(graph.world.trips[trip].route_id) for trip in ridden}
            network = networks.pop() if len(networks) == 1 else None
            if {(network, begun.stop), (network, there.stop)} & tariff.outside:
                network = None
            yield m, Leg(network, begun.stop, there.stop, begun.depart, there.arrive, gone)
            stack.append((m, over, ridden, gone))
            for begin in graph.seated_after[m]:
                later = graph.nodes[begin].day != there.day
                if not (over and later):
                    stack.append((begin, over or later, ridden | {graph.nodes[begin].trip.trip_id}, gone))


def hop_m(graph: Expanded, a: str, b: str) -> int:
    """Whole metres from one call to the next."""
    return round(crow_m(graph.world.position(a), graph.world.position(b)))


def deadlines(front: Sequence[tuple[int, int]], slack: tuple[int, int, int], most: int, last: int) -> dict[int, int]:
    """Rule 25, from the front (arrival, vehicles); `slack`: seconds, vehicles, seconds behind the earliest."""
    ridden = [(arrival, vehicles) for arrival, vehicles in front if vehicles]
    if not ridden:
        return {}
    fewest = min(vehicles for _, vehicles in ridden)
    out = {}
    for k in range(1, min(most, max(vehicles for _, vehicles in ridden) + slack[1]) + 1):
        within = [arrival for arrival, vehicles in ridden if vehicles <= k or vehicles == fewest]
        out[k] = min(min(within) + slack[0], min(ridden)[0] + slack[2], last)
    return out


def front(
    graph: Expanded, ask: Ask, walk_m: Mapping[str, int], at: int, latest: Mapping[int, int], tariff: Tariff,
    station: Mapping[str, str],
) -> set[Point]:  # fmt: skip
    """The journeys that no other beats."""
    points = {
        (arrival, vehicles, metres, least, most)
        for arrival, vehicles, metres, legs in listed(graph, ask, walk_m, at, latest, tariff)
        for least, most in prices(tariff, legs, station)
    }
    return {
        one
        for one in points
        if not any(other != one and all(x <= y for x, y in zip(other, one, strict=True)) for other in points)
    }
