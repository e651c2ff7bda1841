"""The join of published school lines and the planner: what two persons let out of the services open to everybody is a
feed of the network, so that a traveller is shown it; what they withdraw leaves it.

The feed is the published file itself: the planner never knows of a stop or an hour that the public may not. What it
tells and does not run any more (snow announced this morning, a service closed to travellers, a plan replaced) is told
cancelled in realtime, day by day, without waiting for the two persons of the next edition.
"""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mobigo.base.instants import paris_day
from mobigo.infra.db import reading, transaction

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from mobigo.network.service.importing import Tools

FEED: Final = "scolaire-lignes"
SOURCE: Final = "cars scolaires supprimés"  # what these cancellations are called among the sources of realtime
AHEAD_DAYS: Final = 14
STALE_S: Final = (
    86_400  # told again every quarter of an hour; a coach that does not run is not shown because a job stops
)


def follow(tools: "Tools", now: datetime) -> bool:
    """Make the feed what is published now, or take it out where nothing is; whether that changed the network. The
    network is built again by whoever is told so.

    Raises what `network.service.importing.import_feed` raises for a file that it refuses: the feed stays as it was."""
    from mobigo.network.service.importing import import_feed
    from mobigo.network.store import feeds

    with reading(tools.engine) as session:
        path = _published(session, tools)
        there = {feed.name: feed.active for feed in feeds.list_feeds(session)}.get(FEED)
    if path is None:
        if there:
            with transaction(tools.engine) as session:
                feeds.set_active(session, FEED, active=False)
        return bool(there)
    return not import_feed(tools, path, FEED, now=now, archive_name=f"{FEED}.zip").unchanged


def tell_missing(tools: "Tools", now: datetime) -> int:
    """Tell cancelled what is published of these days and has no coach; how many runs."""
    from mobigo.network.service.realtime import cancelled
    from mobigo.network.store import feeds, realtime

    with transaction(tools.engine) as session:
        path = _published(session, tools)
        known = {feed.name for feed in feeds.list_feeds(session)}
        told = missing(session, path, paris_day(now)) if path is not None and FEED in known else []
        source = next(
            (each for each in realtime.list_sources(session) if (each.feed, each.url) == (FEED, SOURCE)), None
        )
        if told:
            source = realtime.put_source(session, FEED, SOURCE, None, STALE_S, now)
            realtime.keep_message(session, source.id, cancelled(told, int(now.timestamp())), now, now)
        elif source is not None:
            realtime.remove_source(session, source.id)
    return len(told)


def missing(session: "Session", path: "Path", today: date) -> list[tuple[str, date]]:
    """The runs (trip, day) of a published file, from yesterday on, that no coach drives by the plans in force."""
    from scolaire.export.opendata import runs_of
    from scolaire.service.publication import plans_in_force, years_in_force

    first, last = today - timedelta(days=1), today + timedelta(days=AHEAD_DAYS)
    told = {each for each in _runs(path) if first <= each[1] <= last}
    if not told:
        return []
    held = [each for year in years_in_force(session, today) for each in plans_in_force(session, year, open_only=True)]
    runs = [run for each in held for run in runs_of(each) if run.circuit.id in each.open_services]
    return sorted(told - {(run.id, day) for run in runs for day in run.days})


def _published(session: "Session", tools: "Tools") -> "Path | None":
    """The file that the public reads; None where there is none."""
    from opendata.model.datasets import Slot
    from opendata.store import files, versions
    from scolaire.export.opendata import LINES

    pointer = versions.find_pointer(session, LINES, Slot.LATEST)
    if pointer is None or pointer.version_id is None:
        return None
    shown = versions.get_version(session, pointer.version_id)
    (file,) = (each for each in shown.files if each.name.endswith(".zip"))
    return files.contents_of(tools.config.home).path(file.sha256)


def _runs(path: "Path") -> set[tuple[str, date]]:
    """Every (trip, day) of a file whose days are written one by one."""
    import csv
    import io
    import zipfile

    with zipfile.ZipFile(path) as feed:
        trips, days = (
            list(csv.DictReader(io.StringIO(feed.read(f"{name}.txt").decode()))) for name in ("trips", "calendar_dates")
        )
    on: dict[str, list[date]] = {}
    for row in days:
        on.setdefault(row["service_id"], []).append(datetime.strptime(row["date"], "%Y%m%d").date())  # noqa: DTZ007 - a day
    return {(row["trip_id"], day) for row in trips for day in on.get(row["service_id"], ())}
