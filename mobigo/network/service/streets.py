"""Streets in: extracts imported, the graph made from all of them."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput
from mobigo.infra import clock
from mobigo.infra.db import transaction
from mobigo.network.model.streets import FORMAT
from mobigo.network.rules import osm
from mobigo.network.service.importing import Tools, feed_name
from mobigo.network.service.parks import OSM, import_osm_parks
from mobigo.network.store import compiled, networks
from mobigo.network.store.parks import remove_source
from mobigo.network.store.streets import StreetExtract, list_extracts, put_extract, remove_extract

NAME_CHARACTERS_MAX = 100
EXTRACT_BYTES_MAX = 4 * 2**30
Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class StreetsPlan:
    """The extracts in use, and the name of the graph made from them: "" for none."""

    extracts: list[StreetExtract]
    name: str


def import_streets(
    tools: Tools,
    path: Path,
    name: str | None = None,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> StreetExtract:
    """Put the extract at `path` (.osm.pbf) in use under `name`, in place of the one of that name; `network build` then
    serves it. The file is kept as it is. Its car parks are in use at once.

    Raises InvalidInput: "streets.unreadable", "streets.no_streets", "streets.bad_name"; the extract in use stays.
    """
    from mobigo.network.gateway.osm import read_streets

    now = clock.now() if now is None else now
    name = feed_name(Path(path.name.lower().removesuffix(".osm.pbf").removesuffix(".pbf"))) if name is None else name
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise InvalidInput("streets.bad_name", name=name[:NAME_CHARACTERS_MAX])
    raw = read_streets(path, progress)
    with transaction(tools.engine) as session, path.open("rb") as content:
        digest = tools.blobs.put(
            session,
            content,
            owner=f"streets:{name}",
            purpose="streets",
            keep_days=None,
            now=now,
            name=path.name,
            max_bytes=EXTRACT_BYTES_MAX,
        )
        extract = StreetExtract(name, digest, path.name, len(set(raw.way_id.tolist())), len(raw.node_id), now)
        put_extract(session, extract)
    import_osm_parks(tools, name, path, now)
    return extract


def forget_streets(tools: Tools, name: str) -> None:
    """Take an extract out of use. Raises NotFound("streets.unknown_extract")."""
    with transaction(tools.engine) as session:
        remove_extract(session, name)
        remove_source(session, OSM + name, missing_ok=True)


def plan_streets(session: Session) -> StreetsPlan:
    """The extracts in use, and what their graph is called: by their contents and by the rules that read them."""
    extracts = list_extracts(session)
    if not extracts:
        return StreetsPlan([], "")
    digest = hashlib.sha256(f"{FORMAT}".encode() + Path(osm.__file__).read_bytes())
    for extract in extracts:
        digest.update(f"\0{extract.name}\0{extract.sha256}".encode())
    return StreetsPlan(extracts, digest.hexdigest()[:32])


def build_graph(tools: Tools, plan: StreetsPlan, progress: Progress | None, force: bool) -> None:
    """Make the graph of the plan, unless it is there."""
    folder = networks.streets_root_of(tools.config.home) / plan.name
    if (folder / compiled.STREETS).exists() and not force:
        return
    from mobigo.network.engine.streets.build import build, merged
    from mobigo.network.gateway.osm import read_streets

    read = []
    for number, extract in enumerate(plan.extracts):
        if progress is not None:
            progress(number, len(plan.extracts), extract.file_name)
        tools.blobs.open(extract.sha256).close()  # a clear error when the file is gone
        read.append(read_streets(tools.blobs.path(extract.sha256), name=extract.file_name))
    graph = build(merged(read))
    if force:
        shutil.rmtree(folder, ignore_errors=True)
    compiled.save_streets(graph, folder)
