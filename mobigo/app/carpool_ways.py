"""The join of the planner and the carpool lines: ways along a line between two positions, for the planner to show.

The planner declares what it asks (`mobigo.planner.model.CarpoolLines`); what is answered comes from `covoit`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from covoit.model.lines import ExpectedWait, Guarantee, Line, LineStop, PlaceNear, WaitFrom
from covoit.rules import lines as rules
from mobigo.app.carpool_places import Joined, joined, of_line
from mobigo.base.decisions import Decision
from mobigo.base.errors import NotFound
from mobigo.base.geo import Point, distance_m
from mobigo.base.instants import PARIS, paris_day
from mobigo.infra.clock import now

if TYPE_CHECKING:
    from mobigo.infra.web import Services
    from mobigo.planner.model import CarpoolAtPlace, CarpoolHop, CarpoolWay

AROUND: Final = timedelta(hours=4)  # a line whose drivers come later than that is not "around that time"
RIDE_M_MIN: Final = 2_000  # under it one walks, and nothing is subsidised
WAYS_MAX: Final = 2
FAR_M: Final = 10_000  # a line whose stops lie further off is nobody's
WAIT_S_UNKNOWN: Final = 30 * 60  # counted on where nothing is known and nothing is guaranteed
DETOUR, SPEED_M_S = 1.3, 1.2  # on foot, as the planner counts without streets


@dataclass(frozen=True, slots=True)
class Ends:
    """Where one boards and alights along a line, and the walk at each end."""

    line: Line
    board: LineStop
    alight: LineStop
    direction: int
    walk_to_m: int
    walk_from_m: int
    ride_m: int

    @property
    def ride_s(self) -> int:
        """About how long the ride takes."""
        return rules.ride_s(self.line, self.ride_m)


def ends_on(line: Line, origin: Point, destination: Point, walk_m_max: int) -> Ends | None:
    """The nearest stops of a line to both ends, when both are within a walk and the ride is worth it."""
    board, to_m = _nearest(line, origin)
    alight, from_m = _nearest(line, destination)
    if to_m > walk_m_max or from_m > walk_m_max:
        return None
    return _between(line, board, alight, to_m, from_m)


def hops_on(line: Line, door: Point, walk_m_max: int, *, leaving: bool) -> list[Ends]:
    """From the stop of a line nearest to a door, when that is within a walk, to each other that is worth the ride; not
    `leaving`: from each of those to it."""
    near, walk_m = _nearest(line, door)
    if walk_m > walk_m_max:
        return []
    pairs = [(near, other, walk_m, 0) if leaving else (other, near, 0, walk_m) for other in line.stops]
    return [ends for pair in pairs if (ends := _between(line, *pair)) is not None]


def _between(line: Line, board: LineStop, alight: LineStop, walk_to_m: int, walk_from_m: int) -> Ends | None:
    if board is alight:
        return None
    leg = rules.leg_between(line, board.id, alight.id)
    ride_m = leg.to_m - leg.from_m
    return Ends(line, board, alight, leg.direction, walk_to_m, walk_from_m, ride_m) if ride_m >= RIDE_M_MIN else None


def _nearest(line: Line, point: Point) -> tuple[LineStop, int]:
    stop = min(line.stops, key=lambda each: (distance_m(each.point, point), each.id))
    return stop, round(distance_m(stop.point, point) * DETOUR)


def _away_m(line: Line, origin: Point, destination: Point) -> int:
    """How far, on foot, the worse served end is from the line."""
    return max(_nearest(line, origin)[1], _nearest(line, destination)[1])


def hours_around(ends: Ends, day: date) -> Iterator[tuple[datetime, datetime]]:
    """When drivers are expected that day, as instants."""
    for since, until in rules.hours_of_day(ends.line, ends.direction, day):
        yield _instant(day, since), _instant(day, until)


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=PARIS).astimezone(UTC)


def waits_from(ends: Ends, at: datetime, wait_s: int, *, arrive_by: bool, window_s: int) -> datetime | None:
    """When to be at the stop, and the hours it falls in decide: leaving, as soon as one can after `at`; arriving by, as
    late as still arrives. None when no driver is expected around that time."""
    walk = timedelta(seconds=_walk_s(ends.walk_to_m))
    rest = timedelta(seconds=wait_s + ends.ride_s + _walk_s(ends.walk_from_m))
    far = max(AROUND, timedelta(seconds=window_s))
    hours = sorted(hours_around(ends, paris_day(at)))
    if arrive_by:
        for since, until in reversed(hours):
            latest = min(at - rest, until - timedelta(minutes=1))
            if latest >= since and at - (latest + rest) <= far:
                return latest
        return None
    for since, until in hours:
        earliest = max(at + walk, since)
        if earliest < until and earliest - walk - at <= far:
            return earliest
    return None


def _walk_s(metres: int) -> int:
    return round(metres / SPEED_M_S)


def counted_on_s(wait: ExpectedWait, guarantee: Guarantee | None, *, sure: bool) -> int:
    """The wait one may count on: nine in ten to be on time or to catch what follows, else the mean; never more than
    what is guaranteed."""
    told = wait.nine_in_ten_min if sure and wait.nine_in_ten_min is not None else wait.mean_min
    bound = None if guarantee is None else guarantee.wait_min
    minutes = [each for each in (told, bound) if each is not None]
    return min(minutes) * 60 if minutes else WAIT_S_UNKNOWN


def wait_in_words(wait: ExpectedWait) -> Decision:
    """The expected wait and what it rests on."""
    if wait.basis is WaitFrom.HISTORY:
        return Decision(
            "carpool.wait_seen", minutes=wait.mean_min, most_minutes=wait.nine_in_ten_min, sample=wait.sample
        )
    if wait.basis is WaitFrom.DECLARED:
        return Decision("carpool.wait_declared", minutes=wait.mean_min, drivers=wait.sample)
    return Decision("carpool.wait_unknown")


class _Waits:
    """What is known of waiting and of drivers at the stops, for one question: each line's day is read once."""

    def __init__(self, services: "Services") -> None:
        from covoit.service.lines import Expected
        from mobigo.infra.db import reading

        self._expected = Expected(lambda: reading(services.engine))
        self._known: dict[tuple[str, int, str, datetime], tuple[ExpectedWait, int]] = {}

    def at(self, ends: Ends, begin: datetime) -> tuple[ExpectedWait, int]:
        """How long one waits who begins then, and how many drivers announce themselves within the hour."""
        key = (ends.line.code, ends.direction, ends.board.id, begin)
        if key not in self._known:
            self._known[key] = self._expected.at(ends.line, ends.direction, ends.board, begin)
        return self._known[key]


