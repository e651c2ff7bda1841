"""The stops of the carpool lines as GBFS: sound by the reference, open within the hours, nothing of who drives."""

import json
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from zipfile import ZipFile

import pytest

from covoit.export.gbfs import System, boarding_hours, documents, opening_hours
from covoit.gateway.lines import lines_on
from covoit.model.lines import Hours
from covoit.rules.lines import stops_in
from mobigo.network.gateway import gbfs as reader
from opendata.gateway.judges import GbfsReference, GbfsRules
from opendata.model.checks import Verdict

SYSTEM = System("Région", "https://example.org", "donnees@example.org", "https://example.org/covoiturage/gbfs/3.0")
MONDAY = date(2026, 11, 23)
WORKING = frozenset(range(5))


def hours(since: str, until: str, days: frozenset[int] = WORKING, direction: int = 0) -> Hours:
    return Hours(direction, days, time.fromisoformat(since), time.fromisoformat(until))


def at(clock: str, day: date = MONDAY) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}:00+01:00")


def test_the_documents_are_sound_by_our_rules_and_by_the_reference(tmp_path: Path) -> None:
    made = documents(lines_on(MONDAY), SYSTEM, at("08:00"))
    with ZipFile(path := tmp_path / "gbfs.zip", "w") as archive:
        for name, document in made.items():
            archive.writestr(f"{name}.json", json.dumps(document))
    for judge in (GbfsRules(), GbfsReference()):
        check = judge.check(path, "gbfs.zip", MONDAY)
        assert (check.verdict, check.findings) == (Verdict.PASSED, ())


def test_every_stop_is_a_station_and_our_own_reader_reads_it() -> None:
    lines = lines_on(MONDAY)
    made = documents(lines, SYSTEM, at("08:00"))
    assert set(reader.addresses(made["gbfs"])) == set(made) - {"gbfs"}
    found = reader.read({name: made[name] for name in made if name != "gbfs"})
    stops = {stop.id: stop for line in lines for stop in line.stops}
    assert {each.id for each in found.stations} == set(stops)
    for each in found.stations:
        assert (each.name, round(each.point.lat, 4)) == (stops[each.id].name, round(stops[each.id].point.lat, 4))
        assert each.bikes == 0


@pytest.mark.parametrize(
    ("clock", "is_open"), [("06:29", False), ("06:30", True), ("08:59", True), ("09:00", False), ("16:00", True)]
)
def test_a_stop_is_open_within_the_hours_of_the_line(clock: str, is_open: bool) -> None:
    line = replace(lines_on(MONDAY)[0], hours=(hours("06:30", "09:00"), hours("16:00", "19:00")))
    made = documents([line], SYSTEM, at(clock))
    states = {each["station_id"]: each["is_renting"] for each in made["station_status"]["data"]["stations"]}
    last = stops_in(line, 0)[-1]
    assert states.pop(last.id) is False  # one only gets off there
    assert set(states.values()) == {is_open}
    sunday = documents([line], SYSTEM, at(clock, date(2026, 11, 22)))["station_status"]["data"]["stations"]
    assert not any(each["is_renting"] for each in sunday)


def test_the_hours_of_a_stop_are_those_of_the_ways_one_may_take_from_it() -> None:
    line = replace(lines_on(MONDAY)[0], hours=(hours("06:30", "09:00"), hours("16:00", "19:00", direction=1)))
    first, last = line.stops[0], line.stops[-1]
    told = {direction: stops_in(line, direction)[-1] for direction in (0, 1)}
    for stop in (first, last):
        assert [each.direction for each in boarding_hours(line, stop)] == [
            each for each in (0, 1) if told[each] != stop
        ]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ((), ""),
        ((hours("06:30", "09:00"),), "Mo,Tu,We,Th,Fr 06:30-09:00"),
        ((hours("16:00", "19:00"), hours("06:30", "09:00")), "Mo,Tu,We,Th,Fr 06:30-09:00,16:00-19:00"),
        ((hours("06:30", "09:00"), hours("08:00", "10:00", direction=1)), "Mo,Tu,We,Th,Fr 06:30-10:00"),
        ((hours("06:30", "09:00"), hours("09:00", "10:00")), "Mo,Tu,We,Th,Fr 06:30-10:00"),
        ((hours("06:30", "09:00", frozenset((0, 2))), hours("08:00", "12:00", frozenset((5,)))),
         "Mo,We 06:30-09:00; Sa 08:00-12:00"),
    ],
)  # fmt: skip
def test_hours_are_written_as_openstreetmap_does(given: tuple[Hours, ...], written: str) -> None:
    assert opening_hours(given) == written


def test_no_line_is_a_system_without_stations() -> None:
    made = documents([], SYSTEM, at("08:00"))
    assert made["station_information"]["data"] == {"stations": []}
    assert made["system_information"]["data"]["opening_hours"] == "off"
