"""mobigo doctor: each fault is found, named and told what to do about; nothing is changed by looking."""

import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from mobigo.app import doctor as module
from mobigo.app import schema
from mobigo.app.cli import run
from mobigo.app.doctor import CHECKS, Level, Patient, examine
from mobigo.infra.blobs import Blobs
from mobigo.infra.config import Config, load_config
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.jobs.tables import JobRow
from mobigo.infra.keys import secret_file, secret_key
from mobigo.infra.outbox import EffectRow, emit

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
Usage = namedtuple("Usage", "total used free")


def levels(config: Config, engine: Engine, now: datetime = NOW) -> dict[str, Level]:
    """The worst level of each check."""
    worst: dict[str, Level] = {}
    order = [Level.OK, Level.WARNING, Level.FAULT]
    for finding in examine(Patient(config, engine, now)):
        worst[finding.check] = max(worst.get(finding.check, Level.OK), finding.level, key=order.index)
    return worst


def codes(config: Config, engine: Engine, now: datetime = NOW) -> set[str]:
    return {finding.says.code for finding in examine(Patient(config, engine, now))}


def test_a_fresh_instance_has_no_fault_on_either_database(database_config: Config, engine: Engine) -> None:
    database_config.home.mkdir()
    found = levels(database_config, engine, datetime.now(UTC))
    assert [check for check, level in found.items() if level is Level.FAULT] == []
    assert set(found) == {check.__name__.removeprefix("check_") for check in CHECKS}
    assert found["database"] is Level.OK
    assert found["network"] is Level.WARNING  # none yet


def test_looking_at_nothing_makes_nothing(tmp_path: Path) -> None:
    config = load_config({"MOBIGO_HOME": str(tmp_path / "deep" / "home")})
    engine = open_engine(config.database_url, make_folder=False)
    assert Level.FAULT not in levels(config, engine).values()
    assert list(tmp_path.iterdir()) == []


