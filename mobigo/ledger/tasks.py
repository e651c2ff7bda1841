"""The jobs of the ledger: holds whose time is over, and the monthly signature of the head."""

from mobigo.base.decisions import Decision
from mobigo.infra import clock
from mobigo.infra.jobs import JobContext, job


@job("ledger.expire", every="every 1 h")
def expire(ctx: JobContext) -> Decision:
    """Free what is held by holds whose time is over."""
    from mobigo.ledger.service import expire_due

    with ctx.transaction() as session:
        result = Decision("ledger.expired", count=len(expire_due(session, now=clock.now())))
        ctx.finish(session, result)
    return result


@job("ledger.publish_head", every="monthly 1 03:10")
def publish(ctx: JobContext) -> Decision:
    """Sign and publish the head."""
    from mobigo.ledger.service import publish_head

    head = publish_head(ctx.engine, ctx.config, now=clock.now())
    return Decision("ledger.empty") if head is None else Decision("ledger.head_published", line=head.n)
