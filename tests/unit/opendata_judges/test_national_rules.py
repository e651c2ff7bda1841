"""The rules of the national access point: each on both sides of its edge, then on the cases its own validator is
tested with."""

import zipfile
from pathlib import Path

import pytest

from mobigo.network.gateway import gtfs
from mobigo.network.model.notices import Severity
from opendata.gateway.judges import NationalRules
from opendata.model.checks import Verdict
from opendata.rules.national import examine
from tests.builders import csv_text, feed, tables, trip, write_zip

M_PER_DEGREE = 111_195
CLEAN = feed(
    [trip("t", "A 07:55 B 08:10 C 08:25")],
    routes=[{"route_id": "R", "route_short_name": "12", "route_type": "3"}],
    services={"daily": ["2025-03-18"]},
)
INFO = "feed_publisher_name,feed_publisher_url,feed_lang\nRégion,https://x.example,{}\n"


def found(files: dict[str, str]) -> dict[str, int]:
    return {finding.code: finding.total for finding in examine(tables(files))}


def changed(name: str, old: str, new: str) -> dict[str, str]:
    assert old in CLEAN[name]
    return {**CLEAN, name: CLEAN[name].replace(old, new)}


def at(*metres: float, name: str = "", kind: str = "") -> list[dict[str, object]]:
    """Stops A, B, C … on a meridian."""
    return [
        {"stop_id": stop, "stop_lat": f"{46 + far / M_PER_DEGREE:.9f}", "stop_lon": "4", "location_type": kind,
         "stop_name": name or stop}
        for stop, far in zip("ABCDEFG", metres, strict=False)
    ]  # fmt: skip


def test_a_clean_feed_has_nothing() -> None:
    assert found(CLEAN) == {}


@pytest.mark.parametrize(
    ("calls", "metres", "kind", "expected"),
    [
        ("A 08:00 B 08:05", (0, 9.9), "3", {"CloseStops": 1}),
        ("A 08:00 B 08:01", (0, 10.1), "3", {}),
        ("A 08:00 B 08:00", (0, 499), "3", {}),
        ("A 08:00 B 08:00", (0, 501), "3", {"NullDuration": 1}),
        ("A 08:00 B 08:10", (0, 19_990), "3", {}),  # 120 km/h
        ("A 08:00 B 08:10", (0, 20_010), "3", {"ExcessiveSpeed": 1}),
        ("A 08:00 B 08:10", (0, 20_010), "2", {}),  # a train may
        ("A 08:00 B 08:10", (0, 53_400), "106", {"ExcessiveSpeed": 1}),  # 320 km/h, of a regional train too
        ("A 08:00 B 08:10", (0, 61), "3", {}),  # 0.1 m/s
        ("A 08:00 B 08:10", (0, 59), "3", {"Slow": 1}),
        ("A 08:10 B 08:00", (0, 1000), "3", {"NegativeTravelTime": 1}),
        ("A 08:10/08:09 B 08:20", (0, 1000), "3", {"NegativeStopDuration": 1}),
        ("A 08:00 B - C 08:10", (0, 9, 1000), "3", {}),  # no time, nothing said of the leg
        ("A 08:00 B 08:10 A 08:20 B 08:30", (0, 5), "3", {"CloseStops": 3}),
    ],
)
def test_legs(calls: str, metres: tuple[float, ...], kind: str, expected: dict[str, int]) -> None:
    files = feed([trip("t", calls)], stops=at(*metres),
                 routes=[{"route_id": "R", "route_short_name": "12", "route_type": kind}])  # fmt: skip
    assert found(files) == expected


