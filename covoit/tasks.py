"""The jobs of carpool's registry: check, receive files, exchange with the national registry."""

from mobigo.base.decisions import Decision
from mobigo.infra import clock
from mobigo.infra.jobs import JobContext, job


@job("covoit.check", tries_max=1, every="every 10 min")
def check(ctx: JobContext) -> Decision:
    """Check the journeys received since, and make final those whose time is up."""
    from covoit.service import registry

    done = registry.check(ctx.engine, clock.now(), lambda count: ctx.progress(count))
    return Decision("covoit.checked", count=done)


@job("covoit.ingest", tries_max=3)
def ingest(ctx: JobContext, *, order: str, operator: str) -> Decision:
    """Receive a file that an operator handed over."""
    from covoit.service import handover

    outcome = handover.receive_order(ctx, operator, order, clock.now())
    if outcome.receipt is None:
        return Decision("covoit.file_refused", refused=outcome.refused)
    return Decision("covoit.file_received", new=outcome.receipt["new"], known=outcome.receipt["known"])
