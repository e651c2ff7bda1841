"""Documents that name tests are held to them: the list of what is done and missing, and the impact assessment."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
FIELDS = ("Carpool", "Ticketing", "School transport", "Open data", "Customer relation")


def rows() -> list[list[str]]:
    """The rows of features: feature, mark, tests, what lacks."""
    page = (DOCS / "features.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| feature |")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("page", ["features.md", "aipd.md"])
def test_each_test_that_is_named_exists(page: str) -> None:
    named = set(NAMED.findall((DOCS / page).read_text(encoding="utf-8")))
    missing = [
        f"{path}::{test}"
        for path, test in sorted(named)
        if not re.search(rf"^def {test}\(", (DOCS.parent / path).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert named
    assert missing == []


def test_what_is_done_is_shown_and_what_is_missing_says_why() -> None:
    for feature, mark, shown, missing in rows():
        assert mark in {"●", "◐", "○"}, feature
        assert bool(NAMED.search(shown)) == (mark in "●◐"), feature
        assert bool(missing) == (mark in "◐○"), feature


def test_every_field_is_there() -> None:
    titles = re.findall(r"^## (.+?):", (DOCS / "features.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert tuple(titles) == FIELDS
