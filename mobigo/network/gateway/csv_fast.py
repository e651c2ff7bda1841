"""Reads CSV with polars, after making sure that polars will read it exactly: the fast path.

It takes every file whose quotes stand as RFC 4180 has them and whose lines all end alike; blank lines, short and long
records and line breaks inside quotes are found by their bytes. Anything else is for `csv_strict`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

_COMMA, _LF, _CR, _QUOTE = b',\n\r"'
_STRIDE = 1 << 20
_FEW_QUOTES = 200_000  # below, looking between each pair is faster than a pass over the file


@dataclass(frozen=True, slots=True)
class Body:
    """The records below the header: cells, the line of each, those whose length is not the header's, the blank lines
    dropped."""

    frame: pl.DataFrame
    lines: NDArray[np.int64]
    ragged: NDArray[np.int64]  # rows of `frame`
    ragged_lengths: NDArray[np.int64]  # how many cells they have
    blank_lines: NDArray[np.int64]


def plain_quotes(data: bytes) -> NDArray[np.int64] | None:
    """Where the quotes of `data` are, if polars reads it exactly: no lone carriage return, every quote opening,
    closing or doubled."""
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None
    octets = np.frombuffer(data, np.uint8)
    quotes = _positions(octets, _QUOTE) if b'"' in data else np.empty(0, np.int64)
    if not len(quotes):
        return quotes
    if len(quotes) % 2:
        return None
    opening, closing = quotes[::2], quotes[1::2]
    before = octets[opening - 1]  # of a quote at 0 this is the last octet: mended on the next line
    starts = (before == _COMMA) | (before == _LF) | (opening == 0)
    starts[1:] |= opening[1:] == closing[:-1] + 1
    after = octets[np.minimum(closing + 1, len(octets) - 1)]
    ends = (after == _COMMA) | (after == _LF) | (after == _CR) | (closing + 1 == len(octets))
    ends[:-1] |= opening[1:] == closing[:-1] + 1
    return quotes if starts.all() and ends.all() else None


def read_body(data: bytes, quotes: NDArray[np.int64], header_lines: int, names: list[str]) -> Body:
    """The records of `data`, whose `plain_quotes` are given, below a header of `header_lines` lines with columns
    `names`."""
    try:
        frame, straight = _read(data, header_lines, names, len(quotes) > 0, truncate=False), True
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError):
        frame, straight = _read(data, header_lines, names, len(quotes) > 0, truncate=True), False
    octets = np.frombuffer(data, np.uint8)
    if straight and _is_regular(data, octets, quotes, header_lines, len(names), frame.height):
        lines = np.arange(header_lines + 1, header_lines + 1 + frame.height, dtype=np.int64)
        none = np.empty(0, np.int64)
        return Body(frame, lines, none, none, none)
    return _irregular(data, octets, quotes, header_lines, names, frame)


def _is_regular(
    data: bytes, octets: NDArray[np.uint8], quotes: NDArray[np.int64], header_lines: int, width: int, height: int
) -> bool:
    """Whether each record is one line with as many cells as the header. None is longer: polars would have said so."""
    if _count(octets, _LF) + (not data.endswith(b"\n")) != height + header_lines:
        return False
    if width == 1:
        return b"\n\n" not in data and b"\n\r\n" not in data
    return _count(octets, _COMMA) - _commas_inside(data, octets, quotes) == (height + 1) * (width - 1)


def _read(data: bytes, header_lines: int, names: list[str], has_quotes: bool, truncate: bool) -> pl.DataFrame:
    return pl.read_csv(
        data,
        has_header=False,
        skip_lines=header_lines,
        schema=dict.fromkeys(names, pl.String),
        quote_char='"' if has_quotes else None,
        empty_string_is_null=False,
        truncate_ragged_lines=truncate,
        extra_columns="ignore" if truncate else "raise",
        missing_columns="insert" if truncate else "raise",
        raise_if_empty=False,
    )


def _irregular(
    data: bytes,
    octets: NDArray[np.uint8],
    quotes: NDArray[np.int64],
    header_lines: int,
    names: list[str],
    frame: pl.DataFrame,
) -> Body:
    """The same by the place of every comma, quote and line end outside quotes."""
    all_ends = _positions(octets, _LF)
    ends = all_ends[np.searchsorted(quotes, all_ends) % 2 == 0]
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    starts = np.concatenate(([0], ends[:-1] + 1))
    lines = 1 + np.searchsorted(all_ends, starts)
    commas = _positions(octets, _COMMA)
    commas = commas[np.searchsorted(quotes, commas) % 2 == 0]
    cells = 1 + np.searchsorted(commas, ends) - np.searchsorted(commas, starts)
    widths = ends - starts - (octets[np.maximum(ends - 1, 0)] == _CR)
    below = lines > header_lines
    lines, cells, blank = lines[below], cells[below], widths[below] <= 0
    if len(lines) != frame.height:
        raise ValueError(f"{frame.height} records read where {len(lines)} stand")
    kept = ~blank
    ragged = np.flatnonzero((cells != len(names))[kept])
    return Body(frame.filter(pl.Series(kept)), lines[kept], ragged, cells[kept][ragged], lines[blank])


def _count(octets: NDArray[np.uint8], octet: int) -> int:
    """How often an octet occurs, without a temporary the size of the file."""
    return sum(int(np.count_nonzero(octets[at : at + _STRIDE] == octet)) for at in range(0, len(octets), _STRIDE))


def _positions(octets: NDArray[np.uint8], octet: int) -> NDArray[np.int64]:
    return np.flatnonzero(octets == octet)


def _commas_inside(data: bytes, octets: NDArray[np.uint8], quotes: NDArray[np.int64]) -> int:
    """How many commas stand between quotes."""
    if not len(quotes):
        return 0
    if len(quotes) <= _FEW_QUOTES:
        return sum(
            data.count(b",", start, end) for start, end in zip(quotes[::2].tolist(), quotes[1::2].tolist(), strict=True)
        )
    between = np.add.reduceat((octets == _COMMA).view(np.uint8), quotes, dtype=np.int64)
    return int(between[::2].sum())
