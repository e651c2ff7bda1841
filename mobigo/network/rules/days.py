"""Rules on calendars and on the validity of the feed; and the days on which each service runs."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mobigo.network.rules.view import View

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CELLS_MAX = 400_000_000  # services × days beyond which days are not laid out


@dataclass(frozen=True)
class Services:
    """Which service runs on which day: `active[service, day]`, day 0 is `first_day`."""

    index: dict[str, int]
    first_day: date
    active: NDArray[np.bool_]

    @cached_property
    def bits(self) -> list[int]:
        """Each service's days as one integer: two services share a day when `a & b`."""
        packed = np.packbits(self.active, axis=1)
        return [int.from_bytes(row.tobytes(), "big") for row in packed]

    @cached_property
    def span(self) -> tuple[date, date] | None:
        """The first and the last day of any service; None when none ever runs."""
        days = np.flatnonzero(self.active.any(axis=0))
        if not len(days):
            return None
        return self.first_day + timedelta(days=int(days[0])), self.first_day + timedelta(days=int(days[-1]))


def parse_day(text: str) -> date | None:
    """The day of `YYYYMMDD`; None when it is not one."""
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _ordinals(view: View, table: str, column: str) -> NDArray[np.int64]:
    """Days as proleptic ordinals, 0 where there is none."""
    coded = view.column(table, column)
    values = np.array([day.toordinal() if (day := parse_day(text)) else 0 for text in coded.texts], np.int64)
    return values[coded.codes] if len(values) else np.empty(0, np.int64)


def services(view: View) -> Services | None:
    """The services of the feed, laid out day by day; None when there is nothing to lay out, or too much."""
    weekly = view.has("calendar", "service_id", "start_date", "end_date") and view.height("calendar") > 0
    dated = view.has("calendar_dates", "service_id", "date", "exception_type") and view.height("calendar_dates") > 0
    start = _ordinals(view, "calendar", "start_date") if weekly else np.empty(0, np.int64)
    end = _ordinals(view, "calendar", "end_date") if weekly else np.empty(0, np.int64)
    day = _ordinals(view, "calendar_dates", "date") if dated else np.empty(0, np.int64)
    ordinals = np.concatenate((start, end, day))
    ordinals = ordinals[ordinals > 0]
    if not len(ordinals):
        return None
    first, last = int(ordinals.min()), int(ordinals.max())
    names = list(
        dict.fromkeys(
            [
                *(view.column("calendar", "service_id").texts if weekly else ()),
                *(view.column("calendar_dates", "service_id").texts if dated else ()),
            ]
        )
    )
    index = {name: place for place, name in enumerate(names)}
    if len(names) * (last - first + 1) > _CELLS_MAX:
        return None
    active = np.zeros((len(names), last - first + 1), np.bool_)
    if weekly:
        column = view.column("calendar", "service_id")
        service = np.array([index[name] for name in column.texts])[column.codes]
        runs = np.stack([view.column("calendar", name).whole == 1 for name in WEEK], axis=1)
        weekdays = (np.arange(first, last + 1) - 1) % 7  # day 1 of the proleptic calendar was a Monday
        for row in np.flatnonzero((start > 0) & (end >= start)).tolist():
            span = slice(int(start[row]) - first, int(end[row]) - first + 1)
            active[service[row], span] |= runs[row][weekdays[span]]
    if dated:
        column = view.column("calendar_dates", "service_id")
        service = np.array([index[name] for name in column.texts])[column.codes]
        kind = view.column("calendar_dates", "exception_type").whole
        for value, runs_then in ((1, True), (2, False)):
            rows = (kind == value) & (day > 0)
            active[service[rows], day[rows] - first] = runs_then
    return Services(index, date.fromordinal(first), active)


def check(view: View, today: date) -> Services | None:
    """Every rule of this file; gives the services for the rules that come after."""
    _ranges(view)
    known = services(view)
    if view.has("calendar") and not view.height("calendar"):
        view.found.add("mobigo_empty_calendar", "calendar.txt")
    if view.height("calendar_dates") and not view.height("calendar"):
        view.found.add("mobigo_calendar_dates_only", "calendar_dates.txt")
    if known is not None:
        _activity(view, known, today)
    _feed_dates(view, today)
    return known


