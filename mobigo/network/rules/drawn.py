"""A shape as a line drawn on the sphere, and where along it stops lie.

A stop may lie at several places of a line that turns back or crosses itself: one for each stretch that comes within
the limit, or comes nearer again after it went away, as MobilityData's matcher reads a shape. Stretches far from a stop
are set aside by boxes around 32 segments, so that a long shape costs little more than its stretches near stops.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobigo.base.geo import EARTH_RADIUS_M

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
BOX_SEGMENTS = 32
PAIRS_AT_ONCE = 200_000  # of a stop and a box: what bounds memory on a shape of millions of points


def on_sphere(lat: F64, lon: F64) -> F64:
    """Positions in degrees as points of the unit sphere, (n, 3)."""
    phi, theta = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)], axis=-1)


def metres_between(a: F64, b: F64) -> F64:
    """Great-circle metres between points of the unit sphere, row by row."""
    gap = a - b
    half = np.sqrt(np.einsum("...i,...i->...", gap, gap)) / 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.minimum(half, 1.0)))


@dataclass(frozen=True)
class Places:
    """Where stops lie along a line. Of stop i: `along_m[start[i]:start[i + 1]]`, metres from the line's beginning, in
    order, and as many `away_m`, metres from the stop. A stop without any is farther than its limit."""

    start: I64
    along_m: F64
    away_m: F64


class Drawn:
    """A line of at least one point: degrees, and the distances its points tell (`shape_dist_traveled`, NaN for none),
    in any unit."""

    def __init__(self, lat: F64, lon: F64, told: F64) -> None:
        self.points = on_sphere(lat, lon)
        self.told = np.maximum.accumulate(np.where(np.isfinite(told), told, 0.0))
        self.along_m = np.concatenate([[0.0], np.cumsum(metres_between(self.points[:-1], self.points[1:]))])
        begin, end = self.points[:-1], self.points[1:]
        firsts = np.arange(0, len(begin), BOX_SEGMENTS)
        if len(begin):
            gap = end - begin
            bulge = np.einsum("ij,ij->i", gap, gap) / 4  # how far an arc can lie from its chord
            self._margin = np.maximum.reduceat(bulge, firsts)
            self._low = np.minimum.reduceat(np.minimum(begin, end), firsts) - self._margin[:, None]
            self._high = np.maximum.reduceat(np.maximum(begin, end), firsts) + self._margin[:, None]

    def away_m(self, stop: F64) -> float:
        """Metres from a stop to the nearest point told of the line."""
        return float(metres_between(self.points, stop).min())

    def near(self, stops: F64, limit_m: F64) -> Places:
        """Every place where the line comes by each stop, within its limit."""
        if len(self.points) < 2:
            return Places(np.zeros(len(stops) + 1, np.int64), np.zeros(0), np.zeros(0))
        at_once = max(1, PAIRS_AT_ONCE // len(self._low))
        counts, along, away = [], [], []
        for first in range(0, len(stops), at_once):
            some = slice(first, first + at_once)
            owner, places_m, gaps_m = self._near(stops[some], limit_m[some])
            counts.append(np.bincount(owner, minlength=len(stops[some])))
            along.append(places_m)
            away.append(gaps_m)
        start = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
        return Places(start, np.concatenate(along), np.concatenate(away))

    def _near(self, stops: F64, limit_m: F64) -> tuple[I64, F64, F64]:
        """Of each place, by stop and along the line: the stop's row, metres along, metres away."""
        reach = (limit_m / EARTH_RADIUS_M)[:, None, None]
        at = stops[:, None, :]
        stop, box = np.nonzero(((at >= self._low - reach) & (at <= self._high + reach)).all(axis=2))
        segment = (box[:, None] * BOX_SEGMENTS + np.arange(BOX_SEGMENTS)).ravel()
        stop = np.repeat(stop, BOX_SEGMENTS)
        stop, segment = stop[segment < len(self.points) - 1], segment[segment < len(self.points) - 1]
        closest, away_m, end_m = self._closest(stops[stop], segment)
        is_near = away_m <= limit_m[stop]
        follows = is_near[1:] & is_near[:-1] & (stop[1:] == stop[:-1]) & (segment[1:] == segment[:-1] + 1)
        turns = (end_m[:-1] > away_m[:-1]) & (away_m[1:] < end_m[:-1])  # it went away, and comes nearer again
        begins = is_near.copy()
        begins[1:] &= ~(follows & ~turns)
        kept = np.flatnonzero(is_near)
        if not len(kept):
            return np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
        group = np.cumsum(begins[kept]) - 1
        best = kept[np.lexsort((kept, away_m[kept], group))]  # of each stretch the nearest segment, then the first
        best = best[np.concatenate([[True], np.diff(np.sort(group)) > 0])]
        along_m = self.along_m[segment[best]] + metres_between(closest[best], self.points[segment[best]])
        return stop[best], along_m, away_m[best]

    def _closest(self, at: F64, segment: I64) -> tuple[F64, F64, F64]:
        """The nearest point of each segment to a stop, metres to it, and metres to the segment's end."""
        begin, end = self.points[segment], self.points[segment + 1]
        begin_m, end_m = metres_between(at, begin), metres_between(at, end)
        normal = np.cross(begin, end)
        square = np.einsum("ij,ij->i", normal, normal)
        flat = at - normal * (np.einsum("ij,ij->i", at, normal) / np.maximum(square, 1e-300))[:, None]
        foot = flat / np.maximum(np.linalg.norm(flat, axis=1), 1e-300)[:, None]
        inside = (np.einsum("ij,ij->i", np.cross(normal, begin), at) > 0) & (
            np.einsum("ij,ij->i", np.cross(end, normal), at) > 0
        )
        closest = np.where(inside[:, None], foot, np.where((begin_m <= end_m)[:, None], begin, end))
        away_m = np.where(inside, metres_between(at, foot), np.minimum(begin_m, end_m))
        return closest, away_m, end_m

    def at_told(self, told: F64, stops: F64) -> tuple[F64, F64]:
        """The places at these told distances, in the order of travel: metres along, and metres from each stop there.
        A distance less than one before it stays at the point reached."""
        reached = np.maximum(np.searchsorted(self.told, told, "right") - 1, 0)
        point = np.maximum.accumulate(reached)
        after = np.minimum(point + 1, len(self.points) - 1)
        step = self.told[after] - self.told[point]
        moves = (reached == point) & (step > 1e-9 * np.maximum(1.0, self.told[after]))
        share = np.where(moves, np.clip((told - self.told[point]) / np.where(moves, step, 1.0), 0.0, 1.0), 0.0)
        arc = np.maximum((self.along_m[after] - self.along_m[point]) / EARTH_RADIUS_M, 1e-12)
        weights = np.stack([np.sin((1 - share) * arc), np.sin(share * arc)]) / np.sin(arc)
        place = self.points[point] * weights[0][:, None] + self.points[after] * weights[1][:, None]
        along_m = self.along_m[point] + share * (self.along_m[after] - self.along_m[point])
        return along_m, metres_between(place, stops)


