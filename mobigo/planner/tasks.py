"""The jobs of the planner: tell those who follow a journey."""

from datetime import datetime
from typing import TYPE_CHECKING

from mobigo.base.decisions import Decision
from mobigo.base.errors import MobigoError
from mobigo.infra import clock
from mobigo.infra.jobs import JobContext, job

if TYPE_CHECKING:
    from mobigo.network.model.live import LiveNetwork
    from mobigo.planner.engine.following import TripNow
    from mobigo.planner.model import Journey
    from mobigo.planner.store.followers import TripFollower


@job("planner.trips", tries_max=1, every="every 1 min")
def tell_followers(ctx: JobContext) -> Decision | None:
    """Tell those who follow a journey what changed for them; forget those whose journey is over."""
    from mobigo.infra.db import reading
    from mobigo.network.store.networks import NetworkHolder
    from mobigo.planner.store import followers

    now = clock.now()
    with ctx.transaction() as session:
        followers.drop_over(session, now)
    with reading(ctx.engine) as session:
        waiting = followers.to_tell(session, now)
    if not waiting:
        return None
    with NetworkHolder(ctx.engine, ctx.config.home).today() as live:
        told = sum(_tell(ctx, live, each, now) for each in waiting)
    return Decision("planner.followers_told", count=told, followers=len(waiting))


def _tell(ctx: JobContext, live: "LiveNetwork", follower: "TripFollower", now: datetime) -> bool:
    """Tell one of them, in a transaction of its own."""
    from mobigo.planner.engine.following import trip_now
    from mobigo.planner.gateway import trip_messages
    from mobigo.planner.rules.followed import decoded

    asked = decoded(follower.trip)
    if asked is None:  # of a format that is no longer read
        return False
    now_is = trip_now(live, asked)
    other = None
    if now_is.broken is not None and trip_messages.state_key(now_is, now) != follower.told:
        other = next_way(live, now_is, now)
    with ctx.transaction() as session:
        return trip_messages.tell(session, ctx.config, live, follower, now_is, other, now)


def next_way(live: "LiveNetwork", now_is: "TripNow", now: datetime) -> "Journey | None":
    """The next possibility when the journey breaks; None when none is known."""
    from mobigo.planner import service
    from mobigo.planner.export.following import best_of, other_way

    try:
        return best_of(service.plan(live, other_way(live, now_is, now)).journeys)
    except MobigoError:  # the places of an old address may lie where nothing is known any more
        return None
