"""A shop on both databases."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from billettique.service import payment_refunds, payments
from mobigo.infra.config import Config
from tests.billettique_orders_world import Shop


@pytest.fixture
def shop(engine: Engine, config: Config, monkeypatch: pytest.MonkeyPatch) -> Shop:
    settings = replace(
        config, environment="development", database_url=engine.url.render_as_string(hide_password=False),
        payments=("sim",),
    )  # fmt: skip
    for module in (payments, payment_refunds):  # rounds of the worker are made by `Shop.work`
        monkeypatch.setattr(module, "wake", lambda *_given: False)
    return Shop(engine, settings)
