"""OpenStreetMap extracts (.osm.pbf) in: the ways somebody may use, and their points. Only osmium reads the format."""

from array import array
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mobigo.base.errors import InvalidInput
from mobigo.network.model.streets import RawStreets, StationEntrance
from mobigo.network.model.timetable import Strings
from mobigo.network.rules.osm import entrance_of, node_bars, way_pass

Progress = Callable[[int, int | None, str], None]

_SAY_EVERY = 50_000


def read_streets(path: Path, progress: Progress | None = None, name: str | None = None) -> RawStreets:
    """The streets of an extract; `name` is what its file is called, where the path does not say.

    Memory: 16 bytes a point of a street, besides osmium's table of positions (16 bytes a node of the file). Raises
    InvalidInput("streets.unreadable") for what is no extract, "streets.no_streets" for one without a street.
    """
    import osmium
    from osmium.filter import KeyFilter
    from osmium.io import File
    from osmium.osm import Node, Way

    file_name = path.name if name is None else name
    way_id, start, node_id = array("q"), array("q", [0]), array("q")
    lat, lon = array("i"), array("i")
    passes, speed, name_row = array("i"), array("B"), array("i")
    bars: dict[int, int] = {}
    names: dict[str, int] = {}
    entrances: list[StationEntrance] = []
    missing = 0
    try:
        wanted = KeyFilter("highway", "railway", "barrier", "kerb")
        for item in osmium.FileProcessor(File(str(path), "pbf")).with_locations().with_filter(wanted):
            if isinstance(item, Node):
                tags = dict(item.tags)
                if barred := node_bars(tags):
                    bars[item.id] = barred
                if (entrance := entrance_of(tags)) is not None:
                    entrances.append(StationEntrance(item.id, item.location.y, item.location.x, *entrance))
            elif isinstance(item, Way):
                passed, speed_kmh = way_pass(dict(item.tags))
                if not passed:
                    continue
                street = item.tags.get("name", "")
                row = names.setdefault(street, len(names)) if street else -1
                for piece in _pieces(item.nodes):
                    if piece is None:
                        missing += 1
                        continue
                    node_id.extend([node.ref for node in piece])
                    lat.extend([node.location.y for node in piece])
                    lon.extend([node.location.x for node in piece])
                    start.append(len(node_id))
                    way_id.append(item.id)
                    passes.append(passed)
                    speed.append(min(speed_kmh, 255))
                    name_row.append(row)
                if progress is not None and len(way_id) % _SAY_EVERY == 0:
                    progress(len(way_id), None, file_name)
    except RuntimeError as broken:
        raise InvalidInput("streets.unreadable", file=file_name, reason=str(broken)[:200]) from broken
    if not way_id:
        raise InvalidInput("streets.no_streets", file=file_name)
    barred_ids = np.array(sorted(bars), np.int64)
    return RawStreets(
        way_id=np.array(way_id, np.int64),
        way_pass=np.array(passes, np.int32),
        way_speed_kmh=np.array(speed, np.uint8),
        way_name=np.array(name_row, np.int32),
        names=Strings.of(list(names)),
        way_start=np.array(start, np.int64),
        node_id=np.array(node_id, np.int64),
        node_lat=np.array(lat, np.int32),
        node_lon=np.array(lon, np.int32),
        barred_node=barred_ids,
        barred=np.array([bars[node] for node in barred_ids.tolist()], np.uint8),
        entrances=tuple(sorted(entrances)),
        missing_nodes=missing,
    )


def _pieces(nodes: Iterable[Any]) -> Iterator[list[Any] | None]:
    """The runs of points whose position is known, two at least; None for each gap."""
    run: list[Any] = []
    for node in nodes:
        if node.location.valid():
            run.append(node)
            continue
        yield None
        if len(run) > 1:
            yield run
        run = []
    if len(run) > 1:
        yield run
