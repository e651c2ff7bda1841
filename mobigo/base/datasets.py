"""A dataset that a package offers for publication: exact rows, what each column means, and what must be done to them
before anyone outside reads them. Only `opendata` generalises, suppresses and publishes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["string", "integer", "number", "date", "datetime", "time", "boolean"]
# As the national schemas write them (schema-lieux-covoiturage 0.2): Corsica has two letters, and no 20.
COMMUNE: Final = r"([013-9][0-9]|2[AB1-9])[0-9]{3}"
MONTH: Final = r"[0-9]{4}-(0[1-9]|1[0-2])"
SIREN: Final = r"[0-9]{9}"
SIRET: Final = r"[0-9]{14}"
COLOUR: Final = r"[0-9A-Fa-f]{6}"
Cell = str | int | float | bool | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column, in the words of Table Schema; `means` is read by people, in French. `pattern`: a regular expression
    that the whole value matches; `allowed`: the only values it may take; "" and none: any."""

    name: str
    kind: Kind
    means: str
    required: bool = True
    pattern: str = ""
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is owed to the people behind the rows.

    `k`: a value of any of the `groups` (each a tuple of columns taken together) seen fewer than `k` times in the period
    takes its rows out, again and again until none is left under `k` (a fixed point: removing rows may push others
    under). `generalise`: column → what is done to it first ("up to 10 min", "3 decimals if dense, else 2"). `never`:
    what the source holds and no row may carry.
    """

    k: int
    groups: tuple[tuple[str, ...], ...]
    generalise: tuple[tuple[str, str], ...] = ()
    never: tuple[str, ...] = ()
    because: str = ""


@dataclass(frozen=True)
class Dataset:
    """A named table of exact rows. `privacy` None: nobody is behind them, they may leave as they are.

    `behind`: for each row, in the same order, the random ids of the people it is about, so that the gate counts people
    where rows count what they do; they never leave.
    """

    code: str
    title: str  # French
    description: str  # French
    columns: tuple[Column, ...]
    rows: Callable[[], Iterable[Row]]
    privacy: Privacy | None
    period: str  # "month", "version" …
    behind: Callable[[], Sequence[tuple[str, ...]]] | None = None

    @property
    def names(self) -> Sequence[str]:
        """The columns' names, in order."""
        return [column.name for column in self.columns]
