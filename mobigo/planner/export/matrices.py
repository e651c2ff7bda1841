"""A matrix of travel times as CSV: a row for each pair, written as it is worked out."""

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from mobigo.base.sheets import guarded
from mobigo.network.model.timetable import I32, NEVER_S
from mobigo.planner.rules.points import Named

HEADS = ("from_id", "from_name", "to_id", "to_name", "best_min", "median_min")


def begin(out: TextIO) -> None:
    """The headings."""
    _writer(out).writerow(HEADS)


def write_row(out: TextIO, origin: Named, destinations: Sequence[Named], best_s: I32, median_s: I32) -> None:
    """The rows of one origin: whole minutes, rounded up; blank where the destination is not reached."""
    rows: Iterable[tuple[Named, int, int]] = zip(destinations, best_s.tolist(), median_s.tolist(), strict=True)
    _writer(out).writerows(
        (
            guarded(origin.id),
            guarded(origin.name),
            guarded(each.id),
            guarded(each.name),
            _minutes(best),
            _minutes(median),
        )
        for each, best, median in rows
    )


def _minutes(seconds: int) -> int | str:
    return "" if seconds >= NEVER_S else -(-seconds // 60)


def _writer(out: TextIO):  # type: ignore[no-untyped-def]  # the csv module's own type has no public name
    return csv.writer(out, delimiter=";", lineterminator="\r\n")
