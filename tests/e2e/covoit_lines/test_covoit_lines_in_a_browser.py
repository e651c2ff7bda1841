"""A driver publishes and drives, a passenger books and gets in by the six figures, both see the result: by keyboard, on
a telephone, without scripts; every page is for everybody."""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import segno
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from covoit.rules.bookings import TERMS
from covoit.service import bookings, lines, offers
from covoit.store.people import PersonRow, person_of
from covoit.store.proofs import EvidenceRow
from mobigo.app import schema
from mobigo.infra import accounts, grants, roles, sessions
from mobigo.infra.clock import now
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.outbox import MessageRow
from tests.browser import PHONE, Visitor, everywhere, nothing_amiss, offline, visitor
from tests.covoit_lines_world import MONTBARD, A, Z
from tests.live import Site, site

ON_WAY = "/covoiturage/lignes/saulieu-chatillon"
TELEPHONE = f"/covoiturage/agents/telephone?from={A}&to={Z}"


@dataclass
class World:
    """One site, its people, and whoever looks at it."""

    site: Site
    browser: Browser
    tokens: dict[str, str]
    _stack: ExitStack = field(default_factory=ExitStack)
    visitors: list[Visitor] = field(default_factory=list)

    def open(self, path: str, who: str | None = None, **options: object) -> Page:
        visiting = self._stack.enter_context(visitor(self.browser, self.site.url, **options))
        self.visitors.append(visiting)
        if who is not None:
            visiting.context.add_cookies([{"name": "mobigo", "value": self.tokens[who], "url": self.site.url}])
        return visiting.open(path)


@pytest.fixture(scope="module")
def carpool_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, dict[str, str]]]:
    """A site just installed, with a driver who may drive, passengers, an agent; and somebody waiting at Montbard."""
    home = tmp_path_factory.mktemp("carpool") / "home"
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    tokens = {}
    with transaction(engine) as session:
        for name in ("anne", "karim", "new", "agent"):
            subject = accounts.new_subject()
            session.add(accounts.Account(subject=subject, created_at=now()))
            session.flush()
            session.add(accounts.Person(subject=subject, name=name.title(), language="fr", last_used_at=now()))
            session.flush()
            tokens[name] = sessions.open_session(session, subject, now(), None, None)
            if name == "agent":
                grants.give(session, subject, roles.Grant(roles.Role.COUNTER_AGENT), now(), None)
            if name in ("anne", "karim"):
                number = "+33639980001" if name == "anne" else "+33639980002"
                person = person_of(session, subject=subject, phone=number, verified=True, over_18=True, now=now())
            if name == "anne":
                offers.declare(
                    session, person, adult=True, licence=True, insurance=True, terms=TERMS, alias="Anne",
                    car="Clio bleue", now=now(),
                )  # fmt: skip
        other = person_of(session, "e" * 64, over_18=True, now=now())
        offers.declare(
            session, other, adult=True, licence=True, insurance=True, terms=TERMS, alias="Luc", car=None, now=now()
        )
        offers.publish(
            session, other, from_stop=A, to_stop=Z, leaves_at=now() + timedelta(minutes=30), seats=1, now=now()
        )
        lines.start_waiting(session, from_stop=MONTBARD, to_stop=Z, passenger=None, seats=2, now=now())
    engine.dispose()
    with site(home) as answering:
        yield answering, tokens


@pytest.fixture
def world(carpool_site: tuple[Site, dict[str, str]], browser: Browser) -> Iterator[World]:
    made = World(carpool_site[0], browser, carpool_site[1])
    yield made
    nothing_amiss(made.visitors, made._stack.close)


def choose(page: Page, label: str, stop: str) -> None:
    page.get_by_label(label, exact=True).select_option(stop)


