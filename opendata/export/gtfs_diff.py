"""Differences out: the CSV of the GTFS-Diff specification."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def diff_bytes(diff: "pl.DataFrame") -> bytes:
    """The differences as CSV: UTF-8, commas, CRLF, quotes where a value needs them."""
    return diff.write_csv(line_terminator="\r\n", quote_style="necessary").encode()
