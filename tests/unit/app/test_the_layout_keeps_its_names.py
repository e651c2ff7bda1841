"""What every page shows around its own content comes from the layout: no view hands over something else under the same
name (how to reach the Region would be gone from the foot of the page)."""

import ast
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, meta

ROOT = Path(__file__).parents[3]
PACKAGES = ("mobigo", "covoit", "scolaire", "billettique", "opendata")


def of_the_layout() -> set[str]:
    """The names that the layout reads."""
    environment = Environment(extensions=["jinja2.ext.do", "jinja2.ext.i18n"])
    text = (ROOT / "mobigo/app/templates/base.html").read_text(encoding="utf-8")
    return meta.find_undeclared_variables(environment.parse(text))


def handed_over() -> Iterator[tuple[str, str]]:
    """(where, name) of each keyword of render_template."""
    for path in (found for package in PACKAGES for found in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "render_template":
                yield from ((f"{path.relative_to(ROOT)}:{node.lineno}", str(each.arg)) for each in node.keywords)


def test_no_view_takes_a_name_of_the_layout() -> None:
    names = of_the_layout()
    assert {"contact", "navigation", "language"} <= names
    given = list(handed_over())
    assert len(given) > 500
    assert [each for each in given if each[1] in names] == []
