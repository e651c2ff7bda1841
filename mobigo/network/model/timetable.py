"""The compiled timetable: flat arrays that every search, board and line page reads, memory-mapped and never changed.

Words (docs/glossary.md). A *run* is what one vehicle drives without the passenger having to leave it: one trip, one
departure of a frequency, or several trips joined in-seat. A *pattern* groups runs with the same stops and the same
pickup and drop-off rules of which none overtakes another (FIFO), even from one day to the next. A *times row* holds the
seconds of a run at its stops, counted from the run's start; runs driven alike share one row. A *node* of the search is
a stop, or, after the real stops, a copy of one kept apart for trips whose transfers have rules of their own;
`node_stop` gives the real stop.

Seconds of a run count from noon minus 12 h of its service day (`mobigo.base.servicetime`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

I8 = NDArray[np.int8]
U8 = NDArray[np.uint8]
I16 = NDArray[np.int16]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
F64 = NDArray[np.float64]

FORMAT = 3
NONE = -1  # "no such row" in index columns
NEVER_S = 2**30  # a time that does not come

# pickup_flags, one byte a position (GTFS pickup_type and drop_off_type, two bits each)
PICKUP_SHIFT, DROP_OFF_SHIFT, TYPE_MASK = 0, 2, 3
NOT_AVAILABLE = 1


class Strings(Sequence[str]):
    """A column of strings in two arrays: UTF-8 bytes end to end, and where each begins."""

    __slots__ = ("_bounds", "_octets", "data", "starts")

    def __init__(self, data: U8, starts: I64) -> None:
        self.data = data
        self.starts = starts
        self._octets = np.ascontiguousarray(data).data
        self._bounds = np.ascontiguousarray(starts).data

    @classmethod
    def of(cls, values: Sequence[str]) -> "Strings":
        """The column of `values`."""
        encoded = [value.encode() for value in values]
        starts = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(value) for value in encoded], out=starts[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        return str(self._octets[self._bounds[index] : self._bounds[index + 1]], "utf-8")

    def __iter__(self) -> Iterator[str]:
        data, starts = self.data.tobytes(), self.starts.tolist()
        return (data[begin:end].decode() for begin, end in pairwise(starts))


def _texts() -> Strings:
    return Strings.of([])


def _i8() -> I8:
    return np.zeros(0, np.int8)


def _i32() -> I32:
    return np.zeros(0, np.int32)


def _f64() -> F64:
    return np.zeros(0, np.float64)


def _by_mover() -> I32:
    return np.zeros((4, 0), np.int32)


@dataclass(frozen=True, slots=True)
class Timetable:
    """All active feeds, compiled. Index columns hold row numbers, -1 for none; `xs_start[i]:xs_start[i+1]` is the
    slice of row i.

    Feeds, agencies, routes, services, trips
        `trip_days` points at a row of `days`, a bitfield: bit b of word w is day `first_day + 64 w + b`.
        A trip lists its stop_times in `visit_*` (`trip_visit_start`), times in seconds, interpolated where the feed
        left them blank.
    Stops
        location types 0 (stop or platform) and 1 (station). `stop_wheelchair`: 0 unknown, 1 yes, 2 no, inherited from
        the station.
    Search
        `node_*`, `pattern_*`, `run_*`, `times_*`, `foot_*`. Node n < stop count is stop n itself.
        `foot_*` are the walks and transfers from a node to another, sorted by duration; `node_change_s` is the time
        needed to change at the node itself (`NEVER_S` when forbidden).
        `lb_to_s[l, n]`, `lb_from_s[l, n]`: least travel seconds from node n to landmark l and from landmark l to node
        n.
    Stations from the inside (`model.pathways`)
        `inside_*`: the places that pathways join; `inside_stop` is the stop of a platform or of a part of one,
        `inside_station` the stop that is its station. `pathway_s`, `pathway_steps`: 0 where not told; `pathway_m`,
        `pathway_slope`, `pathway_width_m`: NaN. `enclosed_stop`, in order: the platforms one gets to by entrances.
        `within_*`: the walks of `foot_*` that pathways decide, by their nodes, in order: for each of
        `model.pathways.MOVERS`, the seconds of the change (`NEVER_S`: no way), those of the walk in it (-1: as its
        metres say) and its metres.
    """

    # --- identity
    hash: str
    zone: str
    first_day_ordinal: int
    day_count: int
    back_days: int  # how many days before the query's day a run still under way may have begun
    # --- feeds
    feed_name: Strings
    # --- agencies
    agency_feed: I32
    agency_id: Strings
    agency_name: Strings
    agency_url: Strings
    agency_phone: Strings
    # --- routes
    route_feed: I32
    route_agency: I32
    route_id: Strings
    route_short_name: Strings
    route_long_name: Strings
    route_type: I16
    route_color: Strings
    route_text_color: Strings
    # --- stops
    stop_feed: I32
    stop_id: Strings
    stop_code: Strings
    stop_name: Strings
    stop_platform: Strings
    stop_place: Strings  # stable place id
    stop_lat: F64
    stop_lon: F64
    stop_type: I8
    stop_parent: I32
    stop_wheelchair: I8
    # --- days
    days: U64  # [sets, words]
    # --- trips
    trip_feed: I32
    trip_id: Strings
    trip_route: I32
    trip_headsign: Strings
    trip_short_name: Strings
    trip_direction: I8
    trip_wheelchair: I8
    trip_bikes: I8
    trip_shape: I32
    trip_days: I32
    trip_visit_start: I64
    visit_stop: I32
    visit_sequence: I32  # stop_sequence: what realtime names a call by
    visit_arrive_s: I32
    visit_depart_s: I32
    visit_flags: U8
    visit_headsign: I32  # row of `headsign`, -1 for the trip's own
    headsign: Strings
    # --- shapes
    shape_start: I64
    shape_lat: F64
    shape_lon: F64
    # --- nodes
    node_stop: I32
    node_change_s: I32
    # --- patterns and runs
    pattern_node_start: I32
    pattern_node: I32
    pattern_flags: U8
    pattern_run_start: I32
    run_start_s: I32
    run_times: I32  # where the run's row begins in `times_*`
    run_days: I32
    run_trip_start: I32  # a run's trips (one, or those joined in-seat) in `run_trip`
    run_trip: I32
    run_trip_first: I32  # the position in the pattern where that trip begins
    run_frequency: U8  # 0: as timetabled; 1: one of a frequency that is not exact
    times_arrive_s: I32
    times_depart_s: I32
    # --- where patterns stop
    node_pattern_start: I32
    node_pattern: I32
    node_pattern_position: I32
    # --- walks
    foot_start: I32
    foot_node: I32
    foot_s: I32
    foot_m: I32
    # --- lower bounds
    lb_to_s: I32
    lb_from_s: I32
    # --- stations from the inside
    inside_id: Strings = field(default_factory=_texts)
    inside_name: Strings = field(default_factory=_texts)
    inside_type: I8 = field(default_factory=_i8)
    inside_stop: I32 = field(default_factory=_i32)
    inside_station: I32 = field(default_factory=_i32)
    inside_lat: F64 = field(default_factory=_f64)
    inside_lon: F64 = field(default_factory=_f64)
    inside_wheelchair: I8 = field(default_factory=_i8)  # of an entrance that does not tell, its station's
    inside_level: I32 = field(default_factory=_i32)
    level_index: F64 = field(default_factory=_f64)
    level_name: Strings = field(default_factory=_texts)
    pathway_from: I32 = field(default_factory=_i32)
    pathway_to: I32 = field(default_factory=_i32)
    pathway_mode: I8 = field(default_factory=_i8)
    pathway_both: I8 = field(default_factory=_i8)
    pathway_s: I32 = field(default_factory=_i32)
    pathway_m: F64 = field(default_factory=_f64)
    pathway_steps: I32 = field(default_factory=_i32)
    pathway_slope: F64 = field(default_factory=_f64)
    pathway_width_m: F64 = field(default_factory=_f64)
    pathway_sign: Strings = field(default_factory=_texts)
    pathway_back_sign: Strings = field(default_factory=_texts)
    enclosed_stop: I32 = field(default_factory=_i32)
    within_from: I32 = field(default_factory=_i32)
    within_to: I32 = field(default_factory=_i32)
    within_s: I32 = field(default_factory=_by_mover)
    within_walk_s: I32 = field(default_factory=_by_mover)
    within_m: I32 = field(default_factory=_by_mover)

    @property
    def first_day(self) -> date:
        """The first day of any service."""
        return date.fromordinal(self.first_day_ordinal)

    @property
    def last_day(self) -> date:
        """The last day of any service."""
        return date.fromordinal(self.first_day_ordinal + self.day_count - 1)

    def runs_on(self, days_row: int, day: date) -> bool:
        """Whether that set of days holds `day`."""
        bit = day.toordinal() - self.first_day_ordinal
        return 0 <= bit < self.day_count and bool(self.days[days_row, bit >> 6] >> np.uint64(bit & 63) & np.uint64(1))

    def arrays(self) -> Iterator[tuple[str, np.ndarray | Strings]]:
        """Every column by name, in order."""
        for column in fields(self):
            value = getattr(self, column.name)
            if isinstance(value, np.ndarray | Strings):
                yield column.name, value
