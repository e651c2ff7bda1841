"""A tariff made ready for many questions: what depends on it alone is computed once, what depends on a kind of leg
or of rider is remembered. What a kind of rider is offered is in `billettique.engine.offers`."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from billettique.engine.ways import Instance, Ticket
from billettique.model.fares import FareLeg, FareTables, Leg
from billettique.model.tariffs import Days, Tariff
from billettique.rules import fares as rules
from billettique.rules.places import Pairs
from mobigo.base.instants import PARIS

if TYPE_CHECKING:
    from billettique.engine.offers import Profile

# What makes two legs alike: network, areas, band or product of their pair, kind of day, timeframes; stops too where a
# border could matter.
Matching = tuple[Any, ...]


class Span(NamedTuple):
    """An effective leg as the search sees it: its place in its journey, its class for matching, its times."""

    journey: int
    first: int
    last: int
    matching: Matching
    departs_s: float
    arrives_s: float
    day: int  # operating day, as an ordinal


class Compiled:
    """A tariff, and what is remembered of it."""

    def __init__(self, tariff: Tariff) -> None:
        self.tariff = tariff
        self.tables = tariff.tables
        self.edges_m = sorted({m for band in tariff.bands for m in (band.from_m, band.until_m) if m is not None})
        groups = {rule.from_timeframe for rule in self.tables.leg_rules} | {
            rule.to_timeframe for rule in self.tables.leg_rules
        }
        self.timeframes = tuple(sorted(group for group in groups if group is not None))
        self.by_calendar = any(discount.days is not Days.ALL for discount in tariff.discounts)
        self.cover_index = {cover.id: at for at, cover in enumerate(tariff.covers)}
        self.covered = [Ticket("covered", None, 0, 0, cover=cover) for cover in tariff.covers]
        self.carnet_index = {carnet.id: at for at, carnet in enumerate(tariff.carnets)}
        self.carnet_products = {carnet.product for carnet in tariff.carnets}
        self.join_pairs = {(rule.from_network, rule.to_network) for rule in self.tables.join_rules}
        self.by_place = bool(tariff.borders)  # then two stops of the same areas are not alike
        self.band_networks = {band.network for band in tariff.bands}
        self.pairs = Pairs(tariff)
        self._tables_of: dict[frozenset[str], FareTables] = {}
        self._by_area: dict[str | None, bool] = {}
        self._areas: dict[str, int] = {}
        self._areas_of: dict[str, frozenset[str]] = {}
        self._area_ids: dict[frozenset[str], int] = {}
        self._leads: dict[str | None, bool] = {None: False}
        self._joins: dict[tuple[str, str, str, str], bool] = {}
        self._hours: dict[int, tuple[int, bool | None]] = {}  # hour of UTC: operating day, day off
        self._instances: dict[tuple[int, int], Instance] = {}
        self.profiles: dict[tuple[Any, ...], Profile] = {}  # filled by billettique.engine.offers
        self.names = {row.id: row.name or row.id for row in reversed(self.tables.products)}
        self.terms = {terms.product: terms for terms in tariff.terms}

    def areas(self, stop: str) -> int:
        """A number for the areas of a stop: equal areas, equal number."""
        found = self._areas.get(stop)
        if found is None:
            areas = self.areas_of(stop)
            found = self._area_ids.setdefault(areas, len(self._area_ids))
            self._areas[stop] = found
        return found

    def areas_of(self, stop: str) -> frozenset[str]:
        found = self._areas_of.get(stop)
        if found is None:
            found = self._areas_of[stop] = rules.areas_of(stop, self.tables)
        return found

    def is_by_area(self, network: str | None) -> bool:
        """Whether areas change anything for legs of one network."""
        found = self._by_area.get(network)
        if found is None:
            rows = self.tables.leg_rules
            found = (
                not self.tables.has_priority
                or network is None
                or any(each.areas is not None for each in self.tariff.covers)
                or any(
                    rule.network in (None, network) and (rule.from_area is not None or rule.to_area is not None)
                    for rule in rows
                )
            )
            self._by_area[network] = found
        return found

    def tables_of(self, networks: frozenset[str]) -> FareTables:
        """The tables with the leg rules that legs of these networks may match."""
        if not self.tables.has_priority:
            return self.tables  # there, what the other rules list changes what empty means
        found = self._tables_of.get(networks)
        if found is None:
            mine = tuple(rule for rule in self.tables.leg_rules if rule.network is None or networks == {rule.network})
            found = self._tables_of[networks] = replace(self.tables, leg_rules=mine)
        return found

    def leads(self, group: str | None) -> bool:
        """Whether some transfer rule may start from a leg group."""
        found = self._leads.get(group)
        if found is None:
            listed = any(rule.from_group == group for rule in self.tables.transfer_rules)
            found = listed or any(rule.from_group is None for rule in self.tables.transfer_rules)
            self._leads[group] = found
        return found

    def joins(self, before: Leg, after: Leg) -> bool:
        if before.network is None or after.network is None or (before.network, after.network) not in self.join_pairs:
            return False
        key = (before.network, before.to_stop, after.network, after.from_stop)
        found = self._joins.get(key)
        if found is None:
            found = self._joins[key] = rules.joining_rule(before, after, self.tables) is not None
        return found

    def spans(self, journey: Sequence[Leg], at: int, *, split: bool) -> list[list[Span]]:
        """The effective legs of a journey, by their first leg. Without `split`, only the longest chains."""
        found: list[list[Span]] = [[] for _ in journey]
        first = 0
        for end in range(1, len(journey) + 1):
            if end < len(journey) and self.join_pairs and self.joins(journey[end - 1], journey[end]):
                continue
            if not split or end - first == 1:
                found[first].append(self._span(journey, at, first, end - 1))
            else:
                for start in range(first, end):
                    found[start] = [self._span(journey, at, start, last) for last in range(start, end)]
            first = end
        return found

    def joined(self, journey: Sequence[Leg], first: int, last: int) -> FareLeg:
        """Legs of a journey as one effective leg, as long as the tariff says it is."""
        return self.pairs.measured(rules.joined(journey, first, last))

    def _span(self, journey: Sequence[Leg], at: int, first: int, last: int) -> Span:
        begin, end = journey[first], journey[last]
        network: str | frozenset[str] | None = begin.network
        distance = begin.distance_m
        if last > first:
            whole = rules.joined(journey, first, last)
            network = begin.network if whole.networks == {begin.network} else whole.networks
            distance = whole.distance_m
        paired: str | None = None
        if isinstance(network, str) and network in self.pairs:
            ends = (begin.from_stop, end.to_stop)
            paired = self.pairs.product(network, *ends)
            metres = self.pairs.metres(network, *ends)
            distance = distance if metres is None else metres
        band: int | str = (
            -1 if distance is None or network not in self.band_networks else bisect_right(self.edges_m, distance)
        )
        band = band if paired is None else paired
        departs_at = begin.departs_at
        departs_s = departs_at.timestamp()
        # Clocks of France change, and operating days begin, on whole hours of UTC.
        hour = int(departs_s) // 3600
        known = self._hours.get(hour)
        if known is None:
            local = departs_at.astimezone(PARIS).date()
            off = rules.is_day_off(local, self.tariff.day_kinds) if self.by_calendar else None
            known = self._hours[hour] = (rules.operating_day(departs_at).toordinal(), off)
        day, off = known
        times: tuple[bool, ...] = ()
        if self.timeframes:
            times = tuple(
                rules.is_in_timeframe(group, instant, stop, self.tables)
                for instant, stop in ((departs_at, begin.from_stop), (end.arrives_at, end.to_stop))
                for group in self.timeframes
            )
        here = there = -1
        if last > first or self.is_by_area(begin.network):
            here, there = self.areas(begin.from_stop), self.areas(end.to_stop)
        matching: Matching = (network, here, there, band, off, times)
        if self.by_place:
            matching = (*matching, begin.from_stop, end.to_stop)
        return Span(at, first, last, matching, departs_s, end.arrives_at.timestamp(), day)

    def instance(self, at: int, day: int) -> Instance:
        """What a cover is good for when it is first used on an operating day."""
        found = self._instances.get((at, day))
        if found is None:
            period = rules.span_from(self.tariff.covers[at], date.fromordinal(day))
            last = day if period.last_day is None else period.last_day.toordinal()
            found = self._instances[at, day] = (at, period.first_day.toordinal(), last)
        return found
