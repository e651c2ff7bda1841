"""A vehicle that goes on as its next trip, and one of a trip driven by headway, as they run today."""

from datetime import UTC, datetime

import pytest
from google.transit import gtfs_realtime_pb2 as pb

from mobigo.network.engine.realtime.matching import FeedIndex, match
from mobigo.network.engine.realtime.overlay import overlaid
from mobigo.network.gateway.gtfs_realtime import read
from mobigo.network.model.timetable import Timetable
from tests.builders import DAY, feed, frequency, trip
from tests.planner_adaptor import compiled

LATE = dict[str, int | None]  # by how much a trip is late; None: cancelled


def said(late: LATE, start_time: str = "") -> bytes:
    out = pb.FeedMessage()
    out.header.gtfs_realtime_version = "2.0"
    out.header.timestamp = int(datetime(2025, 3, 18, 7, tzinfo=UTC).timestamp())
    for name, late_s in late.items():
        update = out.entity.add(id=name).trip_update
        update.trip.trip_id, update.trip.start_date, update.trip.start_time = name, f"{DAY:%Y%m%d}", start_time
        if late_s is None:
            update.trip.schedule_relationship = 3
        else:
            update.delay = late_s
    data: bytes = out.SerializeToString()
    return data


def driven(table: Timetable) -> list[str]:
    """What each vehicle drives on the day: its trips, when it leaves and when it is there."""
    out = []
    for run in range(len(table.run_start_s)):
        if table.runs_on(int(table.run_days[run]), DAY):
            trips = table.run_trip[table.run_trip_start[run] : table.run_trip_start[run + 1]].tolist()
            pattern = int((table.pattern_run_start > run).argmax()) - 1
            last = int(table.pattern_node_start[pattern + 1] - table.pattern_node_start[pattern]) - 1
            start_s, row = int(table.run_start_s[run]), int(table.run_times[run])
            ends_s = start_s + int(table.times_arrive_s[row + last])
            names = "+".join(str(table.trip_id[trip]) for trip in trips)
            out.append(f"{names} {start_s // 60 - 480}-{ends_s // 60 - 480}")
    return sorted(out)


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        pytest.param({"in": 0}, ["in+out 0-20"], id="on time"),
        pytest.param({"in": 300}, ["in 5-15", "out 10-20"], id="it comes too late to be the next trip"),
        pytest.param({"in": 300, "out": 300}, ["in+out 5-25"], id="both are late"),
        pytest.param({"out": 600}, ["in+out 0-30"], id="the next trip waits"),
        pytest.param({"in": None}, ["out 10-20"], id="the first is cancelled"),
        pytest.param({"out": None}, ["in 0-10"], id="the next is cancelled"),
    ],
)
def test_one_stays_seated_where_the_vehicle_is_there_in_time(late: LATE, expected: list[str]) -> None:
    base = compiled(feed([trip("in", "A 08:00 B 08:10", block="x"), trip("out", "B 08:10 C 08:20", block="x")]))
    assert driven(overlaid(base, match(FeedIndex(base, 0), [read(said(late))]).changes).timetable) == expected


def test_one_departure_of_a_headway_is_late_and_the_others_stay() -> None:
    files = feed(
        [trip("often", "A 08:00 B 08:10")], frequencies=[frequency("often", "08:00:00", "08:30:00", 600, exact=False)]
    )
    base = compiled(files)
    index = FeedIndex(base, 0)
    found = match(index, [read(said({"often": 240}, "08:10:00"))])
    assert driven(overlaid(base, found.changes).timetable) == ["often 0-10", "often 14-24", "often 20-30"]
    [told] = match(index, [read(said({"often": 240}))]).told
    assert told.params["reason"].code == "realtime.start_time_missing"  # type: ignore[attr-defined]  # a Decision