def first_out_of_order(places: list[tuple[F64, F64]]) -> tuple[int | None, F64]:
    """Of stops in the order of travel, each with its places (metres along in order, metres away; at least one): the
    first stop that no choice of places can put behind those before it, or None; and of the choice that lies nearest in
    all, the metres away of each stop (empty when there is none)."""
    reached: list[F64] = []  # of each stop, its places that can be reached
    before: list[I64] = []  # and from which place of the stop before
    score = np.zeros(1)
    along = np.full(1, -np.inf)
    for index, (along_m, away_m) in enumerate(places):
        until = np.searchsorted(along, along_m, "right")
        possible = np.flatnonzero(until > 0)
        if not len(possible):
            return index, np.zeros(0)
        best, best_at = _running_least(score)
        chosen = until[possible] - 1
        before.append(best_at[chosen])
        score = best[chosen] + away_m[possible]
        along = along_m[possible]
        reached.append(away_m[possible])
    at = int(np.argmin(score))
    out = np.empty(len(places))
    for index in range(len(places) - 1, -1, -1):
        out[index] = reached[index][at]
        at = int(before[index][at])
    return None, out


def _running_least(values: F64) -> tuple[F64, I64]:
    """The least value up to each position, and the first position that has it."""
    least = np.minimum.accumulate(values)
    is_new = np.concatenate([[True], values[1:] < least[:-1]])
    return least, np.maximum.accumulate(np.where(is_new, np.arange(len(values)), 0))
