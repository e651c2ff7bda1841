"""Runs every rule on a feed."""

from dataclasses import dataclass
from datetime import date

from mobigo.network.model.feed import FeedTables
from mobigo.network.model.report import Report
from mobigo.network.rules import (
    bookings,
    days,
    fares,
    fields,
    keys,
    lines,
    links,
    places,
    reached,
    shapes,
    translated,
    vehicles,
    visits,
)
from mobigo.network.rules.view import View


@dataclass(frozen=True, slots=True)
class Examined:
    """What the rules say of a feed: the report, and the first and last day of any service (None when none ever
    runs)."""

    report: Report
    first_day: date | None
    last_day: date | None


def validate(tables: FeedTables, today: date, zone: str | None = None) -> Report:
    """Everything the rules find on a feed; see `examine`."""
    return examine(tables, today, zone).report


def examine(tables: FeedTables, today: date, zone: str | None = None) -> Examined:
    """Everything the rules find on a feed, on the day `today`, and its span.

    `zone` is the network's time zone; a feed of another gets a blocking finding. None accepts any. The report does not
    depend on the order in which tables were read, and names lines as they stand in the files.
    """
    view = View(tables)
    fields.check(view)
    keys.check(view)
    journey = visits.check(view)
    services = days.check(view, today)
    places.check(view, journey, zone)
    lines.check(view, zone)
    vehicles.check(view, journey, services)
    links.check(view, journey)
    reached.check(view)
    shapes.check(view, journey)
    fares.check(view)
    bookings.check(view)
    translated.check(view)
    span = None if services is None else services.span
    return Examined(view.found.report(), *(span or (None, None)))
