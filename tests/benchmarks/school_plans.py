"""School plans of a sector and of a region: first plan, a plan after some minutes, ten pupils more, delays.

    python -m tests.benchmarks.school_plans                       a sector of 5,000 pupils, 40 schools, 300 stops
    python -m tests.benchmarks.school_plans --only region         125,000 pupils, 25 sectors: read, checked, counted
    python -m tests.benchmarks.school_plans --only minutes        the sector searched for ten minutes: what three give

Every plan is judged by the checker before it counts. The sectors are drawn (`tests.school_world`); nothing is real.
Seconds are those of the processor, all threads together, so that a busy machine says the same as an idle one.
"""

import argparse
import resource
import sys
import time
from collections.abc import Iterator

from scolaire.engine.day import DayAsk, Mode, plan_day
from scolaire.engine.delays import punctuality
from scolaire.engine.variants import steady_day
from scolaire.export.plan_json import demand_json, plan_json
from scolaire.gateway.plan_json import read_demand, read_plan
from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand
from scolaire.rules.compare import compare
from scolaire.rules.day import day_faults
from scolaire.rules.kpi import kpis, worth
from scolaire.service.optimising import limits_of
from tests.benchmarks.measures import Measure, line
from tests.school_world import more_pupils, sector

PUPILS, SCHOOLS, STOPS = 5_000, 40, 300
SECTORS = 25
SOON_S, LONG_S = 180.0, 600.0  # of the processor


def main() -> int:
    parser = argparse.ArgumentParser(description="School plans of a sector and of a region.")
    parser.add_argument("--only", choices=("sector", "region", "minutes"), action="append")
    parser.add_argument("--effort", choices=("quick", "usual", "long"), default="quick")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--reserve", type=int, default=2)
    parser.add_argument("--cap-s", type=float, help="not needed: searches end by iterations")
    parser.add_argument("--sectors", type=int, default=SECTORS)
    options = parser.parse_args()
    asked = options.only or ["sector", "region"]
    plan_day(sector(1, schools=1, stops=4, pupils=10), DayAsk(), limits_of("quick"), 1)  # kernels compiled before
    measures = [
        *(of_a_sector(options) if "sector" in asked else ()),
        *(of_a_region(options) if "region" in asked else ()),
        *(of_minutes(options) if "minutes" in asked else ()),
    ]
    return 0 if all(measure.ok for measure in measures) else 3


def told(measure: Measure) -> Measure:
    print(line(measure), flush=True)
    return measure


def of_a_sector(options: argparse.Namespace) -> Iterator[Measure]:
    """First checked plan, the whole search, ten pupils more, delays."""
    demand = sector(options.seed, schools=SCHOOLS, stops=STOPS, pupils=PUPILS)
    size = f"{PUPILS} pupils, {SCHOOLS} schools, {STOPS} stops, {options.effort}, reserve {options.reserve}"
    kept: list[float] = []
    began_s = time.process_time()
    plan = plan_day(
        demand, DayAsk(reserve=options.reserve), limits_of(options.effort), 1,
        keep=lambda _: kept.append(time.process_time() - began_s),
    )  # fmt: skip
    whole_s = time.process_time() - began_s
    assert day_faults(plan, demand) == []
    figures = kpis(plan, demand)
    yield told(Measure("school_plans/first", kept[0], "CPU s", 20.0, note=f"first checked plan; {size}"))
    note = f"{figures.buses} buses, {figures.services} services, {figures.left} left; {size}"
    yield told(Measure("school_plans/whole", whole_s, "CPU s", 120.0, note=note))
    yield told(Measure("school_plans/memory", _memory_mb(), "MB", 600.0, note=size))
    yield from ten_more(demand, plan)
    yield from delays(demand, plan)
    yield from robust(options, demand, plan)


def robust(options: argparse.Namespace, demand: Demand, plan: DayPlan) -> Iterator[Measure]:
    """The same plan held steady against delays: how punctual it is on mornings it was not made for, and the buses it
    takes more."""
    began_s = time.process_time()
    safe = steady_day(plan, demand, DayAsk(reserve=options.reserve))
    lasted_s = time.process_time() - began_s
    assert day_faults(safe, demand) == []
    shares = [punctuality(each, demand, cv=0.15, draws=1_000, seed=1, grace_ms=300_000).share for each in (safe, plan)]
    after, before = kpis(safe, demand).buses, kpis(plan, demand).buses
    note = (
        f"{100 * shares[0]:.1f} % of morning services before the bell instead of {100 * shares[1]:.1f}; {after} buses "
        f"instead of {before}; {lasted_s:.1f} CPU s"
    )
    yield told(
        Measure("school_plans/robust", 100 * shares[0], "% before the bell", 97.0, higher_is_better=True, note=note)
    )
    yield told(Measure("school_plans/robust-buses", 100 * (after / before - 1), "% buses more", 4.0, note=note))


