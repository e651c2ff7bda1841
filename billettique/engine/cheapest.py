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
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations, product
from typing import Any, Final, NamedTuple

from billettique.engine import explain
from billettique.engine.explain import Bought, Node, Shared, Way
from billettique.model.fares import UNLIMITED, Leg, TransferKind, TransferRule
from billettique.model.tariffs import Ask, Cover, CoverKind, Days, Discount, Quote, Rider, Tariff
from billettique.rules import fares as rules
from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.instants import PARIS

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


Instance = tuple[int, int, int]  # (cover, first operating day, last)
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
        self.has_covers = bool(tariff.covers)
        self.cover_index = {cover.id: at for at, cover in enumerate(tariff.covers)}
        self.carnet_index = {carnet.id: at for at, carnet in enumerate(tariff.carnets)}
        self.carnet_products = {carnet.product for carnet in tariff.carnets}
        self.join_pairs = {(rule.from_network, rule.to_network) for rule in self.tables.join_rules}
        self.by_place = bool(tariff.borders)  # then two stops of the same areas are not alike
        self._areas: dict[str, int] = {}
        self._area_ids: dict[frozenset[str], int] = {}
        self._leads: dict[str | None, bool] = {None: False}
        self._joins: dict[tuple[str, str, str, str], bool] = {}
        self._profiles: dict[tuple[Any, ...], Profile] = {}
        self.names = {row.id: row.name or row.id for row in reversed(self.tables.products)}
        self.terms = {terms.product: terms for terms in tariff.terms}

    def areas(self, stop: str) -> int:
        """A number for the areas of a stop: equal areas, equal number."""
        found = self._areas.get(stop)
        if found is None:
            areas = rules.areas_of(stop, self.tables)
            found = self._area_ids.setdefault(areas, len(self._area_ids))
            self._areas[stop] = found
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
        band = -1 if distance is None or not self.edges_m else bisect_right(self.edges_m, distance)
        departs_at = begin.departs_at
        day = rules.operating_day(departs_at).toordinal() if self.has_covers else 0
        off = None
        if self.by_calendar:
            off = rules.is_day_off(departs_at.astimezone(PARIS).date(), self.tariff.day_kinds)
        times: tuple[bool, ...] = ()
        if self.timeframes:
            times = tuple(
                rules.is_in_timeframe(group, instant, stop, self.tables)
                for instant, stop in ((departs_at, begin.from_stop), (end.arrives_at, end.to_stop))
                for group in self.timeframes
            )
        places: tuple[Any, ...] = (self.areas(begin.from_stop), self.areas(end.to_stop))
        if self.by_place:
            places = (*places, begin.from_stop, end.to_stop)
        matching = (network, places, times, band, off)
        return Span(at, first, last, matching, departs_at.timestamp(), end.arrives_at.timestamp(), day)

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
        # What may be bought, cheapest first.
        self.shop = sorted(
            (cover.cents, at)
            for at, cover in enumerate(tariff.covers)
            if rules.may_hold(cover, rider.category, rider.proofs, ask.channel)
        )
        self.carnets = {
            at
            for at, carnet in enumerate(tariff.carnets)
            if (carnet.riders is None or rider.category in carnet.riders)
            and (ask.channel is None or carnet.channels is None or ask.channel in carnet.channels)
        }
        self.cheapest_carnet = min((tariff.carnets[at].cents for at in self.carnets), default=NO_LIMIT)
        self._options: dict[tuple[Any, ...], tuple[Option, ...]] = {}
        self._reached: dict[tuple[Any, ...], tuple[int, ...]] = {}
        self._transfers: dict[tuple[str | None, str | None], tuple[Transfer, ...]] = {}

    def _sold(self, product: str) -> bool:
        terms = self.compiled.terms.get(product)
        if terms is None:
            return True
        if terms.proof is not None and terms.proof not in self.proofs:
            return False
        return self.channel is None or terms.channels is None or self.channel in terms.channels

    def options(self, span: Span, journey: Sequence[Leg]) -> tuple[Option, ...]:
        """The tickets that a leg may be travelled with; none: its fare is unknown."""
        found = self._options.get(span.matching)
        if found is None:
            if len(self._options) > MEMO_MAX:
                self._options.clear()
            found = self._options[span.matching] = self._match(span, journey)
        return found

    def _match(self, span: Span, journey: Sequence[Leg]) -> tuple[Option, ...]:
        compiled = self.compiled
        tariff, tables = compiled.tariff, compiled.tables
        leg = rules.joined(journey, span.first, span.last)
        if tariff.borders and rules.border_of(leg, tariff.borders, tables) is not None:
            return ()
        offered = [(rule.group, rule.product) for rule in rules.matching_leg_rules(leg, tables)]
        offered += [(band.group, band.product) for band in rules.matching_bands(leg, tariff.bands)]
        off = span.matching[4]
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

    def reached(self, span: Span, journey: Sequence[Leg]) -> tuple[int, ...]:
        """The covers of the tariff whose scope a leg is in."""
        found = self._reached.get(span.matching)
        if found is None:
            leg = rules.joined(journey, span.first, span.last)
            covers = self.compiled.tariff.covers
            found = tuple(
                at for at, cover in enumerate(covers) if rules.cover_reaches(cover, leg, self.compiled.tables)
            )
            self._reached[span.matching] = found
        return found

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
    ) -> None:
        self.profile = profile
        self.journeys = journeys
        self.spans = spans
        self.held = tuple(sorted(held))
        self.budget = -1  # covers and carnets above it are not weighed
        self.covers = profile.compiled.tariff.covers
        self.carnets = profile.compiled.tariff.carnets
        self.stuck: Span | None = None
        self.shop: list[int] = []

    def best(self, units: tuple[int, ...]) -> Best | None:
        """The cheapest way, or None when the fare of `stuck` is unknown.

        First without buying any cover or carnet; then weighing those that do not cost more than that alone.
        """
        first = self._walk(units)
        budget = NO_LIMIT if first is None else first[0]
        shop = self.profile.shop
        cheaper = bisect_right(shop, (budget, NO_LIMIT))
        if cheaper == 0 and self.profile.cheapest_carnet > budget:
            return first
        networks = {leg.network for journey in self.journeys for leg in journey}
        self.shop = [
            at
            for _, at in shop[:cheaper]
            if (scope := self.covers[at].networks) is None or not scope.isdisjoint(networks)
        ]
        if not self.shop and self.profile.cheapest_carnet > budget:
            return first
        self.budget = budget
        second = self._walk(units)
        return second if first is None or (second is not None and _better(second, first)) else first

    def _walk(self, units: tuple[int, ...]) -> Best | None:
        states: dict[State, Best] = {(None, self.held, units): (0, 0, None)}
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
        best: Best | None = None
        for way in states.values():
            if best is None or _better(way, best):
                best = way
        return best

    def _advance(self, before: dict[State, Best], span: Span, journey: Sequence[Leg], after: dict[State, Best]) -> None:
        profile = self.profile
        options = profile.options(span, journey)
        reached = profile.reached(span, journey) if self.held or self.shop else ()
        for (chain, active, units), (cost, items, trace) in before.items():
            ways: list[tuple[Instance | None, Cover | None, tuple[Instance, ...]]] = []
            if reached:
                ways = self._covers_here(active, span, reached)
                for instance, bought, then in ways:
                    if instance is not None and self.covers[instance[0]].kind is CoverKind.PASS:
                        price = 0 if bought is None else bought.cents
                        node = Node(
                            trace, span, "covered", bought=_bought(bought, instance), cover=self.covers[instance[0]]
                        )
                        _keep(after, (None, then, units), (cost + price, items + (bought is not None), node))
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
        ways: Sequence[tuple[Instance | None, Cover | None, tuple[Instance, ...]]],
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
        node = Node(trace, span, "ticket", option=option, rule=rule, extra=extra, cents=cents, pays=pays)
        key: State = (chain(cents, int(pays)), active, units)
        _keep(after, key, (cost + extra + cents, items + extra_items + pays, node))
        if pays and option.carnets:
            for at in option.carnets:
                self._from_carnet(after, at, node, (chain(0, 0), active), units, cost + extra, items + extra_items)
        for instance, bought, then in ways:
            if instance is None:
                continue
            cover = self.covers[instance[0]]
            price = 0 if bought is None else bought.cents
            if cover.kind is CoverKind.CAP:
                capped = node._replace(kind="capped", bought=_bought(bought, instance), cover=cover)
                key = (chain(0, int(pays)), then, units)
                _keep(after, key, (cost + price, items + extra_items + pays, capped))
            elif cover.kind is CoverKind.CARD and pays:
                for card, lower, discount in option.with_cards:
                    if card == instance[0]:
                        paid = node._replace(
                            cents=lower, discount=discount, cover=cover, bought=_bought(bought, instance)
                        )
                        key = (chain(lower, 1), then, units)
                        more = 1 if bought is None else 2
                        _keep(after, key, (cost + extra + price + lower, items + extra_items + more, paid))

    def _from_carnet(
        self, after: dict[State, Best], at: int, node: Node, state: tuple[Chain | None, tuple[Instance, ...]],
        units: tuple[int, ...], cost: int, items: int,
    ) -> None:  # fmt: skip
        left = units[at]
        carnet = self.carnets[at]
        if left > 0:
            then = (*units[:at], left - 1, *units[at + 1 :])
            _keep(after, (*state, then), (cost, items, node._replace(kind="unit", cents=0, carnet=carnet)))
        elif at in self.profile.carnets and carnet.cents <= self.budget:
            then = (*units[:at], carnet.units - 1, *units[at + 1 :])
            bought = Bought("carnet", carnet.id, carnet.name, carnet.cents, None)
            unit = node._replace(kind="unit", cents=0, carnet=carnet, bought=bought)
            _keep(after, (*state, then), (cost + carnet.cents, items + 1, unit))

    def _covers_here(
        self, active: tuple[Instance, ...], span: Span, reached: tuple[int, ...]
    ) -> list[tuple[Instance | None, Cover | None, tuple[Instance, ...]]]:
        """The covers that help on a leg: in hand, then those that could be bought; each with what is in hand after."""
        day = span.day
        active = tuple(each for each in active if each[2] >= day)
        usable = [each for each in active if each[0] in reached and each[1] <= day]
        found: list[tuple[Instance | None, Cover | None, tuple[Instance, ...]]] = [
            (each, None, active) for each in usable
        ]
        have = {each[0] for each in usable}
        for at in self.shop:
            if at in reached and at not in have:
                cover = self.covers[at]
                period = rules.span_from(cover, date.fromordinal(day))
                last = period.last_day
                instance = (at, period.first_day.toordinal(), day if last is None else last.toordinal())
                found.append((instance, cover, tuple(sorted((*active, instance)))))
        return found


