"""The exports of the lines, from what is stored now: GTFS, and the national schema of carpool places."""

from datetime import date

from sqlalchemy.orm import Session

from covoit.export.gtfs import UsualTrip, gtfs
from covoit.export.places import places
from covoit.gateway import lines as files
from covoit.store import offers as store


def lines_gtfs(session: Session, day: date, *, agency: dict[str, str]) -> bytes:
    """The lines in force on a day, with the usual trips in force then."""
    usual = [
        UsualTrip(
            row.id, row.line, row.from_stop, row.to_stop, row.leaves,
            frozenset(number for number in range(7) if row.weekdays >> number & 1), row.first_day, row.last_day,
        )
        for row in store.regulars(session, on=day)
    ]  # fmt: skip
    return gtfs(files.lines_on(day), usual, agency=agency, version=day.isoformat())


def lines_places(day: date, *, siren: str | None = None) -> bytes:
    """The stops of the lines in force on a day."""
    return places(files.lines_on(day), updated=day, siren=siren)
