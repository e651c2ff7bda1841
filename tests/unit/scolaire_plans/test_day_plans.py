"""The whole way from a demand to the plan of its day: every half-day, warm starts, locks, little change, and traps."""

import random
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from mobigo.base.decisions import Decision
from mobigo.base.errors import Refused
from scolaire.engine.day import DayAsk, DayLimits, DayTold, Mode, plan_day
from scolaire.engine.solve import Limits
from scolaire.engine.stops import StopLimits
from scolaire.export.plan_json import demand_json, plan_json
from scolaire.gateway.plan_json import read_demand, read_plan
from scolaire.model.day import DayPlan, Lock, LockKind
from scolaire.model.demand import EVENING, MORNING, Demand, DepotSite, Place, Pupil, SchoolSite, StopSite
from scolaire.model.plan import Board
from scolaire.model.problem import Travel, VehicleType
from scolaire.rules.compare import compare
from scolaire.rules.day import day_faults
from scolaire.rules.halves import passings, problems_of, travel_of
from scolaire.rules.kpi import kpis, worth
from scolaire.rules.locks import first_ms, shape_of
from tests.school_world import MINUTE, more_pupils, sector

QUICK = DayLimits(StopLimits(150), Limits(40, 0, 20.0))
SMALL = sector(3, schools=3, stops=14, pupils=60, wheelchair_pct=5)


@pytest.fixture(scope="module")
def base() -> DayPlan:
    return plan_day(SMALL, DayAsk(reserve=2), QUICK, 1)


def test_everybody_has_a_seat_in_every_half_day_and_the_checker_agrees(base: DayPlan) -> None:
    assert day_faults(base, SMALL) == []
    assert len(base.seats) + len(base.left) == len(SMALL.pupils)
    assert set(base.halves) == {"matin", "mercredi", "soir", "soir-2"}
    for half, problem in problems_of(SMALL, base).items():
        for circuit in base.halves[half].circuits:
            told = passings(circuit, problem)
            assert [each.place for each in told][-1 if half == "matin" else 0] == "school"
            assert sum(each.on for each in told) == sum(each.off for each in told)
            assert all(one.leaves_ms <= two.arrives_ms for one, two in pairwise(told))


def test_the_same_seed_gives_the_same_bytes(base: DayPlan) -> None:
    assert plan_json(plan_day(SMALL, DayAsk(reserve=2), QUICK, 1)) == plan_json(base)


def test_what_is_written_is_read_back_the_same(base: DayPlan) -> None:
    assert read_plan(plan_json(base)) == base
    assert demand_json(read_demand(demand_json(SMALL))) == demand_json(SMALL)


def test_places_under_other_numbers_need_the_same_buses(base: DayPlan) -> None:
    """The same sector with its stops declared in another order, driving times given as a table."""
    travel = travel_of(SMALL)
    first = len(SMALL.depots) + len(SMALL.schools)
    order = [*range(first), *(first + n for n in reversed(range(len(SMALL.stops))))]
    turned = replace(
        SMALL, stops=tuple(reversed(SMALL.stops)),
        travel=Travel(travel.ms[np.ix_(order, order)], travel.metres[np.ix_(order, order)]),
    )  # fmt: skip
    assert day_faults(base, turned) == []  # the plan speaks of names, not of numbers
    assert kpis(base, turned) == kpis(base, SMALL)
    assert kpis(plan_day(turned, DayAsk(reserve=2), QUICK, 1), turned).buses == kpis(base, SMALL).buses


def test_an_evening_is_a_morning_backwards() -> None:
    """One school, the same pupils, symmetric roads: as many buses home as there."""
    windows = {MORNING.id: (480 * MINUTE, 480 * MINUTE), EVENING.id: (1_000 * MINUTE, 1_000 * MINUTE)}
    schools = tuple(replace(each, windows=windows) for each in SMALL.schools)
    pupils = tuple(replace(each, halves=(MORNING.id, EVENING.id)) for each in SMALL.pupils)
    both = replace(SMALL, schools=schools, pupils=pupils, halves=(MORNING, EVENING))
    plan = plan_day(both, DayAsk(), QUICK, 1)
    assert len(plan.halves["matin"].blocks) == len(plan.halves["soir"].blocks)


