"""A search for a better plan, as a job: asked, followed, stopped; its best checked plan is never lost."""

import queue
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.infra import clock
from mobigo.infra.db import reading
from mobigo.infra.jobs import JobContext, JobStopped, State, enqueue, find_job
from scolaire.export.plan_json import demand_json, plan_json
from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand
from scolaire.model.schools import SchoolYear
from scolaire.rules.kpi import kpis
from scolaire.service import plans
from scolaire.store import plans as store

if TYPE_CHECKING:
    from scolaire.engine.day import DayAsk, DayLimits, DayTold
    from scolaire.engine.relaxed import Cost
    from scolaire.engine.variants import Variants

JOB: Final = "scolaire.optimise"
TICK_S: Final = 0.1
REPORT_S: Final = 1.0
MODES: Final = ("fresh", "warm", "least_change")
EFFORTS: Final = ("quick", "usual", "long")
PRICE_MOST_CENTS: Final = 1_000_000
RESERVE_MOST: Final = 30
BELL_MINUTES: Final = (5, 10, 15, 20, 30)


def ask(
    session: Session, plan_id: str, demand: Demand, *, mode: str, effort: str, by: str, now: datetime, seed: int = 1,
    base: str | None = None, pupil_cents: int = 0, reserve: int = 0,
    bells: tuple[int, int] | None = None, variants: bool = False,
) -> str:  # fmt: skip
    """Queue a search for this demand; the id of its job. `base`: the version to start from. `bells`: how many schools
    may move their hours, and by how many minutes (None: none). `variants`: several plans instead of one.

    Raises InvalidInput("scolaire.search_mode" | "scolaire.search_base" | "scolaire.search_price" |
    "scolaire.search_reserve" | "scolaire.search_bells").
    """
    row = store.get_plan(session, plan_id)
    if mode not in MODES or effort not in EFFORTS:
        raise InvalidInput("scolaire.search_mode")
    if mode != "fresh" and base is None:
        raise InvalidInput("scolaire.search_base")
    if not 0 <= reserve <= RESERVE_MOST:
        raise InvalidInput("scolaire.search_reserve", most=RESERVE_MOST)
    if not 0 <= pupil_cents <= PRICE_MOST_CENTS or not 0 <= seed < 1 << 31:
        raise InvalidInput("scolaire.search_price")
    if bells is not None and not (1 <= bells[0] <= len(row.schools) and bells[1] in BELL_MINUTES):
        raise InvalidInput("scolaire.search_bells", most=len(row.schools))
    last_day = SchoolYear(row.year).period.last_day
    assert last_day is not None  # noqa: S101 - a school year ends
    digest = store.put_content(session, "demand", demand_json(demand), last_day)
    params = {
        "plan": plan_id, "demand": digest, "mode": mode, "effort": effort, "seed": seed, "base": base,
        "pupil_cents": pupil_cents, "reserve": reserve, "bells": None if bells is None else list(bells),
        "variants": variants,
    }  # fmt: skip
    job = enqueue(session, JOB, params, by, now)
    session.add(store.CandidateRow(job=job, plan=plan_id, demand_digest=digest, state={}, at=now))
    return job


class Found(NamedTuple):
    """A plan, and the demand it answers: the one asked, or the same with hours of schools moved."""

    plan: DayPlan
    demand: Demand


@dataclass
class _Search:
    """What the solver's thread says to the job's."""

    found: "queue.Queue[Found]" = field(default_factory=queue.Queue)
    told: "DayTold | None" = None
    buses: int | None = None
    stop: bool = False
    error: BaseException | None = None
    variants: "Variants | None" = None
    costs: "list[Cost]" = field(default_factory=list)


