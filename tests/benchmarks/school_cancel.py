"""How soon a stopped search has its best checked plan kept, whatever it was doing: from the request to the version.

    python -m tests.benchmarks.school_cancel [--pupils N --schools N --stops N] [--phase NAME …] [--effort quick]

A search is stopped once in each phase, as soon as the solver is heard to be there and a plan is kept: a phase of
milliseconds is met too. It runs in a thread, as a worker's job does; the request is written to the database by another,
as the page does. Where the phase is asked for apart (hours moved, several plans, pupils of several schools on a bus,
what each constraint costs), the search is one that has it, and is stopped half a second into it: its solver is at work.
"""

import argparse
import sys
import tempfile
import threading
import time
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from mobigo.app import schema
from mobigo.infra import clock, jobs
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.jobs import State, registry, run_inline, wakeups
from scolaire.service import optimising, plans
from scolaire.store import plans as store
from tests.benchmarks.measures import Measure, line
from tests.school_plans_world import NOW, PLANNER, YEAR
from tests.school_world import sector

PHASES = ("stops", "first", "routes", "choice", "prices", "half")
APART = ("bells", "mixed", "variant", "without")  # how the names of their steps begin
INTO_S = 0.5
GOAL_S = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description="How soon a search that is stopped has its plan kept.")
    parser.add_argument("--pupils", type=int, default=2_000)
    parser.add_argument("--schools", type=int, default=16)
    parser.add_argument("--stops", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--phase", choices=PHASES + APART, action="append")
    parser.add_argument("--effort", choices=("quick", "usual", "long"), default="usual")
    parser.add_argument("--cap-s", type=float, default=300.0, help="how long a phase is waited for")
    options = parser.parse_args()
    registry.use_modules(["scolaire.tasks"])
    hear = optimising._hear
    good = True
    with tempfile.TemporaryDirectory() as folder:
        config = load_config({"MOBIGO_HOME": folder})
        engine = open_engine(config.database_url)
        schema.create(engine)
        wakeups.connect(engine, config)
        demand = sector(options.seed, schools=options.schools, stops=options.stops, pupils=options.pupils)
        with transaction(engine) as session:
            session.add(
                store.PlanRow(
                    id="p" * 26, name="essai", year=YEAR, lot=None, schools=["x"], created_by=PLANNER, created_at=NOW
                )
            )
        for phase in options.phase or PHASES + APART:
            with transaction(engine) as session:
                job = optimising.ask(
                    session, "p" * 26, replace(demand, mixed=phase == "mixed"), mode="fresh", effort=options.effort,
                    by=PLANNER, now=clock.now(), reserve=2, bells=(1, 10) if phase == "bells" else None,
                    variants=phase in ("variant", "without"),
                )  # fmt: skip
            asked: list[tuple[float, float]] = []
            there = threading.Event()

            def stop(
                phase: str = phase,
                job: str = job,
                there: threading.Event = there,
                asked: list[tuple[float, float]] = asked,
            ) -> None:
                there.wait(options.cap_s)
                if phase in APART:
                    time.sleep(INTO_S)
                asked.append((time.monotonic(), time.process_time()))
                with transaction(engine) as session:
                    jobs.cancel(session, job, clock.now())

            def heard(search: Any, step: Any, phase: str = phase, there: threading.Event = there) -> bool:
                met = step.phase.startswith(phase) if phase in APART else step.phase == phase
                if met and search.buses is not None and not search.stop:  # a plan is kept
                    there.set()
                return hear(search, step)

            watcher = threading.Thread(target=stop, daemon=True)
            watcher.start()
            with patch.object(optimising, "_hear", heard):
                after = run_inline(engine, config, job)
            ended = time.monotonic()
            cpu_s = time.process_time()
            watcher.join()
            with reading(engine) as session:
                kept = [each for each in store.versions(session, "p" * 26) if each.job == job]
                checked = all(plans.check(session, plans.open_version(session, each.id)) == [] for each in kept)
                if not kept:
                    raise SystemExit(f"{phase} was not met in {options.cap_s:.0f} s: fewer pupils, or a longer --cap-s")
                made = kept[0]  # of several plans, each is a version
            assert after.state in (State.CANCELLED, State.DONE)
            lasted_s, used_s = ended - asked[0][0], cpu_s - asked[0][1]
            note = (
                f"{options.pupils} pupils; {made.kpis['buses']} buses kept, {'checked' if checked else 'FAULTY'}; "
                f"{used_s:.2f} CPU s of all threads meanwhile; {after.state}"
            )
            measure = Measure(f"school_plans/stopped-in-{phase}", lasted_s, "s", GOAL_S, note=note)
            print(line(measure), flush=True)
            good &= measure.ok and checked
            _let_go(options.cap_s)
    return 0 if good else 3


def _let_go(most_s: float) -> None:
    """Wait for what a stopped search leaves behind: a job's process ends with it, this one measures the next phase."""
    for thread in threading.enumerate():
        if thread.daemon and thread is not threading.current_thread():
            thread.join(most_s)


if __name__ == "__main__":
    sys.exit(main())
