"""Columns with rows behind those they had; the planned ones are left as they are."""

from collections.abc import Iterable, Sequence

import numpy as np

from mobigo.network.model.timetable import Strings, Timetable


class Days:
    """The day sets, with those that are needed besides."""

    def __init__(self, base: Timetable) -> None:
        self._base, self._rows = base, dict[bytes, int]()
        self._more: list[np.ndarray] = []
        self._only: dict[int, int] = {}

    def without(self, row: int, gone: Iterable[int]) -> int:
        """The row of that set less some days."""
        bits = self._base.days[row].copy()
        for day in gone:
            bit = day - self._base.first_day_ordinal
            bits[bit >> 6] &= ~(np.uint64(1) << np.uint64(bit & 63))
        return self._row(bits)

    def only(self, day: int) -> int:
        """The row of a day alone."""
        if day not in self._only:
            bits = np.zeros(self._base.days.shape[1], np.uint64)
            bit = day - self._base.first_day_ordinal
            bits[bit >> 6] = np.uint64(1) << np.uint64(bit & 63)
            self._only[day] = self._row(bits)
        return self._only[day]

    def _row(self, bits: np.ndarray) -> int:
        key = bits.tobytes()
        if key not in self._rows:
            self._rows[key] = len(self._base.days) + len(self._more)
            self._more.append(bits)
        return self._rows[key]

    def table(self) -> np.ndarray:
        """All sets."""
        return np.concatenate([self._base.days, np.array(self._more, np.uint64)]) if self._more else self._base.days


def joined(column: np.ndarray, more: Sequence[int] | np.ndarray) -> np.ndarray:
    """The column with more numbers behind."""
    return np.concatenate([column, np.asarray(more, column.dtype)])


def like_rows(column: np.ndarray, like: np.ndarray, default: int) -> np.ndarray:
    """The column, and behind it the values of the rows `like` (negative: the default)."""
    if not len(like):
        return column
    if not len(column):
        return np.full(len(like), default, column.dtype)
    return np.concatenate([column, np.where(like >= 0, column[np.maximum(like, 0)], default).astype(column.dtype)])


def numbered(counts: Sequence[int]) -> list[int]:
    """0, 1, … for each count, end to end."""
    return [n for count in counts for n in range(count)]


def with_texts(column: Strings, more: Sequence[str]) -> Strings:
    """The column with more texts behind."""
    own = Strings.of(more)
    return Strings(
        np.concatenate([column.data, own.data]), np.concatenate([column.starts, own.starts[1:] + column.starts[-1]])
    )
