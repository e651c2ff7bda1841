"""Deliveries as a job: asked by whoever writes a row, once for many, and come back to when a row is due later."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, select

from mobigo.app import deliveries, jobs_registry
from mobigo.base.decisions import Decision
from mobigo.infra import outbox
from mobigo.infra.blobs import Blobs
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.jobs import enqueue, run_inline
from mobigo.infra.jobs.tables import JobRow

NOW = datetime(2026, 3, 17, 8, tzinfo=UTC)  # before any clock that runs this
HELLO = outbox.Message("sms", "+33600000000", "", "Votre car a 5 min de retard.")


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    jobs_registry.install()
    yield
    outbox.when_written(None)


def queued(engine: Engine) -> list[datetime]:
    with reading(engine) as session:
        asked = select(JobRow.due_at).where(JobRow.name == deliveries.JOB, JobRow.state == "queued")
        return list(session.scalars(asked.order_by(JobRow.due_at)))


def run(config: Config, engine: Engine, name: str) -> Decision | None:
    with transaction(engine) as session:
        session.execute(delete(JobRow))
        job_id = enqueue(session, name, {}, None, NOW)
    return run_inline(engine, config, job_id).outcome


def test_many_rows_ask_for_one_delivery(engine: Engine) -> None:
    for number in range(5):
        with transaction(engine) as session:
            outbox.send(session, HELLO, key=str(number), now=NOW + timedelta(seconds=number))
    assert queued(engine) == [NOW]


def test_a_row_that_was_there_asks_for_nothing(engine: Engine) -> None:
    with transaction(engine) as session:
        outbox.send(session, HELLO, key="k", now=NOW)
    with transaction(engine) as session:
        assert not outbox.send(session, HELLO, key="k", now=NOW - timedelta(days=1))
    assert queued(engine) == [NOW]


def test_a_rolled_back_row_asks_for_nothing(engine: Engine) -> None:
    def halfway() -> None:
        with transaction(engine) as session:
            outbox.send(session, HELLO, key="k", now=NOW)
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        halfway()
    assert queued(engine) == []


def test_the_job_delivers_to_files_and_comes_back_for_what_failed(database_config: Config, engine: Engine) -> None:
    with transaction(engine) as session:
        outbox.send(session, HELLO, key="k", now=NOW)
        outbox.emit(session, "nobody.handles", {}, key="k", now=NOW)
    assert run(database_config, engine, deliveries.JOB) == Decision("outbox.delivered", done=1, failed=1)
    assert len(list((database_config.home / "outbox" / "sms").iterdir())) == 1
    (again,) = queued(engine)
    assert again > NOW


def test_the_sweep_is_a_job(database_config: Config, engine: Engine) -> None:
    with transaction(engine) as session:
        Blobs(database_config.home / "blobs").put(session, b"x", owner="o", purpose="p", keep_days=None, now=NOW)
    assert run(database_config, engine, "blobs.sweep") == Decision("blob.swept", files=0)
