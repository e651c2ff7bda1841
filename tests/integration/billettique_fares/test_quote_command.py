"""`mobigo billettique quote`: what a person reads, what a program reads, and the exit codes."""

import json
from pathlib import Path

import pytest

from mobigo.app.cli import run


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOBIGO_HOME", str(tmp_path))


def quote(*arguments: str) -> int:
    return run(["billettique", "quote", *arguments])


def test_a_journey_by_coach_and_train_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert quote("car:saulieu/avallon", "ter:dijon/beaune:37km", "--date", "2026-11-26") == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "Prix\u202f: 11,50\u00a0€",
        "  saulieu → avallon\u202f: Billet de car à l’unité, 1,50\u00a0€",
        "  dijon → beaune\u202f: Billet TER, de 36 à 70 km, 10,00\u00a0€",
    ]


def test_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert quote("ter:35,5km", "--rider", "enfant", "--date", "2026-11-26", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["total"], found["items"][0]["id"]) == (200, "ter-1")
    assert [step["amount"] for step in found["steps"]] == [500, -300]
    assert {each["code"] for each in found["versions"]} >= {"ter-2017", "car-unite-2020"}
    assert all(len(each["hash"]) == 64 and each["source"] for each in found["versions"])


def test_one_trip_or_a_week_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    week = ["ter:120km", "--return", "--date", "2026-11-23", "--until", "2026-11-27", "--json"]
    assert quote(*week) == 0
    found = json.loads(capsys.readouterr().out)
    # Ten trips of 20 €, with the card of 20 €: 20 + 10 × 14.
    assert (found["total"], found["journeys"]) == (16_000, 10)
    assert quote("ter:120km", "--held", "carte-ter", "--date", "2026-11-26", "--json") == 0
    assert json.loads(capsys.readouterr().out)["total"] == 1_400


def test_an_unknown_price_is_said_and_is_not_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert quote("velo:a/b", "--json") == 3
    found = json.loads(capsys.readouterr().out)
    assert found["total"] is None
    assert "n’est pas gratuit" in found["unknown"][0]["message"]


def test_a_price_to_confirm_is_not_applied_unless_asked_and_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert quote("car:a/b", "--date", "2026-11-26", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["total"], found["said"][0]["reason"]["code"]) == (150, "billettique.newer_price_to_confirm")
    assert quote("car:a/b", "--date", "2026-11-26", "--unconfirmed", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["total"], found["said"][0]["reason"]["code"]) == (200, "billettique.price_to_confirm")


@pytest.mark.parametrize(
    "arguments",
    [("nowhere",), ("car:a",), ("car:a/b@25:00",), ("car:a/b", "--date", "demain"), ("car:a/b", "--units", "ten"),
     ("car:a/b", "--date", "2026-11-26", "--until", "2026-11-25"), ("car:a/b", "--held", "gold"), ()],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused_with_a_sentence(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert quote(*arguments) == 2
    assert capsys.readouterr().err


def test_the_command_in_english(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOBIGO_LANG", "en")
    assert quote("car:saulieu/avallon", "--date", "2026-11-26") == 0
    assert capsys.readouterr().out.startswith("Price: €1.50")
