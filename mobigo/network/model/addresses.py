"""Addresses as columns: the streets of a territory, the numbers of each, and the words by which they are found.

Streets are in the order of (commune, former commune, folded name), so that an id finds its street by bisection. A
place without a number (a hamlet) is a street with none.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mobigo.base.decisions import Decision
from mobigo.network.model.timetable import I32, I64, Strings

FORMAT = 1
DEGREE_MICROS = 1_000_000
NO_NUMBER = 0

I16 = NDArray[np.int16]
Flags = NDArray[np.bool_]


class Address(NamedTuple):
    """One address as a file gives it: `number` 0 for a place without one, `suffix` in small letters ("bis", "b")."""

    number: int
    suffix: str
    street: str
    postcode: str
    insee: str
    commune: str
    former_insee: str  # of a commune that was merged into this one; empty for most
    former: str
    lat: float
    lon: float


class AddressFault(NamedTuple):
    """A row that cannot be taken: where, in which column (empty: the row as a whole), what is there, and why."""

    file: str
    line: int
    column: str
    value: str
    reason: Decision


@dataclass(frozen=True, slots=True)
class Addresses:
    """The columns. `xs_start[i]:xs_start[i+1]` is the slice of row i; positions are in millionths of a degree."""

    hash: str
    street_key: Strings  # "insee.former folded name", sorted
    street_name: Strings
    street_commune: I32
    street_former: Strings
    street_postcode: Strings
    street_lat: I32
    street_lon: I32
    commune_insee: Strings
    commune_name: Strings
    number_start: I64
    number: I32
    number_suffix: I16
    number_lat: I32
    number_lon: I32
    suffix: Strings
    vocabulary: Strings  # sorted
    street_word_start: I64
    street_word: I32
    street_word_own: Flags  # a word of the street's name, not of its surroundings

    @property
    def street_count(self) -> int:
        return len(self.street_name)

    @property
    def address_count(self) -> int:
        """Numbers, and the streets that have none."""
        without = int(np.count_nonzero(np.diff(self.number_start) == 0))
        return len(self.number) + without
