"""Pupils who come in the year: a free seat first, then somebody who may walk elsewhere, then one service that goes by a
stop more. One school on a line, its buses of three seats; a stop every minute of driving."""

from dataclasses import replace

import numpy as np
import pytest

from scolaire.engine.day import DayAsk, DayLimits, Mode, plan_day
from scolaire.engine.solve import Limits
from scolaire.engine.stops import StopLimits
from scolaire.model.day import DayPlan, Lock, LockKind, Seat
from scolaire.model.demand import EVENING, MORNING, Demand, DepotSite, Place, Pupil, SchoolSite, StopSite
from scolaire.model.plan import Block, Board, Circuit, Leave, Plan
from scolaire.model.problem import Travel, VehicleType
from scolaire.rules.compare import compare
from scolaire.rules.day import day_faults
from scolaire.rules.halves import problems_of
from scolaire.rules.locks import shape_of
from tests.school_world import more_pupils, sector

MINUTE = 60_000
HERE = Place(47.2, 4.6)
# Depot 0, school 1, stops a 2, b 3, c 4: a minute from one to the next, the school at the end of the line.
ON_THE_LINE = np.array([0, 0, 1, 2, 3], dtype=np.int32)
MS = np.abs(np.subtract.outer(ON_THE_LINE, ON_THE_LINE)).astype(np.int32) * MINUTE
TRAVEL = Travel(MS, MS)
QUICK = DayLimits(StopLimits(50), Limits(20, 0, 20.0))
BELL = 480 * MINUTE


def pupil(name: str, *stops: str, ride_min: int = 30) -> Pupil:
    return Pupil(name, "S", tuple((stop, 100 * n) for n, stop in enumerate(stops, 1)), ("matin",), ride_min * MINUTE)


def demand(*pupils: Pupil) -> Demand:
    return Demand(
        "line", (SchoolSite("S", "École", HERE, {"matin": (BELL, BELL)}),),
        tuple(StopSite(each, each.upper(), HERE) for each in "abc"), pupils,
        (VehicleType("car", 3, day_cents=10_000),), (DepotSite("d", "Dépôt", HERE),), halves=(MORNING,), travel=TRAVEL,
    )  # fmt: skip


# Two services: s1 takes three at stop a (full), s2 two at stop b (one seat free). One of those at a may walk to b.
A, B = [pupil("a1", "a"), pupil("a2", "a"), pupil("a3", "a", "b")], [pupil("b1", "b"), pupil("b2", "b")]
TODAY = demand(*A, *B)
BASE = DayPlan(
    {**{each.id: Seat("a") for each in A}, **{each.id: Seat("b") for each in B}},
    {
        "matin": Plan(
            (
                Circuit("s1", (Board("a>S", 3, BELL - MINUTE), Leave("S", BELL))),
                Circuit("s2", (Board("b>S", 2, BELL - 2 * MINUTE), Leave("S", BELL))),
            ),
            (Block("car-1", "car", "d", ("s1",)), Block("car-2", "car", "d", ("s2",))),
        )
    },
)


def least(asked: Demand, *locks: Lock) -> DayPlan:
    plan = plan_day(asked, DayAsk(Mode.LEAST_CHANGE, BASE, TODAY, locks, pupil_cents=10**6), QUICK, 1)
    assert day_faults(plan, asked, locks) == []
    return plan


def changed(plan: DayPlan, asked: Demand) -> tuple[tuple[str, ...], int, int]:
    """Pupils with another stop, services that differ, services more."""
    moved = compare(BASE, TODAY, plan, asked)
    return moved.pupils_stop, len(moved.services_changed), len(moved.services_new)


def test_the_plan_of_today_is_good() -> None:
    assert day_faults(BASE, TODAY) == []


@pytest.mark.parametrize(
    ("new", "seats", "expected"),
    [
        # b has a seat: nothing changes
        ([pupil("n", "b")], {"n": "b"}, ((), 0, 0)),
        # a is full, b is within reach: the newcomer walks further, nobody moves
        ([pupil("n", "a", "b")], {"n": "b"}, ((), 0, 0)),
        # a is full and the only stop: a3 walks to b, which has the one seat
        ([pupil("n", "a")], {"n": "a", "a3": "b"}, (("a3",), 0, 0)),
        # only c, where no bus goes: s2 goes by it, the one change
        ([pupil("n", "c")], {"n": "c"}, ((), 1, 0)),
        # two at a: a3 makes one seat, for the other a service more
        ([pupil("n", "a"), pupil("o", "a")], {"n": "a", "o": "a"}, (("a3",), 0, 1)),
    ],
)
def test_a_seat_is_found_where_least_changes(
    new: list[Pupil], seats: dict[str, str], expected: tuple[tuple[str, ...], int, int]
) -> None:
    asked = demand(*A, *B, *new)
    plan = least(asked)
    assert {name: plan.seats[name].stop for name in seats} == seats
    assert changed(plan, asked) == expected


@pytest.mark.parametrize(("ride_min", "stop"), [(2, "b"), (1, None)])
def test_who_may_ride_less_long_does_not_move_to_a_longer_ride(ride_min: int, stop: str | None) -> None:
    """From b the ride is two minutes: a3 moves there with a cap of two; with one of one, s2 goes by a as well."""
    asked = demand(*A[:2], replace(A[2], ride_max_ms=ride_min * MINUTE), *B, pupil("n", "a"))
    plan = least(asked)
    assert (plan.seats["a3"].stop == "b") == (stop == "b")
    assert changed(plan, asked)[1:] == ((0, 0) if stop else (1, 0))


def test_nobody_moves_whose_stop_is_locked_nor_off_a_service_that_is() -> None:
    asked = demand(*A, *B, pupil("n", "a"))
    stays = least(asked, Lock("l", LockKind.PUPIL_STOP, "", "a3", "a"))
    assert stays.seats["a3"].stop == "a"
    shape = shape_of(BASE.halves["matin"].circuits[1], problems_of(TODAY, BASE)["matin"])
    locked = least(demand(*A, *B, pupil("n", "c")), Lock("l", LockKind.SERVICE, "matin", "s2", shape))
    assert [visit.need for visit in _service(locked, "s2").visits if isinstance(visit, Board)] == ["b>S"]


def _service(plan: DayPlan, name: str) -> Circuit:
    return next(each for each in plan.halves["matin"].circuits if each.id == name)


def test_a_newcomer_who_rides_twice_a_day_gets_one_stop_for_both() -> None:
    """Home is full, the morning is not: whoever comes needs a seat in both."""
    small = sector(3, schools=3, stops=14, pupils=60, evenings=False)
    windows = {"matin": (BELL, BELL), "soir": (1_000 * MINUTE, 1_000 * MINUTE)}
    both = replace(
        small, schools=tuple(replace(each, windows=windows) for each in small.schools), halves=(MORNING, EVENING),
        pupils=tuple(replace(each, halves=("matin", "soir")) for each in small.pupils),
    )  # fmt: skip
    base = plan_day(both, DayAsk(), QUICK, 1)
    grown = more_pupils(both, 4, 1)
    plan = plan_day(grown, DayAsk(Mode.LEAST_CHANGE, base, both, pupil_cents=10**6), QUICK, 1)
    assert day_faults(plan, grown) == []
    assert len(plan.seats) + len(plan.left) == len(grown.pupils)
    again = plan_day(grown, DayAsk(Mode.LEAST_CHANGE, base, both, pupil_cents=10**6), QUICK, 1)
    assert again == plan
