"""Judges of realtime messages, of shared vehicles, of SIRI: what is sound passes, each fault has its name, and one that
cannot speak says so."""

import json
import re
import sys
import zipfile
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import date
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from google.transit import gtfs_realtime_pb2

from opendata.gateway.judges import GbfsReference, GbfsRules, RealtimeReference, RealtimeRules, SiriRules, SiriSchema
from opendata.gateway.judges.answers import GBFS, REALTIME, SIRI
from opendata.model.checks import Check, Verdict
from tests.builders import feed, trip

TODAY = date(2025, 3, 18)
TIMETABLE = feed([trip("t", "A 07:55 B 08:55")], routes=[{"route_id": "R", "route_short_name": "12"}])
TIMETABLE["agency.txt"] = TIMETABLE["agency.txt"].replace("https://agency.example", "https://agency.example.org")


def codes(check: Check) -> set[str]:
    return {finding.code for finding in check.findings}


# ---------------------------------------------------------------- realtime


def message() -> Any:
    """A train two minutes late at its two stops, and a word about it."""
    made = gtfs_realtime_pb2.FeedMessage()
    made.header.gtfs_realtime_version = "2.0"
    made.header.incrementality = 0
    made.header.timestamp = 1_742_290_000
    late = made.entity.add(id="1")
    late.trip_update.trip.trip_id = "t"
    late.trip_update.timestamp = 1_742_290_000
    for sequence, (stop, at) in enumerate((("A", 1_742_281_020), ("B", 1_742_284_620)), 1):
        call = late.trip_update.stop_time_update.add(stop_sequence=sequence, stop_id=stop)
        call.arrival.time = call.departure.time = at
    told = made.entity.add(id="2")
    told.alert.informed_entity.add(route_id="R")
    told.alert.header_text.translation.add(text="Travaux", language="fr")
    return made


def written(folder: Path, made: Any, tables: Mapping[str, str] | None = None) -> Path:
    if tables is None:
        (path := folder / "m.pb").write_bytes(made.SerializePartialToString())
        return path
    with zipfile.ZipFile(path := folder / "pair.zip", "w") as archive:
        archive.writestr("m.pb", made.SerializePartialToString())
        for name, text in tables.items():
            archive.writestr(name, text)
    return path


def test_a_sound_message_passes_with_its_timetable_and_without(tmp_path: Path) -> None:
    for tables in (None, TIMETABLE):
        check = RealtimeRules().check(written(tmp_path, message(), tables), "m.pb", TODAY)
        assert (check.verdict, check.findings) == (Verdict.PASSED, ())
        assert check.judge_version


def set_version(made: Any) -> None:
    made.header.gtfs_realtime_version = "3.0"


def set_milliseconds(made: Any) -> None:
    made.header.timestamp *= 1000


def first_call(made: Any) -> Any:
    return made.entity[0].trip_update.stop_time_update[0]


def leaves_early(made: Any) -> None:
    first_call(made).departure.time -= 60


def no_stop(made: Any) -> None:
    first_call(made).ClearField("stop_id")
    first_call(made).ClearField("stop_sequence")


def no_time(made: Any) -> None:
    first_call(made).ClearField("arrival")
    first_call(made).ClearField("departure")


def at_the_moon(made: Any) -> None:
    made.entity.add(id="3").vehicle.position.latitude = 147.0


def unknown_trip(made: Any) -> None:
    made.entity[0].trip_update.trip.trip_id = "z"


