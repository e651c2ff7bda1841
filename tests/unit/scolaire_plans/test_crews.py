"""Coaches and drivers of a whole day: every way in which they may be wrong, and how half-days are joined."""

import random
from dataclasses import replace

import networkx
import pytest

from mobigo.base.errors import Refused
from scolaire.engine.crews import crewed
from scolaire.engine.day import DayAsk, plan_day
from scolaire.engine.edits import buses_anew, split
from scolaire.export.plan_csv import plan_csv
from scolaire.export.plan_json import demand_json, plan_json
from scolaire.gateway.plan_csv import read_plan_csv
from scolaire.gateway.plan_json import read_demand, read_plan
from scolaire.model.day import DayPlan
from scolaire.model.demand import DAY_MS, Demand, DriverDay
from scolaire.model.plan import Block, Board, Circuit, Leave, Plan, Rule
from scolaire.rules.crews import all_duties, drivers_of, relayed
from scolaire.rules.day import day_faults
from scolaire.rules.halves import problems_of, travel_of
from scolaire.rules.kpi import kpis
from tests.school_world import sector
from tests.unit.scolaire_plans.test_day_plans import QUICK
from tests.unit.scolaire_plans.test_the_day_checker import DEMAND, GOOD, MINUTE, OUT

# Morning: from the depot at 7:10 (30 km to b), at school at 8:00. Evening: from school at 16:35, b at 16:55, back at
# 17:25. From 7:10 to 17:25 are 10 h 15, from 17:25 to 7:10 13 h 45.
SPAN, REST = 615 * MINUTE, 825 * MINUTE
JOINED = replace(DEMAND, driver_day=DriverDay(SPAN, REST))
(MORNING_BUS,), (EVENING_BUS,) = GOOD.halves["matin"].blocks, GOOD.halves["soir"].blocks


def driven(morning: Block, evening: Block, plan: DayPlan = GOOD) -> DayPlan:
    halves = {"matin": replace(plan.halves["matin"], blocks=(morning,))}
    return replace(plan, halves={**halves, "soir": replace(plan.halves["soir"], blocks=(evening,))})


ONE = driven(replace(MORNING_BUS, driver="c"), replace(EVENING_BUS, driver="c"))


def rules_of(plan: DayPlan, demand: Demand = JOINED) -> list[Rule]:
    return [each.fault.rule for each in day_faults(plan, demand)]


def evening_out(at_ms: int) -> DayPlan:
    """The evening bus leaves the school at another instant."""
    moved = Circuit(
        "s", (Board("b>S", 1, DAY_MS - at_ms - 20 * MINUTE), Board("a>S", 1, DAY_MS - at_ms - 10 * MINUTE),
              Leave("S", DAY_MS - at_ms)))  # fmt: skip
    return replace(ONE, halves={**ONE.halves, "soir": replace(ONE.halves["soir"], circuits=(moved,))})


def leaving(at_ms: int) -> Demand:
    (school,) = JOINED.schools
    return replace(JOINED, schools=(replace(school, windows={**school.windows, "soir": (at_ms, at_ms)}),))


