"""Someone who is alone in a hidden cell knows one figure more than other readers: what can they find with it?

The family of the one pupil of a circuit knows that its cell holds one; every sum then tells it more. A small cell that
it could find exactly is a leak too, though the audit passes; unless that cell holds the same pupil alone, as a total
does over cells of which the others hold nobody.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opendata.engine.audit import EXACT, Component, components
from opendata.model.secrecy import Audit, Key, Table

SWEEPS: Final = 4


@dataclass(frozen=True, slots=True)
class Found:
    """The person alone in the cell `alone` finds the cell `cell` (places in the table, and the keys there)."""

    alone: int
    cell: int
    alone_key: Key
    key: Key


def found_by_the_lone(table: Table, audit: Audit, *, seed: int = 0) -> list[Found]:
    """The small hidden cells that somebody alone in another one finds exactly. `audit`: of this table, passed; its
    witnesses answer for most cells. Every cell needs its value. The same input gives the same answer."""
    values = audit.witnesses[0]
    random = np.random.default_rng(seed)
    found: list[Found] = []
    for places in components(table):
        small = [place for place in places if 0 < values[place] <= table.cells[place].width]
        lone = [place for place in small if values[place] == 1]
        if len(small) < 2 or not lone:
            continue
        component = Component(table, places, values)
        person = _same_person(table, values)
        for place in lone:
            known = audit.witnesses[audit.witnesses[:, place] == 1]
            others = [each for each in small if person.get(each, each) != person.get(place, place)]
            same = [other for other in others if (known[:, other] == values[other]).all()]
            for other in _fixed(component, places.index(place), [places.index(each) for each in same], values, random):
                there = places[other]
                found.append(Found(place, there, table.cells[place].key, table.cells[there].key))
    return found


def _same_person(table: Table, values: NDArray[np.int64]) -> dict[int, int]:
    """Cells that hold one person, each with a cell that stands for all those of the same person: a total of one is the
    one of its parts that is one."""
    stands = {place: place for place in range(len(table.cells)) if values[place] == 1}

    def root(place: int) -> int:
        while stands[place] != place:
            place = stands[place]
        return place

    for each in table.sums:
        if values[each.total] == 1:
            (part,) = (place for place in each.parts if values[place] == 1)
            stands[root(each.total)] = root(part)
    return {place: root(place) for place in stands}


def _fixed(
    component: Component, alone: int, asked: list[int], values: NDArray[np.int64], random: np.random.Generator
) -> list[int]:
    """Of the cells asked about, those that can be one value only while the cell `alone` is 1."""
    left = list(asked)
    own = values[component.places]
    with component.holding(alone, 1):
        for _ in range(SWEEPS):
            if not left:
                return []
            wanted = np.zeros(len(own))
            wanted[left] = random.choice((-1.0, 1.0), size=len(left))
            for weights in (wanted, -wanted):
                solution = component.whole(component.greatest(weights))
                if solution is not None:
                    left = [at for at in left if solution[at] == own[at]]
        return [at for at in left if not _moves(component, at, int(own[at]))]


def _moves(component: Component, at: int, own: int) -> bool:
    """Whether some whole table has another value there."""
    for sign in (1, -1):
        weights = np.zeros(len(component.places))
        weights[at] = sign
        solution = component.greatest(weights)
        if sign * (solution[at] - own) < 1 - EXACT:
            continue
        if component.whole(solution) is not None:
            return True
        bounds = (own + 1, None) if sign > 0 else (None, own - 1)  # by halves it moves: does it in whole people?
        if component.search(at, *bounds) is not None:
            return True
    return False
