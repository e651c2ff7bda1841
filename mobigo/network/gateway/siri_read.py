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
from datetime import date, datetime
from typing import Any, Final

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS
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
TEXT_MAX: Final = 4_000
Json = Mapping[str, Any]

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
        parts = {kind: _many(delivery, f"{kind}Delivery") for kind in kinds}
        every = [part for found in parts.values() for part in found]
        if every and all(_false(part.get("Status")) or "ErrorCondition" in part for part in every):
            raise InvalidInput("realtime.siri_refused")
        if not every:
            raise InvalidInput("realtime.siri_unreadable")
        trips = [
            (journey, frame)
            for part in parts["EstimatedTimetable"]
            for frame in _many(part, "EstimatedJourneyVersionFrame")
            for journey in _many(frame, "EstimatedVehicleJourney")
        ]
        situations = [
            each
            for part in parts["SituationExchange"]
            for each in _many(_object(part, "Situations"), "PtSituationElement")
        ]
        cancelled = {
            _text(each, "InfoMessageIdentifier")
            for part in parts["GeneralMessage"]
            for each in (*_many(part, "InfoMessageCancellation"), *_many(part, "GeneralMessageCancellation"))
        }
        infos = [each for part in parts["GeneralMessage"] for each in _many(part, "InfoMessage")]
        infos = [each for each in infos if _text(each, "InfoMessageIdentifier") not in cancelled]
        activities = [each for part in parts["VehicleMonitoring"] for each in _many(part, "VehicleActivity")]
        at = max((_second(each.get("ResponseTimestamp")) or 0 for each in (delivery, *every)), default=0)
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
            name = next((_text(entity, each) for each in _NAMES if _text(entity, each)), "?")
            self._told.append(Decision("realtime.entity_unreadable", entity=name[:80], value=str(error)[:80]))
            return None

    def _trip(self, journey: Json, frame: Json) -> TripUpdate | None:
        if _false(journey.get("Monitored")) and not _yes(journey.get("Cancellation")):
            return None  # said to be without realtime
        framed = _object(journey, "FramedVehicleJourneyRef")
        ref = _text(framed, "DatedVehicleJourneyRef") or _text(journey, "DatedVehicleJourneyRef")
        ref = ref or _text(journey, "EstimatedVehicleJourneyCode")
        day_text = _text(framed, "DataFrameRef")
        day = date.fromisoformat(day_text[:10]) if day_text[:4].isdigit() and len(day_text) >= 10 else None
        trip_id = Known.id_of(ref, self._known.trips)
        kind = TripKind.SCHEDULED
        if _yes(journey.get("Cancellation")):
            kind = TripKind.CANCELLED
        elif _yes(journey.get("ExtraJourney")):
            kind = TripKind.ADDED
        rows = [
            *((row, True) for row in _many(_object(journey, "RecordedCalls"), "RecordedCall")),
            *((row, False) for row in _many(_object(journey, "EstimatedCalls"), "EstimatedCall")),
        ]
        visits = () if self._known.visits is None else self._known.visits.of(trip_id)
        calls = [self._call(row, visits, added=kind is TripKind.ADDED) for row, _past in rows]
        return TripUpdate(
            trip_id=trip_id,
            kind=kind,
            route_id=Known.id_of(_text(journey, "LineRef"), self._known.routes),
            start_day=day,
            calls=() if kind is TripKind.CANCELLED else tuple(each for each in calls if each is not None),
            at=_second(journey.get("RecordedAtTime")) or _second(frame.get("RecordedAtTime")),
            headsign=_text(journey, "DestinationDisplay") or _text(journey, "DestinationName"),
        )

    def _call(self, row: Json, visits: Sequence[tuple[str, int]], *, added: bool) -> CallUpdate | None:
        """None for a call of which nothing is said but the timetable."""
        stop = Known.id_of(_text(row, "StopPointRef"), self._known.stops)
        if not stop:
            raise ValueError("StopPointRef")
        arrive, depart = _moment(row, "Arrival", planned=added), _moment(row, "Departure", planned=added)
        statuses = {s for name in ("Arrival", "Departure") if (s := _text(row, f"{name}Status").lower())}
        kind = CallKind.SCHEDULED
        if _yes(row.get("Cancellation")) or statuses == {"cancelled"}:
            kind, arrive, depart = CallKind.SKIPPED, None, None
        elif arrive is None and depart is None:
            if "noreport" not in statuses:
                return None
            kind = CallKind.NO_DATA
        quay = next(
            (
                q
                for n in ("Departure", "Arrival")
                if (q := _text(_object(row, f"{n}StopAssignment"), "ExpectedQuayRef"))
            ),
            "",
        )
        platform = Known.id_of(quay, self._known.stops)
        sequence = _nth(visits, stop, _whole(row.get("VisitNumber")))
        return CallUpdate(sequence, stop, kind, arrive, depart, platform if platform in self._known.stops else "")

    def _situation(self, situation: Json) -> Alert | None:
        if _text(situation, "Progress").lower() in ("closed", "closing"):
            return None
        conditions = [
            _text({"c": condition}, "c").lower()
            for each in _many(_object(situation, "Consequences"), "Consequence")
            for condition in _list(each.get("Condition"))
        ]
        reasons = (
            "AlertCause", "MiscellaneousReason", "PersonnelReason", "EquipmentReason", "EnvironmentReason",
        )  # fmt: skip
        cause = next((_text(situation, each) for each in reasons if _text(situation, each)), "").lower()
        links = _many(_object(situation, "InfoLinks"), "InfoLink")
        return Alert(
            id=_needed(situation, "SituationNumber"),
            periods=tuple(_periods(situation)),
            about=tuple(self._affected(_object(situation, "Affects"))),
            cause=_CAUSES.get(cause, "OTHER_CAUSE" if cause else "UNKNOWN_CAUSE"),
            effect=next((_EFFECTS[each] for each in conditions if each in _EFFECTS), "UNKNOWN_EFFECT"),
            header=_texts(situation.get("Summary")),
            description=_texts(situation.get("Description")),
            url={"": link} if links and (link := _text(links[0], "Uri")).startswith("https://") else {},
        )

    def _affected(self, affects: Json) -> Iterator[Selector]:
        known = self._known
        for network in _many(_object(affects, "Networks"), "AffectedNetwork"):
            lines = _many(network, "AffectedLine")
            for line in lines:
                yield Selector(route_id=Known.id_of(_text(line, "LineRef"), known.routes))
            if not lines:
                for operator in _many(network, "AffectedOperator"):
                    yield Selector(agency_id=Known.id_of(_text(operator, "OperatorRef"), known.agencies))
        for group, one, name in (
            ("StopPoints", "AffectedStopPoint", "StopPointRef"), ("StopPlaces", "AffectedStopPlace", "StopPlaceRef"),
        ):  # fmt: skip
            for stop in _many(_object(affects, group), one):
                yield Selector(stop_id=Known.id_of(_text(stop, name), known.stops))
        for journey in _many(_object(affects, "VehicleJourneys"), "AffectedVehicleJourney"):
            framed = _object(journey, "FramedVehicleJourneyRef")
            ref = _text(framed, "DatedVehicleJourneyRef") or _text(journey, "DatedVehicleJourneyRef")
            ref = ref or _text(journey, "VehicleJourneyRef")
            if ref:
                yield Selector(trip_id=Known.id_of(ref, known.trips))

    def _info(self, info: Json) -> Alert | None:
        effect = _CHANNELS.get(_text(info, "InfoChannelRef").lower())
        if effect is None:
            return None
        content = _object(info, "Content")
        texts: dict[str, dict[str, str]] = {"shortmessage": {}, "longmessage": {}, "textonly": {}}
        for each in _many(content, "Message"):
            kind = _text(each, "MessageType").lower() or "textonly"
            if kind in texts:
                texts[kind] |= _texts(each.get("MessageText"))
        header = texts["shortmessage"] or texts["textonly"] or texts["longmessage"]
        if not any(header.values()):
            raise ValueError("MessageText")
        about = [
            *(Selector(route_id=Known.id_of(ref, self._known.routes)) for ref in _refs(content.get("LineRef"))),
            *(Selector(stop_id=Known.id_of(ref, self._known.stops)) for ref in _refs(content.get("StopPointRef"))),
        ]
        until = _second(info.get("ValidUntilTime"))
        return Alert(
            _needed(info, "InfoMessageIdentifier"), () if until is None else ((None, until),), tuple(about),
            "UNKNOWN_CAUSE", effect, header, texts["longmessage"] or texts["textonly"] or header, {},
        )  # fmt: skip

    def _vehicle(self, activity: Json) -> Vehicle | None:
        journey = _object(activity, "MonitoredVehicleJourney")
        where = _object(journey, "VehicleLocation")
        if not where:
            return None
        lat, lon = float(_text(where, "Latitude")), float(_text(where, "Longitude"))
        if not (abs(lat) <= 90 and abs(lon) <= 180):
            raise ValueError(f"{lat}, {lon}")
        framed = _object(journey, "FramedVehicleJourneyRef")
        day = _text(framed, "DataFrameRef")
        return Vehicle(
            id=_text(journey, "VehicleRef") or _text(activity, "ItemIdentifier"),
            trip_id=Known.id_of(_text(framed, "DatedVehicleJourneyRef"), self._known.trips),
            route_id=Known.id_of(_text(journey, "LineRef"), self._known.routes),
            start_day=date.fromisoformat(day[:10]) if day[:4].isdigit() and len(day) >= 10 else None,
            lat=round(lat, 6),
            lon=round(lon, 6),
            at=_second(activity.get("RecordedAtTime")),
            label=_text(journey, "PublishedLineName"),
        )


