"""A month from its last ride to the bank, by keyboard on a telephone: an agent closes it, the driver asks for what is
due, four people act on the batch, and the file that comes out is read as a bank reads it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sepaxml
from lxml import etree
from playwright.sync_api import Browser, Page, expect

from covoit.service import claims
from mobigo.app import schema
from mobigo.infra.clock import now
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.formats import month as month_said
from mobigo.infra.roles import Role
from tests.browser import PHONE, Visitor, everywhere, nothing_amiss, visitor
from tests.covoit_agents_world import agents, last_month
from tests.covoit_campaign_world import campaign_home
from tests.covoit_driver_world import known
from tests.covoit_money_world import DESK, IBANS, fund, payer, record, ride
from tests.live import Site, site

MONTHS = "/covoiturage/agents/mois"
NAMES = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


@dataclass(frozen=True)
class Place:
    """The site, who is signed in, and the month that nobody closed or priced yet."""

    site: Site
    tokens: dict[str, str]
    month: datetime


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Two drivers and three rides of the month before last: 33 km each, 3.30 € and 1 €, and 1.50 € of a campaign."""
    home = payer(campaign_home(tmp_path_factory.mktemp("month") / "home"))
    campaign = home / "campaigns" / "plus.toml"
    campaign.write_text(campaign.read_text().replace("2026-11-01", "2026-01-01").replace("last_day", "#"))
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    fund(engine, 100_000, home)
    fund(engine, 100_000, home, campaign="plus", key="vote-2")
    month = last_month(last_month(now()))
    tokens = {str(role): token for role, token in agents(engine)[1].items()}
    people = {name: known(engine, name, f"+3360101010{at}", now()) for at, name in enumerate(("anne", "bruno"))}
    for at, (name, one) in enumerate(people.items()):
        tokens[name] = one.token
        with transaction(engine) as session:
            claims.confirm_iban_at_counter(
                session, one.person, IBANS[at], f"{name.title()} Essai", by=DESK, now=now() - timedelta(days=30)
            )
    rides = [("anne", 3, "a1"), ("anne", 9, "a2"), ("bruno", 10, "b1")]
    record(
        engine,
        [ride(people[name].person, at=month + timedelta(days=day, hours=7), trip_id=trip) for name, day, trip in rides],
    )
    engine.dispose()  # nothing was priced: no job ran on this home
    with site(home) as answering:
        yield Place(answering, tokens, month)


@pytest.fixture
def opened(place: Place, browser: Browser) -> Iterator["Opened"]:
    made = Opened(place, browser, ExitStack(), [])
    yield made
    nothing_amiss(made.visitors, made.stack.close)


@dataclass
class Opened:
    """Whoever looks at the site, each in a window of their own."""

    place: Place
    browser: Browser
    stack: ExitStack
    visitors: list[Visitor]

    def by(self, who: str, path: str, scripts: bool = False) -> Page:
        visiting = self.stack.enter_context(visitor(self.browser, self.place.site.url, width=PHONE, scripts=scripts))
        self.visitors.append(visiting)
        cookie = {"name": "mobigo", "value": self.place.tokens[who], "url": self.place.site.url}
        visiting.context.add_cookies([cookie])
        return visiting.open(path)


def follow(page: Page, words: str) -> None:
    page.get_by_role("link", name=words).first.press("Enter")


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).press("Enter")


def test_a_month_is_closed_asked_for_paid_and_its_file_read(opened: Opened) -> None:
    said = month_said(f"{opened.place.month:%Y-%m}", "fr")
    manager = opened.by(Role.CARPOOL_MANAGER, MONTHS)
    # No run has priced a thing: the month is there to be closed all the same.
    expect(manager.get_by_role("heading", name="Mois à clore")).to_be_visible()
    press(manager, f"Clore {said}")
    expect(manager.get_by_text("Le mois est clos : les montants sont exigibles.")).to_be_visible()
    row = manager.get_by_role("row").filter(has=manager.get_by_role("rowheader", name=said))
    expect(row).to_contain_text("17,40")  # three rides of 4.30 € and 1.50 €
    expect(manager.get_by_role("button", name=f"Clore {said}")).to_have_count(0)
    links = [link.inner_text() for link in row.get_by_role("link").all()]
    assert links == ["mobigo", "mobigo · plus"]  # a payment call for the scale, one for the campaign

    for name, due in (("anne", "11,60"), ("bruno", "5,80")):
        page = opened.by(name, "/covoiturage/mes-aides")
        expect(page.get_by_role("main")).to_contain_text(due)
        button = page.get_by_role("button").filter(has_text="Demander")
        button.first.press("Enter")
        expect(page.get_by_role("main")).to_contain_text("demandée")

    manager.goto(opened.place.site.url + "/covoiturage/agents")
    follow(manager, "Demandes de versement à mettre en paiement")
    expect(manager.get_by_role("table")).to_contain_text("17,40")
    follow(manager, "Préparer un lot")
    press(manager, "Préparer un lot")
    expect(manager.get_by_text("Une autre personne le vérifie.")).to_be_visible()
    for role, inbox, act in (
        (Role.FINANCE_AGENT, "Lots à vérifier", "Vérifier ce lot"),
        (Role.ORDONNATEUR, "Lots à ordonner", "Ordonner le paiement"),
    ):
        page = opened.by(role, "/covoiturage/agents")
        follow(page, inbox)
        follow(page, "n° 1")
        press(page, act)
        expect(page.get_by_role("button", name=act, exact=True)).to_have_count(0)
    accountant = opened.by(Role.COMPTABLE_PUBLIC, "/covoiturage/agents", scripts=True)
    follow(accountant, "Lots à accepter ou à rejeter")
    follow(accountant, "n° 1")
    press(accountant, "Accepter ce lot")
    press(accountant, "Faire le fichier")
    with accountant.expect_download() as file:
        follow(accountant, "Télécharger le fichier SEPA")
    read_as_a_bank(file.value.path().read_bytes())
    assert everywhere(accountant) == []


def read_as_a_bank(content: bytes) -> None:
    """By the schema of the standard, then by hand: whom, how much, and the sums the file says of itself."""
    root = etree.fromstring(content)
    schema_file = Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd"
    etree.XMLSchema(etree.parse(schema_file)).assertValid(root)
    paid = {
        each.findtext(".//p:CdtrAcct//p:IBAN", namespaces=NAMES): each.findtext(".//p:InstdAmt", namespaces=NAMES)
        for each in root.iterfind(".//p:CdtTrfTxInf", namespaces=NAMES)
    }
    assert paid == {IBANS[0]: "11.60", IBANS[1]: "5.80"}
    head = root.find(".//p:GrpHdr", namespaces=NAMES)
    assert head is not None
    assert head.findtext("p:NbOfTxs", namespaces=NAMES) == "2"
    assert head.findtext("p:CtrlSum", namespaces=NAMES) == "17.40"
    names = [each.text for each in root.iterfind(".//p:EndToEndId", namespaces=NAMES)]
    assert len(set(names)) == 2


def test_the_page_of_months_is_for_everybody_once_one_is_closed(opened: Opened) -> None:
    page = opened.by(Role.ORDONNATEUR, MONTHS, scripts=True)
    expect(page.get_by_role("table").first).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="plus").first).to_be_visible()  # its budget stands with the scale's
    assert everywhere(page) == []
