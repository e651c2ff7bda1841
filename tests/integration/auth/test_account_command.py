"""`mobigo account`: the first administrator of an installation, roles, links; its answers and exit codes."""

import json
from dataclasses import replace
from typing import Any

import pytest

from mobigo.app import cli
from mobigo.infra import accounts, grants
from mobigo.infra.config import Config, as_environ
from mobigo.infra.db import reading
from mobigo.infra.roles import Grant, Role

PASSWORD = "cheval batterie agrafe"


@pytest.fixture
def command(settings: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """`command("create", "a@b.fr", typed="…") → (exit code, what stdout says)`."""

    for name, value in as_environ(replace(settings)).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, typed: str = "") -> tuple[int, str]:
        import io

        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = cli.run(["account", *arguments])
        return code, capsys.readouterr().out

    return run


def test_the_first_administrator_is_made_on_the_command_line_and_signs_in(world: Any, command: Any) -> None:
    code, said = command(
        "create", "admin@exemple.fr", "--name", "Agnès", "--role", "administrator", "--password-stdin", "--json",
        typed=f"{PASSWORD}\n",
    )  # fmt: skip
    assert code == 0
    told = json.loads(said)
    assert (told["email"], told["roles"], told["link"]) == ("admin@exemple.fr", ["administrator"], None)
    assert PASSWORD not in said
    browser = world.browser()
    assert browser.sign_in("admin@exemple.fr").status_code == 303
    assert browser.get("/admin/").status_code == 200
    assert [(act, actor) for act, actor, _ in world.acts()][:2] == [("account.created", "cli"), ("grant.given", "cli")]


def test_a_link_lets_the_person_choose_a_password(world: Any, command: Any) -> None:
    code, said = command("create", "guy@exemple.fr", "--role", "counter_agent", "--link", "--json")
    assert code == 0
    browser = world.browser()
    path = json.loads(said)["link"].removeprefix("http://localhost")
    assert browser.post(path, password="une autre phrase tout a fait").status_code == 303
    code, said = command("link", "guy@exemple.fr")
    assert code == 0
    assert browser.get(said.strip().removeprefix("http://localhost")).status_code == 200


def test_a_role_is_given_inside_an_organisation_and_taken(world: Any, command: Any) -> None:
    subject = world.person("theo@exemple.fr")
    assert command("role", "theo@exemple.fr", "operator", "--organisation", "Cars du Morvan")[0] == 0
    with reading(world.engine) as session:
        (held,) = grants.grants_of(session, subject)
        assert held.role is Role.OPERATOR
        assert [each.name for each in grants.list_organisations(session)] == ["Cars du Morvan"]
    assert command("role", "theo@exemple.fr", "operator", "--organisation", "Cars du Morvan", "--take")[0] == 0
    with reading(world.engine) as session:
        assert grants.grants_of(session, subject) == ()


@pytest.mark.parametrize(
    ("arguments", "typed", "code"),
    [
        (("create", "pas une adresse", "--password-stdin"), PASSWORD, 2),
        (("create", "a@exemple.fr", "--password-stdin"), "court", 2),
        (("create", "a@exemple.fr"), "", 2),  # no terminal to ask a password on
        (("create", "a@exemple.fr", "--role", "king", "--link"), "", 2),
        (("create", "a@exemple.fr", "--role", "operator", "--link"), "", 2),  # whose?
        (("create", "known@exemple.fr", "--link"), "", 3),
        (("create", "a@exemple.fr", "--role", "ordonnateur", "--role", "comptable_public", "--link"), "", 3),
        (("role", "nobody@exemple.fr", "inspector"), "", 2),
        (("role", "known@exemple.fr", "inspector", "--take"), "", 2),
        (("role", "known@exemple.fr", "administrator", "--take"), "", 3),  # the last one
        (("link", "nobody@exemple.fr"), "", 2),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing_behind(
    world: Any, command: Any, arguments: tuple[str, ...], typed: str, code: int
) -> None:
    known = world.person("known@exemple.fr", Role.ADMINISTRATOR)
    assert command(*arguments, typed=typed)[0] == code
    with reading(world.engine) as session:
        assert accounts.search(session, "") == [known]
        assert grants.grants_of(session, known) == (Grant(Role.ADMINISTRATOR),)
