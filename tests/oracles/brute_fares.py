"""The cheapest fare once more, by trying everything: no code of the product is used here.

Written from the reference of GTFS-Fares v2 and from the words of the tariff's values, whose attributes it reads. Every
plan is listed (which covers are bought, how each leg is paid, whether each transfer is taken, who shares), then summed
up leg by leg: charges in a list, and each cap as the smaller of a sum and a limit. Small worlds only.
"""

import itertools
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

FRANCE = ZoneInfo("Europe/Paris")


def cheapest_cents(tariff: Any, ask: Any) -> int | None:
    """The least a party can pay, or None when that is unknown."""
    world = World(tariff, ask)
    riders = list(ask.riders)
    shared = [each for each in world.on_sale() if tariff.covers[each[0]].seats > 1]
    memo: dict[Any, int | None] = {}

    def alone(rider: Any, given: frozenset[Any]) -> int | None:
        key = (rider.category, rider.proofs, rider.held, rider.units, rider.paid, given)
        if key not in memo:
            memo[key] = world.one_rider(rider, given)
        return memo[key]

    best: int | None = None
    for groups in partitions(list(range(len(riders)))):
        total: int | None = 0
        for group in groups:
            cheapest = None
            for size in range(len(shared) + 1):
                for bought in itertools.combinations(shared, size):
                    if size and not all(may_share(tariff, ask, riders, group, each) for each in bought):
                        continue
                    if not size and len(group) > 1:
                        continue
                    if size and len(group) > min(tariff.covers[each[0]].seats for each in bought):
                        continue
                    parts = [alone(riders[at], frozenset(bought)) for at in group]
                    if any(part is None for part in parts):
                        continue
                    cost = sum(tariff.covers[each[0]].cents for each in bought) + sum(parts)  # type: ignore[arg-type]
                    cheapest = cost if cheapest is None else min(cheapest, cost)
            total = None if total is None or cheapest is None else total + cheapest
            if total is None:
                break
        if total is not None and (best is None or total < best):
            best = total
    return best


def may_share(tariff: Any, ask: Any, riders: list[Any], group: list[int], instance: Any) -> bool:
    """One of the group may hold it, and every other may come along."""
    cover = tariff.covers[instance[0]]
    for holder in group:
        rider = riders[holder]
        if not can_buy(cover, rider, ask):
            continue
        others = [riders[at].category for at in group if at != holder]
        if cover.companions is None or all(each in cover.companions for each in others):
            return True
    return False


def can_buy(cover: Any, rider: Any, ask: Any) -> bool:
    if cover.riders is not None and rider.category not in cover.riders:
        return False
    if cover.proof is not None and cover.proof not in rider.proofs:
        return False
    return ask.channel is None or cover.channels is None or ask.channel in cover.channels


def partitions(members: list[int]) -> Any:
    """Every way to cut a list into groups."""
    if not members:
        yield []
        return
    first, rest = members[0], members[1:]
    for size in range(len(rest) + 1):
        for others in itertools.combinations(rest, size):
            left = [each for each in rest if each not in others]
            for groups in partitions(left):
                yield [[first, *others], *groups]


