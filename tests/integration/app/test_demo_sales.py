"""The demonstration's sales: made once, and the bank's account says what ours says."""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Engine

from billettique.service import reconcile
from billettique.store.orders import OrderRow
from mobigo.app.demo import selling
from mobigo.infra.config import Config
from mobigo.infra.db import reading

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


def test_sales_are_made_once_and_the_bank_agrees(engine: Engine, database_config: Config) -> None:
    config = replace(database_config, environment="demo", payments=("counter", "sim"))
    assert selling.prepare(engine, config, NOW) == len(selling.ORDERS)
    assert selling.prepare(engine, config, NOW) == 0
    with reading(engine) as session:
        assert session.query(OrderRow).count() == len(selling.ORDERS)
        assert reconcile.unexplained(session, NOW) == ()
        ((name, payout),) = reconcile.payouts(session)
    assert name == "sim"
    assert payout.paid == payout.gross - payout.fees