def the_ride_of(page: Page, start: str, end: str) -> None:
    """Anne sets off at once."""
    form = page.get_by_role("form", name="Je pars maintenant")
    form.get_by_label("De", exact=True).select_option(start)
    form.get_by_label("À", exact=True).select_option(end)
    form.get_by_role("button", name="Partir et montrer mon code").press("Enter")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_driver_sets_off_a_passenger_types_the_code_and_both_see_the_ride_proven(world: World, scripts: bool):
    driver = world.open("/covoiturage/conduire", "anne", scripts=scripts, width=PHONE)
    the_ride_of(driver, "besancon-gare-viotte", "valdahon-centre")
    expect(driver.get_by_role("heading", name="À faire lire au passager")).to_be_visible()
    if scripts:  # drawn by the script from codes fetched ahead; a picture without it
        expect(driver.locator("[data-picture] svg path")).to_be_attached()
    else:
        expect(driver.get_by_role("img", name="Code à lire")).to_be_visible()
    figures = driver.locator(".code-figures b").inner_text()

    rider = world.open("/covoiturage/monter", "karim", scripts=scripts, width=PHONE)
    choose(rider, "Je monte à", "besancon-gare-viotte")
    choose(rider, "Je descends à", "etalans-centre")
    rider.get_by_label("Code du conducteur").fill(figures)
    rider.get_by_role("button", name="Je monte", exact=True).press("Enter")
    expect(rider.get_by_text("vous êtes à bord")).to_be_visible()

    driver.reload()
    expect(driver.get_by_text("à bord", exact=True)).to_be_visible()
    shown = driver.locator("main").inner_text().replace(figures, "")
    assert re.search(r"(0|\+33 ?)[67]([ .]?\d\d){4}", shown) is None  # no telephone is shown
    driver.get_by_role("button", name="Je suis arrivé").press("Enter")
    expect(driver.get_by_text("Trajet terminé.")).to_be_visible()
    expect(driver.get_by_text("trajet prouvé")).to_be_visible()
    rider.reload()
    expect(rider.get_by_text("trajet prouvé").first).to_be_visible()
    expect(rider.get_by_text("Classe B")).to_be_visible()


def test_the_code_goes_on_turning_without_a_network(world: World):
    driver = world.open("/covoiturage/conduire", "anne", width=PHONE)
    the_ride_of(driver, "sens-gare", "joigny-gare")
    box = driver.locator("[data-codes]")
    expect(box).to_have_attribute("data-step", re.compile(r"\d+"))
    first = box.get_attribute("data-step")
    offline(driver)
    driver.wait_for_timeout(1_500)  # an answer still on its way would set the clock again
    driver.evaluate("() => { const ahead = Date.now() + 60000; Date.now = () => ahead; }")  # a minute later
    expect(box).not_to_have_attribute("data-step", str(first))
    expect(driver.locator("[data-picture] svg path")).to_be_attached()
    driver.get_by_role("button", name="Annuler ce trajet").click()  # no page of the browser's own, no code lost
    expect(driver.get_by_text("rien n’est fait")).to_be_visible()
    driver.get_by_role("button", name="Je suis arrivé").click()
    expect(driver.get_by_text("c’est gardé sur ce téléphone")).to_be_visible()
    driver.context.set_offline(False)
    expect(driver.get_by_text("Trajet terminé.")).to_be_visible()


def typed_without_a_network(rider: Page, start: str, end: str, figures: str) -> None:
    """Six figures typed where there is no network: kept, with a word on how long they are good for."""
    choose(rider, "Je monte à", start)
    choose(rider, "Je descends à", end)
    rider.get_by_label("Code du conducteur").fill(figures)
    offline(rider)
    rider.get_by_role("button", name="Je monte", exact=True).click()
    expect(rider.get_by_text("vos six chiffres sont gardés")).to_be_visible()
    expect(rider.get_by_role("button", name="Je monte", exact=True)).to_be_disabled()


def kept_by_karim(world: World) -> tuple[Page, Page]:
    """Anne drives, and Karim types her figures where there is no network."""
    driver = world.open("/covoiturage/conduire", "anne", width=PHONE)
    the_ride_of(driver, "ancy-le-franc-chateau", "ravieres-place")
    rider = world.open("/covoiturage/monter", "karim", width=PHONE)
    figures = driver.locator(".code-figures b").inner_text()
    typed_without_a_network(rider, "ancy-le-franc-chateau", "ravieres-place", figures)
    return driver, rider


