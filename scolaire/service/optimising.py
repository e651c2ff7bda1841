"""A search for a better plan, as a job: asked, followed, stopped; its best checked plan is never lost."""

import queue
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

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

JOB: Final = "scolaire.optimise"
TICK_S: Final = 0.2
REPORT_S: Final = 1.0
MODES: Final = ("fresh", "warm", "least_change")
EFFORTS: Final = ("quick", "usual", "long")
PRICE_MOST_CENTS: Final = 1_000_000
RESERVE_MOST: Final = 30


def ask(
    session: Session, plan_id: str, demand: Demand, *, mode: str, effort: str, by: str, now: datetime, seed: int = 1,
    base: str | None = None, pupil_cents: int = 0, reserve: int = 0,
) -> str:  # fmt: skip
    """Queue a search for this demand; the id of its job. `base`: the version to start from.

    Raises InvalidInput("scolaire.search_mode" | "scolaire.search_base" | "scolaire.search_price" |
    "scolaire.search_reserve").
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
    last_day = SchoolYear(row.year).period.last_day
    assert last_day is not None  # noqa: S101 - a school year ends
    digest = store.put_content(session, "demand", demand_json(demand), last_day)
    params = {
        "plan": plan_id, "demand": digest, "mode": mode, "effort": effort, "seed": seed, "base": base,
        "pupil_cents": pupil_cents, "reserve": reserve,
    }  # fmt: skip
    job = enqueue(session, JOB, params, by, now)
    session.add(store.CandidateRow(job=job, plan=plan_id, demand_digest=digest, state={}, at=now))
    return job


@dataclass
class _Search:
    """What the solver's thread says to the job's."""

    found: "queue.Queue[DayPlan]" = field(default_factory=queue.Queue)
    told: "DayTold | None" = None
    buses: int | None = None
    stop: bool = False
    error: BaseException | None = None


def run(ctx: JobContext, params: Mapping[str, Any]) -> Decision:
    """Search, in a thread beside the one that says how far it is, keeps what is found and listens for a stop."""
    from scolaire.engine.day import plan_day

    plan_id, job = str(params["plan"]), ctx.job_id
    with ctx.transaction() as session:
        demand = plans.demand_kept(session, str(params["demand"]))
        asked = _asked(session, params, demand, store.find_candidate(session, job))
    search = _Search()
    limits = limits_of(str(params["effort"]))

    def work() -> None:
        try:
            plan_day(
                demand, asked, limits, int(params["seed"]), told=lambda step: _hear(search, step),
                keep=search.found.put, going=lambda: not search.stop,
            )  # fmt: skip
        except BaseException as error:  # told to the job's own thread, which raises it
            search.error = error

    thread = threading.Thread(target=work, name="search", daemon=True)
    began_s = reported_s = clock.monotonic_s()
    thread.start()
    best: DayPlan | None = None
    while True:
        thread.join(TICK_S)
        over = not thread.is_alive()
        best = _keep(ctx, search, demand, best)
        if _stopped(ctx):
            search.stop = True  # nobody waits for the solver: its thread ends with the process
            _end(ctx, plan_id, demand, best, params, stopped=True)
            raise JobStopped
        if over:
            break
        if clock.monotonic_s() - reported_s >= REPORT_S:
            reported_s = clock.monotonic_s()
            ctx.progress(int(reported_s - began_s), None, progress_text(search))
    if search.error is not None:
        raise search.error
    return _end(ctx, plan_id, demand, best, params, stopped=False)


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

    stops, iterations, rounds, choice_s = {
        "quick": (500, 60, 0, 10.0), "usual": (2_000, 200, 3, 30.0), "long": (20_000, 400, 8, 120.0),
    }[effort]  # fmt: skip
    return DayLimits(StopLimits(stops), Limits(iterations, rounds, choice_s))


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


def _keep(ctx: JobContext, search: _Search, demand: Demand, best: DayPlan | None) -> DayPlan | None:
    """Write the latest plan found, each better than the one before: a kill loses at most what was found since."""
    latest = None
    while not search.found.empty():
        latest = search.found.get_nowait()
    if latest is None:
        return best
    figures = kpis(latest, demand)
    search.buses = figures.buses
    with ctx.transaction() as session:
        row = store.find_candidate(session, ctx.job_id)
        if row is not None:
            plan = store.get_plan(session, row.plan)
            last_day = SchoolYear(plan.year).period.last_day
            assert last_day is not None  # noqa: S101 - a school year ends
            row.plan_digest = store.put_content(session, "plan", plan_json(latest), last_day)
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


def _end(
    ctx: JobContext, plan_id: str, demand: Demand, best: DayPlan | None, params: Mapping[str, Any], *, stopped: bool
) -> Decision:
    """The best plan becomes a version, in the transaction that ends the job."""
    with ctx.transaction() as session:
        if best is None:
            kept = store.find_candidate(session, ctx.job_id)
            if kept is not None and kept.plan_digest is not None:
                best = plans.plan_kept(session, kept.plan_digest)
        result = Decision("scolaire.search_nothing")
        if best is not None:
            version = plans.add_version(
                session, plan_id, demand, best, origin="computed", by=ctx.asked_by or "system", now=clock.now(),
                parent=params["base"], job=ctx.job_id, why="",
            )  # fmt: skip
            result = Decision("scolaire.search_done", number=version.number, buses=kpis(best, demand).buses)
        if not stopped:
            ctx.finish(session, result)
    return result
