"""Small random tariffs and journeys, for the engine and the brute force: prices of a few cents, so that ties and near
ties are common; instants around midnight, 04:00, weekends and both changes of clock."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from billettique.model.fares import (
    DurationKind,
    FareProduct,
    FareTables,
    JoinRule,
    Leg,
    LegRule,
    Stop,
    Timeframe,
    TransferKind,
    TransferRule,
)
from billettique.model.tariffs import (
    Ask,
    Band,
    Border,
    Carnet,
    Cover,
    CoverKind,
    DayKinds,
    Days,
    Discount,
    Held,
    PairTable,
    Place,
    Rider,
    Span,
    Tariff,
    Terms,
)
from mobigo.base.periods import Period

NETWORKS = ("car", "ter", "ville")
STOPS = ("a1", "a2", "b1", "b2", "c1", "z")
STATIONS = {"a1": "A", "a2": "A", "b1": "B", "b2": "B"}
RIDERS = ("adulte", "jeune", "enfant")
BEGINNINGS = (
    datetime(2026, 3, 27, 20, tzinfo=UTC),  # Friday evening, two days before summer time
    datetime(2026, 3, 28, 23, 30, tzinfo=UTC),  # the night of summer time
    datetime(2026, 10, 24, 22, 30, tzinfo=UTC),  # the night of winter time
    datetime(2026, 11, 9, 6, tzinfo=UTC),  # a Monday
    datetime(2026, 11, 30, 22, tzinfo=UTC),  # the last day of a month, a Monday
)


def some(rng: random.Random, among: tuple[str, ...]) -> frozenset[str] | None:
    return None if rng.random() < 0.5 else frozenset(rng.sample(among, rng.randint(1, len(among))))


def maybe(rng: random.Random, among: tuple[str, ...], chance: float = 0.5) -> str | None:
    return rng.choice(among) if rng.random() < chance else None


def a_tariff(rng: random.Random) -> Tariff:
    """A tariff of a few products, rules, transfers, and now and then of everything else."""
    products = tuple(
        FareProduct(
            f"p{n}", rng.choice((0, 50, 100, 100, 150, 200, 215, 333)),
            rider=maybe(rng, RIDERS, 0.15), medium=maybe(rng, ("m", "n"), 0.1),
        )
        for n in range(rng.randint(2, 4))
    ) + ((FareProduct("p0", 60, rider="enfant"),) if rng.random() < 0.3 else ())  # fmt: skip
    ids = tuple(sorted({each.id for each in products}))
    has_priority = rng.random() < 0.5
    areas, groups = ("A1", "B1", "C1"), ("g", "h", "k")
    leg_rules = tuple(
        LegRule(
            rng.choice(ids), maybe(rng, groups, 0.9), maybe(rng, NETWORKS, 0.4), maybe(rng, areas, 0.2),
            maybe(rng, areas, 0.2), maybe(rng, ("soir",), 0.1), maybe(rng, ("soir",), 0.05),
            rng.randint(0, 1) if has_priority else 0,
        )
        for _ in range(rng.randint(1, 4))
    )  # fmt: skip
    if rng.random() < 0.6:  # so that most journeys have a price
        leg_rules = (*leg_rules, LegRule(ids[0], maybe(rng, groups, 0.9)))
    transfers = []
    for _ in range(rng.choice((0, 1, 2, 2, 3))):
        before, after = maybe(rng, groups, 0.8), maybe(rng, groups, 0.8)
        limited = rng.random() < 0.4
        transfers.append(
            TransferRule(
                rng.choice(list(TransferKind)), before, after,
                rng.choice((-1, 1, 1, 2)) if before == after and before is not None else None,
                rng.choice((1800, 3600, 7200)) if limited else None,
                rng.choice(list(DurationKind)) if limited else None,
                maybe(rng, ids, 0.6),
            )
        )  # fmt: skip
    joins = tuple(
        JoinRule(network, rng.choice((network, rng.choice(NETWORKS))), *rng.choice(((None, None), ("a1", "B"))))
        for network in NETWORKS
        if rng.random() < 0.2
    )
    tables = FareTables(
        products=products,
        leg_rules=leg_rules,
        has_priority=has_priority,
        join_rules=joins,
        transfer_rules=tuple(transfers),
        stop_areas=tuple(
            (area, stop) for stop, area in (("A", "A1"), ("b1", "B1"), ("B", "C1"), ("c1", "C1"), ("a2", "B1"))
            if rng.random() < 0.8
        ),
        stops={
            **{stop: Stop(stop, STATIONS.get(stop)) for stop in STOPS},
            "A": Stop("A"), "B": Stop("B", zone="Europe/London" if rng.random() < 0.2 else None),
        },
        timeframes=(Timeframe("soir", "s", 72_000), Timeframe("soir", "s", 0, 18_000)),
        services={"s": frozenset(date(2026, 3, 27) + timedelta(days=n) for n in range(0, 300, 2))},
    )  # fmt: skip
    covers = tuple(_cover(rng, n, areas) for n in range(rng.choice((0, 0, 1, 1, 2))))
    cards = tuple(each.id for each in covers if each.kind is CoverKind.CARD)
    tariff = Tariff(
        tables,
        bands=tuple(
            Band(rng.choice(NETWORKS), rng.choice(ids), low, high, maybe(rng, groups))
            for low, high in ((0, 10_000), (10_000, 20_000), (20_000, None))
            if rng.random() < 0.2
        ),
        discounts=tuple(_discount(rng, n, cards) for n in range(rng.choice((0, 0, 1, 2)))),
        covers=covers,
        carnets=(Carnet("carnet", "Carnet", rng.choice(ids), rng.randint(2, 3), rng.choice((150, 250, 400))),)
        if rng.random() < 0.25
        else (),
        borders=(Border("c1", "B1"),) if rng.random() < 0.1 else (),
        terms=(Terms(ids[0], channels=frozenset({"guichet"})),) if rng.random() < 0.1 else (),
        day_kinds=DayKinds((Period(date(2026, 1, 1), date(2026, 11, 30)),), frozenset({date(2026, 11, 11)})),
    )
    return _placed(rng, tariff, ids) if rng.random() < 0.3 else tariff


def _placed(rng: random.Random, tariff: Tariff, ids: tuple[str, ...]) -> Tariff:
    """The tariff with two places of its own, one of them in an area or a border, and a table of pairs."""
    ends = rng.sample(("P", "Q", "z", "b2"), 3)
    metres = {(ends[0], ends[1]): rng.choice((0, 9_999, 10_000, 20_000))}
    products = {(ends[1], ends[2]): rng.choice(ids)} if rng.random() < 0.5 else {}
    return replace(
        tariff,
        tables=replace(
            tariff.tables,
            stop_areas=(*tariff.tables.stop_areas, *((("A1", "P"),) if rng.random() < 0.7 else ())),
        ),
        places=(Place("P", "P", (("a1", ""), ("A", ""))), Place("Q", "Q", (("b1", "Gare"), ("c1", "")))),
        pairs=(PairTable(rng.choice(NETWORKS), "", metres, products),),
        borders=(*tariff.borders, *((Border("Q", "A1"),) if rng.random() < 0.2 else ())),
    )


def _cover(rng: random.Random, n: int, areas: tuple[str, ...]) -> Cover:
    kind = rng.choice(list(CoverKind))
    span = rng.choice((Span.DAY, Span.DAY, Span.WEEK, Span.MONTH, Span.DAYS, Span.YEAR))
    return Cover(
        f"c{n}", f"c{n}", kind, rng.choice((100, 150, 250, 300, 400)), span, 2 if span is Span.DAYS else 0,
        networks=some(rng, NETWORKS), areas=frozenset(areas[:2]) if rng.random() < 0.1 else None,
        riders=some(rng, RIDERS) if rng.random() < 0.4 else None,
        companions=some(rng, RIDERS),
        seats=1 if kind is CoverKind.CAP else rng.choice((1, 1, 2, 3)),
    )  # fmt: skip


def _discount(rng: random.Random, n: int, cards: tuple[str, ...]) -> Discount:
    pct = rng.choice((30, 50, 60, 75, 100)) if rng.random() < 0.7 else None
    return Discount(
        f"d{n}", f"d{n}", pct, None if pct is not None else rng.choice((0, 50, 120)),
        networks=some(rng, NETWORKS), riders=some(rng, RIDERS), card=rng.choice(cards) if cards else None,
        days=rng.choice(list(Days)), party_min=rng.choice((1, 1, 2)),
    )  # fmt: skip


def a_journey(rng: random.Random, begins_at: datetime, legs: int) -> tuple[Leg, ...]:
    """A journey, each leg from where the last one ended or near it."""
    found, at, stop = [], begins_at, rng.choice(STOPS)
    for _ in range(legs):
        arrives_at = at + timedelta(minutes=rng.choice((10, 30, 30, 60)))
        there = rng.choice(STOPS)
        distance = rng.choice((None, 9_999, 10_000, 15_000, 20_000))
        found.append(Leg(maybe(rng, NETWORKS, 0.95), stop, there, at, arrives_at, distance))
        at = arrives_at + timedelta(minutes=rng.choice((0, 15, 30)))
        stop = there if rng.random() < 0.8 else rng.choice(STOPS)
    return tuple(found)


def an_ask(rng: random.Random, tariff: Tariff, legs_max: int) -> Ask:
    """One to three journeys of at most `legs_max` legs in all, by one to three riders."""
    at, left, journeys = rng.choice(BEGINNINGS), rng.randint(1, legs_max), []
    while left > 0:
        legs = rng.randint(1, left)
        journeys.append(a_journey(rng, at, legs))
        left -= legs
        at = journeys[-1][-1].arrives_at + timedelta(hours=rng.choice((1, 5, 20, 24)))
    riders = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        held = tuple(
            Held(cover.id, Period(date(2026, 3, 28), date(2026, 11, 9)))
            for cover in tariff.covers
            if cover.kind is not CoverKind.CAP and cover.seats == 1 and rng.random() < 0.15
        )
        units = tuple((each.id, 1) for each in tariff.carnets if rng.random() < 0.3)
        riders.append(Rider(rng.choice(RIDERS), held=held, units=units))
    return Ask(
        tuple(journeys), tuple(riders),
        media=frozenset({"m"}) if rng.random() < 0.2 else None,
        channel=rng.choice((None, "guichet", "web")), split=rng.random() < 0.2,
    )  # fmt: skip
