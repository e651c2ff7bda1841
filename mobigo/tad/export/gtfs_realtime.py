"""The rounds of today as GTFS Realtime: TripUpdates and VehiclePositions of what runs on demand.

The ids are those of the services' GTFS-Flex. A trip there has no hours, so a round is an added trip of its line. Only
stops of the service are named: never a door, a person, a driver, a plate, nor how many travel. A position is that of
the stop last served, not where the vehicle is.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from mobigo.base.instants import PARIS
from mobigo.base.servicetime import service_day_start
from mobigo.tad.rules.running import Call, RunningRound


def realtime(rounds: Iterable[RunningRound], now: datetime, feed_version: str) -> bytes:
    """The message as of `now`: the same rounds and instant give the same bytes. `feed_version`: that of the GTFS-Flex
    whose ids it carries."""
    from google.transit import gtfs_realtime_pb2 as pb

    feed = pb.FeedMessage()
    feed.header.gtfs_realtime_version = "2.0"
    feed.header.incrementality = pb.FeedHeader.FULL_DATASET
    feed.header.timestamp = int(now.timestamp())
    feed.header.feed_version = feed_version
    for each in rounds:
        start = service_day_start(each.day, PARIS)
        left = [(sequence, call) for sequence, call in enumerate(each.calls, 1) if not call.passed]
        if left:
            _update(feed, pb, each, left, start, now)
        if each.is_under_way:
            _position(feed, pb, each, start, left[0])
    data: bytes = feed.SerializeToString(deterministic=True)
    return data


def trip_id(each: RunningRound) -> str:
    """The id of a vehicle's round on a day."""
    return f"tad:{each.service}:{each.day:%Y%m%d}:{each.number}"


def _describe(trip: Any, pb: Any, each: RunningRound) -> None:
    trip.trip_id = trip_id(each)
    trip.route_id = f"tad:{each.service}"
    trip.start_date = f"{each.day:%Y%m%d}"
    trip.schedule_relationship = pb.TripDescriptor.ADDED


def _update(
    feed: Any, pb: Any, each: RunningRound, left: list[tuple[int, Call]], start: datetime, now: datetime
) -> None:  # fmt: skip
    update = feed.entity.add(id=f"update:{trip_id(each)}").trip_update
    _describe(update.trip, pb, each)
    update.vehicle.id = f"tad:{each.service}:{each.number}"
    update.timestamp = int(now.timestamp())
    for sequence, call in left:
        stop = update.stop_time_update.add(stop_sequence=sequence, stop_id=call.stop.id)
        at = int((start + timedelta(seconds=call.at_s)).timestamp())
        stop.arrival.time = stop.departure.time = at


def _position(feed: Any, pb: Any, each: RunningRound, start: datetime, following: tuple[int, Call]) -> None:
    last = next(call for call in reversed(each.calls) if call.passed)
    vehicle = feed.entity.add(id=f"position:{trip_id(each)}").vehicle
    _describe(vehicle.trip, pb, each)
    vehicle.vehicle.id = f"tad:{each.service}:{each.number}"
    vehicle.position.latitude, vehicle.position.longitude = last.stop.point.lat, last.stop.point.lon
    vehicle.current_stop_sequence, vehicle.stop_id = following[0], following[1].stop.id
    vehicle.current_status = pb.VehiclePosition.IN_TRANSIT_TO
    vehicle.timestamp = int((start + timedelta(seconds=last.at_s)).timestamp())
