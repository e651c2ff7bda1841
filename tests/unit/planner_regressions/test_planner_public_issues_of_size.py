"""What users of other planners reported in public about memory and work that grow with the network, one test an issue.

No clock is read: what is counted is bytes asked for, arrays kept, and stops compared; at two sizes, so that a square
shows. Each figure of the reports stands in the docstring.
"""

import json
import subprocess
import sys
import tracemalloc
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mobigo.network.engine import transfers
from mobigo.network.engine.transfers import WalkRules, near_links
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine import search
from mobigo.planner.model import Limits
from mobigo.planner.service.moving import searcher_of
from tests.builders import DAY, BuiltTrip, feed, trip, write_zip
from tests.planner_adaptor import compiled
from tests.streets_drawn import write_pbf
from tests.unit.planner_regressions.test_planner_public_issues import ask, clock


def lines_of_twenty_stops(trips: int) -> list[BuiltTrip]:
    """A coach every two minutes of the night and day, ten lines of twenty stops."""

    def calls(n: int) -> str:
        leave_s = 4 * 3600 + n // 10 * 120
        at = [(leave_s + 30 * k) for k in range(20)]
        hours = [f"{s // 3600:02}:{s % 3600 // 60:02}:{s % 60:02}" for s in at]
        return " ".join(f"s{n % 10}-{k} {hour}" for k, hour in enumerate(hours))

    return [trip(f"t{n}", calls(n), route=f"R{n % 10}") for n in range(trips)]


def peak_of_compiling(files: dict[str, str]) -> int:
    """Bytes at the highest, of arrays and of Python's objects, while the tables become a timetable."""
    tracemalloc.start()
    try:
        compiled(files)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_otp_2063_compiling_takes_memory_in_proportion_to_the_stop_times() -> None:
    """There, 14.6 million stop times took more than 26 GB, 1,800 bytes each: here less than half of that, all told."""
    compiled(feed(lines_of_twenty_stops(10)))  # what is made once is made before
    small, large = (feed(lines_of_twenty_stops(trips)) for trips in (200, 800))
    low, high = peak_of_compiling(small), peak_of_compiling(large)
    assert (high - low) / ((800 - 200) * 20) < 900
    assert high < 4.4 * low


IMPORT = """
import json, resource, sys
from pathlib import Path
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.gateway.gtfs import read_feed
peaks = []
for path in sys.argv[1:]:
    compile_feeds([CompileInput("feed", read_feed(Path(path)))], "Europe/Paris", "hash")
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
print(json.dumps(peaks))
"""


def test_otp_2063_a_zip_is_read_in_memory_bounded_by_its_stop_times(tmp_path: Path) -> None:
    """The same, by what the process holds at its peak, the reading of the files included."""
    paths = []
    for trips in (200, 2_000):
        paths.append(write_zip(feed(lines_of_twenty_stops(trips)), tmp_path / f"{trips}.zip"))
    told = subprocess.run([sys.executable, "-c", IMPORT, *map(str, paths)], capture_output=True, text=True, check=True)
    low, high = json.loads(told.stdout)
    assert high - low < 2_000 * 20 * 1_800


def sizes(timetable: Timetable) -> dict[str, int]:
    arrays = {each.name: getattr(timetable, each.name) for each in fields(timetable)}
    return {name: array.nbytes for name, array in arrays.items() if isinstance(array, np.ndarray)}


def test_motis_228_a_longer_calendar_costs_bits_and_no_copy_of_the_timetable() -> None:
    """There, the advice to who runs out of memory is to load one day in place of two."""
    trips = lines_of_twenty_stops(40)
    week, year = (
        sizes(compiled(feed(trips, services={"daily": [DAY + timedelta(days=n) for n in range(days)]})))
        for days in (7, 366)
    )
    grown = {name: year[name] - week[name] for name in year if year[name] != week[name]}
    assert set(grown) == {"days"}
    assert year["days"] == year["days"] // week["days"] * week["days"] == 6 * week["days"]  # 366 bits: six words


class CountedReads(np.ndarray):  # type: ignore[type-arg]
    """Latitudes that count how often one of them is read."""

    reads = 0

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, (int, np.integer)):
            type(self).reads += 1
        return super().__getitem__(key)


def reads_a_stop(lat: list[float], lon: list[float], monkeypatch: pytest.MonkeyPatch) -> float:
    """How many latitudes are looked up for one stop, by the kernel itself run as plain Python."""
    plain_lists = SimpleNamespace(List=SimpleNamespace(empty_list=lambda _kind: []))
    monkeypatch.setattr(transfers, "numba", SimpleNamespace(typed=plain_lists, int32=None))
    monkeypatch.setattr(transfers, "_near", getattr(transfers._near, "py_func", transfers._near))
    CountedReads.reads = 0
    near_links(np.array(lat).view(CountedReads), np.array(lon), np.arange(len(lat), dtype=np.int32), WalkRules())
    return CountedReads.reads / len(lat)


