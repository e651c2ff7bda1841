"""Forgetting, retention, silence, and many at once."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from mobigo.base.errors import Conflict, Refused
from mobigo.infra import accounts, privacy
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import use_language
from mobigo.infra.roles import Identity
from mobigo.requests.model import Act, Asked, Channel, Contact, Ending, Kind, Service, State
from mobigo.requests.rules import numbers
from mobigo.requests.service import acting, asking
from mobigo.requests.store import requests as store
from mobigo.requests.web import words
from tests.requests_world import NOW, WORDS, World, agent, number_of, requests_world


@pytest.fixture
def world(database_config: Config, engine: Engine) -> Iterator[World]:
    with requests_world(database_config, engine) as made:
        yield made


def test_one_person_is_exported_and_forgotten(world: World) -> None:
    with transaction(world.engine) as session:
        bob = accounts.create(session, NOW, email="bob@example.org", name="Bob", password_hash=None, language="fr")
    world.sign_in(Identity(bob))
    number = number_of(world.ask())
    world.sign_in(None)
    other = number_of(world.ask(email="anne@example.org", words="Un autre texte."))
    with transaction(world.engine) as session:
        held = json.dumps(privacy.export_subject(session, bob)["requests"], default=str, ensure_ascii=False)
        assert WORDS in held
        assert "Un autre texte" not in held
        privacy.erase_subject(session, bob, NOW)
    with reading(world.engine) as session:
        row = store.get(session, number)
        assert (row.subject, row.facts, row.state, row.ending) == (None, [], "closed", "withdrawn")
        assert store.contact_of(session, row.id) == Contact()
        assert store.entries_of(session, row.id) == []
        assert store.contact_of(session, store.get(session, other).id).email == "anne@example.org"


def test_who_has_no_account_has_a_request_forgotten_by_its_link(world: World) -> None:
    path = world.ask()
    world.client.post(f"{path}/effacer")
    assert WORDS in world.client.get(path).text  # not without the box
    world.client.post(f"{path}/effacer", data={"confirme": "1"})
    page = world.client.get(path).text
    assert WORDS not in page
    assert "camille" not in page.casefold()
    world.sign_in(agent())
    assert "Camille" not in world.client.get(f"/demandes/agents/{number_of(path)}").text


def test_retention_takes_the_contact_after_a_year_and_the_rest_after_two(world: World) -> None:
    number = number_of(world.ask())
    with transaction(world.engine) as session:
        acting.act_as_agent(session, world.config, number, Act.ANSWER, by=agent(), seen=0, words="Voici.", now=NOW)
    for days, contact, request in ((365, True, True), (366, False, True), (731, False, True), (732, False, False)):
        with transaction(world.engine) as session:
            privacy.erase_due(session, NOW + timedelta(days=days))
        with reading(world.engine) as session:
            row = store.find(session, number)
            assert (row is not None) == request, days
            if row is not None:
                assert (store.contact_of(session, row.id).name != "") == contact, days
    with reading(world.engine) as session:
        assert session.scalar(select(func.count()).select_from(store.EntryRow)) == 0


def test_an_open_request_is_never_erased_by_time(world: World) -> None:
    number = number_of(world.ask())
    with transaction(world.engine) as session:
        privacy.erase_due(session, NOW + timedelta(days=4_000))
    assert world.row(number).state == "received"


@pytest.mark.parametrize(
    ("act", "days", "ending"),
    [("answer", 29, None), ("answer", 31, Ending.SILENT), ("ask", 59, None), ("ask", 61, Ending.NO_REPLY)],
)
def test_what_nobody_comes_back_to_is_closed(world: World, act: str, days: int, ending: Ending | None) -> None:
    number = number_of(world.ask())
    with transaction(world.engine) as session:
        acting.act_as_agent(session, world.config, number, Act(act), by=agent(), seen=0, words="Voici.", now=NOW)
    for _ in range(2):
        with transaction(world.engine) as session:
            acting.close_silent(session, world.config, NOW + timedelta(days=days))
    assert world.row(number).ending == ending
    assert len(world.messages()) == (3 if ending is Ending.NO_REPLY else 2)


def test_64_requests_at_once_have_64_numbers(world: World) -> None:
    found: list[str] = []
    wrong: list[BaseException] = []

    def ask(at: int) -> None:
        try:
            with transaction(world.engine) as session:
                row = asking.ask(
                    session, world.config, Asked(Kind.OTHER, f"{WORDS} {at}", Contact()), channel=Channel.WEB,
                    language="fr", now=NOW,
                )  # fmt: skip
                number = row.number
            found.append(number)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(64)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []
    assert len(set(found)) == 64
    assert all(numbers.read(each) == each for each in found)


def test_numbers_taken_are_drawn_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([7, 7, 7, 8])
    monkeypatch.setattr(asking.secrets, "randbelow", lambda _below: next(draws))
    made = [number_of(world.ask(email="")) for _ in range(2)]
    assert made == [numbers.numbered(numbers.FIRST + 7), numbers.numbered(numbers.FIRST + 8)]


def test_sixteen_agents_answer_at_once_and_one_answer_is_kept(world: World) -> None:
    number = number_of(world.ask())
    outcomes: list[str] = []

    def answer(at: int) -> None:
        try:
            with transaction(world.engine) as session:
                acting.act_as_agent(
                    session, world.config, number, Act.ANSWER, by=agent(subject=f"{at:026d}"), seen=0,
                    words=f"Réponse {at}.", now=NOW,
                )  # fmt: skip
            outcomes.append("kept")
        except (Conflict, Refused) as told:
            outcomes.append(told.decision.code)

    threads = [threading.Thread(target=answer, args=(at,)) for at in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["kept"] + ["requests.changed_meanwhile"] * 15
    with reading(world.engine) as session:
        row = store.get(session, number)
        assert State(row.state) is State.ANSWERED
        assert sum(each.act == "answer" for each in store.entries_of(session, row.id)) == 1


def test_every_service_has_its_words_in_both_languages(world: World) -> None:
    for language in ("fr", "en"):
        with use_language(language):
            for kind in Kind:
                assert words.kind(kind)
                assert words.short_kind(kind)
            for service in Service:
                assert words.service(service)
            for ending in Ending:
                assert words.ending(ending)
            for state in State:
                assert words.state(state)[0]
            for channel in Channel:
                assert words.channel(channel)
    assert words.models()
