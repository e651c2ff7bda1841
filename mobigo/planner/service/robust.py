"""How much a journey bears: for each change, the time to spare, the next way on where it is missed, and how often it
could be made on the days of which something was noted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Final

from sqlalchemy.orm import Session

from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import NEVER_S, NONE
from mobigo.network.store import observed
from mobigo.network.store.observed import TripKey
from mobigo.planner.export import today
from mobigo.planner.model import Endpoint, Journey, Query, Ride
from mobigo.planner.rules.robust import Held, held
from mobigo.planner.service import plan

CHANGES_MAX: Final = 6  # of one page: each is a search
LATER_MAX: Final = timedelta(hours=6)  # who arrives later than that has a night or a day elsewhere, not a next way


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a journey: where one boards again, what is to spare there, and the way on by who misses it (None
    where none arrives within six hours of the planned one). `runs`: the trip that brings one there and its call."""

    stop: int
    spare_s: int
    missed: Journey | None
    runs: TripKey
    position: int


def changes(network: LiveNetwork, journey: Journey, query: Query) -> list[Change]:
    """The changes of a journey found for `query`. Nothing where a vehicle of one's own waits at the end: the next way
    would have to fetch it too."""
    return [] if query.own is not None else list(_changes(network, journey, query))


def _changes(network: LiveNetwork, journey: Journey, query: Query) -> Iterator[Change]:
    table = network.timetable
    rides = [(number, leg) for number, leg in enumerate(journey.legs) if isinstance(leg, Ride)]
    for (first, before), (second, after) in pairwise(rides):
        walk_s = sum(
            int((leg.arrive_at - leg.depart_at).total_seconds()) for leg in journey.legs[first + 1 : second]
        )  # fmt: skip
        stop = after.visits[0].stop
        least_s = int(table.node_change_s[stop]) if walk_s == 0 else 0
        spare_s = int((after.depart_at - before.arrive_at).total_seconds()) - walk_s
        spare_s -= least_s if least_s < NEVER_S else 0
        again = Query(
            Endpoint(str(table.stop_name[stop]), None, (stop,)), query.destination,
            after.depart_at + timedelta(minutes=1), limits=query.limits,
        )  # fmt: skip
        latest = journey.arrive_at + LATER_MAX
        ways = [each for each in plan(network, again).journeys if each.rides and each.arrive_at <= latest]
        missed = min(ways, key=lambda each: (each.arrive_at, -each.depart_at.timestamp()), default=None)
        key, position = _call(network, before)
        yield Change(stop, max(0, spare_s), missed, key, position)


def _call(network: LiveNetwork, ride: Ride) -> tuple[TripKey, int]:
    """The planned trip that a ride ends on, on its day, and at which of its calls."""
    table, overlay = network.timetable, None if network.today is None else network.today.overlay
    trip, position = today.ride_calls(network, ride)[-1]
    planned = trip if overlay is None or overlay.planned_trip_of(trip) == NONE else overlay.planned_trip_of(trip)
    feed = str(table.feed_name[int(table.trip_feed[planned])])
    return TripKey(feed, str(table.trip_id[planned]), ride.service_day), position


def made(session: Session, asked: Sequence[Change]) -> list[Held | None]:
    """How often each change could be made on the days before; None where too little was noted."""
    return [held(list(_late_s(session, each)), each.spare_s) for each in asked]


def _late_s(session: Session, change: Change) -> Iterator[int | None]:
    """How late the call was on each day on which it was noted; None for a trip that did not run."""
    for day in observed.past(session, change.runs):
        if day.cancelled_at is not None:
            yield None
        elif change.position in day.calls:
            yield day.calls[change.position][0]