class World:
    def __init__(self, tariff: Any, ask: Any) -> None:
        self.tariff, self.ask, self.tables = tariff, ask, tariff.tables
        ordered = sorted((j for j in ask.journeys if j), key=lambda j: j[0].departs_at)
        # Each journey as its possible cuts into effective legs.
        self.cuts = [self.cut(list(journey)) for journey in ordered]
        self.matched: dict[Any, list[tuple[str | None, str]]] = {}
        self.called_by: dict[str, set[str]] = {}
        self.areas_of: dict[str, set[str]] = {}

    # -- effective legs

    def cut(self, journey: list[Any]) -> list[list[list[Any]]]:
        glued = [self.glue(a, b) for a, b in itertools.pairwise(journey)]
        choices: list[list[list[Any]]] = []
        for marks in itertools.product((True, False), repeat=len(glued)):
            if any(mark and not may for mark, may in zip(marks, glued, strict=True)):
                continue
            if not self.ask.split and list(marks) != glued:
                continue
            legs = [[journey[0]]]
            for mark, leg in zip(marks, journey[1:], strict=True):
                if mark:
                    legs[-1].append(leg)
                else:
                    legs.append([leg])
            choices.append(legs)
        return choices

    def glue(self, a: Any, b: Any) -> bool:
        for rule in self.tables.join_rules:
            if rule.from_network == a.network and rule.to_network == b.network:
                if rule.from_stop and rule.to_stop:
                    if rule.from_stop in self.up(a.to_stop) and rule.to_stop in self.up(b.from_stop):
                        return True
                elif self.up(a.to_stop)[-1] == self.up(b.from_stop)[-1]:
                    return True
        return False

    def up(self, stop: str) -> list[str]:
        known = self.tables.stops.get(stop)
        return [stop, known.parent] if known and known.parent else [stop]

    def areas(self, stop: str) -> set[str]:
        if stop not in self.areas_of:
            self.areas_of[stop] = self.find_areas(stop)
        return self.areas_of[stop]

    def find_areas(self, stop: str) -> set[str]:
        for each in self.up(stop):
            found = {area for area, member in self.tables.stop_areas if member in self.called(each)}
            if found:
                return found
        return set()

    def called(self, stop: str) -> set[str]:
        """What the tariff may call a stop: itself, and every place that lists it."""
        if stop not in self.called_by:
            self.called_by[stop] = {stop, *(each.id for each in self.tariff.places if stop in dict(each.stops))}
        return self.called_by[stop]

    def table(self, column: str, networks: set[str], here: str, there: str) -> Any:
        """What the tables say of two stops, if they say one thing."""
        said = set()
        for table in self.tariff.pairs:
            rows = getattr(table, column)
            for a, b in itertools.product(self.called(here), self.called(there)):
                if networks == {table.network}:
                    said |= {rows[pair] for pair in [(a, b) if (a, b) in rows else (b, a)] if pair in rows}
        return min(said) if len(said) == 1 else None

    # -- matching a leg

    def tickets(self, legs: list[Any]) -> list[tuple[str | None, str]]:
        key = tuple(legs)
        if key not in self.matched:
            self.matched[key] = self.match(legs)
        return self.matched[key]

    def match(self, legs: list[Any]) -> list[tuple[str | None, str]]:
        here, there = legs[0].from_stop, legs[-1].to_stop
        for border in self.tariff.borders:
            for one, other in ((here, there), (there, here)):
                if border.stop in self.called(self.up(one)[-1]) and border.beyond in self.areas(other):
                    return []
        networks = {leg.network for leg in legs if leg.network}
        rules = self.tables.leg_rules
        found = []
        for rule in rules:
            good = True
            for field, values in (
                ("network", networks), ("from_area", self.areas(here)), ("to_area", self.areas(there)),
            ):  # fmt: skip
                wanted = getattr(rule, field)
                if wanted is None:
                    if not self.tables.has_priority:
                        good = good and not any(getattr(other, field) in values for other in rules)
                elif field == "network":
                    good = good and values == {wanted}
                else:
                    good = good and wanted in values
            good = good and self.inside(rule.from_timeframe, legs[0].departs_at, here)
            good = good and self.inside(rule.to_timeframe, legs[-1].arrives_at, there)
            if good:
                found.append(rule)
        if self.tables.has_priority and found:
            top = max(rule.priority for rule in found)
            found = [rule for rule in found if rule.priority == top]
        answer = [(rule.group, rule.product) for rule in found]
        lengths = [leg.distance_m for leg in legs]
        metres, product = (self.table(column, networks, here, there) for column in ("metres", "products"))
        if metres is not None:
            lengths = [metres]
        if product is not None:
            answer.append((None, product))
        elif None not in lengths:
            for band in self.tariff.bands:
                above = band.until_m is not None and sum(lengths) >= band.until_m
                if networks == {band.network} and sum(lengths) >= band.from_m and not above:
                    answer.append((band.group, band.product))
        return answer

    def inside(self, group: str | None, at: Any, stop: str) -> bool:
        if group is None:
            return True
        zone = self.tables.zone
        for each in reversed(self.up(stop)):
            if each in self.tables.stops and self.tables.stops[each].zone:
                zone = self.tables.stops[each].zone
        local = at.astimezone(ZoneInfo(zone))
        seconds = (local.hour * 60 + local.minute) * 60 + local.second
        for frame in self.tables.timeframes:
            runs = local.date() in self.tables.services.get(frame.service, ())
            if frame.group == group and frame.start_s <= seconds < frame.end_s and runs:
                return True
        return False

    # -- prices

    def price(self, product: str, rider: Any) -> int | None:
        rows = [
            row.amount
            for row in self.tables.products
            if row.id == product
            and row.rider in (None, rider.category)
            and (row.medium is None or self.ask.media is None or row.medium in self.ask.media)
        ]
        for terms in self.tariff.terms:
            if terms.product == product:
                if terms.proof is not None and terms.proof not in rider.proofs:
                    return None
                if terms.channels is not None and self.ask.channel not in {None, *terms.channels}:
                    return None
        return min(rows) if rows else None

    def reduced(self, product: str, rider: Any, legs: list[Any], cards: set[str]) -> int | None:
        full = self.price(product, rider)
        if full is None:
            return None
        networks = {leg.network for leg in legs if leg.network}
        day = legs[0].departs_at.astimezone(FRANCE).date()
        calendars = self.tariff.day_kinds.known
        known = any(each.first_day <= day and (each.last_day is None or day <= each.last_day) for each in calendars)
        off = day.isoweekday() > 5 or day in self.tariff.day_kinds.off
        best = full
        for each in self.tariff.discounts:
            if each.card is not None and each.card not in cards:
                continue
            if each.networks is not None and (not networks or not networks.issubset(each.networks)):
                continue
            if each.riders is not None and rider.category not in each.riders:
                continue
            if each.proof is not None and each.proof not in rider.proofs:
                continue
            if each.days.value == "off" and not off:
                continue
            if each.days.value == "ordinary" and (off or not known):
                continue
            if len(self.ask.riders) < each.party_min:
                continue
            if each.flat_cents is not None:
                best = min(best, each.flat_cents)
            else:
                best = min(best, floor(Fraction(full) * (100 - each.pct) / 100 + Fraction(1, 2)))
        return best

    # -- covers

    def days(self) -> list[date]:
        return sorted({service_day(leg.departs_at) for cut in self.cuts for leg in itertools.chain(*cut[0])})

    def on_sale(self) -> list[tuple[int, date, date]]:
        """Every cover with every span that it could be bought for."""
        found = set()
        for at, cover in enumerate(self.tariff.covers):
            for day in self.days():
                found.add((at, *span(cover, day)))
        return sorted(found)

    def reaches(self, instance: Any, legs: list[Any]) -> bool:
        at, first, last = instance
        cover = self.tariff.covers[at]
        networks = {leg.network for leg in legs if leg.network}
        if not first <= service_day(legs[0].departs_at) <= last:
            return False
        if cover.networks is not None and (not networks or not networks <= cover.networks):
            return False
        if cover.areas is None:
            return True
        return bool(self.areas(legs[0].from_stop) & cover.areas) and bool(self.areas(legs[-1].to_stop) & cover.areas)

    # -- one rider

    def one_rider(self, rider: Any, given: frozenset[Any]) -> int | None:
        covers = self.tariff.covers
        held = set(given)
        for each in rider.held:
            at = next(n for n, cover in enumerate(covers) if cover.id == each.cover)
            held.add((at, each.period.first_day, each.period.last_day or date.max))
        mine = [each for each in self.on_sale() if can_buy(covers[each[0]], rider, self.ask)]
        caps = [each for each in mine if covers[each[0]].kind.value == "cap"]
        useful = [
            each
            for each in mine
            if each not in caps
            and any(self.reaches(each, legs) for cut in self.cuts for choice in cut for legs in choice)
        ]
        best: int | None = None
        for cuts in itertools.product(*self.cuts):
            for size in range(len(useful) + 1):
                for bought in itertools.combinations(useful, size):
                    price = sum(covers[each[0]].cents for each in bought)
                    if best is not None and price >= best:
                        continue
                    rest = self.tickets_cost(rider, list(cuts), held | set(bought), caps)
                    if rest is not None and (best is None or price + rest < best):
                        best = price + rest
        return best

    def tickets_cost(self, rider: Any, journeys: list[Any], covers: set[Any], caps: list[Any]) -> int | None:
        """The least to pay with these covers in hand: every plan of every leg is tried."""
        flat = [(j, legs) for j, journey in enumerate(journeys) for legs in journey]
        passes = {each for each in covers if self.tariff.covers[each[0]].kind.value == "pass"}
        choices = []
        for _, legs in flat:
            here: list[Any] = []
            if any(self.reaches(each, legs) for each in passes):
                here.append(None)
            cards = {
                self.tariff.covers[each[0]].id
                for each in covers
                if self.tariff.covers[each[0]].kind.value == "card" and self.reaches(each, legs)
            }
            for group, product in self.tickets(legs):
                price = self.reduced(product, rider, legs, cards)
                if price is not None:
                    here.append((group, price, None))
                    here += [(group, price, n) for n, c in enumerate(self.tariff.carnets) if c.product == product]
            if not here:
                return None
            choices.append(here)
        scopes = [[n for n, cap in enumerate(caps) if self.reaches(cap, legs)] for _, legs in flat]
        best: int | None = None
        for plan in itertools.product(*choices):
            for charges, units in self.plans(rider, flat, plan):
                cost = self.capped(charges, scopes, caps, rider)
                for carnet, used in units.items():
                    of = self.tariff.carnets[carnet]
                    left = sum(n for name, n in rider.units if name == of.id)
                    if used > left:
                        allowed = (of.riders is None or rider.category in of.riders) and (
                            self.ask.channel is None or of.channels is None or self.ask.channel in of.channels
                        )
                        if not allowed:
                            break
                        cost += -(-(used - left) // of.units) * of.cents
                else:
                    best = cost if best is None else min(best, cost)
        return best

    def still(self, cap: Any, rider: Any) -> int:
        """What is left to pay of a cap before everything under it is free."""
        at, first, last = cap
        of = self.tariff.covers[at]
        before = [p.cents for p in rider.paid if (p.cap, p.period.first_day, p.period.last_day) == (of.id, first, last)]
        left: int = of.cents - sum(before)
        return left if left > 0 else 0

    def capped(self, charges: list[int], scopes: list[list[int]], caps: list[Any], rider: Any) -> int:
        """Every set of caps reached or not: the ones reached are paid, the charges in their scope are not."""
        if not any(scopes):
            return sum(charges)
        best = sum(charges)
        for size in range(1, len(caps) + 1):
            for chosen in itertools.combinations(range(len(caps)), size):
                out = sum(c for c, scope in zip(charges, scopes, strict=True) if not set(scope) & set(chosen))
                best = min(best, out + sum(self.still(caps[n], rider) for n in chosen))
        return best

    def plans(self, rider: Any, flat: list[Any], plan: Any) -> Any:
        """The charges of each leg, for every choice of transfers: a transfer may be taken or left."""

        def go(at: int, charges: list[int], units: dict[int, int], sub: list[int], kinds: list[Any]) -> Any:
            # `sub`: the legs of the transfer sub-journey so far; `kinds`: whether each link had the same group.
            if at == len(flat):
                yield list(charges), dict(units)
                return
            journey, _ = flat[at]
            choice = plan[at]
            if choice is None:
                yield from go(at + 1, [*charges, 0], units, [], [])
                return
            group, price, carnet = choice
            own = 0 if carnet is not None else price
            more = units if carnet is None else {**units, carnet: units.get(carnet, 0) + 1}
            yield from go(at + 1, [*charges, own], more, [at], [])
            if not sub or flat[at - 1][0] != journey:
                return
            before = plan[at - 1][0]
            for rule in self.transfers(before, group, sub, kinds, at, flat):
                extra = 0 if rule.product is None else self.price(rule.product, rider)
                if extra is None:
                    continue
                link = [*kinds, before == group]
                if rule.kind.value == 0:
                    if carnet is None:
                        yield from go(at + 1, [*charges, extra], units, [*sub, at], link)
                elif rule.kind.value == 1:
                    yield from go(at + 1, [*charges, extra + own], more, [*sub, at], link)
                elif carnet is None:
                    changed = list(charges)
                    if not kinds:  # the first transfer: it stands for the ticket before it
                        changed[at - 1] = 0
                    yield from go(at + 1, [*changed, extra], units, [*sub, at], link)

        return go(0, [], {}, [], [])

    def transfers(
        self, before: str | None, group: str | None, sub: list[int], kinds: list[bool], at: int, flat: list[Any]
    ) -> list[Any]:
        if before is None or group is None:
            return []
        rules = self.tables.transfer_rules
        froms, tos = {rule.from_group for rule in rules}, {rule.to_group for rule in rules}
        run = 0
        if before == group:
            while run < len(kinds) and kinds[-1 - run]:
                run += 1
        first = flat[sub[-1 - run]][1]
        last = flat[at][1]
        good: list[tuple[float, Any]] = []
        for rule in rules:
            if rule.from_group != before and not (rule.from_group is None and before not in froms):
                continue
            if rule.to_group != group and not (rule.to_group is None and group not in tos):
                continue
            if rule.duration_s is not None:
                start = first[0].departs_at if rule.duration_kind.value in (0, 1) else first[-1].arrives_at
                end = last[-1].arrives_at if rule.duration_kind.value in (0, 3) else last[0].departs_at
                if end - start > timedelta(seconds=rule.duration_s):
                    continue
            limit = float("inf") if rule.count in (None, -1) else rule.count
            if limit >= run + 1:
                good.append((limit, rule))
        least = min((limit for limit, _ in good), default=None)
        return [rule for limit, rule in good if limit == least]


def service_day(at: Any) -> date:
    local = at.astimezone(FRANCE)
    return local.date() - timedelta(days=1) if local.hour < 4 else local.date()


def span(cover: Any, day: date) -> tuple[date, date]:
    return span_of(cover.span.value, cover.span_days, day)


@cache
def span_of(kind: str, span_days: int, day: date) -> tuple[date, date]:
    if kind == "day":
        return day, day
    if kind == "week":
        while day.isoweekday() != 1:
            day -= timedelta(days=1)
        return day, day + timedelta(days=6)
    if kind == "month":
        last = day
        while (last + timedelta(days=1)).month == day.month:
            last += timedelta(days=1)
        return date(day.year, day.month, 1), last
    if kind == "days":
        return day, day + timedelta(days=span_days - 1)
    if kind == "school_year":
        begin = date(day.year if day >= date(day.year, 9, 1) else day.year - 1, 9, 1)
        return begin, date(begin.year + 1, 8, 31)
    last = day
    while (last + timedelta(days=1)).timetuple()[1:3] != day.timetuple()[1:3]:
        last += timedelta(days=1)
        if day.timetuple()[1:3] == (2, 29) and (last.month, last.day) == (2, 28):
            break
    return day, last
