"""`mobigo scolaire optimise` with rules of stops: the plan holds them, and the demand it answers says them."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mobigo.base.errors import InvalidInput
from scolaire.cli.plans import optimise
from scolaire.export.plan_json import demand_json
from scolaire.gateway.plan_json import read_demand, read_plan
from scolaire.model.demand import StopRules
from scolaire.rules.day import day_faults
from tests.school_world import sector


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOBIGO_HOME", str(tmp_path / "home"))
    path = tmp_path / "demand.json"
    path.write_bytes(demand_json(sector(4, schools=1, stops=6, pupils=12, evenings=False)))
    return path


def run(*given: object) -> Result:
    return CliRunner().invoke(optimise, [*map(str, given), "--json"], standalone_mode=False)


def test_rules_are_held_and_written_with_the_demand(asked: Path, tmp_path: Path) -> None:
    plan, out = tmp_path / "plan.json", tmp_path / "out.json"
    rules = ("--stop-least", 2, "--stop-apart", 300, "--stop-forbidden", "a0001", "--stop-forbidden", "Arrêt 3")
    told = run(asked, "--out", plan, "--effort", "quick", *rules, "--demand-out", out)
    assert told.exception is None
    made = read_demand(out.read_bytes())
    assert made.stop_rules == StopRules(2, 300, ("a0001", "a0002"), ())
    found = read_plan(plan.read_bytes())
    assert day_faults(found, made) == []
    assert not {"a0001", "a0002"} & {seat.stop for seat in found.seats.values()}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("--stop-least", 2), "scolaire.search_rules_out"),
        (("--stop-obligatory", "nulle part", "--demand-out", "out.json"), "scolaire.search_stop_unknown"),
    ],
)
def test_rules_that_cannot_be_asked_so_are_refused(asked: Path, given: tuple[object, ...], code: str) -> None:
    told = run(asked, "--out", asked.with_name("plan.json"), *given)
    assert isinstance(told.exception, InvalidInput)
    assert told.exception.decision.code == code
