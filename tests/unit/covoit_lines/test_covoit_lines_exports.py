"""The lines as GTFS and as national carpool places: exact, reproducible, valid, naming nobody."""

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from covoit.export.gtfs import ROUTE_TYPE, UsualTrip, gtfs
from covoit.export.lines_gtfs import Publisher, lines_gtfs
from covoit.export.places import COLUMNS, places
from covoit.gateway import lines as files
from covoit.rules.lines import hours_of_day, leg_between, ride_s
from mobigo.network.export.archive import zip_bytes
from mobigo.network.gateway.gtfs import read
from mobigo.network.model.report import Severity
from mobigo.network.rules.validation import validate
from opendata.gateway.judges import Guru, NationalRules, OwnRules
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


REGION = Publisher("Région Bourgogne-Franche-Comté", "https://www.viamobigo.fr", "03 53 01 20 00", "donnees@example.fr")


def published(lines, guarantee=None):
    return lines_gtfs(lines, guarantee or files.guarantee_on(DAY), REGION, today=DAY)


def test_at_each_stop_and_each_way_the_published_lines_tell_their_hours_and_no_others():
    found = tables(zip_bytes(published(files.lines_on(DAY))))
    calendar = {row["service_id"]: row for row in found["calendar"]}
    trips = {row["trip_id"]: row for row in found["trips"]}
    calls = {trip: [row for row in found["stop_times"] if row["trip_id"] == trip] for trip in trips}
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    told = {}
    for row in found["frequencies"]:
        assert (row["headway_secs"], row["exact_times"]) == ("1200", "0")  # the guarantee: twenty minutes
        trip = trips[row["trip_id"]]
        (board,) = (call["stop_id"] for call in calls[row["trip_id"]] if call["pickup_type"] != "1")
        for day, name in enumerate(names):
            if calendar[trip["service_id"]][name] == "1":
                key = (trip["route_id"], trip["direction_id"], board, day)
                told.setdefault(key, []).append((row["start_time"], row["end_time"]))
    monday = DAY - timedelta(DAY.weekday())
    expected = {}
    for line in files.lines_on(DAY):
        for direction in (0, 1):
            for stop in line.stops[:-1] if direction == 0 else line.stops[1:]:
                for day in range(7):
                    hours = hours_of_day(line, direction, monday + timedelta(day))
                    if hours:
                        key = (line.code, str(direction), stop.id, day)
                        expected[key] = [(f"{since:%H:%M:%S}", f"{until:%H:%M:%S}") for since, until in hours]
    assert {key: sorted(value) for key, value in told.items()} == expected
    line = next(line for line in files.lines_on(DAY) if line.code == "ancy-dijon")
    first, last = calls[f"ancy-dijon.0.12345.{line.stops[0].id}"][:: len(line.stops) - 1]
    leg = leg_between(line, line.stops[0].id, line.stops[-1].id)
    assert ride_s(line, leg.to_m - leg.from_m) == 105 * 60
    assert (first["departure_time"], last["arrival_time"]) == ("06:00:00", "07:45:00")


def test_the_published_lines_are_the_same_bytes_in_any_order_for_a_year_and_the_quick_judges_pass_them(tmp_path: Path):
    lines, guarantee = files.lines_on(DAY), files.guarantee_on(DAY)
    made = published(lines)
    assert made == published(lines[::-1])
    assert made == lines_gtfs(lines, guarantee, REGION, today=date(DAY.year, 12, 31))
    path = tmp_path / "lines.zip"
    path.write_bytes(zip_bytes(made))
    codes = {}
    for judge in (OwnRules(), Guru(), NationalRules()):
        check = judge.check(path, "gtfs.zip", DAY)
        assert check.verdict.value == "passed", check
        codes[check.judge] = {finding.code for finding in check.findings}
    assert set().union(*codes.values()) <= {"unexpected_enum_value"}  # 715 is an extended type: decision 0041
    assert codes["mobigo"] == set()


def test_where_nothing_is_promised_no_trip_is_published():
    one, other, *_ = files.lines_on(DAY)
    found = tables(zip_bytes(published([one, replace(other, hours=())])))
    assert {row["route_id"] for row in found["routes"]} == {one.code, other.code}
    assert {row["route_id"] for row in found["trips"]} == {one.code}
    assert published([replace(one, hours=())]) is None
    assert lines_gtfs([one], None, REGION, today=DAY) is None


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
