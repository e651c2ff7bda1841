"""What users of other planners reported in public, one test an issue: each with the world in which it went wrong there.

Memory and size, realtime, on-demand transport, streets, car parks and carpool are in the files beside:
`docs/public-issues.md` lists them all.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from mobigo.base.geo import Point
from mobigo.network.model.live import LiveNetwork
from mobigo.planner import service
from mobigo.planner.export.journeys import answer_json
from mobigo.planner.model import Answer, Endpoint, Journey, Limits, Query, Walk
from mobigo.planner.service.reached import reachable
from tests.builders import DAY, BuiltTrip, feed, transfer, trip
from tests.planner_adaptor import compiled, compiled_together, stop_rows

PARIS = ZoneInfo("Europe/Paris")
MONDAY, TUESDAY = date(2025, 3, 17), DAY


def network(trips: list[BuiltTrip], **others: object) -> LiveNetwork:
    return LiveNetwork(compiled(feed(trips, **others)), "hash")


def clock(day: date, text: str) -> datetime:
    """The hour on the wall in France."""
    hours, minutes = text.split(":")
    return datetime(day.year, day.month, day.day, int(hours), int(minutes), tzinfo=PARIS)


def ask(live: LiveNetwork, origin: str, destination: str, at: datetime, **others: object) -> Answer:
    a, b = stop_rows(live.timetable, [origin, destination])
    query = Query(Endpoint(origin, stops=(a,)), Endpoint(destination, stops=(b,)), at, **others)  # type: ignore[arg-type]  # named as in Query
    return service.plan(live, query)


def shown(live: LiveNetwork, journey: Journey) -> str:
    """`A 08:00 t1 B 08:10; …`: the rides, hours on the wall."""
    t = live.timetable
    rides = []
    for ride in journey.rides:
        names = "+".join(str(t.trip_id[row]) for row, _ in ride.trips)
        a, b = ride.visits[0], ride.visits[-1]
        rides.append(
            f"{t.stop_id[a.stop]} {a.depart_at.astimezone(PARIS):%d %H:%M} {names} "
            f"{t.stop_id[b.stop]} {b.arrive_at.astimezone(PARIS):%H:%M}"
        )
    return "; ".join(rides)


def answers(live: LiveNetwork, origin: str, destination: str, at: datetime, **others: object) -> list[str]:
    return [shown(live, journey) for journey in ask(live, origin, destination, at, **others).journeys]


# --- midnight and service days


NIGHT = [trip("night", "A 23:50 B 24:20 C 24:50", service="monday")]
ON_MONDAY = {"monday": [MONDAY]}


def test_otp_798_trips_after_midnight_are_found_at_the_start_of_the_day() -> None:
    """Also digitransit-ui #545, maglev #664, gtfs2 #36, r5 #286 and #973, r5py #508."""
    live = network(NIGHT, services=ON_MONDAY)
    assert answers(live, "B", "C", clock(TUESDAY, "0:05")) == ["B 18 00:20 night C 00:50"]


def test_rrrr_7_the_first_leg_after_midnight_has_the_right_day_too() -> None:
    trips = [*NIGHT, trip("early", "C 01:00 D 01:30", service="tuesday")]
    live = network(trips, services=ON_MONDAY | {"tuesday": [TUESDAY]})
    journeys = ask(live, "B", "D", clock(TUESDAY, "0:05")).journeys
    assert [shown(live, journey) for journey in journeys] == ["B 18 00:20 night C 00:50; C 18 01:00 early D 01:30"]
    assert [ride.service_day for ride in journeys[0].rides] == [MONDAY, TUESDAY]


def test_otp_6664_service_days_overlap_and_each_departure_keeps_its_hour() -> None:
    """27:35 of Monday leaves after 02:35 of Tuesday: both on Tuesday morning, an hour apart."""
    live = network(
        [
            trip("monday late", "A 27:35 B 27:55", service="monday"),
            trip("tuesday", "A 02:35 B 02:55", service="tuesday"),
        ],
        services=ON_MONDAY | {"tuesday": [TUESDAY]},
    )
    found = answers(live, "A", "B", clock(TUESDAY, "2:00"), window_s=2 * 3600)
    assert found == ["A 18 02:35 tuesday B 02:55", "A 18 03:35 monday late B 03:55"]


