"""The way on foot from a home to the stops around it: along the streets where they are known, else as the crow flies
times the factor, and said.

Where streets lead from the home and to the stop, their way is the answer: a stop across a river is not within reach.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from mobigo.base.geo import Point
from scolaire.model.rights import Method
from scolaire.rules.measuring import WALK_MAX_M, CrowFlies


class Walking(Protocol):
    """What school transport asks of whoever knows the streets; `mobigo.app` hands it over."""

    def streets(self) -> str | None:
        """The name of the streets in use; None where there are none."""
        ...

    def on_foot(self, home: Point, stops: Sequence[Point], most_m: int) -> list[int | None]:
        """The metres along the streets to each stop; `most_m` + 1 where it is farther than that, or no way leads there;
        None where no street is near the home, or the stop."""
        ...


class Walk(NamedTuple):
    """A stop within reach, how far, and how that was found."""

    stop: str
    metres: int
    method: Method


def walks(home: Point, stops: Mapping[str, Point], walking: Walking | None = None) -> list[Walk]:
    """The stops within reach of a home (`WALK_MAX_M`), nearest first. `stops`: those around it."""
    names = sorted(stops)
    found = (
        [None] * len(names) if walking is None else walking.on_foot(home, [stops[each] for each in names], WALK_MAX_M)
    )
    made = []
    for name, metres in zip(names, found, strict=True):
        if metres is not None:
            made.append(Walk(name, metres, Method.ROAD))
        else:
            way = CrowFlies().way(home, stops[name])
            if way is not None:
                made.append(Walk(name, way.distance_m, way.method))
    return sorted((each for each in made if each.metres <= WALK_MAX_M), key=lambda each: (each.metres, each.stop))