def _ranges(view: View) -> None:
    for table, first, last in (
        ("calendar", "start_date", "end_date"),
        ("feed_info", "feed_start_date", "feed_end_date"),
    ):
        if view.has(table, first, last):
            start, end = _ordinals(view, table, first), _ordinals(view, table, last)
            rows = np.flatnonzero((start > 0) & (end > 0) & (end < start))
            view.tell("start_and_end_range_out_of_order", table, rows, last, with_=(first,))


def _activity(view: View, known: Services, today: date) -> None:
    runs = np.asarray(known.active.any(axis=1))
    last = known.active.shape[1] - 1 - known.active[:, ::-1].argmax(axis=1)
    over = runs & (last < (today - known.first_day).days)
    table = "calendar" if view.height("calendar") else "calendar_dates"
    names = view.column(table, "service_id")
    first_rows: dict[str, int] = {}
    for row, code in enumerate(names.codes.tolist()):
        first_rows.setdefault(names.texts[code], row)
    if table == "calendar_dates" and not over[runs].all():
        over = np.zeros_like(over)  # days given one by one: told only when nothing is left
    for code, wrong in (("service_never_active", np.logical_not(runs)), ("expired_calendar", over)):
        rows = sorted(first_rows[name] for name, place in known.index.items() if wrong[place] and name in first_rows)
        view.tell(code, table, np.array(rows, np.int64), "service_id")
    if view.height("calendar"):
        idle = ~np.stack([view.column("calendar", name).whole == 1 for name in WEEK]).any(axis=0)
        view.tell("service_has_no_active_day_of_the_week", "calendar", np.flatnonzero(idle), "service_id")
    if runs.any():
        last_day = known.first_day + timedelta(days=int(last[runs].max()))
        if last_day < today:
            view.found.add(
                "mobigo_expired_feed", f"{table}.txt", None, None, last_day.isoformat(), last_day=last_day.isoformat()
            )
    _coverage(view, known, today)


def _coverage(view: View, known: Services, today: date) -> None:
    """MobilityData: most trips should run in the seven days to come."""
    if not view.has("trips", "service_id") or not view.height("trips"):
        return
    column = view.column("trips", "service_id")
    number = np.bincount(column.codes, minlength=len(column.values))
    place = np.array([known.index.get(name, -1) for name in column.texts])
    offset = (today - known.first_day).days
    week = known.active[:, max(0, offset) : max(0, offset + 7)]
    days = week.sum(axis=1) if week.shape[1] == 7 else np.zeros(len(week), np.int64)
    covered = int(number[[at >= 0 and days[at] > 0 for at in place.tolist()]].sum())
    if covered * 2 < int(number.sum()):
        view.found.add("trip_coverage_not_active_for_next7_days", "trips.txt", trips=covered, of=int(number.sum()))


def _feed_dates(view: View, today: date) -> None:
    if not view.height("feed_info"):
        return
    end = parse_day(view.column("feed_info", "feed_end_date").texts[0])
    if end is not None and (end - today).days <= 30:
        code = "feed_expiration_date7_days" if (end - today).days <= 7 else "feed_expiration_date30_days"
        view.tell(code, "feed_info", np.zeros(1, np.int64), "feed_end_date")
    given = [
        view.has("feed_info", name) and bool(view.column("feed_info", name).texts[0])
        for name in ("feed_start_date", "feed_end_date")
    ]
    if any(given) and not all(given):
        view.tell(
            "missing_feed_info_date",
            "feed_info",
            np.zeros(1, np.int64),
            "feed_start_date" if given[1] else "feed_end_date",
        )
    if not any(view.column("feed_info", name).texts[0] for name in ("feed_contact_email", "feed_contact_url")):
        view.tell("missing_feed_contact_email_and_url", "feed_info", np.zeros(1, np.int64))
