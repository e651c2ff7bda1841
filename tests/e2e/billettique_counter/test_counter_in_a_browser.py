"""A day at the counter, by keyboard, without scripts, on a telephone: the till is opened, two tickets are sold, one is
given back, the till is closed; the régisseur pays over, the accountant receives. Every page is for everybody."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from mobigo.app import schema
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.roles import Grant, Role
from tests.browser import PHONE, Visitor, everywhere, nothing_amiss, visitor
from tests.live import Site, site

ROLES = (Role.COUNTER_AGENT, Role.REGISSEUR, Role.COMPTABLE_PUBLIC, Role.MANDATAIRE)


@dataclass(frozen=True)
class Office:
    """The site, and who is signed in."""

    site: Site
    tokens: dict[Role, str]


@dataclass
class World:
    """One office, and whoever looks at it."""

    office: Office
    browser: Browser
    _stack: ExitStack = field(default_factory=ExitStack)
    visitors: list[Visitor] = field(default_factory=list)

    def open(self, path: str, role: Role, **options: object) -> Page:
        visiting = self._stack.enter_context(visitor(self.browser, self.office.site.url, **options))
        self.visitors.append(visiting)
        cookie = {"name": "mobigo", "value": self.office.tokens[role], "url": self.office.site.url}
        visiting.context.add_cookies([cookie])
        return visiting.open(path)


@pytest.fixture(scope="module")
def the_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A site where nothing was sold yet."""
    home = tmp_path_factory.mktemp("counter") / "home"
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    tokens = {role: signed_in(engine, role) for role in ROLES}
    engine.dispose()
    with site(home) as answering:
        yield Office(answering, tokens)


def signed_in(engine: Engine, role: Role) -> str:
    """The session of somebody in this role."""
    with transaction(engine) as session:
        subject = accounts.create(
            session, now(), email=f"{role}@example.org", name=str(role), password_hash=None, language="fr"
        )
        grants.give(session, subject, Grant(role), now(), by=None)
        return sessions.open_session(session, subject, now(), None, None)


@pytest.fixture
def world(the_office: Office, browser: Browser) -> Iterator[World]:
    made = World(the_office, browser)
    yield made
    nothing_amiss(made.visitors, made._stack.close)


def reach(page: Page, words: str) -> None:
    """With the Tab key alone, to the element whose words begin so: its group's, for one of several alike."""
    for _step in range(150):
        said = page.evaluate(
            "() => { const e = document.activeElement;"
            " const own = (e.labels?.[0]?.innerText || e.innerText || '').trim();"
            " return [own, (e.closest('fieldset')?.querySelector('legend')?.innerText || '') + ', ' + own] }"
        )
        if any(re.sub(r"\s", " ", each).startswith(words) for each in said):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard never reaches “{words}”")


def typed(page: Page, words: str, value: str) -> None:
    reach(page, words)
    page.keyboard.type(value)


def press(page: Page, words: str) -> None:
    """Reaches a link or a button, and takes it; the page it leads to is there afterwards."""
    reach(page, words)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def clean(page: Page) -> list[str]:
    """The faults of the page once it is all there."""
    page.wait_for_load_state("load")
    return everywhere(page)


def opened(page: Page, opening: str) -> None:
    typed(page, "Fonds de caisse compté", opening)
    press(page, "Ouvrir ma caisse")


