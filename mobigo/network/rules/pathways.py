"""What a pathway of a station takes whom: seconds, metres on foot, and whether a wheelchair passes.

`traversal_time` is that of a usual walker; who walks slower takes longer on foot, not in what carries them. Where it is
not told, `length`; else what the pathway is. The figures of the defaults are the product's own choice, but those that
name a text.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

from mobigo.network.model.pathways import PathwayMode
from mobigo.network.model.streets import WALKER, Mover

STEP_M: Final = 0.33  # along the slope of a step 17 cm high and 28 cm deep
STOREY_M: Final = 8.0  # of stairs or an escalator from a level to the next, nothing else being told: 24 steps
DEFAULT_M: Final = 10.0  # of a walkway of which nothing is told
GATE_S: Final = 3
ESCALATOR_M_S: Final = 0.5  # the usual speed; standing (EN 115-1)
LIFT_LEVEL_S: Final = 10  # from a level to the next, doors included; the wait is the walker's (`Mover.lift_s`)
FASTEST_M_S: Final = 2.5  # a length passed faster on foot is not in metres: what it takes says how far it is
WHEELS_WIDTH_M: Final = 0.8
# arrêté of 8 December 2014, article 2: 6 %, and up to 10 % along 2 m (existing buildings open to the public)
WHEELS_SLOPE: Final = 0.06
WHEELS_SHORT_SLOPE: Final = 0.10
WHEELS_SHORT_M: Final = 2.0

_CARRIED = (PathwayMode.MOVING_SIDEWALK, PathwayMode.ESCALATOR, PathwayMode.LIFT)
_GATES = (PathwayMode.FARE_GATE, PathwayMode.EXIT_GATE)
_CLIMBED = (PathwayMode.STAIRS, PathwayMode.ESCALATOR)


@dataclass(frozen=True, slots=True)
class Pathway:
    """A row of pathways.txt, None where it does not tell. `straight_m`: between its ends, as the crow flies; `levels`:
    how many are between them."""

    mode: PathwayMode
    time_s: int | None = None
    length_m: float | None = None
    steps: int | None = None
    slope: float | None = None
    width_m: float | None = None
    straight_m: float | None = None
    levels: float | None = None


def takes_s(pathway: Pathway, mover: Mover) -> int | None:
    """Whole seconds, rounded up; None where `mover` cannot pass."""
    if mover.wheels and not is_step_free(pathway):
        return None
    mode = pathway.mode
    if mode in _CARRIED and pathway.time_s is not None:
        return pathway.time_s
    if mode is PathwayMode.LIFT:
        return _up(mover.lift_s + LIFT_LEVEL_S * max(1.0, abs(pathway.levels or 0.0)))
    if mode is PathwayMode.ESCALATOR:
        return _up(_metres(pathway) / ESCALATOR_M_S)
    stairs = mode is PathwayMode.STAIRS
    if pathway.time_s is not None:
        slower = WALKER.speed_m_s / mover.speed_m_s
        return _up(pathway.time_s * slower * (_factor(mover) / _factor(WALKER) if stairs else 1.0))
    if mode in _GATES and pathway.length_m is None:
        return _up(GATE_S * WALKER.speed_m_s / mover.speed_m_s)
    return _up(_metres(pathway) / mover.speed_m_s * (_factor(mover) if stairs else 1.0))


def walked_m(pathway: Pathway) -> int:
    """Whole metres on foot, rounded up: none in what carries one."""
    if pathway.mode in _CARRIED:
        return 0
    length_m, time_s = pathway.length_m, pathway.time_s
    if length_m is not None and (time_s is None or length_m <= time_s * FASTEST_M_S):
        return _up(length_m)
    if time_s is not None:
        return _up(time_s * WALKER.speed_m_s)
    return _up(GATE_S * WALKER.speed_m_s) if pathway.mode in _GATES else _up(_metres(pathway))


def is_step_free(pathway: Pathway) -> bool:
    """Whether a wheelchair passes, as far as the feed tells."""
    if pathway.mode in _CLIMBED:
        return False
    if pathway.width_m is not None and pathway.width_m < WHEELS_WIDTH_M:
        return False
    steep = abs(pathway.slope or 0.0)
    short = pathway.length_m is not None and pathway.length_m <= WHEELS_SHORT_M
    return steep <= (WHEELS_SHORT_SLOPE if short else WHEELS_SLOPE)


def _metres(pathway: Pathway) -> float:
    """How long it is: as told, by its steps, between its ends, else as such ways are."""
    if pathway.length_m is not None:
        return pathway.length_m
    if pathway.mode in _CLIMBED:
        if pathway.steps is not None:
            return abs(pathway.steps) * STEP_M
        return max(pathway.straight_m or 0.0, STOREY_M * max(1.0, abs(pathway.levels or 0.0)))
    return DEFAULT_M if pathway.straight_m is None else pathway.straight_m


def _factor(mover: Mover) -> float:
    return 1.0 if mover.steps is None else mover.steps


def _up(value: float) -> int:
    return ceil(value - 1e-9)  # 3 s at 1.2 m/s over 0.9 m/s are 4 s
