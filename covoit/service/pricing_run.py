"""One pricing run: the days in order, both passes of the rule, the budgets, and what differs from what stands.

What was priced alone and did not change since is not priced again: an open award remembers the content of its trip
(and of all that prices it: scale, dated figures, code). It stands when that is still so, for it and for the other trips
of its driver's day, which decide its rank; and when no cap or budget may bite, which depend on everybody's.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from covoit.gateway import campaigns, scales
from covoit.model import journeys as journey_model
from covoit.model import pricing as pricing_model
from covoit.model import scale as scale_model
from covoit.model.campaign import Campaign
from covoit.model.journeys import VehicleTrip, order_of
from covoit.model.pricing import PricedTrip
from covoit.model.scale import CapMeasure, CapOf, CapPer, Scale, ceiling_on, fare_on
from covoit.rules import awards as rules
from covoit.rules import caps, documents, legal, subsidy, words
from covoit.service.award_writing import Decided, Writer, standing_of, withdrawal_of
from covoit.service.budgets import budget, funded
from covoit.service.campaign_run import BATCH, CampaignRun, Day
from covoit.store import awards as store
from covoit.store import journey_rows, trips
from covoit.store.trips import Read
from mobigo.base import canonical, decisions, instants, money, periods
from mobigo.base.errors import NotFound, Refused
from mobigo.base.money import ZERO, Money
from mobigo.ledger import service as ledger

# The code that decides what an award says: after an upgrade that changes any of it, everything open is priced again.
_CODE: Final = (
    subsidy, documents, legal, words, caps, rules, journey_model, pricing_model, scale_model, journey_rows, trips,
    canonical, decisions, instants, money, periods,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Awarded:
    """What one run did: trips looked at, awards written, cents added to the open lines, trips it could not price."""

    trips: int = 0
    written: int = 0
    withdrawn: int = 0
    cents: int = 0
    without_scale: int = 0
    without_budget: tuple[str, ...] = ()


@dataclass(slots=True)
class Run:
    """One run: the days in order, what each cap and budget has used so far."""

    session: Session
    now: datetime
    home: Path | None
    days: Sequence[date]
    past_midnight: Mapping[date, Sequence[store.Key]]  # by day of start, the trips with a journey of the next day
    closing: bool = False  # whether what is priced is about to be put on statements: `mark_closed` follows
    trips: int = 0
    written: int = 0
    withdrawn: int = 0
    cents: int = 0
    without_scale: int = 0
    without_budget: set[str] = field(default_factory=set)
    # With two passes: the trips that the first one saw. What became known since waits for the next run.
    seen: dict[store.Key, str] | None = None
    may_bite: bool = True
    _writer: Writer = field(init=False)
    _days: list[Day] | None = None  # what was read, for campaigns; None: there are none
    _used: dict[str, caps.Usage] = field(default_factory=dict)
    _loaded: set[caps.UsageKey] = field(default_factory=set)
    _limits: dict[str, Money] = field(default_factory=dict)  # granted to each campaign
    _closed: dict[str, Money] = field(default_factory=dict)  # of it, on statements
    _spent: dict[str, Money] = field(default_factory=dict)  # of it, so far in the order of the rule
    _read: dict[tuple[str, int], list[str]] = field(default_factory=dict)  # by status and revision, ids a day to a text

    def __post_init__(self) -> None:
        self._writer = Writer(self.session, self.now)

    def whole(self, *, careful: bool) -> "Run":
        """Price every day. `careful`: as if every budget were short."""
        self.may_bite = self.budgets_may_bite() or careful
        if self.may_bite:
            # A trip that became known late may take the place of a later one: what shrinks is given back first.
            self.seen = {}
            for day in self.days:
                self.price_day(day, falls_only=True)
            self.forget_usage()
        decided = campaigns.decided(self.home)
        self._days = [] if decided else None
        for day in self.days:
            self.price_day(day)
        self._add_campaigns(decided)
        return self

    def _add_campaigns(self, decided: Sequence[Campaign]) -> None:
        """What campaigns add, one after the other. One that was granted nothing, or that no act decides any more and of
        which something is open, is said: a month does not close without it."""
        codes = [each.code for each in decided]
        self.without_budget |= store.open_supplements(self.session) - set(codes)
        for at, campaign in enumerate(decided):
            days = [each for each in self._days or () if each.concerns(campaign)]
            run = CampaignRun(self.session, campaign, self._writer, frozenset(codes[at + 1 :]))
            if not run.whole(days):
                self.without_budget |= {campaign.code} if any(each.read for each in days) else set()
            self.written += run.written
            self.withdrawn += run.withdrawn
            self.cents += run.cents

    # ---- budgets

    def budgets_may_bite(self) -> bool:
        """Read the budgets; whether one of them might not bear all that is open at its full amount. The bound needs no
        pricing: so many journeys of the longest length."""
        open_lines = store.sums_open(self.session)
        journeys, longest_m = store.open_bound(self.session)
        bites = False
        for code in {scale.code for scale in map(self._scale, self.days) if scale is not None}:
            limit = funded(self.session, code)
            if limit is None:
                continue
            left = ledger.balance(self.session, budget(code)).net
            self._limits[code] = limit
            self._closed[code] = limit - left - open_lines.get(code, ZERO)
            scale = scales.load_scale(code, self.home)
            highest = longest_m * scale.rate_cents // scale.rate_unit_m + 1 + scale.bonus_cents * scale.passengers_max
            bites = bites or limit - self._closed[code] < Money(journeys * highest)
        self.forget_usage()
        return bites

    def forget_usage(self) -> None:
        """Begin again at the first day."""
        self._used, self._loaded, self._spent = {}, set(), dict(self._closed)

    # ---- one day

    def price_day(self, day: date, *, falls_only: bool = False) -> None:
        """Price the trips of one day and write what differs (`falls_only`: only what lowers an amount)."""
        scale = self._scale(day)
        read = store.ready_on(self.session, day, also=self.past_midnight.get(day, ()), seed=_seed(scale, day))
        ready = {each.key for each in read}
        if self.seen is not None:
            if falls_only:
                self.seen.update((each.key, each.content) for each in read)
            read = [each for each in read if self.seen.get(each.key) == each.content]
        if self._days is not None and not falls_only:
            self._days.append(Day(day, read, frozenset(ready), scale is not None, store.supplements(self.session, day)))
        if scale is None:
            self.without_scale += len(read)
            return
        if scale.code not in self._limits:
            self.without_budget |= {scale.code} if read else set()
            return
        heads = store.heads_between(self.session, day, day) | store.heads_moved_to(self.session, day, ready)
        stands = set() if self.may_bite or scale.caps else undisturbed(read, heads)
        for key in stands:
            self._spent[scale.code] += heads[key].whole
        decided, unchanged = self._decided(day, [each for each in read if each.key not in stands], heads, scale)
        decided += _withdrawals(heads, ready)
        if falls_only:
            decided = [each for each in decided if each.change.rise < ZERO]
        else:
            self._note(read, unchanged)
        self._write(day, decided, scale)

    def _decided(
        self, day: date, read: Sequence[Read], heads: Mapping[store.Key, store.Head], scale: Scale
    ) -> tuple[list[Decided], set[store.Key]]:
        """What to write for these trips; and which of those on a statement stand on it as they are, having changed and
        changed back."""
        contents = {each.key: each.content for each in read}
        decided: list[Decided] = []
        unchanged: set[store.Key] = set()
        for trip, priced in self._priced(day, sorted((each.trip() for each in read), key=order_of), heads, scale):
            head = heads.get(trip.key)
            document = rules.document_of(priced)
            change = rules.change_of(priced, document, None if head is None else standing_of(head))
            if change is not None:
                alone = "used" not in priced.inputs and "budget" not in priced.inputs
                decided.append(Decided(change, document, contents[trip.key] if alone else "", head))
            elif head is not None and not head.open:
                unchanged.add(trip.key)
        return decided, unchanged

    def _note(self, read: Sequence[Read], unchanged: set[store.Key]) -> None:
        """Count the trips of a day; remember their journeys until they are on statements, and say at once of those
        that are on one already that they are priced."""
        self.trips += len(read)
        # Where campaigns add something, what they changed is open: the trip is looked at until it is on a statement.
        again = [each for each in read if each.key in unchanged] if self._days is None else []
        store.mark_priced(self.session, [mark for each in again for mark in each.marks()], self.now)
        if not self.closing:
            return
        of_day: dict[tuple[str, int], list[str]] = {}
        for each in read:
            for status, revision, journey in each.marks():
                of_day.setdefault((status, revision), []).append(journey)
        for state, ids in of_day.items():
            self._read.setdefault(state, []).append("\n".join(ids))

    def mark_closed(self) -> None:
        """After the lines were put on a statement: what was priced as it stands is not looked at again."""
        for (status, revision), days in sorted(self._read.items()):
            for ids in days:
                marks = [(status, revision, journey) for journey in ids.split("\n")]
                store.mark_priced(self.session, marks, self.now)

    def _scale(self, day: date) -> Scale | None:
        try:
            return scales.scale_in_force(day, self.home)
        except NotFound:
            return None

    def _priced(
        self, day: date, trips: Sequence[VehicleTrip], heads: Mapping[store.Key, store.Head], scale: Scale
    ) -> Iterator[tuple[VehicleTrip, PricedTrip]]:
        """Both passes and the budget. A trip on a statement that changed keeps its rank and its own room, and comes
        first: what is closed is never lowered by what is open."""
        kept = {key: head for key, head in heads.items() if head.stated and head.counts}
        again = [trip for trip in trips if trip.key in kept]
        fresh = [trip for trip in trips if trip.key not in kept]
        used = self._usage(day, {trip.driver for trip in trips}, scale)
        code, limit = scale.code, self._limits[scale.code]
        for trip in trips:
            if trip.key in heads:
                used = _moved(used, scale, heads[trip.key], -1)
                self._spent[code] -= heads[trip.key].settled
        out: list[tuple[VehicleTrip, PricedTrip]] = []
        for trip in again:
            first = subsidy.price(trip, scale, rank_of_day=kept[trip.key].rank)
            priced = rules.within_budget(caps.apply([first], scale, used)[0], limit, self._spent[code])
            used = used.with_posted([priced], scale) if scale.caps else used
            self._spent[code] += priced.amount
            out.append((trip, priced))
        already: dict[tuple[str, date], int] = {}
        for head in kept.values():
            already[head.driver, day] = already.get((head.driver, day), 0) + 1
        capped = caps.apply(subsidy.price_all(fresh, scale, already=already), scale, used)
        for trip, each in sorted(zip(fresh, capped, strict=True), key=lambda pair: _order(pair[1])):
            priced = rules.within_budget(each, limit, self._spent[code])
            self._spent[code] += priced.amount
            out.append((trip, priced))
        if scale.caps:
            self._used[code] = used.with_posted((priced for _trip, priced in out[len(again) :]), scale)
        return iter(out)

    def _usage(self, day: date, drivers: set[str], scale: Scale) -> caps.Usage:
        """What caps have used: closed lines, read once for each driver and period, and what this run priced."""
        used = self._used.get(scale.code, caps.Usage())
        counters = dict(used.counters)
        for cap in scale.caps:
            if cap.of is CapOf.PASSENGER:  # a scale prices the trip whole: a campaign has a passenger's cap
                raise Refused("covoit.cap_not_paid", cap=cap.code)
            if cap.of is CapOf.VEHICLE_TRIP or cap.per is CapPer.TRIP:
                continue
            period = caps.period_name(day, cap.per)
            people = drivers if cap.of is CapOf.DRIVER else {""}
            wanted = {who for who in people if (cap.measure, cap.of, who, cap.per, period) not in self._loaded}
            if not wanted:
                continue
            self._loaded |= {(cap.measure, cap.of, who, cap.per, period) for who in wanted}
            chosen = sorted(wanted) if cap.of is CapOf.DRIVER else None
            for who, sums in store.closed_use(self.session, scale.code, caps.span_of(day, cap.per), chosen).items():
                key = (cap.measure, cap.of, who, cap.per, period)
                counters[key] = counters.get(key, 0) + sums[_MEASURES.index(cap.measure)]
        return caps.Usage(counters)

    def _write(self, day: date, decided: list[Decided], scale: Scale) -> None:
        """Write the changes of a day, what gives money back first."""
        decided.sort(key=lambda each: each.change.rise.cents)
        for start in range(0, len(decided), BATCH):
            some = decided[start : start + BATCH]
            self._writer.write(day, some, scale)
            self.written += len(some)
            self.withdrawn += sum(each.change.priced is None for each in some)
            self.cents += sum(each.change.rise.cents for each in some)

    def done(self) -> Awarded:
        return Awarded(
            self.trips, self.written, self.withdrawn, self.cents, self.without_scale, tuple(sorted(self.without_budget))
        )


# ---------------------------------------------------------------- what stands


def undisturbed(read: Sequence[Read], heads: Mapping[store.Key, store.Head]) -> set[store.Key]:
    """The trips whose open award stands without being priced: it was made of this very content, and so were those of
    all other trips of the driver that day, none of which appeared, went away or is on a statement."""
    ready = {each.key for each in read}
    touched = {head.driver for key, head in heads.items() if head.stated or (head.counts and key not in ready)}
    for each in read:
        head = heads.get(each.key)
        if head is None:
            touched.add(each.driver)
        elif head.content != each.content:
            touched |= {each.driver, head.driver}
    return {each.key for each in read if each.driver not in touched}


def _seed(scale: Scale | None, day: date) -> bytes:
    """All that prices a trip of this day beside the trip and its rank."""
    if scale is None:
        return b""
    try:
        dated = f"{scale.hash} {ceiling_on(scale.ceilings, day).hash} {fare_on(scale.fares, day).hash}"
    except NotFound:  # no trip of that day can be priced: said when one is
        return b""
    return _code() + dated.encode()


@cache
def _code() -> bytes:
    digest = sha256()
    for module in _CODE:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.digest()


def _withdrawals(heads: Mapping[store.Key, store.Head], ready: set[store.Key]) -> list[Decided]:
    """What is taken back because its trip is being checked again: it is no longer final."""
    found = []
    for key, head in heads.items():
        if head.open and key not in ready and (head.line != ZERO if head.stated else head.counts):
            document = withdrawal_of(head)
            change = rules.change_to(None, sha256(document).hexdigest(), standing_of(head))
            found.append(Decided(change, document, "", head))
    return found


def _order(priced: PricedTrip) -> tuple[datetime, str, str]:
    return (priced.started_at, priced.operator, priced.operator_trip_id)


_MEASURES: Final = (CapMeasure.AMOUNT, CapMeasure.TRIPS, CapMeasure.PASSENGERS)


def _moved(used: caps.Usage, scale: Scale, head: store.Head, sign: int) -> caps.Usage:
    """The counters less (or plus) what a closed trip used."""
    if not scale.caps or head.settled <= ZERO:
        return used
    counters = dict(used.counters)
    sums = {CapMeasure.AMOUNT: head.settled.cents, CapMeasure.TRIPS: 1, CapMeasure.PASSENGERS: head.passengers}
    for cap in scale.caps:
        if cap.of is CapOf.VEHICLE_TRIP or cap.per is CapPer.TRIP:
            continue
        who = head.driver if cap.of is CapOf.DRIVER else ""
        key = (cap.measure, cap.of, who, cap.per, caps.period_name(head.day, cap.per))
        if key in counters:  # a trip that changed its day was perhaps closed in a month this run has not come to
            counters[key] += sign * sums[cap.measure]
    return caps.Usage(counters)
