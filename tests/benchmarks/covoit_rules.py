"""The subsidy rule on a million vehicle trips: recomputing (policy only) and what-if, from the seed of `covoit_world`.

    python -m tests.benchmarks.covoit_rules                     a million trips, as the national registry's
    python -m tests.benchmarks.covoit_rules --shape bfc --trips 200000

Drawing the trips is left out of every measure; they are drawn block by block, since a million journeys as objects would
only weigh. Seconds are of the processor (one thread works); the note gives those of the wall clock. The rival is the
second implementation, `tests.oracles.naive_subsidy`, on a sample; the answers of both are compared, to the cent.
"""

import argparse
import sys
import time
import tomllib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from covoit.engine.recompute import Trips, recompute
from covoit.gateway.scales import DATA, load_scale, scale_from
from covoit.model.journeys import VehicleTrip
from covoit.model.scale import Scale
from covoit.rules import caps, subsidy
from covoit.service.simulation import Change, simulate
from tests.benchmarks.measures import Measure, line
from tests.covoit_world import generate_trips
from tests.oracles import naive_subsidy

CAPS = [
    {"of": "driver", "per": "day", "measure": "trips", "limit": 4},
    {"of": "driver", "per": "month", "measure": "amount", "limit": 15_000},
    {"of": "campaign", "per": "campaign", "measure": "amount", "limit": 10**12},
]
POLICY_S, WHAT_IF_S = 15.0, 8.0  # at least; aims: 10 and 5


class Clock:
    """Adds up seconds of the wall and of the processor while it runs."""

    def __init__(self) -> None:
        self.wall_s = self.cpu_s = 0.0

    def __enter__(self) -> "Clock":
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall_s += time.perf_counter() - self._wall
        self.cpu_s += time.process_time() - self._cpu


def columns(n: int, seed: int, shape: str, clock: Clock) -> Trips:
    """The trips as columns; the clock runs while they are read, not while they are drawn."""

    def drawn() -> Iterator[VehicleTrip]:
        trips = generate_trips(n, seed, shape=shape, first_day=load_first_day())
        while True:
            clock.__exit__()
            block = list(islice(trips, 50_000))
            clock.__enter__()
            if not block:
                return
            yield from block

    with clock:
        return Trips.of(drawn())


def load_first_day() -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 11, 1, tzinfo=UTC)


def measures(n: int, seed: int, shape: str) -> Iterator[Measure]:
    first = load_scale("BFC-from-first")
    name, said = f"{shape}, {n:,} vehicle trips", f"{n // 1000}k"
    reading = Clock()
    trips = columns(n, seed, shape, reading)
    policy = Clock()
    with policy:
        amounts = recompute(trips, first)
    whole = reading.cpu_s + policy.cpu_s
    wall = reading.wall_s + policy.wall_s
    note = (
        f"{name}, {len(trips.trip):,} journeys as objects to amounts; rule alone {policy.cpu_s:.2f} s; "
        f"wall {wall:.1f} s; paid {int(amounts.amount.sum()) / 100:,.2f} €"
    )
    yield Measure(f"covoit_rules/recompute-policy-{said}", whole, "CPU s", POLICY_S, note=note)

    capped = scale_from({**first.document, "caps": CAPS})
    clock = Clock()
    with clock:
        recompute(trips, capped)
    note = f"{name}; rule and three caps from columns; wall {clock.wall_s:.1f} s"
    yield Measure(f"covoit_rules/recompute-policy-caps-{said}", clock.cpu_s, "CPU s", POLICY_S, note=note)

    for label, scale, change in (
        ("", first, Change(rate_cents=12)),
        ("-caps", first, Change(rate_cents=12, trips_per_day=4, driver_month_cents=15_000, budget_cents=10**9)),
    ):
        clock = Clock()
        with clock:
            answer = simulate(trips, scale, change)
        note = (
            f"{name}; both scales, rows by line and month, histogram; wall {clock.wall_s:.1f} s; "
            f"{answer.trips.winners:,} win, {answer.trips.losers:,} lose"
        )
        yield Measure(f"covoit_rules/what-if{label}-{said}", clock.cpu_s, "CPU s", WHAT_IF_S, note=note)
    yield from rival(seed, shape, scale_from({**first.document, "caps": CAPS}))


def rival(seed: int, shape: str, scale: Scale, n: int = 20_000) -> Iterator[Measure]:
    """The whole rule, steps and reasons included, beside the second implementation, per trip."""
    trips = list(generate_trips(n, seed, shape=shape))
    (path,) = Path(DATA).glob("legal/*.toml")
    ceiling = tomllib.loads(path.read_text(encoding="utf-8"))
    pure, column, naive = Clock(), Clock(), Clock()
    with pure:
        priced = caps.apply(subsidy.price_all(trips, scale), scale, caps.Usage())
    with column:
        fast = recompute(Trips.of(trips), scale)
    with naive:
        expected = naive_subsidy.price_everything(trips, dict(scale.document), ceiling, 150)
    differ = sum(
        not each.amount.cents == int(fast.amount[row]) == expected[each.key].amount for row, each in enumerate(priced)
    )
    theirs = naive.cpu_s / n * 1e6
    note = f"{shape}, {n:,} trips, {differ} differ by a cent or more between the three"
    explained = f"{note}; with every step, reason, share and input; second implementation {theirs:.0f} µs"
    yield Measure("covoit_rules/price-one", pure.cpu_s / n * 1e6, "CPU µs", 150.0, note=explained)
    peer = "second implementation"
    yield Measure("covoit_rules/price-column", column.cpu_s / n * 1e6, "CPU µs", 0.5, theirs, peer, note=note)


def main() -> int:
    parser = argparse.ArgumentParser(description="The subsidy rule on a million vehicle trips.")
    parser.add_argument("--trips", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shape", choices=("national", "bfc"), default="national")
    parser.add_argument("--cap-s", type=float, default=0.0, help="not used: every case is measured once, whole")
    options = parser.parse_args()
    ok = True
    for measure in measures(options.trips, options.seed, options.shape):
        print(line(measure), flush=True)
        ok = ok and measure.ok
    return 0 if ok else 3


if __name__ == "__main__":
    sys.exit(main())
