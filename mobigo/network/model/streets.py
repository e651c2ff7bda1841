"""The streets: a graph of flat arrays that every door-to-door search reads, memory-mapped and never changed.

Words (docs/glossary.md). A *junction* is where streets meet, end, or are barred. A *stretch* is what lies between two
junctions; its points are a slice of `point_lat`/`point_lon` and it has two *edges*, one a direction: edge `2 s` drives
stretch `s` as drawn, edge `2 s + 1` against. Lengths are whole centimetres, so that sums are exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mobigo.network.model.timetable import F64, I32, I64, U8, U64, Strings

FORMAT = 2
DEGREE = 10_000_000  # units of `point_lat` and `point_lon` in a degree, as OpenStreetMap stores them

# `stretch_pass`: who may go along, ahead (as drawn) and back, and what it is like
WALK_AHEAD, WALK_BACK, BIKE_AHEAD, BIKE_BACK, CAR_AHEAD, CAR_BACK = 1, 2, 4, 8, 16, 32
STEPS, ROUGH, NO_WHEELS, CALM, BUSY, LIFT = 64, 128, 256, 512, 1024, 2048
WALK_APART, BIKE_APART, CAR_APART = 4096, 8192, 16384  # on a small island of streets: nobody starts there

# `junction_bars`: who cannot go through, and whether one goes through by a lift
BARS_WALK, BARS_WHEELS, BARS_BIKE, BARS_CAR = 1, 2, 4, 8
LIFT_HERE = 16

# `entrance_kind`: of which stations. `entrance_wheelchair`, as GTFS wheelchair_boarding: 0 unknown, 1 yes, 2 no
OF_SUBWAY, OF_TRAIN = 1, 2


class StationEntrance(NamedTuple):
    """Where one enters a station from the street."""

    node: int  # its number on the map
    lat: int  # units of `DEGREE`
    lon: int
    kind: int
    wheelchair: int
    name: str = ""


class Mode(IntEnum):
    """How one moves along streets."""

    WALK = 0
    BIKE = 1
    CAR = 2

    @property
    def ahead(self) -> int:
        """The bit of `stretch_pass` for going as drawn; the next one is for going back."""
        return WALK_AHEAD << 2 * self

    @property
    def back(self) -> int:
        """The bit of `stretch_pass` for going against the drawing."""
        return WALK_BACK << 2 * self

    @property
    def apart(self) -> int:
        """The bit of `stretch_pass` for islands."""
        return WALK_APART << self

    @property
    def bars(self) -> int:
        """The bit of `junction_bars`."""
        return (BARS_WALK, BARS_BIKE, BARS_CAR)[self]


@dataclass(frozen=True)
class RawStreets:
    """Ways as a map file tells them, one row a way that somebody may use, and their points end to end:
    `way_start[w]:way_start[w + 1]`. `barred_node` is sorted, with what it bars beside."""

    way_id: I64
    way_pass: I32
    way_speed_kmh: U8  # for cars; 0 where none drives
    way_name: I32  # row of `names`, -1 for none
    names: Strings
    way_start: I64
    node_id: I64  # of each point
    node_lat: I32
    node_lon: I32
    barred_node: I64
    barred: U8
    entrances: tuple[StationEntrance, ...] = ()  # by node
    missing_nodes: int = 0  # points the file names and does not hold: the way is cut there


@dataclass(frozen=True)
class StreetGraph:
    """One row a junction, a stretch (`stretch_*`), a point of a stretch, an edge (sorted by where it leaves)."""

    hash: str
    junction_lat: F64
    junction_lon: F64
    junction_bars: U8
    edge_start: I32  # [junction + 1] rows of `edge_*` that leave it
    edge_to: I32
    edge_id: I32  # 2 × stretch, + 1 against the drawing
    stretch_from: I32
    stretch_to: I32
    stretch_first: I64  # its first and last points, both included
    stretch_last: I64
    stretch_cm: I32
    stretch_pass: I32
    stretch_speed_kmh: U8
    stretch_name: I32
    stretch_way: I64
    point_lat: I32
    point_lon: I32
    point_cm: I64  # along all points, end to end: differences count
    names: Strings
    cell_key: U64  # cells that hold something, sorted
    cell_start: I64  # [cell + 1] rows of `cell_piece`
    cell_piece: I64  # points p: the piece from p to p + 1
    piece_stretch: I32  # [point] whose piece begins here, -1 where none does
    contraction: I32  # junctions in the order in which driving contracts them
    entrance_lat: F64
    entrance_lon: F64
    entrance_kind: U8
    entrance_wheelchair: U8
    entrance_name: Strings

    def arrays(self) -> Iterator[tuple[str, object]]:
        """Each column with its name."""
        return ((column.name, getattr(self, column.name)) for column in fields(self) if column.name != "hash")

    @property
    def junction_count(self) -> int:
        """How many junctions."""
        return len(self.junction_lat)


@dataclass(frozen=True, slots=True)
class Mover:
    """Somebody on the streets. Factors multiply the time; where `*_cost` differs from 1 it multiplies what the search
    minimises, not the time: a calm street is preferred, it is not faster. None: cannot pass."""

    name: str
    mode: Mode
    speed_m_s: float
    steps: float | None = 1.0
    rough: float | None = 1.0
    wheels: bool = False  # stopped by what stops a wheelchair
    lift_s: float = 0.0
    calm_cost: float = 1.0
    busy_cost: float = 1.0
    turn_s: float = 0.0


# Speeds: 1.2 m/s is the planner's pace; a wheelchair's 0.9 m/s and a slow walker's 0.8 m/s are those of the pedestrian
# crossing design rules (CEREMA counts 0.8 to 1.2); cycling 15 km/h, assisted 19 km/h (FUB surveys: door to door).
WALKER = Mover("walk", Mode.WALK, 1.2, steps=1.6, rough=1.1, lift_s=45)
SLOW_WALKER = Mover("walk_slow", Mode.WALK, 0.8, steps=2.0, rough=1.2, lift_s=45)
STROLLER = Mover("stroller", Mode.WALK, 1.0, steps=4.0, rough=1.4, lift_s=45)
WHEELCHAIR = Mover("wheelchair", Mode.WALK, 0.9, rough=1.6, wheels=True, lift_s=60)  # steps: only with a ramp
BICYCLE = Mover("bike", Mode.BIKE, 15 / 3.6, steps=None, rough=1.5, calm_cost=0.85, busy_cost=1.5)
E_BIKE = Mover("ebike", Mode.BIKE, 19 / 3.6, steps=None, rough=1.5, calm_cost=0.85, busy_cost=1.5)
CAR = Mover("car", Mode.CAR, 130 / 3.6, steps=None)  # at the speed of each street
MOVERS = {mover.name: mover for mover in (WALKER, SLOW_WALKER, STROLLER, WHEELCHAIR, BICYCLE, E_BIKE, CAR)}


@dataclass(frozen=True)
class EdgeCosts:
    """What each edge costs one mover, in rows of `edge_id` values (2 × stretch, + 1 against the drawing): milliseconds
    of effort (what is minimised) and of time; -1 where they cannot pass. `barred`: junctions nobody goes through."""

    effort_ms: I32
    time_ms: I32
    barred: NDArray[np.bool_]
