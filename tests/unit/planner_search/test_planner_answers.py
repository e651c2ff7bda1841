"""What a traveller is answered: windows, limits, ways on foot, reasons when there is nothing."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import Endpoint, Journey, Limits, Query, Ride, Walk
from mobigo.planner.service import plan
from mobigo.planner.service.reached import reachable
from tests.builders import DAY, feed, tables, trip

PARIS = ZoneInfo("Europe/Paris")
WEDNESDAYS = [date(2025, 3, 19), date(2025, 3, 26), date(2025, 4, 2)]
TRIPS = [
    trip("slow", "A 8:00 B 9:30", route="slow"),
    trip("fast-1", "A 8:10 C 8:40", route="fast"),
    trip("fast-2", "C 8:50 B 9:10", route="fast"),
    trip("late", "A 10:00 B 11:00", route="slow"),
    trip("night", "A 23:50 B 24:20", route="slow"),
    trip("rare", "A 7:00 D 8:00", route="rare", service="wednesdays"),
]


@pytest.fixture(scope="module")
def network() -> LiveNetwork:
    files = feed(TRIPS, services={"wednesdays": WEDNESDAYS, "daily": [DAY, DAY + timedelta(days=1)]})
    return LiveNetwork(compile_feeds([CompileInput("f", tables(files))], "Europe/Paris", "hash"), "hash")


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)


def stop(network: LiveNetwork, stop_id: str) -> Endpoint:
    return Endpoint(stop_id, stops=(list(network.timetable.stop_id).index(stop_id),))


def near(network: LiveNetwork, stop_id: str, metres_north: float = 0) -> Endpoint:
    row = list(network.timetable.stop_id).index(stop_id)
    lat, lon = float(network.timetable.stop_lat[row]), float(network.timetable.stop_lon[row])
    return Endpoint(f"near {stop_id}", Point(lat + metres_north / 111_195, lon))


def told(journeys: tuple[Journey, ...]) -> list[tuple[str, str, int]]:
    return [
        (f"{j.depart_at.astimezone(PARIS):%H:%M}", f"{j.arrive_at.astimezone(PARIS):%H:%M}", j.change_count)
        for j in journeys
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"at": at(7, 30)}, [("08:00", "09:30", 0), ("08:10", "09:10", 1)]),
        ({"at": at(8, 0)}, [("08:00", "09:30", 0), ("08:10", "09:10", 1)]),
        ({"at": at(8, 1)}, [("08:10", "09:10", 1), ("10:00", "11:00", 0)]),
        ({"at": at(8, 1), "window_s": 3600}, [("08:10", "09:10", 1)]),
        ({"at": at(7, 0), "window_s": 4 * 3600}, [("08:00", "09:30", 0), ("08:10", "09:10", 1), ("10:00", "11:00", 0)]),
        ({"at": at(9, 30), "arrive_by": True}, [("08:10", "09:10", 1), ("08:00", "09:30", 0)]),
        ({"at": at(9, 29), "arrive_by": True}, [("08:10", "09:10", 1)]),
        ({"at": at(23, 0)}, [("23:50", "00:20", 0)]),
        (
            {"at": at(0, 10, DAY + timedelta(days=1)), "window_s": 3600 * 9},
            [("08:00", "09:30", 0), ("08:10", "09:10", 1)],
        ),
    ],
)
def test_the_useful_journeys_and_no_others(network, query, expected):
    answer = plan(network, Query(stop(network, "A"), stop(network, "B"), **query))
    assert told(answer.journeys) == expected


def test_the_same_question_has_the_same_answer(network):
    query = Query(stop(network, "A"), stop(network, "B"), at(7), window_s=7200)
    assert plan(network, query) == plan(network, query)


def test_each_journey_says_why_it_is_kept(network):
    answer = plan(network, Query(stop(network, "A"), stop(network, "B"), at(7, 30)))
    assert [[reason.code for reason in journey.why] for journey in answer.journeys] == [
        ["planner.why_fewest_changes"],
        ["planner.why_arrives_first", "planner.why_fastest"],
    ]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(vehicles_max=1), [("08:00", "09:30", 0)]),
        (Limits(without_routes=frozenset({"f:slow"})), [("08:10", "09:10", 1)]),
        (Limits(change_s_extra=8 * 60), [("08:00", "09:30", 0), ("08:10", "09:10", 1)]),  # 8:40 + 2 min + 8 min
        (Limits(change_s_extra=8 * 60 + 1), [("08:00", "09:30", 0)]),
        (Limits(route_types=frozenset({2})), []),
        (Limits(only_agencies=frozenset({"f:agency"})), [("08:00", "09:30", 0), ("08:10", "09:10", 1)]),
        (Limits(only_agencies=frozenset({"f:other"})), []),
        (Limits(wheelchair=True), []),  # nothing is known as accessible
    ],
)
def test_limits_are_kept(network, limits, expected):
    answer = plan(network, Query(stop(network, "A"), stop(network, "B"), at(7, 30), limits=limits))
    assert told(answer.journeys) == expected


def test_from_door_to_door_walks_lead_to_the_stops(network):
    answer = plan(network, Query(near(network, "A", 99.9), near(network, "B", -199.9), at(7, 30)))
    first = answer.journeys[0]
    assert [type(leg) for leg in first.legs] == [Walk, Ride, Walk]
    walk_in, ride, walk_out = first.legs
    assert (walk_in.distance_m, walk_out.distance_m) == (130, 260)  # the crow's flight × 1.3
    assert walk_in.depart_at == ride.depart_at - timedelta(seconds=109)  # 130 m at 1.2 m/s, rounded up
    assert walk_out.arrive_at == ride.arrive_at + timedelta(seconds=217)


def test_who_lives_next_door_walks(network):
    answer = plan(network, Query(near(network, "A"), near(network, "A", 299.9), at(7, 30)))
    (journey,) = answer.journeys
    assert [type(leg) for leg in journey.legs] == [Walk]
    assert journey.walk_m == 390


@pytest.mark.parametrize(("walk_m", "codes"), [(130, []), (129, ["planner.no_stop_near_origin"])])
def test_too_far_to_walk_is_said(network, walk_m, codes):
    query = Query(near(network, "A", 99.9), stop(network, "B"), at(7, 30), limits=Limits(walk_m_max=walk_m))
    assert [remark.code for remark in plan(network, query).remarks] == codes


def test_a_coach_of_wednesdays_is_announced(network):
    answer = plan(network, Query(stop(network, "A"), stop(network, "D"), at(8, day=date(2025, 3, 20))))
    assert answer.journeys == ()
    assert [(remark.code, remark.params["next_day"]) for remark in answer.remarks] == [
        ("planner.no_service_that_day", date(2025, 3, 26))
    ]
    assert answer.next_at == at(7, day=date(2025, 3, 26)).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2025, 3, 17), "planner.outside_validity"),  # the network begins on the 18th
        (date(2025, 4, 2), "planner.no_journey_until"),  # after the last coach of the last day
        (date(2025, 4, 3), "planner.outside_validity"),
    ],
)
def test_beyond_the_timetable_is_said(network, day, code):
    answer = plan(
        network, Query(stop(network, "A"), stop(network, "D"), at(23, day=day), limits=Limits(duration_s_max=3600))
    )
    assert (answer.journeys, [remark.code for remark in answer.remarks]) == ((), [code])


def around(days: int, middle: date) -> list[date]:
    return [middle + timedelta(days=n) for n in range(-days, days + 1)]


@pytest.mark.parametrize(
    ("middle", "trips", "leaves"),
    [
        # the night of 29 March: 0:30 of the 30th is 23:30 on the 29th, before 24:15 of the 29th
        (date(2025, 3, 29), ("A 0:30 C 0:50", "C 24:15 B 24:40"), at(23, 30, date(2025, 3, 29))),
        # the night of 25 October: 0:05 of the 26th is an hour after midnight, after 24:50 of the 25th
        (date(2025, 10, 25), ("A 24:20 C 24:50", "C 0:05 B 0:35"), at(0, 20, date(2025, 10, 26))),
    ],
)
def test_a_connection_of_the_night_when_the_clocks_change_is_announced(middle, trips, leaves):
    """On every other night the second vehicle is gone, and the next one makes the journey longer than a day."""
    files = feed(
        [trip(name, calls, route=name) for name, calls in zip(("one", "two"), trips, strict=True)],
        services={"daily": around(12, middle)},
    )
    network = LiveNetwork(compile_feeds([CompileInput("f", tables(files))], "Europe/Paris", "hash"), "hash")
    asked = Query(stop(network, "A"), stop(network, "B"), at(12, day=middle - timedelta(days=9)))
    answer = plan(network, asked)
    assert (answer.journeys, answer.next_at) == ((), leaves.astimezone(UTC))
    (journey,) = plan(network, Query(asked.origin, asked.destination, answer.next_at)).journeys
    assert journey.depart_at == leaves
    late = Query(asked.origin, asked.destination, at(12, day=middle + timedelta(days=2)))
    assert [remark.code for remark in plan(network, late).remarks] == ["planner.no_journey_until"]


def test_a_night_coach_of_wednesdays_is_announced_though_it_arrives_on_thursday():
    night = trip("night", "A 23:00 B 25:30", service="wednesdays")
    files = feed([night], services={"wednesdays": WEDNESDAYS})
    network = LiveNetwork(compile_feeds([CompileInput("f", tables(files))], "Europe/Paris", "hash"), "hash")
    answer = plan(network, Query(stop(network, "A"), stop(network, "B"), at(8, day=date(2025, 3, 20))))
    assert answer.next_at == at(23, day=date(2025, 3, 26)).astimezone(UTC)


def test_by_way_of_a_place(network):
    query = Query(stop(network, "A"), stop(network, "B"), at(7, 30), via=stop(network, "C"))
    assert told(plan(network, query).journeys) == [("08:10", "09:10", 1)]
    back = Query(stop(network, "A"), stop(network, "B"), at(9, 30), arrive_by=True, via=stop(network, "C"))
    assert told(plan(network, back).journeys) == [("08:10", "09:10", 1)]


THROUGH = [
    trip("through", "A 8:00 C 8:20 B 8:40"),
    trip("past", "A 8:05 B 8:30", route="past"),
    trip("on", "C 8:35 B 8:50", route="on"),
]


@pytest.mark.parametrize(
    ("via", "stay_min", "expected"),
    [
        ("C", 0, [("08:00", "08:40", 0)]),  # one stays seated
        ("C", 13, [("08:00", "08:50", 1)]),
        ("C", 15, [("08:00", "08:50", 1)]),
        ("C", 16, []),
        ("A", 0, [("08:05", "08:30", 0)]),  # one begins there anyhow
        ("B", 0, [("08:05", "08:30", 0)]),
    ],
)
def test_passing_through_is_enough_unless_one_stays(via, stay_min, expected):
    network = LiveNetwork(compile_feeds([CompileInput("f", tables(feed(THROUGH)))], "Europe/Paris", "hash"), "hash")
    query = Query(
        stop(network, "A"),
        stop(network, "B"),
        at(7, 30),
        window_s=3600,
        via=stop(network, via),
        via_stay_s=stay_min * 60,
    )
    assert told(plan(network, query).journeys) == expected


def test_a_position_to_go_by_is_its_stops_within_the_walk_accepted():
    network = LiveNetwork(compile_feeds([CompileInput("f", tables(feed(THROUGH)))], "Europe/Paris", "hash"), "hash")
    for metres, walk_m, found in ((99.9, 130, 1), (99.9, 129, 0)):
        query = Query(
            stop(network, "A"),
            stop(network, "B"),
            at(7, 30),
            via=near(network, "C", metres),
            limits=Limits(walk_m_max=walk_m),
        )
        answer = plan(network, query)
        assert len(answer.journeys) == found
        assert [remark.code for remark in answer.remarks] == ["planner.no_stop_near_via"] * (1 - found)


def test_staying_on_the_way_can_miss_the_connection(network):
    query = Query(stop(network, "A"), stop(network, "B"), at(7, 30), via=stop(network, "C"), via_stay_s=10 * 60)
    assert told(plan(network, query).journeys) == [("08:10", "09:10", 1)]
    too_long = Query(stop(network, "A"), stop(network, "B"), at(7, 30), via=stop(network, "C"), via_stay_s=10 * 60 + 1)
    missed = plan(network, too_long)
    assert missed.journeys == ()
    assert missed.remarks[0].code == "planner.no_journey_via"


NEAR = 0.001  # degrees: 111 m


def test_one_changes_where_one_walks_least():
    """Both vehicles call near D, near E (side by side there) and near F: the change is made at E, on any network."""
    where = {"A": 46.0, "D": 46.1, "D2": 46.1 + NEAR, "E": 46.2, "F": 46.3, "F2": 46.3 + 2 * NEAR, "B": 46.4}
    stops = [{"stop_id": name, "stop_lat": f"{lat:.4f}", "stop_lon": "4.0"} for name, lat in where.items()]
    one = trip("one", "A 8:00 D 8:10 E 8:20 F 8:30", route="one")
    two = trip("two", "D2 8:20 E 8:30 F2 8:45 B 9:00", route="two")
    network = LiveNetwork(
        compile_feeds([CompileInput("f", tables(feed([one, two], stops=stops)))], "Europe/Paris", "hash"), "hash"
    )
    for arrive_by, asked in ((False, at(7, 30)), (True, at(9, 0))):
        (journey,) = plan(network, Query(stop(network, "A"), stop(network, "B"), asked, arrive_by)).journeys
        assert journey.walk_m == 0
        change = journey.rides[0].visits[-1].stop
        assert network.timetable.stop_id[change] == "E"
    there = Query(stop(network, "A"), stop(network, "B"), at(7, 30), via=stop(network, "F"))
    (journey,) = plan(network, there).journeys
    assert [network.timetable.stop_id[ride.visits[-1].stop] for ride in journey.rides] == ["F", "B"]


def test_where_two_changes_walk_alike_the_first_stop_is_taken():
    trips = [trip("one", "A 8:00 C 8:10 D 8:20", route="one"), trip("two", "C 8:30 D 8:40 B 9:00", route="two")]
    network = LiveNetwork(compile_feeds([CompileInput("f", tables(feed(trips)))], "Europe/Paris", "hash"), "hash")
    for arrive_by, asked in ((False, at(7, 30)), (True, at(9, 0))):
        (journey,) = plan(network, Query(stop(network, "A"), stop(network, "B"), asked, arrive_by)).journeys
        assert network.timetable.stop_id[journey.rides[0].visits[-1].stop] == "C"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"limits": Limits(vehicles_max=0)}, "planner.vehicles_out_of_range"),
        ({"limits": Limits(vehicles_max=9)}, "planner.vehicles_out_of_range"),
        ({"limits": Limits(walk_m_max=-1)}, "planner.walk_out_of_range"),
        ({"limits": Limits(walk_m_max=10_001)}, "planner.walk_out_of_range"),
        ({"limits": Limits(change_s_extra=-1)}, "planner.change_out_of_range"),
        ({"limits": Limits(duration_s_max=0)}, "planner.duration_out_of_range"),
        ({"window_s": -1}, "planner.window_out_of_range"),
        ({"window_s": 86_401}, "planner.window_out_of_range"),
        ({"via_stay_s": -1}, "planner.stay_out_of_range"),
        ({"at": datetime(2025, 3, 18, 8)}, "planner.time_without_zone"),  # noqa: DTZ001  # what is tested
        ({"origin": Endpoint("nowhere")}, "planner.place_without_position"),
    ],
)
def test_limits_outside_what_is_offered_are_refused(network, changed, code):
    query = {"origin": stop(network, "A"), "destination": stop(network, "B"), "at": at(8), **changed}
    with pytest.raises(InvalidInput) as refused:
        plan(network, Query(**query))
    assert refused.value.decision.code == code


def test_everything_within_an_hour(network):
    reach = reachable(network, stop(network, "A"), at(8), 3600 + 600)
    rows = {stop_id: row for row, stop_id in enumerate(network.timetable.stop_id)}
    arrive = {
        stop_id: None
        if reach.arrive_epoch_s[row] < 0
        else datetime.fromtimestamp(reach.arrive_epoch_s[row], PARIS).strftime("%H:%M")
        for stop_id, row in rows.items()
    }
    assert arrive == {"A": "08:00", "B": "09:10", "C": "08:40", "D": None}
    assert [int(reach.vehicles[rows[s]]) for s in "ABCD"] == [0, 2, 1, -1]


@pytest.mark.parametrize("duration_s", [0, -5, 86_401])
def test_an_endless_reach_is_refused(network, duration_s):
    with pytest.raises(InvalidInput):
        reachable(network, stop(network, "A"), at(8), duration_s)


@pytest.mark.parametrize(
    ("query", "earlier", "later"),
    [
        ({"at": at(8, 1), "window_s": 3600}, "08:00", "10:00"),
        ({"at": at(7, 30)}, None, "10:00"),  # nothing runs before
        ({"at": at(8, 30), "window_s": 3600}, "08:10", "23:50"),  # none within the hour: 10:00 is shown
        ({"at": at(9, 15), "arrive_by": True}, None, "09:30"),
        ({"at": at(23, 55), "arrive_by": True}, "09:30", "00:20"),
    ],
)
def test_earlier_and_later_lead_to_other_journeys(network, query, earlier, later):
    asked = Query(stop(network, "A"), stop(network, "B"), **query)
    answer = plan(network, asked)
    shown = [
        None if at is None else at.astimezone(PARIS).strftime("%H:%M") for at in (answer.earlier_at, answer.later_at)
    ]
    assert shown == [earlier, later]
    for instant in (answer.earlier_at, answer.later_at):
        if instant is not None:
            other = plan(network, Query(asked.origin, asked.destination, instant, asked.arrive_by, asked.window_s))
            assert set(told(other.journeys)) - set(told(answer.journeys))
