"""The jobs of the composition root: what is delivered, and what is swept."""

from typing import TYPE_CHECKING, Any

from mobigo.app import deliveries
from mobigo.base.decisions import Decision
from mobigo.infra import clock
from mobigo.infra.jobs import job

if TYPE_CHECKING:
    from mobigo.infra.jobs import JobContext


@job(deliveries.JOB, every="every 1 h", tries_max=1)
def deliver(context: "JobContext") -> Decision:
    """Deliver effects and messages that are due, and come back when the next one is. The schedule is a safety net: a
    row that nobody announced (its queued delivery ran just before it was committed) waits an hour at most."""
    from mobigo.app.joins import services_for
    from mobigo.infra.outbox import bring_back, deliver_effects, deliver_messages, next_due

    bring_back(context.engine, clock.now())
    effects = deliver_effects(context.engine, deliveries.handlers(services_for(context.config)), clock.now)
    messages = deliver_messages(context.engine, deliveries.gateways(context.config), clock.now)
    done, failed = effects.done + messages.done, effects.failed + messages.failed
    with context.transaction() as session:
        again = next_due(session)
        if again is not None:
            deliveries.ask_delivery(session, max(again, clock.now()))
        result = Decision("outbox.delivered", done=done, failed=failed)
        context.finish(session, result)
    return result


@job("billettique.orders", tries_max=1, every="every 5 min")
def sweep_orders(context: "JobContext") -> Decision | None:
    """Do what nobody came back for: baskets that are over, payments never made, orders paid and not served."""
    from billettique.service.sweeping import sweep
    from mobigo.app.joins import services_for

    done = sweep(services_for(context.config), clock.now())
    return Decision("billettique.orders_swept", count=done) if done else None


@job("billettique.debits", tries_max=3, backoff_s=3_600, every="daily 05:20")
def debit_passes(context: "JobContext") -> Decision | None:
    """Debit the passes that go on, some days before each period begins."""
    from billettique.service.subscriptions import run
    from mobigo.app.joins import services_for

    done = run(services_for(context.config), clock.now())
    return Decision("billettique.debits_begun", count=done) if done else None


@job("blobs.sweep", every="daily 04:40")
def sweep(context: "JobContext") -> Decision:
    """Remove the files that no row names any more, every night after the erasure."""
    with context.transaction() as session:
        result = Decision("blob.swept", files=context.blobs.sweep(session, clock.now()))
        context.finish(session, result)
    return result


@job("opendata.publish", tries_max=2, backoff_s=1_800, every="daily 03:40")
def publish(context: "JobContext", *, datasets: list[str] | None = None, by: str | None = None) -> Decision:
    """Publish what changed since last night, or these datasets at once (`by`: who asks for them)."""
    from mobigo.app.joins import services_for
    from opendata.service.publishing import publish_all

    services, now = services_for(context.config), clock.now()
    offers = [offer for offer in services.offers(now) if datasets is None or offer.declared.code in datasets]
    results: dict[str, list[str]] = {}
    for done, offer in enumerate(offers):
        context.progress(done, len(offers), offer.declared.code)
        for outcome in publish_all(services, [offer], now, by=by, judges=services.judges):
            results.setdefault(outcome.result, []).append(outcome.dataset)
    services.engine.dispose()
    troubled = [*results.get("failed", ()), *results.get("faulty", ())]
    return Decision(
        "opendata.published",
        new=len(results.get("published", ())),
        same=len(results.get("unchanged", ())),
        waiting=len(results.get("waiting", ())),
        troubled=", ".join(troubled) or "—",
    )


@job("scolaire.lines", tries_max=1, every="every 15 min")
def follow_school_lines(context: "JobContext") -> Decision | None:
    """Show travellers the school lines that are published, none that was withdrawn, and no coach that does not run."""
    from mobigo.app.open_lines import follow, tell_missing
    from mobigo.infra.jobs import enqueue

    changed = follow(context, clock.now())
    tell_missing(context, clock.now())
    if not changed:
        return None
    with context.transaction() as session:
        enqueue(session, "network.build", {}, None, clock.now())
    return Decision("scolaire.lines_followed")


@job("scolaire.measure", tries_max=1, every="every 30 min")
def measure_ways(context: "JobContext") -> Decision | None:
    """Measure ways to school along the streets, where the rules let a right rest on that."""
    from mobigo.app.school_roads import SchoolRoads
    from mobigo.network.store.networks import NetworkHolder
    from scolaire.service.homes import measure_by_streets

    roads = SchoolRoads(NetworkHolder(context.engine, context.config.home))
    with context.transaction() as session:
        done = measure_by_streets(session, roads, context.config, clock.now())
    return Decision("scolaire.ways_measured", count=done) if done else None


@job("scolaire.walks", tries_max=1, every="every 10 min")
def measure_walks(context: "JobContext") -> Decision | None:
    """Find the stops within reach of homes along the streets, where a home, a stop near it or the streets are new."""
    from mobigo.app.school_roads import SchoolRoads
    from mobigo.network.store.networks import NetworkHolder
    from scolaire.service import homes

    roads, done, last = SchoolRoads(NetworkHolder(context.engine, context.config.home)), 0, homes.HOMES_AT_ONCE
    while last == homes.HOMES_AT_ONCE and not context.cancelled():
        with context.transaction() as session:
            last = homes.measure_walks(session, roads)
        done += last
        context.progress(done, None, "")
    return Decision("scolaire.walks_measured", count=done) if done else None


@job("covoit.fraud", every="monthly 4 05:10", tries_max=2, backoff_s=3_600)
def look_for_fraud(context: "JobContext", *, month: str = "") -> Decision:
    """Look at the journeys of a month that is over (last month by default), beside the coaches of the timetable. It
    raises alerts for a person to look at; it changes no payment."""
    from covoit.service import closing, fraud
    from mobigo.app.coach_runs import coaches
    from mobigo.base.instants import paris_day
    from mobigo.network.store.networks import NetworkHolder

    now = clock.now()
    wanted = month or closing.month_before(paris_day(now))
    with coaches(NetworkHolder(context.engine, context.config.home)) as runs:
        done = fraud.look(context.engine, wanted, coaches=runs, now=now)
    return Decision(
        "covoit.looked", month=wanted, journeys=done.journeys, alerts=done.alerts, new=done.new, unplaced=done.unplaced
    )


@job("region.look", tries_max=1)
def look_at_part(context: "JobContext", **params: Any) -> Decision:
    """Look at a part of a region that an administrator sent: nothing that serves changes."""
    from mobigo.app.region_desk import look

    return look(context, params)


@job("region.bring", tries_max=1)
def bring_part(context: "JobContext", **params: Any) -> Decision:
    """Put a part of a region in use, as it was looked at."""
    from mobigo.app.region_desk import bring

    return bring(context, params)
