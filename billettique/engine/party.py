"""Riders who travel together: each pays alone, or some of them share covers."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations, product
from typing import Any, Final, NamedTuple

from billettique.engine.compiled import Compiled, Span
from billettique.engine.explain import RiderWay, Shared
from billettique.engine.offers import profile_of
from billettique.engine.walk import Walk
from billettique.engine.ways import NO_LIMIT, Instance, Way
from billettique.model.fares import Leg
from billettique.model.tariffs import Ask, Rider
from mobigo.base.errors import InvalidInput, Refused

SHARED_MAX: Final = 10  # shared covers weighed together: every subset of them is tried


class Party:
    """The search for a party, by kinds of riders."""

    def __init__(
        self, compiled: Compiled, ask: Ask, journeys: Sequence[Sequence[Leg]], spans: Sequence[list[list[Span]]]
    ) -> None:
        self.compiled = compiled
        self.ask = ask
        self.journeys = journeys
        self.spans = spans
        self.kinds = sorted(set(ask.riders), key=_rider_key)
        self.members = [[at for at, rider in enumerate(ask.riders) if rider == kind] for kind in self.kinds]
        self.profiles = [profile_of(compiled, kind, ask) for kind in self.kinds]
        self.held = [held_by(compiled, kind) for kind in self.kinds]
        self.units = [units_of(compiled, kind) for kind in self.kinds]
        self.stuck: Span | None = None
        self._alone: dict[tuple[int, tuple[Instance, ...]], Way | None] = {}

    def alone(self, kind: int, shared: tuple[Instance, ...] = ()) -> Way | None:
        """The cheapest way for one rider of a kind, with covers shared by others in hand."""
        key = (kind, shared)
        if key not in self._alone:
            held = (*self.held[kind], *shared)
            walk = Walk(self.profiles[kind], self.journeys, self.spans, held, self.units[kind])
            self._alone[key] = walk.best()
            if self._alone[key] is None and self.stuck is None:
                self.stuck = walk.stuck
        return self._alone[key]

    def best(self) -> list[Shared] | None:
        """Who pays with whom: groups of riders, what they share, the way of each. None: a fare is unknown."""
        solos = [self.alone(kind) for kind in range(len(self.kinds))]
        budget = NO_LIMIT
        if all(solo is not None for solo in solos):
            budget = sum(solo[0] * len(self.members[kind]) for kind, solo in enumerate(solos) if solo is not None)
        sets = self._shared_sets(budget)
        counts = tuple(len(members) for members in self.members)
        memo: dict[tuple[int, ...], tuple[int, int, list[tuple[tuple[int, ...], tuple[Any, ...]]]] | None] = {
            (0,) * len(counts): (0, 0, [])
        }

        def cheapest_of(left: tuple[int, ...]) -> tuple[int, int, list[Any]] | None:
            if left in memo:
                return memo[left]
            lead = next(kind for kind, count in enumerate(left) if count)
            best: tuple[int, int, list[Any]] | None = None
            for taken, cost, items, shared in self._groups(left, lead, sets):
                rest = cheapest_of(tuple(a - b for a, b in zip(left, taken, strict=True)))
                if rest is not None and (best is None or (cost + rest[0], items + rest[1]) < best[:2]):
                    best = (cost + rest[0], items + rest[1], [(taken, shared), *rest[2]])
            memo[left] = best
            return best

        found = cheapest_of(counts)
        return None if found is None else self._assigned(found[2])

    def _groups(
        self, left: tuple[int, ...], lead: int, sets: Sequence[tuple["Entry", ...]]
    ) -> Iterator[tuple[tuple[int, ...], int, int, tuple[Any, ...]]]:
        """Every group that pays together and holds a rider of the kind `lead`: who, cost, items, what they share."""
        solo = self.alone(lead)
        if solo is not None:
            yield tuple(int(kind == lead) for kind in range(len(left))), solo[0], solo[1], ()
        for entries in sets:
            seats = min(entry.seats for entry in entries)
            price = sum(entry.cents for entry in entries)
            bought = sum(not entry.is_held for entry in entries)
            shared = tuple(sorted(entry.instance for entry in entries))
            ways = [self.alone(kind, shared) for kind in range(len(left))]
            ranges = [range((1 if kind == lead else 0), min(count, seats) + 1) for kind, count in enumerate(left)]
            for taken in product(*ranges):
                if not 0 < sum(taken) <= seats or not all(entry.is_for(taken) for entry in entries):
                    continue
                if any(count and ways[kind] is None for kind, count in enumerate(taken)):
                    continue
                cost = price + sum(count * way[0] for count, way in zip(taken, ways, strict=True) if way is not None)
                items = bought + sum(count * way[1] for count, way in zip(taken, ways, strict=True) if way is not None)
                yield taken, cost, items, entries

    def _shared_sets(self, budget: int) -> list[tuple["Entry", ...]]:
        """Every set of shared covers that could help: bought in the span of the journeys, or already held."""
        days = sorted({span.day for spans in self.spans for starting in spans for span in starting})
        entries: dict[tuple[Instance, bool], Entry] = {}
        for at, cover in enumerate(self.compiled.tariff.covers):
            if cover.seats < 2:
                continue
            companions = frozenset(
                kind
                for kind, each in enumerate(self.kinds)
                if cover.companions is None or each.category in cover.companions
            )
            holders = frozenset(kind for kind, profile in enumerate(self.profiles) if at in profile.may_hold)
            if holders and cover.cents <= budget:
                for instance in self._spans_of(at, days):
                    entries[instance, False] = Entry(instance, cover.cents, cover.seats, holders, companions, False)
            for kind, held in enumerate(self.held):
                for instance in held:
                    if instance[0] == at:
                        known = entries.get((instance, True))
                        owners = frozenset({kind}) | (known.holders if known else frozenset())
                        entries[instance, True] = Entry(instance, 0, cover.seats, owners, companions, True)
        if len(entries) > SHARED_MAX:
            raise Refused("billettique.too_many_shared", found=len(entries), most=SHARED_MAX)
        every = [each for _, each in sorted(entries.items())]
        return [
            chosen
            for size in range(1, len(every) + 1)
            for chosen in combinations(every, size)
            if sum(entry.cents for entry in chosen) <= budget
        ]

    def _spans_of(self, at: int, days: Sequence[int]) -> list[Instance]:
        """The different spans a cover could be bought for; those that another one holds entirely are left out."""
        found: set[Instance] = set()
        for day in days:
            if not any(self._reaches(at, day)):
                continue
            found.add(self.compiled.instance(at, day))
        useful = {each: frozenset(day for day in days if each[1] <= day <= each[2]) for each in found}
        return sorted(each for each in found if not any(useful[each] < useful[other] for other in found))

    def _reaches(self, at: int, day: int) -> Iterator[bool]:
        for journey, spans in zip(self.journeys, self.spans, strict=True):
            for starting in spans:
                for span in starting:
                    if span.day == day:
                        yield at in self.profiles[0].offer(span, journey).reached

    def _assigned(self, groups: Sequence[tuple[tuple[int, ...], tuple["Entry", ...]]]) -> list[Shared]:
        """The groups with the positions of their riders in the party."""
        waiting = [list(members) for members in self.members]
        found = []
        for taken, entries in groups:
            shared = tuple(sorted(entry.instance for entry in entries))
            ways = []
            for kind, count in enumerate(taken):
                for _ in range(count):
                    way = self.alone(kind, shared)
                    if way is not None:
                        ways.append(RiderWay(waiting[kind].pop(0), way))
            bought = tuple(entry.instance for entry in entries if not entry.is_held)
            found.append(Shared(bought, ways))
        return found


class Entry(NamedTuple):
    """A shared cover, bought or held: who may hold it, who may come along (kinds of riders)."""

    instance: Instance
    cents: int
    seats: int
    holders: frozenset[int]
    companions: frozenset[int]
    is_held: bool

    def is_for(self, taken: Sequence[int]) -> bool:
        """Whether one of the group may hold it, all the others coming along."""
        strangers = sum(count for kind, count in enumerate(taken) if count and kind not in self.companions)
        if strangers > 1:
            return False
        return any(
            count and kind in self.holders and (strangers == 0 or kind not in self.companions)
            for kind, count in enumerate(taken)
        )


def _rider_key(rider: Rider) -> tuple[Any, ...]:
    held = tuple((each.cover, each.period.first_day, each.period.last_day or date.max) for each in rider.held)
    return (rider.category or "", tuple(sorted(rider.proofs)), held, rider.units)


def held_by(compiled: Compiled, rider: Rider) -> tuple[Instance, ...]:
    """The covers a rider holds. Raises InvalidInput for one that the tariff does not have."""
    found = []
    for held in rider.held:
        at = compiled.cover_index.get(held.cover)
        if at is None:
            raise InvalidInput("billettique.unknown_cover", cover=held.cover)
        last = date.max if held.period.last_day is None else held.period.last_day
        found.append((at, held.period.first_day.toordinal(), last.toordinal()))
    return tuple(found)


def units_of(compiled: Compiled, rider: Rider) -> tuple[int, ...]:
    """The carnet tickets a rider has left. Raises InvalidInput for a carnet that the tariff does not have."""
    left = [0] * len(compiled.tariff.carnets)
    for carnet, units in rider.units:
        at = compiled.carnet_index.get(carnet)
        if at is None:
            raise InvalidInput("billettique.unknown_carnet", carnet=carnet)
        left[at] += units
    return tuple(left)