def _bought(cover: Cover | None, instance: Instance) -> Bought | None:
    if cover is None:
        return None
    period = (date.fromordinal(instance[1]), date.fromordinal(instance[2]))
    return Bought(cover.kind.value, cover.id, cover.name, cover.cents, period)


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


def _keep(after: dict[State, Best], key: State, way: Best) -> None:
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


def _without_chains(states: dict[State, Best]) -> dict[State, Best]:
    """Between two journeys no transfer is in progress."""
    found: dict[State, Best] = {}
    for (_, active, units), way in states.items():
        _keep(found, (None, active, units), way)
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
    journeys = sorted((tuple(journey) for journey in ask.journeys if journey), key=_start)
    spans = [compiled.spans(journey, at, split=ask.split) for at, journey in enumerate(journeys)]
    party = Party(compiled, ask, journeys, spans)
    return explain.quote(compiled, ask, journeys, party.best(), party.stuck)


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
        self.held = [self._held(kind) for kind in self.kinds]
        self.units = [self._units(kind) for kind in self.kinds]
        self.stuck: Span | None = None
        self._alone: dict[tuple[int, tuple[Instance, ...]], Best | None] = {}

    def _held(self, rider: Rider) -> tuple[Instance, ...]:
        found = []
        for held in rider.held:
            at = self.compiled.cover_index.get(held.cover)
            if at is None:
                raise InvalidInput("billettique.unknown_cover", cover=held.cover)
            last = date.max if held.period.last_day is None else held.period.last_day
            found.append((at, held.period.first_day.toordinal(), last.toordinal()))
        return tuple(found)

    def _units(self, rider: Rider) -> tuple[int, ...]:
        left = [0] * len(self.compiled.tariff.carnets)
        for carnet, units in rider.units:
            at = self.compiled.carnet_index.get(carnet)
            if at is None:
                raise InvalidInput("billettique.unknown_carnet", carnet=carnet)
            left[at] += units
        return tuple(left)

    def alone(self, kind: int, shared: tuple[Instance, ...] = ()) -> Best | None:
        """The cheapest way for one rider of a kind, with covers shared by others in hand."""
        key = (kind, shared)
        if key not in self._alone:
            walk = Walk(self.profiles[kind], self.journeys, self.spans, (*self.held[kind], *shared))
            self._alone[key] = walk.best(self.units[kind])
            if self._alone[key] is None and self.stuck is None:
                self.stuck = walk.stuck
        return self._alone[key]

    def best(self) -> list[Shared] | None:
        """Who pays with whom: groups of riders, what they share, the way of each. None: a fare is unknown."""
        if len(self.ask.riders) == 1:
            way = self.alone(0)
            return None if way is None else [Shared((), [Way(self.members[0][0], way)])]
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
            holders = frozenset(
                kind for kind, profile in enumerate(self.profiles) if any(at == b for _, b in profile.shop)
            )
            if holders and cover.cents <= budget:
                for instance in self._instances(at, cover, days):
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

    def _instances(self, at: int, cover: Cover, days: Sequence[int]) -> list[Instance]:
        """The different spans a cover could be bought for; those that another one holds entirely are left out."""
        found: set[Instance] = set()
        for day in days:
            if not any(self._reaches(at, day)):
                continue
            period = rules.span_from(cover, date.fromordinal(day))
            last = day if period.last_day is None else period.last_day.toordinal()
            found.add((at, period.first_day.toordinal(), last))
        useful = {each: frozenset(day for day in days if each[1] <= day <= each[2]) for each in found}
        return sorted(each for each in found if not any(useful[each] < useful[other] for other in found))

    def _reaches(self, at: int, day: int) -> Iterator[bool]:
        for journey, spans in zip(self.journeys, self.spans, strict=True):
            for starting in spans:
                for span in starting:
                    if span.day == day:
                        yield at in self.profiles[0].reached(span, journey)

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
            bought = tuple(
                each
                for entry in entries
                if not entry.is_held
                for each in [_bought(self.compiled.tariff.covers[entry.instance[0]], entry.instance)]
                if each is not None
            )
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
