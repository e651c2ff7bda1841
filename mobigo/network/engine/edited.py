"""Feeds as a scenario's edits leave them: the same tables, with rows added, changed or left out. What is written is
GTFS: importing it as a feed would give the same timetable.

An edit that names what is not there is refused: a scenario that says nothing of what it could not do would compare
something else than what its author reads.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from mobigo.base.errors import InvalidInput
from mobigo.base.servicetime import format_service_time
from mobigo.network.engine.calendars import Calendars
from mobigo.network.engine.columns import BLANK_S, table_of, texts, times
from mobigo.network.model.feed import LINE, FeedTables
from mobigo.network.model.scenarios import (
    DAYS_MAX,
    AlsoRuns,
    Edit,
    FeedReplaced,
    StopAdded,
    StopRemoved,
    TripAdded,
    Withdrawn,
)

Row = dict[str, Any]
Tables = dict[str, pl.DataFrame]


def edited(
    feeds: Mapping[str, FeedTables], edits: Sequence[tuple[int, Edit]], read: Callable[[FeedReplaced], FeedTables]
) -> dict[str, FeedTables]:
    """The feeds after the edits, one after the other; each edit with its number, which ids made by it bear. A feed that
    no edit names is given back itself. `read` reads a dropped feed.

    Raises InvalidInput("scenario.…", number=…) for an edit that names what is not there or cannot be done.
    """
    out = dict(feeds)
    for number, edit in edits:
        if isinstance(edit, FeedReplaced):
            out[edit.feed] = read(edit)
            continue
        if edit.feed not in out:
            raise InvalidInput("scenario.unknown_feed", number=number, feed=edit.feed[:80])
        out[edit.feed] = FeedTables(_apply(out[edit.feed], number, edit))
    return out


def _apply(feed: FeedTables, number: int, edit: Edit) -> Tables:
    tables: Tables = {name: feed[name] for name in feed.tables}
    match edit:
        case AlsoRuns():
            _also_runs(feed, tables, number, edit)
        case TripAdded():
            _add_trip(tables, number, edit)
        case Withdrawn():
            gone = _trips(tables, number, edit.route, edit.trip)
            for name, column in (("trips", "trip_id"), ("stop_times", "trip_id"), ("frequencies", "trip_id"),
                                 ("transfers", "from_trip_id"), ("transfers", "to_trip_id")):  # fmt: skip
                if name in tables and column in tables[name].columns:
                    tables[name] = tables[name].filter(~texts(tables[name], column).is_in(gone))
        case StopAdded() | StopRemoved():
            _change_calls(tables, number, edit)
    return tables


def _trips(tables: Tables, number: int, route: str, trip: str) -> list[str]:
    """The ids of the trip, or of those of the line. Raises InvalidInput when there is none."""
    table = tables.get("trips", pl.DataFrame())
    ids = texts(table, "trip_id")
    if trip:
        if trip not in ids:
            raise InvalidInput("scenario.unknown_trip", number=number, trip=trip[:80])
        return [trip]
    found: list[str] = ids.filter(texts(table, "route_id") == route).to_list()
    if not found:
        raise InvalidInput("scenario.unknown_line", number=number, line=route[:80])
    return found


# ---------------------------------------------------------------- days


def _also_runs(feed: FeedTables, tables: Tables, number: int, edit: AlsoRuns) -> None:
    chosen = set(_trips(tables, number, edit.route, edit.trip))
    trips = tables["trips"]
    ids, services = texts(trips, "trip_id").to_list(), texts(trips, "service_id").to_list()
    calendars = Calendars(feed)
    known = calendars.range()
    if known is None:
        raise InvalidInput("scenario.feed_without_days", number=number, feed=edit.feed[:80])
    wanted = _days(edit, number, date.fromordinal(known[0]), date.fromordinal(known[1]))
    first, bits = known[0] - 6, calendars.bits(known[0] - 6, known[1] - known[0] + 13)
    row_of = {service: row for row, service in enumerate(calendars.ids.to_list())}

    def runs(service: str, day: date) -> bool:
        bit = day.toordinal() - first
        if service not in row_of or not 0 <= bit < known[1] - known[0] + 13:
            return False
        return bool(int(bits[row_of[service], bit >> 6]) >> (bit & 63) & 1)

    renamed: dict[str, str] = {}
    for service in sorted({service for trip, service in zip(ids, services, strict=True) if trip in chosen}):
        added = [
            day for day in wanted if edit.like is None or runs(service, day + timedelta(days=edit.like - day.weekday()))
        ]
        if added:
            renamed[service] = _copy_service(tables, number, service, added)
    if not renamed:
        raise InvalidInput("scenario.adds_no_day", number=number)
    column = [
        renamed.get(service, raw) if trip in chosen else raw
        for trip, service, raw in zip(ids, services, trips["service_id"].to_list(), strict=True)
    ]
    tables["trips"] = trips.with_columns(pl.Series("service_id", column, dtype=pl.String))


def _days(edit: AlsoRuns, number: int, feed_first: date, feed_last: date) -> list[date]:
    first, last = edit.first_day or feed_first, edit.last_day or feed_last
    span = (last - first).days + 1
    if edit.weekdays and span > 7 * DAYS_MAX:
        raise InvalidInput("scenario.too_many_days", number=number, most=DAYS_MAX)
    by_week = [first + timedelta(days=n) for n in range(max(0, span) if edit.weekdays else 0)]
    days = sorted({*edit.dates, *(day for day in by_week if day.weekday() in edit.weekdays)})
    if len(days) > DAYS_MAX:
        raise InvalidInput("scenario.too_many_days", number=number, most=DAYS_MAX)
    return days


def _copy_service(tables: Tables, number: int, service: str, added: Sequence[date]) -> str:
    """A service like another that runs on these days too; its id."""
    taken = {each for name in ("calendar", "calendar_dates") for each in _ids(tables, name, "service_id")}
    copy = _free(f"{service}~{number}", taken)
    days = {f"{day:%Y%m%d}" for day in added}
    if "calendar" in tables:
        rows = [row for row in _rows(tables["calendar"]) if row["service_id"].strip() == service]
        _append(tables, "calendar", [{**row, "service_id": copy} for row in rows])
    dated = [row for row in _rows(tables.get("calendar_dates", pl.DataFrame())) if row["service_id"].strip() == service]
    kept = [{**row, "service_id": copy} for row in dated if row["date"].strip() not in days]
    new = [{"service_id": copy, "date": day, "exception_type": "1"} for day in sorted(days)]
    if "calendar_dates" not in tables:
        schema: dict[str, Any] = dict.fromkeys(("service_id", "date", "exception_type"), pl.String)
        tables["calendar_dates"] = pl.DataFrame(schema={**schema, LINE: pl.Int64})
    _append(tables, "calendar_dates", [*kept, *new])
    return copy


# ---------------------------------------------------------------- trips


def _add_trip(tables: Tables, number: int, edit: TripAdded) -> None:
    _trips(tables, number, "", edit.trip)
    if edit.trip in _ids(tables, "frequencies", "trip_id"):
        raise InvalidInput("scenario.trip_by_frequency", number=number, trip=edit.trip[:80])
    copy = _free(f"{edit.trip}~{number}", _ids(tables, "trips", "trip_id"))
    row = next(each for each in _rows(tables["trips"]) if each["trip_id"].strip() == edit.trip)
    _append(tables, "trips", [{**row, "trip_id": copy, **({"block_id": ""} if "block_id" in row else {})}])
    calls = _calls(tables, [edit.trip])
    moved = []
    for call in calls:
        later = {**call, "trip_id": copy}
        for name in ("arrival_time", "departure_time"):
            if call[f"_{name}"] != BLANK_S:
                later[name] = _clock(call[f"_{name}"] + edit.shift_s, number)
        moved.append(later)
    _append(tables, "stop_times", moved)


# ---------------------------------------------------------------- calls


def _change_calls(tables: Tables, number: int, edit: StopAdded | StopRemoved) -> None:
    trips = _trips(tables, number, edit.route, "")
    if isinstance(edit, StopAdded) and edit.stop not in _ids(tables, "stops", "stop_id"):
        raise InvalidInput("scenario.unknown_stop", number=number, stop=edit.stop[:80])
    by_trip: dict[str, list[Row]] = {}
    for call in _calls(tables, trips):
        by_trip.setdefault(call["trip_id"].strip(), []).append(call)
    changed: dict[str, list[Row]] = {}
    for trip, calls in by_trip.items():
        after = _with_stop(calls, number, edit) if isinstance(edit, StopAdded) else _without_stop(calls, edit.stop)
        if after is not None:
            changed[trip] = after
    if not changed:
        stop = edit.after if isinstance(edit, StopAdded) else edit.stop
        raise InvalidInput("scenario.line_never_calls", number=number, line=edit.route[:80], stop=stop[:80])
    table = tables["stop_times"]
    tables["stop_times"] = table.filter(~texts(table, "trip_id").is_in(list(changed)))
    _append(tables, "stop_times", [call for calls in changed.values() for call in calls])


def _without_stop(calls: list[Row], stop: str) -> list[Row] | None:
    kept = [call for call in calls if call["stop_id"].strip() != stop]
    if len(kept) == len(calls):
        return None
    for end in (0, -1):  # a trip begins and ends at an hour
        if kept and kept[end]["_arrival_time"] == kept[end]["_departure_time"] == BLANK_S:
            return []
    return kept if len(kept) > 1 else []  # one call is no trip


def _with_stop(calls: list[Row], number: int, edit: StopAdded) -> list[Row] | None:
    out: list[Row] = []
    later_s, due_s = 0, BLANK_S  # due_s: when the stop just added is left, until the next hour is known
    for given in calls:
        call = _moved(given, later_s, number)
        hours = [each for each in (call["_arrival_time"], call["_departure_time"]) if each != BLANK_S]
        if hours:
            if due_s > hours[0]:
                raise InvalidInput("scenario.stop_too_late", number=number, trip=call["trip_id"][:80])
            due_s = BLANK_S
        out.append(call)
        if call["stop_id"].strip() != edit.after:
            continue
        if not hours:
            raise InvalidInput("scenario.no_hour_there", number=number, trip=call["trip_id"][:80], stop=edit.after[:80])
        due_s = hours[-1] + edit.ride_s
        clock = _clock(due_s, number)
        new = dict.fromkeys((name for name in call if not name.startswith("_")), "")
        new |= {"trip_id": call["trip_id"], "stop_id": edit.stop, "arrival_time": clock, "departure_time": clock}
        out.append({**new, LINE: call[LINE]})
        later_s += edit.delay_s
    if len(out) == len(calls):
        return None
    blank = {"shape_dist_traveled": ""} if "shape_dist_traveled" in calls[0] else {}
    return [{**call, "stop_sequence": str(n), **blank} for n, call in enumerate(out)]


def _moved(call: Row, later_s: int, number: int) -> Row:
    if not later_s:
        return call
    out = dict(call)
    for name in ("arrival_time", "departure_time"):
        if call[f"_{name}"] != BLANK_S:
            out[f"_{name}"] = call[f"_{name}"] + later_s
            out[name] = _clock(out[f"_{name}"], number)
    return out


def _calls(tables: Tables, trips: Sequence[str]) -> list[Row]:
    """The calls of these trips in order, with their hours in seconds under `_arrival_time` and `_departure_time`."""
    table = table_of(FeedTables(tables), "stop_times", "trip_id", "stop_id", "stop_sequence")
    table = table.filter(texts(table, "trip_id").is_in(list(trips)))
    hours = {f"_{name}": times(table, name) for name in ("arrival_time", "departure_time")}
    found = _rows(table.with_columns(pl.Series(name, column) for name, column in hours.items()))
    return sorted(found, key=lambda call: (call["trip_id"].strip(), _number(call["stop_sequence"])))


def _number(text: str) -> int:
    return int(text) if text.strip().isascii() and text.strip().isdigit() else -1


# ---------------------------------------------------------------- rows


def _rows(table: pl.DataFrame) -> list[Row]:
    return list(table.iter_rows(named=True))


def _ids(tables: Tables, name: str, column: str) -> set[str]:
    return set(texts(tables[name], column).to_list()) if name in tables else set()


def _append(tables: Tables, name: str, rows: Sequence[Row]) -> None:
    """Rows at the end of a table, of its columns: blank where a row lacks one."""
    table = tables[name]
    if rows:
        columns = {
            column: pl.Series(column, [row.get(column, 0 if column == LINE else "") for row in rows], dtype=kind)
            for column, kind in table.schema.items()
        }
        tables[name] = pl.concat([table, pl.DataFrame(columns)])


def _free(wanted: str, taken: set[str]) -> str:
    while wanted in taken:
        wanted += "~"
    return wanted


def _clock(time_s: int, number: int) -> str:
    if time_s < 0:
        raise InvalidInput("scenario.before_the_day", number=number)
    return format_service_time(time_s)
