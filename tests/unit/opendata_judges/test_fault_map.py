"""Where the faults of a feed are drawn: on their stop, whichever way they name it; those without one are counted."""

from collections.abc import Mapping

import pytest

from mobigo.network.model.notices import Notice, Severity
from mobigo.network.model.report import Finding, Report
from opendata.export.fault_map import SPOTS_MAX, fault_map
from tests.builders import feed, tables, trip

FEED = feed(
    [trip("t1", "A 08:00 B 09:00"), trip("t2", "C 08:00 A 09:00")],
    stops=[
        {"stop_id": "A", "stop_name": "A", "stop_lat": "47.0", "stop_lon": "5.0"},
        {"stop_id": "B", "stop_name": "B", "stop_lat": "48.0", "stop_lon": "5.0"},
        {"stop_id": "C", "stop_name": "C", "stop_lat": "47.0", "stop_lon": "6.0"},
        {"stop_id": "Z", "stop_name": "Z", "stop_lat": "0", "stop_lon": "0"},
    ],
)


def finding(*notices: Notice) -> Report:
    return Report(tuple(Finding(each.code, each.severity, 1, (each,)) for each in notices))


def notice(file: str, line: int | None = None, severity: Severity = Severity.ERROR, **params: object) -> Notice:
    return Notice("some_rule", severity, file, line, params=params)


@pytest.mark.parametrize(
    ("told", "stop"),
    [
        (notice("stops.txt", 2), "A"), (notice("stops.txt", 3), "B"), (notice("stop_times.txt", 3), "B"),
        (notice("trips.txt", 3), "C"), (notice("routes.txt", 2, stop_id="B"), "B"),
        (notice("trips.txt", trip_id="t1"), "A"),
        (notice("stops.txt", 5), None), (notice("stops.txt", 99), None), (notice("routes.txt", 2), None),
        (notice("unknown.txt", 2), None), (notice("agency.txt"), None), (notice("trips.txt", trip_id="t9"), None),
    ],
)  # fmt: skip
def test_a_fault_is_where_its_stop_is(told: Notice, stop: str | None) -> None:
    corners: Mapping[str, tuple[float, float]] = {}
    all_stops = fault_map(tables(FEED), finding(*(notice("stops.txt", line) for line in (2, 3, 4))))
    assert all_stops is not None
    corners = {name: (spot.x, spot.y) for name, spot in zip("ABC", all_stops.spots, strict=True)}
    assert corners["B"][1] < corners["A"][1] == corners["C"][1]  # north up
    assert corners["A"][0] == corners["B"][0] < corners["C"][0]
    drawn = fault_map(tables(FEED), finding(told))
    if stop is None:
        assert drawn is None
    else:
        assert drawn is not None
        assert [(spot.x, spot.y) for spot in drawn.spots] == [corners[stop]]
        assert all(0 <= spot.x <= drawn.width and 0 <= spot.y <= drawn.height for spot in drawn.spots)


def test_spots_are_numbered_graded_and_bounded_and_the_others_counted() -> None:
    many = [notice("stops.txt", 2, Severity.WARNING), notice("stops.txt", 3), notice("agency.txt")]
    drawn = fault_map(tables(FEED), finding(*many, *([notice("stops.txt", 4)] * SPOTS_MAX)))
    assert drawn is not None
    assert [spot.number for spot in drawn.spots] == list(range(1, SPOTS_MAX + 1))
    assert [spot.grave for spot in drawn.spots[:2]] == [False, True]
    assert drawn.placeless == 1


@pytest.mark.parametrize("lat", ["", "north", "NaN", "inf", "91", "1e999"])
def test_a_feed_whose_stops_are_nowhere_has_no_map(lat: str) -> None:
    nowhere = {**FEED, "stops.txt": f"stop_id,stop_lat,stop_lon\nA,{lat},5\n"}
    assert fault_map(tables(nowhere), finding(notice("stops.txt", 2))) is None
    without = {name: text for name, text in FEED.items() if name != "stops.txt"}
    assert fault_map(tables(without), finding(notice("trips.txt", 2))) is None