def added_trip(made: Any) -> None:
    unknown_trip(made)
    made.entity[0].trip_update.trip.schedule_relationship = 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (set_version, {"rt_version_unknown"}),
        (lambda made: made.header.ClearField("timestamp"), {"rt_no_timestamp"}),
        (set_milliseconds, {"rt_timestamp_not_posix"}),
        (lambda made: made.ClearField("entity"), {"rt_empty"}),
        (lambda made: setattr(made.entity[1], "id", "1"), {"rt_entity_twice"}),
        (lambda made: made.entity.add(id="3"), {"rt_entity_of_nothing"}),
        (lambda made: setattr(first_call(made), "stop_sequence", 2), {"rt_calls_out_of_order"}),
        (no_stop, {"rt_call_of_no_stop"}),
        (no_time, {"rt_call_without_time"}),
        (leaves_early, {"rt_leaves_before_it_arrives"}),
        (at_the_moon, {"rt_position_nowhere"}),
        (lambda made: made.entity[1].alert.ClearField("informed_entity"), {"rt_alert_about_nothing"}),
        (lambda made: made.entity[1].alert.ClearField("header_text"), {"rt_alert_without_title"}),
        (unknown_trip, {"rt_unknown_trip"}),
        (added_trip, set()),
        (lambda made: setattr(first_call(made), "stop_id", "Z"), {"rt_unknown_stop"}),
        (lambda made: setattr(made.entity[1].alert.informed_entity[0], "route_id", "Z"), {"rt_unknown_route"}),
    ],
)
def test_each_fault_of_a_message_has_its_name(
    tmp_path: Path, change: Callable[[Any], object], expected: set[str]
) -> None:
    change(made := message())
    assert codes(RealtimeRules().check(written(tmp_path, made, TIMETABLE), "m.pb", TODAY)) == expected
    alone = codes(RealtimeRules().check(written(tmp_path, made), "m.pb", TODAY))
    assert alone == {code for code in expected if not code.startswith("rt_unknown")}  # nothing to compare with


def test_what_is_no_message_fails_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "m.pb").write_bytes(b"\xff\xffno message")
    check = RealtimeRules().check(tmp_path / "m.pb", "m.pb", TODAY)
    assert (check.verdict, check.because and check.because.code) == (Verdict.FAILED, "opendata.judge_cannot_read")


def test_the_reference_speaks_of_a_message_beside_its_timetable_only(tmp_path: Path) -> None:
    alone = RealtimeReference().check(written(tmp_path, message()), "m.pb", TODAY)
    assert (alone.verdict, alone.because and alone.because.code) == (
        Verdict.NOT_RUN, "opendata.judge_needs_timetable",
    )  # fmt: skip
    unknown_trip(made := message())
    told = RealtimeReference().check(written(tmp_path, made, TIMETABLE), "m.pb", TODAY)
    assert told.verdict is Verdict.FAILED
    assert "E003" in codes(told)
    large = RealtimeReference(bytes_max=10).check(written(tmp_path, message(), TIMETABLE), "m.pb", TODAY)
    assert large.verdict is Verdict.NOT_RUN


# ---------------------------------------------------------------- shared vehicles

HEAD = {"last_updated": 1_742_290_000, "ttl": 60, "version": "2.3"}
DOCUMENTS: Mapping[str, dict[str, Any]] = {
    "system_information": {
        **HEAD, "data": {"system_id": "essai", "language": "fr", "name": "Vélos", "timezone": "Europe/Paris"},
    },
    "station_information": {
        **HEAD, "data": {"stations": [
            {"station_id": "1", "name": "Gare", "lat": 47.32, "lon": 5.02},
            {"station_id": "2", "name": "Place", "lat": 47.33, "lon": 5.03},
        ]},
    },
    "station_status": {
        **HEAD, "data": {"stations": [
            {"station_id": each, "num_bikes_available": 3, "is_installed": True, "is_renting": True,
             "is_returning": True, "last_reported": 1_742_290_000, "num_docks_available": 2}
            for each in ("1", "2")
        ]},
    },
}  # fmt: skip


def documents(folder: Path, change: Callable[[dict[str, Any]], object] = bool) -> Path:
    made = deepcopy(dict(DOCUMENTS))
    change(made)
    with zipfile.ZipFile(path := folder / "gbfs.zip", "w") as archive:
        archive.writestr("gbfs.json", json.dumps({"data": {"fr": {"feeds": [{"url": "http://127.0.0.1:9/never"}]}}}))
        for name, document in made.items():
            archive.writestr(f"{name}.json", json.dumps(document))
    return path