def test_otp_6962_arriving_by_an_hour_past_midnight_never_returns_a_later_trip() -> None:
    live = network([*NIGHT, trip("before", "A 23:10 B 23:40 C 24:05", service="monday")], services=ON_MONDAY)
    by = clock(TUESDAY, "0:30")
    answer = ask(live, "A", "C", by, arrive_by=True)
    assert [shown(live, journey) for journey in answer.journeys] == ["A 17 23:10 before C 00:05"]
    assert all(journey.arrive_at <= by for journey in answer.journeys)


@pytest.mark.parametrize(
    ("day", "leave", "reach"),
    [
        (date(2025, 3, 30), "01:30", "03:30"),  # 2:30 after noon − 12 h, an hour later on the wall from 2:00 on
        (date(2025, 10, 26), "02:30", "02:30"),  # 1:30 and 2:30 after it: the same hour on the wall, twice
    ],
)
def test_otp_6664_times_count_from_noon_minus_twelve_hours_when_the_clocks_change(
    day: date, leave: str, reach: str
) -> None:
    """On 30 March the service day begins at 23:00 the day before; on 26 October at 1:00."""
    first = "02:30" if day.month == 3 else "01:30"
    live = network(
        [trip("t", f"A {first} B {'03:30' if day.month == 3 else '02:30'}", service="s")], services={"s": [day]}
    )
    journey = ask(live, "A", "B", clock(day - timedelta(days=1), "22:30")).journeys[0]
    assert f"{journey.depart_at.astimezone(PARIS):%H:%M}" == leave
    assert f"{journey.arrive_at.astimezone(PARIS):%H:%M}" == reach
    assert journey.arrive_at - journey.depart_at == timedelta(hours=1)


def test_otp_6962_the_service_day_that_begins_before_midnight_is_searched_from_both_ends() -> None:
    """0:30 of 30 March leaves at 23:30 on the 29th: asked before or by midnight, it is there."""
    spring = date(2025, 3, 30)
    live = network([trip("t", "A 00:30 B 00:50", service="s")], services={"s": [spring]})
    eve = spring - timedelta(days=1)
    assert answers(live, "A", "B", clock(eve, "23:00")) == ["A 29 23:30 t B 23:50"]
    assert answers(live, "A", "B", clock(eve, "23:55"), arrive_by=True) == ["A 29 23:30 t B 23:50"]


# --- loops


LOOP = [trip("ring", "A 08:00 B 08:10 C 08:20 A 08:30 D 08:40")]


def test_otp_pr_7467_a_stop_visited_twice_is_boarded_and_left_at_the_better_visit() -> None:
    """Also R5 #699, MATSim PR #1314."""
    live = network(LOOP)
    assert answers(live, "A", "D", clock(DAY, "7:55")) == ["A 18 08:30 ring D 08:40"]
    assert answers(live, "C", "A", clock(DAY, "7:55")) == ["C 18 08:20 ring A 08:30"]
    assert answers(live, "B", "D", clock(DAY, "7:55")) == ["B 18 08:10 ring D 08:40"]


def test_otp_2228_a_ring_line_is_not_ridden_round_to_where_one_stands() -> None:
    live = network([trip("ring", "A 08:00 B 08:10 C 08:20 A 08:30"), trip("on", "A 08:31 D 08:40")])
    for journey in ask(live, "A", "D", clock(DAY, "7:55")).journeys:
        assert shown(live, journey) == "A 18 08:31 on D 08:40"


# --- staying seated, transfer rules


def test_otp_4467_staying_seated_does_not_multiply_with_the_length_of_a_block() -> None:
    """Two hundred trips of one vehicle: one run, not twenty thousand pairs; one vehicle from end to end."""
    shuttles = [
        trip(
            f"t{n:03}",
            f"{'AB'[n % 2]} {5 + n // 12:02}:{n % 12 * 5:02} {'BA'[n % 2]} {5 + n // 12:02}:{n % 12 * 5 + 4:02}",
            block="b",
        )
        for n in range(200)
    ]
    live = network(shuttles)
    assert len(live.timetable.run_start_s) <= 2 * len(shuttles)
    assert len(live.timetable.pattern_node) <= 4 * len(shuttles)
    live = network([trip("one", "A 08:00 B 08:10", block="b"), trip("two", "B 08:10 C 08:20", block="b", route="Q")])
    journey = ask(live, "A", "C", clock(DAY, "7:55")).journeys[0]
    assert (shown(live, journey), journey.change_count) == ("A 18 08:00 one+two C 08:20", 0)


