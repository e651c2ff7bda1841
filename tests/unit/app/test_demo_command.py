"""The demonstration's command: who is in it, when it is made again, what a reset may remove, which port it takes."""

import json
import socket
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mobigo.app import serve
from mobigo.app.demo import people, prepare
from mobigo.base.errors import Refused
from mobigo.infra import passwords
from mobigo.infra.accounts import clean_email
from mobigo.infra.config import Config, load_config
from mobigo.infra.roles import INCOMPATIBLE, NEEDS_ORGANISATION, Role

MADE = prepare.Made(size="s", first_day="2026-10-26", facts="f", network="n")


def test_each_role_has_one_person_and_each_person_one_address():
    assert sorted(person.role for person in people.PEOPLE) == sorted(Role)
    assert len({person.email for person in people.PEOPLE}) == len(people.PEOPLE)
    assert all(clean_email(person.email) == person.email for person in people.PEOPLE)
    assert INCOMPATIBLE  # nobody holds two roles, so nobody holds two that may not meet


def test_those_who_act_for_an_organisation_have_one():
    assert {person.role for person in people.PEOPLE if person.organisation} == set(NEEDS_ORGANISATION)


def test_passwords_are_new_each_time_and_would_be_accepted_from_anyone():
    made = {people.new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(passwords.check_new(password) == password for password in made)


def test_accesses_are_kept_for_their_owner_alone(tmp_path: Path):
    access = people.Access("traveller", "v@demo.example.org", "secret", "Violette", "voyage")
    people.save(tmp_path, [access])
    people.save(tmp_path, [access])
    assert people.load(tmp_path) == [access]
    assert (tmp_path / "secrets" / "demo-accounts.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"role": "x"}]'])
def test_a_spoilt_list_of_accesses_counts_as_none(tmp_path: Path, text: str):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "demo-accounts.json").write_text(text)
    assert people.load(tmp_path) == []


@pytest.mark.parametrize(
    ("size", "facts", "today", "current"),
    [
        ("s", "f", date(2026, 11, 23), True),
        ("m", "f", date(2026, 11, 23), False),  # another size was asked
        ("s", "g", date(2026, 11, 23), False),  # the facts changed
        ("s", "f", date(2027, 4, 8), True),  # 25 October 2027 is 200 days ahead
        ("s", "f", date(2027, 4, 9), False),
    ],
)
def test_the_network_is_made_again_when_it_no_longer_serves(size: str, facts: str, today: date, current: bool):
    assert prepare.is_current(MADE, size, facts, today) is current


def test_facts_and_code_give_one_fingerprint():
    assert prepare.fingerprint() == prepare.fingerprint()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"size": "s"}'])
def test_a_spoilt_note_counts_as_no_demonstration(tmp_path: Path, text: str):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "made.json").write_text(text)
    assert prepare.load(tmp_path) is None


def demo_home(config: Config) -> Path:
    for name in ("blobs", "demo", "cache/networks", "cache/numba", "holidays"):
        (config.home / name).mkdir(parents=True)
    (config.home / "mobigo.sqlite").write_bytes(b"x" * 10)
    (config.home / "demo" / "made.json").write_text(json.dumps({"size": "s"}))
    return config.home


def test_a_reset_removes_what_the_demonstration_made_and_leaves_the_rest(config: Config):
    home = demo_home(config)
    found = prepare.to_remove(config)
    assert sorted(path.relative_to(home).as_posix() for path in found) == [
        "blobs",
        "cache/networks",
        "demo",
        "mobigo.sqlite",
    ]
    prepare.remove(found)
    assert sorted(path.relative_to(home).as_posix() for path in home.rglob("*")) == ["cache", "cache/numba", "holidays"]


def test_a_reset_finds_nothing_in_a_home_that_is_not_there(config: Config):
    assert prepare.to_remove(config) == {}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"environment": "production"}, "demo.not_in_production"),
        ({"database_url": "postgresql://somewhere/else"}, "demo.database_elsewhere"),
    ],
)
def test_a_reset_is_refused_where_it_could_hurt(config: Config, change: dict[str, str], code: str):
    demo_home(config)
    with pytest.raises(Refused) as refusal:
        prepare.to_remove(replace(config, **change))  # type: ignore[arg-type]  # the field's own type
    assert refusal.value.decision.code == code


def test_a_reset_is_refused_on_a_database_that_no_demonstration_made(config: Config):
    config.home.mkdir(parents=True)
    (config.home / "mobigo.sqlite").touch()
    with pytest.raises(Refused) as refusal:
        prepare.to_remove(config)
    assert refusal.value.decision.code == "demo.not_a_demo"


def test_a_taken_port_is_seen_and_the_next_free_one_is_found():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not serve.is_free("127.0.0.1", port)
        assert serve.free_port("127.0.0.1", port) > port


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        (None, None, "http://127.0.0.1:8000"),
        (None, 8001, "http://127.0.0.1:8001"),
        ("0.0.0.0", None, "http://127.0.0.1:8000"),  # nobody can type 0.0.0.0
        ("192.0.2.1", 80, "http://192.0.2.1:80"),
    ],
)
def test_the_public_address_follows_the_port(
    monkeypatch: pytest.MonkeyPatch, host: str | None, port: int | None, url: str
):
    monkeypatch.delenv("MOBIGO_BASE_URL", raising=False)
    assert serve.listening(load_config({}), host, port).base_url == url


def test_a_public_address_that_was_given_stays(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MOBIGO_BASE_URL", "https://mobigo.example.org")
    assert serve.listening(load_config(), None, 8001).base_url == "https://mobigo.example.org"


def test_a_demonstration_that_stopped_half_way_may_be_reset(config: Config, monkeypatch: pytest.MonkeyPatch):
    def stops(*_given: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(people, "prepare", stops)
    with pytest.raises(OSError, match="no space"):
        prepare.prepare(config, "s", datetime(2026, 11, 26, tzinfo=UTC), lambda *_told: None)
    assert config.home / "mobigo.sqlite" in prepare.to_remove(config)
