"""Four people pay two drivers, an agent enters a sheet, a manager answers an alert: by keyboard, on a telephone,
without scripts; every page is for everybody."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from covoit.model.claims import Kind, Outcome
from covoit.rules.payments import end_to_end_id
from covoit.service import awards, cases, claims, fraud
from covoit.store import claims as claim_store
from covoit.store import fraud as fraud_store
from mobigo.app import schema
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra.clock import now
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.roles import Grant, Identity, Role
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Transfer
from tests.browser import PHONE, Visitor, everywhere, nothing_amiss, visitor
from tests.covoit_agents_world import a_closed_month, agents, last_month
from tests.covoit_money_world import claim, driver, home_with, pain002, payer, record, ride
from tests.live import Site, site

DESK = "/covoiturage/agents"


@dataclass(frozen=True)
class Office:
    """The site, who is signed in, and the ids that pages are named by."""

    site: Site
    tokens: dict[Role, str]
    requests: tuple[str, str]
    ids: dict[str, str]


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
        return visiting.open(DESK + path)


@pytest.fixture(scope="module")
def the_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A site where last month is closed: two drivers asked to be paid, two others changed seats on four days, one
    complained, one measure waits for an answer."""
    home = payer(home_with(tmp_path_factory.mktemp("agents") / "home"))
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    month = last_month(now())
    mia, noe = driver(engine, "mia", None), driver(engine, "noe", None)
    for day in range(4):
        for who, other, hour, way in ((mia, noe, 6, 0), (noe, mia, 16, 1)):
            trip = ride(who, at=month + timedelta(days=4 + day, hours=hour), trip_id=f"s{day}-{way}", direction=way)
            record(engine, [replace(trip, journeys=tuple(replace(each, passenger=other) for each in trip.journeys))])
    anne, bruno = a_closed_month(engine, home, month, now())
    requests = claim(engine, anne, now()), claim(engine, bruno, now())
    fraud.look(engine, f"{month:%Y-%m}", coaches=None, now=now())
    subjects, tokens = agents(engine)
    with transaction(engine) as session:
        complaint = claims.complain(session, anne, f"{month:%Y-%m}", "Il manque mon trajet du lundi.", now=now())
        ban = claim_store.open_case(session, Kind.BAN, bruno, "trajets en double", None, now())
        ban.notified_at = now()
        awards.open_accounts(session, {awards.overpaid(bruno): None}, now())
        owed = Transfer("owed", awards.overpaid(bruno), awards.budget("essai"), Money(430), now(), "covoit.test", "t")
        ledger.post(session, [owed], now=now())
        claim_store.open_recovery(session, bruno, f"{month:%Y-%m}", Money(430), now())
        ids = {"complaint": complaint.id, "ban": ban.id, "anne": anne, "mia": mia}
        ids["decision"], ids["excluded"] = _excluded(session, mia, subjects[Role.CARPOOL_MANAGER])
    with reading(engine) as session:
        ids["alert"] = fraud_store.alerts(session)[0].id
    engine.dispose()
    with site(home) as answering:
        yield Office(answering, tokens, requests, ids)


def _excluded(session: Session, person: str, manager: str) -> tuple[str, str]:
    """Somebody told three weeks ago, who did not answer, may not drive for a week: (the decision, the ban)."""
    case = claim_store.open_case(session, Kind.BAN, person, "sièges échangés", None, now() - timedelta(days=30))
    case.notified_at = now() - timedelta(days=21)
    decision = cases.decide_case(
        session, case.id, Outcome.GRANTED, by=Identity(manager, (Grant(Role.CARPOOL_MANAGER),)), name="Claire",
        capacity="gestionnaire", reason="Quatre trajets échangés.", last_day=paris_day(now()) + timedelta(days=6),
        now=now(),
    )  # fmt: skip
    (ban,) = claim_store.bans_of(session, person)
    return decision.id, ban.id


@pytest.fixture
def world(the_office: Office, browser: Browser) -> Iterator[World]:
    made = World(the_office, browser)
    yield made
    nothing_amiss(made.visitors, made._stack.close)


def follow(page: Page, words: str) -> None:
    page.get_by_role("link", name=words).first.press("Enter")


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).press("Enter")


