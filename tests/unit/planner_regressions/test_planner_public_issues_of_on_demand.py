"""Public reports about other planners that are of on-demand transport (docs/public-issues.md)."""

from datetime import UTC, date, datetime, timedelta

from shapely.geometry import box

from mobigo.base.geo import Point
from mobigo.tad.gateway.flex_tables import read_flex
from mobigo.tad.model.flex import BookingRule, FlexCall, FlexFeed, FlexLeg, FlexTrip, ServiceDays
from mobigo.tad.model.services import Place
from mobigo.tad.rules.flex import book_by, bookable, legs
from tests.builders import csv_text, tables

WEDNESDAY = date(2026, 11, 25)
EVE = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # 17 h in Paris
HOME, TOWN = ("La ferme", Point(47.05, 4.05)), ("La place", Point(47.05, 4.15))
DAYS = ServiceDays(frozenset(range(7)), WEDNESDAY, WEDNESDAY + timedelta(days=99), frozenset(), frozenset())
RULE = BookingRule(2, last_days=1, last_s=17 * 3600)


def zone(rule: BookingRule | None = RULE) -> FlexCall:
    """Around both ends, from 8 h to 18 h."""
    return FlexCall((), box(4.0, 47.0, 4.2, 47.1), "Le pays", 8 * 3600, 18 * 3600, False, True, True, rule, None)


def fixed(name: str, point: Point, hour: int) -> FlexCall:
    """At a stop at that hour."""
    return FlexCall((Place(name, name, point),), None, name, hour * 3600, hour * 3600, True, True, True, None, None)


def asked(*calls: FlexCall, now: datetime = EVE - timedelta(days=1)) -> list[FlexLeg]:
    feed = FlexFeed((FlexTrip("t", "Proxi", "Cars X", "", DAYS, calls),), {})
    return list(legs(feed, HOME, TOWN, WEDNESDAY, 9 * 3600, now, arrive_by=False))


def test_otp_pr_7221_what_can_no_longer_be_booked_is_not_offered() -> None:
    (leg,) = asked(zone(), zone())
    assert bookable(leg, EVE - timedelta(seconds=1))
    assert not bookable(leg, EVE)


def test_otp_7203_a_notice_of_several_days_counts_days_and_not_hours() -> None:
    """Two days before, until 17 h: at 16 h two days before one may still book, though it is less than 48 h ahead."""
    rule = BookingRule(2, last_days=2, last_s=17 * 3600)
    (leg,) = asked(zone(rule), zone())
    assert book_by(leg) == EVE - timedelta(days=1)
    assert bookable(leg, EVE - timedelta(days=1, hours=1))


def test_otp_7765_a_deviated_trip_is_not_given_twice() -> None:
    """Between its two stops the timetable has it: nothing is said of it here."""
    ends = fixed("A", HOME[1], 10), fixed("Z", TOWN[1], 11)
    far = FlexCall((), box(5.0, 47.0, 5.1, 47.1), "Ailleurs", 37_000, 38_000, False, True, True, RULE, None)
    assert asked(ends[0], far, ends[1]) == []


def test_motis_959_the_example_of_the_specification_is_found() -> None:
    """One zone, two calls in it, one rule: the least that GTFS-Flex can say."""
    rows = [
        {"trip_id": "t", "stop_sequence": str(number), "location_id": "z", "pickup_type": pick, "drop_off_type": drop,
         "start_pickup_drop_off_window": "08:00:00", "end_pickup_drop_off_window": "18:00:00",
         "pickup_booking_rule_id": "b", "drop_off_booking_rule_id": "b"}
        for number, pick, drop in ((1, "2", "1"), (2, "1", "2"))
    ]  # fmt: skip
    files = {
        "agency.txt": "agency_name,agency_url,agency_timezone\nX,https://x.example,Europe/Paris\n",
        "routes.txt": "route_id,route_short_name,route_type\nr,Proxi,3\n",
        "trips.txt": "route_id,service_id,trip_id\nr,s,t\n",
        "calendar_dates.txt": "service_id,date,exception_type\ns,20261125,1\n",
        "booking_rules.txt": "booking_rule_id,booking_type,prior_notice_duration_min\nb,1,30\n",
        "stop_times.txt": csv_text(rows),
    }
    drawn = (
        b'{"type":"FeatureCollection","features":[{"id":"z","type":"Feature","properties":{},"geometry":{"type":"Polygon",'
        b'"coordinates":[[[4.0,47.0],[4.2,47.0],[4.2,47.1],[4.0,47.1],[4.0,47.0]]]}}]}'
    )
    (leg,) = legs(read_flex(tables(files), drawn), HOME, TOWN, WEDNESDAY, 9 * 3600, EVE, arrive_by=False)
    assert leg.rule is not None
    assert leg.rule.min_s == 1800


def test_gtfsflexbuilder_13_one_rule_at_one_end_is_enough() -> None:
    """A rule need not be repeated at each call: that of where one gets out holds when the other has none."""
    plain = zone(None)
    last = FlexCall((), plain.area, "Le pays", 8 * 3600, 18 * 3600, False, True, True, None, RULE)
    (leg,) = asked(plain, last)
    assert book_by(leg) == EVE
