"""The jobs of publication that need no other package: looking, warning, calling, sweeping. Publishing itself is a job
of `mobigo.app`, which knows what every package offers."""

from mobigo.base.decisions import Decision
from mobigo.infra import clock
from mobigo.infra.jobs import JobContext, job


@job("opendata.watch", tries_max=1, every="every 15 min")
def watch(ctx: JobContext) -> Decision | None:
    """Look whether a reuser gets every published file and live address: over HTTP, at our public address."""
    from opendata.gateway.probe import hear, look
    from opendata.service.measuring import watch as look_at_all

    site = ctx.config.base_url
    bad = look_at_all(ctx, clock.now(), look(site), hear(site))
    return Decision("opendata.watched", datasets=", ".join(bad)) if bad else None


@job("opendata.listen", tries_max=1, every="every 30 min")
def listen(ctx: JobContext) -> Decision | None:
    """Have what is told live judged, as it is told at our public address."""
    from opendata.gateway.judges import live_judges
    from opendata.gateway.probe import hear
    from opendata.service.listening import listen as judge_all

    now = clock.now()
    bad = judge_all(ctx, now, hear(ctx.config.base_url), live_judges(ctx.config, now))
    return Decision("opendata.listened", datasets=", ".join(bad)) if bad else None


@job("opendata.night", tries_max=2, backoff_s=3_600, every="daily 04:10")
def night(ctx: JobContext) -> Decision:
    """Hash every file in force, warn of timetables that end, sweep what no version needs."""
    from opendata.service.measuring import damaged, sweep
    from opendata.service.notices import tell_expiring

    now = clock.now()
    bad = damaged(ctx, now)
    with ctx.transaction() as session:
        warned = tell_expiring(session, now)
    swept = sweep(ctx, now)
    return Decision("opendata.looked_over", bad=len(bad), warned=len(warned), swept=swept)


@job("opendata.compare", tries_max=1, every="every 30 min")
def compare(ctx: JobContext) -> Decision | None:
    """Compare each timetable that was published with the one before it."""
    from opendata.service.changes import compare_due

    count = compare_due(ctx)
    return Decision("opendata.compared", count=count) if count else None


@job("opendata.call", tries_max=12, backoff_s=60)
def call(ctx: JobContext, *, follower: str, event: str) -> Decision:
    """Call who follows a dataset."""
    from opendata.service.following import call as ring

    return ring(ctx, follower, event, clock.now())