def test_otp_4467_a_join_that_transfers_forbid_is_a_change() -> None:
    """The same two trips kept apart by transfer type 5: no time to change, so the journey is gone."""
    trips = [trip("one", "A 08:00 B 08:10", block="b"), trip("two", "B 08:10 C 08:20", block="b", route="Q")]
    live = network(trips, transfers=[transfer("B", "B", 5, from_trip_id="one", to_trip_id="two")])
    assert answers(live, "A", "C", clock(DAY, "7:55")) == []


def test_a_dwell_written_at_the_last_stop_of_a_block_s_trip_does_not_trap_the_compiler() -> None:
    """On paper the next trip is there before the last one leaves: a way back in time, if taken at its word."""
    trips = [trip("one", "A 08:00 B 08:10/08:15", block="b"), trip("two", "B 08:05/08:12 C 08:22", block="b")]
    assert answers(network(trips), "A", "C", clock(DAY, "7:55")) == ["A 18 08:00 one+two C 08:22"]


SUNDAY = MONDAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("second", "found"),
    [
        ("B 00:15 C 00:40", 1),  # it is there at 0:10
        ("B 00:10 C 00:40", 1),
        ("B 00:09 C 00:40", 0),  # gone before it arrives
        ("B 01:10 C 01:40", 1),  # an hour's pause
        ("B 01:11 C 01:40", 2),  # longer: the vehicle's night, hence a change
    ],
)
def test_otp_4467_who_stays_seated_may_ride_into_the_next_service_day(second: str, found: int) -> None:
    """One vehicle, 24:10 of Monday's service and 0:15 of Tuesday's: no change, and each trip keeps its own day."""
    trips = [
        trip("late", "A 23:50 B 24:10", service="monday", block="b"),
        trip("early", second, service="tuesday", block="b", route="Q"),
    ]
    live = network(trips, services=ON_MONDAY | {"tuesday": [TUESDAY]})
    journeys = ask(live, "A", "C", clock(MONDAY, "23:45")).journeys
    assert [len(journey.rides) for journey in journeys] == [found] * bool(found)
    if found == 1:
        assert [len(ride.trips) for ride in journeys[0].rides] == [2]
        assert journeys[0].rides[0].service_day == MONDAY
        (boarded_later,) = ask(live, "B", "C", clock(TUESDAY, "0:01")).journeys
        assert boarded_later.rides[0].service_day == TUESDAY


def test_otp_4467_transfer_type_4_reaches_the_next_service_day_and_type_5_does_not() -> None:
    trips = [
        trip("late", "A 23:50 B 24:10", service="monday"),
        trip("early", "C 00:15 D 00:40", service="tuesday", route="Q"),
    ]
    services = ON_MONDAY | {"tuesday": [TUESDAY]}
    for kind, found in ((4, ["A 17 23:50 late+early D 00:40"]), (5, [])):
        rule = transfer("B", "C", kind, from_trip_id="late", to_trip_id="early")
        live = network(trips, services=services, transfers=[rule])
        assert answers(live, "A", "D", clock(MONDAY, "23:45")) == found


def test_otp_4467_a_vehicle_that_never_rests_is_not_one_endless_run() -> None:
    """The same trip every day, each the sequel of the day before: one run a day, and one change of day on board."""
    around = trip("round", "A 00:20 B 12:00 C 18:00 A 24:10", service="s", block="b")
    live = network([around], services={"s": [SUNDAY, MONDAY, TUESDAY]})
    assert len(live.timetable.run_start_s) == 1
    assert answers(live, "C", "B", clock(MONDAY, "17:00")) == ["C 17 18:00 round+round B 12:00"]
    assert answers(live, "C", "B", clock(TUESDAY, "17:00")) == []
    assert answers(live, "B", "C", clock(TUESDAY, "11:00")) == ["B 18 12:00 round C 18:00"]


