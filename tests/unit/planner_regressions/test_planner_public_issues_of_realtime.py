"""What users of other planners reported in public about realtime, one test an issue."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from google.transit import gtfs_realtime_pb2 as pb

from mobigo.network.engine.boards import build_boards, next_departures
from mobigo.network.engine.realtime.today import Said, today_of
from mobigo.network.gateway.gtfs_realtime import read
from mobigo.network.model.live import LiveNetwork
from mobigo.planner import service
from mobigo.planner.export.today import unserved_departures
from mobigo.planner.model import Answer, Endpoint, Query
from tests.builders import DAY, BuiltTrip, feed, trip
from tests.planner_adaptor import compiled, stop_rows

PARIS = ZoneInfo("Europe/Paris")


def running(trips: list[BuiltTrip], message: pb.FeedMessage, **others: object) -> LiveNetwork:
    planned = LiveNetwork(compiled(feed(trips, **others)), "hash")
    message.header.gtfs_realtime_version, message.header.timestamp = "2.0", 1
    today = today_of(planned.timetable, [Said("a", "feed", 1, False, read(message.SerializeToString()))])
    assert [heard.told for heard in today.heard] == [()]
    assert today.overlay is not None
    return LiveNetwork(today.overlay.timetable, "hash", None, today, planned)


def about(message: pb.FeedMessage, trip_id: str, kind: int = 0, day: date = DAY):  # type: ignore[no-untyped-def]  # generated
    update = message.entity.add(id=f"{trip_id} {len(message.entity)}").trip_update
    update.trip.trip_id, update.trip.start_date, update.trip.schedule_relationship = trip_id, f"{day:%Y%m%d}", kind
    return update


def at(text: str, day: date = DAY) -> datetime:
    hours, minutes = text.split(":")
    return datetime(day.year, day.month, day.day, int(hours), int(minutes), tzinfo=PARIS)


def ask(live: LiveNetwork, origin: str, destination: str, when: datetime) -> Answer:
    a, b = stop_rows(live.timetable, [origin, destination])
    return service.plan(live, Query(Endpoint(origin, stops=(a,)), Endpoint(destination, stops=(b,)), when))


def hours(answer: Answer) -> list[str]:
    return [
        f"{journey.depart_at.astimezone(PARIS):%H:%M} {journey.arrive_at.astimezone(PARIS):%H:%M}"
        for journey in answer.journeys
    ]


def test_otp_5718_a_cancelled_trip_of_a_pattern_that_runs_after_midnight_alone_is_not_used() -> None:
    message = pb.FeedMessage()
    about(message, "night", 3)
    live = running(
        [trip("night", "A 24:20 B 24:40"), trip("later", "A 25:20 C 25:25 B 25:40")], message,
    )  # fmt: skip
    assert hours(ask(live, "A", "B", at("0:10", date(2025, 3, 19)))) == ["01:20 01:40"]


def test_otp_3921_skipped_stops_do_not_cancel_the_trip_and_a_new_platform_does_not_bring_a_cancelled_one_back() -> None:
    message = pb.FeedMessage()
    for sequence in (0, 1):
        about_a = message.entity[0].trip_update if sequence else about(message, "a")
        about_a.stop_time_update.add(stop_sequence=sequence).schedule_relationship = 1
    about(message, "twin", 3)
    moved = about(message, "other").stop_time_update.add(stop_sequence=0)
    moved.departure.delay, moved.stop_time_properties.assigned_stop_id = 0, "A2"
    stops = [
        {"stop_id": "A1", "parent_station": "SA"}, {"stop_id": "A2", "parent_station": "SA"},
        {"stop_id": "SA", "location_type": "1"},
    ]  # fmt: skip
    live = running(
        [
            trip("a", "A1 08:00 B 08:10 C 08:20 D 08:30"),
            trip("twin", "A1 09:00 D 09:30"),
            trip("other", "A1 10:00 D 10:30"),
        ],
        message,
        stops=stops,
    )
    assert hours(ask(live, "C", "D", at("8:00"))) == ["08:20 08:30"]  # the trip goes on after what it skips
    answer = ask(live, "SA", "D", at("7:50"))
    assert hours(answer) == ["10:00 10:30"]
    assert live.timetable.stop_id[answer.journeys[0].rides[0].visits[0].stop] == "A2"


def test_otp_2780_a_delay_beside_a_skipped_stop_is_taken() -> None:
    message = pb.FeedMessage()
    update = about(message, "a")
    update.stop_time_update.add(stop_sequence=0).departure.delay = 300
    update.stop_time_update.add(stop_sequence=1).schedule_relationship = 1
    live = running([trip("a", "A 08:00 B 08:10 C 08:20")], message)
    assert hours(ask(live, "A", "C", at("8:00"))) == ["08:05 08:25"]  # the delay passes over the stop skipped
    assert hours(ask(live, "A", "B", at("8:00"))) == []


def test_otp_3119_the_cancelled_trip_is_shown_and_never_ridden() -> None:
    message = pb.FeedMessage()
    about(message, "usual", 3)
    live = running([trip("usual", "A 07:32 B 07:50"), trip("next", "A 08:02 B 08:20")], message)
    answer = ask(live, "A", "B", at("7:20"))
    assert hours(answer) == ["08:02 08:20"]
    assert [f"{journey.depart_at.astimezone(PARIS):%H:%M}" for journey in answer.cancelled] == ["07:32"]
    stops = stop_rows(live.timetable, ["A"])
    board = next_departures(build_boards(live.timetable), stops, at("7:20"), 5)
    assert [f"{each.depart_at.astimezone(PARIS):%H:%M}" for each in board] == ["08:02"]
    [(struck, why)] = unserved_departures(live, stops, at("7:20"), at("9:00"))
    assert f"{struck.depart_at.astimezone(PARIS):%H:%M}" == "07:32"
    assert why.is_cancelled
