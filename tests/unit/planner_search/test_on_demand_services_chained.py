"""On-demand services at both ends of a journey, and between two: the best of all places of meeting, against a search of
every departure of the services and every journey; and what is never proposed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from mobigo.base.geo import Point, distance_m
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import Endpoint, Limits, OnDemandWay, Query
from mobigo.planner.service import plan
from mobigo.planner.service.chained import Taker, chained_ways
from tests.builders import feed, trip
from tests.joined_world import DAY, MIDNIGHT, at, walk_s
from tests.oracles.brute_force import Ask, Expanded
from tests.oracles.spec import World
from tests.planner_adaptor import compiled

WALK_M, LEAST_S, MOST_S = 1_000, 300, 3900
NAMES = ("Ici", "Là")


@dataclass(frozen=True)
class DrawnService:
    """Leaves every `step` minutes from `since` to `until`, from and to anywhere of its own; 1 km a minute."""

    name: str
    doors: tuple[str, ...]
    hubs: dict[str, Point]
    since: datetime
    until: datetime
    step: int
    asked: list[datetime]

    def times(self, here: Point, there: Point) -> Iterator[tuple[datetime, datetime]]:
        """(picked up, set down) of every departure."""
        ride = timedelta(minutes=max(1, round(distance_m(here, there) / 1000)))
        leave = self.since
        while leave <= self.until:
            yield leave, leave + ride
            leave += timedelta(minutes=self.step)

    def ride(
        self, here: tuple[str, Point], there: tuple[str, Point], when: datetime, arrive_by: bool
    ) -> OnDemandWay | None:
        self.asked.append(when)
        ends = {*self.doors, *self.hubs}
        if here[0] not in ends or there[0] not in ends:
            return None
        every = list(self.times(here[1], there[1]))
        known = [each for each in every if (each[1] <= when if arrive_by else each[0] >= when)]
        if not known:
            return None
        leave, arrive = known[-1 if arrive_by else 0]
        return OnDemandWay(
            self.name, "/tad", here[0], here[1], there[0], there[1], leave, leave, leave, arrive, arrive, 0, 0, None,
            None, "03",
        )  # fmt: skip

    @property
    def taker(self) -> Taker:
        return Taker(lambda door: door[0] in self.doors, lambda near: list(self.hubs.items()), self.ride)


@dataclass(frozen=True)
class Drawn:
    """Two services around the two doors, or one between."""

    files: dict[str, str]
    stops: dict[str, Point]
    services: tuple[DrawnService, ...]
    a: Point
    b: Point


def drawn(seed: int, between: bool) -> Drawn:
    """Three places of meeting in the west, three in the east, other stops, and vehicles in no order. `between`: the
    doors are beside stops, and the one service goes from west to east."""
    chance = random.Random(seed)
    west = {f"W{n}": Point(47.0 + 0.03 * n, 4.0 + chance.uniform(0, 0.03)) for n in range(3)}
    east = {f"E{n}": Point(47.0 + 0.03 * n, 4.5 + chance.uniform(0, 0.03)) for n in range(3)}
    others = {"A": Point(47.02, 3.7), "B": Point(47.02, 4.8), "M": Point(47.1, 4.2)}
    stops = {name: Point(round(point.lat, 6), round(point.lon, 6)) for name, point in (west | east | others).items()}
    west, east = ({name: stops[name] for name in each} for each in (west, east))
    trips = []
    for number in range(chance.randint(12, 24) if between else chance.randint(6, 18)):
        names = chance.sample(sorted(stops), chance.randint(2, 3))
        clock, calls = 60 * 5 + chance.randint(0, 6 * 60), []
        for name in names:
            calls.append(f"{name} {clock // 60}:{clock % 60:02d}")
            clock += chance.randint(5, 45)
        trips.append(trip(f"t{number}", " ".join(calls), route=f"r{number}", service="daily"))
    rows = [
        {"stop_id": name, "stop_name": name, "stop_lat": f"{point.lat:.6f}", "stop_lon": f"{point.lon:.6f}"}
        for name, point in stops.items()
    ]
    since = MIDNIGHT + timedelta(minutes=60 * chance.choice([4, 5, 6]))

    def service(name: str, doors: tuple[str, ...], hubs: dict[str, Point]) -> DrawnService:
        until = since + timedelta(hours=chance.choice([4, 8]))
        return DrawnService(name, doors, hubs, since, until, chance.choice([5, 20]), [])

    files = feed(trips, stops=rows, services={"daily": [DAY]})
    if between:
        a, b = (Point(stops[name].lat + 0.001, stops[name].lon) for name in ("A", "B"))
        return Drawn(files, stops, (service("Entre", (), west | east),), a, b)
    a, b = Point(47.02, 3.92), Point(47.02, 4.6)
    return Drawn(files, stops, (service("Ouest", ("Ici",), west), service("Est", ("Là",), east)), a, b)


def found(world: Drawn, query: Query) -> list[OnDemandWay]:
    table = compiled(world.files)
    live = LiveNetwork(table, table.hash)
    takers = [each.taker for each in world.services]
    return chained_ways(live, query, world.a, world.b, takers, partial(plan, live))


# ---------------------------------------------------------------- the oracle


def walks(world: Drawn, point: Point) -> dict[str, int]:
    metres = {name: distance_m(stop, point) for name, stop in world.stops.items()}
    return {name: walk_s(m) for name, m in metres.items() if m * 1.3 <= WALK_M}


def meets(earlier: datetime, later: datetime) -> bool:
    return LEAST_S <= (later - earlier).total_seconds() <= MOST_S


def all_at_both(world: Drawn, graph: Expanded, base: int) -> Iterator[tuple[datetime, datetime]]:
    """(left, there) of every way with a service at both ends."""
    one, other = world.services
    for here in one.hubs.values():
        for there in other.hubs.values():
            firsts, lasts = list(one.times(world.a, here)), list(other.times(there, world.b))
            for leaves, arrives, _n in graph.profile(Ask(walks(world, here), walks(world, there), 6), base, 24 * 3600):
                dep, arr = (MIDNIGHT + timedelta(seconds=each - base) for each in (leaves, arrives))
                for left, met in firsts:
                    if meets(met, dep):
                        yield from ((left, end) for begin, end in lasts if meets(arr, begin))


def all_between(world: Drawn, graph: Expanded, base: int) -> Iterator[tuple[datetime, datetime]]:
    """(left, there) of every way with the service between two journeys, forward and without a detour."""
    (service,) = world.services
    whole = distance_m(world.a, world.b)

    def clock(epoch_s: int) -> datetime:
        return MIDNIGHT + timedelta(seconds=epoch_s - base)

    for here in service.hubs.values():
        for there in service.hubs.values():
            ahead = distance_m(here, world.b) < whole and distance_m(there, world.b) < distance_m(here, world.b)
            long = distance_m(world.a, here) + distance_m(here, there) + distance_m(there, world.b) > 1.5 * whole
            if not ahead or long or distance_m(here, there) < 1_000:
                continue
            firsts = graph.profile(Ask(walks(world, world.a), walks(world, here), 6), base, 24 * 3600)
            lasts = graph.profile(Ask(walks(world, there), walks(world, world.b), 6), base, 24 * 3600)
            for begin, end in service.times(here, there):
                before = [clock(leaves) for leaves, arrives, _n in firsts if meets(clock(arrives), begin)]
                after = [clock(arrives) for leaves, arrives, _n in lasts if meets(end, clock(leaves))]
                yield from ((left, done) for left in before for done in after)


@pytest.mark.parametrize("by", [False, True])
@pytest.mark.parametrize("between", [False, True])
def test_the_best_of_all_places_of_meeting_is_found(between: bool, by: bool) -> None:
    """Thirty drawn worlds: the same arrival (departure) as of everything tried."""
    some = 0
    for seed in range(30):
        world = drawn(seed, between)
        when = at("11:00") if by else at("5:15")
        ends = (Endpoint(NAMES[0], world.a), Endpoint(NAMES[1], world.b))
        query = Query(*ends, when, arrive_by=by, limits=Limits(walk_m_max=WALK_M))
        base = int(MIDNIGHT.timestamp())
        graph = Expanded(World(world.files), base, base + 24 * 3600)
        every = (all_between if between else all_at_both)(world, graph, base)
        kept = [each for each in every if (each[1] <= when if by else each[0] >= when)]
        expected = None if not kept else max(each[0] for each in kept) if by else min(each[1] for each in kept)
        seen = found(world, query)
        assert [each.leave_at if by else each.arrive_at for each in seen] == ([] if expected is None else [expected]), (
            f"seed {seed}"
        )
        some += expected is not None
    assert some >= 8


# ---------------------------------------------------------------- edges


def simple(since: str, until: str, train: str) -> tuple[Drawn, Query]:
    """To the train by the west's service, on by the east's: 10 km, so 10 min, at both ends."""
    stops = {"W": Point(47.0, 4.0), "E": Point(47.0, 4.5)}
    rows = [
        {"stop_id": name, "stop_name": name, "stop_lat": str(point.lat), "stop_lon": str(point.lon)}
        for name, point in stops.items()
    ]
    files = feed([trip("t", train)], stops=rows, services={"daily": [DAY]})
    a, b = Point(47.0, 3.868), Point(47.0, 4.632)
    west = DrawnService("Ouest", ("Ici",), {"W": stops["W"]}, at(since), at(until), 1, [])
    east = DrawnService("Est", ("Là",), {"E": stops["E"]}, at("8:00"), at("12:00"), 1, [])
    query = Query(Endpoint("Ici", a), Endpoint("Là", b), at("6:00"), limits=Limits(walk_m_max=WALK_M))
    return Drawn(files, stops, (west, east), a, b), query


@pytest.mark.parametrize(
    ("until", "there"),
    [
        ("7:45", True),  # set down at 7:55, five minutes before the train
        ("6:45", True),  # at 6:55: 65 minutes before it, an hour and the margin
        ("6:44", False),  # a minute more
    ],
)
def test_who_would_wait_for_more_than_an_hour_is_not_sent(until: str, there: bool) -> None:
    world, query = simple("6:00", until, "W 8:00 E 8:40")
    assert len(found(world, query)) == there


@pytest.mark.parametrize(("since", "there"), [("7:45", True), ("7:46", False)])
def test_five_minutes_are_left_for_the_train(since: str, there: bool) -> None:
    world, query = simple(since, "9:00", "W 8:00 E 8:40")
    assert len(found(world, query)) == there


def test_each_service_is_a_leg_with_its_own_booking_and_the_first_is_as_late_as_it_can_be() -> None:
    world, query = simple("6:00", "9:00", "W 8:00 E 8:40")
    (way,) = found(world, query)
    assert way.then is not None
    assert way.after is not None
    assert (way.service, way.then.service) == ("Ouest", "Est")
    assert (way.leave_at, way.set_down_by) == (at("7:45"), at("7:55"))
    assert (way.after.depart_at, way.after.arrive_at) == (at("8:00"), at("8:40"))
    assert (way.then.since, way.arrive_at, way.then.arrive_at) == (at("8:45"), at("8:55"), at("8:55"))
    assert (way.buffer_s, way.then.buffer_s) == (300, 300)


@pytest.mark.parametrize(("vehicles", "there"), [(3, True), (2, False)])
def test_two_services_and_a_train_are_three_vehicles(vehicles: int, there: bool) -> None:
    world, query = simple("6:00", "9:00", "W 8:00 E 8:40")
    limits = replace(query.limits, vehicles_max=vehicles)
    assert len(found(world, replace(query, limits=limits))) == there


def test_a_service_is_not_asked_where_it_serves_neither_end_and_does_not_lie_between() -> None:
    world, query = simple("6:00", "9:00", "W 8:00 E 8:40")
    far = replace(world.services[0], doors=(), hubs={"X": Point(44.0, 0.0), "Y": Point(44.0, 0.5)}, asked=[])
    assert found(replace(world, services=(far,)), query) == []
    assert far.asked == []