def run(ctx: JobContext, params: Mapping[str, Any]) -> Decision:
    """Search, in a thread beside the one that says how far it is, keeps what is found and listens for a stop."""
    with reading(ctx.engine) as session:  # the engine is loaded meanwhile: nobody's writing waits for that
        kept = store.find_candidate(session, ctx.job_id)
        # what an earlier try of this job had found may stand on hours it had moved
        digest = str(params["demand"]) if kept is None or kept.plan_digest is None else kept.demand_digest
        demand = plans.demand_kept(session, digest)
        asked = _asked(session, params, demand, kept)
    moves = None if demand.moved and digest != params["demand"] else params.get("bells")
    search = _Search()
    limits = limits_of(str(params["effort"]))

    def work() -> None:
        try:
            _look(search, demand, asked, moves, limits, params)
        except BaseException as error:  # told to the job's own thread, which raises it
            search.error = error

    thread = threading.Thread(target=work, name="search", daemon=True)
    began_s = reported_s = clock.monotonic_s()
    thread.start()
    best: Found | None = None
    while True:
        thread.join(TICK_S)
        over = not thread.is_alive()
        if _stopped(ctx):
            search.stop = True  # nobody waits for the solver: its thread ends with the process
            _end(ctx, _latest(search) or best, params, None)
            raise JobStopped
        best = _keep(ctx, search, best)
        if over:
            break
        if clock.monotonic_s() - reported_s >= REPORT_S:
            reported_s = clock.monotonic_s()
            ctx.progress(int(reported_s - began_s), None, progress_text(search))
    if search.error is not None:
        raise search.error
    return _end(ctx, best, params, search)


def _look(
    search: _Search, demand: Demand, asked: "DayAsk", moves: list[int] | None, limits: "DayLimits",
    params: Mapping[str, Any],
) -> None:  # fmt: skip
    """The search itself: hours moved first, where that was asked; then one plan, or several."""
    from scolaire.engine.bells import Moves, plan_with_bells
    from scolaire.engine.day import Mode, plan_day
    from scolaire.engine.relaxed import constraint_costs
    from scolaire.engine.variants import Variant, plan_variants

    seed, several = int(params["seed"]), bool(params.get("variants"))

    def told(step: "DayTold") -> bool:
        return _hear(search, step)

    def going() -> bool:
        return not search.stop

    if moves is not None:
        plan, demand = plan_with_bells(
            demand, asked, Moves(*moves), limits, seed, told=told,
            keep=lambda plan, moved: search.found.put(Found(plan, moved)), going=going,
        )  # fmt: skip
        if not several:
            return
        asked = replace(asked, mode=Mode.WARM, base=plan, base_demand=demand)

    def keep(plan: DayPlan) -> None:
        search.found.put(Found(plan, demand))

    if several:
        search.variants = plan_variants(demand, asked, limits, seed, told=told, keep=keep, going=going)
        first = search.variants.plans.get(Variant.BUSES)
        if first is not None:
            search.costs = constraint_costs(demand, asked, first, limits, seed, told=told, going=going)
    else:
        plan_day(demand, asked, limits, seed, told=told, keep=keep, going=going)


def _stopped(ctx: JobContext) -> bool:
    """Whether somebody asked to stop: what the worker has heard of, or what its row says already."""
    if ctx.cancelled():
        return True
    with reading(ctx.engine) as session:
        job = find_job(session, ctx.job_id)
    return job is not None and job.state is State.CANCELLING


def _hear(search: _Search, step: "DayTold") -> bool:
    search.told = step
    return not search.stop


def limits_of(effort: str) -> "DayLimits":
    """How long a search goes on, by iterations, so that the same seed gives the same plan."""
    from scolaire.engine.day import DayLimits
    from scolaire.engine.solve import Limits
    from scolaire.engine.stops import StopLimits

    stops, iterations, rounds, choice_s, mixing = {
        "quick": (500, 60, 0, 10.0, 100), "usual": (2_000, 200, 3, 30.0, 1_000),
        "long": (20_000, 400, 8, 120.0, 10_000),
    }[effort]  # fmt: skip
    return DayLimits(StopLimits(stops), Limits(iterations, rounds, choice_s), mixing)


def _asked(session: Session, params: Mapping[str, Any], demand: Demand, kept: store.CandidateRow | None) -> "DayAsk":
    """From today's plan; from what an earlier try of this job had found, where there is some."""
    from scolaire.engine.day import DayAsk, Mode

    locks = plans.locks_of(session, str(params["plan"]))
    mode, cents, reserve = Mode(params["mode"]), int(params["pupil_cents"]), int(params["reserve"])
    if kept is not None and kept.plan_digest is not None and mode is not Mode.LEAST_CHANGE:
        return DayAsk(Mode.WARM, plans.plan_kept(session, kept.plan_digest), demand, locks, cents, reserve)
    if params["base"] is None:
        return DayAsk(mode, None, None, locks, cents, reserve)
    base = plans.open_version(session, str(params["base"]))
    return DayAsk(mode, base.plan, base.demand, locks, cents, reserve)


