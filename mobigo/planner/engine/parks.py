"""By one's own car to a car park and on foot to a stop, or back from there. The streets say each part; as the crow
flies where they are not known."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from mobigo.base.geo import Point, distance_m
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine import parted
from mobigo.planner.engine.hubs import Measuring
from mobigo.planner.engine.reach import DETOUR
from mobigo.planner.model import By, Journey, Leg, Reach, Spot, Walk, WalkedWay
from mobigo.planner.rules.parks import Parking

STOP_M_MAX = 600  # between a car park and a stop
PARKS_MAX = 300  # looked at around a door, the nearest
DRIVE_M_MAX = 60_000
FULL_SAID_MAX = 3

_Way = tuple[Spot, tuple[int, int], tuple[int, int]]  # the park; seconds and metres by car, and on foot


class ParkedCar:
    """`AccessEgress` by car and on foot, the car being left at (taken from) a car park, for one question. `near` keeps,
    for the network, the stops around each car park; `stow_s`: leaving or fetching the car."""

    def __init__(
        self, parking: Parking, walking: Measuring, driving: Measuring, near: dict[tuple[Point, bool, str], Reach],
        walker: str, stow_s: int,
    ) -> None:  # fmt: skip
        self._parking, self._walking, self._driving = parking, walking, driving
        self._near, self._walker, self._stow_s = near, walker, stow_s
        self._ways: dict[tuple[bool, int], _Way] = {}

    @property
    def stands_somewhere(self) -> bool:
        """Whether the car stands in a car park already, whatever stop it was left for."""
        return self._parking.kept

    def reach(self, timetable: Timetable, point: Point, walk_m_max: int, leaving: bool) -> Reach:
        """The stops that a car park brings one near to (not `leaving`: near from); metres are those of both parts, and
        the seconds do not count leaving the car."""
        close = sorted(
            (flown * DETOUR, i)
            for i, spot in enumerate(self._parking.spots)
            if (flown := distance_m(point, spot.point)) <= walk_m_max
        )
        spots = [self._parking.spots[i] for _m, i in close[:PARKS_MAX]]
        drives = self._driving.to_points(point, [spot.point for spot in spots], walk_m_max, leaving)
        best: dict[int, tuple[int, int]] = {}
        for spot, drive in zip(spots, drives, strict=True):
            if drive is None:
                continue
            stops = self._stops_near(timetable, spot.point, leaving)
            rows = zip(stops.node.tolist(), stops.time_s.tolist(), stops.walk_m.tolist(), strict=True)
            for node, seconds, metres in rows:
                found = drive[0] + seconds, drive[1] + metres
                if node not in best or found < best[node]:
                    best[node] = found
                    self._ways[leaving, int(timetable.node_stop[node])] = spot, drive, (seconds, metres)
        ordered = sorted(best)
        columns = np.array([(node, *best[node]) for node in ordered], np.int32).reshape(-1, 3)
        node_row, time_row, walk_row = (np.ascontiguousarray(columns[:, i]) for i in range(3))
        return Reach(node_row, time_row, walk_row, paced=False)

    def direct(self, a: Point, b: Point, walk_m_max: int) -> tuple[int, int] | None:
        """None: nobody leaves a car to have arrived."""
        return None

    def ways(self, point: Point, others: Sequence[Point], walk_m_max: int, leaving: bool) -> list[WalkedWay]:
        """Each part has its own: `drawn`."""
        return [WalkedWay()] * len(others)

    def split(self, journey: Journey) -> Journey:
        """The journey with each leg by car in its two parts."""
        return parted.split(journey, By.CAR, self._parts)

    def drawn(self, journey: Journey, door_a: Point | None, door_b: Point | None, places: Timetable) -> Journey:
        """The journey with both parts drawn along the streets."""
        return parted.drawn(
            journey, door_a, door_b, places,
            lambda by: (self._driving, DRIVE_M_MAX) if by is By.CAR else (self._walking, 2 * STOP_M_MAX),
        )  # fmt: skip

    def full_near(self, point: Point, m_max: int) -> list[str]:
        """The names of the car parks that are full, and nearest to a door."""
        close = sorted((m, each.name) for each in self._parking.full if (m := distance_m(point, each.point)) <= m_max)
        return list(dict.fromkeys(name for _m, name in close))[:FULL_SAID_MAX]

    def _parts(self, leg: Walk) -> list[Leg]:
        leaving = leg.from_stop is None
        stop = leg.to_stop if leaving else leg.from_stop
        if stop is None or (leaving, stop) not in self._ways:
            raise LookupError("a way by car that was not searched")
        spot, drive, foot = self._ways[leaving, stop]
        if leaving:
            at = leg.depart_at + timedelta(seconds=drive[0] + self._stow_s)
            parts = [
                Walk(None, None, leg.depart_at, at, drive[1], by=By.CAR, to_spot=spot),
                Walk(None, stop, at, at + timedelta(seconds=foot[0]), foot[1], from_spot=spot),
            ]
        else:
            at = leg.depart_at + timedelta(seconds=foot[0])
            parts = [
                Walk(stop, None, leg.depart_at, at, foot[1], to_spot=spot),
                Walk(None, None, at, leg.arrive_at, drive[1], by=By.CAR, from_spot=spot),
            ]
        return [part for part in parts if part.by is By.CAR or part.distance_m]

    def _stops_near(self, timetable: Timetable, point: Point, leaving: bool) -> Reach:
        key = point, leaving, self._walker
        if key not in self._near:
            if len(self._near) > 20_000:
                self._near.clear()
            self._near[key] = self._walking.reach(timetable, point, STOP_M_MAX, leaving)
        return self._near[key]