def test_a_warm_start_is_never_worse_and_little_change_changes_little(base: DayPlan) -> None:
    warm = plan_day(SMALL, DayAsk(Mode.WARM, base, SMALL), QUICK, 7)
    assert worth(warm, SMALL) <= worth(base, SMALL)
    grown = more_pupils(SMALL, 3, 5)
    least = plan_day(grown, DayAsk(Mode.LEAST_CHANGE, base, SMALL, pupil_cents=10**6), QUICK, 1)
    assert day_faults(least, grown) == []
    moved = compare(base, SMALL, least, grown)
    assert len(moved.pupils_new) == 3
    assert moved.pupils_stop == ()
    assert len(moved.services_changed) + len(moved.services_new) <= 5
    assert plan_day(SMALL, DayAsk(Mode.LEAST_CHANGE, base, SMALL, pupil_cents=10**6), QUICK, 1) == base


def test_pupils_who_leave_take_nothing_with_them(base: DayPlan) -> None:
    fewer = replace(SMALL, pupils=SMALL.pupils[10:])
    plan = plan_day(fewer, DayAsk(Mode.LEAST_CHANGE, base, SMALL, pupil_cents=10**6), QUICK, 1)
    assert day_faults(plan, fewer) == []
    assert compare(base, SMALL, plan, fewer).pupils_stop == ()


def test_whoever_says_stop_has_a_checked_plan() -> None:
    heard: list[DayTold] = []
    kept: list[DayPlan] = []

    def told(step: DayTold) -> bool:
        heard.append(step)
        return not kept

    plan = plan_day(SMALL, DayAsk(), QUICK, 1, told=told, keep=kept.append)
    assert kept == [plan]
    assert day_faults(plan, SMALL) == []


# ---------------------------------------------------------------- locks

LOCK_SETS = 25


def drawn_locks(draw: random.Random, base: DayPlan) -> list[Lock]:
    """Locks as a planner sets them, on what the plan holds now; some of another hour, which may be impossible."""
    problems = problems_of(SMALL, base)
    found = []
    for n in range(draw.randint(1, 4)):
        half = draw.choice(sorted(base.halves))
        circuit = draw.choice(base.halves[half].circuits)
        block = next(each for each in base.halves[half].blocks if circuit.id in each.circuits)
        kind = draw.choice([*LockKind])
        name = f"l{n}"
        if kind is LockKind.PUPIL_STOP:
            pupil = draw.choice(SMALL.pupils)
            found.append(Lock(name, kind, "", pupil.id, draw.choice(pupil.reach)[0]))
        elif kind is LockKind.STOP_SERVICE:
            need = next(visit.need for visit in circuit.visits if isinstance(visit, Board))
            stop, _, school = need.partition(">")
            if "#" not in school:
                found.append(Lock(name, kind, half, stop, circuit.id, school))
        elif kind is LockKind.SERVICE:
            found.append(Lock(name, kind, half, circuit.id, shape_of(circuit, problems[half])))
        elif kind is LockKind.TIMES:
            at = (first_ms(circuit, problems[half]) + draw.choice((0, 0, 60_000, 3_600_000))) // 60_000
            found.append(Lock(name, kind, half, circuit.id, f"{at // 60:02}:{at % 60:02}"))
        elif kind is LockKind.VEHICLE:
            found.append(Lock(name, kind, half, circuit.id, block.vehicle_type))
        else:
            site = draw.choice(SMALL.schools)
            at = draw.choice(site.windows[half]) // 60_000
            found.append(Lock(name, kind, half, site.id, f"{at // 60:02}:{at % 60:02}"))
    return found


@pytest.mark.parametrize("seed", range(LOCK_SETS))
def test_locks_hold_or_the_smallest_set_that_cannot_is_named(seed: int, base: DayPlan) -> None:
    held(seed, base)