@pytest.mark.parametrize("shape", ["along a parallel", "along a meridian", "a square"])
def test_otp_1844_a_stop_is_compared_with_those_near_it_only(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """There, eight minutes went by over 18,000 stops, most of a country away, for 27,000 walks. Here pairs of stops
    11 m apart, each pair a kilometre or more from the next: four times as many stops, no more work for each."""

    def places(pairs: int) -> tuple[list[float], list[float]]:
        side = round(pairs**0.5)
        rows = {"along a parallel": 1, "along a meridian": pairs, "a square": side}[shape]
        columns = pairs // rows
        at = [(46 + row * 0.01, 4 + column * 0.02) for row in range(rows) for column in range(columns)]
        return [lat + d for lat, _ in at for d in (0, 0.0001)], [lon for _, lon in at for _ in (0, 1)]

    few, many = (reads_a_stop(*places(pairs), monkeypatch) for pairs in (100, 400))
    assert many <= few * 1.01
    assert many < 20


@pytest.mark.parametrize(("stops", "links_each"), [(2, 1), (64, 63), (65, 64), (66, 64), (300, 64)])
def test_otp_2170_a_crowd_of_stops_has_as_many_walks_as_may_be_and_no_square(stops: int, links_each: int) -> None:
    """There, linking stops made a graph five times as large as the version before. Here stops on one square keep
    their nearest 64."""
    lat, lon = np.full(stops, 46.0) + np.arange(stops) * 1e-6, np.full(stops, 4.0)
    a, b = near_links(lat, lon, np.arange(stops, dtype=np.int32), WalkRules())
    assert len(a) == len(b) == stops * links_each
    assert np.bincount(a).tolist() == [links_each] * stops


def test_otp_6312_preferences_never_asked_before_do_not_make_the_walks_of_a_country_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There, each new speed or limit of walking went through 338,000 stops: four minutes on 16 cores. Here the walks
    of the network are made when it is compiled; how far one walks to the first stop is of the question alone, and a
    margin at changes is added to what is there, kept for the few asked last."""
    made: list[object] = []
    build = search.build_ways
    live = LiveNetwork(compiled(feed([trip("t", "A 08:00 B 08:30")])), "hash")
    monkeypatch.setattr(search, "build_ways", lambda *given: made.append(given) or build(*given))
    monkeypatch.setattr(transfers, "near_links", lambda *_: pytest.fail("the walks between stops are made anew"))
    at = clock(DAY, "7:55")
    found = {len(ask(live, "A", "B", at, limits=Limits(walk_m_max=500 + n)).journeys) for n in range(30)}
    assert found == {1}
    once = len(made)
    assert once <= 2  # forward, and backward to leave as late as one may
    for margin in range(60, 60 * 21, 60):
        assert len(ask(live, "A", "B", at, limits=Limits(change_s_extra=margin)).journeys) == 1
    searcher = searcher_of(live)
    assert len(made) == once + 20 * once
    assert len(searcher._ways) <= search.WAYS_KEPT
    assert len(searcher._views) <= search.VIEWS_KEPT
    walks = [ways.foot[1] for ways in searcher._ways.values() if not ways.backward]
    assert len({walk.__array_interface__["data"][0] for walk in walks}) == 1  # the same array in all of them


def test_otp_6312_a_question_keeps_no_more_the_longer_the_calendar_it_may_be_asked_in() -> None:
    """A hundred days asked one after the other: what is kept is bounded."""
    first = date(2025, 3, 3)
    days = [first + timedelta(days=n) for n in range(100)]
    live = LiveNetwork(compiled(feed([trip("t", "A 08:00 B 08:30")], services={"daily": days})), "hash")
    for n in range(100):
        assert len(ask(live, "A", "B", clock(first + timedelta(days=n), "7:55")).journeys) == 1
    searcher = searcher_of(live)
    assert len(searcher._views) <= search.VIEWS_KEPT
    assert len(searcher._seen) <= search.SEEN_KEPT


STREETS = """
import json, resource, sys
from pathlib import Path
from mobigo.network.gateway.osm import read_streets
peaks = []
for path in sys.argv[1:]:
    streets = read_streets(Path(path))
    peaks.append((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, len(streets.node_id)))
print(json.dumps(peaks))
"""


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[int], list[int], int]:
    """The bytes held at most after each of two maps, the points kept of each, and how many points the second has more:
    the same street, alone and among twenty thousand buildings."""
    folder, side = tmp_path_factory.mktemp("maps"), 20_000
    street = ([(float(n), 0.0) for n in range(50)], {"highway": "residential"})
    houses = [
        ([(n / 10, 1 + n % 7), (n / 10, 1.05 + n % 7), (n / 10 + 0.05, 1.05 + n % 7)], {"building": "yes"})
        for n in range(side)
    ]  # fmt: skip
    paths = [write_pbf(folder / "street.osm.pbf", [street]), write_pbf(folder / "town.osm.pbf", [street, *houses])]
    told = subprocess.run([sys.executable, "-c", STREETS, *map(str, paths)], capture_output=True, text=True, check=True)
    peaks, points = zip(*json.loads(told.stdout), strict=True)
    return list(peaks), list(points), 3 * side


def test_otp_2849_what_is_no_street_keeps_nothing(maps: tuple[list[int], list[int], int]) -> None:
    """There, a country's map does not fit in memory: most of it is no street."""
    _peaks, points, _more = maps
    assert points == [50, 50]


def test_motis_320_a_point_of_the_map_costs_its_place_alone(maps: tuple[list[int], list[int], int]) -> None:
    """There, the same. Here each point of the file is a place in osmium's table while it is read; the rest is what one
    block of the file takes."""
    (low, high), _points, more = maps
    assert high - low < more * 16 + 64_000_000
