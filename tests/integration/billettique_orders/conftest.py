"""A shop on both databases; titles are issued by a stand-in, which the tests of tickets do not use."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from billettique.service import payments, refunding, titles
from mobigo.infra.config import Config
from tests.billettique_orders_world import Shop


@pytest.fixture
def shop(engine: Engine, config: Config, monkeypatch: pytest.MonkeyPatch) -> Shop:
    settings = replace(
        config, environment="development", database_url=engine.url.render_as_string(hide_password=False),
        payments=("sim",),
    )  # fmt: skip
    for module in (payments, refunding):  # rounds of the worker are made by `Shop.work`
        monkeypatch.setattr(module, "wake", lambda *_given: False)
    monkeypatch.setattr(titles, "issue", lambda session, services, item, now: item.id)
    return Shop(engine, settings)