def kept(page: Page) -> list[dict[str, object]]:
    found: list[dict[str, object]] = page.evaluate("() => JSON.parse(localStorage.getItem('covoit.kept') || '[]')")
    return found


def test_a_scan_made_without_a_network_leaves_when_it_is_back(world: World):
    driver, rider = kept_by_karim(world)
    rider.context.set_offline(False)
    expect(rider.get_by_role("heading", name=re.compile("Ancy-le-Franc"))).to_be_visible()
    assert kept(rider) == []
    offline(rider)
    rider.get_by_role("button", name="Je suis descendu").click()
    expect(rider.get_by_text("votre descente est gardée")).to_be_visible()
    rider.context.set_offline(False)
    expect(rider.get_by_role("button", name="Je suis descendu")).to_be_hidden()
    assert kept(rider) == []
    driver.get_by_role("button", name="Annuler ce trajet").click()
    expect(driver.get_by_text("terminez-le plutôt que de l’annuler")).to_be_visible()
    driver.go_back()
    expect(driver.get_by_text("Annuler ce trajet")).to_be_hidden()  # with somebody aboard it is no longer offered
    offline(driver)
    driver.get_by_role("button", name="Je suis arrivé").click()
    expect(driver.get_by_text("c’est gardé sur ce téléphone")).to_be_visible()
    driver.context.set_offline(False)
    expect(driver.get_by_text("Trajet terminé.")).to_be_visible()


def test_a_network_that_a_telephone_only_believes_in_loses_nothing(world: World):
    driver = world.open("/covoiturage/conduire", "anne", width=PHONE)
    the_ride_of(driver, "ancy-le-franc-chateau", "ravieres-place")
    expect(driver.locator("[data-picture] svg path")).to_be_attached()
    driver.wait_for_load_state("load")  # its scripts are there
    driver.route("**/*", lambda route: route.abort() if route.request.resource_type == "fetch" else route.fallback())
    driver.get_by_role("button", name="Je suis arrivé").click()
    expect(driver.get_by_text("c’est gardé sur ce téléphone")).to_be_visible()
    assert len(kept(driver)) == 1
    driver.unroute_all()
    driver.reload()
    expect(driver.get_by_text("Trajet terminé.")).to_be_visible()
    assert kept(driver) == []


def test_a_telephone_that_keeps_nothing_says_so(world: World):
    rider = world.open("/covoiturage/monter", "karim", width=PHONE)
    rider.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    choose(rider, "Je monte à", "ancy-le-franc-chateau")
    choose(rider, "Je descends à", "ravieres-place")
    rider.get_by_label("Code du conducteur").fill("123456")
    offline(rider)
    rider.get_by_role("button", name="Je monte", exact=True).click()
    expect(rider.get_by_text("ne veut rien garder")).to_be_visible()
    expect(rider.get_by_role("button", name="Je monte", exact=True)).to_be_enabled()


def test_what_was_kept_and_is_refused_is_said_until_it_was_read(world: World):
    rider = world.open("/covoiturage/monter", "karim", width=PHONE)
    typed_without_a_network(rider, "ancy-le-franc-chateau", "ravieres-place", "000000")
    rider.get_by_label("Code du conducteur").fill("000001")  # another code may be tried, and kept too
    rider.get_by_role("button", name="Je monte", exact=True).click()
    assert len(kept(rider)) == 2
    rider.context.set_offline(False)
    refused = rider.get_by_role("alert").filter(has_text="puis refusé")
    expect(refused.get_by_role("listitem")).to_have_count(2)
    expect(refused).to_contain_text("à l’écran d’aucun conducteur")
    assert kept(rider) == []
    rider.reload()
    expect(refused.get_by_role("listitem")).to_have_count(2)
    assert everywhere(rider) == []
    refused.get_by_role("button", name="J’ai lu").click()
    rider.reload()
    expect(rider.get_by_label("Code du conducteur")).to_be_visible()
    expect(refused).to_be_hidden()


