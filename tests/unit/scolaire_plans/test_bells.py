"""Hours of schools moved on request: so many schools, so many minutes, no more; only where a bus is saved. Two schools
a minute apart, a stop for each ten minutes away, every bell at eight."""

from dataclasses import replace

import numpy as np
import pytest

from scolaire.engine.bells import Moves, plan_with_bells, propose, with_hours
from scolaire.engine.day import DayAsk, DayLimits, plan_day
from scolaire.engine.solve import Limits
from scolaire.engine.stops import StopLimits
from scolaire.export.plan_json import demand_json
from scolaire.gateway.plan_json import read_demand
from scolaire.model.day import DayPlan, Lock, LockKind
from scolaire.model.demand import EVENING, MORNING, Demand, DepotSite, Half, Place, Pupil, SchoolSite, StopSite
from scolaire.model.problem import Travel, VehicleType
from scolaire.rules.day import day_faults
from scolaire.rules.kpi import buses_of, worth
from tests.school_world import sector

MINUTE = 60_000
HERE = Place(47.2, 4.6)
# Depot 0, schools S 1 and T 2, stops s 3 and t 4. From a school to the other's stop it is ten minutes too.
MIN = np.array(
    [[0, 1, 1, 10, 10], [1, 0, 1, 10, 10], [1, 1, 0, 10, 10], [10, 10, 10, 0, 1], [10, 10, 10, 1, 0]], dtype=np.int32
)
QUICK = DayLimits(StopLimits(50), Limits(20, 0, 20.0))
BELLS = {"matin": (480 * MINUTE, 480 * MINUTE), "soir": (1_000 * MINUTE, 1_000 * MINUTE)}


def demand(*halves: Half) -> Demand:
    """Each school has its one pupil. A bus is back at the other stop after ten minutes, and there after twenty."""
    names = tuple(each.id for each in halves)
    windows = {name: BELLS[name] for name in names}
    return Demand(
        "two", tuple(SchoolSite(each, each, HERE, windows) for each in "ST"),
        tuple(StopSite(each, each, HERE) for each in "st"),
        tuple(Pupil(f"p{each}", each.upper(), ((each, 100),), names, 30 * MINUTE) for each in "st"),
        (VehicleType("car", 9, day_cents=10_000),), (DepotSite("d", "Dépôt", HERE),), halves=halves,
        travel=Travel(MIN * MINUTE, MIN * MINUTE),
    )  # fmt: skip


def planned(asked: Demand, moves: Moves, *locks: Lock) -> tuple[DayPlan, Demand]:
    plan, moved = plan_with_bells(asked, DayAsk(locks=locks), moves, QUICK, 1)
    assert day_faults(plan, moved, locks) == []
    assert sum(by != 0 for by in moved.moved.values()) <= moves.schools
    assert all(abs(by) <= moves.minutes for by in moved.moved.values())
    return plan, moved


@pytest.mark.parametrize(
    ("moves", "buses", "moved"),
    [
        (Moves(0, 60), 2, 0),  # nobody may move
        (Moves(1, 15), 2, 0),  # twenty minutes are needed: fifteen save nothing, so nothing moves
        (Moves(1, 20), 1, 1),
        (Moves(1, 24), 1, 1),  # steps of five
        (Moves(2, 20), 1, 1),  # one is enough
        (Moves(2, 10), 1, 2),  # ten sooner and ten later
        (Moves(2, 5), 2, 0),
    ],
)
@pytest.mark.parametrize("half", [MORNING, EVENING])
def test_as_few_schools_move_as_little_as_saves_a_bus(half: Half, moves: Moves, buses: int, moved: int) -> None:
    asked = demand(half)
    plan, found = planned(asked, moves)
    assert (buses_of(plan, found), len(found.moved)) == (buses, moved)
    assert (found == asked) == (moved == 0)


def test_a_school_moves_with_its_whole_day() -> None:
    plan, found = planned(demand(MORNING, EVENING), Moves(1, 20))
    ((name, by),) = found.moved.items()
    assert abs(by) == 20
    assert found.school_of[name].windows == {
        half: (first + by * MINUTE, last + by * MINUTE) for half, (first, last) in BELLS.items()
    }
    assert buses_of(plan, found) == 1


def test_hours_that_are_locked_do_not_move() -> None:
    lock = Lock("l", LockKind.BELL, "matin", "S", "08:00")
    asked = demand(MORNING)
    assert list(planned(asked, Moves(1, 20), lock)[1].moved) == ["T"]
    assert planned(asked, Moves(2, 20), lock, replace(lock, id="m", subject="T"))[1] == asked


def test_what_was_moved_is_written_and_read_back_and_moved_home_is_as_before() -> None:
    asked = demand(MORNING)
    moved = with_hours(asked, {"S": 20})
    assert moved.moved == {"S": 20}
    assert demand_json(read_demand(demand_json(moved))) == demand_json(moved)
    assert read_demand(demand_json(moved)).moved == moved.moved
    assert demand_json(with_hours(moved, {"S": -20})) == demand_json(asked)


@pytest.mark.parametrize(("minutes", "moves"), [(15, True), (10, False)])
def test_a_school_that_moved_before_moves_no_further_in_all(minutes: int, moves: bool) -> None:
    """S is ten minutes late already. With fifteen in all it may go to fifteen, T to five sooner; not with ten."""
    asked = with_hours(demand(MORNING), {"S": 10})
    plan = plan_day(asked, DayAsk(), QUICK, 1)
    found = propose(asked, plan, Moves(2, minutes), QUICK.halves, 1, locked=frozenset({"T"} if not moves else ()))
    assert (found != asked) == moves
    assert all(abs(by) <= minutes for by in found.moved.values())


def test_a_drawn_sector_never_needs_more_buses_and_the_same_seed_moves_the_same() -> None:
    asked = sector(3, schools=4, stops=14, pupils=60, wheelchair_pct=5)
    before = plan_day(asked, DayAsk(), QUICK, 1)
    kept: list[tuple[DayPlan, Demand]] = []

    def keep(plan: DayPlan, of: Demand) -> None:
        kept.append((plan, of))

    plan, found = plan_with_bells(asked, DayAsk(), Moves(2, 15), QUICK, 1, keep=keep)
    assert day_faults(plan, found) == []
    assert worth(plan, found) <= worth(before, asked)
    assert kept[-1] == (plan, found)
    values = [worth(*each) for each in kept]
    assert values == sorted(values, reverse=True)
    assert plan_with_bells(asked, DayAsk(), Moves(2, 15), QUICK, 1) == (plan, found)
