"""Open data in a browser: every page for everybody; a publication of two persons, by the keyboard, without scripts."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from playwright.sync_api import Browser, Page, expect

from mobigo.app import schema
from mobigo.infra import accounts, grants, roles, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine, transaction
from opendata.model.datasets import FileSpec
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer
from opendata.rules.following import REASONS
from opendata.service import following
from opendata.service.measuring import watch
from opendata.service.publishing import publish_all
from tests.browser import DESKTOP, PHONE, Visitor, everywhere, own_faults, visitor
from tests.live import Site, site
from tests.opendata_world import AUDITED, PEOPLE, PLACES, ROWS, Facts, stern, tools_of

GEOJSON = "application/geo+json"
MAP = replace(
    PLACES, code="essai-carte", title="Carte d’essai",
    files=(FileSpec("lignes.geojson", GEOJSON, "Une ligne", "GeoJSON"),),
)  # fmt: skip
Open = Callable[..., Page]


def drawn(_now: object, _folder: Path) -> list[Edition]:
    line = {"type": "LineString", "coordinates": [[5.03, 47.32], [4.6, 47.7], [4.58, 47.86]]}
    content = orjson.dumps({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": line}]})
    return [Edition(files=(Produced("lignes.geojson", GEOJSON, content),))]


@pytest.fixture(scope="module")
def published_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, dict[str, str], str]]:
    """A site with three datasets in public, one about people that waits, and two publishers."""
    home = tmp_path_factory.mktemp("opendata") / "home"
    engine = open_engine(f"sqlite:///{home / 'mobigo.sqlite'}")
    schema.migrate(engine)
    tools = tools_of(load_config({"MOBIGO_HOME": str(home)}), engine)
    judge = stern("bad_stop")
    judge.required = False
    publish_all(tools, [Facts().offer, Offer(MAP, drawn)], now(), judges=[judge])
    publish_all(tools, [Facts(rows=ROWS[:2]).offer], now())
    (waiting,) = publish_all(tools, [Facts(PEOPLE, checks=(AUDITED,)).offer], now())
    watch(tools, now(), lambda _dataset, _file: None, lambda _address: None)
    tokens = {}
    with transaction(engine) as session:
        for name in ("anne", "karim"):
            subject = accounts.new_subject()
            session.add(accounts.Account(subject=subject, created_at=now()))
            session.flush()
            session.add(accounts.Person(subject=subject, name=name.title(), language="fr", last_used_at=now()))
            session.flush()
            grants.give(session, subject, roles.Grant(roles.Role.PUBLISHER), now(), None)
            tokens[name] = sessions.open_session(session, subject, now(), None, None)
    engine.dispose()
    assert waiting.version is not None
    with site(home) as answering:
        yield answering, tokens, waiting.version.id


@pytest.fixture
def enter(browser: Browser, published_site: tuple[Site, dict[str, str], str]) -> Iterator[Open]:
    """`enter(path, who=None, …) → page`; nobody may have been led elsewhere in the end."""
    where, tokens, _waiting = published_site
    visitors: list[Visitor] = []
    with ExitStack() as stack:

        def opening(path: str, who: str | None = None, **options: object) -> Page:
            visiting = stack.enter_context(visitor(browser, where.url, **options))  # type: ignore[arg-type]
            visitors.append(visiting)
            if who is not None:
                visiting.context.add_cookies([{"name": "mobigo", "value": tokens[who], "url": where.url}])
            return visiting.open(path)

        yield opening
        for each in visitors:
            assert (each.outside, each.complaints) == ([], [])


@pytest.mark.parametrize(
    ("path", "width"),
    [
        ("/donnees", PHONE), ("/donnees/essai-lieux", PHONE), ("/donnees/essai-carte", DESKTOP),
        ("/donnees/suivre", PHONE), ("/donnees/service", PHONE), ("/donnees/essai-lieux/service", PHONE),
        ("/donnees/non-publiees", PHONE), ("/donnees/essai-lieux/versions", PHONE),
    ],
)  # fmt: skip
def test_the_pages_of_reusers_are_for_everybody(enter: Open, path: str, width: int) -> None:
    assert everywhere(enter(path, width=width)) == []


def test_a_version_of_a_dataset_is_for_everybody(enter: Open) -> None:
    page = enter("/donnees/essai-lieux/versions", width=PHONE)
    page.locator("main a[href*='/donnees/essai-lieux/versions/']").first.click()
    expect(page).to_have_url(re.compile("/donnees/essai-lieux/versions/."))
    assert everywhere(page) == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_who_asks_to_be_told_confirms_on_a_page_for_everybody(
    enter: Open, published_site: tuple[Site, dict[str, str], str], scripts: bool
) -> None:
    config = load_config({"MOBIGO_HOME": str(published_site[0].home)})
    engine = open_engine(config.database_url)
    with transaction(engine) as session:
        asked = following.ask_by_mail(
            session, config, dataset="essai-lieux", reasons=[REASONS[0]], email=f"lecteur-{scripts}@example.org",
            person=None, language="fr", now=now(),
        )  # fmt: skip
        address = f"/donnees/suivre/{asked.id}/{following.token_of(config, asked.id)}"
    engine.dispose()
    page = enter(address, width=PHONE, scripts=scripts)
    assert (everywhere if scripts else own_faults)(page) == []
    page.locator("main button").first.click()
    expect(page.locator(".alert-good").first).to_be_visible()


def test_the_desk_is_for_everybody(enter: Open, published_site: tuple[Site, dict[str, str], str]) -> None:
    for path in ("", "/jeux/essai-lieux", f"/versions/{published_site[2]}"):
        assert everywhere(enter(f"/donnees/gestion{path}", "anne", width=PHONE)) == [], path
    assert everywhere(enter("/donnees/suivre", "anne", width=PHONE)) == []


def test_a_map_is_drawn_on_the_page_and_said_in_words(enter: Open) -> None:
    page = enter("/donnees/essai-carte", scripts=False)
    drawing = page.get_by_role("img", name="Dessin de lignes.geojson")
    expect(drawing).to_be_visible()
    box = drawing.bounding_box()
    assert box is not None
    assert box["height"] > box["width"]  # the line goes north


def test_two_persons_publish_by_the_keyboard_without_scripts(
    enter: Open, published_site: tuple[Site, dict[str, str], str]
) -> None:
    page_of = f"/donnees/gestion/versions/{published_site[2]}"

    def press(page: Page, button: str) -> None:
        page.get_by_role("button", name=button, exact=True).focus()
        page.keyboard.press("Enter")

    anne = enter(page_of, "anne", scripts=False)
    expect(anne.locator("main")).to_contain_text("quelqu’un doit d’abord approuver")
    press(anne, "Approuver")
    expect(anne.locator("main")).to_contain_text("une autre personne la publie")
    karim = enter(page_of, "karim", scripts=False)
    press(karim, "Publier")
    expect(karim.locator("main")).to_contain_text("Karim a publié")
    reader = enter("/donnees/essai-personnes", scripts=False)
    expect(reader.locator("main")).to_contain_text("deux personnes donnent leur accord")
    with reader.expect_download() as coming:
        reader.get_by_role("link", name="lieux.csv").first.click()
    assert coming.value.suggested_filename == "lieux.csv"
