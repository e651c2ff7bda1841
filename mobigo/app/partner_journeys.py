"""The join of partners' sales and the planner: journeys found by the planner, each with the token that sells it."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from billettique.service.journeys import Found, Ridden
from mobigo.base.decisions import Decision
from mobigo.planner.api.answers import end_of
from mobigo.planner.api.asked import instant
from mobigo.planner.model import Journey, Price, Query
from mobigo.planner.web.here import pinned

if TYPE_CHECKING:
    from mobigo.infra.web import Services
    from mobigo.network.model.live import LiveNetwork

WINDOW_S: Final = 2 * 3600  # behind the hour asked (before it, to arrive by it)


class PlannerJourneys:
    """Finds journeys in the network being served, within a request."""

    def __init__(self, services: "Services") -> None:
        self._services = services

    def find(
        self, origin: str, destination: str, at: datetime | None, *, arrive_by: bool
    ) -> tuple[Sequence[Found], Sequence[Decision]]:
        """As `billettique.service.journeys.Finder` asks. Journeys on foot all the way are left out: nothing is sold."""
        with pinned() as here:
            start, _others = end_of(here, origin)
            end, _others = end_of(here, destination)
            table, when = here.live.timetable, instant(at, here.now, here.zone)
            if when is None:
                days = {"day": at and at.date(), "first_day": table.first_day, "last_day": table.last_day}
                return [], [Decision("planner.outside_validity", **days)]
            answer = here.plan(Query(start, end, when, arrive_by, WINDOW_S))
            pairs = zip(answer.journeys, answer.prices, strict=True)
            found = [_found(here.live, journey, price) for journey, price in pairs if price is not None]
            return found, answer.remarks


def _found(network: "LiveNetwork", journey: Journey, price: Price) -> Found:
    names = network.timetable.stop_name
    rides = tuple(
        Ridden(names[ride.visits[0].stop], names[ride.visits[-1].stop], ride.depart_at, ride.arrive_at)
        for ride in journey.rides
    )
    token = price.buy.rpartition("/")[2] if price.buy else None
    return Found(rides, token, () if token else tuple(price.why_unknown))
