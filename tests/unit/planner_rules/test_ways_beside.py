"""A way beside the timetable against its journeys: both sides of each edge, what it wins, where it stands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.planner.model import (
    Answer,
    CarpoolWay,
    Endpoint,
    Journey,
    OnDemandFound,
    OnDemandWay,
    Preset,
    Price,
    Query,
    Ride,
    Visit,
)
from mobigo.planner.rules.dropped import Rule
from mobigo.planner.rules.ways import Worth, beaten_by, goes_on, reasons, sifted, weighed, worth_of, worth_of_way

EIGHT = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
COACH = Worth(EIGHT, EIGHT + 60 * MINUTE, 1, 300, 150)
A, Z = Point(47.0, 4.0), Point(47.0, 5.0)


@pytest.mark.parametrize(
    ("changed", "arrive_by", "beaten"),
    [
        ({}, False, True),  # as good by everything: the timetable is surer
        ({"arrive": EIGHT + 61 * MINUTE}, False, True),  # by one minute
        ({"arrive": EIGHT + 59 * MINUTE}, False, False),
        ({"arrive": EIGHT + 59 * MINUTE}, True, True),  # arriving by, what counts is when one leaves
        ({"leave": EIGHT - MINUTE}, True, True),
        ({"leave": EIGHT + MINUTE}, True, False),
        ({"leave": EIGHT + MINUTE}, False, True),  # as late, and no sooner there
        ({"changes": 0}, False, False),
        ({"changes": 2}, False, True),
        ({"walk_m": 101}, False, True),  # 199 m less are no reason
        ({"walk_m": 100}, False, False),
        ({"cents": 149}, False, False),
        ({"cents": 151}, False, True),
        ({"cents": inf}, False, True),  # an unknown price wins nothing
        ({"arrive": EIGHT + 240 * MINUTE, "cents": 0}, False, False),  # twice as long, and two hours: 240 min
        ({"arrive": EIGHT + 241 * MINUTE, "cents": 0}, False, True),
    ],
)
def test_a_way_is_beaten_by_what_is_as_good(changed: dict[str, object], arrive_by: bool, beaten: bool) -> None:
    assert (beaten_by(COACH, replace(COACH, **changed), arrive_by) is not None) is beaten  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({}, Rule.WINS_NOTHING),
        ({"arrive": EIGHT + 240 * MINUTE, "cents": 0}, None),
        ({"arrive": EIGHT + 241 * MINUTE, "cents": 0}, Rule.TOO_LONG),
        ({"arrive": EIGHT + 241 * MINUTE, "changes": 0}, None),  # it spares a change
    ],
)
def test_the_rule_that_leaves_a_way_out_is_named(changed: dict[str, object], rule: Rule | None) -> None:
    assert beaten_by(COACH, replace(COACH, **changed), arrive_by=False) is rule  # type: ignore[arg-type]


def test_a_price_that_is_unknown_beats_none_that_is_known_by_price_alone() -> None:
    unknown = replace(COACH, cents=inf)
    assert beaten_by(unknown, COACH, arrive_by=False)  # as good by the rest, and nothing says it is dearer
    assert beaten_by(unknown, replace(COACH, arrive=EIGHT), arrive_by=False) is None


@pytest.mark.parametrize(
    ("changed", "arrive_by", "said"),
    [
        ({"arrive": EIGHT + 20 * MINUTE}, False, [Decision("planner.way_arrives_sooner", minutes=40)]),
        ({"arrive": EIGHT + timedelta(seconds=3541)}, False, [Decision("planner.way_between")]),  # 59 s
        (
            {"arrive": EIGHT - 65 * MINUTE},
            False,
            [Decision("planner.way_arrives_sooner", minutes=125)],
        ),
        ({"leave": EIGHT + 5 * MINUTE}, True, [Decision("planner.way_leaves_later", minutes=5)]),
        ({"cents": 100}, False, [Decision("planner.way_cheaper", spared=Money(50))]),
        ({"arrive": EIGHT + 90 * MINUTE, "cents": 100}, False, [Decision("planner.way_cheaper", spared=Money(50))]),
        ({"leave": EIGHT - 90 * MINUTE, "cents": 100}, True, [Decision("planner.way_cheaper", spared=Money(50))]),
        ({"changes": 0}, False, [Decision("planner.way_fewer_changes")]),
        ({"walk_m": 100}, False, [Decision("planner.way_less_walking", metres=200)]),
        (
            {"arrive": EIGHT + 20 * MINUTE, "cents": 100, "changes": 0},
            False,  # the first two
            [Decision("planner.way_arrives_sooner", minutes=40), Decision("planner.way_cheaper", spared=Money(50))],
        ),
    ],
)
def test_what_a_way_wins_is_said(changed: dict[str, object], arrive_by: bool, said: list[Decision]) -> None:
    assert list(reasons(replace(COACH, **changed), [COACH], arrive_by)) == said  # type: ignore[arg-type]


def test_beside_no_journey_nothing_is_won_and_beside_an_unknown_price_none_is_spared() -> None:
    assert reasons(COACH, [], False) == ()
    assert reasons(replace(COACH, cents=100), [replace(COACH, cents=inf)], False) == (Decision("planner.way_between"),)


@pytest.mark.parametrize(("lon", "on"), [(3.999, False), (4.0, False), (4.001, True), (5.9, True), (6.1, False)])
def test_one_never_goes_the_other_way_first(lon: float, on: bool) -> None:
    """From 4° to 5° of longitude: as far beyond the other end as one was before it is no nearer."""
    assert goes_on(A, Point(47.0, lon), Z) is on


# ---------------------------------------------------------------- the whole answer


def journey(leave_min: int, arrive_min: int, **more: object) -> Journey:
    leave, arrive = EIGHT + leave_min * MINUTE, EIGHT + arrive_min * MINUTE
    ride = Ride(((0, 0),), EIGHT.date(), (Visit(0, leave, leave), Visit(1, arrive, arrive)))
    return Journey((ride,), leave, arrive, **more)  # type: ignore[arg-type]


def carpool(leave_min: int, arrive_min: int, **more: object) -> CarpoolWay:
    leave, arrive = EIGHT + leave_min * MINUTE, EIGHT + arrive_min * MINUTE
    way = CarpoolWay(
        "C3", "/c3", "Là", A, "Ici", Z, leave, arrive, EIGHT, EIGHT + 120 * MINUTE, 0, 0, 1200, 20_000, 600,
        Money(150), Decision("carpool.wait_unknown"),
    )  # fmt: skip
    return replace(way, **more)  # type: ignore[arg-type]


def on_demand(leave_min: int, arrive_min: int, **more: object) -> OnDemandWay:
    leave, arrive = EIGHT + leave_min * MINUTE, EIGHT + arrive_min * MINUTE
    way = OnDemandWay(
        "TAD", "/tad", "Là", A, "Ici", Z, leave, leave, leave, arrive, arrive, 0, 0, Money(200), None, "03"
    )
    return replace(way, **more)  # type: ignore[arg-type]


def answer(journeys: list[Journey], **more: object) -> Answer:
    query = Query(Endpoint("A", A), Endpoint("Z", Z), EIGHT)
    prices = tuple(Price(Money(300)) for _ in journeys)
    return replace(Answer(query, tuple(journeys), prices=prices), **more)  # type: ignore[arg-type]


def test_the_ways_stand_among_the_journeys_by_when_one_leaves() -> None:
    found = weighed(
        answer(
            [journey(10, 60), journey(40, 90)],
            carpool=(carpool(20, 50),), on_demand=OnDemandFound((on_demand(50, 55),)),
        )
    )  # fmt: skip
    assert found.order == (("journey", 0), ("carpool", 0), ("journey", 1), ("on_demand", 0))
    assert [each.code for each in found.carpool[0].why] == ["planner.way_arrives_sooner", "planner.way_cheaper"]
    assert found.beaten == ()


def test_put_first_by_price_the_cheapest_way_comes_first() -> None:
    found = answer([journey(10, 60)], carpool=(carpool(20, 90),))
    found = weighed(replace(found, query=replace(found.query, preset=Preset.CHEAPEST)))
    assert found.order == (("carpool", 0), ("journey", 0))


def test_a_beaten_way_is_named_and_not_shown() -> None:
    found = weighed(answer([journey(10, 60)], prices=(Price(Money(100)),), carpool=(carpool(20, 61),)))
    assert (found.carpool, found.order) == ((), (("journey", 0),))
    assert found.beaten == (Decision("planner.ways_beaten", names="C3"),)


def test_a_line_that_is_only_a_part_of_a_beaten_way_is_not_named() -> None:
    slow = carpool(0, 70, before=journey(0, 20), rest=Price(Money(300)))
    found = weighed(answer([journey(10, 60)], carpool=(slow,)))
    assert (found.carpool, found.beaten) == ((), ())


def test_of_two_ways_along_lines_the_one_beaten_goes_and_its_line_is_named_only_when_none_is_left() -> None:
    slow = carpool(0, 55, before=journey(0, 20), rest=Price(Money(100)))
    found = weighed(answer([journey(10, 60)], carpool=(carpool(20, 50), slow)))
    assert found.carpool == (replace(carpool(20, 50), why=found.carpool[0].why),)
    assert found.beaten == ()


def test_a_journey_no_longer_says_it_arrives_first_beside_a_way_that_does() -> None:
    first = (Decision("planner.why_arrives_first"), Decision("planner.why_least_walking"))
    found = weighed(answer([journey(10, 60, why=first), journey(20, 90)], carpool=(carpool(20, 50),)))
    assert [each.code for each in found.journeys[0].why] == ["planner.why_least_walking"]
    alone = weighed(answer([journey(10, 60, why=first), journey(20, 90)]))
    assert alone.journeys[0].why == first


@pytest.mark.parametrize(
    ("rest", "total"),
    [(None, None), (Price(None), None), (Price(Money(250)), Money(400)), (Price(Money(0)), Money(150))],
)
def test_the_whole_costs_the_seat_and_the_rest_or_is_unknown(rest: Price | None, total: Money | None) -> None:
    assert carpool(0, 60, after=journey(30, 60), rest=rest).total == total
    assert carpool(0, 60).total == Money(150)


def test_a_way_of_two_services_counts_both_and_what_is_between() -> None:
    then = on_demand(70, 90, price=Money(300), walk_to_m=50)
    way = on_demand(0, 90, after=journey(30, 60), then=then, rest=Price(Money(100)), walk_from_m=20)
    assert way.total == Money(600)
    assert replace(way, then=replace(then, price=None)).total is None
    worth = worth_of_way(way)
    assert (worth.changes, worth.walk_m, worth.cents) == (2, 70, 600)


minutes = st.tuples(st.integers(0, 60), st.integers(1, 300)).map(lambda pair: (pair[0], pair[0] + pair[1]))
metres, cents = st.sampled_from([0, 100, 199, 200, 500]), st.sampled_from([100, 150, 200])
cars = st.builds(lambda at, walk_m, price: carpool(*at, walk_to_m=walk_m, price=Money(price)), minutes, metres, cents)
vans = st.builds(
    lambda at, walk_m, price: on_demand(*at, walk_to_m=walk_m, price=price),
    minutes, metres, st.one_of(st.none(), cents.map(Money)),
)  # fmt: skip


@given(
    st.lists(minutes.map(lambda at: journey(*at)), max_size=3),
    st.lists(cars, max_size=4), st.lists(vans, max_size=4), st.booleans(),
)  # fmt: skip
def test_every_way_is_shown_or_left_out_by_a_rule_that_holds(
    journeys: list[Journey], by_car: list[CarpoolWay], by_van: list[OnDemandWay], arrive_by: bool
) -> None:
    asked = answer(journeys, carpool=tuple(by_car), on_demand=OnDemandFound(tuple(by_van)))
    asked = replace(asked, query=replace(asked.query, arrive_by=arrive_by))
    found = sifted(asked)
    told = [*found.kept, *(each.what for each in found.dropped)]
    assert sorted(map(id, told)) == sorted(map(id, [*by_car, *by_van]))
    shown = [replace(each, why=()) for each in found.answer.carpool]
    assert [*shown, *(replace(each, why=()) for each in found.answer.on_demand.ways)] == list(found.kept)
    for left in found.dropped:
        by = left.by
        if isinstance(by, Journey):
            assert by in found.answer.journeys
            other = worth_of(by, Price(Money(300)))
        else:
            assert type(by) is type(left.what)
            other = worth_of_way(by)
        assert beaten_by(other, worth_of_way(left.what), arrive_by) is left.rule
