"""`mobigo covoit price` and `mobigo covoit simulate`, as a person runs them."""

import json
from pathlib import Path
from typing import Any

import pytest

from covoit.store import journeys as store
from mobigo.app.cli import run
from mobigo.infra import console
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, transaction
from tests.covoit_world import journey, trip

LEG = {"line": "saulieu-chatillon", "from_m": 0, "to_m": 80_000}
ONE = {
    "operator_trip_id": "t1",
    "driver": "anne",
    "passenger": "karim",
    "started_at": "2026-11-23T07:30:00+01:00",
    "leg": LEG,
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("MOBIGO_HOME", str(folder))
    monkeypatch.delenv("MOBIGO_DATABASE_URL", raising=False)
    return folder


def file_of(tmp_path: Path, *rows: Any) -> str:
    path = tmp_path / "f.ndjson"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n")
    return str(path)


def answer_of(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = console.DONE) -> Any:
    assert run(["covoit", *arguments]) == code
    return json.loads(capsys.readouterr().out)


def test_eighty_kilometres_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file_of(tmp_path, ONE)
    assert run(["covoit", "price", path]) == console.DONE
    shown = capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "Trajet t1, lundi 23 novembre 2026 : 9,00 €" in shown
    assert "80 km × 0,10 € = 8,00 €" in shown
    assert "1 passager × 1,00 € = 1,00 €" in shown
    assert "Versé par les passagers : 1,50 € ; coût net : 7,50 €" in shown
    document = answer_of(capsys, "price", path, "--json")
    (priced,) = document["trips"]
    assert (priced["amount_cents"], priced["scale_code"], priced["line"]) == (
        900,
        "BFC-from-first",
        "saulieu-chatillon",
    )
    assert [step["code"] for step in priced["steps"]] == ["km", "passengers"]
    assert priced["steps"][0]["message"].startswith("80")
    assert document["errors"] == []
    assert (
        answer_of(capsys, "price", path, "--json", "--scale", "BFC-2020-from-second")["trips"][0]["amount_cents"] == 800
    )


def test_one_document_a_trip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = {**ONE, "operator_trip_id": "t2", "driver": "bea"}
    together = {**ONE, "passenger": "stephanie"}
    assert run(["covoit", "price", "--ndjson", file_of(tmp_path, ONE, again, together)]) == console.DONE
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [(row["operator_trip_id"], row["amount_cents"]) for row in rows] == [("t1", 1_000), ("t2", 900)]
    assert len({row["hash"] for row in rows}) == 2


def test_journeys_as_the_registry_takes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def person(key: str) -> dict[str, Any]:
        return {"identity": {"identity_key": key * 64, "operator_user_id": key, "phone": "+33600000000"}}

    registry = {
        "operator_journey_id": "j1",
        "operator_trip_id": "t1",
        "operator_class": "C",
        "start": {"datetime": "2026-11-23T06:30:00Z", "lat": 47.3, "lon": 5.0},
        "end": {"datetime": "2026-11-23T07:00:00Z", "lat": 47.4, "lon": 5.1},
        "distance": 12_349,
        "driver": {**person("a"), "revenue": 200},
        "passenger": {**person("b"), "contribution": 150, "seats": 2},
    }
    (priced,) = answer_of(capsys, "price", "--json", file_of(tmp_path, registry))["trips"]
    assert (priced["amount_cents"], priced["flags"]) == (323, ["longest_leg"])


BAD = [
    ("not json", "covoit.bad_journey_line"),
    ("[1]", "covoit.bad_journey_line"),
    ({**ONE, "seats": 0}, "covoit.bad_journey_line"),
    ({**ONE, "seats": True}, "covoit.bad_journey_line"),
    ({**ONE, "started_at": "2026-11-23T07:30:00"}, "covoit.bad_journey_line"),
    ({**ONE, "ended_at": "2026-11-23T07:00:00+01:00"}, "covoit.bad_journey_line"),
    ({**ONE, "leg": {**LEG, "to_m": 0}}, "covoit.bad_journey_line"),
    ({**ONE, "leg": None}, "covoit.bad_journey_line"),
    ({**ONE, "leg": 7}, "covoit.bad_journey_line"),
    ({**ONE, "driver": None}, "covoit.bad_journey_line"),
    ({**ONE, "driver": "bea"}, "covoit.two_drivers"),
    ({**ONE, "operator_journey_id": "ligne-1"}, "covoit.same_journey_line"),
]


@pytest.mark.parametrize(("row", "code"), BAD)
def test_a_line_that_cannot_be_read_is_named_and_stops_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: Any, code: str
) -> None:
    path = file_of(tmp_path, ONE, "", row)
    document = answer_of(capsys, "price", "--json", path, code=console.BAD_INPUT)
    assert document["trips"] == []
    assert [(each["line"], each["error"]["code"]) for each in document["errors"]] == [(3, code)]
    kept = answer_of(capsys, "price", "--json", "--good-part", path, code=console.BAD_INPUT)
    assert [each["amount_cents"] for each in kept["trips"]] == [900]


