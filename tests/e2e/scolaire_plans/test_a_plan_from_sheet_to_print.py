"""A sector from its sheets to the paper in the driver's hand: files brought in, a plan searched for, stopped and taken
up again, a stop dragged, a service locked, versions compared, another person's approval, the driver's sheet."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from mobigo.app import schema
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import as_environ, load_config
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.roles import Grant, Role
from scolaire.model.demand import Demand
from tests.browser import DESKTOP, PHONE, PHONE_SMALL, Visitor, faults, nothing_amiss, press, visitor
from tests.e2e.scolaire_plans.drag import KEEP_THE_MAP, WHERE
from tests.live import Site, site
from tests.school_people_world import COLLEGE, LYCEE
from tests.school_plans_world import YEAR, plant
from tests.school_world import sector

ROOT = Path(__file__).resolve().parents[3]
SEARCHED_MS = 500_000  # a machine that does much else, kernels compiled anew
SCHOOLS = f"uai;nom;type;commune\n{COLLEGE};Collège François Pompon;Collège;21584\n0210054A;Collège;Collège;21584\n"
PUPILS = (
    "nom;prénom;naissance;uai;classe;adresse;code postal;commune;nom responsable;prénom responsable;"
    "courriel;référence\n"
    f"Dupré;Zoé;03/04/2014;{COLLEGE};5ème;2 rue Haute;21430;21349;Dupré;Luc;l@example.org;F1\n"
    f"Dupré;Tom;03/04/2014;{COLLEGE};CP;2 rue Haute;21430;21349;Dupré;Luc;l@example.org;F2\n"
)


def named() -> Demand:
    """A small sector whose two schools have numbers that a sheet may name."""
    drawn = sector(4, schools=2, stops=12, pupils=60)
    uai = dict(zip((each.id for each in drawn.schools), (COLLEGE, LYCEE), strict=True))
    return replace(
        drawn, schools=tuple(replace(each, id=uai[each.id]) for each in drawn.schools),
        pupils=tuple(replace(each, school=uai[each.school]) for each in drawn.pupils),
    )  # fmt: skip


@dataclass
class Desk:
    """A site with a worker beside it, two people, a plan without a version."""

    site: Site
    browser: Browser
    tokens: dict[str, str]
    plan: str
    seen: Path
    stack: ExitStack = field(default_factory=ExitStack)
    visitors: list[Visitor] = field(default_factory=list)

    def visit(self, who: str, width: int) -> Visitor:
        visiting = self.stack.enter_context(visitor(self.browser, self.site.url, width=width))
        self.visitors.append(visiting)
        visiting.context.add_cookies([{"name": "mobigo", "value": self.tokens[who], "url": self.site.url}])
        visiting.context.add_init_script(KEEP_THE_MAP)
        return visiting

    def look(self, page: Page, name: str) -> None:
        """The page is for everybody, wide and narrow, and was drawn."""
        size = page.viewport_size
        assert size is not None
        for width in (PHONE_SMALL, size["width"]):
            page.set_viewport_size({"width": width, "height": size["height"]})
            assert faults(page) == [], f"{name}, {width} px"
            page.screenshot(path=str(self.seen / f"{name}-{width}.png"), full_page=True, caret="initial")


@pytest.fixture
def desk(tmp_path: Path, browser: Browser) -> Iterator[Desk]:
    home = tmp_path / "home"
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    tokens = {}
    with transaction(engine) as session:
        subjects = {}
        for name in ("planner", "approver"):
            subject = accounts.create(
                session, now(), email=f"{name}@example.org", name=name.title(), password_hash=None, language="fr"
            )
            grants.give(session, subject, Grant(Role.SCHOOL_MANAGER), now(), None)
            tokens[name] = sessions.open_session(session, subject, now(), None, None)
            subjects[name] = subject
        plan = plant(session, named(), by=subjects["planner"]).plan
    engine.dispose()
    config = load_config({"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"})
    command = [sys.executable, "-m", "tests.e2e.scolaire_plans.desk_worker"]
    with site(home) as answering, (home / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **as_environ(config)}, stdout=log, stderr=log, start_new_session=True
        )
        made = Desk(answering, browser, tokens, plan, tmp_path)
        try:
            yield made
            nothing_amiss(made.visitors, made.stack.close)
        finally:
            worker.kill()
            worker.wait()


def brings(page: Page, kind: str, text: str) -> None:
    """A file is looked at by keyboard, its wrong line told, its good part brought in."""
    page.get_by_label("Ce que le fichier apporte").select_option(label=kind)
    page.get_by_label("Le fichier", exact=True).set_input_files(
        FilePayload(name="f.csv", mimeType="text/csv", buffer=text.encode())
    )
    page.get_by_label("Année scolaire des inscriptions").fill(str(YEAR))
    press(page, "button", "Regarder sans rien changer")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rien n’est encore changé")


def good_part(page: Page, told: str) -> None:
    box = page.get_by_label("Importer les lignes justes", exact=False)
    box.focus()
    page.keyboard.press("Space")
    press(page, "button", "^Importer$")
    expect(page.get_by_text(told)).to_be_visible()


@pytest.mark.slow
def test_a_sector_from_its_sheets_to_the_drivers_paper(desk: Desk) -> None:
    visiting = desk.visit("planner", DESKTOP)
    page = visiting.open("/scolaire/agents/imports")
    brings(page, "Établissements", SCHOOLS)
    desk.look(page, "import")
    good_part(page, "C’est importé. Nouveautés\u202f: 0, changements\u202f: 1")
    brings(page, "Élèves inscrits sur papier", PUPILS)
    expect(page.get_by_role("table").get_by_text("CP", exact=True)).to_be_visible()
    good_part(page, "C’est importé. Nouveautés\u202f: 1")
    _searches(desk, page)
    _drags(page)
    _locks(desk, page)
    version = page.url.split("/services/")[0]
    page.goto(f"{desk.site.url}/scolaire/plans/{desk.plan}")
    press(page, "button", "^Comparer$")
    expect(page.get_by_role("heading", level=1)).to_contain_text("De la version")
    desk.look(page, "compare")
    page.goto(version)
    expect(page.get_by_text("Une autre personne que vous doit approuver cette version.")).to_be_visible()
    expect(page.get_by_text("Collège François Pompon").first).to_be_visible()
    _approves_and_prints(desk, version.removeprefix(desk.site.url))


def _searches(desk: Desk, page: Page) -> None:
    """A long search is followed and stopped: its best plan is kept; another one goes on from there."""
    page.goto(f"{desk.site.url}/scolaire/plans/{desk.plan}")
    page.get_by_label("Durée").select_option("long")
    press(page, "button", "Lancer la recherche")
    best = page.locator("#recherche dl")
    expect(best).to_contain_text("par an", timeout=SEARCHED_MS)
    expect(page.get_by_text("Vous pouvez fermer cette page")).to_be_visible()
    desk.look(page, "search")
    press(page, "button", "Arrêter et garder le meilleur plan")
    expect(page.get_by_role("link", name="Voir la version 1")).to_be_visible(timeout=SEARCHED_MS)
    press(page, "link", "Retour au plan")
    warm = page.get_by_label("Partir de la version choisie", exact=False)
    warm.focus()
    page.keyboard.press("Space")
    page.get_by_label("Durée").select_option("quick")
    press(page, "button", "Lancer la recherche")
    link = page.get_by_role("link", name="Voir la version 2")
    expect(link).to_be_visible(timeout=SEARCHED_MS)
    expect(page.get_by_role("button", name="Arrêter et garder")).to_have_count(0)  # there is nothing to stop any more
    desk.look(page, "found")
    link.press("Enter")
    expect(page.get_by_text("Le contrôle ne trouve aucune faute")).to_be_visible()
    desk.look(page, "version")


def _drags(page: Page) -> None:
    """A service is cut in two, and a stop of one dragged onto the other's stroke."""
    rows = page.get_by_role("table").locator("tbody tr")
    stops = [int(each.locator("td").nth(-4).inner_text()) for each in rows.all()]
    rows.nth(stops.index(max(stops))).get_by_role("link").first.press("Enter")
    page.get_by_label("Arrêts gardés sur ce service").fill("1")
    page.get_by_role("button", name="Scinder", exact=True).press("Enter")
    expect(page.get_by_text("C’est la version")).to_be_visible()
    page.locator("[data-map]").scroll_into_view_if_needed()
    expect(page.get_by_text("Tirez un arrêt sur un autre service")).to_be_visible()
    found = page.evaluate(WHERE)
    page.mouse.move(*found["stop"])
    page.mouse.down()
    page.mouse.move(found["stop"][0] + 40, found["stop"][1] + 40, steps=2)
    page.mouse.move(*found["line"], steps=4)
    expect(page.locator("[data-drag-says]")).to_contain_text(f"{found['name']} → {found['to']}. Ce changement")
    page.mouse.up()
    expect(page.get_by_role("button", name="Déplacer l’arrêt")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("C’est la version")).to_be_visible()


def _locks(desk: Desk, page: Page) -> None:
    """The stop that was dragged was the last one of its service, which is gone: another one is locked."""
    assert "/services/" not in page.url
    page.get_by_role("table").locator("tbody th a").first.press("Enter")
    form = page.get_by_role("form", name="Verrouiller le service")
    form.get_by_label("Pourquoi").fill("le maire y tient")
    form.get_by_role("button", name="Verrouiller").press("Enter")
    expect(page.get_by_text("le maire y tient").first).to_be_visible()
    desk.look(page, "service")


def _approves_and_prints(desk: Desk, version: str) -> None:
    """On a telephone, by keyboard: another person approves, puts in force, and prints what the driver holds."""
    page = desk.visit("approver", PHONE).open(version)
    page.get_by_role("button", name="Approuver cette version").press("Enter")
    page.get_by_role("button", name="Mettre en vigueur").press("Enter")
    expect(page.get_by_text("en vigueur").first).to_be_visible()
    desk.look(page, "in-force")
    with page.expect_download() as told:
        page.get_by_role("table").locator("tbody a[href$='.pdf']").first.press("Enter")
    assert Path(told.value.path()).read_bytes().startswith(b"%PDF")
