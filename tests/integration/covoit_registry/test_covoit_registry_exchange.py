"""Our lines at the national registry: over real HTTP against our own registry, and against one that misbehaves."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from covoit.gateway.rpc import Heard, Rpc, Told, name_of
from covoit.model.journeys import Journey, JourneyState, ProofClass
from covoit.rules import exchange as rules
from covoit.rules.exchange import Act, Difference
from covoit.service import exchange
from covoit.store import journeys, people
from covoit.store.registry import SentRow
from mobigo.base.errors import InvalidInput, Refused, Upstream
from mobigo.base.geo import Point
from mobigo.infra import clock
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, reading, transaction
from tests.covoit_registry_world import AVOUDREY, BAUME, key_of, operator_in
from tests.live import site

ENDS = (Point(*BAUME), Point(*AVOUDREY))
TEMPLATE = Journey(
    id="", operator="mobigo", operator_journey_id="", operator_trip_id="t", proof_class=ProofClass.C, driver="",
    passenger="", seats=1, started_at=datetime(2026, 1, 1, tzinfo=UTC), ended_at=datetime(2026, 1, 1, tzinfo=UTC),
    distance_m=33_000, received_at=datetime(2026, 1, 1, tzinfo=UTC),
)  # fmt: skip


def prove(engine: Engine, number: int, now: datetime, hours: float = 2, phone: str | None = "+336010203") -> Journey:
    """A journey of one of our lines, proven an hour after it started."""
    start = (now - timedelta(hours=hours)).replace(microsecond=0)
    with transaction(engine) as session:
        driver = people.person_of(session, key_of("driver"), phone_trunc="+336010204", now=now)
        rider = people.person_of(session, key_of(f"rider {number}"), phone_trunc=phone, now=now)
        journey = replace(
            TEMPLATE, id=clock.new_id(now), operator_journey_id=f"own{number}", operator_trip_id=f"trip{number}",
            driver=driver, passenger=rider, started_at=start, ended_at=start + timedelta(minutes=35), received_at=now,
        )  # fmt: skip
        return journeys.record(session, journey, positions=ENDS)


def told(engine: Engine) -> dict[str, tuple[str, int, str | None]]:
    with reading(engine) as session:
        return {
            row.operator_journey_id: (row.state, row.revision, row.remote_status)
            for row in session.scalars(select(SentRow))
        }


def correct(engine: Engine, journey: Journey, distance_m: int, now: datetime) -> None:
    with transaction(engine) as session:
        stored = journeys.get_stored(session, "mobigo", journey.operator_journey_id, lock=True)
        after = replace(stored.journey, distance_m=distance_m)
        journeys.amend(session, stored, after, positions=ENDS, sums=None, findings=(), now=now)


def withdraw(engine: Engine, journey: Journey, now: datetime) -> None:
    with transaction(engine) as session:
        journeys.cancel(session, "mobigo", journey.operator_journey_id, code="fraud", now=now)


def test_our_lines_are_told_corrected_withdrawn_polled_and_reconciled_over_http(
    engine: Engine, sqlite_template: Path, tmp_path: Path
) -> None:
    peer_home = tmp_path / "peer"
    peer_home.mkdir()
    shutil.copyfile(sqlite_template, peer_home / "mobigo.sqlite")
    there = open_engine(f"sqlite:///{peer_home / 'mobigo.sqlite'}")
    operator = operator_in(there, "Région")
    with site(peer_home) as served:
        peer = Rpc(f"{served.url}/api/v1/covoit/registry", operator.access_key, operator.key)
        now = clock.now()
        first, second = prove(engine, 1, now, hours=3), prove(engine, 2, now, hours=5)
        prove(engine, 3, now, hours=25)  # proven too late for the registry, paid by us all the same
        prove(engine, 4, now, hours=7, phone=None)
        done = exchange.exchange(engine, peer, clock.now)
        assert done.acts == {"create": 2, "expired": 1, "incomplete": 1}
        assert told(engine) == {"own1": ("sent", 0, None), "own2": ("sent", 0, None), "own3": ("expired", 0, None)}
        assert exchange.exchange(engine, peer, clock.now).sent == 0  # nothing new: nothing is told twice

        correct(engine, first, 31_000, clock.now())
        withdraw(engine, second, clock.now())
        assert exchange.exchange(engine, peer, clock.now).acts == {"patch": 1, "cancel": 1, "incomplete": 1}
        with reading(there) as session:
            held = journeys.journey_of(session, operator.id, name_of(first))
            assert (held.distance_m, held.started_at) == (31_000, first.started_at)
            assert journeys.journey_of(session, operator.id, name_of(second)).state is JourneyState.CANCELLED
            with pytest.raises(Exception, match="unknown_journey"):
                journeys.journey_of(session, operator.id, "nothing")

        later = clock.now() + timedelta(hours=49)
        assert exchange.exchange(engine, peer, lambda: later).polled == 2
        assert told(engine)["own1"] == ("sent", 1, "pending")
        assert told(engine)["own2"] == ("canceled", 1, "canceled")

        # Sent, and the answer lost: the registry says 409, and it is there.
        with transaction(engine) as session:
            session.execute(SentRow.__table__.delete().where(SentRow.operator_journey_id == "own1"))  # type: ignore[attr-defined]
        assert exchange.exchange(engine, peer, clock.now).acts == {"create": 1}
        assert told(engine)["own1"][0] == "sent"

        day = now.date()
        assert exchange.reconcile(engine, peer, day) == [] or first.day.month != second.day.month
        withdraw(engine, first, clock.now())  # not told yet
        found = exchange.reconcile(engine, peer, first.day)
        assert found == [Difference(name_of(first), "canceled", "pending")]
        assert exchange.as_csv(found).decode("utf-8-sig").splitlines()[1] == f"{name_of(first)};canceled;pending"
    there.dispose()


# ---------------------------------------------------------------- a registry that misbehaves


class Odd:
    """A registry whose answers are given in advance."""

    def __init__(self) -> None:
        self.answers: list[Told | Exception] = []
        self.asked: list[str] = []

    def _next(self, what: str) -> Told:
        self.asked.append(what)
        answer = self.answers.pop(0) if self.answers else Told("sent")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def create(self, document: Any) -> Told:
        return self._next(f"create {document['operator_trip_id']}")

    def patch(self, name: str, document: Any) -> Told:
        return self._next("patch")

    def cancel(self, name: str, code: str, message: str) -> Told:
        return self._next("cancel")

    def status(self, name: str) -> Heard | None:
        self._next("status")
        return Heard("ok", "1", ())

    def listed(self, status: str, start: datetime, end: datetime) -> list[str]:
        return []


DOWN = Upstream("covoit.rpc_failed", reason="TimeoutError")


def test_a_registry_that_is_down_is_left_alone_and_told_when_it_is_back(engine: Engine) -> None:
    now = clock.now()
    for number in range(5):
        prove(engine, number, now, hours=2 + 2 * number)
    peer = Odd()
    peer.answers = [DOWN, DOWN, DOWN]
    done = exchange.exchange(engine, peer, lambda: now)
    assert (done.failed, done.sent, len(peer.asked)) == (3, 0, 3)
    assert told(engine) == {}
    peer.answers = [Told("sent"), DOWN]
    assert exchange.exchange(engine, peer, lambda: now).sent == 4
    assert exchange.exchange(engine, peer, lambda: now).sent == 1
    assert {state for state, _, _ in told(engine).values()} == {"sent"}


def test_what_the_registry_refuses_is_written_down_and_corrected_later(engine: Engine) -> None:
    now = clock.now()
    journey = prove(engine, 1, now)
    peer = Odd()
    peer.answers = [Told("refused", ("too_close_trips",))]
    exchange.exchange(engine, peer, lambda: now)
    assert told(engine)["own1"][0] == "refused"
    exchange.exchange(engine, peer, lambda: now)
    correct(engine, journey, 30_000, now)
    exchange.exchange(engine, peer, lambda: now)
    assert (peer.asked, told(engine)["own1"][:2]) == (["create trip1", "patch"], ("sent", 1))


def test_other_operators_journeys_are_not_ours_to_tell(engine: Engine) -> None:
    now = clock.now()
    with transaction(engine) as session:
        journeys.record(session, replace(TEMPLATE, id="J", operator="other", operator_journey_id="x", received_at=now))
    peer = Odd()
    exchange.exchange(engine, peer, lambda: now)
    assert peer.asked == []


@contextmanager
def answering(script: Callable[[str, str, dict[str, Any]], tuple[int, bytes, float]]) -> Iterator[str]:
    """A server that answers what `script(method, path, headers)` says: status, body, and how long it waits."""
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body, wait_s = script(self.command, self.path, dict(self.headers))
            if wait_s:
                stop.wait(wait_s)
            with suppress(ConnectionError):  # whoever asked did not wait
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        do_GET = do_POST = do_PATCH = _any

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v3.3"
    finally:
        stop.set()
        server.shutdown()
        thread.join()
        server.server_close()


TOKEN = json.dumps({"access_token": "t"}).encode()


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (500, b"{}", "HTTP 500"),
        (503, b"<html>", "HTTP 503"),
        (429, b"{}", "HTTP 429"),
        (200, b"<html>", "JSONDecodeError"),
        (200, b"[" * 100_000, "RecursionError"),
        (200, b"{}", "HTTP 200"),
    ],
)
def test_an_answer_that_is_none_is_upstream(status: int, body: bytes, reason: str) -> None:
    def script(method: str, path: str, headers: dict[str, Any]) -> tuple[int, bytes, float]:
        return (201, TOKEN, 0) if path.endswith("/auth/access_token") else (status, body, 0)

    with answering(script) as url, pytest.raises(Upstream) as failed:
        Rpc(url, "a", "s").status("x")
    assert failed.value.decision.params["reason"] == reason


def test_silence_is_upstream_and_so_is_nobody() -> None:
    with answering(lambda *_: (200, b"{}", 5)) as url:
        with pytest.raises(Upstream) as failed:
            Rpc(url, "a", "s", timeout_s=0.05).status("x")
        assert failed.value.decision.params["reason"] == "TimeoutError"
    with pytest.raises(Upstream):
        Rpc(url, "a", "s", timeout_s=1).status("x")


def test_a_token_that_ended_is_asked_again_once_and_a_refused_key_is_told() -> None:
    tokens: list[str] = []

    def script(method: str, path: str, headers: dict[str, Any]) -> tuple[int, bytes, float]:
        if path.endswith("/auth/access_token"):
            tokens.append(f"t{len(tokens)}")
            return 201, json.dumps({"access_token": tokens[-1]}).encode(), 0
        good = headers.get("Authorization") == "Bearer t1"
        return (200, b'{"status": "ok"}', 0) if good else (401, b"{}", 0)

    with answering(script) as url:
        peer = Rpc(url, "a", "s")
        assert peer.status("x") == Heard("ok", None, ())
        assert peer.status("y") == Heard("ok", None, ())
        assert tokens == ["t0", "t1"]
    with answering(lambda *_: (401, b"{}", 0)) as url, pytest.raises(Upstream) as failed:
        Rpc(url, "a", "s").status("x")
    assert failed.value.decision.code == "covoit.rpc_refused_key"


def test_the_registrys_own_envelopes_are_read() -> None:
    """The document of the registry shows JSON-RPC envelopes on some routes, bare documents on others."""

    def script(method: str, path: str, headers: dict[str, Any]) -> tuple[int, bytes, float]:
        if path.endswith("/auth/access_token"):
            return 201, json.dumps({"id": 1, "jsonrpc": "2.0", "result": {"data": {"access_token": "t"}}}).encode(), 0
        if method == "POST":
            error = {"code": -32422, "data": {"terms_violation_labels": ["expired"]}}
            return 422, json.dumps({"id": 1, "jsonrpc": "2.0", "error": error}).encode(), 0
        data = {"status": "fraud_error", "journey_id": 12, "fraud_error_labels": [{"label": "interoperator_overlap"}]}
        return 200, json.dumps({"result": {"meta": None, "data": data}}).encode(), 0

    with answering(script) as url:
        peer = Rpc(url, "a", "s")
        assert peer.create({"operator_journey_id": "x"}) == Told("refused", ("expired",))
        assert peer.status("x") == Heard("fraud_error", "12", ("interoperator_overlap",))


# ---------------------------------------------------------------- decisions

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("state", "told_before", "complete", "age", "act"),
    [
        (JourneyState.PENDING, None, True, 24 * HOUR, Act.CREATE),
        (JourneyState.PENDING, None, True, 24 * HOUR + timedelta(seconds=1), Act.EXPIRED),
        (JourneyState.PENDING, None, False, HOUR, Act.INCOMPLETE),
        (JourneyState.OK, "sent", True, 100 * HOUR, Act.PATCH),
        (JourneyState.OK, "refused", True, 100 * HOUR, Act.PATCH),
        (JourneyState.OK, "expired", True, 100 * HOUR, Act.EXPIRED),
        (JourneyState.OK, "missing", True, 2 * HOUR, Act.CREATE),
        (JourneyState.CANCELLED, None, True, HOUR, Act.NOTHING),
        (JourneyState.CANCELLED, "expired", True, HOUR, Act.NOTHING),
        (JourneyState.CANCELLED, "sent", False, 1_000 * HOUR, Act.CANCEL),
    ],
)
def test_what_is_told_follows_from_the_facts(
    state: JourneyState, told_before: str | None, complete: bool, age: timedelta, act: Act
) -> None:
    journey = replace(TEMPLATE, state=state)
    assert rules.act_on(journey, told_before, complete=complete, now=journey.started_at + age) is act


@pytest.mark.parametrize(
    ("status", "age", "again"),
    [
        ("ok", 47 * HOUR, rules.POLL_AGAIN),
        ("ok", 48 * HOUR, None),
        ("pending", 48 * HOUR, rules.POLL_AGAIN),
        ("absent", 100 * HOUR, rules.POLL_AGAIN),
        ("pending", timedelta(days=30), None),
    ],
)
def test_a_status_is_asked_until_it_is_final(status: str, age: timedelta, again: timedelta | None) -> None:
    assert rules.poll_again(status, TEMPLATE.ended_at, TEMPLATE.ended_at + age) == again


def test_nothing_is_sent_unless_an_address_is_set() -> None:
    config = load_config({})
    assert config.rpc_url is None
    with pytest.raises(Refused):
        exchange.open_registry(config)
    set_up = load_config({"MOBIGO_RPC_URL": "https://registry.example/v3.3", "MOBIGO_RPC_SECRET_KEY": "hush"})
    assert "hush" not in repr(set_up)
    assert exchange.open_registry(set_up) is not None


@pytest.mark.parametrize("url", ["ftp://x", "https://", "https://me:secret@x/v3", "registry"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        Rpc(url, "a", "s")
