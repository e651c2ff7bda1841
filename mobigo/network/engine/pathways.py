"""The ways inside stations: the cheapest from one place to another, for one kind of walker. Plain Dijkstra: a station
is a few dozen places."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from mobigo.base.geo import Point, distance_m
from mobigo.network.model.pathways import AREA, BARRED, ENTRANCE, PathwayMode, Stations
from mobigo.network.model.streets import Mover
from mobigo.network.model.timetable import NONE
from mobigo.network.rules.pathways import Pathway, takes_s, walked_m


class Hop(NamedTuple):
    """A pathway taken: from an inside place to another, against its direction (`back`) or along."""

    pathway: int
    back: bool
    start: int
    end: int
    time_s: int
    length_m: int


Cost = tuple[int, int]  # seconds, metres on foot


class Inside:
    """The insides of a timetable's stations, for one kind of walker."""

    def __init__(self, stations: Stations, mover: Mover) -> None:
        self.stations, self.mover = stations, mover
        self._from: dict[int, list[Hop]] = defaultdict(list)
        self._to: dict[int, list[Hop]] = defaultdict(list)
        self.places: dict[int, list[int]] = defaultdict(list)  # of a stop: itself, or its boarding areas
        self.entrances: dict[int, list[int]] = defaultdict(list)  # of a station
        for place, (kind, stop, station) in enumerate(
            zip(stations.inside_type.tolist(), stations.inside_stop.tolist(), stations.inside_station.tolist(),
                strict=True)
        ):  # fmt: skip
            if stop != NONE:
                self.places[stop].append(place)
            if kind == ENTRANCE and station != NONE:
                self.entrances[station].append(place)
        self._barred = _barred(stations) if mover.wheels else frozenset[int]()
        self._link()

    def _link(self) -> None:
        s = self.stations
        ends = zip(s.pathway_from.tolist(), s.pathway_to.tolist(), s.pathway_both.tolist(), strict=True)
        for row, (a, b, both) in enumerate(ends):
            told = pathway_at(s, row)
            time_s, length_m = takes_s(told, self.mover), walked_m(told)
            if time_s is None or a in self._barred or b in self._barred:
                continue
            hops = [Hop(row, False, a, b, time_s, length_m)]
            if both and told.mode is not PathwayMode.EXIT_GATE:
                hops.append(Hop(row, True, b, a, time_s, length_m))
            for hop in hops:
                self._from[hop.start].append(hop)
                self._to[hop.end].append(hop)

    def spread(self, places: Iterable[int], against: bool = False) -> dict[int, Cost]:
        """(seconds, metres) from these places to each that can be walked to (`against`: from each to them)."""
        return {place: (time_s, length_m) for place, (time_s, length_m, _hop) in self._search(places, against).items()}

    def between_stops(self, a: int, b: int) -> Cost | None:
        """From a platform to another; None where no pathway leads there."""
        reached = self.spread(self.places.get(a, ()))
        return min((reached[place] for place in self.places.get(b, ()) if place in reached), default=None)

    def way(self, starts: Iterable[int], ends: Sequence[int]) -> list[Hop] | None:
        """The pathways of the cheapest way, in order; None where there is none."""
        reached = self._search(starts, against=False)
        there = min(((reached[end][:2], end) for end in ends if end in reached), default=None)
        if there is None:
            return None
        hops, at = [], there[1]
        while (hop := reached[at][2]) is not None:
            hops.append(hop)
            at = hop.start
        return hops[::-1]

    def _search(self, places: Iterable[int], against: bool) -> Mapping[int, tuple[int, int, Hop | None]]:
        ways = self._to if against else self._from
        best: dict[int, tuple[int, int, Hop | None]] = {}
        waiting: list[tuple[int, int, int, int, Hop | None]] = [
            (0, 0, place, NONE, None) for place in places if place not in self._barred
        ]
        while waiting:
            time_s, length_m, place, _pathway, hop = heappop(waiting)
            if place in best:
                continue
            best[place] = time_s, length_m, hop
            for step in ways.get(place, ()):
                there = step.start if against else step.end
                if there not in best:
                    heappush(waiting, (time_s + step.time_s, length_m + step.length_m, there, step.pathway, step))
        return best


def pathway_at(stations: Stations, row: int) -> Pathway:
    """A row of the table as the rules read it."""
    s = stations
    a, b = int(s.pathway_from[row]), int(s.pathway_to[row])
    levels = [float(s.level_index[level]) if (level := int(s.inside_level[place])) >= 0 else np.nan for place in (a, b)]
    here = [(float(s.inside_lat[place]), float(s.inside_lon[place])) for place in (a, b)]
    straight = float("nan")
    if np.isfinite(here).all():
        straight = distance_m(Point(*here[0]), Point(*here[1]))
    time_s, steps = int(s.pathway_s[row]), int(s.pathway_steps[row])
    return Pathway(
        PathwayMode(int(s.pathway_mode[row])),
        None if time_s < 1 else time_s,
        _told(s.pathway_m[row]),
        steps or None,
        _told(s.pathway_slope[row]),
        _told(s.pathway_width_m[row]),
        _told(straight),
        _told(levels[1] - levels[0]),
    )


def _told(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _barred(stations: Stations) -> frozenset[int]:
    """Where a wheelchair is told not to pass; of platforms, what a traveller accepts says so (`stop_wheelchair`)."""
    places = (stations.inside_wheelchair == BARRED) & ~np.isin(stations.inside_type, (0, AREA))
    return frozenset(np.flatnonzero(places).tolist())
