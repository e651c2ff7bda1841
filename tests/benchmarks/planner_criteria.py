"""Four criteria (arrival, vehicles, walking, price) beside our own two, on the comparison feed.

The tariff is the shape of the region's: trains by distance in seven bands, joined at a station, their way between the
straight lines and 1.35 times them; coaches flat; trams, metros and city buses flat, with a transfer within the hour.
So each leg has a price, and the search has all the work that fares can make for it.
"""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.weighed import weighed
from mobigo.planner.rules.fare_table import (
    NO_LIMIT,
    NO_PAIR,
    UNKNOWN,
    FareTable,
    by_distance_m,
    networks_of_runs,
    stations_of,
)
from tests.benchmarks.measures import Measure, percentile

if TYPE_CHECKING:
    from tests.benchmarks.planner import Ours

BANDS_M = (36_000, 71_000, 101_000, 136_000, 166_000, 201_000, 2_000_000)
P99_MS, TIMES = 250.0, 10.0


def regional_table(timetable: Timetable) -> FareTable:
    """Network 0: trains; 1: coaches; 2: trams and metros (route types 0, 1)."""
    kind = np.full(len(timetable.route_type), 1, np.int32)
    kind[timetable.route_type == 2] = 0
    kind[np.isin(timetable.route_type, (0, 1))] = 2
    run_network, trip_network = networks_of_runs(timetable, kind)
    none = np.array([UNKNOWN], np.int32)
    return FareTable(
        run_network, trip_network, stations_of(timetable), by_distance_m(timetable, _hops(timetable)),
        flat_cents=np.array([UNKNOWN, 150, 160], np.int32),
        band_start=np.array([0, len(BANDS_M), len(BANDS_M), len(BANDS_M)], np.int32),
        band_until_m=np.array(BANDS_M, np.int32),
        band_cents=np.arange(500, 4000, 500, dtype=np.int32),
        winding=np.array([1.35, 1.0, 1.0]),
        joins=np.array([True, False, False]),
        capped=np.zeros(3, np.bool_),
        cap_cents=np.array([NO_LIMIT], np.int32),
        group=np.array([UNKNOWN, UNKNOWN, 0], np.int32),
        transfer_cents=np.zeros((1, 1), np.int32),
        transfer_count=np.full((1, 1), NO_LIMIT, np.int32),
        transfer_s=np.full((1, 1), 3600, np.int32),
        transfer_from_arrival=np.zeros((1, 1), np.bool_),
        transfer_to_arrival=np.zeros((1, 1), np.bool_),
        paired=np.full(len(timetable.node_stop), UNKNOWN, np.int32),
        pair_network=none,
        pair_cents=np.full((1, 1), NO_PAIR, np.int32),
        outside=np.zeros((3, len(timetable.node_stop)), np.bool_),
    )  # fmt: skip


def _hops(timetable: Timetable) -> np.ndarray:
    """Metres from the cell before, flat enough for a country."""
    stop = timetable.node_stop[timetable.pattern_node]
    lat, lon = np.radians(timetable.stop_lat[stop]), np.radians(timetable.stop_lon[stop])
    out = np.zeros(len(stop))
    out[1:] = 6_371_000 * np.hypot(np.diff(lat), np.diff(lon) * np.cos(lat[1:]))
    out[timetable.pattern_node_start[:-1]] = 0
    return out


def four_criteria(case: str, ours: "Ours", pairs: Sequence[tuple[str, str, int]], cap_s: float) -> Iterator[Measure]:
    """CPU of the four-criteria search, its two-criteria one included, beside that one alone on the same questions."""
    searcher, table = ours.searcher, regional_table(ours.searcher.timetable)
    asked = [(ours.ends(a, b), at * 60) for a, b, at in pairs]
    for ends, at_s in asked[:20]:
        weighed(searcher, table, *ends, at_s)
    four: list[float] = []
    two: list[float] = []
    more = labels = 0
    until = time.monotonic() + cap_s
    for ends, at_s in asked:
        clock = time.thread_time()
        front = searcher.one(*ends, at_s)
        two.append((time.thread_time() - clock) * 1e3)
        clock = time.thread_time()
        found = weighed(searcher, table, *ends, at_s)
        four.append((time.thread_time() - clock) * 1e3)
        more += len(found) > len(front)
        labels += len(found)
        if time.monotonic() > until:
            break
    note = (
        f"{len(four)} queries, {labels / len(four):.1f} journeys each, {more} with more than the two-criteria front; "
        "up to half as long again (an hour at most) and one vehicle more"
    )
    p99 = percentile(four, 0.99), percentile(two, 0.99)
    yield Measure(f"planner/{case}/criteria-p99", p99[0], "CPU ms", P99_MS, note=note)
    yield Measure(
        f"planner/{case}/criteria-p99-beside-two", p99[0], "CPU ms", TIMES, p99[1], "two criteria, ours", note=note
    )
    mean = sum(four) / len(four), sum(two) / len(two)
    yield Measure(
        f"planner/{case}/criteria-mean-beside-two", mean[0], "CPU ms", TIMES, mean[1], "two criteria, ours", note=note
    )
