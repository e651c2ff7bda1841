"""School transport against what was published: fleets of several schools, and stop selection of one.

    python -m tests.benchmarks.school --data FOLDER          FOLDER: park-2012.zip and schittekat-2013.zip
    python -m tests.benchmarks.school --only fleet --names RSRB02,CSCB02 --rounds 8 --iterations 400
    python -m tests.benchmarks.school --only rivals --case-s 20          PyVRP alone and OR-Tools, on the same cases
    python -m tests.benchmarks.school --only stops --cap-s 60
    python -m tests.benchmarks.school --only steady      plans inside the windows, held steady against delays

Every plan is judged by the checker before it counts. A case is limited by rounds and iterations, so that it can be
repeated to the byte; `--cap-s` limits what a choice, or a case of stop selection, may take, and is said in the note.
Beside rivals a case has `--case-s` seconds of processor (`--cap-s` at most), ours and each of theirs alike.
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

from scolaire.engine.delays import half_shares
from scolaire.engine.fleet import chains
from scolaire.engine.mixed import mix
from scolaire.engine.solve import Limits, Step, solve, spans_of
from scolaire.engine.steady import Aim, steadied
from scolaire.engine.stops import StopLimits, choose_stops
from scolaire.model.plan import Block, Plan
from scolaire.model.problem import Problem
from scolaire.rules.checker import faults
from scolaire.rules.stops import stop_faults
from tests.benchmarks.measures import Measure, line
from tests.benchmarks.school_rivals import RIVALS, our_fleet, rival_fleet
from tests.school_instances import Park, Schittekat, latest

CAPS_S = (2_700, 5_400)
# Buses over the 24 cases, at least: single load with fixed bells; bells inside the published windows; mixed load too.
GOALS = {"fleet": 1_882, "bells": 1_750, "mixed": 1_712}
ASKED = {"fleet": ("fleet",), "windows": ("bells", "mixed")}  # what is computed at once
GAP_PCT, WORST_PCT = 2.0, 9.0
CENT = 0.01  # published costs have two digits


def main() -> int:
    parser = argparse.ArgumentParser(description="School transport against what was published.")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("MOBIGO_REALDATA", ".")) / "sbrp")
    parser.add_argument("--only", choices=("checker", *ASKED, "rivals", "stops", "steady"), action="append")
    parser.add_argument("--names", default="", help="instances of the fleet benchmark, or ids of stop selection")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--iterations", type=int, default=400)
    parser.add_argument("--step-min", type=int, default=5, help="minutes between two arrivals of a window")
    parser.add_argument("--scenarios", action="store_true", help="choose among whole scenarios only: quicker")
    parser.add_argument("--turns", type=int, default=5_000, help="turns of mixing pupils of several schools")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cap-s", type=float, default=60.0)
    parser.add_argument(
        "--case-s", type=float, default=20.0, help="CPU seconds of a case beside rivals; --cap-s at most"
    )
    parser.add_argument("--kept", type=Path, default=Path("var/school.ndjson"))
    options = parser.parse_args()
    asked = options.only or ["checker", *ASKED, "rivals", "stops", "steady"]
    measures = [
        *(checker(options) if "checker" in asked else ()),
        *(measure for what in ASKED if what in asked for measure in fleets(what, options)),
        *(beside_rivals(options) if "rivals" in asked else ()),
        *(stops(options) if "stops" in asked else ()),
        *(steady(options) if "steady" in asked else ()),
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


def checker(options: argparse.Namespace) -> Iterator[Measure]:
    """The published circuits, chained: how often that is the published fleet, and the checker has nothing to say."""
    park, same = Park(options.data / "park-2012.zip"), 0
    cases = [(name, cap_s) for name in park.names() for cap_s in CAPS_S]
    for name, cap_s in cases:
        problem = park.problem(name, cap_s)
        circuits = tuple(
            latest(problem, school, needs, f"t{n}")
            for n, (school, needs) in enumerate(park.published_circuits(name, cap_s))
        )
        found = chains(spans_of(circuits, problem), problem.travel.ms)
        blocks = (Block(f"b{n}", "bus", "depot", tuple(circuits[i].id for i in chain)) for n, chain in enumerate(found))
        sound = faults(Plan(circuits, tuple(blocks)), problem) == []
        same += sound and len(found) == park.published_count(name, cap_s, "Chen")
    note = f"of {len(cases)} published plans, chained as smallest fleets and judged"
    yield Measure("school/checker", same, "fleets alike", len(cases), higher_is_better=True, note=note)


def fleets(what: str, options: argparse.Namespace) -> Iterator[Measure]:
    """Buses over all cases. `windows`: a bus may reach a school at any instant of its window; then pupils of several
    schools may be on it too."""
    park = Park(options.data / "park-2012.zip")
    limits = Limits(options.iterations, options.rounds, options.cap_s, options.step_min, not options.scenarios)
    names = [name for name in park.names() if not options.names or name in options.names.split(",")]
    turns = f"/{options.turns}" if what == "windows" else ""
    turns += f"/{limits.step_min}" if turns and limits.step_min != 5 else ""
    turns += "" if limits.ways else "/scenarios"
    rows, best = [], []
    for name in names:
        for cap_s in CAPS_S:

            def compute(name: str = name, cap_s: int = cap_s) -> dict[str, Any]:
                return _fleet(park.problem(name, cap_s, windows=what == "windows"), what, limits, options)

            case = f"{what}/{name}/{cap_s}/{limits.rounds}/{limits.iterations}/{options.seed}{turns}"
            rows.append(kept(options, case, compute))
            best.append(park.published_count(name, cap_s, "combined"))
    whole = len(names) == len(park.names())
    for asked in ASKED[what]:
        ours = [row[asked] for row in rows]
        note = (
            f"{len(rows)} cases, {sum(row['cpu_s'] for row in rows):.0f} CPU s, the longest "
            f"{max(row['cpu_s'] for row in rows):.0f}; published single load, fixed bells: {sum(best)}; worst case "
            f"{max(mine - known for mine, known in zip(ours, best, strict=True)):+d}; {limits.rounds} rounds of "
            f"{limits.iterations} iterations, a choice at most {limits.choice_s:g} s"
        )
        note += "" if limits.ways else ", of whole scenarios"
        note += f", arrivals every {limits.step_min} min" if what == "windows" else ""
        note += f"; {options.turns} turns of mixing" if asked == "mixed" else ""
        yield Measure(f"school/{asked}", sum(ours), "buses", GOALS[asked] if whole else sum(best), note=note)


def _fleet(problem: Problem, what: str, limits: Limits, options: argparse.Namespace) -> dict[str, int]:
    """Buses of one case, by what was asked: the plan of one school a circuit, then that of several."""
    plan = solve(problem, limits, options.seed, _told)
    assert faults(plan, problem) == []
    if what == "fleet":
        return {"fleet": len(plan.blocks)}
    problem = replace(problem, mixed=True)
    mixed = mix(problem, plan, stem="m", turns=options.turns, seed=options.seed)
    assert faults(mixed, problem) == []
    return {"bells": len(plan.blocks), "mixed": len(mixed.blocks)}


def beside_rivals(options: argparse.Namespace) -> Iterator[Measure]:
    """Our buses and a rival's, over the cases for which it found routes; so many seconds of processor each."""
    park, case_s = Park(options.data / "park-2012.zip"), min(options.case_s, options.cap_s)
    limits = Limits(options.iterations, options.rounds, case_s, options.step_min, not options.scenarios)
    effort = f"{limits.rounds}/{limits.iterations}"
    names = [name for name in park.names() if not options.names or name in options.names.split(",")]
    rows: dict[str, list[dict[str, Any]]] = {who: [] for who in ("ours", *RIVALS)}
    for name in names:
        for cap_s in CAPS_S:
            problem = park.problem(name, cap_s)
            for who, found in rows.items():

                def compute(who: str = who, problem: Problem = problem) -> dict[str, Any]:
                    if who == "ours":
                        return our_fleet(problem, limits, case_s, options.seed)
                    return rival_fleet(problem, RIVALS[who], case_s, options.seed)

                how = f"/{effort}" if who == "ours" else ""
                found.append(kept(options, f"rivals/{who}/{name}/{cap_s}/{case_s:g}/{options.seed}{how}", compute))
    longest_s = max((row["cpu_s"] for row in rows["ours"]), default=0.0)
    for who in RIVALS:
        pairs = [(ours, theirs) for ours, theirs in zip(rows["ours"], rows[who], strict=True) if not theirs["lost"]]
        mine, known = (sum(row["fleet"] for row in side) for side in zip(*pairs, strict=True)) if pairs else (0, 0)
        lost = f", in the others {who} found no routes" if len(pairs) < len(rows[who]) else ""
        note = (
            f"{len(pairs)} of {len(rows[who])} cases{lost}; at most {case_s:g} CPU s a case, one school at a time and "
            f"the same chaining; ours {effort.replace('/', ' rounds of ')} iterations, "
            f"the longest case {longest_s:.0f} CPU s; better in {sum(a['fleet'] < b['fleet'] for a, b in pairs)}, "
            f"worse in {sum(a['fleet'] > b['fleet'] for a, b in pairs)}"
        )
        bench = f"school/fleet-beside-{who.lower().replace(' ', '-')}"
        yield Measure(bench, mine, "buses", 1.0 if pairs else None, known if pairs else None, who, note=note)


