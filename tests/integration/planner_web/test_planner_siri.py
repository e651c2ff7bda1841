"""The network as it runs in the words of SIRI: what leaves a stop, vehicles call by call, disruptions, what there is.
In JSON and in XML, the XML by the schema; questions that are none are refused in words."""

import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from lxml import etree

from mobigo.app.tables import metadata
from mobigo.infra.db import transaction
from mobigo.network.engine.boards import build_boards, departures
from mobigo.network.engine.realtime.today import Said, today_of
from mobigo.network.gateway import siri_read
from mobigo.network.gateway.gtfs_realtime import read
from mobigo.network.model.disruptions import Disruption
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.today import Overlay
from mobigo.network.store import disruptions as store
from mobigo.network.store.hearing import known_ids
from mobigo.planner.api import siri as views
from mobigo.planner.web import disruptions as pages
from opendata.gateway.judges.siri import SiriRules
from opendata.model.checks import Verdict
from tests.planner_day import NOW, Days

SERVICES = {
    "stop-monitoring": {"MonitoringRef": "demo:SAU", "PreviewInterval": "PT3H"},
    "estimated-timetable": {"PreviewInterval": "PT3H"},
    "situation-exchange": {},
    "general-message": {},
    "stoppoints-discovery": {},
    "lines-discovery": {},
}


