"""`mobigo billettique issue` and `verify-code`; the signed lists as a device asks for them over HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from billettique.rules.keys import read_key_list, read_revocations
from billettique.service import tickets
from mobigo.app import schema
from mobigo.app.cli import run
from mobigo.app.factory import create_app
from mobigo.base.decisions import Decision
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.web import Services
from tests.holder_world import PASS, sold
from tests.ticket_world import static_code

LISTS = "/api/v1/billettique"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOBIGO_HOME", str(tmp_path))
    monkeypatch.delenv("MOBIGO_ENV", raising=False)
    engine = open_engine(f"sqlite:///{tmp_path / 'mobigo.sqlite'}")
    schema.create(engine)
    engine.dispose()
    return tmp_path


def issued(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["billettique", "issue", "Essai", "--json", *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def verdict(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    status = run(["billettique", "verify-code", "--json", *arguments])
    return status, json.loads(capsys.readouterr().out)


def test_a_trial_ticket_is_issued_and_verified(home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "code.bin"
    files = [file, tmp_path / "code.svg", tmp_path / "ticket.pdf", tmp_path / "ticket.txt"]
    outs = [argument for each in files for argument in ("--out", str(each))]
    made = issued(capsys, "--where", "Dijon – Beaune", "--rider", "adulte", "--rider", "jeune", *outs)
    assert file.read_bytes().hex() == made["code"]
    assert files[1].read_text().startswith("<svg")
    assert files[2].read_bytes().startswith(b"%PDF")
    assert made["page"] in files[3].read_text()
    for given in (str(file), made["code"], made["code"].upper()):
        status, said = verdict(capsys, given)
        assert (status, said["answer"]) == (0, "OK")
    assert said["ticket"]["reference"] == made["reference"]
    assert said["ticket"]["area"] == "Dijon – Beaune"
    assert [each["category"] for each in said["ticket"]["passengers"]] == ["adult", "youth"]
    status, said = verdict(capsys, made["code"], "--line", "f:nowhere")  # no network is served here: told, not refused
    assert (status, said["answer"], said["reason"]["code"]) == (0, "OK", "billettique.ticket_good_place_untold")


def test_what_is_no_good_ticket_exits_with_three(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = issued(capsys, "--pass", "--holder", "Zoé ESSAI")
    octets = bytearray.fromhex(made["code"])
    octets[-20] ^= 1
    cases = {
        octets.hex(): ("BAD_SIGNATURE", "UNREADABLE"),
        static_code().hex(): ("UNKNOWN_KEY",),
        b"\xff".hex() * 4096: ("UNREADABLE",),
        "00": ("UNREADABLE",),
    }
    for given, answers in cases.items():
        status, said = verdict(capsys, given)
        assert status == 3
        assert said["answer"] in answers
        assert said["ticket"] is None
        assert said["message"] != said["reason"]["code"]
    status, said = verdict(capsys, made["code"], "--at", "2001-01-01T12:00")
    assert (status, said["answer"]) == (3, "UNKNOWN_KEY")
    assert run(["billettique", "verify-code", made["code"]]) == 0
    assert capsys.readouterr().out.startswith("OK")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["verify-code", "zz"], 2, "hexadécimal"),
        (["verify-code", "00", "--at", "hier"], 2, "hier"),
        (["issue", "Essai", "--from", "2026-13-01"], 2, "2026-13-01"),
        (["issue", "Essai", "--from", "2026-11-26T10:00", "--until", "2026-11-26T09:00"], 2, "finirait"),
        (["issue", "Essai", "--out", "x.docx"], 2, ".docx"),
    ],
)
def test_what_cannot_be_understood_is_said(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, said: str
) -> None:
    assert run(["billettique", *arguments]) == status
    assert said in capsys.readouterr().err


def test_in_production_no_ticket_comes_from_a_command(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOBIGO_ENV", "production")
    monkeypatch.setenv("MOBIGO_SECRET_KEY", "s" * 40)
    monkeypatch.setenv("MOBIGO_BASE_URL", "https://exemple.fr")
    assert run(["billettique", "issue", "Essai"]) == 3
    assert "vente" in capsys.readouterr().err


# ---------------------------------------------------------------- lists


@pytest.fixture
def client(home: Path) -> FlaskClient:
    return create_app(load_config({"MOBIGO_HOME": str(home)})).test_client()


def test_a_device_reads_the_lists_and_is_told_when_nothing_changed(home: Path, client: FlaskClient) -> None:
    services = Services(load_config({"MOBIGO_HOME": str(home)}))
    first, second = (sold(services, PASS, item=each, now=now()) for each in ("one", "two"))
    roots = {bytes.fromhex(each) for each in client.get(f"{LISTS}/roots").get_json()["roots"]}
    answer = client.get(f"{LISTS}/keys")
    listed = read_key_list(answer.data, roots, now=now())
    assert [(each.provider, each.key_id) for each in listed.keys] == [("mobigo", 1)]
    again = client.get(f"{LISTS}/keys", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "public" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    why = Decision("billettique.told_revoked")
    with transaction(services.engine) as session:
        tickets.suspend(session, first, why, now())
    answer = client.get(f"{LISTS}/revocations")
    known = read_revocations(answer.data, roots, now=now())
    assert len(known.marks) == 1
    with transaction(services.engine) as session:
        tickets.revoke(session, second, why, now())
    changed = client.get(f"{LISTS}/revocations", headers={"If-None-Match": answer.headers["ETag"]})
    assert changed.status_code == 200
    more = read_revocations(client.get(f"{LISTS}/revocations?since={known.sequence}").data, roots, now=now())
    assert (more.since, len(more.marks)) == (known.sequence, 1)
    with transaction(services.engine) as session:
        tickets.resume(session, first, now())
    whole = read_revocations(client.get(f"{LISTS}/revocations?since={more.sequence}").data, roots, now=now())
    assert (whole.since, len(whole.marks)) == (0, 1)


@pytest.mark.parametrize("since", ["-1", "x", "1e3", "٣", "9" * 11])
def test_a_number_that_is_none_is_refused(client: FlaskClient, since: str) -> None:
    answer = client.get(f"{LISTS}/revocations", query_string={"since": since})
    assert answer.status_code == 422
    assert answer.get_json()["code"] == "billettique.bad_sequence"


def test_an_empty_instance_publishes_empty_lists(client: FlaskClient) -> None:
    roots = {bytes.fromhex(each) for each in client.get(f"{LISTS}/roots").get_json()["roots"]}
    assert read_key_list(client.get(f"{LISTS}/keys").data, roots, now=now()).keys == ()
    assert read_revocations(client.get(f"{LISTS}/revocations?since=5").data, roots, now=now()).marks == frozenset()
