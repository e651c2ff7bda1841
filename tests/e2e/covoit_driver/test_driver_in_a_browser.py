"""A driver sees 80 km make 9,00 €, says where to be paid, asks, and disputes a line: on a telephone, without scripts,
by keyboard; every page is for everybody."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, select

from covoit.model.claims import Outcome
from covoit.service import awards, claims, closing, driver
from covoit.store import claims as claim_store
from mobigo.app import schema
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.money import Money
from mobigo.infra.clock import now
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.outbox import MessageRow
from tests.browser import PHONE, Visitor, everywhere, nothing_amiss, press, visitor
from tests.covoit_driver_world import Known, known, whole_line, with_a_weak_proof
from tests.covoit_money_world import DESK, IBANS, MANAGER, fund, home_with, record
from tests.live import Site, site

AT_HOME = "/covoiturage/mes-aides"


@dataclass
class World:
    """One site, its driver and its passenger, and whoever looks."""

    site: Site
    engine: Engine
    browser: Browser
    people: dict[str, Known]
    pages: list[str]
    visitors: list[Visitor] = field(default_factory=list)
    stack: ExitStack = field(default_factory=ExitStack)

    def open(self, path: str, who: str, **options: object) -> Page:
        visiting = self.stack.enter_context(visitor(self.browser, self.site.url, **options))
        self.visitors.append(visiting)
        visiting.context.add_cookies([{"name": "mobigo", "value": self.people[who].token, "url": self.site.url}])
        return visiting.open(path)

    def code(self) -> str:
        with reading(self.engine) as session:
            rows = session.scalars(select(MessageRow).where(MessageRow.key.like("covoit:iban:%"))).all()
        found = re.search(r"\d{6}", max(rows, key=lambda row: row.id).body)
        assert found
        return found[0]


@pytest.fixture(scope="module")
def driver_site(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Site, Engine, dict[str, Known], list[str]]]:
    """Last month closed with 80 km and one passenger; a driver with cases and a decision for the pages to show."""
    home = home_with(tmp_path_factory.mktemp("driver") / "home")
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    instant = now()
    people = {
        name: known(engine, name, "+33639980001" if name == "anna" else None, instant)
        for name in ("anna", "boris", "carl")
    }
    # Noon of the first of last month, in France: over since long, whatever the day of the test.
    last_month = (paris_day(instant).replace(day=1) - timedelta(days=1)).replace(day=1)
    at = instant.astimezone(PARIS).replace(year=last_month.year, month=last_month.month, day=1, hour=12)
    fund(engine, 1_000_000, home)
    record(
        engine,
        [
            whole_line(people["anna"].person, people["boris"].person, at, "one"),
            whole_line(people["carl"].person, people["boris"].person, at, "two"),
            with_a_weak_proof(people["carl"].person, at + timedelta(days=1), "three"),
        ],
    )
    awards.award_ready(engine, instant, home=home)
    closing.close_month(engine, f"{last_month:%Y-%m}", instant, home=home, early=True)
    carl = people["carl"].person
    with transaction(engine) as session:
        claims.confirm_iban_at_counter(session, carl, IBANS[1], "Carl Essai", by=DESK, now=instant)
        case = claims.complain(session, carl, "-", "Il manque un trajet.", now=instant).id
        decision = claims.decide_case(
            session, case, Outcome.REFUSED, by=DESK, name="Guy Guichetier", capacity="agent de guichet",
            reason="Aucune preuve n’a été reçue.", now=instant,
        ).id  # fmt: skip
        recovery = claim_store.open_recovery(session, carl, f"{last_month:%Y-%m}", Money(430), instant).id
        claims.notify_case(session, recovery, by=MANAGER, now=instant)
        latest = driver.latest(session, carl, home=home)
        claims.ask_iban(session, carl, IBANS[0], "Carl Essai", now=instant)
    assert latest is not None
    trip = f"{AT_HOME}/trajets/{latest.award}"
    pages = [
        AT_HOME, f"{AT_HOME}/releves/{last_month:%Y-%m}", trip, f"{trip}/recalcul", f"{AT_HOME}/compte-bancaire",
        f"{AT_HOME}/compte-bancaire/code", f"{AT_HOME}/reclamation?trajet={latest.award}",
        f"{AT_HOME}/dossiers/{recovery}", f"{AT_HOME}/dossiers/{case}", f"{AT_HOME}/decisions/{decision}",
    ]  # fmt: skip
    with site(home) as answering:
        yield answering, engine, people, pages
    engine.dispose()


@pytest.fixture
def world(driver_site: tuple[Site, Engine, dict[str, Known], list[str]], browser: Browser) -> Iterator[World]:
    answering, engine, people, pages = driver_site
    made = World(answering, engine, browser, people, pages)
    yield made
    nothing_amiss(made.visitors, made.stack.close)


def test_a_driver_is_told_asks_and_disputes(world: World) -> None:
    page = world.open(AT_HOME, "anna", width=PHONE, scripts=False)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Vous pouvez demander 9,00")
    sums = page.get_by_role("list", name="Calcul de l’aide du dernier trajet")
    expect(sums.get_by_role("listitem")).to_have_text(
        [re.compile(r"80\s*km × 0,10\s*€ = 8,00\s*€"), re.compile(r"1\s*passager × 1,00\s*€ = 1,00\s*€"),
         re.compile(r"Total\s*: 9,00\s*€")]
    )  # fmt: skip

    press(page, "link", "Dire sur quel compte")
    page.get_by_label("IBAN").fill("FR76 3000 6000 0112 3456 7890 188")  # one figure wrong
    press(page, "button", "Recevoir le code")
    expect(page.locator("#f-iban-error")).to_contain_text("Recopiez-le")
    page.get_by_label("IBAN").fill(IBANS[1])
    page.get_by_label("Titulaire du compte").fill("Anna Essai")
    press(page, "button", "Recevoir le code")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tapez le code")
    page.get_by_label("Code", exact=True).fill(world.code())
    press(page, "button", "Confirmer ce compte")
    expect(page.get_by_text("enregistré et confirmé")).to_be_visible()
    assert IBANS[1] not in page.content()

    press(page, "button", "Demander 9,00")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Votre demande de 9,00")
    expect(page.get_by_text("demandée", exact=True)).to_be_visible()

    press(page, "link", "Tout le détail de ce trajet")
    press(page, "link", "Recalculer ce trajet")
    expect(page.get_by_role("heading", level=1)).to_contain_text("identique, octet pour octet")
    press(page, "link", "Revenir au trajet")
    press(page, "link", "Contester ce trajet")
    page.get_by_label("Ce que vous contestez, et pourquoi").fill("J’avais deux passagers.")
    press(page, "button", "Envoyer la réclamation")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Réponse au plus tard le")
    expect(page.get_by_text("J’avais deux passagers.")).to_be_visible()


def test_a_line_opens_by_keyboard_and_says_why_a_passenger_does_not_count(world: World) -> None:
    page = world.open(world.pages[1], "carl", width=PHONE)
    page.locator("summary").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("La preuve est de classe A")).to_be_visible()
    press(page, "link", "Tout le détail du trajet du")
    expect(page.get_by_role("heading", level=1)).to_contain_text("pour ce trajet")


def test_a_passenger_sees_what_they_owe(world: World) -> None:
    page = world.open("/covoiturage/mes-trajets", "boris", width=PHONE)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Vous devez 3,00")
    assert everywhere(page) == []


def test_every_page_is_for_everybody(world: World) -> None:
    page = world.open(world.pages[0], "carl")
    for path in world.pages:
        page.goto(world.site.url + path)
        assert everywhere(page) == [], path


def test_the_pages_speak_english(world: World) -> None:
    page = world.open(world.pages[0], "carl", language="en-GB")
    french = re.compile(r"\b(vous|votre|trajets?|compte|relevé)\b")
    for path in world.pages:
        page.goto(world.site.url + path)
        said = page.locator("main").inner_text()
        for own in ("Il manque un trajet.", "Aucune preuve n’a été reçue."):  # people's own words stay
            said = said.replace(own, "")
        assert french.search(said) is None, (path, said)


def test_ones_data_is_whole_on_a_server_that_only_serves(world: World) -> None:
    """Each package registers what it knows of a person when its module is read: the server must have read them all."""
    page = world.open(world.pages[0], "carl")
    held = page.request.get(f"{world.site.url}/compte/donnees").json()
    assert {"mobigo.infra.accounts", "carpool_lines", "carpool_money", "covoit"} <= held.keys()
    assert "Il manque un trajet." in {case["said"] for case in held["carpool_money"]["cases"]}
