"""What realtime adds to journeys and boards: the planned hour beside the expected one, what does not run, what is said
of it, and how old all that is."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from mobigo.base.decisions import Decision
from mobigo.network.engine.boards import Departure
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import NONE
from mobigo.network.model.today import EXPECTED, SKIPPED, Notice, Unserved
from mobigo.planner.export import names
from mobigo.planner.model import Journey, Ride

LATE_S = 60  # less than a minute is on time


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a call beside its hour. `planned_at` is None where nothing corresponds in the timetable;
    `planned_stop`: where it was to be, when that is another platform."""

    is_expected: bool = False
    is_added: bool = False
    planned_at: datetime | None = None
    planned_stop: int | None = None
    late_s: int = 0

    @property
    def is_moved(self) -> bool:
        """Whether the hour is another than planned, by a minute at least."""
        return self.planned_at is not None and abs(self.late_s) >= LATE_S


NOTHING = Status()


def status_of(
    live: LiveNetwork, trip: int, position: int, stop: int, at: datetime, *, arriving: bool = False
) -> Status:
    """The status of a call that is shown at `at`."""
    overlay = None if live.today is None else live.today.overlay
    if overlay is None:
        return NOTHING
    if overlay.planned_trip_of(trip) == NONE:
        return Status(is_expected=True, is_added=True)
    if overlay.word_of(trip, position) != EXPECTED:
        return NOTHING
    planned = overlay.planned_call(trip, position)
    if planned is None:
        return Status(is_expected=True)
    planned_s = planned.arrive_s if arriving else planned.depart_s
    moved = planned.stop if planned.stop != stop else None
    return Status(True, False, datetime.fromtimestamp(planned_s, UTC), moved, int(at.timestamp()) - planned_s)


def ride_calls(live: LiveNetwork, ride: Ride) -> list[tuple[int, int]]:
    """(trip, position) of each visit of a ride."""
    first = names.first_trip(ride)
    start = names.boarding_position(live.timetable, first, ride.visits[0].stop, ride.visits[-1].stop)
    out = []
    for at in range(len(ride.visits)):
        trip, begin = [each for each in ride.trips if each[1] <= at][-1]
        out.append((trip, at - begin + (start if trip == first else 0)))
    return out


def skipped(live: LiveNetwork, ride: Ride) -> set[int]:
    """The visits of a ride (by number) where it does not stop today."""
    overlay = None if live.today is None else live.today.overlay
    if overlay is None:
        return set()
    return {
        n for n, (trip, position) in enumerate(ride_calls(live, ride)) if overlay.word_of(trip, position) == SKIPPED
    }


def is_missed(live: LiveNetwork, ride: Ride) -> bool:
    """Whether a ride of the planned timetable cannot be boarded today."""
    overlay = None if live.today is None else live.today.overlay
    if overlay is None:
        return False
    trip, at = names.first_trip(ride), int(ride.depart_at.timestamp())
    return any(each.trip == trip and each.depart_s == at for each in overlay.unserved_at.get(ride.visits[0].stop, ()))


def unserved_departures(
    live: LiveNetwork, stops: Collection[int], since: datetime, until: datetime
) -> list[tuple[Departure, Unserved]]:
    """The planned departures of a board where nobody gets on today, in order of time."""
    overlay = None if live.today is None else live.today.overlay
    if overlay is None:
        return []
    low, high = since.timestamp(), until.timestamp()
    found = [
        each for stop in sorted(set(stops)) for each in overlay.unserved_at.get(stop, ()) if low <= each.depart_s < high
    ]
    found.sort(key=lambda each: (each.depart_s, each.trip))
    return [
        (
            Departure(
                datetime.fromtimestamp(each.depart_s, UTC), each.stop, each.trip, each.position, each.service_day,
                each.shift_s, each.by_frequency,
            ),
            each,
        )
        for each in found
    ]  # fmt: skip


def notices(
    live: LiveNetwork,
    at: datetime,
    *,
    routes: Iterable[int] = (),
    stops: Iterable[int] = (),
    trips: Iterable[int] = (),
    every_line: bool = False,
) -> list[Notice]:
    """What is said at `at` of any of these lines, stops or trips, or of the whole network. `every_line`: also of lines
    not named, at these stops (some only set down there)."""
    if live.today is None:
        return []
    lines, places, vehicles, now = set(routes), set(stops), set(trips), int(at.timestamp())
    return [
        each
        for each in live.today.notices
        if each.alert.active(now)
        and (
            each.everywhere
            or lines & each.routes
            or places & each.stops
            or vehicles & each.trips
            or any(stop in places and (every_line or line in lines) for line, stop in each.pairs)
        )
    ]


def journey_notices(live: LiveNetwork, journey: Journey) -> list[Notice]:
    """What is said of a journey's lines, trips, and of the stops where one gets on or off."""
    overlay = None if live.today is None else live.today.overlay
    routes, stops, trips = set(), set(), set()
    for ride in journey.rides:
        for trip, _ in ride.trips:
            planned = trip if overlay is None else overlay.planned_trip_of(trip)
            routes.add(int(live.timetable.trip_route[trip]))
            trips.add(planned)
        stops |= {ride.visits[0].stop, ride.visits[-1].stop}
    return notices(live, journey.depart_at, routes=routes, stops=stops, trips=trips)


def text_of(texts: Mapping[str, str], language: str) -> str:
    """A text in this language, else in French, else in any."""
    return texts.get(language) or texts.get("fr") or texts.get("") or next(iter(texts.values()), "")


def age_of(live: LiveNetwork) -> Decision | None:
    """How old realtime is, or that it is too old to be used; None where there is none."""
    if live.today is None or not live.today.heard:
        return None
    if live.today.at is not None:
        return Decision("planner.realtime_at", at=datetime.fromtimestamp(live.today.at, UTC))
    stale = [each.at for each in live.today.heard if each.is_stale and each.at is not None]
    if stale:
        return Decision("planner.realtime_stale", at=datetime.fromtimestamp(max(stale), UTC))
    return None
