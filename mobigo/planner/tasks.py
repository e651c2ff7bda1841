"""The jobs of the planner: tell those who follow a journey."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, MobigoError
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


@job("planner.compare", tries_max=1, memory_mb=4096)
def compare(ctx: JobContext, **params: object) -> Decision:
    """Compare a scenario with what runs; the document is kept half a year."""
    from mobigo.base.geo import Point
    from mobigo.infra import numba_cache

    numba_cache.use(ctx.config.home)
    from mobigo.planner.model import Endpoint
    from mobigo.planner.service import studies

    now, scenario = clock.now(), str(params["scenario"])
    place = Endpoint(str(params["place"]), Point(float(str(params["lat"])), float(str(params["lon"]))))
    document = studies.compare(
        ctx, scenario, studies.StudyHours.of(params), place, int(str(params["minutes"])), now, ctx.progress
    )
    with ctx.transaction() as session:
        digest = ctx.blobs.put(
            session, studies.comparison_bytes(document), owner=f"scenario:{scenario}", purpose="planner.comparison",
            keep_days=studies.COMPARISON_KEEP_DAYS, now=now, name="comparaison.json",
        )  # fmt: skip
        result = Decision("planner.compared", sha256=digest, name=document["name"])
        ctx.finish(session, result)
    return result


@job("planner.matrix", tries_max=1, memory_mb=4096)
def matrix(ctx: JobContext, **params: object) -> Decision:
    """Work out a matrix of travel times; the file is kept a week."""
    from mobigo.infra import numba_cache

    numba_cache.use(ctx.config.home)
    from mobigo.network.store.networks import NetworkHolder
    from mobigo.planner.gateway.territory import load_territory
    from mobigo.planner.service import studies

    now, territory = clock.now(), load_territory(ctx.config.home)
    with NetworkHolder(ctx.engine, ctx.config.home).current() as live:
        sides = []
        for name in ("origins", "destinations"):
            spec = params[name]
            if not isinstance(spec, dict):
                raise InvalidInput("planner.matrix_unknown_places", kind="")
            points = ctx.blobs.read(spec["sha256"]) if spec.get("sha256") else None
            sides.append(studies.places_for(live, territory, spec, points))
        hours = studies.StudyHours.of(params)

        def told(done: int, total: int) -> None:
            ctx.progress(done, total)

        write = partial(studies.write_matrix, live, sides[0], sides[1], hours, progress=told)
        with studies.written(write) as (file, rows), ctx.transaction() as session:
            digest = ctx.blobs.put(
                session, file, owner=f"matrix:{ctx.job_id}", purpose="planner.matrix",
                keep_days=studies.MATRIX_KEEP_DAYS, now=now, name="matrice.csv",
            )  # fmt: skip
            result = Decision("planner.matrix_made", sha256=digest, rows=rows)
            ctx.finish(session, result)
    return result
