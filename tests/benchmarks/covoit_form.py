"""What-if from the form, over HTTP: the page of the simulation on a month of a million vehicle trips of the registry.

    python -m tests.benchmarks.covoit_form [--trips N] [--seed S]

The month is drawn from a seed in the registry's columns (lengths, seats, hours and départements of `covoit_world`'s
national shape; nobody is named, as there), written as its CSV in the home, and asked for as a reader of the region
does: signed in, the page in French, whole. The first answer reads the file; the next ones find the trips kept, and
each moves a figure, so that no answer is a repetition. From request to last byte, all in one process: seconds of the
processor, all threads; the note gives those of the wall clock.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from mobigo.app import create_app, schema
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.roles import Grant, Role
from tests.benchmarks.measures import Measure, line

FORM_S = 8.0  # at least; aim: 5
FILE = "2026-10.csv"
HEAD = (
    "journey_id,trip_id,journey_start_datetime,journey_start_department,passenger_seats,operator_class,"
    "journey_distance,journey_duration\n"
)
RATES = ("0,12", "0,08", "0,15", "0,11", "0,20")
BLOCK = 50_000


def write_month(path: Path, trips: int, seed: int) -> int:
    """A month of the registry; how many journeys it has."""
    journeys = 0
    with path.open("w", encoding="utf-8") as out:
        out.write(HEAD)
        for start in range(0, trips, BLOCK):
            size = min(BLOCK, trips - start)
            rng = np.random.default_rng([seed, start])
            pairs = rng.choice([1, 2, 3, 4, 5], size, p=[0.72, 0.19, 0.06, 0.02, 0.01])
            hours = rng.choice([6, 7, 8, 12, 16, 17, 18, 21], size)
            days, minutes = rng.integers(1, 32, size), rng.integers(0, 6, size) * 10
            places = rng.integers(1, 96, size)
            metres = np.clip(rng.lognormal(9.8, 0.75, (size, 5)), 2_000, 300_000).astype(int)
            seats, proof = rng.choice([1, 1, 1, 1, 1, 1, 2, 3], (size, 5)), rng.choice(list("BCCC"), (size, 5))
            rows = []
            for i in range(size):
                at = f"2026-10-{days[i]:02d}T{hours[i]:02d}:{minutes[i]:02d}:00Z"
                for k in range(pairs[i]):
                    rows.append(
                        f"{start + i}-{k},t{start + i},{at},{places[i]:02d},{seats[i, k]},{proof[i, k]},"
                        f"{metres[i, k]},{max(1, metres[i, k] // 900)}\n"
                    )
            out.writelines(rows)
            journeys += len(rows)
    return journeys


def measures(trips: int, seed: int) -> Iterator[Measure]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        config = load_config({"MOBIGO_HOME": folder, "MOBIGO_ENV": "development"})
        from covoit.service.figures import REGISTRY_FOLDER

        (home / REGISTRY_FOLDER).mkdir(parents=True)
        journeys = write_month(home / REGISTRY_FOLDER / FILE, trips, seed)
        engine = open_engine(config.database_url)
        schema.migrate(engine)
        now = datetime.now(UTC)
        with transaction(engine) as session:
            subject = accounts.create(session, now, email="reader@example.org", name="Lectrice", password_hash=None)
            grants.give(session, subject, Grant(Role.ORDONNATEUR), now, by=None)
            token = sessions.open_session(session, subject, now, None, None)
        engine.dispose()
        app = create_app(config)
        client = app.test_client()
        client.set_cookie("mobigo", token)
        client.environ_base |= {"HTTP_ACCEPT_LANGUAGE": "fr"}
        took, busy = [], []
        for rate in ("0,10", *RATES):
            wall, cpu = time.perf_counter(), time.process_time()
            answer = client.get(
                "/covoiturage/simulation",
                query_string={"voyages": FILE, "du": "2026-10-01", "au": "2026-10-31", "rate": rate},
            )
            text = answer.get_data(as_text=True)
            took.append(time.perf_counter() - wall)
            busy.append(time.process_time() - cpu)
            if answer.status_code != 200 or "€" not in text:
                raise RuntimeError(f"{answer.status_code}: {text[:300]}")
        app.extensions["mobigo"].engine.dispose()
    said = f"{trips:,} vehicle trips, {journeys:,} journeys of the registry, over HTTP, the whole page"
    size = f"{trips // 1000}k"
    note = f"{said}; {len(RATES)} figures in turn, the slowest; wall {max(took[1:]):.1f} s"
    yield Measure(f"covoit_form/what-if-{size}", max(busy[1:]), "CPU s", FORM_S, note=note)
    note = f"{said}; the first time, the file is read; wall {took[0]:.1f} s"
    yield Measure(f"covoit_form/what-if-first-{size}", busy[0], "CPU s", FORM_S, note=note)


def main() -> int:
    parser = argparse.ArgumentParser(description="What-if from the form on a million vehicle trips.")
    parser.add_argument("--trips", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cap-s", type=float, default=0.0, help="not used: every case is measured once, whole")
    options = parser.parse_args()
    ok = True
    for measure in measures(options.trips, options.seed):
        print(line(measure), flush=True)
        ok = ok and measure.ok
    return 0 if ok else 3


if __name__ == "__main__":
    sys.exit(main())