def test_what_one_account_kept_another_never_sends(world: World):
    driver, rider = kept_by_karim(world)
    rider.context.clear_cookies()  # signed out before the network is back
    rider.context.set_offline(False)
    rider.wait_for_timeout(1_000)
    assert len(kept(rider)) == 1
    cookie = {"name": "mobigo", "url": world.site.url}
    rider.context.add_cookies([{**cookie, "value": world.tokens["agent"]}])  # a telephone lent to somebody else
    rider.goto(f"{world.site.url}/covoiturage/monter")
    rider.wait_for_timeout(1_000)
    assert len(kept(rider)) == 1
    rider.context.add_cookies([{**cookie, "value": world.tokens["karim"]}])
    rider.goto(f"{world.site.url}/covoiturage/monter")
    expect(rider.get_by_role("heading", name=re.compile("Ancy-le-Franc"))).to_be_visible()
    assert kept(rider) == []
    driver.get_by_role("button", name="Je suis arrivé").click()
    expect(driver.get_by_text("Trajet terminé.")).to_be_visible()


def test_a_passenger_books_and_cancels_by_keyboard_alone(world: World):
    page = world.open(ON_WAY, "karim", width=PHONE)
    page.get_by_role("button", name="Réserver 1,50").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Votre place est réservée.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Saulieu")
    assert "Luc" in page.locator("main").inner_text()
    page.get_by_role("button", name="Annuler ma place").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("annulée").first).to_be_visible()


def test_a_driver_publishes_and_a_passenger_finds_the_ride(world: World):
    driver = world.open("/covoiturage/conduire", "anne", scripts=False, width=PHONE)
    rides = "() => [...document.querySelectorAll('main a[href*=\"/covoiturage/trajets/\"]')].map((a) => a.href)"
    before = driver.evaluate(rides)
    form = driver.get_by_role("form", name="Je publie un trajet")
    form.get_by_label("De", exact=True).select_option("besancon-gare-viotte")
    form.get_by_label("À", exact=True).select_option("fuans-centre")
    form.get_by_label("Places libres").fill("2")
    form.get_by_role("button", name="Publier").press("Enter")
    expect(driver.get_by_text("C’est publié. Les passagers voient votre trajet.")).to_be_visible()
    rider = world.open("/covoiturage/lignes/besancon-fuans", "karim", width=PHONE)
    expect(rider.locator("main")).to_contain_text("Anne")
    (published,) = set(driver.evaluate(rides)) - set(before)
    driver.goto(published)
    driver.get_by_role("button", name="Annuler ce trajet").press("Enter")
    expect(driver.get_by_text("Le trajet est annulé")).to_be_visible()


def test_a_passenger_waits_at_a_stop(world: World):
    page = world.open(f"{ON_WAY}?sens=1&arret={MONTBARD}", "karim", width=PHONE)
    page.get_by_role("button", name="Prévenir les conducteurs").press("Enter")
    expect(page).to_have_url(re.compile("/covoiturage/attente/"))
    assert everywhere(page) == []
    page.get_by_role("button", name="Je n’attends plus").press("Enter")  # the panel counts who waits: not this one


def test_the_panel_says_that_somebody_waits(world: World):
    page = world.open(f"/covoiturage/panneau/{MONTBARD}")
    expect(page.get_by_text("2 personnes attendent")).to_be_visible()
    expect(page.get_by_text("Personne n’attend")).to_be_visible()  # the other way


