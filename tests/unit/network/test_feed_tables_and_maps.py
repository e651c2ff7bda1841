"""What reusers get beside GTFS: the coming period, typed times, maps, accessibility; each on a feed one reads at a
glance."""

import json
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import polars as pl
import pytest

from mobigo.network.engine.coming import coming_first_day, cut, services_of
from mobigo.network.export import datasets, parquet
from mobigo.network.export.geojson import Drawing, lines_geojson, stops_geojson
from mobigo.network.rules.validation import validate
from mobigo.network.service.publishing import csv_of
from tests.builders import csv_text, feed, frequency, tables, transfer, trip

MONDAY = date(2025, 3, 17)


def days(first: date, last: date) -> list[str | date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


WINTER, SUMMER = days(date(2025, 3, 1), date(2025, 3, 31)), days(date(2025, 4, 3), date(2025, 6, 30))
TWO_SEASONS = feed(
    [trip("w", "A 07:55 B 08:05", service="winter"), trip("s", "A 07:50 B 08:05", service="summer", shape_id="long")],
    services={"winter": WINTER, "summer": SUMMER},
    frequencies=[frequency("w", "09:00", "10:00", 600)],
    transfers=[transfer("A", "B"), transfer("A", "B", from_trip_id="w", to_trip_id="s")],
)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2025, 2, 1), date(2025, 3, 1)),  # nothing runs yet: all is to come
        (date(2025, 2, 23), date(2025, 4, 3)),  # winter begins within the week: in force
        (MONDAY, date(2025, 4, 3)),
        (date(2025, 3, 27), date(2025, 4, 3)),  # the last day on which summer is not within the week
        (date(2025, 3, 28), None),  # summer begins within the week: both are in force
        (date(2025, 7, 30), None),
    ],
)
def test_the_coming_period_begins_when_nothing_runs_as_now(today: date, expected: date | None) -> None:
    known = services_of(tables(TWO_SEASONS))
    assert known is not None
    assert coming_first_day(known, today) == expected


def test_a_service_without_end_leaves_no_coming_period() -> None:
    files = feed(
        [trip("w", "A 07:55 B 08:05", service="always"), trip("s", "A 07:50 B 08:05", service="summer")],
        services={"always": days(date(2025, 3, 1), date(2025, 6, 30)), "summer": SUMMER},
    )
    known = services_of(tables(files))
    assert known is not None
    assert coming_first_day(known, MONDAY) is None


def test_a_feed_cut_to_its_coming_period_holds_nothing_of_the_present() -> None:
    read = tables({**TWO_SEASONS, "shapes.txt": SHAPES})
    known = services_of(read)
    assert known is not None
    left = cut(read, known, date(2025, 4, 3))
    assert left["trips"]["trip_id"].to_list() == ["s"]
    assert set(left["stop_times"]["trip_id"]) == {"s"}
    assert set(left["calendar_dates"]["service_id"]) == {"summer"}
    assert left["frequencies"].height == 0
    assert left["transfers"]["from_trip_id"].to_list() == [""]  # the one between trips went with its trip
    assert set(left["shapes"]["shape_id"]) == {"long"}
    assert left["stops"].height == 2
    assert "foreign_key_violation" not in validate(left, MONDAY).codes


def test_a_week_is_cut_at_its_edges() -> None:
    week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), "1")
    row = {"service_id": "daily", **week, "start_date": "20250301", "end_date": "20250630"}
    read = tables(feed([trip("t", "A 07:55 B 08:05")], calendar=[row]))
    known = services_of(read)
    assert known is not None
    left = cut(read, known, date(2025, 4, 3), date(2025, 4, 10))["calendar"]
    assert left.select("start_date", "end_date").rows() == [("20250403", "20250410")]


# --- typed times


def test_times_are_seconds_of_the_service_day_and_blanks_are_null() -> None:
    files = feed([trip("t", "A 07:55 B - C 24:20/24:21")])
    frame = pl.read_parquet(BytesIO(parquet.stop_times(tables(files))))
    assert frame.select(
        "stop_id", "stop_sequence", "arrival_time", "arrival_s", "departure_s", "pickup_type"
    ).rows() == [
        ("A", 0, "07:55:00", 28_500, 28_500, 0),
        ("B", 1, None, None, None, 0),
        ("C", 2, "24:20:00", 87_600, 87_660, 0),
    ]
    assert frame.schema["stop_sequence"] == pl.Int32
    assert parquet.stop_times(tables(files)) == parquet.stop_times(tables(files))


# --- maps

SHAPES = csv_text([
    {"shape_id": shape, "shape_pt_lat": lat, "shape_pt_lon": lon, "shape_pt_sequence": number}
    for shape, points in {"long": [(46, 4), (46.05, 4.1), (46.1, 4)], "other": [(46, 4), (46.1, 4)]}.items()
    for number, (lat, lon) in reversed(list(enumerate(points)))
])  # fmt: skip
MAP = {
    **feed(
        [trip("a1", "A 07:55 B 08:05", shape_id="long"), trip("a2", "A 09:55 B 10:05", shape_id="long"),
         trip("a3", "A 11:55 B 12:05", shape_id="long"),
         trip("b", "A 07:55 B 08:05", shape_id="other"), trip("c", "B 10:00 C 10:30", wheelchair_accessible="1"),
         trip("d", "B 10:10 C 10:40", wheelchair_accessible="2")],
        routes=[{"route_id": "R", "route_short_name": "12", "route_color": "7B1E3B"}, {"route_id": "jamais"}],
        stops=[{"stop_id": "A", "stop_name": "Gare", "wheelchair_boarding": "1"}, {"stop_id": "B"}, {"stop_id": "C"},
               {"stop_id": "nulle part", "stop_lat": "", "stop_lon": ""}],
    ),
    "shapes.txt": SHAPES,
}  # fmt: skip


