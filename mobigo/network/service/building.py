"""Building the network: the feeds and the streets in use, compiled, and the pointer moved to them at once."""

import os
import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from mobigo.base.errors import Conflict, NotFound
from mobigo.infra import clock, numba_cache
from mobigo.infra.db import reading, transaction
from mobigo.network.model.timetable import FORMAT
from mobigo.network.service.importing import Tools, read_tables_of
from mobigo.network.service.streets import StreetsPlan, build_graph, plan_streets
from mobigo.network.store import feeds, networks, places
from mobigo.network.store.feeds import FeedVersion
from mobigo.network.store.folders import sweep
from mobigo.network.store.streets import list_extracts

if TYPE_CHECKING:
    from mobigo.network.engine.streets.links import BetweenStops

_ATTEMPTS = 5
Progress = Callable[[int, int | None, str], None]


def build_network(
    tools: Tools, *, now: datetime | None = None, progress: Progress | None = None, force: bool = False
) -> str:
    """Compile the feeds in use and make that the network every process serves; returns its hash.

    Built already: nothing is done, unless `force`. A feed that changes while we build makes us build again, so that
    the pointer never goes back to older feeds. Raises NotFound("network.no_active_feed") when there is nothing to
    compile.
    """
    now = clock.now() if now is None else now
    if "numba" not in sys.modules and not os.environ.get(numba_cache.VARIABLE):
        numba_cache.use(tools.config.home)
    for _ in range(_ATTEMPTS):
        versions, place_maps, streets, name = _plan(tools)
        folder = networks.root_of(tools.config.home) / name
        if streets.name:
            build_graph(tools, streets, progress, force)
        if force or not (folder / "timetable.json").exists():
            _compile(tools, versions, place_maps, streets, name, progress, force)
        if networks.streets_named(folder) != streets.name:
            networks.name_streets(folder, streets.name)
        with transaction(tools.engine) as session:
            pointer = networks.lock_pointer(session, now)
            if networks.inputs_of(feeds.active_versions(session)) != networks.inputs_of(versions):
                continue
            if list_extracts(session) != streets.extracts:
                continue
            if pointer.hash != name:
                pointer.hash, pointer.inputs, pointer.built_at = name, networks.inputs_of(versions), now
        sweep(networks.root_of(tools.config.home), name, now)
        sweep(networks.streets_root_of(tools.config.home), streets.name, now)
        return name
    raise Conflict("network.feeds_keep_changing")


def _plan(tools: Tools) -> tuple[list[FeedVersion], list[dict[str, str]], StreetsPlan, str]:
    with reading(tools.engine) as session:
        versions = feeds.active_versions(session)
        place_maps = [places.place_ids(session, version.feed) for version in versions]
        streets = plan_streets(session)
    if not versions:
        raise NotFound("network.no_active_feed")
    settings = f"{FORMAT} {tools.config.zone} {numba_cache.fingerprint()} {streets.name}"
    return versions, place_maps, streets, networks.inputs_hash(versions, place_maps, settings)


def _compile(
    tools: Tools,
    versions: list[FeedVersion],
    place_maps: list[dict[str, str]],
    streets: StreetsPlan,
    name: str,
    progress: Progress | None,
    force: bool,
) -> None:
    import shutil

    from mobigo.network.engine.compile import compile_feeds
    from mobigo.network.engine.feedpart import CompileInput
    from mobigo.network.engine.transfers import WalkRules
    from mobigo.network.store import compiled

    inputs = []
    for number, (version, ids) in enumerate(zip(versions, place_maps, strict=True)):
        if progress is not None:
            progress(number, len(versions), version.feed)
        inputs.append(CompileInput(version.feed, read_tables_of(tools, version), ids))
    timetable = compile_feeds(
        inputs,
        tools.config.zone,
        name,
        walk=WalkRules(streets=between_stops(tools, streets.name)),
        progress=None if progress is None else lambda stage: progress(len(versions), None, stage),
    )
    root = networks.root_of(tools.config.home)
    if force:
        shutil.rmtree(root / name, ignore_errors=True)
    compiled.save(timetable, root)


def between_stops(tools: Tools, streets: str) -> "BetweenStops | None":
    """How one walks between stops along the street graph of that name; None for ""."""
    if not streets:
        return None
    from mobigo.network.engine.streets.links import BetweenStops
    from mobigo.network.engine.streets.routes import Streets
    from mobigo.network.store import compiled

    return BetweenStops(Streets(compiled.load_streets(networks.streets_root_of(tools.config.home) / streets)))
