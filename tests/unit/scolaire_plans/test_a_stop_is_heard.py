"""A search that is stopped begins nothing long any more, wherever it is: counted in what it begins, not in seconds."""

from typing import Any

import pytest
import pyvrp
from ortools.math_opt.python import mathopt

from scolaire.engine.day import DayAsk, DayLimits, plan_day
from scolaire.engine.solve import Limits
from scolaire.engine.stops import StopLimits
from scolaire.model.day import DayPlan
from scolaire.rules.day import day_faults
from tests.school_world import sector

SMALL = sector(5, schools=3, stops=12, pupils=40, evenings=False)
USUAL = DayLimits(StopLimits(60), Limits(20, 2, 20.0), 50)


@pytest.mark.parametrize("looks", [0, 1, 5, 30, 100, 200, 400])
def test_after_a_stop_no_programme_and_one_turn_of_routes_at_most_are_begun(
    looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[DayPlan] = []
    asked: list[bool] = []
    begun: list[str] = []

    def going() -> bool:
        if kept:
            asked.append(len(asked) < looks)
        return not kept or asked[-1]

    def counted(name: str, work: Any) -> Any:
        def run(*given: Any, **named: Any) -> Any:
            if asked and not asked[-1]:
                begun.append(name)
            return work(*given, **named)

        return run

    monkeypatch.setattr(mathopt, "Model", counted("programme", mathopt.Model))
    monkeypatch.setattr(pyvrp, "solve", counted("routes", pyvrp.solve))
    plan = plan_day(SMALL, DayAsk(), USUAL, 1, keep=kept.append, going=going)
    assert day_faults(plan, SMALL) == []
    assert plan == kept[-1]
    assert begun in ([], ["routes"])
