"""Stops beside the shapes of their trips: both sides of every limit by hand, then random shapes and trips, judged by an
independent validator as well."""

import random
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from mobigo.network.gateway import gtfs
from mobigo.network.model.report import Report
from mobigo.network.rules.validation import validate

CODES = {
    "stop_too_far_from_shape", "stop_too_far_from_shape_using_user_distance", "stops_match_shape_out_of_order",
    "stop_has_too_many_matches_for_shape",
}  # fmt: skip
METRE = 360 / 40_030_230  # of latitude, in degrees, on the sphere of 6,371,008.8 m
BUS, RAIL = 3, 2
Point = tuple[float, float]  # metres north and east of 47°N 5°E
Told = tuple[float | str, ...]


def degrees(north_m: float, east_m: float) -> str:
    return f"{47 + north_m * METRE:.9f},{5 + east_m * METRE / 0.6819983600624985:.9f}"  # cos 47°


def clock(minute: int) -> str:
    return f"{8 + minute // 60:02}:{minute % 60:02}:00"


def write_feed(
    folder: Path,
    shapes: list[tuple[list[Point], Told]],
    trips: list[tuple[int, int, list[int], Told]],
    stops: list[Point],
) -> Path:
    """Shapes with what their points tell; trips as (shape, kind of line, stops, what they tell)."""
    folder.mkdir()
    routes = "".join(f"R{kind},A,L{kind},Ligne {kind},{kind}\n" for kind in (RAIL, BUS))
    files = {
        "agency": "agency_id,agency_name,agency_url,agency_timezone\nA,Mobigo,https://www.viamobigo.fr,Europe/Paris\n",
        "routes": f"route_id,agency_id,route_short_name,route_long_name,route_type\n{routes}",
        "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "W,1,1,1,1,1,0,0,20250101,20251231\n",
        "stops": "stop_id,stop_name,stop_lat,stop_lon\n"
        + "".join(f"s{n},Arrêt {n},{degrees(*at)}\n" for n, at in enumerate(stops)),
        "shapes": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence,shape_dist_traveled\n"
        + "".join(
            f"x{n},{degrees(*at)},{i},{told[i] if told else ''}\n"
            for n, (points, told) in enumerate(shapes)
            for i, at in enumerate(points)
        ),
        "trips": "route_id,service_id,trip_id,shape_id\n"
        + "".join(f"R{kind},W,t{n},x{shape}\n" for n, (shape, kind, _, _) in enumerate(trips)),
        "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled\n"
        + "".join(
            f"t{n},{clock(i)},{clock(i)},s{stop},{i},{told[i] if told else ''}\n"
            for n, (_, _, called, told) in enumerate(trips)
            for i, stop in enumerate(called)
        ),
    }
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def report_on(folder: Path) -> Report:
    return validate(gtfs.read(folder).tables, date(2025, 3, 18), "Europe/Paris")


def codes_of(folder: Path) -> Counter[str]:
    return Counter({found.code: found.total for found in report_on(folder).findings if found.code in CODES})


@pytest.mark.parametrize(
    ("kind", "east_m", "far"),
    [
        (BUS, (0, 99, 0), 0),
        (BUS, (0, 101, 0), 1),
        (BUS, (101, 0, 101), 2),
        (RAIL, (399, 99, 399), 0),  # trains: four times as far at both ends
        (RAIL, (0, 101, 0), 1),  # and no farther between
        (RAIL, (401, 0, 0), 1),
        (RAIL, (0, 0, 401), 1),
    ],
)
def test_a_stop_is_far_beyond_its_limit(tmp_path: Path, kind: int, east_m: Told, far: int) -> None:
    stops = [(1_000.0 * n, float(east)) for n, east in enumerate(east_m)]
    line: tuple[list[Point], Told] = ([(-500, 0), (2_500, 0)], ())
    found = codes_of(write_feed(tmp_path / "feed", [line], [(0, kind, [0, 1, 2], ())], stops))
    assert found == Counter({"stop_too_far_from_shape": far} if far else {})


def test_a_stop_is_told_once_for_a_shape_and_ways_of_running_are_judged_once(tmp_path: Path) -> None:
    line: list[Point] = [(0, 0), (3_000, 0)]
    stops: list[Point] = [(0, 0), (1_000, 150), (2_000, 0)]
    trips: list[tuple[int, int, list[int], Told]] = [
        (0, BUS, [0, 1, 2], ()), (0, BUS, [0, 1, 2], ()), (0, BUS, [1, 2], ()), (1, BUS, [0, 1, 2], ()),
    ]  # fmt: skip
    found = report_on(write_feed(tmp_path / "feed", [(line, ()), (line, ())], trips, stops)).find(
        "stop_too_far_from_shape"
    )
    assert found is not None
    assert [notice.params["trip_id"] for notice in found.examples] == ["t0", "t3"]  # once on each shape


