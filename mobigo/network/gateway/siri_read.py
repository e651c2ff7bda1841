"""SIRI Lite (JSON) to the same values as GTFS Realtime: EstimatedTimetable, SituationExchange, GeneralMessage and
VehicleMonitoring deliveries. What a message says is not judged here, only read; a journey, a situation or a position
that makes no sense is left out and told.

Sources: SIRI 2.0 (CEN/TS 15531), French profile of SIRI 2.0 and its "SIRI Lite" bindings: an element is `{"value": …}`
or the bare value, and one that may repeat is a list or, alone, the element itself.

References are matched to the ids of the feed by `Known.id_of`, in this order: the reference as it is; without its first
part (`feed:id`); then, of one such as `FR:StopPoint:Q:123:LOC`, what lies between the kind and the end, the last part,
and the last part after the first. The first that is an id of the feed is the one meant; none: the reference stays as it
is, and what names it is told as unknown.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.network.gateway.siri_json import (
    Json,
    first_of,
    is_no,
    is_yes,
    listed,
    many,
    needed,
    refs,
    second_of,
    text_of,
    texts_of,
    whole,
)
from mobigo.network.model.realtime import (
    Alert,
    CallKind,
    CallUpdate,
    Message,
    Moment,
    Selector,
    TripKind,
    TripUpdate,
    Vehicle,
)

BYTES_MAX: Final = 20_000_000

_CAUSES: Final = {
    "accident": "ACCIDENT", "constructionwork": "CONSTRUCTION", "roadworks": "CONSTRUCTION",
    "maintenancework": "MAINTENANCE", "repairwork": "MAINTENANCE", "strike": "STRIKE", "industrialaction": "STRIKE",
    "demonstration": "DEMONSTRATION", "civilemergency": "POLICE_ACTIVITY", "policerequest": "POLICE_ACTIVITY",
    "policeactivity": "POLICE_ACTIVITY", "illness": "MEDICAL_EMERGENCY", "holiday": "HOLIDAY",
    "technicalproblem": "TECHNICAL_PROBLEM", "technicalfailure": "TECHNICAL_PROBLEM", "snow": "WEATHER",
    "ice": "WEATHER", "flooding": "WEATHER", "heavyrain": "WEATHER", "heavysnowfall": "WEATHER", "fog": "WEATHER",
    "stormdamage": "WEATHER", "wind": "WEATHER",
}  # fmt: skip
_EFFECTS: Final = {
    "delayed": "SIGNIFICANT_DELAYS", "delay": "SIGNIFICANT_DELAYS", "cancelled": "NO_SERVICE",
    "noservice": "NO_SERVICE", "diverted": "DETOUR", "disrupted": "REDUCED_SERVICE",
    "intermittentservice": "REDUCED_SERVICE", "altered": "MODIFIED_SERVICE", "changeofroute": "DETOUR",
    "additionalservice": "ADDITIONAL_SERVICE", "shortformedservice": "REDUCED_SERVICE", "stopmoved": "STOP_MOVED",
    "normalservice": "NO_EFFECT",
}  # fmt: skip
_CHANNELS: Final = {"perturbation": "UNKNOWN_EFFECT", "information": "NO_EFFECT"}  # others (commercial): not read


@dataclass(frozen=True, slots=True)
class Known:
    """The ids of a feed. `visits`: the stops of a trip in order, each with its stop_sequence."""

    trips: Mapping[str, object] = field(default_factory=dict)
    routes: Mapping[str, object] = field(default_factory=dict)
    stops: Mapping[str, object] = field(default_factory=dict)
    agencies: Mapping[str, object] = field(default_factory=dict)
    visits: "Visits | None" = None

    @staticmethod
    def id_of(ref: str, ids: Mapping[str, object]) -> str:
        """The id of the feed that a reference means; the reference itself where it means none."""
        if ref in ids or not ref:
            return ref
        parts = [part for part in ref.split(":") if part not in ("", "LOC")]
        tries = (
            ref.partition(":")[2],
            ":".join(parts[2:]),
            parts[-1] if parts else "",
            ":".join(parts[:1] + parts[-1:]),
        )
        return next((each for each in tries if each and each in ids), ref)


class Visits:
    """Where the visits of a trip are asked; by default none is known."""

    def of(self, trip_id: str) -> Sequence[tuple[str, int]]:
        """(stop_id, stop_sequence) of each visit of a trip, in order; empty for a trip that is not known."""
        return ()


def is_siri(data: bytes) -> bool:
    """Whether these bytes are a JSON object, which no GTFS Realtime message is."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


