"""The join of school transport and the timetable: the regular lines that may take pupils, as
`scolaire.model.lines.RegularLines` asks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from mobigo.base.errors import NotFound, Refused
from mobigo.base.geo import Point
from mobigo.base.periods import Period

if TYPE_CHECKING:
    from mobigo.infra.web import Services
    from mobigo.network.model.timetable import Timetable
    from scolaire.model.lines import LineCall, LineName, LineRun


class SchoolLines:
    """The lines of the network being served."""

    def __init__(self, services: "Services") -> None:
        self._services = services

    @contextmanager
    def _timetable(self) -> "Iterator[Timetable | None]":
        live: Any = None
        try:
            with self._services.networks.current() as live:
                yield live.timetable
        except (NotFound, Refused):
            if live is not None:
                raise
            yield None

    def known(self) -> Period | None:
        """The days of the timetable."""
        with self._timetable() as table:
            return None if table is None else Period(table.first_day, table.last_day)

    def names(self) -> "Sequence[LineName]":
        """Every line: its number, its name, the feed it is of."""
        from scolaire.model.lines import LineName

        with self._timetable() as table:
            if table is None:
                return []
            found = [
                LineName(table.feed_name[int(feed)], route, " ".join(part for part in (short, long) if part) or route)
                for feed, route, short, long in zip(
                    table.route_feed, table.route_id, table.route_short_name, table.route_long_name, strict=True
                )
            ]
        return sorted(found, key=lambda each: (each.name, each.feed, each.route))

    def runs(self, feed: str, route: str, days: Sequence[date]) -> "Sequence[LineRun]":
        """The trips of a line as timetabled (not those of a frequency) that run on all these days."""
        from scolaire.model.lines import LineRun

        with self._timetable() as table:
            if table is None or not days:
                return []
            rows = {
                n
                for n, (of, name) in enumerate(zip(table.route_feed, table.route_id, strict=True))
                if (table.feed_name[int(of)], name) == (feed, route)
            }
            repeated = {int(table.run_trip[table.run_trip_start[n]]) for n in table.run_frequency.nonzero()[0]}
            return [
                LineRun(table.trip_id[trip], _calls(table, trip))
                for trip in range(len(table.trip_id))
                if int(table.trip_route[trip]) in rows
                and trip not in repeated
                and all(table.runs_on(int(table.trip_days[trip]), day) for day in days)
            ]


def _calls(table: "Timetable", trip: int) -> "tuple[LineCall, ...]":
    from mobigo.network.model.timetable import DROP_OFF_SHIFT, PICKUP_SHIFT, TYPE_MASK
    from scolaire.model.lines import LineCall

    def regular(visit: int, shift: int) -> bool:
        return int(table.visit_flags[visit]) >> shift & TYPE_MASK == 0  # nobody calls the operator for a class

    return tuple(
        LineCall(
            table.stop_name[stop], Point(float(table.stop_lat[stop]), float(table.stop_lon[stop])),
            int(table.visit_arrive_s[visit]), int(table.visit_depart_s[visit]), regular(visit, PICKUP_SHIFT),
            regular(visit, DROP_OFF_SHIFT),
        )
        for visit in range(int(table.trip_visit_start[trip]), int(table.trip_visit_start[trip + 1]))
        for stop in (int(table.visit_stop[visit]),)
    )  # fmt: skip
