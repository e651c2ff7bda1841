"""The jobs of the network, run inline: an upload is imported and a build asked for; the sources are looked at."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mobigo.app import jobs_registry
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.jobs import JobFilter, State, enqueue, list_jobs, run_inline
from mobigo.infra.web import Services
from mobigo.network.store import feeds, networks
from tests.builders import feed, trip, write_zip

NOW = datetime(2025, 3, 18, 8, tzinfo=UTC)
FILES = feed([trip("early", "A 07:55 B 08:05 C 08:20")])


@pytest.fixture
def tools(database_config: Config, engine: Engine) -> Services:
    jobs_registry.install()
    made = Services(database_config)
    made.__dict__["engine"] = engine
    return made


def run(tools: Services, name: str, params: dict[str, object]) -> tuple[State, str | None]:
    with transaction(tools.engine) as session:
        job_id = enqueue(session, name, params, None, NOW)
    job = run_inline(tools.engine, tools.config, job_id)
    return job.state, None if job.outcome is None else job.outcome.code


def test_an_upload_is_imported_and_a_build_is_asked_for(tools: Services, tmp_path: Path) -> None:
    content = write_zip(FILES, tmp_path / "a.zip").read_bytes()
    with transaction(tools.engine) as session:
        digest = tools.blobs.put(session, content, owner="feed:ter", purpose="upload", keep_days=1, now=NOW)
    done = run(tools, "network.import", {"archive_sha256": digest, "feed": "ter"})
    assert done == (State.DONE, "network.imported")
    with reading(tools.engine) as session:
        waiting = list_jobs(session, JobFilter(name="network.build"))
    assert len(waiting) == 1
    assert run_inline(tools.engine, tools.config, waiting[0].id).state is State.DONE
    with networks.NetworkHolder(tools.engine, tools.config.home).current() as network:
        assert list(network.timetable.trip_id) == ["early"]


def test_a_refused_upload_fails_with_its_reason_and_is_not_tried_again(tools: Services, tmp_path: Path) -> None:
    with transaction(tools.engine) as session:
        digest = tools.blobs.put(session, b"?", owner="feed:ter", purpose="upload", keep_days=1, now=NOW)
    failed = run(tools, "network.import", {"archive_sha256": digest, "feed": "ter"})
    assert failed == (State.FAILED, "network.not_a_zip")
    with reading(tools.engine) as session:
        assert feeds.list_feeds(session) == []


def test_a_round_without_any_source_is_done(tools: Services) -> None:
    assert run(tools, "network.poll", {}) == (State.DONE, "network.polled")