def test_somebody_new_declares_their_age_and_joins_as_a_driver(world: World):
    page = world.open("/covoiturage/conduire", "new", width=PHONE, scripts=False)
    page.get_by_role("link", name="M’inscrire comme conducteur").click()
    for words in ("J’ai 18", "J’ai un permis", "Ma voiture est assurée"):
        page.get_by_label(re.compile(words)).check()
    page.get_by_role("button", name="Enregistrer et signer").click()
    expect(page.get_by_text("Il manque votre signature")).to_be_visible()
    page.get_by_label("Je signe ces conditions.").check()
    page.get_by_role("button", name="Enregistrer et signer").click()
    page.get_by_label("Nom", exact=True).fill("D’Hérûg")
    page.get_by_label("Téléphone mobile", exact=True).fill("06 39 98 00 77")
    page.get_by_role("button", name="Recevoir un code").press("Enter")
    expect(page.get_by_label("Code à six chiffres")).to_be_visible()
    assert everywhere(world.open("/covoiturage/mon-telephone/code", "new")) == []
    page.get_by_label("Code à six chiffres").fill(code_sent_to(world, "+33639980077"))
    page.get_by_role("button", name="Vérifier mon numéro").press("Enter")
    expect(page.get_by_text("Vous pouvez conduire.")).to_be_visible()  # led back to where they were going
    page.get_by_role("link", name="Mes trajets").first.click()
    expect(page.get_by_role("heading", name="Je publie un trajet")).to_be_visible()


def code_sent_to(world: World, phone: str) -> str:
    """The code in the latest text message to a number."""
    engine = open_engine(f"sqlite:///{world.site.home / 'mobigo.sqlite'}")
    with reading(engine) as session:
        asked = select(MessageRow.body).where(MessageRow.recipient == phone).order_by(MessageRow.id.desc()).limit(1)
        found = re.search(r"\d{6}", session.scalars(asked).one())
    engine.dispose()
    assert found
    return found[0]


def test_an_agent_enters_a_sheet_once(world: World):
    page = world.open("/covoiturage/agents/papier", "agent", scripts=False)
    yesterday = (now() - timedelta(days=1)).date().isoformat()

    def fill() -> None:
        page.get_by_label("Référence de la fiche").fill("F-2026-007")
        for who, phone in (("driver", "0601010101"), ("passenger", "0602020202")):
            page.locator(f"#f-{who}_last_name").fill(f"Nom de {who}")
            page.locator(f"#f-{who}_phone").fill(phone)
        page.get_by_label("La fiche dit que le passager a 18").check()
        choose(page, "De", "baume-les-dames-gare")
        choose(page, "À", "avoudrey-centre")
        page.get_by_label("Jour").fill(yesterday)
        page.get_by_label("Montée à").fill("07:30")
        page.get_by_label("Descente à").fill("08:10")
        page.get_by_role("button", name="Enregistrer la fiche").press("Enter")

    fill()
    expect(page.get_by_text("preuve de classe B")).to_be_visible()
    fill()
    expect(page.locator("#f-reference-error")).to_contain_text("déjà saisie")


def test_an_agent_books_for_somebody_who_calls_and_says_the_code(world: World):
    page = world.open(TELEPHONE, "agent", scripts=False)
    page.locator("#f-caller_last_name").fill("Petit")
    page.locator("#f-caller_phone").fill("06 03 03 03 03")
    page.get_by_role("button", name="Réserver", exact=True).press("Enter")
    expect(
        page.get_by_text("L’âge de cette personne n’est pas connu").first
    ).to_be_visible()  # an unknown age is not an adult's
    page.get_by_label(re.compile("Elle dit avoir 18")).check()
    page.get_by_role("button", name="Réserver", exact=True).press("Enter")
    expect(page.get_by_text(re.compile(r"Dites ce code à la personne.*\d{4}"))).to_be_visible()


def test_the_camera_address_leads_to_the_page_that_gets_one_in(world: World):
    page = world.open("/C/MBC1.TOKEN", "karim")
    expect(page.get_by_label("Code du conducteur")).to_have_value("MBC1.TOKEN")