def _told(step: Step) -> bool:
    print(step, file=sys.stderr, flush=True)
    return True


def stops(options: argparse.Namespace) -> Iterator[Measure]:
    """The gap to the published cost, mean and worst, in as many iterations as `--cap-s` seconds of processor allow:
    so many for a school of 80 stops, in proportion for smaller ones."""
    instances = Schittekat(options.data / "schittekat-2013.zip")
    rows = [row for row in instances.rows() if not options.names or row["id"] in options.names.split(",")]
    gaps, proven, spent_s = [], [], 0.0
    for row in rows:
        problem = instances.problem(row["file"])
        cap_s = options.cap_s * min(1.0, int(row["stops"]) / 80)

        def compute(problem: Any = problem, cap_s: float = cap_s) -> dict[str, Any]:
            choose_stops(problem, StopLimits(10), options.seed)
            began_s = time.process_time()
            choose_stops(problem, StopLimits(200), options.seed)
            turn_s = (time.process_time() - began_s) / 200
            plan = choose_stops(problem, StopLimits(max(200, int(cap_s / turn_s))), options.seed)
            assert plan is not None
            assert stop_faults(plan, problem) == []
            return {"cost": plan.cost}

        found = kept(options, f"stops/{row['id']}/{options.cap_s:g}/{options.seed}", compute)
        spent_s += found["cpu_s"]
        gaps.append((found["cost"] / float(row["mh_cost"]) - 1) * 100)
        if _proven(row):
            proven.append(found["cost"] <= float(row["mh_cost"]) + CENT)
    note = (
        f"{len(gaps)} instances, {spent_s:.0f} CPU s, at most {options.cap_s:g} each for 80 stops, in proportion for "
        f"fewer; {min(gaps):+.2f} to {max(gaps):+.2f} %"
    )
    yield Measure("school/stops", sum(gaps) / len(gaps), "% mean gap", GAP_PCT, note=note)
    yield Measure("school/stops-worst", max(gaps), "% worst gap", WORST_PCT, note=note)
    hit = f"of {len(proven)} instances whose published cost is the published bound"
    yield Measure("school/stops-proven", sum(proven), "hit", len(proven), higher_is_better=True, note=hit)


