"""Money of a national month: awards of a million journeys with their ledger built anew, and 100,000 payments to a file.

    python -m tests.benchmarks.covoit_money                       a million journeys, 100,000 payments
    python -m tests.benchmarks.covoit_money --journeys 100000     a tenth: the goal is then a tenth too

Journeys are recorded before the clock starts. Seconds are of the processor (one thread works); the note gives those of
the wall clock. The database is SQLite with synchronous FULL, as everywhere.
"""

import argparse
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

from covoit.export.sepa import pain001
from covoit.model.payments import Debtor, Payment, PaymentFile
from covoit.service import awards, closing
from covoit.store import journeys as journey_store
from mobigo.base.money import Money
from mobigo.infra.db import open_engine, transaction
from tests.benchmarks.measures import Measure, line
from tests.covoit_world import generate_trips

CAMPAIGN = "BFC-from-first"
AWARD_S, PAYMENTS_S = 240.0, 150.0  # at least; aims: 180 and 100
NOW = datetime(2026, 12, 6, 8, tzinfo=UTC)
IBAN = "FR7630006000011234567890189"


def record(engine, journeys: int, seed: int) -> tuple[int, int]:  # type: ignore[no-untyped-def]
    """Record about this many journeys; (journeys, vehicle trips)."""
    trips = generate_trips(journeys, seed, shape="national", first_day=datetime(2026, 11, 1, tzinfo=UTC))
    done = count = 0
    while done < journeys:
        block = list(islice(trips, 5_000))
        if not block:
            break
        rows = []
        for trip in block:
            count += 1
            for each in trip.journeys:
                rows.append(journey_store.row_of(each, digest=each.id.ljust(64, "0")[:64]) | {"frozen_at": NOW})
        done += len(rows)
        with transaction(engine) as session:
            journey_store.insert_many(session, rows, [])
    return done, count


def bench_awards(folder: Path, journeys: int, seed: int) -> None:
    from mobigo.app import schema

    engine = open_engine(f"sqlite:///{folder / 'bench.sqlite'}")
    schema.create(engine)
    done, count = record(engine, journeys, seed)
    with transaction(engine) as session:
        awards.fund(session, CAMPAIGN, Money(10**12), act="essai", by="system", key="essai", now=NOW)
    wall, cpu = time.perf_counter(), time.process_time()
    awarded = awards.award_ready(engine, NOW)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    share = done / 1_000_000
    note = f"{done} journeys, {awarded.written} awards of {count} trips, {wall:.1f} s by the wall clock"
    print(line(Measure("covoit_money/awards-with-ledger", cpu, "s", AWARD_S * share, note=note)), flush=True)
    wall, cpu = time.perf_counter(), time.process_time()
    closed = closing.close_month(engine, "2026-11", NOW + timedelta(days=1))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    note = f"{closed.lines} lines, {closed.people} drivers, {wall:.1f} s by the wall clock"
    print(line(Measure("covoit_money/close-month", cpu, "s", AWARD_S * share, note=note)), flush=True)
    engine.dispose()


def bench_payments(payments: int) -> None:
    file = PaymentFile(
        f"MOBIGO-{'A' * 26}",
        NOW,
        date(2026, 12, 9),
        Debtor("Région d'essai", IBAN, "AGRIFRPP"),
        tuple(
            Payment(f"MOBIGO-{number:026d}", f"Élodie Essai {number}", IBAN, Money(100 + number % 9_000), "Covoiturage")
            for number in range(payments)
        ),
    )
    wall, cpu = time.perf_counter(), time.process_time()
    content = pain001(file)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    note = f"{payments} payments, {len(content)} bytes, schema, count and sum checked, {wall:.1f} s by the wall clock"
    goal = PAYMENTS_S * payments / 100_000
    print(line(Measure("covoit_money/payment-file", cpu, "s", goal, note=note)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--journeys", type=int, default=1_000_000)
    parser.add_argument("--payments", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", help="not used: the journeys are drawn")
    parser.add_argument("--cap-s", type=float, help="fewer journeys, so that awarding them takes about as long at most")
    given = parser.parse_args()
    journeys = given.journeys
    if given.cap_s is not None:
        journeys = min(journeys, int(given.cap_s / AWARD_S * 1_000_000))
    bench_payments(given.payments)
    with tempfile.TemporaryDirectory() as folder:
        bench_awards(Path(folder), journeys, given.seed)


if __name__ == "__main__":
    main()