PAGES = [
    (TELEPHONE, "agent"),
    ("/covoiturage", None), (ON_WAY, None), (f"{ON_WAY}?sens=1&arret={MONTBARD}", "karim"),
    (f"/covoiturage/panneau/{MONTBARD}", None), ("/covoiturage/inscription", "new"), ("/covoiturage/conduire", "anne"),
    ("/covoiturage/monter", "karim"), ("/covoiturage/places", "karim"), ("/covoiturage/urgence", "karim"),
    ("/covoiturage/mon-telephone", "new"), ("/covoiturage/retrouver-mes-trajets", "karim"),
    ("/covoiturage/age", "karim"),
    ("/covoiturage/agents/telephone-verifie", "agent"), ("/covoiturage/signaler", "karim"),
    ("/covoiturage/agents/papier", "agent"),
    ("/covoiturage/agents/garanties", "agent"), ("/covoiturage/agents/signalements", "agent"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "who"), PAGES)
def test_the_pages_are_for_everybody(world: World, path: str, who: str | None):
    assert everywhere(world.open(path, who)) == []


def test_the_pages_speak_english(world: World):
    page = world.open(ON_WAY, language="en-GB")
    expect(page.get_by_role("heading", name="Guaranteed departure and return")).to_be_visible()
    assert "Je monte" not in page.locator("main").inner_text()


# ---------------------------------------------------------------- the camera and the position

READING_MS = 60_000  # a camera that starts and a reader that compiles, on a busy machine


def filmed(driver: Page, film: Path) -> None:
    """A second of the driver's real screen, as a camera held before it would see it: pictures one after another."""
    driver.set_viewport_size({"width": 640, "height": 480})
    driver.locator("[data-picture] svg").evaluate("each => each.scrollIntoView({ block: 'center' })")
    film.write_bytes(driver.screenshot(type="jpeg", quality=90) * 30)


@contextmanager
def with_a_camera(world: World, film: Path, who: str, **options: object) -> Iterator[Page]:
    """The passenger's browser, whose camera plays the film and whose camera and position were allowed."""
    opened = world.browser.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=[
            "--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        ],
    )  # fmt: skip
    try:
        with visitor(opened, world.site.url, **options) as visiting:
            visiting.context.add_cookies([{"name": "mobigo", "value": world.tokens[who], "url": world.site.url}])
            world.visitors.append(visiting)
            yield visiting.open("/covoiturage/monter")
    finally:
        opened.close()


def test_the_camera_reads_the_drivers_screen_and_the_position_makes_the_proof_stronger(world: World, tmp_path: Path):
    film = tmp_path / "camera.mjpeg"
    driver = world.open("/covoiturage/conduire", "anne", width=PHONE)
    the_ride_of(driver, "besancon-gare-viotte", "fuans-centre")
    expect(driver.locator("[data-picture] svg path")).to_be_attached()
    filmed(driver, film)
    viotte = {"latitude": 47.2467, "longitude": 6.0217}  # 27 m from the stop
    allowed = {"permissions": ["camera", "geolocation"], "geolocation": viotte}
    with with_a_camera(world, film, "karim", width=PHONE, **allowed) as rider:
        expect(rider.get_by_text("Votre position est ajoutée")).to_be_visible(
            timeout=READING_MS
        )  # allowed before: simply taken
        assert not rider.evaluate("() => 'ZXingWASM' in window")  # nothing of the reader before it is wanted
        choose(rider, "Je monte à", "besancon-gare-viotte")
        choose(rider, "Je descends à", "saone-centre")
        rider.get_by_role("button", name="Lire le code avec l’appareil photo").press("Enter")
        expect(rider.get_by_text("vous êtes à bord")).to_be_visible(timeout=READING_MS)
        rider.context.set_geolocation({"latitude": 47.2101, "longitude": 6.1011})
        driver.reload()
        expect(driver.get_by_text("à bord", exact=True)).to_be_visible()
        driver.get_by_role("button", name="Je suis arrivé").press("Enter")
        expect(driver.get_by_text("trajet prouvé")).to_be_visible()
        rider.reload()
        expect(rider.get_by_text("trajet prouvé").first).to_be_visible()
    engine = open_engine(f"sqlite:///{world.site.home / 'mobigo.sqlite'}")
    with reading(engine) as session:
        rows = session.scalars(select(EvidenceRow).where(EvidenceRow.meeting == "scan")).all()
        told = {(row.side, row.measured, row.lat) for row in rows}
    engine.dispose()
    assert told == {("passenger", True, 47.2467), ("driver", True, None)}