def stations(made: dict[str, Any], document: str = "station_information") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = made[document]["data"]["stations"]
    return found


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (bool, set()),
        (lambda made: made.pop("system_information"), {"gbfs_without_system"}),
        (lambda made: made["station_status"].pop("last_updated"), {"gbfs_without_date"}),
        (lambda made: made["system_information"].pop("data"), {"gbfs_without_data"}),
        (lambda made: stations(made)[0].pop("lon"), {"gbfs_station_nowhere"}),
        (lambda made: stations(made)[0].update(lat=147), {"gbfs_station_nowhere"}),
        (lambda made: stations(made)[0].update(lat=0, lon=0), {"gbfs_station_nowhere"}),
        (lambda made: stations(made)[1].update(station_id="1"), {"gbfs_station_twice", "gbfs_state_of_no_station"}),
        (lambda made: stations(made, "station_status")[0].update(station_id="9"), {"gbfs_state_of_no_station"}),
        (lambda made: stations(made, "station_status")[0].update(num_bikes_available=-1), {"gbfs_number_below_zero"}),
    ],
)
def test_each_fault_of_shared_vehicles_has_its_name(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], expected: set[str]
) -> None:
    assert codes(GbfsRules().check(documents(tmp_path, change), "g.zip", TODAY)) == expected


def test_the_reference_reads_the_documents_brought_and_calls_no_address(tmp_path: Path) -> None:
    sound = GbfsReference().check(documents(tmp_path), "g.zip", TODAY)
    assert (sound.verdict, codes(sound)) == (Verdict.PASSED, set())
    wrong = GbfsReference().check(documents(tmp_path, lambda made: stations(made)[0].pop("lon")), "g.zip", TODAY)
    assert (wrong.verdict, codes(wrong)) == (Verdict.FAILED, {"schema_required"})


@pytest.mark.parametrize("judge", [GbfsRules(), GbfsReference()], ids=lambda judge: judge.name)
def test_documents_that_do_not_read_fail(tmp_path: Path, judge: GbfsRules | GbfsReference) -> None:
    with zipfile.ZipFile(tmp_path / "g.zip", "w") as archive:
        archive.writestr("system_information.json", "{")
    check = judge.check(tmp_path / "g.zip", "g.zip", TODAY)
    assert (check.verdict, check.because and check.because.code) == (Verdict.FAILED, "opendata.judge_cannot_read")


# ---------------------------------------------------------------- SIRI

SPACE = 'xmlns="http://www.siri.org.uk/siri"'
CALL = (
    "<EstimatedCall><AimedArrivalTime>2025-03-18T08:00:00+01:00</AimedArrivalTime>"
    "<AimedDepartureTime>2025-03-18T08:01:00+01:00</AimedDepartureTime></EstimatedCall>"
)
DELIVERY = (
    f"<Siri {SPACE}><ServiceDelivery><ResponseTimestamp>2025-03-18T08:00:00Z</ResponseTimestamp>{CALL}"
    "</ServiceDelivery></Siri>"
)


@pytest.mark.parametrize(
    ("text", "verdict", "expected"),
    [
        (DELIVERY, Verdict.PASSED, set()),
        (DELIVERY.replace(SPACE, ""), Verdict.FAILED, {"siri_other_root"}),
        (f"<Siri {SPACE}/>", Verdict.FAILED, {"siri_empty"}),
        (DELIVERY.replace("ResponseTimestamp", "Other"), Verdict.PASSED, {"siri_without_timestamp"}),
        (DELIVERY.replace("2025-03-18T08:00:00Z", "hier"), Verdict.FAILED, {"siri_not_an_instant"}),
        (DELIVERY.replace("08:01:00", "07:59:00"), Verdict.FAILED, {"siri_leaves_before_it_arrives"}),
        (DELIVERY.replace("08:01:00", "08:00:00"), Verdict.PASSED, set()),
        ("<Siri", Verdict.FAILED, set()),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', Verdict.FAILED, set()),
    ],
)
def test_each_fault_of_a_siri_document_has_its_name(
    tmp_path: Path, text: str, verdict: Verdict, expected: set[str]
) -> None:
    (tmp_path / "s.xml").write_text(text)
    check = SiriRules().check(tmp_path / "s.xml", "s.xml", TODAY)
    assert (check.verdict, codes(check)) == (verdict, expected)


@pytest.mark.parametrize("folder", [None, Path("/nowhere")])
def test_the_schema_of_siri_never_passes_what_it_did_not_see(tmp_path: Path, folder: Path | None) -> None:
    assert SiriSchema(folder).check(tmp_path / "s.xml", "s.xml", TODAY).verdict is Verdict.NOT_RUN


