"""On-demand trips of an imported feed: what can be asked of them, until when; what is fixed stays the timetable's."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.geo import Point
from mobigo.base.instants import PARIS
from mobigo.base.servicetime import instant_of
from mobigo.tad.gateway.flex_tables import read_flex
from mobigo.tad.model.flex import BookingRule, FlexFeed, FlexLeg
from mobigo.tad.rules.flex import book_by, bookable, legs
from tests.builders import csv_text, tables

WEDNESDAY = date(2026, 11, 25)
MONDAY_MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOME, TOWN = ("La ferme", Point(47.05, 4.05)), ("La place", Point(47.05, 4.15))
SQUARES = """{"type":"FeatureCollection","features":[
{"id":"west","type":"Feature","properties":{"stop_name":"Ouest"},"geometry":{"type":"Polygon","coordinates":
 [[[4.0,47.0],[4.1,47.0],[4.1,47.1],[4.0,47.1],[4.0,47.0]],
  [[4.01,47.01],[4.02,47.01],[4.02,47.02],[4.01,47.02],[4.01,47.01]]]}},
{"id":"east","type":"Feature","properties":{},"geometry":{"type":"MultiPolygon","coordinates":
 [[[[4.11,47.0],[4.2,47.0],[4.2,47.1],[4.11,47.1],[4.11,47.0]]]]}}]}"""


def call(sequence: int, place: str, *, window: str = "08:00-18:00", at: str = "", rule: str = "", pick: str = "2",
         drop: str = "2", **more: str) -> dict[str, str]:  # fmt: skip
    """A row of stop_times: `place` is `stop:X`, `group:X` or `zone:X`; `at` makes it fixed."""
    kind, _, name = place.partition(":")
    since, _, until = ("", "", "") if at else window.partition("-")
    return {
        "trip_id": "t", "stop_sequence": str(sequence), "pickup_type": pick, "drop_off_type": drop,
        "stop_id": name if kind == "stop" else "", "location_group_id": name if kind == "group" else "",
        "location_id": name if kind == "zone" else "", "arrival_time": at and f"{at}:00",
        "departure_time": at and f"{at}:00", "start_pickup_drop_off_window": since and f"{since}:00",
        "end_pickup_drop_off_window": until and f"{until}:00", "pickup_booking_rule_id": rule, **more,
    }  # fmt: skip


def feed(
    calls: list[dict[str, str]], rules: list[dict[str, str]] | None = None, **files: list[dict[str, str]]
) -> FlexFeed:
    rows: dict[str, Any] = {
        "agency.txt": [{"agency_id": "x", "agency_name": "Cars X", "agency_url": "https://x.example",
                        "agency_timezone": "Europe/Paris", "agency_phone": "03 39 98 00 50"}],
        "routes.txt": [{"route_id": "r", "agency_id": "x", "route_long_name": "Proxi", "route_type": "715"}],
        "trips.txt": [{"route_id": "r", "service_id": "s", "trip_id": "t"}],
        "calendar.txt": [
            {"service_id": name, "start_date": "20260901", "end_date": "20270831", **week}
            for name, week in (("s", dict.fromkeys(DAYS, "1")), ("office", OFFICE))
        ],
        "stops.txt": [
            {"stop_id": "a", "stop_name": "Aubigny", "stop_lat": "47.051", "stop_lon": "4.05"},
            {"stop_id": "z", "stop_name": "Zone d’activités", "stop_lat": "47.051", "stop_lon": "4.15"},
        ],
        "location_groups.txt": [{"location_group_id": "g", "location_group_name": "Le pays"}],
        "location_group_stops.txt": [{"location_group_id": "g", "stop_id": each} for each in "az"],
        "stop_times.txt": calls,
        "booking_rules.txt": rules or [],
    } | {f"{name}.txt": rows for name, rows in files.items()}  # fmt: skip
    return read_flex(tables({name: csv_text(each) for name, each in rows.items() if each}), SQUARES.encode())


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OFFICE = {day: str(int(number < 5)) for number, day in enumerate(DAYS)}
ACROSS = [call(1, "zone:west", drop="1"), call(2, "zone:east", pick="1")]


def asked(made: FlexFeed, at: str = "9:00", *, day: date = WEDNESDAY, arrive_by: bool = False, back: bool = False,
          now: datetime = MONDAY_MORNING, origin: tuple[str, Point] = HOME) -> list[FlexLeg]:  # fmt: skip
    hour, minute = at.split(":")
    ends = (TOWN, origin) if back else (origin, TOWN)
    return list(legs(made, *ends, day, int(hour) * 3600 + int(minute) * 60, now, arrive_by=arrive_by))


def clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}"


def test_from_a_zone_to_another_one_asks_when_one_likes() -> None:
    (leg,) = asked(feed(ACROSS))
    # 7.6 km as the crow flies × 1.3 at 45 km/h: 13 min.
    assert (clock(leg.leave_s), clock(leg.arrive_s), leg.board.name) == ("9:00", "9:13", "La ferme")
    assert asked(feed(ACROSS), back=True) == []  # one is not taken in where drop-off alone is allowed


@pytest.mark.parametrize(
    ("at", "leaves"),
    [("7:00", "8:00"), ("17:46", "17:46"), ("17:47", None), ("18:00", None)],  # there by 18 h, 13 min 11 s away
)
def test_the_window_is_held_at_both_ends(at: str, leaves: str | None) -> None:
    assert [clock(leg.leave_s) for leg in asked(feed(ACROSS), at)] == ([] if leaves is None else [leaves])


def test_there_by_an_hour_leaves_as_late_as_that_allows() -> None:
    (leg,) = asked(feed(ACROSS), "12:00", arrive_by=True)
    assert leg.arrive_s == 12 * 3600


def test_the_duration_the_feed_calls_safe_is_counted_on() -> None:
    calls = [{**each, "safe_duration_factor": "2", "safe_duration_offset": "600"} for each in ACROSS]
    (leg,) = asked(feed(calls))
    assert clock(leg.arrive_s) == "9:36"  # 13 min twice, and ten


def test_a_hole_in_a_zone_is_not_served_and_its_edge_is() -> None:
    made = feed(ACROSS)
    assert asked(made, origin=("Trou", Point(47.015, 4.015))) == []
    assert len(asked(made, origin=("Bord", Point(47.05, 4.0)))) == 1
    assert asked(made, origin=("Dehors", Point(47.05, 3.999))) == []


def test_between_the_stops_of_a_group_one_walks_to_the_nearest() -> None:
    (leg,) = asked(feed([call(1, "group:g"), call(2, "group:g")]))
    assert (leg.board.id, leg.alight.id) == ("a", "z")
    assert leg.walk_to_m == leg.walk_from_m == 145  # 111 m × 1.3
    assert clock(leg.leave_s) == "9:02"


def deviated() -> list[dict[str, str]]:
    """Aubigny at 8:00, anywhere in the east from 8:20 to 8:40, the business park at 9:00."""
    return [call(1, "stop:a", at="8:00"), call(2, "zone:east", window="08:20-08:40"), call(3, "stop:z", at="9:00")]


def test_a_deviated_trip_is_asked_for_off_its_line_and_never_twice() -> None:
    """From stop to stop it is in the timetable: what is answered here begins or ends in the zone."""
    made = feed(deviated())
    (leg,) = asked(made, "7:50")
    assert (leg.board.id, leg.alight.id, leg.alight.name) == ("a", "", "La place")
    assert (clock(leg.leave_s), clock(leg.arrive_s)) == ("8:00", "8:40")
    assert asked(made, "7:59") == []  # the walk to the stop


@pytest.mark.parametrize(("at", "found"), [("8:20", True), ("8:21", False)])
def test_one_is_ready_when_the_window_of_a_deviated_trip_begins(at: str, found: bool) -> None:
    calls = [call(1, "zone:west", window="08:20-08:40"), call(2, "stop:z", at="9:00")]
    got = asked(feed(calls), at)
    assert bool(got) is found
    for leg in got:
        assert (clock(leg.leave_s), clock(leg.pickup_until_s), clock(leg.arrive_s)) == ("8:20", "8:40", "9:00")


RULES = {
    "now": {"booking_rule_id": "now", "booking_type": "0", "phone_number": "1"},
    "same": {"booking_rule_id": "same", "booking_type": "1", "prior_notice_duration_min": "60"},
    "eve": {"booking_rule_id": "eve", "booking_type": "2", "prior_notice_last_day": "1",
            "prior_notice_last_time": "17:00:00"},
    "office": {"booking_rule_id": "office", "booking_type": "2", "prior_notice_last_day": "1",
               "prior_notice_last_time": "17:00:00", "prior_notice_service_id": "office"},
    "ahead": {"booking_rule_id": "ahead", "booking_type": "2", "prior_notice_last_day": "1",
              "prior_notice_last_time": "17:00:00", "prior_notice_start_day": "7",
              "prior_notice_start_time": "00:00:00"},
}  # fmt: skip


def ruled(name: str, day: date = WEDNESDAY, now: datetime = MONDAY_MORNING) -> FlexLeg:
    rows = [call(1, "zone:west", rule=name), call(2, "zone:east")]
    (leg,) = asked(feed(rows, [RULES[name]]), day=day, now=now)
    return leg


EVE = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # 17 h in Paris
NINE = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("name", "last_allowed", "first_refused"),
    [("now", NINE - SECOND, NINE), ("same", NINE - timedelta(hours=1), NINE - timedelta(hours=1) + SECOND),
     ("eve", EVE - SECOND, EVE)],
)  # fmt: skip
def test_each_kind_of_rule_on_both_sides_of_its_edge(
    name: str, last_allowed: datetime, first_refused: datetime
) -> None:
    leg = ruled(name)
    assert bookable(leg, last_allowed)
    assert not bookable(leg, first_refused)


def test_days_that_count_are_those_of_the_calendar() -> None:
    monday = date(2026, 11, 30)
    friday_at_five = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
    assert book_by(ruled("office", monday)) == friday_at_five
    assert book_by(ruled("eve", monday)) == friday_at_five + timedelta(days=2)


@pytest.mark.parametrize(("ahead", "may"), [(7, True), (8, False)])
def test_one_books_no_sooner_than_the_rule_begins(ahead: int, may: bool) -> None:
    leg = ruled("ahead", WEDNESDAY)
    assert bookable(leg, NINE - timedelta(days=ahead)) is may


def test_on_the_night_clocks_change_the_cut_off_is_the_clocks() -> None:
    leg = ruled("eve", date(2027, 3, 29))  # Sunday 28: clocks went forward, 17 h is 15 h UTC
    assert book_by(leg) == datetime(2027, 3, 28, 15, 0, tzinfo=UTC)


def test_the_notice_puts_off_who_asks_for_at_once() -> None:
    rows = [call(1, "zone:west", rule="same"), call(2, "zone:east")]
    (leg,) = asked(feed(rows, [RULES["same"]]), now=NINE)
    assert clock(leg.leave_s) == "10:00"
    assert bookable(leg, NINE)


@given(st.integers(0, 86_400), st.sampled_from(["now", "same", "eve"]), st.integers(0, 172_800))
def test_what_may_be_booked_at_an_instant_may_be_before_it(wanted_s: int, name: str, before_s: int) -> None:
    rule = {
        "now": BookingRule(0),
        "same": BookingRule(1, min_s=3600),
        "eve": BookingRule(2, last_days=1, last_s=61_200),
    }
    leg = replace(BASE, leave_s=wanted_s, rule=rule[name])
    at = instant_of(WEDNESDAY, wanted_s, PARIS)
    moments = [at - timedelta(seconds=before_s), at - timedelta(seconds=before_s + 1)]
    assert not bookable(leg, moments[0]) or bookable(leg, moments[1])
    assert not bookable(leg, at)


BASE = asked(feed(ACROSS))[0]


def test_what_cannot_be_read_is_left_out_and_counted() -> None:
    made = feed([call(1, "zone:nowhere"), call(2, "zone:east")])
    assert (made.trips, dict(made.left_out)) == ((), {"KeyError": 1})
    assert read_flex(tables({"stop_times.txt": "trip_id,stop_id\nt,a\n"}), None) == FlexFeed((), {})


@pytest.mark.parametrize("locations", [b"", b"[]", b'{"features":[{"geometry":{"type":"Polygon"}}]}', b"\xff"])
def test_areas_nobody_can_read_are_none(locations: bytes) -> None:
    rows = {"stop_times.txt": csv_text(ACROSS), "trips.txt": "trip_id,route_id,service_id\nt,r,s\n"}
    assert read_flex(tables(rows), locations).trips == ()


def test_a_day_without_service_has_none() -> None:
    dates = [{"service_id": "s", "date": "20261125", "exception_type": "2"}]
    assert asked(feed(ACROSS, None, calendar_dates=dates)) == []