@pytest.mark.parametrize(
    ("called", "out_of_order"),
    [
        ([0, 1, 2], 0),
        ([0, 2, 1], 1),
        ([2, 2, 2], 0),  # the same place again is in order
        ([0, 1, 2, 1, 0], 0),  # there and back, on a shape that goes there and back
        ([0, 1, 2, 1, 0, 1], 1),
    ],
)
def test_stops_lie_along_the_shape_in_the_order_of_travel(tmp_path: Path, called: list[int], out_of_order: int) -> None:
    there_and_back: list[Point] = [(0, 0), (2_200, 0), (2_200, 150), (0, 150)]
    one_way: list[Point] = [(0, 0), (2_200, 0)]
    line = there_and_back if len(called) > 3 else one_way
    stops: list[Point] = [(100, 75), (1_000, 75), (2_100, 75)]
    found = codes_of(write_feed(tmp_path / "feed", [(line, ())], [(0, BUS, called, ())], stops))
    assert found == Counter({"stops_match_shape_out_of_order": out_of_order} if out_of_order else {})


@pytest.mark.parametrize(("passes", "too_many"), [(20, 0), (21, 1)])
def test_more_than_twenty_places_near_a_stop_are_too_many(tmp_path: Path, passes: int, too_many: int) -> None:
    line: list[Point] = [(0, 0), *((1_500 if n % 2 else 500, 0) for n in range(passes + 1))]
    stops: list[Point] = [(0, 0), (1_000, 0)]
    found = codes_of(write_feed(tmp_path / "feed", [(line, ())], [(0, BUS, [0, 1], ())], stops))
    assert found == Counter({"stop_has_too_many_matches_for_shape": too_many} if too_many else {})


@pytest.mark.parametrize(
    ("told", "far"),
    [
        (("", 10, 20), 0),
        (("", 10.9, 20), 0),  # 90 m beyond the stop
        (("", 11.1, 20), 1),  # 110 m
        (("", "", ""), 0),  # nothing told: nothing to compare
    ],
)
def test_a_told_distance_puts_the_stop_near_where_it_is(tmp_path: Path, told: Told, far: int) -> None:
    line: tuple[list[Point], Told] = ([(0, 0), (2_000, 0)], (0, 20))
    stops: list[Point] = [(0, 0), (1_000, 0), (2_000, 0)]
    found = codes_of(write_feed(tmp_path / "feed", [line], [(0, BUS, [0, 1, 2], told)], stops))
    assert found == Counter({"stop_too_far_from_shape_using_user_distance": far} if far else {})


def test_a_shape_of_many_points_costs_little_more_than_its_stretches_near_stops(tmp_path: Path) -> None:
    line: list[Point] = [(n / 10, (n % 7) * 3) for n in range(20_000)]
    stops: list[Point] = [(20.0 * n, 0) for n in range(100)]
    found = codes_of(write_feed(tmp_path / "feed", [(line, ())], [(0, BUS, list(range(100)), ())], stops))
    assert "stops_match_shape_out_of_order" not in found
    assert found["stop_has_too_many_matches_for_shape"] == 100  # it wriggles: every second point comes nearer again


@pytest.mark.parametrize("seed", range(4))
def test_an_independent_validator_finds_the_same_along_random_shapes(tmp_path: Path, seed: int) -> None:
    import gtfs_validator
    from gtfs_validator.rules._shared.stop_to_shape_problems import problems

    folder = random_feed(random.Random(seed), tmp_path / "feed")
    with gtfs_validator.open_feed_view(folder) as feed:
        theirs = Counter(code for code, _ in problems(feed.view))
    assert codes_of(folder) == theirs
    assert len(theirs) == len(CODES)


def random_feed(draw: random.Random, folder: Path) -> Path:
    """A hundred shapes on a small grid, where they turn back, cross and meet themselves, and three ways along each."""
    shapes: list[tuple[list[Point], Told]] = []
    trips: list[tuple[int, int, list[int], Told]] = []
    stops: list[Point] = [(draw.uniform(-50, 1_050), draw.uniform(-50, 1_050)) for _ in range(60)]
    for number in range(100):
        points = [(draw.randrange(6) * 200.0, draw.randrange(6) * 200.0) for _ in range(draw.choice((1, 2, 6, 15, 90)))]
        told = sorted(draw.randrange(100) for _ in points) if draw.random() < 0.7 else ()
        shapes.append((points, tuple(told)))
        for _ in range(3):
            near = [n for n, at in enumerate(stops) if any(abs(at[0] - p[0]) + abs(at[1] - p[1]) < 130 for p in points)]
            called = (
                draw.choices(near, k=draw.randint(2, 6))
                if near and draw.random() < 0.8
                else draw.choices(range(60), k=3)
            )
            # Within the line: at its very end, rounding alone would decide which of two stops comes first.
            distances = [draw.choice(("", round(draw.uniform(0, max((1, *told)) - 0.01), 3))) for _ in called]
            trips.append((number, draw.choice((BUS, RAIL)), called, tuple(distances)))
    return write_feed(folder, shapes, trips, stops)
