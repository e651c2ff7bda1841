"""Requests from the form to the end, and the agents' desk."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import Engine

from mobigo.infra import audit
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Role
from mobigo.requests.model import Asked, Channel, Contact, Kind
from mobigo.requests.rules import numbers
from mobigo.requests.service import asking
from mobigo.requests.store import requests as store
from tests.requests_world import ANNE, BOB, NOW, WORDS, World, agent, number_of, plain, requests_world


@pytest.fixture
def world(database_config: Config, engine: Engine) -> Iterator[World]:
    with requests_world(database_config, engine) as made:
        yield made


def test_a_request_is_made_answered_read_closed_and_judged(world: World) -> None:
    path = world.ask()
    number = number_of(path)
    page = world.client.get(path)
    assert page.headers["Cache-Control"] == "private, no-store"
    assert numbers.said(number) in page.text
    assert "samedi 26 décembre 2026" in plain(page.text)  # thirty days after 26 November
    assert WORDS in page.text

    world.sign_in(agent())
    assert numbers.said(number) in world.client.get("/demandes/agents").text
    answered = world.act(number, "repondre", words="Le car était en panne. Toutes nos excuses.")
    assert answered.status_code == 303
    world.sign_in(None)
    page = world.client.get(path).text
    assert "Toutes nos excuses" in page
    assert world.client.post(f"{path}/clore").status_code == 303
    assert world.client.post(f"{path}/avis", data={"content": "partly"}).status_code == 303
    row = world.row(number)
    assert (row.state, row.ending, row.content, row.in_time) == ("closed", "done", "partly", True)
    told = world.messages()
    assert [each.recipient for each in told] == ["camille@example.org"] * 2
    assert all("panne" not in each.body and WORDS not in each.body for each in told)  # the answer is behind the link
    assert path in told[1].body


def test_a_question_is_answered_and_an_ended_request_is_reopened(world: World) -> None:
    path = world.ask()
    number = number_of(path)
    world.sign_in(agent())
    world.act(number, "demander", words="Quel jour était-ce ?")
    world.sign_in(None)
    assert "Répondre à la question" in world.client.get(path).text
    assert world.client.post(f"{path}/ecrire", data={"words": "Lundi dernier."}).status_code == 303
    assert world.row(number).state == "taken"
    world.sign_in(agent())
    world.act(number, "repondre", words="Nous avons vérifié.")
    world.sign_in(None)
    world.go_to(NOW + timedelta(days=10))
    assert world.client.post(f"{path}/rouvrir", data={"words": "Ce n’est pas cela."}).status_code == 303
    row = world.row(number)
    assert (row.state, row.reopened, row.ended_at) == ("taken", 1, None)
    assert row.promised_on.isoformat() == "2027-01-05"  # promised anew: thirty days after 6 December
    assert row.in_time is True  # of the first answer


@pytest.mark.parametrize(("days", "status"), [(60, 303), (61, 403)])
def test_one_comes_back_within_the_limit(world: World, days: int, status: int) -> None:
    path = world.ask()
    world.sign_in(agent())
    world.act(number_of(path), "repondre", words="Nous avons vérifié.")
    world.sign_in(None)
    world.go_to(NOW + timedelta(days=days))
    answer = world.client.post(f"{path}/rouvrir", data={"words": "Encore une chose."})
    assert answer.status_code == status, answer.text


def test_the_same_form_sent_twice_is_one_request(world: World) -> None:
    first, second = (world.ask(cle="x" * 32) for _ in range(2))
    assert first == second
    other = world.client.post("/demandes", data={"kind": "delay", "words": WORDS + " Bis.", "cle": "x" * 32})
    assert other.status_code == 409
    assert "Bis." in other.text  # what was typed is kept


def test_without_an_address_nothing_is_sent_and_the_page_says_it(world: World) -> None:
    path = world.ask(email="", name="")
    assert world.messages() == []
    assert numbers.said(number_of(path)) in world.client.get(path).text


@pytest.mark.parametrize(("language", "words"), [("fr", "Réponse promise"), ("en", "Answer promised")])
def test_the_acknowledgement_speaks_the_language_of_the_page(world: World, language: str, words: str) -> None:
    world.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    path = world.ask(email="", phone="06 39 98 00 01")
    [told] = world.messages()
    assert (told.channel, told.recipient) == ("sms", "+33639980001")
    assert words in told.body
    assert words in world.client.get(path).text


ROLES = {
    Role.COUNTER_AGENT: {"travel", "tickets", "carpool", "school", "on_demand"},
    Role.MANDATAIRE: {"travel", "tickets"},
    Role.REGISSEUR: {"tickets"},
    Role.SCHOOL_MANAGER: {"school"},
    Role.CARPOOL_MANAGER: {"carpool"},
    Role.ADMINISTRATOR: {"data"},
    Role.TRAVELLER: set(),
    Role.INSPECTOR: set(),
    Role.OPERATOR: set(),
}


@pytest.mark.parametrize("role", list(ROLES))
def test_an_agent_reads_and_acts_for_their_own_services_only(world: World, role: Role) -> None:
    made = {}
    with transaction(world.engine) as session:
        for kind in (Kind.DELAY, Kind.TICKETING, Kind.CARPOOL, Kind.SCHOOL, Kind.ON_DEMAND, Kind.DATA):
            row = asking.ask(session, world.config, Asked(kind, WORDS, Contact()), channel=Channel.WEB, language="fr",
                             now=NOW)  # fmt: skip
            made[row.service] = row.number
    world.sign_in(agent(role))
    enters = world.client.get("/demandes/agents").status_code
    assert enters == (200 if ROLES[role] else 403)
    for service, number in made.items():
        may = service in ROLES[role]
        expected = 200 if may else 403 if not ROLES[role] else 404
        assert world.client.get(f"/demandes/agents/{number}").status_code == expected
        answer = world.client.post(f"/demandes/agents/{number}/repondre", data={"vu": "0", "words": "Voici."})
        assert answer.status_code == (303 if may else expected), (service, answer.text[:200])
        letter = world.client.get(f"/demandes/agents/{number}/lettre.pdf").status_code
        assert letter == (200 if may else expected)
    listed = world.client.get("/demandes/agents?etat=toutes").text
    if enters == 200:
        assert {each for each, number in made.items() if numbers.said(number) in listed} == ROLES[role]


def test_the_list_is_late_first_and_filtered_by_the_address(world: World) -> None:
    made = {}
    with transaction(world.engine) as session:
        for days, kind in ((40, Kind.DELAY), (0, Kind.DELAY), (10, Kind.LOST)):
            at = NOW - timedelta(days=days)
            row = asking.ask(
                session, world.config, Asked(kind, WORDS, Contact("Camille Moreau")), channel=Channel.WEB,
                language="fr", now=at,
            )  # fmt: skip
            made[days] = numbers.said(row.number)
    world.sign_in(agent())
    page = world.client.get("/demandes/agents").text
    assert page.index(made[40]) < page.index(made[10]) < page.index(made[0])
    assert page.count("badge-bad") == 2  # promised 30 and 7 days after: over since 10 and 3 days
    assert "Camille M." in page
    assert "Moreau" not in page
    late = world.client.get("/demandes/agents?etat=en-retard").text
    assert made[0] not in late
    assert made[40] in late
    lost = world.client.get("/demandes/agents?sorte=lost&etat=a-traiter").text
    assert [made[each] in lost for each in (40, 10, 0)] == [False, True, False]
    number = made[0].replace("\u00a0", "")
    world.act(number, "prendre")
    mine = world.client.get("/demandes/agents?miennes=1").text
    assert [made[each] in mine for each in (40, 10, 0)] == [False, False, True]
    for hostile in ("etat='", "sorte=<b>", "de=-5", "de=99999999999999999999", "de=x", "miennes=🙂"):
        assert world.client.get(f"/demandes/agents?{hostile}").status_code == 200


def test_two_agents_answer_at_once_one_wins_and_the_other_is_told(world: World) -> None:
    number = number_of(world.ask())
    world.sign_in(agent())
    assert world.act(number, "repondre", words="La première réponse.").status_code == 303
    world.sign_in(agent(subject=BOB))
    late = world.client.post(f"/demandes/agents/{number}/repondre", data={"vu": "0", "words": "La seconde réponse."})
    assert late.status_code == 409
    assert "Quelqu’un d’autre a agi" in late.text
    assert "La première réponse." in late.text
    with reading(world.engine) as session:
        row = store.get(session, number)
        assert [each.words for each in store.entries_of(session, row.id) if each.act == "answer"] == [
            "La première réponse."
        ]


def test_a_request_goes_to_another_service_with_its_trail(world: World) -> None:
    number = number_of(world.ask(kind="other"))
    world.sign_in(agent())
    assert world.act(number, "prendre").status_code == 303
    assert world.act(number, "confier", detail="data", words="Une question de données.").location.endswith("/agents")
    row = world.row(number)
    assert (row.service, row.state, row.taken_by) == ("data", "received", None)
    assert world.client.get(f"/demandes/agents/{number}").status_code == 404
    world.sign_in(agent(Role.ADMINISTRATOR, BOB))
    assert "Confiée au service" in world.client.get(f"/demandes/agents/{number}").text
    for wrong in ("data", "nowhere", ""):
        assert world.act(number, "confier", detail=wrong).status_code == 422
    with reading(world.engine) as session:
        trail = [(each.action, each.actor) for each in audit.history(session, "request", number)]
    acts = [each for each in trail if each[0] != "requests.read"]
    assert sorted(acts) == [("requests.asked", "anonymous"), ("requests.hand", ANNE), ("requests.take", ANNE)]
    assert ("requests.read", BOB) in trail


@pytest.mark.parametrize("detail", ["duplicate", "not_ours", "withdrawn", "no_reply"])
def test_an_agent_closes_with_a_reason_and_the_person_is_told(world: World, detail: str) -> None:
    path = world.ask()
    number = number_of(path)
    world.sign_in(agent())
    for wrong in ("", "done", "silent", "x"):
        assert world.act(number, "clore", detail=wrong).status_code == 422
    assert world.act(number, "clore", detail=detail, words="Voyez votre autre demande.").status_code == 303
    world.sign_in(None)
    assert "Voyez votre autre demande." in world.client.get(path).text
    assert len(world.messages()) == 2


def test_nobody_answers_their_own_request(world: World) -> None:
    world.sign_in(agent())
    number = number_of(world.ask())
    assert world.act(number, "repondre", words="Je me donne raison.").status_code == 403
    assert world.row(number).state == "received"


def test_an_act_that_is_none_and_a_number_that_is_none(world: World) -> None:
    number = number_of(world.ask())
    world.sign_in(agent())
    assert world.client.post(f"/demandes/agents/{number}/supprimer").status_code == 404
    assert world.client.get("/demandes/agents/%27%3B--").status_code == 404
    assert world.client.post("/demandes/agents/123/prendre", data={"vu": "0"}).status_code == 404
    assert world.client.post(f"/demandes/agents/{number}/prendre", data={"vu": "²"}).status_code == 409
    assert world.client.get(f"/demandes/agents/{number}/lettre.pdf").status_code == 404  # nothing to print yet


@pytest.mark.parametrize("role", [Role.COUNTER_AGENT, Role.SCHOOL_MANAGER])
def test_an_agent_enters_a_letter_and_the_answer_goes_by_post(world: World, role: Role) -> None:
    world.sign_in(agent(role))
    sent = {
        "channel": "letter", "received": "2026-11-20", "kind": "school", "words": WORDS, "name": "Odette Petit",
        "way": "letter", "postal": "3 rue des Lilas\n25000 Besançon",
    }  # fmt: skip
    made = world.client.post("/demandes/agents/saisir", data=sent)
    assert made.status_code == 303, made.text
    number = made.location.rsplit("/", 1)[1]
    row = world.row(number)
    assert (row.channel, row.entered_by) == ("letter", ANNE)
    assert row.promised_on.isoformat() == "2026-12-05"  # fifteen days after the letter came
    assert world.messages() == []
    world.act(number, "repondre", words="Votre fille a sa carte.")
    letter = world.client.get(f"/demandes/agents/{number}/lettre.pdf")
    assert letter.mimetype == "application/pdf"
    text = " ".join("".join(page.extract_text() for page in PdfReader(BytesIO(letter.data)).pages).split())
    for part in ("Odette Petit", "3 rue des Lilas", "25000 Besançon", "Votre fille a sa carte.", number[:3]):
        assert part in text


@pytest.mark.parametrize("received", ["2026-11-27", "2025-11-01", "hier", "2026-02-30"])
def test_a_letter_came_on_a_day_past(world: World, received: str) -> None:
    world.sign_in(agent())
    sent = {"channel": "letter", "received": received, "kind": "other", "words": WORDS, "way": "none"}
    answer = world.client.post("/demandes/agents/saisir", data=sent)
    assert answer.status_code == 422
    assert 'href="#f-received"' in answer.text
