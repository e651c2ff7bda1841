"""No page can be forgotten: each route that answers one is opened by a browser test, and the lists that say so are true
(`tests/every_page.py`)."""

import ast
from pathlib import Path

import pytest

from tests import every_page

ROOT = Path(__file__).parents[3]


def test_every_page_is_opened_by_somebody() -> None:
    forgotten = sorted(every_page.pages() - every_page.opened())
    assert forgotten == [], (
        "pages that no browser test opens: add each to OPENED in tests/every_page.py, under a role that may enter "
        "(or to ELSEWHERE, with the test that judges it by `everywhere`; or, if it is no page, to NOT_PAGES)"
    )


def test_the_lists_name_routes_that_exist() -> None:
    routes = {rule.rule for rule in every_page.url_map().iter_rules()}
    assert sorted(every_page.opened() - routes) == []
    assert sorted(every_page.NOT_PAGES.keys() - routes) == []


def test_a_route_is_on_one_side_only() -> None:
    assert sorted(every_page.opened() & every_page.NOT_PAGES.keys()) == []


@pytest.mark.parametrize("test", sorted({each.partition("[")[0] for each in every_page.ELSEWHERE}))
def test_the_tests_named_exist(test: str) -> None:
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


LINKS = ["/lignes", "/lignes/besancon:10?date=2026-11-27", "/trajets", "/trajets?from=Dijon", "https://ailleurs.fr/"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("/lignes/<path:line_id>", "/lignes/besancon:10?date=2026-11-27"),
        ("/trajets", "/trajets"),
        ("/trajets?", "/trajets?from=Dijon"),
        ("/trajets/fiche?", None),
    ],
)
def test_a_hole_is_filled_by_the_first_link_that_fits(wanted: str, found: str | None) -> None:
    assert every_page.link_for(wanted, LINKS) == found


def test_a_test_is_held_to_the_pages_it_is_said_to_open() -> None:
    test = next(test for test, routes in every_page.ELSEWHERE.items() if routes == ("/aide",))
    assert every_page.unseen_by(test, ["http://127.0.0.1:1/connexion"]) == ["/aide"]
    assert every_page.unseen_by(test, ["http://127.0.0.1:1/aide?lang=fr"]) == []
    assert every_page.unseen_by("some other test", []) == []
