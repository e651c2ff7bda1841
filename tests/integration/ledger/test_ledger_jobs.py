"""The two jobs of the ledger, run as a worker runs them."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from mobigo.app import jobs_registry
from mobigo.base.decisions import Decision
from mobigo.base.money import Money
from mobigo.infra import clock
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.jobs import enqueue, registry, run_inline
from mobigo.ledger import service
from tests.integration.ledger.books import BUDGET, move, open_book


def done(engine: Engine, config: Config, name: str) -> Decision | None:
    """What the job answers."""
    jobs_registry.install()
    with transaction(engine) as session:
        job_id = enqueue(session, name, {}, None, clock.now())
    return run_inline(engine, config, job_id).outcome


def test_holds_whose_time_is_over_are_freed(engine: Engine, database_config: Config) -> None:
    open_book(engine, 1_000)
    now = clock.now()
    with transaction(engine) as session:
        service.hold(session, [move("over", 100)], now=now, expires_at=now - timedelta(hours=1))
        service.hold(session, [move("open", 10)], now=now, expires_at=now + timedelta(days=1))
    assert done(engine, database_config, "ledger.expire") == Decision("ledger.expired", count=1)
    assert done(engine, database_config, "ledger.expire") == Decision("ledger.expired", count=0)
    with reading(engine) as session:
        assert service.balance(session, BUDGET).held_debits == Money(10)


def test_the_head_is_published(engine: Engine, database_config: Config) -> None:
    assert done(engine, database_config, "ledger.publish_head") == Decision("ledger.empty")
    open_book(engine, 1_000)
    assert done(engine, database_config, "ledger.publish_head") == Decision("ledger.head_published", line=1)
    assert [head.n for head in service.published_heads(database_config)] == [1]


@pytest.mark.parametrize("name", ["ledger.expire", "ledger.publish_head"])
def test_they_run_by_themselves(name: str) -> None:
    jobs_registry.install()
    assert name in {schedule.name for schedule in registry.declared_schedules()}