def test_a_database_at_another_schema_is_a_fault(config: Config) -> None:
    engine = open_engine(config.database_url)
    with transaction(engine) as session:
        session.execute(text("CREATE TABLE theirs (n INTEGER)"))
    assert "database.not_migrated" in codes(config, engine)
    schema.migrate(engine)
    assert "doctor.database" in codes(config, engine)
    with transaction(engine) as session:
        session.execute(text("DROP TRIGGER audit_entry_no_update"))
    assert "doctor.schema_differs" in codes(config, engine)
    with transaction(engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "database.newer" in codes(config, engine)
    engine.dispose()


def test_a_database_out_of_reach_is_one_fault_and_the_rest_is_still_examined(config: Config) -> None:
    away = replace(config, database_url="postgresql://nobody@127.0.0.1:1/none")
    engine = open_engine(away.database_url)
    found = examine(Patient(away, engine, NOW))
    assert "database.unreachable" in {finding.says.code for finding in found}
    assert {finding.check for finding in found} >= {"disk", "home", "broker", "kernels"}


def harm_key_mode(config: Config, _engine: Engine) -> None:
    secret_key(config)
    secret_file(config.home).chmod(0o644)


def harm_key_content(config: Config, _engine: Engine) -> None:
    secret_key(config)
    secret_file(config.home).write_text("short")


def harm_blob(config: Config, engine: Engine) -> None:
    blobs = Blobs(config.home / "blobs")
    with transaction(engine) as session:
        digest = blobs.put(session, b"x", owner="o", purpose="p", keep_days=None, now=NOW)
    blobs.path(digest).unlink()


def harm_job(_config: Config, engine: Engine) -> None:
    late = NOW - timedelta(minutes=11)
    job = {"id": "1" * 26, "name": "a.b", "params": {}, "state": "queued", "tries": 0, "tries_max": 1, "backoff_s": 1.0}
    with transaction(engine) as session:
        session.add(JobRow(**job, generation=0, due_at=late, created_at=late, progress_done=0, progress_text=""))


def harm_outbox(_config: Config, engine: Engine) -> None:
    with transaction(engine) as session:
        emit(session, "t", {}, key="k", now=NOW)
        session.flush()
        session.execute(EffectRow.__table__.update().values(failed_at=NOW, due_at=None))  # type: ignore[attr-defined]  # a table


def harm_marker(config: Config, _engine: Engine) -> None:
    (config.home / ".restoring").touch()


@pytest.mark.parametrize(
    ("harm", "check", "level", "code"),
    [
        (harm_key_mode, "secrets", Level.FAULT, "config.secret_readable"),
        (harm_key_content, "secrets", Level.FAULT, "config.short_secret"),
        (harm_blob, "files", Level.FAULT, "doctor.files_missing"),
        (harm_job, "jobs", Level.WARNING, "doctor.jobs_wait"),
        (harm_outbox, "outbox", Level.WARNING, "doctor.outbox_set_aside"),
        (harm_marker, "home", Level.FAULT, "doctor.restore_interrupted"),
    ],
)
def test_harm_is_found(
    database_config: Config,
    engine: Engine,
    harm: Callable[[Config, Engine], None],
    check: str,
    level: Level,
    code: str,
) -> None:
    database_config.home.mkdir()
    assert levels(database_config, engine)[check] is Level.OK
    harm(database_config, engine)
    assert levels(database_config, engine)[check] is level
    assert code in codes(database_config, engine)


@pytest.mark.parametrize(
    ("free", "code"),
    [
        ((1 << 30) - 1, "doctor.no_disk"),
        (1 << 30, "doctor.low_disk"),
        ((5 << 30) - 1, "doctor.low_disk"),
        (5 << 30, "doctor.disk"),
    ],
)
def test_room_on_the_disk(config: Config, monkeypatch: pytest.MonkeyPatch, free: int, code: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1 << 40, 0, free))
    assert code in codes(config, open_engine(config.database_url))


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), "doctor.clock_wrong"),
        (datetime(2026, 10, 31, tzinfo=UTC), "doctor.clock_wrong"),
        (datetime(2026, 11, 1, tzinfo=UTC), "doctor.clock"),
        (datetime(2090, 1, 1, tzinfo=UTC), "doctor.clock_wrong"),
    ],
)
def test_a_clock_that_cannot_be_right(config: Config, now: datetime, code: str) -> None:
    assert code in codes(config, open_engine(config.database_url), now)


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://guest:guest@127.0.0.1:1//"])
def test_a_broker_that_does_not_answer_is_a_fault(config: Config, url: str) -> None:
    away = replace(config, broker_url=url)
    assert levels(away, open_engine(config.database_url))["broker"] is Level.FAULT


@pytest.mark.redis
def test_redis_answers(config: Config, redis_url: str) -> None:
    assert levels(replace(config, broker_url=redis_url), open_engine(config.database_url))["broker"] is Level.OK


@pytest.mark.rabbitmq
def test_rabbitmq_answers(config: Config, rabbitmq_url: str) -> None:
    assert levels(replace(config, broker_url=rabbitmq_url), open_engine(config.database_url))["broker"] is Level.OK


def test_a_check_that_breaks_is_a_fault_and_not_the_end(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_patient: Patient) -> list[module.Finding]:
        raise OSError("the disk is gone")

    monkeypatch.setattr(module, "CHECKS", (broken, *CHECKS))
    found = examine(Patient(config, open_engine(config.database_url), NOW))
    assert found[0].says.code == "doctor.check_failed"
    assert len(found) > 5


@pytest.mark.parametrize(("environment", "code"), [("development", 0), ("production", 3)])
def test_the_command_says_it_all_and_leaves_with_three_when_faulty(
    environment: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MOBIGO_HOME", str(tmp_path))
    monkeypatch.setenv("MOBIGO_ENV", environment)
    for name in ("MOBIGO_SECRET_KEY", "MOBIGO_DATABASE_URL", "MOBIGO_BROKER_URL"):
        monkeypatch.delenv(name, raising=False)
    assert run(["doctor", "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is (code == 0)
    assert run(["doctor"]) == code
    text_shown = capsys.readouterr().out
    for check in document["checks"]:
        assert "doctor." not in check["message"]
        assert check["message"] in text_shown
