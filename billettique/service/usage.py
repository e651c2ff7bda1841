"""Knowing use: the ways of a day while its tokens are there, then figures of counts only; revenue by line, equal to the
ledger to the cent."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from billettique.rules import usage as rules
from billettique.rules.usage import Boarded, StopAt, Tap
from billettique.service import sync
from billettique.service.books import sales_account
from billettique.service.served_lines import LineStops
from billettique.store import usage as store
from billettique.store import validations as validation_store
from billettique.store.orders import ItemRow
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.ledger import service as ledger

PAGE: Final = 500


def chain_days(session: Session, lines: Mapping[str, LineStops], now: datetime) -> dict[date, float]:
    """Infer the ways of the days of service that are over, while their tokens are there; the share inferred of each day
    done now. A day is done once: what comes later is counted, without its way."""
    ways = {
        code: [[StopAt(stop.place, stop.lat, stop.lon) for stop in way] for way in line.directions]
        for code, line in lines.items()
    }
    done: dict[date, float] = {}
    for day in validation_store.days_with_taps(session, sync.service_day(now)):
        if store.chained(session, day):
            continue
        rows = validation_store.taps_of_day(session, day)
        taps = [Tap(row.token, row.at, row.line, row.stop, row.trip) for row in rows]
        found = rules.chain(taps, ways)
        if not store.claim_day(session, day, found.taps, found.inferred, now):
            continue
        _write(session, day, found)
        done[day] = found.share
    return done


def _write(session: Session, day: date, found: rules.Chained) -> None:
    month = day.replace(day=1)
    if found.flows:
        store.add(session, store.FlowRow, {(month, *key): {"count": count} for key, count in found.flows.items()})
    keys = {*found.on, *found.off}
    if keys:
        counts = {
            (day, trip, stop): {
                "boardings": 0, "inferred_on": found.on[line, trip, stop], "inferred_off": found.off[line, trip, stop]
            }
            for line, trip, stop in keys
        }  # fmt: skip
        store.add(session, store.LoadRow, counts, {(day, trip, stop): {"line": line} for line, trip, stop in keys})


# ---------------------------------------------------------------- figures


@dataclass(frozen=True, slots=True)
class Loaded:
    """A trip of a day: who got on in all, and the most that are taken to be on board at once (None: not inferred)."""

    day: date
    trip: str
    boardings: int
    most: int | None


@dataclass(frozen=True, slots=True)
class LineFigures:
    """A line in a month. `checks` and `faults`: inspectors' checks, and those that were not good."""

    line: str
    uses: int
    revenue: Money
    checks: int
    faults: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A month of use, and what it earned; `revenue` is the ledger's, without tax, and the sum of the lines'."""

    month: date
    lines: tuple[LineFigures, ...]
    by_hour: Mapping[int, int]
    by_product: Mapping[str, int]
    by_channel: Mapping[str, int]
    by_day: Mapping[date, int]
    stops: tuple[tuple[str, int], ...]
    flows: tuple[tuple[str, str, int], ...]
    revenue: Money
    taps: int
    inferred: int


def last_day(month: date) -> date:
    """The last day of the month that begins on this day."""
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def months_known(session: Session) -> list[date]:
    """The months that have validations."""
    return store.months_known(session)


def figures_of(session: Session, month: date) -> Figures:
    """A month of use."""
    first, last = month, last_day(month)
    uses = store.uses_by(session, first, last, "product", "line")
    earned = earned_by_product(session, first, last)
    revenue = rules.by_line(earned, {(product, line): count for (product, line), count in uses.items()})
    checks: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (line, answer), count in store.checks_by_line(session, first, last).items():
        checks[line][0] += count
        checks[line][1] += 0 if answer == "OK" else count
    counted: dict[str, int] = defaultdict(int)
    for (_product, line), count in uses.items():
        counted[line] += count
    names = sorted({*counted, *revenue, *checks})
    days = store.chained_days(session, first, last)
    stops = _one(store.uses_by(session, first, last, "stop"))
    return Figures(
        month=month,
        lines=tuple(
            LineFigures(name, counted.get(name, 0), revenue.get(name, ZERO), *checks.get(name, (0, 0)))
            for name in names
        ),
        by_hour=_one(store.uses_by(session, first, last, "hour")),
        by_product=_one(store.uses_by(session, first, last, "product")),
        by_channel=_one(store.uses_by(session, first, last, "channel")),
        by_day=_one(store.uses_by(session, first, last, "day")),
        stops=tuple(sorted(stops.items(), key=lambda each: (-each[1], each[0]))),
        flows=_flows(session, month),
        revenue=sum(earned.values(), ZERO),
        taps=sum(each.taps for each in days),
        inferred=sum(each.inferred for each in days),
    )  # fmt: skip


def _one(counts: Mapping[tuple[Any, ...], int]) -> dict[Any, int]:
    return {key[0]: count for key, count in counts.items()}


def _flows(session: Session, month: date) -> tuple[tuple[str, str, int], ...]:
    summed: dict[tuple[str, str], int] = defaultdict(int)
    for row in store.flows(session, month):
        summed[row.from_stop, row.to_stop] += row.count
    return tuple((one, other, count) for (one, other), count in sorted(summed.items(), key=lambda e: (-e[1], e[0])))


def earned_by_product(session: Session, first_day: date, last_day: date) -> dict[str, Money]:
    """What was earned between two days without tax, by product: the lines of the ledger on the sellers' sales accounts,
    by the day in France on which they happened; what was taken back is taken off."""
    sellers = session.scalars(select(ItemRow.seller).distinct().order_by(ItemRow.seller)).all()
    amounts: dict[str, int] = defaultdict(int)  # by item
    for seller in sellers:
        account = sales_account(seller)
        for posted in ledger.entries(session, account):
            moved = posted.transfer
            if first_day <= paris_day(moved.happened_at) <= last_day:
                amounts[moved.ref] += posted.amount.cents if moved.credit == account else -posted.amount.cents
    products: dict[str, str] = {}
    items = sorted(amounts)
    for start in range(0, len(items), PAGE):
        asked = select(ItemRow.id, ItemRow.product).where(ItemRow.id.in_(items[start : start + PAGE]))
        products |= {row.id: row.product for row in session.execute(asked)}
    earned: dict[str, Money] = {}
    for item, cents in amounts.items():
        product = products.get(item, "")
        earned[product] = earned.get(product, ZERO) + Money(cents)
    return earned


def revenue_by_month(session: Session, first_day: date, last_day: date) -> dict[date, Money]:
    """What was earned between two days without tax, by month (its first day); as `earned_by_product` counts it."""
    earned: dict[date, Money] = {}
    sellers = session.scalars(select(ItemRow.seller).distinct().order_by(ItemRow.seller)).all()
    for account in map(sales_account, sellers):
        for posted in ledger.entries(session, account):
            day = paris_day(posted.transfer.happened_at)
            if first_day <= day <= last_day:
                month = day.replace(day=1)
                moved = posted.amount if posted.transfer.credit == account else ZERO - posted.amount
                earned[month] = earned.get(month, ZERO) + moved
    return earned


def loads_of(
    session: Session, line: str, directions: Sequence[Sequence[str]], first_day: date, last_day: date
) -> list[Loaded]:
    """The trips of a line between two days, the fullest first. `directions` give the order of its stops."""
    trips: dict[tuple[date, str], list[store.LoadRow]] = defaultdict(list)
    for row in store.loads(session, first_day, last_day, line):
        trips[row.day, row.trip].append(row)
    found = []
    for (day, trip), rows in trips.items():
        by_stop = {row.stop: Boarded(row.stop, row.boardings, row.inferred_on, row.inferred_off) for row in rows}
        boarded = rules.in_order(by_stop, directions)
        known = any(each.inferred_on for each in boarded)
        most = max(rules.load_after(boarded)) if known else None
        found.append(Loaded(day, trip, sum(each.boardings for each in boarded), most))
    return sorted(found, key=lambda each: (-each.boardings, each.day, each.trip))
