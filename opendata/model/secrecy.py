"""Statistical secrecy as values: tables of counts of people whose small cells are hidden, the sums a reader can do over
them, and what an audit answers. No solver here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # whoever only names this type, as web pages do, loads no arrays
    import numpy as np
    from numpy.typing import NDArray

Key = tuple[str, ...]
ALL: Final = "*"  # in a key: every value of that dimension together


@dataclass(frozen=True, slots=True)
class Cell:
    """A count, and what a reader knows of it.

    `value`: what it is (None: not known to us either). A shown cell is known exactly. Of a hidden one the reader knows
    that it lies between `floor` and `ceiling` (None: no limit). It is safe when, after every sum the reader can do,
    values `width` apart are still possible for it, and one of at least `reach`; 0 and 0: nothing is owed to it.
    """

    key: Key
    value: int | None
    hidden: bool = False
    floor: int = 0
    ceiling: int | None = None
    width: int = 0
    reach: int = 0


@dataclass(frozen=True, slots=True)
class Sum:
    """`total` is the sum of `parts`: places in the table's cells. The reader knows that it holds."""

    total: int
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Cells and the sums between them: margins, hierarchies, overlapping groups, windows of time."""

    cells: tuple[Cell, ...]
    sums: tuple[Sum, ...] = ()


@dataclass(frozen=True, slots=True)
class Leak:
    """A hidden cell that a reader can find: it lies between `lower` and `upper`, both possible as far as sums tell.

    `proven` False: the bounds are wide enough, but no whole numbers that show it were found in the time allowed; it is
    refused all the same.
    """

    cell: int
    key: Key
    lower: int
    upper: int
    proven: bool = True


@dataclass(frozen=True)
class Audit:
    """What the audit of a table found. `witnesses`: whole tables (a row each, a column per cell) which agree with all
    that is shown; that two of them differ enough at a cell is the proof that it is safe (`rules.witness`)."""

    leaks: tuple[Leak, ...]
    hidden: int
    witnesses: "NDArray[np.int64]" = field(repr=False)

    @property
    def passed(self) -> bool:
        """Whether the table may leave."""
        return not self.leaks


@dataclass(frozen=True, slots=True)
class View:
    """A table that is published: its file's name (without ending), its columns, what it says (French). `k`: its own
    threshold, where it counts acts that one person may do often (0: the policy's)."""

    name: str
    by: tuple[str, ...]
    means: str
    k: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the counts of one dataset are made public: the release policy that a person signs.

    `count`: the column that counts people or their acts. `derive`: (new column, column it is made of, recoding).
    `margins`: sets of columns whose totals readers are taken to know, published or not; `()` is the grand total.
    `least`: further columns with the least value each must have, else the row is hidden; `blank_under_k`: people counts
    that are left out below `k` in a row that is shown; `measures`: figures that go with the count, and the step each is
    rounded to (these three stand in the view that has every column, where a row of the source is a cell). `sensitive`:
    the column that must take two values at least within each group (l-diversity), else it is hidden throughout the
    group. `base`: shown counts are rounded to its multiples. `subject`: datasets of one subject speak of the same acts,
    and are compared with one another. `time`: the columns of the day and the month, finest first.
    """

    dataset: str
    subject: str
    views: tuple[View, ...]
    count: str
    time: tuple[str, ...]
    k: int = 11
    derive: tuple[tuple[str, str, str], ...] = ()
    margins: tuple[tuple[str, ...], ...] = ((),)
    least: tuple[tuple[str, int], ...] = ()
    blank_under_k: tuple[str, ...] = ()
    measures: tuple[tuple[str, float], ...] = ()
    sensitive: str = ""
    base: int = 5
    because: str = ""  # French: read by whoever signs, and by readers

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every column of every view, in order."""
        return tuple(dict.fromkeys(column for view in self.views for column in view.by))

    @property
    def k_greatest(self) -> int:
        """The greatest threshold of its views: corrections smaller than that wait."""
        return max(self.k, *(view.k for view in self.views))

    def k_of(self, key: Key) -> int:
        """The threshold of a cell: its view's."""
        filled = {name for name, value in zip(self.dimensions, key, strict=True) if value != ALL}
        return max(self.k, *(view.k for view in self.views if set(view.by) == filled), 0)


@dataclass(frozen=True, slots=True)
class Window:
    """Days, both included, that one shown count covers."""

    first_day: date
    last_day: date


Shown = tuple[float | None, ...]  # a published row after its key: the count, then the other figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What one publication made known, and nothing that it hid.

    `cells`: for each key (by the columns of `dimensions`) the figures as shown, None where they were hidden. `rows`: of
    a table of acts, a fingerprint of each published row. `least_change`: corrections of fewer people wait. `base`: what
    counts were rounded to (1: exact). `time`: the places of the columns of the day and the month, finest first.
    """

    dataset: str
    subject: str
    period: str  # "2026-03"
    k: int
    least_change: int = field(default=0, compare=False)
    base: int = 1
    dimensions: tuple[str, ...] = ()
    time: tuple[int, ...] = ()
    cells: Mapping[Key, Shown | None] = field(default_factory=dict, repr=False)
    rows: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """Two publications that together tell of a few people only: the cell, and how many at least and at most."""

    key: Key
    lower: int
    upper: int
    other: str  # the dataset and period it was compared with
