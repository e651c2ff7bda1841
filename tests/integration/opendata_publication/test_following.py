"""Following: nobody is written to who did not confirm, each is told once, calls are signed and stay outside."""

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from mobigo.app import deliveries
from mobigo.base.errors import InvalidInput, NotFound, Refused, Upstream
from mobigo.infra.db import reading, transaction
from mobigo.infra.jobs import JobFilter, list_jobs
from mobigo.infra.outbox import MessageRow, deliver_effects
from mobigo.infra.privacy import erase_due, subject_packages
from mobigo.infra.web import Services
from opendata.gateway.calls import CallLimits, check_address, post
from opendata.service import following, governance
from opendata.service.publishing import publish_all
from opendata.store import followers
from tests.opendata_world import NOW, ROWS, Facts

LATER = NOW + timedelta(days=1)
HOOK = "https://reutilisateur.example.org/mobigo"


@pytest.fixture(autouse=True)
def jobs_are_known() -> None:
    from mobigo.app import jobs_registry

    jobs_registry.install()


def publish(tools: Any, facts: Facts, now: Any = NOW) -> None:
    publish_all(tools, [facts.offer], now)


def deliver(tools: Any) -> None:
    services = Services(tools.config)
    services.__dict__["engine"] = tools.engine
    assert deliver_effects(tools.engine, deliveries.handlers(services), lambda: LATER + timedelta(days=30)).failed == 0


def messages(tools: Any) -> list[MessageRow]:
    with reading(tools.engine) as session:
        return list(session.scalars(select(MessageRow).order_by(MessageRow.id)))


def ask(tools: Any, **given: Any) -> followers.Follower:
    asked = {"dataset": "essai-lieux", "reasons": ["changed", "errors"], "email": "lea@example.org", "person": None}
    with transaction(tools.engine) as session:
        return following.ask_by_mail(session, tools.config, language="fr", now=NOW, **{**asked, **given})


def test_an_address_that_did_not_answer_is_never_written_to_again_and_is_forgotten(tools: Any) -> None:
    publish(tools, Facts())
    deliver(tools)
    found = ask(tools)
    (letter,) = messages(tools)
    assert letter.recipient == "lea@example.org"
    assert following.link(tools.config, found.id) in letter.body
    publish(tools, Facts(rows=ROWS[:2]), LATER)
    deliver(tools)
    assert len(messages(tools)) == 1
    with transaction(tools.engine) as session:
        assert erase_due(session, NOW + timedelta(days=8))["opendata_follower"] == 1


def test_who_confirmed_is_told_once_of_what_they_asked_and_of_nothing_else(tools: Any) -> None:
    publish(tools, Facts())
    found = ask(tools)
    ask(tools, email="tom@example.org", reasons=["closed"])
    every = ask(tools, email="zoe@example.org", dataset=followers.ALL)
    with transaction(tools.engine) as session:
        for each in (found, every):
            followers.confirm(session, each.id, NOW)
    publish(tools, Facts(rows=ROWS[:2]), LATER)
    deliver(tools)
    deliver(tools)
    told = [each for each in messages(tools) if "mise à jour" in each.body]
    assert sorted(each.recipient for each in told) == ["lea@example.org", "zoe@example.org"]
    assert told[0].subject == "Lieux d’essai\u202f: mise à jour"
    assert "/donnees/suivre/" in told[0].body
    with transaction(tools.engine) as session:
        assert following.tell(session, tools.config, _last_event(session), LATER) == 2
    assert len([each for each in messages(tools) if "mise à jour" in each.body]) == 2  # the same event: nobody twice


def _last_event(session: Any) -> str:
    from opendata.store.versions import list_events

    return list_events(session)[0].id


def test_nobody_changes_the_wish_of_another_address(tools: Any) -> None:
    publish(tools, Facts())
    mine = ask(tools)
    with transaction(tools.engine) as session:
        followers.confirm(session, mine.id, NOW)
    other = ask(tools, reasons=["closed"])  # typed by anybody
    assert other.id != mine.id
    with reading(tools.engine) as session:
        assert followers.get(session, mine.id).reasons == ("changed", "errors")
        assert followers.to_tell(session, "essai-lieux", "closed") == []
    with transaction(tools.engine) as session:
        followers.confirm(session, other.id, LATER)
        (left,) = followers.to_tell(session, "essai-lieux", "closed")
        assert left.id == other.id
        assert followers.to_tell(session, "essai-lieux", "changed") == []


def test_a_link_opens_its_own_door_only(tools: Any) -> None:
    publish(tools, Facts())
    mine, yours = ask(tools), ask(tools, email="tom@example.org")
    token = following.token_of(tools.config, mine.id)
    with reading(tools.engine) as session:
        assert following.known(session, tools.config, mine.id, token) == mine
        for wrong in (token[:-1] + "x", "", "é"):
            with pytest.raises(NotFound):
                following.known(session, tools.config, mine.id, wrong)
        with pytest.raises(NotFound):
            following.known(session, tools.config, yours.id, token)


