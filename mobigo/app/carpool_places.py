"""The join of carpool stops and the planner's places: one stop, one id, on both sides' pages.

The join is computed for each network being served, by position and name (`covoit.rules.places`); what finds no place is
told by `mobigo doctor`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from covoit.model.lines import Line, LineStop, PlaceNear
from covoit.rules.places import NAMED_M, same_place

if TYPE_CHECKING:
    from mobigo.network.engine.places import PlaceIndex
    from mobigo.network.model.live import LiveNetwork

CANDIDATES: Final = 12


@dataclass(frozen=True, slots=True)
class Joined:
    """A stop of a line and the place it is, None when the timetable has none there."""

    line: Line
    stop: LineStop
    place: PlaceNear | None


def joined(live: "LiveNetwork", home: Path, lines: Sequence[Line]) -> tuple[Joined, ...]:
    """Each stop of these lines with its place in a network; computed once per network and set of lines."""
    from mobigo.planner.gateway.territory import places_of

    index = places_of(live, home)
    key = ",".join(f"{line.code}:{line.digest}" for line in lines)
    return live.derived(f"app.carpool_places.{key}", lambda _timetable: _join(index, lines))


def _join(index: "PlaceIndex", lines: Sequence[Line]) -> tuple[Joined, ...]:
    from mobigo.network.model.places import Kind

    found = []
    for line in lines:
        for stop in line.stops:
            near = index.near(stop.point, NAMED_M, CANDIDATES, [Kind.STATION, Kind.STOP])
            found.append(Joined(line, stop, same_place(stop, ((p.id, p.name, p.point) for p, _metres in near))))
    return tuple(found)


def of_line(all_joined: Sequence[Joined], line: Line) -> Mapping[str, PlaceNear]:
    """The places of one line's stops, by stop id."""
    return {each.stop.id: each.place for each in all_joined if each.line.code == line.code and each.place is not None}


if TYPE_CHECKING:
    from mobigo.network.engine.places import PlaceIndex
