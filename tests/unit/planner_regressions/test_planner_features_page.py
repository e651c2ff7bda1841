"""docs/planner-features.md names the test that shows each feature, or says why it is missing; here it is held to it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "planner-features.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_each_test_that_is_named_exists() -> None:
    named = [found for row in rows() for found in NAMED.findall(row[2])]
    assert named
    missing = [
        f"{path}::{test}"
        for path, test in named
        if not re.search(rf"^def {test}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_what_is_done_is_shown_and_what_is_missing_says_why() -> None:
    for feature, mark, shown, missing in rows():
        assert bool(NAMED.search(shown)) == (mark in "●◐"), feature
        assert bool(missing) == (mark in "◐○"), feature
