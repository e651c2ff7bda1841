"""The page of threats names tests that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", PAGE)))


@pytest.mark.parametrize("named", NAMED)
def test_each_test_that_is_named_is_there(named: str) -> None:
    file, _, name = named.partition("::")
    written = (ROOT / file).read_text(encoding="utf-8")
    assert not name or re.search(rf"^def {name}\(", written, re.MULTILINE), named


def test_every_threat_has_its_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| who")]
    assert len(rows) > 25
    assert all("`tests/" in row for row in rows)
