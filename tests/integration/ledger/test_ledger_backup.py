"""A backup carries the book, its marks, its signed heads and the published files; restored, on either database, the
chain is the same and goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mobigo.app import schema
from mobigo.app.backup import bring_back, save
from mobigo.base.money import Money
from mobigo.infra.config import Config, load_config
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.ledger import service
from mobigo.ledger.rules.chain import ERA
from tests.conftest import postgres_database
from tests.integration.ledger.books import BUDGET, MINUTE, NOW, long_book, move

CASES = [
    ("sqlite", "sqlite"),
    pytest.param("sqlite", "postgres", marks=pytest.mark.postgres),
    pytest.param("postgres", "sqlite", marks=pytest.mark.postgres),
]


@contextmanager
def instance(kind: str, home: Path) -> Iterator[tuple[Config, Engine]]:
    """An instance of its own, on SQLite or PostgreSQL."""
    config = load_config({"MOBIGO_HOME": str(home)})
    if kind == "sqlite":
        engine = open_engine(config.database_url)
        schema.create(engine)
        yield config, engine
        engine.dispose()
        return
    with postgres_database() as url:
        config, engine = replace(config, database_url=url), open_engine(url)
        schema.create(engine)
        yield config, engine
        engine.dispose()


@pytest.mark.parametrize(("source", "target"), CASES)
def test_a_restored_book_is_the_same_book_and_goes_on(source: str, target: str, tmp_path: Path) -> None:
    with instance(source, tmp_path / "one") as (config, engine):
        long_book(engine, ERA + 10)
        with transaction(engine) as session:
            service.hold(session, [move("held", 5, credit="d1")], now=NOW)
        service.publish_head(engine, config, now=NOW)
        with transaction(engine) as session:
            [last] = service.post(session, [move("last", 5, credit="d1")], now=NOW)
        before = service.verify(engine, published=service.published_heads(config))
        save(config, engine, tmp_path / "backup.tar", NOW)
    with instance(target, tmp_path / "two") as (config, engine):
        bring_back(config, tmp_path / "backup.tar")
        engine.dispose()
        published = service.published_heads(config)
        assert len(published) == 1
        assert before.ok
        assert service.verify(engine, published=published) == before
        with reading(engine) as session:
            past = service.balance(session, BUDGET, recorded_before=NOW + ERA * MINUTE)
            assert past.net.cents == -sum(1 + i % 7 for i in range(ERA + 10)) - 5
        with transaction(engine) as session:
            assert service.post(session, [move("last", 5, credit="d1")], now=NOW) == [last]
            service.settle(session, key="settled", hold_key="held", amount=Money(1), now=NOW)
        assert service.verify(engine, published=published).lines == before.lines + 1