_NAMES: Final = (
    "DatedVehicleJourneyRef", "EstimatedVehicleJourneyCode", "SituationNumber", "InfoMessageIdentifier",
    "ItemIdentifier", "LineRef",
)  # fmt: skip


def _moment(row: Json, name: str, *, planned: bool) -> Moment | None:
    """The instant observed, else expected; the planned one where that is all there is and it is on time, or `planned`
    is enough."""
    for kind in ("Actual", "Expected"):
        at = _second(row.get(f"{kind}{name}Time"))
        if at is not None:
            return Moment(at=at)
    at = _second(row.get(f"Aimed{name}Time"))
    on_time = _text(row, f"{name}Status").lower() in ("ontime", "arrived", "departed")
    return Moment(at=at) if at is not None and (planned or on_time) else None


def _nth(visits: Sequence[tuple[str, int]], stop: str, number: int | None) -> int | None:
    """The stop_sequence of the visit meant, for a stop that a trip serves several times; None where the stop says
    enough."""
    sequences = [sequence for other, sequence in visits if other == stop]
    if number is None or len(sequences) < 2:
        return None
    return sequences[number - 1] if 1 <= number <= len(sequences) else None


def _periods(situation: Json) -> Iterator[tuple[int | None, int | None]]:
    for each in _many(situation, "ValidityPeriod"):
        yield _second(each.get("StartTime")), _second(each.get("EndTime"))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _many(row: Json, name: str) -> list[Json]:
    return [each for each in _list(row.get(name)) if isinstance(each, dict)]