def features(data: bytes) -> dict[str, Any]:
    document = json.loads(data)
    assert document["type"] == "FeatureCollection"
    return {each["id"]: each for each in document["features"]}


def test_stops_are_points_with_the_lines_that_call() -> None:
    found = features(stops_geojson(Drawing(tables(MAP))))
    assert found["A"]["geometry"] == {"type": "Point", "coordinates": [4.0, 46.0]}
    assert found["A"]["properties"]["lines"] == ["12"]
    assert found["A"]["properties"]["wheelchair_boarding"] is True
    assert found["B"]["properties"]["wheelchair_boarding"] is None
    assert found["nulle part"]["geometry"] is None


def test_a_line_is_drawn_by_the_fewest_courses_that_call_at_all_its_stops() -> None:
    found = features(lines_geojson(Drawing(tables(MAP))))
    assert found["R"]["geometry"] == {
        "type": "MultiLineString",
        "coordinates": [[[4.0, 46.0], [4.1, 46.05], [4.0, 46.1]], [[4.0, 46.1], [4.0, 46.2]]],
    }
    counted = {
        name: found["R"]["properties"][name] for name in ("trips", "trips_wheelchair", "trips_wheelchair_unknown")
    }
    assert counted == {"trips": 6, "trips_wheelchair": 1, "trips_wheelchair_unknown": 4}
    assert found["jamais"]["geometry"] is None


# --- tables


def test_accessibility_of_a_stop_is_its_own_then_its_station_s() -> None:
    files = feed(
        [trip("t", "A 07:55 B 08:05 C 08:15 D 08:20", wheelchair_accessible="1"), trip("u", "C 10:00 D 10:05")],
        stops=[
            {"stop_id": "GARE", "location_type": "1", "wheelchair_boarding": "2"},
            {"stop_id": "A", "parent_station": "GARE"},
            {"stop_id": "B", "parent_station": "GARE", "wheelchair_boarding": "1"},
            {"stop_id": "C"},
            {"stop_id": "D", "wheelchair_boarding": "0"},
        ],
    )
    offered = datasets.accessibility(Drawing(tables(files)))
    rows = [dict(zip(offered.names, row, strict=True)) for row in offered.rows()]
    assert [(row["stop_id"], row["wheelchair"], row["known_from"]) for row in rows] == [
        ("A", "non", "gare"), ("B", "oui", "arrêt"), ("C", "inconnu", "rien"), ("D", "inconnu", "rien"),
    ]  # fmt: skip
    assert [(row["trips"], row["trips_wheelchair"], row["trips_unknown"]) for row in rows] == [
        (1, 1, 0), (1, 1, 0), (2, 1, 1), (2, 1, 1),
    ]  # fmt: skip


def test_lines_say_their_mode_and_how_many_trips() -> None:
    offered = datasets.lines(Drawing(tables(MAP)))
    rows = {row[0]: dict(zip(offered.names, row, strict=True)) for row in offered.rows()}
    assert (rows["R"]["mode"], rows["R"]["agency_name"], rows["R"]["trips"], rows["R"]["stops"]) == (
        "bus ou car", "Agency", 6, 3,
    )  # fmt: skip
    assert (rows["jamais"]["trips"], rows["jamais"]["stops"]) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("0", "tramway"), ("5", "tramway à câble"), ("106", "train"), ("715", "bus ou car"), ("900", "tramway"),
     ("1100", "autre"), ("", "autre"), ("42", "autre")],
)  # fmt: skip
def test_each_type_of_line_has_its_word(kind: str, mode: str) -> None:
    files = feed(
        [trip("t", "A 07:55 B 08:05")], routes=[{"route_id": "R", "route_short_name": "1", "route_type": kind}]
    )
    [row] = datasets.lines(Drawing(tables(files))).rows()
    assert row[6] == mode


def test_no_name_becomes_a_formula_in_a_spreadsheet() -> None:
    stops = [{"stop_id": "A", "stop_name": "=1+1"}, {"stop_id": "B", "stop_name": "Mairie, place"}]
    offered = datasets.accessibility(Drawing(tables(feed([trip("t", "A 07:55 B 08:05")], stops=stops))))
    data, rows = csv_of(offered)
    lines = data.decode().split("\r\n")
    assert rows == 2
    assert lines[1].startswith("A,'=1+1,")
    assert lines[2].startswith('B,"Mairie, place",')


def test_every_row_has_a_cell_for_every_column() -> None:
    drawing = Drawing(tables(MAP))
    for offered in (datasets.accessibility(drawing), datasets.lines(drawing)):
        assert {len(row) for row in offered.rows()} == {len(offered.columns)}
        required = [column.required for column in offered.columns]
        assert all(
            cell is not None or not needed for row in offered.rows() for cell, needed in zip(row, required, strict=True)
        )
