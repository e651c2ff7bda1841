"""Reachable areas: the soonest one can be at each cell of a grid, and the polygons of what is reached within a time.

From each stop one walks on for what is left of the time: along the streets, painting what lies beside them; around it
as the crow flies (1.3 times the distance, `reach`) where no street is known. An area is good to a cell of the grid.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np
import shapely
from numpy.typing import NDArray

from mobigo.network.engine.streets.nearest import Snaps
from mobigo.network.engine.streets.routes import Streets, off_ms
from mobigo.network.engine.streets.spread import Seeds, spread_from
from mobigo.network.model.streets import DEGREE, WALKER
from mobigo.network.model.timetable import F64, I32
from mobigo.planner.engine.reach import DETOUR, METRES_A_DEGREE, SPEED_M_S

CELL_M = 100.0
STREET_CELL_M = 50.0
CELLS_MAX = 1_500  # along a side: beyond, cells are larger
BESIDE_M = 75.0  # what lies that near to a street is reached with it
NEVER_S = np.int32(2**31 - 1)


class Grid(NamedTuple):
    """The soonest arrival, in seconds after leaving, in each cell: row 0 in the south, column 0 in the west."""

    time_s: NDArray[np.int32]
    south: float
    west: float
    high: float  # degrees a cell
    wide: float

    def at(self, lat: float, lon: float) -> int | None:
        """The seconds to a position; None where it is not reached."""
        row, column = int((lat - self.south) // self.high), int((lon - self.west) // self.wide)
        if not (0 <= row < self.time_s.shape[0] and 0 <= column < self.time_s.shape[1]):
            return None
        found = int(self.time_s[row, column])
        return None if found == NEVER_S else found


class ReachedAreas(NamedTuple):
    """A grid, the areas within the bounds asked, in their order, and whether streets were known."""

    grid: Grid
    areas: tuple[shapely.Geometry, ...]
    along_streets: bool


def flown(lat: F64, lon: F64, time_s: I32, time_s_max: int, walk_m_max: int) -> Grid:
    """Around each position, reached at `time_s`, as far as one walks in what is left, `walk_m_max` at most."""
    room_m = np.minimum(np.maximum(time_s_max - time_s, 0) * SPEED_M_S, walk_m_max) / DETOUR
    grid = _blank(lat, lon, walk_m_max / DETOUR, CELL_M)
    _discs(*grid, lat, lon, time_s.astype(np.int64), room_m, SPEED_M_S / DETOUR)
    return grid


def walked(streets: Streets, stops: Snaps, lat: F64, lon: F64, time_s: I32, time_s_max: int, walk_m_max: int) -> Grid:
    """The same along the streets; around the positions that no street comes near (`stops`) as the crow flies."""
    graph, costs = streets.graph, streets.costs(WALKER)
    on = stops.stretch >= 0
    grid = _blank(lat, lon, float(walk_m_max), STREET_CELL_M)
    room_m = np.minimum(np.maximum(time_s_max - time_s, 0) * SPEED_M_S, walk_m_max) / DETOUR
    _discs(*grid, lat[~on], lon[~on], time_s[~on].astype(np.int64), room_m[~on], SPEED_M_S / DETOUR)
    seeds = _seeds(streets, Snaps(*(column[on] for column in stops)), time_s[on])
    spread = streets.lent()
    try:
        spread_from(graph, costs, seeds, spread, time_s_max * 1000, walk_m_max * 100)
        _streets(
            *grid, graph.edge_start, graph.edge_id, graph.stretch_first, graph.stretch_last, graph.stretch_cm,
            graph.point_lat, graph.point_lon, graph.point_cm, costs.effort_ms, costs.barred,
            spread.effort_ms, spread.length_cm, spread.settled, spread.settled_count[0],
            time_s_max * 1000, walk_m_max * 100, STREET_CELL_M * 100,
        )  # fmt: skip
    finally:
        streets.spare.append(spread)
    return grid


def area(grid: Grid, time_s_max: int) -> shapely.Geometry:
    """What is reached within a time: a polygon, or several, longitude first; its border straightened by less than a
    cell. Empty where nothing is."""
    return shapely.simplify(outline(grid, time_s_max), 0.75 * max(grid.high, grid.wide))


def outline(grid: Grid, time_s_max: int) -> shapely.Geometry:
    """The very cells reached within a time."""
    inside = np.pad(grid.time_s <= time_s_max, 1)
    starts, rows, columns = _borders(inside)
    corners = np.column_stack([columns, rows]).astype(np.float64)
    lines = [corners[a:b] for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]
    if not lines:
        return shapely.MultiPolygon()
    faces = shapely.get_parts(shapely.polygonize([shapely.MultiLineString(lines)]))
    at = shapely.get_coordinates(shapely.point_on_surface(faces)).astype(np.int64)
    origin, step = (grid.west - grid.wide, grid.south - grid.high), (grid.wide, grid.high)  # of the padded grid
    kept = shapely.transform(faces[inside[at[:, 1], at[:, 0]]], lambda corner: corner * step + origin)
    return kept[0] if len(kept) == 1 else shapely.MultiPolygon(list(kept))


def _blank(lat: F64, lon: F64, around_m: float, cell_m: float) -> Grid:
    """A grid that holds the positions and what lies `around_m` of them."""
    margin_m = around_m + 2 * cell_m + BESIDE_M
    shrink = float(np.cos(np.radians(lat.mean())))
    margin = margin_m / METRES_A_DEGREE
    south, west = float(lat.min()) - margin, float(lon.min()) - margin / shrink
    high_m = (float(lat.max()) + margin - south) * METRES_A_DEGREE
    wide_m = (float(lon.max()) + margin / shrink - west) * METRES_A_DEGREE * shrink
    cell_m = max(cell_m, high_m / CELLS_MAX, wide_m / CELLS_MAX)
    shape = int(high_m / cell_m) + 1, int(wide_m / cell_m) + 1
    return Grid(
        np.full(shape, NEVER_S, np.int32), south, west, cell_m / METRES_A_DEGREE, cell_m / METRES_A_DEGREE / shrink
    )


def _seeds(streets: Streets, stops: Snaps, time_s: I32) -> Seeds:
    """Both ends of each position's stretch, with the time to get there (`Around` does the same for one)."""
    graph, costs = streets.graph, streets.costs(WALKER)
    columns: Sequence[list[NDArray[np.int64]]] = ([], [], [])
    length = np.maximum(graph.stretch_cm[stops.stretch].astype(np.int64), 1)
    for edge, junction, span in (
        (2 * stops.stretch, graph.stretch_to[stops.stretch], length - stops.along_cm),
        (2 * stops.stretch + 1, graph.stretch_from[stops.stretch], stops.along_cm.astype(np.int64)),
    ):
        cost = costs.effort_ms[edge].astype(np.int64)
        open_ = (cost >= 0) | (span == 0)
        spent_ms = time_s.astype(np.int64) * 1000 + off_ms(stops) + np.maximum(cost, 0) * span // length
        for into, column in zip(columns, (junction, spent_ms, stops.off_cm + span), strict=True):
            into.append(column[open_])
    junction, spent_ms, length_cm = (np.concatenate(each).astype(np.int32) for each in columns)
    return Seeds(junction, spent_ms, spent_ms, length_cm)