def test_otp_7076_transfers_between_trips_cost_what_they_say_and_no_more() -> None:
    """A thousand constrained transfers add as many walks as they name, not all pairs of trips."""
    arriving = [trip(f"a{n:02}", f"A 08:{n:02} H 09:{n:02}", route=f"RA{n}") for n in range(32)]
    leaving = [trip(f"d{n:02}", f"H 10:{n:02} Z 11:{n:02}", route=f"RD{n}") for n in range(32)]
    rules = [
        transfer("H", "H", 2, 60, from_route_id=f"RA{i}", to_route_id=f"RD{j}") for i in range(32) for j in range(32)
    ]
    live = network([*arriving, *leaving], transfers=rules)
    assert len(live.timetable.node_stop) <= 3 + 64
    assert len(live.timetable.foot_node) <= 66 * 66
    assert len(answers(live, "A", "Z", clock(DAY, "7:55"))) == 1


# --- rare connections, long waits


def test_motis_471_a_coach_that_runs_once_in_weeks_is_announced() -> None:
    """Also nigiri PR #102, where the window widens again and again."""
    coach = trip("coach", "A 06:40 B 07:30", service="wednesdays")
    live = network([coach], services={"wednesdays": [date(2025, 3, 12), date(2025, 4, 9)]})
    answer = ask(live, "A", "B", clock(date(2025, 3, 13), "8:00"))
    assert answer.journeys == ()
    assert answer.next_at == clock(date(2025, 4, 9), "6:40")
    assert answer.remarks


def test_navitia_2392_a_departure_far_ahead_is_found_long_before() -> None:
    live = network([trip("evening", "A 22:10 B 22:40")])
    assert answers(live, "A", "B", clock(DAY, "0:01")) == ["A 18 22:10 evening B 22:40"]


# --- walking


NEAR = [
    {"stop_id": "B", "stop_lat": "46.500000", "stop_lon": "4.000000"},
    {"stop_id": "C", "stop_lat": "46.502000", "stop_lon": "4.000000"},  # 222 m: 241 s on foot, 361 with the change
]


def test_transportr_581_a_walk_between_two_vehicles_does_not_cut_the_journey() -> None:
    trips = [trip("one", "A 08:00 B 08:10", route="P"), trip("two", "C 08:17 D 08:30", route="Q")]
    live = network(trips, stops=NEAR)
    assert answers(live, "A", "D", clock(DAY, "7:55")) == ["A 18 08:00 one B 08:10; C 18 08:17 two D 08:30"]
    late = [trips[0], trip("two", "C 08:16 D 08:30", route="Q")]
    assert answers(network(late, stops=NEAR), "A", "D", clock(DAY, "7:55")) == []


def test_otp_2262_there_are_never_two_walks_in_a_row() -> None:
    trips = [trip("one", "A 08:00 B 08:10", route="P"), trip("two", "C 08:20 D 08:30", route="Q")]
    live = network(trips, stops=[*NEAR, {"stop_id": "D", "stop_lat": "46.600000", "stop_lon": "4.000000"}])
    a, _ = stop_rows(live.timetable, ["A", "D"])
    query = Query(
        Endpoint("A", stops=(a,)),
        Endpoint("a door near D", point=Point(46.603, 4.0)),
        clock(DAY, "7:55"),
        limits=Limits(),
    )
    for journey in service.plan(live, query).journeys:
        kinds = [isinstance(leg, Walk) for leg in journey.legs]
        assert not any(one and other for one, other in pairwise(kinds))


@pytest.mark.parametrize(("walk_m_max", "found"), [(433, 1), (434, 2)])  # 333.6 m as the crow flies × 1.3, rounded up
def test_stadtnavi_672_the_limit_on_walking_has_an_effect(walk_m_max: int, found: int) -> None:
    """Also stadtnavi #846, OTP #3544, #896: within the limit the walk is offered beside the bus, beyond it is not."""
    stops = [
        {"stop_id": "A", "stop_lat": "46.500000", "stop_lon": "4.000000"},
        {"stop_id": "B", "stop_lat": "46.503000", "stop_lon": "4.000000"},
    ]
    live = network([trip("bus", "A 08:00 B 08:02")], stops=stops)
    places = [Endpoint(name, point=Point(float(stop["stop_lat"]), 4.0)) for name, stop in zip("AB", stops, strict=True)]
    query = Query(places[0], places[1], clock(DAY, "7:58"), limits=Limits(walk_m_max=walk_m_max))
    assert len(service.plan(live, query).journeys) == found


