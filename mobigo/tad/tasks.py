"""The jobs of on-demand transport: give back holds, shorten the rounds to come, remind those who travel."""

from mobigo.base.decisions import Decision
from mobigo.infra import clock
from mobigo.infra.jobs import JobContext, job


@job("tad.sweep", tries_max=1, every="every 5 min")
def sweep(ctx: JobContext) -> Decision | None:
    """Give back the places of holds whose time is up, and remind those who travel soon; nothing when there are none."""
    from mobigo.tad.service.booking import release_holds
    from mobigo.tad.service.telling import remind

    now = clock.now()
    with ctx.transaction() as session:
        released = release_holds(session, None, now)
        reminded = remind(session, now)
    return Decision("tad.swept", released=released, reminded=reminded) if released or reminded else None


@job("tad.optimise", tries_max=2, every="every 30 min")
def optimise(ctx: JobContext) -> Decision | None:
    """Make the rounds of the two coming days shorter, every promise kept; nothing when none changed."""
    from mobigo.infra.db import reading
    from mobigo.tad.model.rounds import Limits
    from mobigo.tad.service import dispatch

    now = clock.now()
    with reading(ctx.engine) as session:
        due = dispatch.days_to_optimise(session, now)
    saved_m = 0
    for done, (version, day) in enumerate(due):
        ctx.progress(done, len(due), version.service.code)
        with ctx.transaction() as session:
            before, after = dispatch.optimise(session, None, version, day, now, Limits())
            saved_m += before - after
    return Decision("tad.optimised", days=len(due), km=round(saved_m / 1000)) if due else None
