"""Rules of stops, coaches and drivers on the planner's desk: asked in a form, and said on a version."""

from dataclasses import replace

from mobigo.infra.db import transaction
from scolaire.model.demand import StopRules
from scolaire.service import plans
from tests.integration.scolaire_plans.test_plan_pages import BASE, Desk, desk
from tests.school_plans_world import NOW
from tests.unit.scolaire_plans.test_crews import EVENING_BUS, JOINED, MORNING_BUS, driven

__all__ = ["desk"]  # the fixture


def test_rules_of_stops_and_drivers_are_asked_and_said(desk: Desk) -> None:
    home = f"{BASE}/{desk.planted.plan}"
    assert "est inconnu" in desk.post("planner", f"{home}/recherches", mode="fresh", stop_forbidden="Nulle part")
    relayed = driven(replace(MORNING_BUS, driver="car-1.1"), replace(EVENING_BUS, driver="car-1.2"))
    demand = replace(JOINED, stop_rules=StopRules(2, 20_000, (), ("a",)))
    with transaction(desk.engine) as session:
        made = plans.add_version(
            session, desk.planted.plan, demand, relayed, origin="computed", by="somebody", why="", now=NOW
        ).id
    page = desk.get("planner", f"{BASE}/versions/{made}")
    assert "1 car change de conducteur dans la semaine" in page
    assert "car-1.1, car-1.2" in page
    assert "1 élève(s) y attendent, il en faut au moins 2." in page
    assert "<dt>Conducteurs</dt><dd>2</dd>" in page
    assert "au moins 2 élèves par arrêt" in page
    assert 'name="stop_least" type="text" value="2"' in desk.get("planner", home)
