"""A site with requests, its clock and whoever is signed in, for the tests of requests."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from mobigo.app.authorisation import identity_of
from mobigo.app.factory import create_app
from mobigo.infra import auth, outbox
from mobigo.infra.config import Config
from mobigo.infra.db import reading
from mobigo.infra.roles import Identity, Role
from mobigo.infra.web import EXTENSION
from mobigo.requests.store import requests as store
from mobigo.requests.web import citizen, desk

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
ANNE, BOB = "A" * 26, "B" * 26
WORDS = "Le car de 7 h 32 n’est jamais venu."


@dataclass
class World:
    """A site, its database, whoever is signed in, and what time it is."""

    client: FlaskClient
    engine: Engine
    config: Config
    sign_in: Callable[[Identity | None], None]
    go_to: Callable[[datetime], None]
    services: Any

    def ask(self, **changes: str) -> str:
        """A request by the form; the address of its page."""
        sent = {"kind": "delay", "words": WORDS, "email": "camille@example.org", "name": "Camille Moreau", **changes}
        made = self.client.post("/demandes", data=sent)
        assert made.status_code == 303, made.text
        return str(made.location)

    def act(self, number: str, act: str, **fields: str) -> Any:
        """An agent acts as the page has it."""
        page = self.client.get(f"/demandes/agents/{number}").text
        seen = re.search(r'name="vu" value="(\d+)"', page)
        return self.client.post(
            f"/demandes/agents/{number}/{act}", data={"vu": seen[1] if seen else "0", **fields}
        )  # fmt: skip

    def row(self, number: str) -> store.RequestRow:
        with reading(self.engine) as session:
            return store.get(session, number)

    def messages(self) -> list[outbox.MessageRow]:
        with reading(self.engine) as session:
            return list(session.scalars(select(outbox.MessageRow).order_by(outbox.MessageRow.id)))


@contextmanager
def requests_world(config: Config, engine: Engine) -> Iterator[World]:
    """The site on this database, at NOW, nobody signed in."""
    config = replace(config, environment="development", base_url="http://localhost", requests_per_minute=0)
    app = create_app(config)
    app.config["WTF_CSRF_ENABLED"] = False
    with pytest.MonkeyPatch.context() as patch:

        def go_to(at: datetime) -> None:
            for module in (citizen, desk):
                patch.setattr(module, "now", lambda: at)

        def sign_in(identity: Identity | None) -> None:
            patch.setattr(auth, "current_account", lambda: identity)
            patch.setattr(auth, "signed_in", lambda: identity)

        go_to(NOW)
        sign_in(None)
        services = app.extensions[EXTENSION]
        client = app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
        yield World(client, engine, config, sign_in, go_to, services)
        services.engine.dispose()


def plain(text: str) -> str:
    """A text with ordinary blanks."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def agent(role: Role = Role.COUNTER_AGENT, subject: str = ANNE) -> Identity:
    found = identity_of(role, subject)
    assert found is not None
    return found


def number_of(path: str) -> str:
    return path.split("/")[2]
