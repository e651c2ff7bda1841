"""The real application on both databases, a browser that fills its forms in, and people to use it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from mobigo.app import create_app
from mobigo.infra import accounts, grants, oidc, passwords
from mobigo.infra.audit import AuditEntry
from mobigo.infra.clock import now
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from mobigo.infra.roles import Grant, Role

PASSWORD = "cheval batterie agrafe"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class Browser:
    """A browser: keeps cookies, reads the form token of the last page it saw, says it wants pages."""

    app: Flask
    client: FlaskClient = field(init=False)
    token: str = ""
    last: TestResponse | None = None

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._seen(self.client.get(path, headers={"Accept": "text/html", **headers}))

    def post(self, path: str, page: str | None = None, token: str | None = None, **fields: object) -> TestResponse:
        """Fills in the form that `page` shows (default: the path itself) and sends it to `path`."""
        if token is None:
            self.get(page or path)
        sent = {"csrf_token": self.token if token is None else token, **fields}
        return self._seen(self.client.post(path, data=sent, headers={"Accept": "text/html"}))

    def sign_in(self, email: str, password: str = PASSWORD, **fields: object) -> TestResponse:
        return self.post("/connexion", email=email, password=password, **fields)

    def cookie(self, name: str = "mobigo") -> str | None:
        kept = self.client.get_cookie(name)
        return kept.value if kept is not None else None

    def set_cookie(self, value: str, name: str = "mobigo") -> None:
        self.client.set_cookie(name, value)

    @property
    def signed_in(self) -> bool:
        return self.get("/compte").status_code == 200

    def _seen(self, answer: TestResponse) -> TestResponse:
        found = TOKEN.search(answer.text) if answer.mimetype == "text/html" else None
        if found is not None:
            self.token = found[1]
        self.last = answer
        return answer


@dataclass
class World:
    """The application, its database, and how to make people in it."""

    app: Flask
    engine: Engine

    def browser(self) -> Browser:
        return Browser(self.app)

    def person(
        self, email: str | None, *roles: Role | Grant, password: str | None = PASSWORD, name: str | None = None
    ) -> str:
        with transaction(self.engine) as session:
            kept = None if password is None else passwords.hashed(password)
            subject = accounts.create(session, now(), email=email, name=name, password_hash=kept)
            for role in roles:
                given = role if isinstance(role, Grant) else Grant(role)
                grants.give(session, subject, given, now(), by=None)
            return subject

    def organisation(self, name: str) -> str:
        with transaction(self.engine) as session:
            return grants.create_organisation(session, name, now()).id

    def messages(self) -> list[MessageRow]:
        with reading(self.engine) as session:
            return list(session.scalars(select(MessageRow).order_by(MessageRow.id)))

    def link(self, to: str) -> str:
        """The path of the link in the last letter to this address."""
        letter = next(each for each in reversed(self.messages()) if each.recipient == to)
        found = re.search(r"https?://[^/]+(/\S+/[\w-]{43})", letter.body)
        assert found is not None, letter.body
        return found[1]

    def acts(self) -> list[tuple[str, str, str]]:
        """(act, actor, object) of the log, oldest first."""
        with reading(self.engine) as session:
            rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
            return [(row.action, row.actor, row.object_id) for row in rows]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all: what is compiled in it (catalogues, templates) is compiled once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def settings(database_config: Config, home: Path) -> Config:
    return replace(database_config, home=home, base_url="http://localhost", environment="development")


@pytest.fixture
def make_world(engine: Engine) -> Iterator[Callable[[Config], World]]:
    made: list[Flask] = []

    def make(config: Config) -> World:
        app = create_app(config)
        app.config["TESTING"] = False
        made.append(app)
        return World(app, engine)

    yield make
    oidc.forget_metadata()
    for app in made:
        app.extensions["mobigo"].engine.dispose()


@pytest.fixture
def world(make_world: Callable[[Config], World], settings: Config) -> World:
    return make_world(settings)
