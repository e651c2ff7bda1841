"""A text that is no UTF-8: the library hands it over as bytes, and its entity is told, the others are read."""

import pytest
from google.transit import gtfs_realtime_pb2

from mobigo.network.gateway.gtfs_realtime import read


@pytest.mark.parametrize("field", [b"trip-1", b"stop-1", b"20250318", b"08:00:00", b"alert-1", b"Travaux", b"line-1"])
def test_a_text_that_is_none_is_told_and_the_rest_is_read(field: bytes) -> None:
    message = gtfs_realtime_pb2.FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    update = message.entity.add(id="update").trip_update
    update.trip.trip_id, update.trip.start_date, update.trip.start_time = "trip-1", "20250318", "08:00:00"
    update.stop_time_update.add(stop_id="stop-1").arrival.delay = 60
    alert = message.entity.add(id="alert-1").alert
    alert.informed_entity.add(route_id="line-1")
    alert.header_text.translation.add(text="Travaux")
    message.entity.add(id="good").trip_update.trip.trip_id = "trip-2"
    broken = message.SerializeToString().replace(field, b"\xff" * len(field))
    heard = read(broken)
    assert len(heard.told) == 1
    assert heard.told[0].code == "realtime.entity_unreadable"
    assert [update.trip_id for update in heard.trips][-1] == "trip-2"
    assert len(heard.trips) + len(heard.alerts) == 2