class CarpoolWays:
    """Answers the planner from the lines in force and what is known of their drivers."""

    def __init__(self, services: "Services") -> None:
        self._services = services

    def ways(
        self, origin: Point, destination: Point, at: datetime, *, arrive_by: bool, window_s: int, walk_m_max: int
    ) -> "Sequence[CarpoolWay]":
        """The ways along one line between two positions, soonest arrival (latest departure) first."""
        from covoit.service import lines as service

        day = paris_day(at)
        served = [
            ends
            for line in service.current_lines(day)
            if (ends := ends_on(line, origin, destination, walk_m_max)) is not None
        ]
        if not served:
            return []
        places = self._joined(day)
        waits = _Waits(self._services)
        found = [
            self._way(waits, ends, at, of_line(places, ends.line), arrive_by=arrive_by, sure=arrive_by,
                      window_s=window_s)
            for ends in served
        ]  # fmt: skip
        ways = [way for way in found if way is not None]
        if arrive_by:
            ways.sort(key=lambda way: (-way.leave_at.timestamp(), way.line))
        else:
            ways.sort(key=lambda way: (way.arrive_at, way.line))
        return ways[:WAYS_MAX]

    def hops(self, door: Point, day: date, *, leaving: bool, walk_m_max: int) -> "Sequence[CarpoolHop]":
        """Every stop of the lines that stop near a door, seen from there."""
        from covoit.service import lines as service
        from mobigo.planner.model import CarpoolHop

        found = [
            ends
            for line in service.current_lines(day)
            for ends in hops_on(line, door, walk_m_max, leaving=leaving)
        ]  # fmt: skip
        if not found:
            return []
        places, waits = self._joined(day), _Waits(self._services)

        def hop(ends: Ends) -> "CarpoolHop":
            hub, known = ends.alight if leaving else ends.board, of_line(places, ends.line)

            def way(at: datetime, arrive_by: bool, sure: bool) -> "CarpoolWay | None":
                return self._way(waits, ends, at, known, arrive_by=arrive_by, sure=sure, window_s=0)

            return CarpoolHop(ends.line.name, hub.name, hub.point, way)

        return [hop(ends) for ends in found]

    def why_none(self, origin: Point, destination: Point, at: datetime, *, walk_m_max: int) -> Decision | None:
        """A line that serves both ends and has no drivers then; else that none serves both, and the one whose stops are
        nearest to them."""
        from covoit.service import lines as service

        lines = service.current_lines(paris_day(at))
        if not lines:
            return None
        served = [ends for line in lines if (ends := ends_on(line, origin, destination, walk_m_max)) is not None]
        if served:
            ends = min(served, key=lambda each: (each.walk_to_m + each.walk_from_m, each.line.code))
            return Decision("carpool.nobody_then", line=ends.line.name, board=ends.board.name)
        away_m, code = min((_away_m(line, origin, destination), line.code) for line in lines)
        line = next(each for each in lines if each.code == code)
        if away_m > walk_m_max + FAR_M:
            return Decision("carpool.no_line")
        return Decision("carpool.line_too_far", line=line.name, km=round(away_m / 1000))

    def _way(
        self, waits: "_Waits", ends: Ends, at: datetime, places: Mapping[str, PlaceNear], *, arrive_by: bool,
        sure: bool, window_s: int,
    ) -> "CarpoolWay | None":  # fmt: skip
        from covoit.service import lines as service
        from mobigo.planner.model import CarpoolWay

        day = paris_day(at)
        guarantee = service.guarantee_on(day)
        try:
            price = service.price_on(day)
        except NotFound:  # no fare is in force that day: a way without a price is none
            return None
        # Twice: what one waits depends on the hour one begins to, and that hour on what one waits.
        begin = at
        for _ in range(2):
            wait, _drivers = waits.at(ends, begin)
            wait_s = counted_on_s(wait, guarantee, sure=sure)
            found = waits_from(ends, at, wait_s, arrive_by=arrive_by, window_s=window_s)
            if found is None:
                return None
            begin = found
        drivers = waits.at(ends, begin)[1]
        since, until = next(pair for pair in hours_around(ends, day) if pair[0] <= begin < pair[1])
        leave = begin - timedelta(seconds=_walk_s(ends.walk_to_m))
        arrive = begin + timedelta(seconds=wait_s + ends.ride_s + _walk_s(ends.walk_from_m))
        return CarpoolWay(
            line=ends.line.name,
            href=f"/covoiturage/lignes/{ends.line.code}",
            board=ends.board.name,
            board_point=ends.board.point,
            alight=ends.alight.name,
            alight_point=ends.alight.point,
            leave_at=leave,
            arrive_at=arrive,
            since=since,
            until=until,
            walk_to_m=ends.walk_to_m,
            walk_from_m=ends.walk_from_m,
            ride_s=ends.ride_s,
            distance_m=ends.ride_m,
            wait_s=wait_s,
            price=price,
            wait=wait_in_words(wait),
            guarantee=None if guarantee is None else Decision("carpool.guaranteed", minutes=guarantee.wait_min),
            drivers_expected=drivers,
            board_place=places[ends.board.id].id if ends.board.id in places else None,
            alight_place=places[ends.alight.id].id if ends.alight.id in places else None,
        )

    def _joined(self, day: date) -> Sequence[Joined]:
        """Every stop of the lines of a day with its place; nothing while no network is served."""
        from covoit.service import lines as service

        try:
            with self._services.networks.current() as live:
                return joined(live, self._services.config.home, service.current_lines(day))
        except NotFound:
            return ()

    def places_of(self, line: Line) -> Mapping[str, PlaceNear]:
        """The place of the timetable that each stop of a line is (`covoit.model.lines.StopPlaces`)."""
        return of_line(self._joined(paris_day(now())), line)

    def at_place(self, place: str) -> "Sequence[CarpoolAtPlace]":
        """The carpool lines that stop at a place of the timetable, by number."""
        from mobigo.planner.model import CarpoolAtPlace

        return [
            CarpoolAtPlace(
                each.line.name, each.line.number, f"/covoiturage/lignes/{each.line.code}?arret={each.stop.id}",
                each.stop.name, each.stop.where, each.place.distance_m,
            )
            for each in self._joined(paris_day(now()))
            if each.place is not None and each.place.id == place
        ]  # fmt: skip
