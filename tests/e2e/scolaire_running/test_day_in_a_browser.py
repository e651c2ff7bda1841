"""The services of a day on a driver's telephone, and what agents see of them: every page is for everybody."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from mobigo.app import schema
from mobigo.infra.accounts import Person
from mobigo.infra.clock import now
from mobigo.infra.db import open_engine, transaction
from scolaire.service import doubling, escorting, substituting, which_coach
from scolaire.store import running
from scolaire.store.indices import IndexValueRow
from scolaire.store.pupils import GuardianRow
from tests.browser import PHONE, everywhere, nothing_amiss, visitor
from tests.live import Site, site
from tests.school_running_world import NOW, SMALL, TUESDAY, morning, people_and_plan

Served = tuple[Site, dict[str, str], str, str]  # the site, who is signed in, the lot, the service
PAST = "2026-11-24"  # a Tuesday of school, whenever this runs


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site with a plan in force, a replaced coach, a shuttle, counts, an index."""
    home = tmp_path_factory.mktemp("days") / "home"
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    with transaction(engine) as session:
        planted, where, tokens = people_and_plan(session, now())
        run = morning(session)
        substituting.substitute(
            session,
            substituting.Replacing(
                run.plan, run.service, TUESDAY, TUESDAY, "car-33", 33, 0, "Panne", "12", where["others"]
            ), by="agent", now=NOW,
        )  # fmt: skip
        doubling.double(
            session,
            doubling.Doubling(
                run.plan, run.service, TUESDAY, TUESDAY, "car-63", 63, 0, "Trop d’élèves pour un seul car", "7",
                stops=frozenset(run.stops[:1]),
            ), by="agent", organisations=None, now=NOW,
        )  # fmt: skip
        escorting.mark(session, run.plan, run.service, shuttle=True, by="agent", now=NOW)
        escorting.appoint(
            session, run.plan, run.service, name="Line Proche", phone="06 39 98 00 02", employer="Mairie d’ici",
            first_day=TUESDAY, last_day=TUESDAY, by="agent", now=NOW,
        )  # fmt: skip
        session.add(
            running.CountRow(
                id="count", plan=run.plan, service=run.service, day=TUESDAY.replace(month=11, day=24), number=1,
                aboard=70, registered=run.registered, places=run.seats, by="agent", at=NOW,
            )
        )  # fmt: skip
        session.add(
            IndexValueRow(
                id="index", code="gazole", published_on=TUESDAY, number=1, value="104.25", source="INSEE",
                entered_by="agent", entered_at=NOW,
            )
        )  # fmt: skip
        subject = session.scalars(select(Person.subject).where(Person.email == "family@example.org")).one()
        session.get_one(GuardianRow, f"g{run.pupils[0].partition('.')[0].removeprefix('r')}").subject = subject
        which_coach.enter_numbers(
            session, run.plan, {run.service: "41"}, [run], by="agent", organisations=None, now=NOW
        )  # fmt: skip
        lot = planted.lot
    engine.dispose()
    with site(home) as answering:
        yield answering, tokens, lot, f"{run.plan}/{run.service}"


def test_every_page_of_a_day_is_for_everybody(served: Served, browser: Browser) -> None:
    where, tokens, lot, service = served
    pages = {
        "operator": [f"/scolaire/jour?jour={PAST}", "/scolaire/jour?jour=2026-12-01", "/scolaire/jour/fichier",
                     "/scolaire/doublages", "/scolaire/numeros"],
        "stranger": ["/scolaire/plans/les-miens"],
        "family": ["/scolaire/famille"],
        "manager": [
            "/scolaire/agents/comptages", "/scolaire/agents/remplacements", "/scolaire/agents/accompagnement",
            "/scolaire/doublages", f"/scolaire/doublages?service={service}", "/scolaire/numeros",
        ],
        "planner": ["/scolaire/plans/indices", f"/scolaire/plans/lots/{lot}/prix?jour=2026-12-01"],
    }  # fmt: skip
    visitors, stack = [], ExitStack()
    for who, paths in pages.items():
        visiting = stack.enter_context(visitor(browser, where.url))
        visitors.append(visiting)
        visiting.context.add_cookies([{"name": "mobigo", "value": tokens[who], "url": where.url}])
        for path in paths:
            assert everywhere(visiting.open(path)) == [], path
    nothing_amiss(visitors, stack.close)


def test_a_driver_finds_the_field_on_a_telephone_without_scripts(served: Served, browser: Browser) -> None:
    where, tokens, _lot, _service = served
    visitors, stack = [], ExitStack()
    visiting = stack.enter_context(visitor(browser, where.url, scripts=False))
    visitors.append(visiting)
    visiting.context.add_cookies([{"name": "mobigo", "value": tokens["operator"], "url": where.url}])
    page = visiting.open(f"/scolaire/jour?jour={PAST}")
    page.set_viewport_size({"width": PHONE, "height": 640})
    assert SMALL.schools[0].name in page.content()
    expect(page.get_by_text("élèves sans place").first).to_be_visible()
    field = page.get_by_label("Élèves à bord, au plus").first
    field.fill("900")
    page.get_by_role("button", name="Noter").or_(page.get_by_role("button", name="Corriger")).first.press("Enter")
    expect(page.get_by_text("Il faut un nombre entier d’élèves").first).to_be_visible()
    nothing_amiss(visitors, stack.close)