@pytest.mark.parametrize(
    ("plan", "demand", "broken"),
    [
        (ONE, JOINED, []),
        (ONE, DEMAND, []),
        (ONE, replace(JOINED, driver_day=DriverDay(SPAN - 1, REST)), [Rule.AMPLITUDE]),
        (ONE, replace(JOINED, driver_day=DriverDay(SPAN, REST + 1)), [Rule.REST]),
        # two drivers: the morning one rests until the next morning, nobody's day is long
        (driven(MORNING_BUS, EVENING_BUS), replace(JOINED, driver_day=DriverDay(SPAN - 1, REST)), []),
        (driven(replace(MORNING_BUS, driver="c"), replace(EVENING_BUS, driver="d")),
         replace(JOINED, driver_day=DriverDay(SPAN - 1, REST)), []),
        # the same name is the same vehicle; where nothing is said of days, a name is of one half-day
        (driven(MORNING_BUS, replace(EVENING_BUS, vehicle_type="petit")), JOINED, [Rule.COACH]),
        (driven(MORNING_BUS, replace(EVENING_BUS, vehicle_type="petit")), DEMAND, []),
        # one car stands at the depot: two names are two cars
        (driven(MORNING_BUS, replace(EVENING_BUS, id="car-2")), JOINED, [Rule.DEPOT]),
        (driven(MORNING_BUS, replace(EVENING_BUS, id="car-2", vehicle_type="petit")), JOINED, []),
        # at school at 8:00, a bus leaves it at 8:00, no sooner
        (evening_out(480 * MINUTE), leaving(480 * MINUTE), []),
        (evening_out(480 * MINUTE - 1), leaving(480 * MINUTE - 1), [Rule.CHAIN]),
        # from one bus to the other a driver goes by the depot: back at 8:10, away at 8:10 (ten minutes from school)
        (driven(ONE.halves["matin"].blocks[0], replace(EVENING_BUS, id="x", vehicle_type="petit", driver="c"),
                evening_out(500 * MINUTE)), leaving(500 * MINUTE), []),
        (driven(ONE.halves["matin"].blocks[0], replace(EVENING_BUS, id="x", vehicle_type="petit", driver="c"),
                evening_out(500 * MINUTE - 1)), leaving(500 * MINUTE - 1), [Rule.CHAIN]),
    ],
)  # fmt: skip
def test_each_rule_of_coaches_and_drivers_on_both_sides_of_its_edge(
    plan: DayPlan, demand: Demand, broken: list[Rule]
) -> None:
    assert rules_of(plan, demand) == broken


def test_a_thousand_days_that_break_a_rule_of_coaches_or_drivers_are_found_and_named() -> None:
    draw = random.Random(11)
    for _ in range(1_000):
        some = draw.randint(1, 9 * MINUTE)
        plan, demand, rule = draw.choice(
            [
                (ONE, replace(JOINED, driver_day=DriverDay(SPAN - some, REST)), Rule.AMPLITUDE),
                (ONE, replace(JOINED, driver_day=DriverDay(SPAN, REST + some)), Rule.REST),
                (driven(MORNING_BUS, replace(EVENING_BUS, vehicle_type="petit")), JOINED, Rule.COACH),
                (driven(MORNING_BUS, replace(EVENING_BUS, id=f"car-{some}")), JOINED, Rule.DEPOT),
                (evening_out(480 * MINUTE - some), leaving(480 * MINUTE - some), Rule.CHAIN),
                (evening_out(OUT + some), replace(leaving(OUT + some), driver_day=DriverDay(SPAN, 0)), Rule.AMPLITUDE),
            ]
        )
        assert rules_of(plan, demand) == [rule]


# ---------------------------------------------------------------- half-days joined


def join(plan: DayPlan, demand: Demand) -> DayPlan:
    return crewed(plan, demand, travel_of(demand), problems_of(demand, plan), {})


@pytest.mark.parametrize(("shorter_ms", "drivers"), [(0, 1), (1, 2)])
def test_a_driver_s_day_that_is_too_long_goes_on_with_another(shorter_ms: int, drivers: int) -> None:
    demand = replace(JOINED, driver_day=DriverDay(SPAN - shorter_ms, 0))
    made = join(GOOD, demand)
    assert day_faults(made, demand) == []
    figures = kpis(made, demand)
    assert (figures.buses, figures.drivers) == (1, drivers)
    assert relayed(made) == ({} if drivers == 1 else {"car-1": ["car-1.1", "car-1.2"]})
    assert kpis(made, DEMAND).drivers is None


def test_a_day_too_short_for_one_service_is_refused_with_its_name() -> None:
    with pytest.raises(Refused) as refused:
        join(GOOD, replace(JOINED, driver_day=DriverDay(59 * MINUTE, 0)))  # 7:10 to 8:10
    assert refused.value.decision.code == "scolaire.driver_day"
    assert refused.value.decision.params["services"] == "m"
    assert (
        join(GOOD, replace(JOINED, driver_day=DriverDay(60 * MINUTE, 0))).halves["matin"].blocks[0].driver == "car-1.1"
    )


def test_where_nothing_is_said_of_days_nothing_is_joined() -> None:
    assert join(GOOD, DEMAND) is GOOD


