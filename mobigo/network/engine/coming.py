"""The coming period of a feed: from which day on nothing runs as it does now, and the feed cut to days of one's choice.

For those who must prepare for the next timetable before it is in force, without losing the one that is.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import polars as pl

from mobigo.network.engine.columns import texts
from mobigo.network.model.feed import FeedTables
from mobigo.network.rules.days import Services, services
from mobigo.network.rules.view import View

IN_FORCE_DAYS = 7


def coming_first_day(known: Services, today: date) -> date | None:
    """The first day served after every service in force has ended; None when no such day is.

    In force is what runs on any of the seven days from `today` on. A feed with a service that never ends before the
    others begin has no coming period: its changes are within it.
    """
    at = (today - known.first_day).days
    week = known.active[:, max(0, at) : max(0, at + IN_FORCE_DAYS)]
    days = np.flatnonzero(known.active[week.any(axis=1)].any(axis=0)) if week.size else np.empty(0, np.int64)
    after = int(days[-1]) + 1 if len(days) else max(0, at)
    later = np.flatnonzero(known.active[:, after:].any(axis=0))
    return known.first_day + timedelta(days=after + int(later[0])) if len(later) else None


def services_of(tables: FeedTables) -> Services | None:
    """The services of the feed day by day; None when there is nothing to lay out, or too much."""
    return services(View(tables))


def cut(tables: FeedTables, known: Services, first_day: date, last_day: date | None = None) -> FeedTables:
    """The feed from `first_day` to `last_day` (None: its end): the trips that run on one of these days, their times,
    their shapes. Stops, lines and all else stay, so that what refers to them still finds them."""
    from_, to = (first_day - known.first_day).days, None if last_day is None else (last_day - known.first_day).days + 1
    runs = np.asarray(known.active[:, max(0, from_) : to].any(axis=1))
    kept = {name for name, place in known.index.items() if runs[place]}
    out: dict[str, pl.DataFrame] = {name: tables[name] for name in tables.tables}
    first, last = f"{first_day:%Y%m%d}", "99991231" if last_day is None else f"{last_day:%Y%m%d}"
    if tables.has("calendar", "start_date") and tables.has("calendar", "end_date"):
        start, end = pl.col("start_date").str.strip_chars(), pl.col("end_date").str.strip_chars()
        out["calendar"] = (
            out["calendar"]
            .filter((end >= first) & (start <= last))
            .with_columns(
                pl.when(start < first).then(pl.lit(first)).otherwise(start).alias("start_date"),
                pl.when(end > last).then(pl.lit(last)).otherwise(end).alias("end_date"),
            )
        )
    if tables.has("calendar_dates", "date"):
        day = texts(out["calendar_dates"], "date")
        out["calendar_dates"] = out["calendar_dates"].filter((day >= first) & (day <= last))
    for name in ("calendar", "calendar_dates"):
        if name in out and "service_id" in out[name].columns:
            out[name] = out[name].filter(texts(out[name], "service_id").is_in(list(kept)))
    _keep_trips(out, kept)
    if tables.has("feed_info", "feed_start_date"):
        out["feed_info"] = out["feed_info"].with_columns(pl.lit(first).alias("feed_start_date"))
    return FeedTables(out)


def _keep_trips(out: dict[str, pl.DataFrame], kept: set[str]) -> None:
    if "trips" not in out or not {"trip_id", "service_id"} <= set(out["trips"].columns):
        return
    out["trips"] = out["trips"].filter(texts(out["trips"], "service_id").is_in(list(kept)))
    trips = texts(out["trips"], "trip_id")
    for name, columns in _BY_TRIP.items():
        for column in columns:
            if name in out and column in out[name].columns:
                value = texts(out[name], column)
                out[name] = out[name].filter(value.is_in(trips.implode()) | (value == ""))
    if "shapes" in out and "shape_id" in out["shapes"].columns and "shape_id" in out["trips"].columns:
        drawn = texts(out["trips"], "shape_id").unique()
        out["shapes"] = out["shapes"].filter(texts(out["shapes"], "shape_id").is_in(drawn.implode()))


_BY_TRIP: Mapping[str, tuple[str, ...]] = {
    "stop_times": ("trip_id",),
    "frequencies": ("trip_id",),
    "transfers": ("from_trip_id", "to_trip_id"),
    "attributions": ("trip_id",),
}
