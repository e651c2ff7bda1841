"""School transport against what was published: fleets of several schools, and stop selection of one.

    python -m tests.benchmarks.school --data FOLDER          FOLDER: park-2012.zip and schittekat-2013.zip
    python -m tests.benchmarks.school --only fleet --names RSRB02,CSCB02 --rounds 8
    python -m tests.benchmarks.school --only stops --cap-s 60

Every plan is judged by the checker before it counts. A case is limited by rounds and iterations, so that it can be
repeated to the byte; `--cap-s` limits what a choice, or a case of stop selection, may take, and is said in the note.
Resumable: a case already in `--kept` is not computed again.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from scolaire.engine.mixed import mix
from scolaire.engine.solve import Limits, Step, solve
from scolaire.engine.stops import StopLimits, choose_stops
from scolaire.rules.checker import faults
from scolaire.rules.stops import stop_faults
from tests.benchmarks.measures import Measure, line
from tests.school_instances import Park, Schittekat

CAPS_S = (2_700, 5_400)
# Buses over the 24 cases, at least: single load with fixed bells; bells inside the published windows; mixed load too.
GOALS = {"fleet": 1_882, "bells": 1_750, "mixed": 1_712}
GAP_PCT = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description="School transport against what was published.")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("MOBIGO_REALDATA", ".")) / "sbrp")
    parser.add_argument("--only", choices=("fleet", "bells", "mixed", "stops"), action="append")
    parser.add_argument("--names", default="", help="instances of the fleet benchmark, or ids of stop selection")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--iterations", type=int, default=400)
    parser.add_argument("--turns", type=int, default=5_000, help="turns of mixing pupils of several schools")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cap-s", type=float, default=60.0)
    parser.add_argument("--kept", type=Path, default=Path("var/school.ndjson"))
    options = parser.parse_args()
    asked = options.only or ["fleet", "bells", "mixed", "stops"]
    measures = [
        *(measure for what in GOALS if what in asked for measure in fleets(what, options)),
        *(stops(options) if "stops" in asked else ()),
    ]
    for measure in measures:
        print(line(measure), flush=True)
    return 0 if all(measure.ok for measure in measures) else 3


def kept(options: argparse.Namespace, case: str, compute: Any) -> dict[str, Any]:
    """What is known of a case, computed now if nothing is."""
    if options.kept.exists():
        for row in options.kept.read_text().splitlines():
            found: dict[str, Any] = json.loads(row)
            if found["case"] == case:
                return found
    began_s = time.process_time()
    made = {"case": case, **compute(), "cpu_s": round(time.process_time() - began_s, 1)}
    options.kept.parent.mkdir(parents=True, exist_ok=True)
    with options.kept.open("a") as out:
        out.write(json.dumps(made) + "\n")
    print(made, file=sys.stderr, flush=True)
    return made


def fleets(what: str, options: argparse.Namespace) -> Iterator[Measure]:
    """Buses over all cases; `bells`: a bus may reach a school at any instant of its window; `mixed`: pupils of
    several schools may be on it too."""
    park = Park(options.data / "park-2012.zip")
    limits = Limits(iterations=options.iterations, rounds=options.rounds, choice_s=options.cap_s)
    names = [name for name in park.names() if not options.names or name in options.names.split(",")]
    ours, published, worst, cpu_s = 0, 0, 0, 0.0
    for name in names:
        for cap_s in CAPS_S:
            problem = park.problem(name, cap_s, windows=what != "fleet")

            def compute(problem: Any = problem) -> dict[str, Any]:
                plan = solve(problem, limits, options.seed, _told)
                if what == "mixed":
                    problem = replace(problem, mixed=True)
                    plan = mix(problem, plan, stem="m", turns=options.turns, seed=options.seed)
                assert faults(plan, problem) == []
                return {"buses": len(plan.blocks)}

            turns = f"/{options.turns}" if what == "mixed" else ""
            case = f"{what}/{name}/{cap_s}/{limits.rounds}/{limits.iterations}/{options.seed}{turns}"
            row, best = kept(options, case, compute), park.published_count(name, cap_s, "combined")
            ours, published, cpu_s = ours + row["buses"], published + best, cpu_s + row["cpu_s"]
            worst = max(worst, row["buses"] - best)
    whole = len(names) == len(park.names())
    goal = GOALS[what] if whole else published
    note = (
        f"{2 * len(names)} cases, {cpu_s:.0f} CPU s; published single load, fixed bells: {published}; worst case "
        f"{worst:+d}; {limits.rounds} rounds of {limits.iterations} iterations, a choice at most {limits.choice_s:g} s"
    )
    yield Measure(f"school/{what}", ours, "buses", goal, note=note)


def _told(step: Step) -> bool:
    print(step, file=sys.stderr, flush=True)
    return True


def stops(options: argparse.Namespace) -> Iterator[Measure]:
    """The gap to the published cost, mean and worst, in as many iterations as `--cap-s` seconds allow."""
    instances = Schittekat(options.data / "schittekat-2013.zip")
    rows = [row for row in instances.rows() if not options.names or row["id"] in options.names.split(",")]
    gaps = []
    for row in rows:
        problem = instances.problem(row["file"])

        def compute(problem: Any = problem) -> dict[str, Any]:
            choose_stops(problem, StopLimits(10), options.seed)
            began_s = time.process_time()
            choose_stops(problem, StopLimits(200), options.seed)
            turn_s = (time.process_time() - began_s) / 200
            plan = choose_stops(problem, StopLimits(max(200, int(options.cap_s / turn_s))), options.seed)
            assert plan is not None
            assert stop_faults(plan, problem) == []
            return {"cost": plan.cost}

        found = kept(options, f"stops/{row['id']}/{options.cap_s:g}/{options.seed}", compute)
        gaps.append((found["cost"] / float(row["mh_cost"]) - 1) * 100)
    note = f"{len(gaps)} instances, at most {options.cap_s:g} CPU s each; {min(gaps):+.2f} to {max(gaps):+.2f} %"
    yield Measure("school/stops", sum(gaps) / len(gaps), "% mean gap", GAP_PCT, note=note)
    yield Measure("school/stops-worst", max(gaps), "% worst gap", 9.0, note=note)


if __name__ == "__main__":
    sys.exit(main())