def steady(options: argparse.Namespace) -> Iterator[Measure]:
    """Services before the bell, which rings so many minutes after the published window, on mornings that the plans were
    not made for; and the buses it takes more. One quick choice among whole scenarios, arrivals every ten minutes."""
    park, limits = Park(options.data / "park-2012.zip"), Limits(40, 0, options.cap_s, 10, ways=False)
    names = [name for name in park.names() if not options.names or name in options.names.split(",")]
    for grace_min in (5, 0):
        rows = []
        for name in names:
            for cap_s in CAPS_S:

                def compute(name: str = name, cap_s: int = cap_s, grace_min: int = grace_min) -> dict[str, Any]:
                    return _steady(park.problem(name, cap_s, windows=True), limits, grace_min * 60_000, options.seed)

                rows.append(kept(options, f"steady/{name}/{cap_s}/{grace_min}/{options.seed}", compute))
        many, before = sum(row["services"] for row in rows), sum(row["buses"] for row in rows)
        share, as_was = (100 * sum(row[each] for row in rows) / many for each in ("in_time", "was_in_time"))
        after = sum(row["steady"] for row in rows)
        note = f"{len(rows)} cases; {as_was:.1f} % as they were; bell {grace_min} min after the window; 1,000 mornings"
        case = f"school/steady-{grace_min}"
        yield Measure(case, share, "% before the bell", 97.0, higher_is_better=True, note=note)
        note = f"{after} instead of {before}, in the same cases"
        yield Measure(f"{case}-buses", 100 * (after / before - 1), "% buses more", 4.0, note=note)


def _steady(problem: Problem, limits: Limits, grace_ms: int, seed: int) -> dict[str, float]:
    plan = solve(problem, limits, seed)
    safe = steadied(plan, problem, Aim(grace_ms=grace_ms))
    assert faults(safe, problem) == []
    in_time = [
        sum(half_shares(each, problem, cv=0.15, draws=1_000, seed=1, grace_ms=grace_ms).values())
        for each in (safe, plan)
    ]
    return {
        "services": len(plan.circuits), "buses": len(plan.blocks), "steady": len(safe.blocks), "in_time": in_time[0],
        "was_in_time": in_time[1],
    }  # fmt: skip


def _proven(row: dict[str, str]) -> bool:
    """Whether the published cost is the published bound: the second number of a long row, the first of a short one."""
    numbers = [float(each) for each in row["raw"].split()]
    bound = numbers[1] if len(numbers) > 3 else numbers[0] if len(numbers) == 3 else None
    return bound == float(row["mh_cost"])


if __name__ == "__main__":
    sys.exit(main())
