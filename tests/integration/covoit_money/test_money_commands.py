"""The commands a person types, from a funded campaign to a verified book."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine

from mobigo.app.cli import run
from mobigo.infra import accounts, grants
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.roles import Grant, Role
from tests.covoit_money_world import claim, driver, home_with, net, pain002, payer, record, ride

AT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
SIXTH = datetime(2026, 12, 6, 8, tzinfo=UTC)
HANDS = {
    "prepare": Role.CARPOOL_MANAGER,
    "check": Role.FINANCE_AGENT,
    "order": Role.ORDONNATEUR,
    "accept": Role.COMPTABLE_PUBLIC,
}


def test_a_month_from_the_command_line(
    database_config: Config,
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    payer(home_with(database_config.home))
    monkeypatch.setenv("MOBIGO_HOME", str(database_config.home))
    monkeypatch.setenv("MOBIGO_DATABASE_URL", database_config.database_url)

    def said(*arguments: str, code: int = 0) -> dict[str, object]:
        assert run(["covoit", *arguments, "--json"]) == code, capsys.readouterr()
        found: dict[str, object] = json.loads(capsys.readouterr().out)
        return found

    anna = driver(engine, "anna")
    record(engine, [ride(anna, at=AT)])
    with transaction(engine) as session:
        for role in HANDS.values():
            subject = accounts.create(session, AT, email=f"{role}@exemple.fr", name=str(role))
            grants.give(session, subject, Grant(role), AT, by=None)
    with time_machine.travel(SIXTH, tick=False):
        assert said("fund", "essai", "100", "--act", "26-1", "--key", "2026")["left_cents"] == 10_000
        closed = said("close", "2026-11", "--out", str(tmp_path))
        assert (closed["lines"], closed["total_cents"]) == (1, 430)
        assert (tmp_path / "appel-de-fonds-mobigo-2026-11.xlsx").exists()
        asked = claim(engine, anna, SIXTH)
        for step, role in HANDS.items():
            said("pay", "2026-11", "--by", f"{role}@exemple.fr", "--step", step)
        by = ("--by", "comptable_public@exemple.fr")
        said("pay", "2026-11", *by, "--step", "send", "--out", str(tmp_path))
        assert (tmp_path / "paiement-0001.xml").read_bytes().startswith(b"<?xml")
        assert (tmp_path / "bordereau-0001.pdf").read_bytes().startswith(b"%PDF-")
        (tmp_path / "retour.xml").write_bytes(pain002((f"MOBIGO-{asked}", "ACSC", "")))
        assert said("pay", "2026-11", *by, "--step", "bank", "--file", str(tmp_path / "retour.xml"))["paid"] == 1
        assert said("pay", "2026-11", "--by", "carpool_manager@exemple.fr", code=3)["error"]
        assert said("verify")["ok"] is True
    assert net(engine, "bank") == 430
