"""What campaigns add to the aid of trips: the second part of a pricing run, after the scale.

A campaign that an act decides and that was granted a budget pays from `covoit:budget:<code>`, beside the scale. It is
priced on the very trips that the run read, day by day in the order of the rule: what is on statements stands, what is
open is priced again, what shrinks is given back first. Campaigns come one after the other, by first day then code: the
legal ceiling is that of all aids of a trip together, and each sees what those before it give.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from typing import Any, Final

import orjson
from sqlalchemy.orm import Session

from covoit.model.campaign import Campaign
from covoit.model.journeys import VehicleTrip, order_of
from covoit.model.pricing import PricedTrip
from covoit.model.scale import Cap, CapMeasure, CapOf, CapPer
from covoit.rules import awards as rules
from covoit.rules import campaign as campaign_rules
from covoit.rules import campaign_awards, caps
from covoit.rules.campaign_awards import Sums
from covoit.service.award_writing import Decided, Writer, standing_of, withdrawal_of
from covoit.service.budgets import budget, funded
from covoit.store import award_uses as use_store
from covoit.store import awards as store
from covoit.store.trips import Read
from mobigo.base.money import ZERO, Money
from mobigo.ledger import service as ledger

BATCH: Final = 5_000


@dataclass(frozen=True, slots=True)
class Day:
    """The trips of a day of start as the run read them: those to price, and all that are final."""

    day: date
    read: Sequence[Read]
    ready: frozenset[store.Key]
    scale: bool  # whether a scale is in force: then what it does not know yet waits
    campaigns: frozenset[str] = frozenset()  # those of which an award of that day stands

    def concerns(self, campaign: Campaign) -> bool:
        """Whether there may be something to do."""
        return campaign.code in self.campaigns or (bool(self.read) and self.day in campaign.period)


@dataclass(slots=True)
class _Trip:
    """A trip, its award of this campaign, what the scale says of it, what else its driver is due for it."""

    trip: VehicleTrip
    head: store.Head | None
    scale: store.Head | None
    given: Money
    standing: Mapping[str, Any] | None


@dataclass(slots=True)
class CampaignRun:
    """One campaign over the days of a run."""

    session: Session
    campaign: Campaign
    writer: Writer
    after: frozenset[str]  # the campaigns that come after it
    written: int = 0
    withdrawn: int = 0
    cents: int = 0
    limit: Money = ZERO
    _closed: Money = ZERO
    _spent: Money = ZERO
    _used: caps.Usage = field(default_factory=caps.Usage)
    _loaded: set[tuple[str, str]] = field(default_factory=set)

    def whole(self, days: Sequence[Day]) -> bool:
        """Price every day; False when nobody granted the campaign a budget, and nothing was done."""
        limit = funded(self.session, self.campaign.code)
        if limit is None:
            return False
        self.limit = limit
        left = ledger.balance(self.session, budget(self.campaign.code)).net
        open_lines = store.sums_open(self.session).get(self.campaign.code, ZERO)
        self._closed = limit - left - open_lines
        for falls_only in (True, False):
            self._spent, self._used, self._loaded = self._closed, caps.Usage(), set()
            for each in days:
                self._day(each, falls_only=falls_only)
        return True

    def _day(self, day: Day, *, falls_only: bool) -> None:
        heads = use_store.supplements_on(self.session, day.day, day.ready)
        mine = heads.pop(self.campaign.code, {})
        base = store.heads_between(self.session, day.day, day.day)
        read = [
            each
            for each in day.read
            if (each.key in mine or day.day in self.campaign.period) and (each.key in base or not day.scale)
        ]
        looked = {each.key for each in read}
        for key, head in mine.items():
            if head.open and key in day.ready and key not in looked:  # it changed while the run looked at others
                self._spent += head.line
        decided = self._decided(day.day, read, mine, base, heads)
        decided += _withdrawals(mine, day.ready)
        if falls_only:
            decided = [each for each in decided if each[0].change.rise < ZERO]
        self._write(day.day, decided)

    def _decided(
        self, day: date, read: Sequence[Read], mine: Mapping[store.Key, store.Head],
        base: Mapping[store.Key, store.Head], others: Mapping[str, Mapping[store.Key, store.Head]],
    ) -> list[tuple[Decided, Mapping[str, Sums]]]:  # fmt: skip
        stated = [key for key, head in mine.items() if head.stated]
        documents = use_store.stated_documents(self.session, self.campaign.code, stated)
        before = use_store.stated_use_of(self.session, self.campaign.code, stated)
        trips = self._trips(read, mine, base, others, documents)
        found: list[tuple[Decided, Mapping[str, Sums]]] = []
        for one, units in self._priced(day, trips, before, _ranks(mine, base)):
            award = campaign_awards.merged(units)
            if one.head is None and not award.counted:
                continue  # the campaign is not about this trip: nothing to tell its driver
            document = rules.document_of(award)
            change = rules.change_of(award, document, None if one.head is None else standing_of(one.head))
            if change is not None:
                after = campaign_awards.uses_of(units, self.campaign)
                uses = campaign_awards.added(after, before.get(one.trip.key, {}))
                found.append((Decided(change, document, "", one.head), uses))
        return found

    def _trips(
        self, read: Sequence[Read], mine: Mapping[store.Key, store.Head], base: Mapping[store.Key, store.Head],
        others: Mapping[str, Mapping[store.Key, store.Head]], documents: Mapping[store.Key, str],
    ) -> list[_Trip]:  # fmt: skip
        """The trips in the order of the rule, with what the campaign may look at beside them."""
        trips = sorted((each.trip() for each in read), key=order_of)
        beside = use_store.beside(self.session, [journey.id for trip in trips for journey in trip.journeys])
        mentioned = [heads for code, heads in sorted(others.items()) if code not in self.after]
        out = []
        for trip in trips:
            head, scale = mine.get(trip.key), base.get(trip.key)
            given = sum((heads[trip.key].whole for heads in mentioned if trip.key in heads), ZERO)
            if scale is not None:
                given += scale.whole
            whole = replace(trip, journeys=tuple(_with(each, beside.get(each.id)) for each in trip.journeys))
            text = documents.get(trip.key)
            out.append(_Trip(whole, head, scale, given, None if text is None else orjson.loads(text)["inputs"]))
        return out

    def _priced(
        self,
        day: date,
        trips: Sequence[_Trip],
        before: Mapping[store.Key, Mapping[str, Sums]],
        taken: dict[str, int],
    ) -> Iterable[tuple[_Trip, list[PricedTrip]]]:
        """Both passes and the budget. A trip on a statement that changed keeps its own room, and comes first."""
        self._load(day)
        for one in trips:
            if one.head is not None and one.head.stated:
                self._count(one.head, before.get(one.trip.key, {}), -1)
                self._spent -= one.head.settled
        again = [one for one in trips if one.head is not None and one.head.stated]
        fresh = [one for one in trips if one.head is None or not one.head.stated]
        for group in [*([one] for one in again), fresh]:
            units = [unit for one in group for unit in self._first_pass(one, taken)]
            capped = caps.apply(units, self.campaign, self._used)
            paid = [self._within_budget(unit) for unit in sorted(capped, key=_order)]
            self._used = self._used.with_posted(paid, self.campaign)
            by_trip: dict[store.Key, list[PricedTrip]] = {}
            for unit in paid:
                by_trip.setdefault(unit.key, []).append(unit)
            for one in group:
                yield one, by_trip[one.trip.key]

    def _first_pass(self, one: _Trip, taken: dict[str, int]) -> list[PricedTrip]:
        """`taken`: the last rank of each driver's day; a trip that nothing ranks yet takes the next, if it counts."""
        there = campaign_awards.whereabouts(one.trip, self.campaign, one.standing)
        stated = one.head if one.head is not None and one.head.stated else None
        known = next((head.rank for head in (stated, one.scale) if head is not None and head.counts), None)
        rank = taken.get(one.trip.driver, 0) + 1 if known is None else known
        units = campaign_rules.price(one.trip, self.campaign, rank_of_day=rank, whereabouts=there, given=one.given)
        if known is None and any(unit.counted for unit in units):
            taken[one.trip.driver] = rank
        return units

    def _within_budget(self, unit: PricedTrip) -> PricedTrip:
        paid = rules.within_budget(unit, self.limit, self._spent)
        self._spent += paid.amount
        return paid

    # ---- what caps have used

    def _load(self, day: date) -> None:
        """Read what statements used of each cap over the periods of this day, once."""
        counters = dict(self._used.counters)
        for cap in self.campaign.caps:
            if cap.of is CapOf.VEHICLE_TRIP or cap.per is CapPer.TRIP:
                continue
            period = caps.period_name(day, cap.per)
            if (cap.code, period) in self._loaded:
                continue
            self._loaded.add((cap.code, period))
            of = cap.of.value if cap.of in (CapOf.DRIVER, CapOf.PASSENGER) else ""
            use = use_store.stated_use(self.session, self.campaign.code, caps.span_of(day, cap.per), of)
            for who, sums in use.items():
                key = (cap.measure, cap.of, who, cap.per, period)
                counters[key] = counters.get(key, 0) + sums[_MEASURES.index(cap.measure)]
        self._used = caps.Usage(counters)

    def _count(self, head: store.Head, uses: Mapping[str, Sums], sign: int) -> None:
        """The counters with (or without) what a closed trip used."""
        counters = dict(self._used.counters)
        for cap in self.campaign.caps:
            if cap.of is CapOf.VEHICLE_TRIP or cap.per is CapPer.TRIP:
                continue
            for passenger, sums in uses.items():
                key = (cap.measure, cap.of, _who(cap, head, passenger), cap.per, caps.period_name(head.day, cap.per))
                counters[key] = counters.get(key, 0) + sign * sums[_MEASURES.index(cap.measure)]
        self._used = caps.Usage(counters)

    def _write(self, day: date, decided: list[tuple[Decided, Mapping[str, Sums]]]) -> None:
        """Write the changes of a day, what gives money back first."""
        decided.sort(key=lambda each: each[0].change.rise.cents)
        for start in range(0, len(decided), BATCH):
            some = decided[start : start + BATCH]
            ids = self.writer.write(day, [each for each, _uses in some], self.campaign, self.campaign.code)
            use_store.write_uses(self.session, dict(zip(ids, (uses for _each, uses in some), strict=True)))
            self.written += len(some)
            self.withdrawn += sum(each.change.priced is None for each, _uses in some)
            self.cents += sum(each.change.rise.cents for each, _uses in some)


