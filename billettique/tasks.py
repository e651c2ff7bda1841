"""The jobs of ticketing, and when they run by themselves."""

from mobigo.base.decisions import Decision
from mobigo.infra import clock
from mobigo.infra.jobs import JobContext, job


@job("billettique.payments", tries_max=3, every="every 10 min")
def payments(ctx: JobContext) -> Decision | None:
    """Do what is due at payment providers: events to apply, refunds, payments to look at. A wake-up comes sooner."""
    from billettique.service import webhooks
    from mobigo.infra.web import Services

    done = webhooks.drain(Services(ctx.config), clock.now)
    return Decision("payments.drained", count=done) if done else None


@job("billettique.sweep", tries_max=3, backoff_s=1_800, every="daily 02:40")
def sweep(ctx: JobContext) -> Decision | None:
    """Read the events and payments of the last days at each provider, to fill gaps."""
    from billettique.service import webhooks
    from mobigo.infra.web import Services

    services = Services(ctx.config)
    found = webhooks.sweep(services, clock.now())
    webhooks.drain(services, clock.now)
    return Decision("payments.swept", count=found) if found else None
