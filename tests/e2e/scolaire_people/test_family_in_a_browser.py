"""A family registers a child on a telephone, without scripts, by keyboard; an agent signs; pages are for everybody."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, select

from mobigo.app import schema
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.blobs import Blobs
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.roles import Grant, Role
from scolaire.model.rights import Outcome
from scolaire.service import deciding, documents
from scolaire.service.registering import register
from scolaire.store.registrations import RegistrationRow
from tests.browser import PHONE, Visitor, everywhere, nothing_amiss, press, visitor
from tests.live import Site, site
from tests.pictures import PDF
from tests.school_people_world import AGENT, ASKED, COLLEGE, CONTACT, place, two_homes

FAMILY, DESK = "/scolaire/famille", "/scolaire/agents"


@dataclass
class World:
    """One site, and whoever looks."""

    site: Site
    engine: Engine
    browser: Browser
    tokens: dict[str, str]
    pages: dict[str, list[str]]
    visitors: list[Visitor] = field(default_factory=list)
    stack: ExitStack = field(default_factory=ExitStack)

    def open(self, path: str, who: str, **options: object) -> Page:
        visiting = self.stack.enter_context(visitor(self.browser, self.site.url, **options))
        self.visitors.append(visiting)
        if who in self.tokens:
            visiting.context.add_cookies([{"name": "mobigo", "value": self.tokens[who], "url": self.site.url}])
        return visiting.open(path)


@pytest.fixture(scope="module")
def school_site(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Site, Engine, dict[str, str], dict[str, list[str]]]]:
    """A collège, its stops; one family with a decided child and a refused one, another with nothing; a manager."""
    home = tmp_path_factory.mktemp("school") / "home"
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    instant, tokens, subjects = now(), {}, {}
    with transaction(engine) as session:
        stops = place(session)
        for name in ("anne", "clara", "manager"):
            subjects[name] = accounts.create(
                session, instant, email=f"{name}@example.org", name=name.title(), password_hash=None
            )
            tokens[name] = sessions.open_session(session, subjects[name], instant, None, None)
        grants.give(session, subjects["manager"], Grant(Role.SCHOOL_MANAGER), instant, by=None)
    pages = _fill(engine, home, subjects)
    pages["manager"].append(f"{DESK}/arrets/{min(stops.values())}")
    with site(home) as answering:
        yield answering, engine, tokens, pages
    engine.dispose()


def _fill(engine: Engine, home: object, subjects: dict[str, str]) -> dict[str, list[str]]:
    config, instant = load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}), now()
    year = paris_day(instant).year if paris_day(instant).month >= 9 else paris_day(instant).year - 1
    born = date(year - 11, 6, 15)
    with transaction(engine) as session:
        asked = replace(two_homes(), year=year, born_on=born)
        first = register(session, asked, CONTACT, config=config, subject=subjects["anne"], now=instant)
        deciding.decide(session, first.id, Outcome.ENTITLED, by=AGENT, words="Vu.", config=config, now=instant)
        other = replace(ASKED, first_name="Hugo", year=year, born_on=born)
        second = register(session, other, CONTACT, config=config, subject=subjects["anne"], now=instant)
        deciding.decide(session, second.id, Outcome.REFUSED, by=AGENT, words="Trop près.", config=config, now=instant)
        deciding.contest(session, second.id, "Nous sommes à 13 km.", subjects["anne"], instant)
        documents.give(session, Blobs(config.home / "blobs"), first.id, "home", PDF, first.asked_by, instant)
        return {
            "nobody": ["/scolaire?commune=Liernais"],
            "anne": [f"{FAMILY}/dossiers/{first.id}", f"{FAMILY}/inscription/{COLLEGE}",
                     f"{FAMILY}/eleves/{first.pupil}/autre-parent",
                     f"{FAMILY}/eleves/{first.pupil}/renouveler/{year + 1}",
                     f"{FAMILY}/eleves/{first.pupil}/renouveler/{year + 1}/{COLLEGE}",
                     f"{FAMILY}/dossiers/{second.id}"],
            "manager": [DESK, f"{DESK}/dossiers/{second.id}", f"{DESK}/etablissements/{COLLEGE}", f"{DESK}/alertes",
                        f"{DESK}/papier/{COLLEGE}"],
        }  # fmt: skip


@pytest.fixture
def world(school_site: tuple[Site, Engine, dict[str, str], dict[str, list[str]]], browser: Browser) -> Iterator[World]:
    answering, engine, tokens, pages = school_site
    made = World(answering, engine, browser, tokens, pages)
    yield made
    nothing_amiss(made.visitors, made.stack.close)


def test_a_family_registers_by_keyboard_and_an_agent_signs(world: World) -> None:
    page = world.open("/scolaire", "clara", width=PHONE, scripts=False)
    press(page, "link", "Inscrire un enfant")
    page.get_by_label("Commune ou nom de l’établissement").fill("Saulieu")
    press(page, "button", "Chercher")
    press(page, "link", "Collège François Pompon")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Étape 2 sur 2")
    page.get_by_label("Prénom de l’enfant").fill("Inès")
    page.get_by_label("Nom de l’enfant", exact=True).fill("Petit")
    page.get_by_label("Date de naissance").fill(f"{paris_day(now()).year - 11}-03-02")
    page.get_by_label("Classe").select_option("6e")
    page.get_by_label("Numéro et rue").first.fill("3 rue du Four")
    page.get_by_label("Code postal").first.fill("21430")
    page.get_by_label("Commune", exact=True).first.fill("Saint")
    page.get_by_label("Votre prénom").fill("Clara")
    page.get_by_label("Votre nom").fill("Petit")
    honour = page.get_by_label("Je certifie sur l’honneur", exact=False)
    honour.focus()
    page.keyboard.press("Space")
    press(page, "button", "Envoyer la demande")
    expect(page.locator("#f-commune-error")).to_contain_text("Plusieurs communes")
    expect(page.get_by_label("Numéro et rue").first).to_have_value("3 rue du Four")
    page.get_by_label("Commune", exact=True).first.fill("Liernais")
    press(page, "button", "Envoyer la demande")
    expect(page.get_by_text("La demande est reçue. Ajoutez")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Dossier de Inès")
    with reading(world.engine) as session:
        row = session.scalars(select(RegistrationRow).order_by(RegistrationRow.id.desc()).limit(1)).one()

    desk = world.open(f"{DESK}?q=petit", "manager")
    press(desk, "link", "Petit Inès")
    desk.locator("summary", has_text="Mesurer, placer").first.focus()
    desk.keyboard.press("Enter")
    desk.get_by_label("Distance mesurée par la route, en mètres").fill("12 400")
    press(desk, "button", "Enregistrer la mesure")
    expect(desk.get_by_text("12 400 m", exact=False).first).to_be_visible()
    desk.get_by_label("Votre qualité").fill("gestionnaire des transports scolaires")
    press(desk, "button", "Signer et écrire à la famille")
    expect(desk.get_by_text("La décision est signée")).to_be_visible()

    page.goto(f"{world.site.url}{FAMILY}/dossiers/{row.id}")
    expect(page.get_by_text("a droit au transport scolaire")).to_be_visible()
    expect(page.get_by_text("Carte n° 1")).to_be_visible()


@pytest.mark.parametrize("who", ["nobody", "anne", "manager"])
def test_every_page_is_for_everybody(world: World, who: str) -> None:
    page = world.open(world.pages[who][0], who)
    for path in world.pages[who]:
        page.goto(world.site.url + path)
        assert everywhere(page) == [], path


def test_the_other_parent_comes_in_by_a_code(world: World) -> None:
    page = world.open(world.pages["anne"][2], "anne", width=PHONE)
    page.get_by_label("Son prénom").fill("Bruno")
    page.get_by_label("Son nom").fill("Martin")
    press(page, "button", "Faire un code")
    code = page.locator(".alert-good strong.nowrap").inner_text()
    other = world.open(f"{FAMILY}/rejoindre", "clara", width=PHONE, scripts=False)
    other.get_by_role("textbox", name="Code").fill(code)
    press(other, "button", "Suivre")
    expect(other.get_by_text("Vous suivez maintenant 1 enfant")).to_be_visible()


def test_a_paper_of_one_child_is_taken_for_the_other(world: World) -> None:
    page = world.open(world.pages["anne"][-1], "anne", width=PHONE)
    page.get_by_role("radio", name="Justificatif de domicile, donné le").focus()
    page.keyboard.press("Space")
    press(page, "button", "Reprendre ce document")
    expect(page.get_by_text("Le document est reçu.")).to_be_visible()
    expect(page.get_by_text("Même document que celui déjà donné")).to_be_visible()
    assert everywhere(page) == []
    desk = world.open(world.pages["manager"][1], "manager")
    expect(desk.get_by_text("pour Léa", exact=False).first).to_be_visible()
    assert everywhere(desk) == []
