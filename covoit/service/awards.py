"""Pricing what is ready, and moving the money: `award_ready`. Funding a campaign. Checking awards against the ledger.

One run is one transaction under one lock: it takes every vehicle trip that is final and on no statement, prices them
in the order of the rule with what the closed months used, compares with what stands and writes the differences. So the
result depends on what is known, not on when it became known, and running it again changes nothing.

    covoit:budget:<campaign> → covoit:accrued:<driver>        an award; never overdrawn
    covoit:overpaid:<driver> → covoit:budget:<campaign>       what a closed line gave too much (its room is back)
    covoit:fare_receivable:<passenger> → covoit:fare_income   what passengers owe the Region
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from covoit.gateway import scales
from covoit.model.journeys import VehicleTrip
from covoit.model.pricing import PricedTrip
from covoit.model.scale import CapMeasure, CapOf, CapPer, Scale
from covoit.rules import awards as rules
from covoit.rules import caps, subsidy
from covoit.store import awards as store
from covoit.store import journeys as journey_store
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.db import transaction
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Order, Reverse, Transfer

Answer = TypeVar("Answer")
FARE_INCOME: Final = "covoit:fare_income"
BATCH: Final = 5_000


def budget(campaign: str) -> str:
    return f"covoit:budget:{campaign}"


def appropriation(campaign: str) -> str:
    """Where a budget comes from: what the assembly voted. Its debits are all that was ever granted."""
    return f"covoit:appropriation:{campaign}"


def accrued(person: str) -> str:
    return f"covoit:accrued:{person}"


def payable(person: str) -> str:
    return f"covoit:payable:{person}"


def overpaid(person: str) -> str:
    return f"covoit:overpaid:{person}"


def fare_receivable(person: str) -> str:
    return f"covoit:fare_receivable:{person}"


@dataclass(frozen=True, slots=True)
class Awarded:
    """What one run did: trips looked at, awards written, cents added to the open lines, trips it could not price."""

    trips: int = 0
    written: int = 0
    withdrawn: int = 0
    cents: int = 0
    without_scale: int = 0
    without_budget: tuple[str, ...] = ()


# ---------------------------------------------------------------- budgets


def fund(
    session: Session,
    campaign: str,
    amount: Money,
    *,
    act: str,
    by: str,
    key: str,
    home: Path | None = None,
    now: datetime,
) -> None:
    """Grant a campaign money, by an act. `key` names the grant for ever: repeating it grants nothing more.

    Raises NotFound for a campaign that is no scale, InvalidInput("covoit.budget_amount") unless the amount is positive.
    """
    scales.load_scale(campaign, home)
    if amount <= ZERO or not act.strip():
        raise InvalidInput("covoit.budget_amount", campaign=campaign)
    ledger.open_account(session, appropriation(campaign), floor=None, now=now)
    ledger.open_account(session, budget(campaign), floor=ZERO, now=now)
    granted = Transfer(
        f"fund:{key}", appropriation(campaign), budget(campaign), amount, now, "covoit.fund", campaign,
        {"act": act.strip()[:200], "by": by},
    )  # fmt: skip
    known = ledger.find(session, granted.key)
    if known is not None:
        if (known.transfer.debit, known.amount) != (granted.debit, amount):
            raise Conflict("ledger.other_content", key=granted.key)
        return
    ledger.post(session, [granted], now=now)
    audit.record(
        session, "covoit.fund", actor=by, object_kind="covoit_campaign", object_id=campaign, now=now,
        detail={"cents": amount.cents, "act": act.strip()[:200]},
    )  # fmt: skip


def funded(session: Session, campaign: str) -> Money | None:
    """All that was ever granted to a campaign; None when nothing was."""
    try:
        return ledger.balance(session, appropriation(campaign)).debits
    except NotFound:
        return None


# ---------------------------------------------------------------- the run


def award_ready(engine: Engine, now: datetime, *, home: Path | None = None, last_day: date | None = None) -> Awarded:
    """Price what is ready (up to `last_day`) and post it. Any number may run at once: they wait for one another."""

    def once(careful: bool) -> Awarded:
        with transaction(engine) as session:
            store.lock(session)
            return award_in(session, now, home=home, last_day=last_day, careful=careful)

    return again_if_short(once)


def again_if_short(act: Callable[[bool], Answer]) -> Answer:
    """Do it; when a budget was short at the wrong moment, because journeys became known between two looks, do it again
    from the start, giving back first. Each try is a transaction of its own."""
    for careful in (False, True, True, True):
        try:
            return act(careful)
        except Refused as refused:
            if refused.decision.code != "ledger.insufficient":
                raise
    return act(True)


def mark_closed(session: Session, now: datetime, *, home: Path | None = None, last_day: date) -> None:
    """Say of the trips just put on a statement that they are priced, unless they changed meanwhile."""
    _Run(session, now, home, *store.days_to_price(session, last_day)).mark_closed()


def award_in(
    session: Session, now: datetime, *, home: Path | None = None, last_day: date | None = None, careful: bool = False
) -> Awarded:
    """The same inside the caller's transaction, which holds `store.lock`. `careful`: as if every budget were short."""
    run = _Run(session, now, home, *store.days_to_price(session, last_day))
    if run.budgets_may_bite() or careful:
        # A trip that became known late may take the place of a later one: what shrinks is given back first.
        run.seen = {}
        for day in run.days:
            run.price_day(day, falls_only=True)
        run.forget_usage()
    for day in run.days:
        run.price_day(day)
    return run.done()


