"""Several hosts in the production profile, on PostgreSQL and Redis or RabbitMQ, behind one front, under load.

Claimed: hosts are restarted one after the other and nobody is refused; a host whose cable is pulled out and put back
costs the requests it was at and no more; another timetable is put in use and every answer is wholly of the one before
or of the one after; jobs asked meanwhile end once; nothing acknowledged is lost or kept twice.

The short form, two hosts of one web process, is in the test suite; `make drills` plays three hosts of two as well, on
both brokers."""

import http.client
import json
import os
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine, select

from mobigo.app import jobs_registry
from mobigo.infra import clock
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.jobs import enqueue
from mobigo.infra.jobs.tables import JobRow
from tests.builders import DAY, feed, trip, write_zip
from tests.conftest import postgres_database
from tests.covoit_registry_world import operator_in
from tests.drills.test_worst_night import kept
from tests.hosts import NAME, Host, Hosts, hosts_on
from tests.night import Declaring, report

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.rabbitmq]
ANSWER_S = 240  # a machine that does much else
ASKED = f"/api/v1/journeys?from=bfc:A&to=bfc:C&at={DAY.isoformat()}T07:00:00%2B01:00&window=120"


@dataclass(frozen=True)
class Night:
    """The hosts, their database, how hard they are tried."""

    hosts: Hosts
    engine: Engine
    cut_s: float


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((2, "redis", 6.0), id="2 hosts, redis"),
        pytest.param((3, "redis", 20.0), id="3 hosts, redis", marks=pytest.mark.slow),
        pytest.param((3, "rabbitmq", 20.0), id="3 hosts, rabbitmq", marks=pytest.mark.slow),
    ],
)
def night(
    request: pytest.FixtureRequest, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Night]:
    count, broker, cut_s = request.param
    folder = tmp_path_factory.mktemp("hosts")
    jobs_registry.install()
    broker_url = os.environ[f"MOBIGO_TEST_{broker.upper()}"]
    with (
        postgres_database(postgres_template) as url,
        hosts_on(
            folder,
            count,
            url,
            broker_url,
            MOBIGO_JOBS_QUEUE=folder.name,
            MOBIGO_WEB_PROCESSES="1" if count == 2 else "2",
        ) as hosts,
    ):
        engine = open_engine(url)
        put_in_use(hosts.all[0], "1")
        hosts.start()
        for host in hosts.all:
            for _ in range(6):  # a first answer reads more than the next
                ask(f"http://{host.address}:8000")
        yield Night(hosts, engine, cut_s)
        engine.dispose()


def put_in_use(host: Host, version: str) -> None:
    """A timetable of two lines, whose every trip bears the version on its front, brought by one host."""
    runs = [
        trip(f"{version}-{line}-{hour}", f"{a} {hour}:{start:02d} {b} {hour}:{start + 20:02d}", route=line)
        for hour in (7, 8)
        for line, a, b, start in (("first", "A", "B", 5), ("second", "B", "C", 30))
    ]
    for each in runs:
        each.row["trip_headsign"] = f"version {version}"
    zipped = write_zip(feed(runs), host.home / f"feed-{version}.zip")
    for arguments in (("gtfs", "import", str(zipped), "--name", "bfc"), ("network", "build")):
        assert host.run(*arguments).wait(180) == 0, host.said()[-3_000:]


@dataclass
class Asking:
    """Threads that ask the same journey over and over; of each answer, its network and the versions its trips bear."""

    url: str
    answers: Counter[tuple[str, tuple[str, ...]]] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(2)]

    def __enter__(self) -> "Asking":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(120)

    def versions(self) -> set[tuple[str, ...]]:
        return {versions for _, versions in self.answers}

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                found = ask(self.url)
            except (OSError, http.client.HTTPException) as failure:
                self.failures[type(failure).__name__] += 1
                time.sleep(0.05)
            else:
                self.answers[found] += 1


def ask(url: str) -> tuple[str, tuple[str, ...]]:
    asked = urllib.request.Request(url + ASKED, headers={"Host": NAME})
    with urllib.request.urlopen(asked, timeout=ANSWER_S) as answer:
        said = json.load(answer)
    legs = [leg for journey in said["journeys"] for leg in journey["legs"] if leg["type"] == "ride"]
    return said["network"], tuple(sorted({leg["headsign"] for leg in legs}))


