"""Driving times of a demand from a street network; as the crow flies × the factor where no street leads, and said.

Lengths stay estimated: the network says how long a way takes, not how long it is.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from scolaire.model.demand import Demand
from scolaire.model.problem import Travel
from scolaire.rules.halves import travel_of


class Driving(Protocol):
    """What school transport asks of whoever knows the streets; `mobigo.app` hands it over."""

    def seconds(self, points: Sequence[Point]) -> tuple[str, NDArray[np.int32]] | None:
        """The name of the streets, and the seconds a coach takes from each point (rows) to each other, -1 where there
        is no way; None where no streets are in use."""
        ...

    def turns(self, points: Sequence[Point]) -> list[list[tuple[Decision, int]]] | None:
        """From each point to the next, the instructions of the way a coach takes, with the metres that each holds;
        empty where there is no way, None where no streets are in use."""
        ...


def by_streets(demand: Demand, driving: Driving) -> Demand:
    """The demand with the times of the streets; as it is where there are none, or where it brings its own times."""
    places = [*(each.at for each in demand.depots), *(each.at for each in demand.schools)]
    places += [each.at for each in demand.stops]
    found = None if demand.travel is not None else driving.seconds([Point(each.lat, each.lon) for each in places])
    if found is None:
        return demand
    name, seconds = found
    guessed = travel_of(demand)
    known = (seconds >= 0) & ~np.eye(len(places), dtype=bool)
    ms = np.where(known, seconds.astype(np.int64) * 1000, guessed.ms).astype(np.int32)
    alone = int((~known.any(axis=1)).sum()) if len(places) > 1 else 0
    return replace(demand, travel=Travel(ms, guessed.metres), streets=name, off_streets=alone)