def read(data: bytes, known: Known | None = None) -> Message:
    """The message of these bytes, its references matched to the ids of the feed where they are `known`.

    Raises InvalidInput: "realtime.message_too_large", "realtime.siri_unreadable" for what is no SIRI Lite,
    "realtime.siri_refused" where the service answers that it cannot.
    """
    if len(data) > BYTES_MAX:
        raise InvalidInput("realtime.message_too_large", bytes_max=BYTES_MAX)
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise InvalidInput("realtime.siri_unreadable") from None
    root = found.get("Siri", found) if isinstance(found, dict) else None
    delivery = root.get("ServiceDelivery") if isinstance(root, dict) else None
    if not isinstance(delivery, dict):
        raise InvalidInput("realtime.siri_unreadable")
    return _Reading(known or Known()).message(delivery)


class _Reading:
    """One message being read."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._told: list[Decision] = []

    def message(self, delivery: Json) -> Message:
        kinds = ("EstimatedTimetable", "SituationExchange", "GeneralMessage", "VehicleMonitoring")
        parts = {kind: many(delivery, f"{kind}Delivery") for kind in kinds}
        every = [part for found in parts.values() for part in found]
        if every and all(is_no(part.get("Status")) or "ErrorCondition" in part for part in every):
            raise InvalidInput("realtime.siri_refused")
        if not every:
            raise InvalidInput("realtime.siri_unreadable")
        trips = [
            (journey, frame)
            for part in parts["EstimatedTimetable"]
            for frame in many(part, "EstimatedJourneyVersionFrame")
            for journey in many(frame, "EstimatedVehicleJourney")
        ]
        situations = [
            each
            for part in parts["SituationExchange"]
            for each in many(first_of(part, "Situations"), "PtSituationElement")
        ]
        cancelled = {
            text_of(each, "InfoMessageIdentifier")
            for part in parts["GeneralMessage"]
            for each in (*many(part, "InfoMessageCancellation"), *many(part, "GeneralMessageCancellation"))
        }
        infos = [each for part in parts["GeneralMessage"] for each in many(part, "InfoMessage")]
        infos = [each for each in infos if text_of(each, "InfoMessageIdentifier") not in cancelled]
        activities = [each for part in parts["VehicleMonitoring"] for each in many(part, "VehicleActivity")]
        at = max((second_of(each.get("ResponseTimestamp")) or 0 for each in (delivery, *every)), default=0)
        made = (
            [update for each in trips if (update := self._safely(self._trip, *each)) is not None],
            [alert for each in situations if (alert := self._safely(self._situation, each)) is not None],
            [alert for each in infos if (alert := self._safely(self._info, each)) is not None],
            [vehicle for each in activities if (vehicle := self._safely(self._vehicle, each)) is not None],
        )
        return Message(at, tuple(made[0]), (*made[1], *made[2]), tuple(made[3]), tuple(self._told))

    def _safely(self, reader: Any, entity: Json, *more: Json) -> Any:
        try:
            return reader(entity, *more)
        except (ValueError, OverflowError) as error:
            name = next((text_of(entity, each) for each in _NAMES if text_of(entity, each)), "?")
            self._told.append(Decision("realtime.entity_unreadable", entity=name[:80], value=str(error)[:80]))
            return None

    def _trip(self, journey: Json, frame: Json) -> TripUpdate | None:
        if is_no(journey.get("Monitored")) and not is_yes(journey.get("Cancellation")):
            return None  # said to be without realtime
        framed = first_of(journey, "FramedVehicleJourneyRef")
        ref = text_of(framed, "DatedVehicleJourneyRef") or text_of(journey, "DatedVehicleJourneyRef")
        ref = ref or text_of(journey, "EstimatedVehicleJourneyCode")
        day_text = text_of(framed, "DataFrameRef")
        day = date.fromisoformat(day_text[:10]) if day_text[:4].isdigit() and len(day_text) >= 10 else None
        trip_id = Known.id_of(ref, self._known.trips)
        kind = TripKind.SCHEDULED
        if is_yes(journey.get("Cancellation")):
            kind = TripKind.CANCELLED
        elif is_yes(journey.get("ExtraJourney")):
            kind = TripKind.ADDED
        rows = [
            *((row, True) for row in many(first_of(journey, "RecordedCalls"), "RecordedCall")),
            *((row, False) for row in many(first_of(journey, "EstimatedCalls"), "EstimatedCall")),
        ]
        visits = () if self._known.visits is None else self._known.visits.of(trip_id)
        calls = [self._call(row, visits, added=kind is TripKind.ADDED) for row, _past in rows]
        return TripUpdate(
            trip_id=trip_id,
            kind=kind,
            route_id=Known.id_of(text_of(journey, "LineRef"), self._known.routes),
            start_day=day,
            calls=() if kind is TripKind.CANCELLED else tuple(each for each in calls if each is not None),
            at=second_of(journey.get("RecordedAtTime")) or second_of(frame.get("RecordedAtTime")),
            headsign=text_of(journey, "DestinationDisplay") or text_of(journey, "DestinationName"),
        )

    def _call(self, row: Json, visits: Sequence[tuple[str, int]], *, added: bool) -> CallUpdate | None:
        """None for a call of which nothing is said but the timetable."""
        stop = Known.id_of(text_of(row, "StopPointRef"), self._known.stops)
        if not stop:
            raise ValueError("StopPointRef")
        arrive, depart = _moment(row, "Arrival", planned=added), _moment(row, "Departure", planned=added)
        statuses = {s for name in ("Arrival", "Departure") if (s := text_of(row, f"{name}Status").lower())}
        kind = CallKind.SCHEDULED
        if is_yes(row.get("Cancellation")) or statuses == {"cancelled"}:
            kind, arrive, depart = CallKind.SKIPPED, None, None
        elif arrive is None and depart is None:
            if "noreport" not in statuses:
                return None
            kind = CallKind.NO_DATA
        quay = next(
            (
                q
                for n in ("Departure", "Arrival")
                if (q := text_of(first_of(row, f"{n}StopAssignment"), "ExpectedQuayRef"))
            ),
            "",
        )
        platform = Known.id_of(quay, self._known.stops)
        sequence = _nth(visits, stop, whole(row.get("VisitNumber")))
        return CallUpdate(sequence, stop, kind, arrive, depart, platform if platform in self._known.stops else "")

    def _situation(self, situation: Json) -> Alert | None:
        if text_of(situation, "Progress").lower() in ("closed", "closing"):
            return None
        conditions = [
            text_of({"c": condition}, "c").lower()
            for each in many(first_of(situation, "Consequences"), "Consequence")
            for condition in listed(each.get("Condition"))
        ]
        reasons = (
            "AlertCause", "MiscellaneousReason", "PersonnelReason", "EquipmentReason", "EnvironmentReason",
        )  # fmt: skip
        cause = next((text_of(situation, each) for each in reasons if text_of(situation, each)), "").lower()
        links = many(first_of(situation, "InfoLinks"), "InfoLink")
        return Alert(
            id=needed(situation, "SituationNumber"),
            periods=tuple(_periods(situation)),
            about=tuple(self._affected(first_of(situation, "Affects"))),
            cause=_CAUSES.get(cause, "OTHER_CAUSE" if cause else "UNKNOWN_CAUSE"),
            effect=next((_EFFECTS[each] for each in conditions if each in _EFFECTS), "UNKNOWN_EFFECT"),
            header=texts_of(situation.get("Summary")),
            description=texts_of(situation.get("Description")),
            url={"": link} if links and (link := text_of(links[0], "Uri")).startswith("https://") else {},
        )

    def _affected(self, affects: Json) -> Iterator[Selector]:
        known = self._known
        for network in many(first_of(affects, "Networks"), "AffectedNetwork"):
            lines = many(network, "AffectedLine")
            for line in lines:
                yield Selector(route_id=Known.id_of(text_of(line, "LineRef"), known.routes))
            if not lines:
                for operator in many(network, "AffectedOperator"):
                    yield Selector(agency_id=Known.id_of(text_of(operator, "OperatorRef"), known.agencies))
        for group, one, name in (
            ("StopPoints", "AffectedStopPoint", "StopPointRef"), ("StopPlaces", "AffectedStopPlace", "StopPlaceRef"),
        ):  # fmt: skip
            for stop in many(first_of(affects, group), one):
                yield Selector(stop_id=Known.id_of(text_of(stop, name), known.stops))
        for journey in many(first_of(affects, "VehicleJourneys"), "AffectedVehicleJourney"):
            framed = first_of(journey, "FramedVehicleJourneyRef")
            ref = text_of(framed, "DatedVehicleJourneyRef") or text_of(journey, "DatedVehicleJourneyRef")
            ref = ref or text_of(journey, "VehicleJourneyRef")
            if ref:
                yield Selector(trip_id=Known.id_of(ref, known.trips))

    def _info(self, info: Json) -> Alert | None:
        effect = _CHANNELS.get(text_of(info, "InfoChannelRef").lower())
        if effect is None:
            return None
        content = first_of(info, "Content")
        texts: dict[str, dict[str, str]] = {"shortmessage": {}, "longmessage": {}, "textonly": {}}
        for each in many(content, "Message"):
            kind = text_of(each, "MessageType").lower() or "textonly"
            if kind in texts:
                texts[kind] |= texts_of(each.get("MessageText"))
        header = texts["shortmessage"] or texts["textonly"] or texts["longmessage"]
        if not any(header.values()):
            raise ValueError("MessageText")
        about = [
            *(Selector(route_id=Known.id_of(ref, self._known.routes)) for ref in refs(content.get("LineRef"))),
            *(Selector(stop_id=Known.id_of(ref, self._known.stops)) for ref in refs(content.get("StopPointRef"))),
        ]
        until = second_of(info.get("ValidUntilTime"))
        return Alert(
            needed(info, "InfoMessageIdentifier"), () if until is None else ((None, until),), tuple(about),
            "UNKNOWN_CAUSE", effect, header, texts["longmessage"] or texts["textonly"] or header, {},
        )  # fmt: skip

    def _vehicle(self, activity: Json) -> Vehicle | None:
        journey = first_of(activity, "MonitoredVehicleJourney")
        where = first_of(journey, "VehicleLocation")
        if not where:
            return None
        lat, lon = float(text_of(where, "Latitude")), float(text_of(where, "Longitude"))
        if not (abs(lat) <= 90 and abs(lon) <= 180):
            raise ValueError(f"{lat}, {lon}")
        framed = first_of(journey, "FramedVehicleJourneyRef")
        day = text_of(framed, "DataFrameRef")
        return Vehicle(
            id=text_of(journey, "VehicleRef") or text_of(activity, "ItemIdentifier"),
            trip_id=Known.id_of(text_of(framed, "DatedVehicleJourneyRef"), self._known.trips),
            route_id=Known.id_of(text_of(journey, "LineRef"), self._known.routes),
            start_day=date.fromisoformat(day[:10]) if day[:4].isdigit() and len(day) >= 10 else None,
            lat=round(lat, 6),
            lon=round(lon, 6),
            at=second_of(activity.get("RecordedAtTime")),
            label=text_of(journey, "PublishedLineName"),
        )


_NAMES: Final = (
    "DatedVehicleJourneyRef", "EstimatedVehicleJourneyCode", "SituationNumber", "InfoMessageIdentifier",
    "ItemIdentifier", "LineRef",
)  # fmt: skip


def _moment(row: Json, name: str, *, planned: bool) -> Moment | None:
    """The instant observed, else expected; the planned one where that is all there is and it is on time, or `planned`
    is enough."""
    for kind in ("Actual", "Expected"):
        at = second_of(row.get(f"{kind}{name}Time"))
        if at is not None:
            return Moment(at=at)
    at = second_of(row.get(f"Aimed{name}Time"))
    on_time = text_of(row, f"{name}Status").lower() in ("ontime", "arrived", "departed")
    return Moment(at=at) if at is not None and (planned or on_time) else None


def _nth(visits: Sequence[tuple[str, int]], stop: str, number: int | None) -> int | None:
    """The stop_sequence of the visit meant, for a stop that a trip serves several times; None where the stop says
    enough."""
    sequences = [sequence for other, sequence in visits if other == stop]
    if number is None or len(sequences) < 2:
        return None
    return sequences[number - 1] if 1 <= number <= len(sequences) else None


def _periods(situation: Json) -> Iterator[tuple[int | None, int | None]]:
    for each in many(situation, "ValidityPeriod"):
        yield second_of(each.get("StartTime")), second_of(each.get("EndTime"))