@pytest.mark.parametrize(
    ("kind", "metres", "pairs"), [("", 1.9, 1), ("", 2.1, 0), ("1", 99, 1), ("1", 101, 0), ("2", 0.9, 1), ("2", 1.1, 0)]
)
def test_twins(kind: str, metres: float, pairs: int) -> None:
    twins = [{**each, "stop_id": f"T{each['stop_id']}"} for each in at(0, metres, name="Mairie", kind=kind)]
    files = feed([trip("t", "A 07:55 B 08:10")], stops=[*at(5000, 15_000), *twins],
                 routes=[{"route_id": "R", "route_short_name": "12"}])  # fmt: skip
    assert found(files).get("DuplicateStops", 0) == pairs


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (changed("trips.txt", "R,daily,t", "Z,daily,t"), {"InvalidReference": 1}),
        (changed("stop_times.txt", "t,08:25:00,08:25:00,C", "t,08:25:00,08:25:00,Z"),
         {"InvalidReference": 1, "UnusedStop": 1}),
        (changed("trips.txt", "R,daily,t", "R,daily,é"),
         {"InvalidReference": 1, "IdNotAscii": 1, "UnusableTrip": 1}),
        (changed("routes.txt", "12", ""), {"MissingName": 1}),
        (changed("routes.txt", ",3", ",99"), {"InvalidRouteType": 1}),
        (changed("agency.txt", "https://agency.example", "agency.example"), {"InvalidUrl": 1}),
        (changed("agency.txt", "https://agency.example", ""), {"MissingUrl": 1}),
        (changed("agency.txt", "Europe/Paris", "Europe/Dijon"), {"InvalidTimezone": 1}),
        (changed("stops.txt", "46.000000", "0"), {"MissingCoordinates": 1, "ExcessiveSpeed": 1}),
        (changed("stops.txt", "46.000000", "146"), {"InvalidCoordinates": 1, "ExcessiveSpeed": 1}),
        (changed("stop_times.txt", "C,2", "C,1"), {"DuplicateStopSequence": 1}),
        (changed("stop_times.txt", "t,08:25:00,08:25:00", "t,,"), {"ImpossibleToInterpolateStopTimes": 1}),
        ({**CLEAN, "feed_info.txt": INFO.format("fra")}, {}),
        ({**CLEAN, "feed_info.txt": INFO.format("fr-FR")}, {}),
        ({**CLEAN, "feed_info.txt": INFO.format("fre")}, {"InvalidLanguage": 1}),
        ({**CLEAN, "feed_info.txt": INFO.format("")}, {"MissingLanguage": 1}),
        ({**CLEAN, "shapes.txt": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,46,4,1\ns,46,4.1,2\n"},
         {"UnusedShapeId": 1}),
        ({**CLEAN, "fare_attributes.txt": csv_text([
            {"fare_id": "f", "price": "", "currency_type": "EUROS", "transfers": "3", "transfer_duration": "-1"}])},
         {"MissingPrice": 1, "InvalidCurrency": 1, "InvalidTransfers": 1, "InvalidTransferDuration": 1}),
        ({name: text for name, text in CLEAN.items() if name != "calendar_dates.txt"},
         {"NoCalendar": 1, "InvalidReference": 1}),
        ({name: text for name, text in CLEAN.items() if name != "agency.txt"}, {"MissingMandatoryFile": 1}),
    ],
)  # fmt: skip
def test_one_fault_each(files: dict[str, str], expected: dict[str, int]) -> None:
    assert found(files) == expected


def test_an_error_there_is_an_error_here(tmp_path: Path) -> None:
    files = {**changed("trips.txt", "R,daily,t", "Z,daily,t"), "note.txt": "a\nb\n"}
    check = NationalRules().check(write_zip(files, tmp_path / "0a1b"), "gtfs.zip", None)  # type: ignore[arg-type]  # no day matters
    assert check.verdict is Verdict.FAILED
    assert {finding.code: finding.severity for finding in check.findings} == {
        "InvalidReference": Severity.ERROR,
        "ExtraFile": Severity.INFO,
    }


# What its own tests expect of each case of its test data.
CASES = {
    "duration_distance": {"CloseStops": 1, "NullDuration": 1, "ExcessiveSpeed": 1, "NegativeTravelTime": 1, "Slow": 1},
    "duplicate_stops": {"DuplicateStops": 3},
    "unused_stop": {"UnusedStop": 1},
    "stops": {"InvalidStopParent": 6, "InvalidCoordinates": 1},
    "shapes": {"InvalidShapeId": 1},
    "stop_times_location_type": {"InvalidStopLocationTypeInTrip": 1},
    "duplicate_stop_sequence": {"DuplicateStopSequence": 2},
    "check_name": {"MissingName": 4},
    "fare_attributes": {"MissingPrice": 1, "InvalidCurrency": 1, "InvalidTransfers": 1},
    "feed_info": {"MissingUrl": 1, "InvalidUrl": 1, "MissingLanguage": 1, "InvalidLanguage": 1},
    "invalid_references": {"InvalidReference": 4},
    "interpolated_stop_times": {"ImpossibleToInterpolateStopTimes": 1},
    "route_type_invalid": {"InvalidRouteType": 1},
    "missing_mandatory_files": {"MissingMandatoryFile": 1},
    "empty_calendar": {"NoCalendar": 1},
    "stop_times_increase": {"NegativeStopDuration": 1},
}


@pytest.mark.realdata
def test_the_cases_of_the_national_validator(realdata: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(realdata / "malformed/transport-validator-test_data.zip") as archive:
        archive.extractall(tmp_path)
    told = {}
    for case, expected in CASES.items():
        counts = {each.code: each.total for each in examine(gtfs.read_feed(tmp_path / "test_data" / case))}
        told[case] = {code: counts.get(code, 0) for code in expected}
    assert told == CASES