@dataclass(slots=True)
class _Run:
    """One run: the days in order, what each cap and budget has used so far."""

    session: Session
    now: datetime
    home: Path | None
    days: Sequence[date]
    days_past_midnight: frozenset[date]  # those with a trip that has a journey of the next day
    trips: int = 0
    written: int = 0
    withdrawn: int = 0
    cents: int = 0
    without_scale: int = 0
    without_budget: set[str] = field(default_factory=set)
    # With two passes: the trips that the first one saw. What became known since waits for the next run.
    seen: dict[store.Key, str] | None = None
    _used: dict[str, caps.Usage] = field(default_factory=dict)
    _loaded: set[caps.UsageKey] = field(default_factory=set)
    _limits: dict[str, Money] = field(default_factory=dict)  # granted to each campaign
    _closed: dict[str, Money] = field(default_factory=dict)  # of it, on statements
    _spent: dict[str, Money] = field(default_factory=dict)  # of it, so far in the order of the rule
    _opened: set[str] = field(default_factory=set)  # ledger accounts known to be there

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

    def mark_closed(self) -> None:
        """After the lines were put on a statement: what was priced as it stands is not looked at again."""
        for day in self.days:
            heads = store.heads_between(self.session, day, day)
            same = [
                trip
                for trip in self._trips(day)
                if trip.key in heads and not heads[trip.key].open and heads[trip.key].content == _content(trip)
            ]
            store.mark_priced(self.session, same, self.now)

    def price_day(self, day: date, *, falls_only: bool = False) -> None:
        """Price the trips of one day and write what differs (`falls_only`: only what lowers an amount)."""
        scale = self._scale(day)
        trips = self._trips(day)
        ready = {trip.key for trip in trips}
        if self.seen is not None:
            if falls_only:
                self.seen.update((trip.key, _content(trip)) for trip in trips)
            trips = [trip for trip in trips if self.seen.get(trip.key) == _content(trip)]
        if scale is None:
            self.without_scale += len(trips)
            return
        if scale.code not in self._limits:
            self.without_budget |= {scale.code} if trips else set()
            return
        heads = store.heads_between(self.session, day, day)
        changes: list[tuple[rules.Change, bytes, str, store.Head | None]] = []
        unchanged: list[VehicleTrip] = []
        for trip, priced in self._priced(day, trips, heads, scale):
            head = heads.get(trip.key)
            document = rules.document_of(priced)
            change = rules.change_of(priced, document, None if head is None else _standing(head))
            if change is not None:
                changes.append((change, document, _content_of(priced), head))
            elif head is not None and not head.open:
                unchanged.append(trip)  # changed and changed back: nothing to say again
        for key, head in heads.items():
            if head.open and key not in ready and (head.line != ZERO if head.stated else head.counts):
                document = _withdrawal(head)
                change = rules.Change(None, sha256(document).hexdigest(), _standing(head))
                changes.append((change, document, head.content, head))
        if falls_only:
            changes = [each for each in changes if each[0].rise < ZERO]
        else:
            self.trips += len(trips)
            store.mark_priced(self.session, unchanged, self.now)
        changes.sort(key=lambda each: each[0].rise)
        for start in range(0, len(changes), BATCH):
            self._write(day, changes[start : start + BATCH], scale)

    def _trips(self, day: date) -> list[VehicleTrip]:
        last = day + timedelta(days=1) if day in self.days_past_midnight else day
        found = journey_store.trips_ready(self.session, first_day=day, last_day=last, only_unpriced=True)
        return [trip for trip in found if trip.day == day]

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
            if cap.of is CapOf.PASSENGER:
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
            for who, sums in store.closed_use(self.session, scale.code, _span(day, cap.per), chosen).items():
                key = (cap.measure, cap.of, who, cap.per, period)
                counters[key] = counters.get(key, 0) + sums[_MEASURES.index(cap.measure)]
        return caps.Usage(counters)

    # ---- writing

    def _write(
        self, day: date, changes: Sequence[tuple[rules.Change, bytes, str, store.Head | None]], scale: Scale
    ) -> None:
        """Awards, heads and transfers of some trips, all in this transaction."""
        before = store.documents(
            self.session, [head.award for _c, _d, _t, head in changes if head is not None and head.fare != ZERO]
        )
        orders: list[Order] = []
        awards: list[dict[str, Any]] = []
        heads: list[dict[str, Any]] = []
        for change, document, content, head in changes:
            award = new_id(self.now)
            priced = change.priced
            if head is not None and head.line != ZERO:
                orders.append(Reverse(f"unaward:{head.award}", f"award:{head.award}"))
            if head is not None and head.award in before:
                for journey in sorted(rules.fares_of(orjson.loads(before[head.award]))):
                    orders.append(Reverse(f"unfare:{head.award}:{journey}", f"fare:{head.award}:{journey}"))
            driver, key, started_at = _who(change, head)
            orders += _line_orders(award, change, driver, key, started_at, scale.code)
            if priced is not None:
                for journey, (passenger, cents) in rules.fares_of_priced(priced).items():
                    orders.append(
                        Transfer(
                            f"fare:{award}:{journey}", fare_receivable(passenger), FARE_INCOME, Money(cents),
                            started_at, "covoit.fare", award,
                        )
                    )  # fmt: skip
            revision = 1 if head is None else head.revision + 1
            row = _award_row(award, revision, change, document, driver, key, day, started_at, scale, self.now)
            awards.append(row)
            heads.append(_head_row(row, content, scale.code, priced, head))
            self.cents += change.rise.cents
        self._open_accounts(orders)
        ledger.give(self.session, orders, now=self.now)
        store.write(self.session, awards, heads)
        self.written += len(awards)
        self.withdrawn += sum(change.priced is None for change, _d, _t, _h in changes)

    def _open_accounts(self, orders: Iterable[Order]) -> None:
        wanted: dict[str, Money | None] = {}
        for order in orders:
            if isinstance(order, Transfer):
                for code in (order.debit, order.credit):
                    if code not in self._opened:
                        wanted[code] = ZERO if code.startswith("covoit:accrued:") else None
        wanted = {code: floor for code, floor in wanted.items() if not code.startswith("covoit:budget:")}
        open_accounts(self.session, wanted, self.now)
        self._opened |= wanted.keys()

    def done(self) -> Awarded:
        return Awarded(
            self.trips, self.written, self.withdrawn, self.cents, self.without_scale, tuple(sorted(self.without_budget))
        )


