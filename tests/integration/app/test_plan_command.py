"""`mobigo plan` on the demonstration: a carpool line beside the coaches, in words and as JSON, and what it refuses."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.demo_home import Demo

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(scope="module")
def home(demo_template: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_template.copy(tmp_path_factory.mktemp("plan") / "home")


def plan(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOBIGO_")}
    return subprocess.run(
        [sys.executable, "-m", "mobigo.app.cli", "plan", *words],
        env={**ours, "MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def tuesday(hour: str) -> str:
    """A Tuesday to come: drivers of the line are expected, coaches run."""
    day = datetime.now(PARIS).date() + timedelta(days=1)
    while day.weekday() != 1:
        day += timedelta(days=1)
    return f"{day}T{hour}"


def test_the_carpool_line_stands_beside_the_coaches(home: Path) -> None:
    said = plan(home, "Saulieu", "Châtillon-sur-Seine", "--at", tuesday("06:30"))
    assert said.returncode == 0, said.stderr
    words = said.stdout.replace("\u202f", " ").replace("\xa0", " ")
    assert words.startswith("Saulieu → Châtillon-sur-Seine")
    assert "covoiturage, 1,50 €" in words
    assert "Saulieu, place Monge → Châtillon-sur-Seine, centre, conducteurs attendus de" in words
    assert "Attente" in words
    assert "Départ et retour garantis : sans conducteur au bout de 20 min, un taxi ou un bon" in words


def test_an_answer_as_json_arrives_in_time(home: Path) -> None:
    said = plan(
        home,
        "47.2806,4.2297",
        "Châtillon-sur-Seine",
        "--at",
        tuesday("10:00"),
        "--arrive-by",
        "--window",
        "0",
        "--json",
    )
    assert said.returncode == 0, said.stderr
    answer = json.loads(said.stdout)
    assert answer["arrive_by"] is True
    for each in (*answer["journeys"], *answer["carpool"]):
        assert datetime.fromisoformat(each["arrival"]) <= datetime.fromisoformat(answer["at"])
    (way,) = answer["carpool"]
    assert (way["price_cents"], way["guarantee"]["params"]) == (150, {"minutes": 20})


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("Saulieu", "Nullepart"), "Aucun lieu ne ressemble à « Nullepart »."),
        (("Saulieu", "Dijon", "--at", "hier"), "L’heure « hier » ne peut pas être lue."),
    ],
)
def test_what_it_cannot_read_is_said_and_is_no_success(home: Path, words: tuple[str, ...], sentence: str) -> None:
    said = plan(home, *words)
    assert said.returncode == 2
    assert sentence in said.stderr.replace("\u202f", " ").replace("\xa0", " ")


def test_a_line_or_all_operators_but_one_are_left_out(home: Path) -> None:
    asked = ("Saulieu", "Dijon", "--at", tuesday("06:00"), "--json")
    plain = json.loads(plan(home, *asked).stdout)
    rides = [leg for journey in plain["journeys"] for leg in journey["legs"] if leg["type"] == "ride"]
    line = rides[0]["line"]
    without = json.loads(plan(home, *asked, "--without-line", line["id"]).stdout)
    left = {leg["line"]["id"] for j in without["journeys"] for leg in j["legs"] if leg["type"] == "ride"}
    assert line["id"] not in left
    only = json.loads(plan(home, *asked, "--only-operator", line["agency"], "--mode", "bus").stdout)
    kept = [leg["line"] for j in only["journeys"] for leg in j["legs"] if leg["type"] == "ride"]
    assert {(each["agency"], each["mode"] in ("coach", "bus")) for each in kept} <= {(line["agency"], True)}


@pytest.mark.parametrize(("option", "value"), [("--without-line", "ZZZ999"), ("--only-operator", "Personne")])
def test_an_unknown_line_or_operator_is_bad_input(home: Path, option: str, value: str) -> None:
    said = plan(home, "Saulieu", "Dijon", option, value)
    assert said.returncode == 2
    assert value in said.stderr


def test_how_a_search_went_is_told_in_words_and_for_programs(home: Path) -> None:
    words = ("Saulieu", "Châtillon-sur-Seine", "--at", tuesday("06:30"), "--explain")
    said = plan(home, *words)
    assert said.returncode == 0, said.stderr
    lines = said.stdout.replace("\u202f", " ").replace("\xa0", " ")
    assert "Chercher dans les horaires" in lines
    assert "montré (trouvé par les horaires)" in lines
    trace = json.loads(plan(home, *words, "--json").stdout)["trace"]
    assert trace["kept"] + trace["dropped"] == trace["found"]