@pytest.mark.parametrize("mode", [*Mode])
def test_a_plan_whose_services_are_all_locked_stays_as_it_is(mode: Mode, base: DayPlan) -> None:
    problems = problems_of(SMALL, base)
    locks = tuple(
        Lock(f"{half}-{circuit.id}", LockKind.SERVICE, half, circuit.id, shape_of(circuit, problems[half]))
        for half, plan in base.halves.items()
        for circuit in plan.circuits
    )
    kept = plan_day(SMALL, DayAsk(mode, base, SMALL, locks, 10**6), QUICK, 1)
    assert day_faults(kept, SMALL, locks) == []
    assert {name: plan.circuits for name, plan in kept.halves.items()} == {
        name: plan.circuits for name, plan in base.halves.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("first", range(LOCK_SETS, 1_000, LOCK_SETS))
def test_a_thousand_sets_of_locks_hold_or_are_named(first: int, base: DayPlan) -> None:
    """In parts: all of them in one test would last longer than a test may."""
    for seed in range(first, first + LOCK_SETS):
        held(seed, base)


def held(seed: int, base: DayPlan) -> None:
    """One drawn set of locks: the plan breaks none, or those that cannot be held together are named, none too many."""
    draw = random.Random(seed)
    locks = drawn_locks(draw, base)
    mode = draw.choice([*Mode])

    def asked(some: tuple[Lock, ...]) -> DayAsk:
        return DayAsk(mode, base, SMALL, some, 10**6)

    refused = refusal(asked(tuple(locks)), seed)
    if refused is None:
        assert day_faults(plan_day(SMALL, asked(tuple(locks)), QUICK, seed), SMALL, locks) == []
        return
    assert refused.code == "scolaire.locks_conflict"
    named = refused.params["locks"]
    assert isinstance(named, list)
    assert {*named} <= {lock.id for lock in locks}
    for left_out in named:
        rest = tuple(lock for lock in locks if lock.id in named and lock.id != left_out)
        assert refusal(asked(rest), seed) is None


def refusal(ask: DayAsk, seed: int) -> Decision | None:
    try:
        plan_day(SMALL, ask, QUICK, seed)
    except Refused as refused:
        return refused.decision
    return None


# ---------------------------------------------------------------- traps

HERE = Place(47.2, 4.6)
NEAR = Place(47.22, 4.6)
FAR = Place(48.9, 4.6)
TINY = Demand(
    "t",
    (SchoolSite("S", "École", HERE, {"matin": (470 * MINUTE, 480 * MINUTE)}),),
    (StopSite("a", "A", NEAR), StopSite("b", "B", FAR)),
    (Pupil("p", "S", (("a", 300),), ("matin",), 45 * MINUTE),),
    (VehicleType("car", 3),),
    (DepotSite("d", "Dépôt", HERE),),
    halves=(MORNING,),
)


def with_pupils(*pupils: Pupil) -> Demand:
    return replace(TINY, pupils=pupils)


def test_a_school_without_pupils_is_no_trouble() -> None:
    empty = with_pupils()
    assert plan_day(empty, DayAsk(), QUICK, 1) == DayPlan({}, {})
    other = replace(TINY, schools=(*TINY.schools, replace(TINY.schools[0], id="T")))
    assert day_faults(plan_day(other, DayAsk(), QUICK, 1), other) == []


@pytest.mark.parametrize(
    ("pupil", "code"),
    [
        (replace(TINY.pupils[0], id="q", reach=()), "scolaire.left_no_stop"),
        (replace(TINY.pupils[0], id="q", reach=(("b", 10),)), "scolaire.left_too_far"),
        (replace(TINY.pupils[0], id="q", wheelchair=True), "scolaire.left_no_wheelchair"),
    ],
)
def test_a_pupil_nobody_can_carry_is_named_with_the_reason_and_the_others_ride(pupil: Pupil, code: str) -> None:
    demand = with_pupils(TINY.pupils[0], pupil)
    plan = plan_day(demand, DayAsk(), QUICK, 1)
    assert [(each.pupil, each.why.code) for each in plan.left] == [("q", code)]
    assert set(plan.seats) == {"p"}
    assert day_faults(plan, demand) == []


def test_more_pupils_at_a_stop_than_a_bus_has_seats_take_several() -> None:
    crowd = with_pupils(*(replace(TINY.pupils[0], id=f"p{n}") for n in range(8)))
    plan = plan_day(crowd, DayAsk(), QUICK, 1)
    assert day_faults(plan, crowd) == []
    assert len(plan.seats) == 8
    assert len(plan.halves["matin"].circuits) == 3


def test_a_bus_for_wheelchairs_alone_takes_those_who_need_it() -> None:
    types = (VehicleType("car", 3), VehicleType("adapté", 0, 2))
    demand = replace(
        with_pupils(TINY.pupils[0], *(replace(TINY.pupils[0], id=f"w{n}", wheelchair=True) for n in range(3))),
        vehicle_types=types,
    )
    plan = plan_day(demand, DayAsk(), QUICK, 1)
    assert day_faults(plan, demand) == []
    assert sorted(block.vehicle_type for block in plan.halves["matin"].blocks) == ["adapté", "adapté", "car"]


def test_roads_may_take_longer_one_way_and_equal_bells_be_many() -> None:
    demand = sector(5, schools=3, stops=9, pupils=30, evenings=False)
    travel = travel_of(demand)
    slow = Travel((travel.ms * np.triu(np.full(travel.ms.shape, 0.5)) + travel.ms).astype(np.int32), travel.metres)
    schools = tuple(replace(each, windows={"matin": (480 * MINUTE, 480 * MINUTE)}) for each in demand.schools)
    asked = replace(demand, travel=slow, schools=schools)
    assert day_faults(plan_day(asked, DayAsk(), QUICK, 1), asked) == []


BAD_TRAVEL = Travel(np.full((4, 4), -1, dtype=np.int32), np.zeros((4, 4), dtype=np.int32))
NAN = np.full((4, 4), np.nan)


def one_leg(value: float, *, metres: bool = False) -> Travel:
    """A table of which one leg alone is wrong, as a router gives it that fails now and then; its diagonal is right."""
    right: np.ndarray[Any, Any] = np.ones((4, 4)) - np.eye(4)
    wrong = right.copy()
    wrong[0, 1] = value
    return Travel(right, wrong) if metres else Travel(wrong, right)


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (replace(TINY, vehicle_types=()), "scolaire.demand_without_vehicles"),
        (replace(TINY, depots=()), "scolaire.demand_without_depots"),
        (replace(TINY, travel=BAD_TRAVEL), "scolaire.demand_matrix_values"),
        (replace(TINY, travel=Travel(NAN, NAN)), "scolaire.demand_matrix_values"),  # a trap
        *(
            (replace(TINY, depots=(replace(TINY.depots[0], vehicles=parked),)), "scolaire.demand_depot")
            for parked in ({"car": -1}, {"car": 1, "of no type": 1})
        ),
        *(
            (replace(TINY, travel=one_leg(value, metres=metres)), "scolaire.demand_matrix_values")
            for value in (-1.0, float("nan"), float("inf"))
            for metres in (False, True)
        ),
        (replace(TINY, travel=Travel(BAD_TRAVEL.ms[:2], BAD_TRAVEL.ms[:2])), "scolaire.demand_matrix_shape"),
        (with_pupils(TINY.pupils[0], TINY.pupils[0]), "scolaire.demand_name_twice"),
        (with_pupils(replace(TINY.pupils[0], school="Z")), "scolaire.demand_pupil_school"),
        (with_pupils(replace(TINY.pupils[0], reach=(("z", 1),))), "scolaire.demand_pupil_reach"),
        (with_pupils(replace(TINY.pupils[0], reach=(("a", -1),))), "scolaire.demand_pupil_reach"),
        (with_pupils(replace(TINY.pupils[0], halves=("soir",))), "scolaire.demand_pupil_half"),
        (with_pupils(replace(TINY.pupils[0], halves=())), "scolaire.demand_pupil_halves"),
        (with_pupils(replace(TINY.pupils[0], ride_max_ms=0)), "scolaire.demand_pupil_ride"),
        (replace(TINY, schools=(replace(TINY.schools[0], windows={"matin": (5, 4)}),)), "scolaire.demand_window"),
        (replace(TINY, schools=(replace(TINY.schools[0], windows={"matin": (-1, 4)}),)), "scolaire.demand_window"),
        (replace(TINY, schools=(replace(TINY.schools[0], at=Place(float("nan"), 1)),)), "scolaire.demand_place"),
        (replace(TINY, vehicle_types=(VehicleType("car", 0),)), "scolaire.demand_without_vehicles"),
        (replace(TINY, vehicle_types=(VehicleType("car", -1),)), "scolaire.demand_vehicle"),
        (replace(TINY, vehicle_types=(VehicleType("car", 3), VehicleType("x", 1, -1))), "scolaire.demand_vehicle"),
        (replace(TINY, amplitude_max_ms=0), "scolaire.demand_amplitude"),
        (with_pupils(replace(TINY.pupils[0], id="a#b")), "scolaire.demand_name_signs"),
    ],
)
def test_a_broken_demand_is_refused_with_what_is_wrong(broken: Demand, code: str) -> None:
    with pytest.raises(Refused) as refused:
        plan_day(broken, DayAsk(), QUICK, 1)
    assert refused.value.decision.code == "scolaire.demand_broken"
    first = refused.value.decision.params["first"]
    assert isinstance(first, Decision)
    assert first.code == code


def test_too_few_buses_are_said_and_nobody_is_dropped() -> None:
    crowd = with_pupils(*(replace(TINY.pupils[0], id=f"p{n}") for n in range(8)))
    short = replace(crowd, depots=(replace(TINY.depots[0], vehicles={"car": 1}),))
    tight = replace(short, schools=(replace(TINY.schools[0], windows={"matin": (480 * MINUTE, 480 * MINUTE)}),))
    with pytest.raises(Refused) as refused:
        plan_day(tight, DayAsk(), QUICK, 1)
    assert refused.value.decision.code == "scolaire.fleet_short"
