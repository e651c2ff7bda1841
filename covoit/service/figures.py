"""What those who decide look at: a month by line, the months side by side, and trips kept for the simulation's form."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from covoit.model.figures import MonthFigures, totals
from covoit.store.figures import first_and_last_day, line_sums

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from covoit.engine.recompute import Trips

MONTHS_SHOWN: Final = 12
KEPT_FOR: Final = timedelta(minutes=10)


def last_day_of(month: date) -> date:
    """The last day of a month."""
    return next_month(month) - timedelta(days=1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def figures_of(session: Session, month: date) -> MonthFigures:
    """The month by line, from the awards that count now."""
    lines = tuple(line_sums(session, month, last_day_of(month)))
    return MonthFigures(month, lines, totals(lines))


def months_known(session: Session) -> list[date]:
    """The months with at least one award, from first to last, months without any in between included."""
    ends = first_and_last_day(session)
    if ends is None:
        return []
    months = [ends[0].replace(day=1)]
    while months[-1] < ends[1].replace(day=1):
        months.append(next_month(months[-1]))
    return months


def series(session: Session, months: list[date]) -> list[MonthFigures]:
    """The last months side by side, at most `MONTHS_SHOWN`."""
    return [figures_of(session, month) for month in months[-MONTHS_SHOWN:]]


class KeptTrips:
    """Past trips in columns, kept for some minutes, so that a form answers as soon as a figure moves."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._kept: dict[tuple[date, date], tuple[datetime, Trips]] = {}

    def trips(self, first_day: date, last_day: date, now: "datetime", load: "Loader") -> "Trips":
        """Our own trips of these days; read again when they were read more than ten minutes ago."""
        known = self._kept.get((first_day, last_day))
        if known is not None and now - known[0] < KEPT_FOR:
            return known[1]
        trips = load(self._engine, first_day, last_day)
        self._kept = {(first_day, last_day): (now, trips)}  # one range at a time: a year of a region is 100 MB
        return trips


Loader = Callable[["Engine", date, date], "Trips"]