def _ranks(mine: Mapping[store.Key, store.Head], base: Mapping[store.Key, store.Head]) -> dict[str, int]:
    """The last rank of each driver's day: of what the scale counts, then of what the campaign alone counts and is on a
    statement."""
    ranks: dict[str, int] = {}
    stated = [head for key, head in mine.items() if head.stated]
    for head in (*base.values(), *stated):
        if head.counts:
            ranks[head.driver] = max(ranks.get(head.driver, 0), head.rank)
    return ranks


_MEASURES: Final = (CapMeasure.AMOUNT, CapMeasure.TRIPS, CapMeasure.PASSENGERS)


def _who(cap: Cap, head: store.Head, passenger: str) -> str:
    return {CapOf.DRIVER: head.driver, CapOf.PASSENGER: passenger}.get(cap.of, "")


def _order(priced: PricedTrip) -> tuple[Any, ...]:
    return (priced.started_at, priced.operator, priced.operator_trip_id, priced.counted)


def _with(journey: Any, beside: use_store.Beside | None) -> Any:
    """The journey with what campaigns look at besides."""
    if beside is None:
        return journey
    start, end = (None, None) if beside.ends is None else beside.ends
    revenue = None if beside.revenue_cents is None else Money(beside.revenue_cents)
    return replace(journey, start=start, end=end, driver_revenue=revenue, incentives=Money(beside.incentives_cents))


def _withdrawals(
    heads: Mapping[store.Key, store.Head], ready: frozenset[store.Key]
) -> list[tuple[Decided, Mapping[str, Sums]]]:
    """What is taken back because its trip is being checked again: it is no longer final."""
    found: list[tuple[Decided, Mapping[str, Sums]]] = []
    for key, head in heads.items():
        if head.open and key not in ready and (head.line != ZERO if head.stated else head.counts):
            document = withdrawal_of(head)
            change = rules.change_to(None, sha256(document).hexdigest(), standing_of(head))
            found.append((Decided(change, document, "", head), {}))
    return found