def _latest(search: _Search) -> Found | None:
    """The last plan found since the last look, which is better than those before; None where there is none."""
    latest = None
    while not search.found.empty():
        latest = search.found.get_nowait()
    return latest


def _keep(ctx: JobContext, search: _Search, best: Found | None) -> Found | None:
    """Write the latest plan found: a kill loses at most what was found since."""
    latest = _latest(search)
    if latest is None:
        return best
    figures = kpis(*latest)
    search.buses = figures.buses
    with ctx.transaction() as session:
        row = store.find_candidate(session, ctx.job_id)
        if row is not None:
            plan = store.get_plan(session, row.plan)
            last_day = SchoolYear(plan.year).period.last_day
            assert last_day is not None  # noqa: S101 - a school year ends
            row.plan_digest = store.put_content(session, "plan", plan_json(latest.plan), last_day)
            if best is None or latest.demand is not best.demand:
                row.demand_digest = store.put_content(session, "demand", demand_json(latest.demand), last_day)
            row.kpis, row.at = asdict(figures), clock.now()
    return latest


def progress_text(search: _Search) -> str:
    """Phase, half-day, best, bound, as the page reads them (`read_progress`)."""
    step = search.told
    buses = "" if search.buses is None else str(search.buses)
    if step is None:
        return f"start||{buses}|"
    bound = "" if step.bound is None else f"{step.bound:.1f}"
    return f"{step.phase}|{step.half}|{buses}|{bound}"


def read_progress(text: str) -> tuple[str, str, str, str]:
    """Phase, half-day, buses of the best plan, bound on the half-day's; "" where unknown."""
    parts = (text.split("|") + [""] * 4)[:4]
    return parts[0], parts[1], parts[2], parts[3]


def _end(ctx: JobContext, best: Found | None, params: Mapping[str, Any], search: _Search | None) -> Decision:
    """The best plan becomes a version, in the transaction that ends the job; so do its variants that nothing beats.
    `search`: None where it was stopped."""
    with ctx.transaction() as session:
        if best is None:
            kept = store.find_candidate(session, ctx.job_id)
            if kept is not None and kept.plan_digest is not None:
                best = Found(plans.plan_kept(session, kept.plan_digest), plans.demand_kept(session, kept.demand_digest))
        result = Decision("scolaire.search_nothing")
        if best is not None:
            version = plans.add_version(
                session, str(params["plan"]), best.demand, best.plan, origin="computed", by=ctx.asked_by or "system",
                now=clock.now(), parent=params["base"], job=ctx.job_id, why="",
            )  # fmt: skip
            buses, moved = int(version.kpis["buses"]), len(best.demand.moved)
            result = Decision("scolaire.search_done", number=version.number, buses=buses)
            if moved:
                result = Decision("scolaire.search_done_hours", number=version.number, buses=buses, schools=moved)
            elif params.get("bells"):
                result = Decision("scolaire.search_done_no_hours", number=version.number, buses=buses)
            if search is not None and search.variants is not None:
                offers = _offered(ctx, session, search.variants, search.costs, best, params, version.id)
                result = Decision("scolaire.search_done_offers", number=version.number, buses=buses, offers=offers)
        if search is not None:
            ctx.finish(session, result)
    return result


def _offered(
    ctx: JobContext, session: Session, variants: "Variants", costs: "list[Cost]", best: Found,
    params: Mapping[str, Any], first: str,
) -> int:  # fmt: skip
    """Versions of the plans worth a look, beside the first one; what is told of them is kept with the search."""
    from scolaire.engine.variants import Variant

    told = []
    for each in variants.offers:
        plan = variants.plans[Variant(each.name)]
        made = first
        if plan != best.plan:
            made = plans.add_version(
                session, str(params["plan"]), best.demand, plan, origin="computed", by=ctx.asked_by or "system",
                now=clock.now(), parent=params["base"], job=ctx.job_id, why="",
            ).id  # fmt: skip
        told.append({**each._asdict(), "version": made})
    row = store.find_candidate(session, ctx.job_id)
    if row is not None:
        row.state = {
            "offers": told, "curve": [list(point) for point in variants.curve],
            "costs": [[str(each.constraint), each.buses, each.year_cents] for each in costs],
        }  # fmt: skip
    return len(told)
