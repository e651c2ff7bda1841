"""The cheapest way to pay for journeys of four legs among 200 products, one core.

    python -m tests.benchmarks.billettique_fares                     20,000 journeys
    python -m tests.benchmarks.billettique_fares --journeys 5000 --seed 7

The tariff: 12 areas, three networks, single tickets by pair of areas and by distance, transfers of the three kinds
with limits, discounts by category, day, week and month passes, cards, carnets, a cap. It is compiled once, out of the
measure; every journey asked is another one. Two measures: the price alone, as one who ranks journeys needs it, and the
full quote with its lines. Seconds are of the processor. The brute force `tests.oracles.brute_fares` answers a sample;
what both say is compared, to the cent.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from billettique.engine.cheapest import Compiled, cheapest, cheapest_price, compile_tariff
from billettique.model.fares import (
    DurationKind,
    FareProduct,
    FareTables,
    Leg,
    LegRule,
    Stop,
    TransferKind,
    TransferRule,
)
from billettique.model.tariffs import (
    Ask,
    Band,
    Carnet,
    Cover,
    CoverKind,
    DayKinds,
    Days,
    Discount,
    Rider,
    Span,
    Tariff,
)
from mobigo.base.money import Money
from mobigo.base.periods import Period
from tests.benchmarks.measures import Measure, line
from tests.oracles.brute_fares import cheapest_cents

AREAS, STOPS_PER_AREA = 12, 10
PRODUCTS = 200
AT_LEAST_PER_S = 10_000  # aim: 20,000


def tariff(rng: random.Random) -> Tariff:
    """200 products: 144 by pair of areas, 30 by distance, 6 of transfers, 20 covers and carnets."""
    areas = [f"A{n}" for n in range(AREAS)]
    pairs = [(a, b) for a in areas for b in areas]
    products = [FareProduct(f"od{n}", rng.randrange(100, 900, 10)) for n in range(len(pairs))]
    products += [FareProduct(f"km{n}", 120 + 40 * n) for n in range(30)]
    products += [FareProduct(f"tr{n}", 30 + 10 * n) for n in range(6)]
    covers = [
        Cover(f"{span.value}{n}", f"{span.value}{n}", CoverKind.PASS, cents, span, networks=frozenset({network}))
        for span, cents in ((Span.DAY, 900), (Span.WEEK, 2_500), (Span.MONTH, 6_000))
        for n, network in enumerate(("urban", "coach", "rail"))
    ]
    covers += [Cover(f"all{n}", f"all{n}", CoverKind.PASS, 1_400 + 500 * n, Span.DAY) for n in range(3)]
    covers += [Cover(f"card{n}", f"card{n}", CoverKind.CARD, 2_000 + 1_000 * n, Span.YEAR) for n in range(4)]
    covers.append(Cover("cap", "cap", CoverKind.CAP, 700, Span.DAY, networks=frozenset({"urban"})))
    carnets = [Carnet(f"ten{n}", f"ten{n}", f"od{n * 13}", 10, 3_000) for n in range(3)]
    assert len(products) + len(covers) + len(carnets) == PRODUCTS
    return Tariff(
        FareTables(
            products=tuple(products),
            leg_rules=tuple(
                LegRule(f"od{n}", network, network, a, b)
                for n, (a, b) in enumerate(pairs)
                for network in ("urban", "coach")
            ),
            has_priority=True,
            transfer_rules=(
                TransferRule(
                    TransferKind.FROM_AND_TRANSFER, "urban", "urban", 2, 3600, DurationKind.DEPARTURE_TO_DEPARTURE
                ),
                TransferRule(TransferKind.FROM_AND_TRANSFER, "urban", "urban", -1, 5400, DurationKind(0), "tr0"),
                TransferRule(TransferKind.FROM_AND_TRANSFER, "urban", "coach", product="tr1"),
                TransferRule(TransferKind.FROM_TRANSFER_AND_TO, "coach", "rail", product="tr2"),
                TransferRule(TransferKind.TRANSFER_ALONE, "rail", "urban", None, 7200, DurationKind(2), "tr3"),
                TransferRule(TransferKind.FROM_AND_TRANSFER, "coach", "coach", 1, product="tr4"),
            ),
            stop_areas=tuple((area, f"{area}-{n}") for area in areas for n in range(STOPS_PER_AREA)),
            stops={f"{area}-{n}": Stop(f"{area}-{n}") for area in areas for n in range(STOPS_PER_AREA)},
        ),
        bands=tuple(Band("rail", f"km{n}", 10_000 * n, 10_000 * (n + 1), "rail") for n in range(30)),
        discounts=(
            Discount("young", "young", 50, networks=frozenset({"rail"}), riders=frozenset({"young"})),
            Discount("child", "child", flat_cents=200, riders=frozenset({"child"})),
            Discount("card-week", "card", 30, networks=frozenset({"rail"}), card="card0", days=Days.ORDINARY),
            Discount("card-off", "card", 60, networks=frozenset({"rail"}), card="card0", days=Days.OFF),
        ),
        covers=tuple(covers),
        carnets=tuple(carnets),
        day_kinds=DayKinds((Period(date(2026, 1, 1), date(2026, 12, 31)),), frozenset({date(2026, 11, 11)})),
    )


def asks(n: int, rng: random.Random) -> list[Ask]:
    """Journeys of four legs, every one drawn anew; one traveller each."""
    begin, found = datetime(2026, 11, 2, 5, tzinfo=UTC), []
    stops = [f"A{area}-{stop}" for area in range(AREAS) for stop in range(STOPS_PER_AREA)]
    for _ in range(n):
        at, stop, legs = begin + timedelta(minutes=rng.randrange(28 * 1440)), rng.choice(stops), []
        for _leg in range(4):
            there, ride = rng.choice(stops), timedelta(minutes=rng.randrange(5, 50))
            legs.append(
                Leg(rng.choice(("urban", "coach", "rail")), stop, there, at, at + ride, rng.randrange(1_000, 290_000))
            )
            at, stop = at + ride + timedelta(minutes=rng.randrange(3, 20)), there
        found.append(Ask((tuple(legs),), (Rider(rng.choice(("adult", "adult", "young", "child"))),)))
    return found


def measures(n: int, seed: int, cap_s: float) -> Iterator[Measure]:
    rng = random.Random(seed)
    made = tariff(rng)
    compiled = compile_tariff(made)
    for ask in asks(2_000, random.Random(seed + 1)):  # warm: what is remembered of the tariff
        cheapest(compiled, ask)
    asked = asks(n, rng)
    answers: list[Money | None] = []
    for name, answer in (("price", cheapest_price), ("quote with its lines", _total)):
        begin, wall, answers = time.process_time(), time.perf_counter(), []
        for ask in asked:
            answers.append(answer(compiled, ask))
            if len(answers) % 1_000 == 0 and time.perf_counter() - wall > cap_s:
                break
        spent_s = time.process_time() - begin
        yield Measure(
            f"billettique_fares/{name}, 4 legs, 200 products", len(answers) / spent_s, "journeys/s", AT_LEAST_PER_S,
            higher_is_better=True, note=f"{len(answers):,} journeys, all different; aim 20,000",
        )  # fmt: skip
    sample = 200
    begin = time.process_time()
    brute = [cheapest_cents(made, ask) for ask in asked[:sample]]
    brute_s = time.process_time() - begin
    known = [None if total is None else total.cents for total in answers[:sample]]
    different = sum(a != b for a, b in zip(brute, known, strict=True))
    yield Measure(
        "billettique_fares/different from the brute force",
        different,
        "journeys",
        0,
        note=f"of {sample} compared; brute force {sample / brute_s:,.1f}/s",
    )


def _total(compiled: Compiled, ask: Ask) -> Money | None:
    return cheapest(compiled, ask).total


def main() -> int:
    parser = argparse.ArgumentParser(description="The fare engine on journeys of four legs.")
    parser.add_argument("--journeys", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cap-s", type=float, default=60.0, help="seconds a case may take; said in the note")
    options = parser.parse_args()
    good = True
    for measure in measures(options.journeys, options.seed, options.cap_s):
        print(line(measure), flush=True)
        good &= measure.ok
    return 0 if good else 3


if __name__ == "__main__":
    sys.exit(main())
