"""An operator's worst night, on the real parts: a web process dies, the database or the broker leaves and comes back,
the service is restarted under load. Nothing acknowledged is lost, what is refused is said clearly, and nobody has to do
anything. `make drills` runs them all."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from covoit.store.journey_rows import JourneyRow
from mobigo.app import jobs_registry
from mobigo.app.serve import KILLED_AFTER_S, is_free
from mobigo.infra import clock
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.jobs import enqueue
from mobigo.infra.jobs.tables import JobRow
from tests.conftest import postgres_database
from tests.covoit_registry_world import Operator, operator_in
from tests.live import free_port
from tests.night import CUT, Declaring, Served, served

pytestmark = pytest.mark.postgres
Away = Callable[[], None]


@pytest.fixture(scope="module")
def database(postgres_template: str) -> Iterator[Engine]:
    """A database of the drills' own: it is taken away from everybody now and then."""
    with postgres_database(postgres_template) as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture(scope="module")
def night(database: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    url = database.url.render_as_string(hide_password=False)
    with served(tmp_path_factory.mktemp("night") / "home", url) as site:
        yield site


@pytest.fixture
def operator(database: Engine, request: pytest.FixtureRequest) -> Operator:
    return operator_in(database, f"Opérateur {request.node.name}")


@contextmanager
def away(database: Engine) -> Iterator[None]:
    """The database refuses everybody for the block, and cuts off who is there."""
    name = database.url.database
    admin = open_engine(os.environ["MOBIGO_TEST_POSTGRES"]).execution_options(isolation_level="AUTOCOMMIT")
    cut = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(cut, {"name": name})
        try:
            yield
        finally:
            connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    admin.dispose()
    database.dispose()


def kept(database: Engine, operator: Operator) -> list[str]:
    with Session(database) as session:
        asked = select(JourneyRow.operator_journey_id).where(JourneyRow.operator == operator.id)
        return sorted(session.scalars(asked))


def test_a_web_process_is_killed(night: Served, operator: Operator, database: Engine) -> None:
    with Declaring(night.url, operator) as client:
        client.wait_for(10)
        killed = night.web_processes()[0]
        os.kill(killed, signal.SIGKILL)
        client.wait_for(30)
        until = time.monotonic() + 120
        while len(night.web_processes()) < 2 or killed in night.web_processes():
            assert time.monotonic() < until, "nobody took its place"
            time.sleep(0.1)
    assert set(client.answers) <= {"201", "409", *CUT}
    assert sum(client.answers[each] for each in CUT) <= len(client.threads)
    found = kept(database, operator)
    assert sorted(client.acknowledged) == found == sorted(set(found))


def test_the_process_that_holds_the_others_is_killed(tmp_path: Path, operator: Operator, database: Engine) -> None:
    """None of them goes on alone, a request half sent or not: the address is free for whoever starts it again."""
    url = database.url.render_as_string(hide_password=False)
    with served(tmp_path / "home", url) as site:
        web, port = site.web_processes(), int(site.url.rpartition(":")[2])
        with Declaring(site.url, operator) as client:
            client.wait_for(10)
            dawdling = [socket.create_connection(("127.0.0.1", port)) for _ in range(6)]
            for each in dawdling:
                each.sendall(b"GET /healthz HTTP/1.1\r\nHost")
            os.kill(site.pid, signal.SIGKILL)
            until = time.monotonic() + 2.5 * KILLED_AFTER_S  # the server itself would hold them three times as long
            while any(Path(f"/proc/{each}/exe").exists() for each in web):
                assert time.monotonic() < until, "a web process goes on alone"
                time.sleep(0.1)
        for each in dawdling:
            each.close()
        assert len(web) == 2
        assert is_free("127.0.0.1", port)
    assert set(client.answers) <= {"201", "409", *CUT}
    assert sorted(client.acknowledged) == [each for each in kept(database, operator) if each in client.acknowledged]


def test_the_database_leaves_and_comes_back(night: Served, operator: Operator, database: Engine) -> None:
    with Declaring(night.url, operator) as client:
        client.wait_for(10)
        with away(database):
            until = time.monotonic() + 60
            while client.answers["503"] < 20:
                assert time.monotonic() < until, client.answers
                time.sleep(0.05)
            for path, status in (("/healthz", 200), ("/readyz", 503), ("/covoiturage", 503)):
                assert answer(night.url + path)[0] == status, path
            page = answer(night.url + "/covoiturage")[1]
        client.wait_for(20)  # the same processes, by themselves
    assert "Le service est momentanément arrêté" in page
    assert "Traceback" not in page
    assert set(client.answers) <= {"201", "409", "503"}
    refused = client.bodies["503"]
    assert (refused["code"], refused["headers"]["retry-after"]) == ("http.database_away_sent", "10")
    assert database.url.database not in json.dumps(refused)
    found = kept(database, operator)
    assert sorted(client.acknowledged) == found == sorted(set(found))


@pytest.mark.slow  # a new process has half a minute before the old one leaves
def test_a_restart_refuses_nobody(night: Served, operator: Operator, database: Engine) -> None:
    before = set(night.web_processes())
    with Declaring(night.url, operator) as client:
        client.wait_for(10)
        os.kill(night.pid, signal.SIGHUP)
        until = time.monotonic() + 240
        while before & set(night.web_processes()):
            assert time.monotonic() < until, "the old processes stay"
            time.sleep(0.2)
        client.wait_for(20)
    # A connection still in the queue of an old process may be cut (kernels give it to a new one when told to:
    # net.ipv4.tcp_migrate_req, see docs/operations.md); nobody is answered anything but yes.
    cut = client.answers["RemoteDisconnected"] + client.answers["ConnectionResetError"]
    assert set(client.answers) <= {"201", "409", "RemoteDisconnected", "ConnectionResetError"}
    assert cut <= len(client.threads) * len(before)
    assert sorted(client.acknowledged) == kept(database, operator)


@pytest.mark.redis
def test_the_broker_then_the_database_leave_a_worker(database: Engine, tmp_path: Path) -> None:
    jobs_registry.install()
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOBIGO_")}
    (tmp_path / "home").mkdir()
    environ = {
        **ours, "MOBIGO_HOME": str(tmp_path / "home"), "MOBIGO_ENV": "development",
        "MOBIGO_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "MOBIGO_BROKER_URL": f"redis://127.0.0.1:{port}/0",
    }  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        broker = subprocess.Popen(command, stdout=log)
        worker = subprocess.Popen(
            [sys.executable, "-m", "mobigo.app.cli", "worker"], env=environ, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            ask(database, "first", until_done=True)
            broker.kill()
            broker.wait()
            ask(database, "while the broker is away")
            broker = subprocess.Popen(command, stdout=log)
            ask(database, "once it is back", until_done=True)
            with away(database):
                time.sleep(3)
            ask(database, "once the database is back", until_done=True)
            assert worker.poll() is None
        finally:
            worker.terminate()
            worker.wait(60)
            broker.kill()
            broker.wait()
    with reading(database) as session:
        ended = session.execute(select(JobRow.key, JobRow.state, JobRow.tries).where(JobRow.key.is_not(None))).all()
    assert sorted(tuple(row) for row in ended) == sorted(
        (key, "done", 1)
        for key in ("first", "while the broker is away", "once it is back", "once the database is back")
    )


def ask(database: Engine, key: str, *, until_done: bool = False) -> None:
    """Ask for a small job; `until_done` waits until nothing asked for here is left."""
    with transaction(database) as session:
        enqueue(session, "privacy.erase", {}, None, clock.now(), key=key)
    until = time.monotonic() + 180
    while until_done:
        with reading(database) as session:
            states = set(session.scalars(select(JobRow.state).where(JobRow.key.is_not(None))))
        if states <= {"done", "failed", "cancelled"}:
            return
        assert time.monotonic() < until, states
        time.sleep(0.1)


def answer(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=60) as page:
            return page.status, page.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
