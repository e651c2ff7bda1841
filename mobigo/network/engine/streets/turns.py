"""A way in words: where one sets off, turns, climbs and arrives. Decisions; the sentences are in the catalogues."""

from dataclasses import dataclass
from math import atan2, cos, degrees, radians
from typing import NamedTuple

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.network.engine.streets.routes import Part, Way
from mobigo.network.model.streets import DEGREE, LIFT, STEPS, StreetGraph

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
    for part in way.parts:
        side = _side(graph, part)
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


def _side(graph: StreetGraph, part: Part) -> _Side:
    s = part.stretch
    first, last = int(graph.stretch_first[s]), int(graph.stretch_last[s])
    along = [int(cm) - int(graph.point_cm[first]) for cm in graph.point_cm[first : last + 1]]
    points = [
        Point(int(lat) / DEGREE, int(lon) / DEGREE)
        for lat, lon in zip(graph.point_lat[first : last + 1], graph.point_lon[first : last + 1], strict=True)
    ]
    low, high = sorted((part.from_cm, part.to_cm))
    begin = max(k for k, cm in enumerate(along[:-1]) if cm <= low or k == 0)
    end = min(k for k, cm in enumerate(along) if cm >= high or k == len(along) - 1)
    touched = points[begin : max(end, begin + 1) + 1]
    if part.from_cm > part.to_cm:
        touched.reverse()
    row = int(graph.stretch_name[s])
    return _Side(
        graph.names[row] if row >= 0 else "",
        int(graph.stretch_pass[s]) & (STEPS | LIFT),
        _bearing(touched[0], touched[1]),
        _bearing(touched[-2], touched[-1]),
        high - low,
        touched[0],
    )


def _bearing(a: Point, b: Point) -> float:
    """Degrees from north, clockwise."""
    east = (b.lon - a.lon) * cos(radians((a.lat + b.lat) / 2))
    return degrees(atan2(east, b.lat - a.lat)) % 360
