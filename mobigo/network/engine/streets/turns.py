"""A way in words: where one sets off, turns, climbs and arrives. Decisions; the sentences are in the catalogues."""

from dataclasses import dataclass
from math import atan2, cos, degrees, radians
from typing import NamedTuple

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.network.engine.streets.drawing import Part, ends_of
from mobigo.network.engine.streets.routes import Way
from mobigo.network.model.streets import DEGREE, LIFT, LIFT_HERE, STEPS, StreetGraph

STRAIGHT_DEG, SLIGHT_DEG, SHARP_DEG, BACK_DEG = 20, 50, 120, 165  # beyond which one turns slightly, turns, …
PASSAGE_CM = 3_000  # a way without a name is told from that length on
_SET_OFF = tuple(
    f"streets.set_off_{side}"
    for side in ("north", "north_east", "east", "south_east", "south", "south_west", "west", "north_west")
)
_UNNAMED = Decision("streets.way_without_name")


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction, for the next `length_m` metres from `at`."""

    what: Decision
    length_m: int
    at: Point


class _Side(NamedTuple):
    """What one walks along, told apart by name and nature; a part of the way."""

    name: str
    nature: int  # STEPS, LIFT or 0
    leaves_deg: float  # bearings of its first and last pieces
    arrives_deg: float
    length_cm: int
    at: Point


def steps_of(graph: StreetGraph, way: Way) -> tuple[Step, ...]:
    """The instructions of a way, from its first street to its last; none for one that uses no street.

    Streets of one name followed straight on are one step. A few metres without a name, to cross a street or to change
    pavement, are no step: they count with what follows.
    """
    found: list[Step] = []
    arrives_deg: float | None = None  # the bearing after what was told
    waiting_cm = 0
    for side in _sides(graph, way):
        small = not side.name and not side.nature and side.length_cm <= PASSAGE_CM
        if small and found:
            waiting_cm += side.length_cm
            continue
        at = side.at
        length_m = round((side.length_cm + waiting_cm) / 100)
        waiting_cm = 0
        if arrives_deg is None:
            what = Decision(_SET_OFF[round(side.leaves_deg / 45) % 8], name=_said(side))
        else:
            what = _turned((side.leaves_deg - arrives_deg + 180) % 360 - 180, side)
        arrives_deg = side.arrives_deg
        last = found[-1] if found else None
        if last is not None and what.code == "streets.straight" and last.what.params.get("name") == _said(side):
            found[-1] = Step(last.what, last.length_m + length_m, last.at)
        else:
            found.append(Step(what, length_m, at))
    if found:
        found[-1] = Step(found[-1].what, found[-1].length_m + round(waiting_cm / 100), found[-1].at)
        found.append(Step(Decision("streets.arrive"), 0, way.line[-1]))
    return tuple(found)


def _sides(graph: StreetGraph, way: Way) -> list[_Side]:
    """What one walks along, one after the other: parts of one name and nature without a real turn are one."""
    sides: list[_Side] = []
    for part, touched in zip(way.parts, ends_of(graph, way.parts).tolist(), strict=True):
        side = _side(graph, part, touched)
        if sides:
            before = sides[-1]
            turn = (side.leaves_deg - before.arrives_deg + 180) % 360 - 180
            if (side.name, side.nature) == (before.name, before.nature) and abs(turn) <= SLIGHT_DEG:
                sides[-1] = before._replace(arrives_deg=side.arrives_deg, length_cm=before.length_cm + side.length_cm)
                continue
        sides.append(side)
    return sides


def _turned(turn: float, side: _Side) -> Decision:
    if side.nature:
        return Decision("streets.steps" if side.nature == STEPS else "streets.lift", name=_said(side))
    size = abs(turn)
    hand = "right" if turn > 0 else "left"
    if size <= STRAIGHT_DEG:
        code = "streets.straight"
    elif size <= SLIGHT_DEG:
        code = f"streets.slight_{hand}"
    elif size <= SHARP_DEG:
        code = f"streets.turn_{hand}"
    elif size <= BACK_DEG:
        code = f"streets.sharp_{hand}"
    else:
        code = "streets.back"
    return Decision(code, name=_said(side))


def _said(side: _Side) -> str | Decision:
    return side.name or _UNNAMED


def _side(graph: StreetGraph, part: Part, touched: list[int]) -> _Side:
    row = int(graph.stretch_name[part.stretch])
    begins = graph.stretch_from if part.from_cm <= part.to_cm else graph.stretch_to
    lift = LIFT if int(graph.junction_bars[begins[part.stretch]]) & LIFT_HERE else 0
    lat = [int(graph.point_lat[at]) / DEGREE for at in touched]
    lon = [int(graph.point_lon[at]) / DEGREE for at in touched]
    return _Side(
        graph.names[row] if row >= 0 else "",
        int(graph.stretch_pass[part.stretch]) & (STEPS | LIFT) or lift,
        _bearing(lat[0], lon[0], lat[1], lon[1]),
        _bearing(lat[2], lon[2], lat[3], lon[3]),
        abs(part.to_cm - part.from_cm),
        Point(lat[0], lon[0]),
    )


def _bearing(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """Degrees from north, clockwise."""
    east = (to_lon - lon) * cos(radians((lat + to_lat) / 2))
    return degrees(atan2(east, to_lat - lat)) % 360
