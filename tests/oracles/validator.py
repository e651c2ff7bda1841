"""Re-checks journeys from the raw files of the feeds: is each leg really offered, each change really possible?

Of the product it reads only values: the `Journey`, and the timetable's columns of ids, to know which row of which
file a leg speaks of. Days, times, flags, joins and transfer rules come from `tests.oracles.spec`, whose numbered
rules apply. A fault is a sentence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from tests.oracles.spec import Trip, World, crow_m, rows

WALK_SLACK_M = 3.0  # products round metres and use other spheres


@dataclass(frozen=True)
class Ridden:
    """A ride found in the raw files: its first and last trips and the positions there."""

    first: Trip
    board: int
    last: Trip
    alight: int


class Validator:
    """Checks answers made with `timetable` against the raw files of its feeds, by feed name."""

    def __init__(self, timetable: Any, worlds: Mapping[str, World]) -> None:
        self.timetable = timetable
        self.worlds = worlds
        self.routes: dict[str, dict[str, dict[str, str]]] = {
            name: {row["route_id"]: row for row in rows(world.files, "routes.txt")} for name, world in worlds.items()
        }

    def faults(self, journey: Any, query: Any) -> list[str]:
        """What is wrong with the journey as an answer to the query; empty when nothing is."""
        return list(self._faults(journey, query))

    def _faults(self, journey: Any, query: Any) -> Iterator[str]:
        legs = journey.legs
        if not legs:
            yield "no leg"
            return
        yield from self._frame(journey, query)
        for one, other in pairwise(legs):
            if other.depart_at < one.arrive_at:
                yield f"a leg leaves at {other.depart_at} before the one before it arrives at {one.arrive_at}"
            if _end(one) != _start(other):
                yield f"a leg ends at stop {self._stop(_end(one))}, the next begins at {self._stop(_start(other))}"
            if not _is_ride(one) and not _is_ride(other):
                yield "two walks in a row"
        ridden: list[Ridden | None] = []
        for leg in legs:
            if _is_ride(leg):
                found = self._ride(leg)
                if isinstance(found, str):
                    yield found
                    ridden.append(None)
                else:
                    ridden.append(found)
                    yield from self._limits(leg, query)
            else:
                yield from self._walk(leg, query)
        yield from self._changes(journey, ridden, query)

    # --- the whole

    def _frame(self, journey: Any, query: Any) -> Iterator[str]:
        legs = journey.legs
        if journey.depart_at != legs[0].depart_at or journey.arrive_at != legs[-1].arrive_at:
            yield "the journey's hours are not those of its first and last legs"
        if any(moment.utcoffset() is None for moment in (journey.depart_at, journey.arrive_at)):
            yield "an instant without its zone"
        if query.arrive_by:
            if journey.arrive_at > query.at:
                yield f"arrives at {journey.arrive_at}, after {query.at}"
        elif journey.depart_at < query.at:
            yield f"leaves at {journey.depart_at}, before {query.at}"
        limits = query.limits
        if len(journey.rides) > limits.vehicles_max:
            yield f"{len(journey.rides)} vehicles, {limits.vehicles_max} allowed"
        if (journey.arrive_at - journey.depart_at).total_seconds() > limits.duration_s_max:
            yield "longer than allowed"
        for endpoint, stop, word in (
            (query.origin, _start(legs[0]), "begins"),
            (query.destination, _end(legs[-1]), "ends"),
        ):
            if stop is not None and endpoint.point is None and not self._within(stop, endpoint.stops):
                yield f"{word} at {self._stop(stop)}, not where asked"

    def _within(self, stop: int, stops: Sequence[int]) -> bool:
        return stop in stops or int(self.timetable.stop_parent[stop]) in stops

    # --- rides

    def _ride(self, ride: Any) -> Ridden | str:
        """The ride in the raw files, or what is wrong with it."""
        ends = [begin for _, begin in ride.trips[1:]] + [len(ride.visits)]
        found: list[tuple[Trip, int, int, int]] = []  # trip, first and last position, shift
        day = ride.service_day
        for number, ((row, begin), end) in enumerate(zip(ride.trips, ends, strict=True)):
            world, trip = self._trip(row)
            if trip is None:
                return f"trip {self._trip_id(row)} does not run in the raw files"
            if found:
                before = found[-1][0]
                days = [on for other, on in world.continues_as(before, day) if other is trip]
                if not days:
                    return f"trip {before.trip_id} does not become {trip.trip_id} on {day}"
                day = days[0]
                if day > ride.service_day + timedelta(days=1):
                    return f"trip {trip.trip_id} is ridden over two changes of service day"
            if not world.runs_on(trip, day):
                return f"trip {trip.trip_id} does not run on {day}"
            if number + 1 < len(ends) and str(self.timetable.stop_id[ride.visits[end].stop]) == trip.calls[-1].stop:
                end += 1  # the visit where a trip becomes another belongs to both
            visits = ride.visits[begin:end]
            if not visits:
                return f"trip {trip.trip_id} is named without a visit"
            place = self._locate(world, trip, day, visits, whole_first=number > 0, whole_last=number + 1 < len(ends))
            if place is None:
                return f"{trip.trip_id} on {day} does not call like that: {self._shown(visits)}"
            position, shift = place
            if ride.by_frequency != (not dict(world.shifts(trip)).get(shift, True)):
                return f"trip {trip.trip_id}: by_frequency is {ride.by_frequency}"
            found.append((trip, position, position + len(visits) - 1, shift))
        first, board, _, _ = found[0]
        last, _, alight, _ = found[-1]
        if len(ride.visits) < 2:
            return f"a ride on {first.trip_id} that goes nowhere"
        if not first.calls[board].may_board:
            return f"nobody may board {first.trip_id} at position {board}"
        if not last.calls[alight].may_alight:
            return f"nobody may leave {last.trip_id} at position {alight}"
        return Ridden(first, board, last, alight)

    def _locate(
        self, world: World, trip: Trip, day: date, visits: Sequence[Any], *, whole_first: bool, whole_last: bool
    ) -> tuple[int, int] | None:
        """(position, shift) where the trip calls as `visits` say; one that is joined to another, from or to its end."""
        start = world.day_start(day)
        stops = [str(self.timetable.stop_id[visit.stop]) for visit in visits]
        count = len(visits)
        for position in range(len(trip.calls) - count + 1):
            if (whole_first and position > 0) or (whole_last and position + count < len(trip.calls)):
                continue
            calls = trip.calls[position : position + count]
            if [call.stop for call in calls] != stops:
                continue
            for shift, _ in world.shifts(trip):
                if all(
                    _fits(call, start + shift, visit, first=i == 0, last=i == count - 1)
                    for i, (call, visit) in enumerate(zip(calls, visits, strict=True))
                ):
                    return position, shift
        return None

    def _limits(self, ride: Any, query: Any) -> Iterator[str]:
        limits = query.limits
        for row, _ in ride.trips:
            world, trip = self._trip(row)
            assert trip is not None
            name = self._feed(row)
            route = self.routes[name][trip.route_id]
            if limits.wheelchair and not trip.wheelchair:
                yield f"trip {trip.trip_id} is not known to take a wheelchair"
            if limits.route_types is not None and int(route["route_type"]) not in limits.route_types:
                yield f"route {trip.route_id} is of type {route['route_type']}"
            if f"{name}:{trip.route_id}" in limits.without_routes:
                yield f"route {trip.route_id} was to be avoided"
            if limits.only_agencies is not None and f"{name}:{route['agency_id']}" not in limits.only_agencies:
                yield f"agency {route['agency_id']} was not asked for"
        if limits.wheelchair:
            for visit in (ride.visits[0], ride.visits[-1]):
                if not world.wheelchair_stop(str(self.timetable.stop_id[visit.stop])):
                    yield f"stop {self._stop(visit.stop)} is not known to be accessible"

    # --- walks and changes

    def _walk(self, walk: Any, query: Any) -> Iterator[str]:
        took = (walk.arrive_at - walk.depart_at).total_seconds()
        if took < 0:
            yield "a walk ends before it begins"
        door = walk.from_stop is None or walk.to_stop is None
        if door and walk.distance_m > query.limits.walk_m_max:
            yield f"a walk of {walk.distance_m} m, {query.limits.walk_m_max} allowed"
        if door:
            inside = walk.to_stop if walk.from_stop is None else walk.from_stop
            outside = query.origin if walk.from_stop is None else query.destination
            starts = self._places(query.origin) if inside is None else self._places(outside)
            ends = self._places(query.destination) if inside is None else [self._position(inside)]
            crow = min((crow_m(a, b) for a in starts for b in ends), default=0.0)
            if walk.distance_m + WALK_SLACK_M < crow:
                yield f"a walk of {walk.distance_m} m between places {crow:.0f} m apart"
            if took + 1 < crow / self._rules().speed_m_s:
                yield f"a walk of {took} s over {crow:.0f} m"

    def _places(self, endpoint: Any) -> list[tuple[float, float]]:
        """Where an endpoint may be: its point, or the positions of its stops and of the stops of its stations."""
        if endpoint.point is not None:
            return [(endpoint.point.lat, endpoint.point.lon)]
        inside = [row for row, parent in enumerate(self.timetable.stop_parent) if parent in endpoint.stops]
        return [self._position(stop) for stop in (*endpoint.stops, *inside)]

    def _changes(self, journey: Any, ridden: Sequence[Ridden | None], query: Any) -> Iterator[str]:
        legs = list(journey.legs)
        rides = [i for i, leg in enumerate(legs) if _is_ride(leg)]
        for number, (i, j) in enumerate(pairwise(rides)):
            one, other = ridden[number], ridden[number + 1]
            if one is None or other is None:
                continue
            stop, to_stop = legs[i].visits[-1].stop, legs[j].visits[0].stop
            have = (legs[j].depart_at - legs[i].arrive_at).total_seconds()
            if stop != to_stop and j == i + 1:
                yield f"from {self._stop(stop)} to {self._stop(to_stop)} without a walk"
            need = self._need(stop, one, to_stop, other)
            if need is None:
                yield f"no way from {one.last.trip_id} to {other.first.trip_id} at {self._stop(to_stop)}"
            elif have < need + query.limits.change_s_extra:
                yield (
                    f"{have} s to change from {one.last.trip_id} at {self._stop(stop)} to {other.first.trip_id} at "
                    f"{self._stop(to_stop)}, {need} + {query.limits.change_s_extra} needed"
                )

    def _need(self, stop: int, one: Ridden, to_stop: int, other: Ridden) -> int | None:
        feed, to_feed = (self._name(int(self.timetable.stop_feed[s])) for s in (stop, to_stop))
        stop_id, to_id = str(self.timetable.stop_id[stop]), str(self.timetable.stop_id[to_stop])
        if feed == to_feed:
            return self.worlds[feed].transfer_s(stop_id, one.last, to_id, other.first)
        rules = self._rules()
        crow = crow_m(self.worlds[feed].position(stop_id), self.worlds[to_feed].position(to_id))
        return (
            None
            if crow > rules.link_m_max + WALK_SLACK_M
            else int(crow * rules.detour / rules.speed_m_s) + rules.change_s
        )

    # --- rows to raw ids

    def _rules(self) -> Any:
        return next(iter(self.worlds.values())).rules

    def _name(self, feed: int) -> str:
        return str(self.timetable.feed_name[feed])

    def _feed(self, trip_row: int) -> str:
        return self._name(int(self.timetable.trip_feed[trip_row]))

    def _trip_id(self, row: int) -> str:
        return str(self.timetable.trip_id[row])

    def _trip(self, row: int) -> tuple[World, Trip | None]:
        world = self.worlds[self._feed(row)]
        return world, world.trips.get(self._trip_id(row))

    def _stop(self, row: int | None) -> str:
        return "the door" if row is None else str(self.timetable.stop_id[row])

    def _position(self, row: int) -> tuple[float, float]:
        return self.worlds[self._name(int(self.timetable.stop_feed[row]))].position(str(self.timetable.stop_id[row]))

    def _shown(self, visits: Sequence[Any]) -> str:
        return ", ".join(f"{self._stop(v.stop)} {v.arrive_at:%d %H:%M:%S}/{v.depart_at:%H:%M:%S}" for v in visits)


def _fits(call: Any, start: int, visit: Any, *, first: bool, last: bool) -> bool:
    """Whether the visit's times are the call's; within its bounds where the feed gives none. What comes before
    getting on or after getting off is not promised, and may be anything ordered."""
    arrive, depart = int(visit.arrive_at.timestamp()) - start, int(visit.depart_at.timestamp()) - start
    if call.guessed:
        return bool(call.arrive_s <= arrive <= depart <= call.depart_s)
    return (first or arrive == call.arrive_s) and (last or depart == call.depart_s)


def _is_ride(leg: Any) -> bool:
    return hasattr(leg, "visits")


def _start(leg: Any) -> int | None:
    stop: int | None = leg.visits[0].stop if _is_ride(leg) else leg.from_stop
    return stop


def _end(leg: Any) -> int | None:
    stop: int | None = leg.visits[-1].stop if _is_ride(leg) else leg.to_stop
    return stop