def wait(what: "threading.Event | object", limit_s: float = 180.0) -> None:
    until = time.monotonic() + limit_s
    while not what():  # type: ignore[operator]
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.1)


def job(engine: Engine, key: str) -> None:
    with transaction(engine) as session:
        enqueue(session, "privacy.erase", {}, None, clock.now(), key=key)


def ended_once(engine: Engine, *keys: str) -> bool:
    with reading(engine) as session:
        found = session.execute(select(JobRow.key, JobRow.state).where(JobRow.key.in_(keys))).all()
    return sorted(tuple(row) for row in found) == sorted((key, "done") for key in keys)


def test_hosts_are_restarted_one_after_the_other_and_nobody_is_refused(night: Night) -> None:
    operator = operator_in(night.engine, "Opérateur des redémarrages")
    front = night.hosts.front
    with Declaring(night.hosts.url, operator, NAME) as client, Asking(night.hosts.url) as asking:
        client.wait_for(8)
        for host in night.hosts.all:
            before = host.web_processes()
            job(night.engine, f"restart of host {host.number}")
            front.drain(host.number)
            host.stop()  # here a new version would be installed
            host.start()
            front.undrain(host.number)
            assert not set(before) & set(host.web_processes())
            client.wait_for(8)
        wait(lambda: ended_once(night.engine, *(f"restart of host {host.number}" for host in night.hosts.all)))
    assert (set(client.answers), front.refused, dict(asking.failures)) == ({"201"}, 0, {})
    found = kept(night.engine, operator)
    assert sorted(client.acknowledged) == found == sorted(set(found))
    report(f"{len(night.hosts.all)} hosts restarted one by one", client, found)


def test_a_host_is_cut_off_and_comes_back(night: Night) -> None:
    operator = operator_in(night.engine, "Opérateur d’un câble débranché")
    cut = night.hosts.all[-1]
    before = cut.web_processes()
    with Declaring(night.hosts.url, operator, NAME) as client:
        client.wait_for(8)
        cut.cut_off()
        try:
            job(night.engine, f"while host {cut.number} is cut off")
            began = time.monotonic()
            night.hosts.front.wait_for(cut.number, ready=False)
            client.wait_for(8)  # by the others
            time.sleep(max(0.0, night.cut_s - (time.monotonic() - began)))
        finally:
            cut.plug_in()
        night.hosts.front.wait_for(cut.number, ready=True)
        client.wait_for(8)
        wait(lambda: ended_once(night.engine, f"while host {cut.number} is cut off"))
    assert set(client.answers) <= {"201", "409", "503", "RemoteDisconnected", "ConnectionResetError"}
    # Each client loses what it had there, and what it gave that host before the front noticed.
    assert sum(client.answers.values()) - client.answers["201"] - client.answers["409"] <= 4 * len(client.threads)
    assert cut.web_processes() == before  # the same processes, by themselves
    found = kept(night.engine, operator)
    assert sorted(client.acknowledged) == found == sorted(set(found))
    report(f"1 of {len(night.hosts.all)} hosts cut off", client, found)


def test_another_timetable_is_put_in_use_and_no_answer_is_mixed(night: Night) -> None:
    def on_every_host() -> bool:
        return all(ask(f"http://{host.address}:8000")[1] == ("version 2",) for host in night.hosts.all)

    with Asking(night.hosts.url) as asking:
        wait(lambda: sum(asking.answers.values()) > 10)
        put_in_use(night.hosts.all[0], "2")
        wait(on_every_host)  # each compiles its own copy
        seen = sum(asking.answers.values())
        wait(lambda: sum(asking.answers.values()) > seen + 10)
    assert asking.failures == Counter()
    networks = {network for network, _ in asking.answers}
    assert asking.versions() == {("version 1",), ("version 2",)}
    assert len(networks) == len(asking.answers) == 2  # one version a network, one network a version
    print(
        f"\ndrill {len(night.hosts.all)} hosts, another timetable: {sum(asking.answers.values())} answers, none mixed"
    )