@pytest.fixture
def told(visiting: FlaskClient, known_site: APIFlask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A visitor while two disruptions are written: of a line and a stop, and of the whole network."""
    for each in (views, pages):
        monkeypatch.setattr(each, "now", lambda: NOW)
    engine = known_site.extensions["mobigo"].engine
    metadata.create_all(engine)
    said: dict[str, Any] = {
        "title_en": "", "text_en": "", "cause": "CONSTRUCTION", "first_at": NOW - timedelta(hours=1),
        "written_at": NOW, "changed_at": NOW,
    }  # fmt: skip
    with transaction(engine) as session:
        for disruption in (
            Disruption(id="", title="Arrêt reporté", text="À 40 m.", effect="DETOUR", lines=("demo:LR119",),
                       stops=("demo:SEM",), last_at=NOW + timedelta(days=1), **said),
            Disruption(id="", title="Grève", text="", effect="REDUCED_SERVICE", lines=(), stops=(), last_at=None,
                       **said),
        ):  # fmt: skip
            if not any(each.title == disruption.title for each in store.list_current(session, NOW)):
                store.put(session, disruption)
    return visiting


def asked(client: FlaskClient, service: str, **query: str) -> Any:
    answer = client.get(f"/siri/2.0/{service}.json", query_string=query)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/json"
    return answer.json["Siri"]  # type: ignore[index]


def delivered(found: Any, service: str) -> Any:
    (delivery,) = found["ServiceDelivery"][f"{service}Delivery"]
    return delivery


def hours(call: Any, kind: str) -> tuple[str | None, ...]:
    names = (f"Aimed{kind}Time", f"Expected{kind}Time")
    return (*((call.get(each) or "")[11:16] or None for each in names), call.get(f"{kind}Status"))


def test_what_leaves_a_stop_is_told_with_what_is_expected_of_it(told: FlaskClient) -> None:
    found = delivered(asked(told, "stop-monitoring", **SERVICES["stop-monitoring"]), "StopMonitoring")
    journeys = [each["MonitoredVehicleJourney"] for each in found["MonitoredStopVisit"]]
    rows = [(each["FramedVehicleJourneyRef"]["DatedVehicleJourneyRef"], *hours(each["MonitoredCall"], "Departure"),
             each["Monitored"]) for each in journeys]  # fmt: skip
    assert rows == [
        ("demo:t1", "06:00", None, "cancelled", False),
        ("demo:more", None, "06:40", None, True),
        ("demo:t2", "07:30", "07:42", "delayed", True),
    ]
    assert {each["LineRef"]["value"] for each in journeys} == {"demo:LR119"}
    assert journeys[2]["DestinationRef"] == {"value": "demo:MON"}
    assert "AimedArrivalTime" not in journeys[2]["MonitoredCall"]  # it begins there


def test_only_so_many_are_told_and_that_there_are_more(told: FlaskClient) -> None:
    found = asked(told, "stop-monitoring", **SERVICES["stop-monitoring"], MaximumStopVisits="1")
    assert len(delivered(found, "StopMonitoring")["MonitoredStopVisit"]) == 1
    assert found["ServiceDelivery"]["MoreData"] is True
    none = asked(told, "stop-monitoring", MonitoringRef="demo:SAU", LineRef="demo:LR125", PreviewInterval="PT3H")
    assert "MonitoredStopVisit" not in delivered(none, "StopMonitoring")


def test_vehicles_are_told_call_by_call(told: FlaskClient) -> None:
    found = delivered(asked(told, "estimated-timetable", LineRef="demo:LR119", PreviewInterval="PT3H"),
                      "EstimatedTimetable")  # fmt: skip
    (frame,) = found["EstimatedJourneyVersionFrame"]
    by_id = {each["FramedVehicleJourneyRef"]["DatedVehicleJourneyRef"]: each
             for each in frame["EstimatedVehicleJourney"]}  # fmt: skip
    assert set(by_id) == {"demo:t1", "demo:t2", "demo:more"}
    assert by_id["demo:t1"]["Cancellation"] is True
    assert by_id["demo:more"]["ExtraJourney"] is True
    first, skipped, last = by_id["demo:t2"]["EstimatedCalls"]["EstimatedCall"]
    assert hours(first, "Departure") == ("07:30", "07:42", "delayed")
    assert (skipped["Cancellation"], skipped["DepartureStatus"]) == (True, "cancelled")
    assert "ExpectedDepartureTime" not in skipped
    assert hours(last, "Arrival") == ("08:25", "08:37", "delayed")
    assert "AimedDepartureTime" not in last


def test_a_vehicle_on_its_way_since_yesterday_is_told(told: FlaskClient) -> None:
    """Trip t3 leaves at 23:40 and arrives at 0:35, on the service day before."""
    for at, is_there in (("00:30", True), ("00:36", False)):
        found = delivered(
            asked(told, "estimated-timetable", StartTime=f"2025-03-19T{at}:00+01:00"), "EstimatedTimetable"
        )
        frames = found.get("EstimatedJourneyVersionFrame", [{"EstimatedVehicleJourney": []}])
        runs = [each["FramedVehicleJourneyRef"] for each in frames[0]["EstimatedVehicleJourney"]]
        told_of = {"DataFrameRef": {"value": "2025-03-18"}, "DatedVehicleJourneyRef": "demo:t3"} in runs
        assert told_of is is_there


def test_situations_say_what_the_alerts_say(told: FlaskClient) -> None:
    alerts = {each.id: each for each in read(told.get("/perturbations.pb").data).alerts}
    found = delivered(asked(told, "situation-exchange"), "SituationExchange")["Situations"]["PtSituationElement"]
    assert {each["SituationNumber"]["value"] for each in found} == set(alerts)
    for each in found:
        alert = alerts[each["SituationNumber"]["value"]]
        assert {text["lang"]: text["value"] for text in each["Summary"]} == dict(alert.header)
        stops = {
            one["StopPointRef"]["value"] for one in each["Affects"].get("StopPoints", {}).get("AffectedStopPoint", [])
        }
        assert stops == {one.stop_id for one in alert.about if one.stop_id}
        assert each["AlertCause"] == "constructionWork"
    (whole,) = (each for each in found if each["Summary"][0]["value"] == "Grève")
    assert whole["Affects"] == {"Networks": {"AffectedNetwork": [{"AllLines": {}}]}}
    assert "EndTime" not in whole["ValidityPeriod"][0]
    of_another = delivered(asked(told, "situation-exchange", LineRef="demo:LR125"), "SituationExchange")
    assert [each["Summary"][0]["value"] for each in of_another["Situations"]["PtSituationElement"]] == ["Grève"]


def test_messages_are_on_the_channel_of_disruptions(told: FlaskClient) -> None:
    found = delivered(asked(told, "general-message", InfoChannelRef="Perturbation"), "GeneralMessage")["GeneralMessage"]
    contents = [each["Content"] for each in found]
    assert {"value": "Arrêt reporté", "lang": "fr"} in [
        message["MessageText"] for content in contents for message in content["Message"]
    ]
    assert "GeneralMessage" not in delivered(
        asked(told, "general-message", InfoChannelRef="Commercial"), "GeneralMessage"
    )


def test_what_there_is_can_be_asked_about(told: FlaskClient) -> None:
    stops = asked(told, "stoppoints-discovery")["StopPointsDelivery"]["AnnotatedStopPointRef"]
    assert [each["StopPointRef"]["value"] for each in stops] == ["demo:SAU", "demo:SEM", "demo:MON", "demo:CHA"]
    for each in stops:
        asked(told, "stop-monitoring", MonitoringRef=each["StopPointRef"]["value"])
    lines = asked(told, "lines-discovery")["LinesDelivery"]["AnnotatedLineRef"]
    for each in lines:
        asked(told, "estimated-timetable", LineRef=each["LineRef"]["value"])
    assert len(lines) == 3


def test_who_hears_what_we_tell_knows_the_same_day(told: FlaskClient, known_network: LiveNetwork) -> None:
    """Our own answer, heard as a source of realtime by somebody with the same timetable."""
    data = told.get("/siri/2.0/estimated-timetable.json", query_string={"PreviewInterval": "PT4H"}).data
    message = siri_read.read(data, known_ids(known_network.timetable, "demo"))
    heard = Said("regional", "demo", int(NOW.timestamp()), False, message)
    theirs, ours = today_of(known_network.timetable, [heard]).overlay, Days(known_network).live.today
    assert theirs is not None
    assert ours is not None
    assert ours.overlay is not None
    since, until = NOW - timedelta(hours=1), NOW + timedelta(hours=4)

    def board(overlay: Overlay) -> list[tuple[datetime, str]]:
        index, stops = build_boards(overlay.timetable), range(len(overlay.timetable.stop_id))
        found = departures(index, list(stops), since, until)
        return [(each.depart_at, str(overlay.timetable.stop_id[each.stop])) for each in found]

    assert board(theirs) == board(ours.overlay)
    assert {(each.stop, each.depart_s, each.is_cancelled) for each in theirs.unserved} == {
        (each.stop, each.depart_s, each.is_cancelled) for each in ours.overlay.unserved
    }


@pytest.mark.parametrize("service", SERVICES)
def test_the_same_elements_are_siri_by_our_rules(told: FlaskClient, service: str, tmp_path: Path) -> None:
    answer = told.get(f"/siri/2.0/{service}.xml", query_string=SERVICES[service])
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    (path := tmp_path / "siri.xml").write_bytes(answer.data)
    check = SiriRules().check(path, "siri.xml", NOW.date())
    assert (check.verdict, check.findings) == (Verdict.PASSED, ())


@pytest.mark.realdata
def test_and_by_the_schema(told: FlaskClient, realdata: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(realdata / "siri/siri-xsd-examples.zip") as archive:
        archive.extractall(tmp_path)
    schema = etree.XMLSchema(etree.parse(str(tmp_path / "xsd" / "siri.xsd")))
    refused = told.get("/siri/2.0/stop-monitoring.xml?MonitoringRef=nowhere")
    assert refused.status_code == 404
    for answer in (refused, *(told.get(f"/siri/2.0/{each}.xml", query_string=SERVICES[each]) for each in SERVICES)):
        schema.assertValid(etree.fromstring(answer.data))


@pytest.mark.parametrize(
    ("service", "query", "status", "word"),
    [
        ("stop-monitoring", {}, 404, "MonitoringRef"),
        ("stop-monitoring", {"MonitoringRef": "demo:nowhere"}, 404, "demo:nowhere"),
        ("stop-monitoring", {"MonitoringRef": "demo:SAU", "LineRef": "x"}, 404, "LineRef"),
        ("stop-monitoring", {"MonitoringRef": "demo:SAU", "PreviewInterval": "PT"}, 400, "PreviewInterval"),
        ("stop-monitoring", {"MonitoringRef": "demo:SAU", "PreviewInterval": "1h"}, 400, "PreviewInterval"),
        ("stop-monitoring", {"MonitoringRef": "demo:SAU", "StartTime": "tomorrow"}, 400, "StartTime"),
        ("stop-monitoring", {"MonitoringRef": "demo:SAU", "StartTime": "9999-12-31T23:59:59"}, 400, "StartTime"),
        ("stop-monitoring", {"MonitoringRef": "demo:SAU", "MaximumStopVisits": "0"}, 400, "MaximumStopVisits"),
        ("stop-monitoring", {"MonitoringRef": "demo:SAU", "Key": "1"}, 400, "Key"),
        ("estimated-timetable", {"LineRef": "a" * 5_000}, 404, "LineRef"),
        ("estimated-timetable", {"LineRef": "\x00<script>"}, 404, "LineRef"),
        ("lines-discovery", {"LineRef": "demo:LR119"}, 400, "LineRef"),
    ],
)  # fmt: skip
def test_a_question_that_is_none_is_refused_in_words(
    told: FlaskClient, service: str, query: dict[str, str], status: int, word: str
) -> None:
    answer = told.get(f"/siri/2.0/{service}.json", query_string=query)
    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-store"
    said = answer.json["Siri"]["ServiceDelivery"]  # type: ignore[index]
    assert said["Status"] is False
    ((_, (delivery,)),) = ((name, each) for name, each in said.items() if name.endswith("Delivery"))
    assert word in delivery["ErrorCondition"]["Description"]
    assert len(answer.data) < 2_000


def test_who_asks_may_be_named_and_another_service_is_none(told: FlaskClient) -> None:
    asked(told, "lines-discovery", RequestorRef="opendata", MessageIdentifier="1")
    assert told.get("/siri/2.0/vehicle-monitoring.json").status_code == 404
    assert told.get("/siri/2.0/lines-discovery.csv").status_code == 404
    assert told.post("/siri/2.0/lines-discovery.json").status_code == 405