@pytest.mark.parametrize(
    "wrong",
    [{"reasons": []}, {"reasons": ["changed", "gossip"]}, {"email": "lea"}, {"dataset": "nulle-part"}],
)
def test_what_cannot_be_followed_is_said(tools: Any, wrong: dict[str, Any]) -> None:
    publish(tools, Facts())
    with pytest.raises((InvalidInput, NotFound)):
        ask(tools, **wrong)
    assert messages(tools) == []


def follow_by_call(tools: Any, address: str = HOOK) -> followers.Follower:
    with transaction(tools.engine) as session:
        return following.ask_by_call(
            session, dataset="essai-lieux", reasons=["changed"], address=address, person="p" * 26, language="fr",
            now=NOW,
        )  # fmt: skip


def test_a_call_is_a_job_once_an_event(tools: Any) -> None:
    publish(tools, Facts())
    follower = follow_by_call(tools)
    publish(tools, Facts(rows=ROWS[:2]), LATER)
    deliver(tools)
    with transaction(tools.engine) as session:
        following.tell(session, tools.config, _last_event(session), LATER)
        (job,) = list_jobs(session, JobFilter(name=following.JOB))
    assert job.params == {"follower": follower.id, "event": job.params["event"]}


class Listener(BaseHTTPRequestHandler):
    heard: list[tuple[dict[str, str], bytes]]
    status = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def listening(status: int = 204) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    heard: list[tuple[dict[str, str], bytes]] = []
    kind = type("Kind", (Listener,), {"heard": heard, "status": status})
    server = HTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/crochet", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_call_is_signed_as_the_convention_says(tools: Any) -> None:
    publish(tools, Facts())
    with listening() as (address, heard):
        follower = follow_by_call(tools, address)
        publish(tools, Facts(rows=ROWS[:2]), LATER)
        with reading(tools.engine) as session:
            event = _last_event(session)
        done = following.call(tools, follower.id, event, LATER, CallLimits(private=True))
    assert done.code == "opendata.called"
    ((headers, body),) = heard
    document = json.loads(body)
    assert (document["id"], document["type"]) == (event, "dataset.updated")
    assert document["data"]["dataset"] == "essai-lieux"
    assert len(document["data"]["version"]) == 12
    # As a reuser checks it, from the secret shown on their page.
    key = base64.b64decode(following.secret_of(tools.config, follower.id).removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_a_call_that_fails_is_noted_and_tried_again(tools: Any) -> None:
    publish(tools, Facts())
    with listening(status=500) as (address, _heard):
        follower = follow_by_call(tools, address)
        with reading(tools.engine) as session:
            event = _last_event(session)
        for tries in (1, 2):
            with pytest.raises(Upstream):
                following.call(tools, follower.id, event, LATER, CallLimits(private=True))
            with reading(tools.engine) as session:
                assert followers.get(session, follower.id).failures == tries
    with transaction(tools.engine) as session:
        followers.drop(session, follower.id)
    assert following.call(tools, follower.id, event, LATER).code == "opendata.follower_gone"


def test_no_call_reaches_the_inside() -> None:
    for address in ("http://127.0.0.1:9/x", "https://[::1]/x", "https://10.0.0.1/"):
        with pytest.raises(Refused):
            post(address, b"{}", {}, CallLimits(), resolve=lambda host, _port: [host])
    rebound = {"localhost": ["127.0.0.1"], "maison.example": ["10.1.2.3"]}
    for address in ("https://localhost/x", "https://maison.example/"):
        with pytest.raises(Refused):
            post(address, b"{}", {}, CallLimits(), resolve=lambda host, _port: rebound[host])
    for address in ("http://reutilisateur.example.org/", "ftp://x.example/", "https://a:b@x.example/", "javascript:1"):
        with pytest.raises(InvalidInput):
            check_address(address)


def test_a_person_is_given_what_they_follow_and_is_forgotten(tools: Any) -> None:
    assert "opendata" in subject_packages()
    publish(tools, Facts())
    follow_by_call(tools)
    with transaction(tools.engine) as session:
        (known,) = following.export_subject(session, "p" * 26)["follows"]  # type: ignore[misc]
        assert known["address"] == HOOK
        assert following.erase_subject(session, "p" * 26, LATER) == 1
        assert followers.of_person(session, "p" * 26) == []


def test_nobody_follows_without_end(tools: Any) -> None:
    publish(tools, Facts())
    for number in range(following.FOLLOWED_MAX):
        follow_by_call(tools, f"{HOOK}/{number}")
    with pytest.raises(Refused):
        follow_by_call(tools)


def test_what_closes_is_told_too(tools: Any) -> None:
    publish(tools, Facts())
    found = ask(tools, reasons=["closed"])
    with transaction(tools.engine) as session:
        followers.confirm(session, found.id, NOW)
    governance.remove(tools, "essai-lieux", "anne", LATER, "Ces lieux n’existent plus.")
    deliver(tools)
    assert "Ces lieux n’existent plus." in messages(tools)[-1].body
