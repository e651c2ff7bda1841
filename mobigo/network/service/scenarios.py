"""The network as a scenario would have it, beside the one that serves, both made of the same feeds."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mobigo.base.errors import NotFound, Refused
from mobigo.infra import numba_cache
from mobigo.infra.db import reading
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.scenarios import Edit, FeedReplaced, encoded
from mobigo.network.service.building import between_stops
from mobigo.network.service.importing import Tools, read_tables_of
from mobigo.network.service.reports import explain
from mobigo.network.store import feeds, networks, places
from mobigo.network.store.folders import sweep

if TYPE_CHECKING:
    from mobigo.network.model.feed import FeedTables

Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True)
class Both:
    """The network that serves, and the scenario's."""

    before: LiveNetwork
    after: LiveNetwork


def scenarios_root_of(home: Path) -> Path:
    """Where the networks of scenarios lie."""
    return home / "cache" / "scenarios"


def both_networks(
    tools: Tools, edits: Sequence[tuple[int, Edit]], now: datetime, progress: Progress | None = None
) -> Both:
    """The network that serves as planned, and what the edits (with their numbers) make of the very feeds it is made
    of: compiled, or as it was compiled before.

    Raises NotFound("network.none_built") where none serves, InvalidInput("scenario.…", number=…) for an edit that
    cannot be done there.
    """
    from mobigo.network.store import compiled

    home = tools.config.home
    with reading(tools.engine) as session:
        pointer = networks.find_pointer(session)
        if pointer is None or pointer.hash is None:
            raise NotFound("network.none_built")
        base = pointer.hash
        wanted = dict(pointer.inputs)
        versions = [
            version
            for feed, id_ in sorted(wanted.items())
            for version in feeds.list_versions(session, feed)
            if version.id == id_
        ]
        named = {*wanted, *(edit.feed for _number, edit in edits)}
        place_maps = {feed: places.place_ids(session, feed) for feed in named}
    folder = networks.root_of(home) / base
    streets = networks.streets_named(folder)
    graph = compiled.load_streets(networks.streets_root_of(home) / streets) if streets else None
    before = LiveNetwork(compiled.load(folder), base, graph)
    name, root = _name(base, edits), scenarios_root_of(home)
    if not (root / name / "timetable.json").exists():
        from mobigo.network.engine.compile import compile_feeds
        from mobigo.network.engine.edited import edited
        from mobigo.network.engine.feedpart import CompileInput
        from mobigo.network.engine.transfers import WalkRules

        tables = {version.feed: read_tables_of(tools, version) for version in versions}
        made = edited(tables, edits, lambda dropped: dropped_tables(tools, dropped, now))
        timetable = compile_feeds(
            [CompileInput(feed, made[feed], place_maps[feed]) for feed in sorted(made)],
            tools.config.zone,
            name,
            walk=WalkRules(streets=between_stops(tools, streets)),
            progress=None if progress is None else lambda stage: progress(0, None, stage),
        )
        compiled.save(timetable, root)
    sweep(root, name, now)
    return Both(before, LiveNetwork(compiled.load(root / name), name, graph))


def dropped_tables(tools: Tools, dropped: FeedReplaced, now: datetime) -> "FeedTables":
    """The tables of a dropped feed. Raises NotFound when its archive is no longer kept, InvalidInput for a file that is
    no GTFS, Refused for one that an import would refuse too."""
    from mobigo.network.gateway import gtfs
    from mobigo.network.rules.validation import examine

    tools.blobs.open(dropped.archive_sha256).close()
    tables = gtfs.read(tools.blobs.path(dropped.archive_sha256)).tables
    zone = tools.config.zone
    report = examine(tables, now.astimezone(ZoneInfo(zone)).date(), zone).report
    if report.blocking:
        faults = [explain(finding.examples[0]) for finding in report.blocking if finding.examples]
        raise Refused("network.feed_refused", feed=dropped.feed, faults=faults)
    return tables


def _name(base: str, edits: Sequence[tuple[int, Edit]]) -> str:
    """The same for the same base and edits, and for no other; of other kernels, or another format, too."""
    told = [(number, *encoded(edit)) for number, edit in edits]
    text = f"{base} {numba_cache.fingerprint()} {json.dumps(told, sort_keys=True)}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