def _object(row: Json, name: str) -> Json:
    found = _many(row, name)
    return found[0] if found else {}


def _text(row: Json, name: str) -> str:
    """The text of an element: its value, that of the first where it repeats; empty for none."""
    value = next(iter(_list(row.get(name))), None)
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()[:TEXT_MAX]


def _needed(row: Json, name: str) -> str:
    text = _text(row, name)
    if not text:
        raise ValueError(name)
    return text


def _refs(value: Any) -> list[str]:
    return [text for each in _list(value) if (text := _text({"v": each}, "v"))]


def _texts(value: Any) -> dict[str, str]:
    """By language, without its region; "" where none is given."""
    out: dict[str, str] = {}
    for each in _list(value):
        text = _text({"v": each}, "v")
        language = _text(each, "lang") if isinstance(each, dict) else ""
        if text:
            out.setdefault(language.split("-")[0].lower(), text)
    return out


def _second(value: Any) -> int | None:
    """Seconds since 1970 of an instant of ISO 8601; without a zone it is the clock of Paris. Raises ValueError."""
    if isinstance(value, dict):
        value = value.get("value")
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(value)
    at = datetime.fromisoformat(value.strip())
    return int((at if at.tzinfo is not None else at.replace(tzinfo=PARIS)).timestamp())


def _whole(value: Any) -> int | None:
    text = _text({"v": value}, "v")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _yes(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def _false(value: Any) -> bool:
    return value is False or (isinstance(value, str) and value.strip().lower() == "false")
