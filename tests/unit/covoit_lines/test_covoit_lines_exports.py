"""The lines as GTFS and as national carpool places: exact, reproducible, valid, naming nobody."""

import csv
import io
import json
import re
import zipfile
from datetime import date, time
from pathlib import Path

import pytest

from covoit.export.gtfs import ROUTE_TYPE, UsualTrip, gtfs
from covoit.export.places import COLUMNS, places
from covoit.gateway import lines as files
from mobigo.network.gateway.gtfs import read
from mobigo.network.model.report import Severity
from mobigo.network.rules.validation import validate
from tests.covoit_lines_world import DAY, MONTBARD, SEMUR, A, Z

AGENCY = {"name": "Mobigo Covoiturage", "url": "https://www.viamobigo.fr", "phone": "03 53 01 20 00"}
WORKDAYS = frozenset(range(5))
LINE = "saulieu-chatillon"
USUAL = UsualTrip("01KAVTRIP0000000000000000A", LINE, A, Z, time(7, 10), WORKDAYS, DAY, date(2027, 6, 30))
BACK = UsualTrip("01KAVTRIP0000000000000000B", LINE, MONTBARD, SEMUR, time(23, 55), frozenset({4}), DAY, DAY)


def tables(archive: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {
            name.removesuffix(".txt"): list(csv.DictReader(io.StringIO(opened.read(name).decode())))
            for name in opened.namelist()
        }


def test_a_usual_trip_is_arranged_with_its_driver_at_approximate_times():
    found = tables(gtfs(files.lines_on(DAY), [USUAL], agency=AGENCY, version="1"))
    assert {row["route_type"] for row in found["routes"]} == {str(ROUTE_TYPE)} == {"1551"}
    assert len(found["routes"]) == 6
    times = found["stop_times"]
    columns = ("departure_time", "pickup_type", "drop_off_type", "shape_dist_traveled")
    assert [tuple(row[name] for name in columns) for row in times] == [
        ("07:10:00", "3", "1", "0.0"),
        ("07:26:00", "3", "3", "17.0"),
        ("07:36:00", "3", "3", "28.0"),
        ("07:51:00", "3", "3", "44.0"),
        ("08:11:00", "3", "3", "65.5"),
        ("08:25:00", "1", "3", "80.0"),
    ]  # fmt: skip
    assert {row["timepoint"] for row in times} == {"0"}
    assert [found["calendar"][0][day] for day in ("monday", "friday", "saturday")] == ["1", "1", "0"]


def test_the_way_back_after_midnight_counts_on_past_24_hours():
    found = tables(gtfs(files.lines_on(DAY), [BACK], agency=AGENCY, version="1"))
    assert [row["arrival_time"] for row in found["stop_times"]] == ["23:55:00", "24:10:00"]
    assert found["trips"][0]["direction_id"] == "1"


def test_the_same_lines_give_the_same_bytes_whatever_the_order_and_name_no_row_of_ours():
    one = gtfs(files.lines_on(DAY), [USUAL, BACK], agency=AGENCY, version="1")
    assert one == gtfs(files.lines_on(DAY), [BACK, USUAL], agency=AGENCY, version="1")
    for row in (USUAL.id, BACK.id):
        assert row not in str(tables(one))


def test_our_own_validator_finds_no_error(tmp_path: Path):
    path = tmp_path / "lines.zip"
    path.write_bytes(gtfs(files.lines_on(DAY), [USUAL, BACK], agency=AGENCY, version="1"))
    feed = read(path)
    for report in (feed.report, validate(feed.tables, DAY)):
        assert [finding.code for finding in report.findings if finding.severity is Severity.ERROR] == []


SIREN = "200053726"


@pytest.mark.realdata
def test_the_stops_are_valid_places_of_the_national_schema(realdata: Path):
    schema = json.loads((realdata / "carpool" / "schema-lieux-schema.json").read_text(encoding="utf-8"))
    assert tuple(field["name"] for field in schema["fields"]) == tuple(column.name for column in COLUMNS)
    rows = list(csv.DictReader(io.StringIO(places(files.lines_on(DAY), updated=DAY, siren=SIREN).decode())))
    assert len(rows) == sum(len(line.stops) for line in files.lines_on(DAY))
    for row in rows:
        for field in schema["fields"]:
            value, limits = row[field["name"]], field["constraints"]
            if value == "":
                assert not limits["required"], field["name"]
                continue
            assert re.fullmatch(limits.get("pattern", ".*"), value), (field["name"], value)
            assert value in limits.get("enum", [value])
            if field["type"] == "number":
                assert limits["minimum"] <= float(value) <= limits["maximum"]
                assert len(value.partition(".")[2]) >= 4
            if field["type"] == "date":
                assert date.fromisoformat(value) == DAY
    ids = [row["id_lieu"] for row in rows]
    assert len(set(ids)) == len(ids)
