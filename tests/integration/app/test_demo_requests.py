"""The requests of the demonstration: every state, several people, one late, made once."""

from collections import Counter
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from mobigo.app.demo import asking, people
from mobigo.base.instants import paris_day
from mobigo.infra import documents
from mobigo.infra.config import Config
from mobigo.infra.db import reading
from mobigo.infra.roles import Role
from mobigo.requests.model import OPEN, State
from mobigo.requests.store import requests as store

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)


def test_a_day_of_requests_can_be_believed(engine: Engine, database_config: Config) -> None:
    accesses, _new = people.prepare(engine, database_config.home, NOW)
    subjects = people.subjects(engine, accesses)
    assert asking.prepare(engine, database_config, NOW, subjects) == len(asking.SAMPLES)
    assert asking.prepare(engine, database_config, NOW, subjects) == 0
    with reading(engine) as session:
        rows = list(session.scalars(select(store.RequestRow)))
        counted = Counter(row.state for row in rows)
        assert set(counted) == set(State)
        late = [row for row in rows if row.state in OPEN and row.promised_on < paris_day(NOW)]
        assert [row.channel for row in late] == ["letter"]
        for role in (Role.TRAVELLER, Role.FAMILY, Role.DRIVER):
            assert store.of_subject(session, subjects[str(role)]), role
        assert [each.media for each in documents.given_by(session, subjects[str(Role.TRAVELLER)])] == [
            "application/pdf"
        ]
        assert [each.name for each in documents.given_by(session, subjects[str(Role.FAMILY)])] == ["jugement.pdf"]
        assert len({row.channel for row in rows}) == 4