PAGES = [
    ("", Role.CARPOOL_MANAGER), ("", Role.COUNTER_AGENT), ("", Role.FINANCE_AGENT), ("/demandes", Role.CARPOOL_MANAGER),
    ("/demandes/{request}", Role.CARPOOL_MANAGER), ("/lots", Role.CARPOOL_MANAGER), ("/mois", Role.ORDONNATEUR),
    ("/trop-percus", Role.ORDONNATEUR), ("/retours", Role.COMPTABLE_PUBLIC), ("/dossiers", Role.CARPOOL_MANAGER),
    ("/dossiers/{complaint}", Role.COUNTER_AGENT), ("/dossiers/{ban}", Role.CARPOOL_MANAGER),
    ("/personnes?q=ann", Role.COUNTER_AGENT), ("/personnes/{anne}", Role.CARPOOL_MANAGER),
    ("/alertes", Role.CARPOOL_MANAGER), ("/alertes/{alert}", Role.CARPOOL_MANAGER),
    ("/decisions/{decision}", Role.ORDONNATEUR), ("/exclusions/{excluded}", Role.CARPOOL_MANAGER),
]  # fmt: skip


@pytest.mark.parametrize(("path", "role"), PAGES)
def test_the_pages_are_for_everybody(world: World, path: str, role: Role) -> None:
    named = {**world.office.ids, "request": world.office.requests[0]}
    assert everywhere(world.open(path.format_map(named), role)) == []


def test_a_batch_goes_from_the_request_to_the_bank_by_four_people(world: World, tmp_path: Path) -> None:
    manager = world.open("", Role.CARPOOL_MANAGER, width=PHONE, scripts=False)
    follow(manager, "Demandes de versement à mettre en paiement")
    expect(manager.get_by_role("table")).to_contain_text("12,90")
    follow(manager, "Préparer un lot")
    press(manager, "Préparer un lot")
    expect(manager.get_by_text("Une autre personne le vérifie.")).to_be_visible()
    expect(manager.get_by_text("Le lot attend le service financier.")).to_be_visible()

    finance = world.open("", Role.FINANCE_AGENT, width=PHONE, scripts=False)
    follow(finance, "Lots à vérifier")
    follow(finance, "n° 1")
    press(finance, "Vérifier ce lot")
    expect(finance.get_by_text("l’ordonnateur peut l’ordonner")).to_be_visible()

    ordering = world.open("", Role.ORDONNATEUR, width=PHONE, scripts=False)
    follow(ordering, "Lots à ordonner")
    follow(ordering, "n° 1")
    press(ordering, "Ordonner le paiement")
    expect(ordering.get_by_text("le comptable public l’accepte ou le rejette")).to_be_visible()

    accountant = world.open("", Role.COMPTABLE_PUBLIC, width=PHONE)
    follow(accountant, "Lots à accepter ou à rejeter")
    follow(accountant, "n° 1")
    press(accountant, "Accepter ce lot")
    press(accountant, "Faire le fichier")
    with accountant.expect_download() as file:
        follow(accountant, "Télécharger le fichier SEPA")
    content = file.value.path().read_bytes()
    assert all(end_to_end_id(each).encode() in content for each in world.office.requests)
    assert everywhere(accountant) == []

    follow(accountant, "Lire un retour de la banque")
    answer = tmp_path / "retour.xml"
    paid = [(end_to_end_id(each), "ACSC", "") for each in world.office.requests]
    answer.write_bytes(pain002(*paid, ("MOBIGO-inconnu", "ACSC", "")))
    accountant.get_by_label("Fichier pain.002 ou camt.054").set_input_files(answer)
    press(accountant, "Lire ce fichier")
    effect = accountant.get_by_role("status").filter(has_text="Ce que ce fichier a changé")
    expect(effect).to_contain_text(re.compile(r"Payés\s*2"))
    expect(effect).to_contain_text("MOBIGO-inconnu")
    assert everywhere(accountant) == []

    manager.goto(world.office.site.url + DESK + "/lots")
    follow(manager, "n° 1")
    expect(manager.get_by_text("La banque a répondu pour tous les versements.")).to_be_visible()
    told = manager.get_by_role("table").last.inner_text()
    assert [told.index(name) for name in ("Claire", "Firmin", "Odile", "Colin")] == sorted(
        told.index(name) for name in ("Claire", "Firmin", "Odile", "Colin")
    )