def test_a_campaign_prices_each_journey(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    off_line = {**ONE, "leg": None, "distance_m": 20_000, "operator": "blue"}
    path = file_of(tmp_path, off_line, {**off_line, "passenger": "bob"})
    document = answer_of(capsys, "price", "--json", "--campaign", "trajets-du-quotidien", path)
    assert [(each["amount_cents"], each["scale_code"]) for each in document["trips"]] == [
        (200, "trajets-du-quotidien"),
        (200, "trajets-du-quotidien"),
    ]
    both = ("--campaign", "trajets-du-quotidien", "--scale", "BFC-from-first")
    document = answer_of(capsys, "price", "--json", *both, path, code=console.BAD_INPUT)
    assert document["error"]["code"] == "covoit.scale_or_campaign"


def test_a_scale_nobody_knows_and_a_file_that_is_not_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = answer_of(capsys, "price", "--json", "--scale", "x", file_of(tmp_path, ONE), code=console.BAD_INPUT)
    assert document["error"]["code"] == "covoit.unknown_scale"
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    document = answer_of(capsys, "price", "--json", str(tmp_path / "binary"), code=console.BAD_INPUT)
    assert document["error"]["code"] == "covoit.not_text"


def test_what_if_on_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file_of(tmp_path, ONE)
    document = answer_of(capsys, "simulate", "--journeys", path, "--rate-cents", "12", "--json")
    assert (document["before"]["cost_cents"], document["after"]["cost_cents"]) == (900, 1_060)
    assert document["by_line_and_month"][0]["line"] == "saulieu-chatillon"
    assert run(["covoit", "simulate", "--journeys", path, "--against", "BFC-2020-from-second"]) == console.DONE
    shown = capsys.readouterr().out
    assert "8,00" in shown
    assert "Hypothèse" in shown
    document = answer_of(capsys, "simulate", "--journeys", path, "--from", "2026-11-24", "--rate-cents", "12", "--json")
    assert document["before"]["trips"] == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--rate-cents", "-1"), "covoit.bad_figure"),
        (("--from", "soon"), "covoit.bad_day"),
        (("--open-data", "F"), "covoit.one_source_of_trips"),
    ],
)
def test_what_if_with_something_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: str
) -> None:
    path = file_of(tmp_path, ONE)
    given = [path if each == "F" else each for each in arguments]
    document = answer_of(capsys, "simulate", "--journeys", path, "--json", *given, code=console.BAD_INPUT)
    assert document["error"]["code"] == code


def test_what_if_on_our_own_history(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migrate"]) == console.DONE
    capsys.readouterr()
    engine = open_engine(load_config().database_url)
    with transaction(engine) as session:
        for each in trip(journey(), journey(0, 10_000)).journeys:
            store.record(session, each)
    engine.dispose()
    document = answer_of(capsys, "simulate", "--rate-cents", "20", "--json")
    # 33 km, two passengers: 330 + 200, then 660 + 200
    assert (document["before"]["cost_cents"], document["after"]["cost_cents"]) == (530, 860)
    assert document["drivers"]["winners"] == 1
