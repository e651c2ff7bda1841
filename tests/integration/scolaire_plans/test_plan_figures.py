"""What plans hold to: the example until somebody sets figures with a source, from a day on; told as to be confirmed."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, delete
from sqlalchemy.exc import DBAPIError

from mobigo.base.errors import InvalidInput
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from scolaire.model.demand import MINUTE_MS, DriverDay
from scolaire.service import demands, figures
from scolaire.service.figures import Entered
from scolaire.store import figures as store
from scolaire.store import plans
from tests.school_plans_world import NOW as DRAWN
from tests.school_running_world import NOW, RunningSite, in_force, site_of

PAGE = "/scolaire/plans/parametres"
DAY = date(2026, 12, 7)
SET = Entered(DAY, "délibération d’essai", 720, 660, 200, 10, 10, dict.fromkeys(figures.STAGES, 40))
FORM: dict[str, Any] = {
    "first_day": "2026-12-01", "source": "délibération d’essai", "amplitude": 720, "rest": 660, "half_day": 200,
    "before_bell": 10, "after_bell": 10, **{f"ride_{stage}": 40 for stage in figures.STAGES},
}  # fmt: skip


def test_figures_hold_from_their_first_day_and_the_last_entered_holds(engine: Engine) -> None:
    with transaction(engine) as session:
        planted = in_force(session)
        plan = plans.get_plan(session, planted.plan)
        example = figures.held_on(session, DAY)
        assert not example.confirmed
        figures.enter(session, SET, by="agent", now=NOW)
        figures.enter(session, replace(SET, amplitude=700), by="agent", now=NOW.replace(hour=10))
        assert figures.held_on(session, date(2026, 12, 6)) == example
        held = figures.held_on(session, DAY)
        assert (held.confirmed, held.source, held.driver) == (
            True, "délibération d’essai", DriverDay(700 * MINUTE_MS, 660 * MINUTE_MS),
        )  # fmt: skip
        before, after = (demands.demand_of(session, plan, day) for day in (date(2026, 12, 6), DAY))
        assert before.driver_day == example.driver
        assert after.driver_day == held.driver
        assert {each.ride_max_ms for each in after.pupils} == {40 * MINUTE_MS}
        (school,) = after.schools
        assert school.windows["matin"][1] == before.schools[0].windows["matin"][1] - 5 * MINUTE_MS  # ten, not five
        assert [figures.day_confirmed(session, each.driver_day or example.driver) for each in (before, after)] == [
            False, True,
        ]  # fmt: skip
    with pytest.raises(DBAPIError), transaction(engine) as session:
        session.execute(delete(store.FiguresRow))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"amplitude": 60}, None), ({"amplitude": 59}, "figures_bounds"), ({"rest": 539}, "figures_bounds"),
        ({"amplitude": 780, "rest": 660}, None), ({"amplitude": 780, "rest": 661}, "figures_day"),
        ({"amplitude": 901, "rest": 539}, "figures_bounds"), ({"half_day": 721}, "figures_bounds"),
        ({"before_bell": 0, "after_bell": 60}, None), ({"before_bell": 61}, "figures_bounds"),
        ({"ride": dict.fromkeys(figures.STAGES, 5)}, None),
        ({"ride": dict.fromkeys(figures.STAGES, 4)}, "figures_bounds"), ({"ride": {"college": 40}}, "figures_bounds"),
        ({"source": "  a  "}, "figures_source"),
        ({"source": "x" * 300}, None), ({"source": "x" * 301}, "figures_source"),
    ],
)  # fmt: skip
def test_figures_on_both_sides_of_what_may_be(engine: Engine, changed: dict[str, Any], code: str | None) -> None:
    with transaction(engine) as session:
        if code is None:
            figures.enter(session, replace(SET, **changed), by="agent", now=DRAWN)
            assert len(store.rows(session)) == 1
            return
        with pytest.raises(InvalidInput) as refused:
            figures.enter(session, replace(SET, **changed), by="agent", now=DRAWN)
        assert refused.value.decision.code == f"scolaire.{code}"
        assert store.rows(session) == []


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[RunningSite]:
    config = load_config({"MOBIGO_HOME": str(tmp_path_factory.mktemp("figures") / "home")})
    with time_machine.travel(NOW, tick=False), site_of(config, sqlite_template) as made:
        yield made


def test_the_page_says_what_is_to_be_confirmed_until_a_manager_sets_it(world: RunningSite) -> None:
    with reading(world.engine) as session:
        version = plans.published(session, world.planted.plan)
    assert version is not None
    shown = world.get("planner", f"/scolaire/plans/versions/{version.id}")
    assert "à confirmer" in re.sub(r"\s+", " ", shown)
    page = world.get("planner", PAGE)
    assert "À confirmer" in page
    assert "Enregistrer les chiffres" not in page
    for who in ("planner", "counter", "operator", "school", "mairie", "family", "nobody"):
        answer = world.clients[who].post(PAGE, data=FORM)
        assert answer.status_code in (302, 303, 401, 403), who
    assert "À confirmer" in world.get("planner", PAGE)
    for wrong in ({"amplitude": "douze"}, {"first_day": "demain"}, {"source": ""}, {"rest": "-1"}, {"ride_lycee": ""}):
        assert "sont enregistrés" not in world.post("manager", PAGE, **{**FORM, **wrong})
    assert "sont enregistrés" in world.post("manager", PAGE, **FORM)
    page = world.get("planner", PAGE)
    assert "À confirmer" not in page
    assert "délibération d’essai" in page
    assert "à confirmer" in world.get("planner", f"/scolaire/plans/versions/{version.id}")  # it kept its own day
