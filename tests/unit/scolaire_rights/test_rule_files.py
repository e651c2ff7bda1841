"""Rule files: what is invented counts for nothing in production, and what is wrong in a file is said."""

from datetime import date
from pathlib import Path

import pytest

from mobigo.base.errors import Conflict, InvalidInput, NotFound
from scolaire.gateway import rulefiles
from scolaire.gateway.rulefiles import DATA, prices_on, rules_by_hash, rules_on

DAY = date(2026, 9, 1)
ACT = '\n[act]\nnumber = "26AP.1"\ndate = 2026-06-26\ndocument = "Délibération du 26 juin 2026"\n'


def _own(home: Path, old: str = "", new: str = "", *, act: str = ACT, name: str = "21.toml") -> Path:
    folder = home / "school_rules" / "rules"
    folder.mkdir(parents=True, exist_ok=True)
    text = (DATA / "rules" / "2025-09-01-21-exemple.toml").read_text(encoding="utf-8")
    text = text.replace("invented = true", "").replace("21-exemple", "21-2026")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1) + act, encoding="utf-8")
    return home


def test_in_production_an_invented_rule_decides_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as refused:
        rules_on("21", DAY, tmp_path, production=True)
    assert refused.value.decision.code == "scolaire.no_rules"
    with pytest.raises(NotFound):
        prices_on("21", DAY, tmp_path, production=True)


def test_a_decided_rule_comes_before_the_example_and_is_found_again_by_its_hash(tmp_path: Path) -> None:
    home = _own(tmp_path, "min_m = 2000", "min_m = 2500")
    for production in (False, True):
        found = rules_on("21", DAY, home, production=production)
        assert (found.code, found.least[0].rural_m, found.act and found.act.number) == ("21-2026", 2500, "26AP.1")
    assert rules_by_hash(found.hash, home) == found
    with pytest.raises(NotFound):
        rules_on("90", DAY, home)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("min_m = 2000", "min_m = -1", "-1"),
        ("min_m = 2000", 'min_m = "2000"', "2000"),
        ("min_m = 2000", "min_m = 2000\nmin_km = 2", "min_km"),
        ('otherwise = "paying"', 'otherwise = "pending"', "pending"),
        ('age_on = "12-31"', 'age_on = "31-12"', "month"),
        ('"6e"', '"sixieme"', "sixieme"),
        ('second_home = "own_right"', 'second_house = "own_right"', "second_home"),
        ("age_min = 3", "age_min = true", "True"),
        ("first_day = 2025-09-01", "first_day = 2025-09-01\nlast_day = 2025-08-31", "2025-08-31"),
        ("[pupils]", "[pupils", ""),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_name(tmp_path: Path, old: str, new: str, said: str) -> None:
    home = _own(tmp_path, old, new)
    with pytest.raises(InvalidInput) as refused:
        rules_on("21", DAY, home)
    assert refused.value.decision.code == "scolaire.bad_rule_file"
    assert refused.value.decision.params["file"] == "21.toml"
    assert said in str(refused.value.decision.params["reason"])


def test_a_rule_without_an_act_is_no_rule(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        rules_on("21", DAY, _own(tmp_path, act=""))
    assert "act" in str(refused.value.decision.params["reason"])


def test_one_code_has_one_content(tmp_path: Path) -> None:
    home = _own(tmp_path)
    text = (home / "school_rules" / "rules" / "21.toml").read_text(encoding="utf-8")
    (home / "school_rules" / "rules" / "again.toml").write_text(text, encoding="utf-8")
    assert rules_on("21", DAY, home).code == "21-2026"
    (home / "school_rules" / "rules" / "again.toml").write_text(text.replace("2000", "2100"), encoding="utf-8")
    with pytest.raises(Conflict) as refused:
        rulefiles.rule_sets(home)
    assert refused.value.decision.code == "scolaire.rules_twice"