_MEASURES: Final = (CapMeasure.AMOUNT, CapMeasure.TRIPS, CapMeasure.PASSENGERS)


def open_accounts(session: Session, wanted: Mapping[str, Money | None], now: datetime) -> None:
    """Make the accounts that are not there yet."""
    if wanted:
        ledger.open_accounts(session, wanted, now=now)


def _standing(head: store.Head) -> rules.Standing:
    return rules.Standing(head.award, head.revision, head.driver, head.digest, head.settled, head.line, head.open)


def _order(priced: PricedTrip) -> tuple[datetime, str, str]:
    return (priced.started_at, priced.operator, priced.operator_trip_id)


def _content(trip: VehicleTrip) -> str:
    return sha256(orjson.dumps(subsidy.trip_json(trip), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _content_of(priced: PricedTrip) -> str:
    """The same, from what pricing already wrote out."""
    return sha256(orjson.dumps(priced.inputs["trip"], option=orjson.OPT_SORT_KEYS)).hexdigest()


def _withdrawal(head: store.Head) -> bytes:
    """The canonical document of an award taken back because its trip is being checked again."""
    said = {"operator": head.key[0], "operator_trip_id": head.key[1], "withdrawn": head.award, "was": head.digest}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def _who(change: rules.Change, head: store.Head | None) -> tuple[str, store.Key, datetime]:
    if change.priced is not None:
        return change.priced.driver, change.priced.key, change.priced.started_at
    assert head is not None  # noqa: S101 - a withdrawal has a head
    return head.driver, head.key, head.started_at


def _line_orders(
    award: str, change: rules.Change, driver: str, key: store.Key, started_at: datetime, campaign: str
) -> list[Order]:
    memo = {"trip": key[1][:200], "operator": key[0], "digest": change.digest}
    if change.line > ZERO:
        return [
            Transfer(
                f"award:{award}",
                budget(campaign),
                accrued(driver),
                change.line,
                started_at,
                "covoit.award",
                award,
                memo,
            )
        ]
    if change.line < ZERO:
        return [
            Transfer(
                f"award:{award}", overpaid(driver), budget(campaign), -change.line, started_at, "covoit.take_back",
                award, memo,
            )
        ]  # fmt: skip
    return []


def _award_row(
    award: str, revision: int, change: rules.Change, document: bytes, driver: str, key: store.Key, day: date,
    started_at: datetime, scale: Scale, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    priced = change.priced
    reasons = [Decision("covoit.award_withdrawn")] if priced is None else rules.reasons_of(priced)
    return {
        "id": award,
        "operator": key[0],
        "operator_trip_id": key[1],
        "revision": revision,
        "cause": "withdrawn" if priced is None else "priced" if revision == 1 else "priced_again",
        "driver": driver,
        "day": day,
        "started_at": started_at,
        "line": None if priced is None else priced.line,
        "scale_code": scale.code,
        "scale_hash": scale.hash,
        "distance_m": 0 if priced is None else priced.distance_m,
        "passengers": 0 if priced is None else priced.passengers,
        "before_caps_cents": 0 if priced is None else priced.before_caps.cents,
        "whole_cents": change.whole.cents,
        "settled_cents": change.settled.cents,
        "line_cents": change.line.cents,
        "fare_cents": 0 if priced is None else priced.fare.cents,
        "document": document.decode(),
        "digest": change.digest,
        "reasons": rules.reasons_text(reasons),
        "recorded_at": now,
    }


def _head_row(
    row: Mapping[str, Any], content: str, campaign: str, priced: PricedTrip | None, head: store.Head | None
) -> dict[str, Any]:
    same = (
        "operator", "operator_trip_id", "revision", "driver", "day", "started_at", "digest", "passengers",
        "whole_cents", "settled_cents", "line_cents", "fare_cents",
    )  # fmt: skip
    stated = head is not None and head.stated
    if priced is not None:
        rank, counts = priced.inputs["rank_of_day"], bool(priced.counted)
    else:  # what is closed stands while the trip is checked again, and its rank with it
        rank, counts = (head.rank, head.counts) if head is not None and stated else (1, False)
    return {
        **{name: row[name] for name in same},
        "award": row["id"],
        "campaign": campaign,
        "content": content,
        "rank": rank,
        "counts": counts,
        "open": True,
        "stated": stated,
    }


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
        counters[key] = counters.get(key, 0) + sign * sums[cap.measure]
    return caps.Usage(counters)


def _span(day: date, per: CapPer) -> tuple[date, date]:
    """First and last day of the period a cap counts over."""
    if per is CapPer.DAY:
        return day, day
    if per is CapPer.MONTH:
        first = day.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    if per is CapPer.YEAR:
        return date(day.year, 1, 1), date(day.year, 12, 31)
    return date(1970, 1, 1), date(9999, 12, 31)
