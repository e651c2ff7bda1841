"""The job of requests: close what nobody came back to."""

from mobigo.base.decisions import Decision
from mobigo.infra import clock
from mobigo.infra.jobs import JobContext, job


@job("requests.close", tries_max=2, every="daily 05:40")
def close(ctx: JobContext) -> Decision | None:
    """Close answers and questions nobody came back to; nothing when there are none."""
    from mobigo.requests.service.acting import close_silent

    with ctx.transaction() as session:
        closed = close_silent(session, ctx.config, clock.now())
    return Decision("requests.closed_silent", count=closed) if closed else None
