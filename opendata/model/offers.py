"""What a module offers for publication: a declaration, and what makes its files when asked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from opendata.model.datasets import Declaration
from opendata.model.editions import Edition

# Given the instant whose facts are wanted and an empty folder to write large files in, the editions of a dataset: the
# one in force, the one to come, either, or none when there is nothing to say yet. The files are read before the folder
# goes.
Produce = Callable[[datetime, Path], Iterable[Edition]]


@dataclass(frozen=True, slots=True)
class Offer:
    """A dataset that a module knows how to make. Same facts, same bytes, whatever the order rows come in."""

    declared: Declaration
    produce: Produce
