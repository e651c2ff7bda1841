"""The jobs of the network: import, build, look at the sources and at realtime, warn of feeds that end."""

from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.infra import clock
from mobigo.infra.jobs import JobContext, enqueue, job


@job("network.build", tries_max=2)
def build(ctx: JobContext) -> Decision:
    """Compile the feeds in use."""
    from mobigo.network.service import build_network

    return Decision("network.built", hash=build_network(ctx, progress=ctx.progress))


@job("network.import", tries_max=2)
def import_archive(ctx: JobContext, *, archive_sha256: str, feed: str) -> Decision:
    """Import a feed whose archive is a blob (an upload), then have the network built."""
    from mobigo.network.service import import_feed

    version = import_feed(ctx, ctx.blobs.path(archive_sha256), feed, progress=ctx.progress, archive_name=f"{feed}.zip")
    with ctx.transaction() as session:
        _ask_for_build(session)
    return Decision("network.imported", feed=version.feed, version=version.number)


@job("network.poll", tries_max=1, every="every 15 min")
def poll(ctx: JobContext) -> Decision:
    """Look at the sources that are due; what changed is built."""
    from mobigo.network.service import poll_sources, warn_of_expiry

    changed = poll_sources(ctx)
    warned = warn_of_expiry(ctx)
    if changed:
        with ctx.transaction() as session:
            _ask_for_build(session)
    return Decision("network.polled", changed=len(changed), warned=len(warned))


@job("network.realtime", tries_max=1, every="every 1 min")
def realtime(ctx: JobContext) -> Decision:
    """Look at the sources of realtime that are due; what they say of what happens now is noted."""
    from mobigo.network.service.observing import observe
    from mobigo.network.service.realtime import poll_realtime

    changed = poll_realtime(ctx)
    if changed:
        observe(ctx)
    return Decision("realtime.polled", changed=changed)


@job("network.shared", tries_max=1, every="every 1 min")
def shared(ctx: JobContext) -> Decision:
    """Look at the systems of shared bicycles that are due."""
    from mobigo.network.service.shared import poll_shared

    return Decision("shared.polled", changed=poll_shared(ctx))


@job("network.parks", tries_max=1, every="every 1 min")
def parks(ctx: JobContext) -> Decision:
    """Look at the free places of car parks that are due."""
    from mobigo.network.service.parks import poll_parks

    return Decision("parks.polled", changed=poll_parks(ctx))


def _ask_for_build(session: Session) -> None:
    enqueue(session, "network.build", {}, None, clock.now())
