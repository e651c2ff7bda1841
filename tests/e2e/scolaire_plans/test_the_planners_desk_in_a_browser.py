"""A planner looks at a plan and changes a service by keyboard, without scripts, on a telephone and at a desk; all pages
are for everybody."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from mobigo.app import schema
from mobigo.infra import accounts, grants, jobs, sessions
from mobigo.infra.clock import now
from mobigo.infra.db import open_engine, transaction
from mobigo.infra.jobs import registry
from mobigo.infra.roles import Grant, Role
from scolaire.engine.bells import with_hours
from scolaire.engine.day import DayAsk, DayLimits, plan_day
from scolaire.engine.solve import Limits
from scolaire.engine.stops import StopLimits
from scolaire.model.demand import Demand
from scolaire.rules.frontier import Offer
from scolaire.service import demands, optimising, plans
from scolaire.store import plans as store
from tests.browser import DESKTOP, PHONE, Visitor, everywhere, nothing_amiss, visitor
from tests.e2e.scolaire_plans.drag import KEEP_THE_MAP, WHERE
from tests.live import Site, site
from tests.school_plans_world import NOW, add_families, plant
from tests.school_world import sector

registry.use_modules(["scolaire.tasks"])
SMALL = sector(4, schools=3, stops=14, pupils=70)


@dataclass
class Desk:
    """One site with a plan in two versions, its people, and whoever looks at it."""

    site: Site
    browser: Browser
    tokens: dict[str, str]
    plan: str
    versions: tuple[str, str]
    service: str
    search: str
    _stack: ExitStack = field(default_factory=ExitStack)
    visitors: list[Visitor] = field(default_factory=list)

    def open(self, path: str, who: str = "planner", **options: object) -> Page:
        visiting = self._stack.enter_context(visitor(self.browser, self.site.url, **options))  # type: ignore[arg-type]  # options of the visitor
        self.visitors.append(visiting)
        visiting.context.add_cookies([{"name": "mobigo", "value": self.tokens[who], "url": self.site.url}])
        return visiting.open(path)


@pytest.fixture(scope="module")
def planned(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Site, dict[str, str], str, tuple[str, str], str, str]]:
    """A site just installed, with a planned sector; the second version has a service of its own."""
    home = tmp_path_factory.mktemp("plans") / "home"
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    tokens, subjects = {}, {}
    with transaction(engine) as session:
        for name, role in (("planner", Role.SCHOOL_PLANNER), ("manager", Role.SCHOOL_MANAGER)):
            subject = accounts.create(
                session, now(), email=f"{name}@example.org", name=name, password_hash=None, language="fr"
            )
            grants.give(session, subject, Grant(role), now(), None)
            tokens[name] = sessions.open_session(session, subject, now(), None, None)
            subjects[name] = subject
        planted = plant(session, SMALL, by=subjects["planner"])
        add_families(session, SMALL)
        demand = demands.demand_of(session, store.get_plan(session, planted.plan), NOW.date())
        limits = DayLimits(StopLimits(150), Limits(40, 0, 20.0))
        moved = with_hours(demand, {SMALL.schools[0].id: 10, SMALL.schools[1].id: -5})
        first = plan_day(demand, DayAsk(reserve=2), limits, 1)
        second = plan_day(moved, DayAsk(reserve=6), limits, 1)
        made = tuple(
            plans.add_version(
                session, planted.plan, of, each, origin="computed", by=subjects["planner"], why=why, now=now()
            ).id
            for each, of, why in ((first, demand, "premier calcul"), (second, moved, "plus de places libres"))
        )
        search = _search_that_offered(session, planted.plan, demand, made[0])
    service = max(first.halves["matin"].circuits, key=lambda each: len(each.visits)).id
    engine.dispose()
    with site(home) as answering:
        yield answering, tokens, planted.plan, (made[0], made[1]), service, search


def _search_that_offered(session: Session, plan: str, demand: Demand, version: str) -> str:
    """A search that is over, with several plans offered; its job."""
    job = optimising.ask(session, plan, demand, mode="fresh", effort="quick", by="planner", now=now(), variants=True)
    jobs.cancel(session, job, now())
    candidate = store.find_candidate(session, job)
    assert candidate is not None
    offers = [
        Offer("buses", 0, 9, 1_234_500, 2_400, 1_100, 0, 52), Offer("safe", 0, 10, 1_312_300, 2_460, 1_100, 12, 8),
    ]  # fmt: skip
    candidate.state = {
        "offers": [{**each._asdict(), "version": version} for each in offers], "curve": [[100, 9], [85, 10], [70, 12]],
    }  # fmt: skip
    return job


@pytest.fixture
def desk(planned: tuple[Site, dict[str, str], str, tuple[str, str], str, str], browser: Browser) -> Iterator[Desk]:
    made = Desk(planned[0], browser, *planned[1:])
    yield made
    nothing_amiss(made.visitors, made._stack.close)


def paths(desk: Desk) -> list[str]:
    first, second = desk.versions
    return [
        "/scolaire/plans/", f"/scolaire/plans/{desk.plan}", f"/scolaire/plans/versions/{first}?demi=soir",
        f"/scolaire/plans/versions/{first}/retards",
        f"/scolaire/plans/versions/{first}/services/matin/{desk.service}",
        f"/scolaire/plans/comparer?avant={first}&apres={second}", "/scolaire/plans/lots", "/scolaire/plans/lignes",
        "/scolaire/plans/parametres",
        f"/scolaire/plans/versions/{second}", f"/scolaire/plans/recherches/{desk.search}",
    ]  # fmt: skip


def letters(desk: Desk) -> str:
    """The letters to the families of the second version."""
    return f"/scolaire/plans/comparer/lettres?avant={desk.versions[0]}&apres={desk.versions[1]}"


def test_every_page_of_the_desk_is_for_everybody(desk: Desk) -> None:
    for path in paths(desk):
        assert everywhere(desk.open(path)) == [], path
    assert everywhere(desk.open(letters(desk), "manager")) == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_service_is_split_by_keyboard_and_approved_by_somebody_else(desk: Desk, scripts: bool) -> None:
    page = desk.open(
        f"/scolaire/plans/versions/{desk.versions[0]}/services/matin/{desk.service}", scripts=scripts, width=PHONE
    )
    page.get_by_label("Arrêts gardés sur ce service").fill("1")
    if scripts:  # said before it is done
        expect(page.get_by_text("Ce changement est sans faute")).to_be_visible()
    page.get_by_role("button", name="Scinder", exact=True).press("Enter")
    expect(page.get_by_text("C’est la version")).to_be_visible()
    expect(page.get_by_text("sans faute").first).to_be_visible()
    page.get_by_role("navigation", name="Vous êtes ici").get_by_role("link", name="version").press("Enter")
    expect(page.get_by_text("Une autre personne que vous doit approuver cette version.")).to_be_visible()
    page = desk.open(page.url.removeprefix(desk.site.url), "manager", scripts=scripts, width=DESKTOP)
    page.get_by_role("button", name="Approuver cette version").press("Enter")
    page.get_by_role("button", name="Mettre en vigueur").press("Enter")
    expect(page.get_by_text("en vigueur").first).to_be_visible()


def test_a_stop_is_dragged_to_another_service_and_the_change_is_undone(desk: Desk) -> None:
    """What the change would do is said while the mouse is down; letting go fills the form; Enter makes the version, and
    the one before is taken up again."""
    visiting = desk._stack.enter_context(visitor(desk.browser, desk.site.url, width=DESKTOP))
    desk.visitors.append(visiting)
    visiting.context.add_cookies([{"name": "mobigo", "value": desk.tokens["planner"], "url": desk.site.url}])
    visiting.context.add_init_script(KEEP_THE_MAP)
    page = visiting.open(f"/scolaire/plans/versions/{desk.versions[0]}/services/matin/{desk.service}")
    page.get_by_label("Arrêts gardés sur ce service").fill("1")
    page.get_by_role("button", name="Scinder", exact=True).press("Enter")
    expect(page.get_by_text("C’est la version")).to_be_visible()
    split = page.url
    page.locator("[data-map]").scroll_into_view_if_needed()
    expect(page.get_by_text("Tirez un arrêt sur un autre service")).to_be_visible(timeout=60_000)
    found = page.evaluate(WHERE)
    page.mouse.move(*found["stop"])
    page.mouse.down()
    page.mouse.move(found["stop"][0] + 40, found["stop"][1] + 40, steps=2)
    page.mouse.move(*found["line"], steps=4)
    says = page.locator("[data-drag-says]")
    expect(says).to_contain_text(f"{found['name']} → {found['to']}. Ce changement")
    page.mouse.up()
    move = page.get_by_role("form", name="Déplacer un arrêt")
    expect(move.get_by_label("Vers")).to_have_value(found["to"])
    expect(move.get_by_role("button", name="Déplacer l’arrêt")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("C’est la version")).to_be_visible()
    visiting.open(split.removeprefix(desk.site.url).split("/services/")[0])
    page.get_by_role("button", name="Reprendre cette version sous un nouveau numéro").press("Enter")
    expect(page.get_by_text("Cette version est reprise sous un nouveau numéro.")).to_be_visible()