def test_a_day_at_the_counter_by_keyboard_alone(world: World) -> None:
    agent = world.open("/guichet", Role.COUNTER_AGENT, width=PHONE, scripts=False)
    opened(agent, "100")
    press(agent, "Vendre")
    typed(agent, "Billet de car à l’unité · 1,50 €, 26 ans et plus", "2")
    typed(agent, "Espèces données", "5")
    press(agent, "Encaisser et délivrer")
    expect(agent.get_by_text(re.compile(r"Vendu pour 3,00\s€\.\sÀ rendre\s:\s2,00\s€"))).to_be_visible()
    heading = agent.get_by_role("heading", level=1).inner_text()
    reference = re.sub(r"[^A-Z0-9]", "", heading.splitlines()[0].removeprefix("Commande"))

    press(agent, "Guichet")
    typed(agent, "Trouver une personne ou une commande", reference[:9])
    with agent.expect_navigation():
        agent.keyboard.press("Enter")
    press(agent, reference)
    reach(agent, "Rendre ce titre")
    agent.keyboard.press("Enter")
    press(agent, "Annuler le titre et rendre 1,50 €")
    expect(agent.get_by_text(re.compile(r"Rendez\s1,50\s€\sen espèces"))).to_be_visible()

    press(agent, "Guichet")
    press(agent, "Compter et clore la caisse")
    expect(agent.get_by_role("button", name="Clore la caisse")).to_be_visible()
    assert "101,50" not in agent.content()  # a blind count
    for piece in ("100,00 €", "1,00 €", "0,50 €"):
        agent.get_by_label(re.compile("^" + piece.replace(" ", r"\s") + "$")).press_sequentially("1")
    press(agent, "Clore la caisse")
    expect(agent.get_by_text("Le compte est juste.")).to_be_visible()

    regisseur = world.open("/guichet/regie", Role.REGISSEUR, width=PHONE, scripts=False)
    press(regisseur, "Verser au comptable")
    expect(regisseur.get_by_text("Versement n° 1 enregistré")).to_be_visible()

    accountant = world.open("/guichet/comptable", Role.COMPTABLE_PUBLIC, width=PHONE, scripts=False)
    press(accountant, "Recevoir ce versement")
    expect(accountant.get_by_text("Le versement est reçu.")).to_be_visible()


def test_every_page_of_the_counter_is_for_everybody(world: World) -> None:
    page = world.open("/guichet", Role.MANDATAIRE)
    assert clean(page) == []
    opened(page, "0")
    assert clean(page) == []
    press(page, "Vendre")
    assert clean(page) == []
    typed(page, "Billet de car à l’unité · 1,50 €, 26 ans et plus", "1")
    press(page, "Encaisser et délivrer")
    assert clean(page) == []
    for words in ("Rendre ce titre", "Échanger ce titre"):
        page.locator("summary").filter(has_text=words).click()
    assert clean(page) == []
    page.get_by_label("Contre").select_option("ticket:car-unite")
    page.get_by_role("button", name="Échanger ce titre").click()
    expect(page.get_by_text("C’est échangé")).to_be_visible()
    page.goto(world.office.site.url + "/guichet/chercher?q=abc")
    assert clean(page) == []
    page.goto(world.office.site.url + "/guichet/cloturer")
    assert clean(page) == []
    page.get_by_label(re.compile(r"^1,00\s€$")).fill("1")  # half an euro is missing
    press(page, "Clore la caisse")
    assert clean(page) == []
    page.get_by_label("Raison d’une différence").fill("une pièce tombée")
    press(page, "Clore la caisse")
    assert clean(page) == []


@pytest.mark.parametrize(
    ("path", "role"), [("/guichet/regie", Role.REGISSEUR), ("/guichet/comptable", Role.COMPTABLE_PUBLIC)]
)
def test_the_pages_of_the_regie_are_for_everybody(world: World, path: str, role: Role) -> None:
    assert clean(world.open(path, role)) == []


def test_training_is_shown_wherever_it_is_practised_in_english_too(world: World) -> None:
    page = world.open("/guichet", Role.REGISSEUR, language="en-GB", width=PHONE)
    page.get_by_label(re.compile(r"^\s*Training")).check()
    page.get_by_label(re.compile("^Float counted")).fill("0")
    page.get_by_role("button", name="Open my till").click()
    expect(page.get_by_text("Training till")).to_be_visible()
    assert clean(page) == []
    page.get_by_role("link", name="Sell", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("training: nothing is recorded")
    assert clean(page) == []