def test_an_agent_enters_a_sheet_from_the_inbox(world: World) -> None:
    page = world.open("", Role.COUNTER_AGENT, width=PHONE, scripts=False)
    follow(page, "Saisir une fiche de trajet")
    page.get_by_label("Référence de la fiche").fill("F-2026-100")
    for who, phone in (("driver", "0601010103"), ("passenger", "0602020204")):
        page.locator(f"#f-{who}_last_name").fill(f"Nom de {who}")
        page.locator(f"#f-{who}_phone").fill(phone)
    page.get_by_label("La fiche dit que le passager a 18").check()
    page.get_by_label("De", exact=True).select_option("baume-les-dames-gare")
    page.get_by_label("À", exact=True).select_option("avoudrey-centre")
    page.get_by_label("Jour").fill((now() - timedelta(days=1)).date().isoformat())
    page.get_by_label("Montée à").fill("07:30")
    page.get_by_label("Descente à").fill("08:10")
    press(page, "Enregistrer la fiche")
    expect(page.get_by_text("preuve de classe B")).to_be_visible()


def test_an_agent_finds_somebody_and_records_their_account(world: World) -> None:
    page = world.open("", Role.COUNTER_AGENT, width=PHONE, scripts=False)
    page.get_by_label("Trouver une personne : nom ou téléphone").fill("mia")
    page.keyboard.press("Enter")
    follow(page, "Mia Essai")
    page.get_by_text("Enregistrer son compte").press("Enter")
    page.get_by_label("IBAN").fill("FR76 0000")
    page.get_by_label("J’ai vu sa pièce d’identité et son RIB.").check()
    press(page, "Enregistrer ce compte")
    expect(page.locator("#f-iban-error")).to_be_visible()
    page.get_by_label("IBAN").fill("FR76 1010 7001 0112 3456 7890 129")
    page.get_by_label("J’ai vu sa pièce d’identité et son RIB.").check()
    press(page, "Enregistrer ce compte")
    expect(page.get_by_text("Le compte est enregistré.")).to_be_visible()
    assert "FR7610107001011234567890129" not in page.content()


def test_a_complaint_is_answered_and_its_letter_is_read(world: World) -> None:
    page = world.open("/dossiers?sorte=complaint", Role.COUNTER_AGENT, width=PHONE)
    follow(page, "Anne Essai")
    page.get_by_label("Refuser").check()
    press(page, "Décider et écrire à la personne")
    expect(page.locator("#f-reason-error")).to_be_visible()
    assert everywhere(page) == []
    page.get_by_label("Refuser").check()
    page.get_by_label("Motifs, lus par la personne").fill("Ce trajet n’a pas de preuve.")
    press(page, "Décider et écrire à la personne")
    expect(page.get_by_text("Les motifs : Ce trajet n’a pas de preuve.")).to_be_visible()
    assert everywhere(page) == []


def test_an_alert_opens_a_case_and_no_payment_changes(world: World) -> None:
    page = world.open("", Role.CARPOOL_MANAGER, width=PHONE, scripts=False)
    follow(page, "Alertes de fraude à regarder")
    follow(page, "Rôles échangés dans la journée")
    expect(page.get_by_text("Conducteur et passager changent de rôle")).to_be_visible()
    page.get_by_text("Ouvrir un dossier : la personne sera prévenue et entendue").press("Enter")
    page.get_by_label(re.compile("Mia Essai")).check()
    page.get_by_label("Ce que vous avez constaté").fill("Deux comptes, un téléphone")
    press(page, "Ouvrir le dossier")
    expect(page.get_by_text("Aucun paiement n’a changé.")).to_be_visible()
    follow(page, "Mia Essai")
    press(page, "Prévenir la personne")
    expect(page.get_by_text("elle a quinze jours pour répondre")).to_be_visible()
    expect(page.get_by_role("button", name="Décider et écrire à la personne")).to_have_count(0)


def test_the_pages_speak_english(world: World) -> None:
    page = world.open("", Role.CARPOOL_MANAGER, language="en-GB")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Carpool: what is waiting")
    assert "à mettre en paiement" not in page.locator("main").inner_text()
