"""Runs every rule on a feed."""

from datetime import date

from mobigo.network.model.feed import FeedTables
from mobigo.network.model.report import Report
from mobigo.network.rules import days, fields, keys, lines, links, places, vehicles, visits
from mobigo.network.rules.view import View


def validate(tables: FeedTables, today: date, zone: str | None = None) -> Report:
    """Everything the rules find on a feed, on the day `today`.

    `zone` is the network's time zone; a feed of another gets a blocking finding. None accepts any. The report does
    not depend on the order in which tables were read, and names lines as they stand in the files.
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
    return view.found.report()
