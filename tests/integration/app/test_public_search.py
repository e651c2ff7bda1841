"""The public search: questions as people ask them, each with its answer among the first three; what is hostile, and
what is nothing."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from mobigo.app import schema
from mobigo.app.factory import create_app
from mobigo.app.web import guides, searching
from mobigo.app.web.searching import sources
from mobigo.app.web.searching.index import Sort
from mobigo.base.errors import InvalidInput
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine
from mobigo.infra.i18n import use_language
from mobigo.infra.web import services
from tests.search_questions import STEPS, answers


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    home: Path = tmp_path_factory.mktemp("search") / "home"
    home.mkdir()
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    engine.dispose()
    app = create_app(load_config({"MOBIGO_HOME": str(home), "MOBIGO_REQUESTS_PER_MINUTE": "0"}))
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    return client


def hrefs(client: FlaskClient, text: str, language: str = "fr") -> list[str]:
    with client.application.test_request_context("/recherche"), use_language(language):
        return [hit.entry.href for hit in searching.find(text, now())]


def test_there_are_sixty_questions_or_more() -> None:
    assert len(STEPS) >= 60


@pytest.mark.parametrize(("text", "wanted"), STEPS, ids=[text for text, _wanted in STEPS])
def test_what_is_asked_is_answered_in_the_first_three(client: FlaskClient, text: str, wanted: str) -> None:
    found = hrefs(client, text)[:3]
    assert any(answers(href, wanted) for href in found), found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("lost card", "/demandes?sorte=ticketing"),
        ("school bus registration", "/scolaire/famille/inscription"),
        ("refund", "/demandes?sorte=overcharge"),
        ("carpool", "/covoiturage"),
        ("forgot password", "/mot-de-passe-oublie"),
    ],
)
def test_it_is_asked_in_english_too(client: FlaskClient, text: str, wanted: str) -> None:
    assert wanted in hrefs(client, text, "en")[:3]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000, "mot " * 2_500, "' OR 1=1 --", "\"NEAR(a b)\" AND * NOT ^", "%_%", "🚌🚌🚌", "\x00\x00",
        "<script>alert(1)</script>",
        "de la du les à", "???",
        ".*|[a-z]+?$", "title:car AND NOT bus*", "\x1b[31m\x07\t\r\n", "<b onclick='x'>car</b>",
        "\u202e\u200b", "a", "(((", "\\", "{{ 7*7 }}", "zzzzqqqq",
    ],
)  # fmt: skip
def test_whatever_is_asked_gets_a_page(client: FlaskClient, text: str) -> None:
    answer = client.get("/recherche", query_string={"q": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<b onclick" not in answer.text
    assert "49" not in answer.text or "{{ 7*7 }}" not in text
    assert not any(
        letter in answer.text for letter in "\x00\x07\x1b\u202e\u200b"
    )  # what no screen shows is not sent back


@pytest.mark.parametrize(("language", "said"), [("fr", "Rien ne répond à"), ("en", "Nothing answers")])
def test_nothing_found_says_what_to_do(client: FlaskClient, language: str, said: str) -> None:
    page = client.get("/recherche?q=zzzzqqqq", headers={"Accept-Language": language}).text
    main = page[page.index("<main") : page.index("</main>")]
    assert said in main
    for href in ("/demandes", "/aide", "tel:", "/guides/voyageur", "/guides/famille"):
        assert f'href="{href}' in main


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_section_of_a_guide_is_found_and_is_where_its_link_leads(client: FlaskClient, language: str) -> None:
    with client.application.test_request_context("/recherche"), use_language(language):
        sections = [each for each in sources.entries(services(), now()) if each.sort is Sort.GUIDE]
    assert len(sections) > 35
    for name in guides.PUBLIC:
        page = client.get(f"/guides/{name}", headers={"Accept-Language": language})
        assert page.status_code == 200
        anchors = [each.href.partition("#")[2] for each in sections if each.href.startswith(f"/guides/{name}#")]
        assert [anchor for anchor in anchors if f' id="{anchor}">' not in page.text] == []
        assert anchors


def test_the_sentence_that_answers_is_shown(client: FlaskClient) -> None:
    page = client.get("/recherche?q=poussette").text
    assert 'href="/guides/voyageur#a-velo-en-voiture-a-pied-jusqu-a-l-arret"' in page
    assert "d’un pas lent, avec une poussette." in page


@pytest.mark.parametrize(
    "name", ["administrateur", "guichet", "astreinte", "controleur", "..%2Fperformance", "VOYAGEUR"]
)
def test_a_guide_of_agents_is_not_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/guides/{name}").status_code == 404
    assert not any(f"/guides/{name}" in href for href in hrefs(client, "guide administrateur guichet sauvegarde"))


def test_every_procedure_leads_to_a_page(client: FlaskClient) -> None:
    rules = client.application.view_functions
    assert [each["endpoint"] for each in sources.declared() if each["endpoint"] not in rules] == []
    for each in sources.declared():
        assert {"fr", "en", "detail_fr", "detail_en", "words"} <= set(each)


def test_each_page_has_the_search_in_its_head(client: FlaskClient) -> None:
    page = client.get("/aide").text
    assert 'role="search"' in page
    assert 'class="magnifier" href="/recherche"' in page


def test_a_tariff_that_cannot_be_read_hides_nothing_else(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> None:
        raise InvalidInput("billettique.bad_fare_file", file="x.toml", reason="broken")

    monkeypatch.setattr("billettique.service.shelf.on_sale", broken)
    monkeypatch.setattr(searching, "FRESH", timedelta(0))
    page = client.get("/recherche?q=objet perdu")
    assert page.status_code == 200
    assert "/demandes?sorte=lost" in page.text