@numba.njit(cache=True, nogil=True)
def _discs(time_s, south, west, high, wide, lat, lon, from_s, room_m, speed_m_s):  # type: ignore[no-untyped-def]  # kernel
    for i in range(len(lat)):
        _disc(time_s, south, west, high, wide, lat[i], lon[i], from_s[i], room_m[i], speed_m_s)


@numba.njit(cache=True, nogil=True)
def _disc(time_s, south, west, high, wide, lat, lon, from_s, room_m, speed_m_s):  # type: ignore[no-untyped-def]  # kernel
    """The cell of a position, and those whose middle is within `room_m` of it."""
    rows, columns = time_s.shape
    row, column = int((lat - south) // high), int((lon - west) // wide)
    cell_m = high * METRES_A_DEGREE
    reach = int(room_m / cell_m) + 1
    for y in range(max(0, row - reach), min(rows, row + reach + 1)):
        north_m = (south + (y + 0.5) * high - lat) * METRES_A_DEGREE
        for x in range(max(0, column - reach), min(columns, column + reach + 1)):
            east_m = (west + (x + 0.5) * wide - lon) / wide * cell_m
            away_m = np.hypot(north_m, east_m)
            if y == row and x == column:
                away_m = 0.0
            if away_m <= room_m:
                there = np.int32(from_s + away_m / speed_m_s)
                if there < time_s[y, x]:
                    time_s[y, x] = there


@numba.njit(cache=True, nogil=True)
def _streets(  # type: ignore[no-untyped-def]  # kernel
    time_s, south, west, high, wide, edge_start, edge_id, first, last, length_cm, lat, lon, point_cm, effort, barred,
    best, best_cm, settled, count, effort_max, length_max, step_cm,
):  # fmt: skip
    """Along every edge that leaves a reached junction, as far as time and metres allow."""
    for k in range(count):
        u = settled[k]
        if barred[u]:
            continue
        for row in range(edge_start[u], edge_start[u + 1]):
            e = edge_id[row]
            if effort[e] < 0:
                continue
            s, back = e >> 1, e & 1
            whole = max(1, length_cm[s])
            a, b = first[s], last[s]
            gone = 0
            for n in range(b - a):
                p, q = (b - n, b - n - 1) if back else (a + n, a + n + 1)
                piece = abs(point_cm[q] - point_cm[p])
                steps = max(1, int(np.ceil(piece / step_cm)))
                for i in range(steps + (n == b - a - 1)):
                    along = gone + piece * i / steps
                    spent = best[u] + effort[e] * along / whole
                    if spent > effort_max or best_cm[u] + along > length_max:
                        break
                    y = (lat[p] + (lat[q] - lat[p]) * i / steps) / DEGREE
                    x = (lon[p] + (lon[q] - lon[p]) * i / steps) / DEGREE
                    left_m = min(BESIDE_M, (effort_max - spent) / 1000 * SPEED_M_S)
                    _disc(time_s, south, west, high, wide, y, x, int(spent // 1000), left_m, SPEED_M_S)
                gone += piece
                if best[u] + effort[e] * gone / whole > effort_max or best_cm[u] + gone > length_max:
                    break


@numba.njit(cache=True, nogil=True)
def _borders(inside):  # type: ignore[no-untyped-def]  # kernel
    """The borders of the cells of `inside` (padded by one cell of nothing), as lines that meet at their ends alone: the
    first rows of each and the end of the last, the rows, the columns of their corners."""
    rows, columns = inside.shape
    # border[y, x, d]: the edge that leaves corner (y, x) towards east, north, west, south, with the inside on its left
    border = np.zeros((rows + 1, columns + 1, 4), np.bool_)
    total = 0
    for y in range(1, rows):
        for x in range(1, columns):
            here, west, south = inside[y, x], inside[y, x - 1], inside[y - 1, x]
            if here and not south:
                border[y, x, 0] = True
                total += 1
            if south and not here:
                border[y, x + 1, 2] = True
                total += 1
            if west and not here:
                border[y, x, 1] = True
                total += 1
            if here and not west:
                border[y + 1, x, 3] = True
                total += 1
    out_y, out_x = np.empty(3 * total + 1, np.int32), np.empty(3 * total + 1, np.int32)
    starts = np.empty(2 * total + 1, np.int64)
    step_y, step_x = np.array([0, 1, 0, -1]), np.array([1, 0, -1, 0])
    count, lines = 0, 0
    for y0 in range(rows + 1):
        for x0 in range(columns + 1):
            for d0 in range(4):
                if not border[y0, x0, d0]:
                    continue
                starts[lines] = count
                lines += 1
                y, x, d, before = y0, x0, d0, -1
                while border[y, x, d]:
                    border[y, x, d] = False
                    if d != before:  # corners alone
                        out_y[count], out_x[count] = y, x
                        count += 1
                    before = d
                    y, x = y + step_y[d], x + step_x[d]
                    if inside[y, x] == inside[y - 1, x - 1] and inside[y, x - 1] == inside[y - 1, x]:
                        # two cells meet here at a corner alone: a line ends, another begins
                        out_y[count], out_x[count] = y, x
                        count += 1
                        starts[lines] = count
                        lines += 1
                        before = -1
                    for turn in (1, 0, 3):  # left first
                        if border[y, x, (d + turn) % 4]:
                            d = (d + turn) % 4
                            break
                if before < 0:
                    lines -= 1  # nothing is left to draw from here
                else:
                    out_y[count], out_x[count] = y0, x0
                    count += 1
    starts[lines] = count
    return starts[: lines + 1], out_y[:count], out_x[:count]
