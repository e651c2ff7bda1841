"""GTFS Realtime messages (protobuf) to values and back. What a message says is not judged here, only read."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.servicetime import parse_service_time
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
DIFFERENTIAL: Final = 1

_TRIPS: Final = {
    0: TripKind.SCHEDULED, 1: TripKind.ADDED, 2: TripKind.SCHEDULED, 3: TripKind.CANCELLED, 5: TripKind.REPLACED,
    6: TripKind.DUPLICATED, 7: TripKind.DELETED, 8: TripKind.ADDED,
}  # fmt: skip
_CALLS: Final = {0: CallKind.SCHEDULED, 1: CallKind.SKIPPED, 2: CallKind.NO_DATA, 3: CallKind.SCHEDULED}


def read(data: bytes) -> Message:
    """The message of these bytes.

    Raises InvalidInput when they are none, or too many, or a message of changes alone (incrementality DIFFERENTIAL,
    which the reference leaves undefined).
    """
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs
    from google.transit import gtfs_realtime_pb2

    if len(data) > BYTES_MAX:
        raise InvalidInput("realtime.message_too_large", bytes_max=BYTES_MAX)
    feed = gtfs_realtime_pb2.FeedMessage()
    try:
        feed.ParseFromString(data)
    except DecodeError:
        raise InvalidInput("realtime.message_unreadable") from None
    if feed.header.incrementality == DIFFERENTIAL:
        raise InvalidInput("realtime.message_differential")
    trips: list[TripUpdate] = []
    alerts: list[Alert] = []
    vehicles: list[Vehicle] = []
    told: list[Decision] = []
    for entity in feed.entity:
        if entity.is_deleted:
            continue
        try:
            name = _text(entity.id)
            if entity.HasField("trip_update"):
                trips.append(_trip_update(entity.trip_update))
            if entity.HasField("alert"):
                alerts.append(_alert(name, entity.alert))
            if entity.HasField("vehicle") and entity.vehicle.HasField("position"):
                vehicles.append(_vehicle(name, entity.vehicle))
        except ValueError as error:
            told.append(Decision("realtime.entity_unreadable", entity=str(entity.id), value=str(error)))
    return Message(int(feed.header.timestamp), tuple(trips), tuple(alerts), tuple(vehicles), tuple(told))


def _trip_update(update: Any) -> TripUpdate:
    trip, properties = update.trip, update.trip_properties
    return TripUpdate(
        trip_id=_text(trip.trip_id),
        kind=_TRIPS[trip.schedule_relationship],
        route_id=_text(trip.route_id),
        start_day=_day(_text(trip.start_date)),
        start_s=_time(_text(trip.start_time)),
        direction=trip.direction_id if trip.HasField("direction_id") else None,
        calls=tuple(_call(each) for each in update.stop_time_update),
        delay_s=update.delay if update.HasField("delay") else None,
        at=update.timestamp or None,
        headsign=_text(properties.trip_headsign),
        new_trip_id=_text(properties.trip_id),
        new_start_day=_day(_text(properties.start_date)),
        new_start_s=_time(_text(properties.start_time)),
    )


def _call(call: Any) -> CallUpdate:
    return CallUpdate(
        sequence=call.stop_sequence if call.HasField("stop_sequence") else None,
        stop_id=_text(call.stop_id),
        kind=_CALLS[call.schedule_relationship],
        arrive=_moment(call.arrival) if call.HasField("arrival") else None,
        depart=_moment(call.departure) if call.HasField("departure") else None,
        platform=_text(call.stop_time_properties.assigned_stop_id) if call.HasField("stop_time_properties") else "",
    )


def _moment(event: Any) -> Moment | None:
    """The instant wins over the delay where both are given (the reference)."""
    if event.time:
        return Moment(at=event.time)
    return Moment(delay_s=event.delay) if event.HasField("delay") else None


def _text(value: str | bytes) -> str:
    """A text field: in this version of the format the library gives as bytes what is no UTF-8. Raises ValueError."""
    if isinstance(value, bytes):
        raise ValueError(value.decode("utf-8", "replace"))
    return value


def _day(text: str) -> date | None:
    """Raises ValueError for what is no day."""
    if not text:
        return None
    if len(text) != 8:
        raise ValueError(text)
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _time(text: str) -> int | None:
    """Raises ValueError for what is no service time."""
    if not text:
        return None
    time_s = parse_service_time(text)
    if time_s is None:
        raise ValueError(text)
    return time_s


def _alert(id_: str, alert: Any) -> Alert:
    from google.transit import gtfs_realtime_pb2 as pb

    return Alert(
        id=id_,
        periods=tuple((each.start or None, each.end or None) for each in alert.active_period),
        about=tuple(_selector(each) for each in alert.informed_entity),
        cause=pb.Alert.Cause.Name(alert.cause),
        effect=pb.Alert.Effect.Name(alert.effect),
        header=_texts(alert.header_text),
        description=_texts(alert.description_text),
        url=_texts(alert.url),
    )


def _selector(selector: Any) -> Selector:
    return Selector(
        agency_id=_text(selector.agency_id),
        route_id=_text(selector.route_id or selector.trip.route_id),
        route_type=selector.route_type if selector.HasField("route_type") else None,
        stop_id=_text(selector.stop_id),
        trip_id=_text(selector.trip.trip_id),
        start_day=_day(_text(selector.trip.start_date)),
        direction=selector.direction_id if selector.HasField("direction_id") else None,
    )


def _texts(text: Any) -> Mapping[str, str]:
    """By language, without its region."""
    return {_text(each.language).split("-")[0].lower(): _text(each.text).strip() for each in text.translation}


def _vehicle(id_: str, vehicle: Any) -> Vehicle:
    at = vehicle.position
    if not (abs(at.latitude) <= 90 and abs(at.longitude) <= 180):
        raise ValueError(f"{at.latitude}, {at.longitude}")
    return Vehicle(
        id=_text(vehicle.vehicle.id) or id_,
        trip_id=_text(vehicle.trip.trip_id),
        route_id=_text(vehicle.trip.route_id),
        start_day=_day(_text(vehicle.trip.start_date)),
        lat=round(at.latitude, 6),
        lon=round(at.longitude, 6),
        at=vehicle.timestamp or None,
        label=_text(vehicle.vehicle.label),
    )


def write_alerts(alerts: Iterable[Alert], at: int, *, feed_version: str = "") -> bytes:
    """The message of these alerts as of `at`: the same alerts and instant give the same bytes. `feed_version`: that of
    the timetable whose ids they carry, "" where it is not known."""
    from google.transit import gtfs_realtime_pb2 as pb

    feed = pb.FeedMessage()
    feed.header.gtfs_realtime_version = "2.0"
    feed.header.incrementality = pb.FeedHeader.FULL_DATASET
    feed.header.timestamp = at
    if feed_version:
        feed.header.feed_version = feed_version
    for alert in alerts:
        entity = feed.entity.add(id=alert.id)
        for first, last in alert.periods:
            period = entity.alert.active_period.add()
            if first is not None:
                period.start = first
            if last is not None:
                period.end = last
        for each in alert.about:
            selector = entity.alert.informed_entity.add()
            for name in ("agency_id", "route_id", "stop_id"):
                if value := getattr(each, name):
                    setattr(selector, name, value)
            if each.route_type is not None:
                selector.route_type = each.route_type
            if each.trip_id:
                selector.trip.trip_id = each.trip_id
        entity.alert.cause = pb.Alert.Cause.Value(alert.cause)
        entity.alert.effect = pb.Alert.Effect.Value(alert.effect)
        for field, texts in (
            (entity.alert.header_text, alert.header),
            (entity.alert.description_text, alert.description),
            (entity.alert.url, alert.url),
        ):
            for language, text in sorted(texts.items()):
                translation = field.translation.add(text=text)
                if language:
                    translation.language = language
    data: bytes = feed.SerializeToString(deterministic=True)
    return data
