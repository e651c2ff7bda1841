"""What cannot be taken, links guessed at, mailboxes that would be filled, origins that are none: one site for all."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import delete

from mobigo.base.decisions import Decision
from mobigo.base.errors import NotFound
from mobigo.infra import outbox
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.file_gateway import FileGateway
from mobigo.infra.ratelimit import EXTENSION, Attempts
from mobigo.requests.rules import numbers
from mobigo.requests.store import requests as store
from tests.requests_world import NOW, WORDS, World, agent, number_of, requests_world


@pytest.fixture(scope="module")
def shared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("requests") / "home"
    home.mkdir()
    (home / "mobigo.sqlite").write_bytes(sqlite_template.read_bytes())
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    with requests_world(load_config({"MOBIGO_HOME": str(home)}), engine) as made:
        yield made
    engine.dispose()


@pytest.fixture
def world(shared: World) -> World:
    """The same site for all: signed out, at NOW, nothing asked and nothing counted yet."""
    secret = b"of these tests"
    shared.client.application.extensions[EXTENSION] = Attempts(shared.config.ratelimit_url, secret, NOW.timestamp)
    shared.client.environ_base["REMOTE_ADDR"] = "10.0.0.1"
    shared.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    shared.sign_in(None)
    shared.go_to(NOW)
    with transaction(shared.engine) as session:
        for table in (outbox.MessageRow, store.EntryRow, store.ContactRow, store.RequestRow):
            session.execute(delete(table))
    return shared


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"words": ""}, "words"),
        ({"words": " \n\u200b "}, "words"),
        ({"words": "x" * 4_001}, "words"),
        ({"kind": "<script>"}, "kind"),
        ({"kind": ""}, "kind"),
        ({"email": "a@b.fr\r\nBcc: c@d.fr"}, "email"),
        ({"email": "a@b.fr, c@d.fr"}, "email"),
        ({"name": "n" * 101}, "name"),
        ({"phone": "not a number"}, "phone"),
        ({"email": "", "phone": "", "name": "", "postal": "1 rue des Lilas"}, "postal"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_field_and_kept(world: World, changes: dict[str, str], field: str) -> None:
    sent = {"kind": "delay", "words": WORDS, "email": "camille@example.org", "name": "Camille", **changes}
    answer = world.client.post("/demandes", data=sent)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    if "words" not in changes:
        assert WORDS in answer.text
    assert world.messages() == []


def test_markup_stays_text_and_a_name_reaches_no_header(world: World, tmp_path) -> None:
    evil = "<script>alert(1)</script>{{ 7*7 }}"
    path = world.ask(words=f"{evil} \r\nBcc: x@y.fr", name='Eve"\r\nBcc: x@y.fr')
    world.sign_in(agent())
    for page in (path, f"/demandes/agents/{number_of(path)}", "/demandes/agents"):
        assert "<script>alert" not in world.client.get(page).text
    gateway = FileGateway(tmp_path)
    for each in world.messages():
        gateway.send(each.id, outbox.Message("email", each.recipient, each.subject, each.body), NOW)
        [head] = [path.read_bytes().split(b"\n\n")[0] for path in (tmp_path / "email").glob(f"{each.id}.eml")]
        assert b"Bcc" not in head


def test_a_huge_text_is_refused_before_it_is_read(world: World) -> None:
    assert world.client.post("/demandes", data={"words": "x" * 1_100_000}).status_code == 413


def test_a_number_opens_nothing_without_its_secret(world: World) -> None:
    first, second = world.ask(email="anne@example.org"), world.ask(email="bob@example.org")
    number, secret = number_of(first), first.split("/")[3]
    other = number_of(second)
    unknown = numbers.numbered(numbers.FIRST)
    texts = set()
    for path in (
        f"/demandes/{other}/{secret}", f"/demandes/{number}/{'a' * 26}", f"/demandes/{unknown}/{secret}",
        f"/demandes/{number}/é", f"/demandes/{number}/{secret}x", f"/demandes/%00/{secret}",
    ):  # fmt: skip
        answer = world.client.get(path)
        assert answer.status_code == 404, path
        texts.add(re.sub(r"référence.*|[0-9A-Z]{26}|href=\"[^\"]*\"", "", answer.text))
        for at, act in enumerate(("ecrire", "clore", "rouvrir", "avis", "effacer")):
            world.client.environ_base["REMOTE_ADDR"] = f"10.1.{at}.1"
            assert world.client.post(f"{path}/{act}", data={"words": WORDS, "confirme": "1"}).status_code == 404
    assert world.row(number).state == world.row(other).state == "received"


def test_guessing_at_links_is_slowed_down(world: World) -> None:
    number = number_of(world.ask())
    seen = [world.client.get(f"/demandes/{number}/{at:026d}").status_code for at in range(35)]
    assert seen[:30] == [404] * 30
    assert set(seen[30:]) == {429}


def test_nobody_fills_the_desk_from_one_address_nor_a_mailbox(world: World) -> None:
    sent = {"kind": "delay", "words": WORDS}
    answers = [
        world.client.post("/demandes", data={**sent, "email": "camille@example.org"}).status_code for _ in range(4)
    ]
    assert answers == [303, 303, 303, 429]  # three an hour to one mailbox
    answers = [world.client.post("/demandes", data=sent).status_code for _ in range(7)]
    assert answers == [303] * 6 + [429]  # ten an hour from one address


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"email": "Camille@Example.org"}, True),
        ({"email": "eve@example.org"}, False),
        ({"phone": "0639980001"}, False),
        ({"email": "camille@example.org", "number": "481 297 356"}, False),
    ],
)
def test_a_lost_link_goes_to_the_first_address_and_the_page_never_says(
    world: World, given: dict[str, str], sent: bool
) -> None:
    number = number_of(world.ask())
    answer = world.client.post("/demandes/retrouver", data={"number": numbers.said(number), **given})
    assert answer.status_code == 200
    assert "Si ce numéro et cette adresse vont ensemble" in answer.text
    told = world.messages()[1:]
    assert [each.recipient for each in told] == (["camille@example.org"] if sent else [])


def test_without_an_address_no_link_is_sent(world: World) -> None:
    number = number_of(world.ask(email="", phone="0639980001"))
    assert world.client.post("/demandes/retrouver", data={"number": number}).status_code == 422
    assert len(world.messages()) == 1


def test_a_request_from_a_page_says_what_is_known_and_a_stranger_learns_nothing(world: World) -> None:
    class Origins:
        def facts(self, origin: str, ref: str, now: datetime) -> tuple[Decision, ...]:
            if ref != "the-secret":
                raise NotFound("requests.unknown_origin")
            return (Decision("requests.fact_late", line="Ligne 127", minutes=12),)

    world.services.__dict__["request_origins"] = Origins()
    form = world.client.get("/demandes?depuis=trajet&ref=the-secret").text
    assert "retard observé de 12" in form
    assert '<option value="delay" selected>' in form
    path = world.ask(depuis="trajet", ref="the-secret")
    assert "retard observé de 12" in world.client.get(path).text
    world.sign_in(agent())
    assert "Ligne 127" in world.client.get(f"/demandes/agents/{number_of(path)}").text
    world.sign_in(None)
    assert "Ligne 127" not in world.client.get("/demandes?depuis=trajet&ref=guessed").text
    made = {"kind": "delay", "words": WORDS, "depuis": "trajet", "ref": "guessed"}
    assert world.client.post("/demandes", data=made).status_code == 404


@pytest.mark.parametrize("origin", ["trajet", "commande", "tad", "autre"])
@pytest.mark.parametrize("ref", ["", "x", "a/b", "é/é", "00000000000000000000000000/" + "a" * 26, "x" * 7_000])
def test_origins_open_only_by_what_opens_their_page(world: World, origin: str, ref: str) -> None:
    with pytest.raises(NotFound):
        world.services.request_origins.facts(origin, ref, NOW)
    assert world.client.get("/demandes", query_string={"depuis": origin, "ref": ref}).status_code == 200
