"""A carpool line and the timetable one after the other: the best of all stops, against a search of every stop, every
second one may begin to wait and every journey; both sides of each edge; and to whom nothing is proposed."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from mobigo.base.geo import Point, distance_m
from mobigo.base.money import Money
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.engine.search import Searcher
from mobigo.planner.model import CarpoolWay, Endpoint, Limits, Query
from mobigo.planner.service import plan
from tests.builders import feed, trip
from tests.joined_world import DAY, Drawn, DrawnLine, DrawnLines, at, drawn, walk_s
from tests.oracles.brute_force import Ask, Expanded
from tests.oracles.spec import World
from tests.planner_adaptor import compiled

WALK_M, MARGIN_S, WAIT_S, LOOKED_S = 2_000, 300, 3600, 4 * 3600


def ways(world: Drawn, query: Query) -> list[CarpoolWay]:
    """What the planner finds that is joined."""
    table = compiled(world.files)
    found = plan(LiveNetwork(table, table.hash), query, carpool=DrawnLines([world.line]))
    return [way for way in found.carpool if way.before or way.after]


# ---------------------------------------------------------------- the oracle


def walks(world: Drawn, point: Point) -> dict[str, int]:
    """The seconds on foot between a position and each stop within the walk accepted."""
    metres = {name: distance_m(stop, point) for name, stop in world.stops.items()}
    return {name: walk_s(m) for name, m in metres.items() if m * 1.3 <= WALK_M}


def best(world: Drawn, when: datetime, first: bool, by: bool) -> float | None:
    """The soonest arrival (the latest departure) of all ways with the line first (last), by trying everything."""
    line, found = world.line, []
    near = line.nearest(world.near)
    walk = timedelta(seconds=walk_s(distance_m(line.stops[near], world.near)))
    now, since, until = (int(each.timestamp()) for each in (when, line.since, line.until))
    graph = Expanded(World(world.files), now - 10 * 3600, now + 14 * 3600)
    far, foot = walks(world, world.far), int(walk.total_seconds())
    for hub in range(len(line.stops)):
        if hub == near or not distance_m(line.stops[hub], world.far) < distance_m(world.near, world.far):
            continue
        here = walks(world, line.stops[hub])
        if not here:
            continue
        ask = Ask(*((here, far) if first else (far, here)), 7)
        ride = int(line.ride(near, hub).total_seconds())
        sure = int((line.most if first or by else line.mean).total_seconds())
        begins = np.arange(since, until - 59)
        for leaves, arrives, _vehicles in graph.profile(ask, now - 9 * 3600, 17 * 3600):
            if first:
                set_down = begins + sure + ride
                meets = (leaves - set_down >= MARGIN_S) & (leaves - set_down <= WAIT_S + MARGIN_S)
                fits = np.full(len(begins), now - LOOKED_S <= arrives <= now) if by else begins - foot >= now
                fits &= arrives - (begins - foot) <= 24 * 3600
                found += [-(max(begins[meets & fits]) - foot) if by else arrives] if (meets & fits).any() else []
            else:
                meets = (begins >= arrives) & (begins - arrives <= WAIT_S)
                there = begins + sure + ride + foot
                fits = there <= now if by else np.full(len(begins), now <= leaves <= now + LOOKED_S)
                found += [-leaves if by else min(there[meets & fits])] if (meets & fits).any() else []
    return min(found, default=None)


@pytest.mark.parametrize("by", [False, True])
@pytest.mark.parametrize("first", [True, False])
def test_the_best_of_all_stops_is_found(first: bool, by: bool) -> None:
    """Sixty drawn worlds: the same arrival (departure) as of everything tried, and nothing where there is nothing."""
    some = 0
    for seed in range(60):
        world = drawn(seed)
        near, far = Endpoint("Ici", world.near), Endpoint("Là", world.far)
        when = at("11:30") if by else at("5:30")
        query = Query(*((near, far) if first else (far, near)), when, arrive_by=by, limits=Limits(walk_m_max=WALK_M))
        expected = best(world, when, first, by)
        found = [way for way in ways(world, query) if bool(way.after) is first]
        seen = [-way.leave_at.timestamp() if by else way.arrive_at.timestamp() for way in found]
        assert seen == ([] if expected is None else [expected]), f"seed {seed}"
        some += expected is not None
    assert some >= 15


# ---------------------------------------------------------------- edges

SAULIEU, HUB, TOWN = Point(47.0, 4.0), Point(47.0, 4.263), Point(47.3, 4.3)  # 20 km by car, 20 minutes


def simple(coach: str, since: str = "6:00", until: str = "9:00") -> Drawn:
    """By car from the first stop of a line to the second, where a coach goes on to the town, or comes from it."""
    stops = {"H": HUB, "T": TOWN}
    rows = [
        {"stop_id": name, "stop_name": name, "stop_lat": f"{point.lat:.6f}", "stop_lon": f"{point.lon:.6f}"}
        for name, point in stops.items()
    ]
    line = DrawnLine((SAULIEU, HUB), at(since), at(until), timedelta(minutes=10), timedelta(minutes=25))
    return Drawn(feed([trip("c", coach)], stops=rows, services={"daily": [DAY]}), stops, line, SAULIEU, TOWN)


def asked(when: str = "6:00", *, back: bool = False, by: bool = False, **limits: object) -> Query:
    ends = (Endpoint("Saulieu", SAULIEU), Endpoint("La ville", TOWN))
    return Query(*(ends[::-1] if back else ends), at(when), arrive_by=by, limits=Limits(**limits))  # type: ignore[arg-type]


def test_what_must_be_caught_is_caught_on_the_wait_of_nine_in_ten_with_five_minutes_left() -> None:
    """25 minutes of wait, 20 of road and 5 left: for the coach of 8:00 one is at the stop at 7:10, not before."""
    (way,) = ways(simple("H 8:00 T 8:40"), asked())
    assert (way.leave_at, way.board_at, way.alight_at) == (at("7:10"), at("7:10"), at("7:55"))
    assert way.after is not None
    assert (way.after.depart_at, way.arrive_at, way.wait_s, way.buffer_s) == (at("8:00"), at("8:40"), 1500, 300)
    assert (way.before, way.joined, way.price) == (None, way.after, Money(150))


@pytest.mark.parametrize(
    ("when", "there"), [("7:10", True), ("7:11", False)]
)  # fmt: skip
def test_a_coach_that_leaves_too_soon_is_not_caught(when: str, there: bool) -> None:
    assert bool(ways(simple("H 8:00 T 8:40"), asked(when))) is there


@pytest.mark.parametrize(
    ("until", "there"),
    [
        ("6:11", True),  # one begins to wait at 6:10, is there at 6:55: an hour and the margin before the coach
        ("6:10", False),
    ],
)
def test_one_waits_an_hour_at_most_for_the_coach(until: str, there: bool) -> None:
    assert bool(ways(simple("H 8:00 T 8:40", until=until), asked())) is there


@pytest.mark.parametrize(("since", "there"), [("9:40", True), ("9:41", False)])
def test_one_waits_an_hour_at_most_for_the_first_driver(since: str, there: bool) -> None:
    found = ways(simple("T 8:00 H 8:40", since, "12:00"), asked("7:30", back=True))
    assert bool(found) is there


def test_after_the_coach_the_mean_wait_is_counted_and_to_be_on_time_that_of_nine_in_ten() -> None:
    (way,) = ways(simple("T 8:00 H 8:40"), asked("7:30", back=True))
    assert (way.leave_at, way.board_at, way.arrive_at) == (at("8:00"), at("8:40"), at("9:10"))
    (sure,) = ways(simple("T 8:00 H 8:40"), asked("9:25", back=True, by=True))
    assert (sure.leave_at, sure.arrive_at, sure.buffer_s) == (at("8:00"), at("9:25"), 0)
    assert ways(simple("T 8:00 H 8:40"), asked("9:24", back=True, by=True)) == []


def test_who_goes_the_other_way_is_not_sent_back() -> None:
    """The town lies in the west: the second stop of the line is further from it than the first."""
    world = simple("H 8:00 T 8:40")
    west = replace(world, far=Point(47.3, 3.9))
    rows = [
        {"stop_id": "H", "stop_lat": "47.0", "stop_lon": "4.263"},
        {"stop_id": "T", "stop_lat": "47.3", "stop_lon": "3.9"},
    ]
    table = compiled(feed([trip("c", "H 8:00 T 8:40")], stops=rows, services={"daily": [DAY]}))
    query = replace(asked(), destination=Endpoint("L’ouest", west.far))
    assert plan(LiveNetwork(table, table.hash), query, carpool=DrawnLines([world.line])).carpool == ()


@pytest.mark.parametrize(
    "limits",
    [
        {"wheelchair": True},
        {"route_types": frozenset({2})},
        {"only_agencies": frozenset({"feed:agency"})},
        {"vehicles_max": 1},  # no change is accepted
    ],
)
def test_nothing_is_joined_for_whom_nothing_is_known_or_who_chose(limits: dict[str, object]) -> None:
    world = simple("H 8:00 T 8:40")
    assert ways(world, asked()) != []
    assert ways(world, asked(**limits)) == []


def test_where_no_line_is_near_the_timetable_is_not_searched_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is paid for lines by who is not beside one."""
    searched: list[str] = []
    for name in ("window", "ridden_to_all"):
        monkeypatch.setattr(Searcher, name, lambda *_a, _n=name, **_k: searched.append(_n) or [])
    world = simple("H 8:00 T 8:40")
    away = replace(world.line, stops=(Point(44.0, 1.0), Point(44.0, 1.2)))
    assert ways(replace(world, line=away), asked()) == []
    assert searched == []
