"""What a constraint costs: nothing less than nothing, the same as a search of the looser demand finds, only what binds
is told, and a stop is heard."""

from dataclasses import replace

import pytest

from scolaire.engine.day import DayAsk, DayLimits, plan_day
from scolaire.engine.relaxed import HOURS_MORE_MS, RIDE_MORE_MS, Constraint, constraint_costs, loosened
from scolaire.engine.solve import Limits
from scolaire.engine.stops import StopLimits
from scolaire.model.day import DayPlan
from scolaire.model.demand import DriverDay, StopRules
from scolaire.rules.kpi import kpis
from tests.school_world import sector

QUICK = DayLimits(StopLimits(60), Limits(20, 0, 20.0))
SMALL = sector(3, schools=3, stops=12, pupils=50, wheelchair_pct=0, evenings=False)
# Rides so short that most pupils need a coach nearly alone.
TIGHT = replace(SMALL, pupils=tuple(replace(each, ride_max_ms=each.ride_max_ms // 2) for each in SMALL.pupils))


@pytest.fixture(scope="module")
def plan() -> DayPlan:
    return plan_day(TIGHT, DayAsk(), QUICK, 1)


def test_only_what_the_demand_has_is_loosened() -> None:
    bare = replace(SMALL, amplitude_max_ms=None, driver_day=None, stop_rules=StopRules())
    assert [each for each in Constraint if loosened(bare, DayAsk(), each)] == [Constraint.RIDE]
    whole = replace(bare, amplitude_max_ms=1, driver_day=DriverDay(2, 3), stop_rules=StopRules(pupils_least=2))
    ask = DayAsk(reserve=2)
    assert [each for each in Constraint if loosened(whole, ask, each)] == [
        Constraint.RIDE, Constraint.HOURS, Constraint.STOPS, Constraint.RESERVE,
    ]  # fmt: skip
    longer = loosened(whole, ask, Constraint.HOURS)
    assert longer is not None
    assert longer[0].amplitude_max_ms == 1 + HOURS_MORE_MS
    assert longer[0].driver_day == DriverDay(2 + HOURS_MORE_MS, 3)
    rides = loosened(whole, ask, Constraint.RIDE)
    assert rides is not None
    assert {a.ride_max_ms - b.ride_max_ms for a, b in zip(rides[0].pupils, whole.pupils, strict=True)} == {RIDE_MORE_MS}
    unruled, kept_free = loosened(whole, ask, Constraint.STOPS), loosened(whole, ask, Constraint.RESERVE)
    assert unruled is not None
    assert unruled[0].stop_rules == StopRules()
    assert kept_free is not None
    assert kept_free[1].reserve == 0


def test_a_ride_cap_that_binds_costs_coaches_and_none_costs_less_than_nothing(plan: DayPlan) -> None:
    costs = {each.constraint: each for each in constraint_costs(TIGHT, DayAsk(), plan, QUICK, 1)}
    assert costs[Constraint.RIDE].buses > 0
    assert all(each.buses >= 0 for each in costs.values())
    assert all(each.buses > 0 or each.year_cents >= 0 for each in costs.values())
    looser = loosened(TIGHT, DayAsk(), Constraint.RIDE)
    assert looser is not None
    fresh = plan_day(looser[0], DayAsk(), QUICK, 1)
    assert kpis(plan, TIGHT).buses - costs[Constraint.RIDE].buses <= kpis(fresh, looser[0]).buses + 1


def test_the_same_search_costs_the_same_and_a_stop_is_heard(plan: DayPlan) -> None:
    once, again = (constraint_costs(TIGHT, DayAsk(), plan, QUICK, 1) for _ in range(2))
    assert once == again
    assert constraint_costs(TIGHT, DayAsk(), plan, QUICK, 1, going=lambda: False) == []
    assert constraint_costs(TIGHT, DayAsk(), plan, QUICK, 1, told=lambda _: False) == []
