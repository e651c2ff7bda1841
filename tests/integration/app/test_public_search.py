"""The public search: questions as people ask them, each with its answer among the first three; what is hostile, and
what is nothing."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from mobigo.app import schema
from mobigo.app.factory import create_app
from mobigo.app.web import searching
from mobigo.app.web.searching import sources
from mobigo.base.errors import InvalidInput
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine
from mobigo.infra.i18n import use_language

QUESTIONS = [line.split(" → ") for line in """\
perdu mon abonnement → /demandes?sorte=ticketing
j'ai perdu ma carte → /demandes?sorte=ticketing
carte volée → /demandes?sorte=ticketing
duplicata carte → /demandes?sorte=ticketing
car saulieu → /departs?stop=Saulieu
bus Saulieu → /departs?stop=Saulieu
Saulieu → /departs?stop=Saulieu
SAULIEU → /departs?stop=Saulieu
salieu → /departs?stop=Saulieu
arrêt Montbard → /departs?stop=Montbard
gare de Beaune → /departs?stop=Beaune
horaires dijon beaune → /?from=Dijon&to=Beaune
Dijon → Beaune → /?from=Dijon&to=Beaune
car de Dijon à Beaune → /?from=Dijon&to=Beaune
comment aller de Besançon à Dole → /?from=Besan%C3%A7on&to=Dole
trajet chalon-sur-saone macon → /?from=Chalon-sur-Sa%C3%B4ne&to=M%C3%A2con
Saint-Jean-de-Losne → /departs?stop=Saint-Jean-de-Losne
prix carte jeune → /achats
tarifs → /achats
tarif abonnement mensuel → /achats
acheter un billet → /achats
combien coûte un ticket → /achats
abonnement etudiant → /achats
inscription bus scolaire → /scolaire/famille/inscription
inscrire mon fils au car scolaire → /scolaire/famille/inscription
transport scolaire → /scolaire
inscription collège → /scolaire/famille/inscription
carte scolaire perdue → /scolaire/famille
garde alternée → /scolaire/famille
demander un arrêt scolaire → /scolaire/arrets/demander
remboursement retard → /demandes?sorte=delay
mon car n'est pas venu → /demandes?sorte=delay
car supprimé → /demandes?sorte=delay
être remboursé → /demandes?sorte=overcharge
payé deux fois → /demandes?sorte=overcharge
remboursment → /demandes?sorte=overcharge
objet perdu → /demandes?sorte=lost
j'ai oublié mon sac dans le bus → /demandes?sorte=lost
parapluie → /demandes?sorte=lost
fauteuil roulant → /demandes?sorte=accessibility
handicapé → /demandes?sorte=accessibility
réclamation → /demandes
faire une plainte → /demandes
suivre ma demande → /demandes/retrouver
grève → /perturbations
info trafic → /perturbations
travaux → /perturbations
attestation de retard → /suivre/
covoiturage → /covoiturage
prime covoiturage → /covoiturage/mes-aides
combien je gagne en covoiturage → /covoiturage/simulation
transport à la demande → /tad
réserver tad → /tad
amende → /constat
contester un pv → /constat
mot de passe oublié → /mot-de-passe-oublie
créer un compte → /inscription
numéro de téléphone → /aide
horaires guichet → /aide
données ouvertes → /donnees
open data gtfs → /donnees
rgpd effacer mes données → /demandes?sorte=data
vélo → /velos-et-parkings
parking relais → /velos-et-parkings
qui gère les bus à Autun → /competences
fiche horaire → /lignes""".splitlines()]  # fmt: skip


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
    assert len(QUESTIONS) >= 60


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question[0])
def test_what_is_asked_is_answered_in_the_first_three(client: FlaskClient, question: list[str]) -> None:
    text, wanted = " ".join(question[:-1]), question[-1]
    found = hrefs(client, text)[:3]
    assert any(href == wanted or (wanted == "/competences" and href.startswith(wanted)) for href in found), found


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
        "de la du les à", "???", "\u202e\u200b", "a", "(((", "\\", "{{ 7*7 }}", "zzzzqqqq",
    ],
)  # fmt: skip
def test_whatever_is_asked_gets_a_page(client: FlaskClient, text: str) -> None:
    answer = client.get("/recherche", query_string={"q": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "49" not in answer.text or "{{ 7*7 }}" not in text


def test_nothing_found_says_what_to_do(client: FlaskClient) -> None:
    page = client.get("/recherche?q=zzzzqqqq").text
    assert "Rien ne répond à" in page
    assert 'href="/demandes"' in page
    assert 'href="tel:' in page


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