@pytest.fixture(scope="module")
def drawn() -> list[tuple[Demand, DayPlan]]:
    demands = [
        sector(seed, schools=3 + seed % 3, stops=14, pupils=50 + 20 * seed, wheelchair_pct=4) for seed in (1, 2, 3)
    ]
    return [(demand, plan_day(demand, DayAsk(), QUICK, 1)) for demand in demands]


def unnamed(plan: DayPlan) -> DayPlan:
    """The plan as its half-days were, each with names of its own."""
    halves = {}
    for half, each in plan.halves.items():
        blocks = tuple(replace(block, id=f"{half}{n}", driver="") for n, block in enumerate(each.blocks))
        halves[half] = replace(each, blocks=blocks)
    return replace(plan, halves=halves)


def test_joined_days_hold_every_rule_and_keep_every_chain(drawn: list[tuple[Demand, DayPlan]]) -> None:
    for demand, plan in drawn:
        made = join(unnamed(plan), demand)
        assert day_faults(made, demand) == []
        assert join(made, demand) == made
        for half, each in plan.halves.items():
            assert made.halves[half].circuits == each.circuits
            assert {block.circuits for block in made.halves[half].blocks} == {block.circuits for block in each.blocks}
        assert drivers_of(made, demand) == len({b.driver for each in made.halves.values() for b in each.blocks})


def test_no_day_takes_a_coach_too_many(drawn: list[tuple[Demand, DayPlan]]) -> None:
    """Against the fewest paths that cover all chains of a Monday, by another library, where any coach may drive all."""
    for demand, plan in drawn:
        large = replace(
            demand, vehicle_types=tuple(replace(each, seats=200, wheelchairs=50) for each in demand.vehicle_types)
        )
        made = join(unnamed(plan), large)
        duties = [
            each for each in all_duties(made, problems_of(large, made)) if 0 in demand.half_of[each.half].weekdays
        ]
        graph, left = networkx.Graph(), [("out", n) for n in range(len(duties))]
        graph.add_nodes_from(left)
        for i, one in enumerate(duties):
            for j, two in enumerate(duties):
                drive_ms = int(travel_of(demand).ms[one.last_node, two.first_node])
                if one.half != two.half and one.ends_ms + drive_ms <= two.begins_ms:
                    graph.add_edge(("out", i), ("in", j))
        pairs = len(networkx.bipartite.hopcroft_karp_matching(graph, left)) // 2
        assert len({each.block.id for each in duties}) == len(duties) - pairs


def test_plans_with_drivers_are_read_back_the_same(drawn: list[tuple[Demand, DayPlan]]) -> None:
    for demand, plan in drawn:
        assert read_plan(plan_json(plan)) == plan
        assert read_plan_csv(plan_csv(plan, demand)) == plan
        assert read_demand(demand_json(demand)).driver_day == demand.driver_day
    assert b"driver_day" not in demand_json(DEMAND)  # demands of before keep their bytes


def test_a_change_by_hand_takes_no_name_of_another_bus_of_the_day(drawn: list[tuple[Demand, DayPlan]]) -> None:
    demand, plan = drawn[0]
    long = next(each for each in plan.halves["matin"].circuits if len(each.visits) > 2)
    made = split(demand, plan, "matin", long.id, 1)
    assert {each.fault.rule for each in day_faults(made, demand)} <= {Rule.CHAIN, Rule.DEPOT}
    known = {block.id for each in plan.halves.values() for block in each.blocks}
    new = [block for block in made.halves["matin"].blocks if not block.driver]
    assert len(new) == 1
    assert new[0].id not in known
    assert day_faults(buses_anew(demand, made, "matin"), demand) == []


def test_a_plan_that_stays_keeps_its_coaches_and_drivers(drawn: list[tuple[Demand, DayPlan]]) -> None:
    demand, plan = drawn[1]
    assert join(plan, demand) is plan
    empty = DayPlan({}, {})
    assert join(empty, demand) is empty
    assert day_faults(DayPlan({}, {"matin": Plan((), ())}), replace(demand, pupils=())) == []