def test_positions_of_both_prove_a_ride_without_a_code(world: World):
    viotte = {"latitude": 47.2467, "longitude": 6.0217}  # 27 m from the stop
    engine = open_engine(f"sqlite:///{world.site.home / 'mobigo.sqlite'}")
    with transaction(engine) as session:
        anne, karim = (
            session.scalars(select(PersonRow.id).where(PersonRow.phone == phone)).one()
            for phone in ("+33639980001", "+33639980002")
        )
        run = offers.publish(
            session, anne, from_stop="besancon-gare-viotte", to_stop="saone-centre",
            leaves_at=now() + timedelta(minutes=1), seats=2, now=now(),
        )  # fmt: skip
        seat = bookings.book(
            session, offer_id=run.id, passenger=karim, from_stop=run.from_stop, to_stop=run.to_stop, seats=1, now=now()
        )
        offers.start(session, run.id, anne, now())
    engine.dispose()
    allowed = {"permissions": ["geolocation"], "geolocation": viotte, "width": PHONE}
    driver = world.open(f"/covoiturage/trajets/{run.id}", "anne", **allowed)
    rider = world.open(f"/covoiturage/places/{seat.id}", "karim", **allowed)
    for page, opens, button in (
        (driver, "Il monte, sans code", "Il monte ici"),
        (rider, "Je monte sans lire de code", "Je monte ici"),
    ):
        page.locator("summary", has_text=opens).press("Enter")
        expect(page.get_by_text("Votre position est ajoutée.")).to_be_visible()
        assert everywhere(page) == []
        page.get_by_role("button", name=button).press("Enter")
        expect(page.get_by_text("à bord", exact=True)).to_be_visible()
    for page, button in ((driver, "Il descend ici"), (rider, "Je suis descendu à")):
        page.context.set_geolocation({"latitude": 47.2101, "longitude": 6.1011})
        page.reload()
        expect(page.get_by_text("Votre position est ajoutée : la preuve")).to_be_visible()
        page.get_by_role("button", name=button).press("Enter")
        expect(page.get_by_role("button", name=button)).to_be_hidden()
    expect(rider.get_by_text("Classe C")).to_be_visible()


def test_a_code_that_is_no_drivers_is_said_so_and_without_a_camera_the_figures_remain(world: World, tmp_path: Path):
    other = world.browser.new_page(viewport={"width": 640, "height": 480})
    picture = segno.make("https://exemple.fr/autre").svg_data_uri(scale=12)
    other.set_content(f'<img alt="" src="{picture}">')
    film = tmp_path / "camera.mjpeg"
    film.write_bytes(other.screenshot(type="jpeg", quality=90) * 30)
    other.close()
    with with_a_camera(world, film, "karim", width=PHONE, permissions=["camera"]) as rider:
        rider.get_by_role("button", name="Lire le code avec l’appareil photo").press("Enter")
        expect(rider.get_by_text("Ce code n’est pas celui d’un conducteur.")).to_be_visible(timeout=READING_MS)
        assert everywhere(rider) == []
        rider.get_by_role("button", name="Arrêter l’appareil photo").press("Enter")
        expect(rider.locator("[data-scan-video]")).to_be_hidden()
    blind = world.open("/covoiturage/monter", "karim", width=PHONE)  # this browser has no camera
    blind.get_by_role("button", name="Lire le code avec l’appareil photo").press("Enter")
    expect(blind.get_by_text("L’appareil photo n’est pas disponible")).to_be_visible()
    expect(blind.get_by_label("Code du conducteur")).to_be_visible()