@pytest.mark.realdata
def test_the_examples_of_siri_hold_against_its_schema_and_a_broken_one_does_not(realdata: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(realdata / "siri/siri-xsd-examples.zip") as archive:
        archive.extractall(tmp_path)
    judge = SiriSchema(tmp_path / "xsd")
    found = sorted((tmp_path / "examples").rglob("*.xml"))
    checks = {path.name: judge.check(path, path.name, TODAY) for path in found}
    assert len(checks) > 80
    assert {name for name, check in checks.items() if check.verdict is not Verdict.PASSED} == set()
    text = next(path for path in found if path.name == "ext_estimatedTimetable_response.xml").read_text()
    broken = re.sub("<ResponseTimestamp>[^<]*<", "<ResponseTimestamp>hier<", text, count=1)
    assert broken != text
    (tmp_path / "s.xml").write_text(broken)
    check = judge.check(tmp_path / "s.xml", "s.xml", TODAY)
    assert (check.verdict, check.judge_version) == (Verdict.FAILED, "2.1")
    assert {finding.example["line"] for finding in check.errors}
    (tmp_path / "s.xml").write_text("<Siri")
    check = judge.check(tmp_path / "s.xml", "s.xml", TODAY)
    assert (check.verdict, check.because and check.because.code) == (Verdict.FAILED, "opendata.judge_cannot_read")


# ---------------------------------------------------------------- all of them


@pytest.mark.parametrize(
    ("judge", "module", "package"),
    [(RealtimeReference(), "realtime", "gtfs_rt_validator"), (GbfsReference(), "shared_vehicles", "gbfs_validator")],
)
def test_a_reference_that_is_not_installed_did_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judge: RealtimeReference | GbfsReference, module: str, package: str
) -> None:
    found = util.find_spec
    where = sys.modules[f"opendata.gateway.judges.{module}"]
    monkeypatch.setattr(where, "find_spec", lambda name: None if name == package else found(name))
    check = judge.check(tmp_path / "x", "x", TODAY)
    assert (check.verdict, check.because and check.because.code) == (Verdict.NOT_RUN, "opendata.judge_absent")
    assert not judge.required


def test_each_kind_has_its_own_judges() -> None:
    known = [RealtimeRules(), RealtimeReference(), GbfsRules(), GbfsReference(), SiriRules(), SiriSchema(None)]
    asked = {kind: [judge.name for judge in known if judge.reads("x", "", kind)] for kind in (REALTIME, GBFS, SIRI)}
    assert asked == {
        REALTIME: ["mobigo-temps-reel", "gtfs-rt-validator"],
        GBFS: ["mobigo-gbfs", "gbfs-validator"],
        SIRI: ["mobigo-siri", "siri-xsd"],
    }


# ---------------------------------------------------------------- real ones


@pytest.mark.realdata
def test_real_messages_beside_their_timetable(realdata: Path, tmp_path: Path) -> None:
    folder = realdata / "gtfs-rt"
    with zipfile.ZipFile(folder / "bart-2019-static.zip") as static, zipfile.ZipFile(tmp_path / "p.zip", "w") as pair:
        for name in static.namelist():
            pair.writestr(name, static.read(name))
        pair.writestr("u.pb", (folder / "bart-2019-08-07-trip-updates.pb").read_bytes())
    own = RealtimeRules().check(tmp_path / "p.zip", "p.zip", date(2019, 8, 7))
    assert "rt_unknown_trip" in codes(own)  # the reference says E003 of the same
    for name in ("bart-alerts.pb", "brest-bibus-2021-alerts.pb"):
        assert RealtimeRules().check(folder / name, name, TODAY).because is None


@pytest.mark.realdata
def test_real_shared_vehicles(realdata: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "g.zip", "w") as archive:
        for path in sorted((realdata / "gbfs").glob("*.json")):
            archive.write(path, path.name)
    check = GbfsRules().check(tmp_path / "g.zip", "g.zip", TODAY)
    assert codes(check) <= {"gbfs_station_twice", "gbfs_state_of_no_station"}
