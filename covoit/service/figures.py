"""What those who decide look at: a month by line, the months side by side, and trips kept for the simulation's form."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from covoit.model.figures import MonthFigures, totals
from covoit.store.figures import first_and_last_day, line_sums
from mobigo.base.errors import NotFound

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


REGISTRY_FOLDER: Final = "covoit/registre"  # under the home: monthly files of the national registry, to simulate on


def registry_files(home: Path) -> list[str]:
    """The names of the registry's monthly files that this installation keeps, the latest first."""
    return sorted((path.name for path in (home / REGISTRY_FOLDER).glob("*.csv")), reverse=True)


class KeptTrips:
    """Past trips in columns, kept for some minutes, so that a form answers as soon as a figure moves."""

    def __init__(self, engine: "Engine", home: Path) -> None:
        self._engine = engine
        self._home = home
        self._kept: tuple[tuple[object, ...], datetime, Trips] | None = None

    def own(self, first_day: date, last_day: date, now: "datetime") -> "Trips":
        """Our own trips of these days, read again when they were read more than ten minutes ago."""
        from covoit.service.simulation import own_history

        return self._keep((first_day, last_day), now, lambda: own_history(self._engine, first_day, last_day))

    def of_registry(self, name: str, now: "datetime") -> "Trips":
        """The trips of one of `registry_files`. Raises NotFound("covoit.no_such_file") for another name."""
        from covoit.service.simulation import read_open_data

        if name not in registry_files(self._home):
            raise NotFound("covoit.no_such_file", file=name[:100])
        return self._keep((name,), now, lambda: read_open_data([self._home / REGISTRY_FOLDER / name]))

    def _keep(self, key: tuple[object, ...], now: "datetime", load: Callable[[], "Trips"]) -> "Trips":
        if self._kept is None or self._kept[0] != key or now - self._kept[1] >= KEPT_FOR:
            self._kept = (key, now, load())  # one set at a time: a year of a region is 100 MB
        return self._kept[2]