@pytest.mark.parametrize(
    ("vehicles_max", "found"),
    [
        (1, ["A 18 08:00 slow B 09:30"]),
        (2, ["A 18 08:00 slow B 09:30", "A 18 08:10 one C 08:40; C 18 08:50 two B 09:10"]),
    ],
)
def test_otp_3544_the_limit_on_changes_has_an_effect(vehicles_max: int, found: list[str]) -> None:
    """Also stadtnavi #846, OTP #896: without changes the slow coach alone, with one the faster way beside it."""
    live = network(
        [
            trip("slow", "A 08:00 B 09:30"),
            trip("one", "A 08:10 C 08:40", route="P"),
            trip("two", "C 08:50 B 09:10", route="Q"),
        ]
    )
    assert answers(live, "A", "B", clock(DAY, "7:55"), limits=Limits(vehicles_max=vehicles_max)) == found


def test_transitous_1349_every_walk_is_drawn_from_where_it_starts_to_where_it_ends() -> None:
    trips = [trip("one", "A 08:00 B 08:10", route="P"), trip("two", "C 08:17 D 08:30", route="Q")]
    live = network(trips, stops=NEAR)
    (journey,) = answer_json(live, ask(live, "A", "D", clock(DAY, "7:55")))["journeys"]
    (walk,) = [leg for leg in journey["legs"] if leg["type"] == "walk"]
    assert walk["geometry"]["coordinates"][0] == [4.0, 46.5]
    assert walk["geometry"]["coordinates"][-1] == [4.0, 46.502]
    assert walk["distance_m"] == 290  # 222.4 m × 1.3, rounded up


def test_transit_model_854_a_trip_whose_hours_are_all_equal_ends_the_search() -> None:
    """A ride of no duration is what the feed says; changing to and fro between such rides must not go on for ever."""
    trips = [trip("there", "A 08:00 B 08:00 C 08:00"), trip("back", "C 08:00 B 08:00 A 08:00", route="Q")]
    rules = [transfer(stop, stop, 2, 0) for stop in "ABC"]
    live = network(trips, transfers=rules)
    assert answers(live, "A", "C", clock(DAY, "7:55")) == ["A 18 08:00 there C 08:00"]


# --- several feeds


def test_motis_423_feeds_with_clashing_ids_stay_apart() -> None:
    """The same stop and trip ids in two feeds, at other places and hours."""
    here = feed([trip("t", "A 08:00 B 08:30")])
    there = feed(
        [trip("t", "A 09:00 B 09:05")],
        stops=[{"stop_id": "A", "stop_lat": "48.1"}, {"stop_id": "B", "stop_lat": "48.2"}],
    )
    timetable = compiled_together({"ter": here, "intercites": there})
    live = LiveNetwork(timetable, "hash")
    feeds = [str(timetable.feed_name[row]) for row in timetable.stop_feed]
    rows = {(feeds[row], str(stop)): row for row, stop in enumerate(timetable.stop_id)}

    def journeys(origin: tuple[str, str], destination: tuple[str, str]) -> list[str]:
        query = Query(
            Endpoint("from", stops=(rows[origin],)), Endpoint("to", stops=(rows[destination],)), clock(DAY, "7:00")
        )
        return [shown(live, journey) for journey in service.plan(live, query).journeys]

    assert journeys(("ter", "A"), ("ter", "B")) == ["A 18 08:00 t B 08:30"]
    assert journeys(("intercites", "A"), ("intercites", "B")) == ["A 18 09:00 t B 09:05"]
    assert journeys(("ter", "A"), ("intercites", "B")) == []


def test_motis_1020_everywhere_can_be_asked_from_a_position() -> None:
    live = network([trip("t", "A 08:00 B 08:20 C 08:40")])
    a, b, c = stop_rows(live.timetable, ["A", "B", "C"])
    door = Endpoint("door", point=Point(46.001, 4.0))  # 111 m from A
    found = reachable(live, door, clock(DAY, "7:30"), duration_s_max=3600)
    arrive = [None if at < 0 else datetime.fromtimestamp(at, UTC).astimezone(PARIS) for at in found.arrive_epoch_s]
    assert arrive[b] == clock(DAY, "8:20")
    assert arrive[c] is None  # 70 minutes
    assert arrive[a] is not None
