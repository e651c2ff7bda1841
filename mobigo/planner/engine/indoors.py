"""Between a door and the platforms of stations that are described: along the streets to an entrance, and by its
pathways. What is reached from the street itself is reached as before (`reach`, `onfoot`)."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from math import isfinite
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.network.engine.pathways import Hop, Inside
from mobigo.network.engine.stationsteps import steps_within
from mobigo.network.model.pathways import ENTRANCE, Stations
from mobigo.network.model.streets import Mover
from mobigo.network.model.timetable import F64, Timetable
from mobigo.planner.engine.reach import METRES_A_DEGREE, nodes_of
from mobigo.planner.model import AccessEgress, Direction, Reach, WalkedWay

BETWEEN_M_MAX = 1_200  # outside, from a station to a stop near by
_ARRIVE = "streets.arrive"


class Measuring(AccessEgress, Protocol):
    """`AccessEgress` that measures the way to several points at once."""

    def to_points(
        self, point: Point, others: Sequence[Point], m_max: int, leaving: bool
    ) -> list[tuple[int, int] | None]:
        """(seconds, metres) from `point` to each of the others (not `leaving`: from each to it); None beyond."""


class Door(NamedTuple):
    """An entrance, and (seconds, metres) from it to each platform behind it, and from each. `place`: the inside place
    it is, -1 for one that the map of the streets alone knows (`streetdoors`); `behind`: the platforms one gets to by
    such entrances only."""

    point: Point
    name: str
    enters: dict[int, tuple[int, int]]
    leaves: dict[int, tuple[int, int]]
    behind: frozenset[int] = frozenset()
    place: int = -1


OtherDoors = Callable[[NDArray[np.bool_]], Sequence[Door]]  # given the platforms that pathways decide


class Indoors:
    """The stations of a timetable whose entrances are known, for one kind of walker: made once, the same whatever runs
    today. `others` gives the entrances of those that no pathway describes."""

    def __init__(self, timetable: Timetable, mover: Mover, others: OtherDoors | None = None) -> None:
        self.stations = Stations.of(timetable)
        self.inside = Inside(self.stations, mover)
        self.enclosed = np.zeros(len(timetable.stop_lat), np.bool_)
        self.enclosed[timetable.enclosed_stop] = True
        self._position = timetable.stop_lat, timetable.stop_lon
        s = self.stations
        self.doors: list[Door] = []
        for place in np.flatnonzero(s.inside_type == ENTRANCE).tolist():
            point = self.point(place)
            if point is None:
                continue
            enters, leaves = (
                self._platforms(self.inside.spread([place], against)) for against in (False, True)
            )  # fmt: skip
            if enters or leaves:
                self.doors.append(Door(point, str(s.inside_name[place]), enters, leaves, place=place))
        for door in () if others is None else others(self.enclosed):
            self.doors.append(door)
            self.enclosed[list(door.behind)] = True
        self.lat = np.array([door.point.lat for door in self.doors])
        self.lon = np.array([door.point.lon for door in self.doors])
        self.of_stop: dict[int, list[Door]] = defaultdict(list)
        for door in self.doors:
            for stop in sorted(door.enters.keys() | door.leaves.keys()):
                self.of_stop[stop].append(door)

    def point(self, place: int) -> Point | None:
        """Where an inside place is, if that is told."""
        lat, lon = float(self.stations.inside_lat[place]), float(self.stations.inside_lon[place])
        return Point(lat, lon) if isfinite(lat) and isfinite(lon) else None

    def stop_point(self, stop: int) -> Point:
        """Where a stop is."""
        return Point(float(self._position[0][stop]), float(self._position[1][stop]))

    def near(self, point: Point, straight_m_max: float) -> list[Door]:
        """The entrances within that distance as the crow flies."""
        if not self.doors:
            return []
        dy = (self.lat - point.lat) * METRES_A_DEGREE
        dx = (self.lon - point.lon) * METRES_A_DEGREE * np.cos(np.radians((self.lat + point.lat) / 2))
        return [self.doors[row] for row in np.flatnonzero(np.hypot(dy, dx) <= straight_m_max).tolist()]

    def left(self, time_s: F64) -> list[tuple[Point, int]]:
        """Each entrance by which one comes out, and the soonest, when enclosed platforms are reached at `time_s` (a row
        a stop; negative: not reached)."""
        out = []
        for door in self.doors:
            soonest = [int(time_s[stop]) + cost[0] for stop, cost in door.leaves.items() if time_s[stop] >= 0]
            if soonest:
                out.append((door.point, min(soonest)))
        return out

    def walked(self, hops: Sequence[Hop]) -> WalkedWay:
        """A way inside: its line, where its places have positions, and its instructions."""
        places = [hops[0].start, *(hop.end for hop in hops)] if hops else []
        path = tuple(point for point in map(self.point, places) if point is not None)
        steps = steps_within(self.stations, hops)
        return WalkedWay(path, tuple(Direction(step.what, step.length_m) for step in steps))

    def _platforms(self, reached: dict[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
        """What is reached, by enclosed platform."""
        found: dict[int, tuple[int, int]] = {}
        for place, cost in reached.items():
            stop = int(self.stations.inside_stop[place])
            if stop >= 0 and self.enclosed[stop]:
                found[stop] = min(cost, found.get(stop, cost))
        return found


class ByEntrances:
    """`AccessEgress` that gets to enclosed platforms by an entrance, the best for each; `outside` does the rest."""

    def __init__(self, outside: Measuring, indoors: Indoors) -> None:
        self._outside, self._indoors = outside, indoors

    def reach(self, timetable: Timetable, point: Point, walk_m_max: int, leaving: bool) -> Reach:
        """The nodes of the stops whose walk, pathways included, is `walk_m_max` or shorter."""
        plain = self._outside.reach(timetable, point, walk_m_max, leaving)
        best = self._best(point, walk_m_max, leaving)
        if not best and not self._indoors.enclosed[timetable.node_stop[plain.node]].any():
            return plain
        kept = ~self._indoors.enclosed[timetable.node_stop[plain.node]]
        stops = np.array(sorted(best), np.int32)
        costs = np.array([best[stop][0] for stop in stops.tolist()], np.float64).reshape(-1, 2)
        inside = nodes_of(timetable, stops, costs[:, 0], costs[:, 1])
        node = np.concatenate([plain.node[kept], inside.node])
        order = np.argsort(node, kind="stable")
        return Reach(
            node[order],
            np.concatenate([plain.time_s[kept], inside.time_s])[order],
            np.concatenate([plain.walk_m[kept], inside.walk_m])[order],
            paced=False,
        )

    def direct(self, a: Point, b: Point, walk_m_max: int) -> tuple[int, int] | None:
        """Outside."""
        return self._outside.direct(a, b, walk_m_max)

    def to_points(
        self, point: Point, others: Sequence[Point], m_max: int, leaving: bool
    ) -> list[tuple[int, int] | None]:
        """Outside."""
        return self._outside.to_points(point, others, m_max, leaving)

    def ways(self, point: Point, others: Sequence[Point], walk_m_max: int, leaving: bool) -> list[WalkedWay]:
        """Outside."""
        return self._outside.ways(point, others, walk_m_max, leaving)

    def ways_to(self, point: Point, stops: Sequence[int], walk_m_max: int, leaving: bool) -> list[WalkedWay]:
        """The ways between `point` and each of the stops, by the entrance that `reach` chose."""
        best = self._best(point, walk_m_max, leaving)
        by_door = [stop for stop in stops if self._indoors.enclosed[stop] and stop in best]
        doors = [best[stop][1] for stop in by_door]
        others = [stop for stop in stops if stop not in set(by_door)]
        targets = [self._indoors.stop_point(stop) for stop in others] + [door.point for door in doors]
        ways = self._outside.ways(point, targets, walk_m_max, leaving) if targets else []
        found = dict(zip(others, ways, strict=False))
        for stop, door, street in zip(by_door, doors, ways[len(others) :], strict=True):
            found[stop] = self._by(point, stop, door, street, walk_m_max, leaving)
        return [found[stop] for stop in stops]

    def between(self, a: int, b: int) -> WalkedWay | None:
        """The way of a change from a stop to another, where pathways have a part in it."""
        inside = self._indoors.inside
        if inside.places.get(a) and inside.places.get(b):
            hops = inside.way(inside.places[a], inside.places[b])
            if hops is not None:
                return self._indoors.walked(hops)
        if not (self._indoors.enclosed[a] or self._indoors.enclosed[b]):
            return None
        return self._outside_between(a, b)

    def _outside_between(self, a: int, b: int) -> WalkedWay | None:
        """Out by one entrance, along the street, and in by another."""
        best: tuple[tuple[int, int], Door | None, Door | None, int] | None = None
        into = self._ends(b, leaving=False)
        for out_door, start, (out_s, out_m) in self._ends(a, leaving=True):
            told = self._outside.to_points(start, [point for _door, point, _cost in into], BETWEEN_M_MAX, leaving=True)
            for (in_door, _point, (in_s, in_m)), street in zip(into, told, strict=True):
                if street is not None:
                    cost = out_s + street[0] + in_s, out_m + street[1] + in_m
                    if best is None or cost < best[0]:
                        best = cost, out_door, in_door, street[1]
        if best is None:
            return None
        _cost, out_door, in_door, street_m = best
        start, end = (
            self._indoors.stop_point(stop) if door is None else door.point
            for stop, door in ((a, out_door), (b, in_door))
        )
        [street_way] = self._outside.ways(start, [end], BETWEEN_M_MAX, leaving=True)
        path: tuple[Point, ...] = ()
        said: list[Direction] = []
        if out_door is not None:
            before = self._within(a, out_door, leaving=False)
            path, said = before.path, [*before.directions, self._said("leave", out_door, street_m, street_way)]
        path = (*path, *(street_way.path or (start, end)))
        said += _without_end(street_way.directions) if in_door is not None else street_way.directions
        if in_door is not None:
            after = self._within(b, in_door, leaving=True)
            if out_door is None or street_way.directions:
                said.append(self._said("enter", in_door, street_m, street_way))
            else:
                said.append(Direction(Decision("pathways.enter", name=self._name(in_door)), 0))
            path, said = (*path, *after.path), [*said, *after.directions]
        return WalkedWay(path, tuple(said))

    def _ends(self, stop: int, leaving: bool) -> list[tuple[Door | None, Point, tuple[int, int]]]:
        if not self._indoors.enclosed[stop]:
            return [(None, self._indoors.stop_point(stop), (0, 0))]
        doors = self._indoors.of_stop.get(stop, [])
        costs = [(door, door.leaves if leaving else door.enters) for door in doors]
        return [(door, door.point, cost[stop]) for door, cost in costs if stop in cost]

    def _best(self, point: Point, walk_m_max: int, leaving: bool) -> dict[int, tuple[tuple[int, int], Door]]:
        """For each enclosed platform within reach: (seconds, metres), and its best entrance."""
        doors = self._indoors.near(point, walk_m_max)
        if not doors:
            return {}
        told = self._outside.to_points(point, [door.point for door in doors], walk_m_max, leaving)
        best: dict[int, tuple[tuple[int, int], Door]] = {}
        for door, street in zip(doors, told, strict=True):
            if street is None:
                continue
            for stop, (time_s, length_m) in (door.enters if leaving else door.leaves).items():
                cost = street[0] + time_s, street[1] + length_m
                if cost[1] <= walk_m_max and (stop not in best or cost < best[stop][0]):
                    best[stop] = cost, door
        return best

    def _by(self, point: Point, stop: int, door: Door, street: WalkedWay, walk_m_max: int, leaving: bool) -> WalkedWay:
        [told] = self._outside.to_points(point, [door.point], walk_m_max, leaving)
        street_m = 0 if told is None else told[1]
        within = self._within(stop, door, leaving)
        if leaving:
            path = (*(street.path or (point, door.point)), *within.path)
            said = [*_without_end(street.directions), self._said("enter", door, street_m, street), *within.directions]
        else:
            path = (*within.path, *(street.path or (door.point, point)))
            said = [*within.directions, self._said("leave", door, street_m, street), *street.directions]
        return WalkedWay(path, tuple(said))

    def _within(self, stop: int, door: Door, leaving: bool) -> WalkedWay:
        """From the entrance to the platform (`leaving` a door of a house), or back."""
        if door.place < 0:
            ends = door.point, self._indoors.stop_point(stop)
            return WalkedWay(ends if leaving else ends[::-1])
        inside = self._indoors.inside
        places = inside.places.get(stop, [])
        hops = inside.way([door.place], places) if leaving else inside.way(places, [door.place])
        return self._indoors.walked(hops or [])

    def _said(self, verb: str, door: Door, street_m: int, street: WalkedWay) -> Direction:
        """Entering or leaving by a door; where the streets are not known, the metres outside go with it."""
        if street.directions:
            return Direction(Decision(f"pathways.{verb}", name=self._name(door)), 0)
        code = {"enter": "pathways.go_enter", "leave": "pathways.leave"}[verb]
        return Direction(Decision(code, name=self._name(door)), street_m)

    def _name(self, door: Door) -> str:
        return door.name


def ways_to(
    along: AccessEgress, timetable: Timetable, here: Point, stops: Sequence[int], m_max: int, leaving: bool
) -> list[WalkedWay]:
    """The ways from `here` to each of the stops (`leaving`), or from each to it."""
    if isinstance(along, ByEntrances):
        return along.ways_to(here, stops, m_max, leaving)
    points = [Point(float(timetable.stop_lat[stop]), float(timetable.stop_lon[stop])) for stop in stops]
    return along.ways(here, points, m_max, leaving)


def _without_end(directions: Sequence[Direction]) -> list[Direction]:
    """The instructions less "you are there": one goes on inside."""
    return [each for each in directions if each.what.code != _ARRIVE]
