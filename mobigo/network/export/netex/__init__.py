"""A feed in the French profile of NeTEx: resource.xml, network.xml, stop.xml, and one file a line. Written piece by
piece: no more than one line is in memory.

What NeTEx cannot say of the feed, or we do not write (trips in zones, generic nodes, pathways, fares, transfers,
shapes), is counted where it is left out; nothing is left out without a word.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from mobigo.network.engine.columns import texts
from mobigo.network.export.archive import Packed, write_zip
from mobigo.network.export.netex.lines import LineWriter
from mobigo.network.export.netex.names import Naming, Writing, delivery
from mobigo.network.export.netex.resources import write_network, write_resources
from mobigo.network.export.netex.source import lay_out
from mobigo.network.export.netex.stops import write_stops
from mobigo.network.model.feed import FeedTables

T = TypeVar("T")
NOT_WRITTEN = ("pathways", "levels", "transfers", "shapes", "fare_attributes", "fare_products", "booking_rules")


@dataclass(frozen=True, slots=True)
class Netex:
    """What was written. `left_out`: trips, stops and tables that are not in it, by reason (see `Source.left_out`; a
    table's name counts its rows)."""

    packed: Packed
    lines: int
    trips: int
    passing_times: int
    left_out: dict[str, int]


def write_netex(
    tables: FeedTables, path: Path, *, feed: str, participant: str, published_at: datetime,
    authorised_only: bool = False,
) -> Netex:  # fmt: skip
    """Write the feed to a zip at `path`. `feed` keeps its ids apart from other feeds'; `published_at` is aware.
    `authorised_only`: its stops are served for some persons alone (pupils), and every one of them says so.

    Same tables and same arguments, same files.
    """
    source = lay_out(tables)
    zones = [zone for zone in texts(source.agency, "agency_timezone").to_list() if zone]
    naming = Naming(feed, participant, published_at, zones[0] if zones else "Europe/Paris")
    stops, places = _file_of(naming, partial(write_stops, source, naming, authorised_only=authorised_only))
    writer = LineWriter(source, naming, places)
    count: list[int] = []
    files: dict[str, Callable[[], bytes]] = {
        "resource.xml": lambda: _file_of(naming, partial(write_resources, source, naming))[0],
        "network.xml": lambda: _file_of(naming, partial(write_network, source, naming))[0],
        "stop.xml": lambda: stops,
    }
    for route in source.kept:
        files[writer.file_name(route)] = partial(_line, writer, naming, route, count)
    packed = write_zip(path, files)
    left_out = {
        **source.left_out,
        **places.left_out,
        **{name: tables[name].height for name in NOT_WRITTEN if name in tables and tables[name].height},
    }
    return Netex(packed, len(source.kept), sum(map(len, source.kept.values())), sum(count), left_out)


def _line(writer: LineWriter, naming: Naming, route: int, count: list[int]) -> bytes:
    data, passing_times = _file_of(naming, partial(writer.write, route))
    count.append(passing_times)
    return data


def _file_of(naming: Naming, write: Callable[[Writing], T]) -> tuple[bytes, T]:
    with delivery(naming) as (out, xml):
        value = write(xml)
    return out.getvalue(), value
