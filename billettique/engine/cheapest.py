"""The cheapest way to pay for journeys: tickets, transfers, carnets, passes, cards, caps, shared by a party or not.

A tariff is compiled once; then journeys are walked leg by leg, in the order of time, keeping the cheapest way to reach
each state. A state is all that changes what comes next: the transfer in progress (group, how many, since when, what its
first leg cost alone), the covers in hand, the carnet tickets left. Two ways of equal price are not equal when one has a
transfer left: that is why the state is in the key.

A cap is taken as something one could pay for: min(sum, cap) is the cheaper of paying the sum, and paying the cap with
every fare in its scope at zero. What this finds is compared with an enumeration that knows none of it
(`tests/oracles/brute_fares.py`).
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations, product
from typing import Any, Final, NamedTuple

from billettique.engine import explain
from billettique.engine.explain import Instance, Node, Shared, Way
from billettique.model.fares import UNLIMITED, FareLeg, FareTables, Leg, TransferKind, TransferRule
from billettique.model.tariffs import Ask, Cover, CoverKind, Days, Discount, Quote, Rider, Tariff
from billettique.rules import fares as rules
from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.instants import PARIS
from mobigo.base.money import Money

SHARED_MAX: Final = 10  # shared covers weighed together: every subset of them is tried
MEMO_MAX: Final = 200_000
NO_LIMIT: Final = 1 << 30


class Option(NamedTuple):
    """A ticket for a leg: its leg group, its price, and its price with each card."""

    group: str | None
    product: str
    cents: int
    full_cents: int
    discount: Discount | None
    with_cards: tuple[tuple[int, int, Discount], ...]  # (cover, cents, discount): lower than without
    carnets: tuple[int, ...]
    leads: bool  # whether a transfer may start from its group


class Offer(NamedTuple):
    """All that a profile may do with legs that are alike. `least`, `most`: of the prices of a ticket, alone."""

    options: tuple[Option, ...]
    reached: frozenset[int]  # covers
    least: int
    most: int


class Transfer(NamedTuple):
    """A transfer rule at the price of a profile."""

    rule: TransferRule
    limit: int
    cents: int
    items: int


class Span(NamedTuple):
    """An effective leg as the search sees it: its place in its journey, its class for matching, its times."""

    journey: int
    first: int
    last: int
    matching: tuple[Any, ...]
    departs_s: float
    arrives_s: float
    day: int  # operating day, as an ordinal


# What makes two legs alike: network, areas, band, kind of day, timeframes; stops too where a border could matter.
Matching = tuple[Any, ...]
# (group, transfers in this run, first leg of the run: departs, arrives; previous leg: departs, arrives; what the
# previous leg cost alone and counted as items, where no transfer came before it)
Chain = tuple[str, int, float, float, float, float, tuple[int, int] | None]
State = tuple[Chain | None, tuple[Instance, ...], tuple[int, ...]]
Best = tuple[int, int, Node | None]


class Compiled:
    """A tariff made ready: what depends on the tariff alone is computed once, what depends on a kind of leg or of rider
    is remembered."""

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
        self.carnet_index = {carnet.id: at for at, carnet in enumerate(tariff.carnets)}
        self.carnet_products = {carnet.product for carnet in tariff.carnets}
        self.join_pairs = {(rule.from_network, rule.to_network) for rule in self.tables.join_rules}
        self.by_place = bool(tariff.borders)  # then two stops of the same areas are not alike
        self.band_networks = {band.network for band in tariff.bands}
        self._tables_of: dict[frozenset[str], FareTables] = {}
        self._by_area: dict[str | None, bool] = {}
        self._areas: dict[str, int] = {}
        self._areas_of: dict[str, frozenset[str]] = {}
        self._area_ids: dict[frozenset[str], int] = {}
        self._leads: dict[str | None, bool] = {None: False}
        self._joins: dict[tuple[str, str, str, str], bool] = {}
        self._hours: dict[int, tuple[int, bool | None]] = {}  # hour of UTC: operating day, day off
        self._instances: dict[tuple[int, int], Instance] = {}
        self._profiles: dict[tuple[Any, ...], Profile] = {}
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

    def _span(self, journey: Sequence[Leg], at: int, first: int, last: int) -> Span:
        begin, end = journey[first], journey[last]
        network: str | frozenset[str] | None = begin.network
        distance = begin.distance_m
        if last > first:
            whole = rules.joined(journey, first, last)
            network = begin.network if whole.networks == {begin.network} else whole.networks
            distance = whole.distance_m
        band = -1 if distance is None or network not in self.band_networks else bisect_right(self.edges_m, distance)
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

    def profile(self, rider: Rider, ask: Ask) -> "Profile":
        key = (rider.category, rider.proofs, ask.media, ask.channel, len(ask.riders))
        found = self._profiles.get(key)
        if found is None:
            found = self._profiles[key] = Profile(self, rider, ask)
        return found


class Profile:
    """What a tariff offers to one kind of rider: prices, discounts, covers; the tickets of legs, as they are met."""

    def __init__(self, compiled: Compiled, rider: Rider, ask: Ask) -> None:
        self.compiled = compiled
        self.rider = rider.category
        self.proofs = rider.proofs
        self.channel = ask.channel
        self.party = len(ask.riders)
        tariff = compiled.tariff
        prices = rules.prices_of(tariff.tables.products, rider.category, ask.media)
        self.prices = {product: cents for product, cents in prices.items() if self._sold(product)}
        self.free_discounts = [each for each in tariff.discounts if each.card is None]
        self.card_discounts = [
            (compiled.cover_index[each.card], each)
            for each in tariff.discounts
            if each.card is not None and each.card in compiled.cover_index
        ]
        self.may_hold = [
            at
            for at, cover in enumerate(tariff.covers)
            if rules.may_hold(cover, rider.category, rider.proofs, ask.channel)
        ]
        # What one may buy for oneself, cheapest first; without the passes that another one holds entirely for no more.
        mine = [tariff.covers[at] for at in self.may_hold]
        self.shop = sorted(
            (tariff.covers[at].cents, at)
            for at in self.may_hold
            if not any(_is_better_pass(other, tariff.covers[at]) for other in mine)
        )
        self.carnets = {
            at
            for at, carnet in enumerate(tariff.carnets)
            if (carnet.riders is None or rider.category in carnet.riders)
            and (ask.channel is None or carnet.channels is None or ask.channel in carnet.channels)
        }
        # The dearest transfers, paid beside the ticket of the leg or instead of it.
        beside, instead = [0], [0]
        for rule in tariff.tables.transfer_rules:
            paid = beside if rule.kind is TransferKind.FROM_TRANSFER_AND_TO else instead
            paid.append(self.prices.get(rule.product or "", 0))
        self.dearest_beside, self.dearest_instead = max(beside), max(instead)
        self._offers: dict[Matching, Offer] = {}
        self._transfers: dict[tuple[str | None, str | None], tuple[Transfer, ...]] = {}

    def _sold(self, product: str) -> bool:
        terms = self.compiled.terms.get(product)
        if terms is None:
            return True
        if terms.proof is not None and terms.proof not in self.proofs:
            return False
        return self.channel is None or terms.channels is None or self.channel in terms.channels

    def offer(self, span: Span, journey: Sequence[Leg]) -> Offer:
        """The tickets that a leg may be travelled with (none: its fare is unknown), the covers whose scope it is in."""
        found = self._offers.get(span.matching)
        if found is None:
            if len(self._offers) > MEMO_MAX:
                self._offers.clear()
            leg = rules.joined(journey, span.first, span.last)
            options = self._match(leg, span.matching[4])
            covers = self.compiled.tariff.covers
            found = Offer(
                options,
                frozenset(
                    at for at, cover in enumerate(covers) if rules.cover_reaches(cover, leg, self.compiled.tables)
                ),
                min((option.cents for option in options), default=NO_LIMIT),
                max((option.cents for option in options), default=NO_LIMIT),
            )
            self._offers[span.matching] = found
        return found

    def _match(self, leg: FareLeg, off: bool | None) -> tuple[Option, ...]:
        compiled = self.compiled
        tariff, tables = compiled.tariff, compiled.tables
        if tariff.borders and rules.border_of(leg, tariff.borders, tables) is not None:
            return ()
        matching = rules.leg_rules_between(
            leg, compiled.areas_of(leg.from_stop), compiled.areas_of(leg.to_stop), compiled.tables_of(leg.networks)
        )
        offered = [(rule.group, rule.product) for rule in matching]
        offered += [(band.group, band.product) for band in rules.matching_bands(leg, tariff.bands)]
        found = {
            option: None
            for group, product_id in offered
            if product_id in self.prices
            for option in [self._option(group, product_id, leg.networks, off)]
        }
        return _undominated(found)

    def _option(self, group: str | None, product_id: str, networks: frozenset[str], off: bool | None) -> Option:
        compiled = self.compiled
        full = self.prices[product_id]
        cents, chosen = full, None
        for discount in self.free_discounts:
            if self._holds(discount, networks, off):
                lower = rules.discounted_cents(full, discount)
                if lower < cents:
                    cents, chosen = lower, discount
        cards: dict[int, tuple[int, int, Discount]] = {}
        for card, discount in self.card_discounts:
            if self._holds(discount, networks, off):
                lower = rules.discounted_cents(full, discount)
                if lower < cents and (card not in cards or lower < cards[card][1]):
                    cards[card] = (card, lower, discount)
        carnets: tuple[int, ...] = ()
        if product_id in compiled.carnet_products:
            carnets = tuple(at for at, carnet in enumerate(compiled.tariff.carnets) if carnet.product == product_id)
        return Option(group, product_id, cents, full, chosen, tuple(cards.values()), carnets, compiled.leads(group))

    def _holds(self, discount: Discount, networks: frozenset[str], off: bool | None) -> bool:
        return rules.discount_holds(
            discount, networks=networks, rider=self.rider, proofs=self.proofs, day_off=off, party=self.party
        )

    def transfers(self, before: str, after: str | None) -> tuple[Transfer, ...]:
        found = self._transfers.get((before, after))
        if found is None:
            found = tuple(
                Transfer(
                    rule,
                    NO_LIMIT if rule.count is None or rule.count == UNLIMITED else rule.count,
                    0 if rule.product is None else self.prices[rule.product],
                    0 if rule.product is None else 1,
                )
                for rule in rules.transfer_rules_between(before, after, self.compiled.tables)
                if rule.product is None or rule.product in self.prices
            )
            self._transfers[before, after] = found
        return found


def _is_better_pass(one: Cover, other: Cover) -> bool:
    """Whether a pass does all that another one does, for one person, and costs less (or as much, and comes first)."""
    return (
        one.kind is CoverKind.PASS
        and other.kind is CoverKind.PASS
        and (one.span, one.span_days) == (other.span, other.span_days)
        and (one.cents, one.id) < (other.cents, other.id)
        and (one.networks is None or (other.networks is not None and other.networks <= one.networks))
        and (one.areas is None or (other.areas is not None and other.areas <= one.areas))
    )


def _undominated(options: dict[Option, None]) -> tuple[Option, ...]:
    """Of the tickets of one leg group, the cheapest by price then name, and those that a carnet holds."""
    best: dict[str | None, Option] = {}
    for option in options:
        known = best.get(option.group)
        if known is None or (option.full_cents, option.product) < (known.full_cents, known.product):
            best[option.group] = option
    return tuple(option for option in options if option.carnets or best[option.group] is option)


class Walk:
    """The search for one rider: the cheapest way through every leg of every journey."""

    def __init__(
        self,
        profile: Profile,
        journeys: Sequence[Sequence[Leg]],
        spans: Sequence[list[list[Span]]],
        held: Sequence[Instance],
        units: tuple[int, ...],
    ) -> None:
        self.profile = profile
        self.journeys = journeys
        self.spans = spans
        self.held = tuple(sorted(held))
        self.units = units
        self.covers = profile.compiled.tariff.covers
        self.carnets = profile.compiled.tariff.carnets
        self.shop: list[int] = []  # covers to weigh
        self.sold_carnets: set[int] = set()  # carnets to weigh
        self.budget = NO_LIMIT  # ways dearer than this are not followed
        self.stuck: Span | None = None

    def best(self) -> Best | None:
        """The cheapest way, or None when the fare of `stuck` is unknown.

        First without buying any cover or carnet; then weighing those that could cost less than what they spare.
        """
        holds = bool(self.held) or any(self.units)
        first = self._walk() if holds else self._walk_plain()
        self._choose(NO_LIMIT if first is None else first[0])
        if not self.shop and not self.sold_carnets:
            return first
        self.budget = NO_LIMIT if first is None else first[0]
        has_cards = any(self.covers[at].kind is CoverKind.CARD for at in self.shop)
        is_plain = not self.sold_carnets and not has_cards and not holds
        second = self._walk_plain() if is_plain else self._walk()
        return second if first is None or (second is not None and _better(second, first)) else first

    def _choose(self, budget: int) -> None:
        """What is worth weighing: nothing dearer than the whole without it, nor than the most it could spare.

        A leg that a pass covers could be paid by itself; a ticket with a card, without it; a ticket of a carnet, alone;
        what a cap makes free, as if there were none. So none of them spares more than those prices.
        """
        profile = self.profile
        shop = profile.shop[: bisect_right(profile.shop, (budget, NO_LIMIT))]
        carnets = [at for at in profile.carnets if self.carnets[at].cents <= budget]
        if not shop and not carnets:
            return
        offers = [
            profile.offer(span, journey)
            for journey, spans in zip(self.journeys, self.spans, strict=True)
            for starting in spans
            for span in starting
        ]
        for cents, at in shop:
            kind = self.covers[at].kind
            spared = 0
            for offer in offers:
                if at in offer.reached:
                    if kind is CoverKind.PASS:
                        spared += offer.least
                    elif kind is CoverKind.CAP:
                        spared += max(offer.most + profile.dearest_beside, profile.dearest_instead)
                    else:
                        spared += _spared_by_card(at, offer)
            # Nothing spared is nothing to weigh, at any price; but an unknown fare (least: no limit) may need a pass.
            if spared and cents <= spared:
                self.shop.append(at)
        for at in carnets:
            spared = sum(option.cents for offer in offers for option in offer.options if at in option.carnets)
            if spared and self.carnets[at].cents <= spared:
                self.sold_carnets.add(at)

    def _walk_plain(self) -> Best | None:
        """The cheapest way with tickets, passes and caps, nothing held: the ways by the covers in hand so far."""
        hands: dict[tuple[Instance, ...], dict[Chain | None, Best]] = {(): {None: (0, 0, None)}}
        for journey, spans in zip(self.journeys, self.spans, strict=True):
            at: list[dict[tuple[Instance, ...], dict[Chain | None, Best]]] = [{} for _ in range(len(journey) + 1)]
            at[0] = {active: {None: _cheapest_way(ways)} for active, ways in hands.items()}
            for first, starting in enumerate(spans):
                if at[first]:
                    for span in starting:
                        after = at[span.last + 1]
                        for active, ways in at[first].items():
                            if self.shop and self._cover(active, ways, span, journey, after):
                                continue  # under a cap already: nothing to pay
                            mine = after.get(active)
                            if mine is None:
                                mine = {}
                            self._advance_plain(ways, span, journey, mine)
                            if mine:
                                after[active] = mine
                        if not after:
                            self.stuck = span
            hands = at[-1]
            if not hands:
                return None
        return _cheapest_way({active: _cheapest_way(ways) for active, ways in hands.items()})

    def _cover(
        self,
        active: tuple[Instance, ...],
        ways: dict[Chain | None, Best],
        span: Span,
        journey: Sequence[Leg],
        after: dict[tuple[Instance, ...], dict[Chain | None, Best]],
    ) -> bool:
        """A leg under a pass, in hand or bought for it: whatever came before, no transfer is left. Or under a cap, that
        leaves the transfers as they are. Whether a cap already reached makes the leg free."""
        reached = self.profile.offer(span, journey).reached
        cost, items, trace = _cheapest_way(ways)
        is_free = False
        for instance, bought, then in self._covers_here(active, span, reached):
            cover = self.covers[instance[0]]
            price = 0 if bought is None else bought.cents
            mine = None if bought is None else instance
            if cover.kind is CoverKind.CAP:
                is_free |= bought is None
                hand = after.get(then, {})
                self._advance_plain(ways, span, journey, hand, cover, mine)
                if hand:
                    after[then] = hand
            elif cost + price <= self.budget:
                node = Node(trace, span, "covered", cover=cover, bought=mine)
                _keep(after.setdefault(then, {}), None, cost + price, items + (bought is not None), node)
        return is_free

    def _advance_plain(
        self,
        before: dict[Chain | None, Best],
        span: Span,
        journey: Sequence[Leg],
        after: dict[Chain | None, Best],
        cap: Cover | None = None,
        reached_now: Instance | None = None,
    ) -> None:
        """A leg with a ticket, alone or by a transfer; under a `cap` for nothing more, once what it takes is paid."""
        profile, budget = self.profile, self.budget
        departs, arrives = span.departs_s, span.arrives_s
        options = profile.offer(span, journey).options
        kind = "ticket" if cap is None else "capped"
        fee = 0 if cap is None or reached_now is None else cap.cents
        for chain, (so_far, items, trace) in before.items():
            cost = so_far + fee
            if cost > budget and (chain is None or chain[6] is None or cost - chain[6][0] > budget):
                continue
            for option in options:
                group = option.group
                cents = option.cents if cap is None else 0
                key: Chain | None = None
                if option.leads and group is not None:
                    key = (group, 0, departs, arrives, departs, arrives, (cents, 1))
                known = after.get(key)
                if known is None or (cost + cents, items + 1) <= known[:2]:
                    node = Node(trace, span, kind, option, None, 0, cents, True, None, cap, None, reached_now)
                    _keep(after, key, cost + cents, items + 1, node)
                if chain is None:
                    continue
                alone = chain[6]
                for (rule, _, price, counted), run in _transfers_here(profile, chain, group, span):
                    extra = price if cap is None else 0
                    total = rules.transfer_cost(rule.kind, cost, None if alone is None else alone[0], extra, cents)
                    number, pays = items + counted, False
                    if rule.kind is TransferKind.FROM_TRANSFER_AND_TO:
                        number, pays = number + 1, True
                    elif alone is not None and rule.kind is TransferKind.TRANSFER_ALONE:
                        number -= alone[1]
                    if not option.leads or group is None:
                        key = None
                    elif run is None:
                        key = (group, 0, departs, arrives, departs, arrives, None)
                    else:
                        key = (group, *run, departs, arrives, None)
                    known = after.get(key)
                    if known is None or (total, number) <= known[:2]:
                        paid = cents if pays else 0
                        node = Node(trace, span, kind, option, rule, extra, paid, pays, None, cap, None, reached_now)
                        _keep(after, key, total, number, node)

    def _walk(self) -> Best | None:
        states: dict[State, Best] = {(None, self.held, self.units): (0, 0, None)}
        for journey, spans in zip(self.journeys, self.spans, strict=True):
            at: list[dict[State, Best]] = [{} for _ in range(len(journey) + 1)]
            at[0] = _without_chains(states)
            for first, starting in enumerate(spans):
                if at[first]:
                    for span in starting:
                        self._advance(at[first], span, journey, at[span.last + 1])
                        if not at[span.last + 1]:
                            self.stuck = span
            states = at[-1]
            if not states:
                return None
        return _cheapest_way(states)

    def _advance(self, before: dict[State, Best], span: Span, journey: Sequence[Leg], after: dict[State, Best]) -> None:
        profile = self.profile
        options, reached, _, _ = profile.offer(span, journey)
        for (chain, active, units), (cost, items, trace) in before.items():
            ways: list[tuple[Instance, Cover | None, tuple[Instance, ...]]] = []
            if reached:
                ways = self._covers_here(active, span, reached)
                for instance, bought, then in ways:
                    cover = self.covers[instance[0]]
                    if cover.kind is CoverKind.PASS:
                        price = 0 if bought is None else bought.cents
                        if cost + price <= self.budget:
                            node = Node(
                                trace, span, "covered", cover=cover, bought=None if bought is None else instance
                            )
                            _keep(after, (None, then, units), cost + price, items + (bought is not None), node)
            for option in options:
                # The leg by itself, whatever came before.
                self._pay(after, option, span, cost, items, trace, active, units, ways, None, True, None)
                if chain is not None:
                    for transfer, run in _transfers_here(profile, chain, option.group, span):
                        alone = chain[6]
                        kind = transfer.rule.kind
                        base, counted = cost, items
                        if kind is TransferKind.TRANSFER_ALONE and alone is not None:
                            base, counted = cost - alone[0], items - alone[1]
                        pays = kind is TransferKind.FROM_TRANSFER_AND_TO
                        self._pay(after, option, span, base, counted, trace, active, units, ways, transfer, pays, run)

    def _pay(
        self, after: dict[State, Best], option: Option, span: Span, cost: int, items: int, trace: Node | None,
        active: tuple[Instance, ...], units: tuple[int, ...],
        ways: Sequence[tuple[Instance, Cover | None, tuple[Instance, ...]]],
        transfer: Transfer | None, pays: bool, run: tuple[int, float, float] | None,
    ) -> None:  # fmt: skip
        """Every way to pay for a leg with a ticket: as it is, with a card, from a carnet, under a cap."""
        extra, extra_items = (0, 0) if transfer is None else (transfer.cents, transfer.items)
        rule = None if transfer is None else transfer.rule

        def chain(cents: int, counted: int) -> Chain | None:
            if not option.leads or option.group is None:
                return None
            times = (span.departs_s, span.arrives_s)
            if transfer is None:
                return (option.group, 0, *times, *times, (cents, counted))
            if run is None:
                return (option.group, 0, *times, *times, None)
            return (option.group, *run, *times, None)

        cents = option.cents if pays else 0
        node = Node(trace, span, "ticket", option, rule, extra, cents, pays)
        alone = cents if transfer is None and option.leads else 0  # what the next transfer may take back
        if cost + extra + cents - alone <= self.budget:
            key: State = (chain(cents, int(pays)), active, units)
            _keep(after, key, cost + extra + cents, items + extra_items + pays, node)
        if pays and option.carnets:
            for at in option.carnets:
                self._from_carnet(after, at, node, (chain(0, 0), active), units, cost + extra, items + extra_items)
        for instance, bought, then in ways:
            cover = self.covers[instance[0]]
            price = 0 if bought is None else bought.cents
            if cover.kind is CoverKind.CAP:
                capped = node._replace(kind="capped", bought=None if bought is None else instance, cover=cover)
                key = (chain(0, int(pays)), then, units)
                _keep(after, key, cost + price, items + extra_items + pays, capped)
            elif cover.kind is CoverKind.CARD and pays:
                for card, lower, discount in option.with_cards:
                    if card == instance[0]:
                        mine = None if bought is None else instance
                        paid = node._replace(cents=lower, discount=discount, cover=cover, bought=mine)
                        key = (chain(lower, 1), then, units)
                        more = 1 if bought is None else 2
                        _keep(after, key, cost + extra + price + lower, items + extra_items + more, paid)

    def _from_carnet(
        self, after: dict[State, Best], at: int, node: Node, state: tuple[Chain | None, tuple[Instance, ...]],
        units: tuple[int, ...], cost: int, items: int,
    ) -> None:  # fmt: skip
        left = units[at]
        carnet = self.carnets[at]
        if left > 0:
            then = (*units[:at], left - 1, *units[at + 1 :])
            _keep(after, (*state, then), cost, items, node._replace(kind="unit", cents=0, carnet=carnet))
        elif at in self.sold_carnets:
            then = (*units[:at], carnet.units - 1, *units[at + 1 :])
            unit = node._replace(kind="unit", cents=0, carnet=carnet, opened=True)
            _keep(after, (*state, then), cost + carnet.cents, items + 1, unit)

    def _covers_here(
        self, active: tuple[Instance, ...], span: Span, reached: frozenset[int]
    ) -> list[tuple[Instance, Cover | None, tuple[Instance, ...]]]:
        """The covers that help on a leg: in hand, then those that could be bought; each with what is in hand after."""
        day = span.day
        active = tuple(each for each in active if each[2] >= day)
        usable = [each for each in active if each[0] in reached and each[1] <= day]
        found: list[tuple[Instance, Cover | None, tuple[Instance, ...]]] = [(each, None, active) for each in usable]
        have = {each[0] for each in usable}
        for at in self.shop:
            if at in reached and at not in have:
                instance = self.profile.compiled.instance(at, day)
                then = tuple(sorted((*active, instance))) if active else (instance,)
                found.append((instance, self.covers[at], then))
        return found


def _transfers_here(
    profile: Profile, chain: Chain, group: str | None, span: Span
) -> Iterator[tuple[Transfer, tuple[int, float, float] | None]]:
    """The transfers from the leg before to a leg of this group, and the run they leave behind (None: a new one)."""
    before, transfers, run_departs, run_arrives, departs, arrives, _ = chain
    known = profile.transfers(before, group)
    if not known:
        return
    same = before == group
    first = (run_departs, run_arrives) if same else (departs, arrives)
    now = (span.departs_s, span.arrives_s)
    count = transfers + 1 if same else 1
    good = [each for each in known if each.limit >= count and rules.is_in_time(each.rule, first, now)]
    if not good:
        return
    least = min(each.limit for each in good)
    run = (count, run_departs, run_arrives) if same else None
    for each in good:
        if each.limit == least:
            yield each, run


def _keep(after: dict[Any, Best], key: Any, cost: int, items: int, node: Node | None) -> None:
    way = (cost, items, node)
    known = after.get(key)
    if known is None or _better(way, known):
        after[key] = way


def _better(way: Best, known: Best) -> bool:
    """Cheaper; else fewer things to buy; else, of the same number, the first by their names."""
    if way[0] != known[0]:
        return way[0] < known[0]
    if way[1] != known[1]:
        return way[1] < known[1]
    return explain.names(way[2]) < explain.names(known[2])


def _cheapest_way(ways: Mapping[Any, Best]) -> Best:
    """The best of the ways there are."""
    every = iter(ways.values())
    best = next(every)
    for way in every:
        if _better(way, best):
            best = way
    return best


def _spared_by_card(at: int, offer: Offer) -> int:
    """The most a card takes off a leg."""
    return max(
        (option.cents - cents for option in offer.options for card, cents, _ in option.with_cards if card == at),
        default=0,
    )


def _without_chains(states: dict[State, Best]) -> dict[State, Best]:
    """Between two journeys no transfer is in progress."""
    found: dict[State, Best] = {}
    for (_, active, units), way in states.items():
        _keep(found, (None, active, units), *way)
    return found


# ---- a party


def compile_tariff(tariff: Tariff) -> Compiled:
    """A tariff made ready for many questions."""
    return Compiled(tariff)


def cheapest(compiled: Compiled, ask: Ask) -> Quote:
    """The cheapest way for a party to pay for its journeys, explained. `total` is None when a fare is unknown.

    Ties are settled by fewer items, then by their names. The order in which journeys are given does not matter. Raises
    InvalidInput for a cover or carnet that the tariff does not have; Refused("billettique.too_many_shared") when more
    shared covers could help than can be weighed together.
    """
    journeys, spans = _in_order(compiled, ask)
    if len(ask.riders) == 1:
        walk = _walk_of(compiled, ask, journeys, spans)
        way = walk.best()
        groups = None if way is None else [Shared((), [Way(0, way)])]
        return explain.quote(compiled, ask, journeys, groups, walk.stuck)
    party = Party(compiled, ask, journeys, spans)
    return explain.quote(compiled, ask, journeys, party.best(), party.stuck)


def cheapest_price(compiled: Compiled, ask: Ask) -> Money | None:
    """The price alone, for those who compare many journeys: the total of `cheapest`, without its lines."""
    journeys, spans = _in_order(compiled, ask)
    if len(ask.riders) > 1:
        groups = Party(compiled, ask, journeys, spans).best()
        return None if groups is None else Money(explain.total_cents(compiled, groups))
    best = _walk_of(compiled, ask, journeys, spans).best()
    return None if best is None else Money(best[0])


def _walk_of(
    compiled: Compiled, ask: Ask, journeys: Sequence[Sequence[Leg]], spans: Sequence[list[list[Span]]]
) -> Walk:
    """The search for somebody who travels alone."""
    rider = ask.riders[0]
    profile = compiled.profile(rider, ask)
    return Walk(profile, journeys, spans, _held_by(compiled, rider), _units_of(compiled, rider))


def _in_order(compiled: Compiled, ask: Ask) -> tuple[list[tuple[Leg, ...]], list[list[list[Span]]]]:
    """The journeys in the order of time, and their effective legs."""
    journeys = [tuple(journey) for journey in ask.journeys if journey]
    if len(journeys) > 1:
        journeys.sort(key=_start)
    return journeys, [compiled.spans(journey, at, split=ask.split) for at, journey in enumerate(journeys)]


def _held_by(compiled: Compiled, rider: Rider) -> tuple[Instance, ...]:
    """The covers a rider holds. Raises InvalidInput for one that the tariff does not have."""
    found = []
    for held in rider.held:
        at = compiled.cover_index.get(held.cover)
        if at is None:
            raise InvalidInput("billettique.unknown_cover", cover=held.cover)
        last = date.max if held.period.last_day is None else held.period.last_day
        found.append((at, held.period.first_day.toordinal(), last.toordinal()))
    return tuple(found)


def _units_of(compiled: Compiled, rider: Rider) -> tuple[int, ...]:
    """The carnet tickets a rider has left. Raises InvalidInput for a carnet that the tariff does not have."""
    left = [0] * len(compiled.tariff.carnets)
    for carnet, units in rider.units:
        at = compiled.carnet_index.get(carnet)
        if at is None:
            raise InvalidInput("billettique.unknown_carnet", carnet=carnet)
        left[at] += units
    return tuple(left)


def _start(journey: Sequence[Leg]) -> tuple[Any, ...]:
    first = journey[0]
    return (first.departs_at, first.arrives_at, first.from_stop, first.to_stop, first.network or "", len(journey))


class Party:
    """Riders who travel together: each pays alone, or some of them share covers."""

    def __init__(
        self, compiled: Compiled, ask: Ask, journeys: Sequence[Sequence[Leg]], spans: Sequence[list[list[Span]]]
    ) -> None:
        self.compiled = compiled
        self.ask = ask
        self.journeys = journeys
        self.spans = spans
        self.kinds = sorted(set(ask.riders), key=_rider_key)
        self.members = [[at for at, rider in enumerate(ask.riders) if rider == kind] for kind in self.kinds]
        self.profiles = [compiled.profile(kind, ask) for kind in self.kinds]
        self.held = [_held_by(compiled, kind) for kind in self.kinds]
        self.units = [_units_of(compiled, kind) for kind in self.kinds]
        self.stuck: Span | None = None
        self._alone: dict[tuple[int, tuple[Instance, ...]], Best | None] = {}

    def alone(self, kind: int, shared: tuple[Instance, ...] = ()) -> Best | None:
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
                        ways.append(Way(waiting[kind].pop(0), way))
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
