"""SIRI Lite read: the same facts told as GTFS Realtime and as SIRI give the same day; hostile bytes give a refusal."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.transit import gtfs_realtime_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS
from mobigo.network.engine.realtime.matching import FeedIndex, Matched, match
from mobigo.network.engine.realtime.today import Said, today_of
from mobigo.network.gateway import gtfs_realtime, siri_read
from mobigo.network.gateway.siri_read import Known
from mobigo.network.model.realtime import CallKind, Selector, TripKind
from mobigo.network.store.hearing import known_ids
from tests.builders import DAY, feed, trip
from tests.planner_adaptor import compiled

TRIPS = {
    "early": "A 07:55 B 08:05 C 08:20", "night": "A 23:50 B 24:10 C 24:30",
    "ring": "A 09:00 B 09:10 C 09:20 A 09:30 B 09:40",
}  # fmt: skip
TABLE = compiled(feed([trip(name, calls) for name, calls in TRIPS.items()]), "region")
INDEX = FeedIndex(TABLE, 0)
MIDNIGHT = datetime(DAY.year, DAY.month, DAY.day, tzinfo=PARIS)
SAID_AT = MIDNIGHT + timedelta(hours=7)
FORMS = {
    "as it is": "{}", "feed:id": "region:{}", "netex": "FR:Kind:{}:LOC", "quay": "FR:Kind:Q:{}:",
    "short": "FR:Kind::{}:LOC",
}  # fmt: skip


def planned(name: str) -> list[tuple[str, int]]:
    """(stop, seconds after midnight) of a trip."""
    words = TRIPS[name].split()
    return [(stop, int(at[:2]) * 3600 + int(at[3:]) * 60) for stop, at in zip(words[::2], words[1::2], strict=True)]


def gtfs_rt(facts: dict[str, Any]) -> bytes:
    out = pb.FeedMessage()
    out.header.gtfs_realtime_version, out.header.timestamp = "2.0", int(SAID_AT.timestamp())
    for name, calls in facts.items():
        update = out.entity.add(id=name).trip_update
        update.trip.trip_id, update.trip.start_date = name, f"{DAY:%Y%m%d}"
        if calls is None:
            update.trip.schedule_relationship = pb.TripDescriptor.CANCELED
            continue
        for (stop, at_s), told in zip(planned(name), calls, strict=True):
            call = update.stop_time_update.add(stop_id=stop)
            if told is None:
                call.schedule_relationship = pb.TripUpdate.StopTimeUpdate.SKIPPED
            else:
                call.arrival.time = call.departure.time = int((MIDNIGHT + timedelta(seconds=at_s + told)).timestamp())
    data: bytes = out.SerializeToString()
    return data


def siri(facts: dict[str, Any], form: str = "{}", *, bare: bool = False, utc: bool = False) -> bytes:
    def ref(id_: str) -> Any:
        return form.format(id_) if bare else {"value": form.format(id_)}

    def at(second: int) -> str:
        instant = MIDNIGHT + timedelta(seconds=second)
        return (instant.astimezone(UTC) if utc else instant).isoformat().replace("+00:00", "Z")

    journeys = []
    for name, calls in facts.items():
        framed = {"DataFrameRef": {"value": DAY.isoformat()}, "DatedVehicleJourneyRef": form.format(name)}
        journey: dict[str, Any] = {"LineRef": ref("R"), "FramedVehicleJourneyRef": framed}
        if calls is None:
            journey["Cancellation"] = True
        else:
            rows = []
            for number, ((stop, at_s), told) in enumerate(zip(planned(name), calls, strict=True), 1):
                row: dict[str, Any] = {"StopPointRef": ref(stop), "Order": number, "AimedDepartureTime": at(at_s)}
                if told is None:
                    row |= {"ArrivalStatus": "cancelled", "DepartureStatus": "cancelled"}
                else:
                    row |= {f"Expected{kind}Time": at(at_s + told) for kind in ("Arrival", "Departure")}
                rows.append(row)
            journey["EstimatedCalls"] = {"EstimatedCall": rows if len(rows) > 1 else rows[0]}
        journeys.append(journey)
    frame = {"EstimatedVehicleJourney": journeys}
    delivery = {"EstimatedTimetableDelivery": [{"Status": "true", "EstimatedJourneyVersionFrame": frame}]}
    return json.dumps({"Siri": {"ServiceDelivery": {"ResponseTimestamp": SAID_AT.isoformat(), **delivery}}}).encode()


def of_siri(data: bytes) -> Matched:
    return match(INDEX, [siri_read.read(data, known_ids(TABLE, "region"))])


def of_gtfs(data: bytes) -> Matched:
    return match(INDEX, [gtfs_realtime.read(data)])


delays = st.one_of(st.none(), st.integers(-30, 3_000))
facts_of_day = st.fixed_dictionaries(
    {},
    optional={
        name: st.one_of(st.none(), st.lists(delays, min_size=len(planned(name)), max_size=len(planned(name))))
        for name in TRIPS
    },
)


@given(facts_of_day, st.sampled_from(sorted(FORMS)), st.booleans(), st.booleans())
def test_the_same_facts_in_both_words_give_the_same_day(
    facts: dict[str, Any], form: str, bare: bool, utc: bool
) -> None:
    ours, theirs = of_siri(siri(facts, FORMS[form], bare=bare, utc=utc)), of_gtfs(gtfs_rt(facts))
    assert ours.changes == theirs.changes
    assert (ours.trip_count, ours.used_count, len(ours.told)) == (
        theirs.trip_count, theirs.used_count, len(theirs.told),
    )  # fmt: skip


def test_what_names_nothing_of_the_feed_is_told_and_changes_nothing() -> None:
    data = siri({"early": [60, 60, 60]}).replace(b'"early"', b'"elsewhere"')
    found = of_siri(data)
    assert found.changes == ()
    [told] = found.told
    assert (told.params["trip"], getattr(told.params["reason"], "code", "")) == ("elsewhere", "realtime.trip_unknown")


@pytest.mark.parametrize(
    ("ref", "meant"),
    [
        ("A", "A"), ("region:A", "A"), ("FR:Quay:A:LOC", "A"), ("STIF:StopPoint:Q:A:", "A"), 
        ("FR:StopPoint:BP:A:LOC", "A"),
        ("IDFM:StopPoint:Q:41178:", "IDFM:41178"), ("FR:StopPoint:Q:Z:LOC", "FR:StopPoint:Q:Z:LOC"), ("", ""),
        (":", ":"), ("Q:A", "Q:A"), ("X:Q:A", "Q:A"),
    ],
)  # fmt: skip
def test_the_rule_that_matches_references(ref: str, meant: str) -> None:
    """In the order told at the top of the reader: `Q:A` is an id here, so `Q:A` and `X:Q:A` mean it, not `A`."""
    ids = {"A": 0, "IDFM:41178": 1, "Q:A": 2}
    if ref == "STIF:StopPoint:Q:A:":
        ids.pop("Q:A")
    assert Known.id_of(ref, ids) == meant


def calls(*rows: dict[str, Any], **journey: Any) -> Any:
    framed = {"DataFrameRef": {"value": DAY.isoformat()}, "DatedVehicleJourneyRef": "ring"}
    told = {"FramedVehicleJourneyRef": framed, "EstimatedCalls": {"EstimatedCall": list(rows)}, **journey}
    body = {"EstimatedJourneyVersionFrame": [{"EstimatedVehicleJourney": [told]}]}
    return siri_read.read(
        json.dumps({"ServiceDelivery": {"EstimatedTimetableDelivery": [body]}}).encode(), known_ids(TABLE, "region")
    )


@pytest.mark.parametrize(("visit", "sequence"), [(1, 0), (2, 3), (3, None), ("x", None), (None, None)])
def test_a_stop_served_twice_is_told_apart_by_its_visit(visit: object, sequence: int | None) -> None:
    row = {"StopPointRef": "A", "VisitNumber": visit, "ExpectedDepartureTime": SAID_AT.isoformat()}
    [update] = calls(row).trips
    first = int(TABLE.visit_sequence[int(TABLE.trip_visit_start[INDEX.trips["ring"]])])
    assert update.calls[0].sequence == (None if sequence is None else first + sequence)


@pytest.mark.parametrize(
    ("row", "kind", "moment"),
    [
        ({"ActualDepartureTime": "T+1", "ExpectedDepartureTime": "T"}, CallKind.SCHEDULED, 1),
        ({"ExpectedDepartureTime": "T+1", "AimedDepartureTime": "T"}, CallKind.SCHEDULED, 1),
        ({"AimedDepartureTime": "T", "DepartureStatus": "onTime"}, CallKind.SCHEDULED, 0),
        ({"AimedDepartureTime": "T"}, None, None),  # the timetable alone: nothing is said
        ({"AimedDepartureTime": "T", "DepartureStatus": "noReport"}, CallKind.NO_DATA, None),
        ({"ExpectedDepartureTime": "T", "Cancellation": "true"}, CallKind.SKIPPED, None),
        (
            {"ArrivalStatus": "onTime", "DepartureStatus": "cancelled", "AimedArrivalTime": "T"},
            CallKind.SCHEDULED,
            None,
        ),
    ],
)
def test_what_is_said_of_a_call(row: dict[str, Any], kind: CallKind | None, moment: int | None) -> None:
    at = {"T": SAID_AT.isoformat(), "T+1": (SAID_AT + timedelta(seconds=1)).isoformat()}
    [update] = calls({"StopPointRef": "A", **{name: at.get(text, text) for name, text in row.items()}}).trips
    assert [each.kind for each in update.calls] == ([] if kind is None else [kind])
    if update.calls:
        depart = update.calls[0].depart
        assert (None if depart is None else (depart.at or 0) - int(SAID_AT.timestamp())) == moment


def test_what_is_said_to_be_without_realtime_says_nothing() -> None:
    row = {"StopPointRef": "A", "ExpectedDepartureTime": SAID_AT.isoformat()}
    assert calls(row, Monitored=False).trips == ()
    assert [each.kind for each in calls(row, Monitored=False, Cancellation=True).trips] == [TripKind.CANCELLED]


def test_an_extra_journey_is_added_with_its_planned_times() -> None:
    rows = [
        {"StopPointRef": stop, "AimedArrivalTime": at, "AimedDepartureTime": at}
        for stop, at in (("A", "2025-03-18T10:00:00+01:00"), ("C", "2025-03-18T10:20:00+01:00"))
    ]
    journey = {"DatedVehicleJourneyRef": {"value": "extra"}, "FramedVehicleJourneyRef": None, "ExtraJourney": True}
    message = calls(*rows, **journey, LineRef={"value": next(iter(INDEX.routes))})
    [change] = match(INDEX, [message]).changes
    assert (change.kind, change.trip_id, change.course is not None) == (TripKind.ADDED, "extra", True)


def delivered(kind: str, **body: Any) -> Any:
    data = json.dumps({"Siri": {"ServiceDelivery": {f"{kind}Delivery": [body]}}}).encode()
    return siri_read.read(data, known_ids(TABLE, "region"))


SITUATION = {
    "SituationNumber": {"value": "s1"},
    "ValidityPeriod": [{"StartTime": "2025-03-18T07:00:00+01:00", "EndTime": "2025-03-18T09:00:00+01:00"}, {}],
    "AlertCause": "strike",
    "Summary": [{"value": "Grève", "lang": "fr-FR"}, {"value": "Strike", "lang": "EN"}],
    "Description": {"value": "Aucun car."},
    "Consequences": {"Consequence": {"Condition": "cancelled"}},
    "InfoLinks": {"InfoLink": [{"Uri": "https://cars.example/greve"}]},
    "Affects": {
        "Networks": {"AffectedNetwork": [{"AffectedLine": [{"LineRef": {"value": "FR:Line:R:LOC"}}]}]},
        "StopPoints": {"AffectedStopPoint": {"StopPointRef": {"value": "region:A"}}},
        "VehicleJourneys": {"AffectedVehicleJourney": [{"DatedVehicleJourneyRef": [{"value": "early"}]}]},
    },
}


def test_a_situation_is_an_alert() -> None:
    [alert] = delivered("SituationExchange", Situations={"PtSituationElement": [SITUATION]}).alerts
    first = int(SAID_AT.timestamp())
    assert (alert.id, alert.cause, alert.effect) == ("s1", "STRIKE", "NO_SERVICE")
    assert alert.periods == ((first, first + 7200), (None, None))
    assert alert.header == {"fr": "Grève", "en": "Strike"}
    assert (alert.description, alert.url) == ({"": "Aucun car."}, {"": "https://cars.example/greve"})
    assert [each.stop_id or each.trip_id for each in alert.about[1:]] == ["A", "early"]


@pytest.mark.parametrize("change", [{"Progress": "closed"}, {"SituationNumber": None}])
def test_a_situation_that_is_over_or_nameless_is_none(change: dict[str, Any]) -> None:
    message = delivered("SituationExchange", Situations={"PtSituationElement": [{**SITUATION, **change}]})
    assert message.alerts == ()
    assert len(message.told) == (0 if "Progress" in change else 1)


@pytest.mark.parametrize(
    ("channel", "effect"), [("Perturbation", "UNKNOWN_EFFECT"), ("Information", "NO_EFFECT"), ("Commercial", None)]
)
def test_a_general_message_is_an_alert_by_its_channel(channel: str, effect: str | None) -> None:
    info = {
        "InfoMessageIdentifier": {"value": "m1"}, "InfoChannelRef": {"value": channel},
        "ValidUntilTime": "2025-03-18T09:00:00+01:00",
        "Content": {
            "StopPointRef": [{"value": "FR:SP:A:LOC"}],
            "Message": [
                {"MessageType": "shortMessage", "MessageText": {"value": "Arrêt déplacé", "lang": "FR"}},
                {"MessageType": "longMessage", "MessageText": {"value": "À l’église.", "lang": "FR"}},
                {"MessageType": "HTML", "MessageText": {"value": "<script>", "lang": "FR"}},
            ],
        },
    }  # fmt: skip
    found = delivered("GeneralMessage", InfoMessage=[info])
    if effect is None:
        assert (found.alerts, found.told) == ((), ())
        return
    [alert] = found.alerts
    assert (alert.effect, alert.header, alert.description) == (effect, {"fr": "Arrêt déplacé"}, {"fr": "À l’église."})
    assert alert.about == (Selector(stop_id="A"),)
    gone = {"InfoMessageCancellation": [{"InfoMessageIdentifier": {"value": "m1"}}]}
    assert delivered("GeneralMessage", InfoMessage=[info], **gone).alerts == ()


def test_a_position_is_one_of_a_vehicle() -> None:
    journey = {
        "VehicleRef": {"value": "car 7"}, "FramedVehicleJourneyRef": {"DatedVehicleJourneyRef": "early"},
        "VehicleLocation": {"Latitude": 47.3, "Longitude": "5.0"},
    }  # fmt: skip
    bad = {**journey, "VehicleLocation": {"Latitude": 97, "Longitude": 5}}
    rows = [{"RecordedAtTime": SAID_AT.isoformat(), "MonitoredVehicleJourney": each} for each in (journey, bad)]
    found = delivered("VehicleMonitoring", VehicleActivity=rows)
    assert [(each.id, each.trip_id, each.lat, each.lon) for each in found.vehicles] == [("car 7", "early", 47.3, 5.0)]
    assert [each.code for each in found.told] == ["realtime.entity_unreadable"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "unreadable"), (b"{", "unreadable"), (b"{}", "unreadable"), (b'{"Siri": 4}', "unreadable"),
        (b"[" * 100_000, "unreadable"), (b'{"a":' * 100_000, "unreadable"), (b"\xff{}", "unreadable"),
        (b'{"Siri": {"ServiceDelivery": {}}}', "unreadable"),
        (b'{"Siri": {"ServiceDelivery": {"EstimatedTimetableDelivery": [{"Status": false}]}}}', "refused"),
        (b'{"Siri": {"ServiceDelivery": {"GeneralMessageDelivery": {"ErrorCondition": {}}}}}', "refused"),
        (b" " * (siri_read.BYTES_MAX + 1), "too_large"),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(InvalidInput, match=code):
        siri_read.read(data)


scalars = st.one_of(st.none(), st.booleans(), st.integers(-5, 2**40), st.floats(), st.text(max_size=12))
words = st.sampled_from(
    ["value", "EstimatedVehicleJourney", "EstimatedCalls", "EstimatedCall", "StopPointRef", "ExpectedArrivalTime",
     "FramedVehicleJourneyRef", "DataFrameRef", "Cancellation", "Affects", "Networks", "Summary", "lang", "VisitNumber"]
)  # fmt: skip
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4))


@given(st.sampled_from(["EstimatedTimetable", "SituationExchange", "GeneralMessage", "VehicleMonitoring"]), trees)
def test_any_tree_is_read_or_told_never_a_fault(kind: str, tree: Any) -> None:
    inner = {
        "EstimatedJourneyVersionFrame": {"EstimatedVehicleJourney": tree}, "Situations": {"PtSituationElement": tree},
        "InfoMessage": tree, "VehicleActivity": tree,
    }  # fmt: skip
    data = json.dumps({"Siri": {"ServiceDelivery": {f"{kind}Delivery": inner}}}).encode()
    message = siri_read.read(data, known_ids(TABLE, "region"))
    today_of(TABLE, [Said("s", "region", 0, False, message)])


@pytest.mark.parametrize(("data", "expected"), [(b" \xef\xbb\xbf{", True), (gtfs_rt({}), False), (b"", False)])
def test_which_words_a_message_is_in(data: bytes, expected: bool) -> None:
    assert siri_read.is_siri(data) is expected
