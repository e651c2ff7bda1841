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


@job("billettique.rotate_keys", tries_max=3, backoff_s=1_800, every="daily 01:50")
def rotate_keys(ctx: JobContext) -> Decision | None:
    """Make the next keys of sellers ahead of time; destroy private keys that sign no more."""
    from billettique.service import keys
    from mobigo.infra.web import Services

    with ctx.transaction() as session:
        made = keys.rotate(session, Services(ctx.config), clock.now())
    return Decision("billettique.keys_rotated", count=len(made)) if made else None


@job("billettique.reissue", tries_max=10, backoff_s=10)
def reissue(ctx: JobContext, *, seller: str, key_id: int) -> Decision:
    """Give new codes to whoever holds tickets signed with a revoked key."""
    from billettique.service import reissuing
    from mobigo.infra.web import Services

    done = reissuing.reissue(
        Services(ctx.config), seller, key_id, clock.now(), begin=ctx.transaction, progress=ctx.progress
    )
    return Decision("billettique.reissued", codes=done.codes, messages=done.messages)


@job("billettique.forget", tries_max=3, backoff_s=300, every="every 15 min")
def forget(ctx: JobContext) -> Decision | None:
    """Infer the ways of days that are over, then erase what may not be known beyond 48 hours."""
    from billettique.service import served_lines, sync, usage
    from mobigo.infra.web import Services
    from mobigo.network.store.networks import NetworkHolder

    services = Services(ctx.config, make_networks=lambda made: NetworkHolder(made.engine, made.config.home))
    lines = served_lines.lines_of(services.networks)
    with ctx.transaction() as session:
        now = clock.now()
        # Where no network is built yet nothing can be inferred, and the days wait as long as they may.
        chained = usage.chain_days(session, lines, now) if lines else {}
        gone = sync.forget(session, now)
    return Decision("billettique.forgotten", rows=gone, days=len(chained)) if gone or chained else None


@job("billettique.cases", tries_max=3, backoff_s=1_800, every="daily 03:20")
def cases(ctx: JobContext) -> Decision | None:
    """Constats neither paid nor contested in their term go to the ministère public."""
    from billettique.service import cases as service

    with ctx.transaction() as session:
        count = service.transmit_due(session, ctx.config, clock.now())
    return Decision("billettique.cases_transmitted", count=count) if count else None


@job("billettique.reconcile", tries_max=5, backoff_s=1_800, every="daily 05:10")
def reconcile(ctx: JobContext) -> Decision:
    """Compare providers' accounts with ours, to the cent; what nothing explains stays on a page for the régisseur."""
    from billettique.service import reconcile as service
    from mobigo.infra.web import Services

    services = Services(ctx.config)
    service.simulate_payout(services)
    done = service.reconcile(services, clock.now())
    if done.whole:
        return Decision("payments.reconciled", lines=done.lines)
    return Decision("payments.unreconciled", lines=done.lines, count=len(done.unexplained))


@job("billettique.clear", tries_max=3, backoff_s=3_600, every="monthly 5 03:00")
def clear(ctx: JobContext) -> Decision | None:
    """The clearing statements of the month that is over."""
    from datetime import timedelta

    from billettique.service import clearing, served_lines
    from mobigo.base.instants import paris_day
    from mobigo.infra.web import Services
    from mobigo.network.store.networks import NetworkHolder

    now = clock.now()
    month = (paris_day(now).replace(day=1) - timedelta(days=1)).replace(day=1)
    services = Services(ctx.config, make_networks=lambda made: NetworkHolder(made.engine, made.config.home))
    lines = served_lines.network_of_lines(services.networks, month, ctx.config.home)
    with ctx.transaction() as session:
        made = clearing.close_month(session, month, lines, ctx.config.home, now)
    return Decision("billettique.cleared", month=f"{month:%Y-%m}", statements=len(made)) if made else None
