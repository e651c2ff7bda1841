"""Services to day bitfields (GTFS calendar.txt and calendar_dates.txt)."""

from collections.abc import Sequence
from datetime import date

import numba
import numpy as np
import polars as pl

from mobigo.network.engine.columns import ints, rows_of, table_of, texts
from mobigo.network.model.feed import FeedTables
from mobigo.network.model.timetable import I32, U64

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIRST_ORDINAL, LAST_ORDINAL = date(1980, 1, 1).toordinal(), date(2099, 12, 31).toordinal()


class Calendars:
    """The services of one feed: ids in order, their periods and their exceptional days."""

    def __init__(self, feed: FeedTables) -> None:
        weekly = table_of(feed, "calendar", "service_id", "start_date", "end_date", *WEEKDAYS)
        dated = table_of(feed, "calendar_dates", "service_id", "date", "exception_type")
        self.ids = pl.concat([texts(weekly, "service_id"), texts(dated, "service_id")]).unique().sort()
        self.weekly_service = rows_of(texts(weekly, "service_id"), self.ids)
        self.weekly_first = ordinals(weekly, "start_date")
        self.weekly_last = ordinals(weekly, "end_date")
        self.weekly_mask = np.zeros(weekly.height, np.int32)
        for bit, weekday in enumerate(WEEKDAYS):
            self.weekly_mask |= (ints(weekly, weekday, 0) == 1).astype(np.int32) << bit
        self.dated_service = rows_of(texts(dated, "service_id"), self.ids)
        self.dated_day = ordinals(dated, "date")
        self.dated_type = ints(dated, "exception_type", 0)

    def range(self) -> tuple[int, int] | None:
        """(first, last) ordinal of any day named; None when no day is."""
        weekly = (self.weekly_first > 0) & (self.weekly_last >= self.weekly_first) & (self.weekly_mask > 0)
        dated = (self.dated_day > 0) & (self.dated_type == 1)
        firsts = np.concatenate([self.weekly_first[weekly], self.dated_day[dated]])
        lasts = np.concatenate([self.weekly_last[weekly], self.dated_day[dated]])
        return (int(firsts.min()), int(lasts.max())) if len(firsts) else None

    def bits(self, first_ordinal: int, day_count: int) -> U64:
        """[services, words]: the days of each service. Exceptions win over the week; of two exceptions for a day the
        last."""
        out = np.zeros((len(self.ids), (day_count + 63) // 64), np.uint64)
        _fill(
            out, first_ordinal, day_count, self.weekly_service, self.weekly_first, self.weekly_last, self.weekly_mask,
            self.dated_service, self.dated_day, self.dated_type,
        )  # fmt: skip
        return out


def ordinals(table: pl.DataFrame, column: str) -> I32:
    """Days of `YYYYMMDD` cells as proleptic ordinals; 0 where blank, unreadable or outside 1980–2099."""
    days = texts(table, column).str.to_date("%Y%m%d", strict=False)
    out = (days.cast(pl.Int32) + date(1970, 1, 1).toordinal()).fill_null(0).to_numpy().astype(np.int32)
    return np.where((out >= FIRST_ORDINAL) & (out <= LAST_ORDINAL), out, 0).astype(np.int32)


def unique_days(bits: Sequence[U64], words: int) -> tuple[U64, list[I32]]:
    """One table of distinct day sets, row 0 empty, and for each input its rows in it."""
    stacked = np.concatenate([np.zeros((1, words), np.uint64), *bits])
    as_bytes = np.ascontiguousarray(stacked).view(f"V{8 * words}").ravel()
    # big-endian bytes do not matter: any total order that puts the empty set first is the same on every machine
    _, first, inverse = np.unique(as_bytes, return_index=True, return_inverse=True)
    rows = inverse.astype(np.int32)
    parts, at = [], 1
    for part in bits:
        parts.append(rows[at : at + len(part)])
        at += len(part)
    return stacked[first], parts


@numba.njit(cache=True, nogil=True)
def _fill(out, first, count, w_service, w_first, w_last, w_mask, d_service, d_day, d_type):  # type: ignore[no-untyped-def]  # kernel
    one = np.uint64(1)
    for row in range(len(w_service)):
        if w_first[row] <= 0 or w_last[row] <= 0:
            continue
        for day in range(max(w_first[row], first), min(w_last[row], first + count - 1) + 1):
            if w_mask[row] >> ((day + 6) % 7) & 1:  # ordinal 1 was a Monday
                bit = day - first
                out[w_service[row], bit >> 6] |= one << np.uint64(bit & 63)
    for row in range(len(d_service)):
        bit = d_day[row] - first
        if d_day[row] <= 0 or bit < 0 or bit >= count:
            continue
        if d_type[row] == 1:
            out[d_service[row], bit >> 6] |= one << np.uint64(bit & 63)
        elif d_type[row] == 2:
            out[d_service[row], bit >> 6] &= ~(one << np.uint64(bit & 63))
