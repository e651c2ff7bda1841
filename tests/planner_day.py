"""A morning of line LR119 as it runs: a trip cancelled, one late that skips a stop, one more, a detour told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from google.transit import gtfs_realtime_pb2 as pb

from mobigo.network.engine.realtime.today import Said, today_of
from mobigo.network.gateway.gtfs_realtime import read
from mobigo.network.model.live import LiveNetwork

NOW = datetime.fromisoformat("2025-03-18T05:50:00+01:00")


def message(at: datetime) -> bytes:
    """t1 (6 h 00) is cancelled; t2 (7 h 30) is 12 minutes late and does not stop at Semur; a bus more at 6 h 40."""
    out = pb.FeedMessage()
    out.header.gtfs_realtime_version = "2.0"
    out.header.timestamp = int(at.timestamp())
    update = out.entity.add(id="1").trip_update
    update.trip.trip_id, update.trip.start_date, update.trip.schedule_relationship = "t1", "20250318", 3
    update = out.entity.add(id="2").trip_update
    update.trip.trip_id, update.trip.start_date, update.delay = "t2", "20250318", 720
    update.stop_time_update.add(stop_sequence=1).schedule_relationship = 1
    update = out.entity.add(id="3").trip_update
    update.trip.trip_id, update.trip.route_id, update.trip.schedule_relationship = "more", "LR119", 8
    for sequence, (stop, minutes) in enumerate((("SAU", 400), ("MON", 450))):
        call = update.stop_time_update.add(stop_sequence=sequence, stop_id=stop)
        call.departure.time = int(datetime(2025, 3, 17, 23, tzinfo=UTC).timestamp()) + minutes * 60
    alert = out.entity.add(id="4").alert
    alert.informed_entity.add(route_id="LR119")
    alert.effect = pb.Alert.DETOUR
    for language, text in (("fr", "Déviation par Précy"), ("en", "Detour by Précy")):
        alert.header_text.translation.add(language=language, text=text)
    data: bytes = out.SerializeToString()
    return data


class Days:
    """A holder of one network, and of how it runs."""

    def __init__(self, planned: LiveNetwork, *, is_stale: bool = False) -> None:
        said = Said("regional", "demo", int(NOW.timestamp()), is_stale, read(message(NOW)))
        today = today_of(planned.timetable, [said])
        table = planned.timetable if today.overlay is None else today.overlay.timetable
        self.planned = planned
        self.live = LiveNetwork(table, planned.hash, None, today, planned)

    @contextmanager
    def current(self) -> Iterator[LiveNetwork]:
        yield self.planned

    @contextmanager
    def today(self) -> Iterator[LiveNetwork]:
        yield self.live
