"""Coaches that are followed, as GTFS Realtime: TripUpdates and VehiclePositions. Who drives is not in it."""

from collections.abc import Iterable
from typing import Any

from mobigo.network.model.realtime import TripUpdate, Vehicle

Told = tuple[TripUpdate | None, Vehicle | None, int | None]  # the last: the position of the call where it stands, if so


def written(told: Iterable[tuple[str, Told]], at: int, *, version: str = "", prefixed: bool = True) -> bytes:
    """The message as of `at` of (feed, what is told): the same gives the same bytes. `prefixed`: ids are those of the
    regional GTFS, `feed:id`; else those of the feed."""
    from google.transit import gtfs_realtime_pb2 as pb

    out = pb.FeedMessage()
    out.header.gtfs_realtime_version = "2.0"
    out.header.incrementality = pb.FeedHeader.FULL_DATASET
    out.header.timestamp = at
    if version:
        out.header.feed_version = version
    for feed, (update, vehicle, stands) in told:
        before = f"{feed}:" if prefixed else ""
        if update is not None:
            _update(
                out.entity.add(id=f"update:{before}{update.trip_id}:{update.start_day}").trip_update, update, before
            )
        if vehicle is not None:
            entity = out.entity.add(id=f"position:{before}{vehicle.trip_id}:{vehicle.start_day}").vehicle
            _vehicle(entity, vehicle, update, stands, before, pb)
    data: bytes = out.SerializeToString(deterministic=True)
    return data


def _update(out: Any, update: TripUpdate, before: str) -> None:
    out.trip.trip_id, out.trip.route_id = before + update.trip_id, before + update.route_id
    out.trip.start_date = f"{update.start_day:%Y%m%d}"
    if update.at is not None:
        out.timestamp = update.at
    for call in update.calls:
        made = out.stop_time_update.add(stop_id=before + call.stop_id)
        if call.sequence is not None:
            made.stop_sequence = call.sequence
        for event, moment in ((made.arrival, call.arrive), (made.departure, call.depart)):
            if moment is not None and moment.at is not None:
                event.time = moment.at


def _vehicle(out: Any, vehicle: Vehicle, update: TripUpdate | None, stands: int | None, before: str, pb: Any) -> None:
    out.trip.trip_id, out.trip.route_id = before + vehicle.trip_id, before + vehicle.route_id
    out.trip.start_date = f"{vehicle.start_day:%Y%m%d}"
    out.vehicle.id = vehicle.id
    out.position.latitude, out.position.longitude = vehicle.lat, vehicle.lon
    if vehicle.at is not None:
        out.timestamp = vehicle.at
    if update is not None and stands is not None:
        call = next((each for each in update.calls if each.sequence == stands), None)
        if call is not None and call.sequence is not None:
            out.current_stop_sequence, out.stop_id = call.sequence, before + call.stop_id
            out.current_status = pb.VehiclePosition.STOPPED_AT
