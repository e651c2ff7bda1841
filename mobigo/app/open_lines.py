"""The join of published school lines and the planner: what two persons let out of the services open to everybody is a
feed of the network, so that a traveller is shown it; what they withdraw leaves it.

The feed is the published file itself: the planner never knows of a stop or an hour that the public may not.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from mobigo.infra.db import reading, transaction

if TYPE_CHECKING:
    from mobigo.network.service.importing import Tools

FEED: Final = "scolaire-lignes"


def follow(tools: "Tools", now: datetime) -> bool:
    """Make the feed what is published now, or take it out where nothing is; whether that changed the network. The
    network is built again by whoever is told so.

    Raises what `network.service.importing.import_feed` raises for a file that it refuses: the feed stays as it was."""
    from mobigo.network.service.importing import import_feed
    from mobigo.network.store import feeds
    from opendata.model.datasets import Slot
    from opendata.store import files, versions
    from scolaire.export.opendata import LINES

    with reading(tools.engine) as session:
        pointer = versions.find_pointer(session, LINES, Slot.LATEST)
        shown = (
            None if pointer is None or pointer.version_id is None else versions.get_version(session, pointer.version_id)
        )
        there = {feed.name: feed.active for feed in feeds.list_feeds(session)}.get(FEED)
    if shown is None:
        if there:
            with transaction(tools.engine) as session:
                feeds.set_active(session, FEED, active=False)
        return bool(there)
    (file,) = (each for each in shown.files if each.name.endswith(".zip"))
    path = files.contents_of(tools.config.home).path(file.sha256)
    return not import_feed(tools, path, FEED, now=now, archive_name=f"{FEED}.zip").unchanged
