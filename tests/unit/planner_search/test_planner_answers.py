"""What a traveller is answered: windows, limits, ways on foot, reasons when there is nothing."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import Endpoint, Journey, Limits, Query, Ride, Walk
from mobigo.planner.service import plan, reachable
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


def test_by_way_of_a_place(network):
    query = Query(stop(network, "A"), stop(network, "B"), at(7, 30), via=stop(network, "C"))
    assert told(plan(network, query).journeys) == [("08:10", "09:10", 1)]
    back = Query(stop(network, "A"), stop(network, "B"), at(9, 30), arrive_by=True, via=stop(network, "C"))
    assert told(plan(network, back).journeys) == [("08:10", "09:10", 1)]


def test_staying_on_the_way_can_miss_the_connection(network):
    query = Query(stop(network, "A"), stop(network, "B"), at(7, 30), via=stop(network, "C"), via_stay_s=10 * 60)
    assert told(plan(network, query).journeys) == [("08:10", "09:10", 1)]
    too_long = Query(stop(network, "A"), stop(network, "B"), at(7, 30), via=stop(network, "C"), via_stay_s=10 * 60 + 1)
    missed = plan(network, too_long)
    assert (missed.journeys, [remark.code for remark in missed.remarks]) == ((), ["planner.no_journey_via"])


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