def ten_more(demand: Demand, plan: DayPlan) -> Iterator[Measure]:
    """Ten pupils more: when the answer is there, and how many services change."""
    grown = more_pupils(demand, 10, 5)
    at: list[float] = []
    began_s = time.process_time()
    least = plan_day(
        grown, DayAsk(Mode.LEAST_CHANGE, plan, demand, pupil_cents=2_000), limits_of("quick"), 1,
        keep=lambda _: at.append(time.process_time() - began_s), told=lambda _: not at,
    )  # fmt: skip
    assert day_faults(least, grown) == []
    moved = compare(plan, demand, least, grown)
    changed = len(moved.services_changed) + len(moved.services_new) + len(moved.services_gone)
    share_pct = 100 * len({*moved.pupils_stop, *moved.pupils_time}) / len(demand.pupils)
    yield told(Measure("school_plans/ten-more", at[0], "CPU s", 10.0, note="answer after ten pupils more"))
    yield told(Measure("school_plans/ten-more-services", changed, "services changed", 5.0))
    yield told(Measure("school_plans/ten-more-pupils", share_pct, "% get another stop or hour", 2.0))


def delays(demand: Demand, plan: DayPlan) -> Iterator[Measure]:
    """How long a thousand mornings take to draw, and how punctual they are."""
    began_s = time.process_time()
    found = punctuality(plan, demand, cv=0.15, draws=1_000, seed=1, grace_ms=300_000)
    lasted_s = time.process_time() - began_s
    note = f"1,000 draws of ±15 %: {100 * found.share:.1f} % of morning services before the bell"
    yield told(Measure("school_plans/delays", lasted_s, "CPU s", 10.0, note=note))


def of_a_region(options: argparse.Namespace) -> Iterator[Measure]:
    """Every sector read from its text, checked and counted. One is computed; the others are its twins."""
    demand = sector(options.seed, schools=SCHOOLS, stops=STOPS, pupils=PUPILS)
    first: list[DayPlan] = []
    plan = plan_day(
        demand, DayAsk(reserve=options.reserve), limits_of("quick"), 1, keep=first.append, told=lambda _: not first
    )
    texts = demand_json(demand), plan_json(plan)
    began_s, pupils, services = time.process_time(), 0, 0
    for _ in range(options.sectors):
        read, kept = read_demand(texts[0]), read_plan(texts[1])
        assert day_faults(kept, read) == []
        figures = kpis(kept, read)
        pupils, services = pupils + figures.pupils + figures.left, services + figures.services
    lasted_s = time.process_time() - began_s
    note = f"{options.sectors} sectors, {pupils} pupils, {services} services read, checked and counted"
    yield told(Measure("school_plans/region", lasted_s, "CPU s", 60.0, note=note))


def of_minutes(options: argparse.Namespace) -> Iterator[Measure]:
    """The long search cut at ten minutes: how much dearer the best plan of its first three is, and of the usual search
    to its end; then the plan searched on from, which never becomes worse."""
    demand = sector(options.seed, schools=SCHOOLS, stops=STOPS, pupils=PUPILS)
    found: list[tuple[float, DayPlan]] = []
    began_s = time.process_time()

    def keep(plan: DayPlan) -> None:
        found.append((time.process_time() - began_s, plan))
        print(f"{found[-1][0]:.0f} CPU s: {worth(plan, demand)}", file=sys.stderr, flush=True)

    def going() -> bool:
        return time.process_time() - began_s < LONG_S

    plan_day(demand, DayAsk(reserve=options.reserve), limits_of("long"), 1, keep=keep, told=lambda _: going())
    lasted_s, best = time.process_time() - began_s, found[-1][1]
    soon = [plan for at_s, plan in found if at_s <= SOON_S][-1]
    yield told(
        _dearer("minutes", soon, best, demand, f"of 3 min, against {lasted_s:.0f} CPU s of the long search", goal=1.0)
    )
    began_s = time.process_time()
    usual = plan_day(demand, DayAsk(reserve=options.reserve), limits_of("usual"), 1)
    usual_s = time.process_time() - began_s
    yield told(_dearer("usual", usual, best, demand, f"of the usual search, {usual_s:.0f} CPU s, against the same"))
    warm = plan_day(demand, DayAsk(Mode.WARM, best, demand, reserve=options.reserve), limits_of("quick"), 2)
    worse = float(worth(warm, demand) > worth(best, demand))
    yield told(Measure("school_plans/warm-worse", worse, "plans worse than their start", 0.0))
    yield told(Measure("school_plans/minutes-memory", _memory_mb(), "MB", 800.0, note="the searches of these rows"))


def _dearer(name: str, plan: DayPlan, best: DayPlan, demand: Demand, note: str, goal: float | None = None) -> Measure:
    """In euros of a week; buses and pupils left are said."""
    ours, other = kpis(plan, demand), kpis(best, demand)
    note = f"the plan {note}: {ours.buses} buses for {other.buses}, {ours.left} left for {other.left}"
    return Measure(f"school_plans/{name}", 100 * (ours.week_cents / other.week_cents - 1), "% dearer", goal, note=note)


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
