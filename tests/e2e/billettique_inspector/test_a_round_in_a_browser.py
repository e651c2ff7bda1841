"""A round in a browser: opened without scripts, money taken without a network, sent twice, counted and handed over."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from billettique.model.cases import Constat, Person
from billettique.model.orders import Channel
from billettique.rules.cases import digest
from billettique.service import cases, cash, counter, rounds, shelf
from billettique.store import cash as cash_store
from billettique.store import rounds as store
from mobigo.app import jobs_registry, schema
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import Services
from tests.browser import PHONE, everywhere, faults, visitor
from tests.live import Site, site

WAIT_MS = 30_000
SECRET = "ABCDEFGHJKLM"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Services, dict[str, str]]]:
    home = tmp_path_factory.mktemp("round") / "home"
    services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
    schema.migrate(services.engine)
    tokens, instant = {}, now()
    people = {"inspector": (Role.INSPECTOR, Role.MANDATAIRE), "only": (Role.INSPECTOR,), "regisseur": (Role.REGISSEUR,)}
    people |= {"agent": (Role.COUNTER_AGENT,), "other": (Role.COUNTER_AGENT,), "accountant": (Role.COMPTABLE_PUBLIC,)}
    with transaction(services.engine) as session:
        for name, roles in people.items():
            subject = accounts.create(session, instant, email=f"{name}@example.org", name=name, password_hash=None)
            for role in roles:
                grants.give(session, subject, Grant(role), instant, by=None)
            tokens[name] = sessions.open_session(session, subject, instant, None, None)
    with site(home) as answering:
        yield answering, services, tokens
    services.engine.dispose()


def ready(page: Page) -> None:
    expect(page.locator("#control")).to_have_attribute("data-ready", "yes", timeout=WAIT_MS)


def constat(page: Page, means: str) -> None:
    """Draws up a constat paid on the spot: fifty euros and a journey at 1,50 €; an impatient finger sends it twice."""
    page.evaluate("() => document.getElementById('to-constat').click()")
    page.get_by_label("Prix du trajet").fill("1,50")
    page.locator("#f-paid").select_option(means)
    button = page.get_by_role("button", name="Enregistrer le constat")
    button.evaluate("(pressed) => { pressed.click(); pressed.click(); }")


def test_a_round_from_its_opening_to_the_regisseur(
    browser: Browser, office: tuple[Site, Services, dict[str, str]], tmp_path: Path
) -> None:
    where, services, tokens = office

    def cookie(name: str) -> dict[str, str]:
        return {"name": "mobigo", "value": tokens[name], "url": where.url}

    with visitor(browser, where.url, width=PHONE) as alone:
        alone.context.add_cookies([cookie("only")])  # type: ignore[list-item]
        page = alone.open("/controle/tournee")
        expect(page.locator("main")).to_contain_text("mandataire d’aucune régie")
        page.goto(where.url + "/controle")
        ready(page)
        page.evaluate("() => document.getElementById('to-constat').click()")
        assert page.locator("#f-paid option:not([disabled])").count() == 1  # not now
    with visitor(browser, where.url, width=PHONE, scripts=False) as opening:
        opening.context.add_cookies([cookie("inspector")])  # type: ignore[list-item]
        page = opening.open("/controle/tournee")
        page.get_by_label("Monnaie emportée").fill("10")
        page.get_by_role("button", name="Ouvrir ma tournée").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("T1")
        page.screenshot(path=tmp_path / "opened.png", full_page=True)
    with visitor(browser, where.url, width=PHONE) as inspector:
        inspector.context.set_default_timeout(WAIT_MS)
        inspector.context.add_cookies([cookie("inspector")])  # type: ignore[list-item]
        page = inspector.open("/controle")
        ready(page)
        page.evaluate("() => navigator.serviceWorker.ready.then(() => 1)")
        page.get_by_role("button", name="Commencer le contrôle").click()
        inspector.context.set_offline(True)
        for number in range(1, 10):
            constat(page, "cash")
            expect(page.locator("#receipt-number")).to_have_text(f"T1-{number}")
        assert faults(page) == []
        constat(page, "cash")  # a tenth would pass 500 €
        expect(page.locator("#constat-error")).to_contain_text("le maximum d’espèces")
        constat(page, "terminal")
        expect(page.locator("#receipt-number")).to_have_text("T1-10")
        page.get_by_role("button", name="Remis : titre suivant").click()
        expect(page.locator("#round-state")).to_contain_text("dernière quittance n° 10")
        inspector.context.set_offline(False)
        page.get_by_role("button", name="Finir le service").click()
        expect(page.locator("#state")).to_contain_text("Envoyé", timeout=WAIT_MS)
        page.screenshot(path=tmp_path / "sent.png", full_page=True)
        page.goto(where.url + "/controle/tournee")
        assert everywhere(page) == []
        page.get_by_label("Numéro de la dernière quittance").fill("10")
        page.locator("#p-5000").fill("9")
        page.locator("#p-1000").fill("2")
        page.locator("#p-200").fill("1")
        page.locator("#p-100").fill("1")
        page.locator("#p-50").fill("1")
        page.get_by_role("button", name="Clore la tournée").click()
        expect(page.locator("main")).to_contain_text("à remettre au régisseur")
        page.get_by_role("link", name="T1").click()
        expect(page.locator("main")).to_contain_text("Le compte est juste")
        assert everywhere(page) == []
        page.screenshot(path=tmp_path / "counted.png", full_page=True)
    with visitor(browser, where.url) as regisseur:
        regisseur.context.add_cookies([cookie("regisseur")])  # type: ignore[list-item]
        page = regisseur.open("/guichet/regie")
        assert everywhere(page) == []
        page.screenshot(path=tmp_path / "regie.png", full_page=True)
        page.get_by_role("button", name="J’ai reçu cette recette").click()
        expect(page.locator("body")).to_contain_text("est reçue")
        assert regisseur.outside == []
    with reading(services.engine) as session:
        row = cash_store.find_regie(session, "controle")
        assert row is not None
        assert (row.cash_cents, row.terminal_cents) == (9 * 5_150, 5_150)
        (till,) = cash_store.sessions_of(session, "controle")
        assert [each.number for each in store.of_till(session, till.id)] == list(range(1, 11))
        assert [rounds.flags_of(each) for each in store.of_till(session, till.id)] == [[]] * 10


def test_a_penalty_goes_back_and_a_mistyped_address_is_set_right(
    browser: Browser, office: tuple[Site, Services, dict[str, str]], tmp_path: Path
) -> None:
    where, services, tokens = office
    order = paid_and_withdrawn(services)

    def opened(name: str, path: str, **more: bool) -> AbstractContextManager[Page]:
        @contextmanager
        def page() -> Iterator[Page]:
            with visitor(browser, where.url, width=PHONE, **more) as visiting:
                visiting.context.add_cookies([{"name": "mobigo", "value": tokens[name], "url": where.url}])
                yield visiting.open(path)
                assert visiting.outside == []

        return page()

    with opened("agent", "/controle/remboursements", scripts=False) as page:
        page.get_by_role("button", name="Préparer").click()
        expect(page.locator("main")).to_contain_text("un autre agent valide")
    with opened("other", "/controle/remboursements") as page:
        assert everywhere(page) == []
        page.screenshot(path=tmp_path / "backs.png", full_page=True)
        page.get_by_role("button", name="Valider et rendre").click()
        expect(page.locator("main")).to_contain_text("par virement du comptable public")
    with opened("accountant", "/guichet/comptable") as page:
        assert everywhere(page) == []
        page.screenshot(path=tmp_path / "accountant.png", full_page=True)
        page.get_by_role("button", name="Noter ce virement comme fait").click()
    with opened("agent", f"/constat/BACKBACK/{SECRET}") as page:
        expect(page.locator("main")).to_contain_text("rendu")
        assert everywhere(page) == []
    with opened("agent", f"/guichet/commandes/{order}") as page:
        page.locator("summary", has_text="Corriger l’adresse électronique").click()
        assert everywhere(page) == []
        page.screenshot(path=tmp_path / "address.png", full_page=True)
        page.get_by_label("Montant payé").fill("1,50")
        page.get_by_label("Jour de l’achat").fill(f"{paris_day(now())}")
        page.get_by_label("La bonne adresse").fill("camille@example.org")
        page.get_by_role("button", name="Corriger et renvoyer").click()
        expect(page.locator("body")).to_contain_text("L’adresse est corrigée")


def paid_and_withdrawn(services: Services) -> str:
    """A case paid in cash and withdrawn; an order sold at a counter, sent to a wrong address, whose id this is."""
    jobs_registry.install()
    found = Constat("b" * 32, "BACKBACK", digest(SECRET), now(), "no_ticket", "", "", Money(150), None,
                    Person("Durand", "Dominique", address="2 rue Haute"), "", True)  # fmt: skip
    with transaction(services.engine) as session:
        cases.draw_up(session, services.config, found, by="somebody", device="i-device", now=now())
        cash.open_till(session, agent="till", regie="guichets", place="dijon-ville", opening=Money(0), training=False,
                       home=None, now=now())  # fmt: skip
        cases.pay_at_counter(session, services.config, found.id, means="cash", proof="", by="till", now=now())
        cases.withdraw(session, services.config, found.id, why="En panne.", by="another", now=now())
    offers = shelf.flat_tickets("car-unite", ("adulte",), None, Channel.COUNTER, now())
    sale = counter.sell(services, services.engine, agent="till", key="k", channel=Channel.COUNTER, offers=offers,
                        means="cash", proof={"given_cents": "150"}, holder=None, email="camile@example.org",
                        receipt=False, now=now())  # fmt: skip
    return sale.order_id
