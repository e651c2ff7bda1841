"""The glossary settles one French and one English term per idea: each named term is there, and none stands twice."""

import re
from collections import Counter
from pathlib import Path

import pytest

GLOSSARY = Path(__file__).parents[3] / "docs" / "glossary.md"
ROW = re.compile(r"^\| (?P<french>[^|]+?) \| (?P<english>[^|]+?) \| (?P<meaning>[^|]+?) \|$", re.MULTILINE)


def rows() -> list[tuple[str, str, str]]:
    found = [match.groups() for match in ROW.finditer(GLOSSARY.read_text(encoding="utf-8"))]
    return [(french, english, meaning) for french, english, meaning in found if french != "français"]


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("demande de versement", "payment request"),
        ("réclamation", "complaint"),
        ("contrôleur", "inspector"),
        ("guichet", "counter"),
        ("abonnement", "season ticket"),
        ("attestation de transport", "travel certificate"),
        ("fiche horaire conducteur", "driver timesheet"),
        ("titre de recettes", "revenue order"),
        ("départ garanti", "guaranteed departure"),
        ("retour garanti", "guaranteed return"),
        ("gestionnaire transports scolaires", "school-transport manager"),
        ("double validation", "double tap"),
        ("course", "trip"),
        ("circulation", "run"),
        ("mission", "pattern"),
        ("rangée d'horaires", "times row"),
        ("nœud", "node"),
        ("jour de service", "service day"),
        ("offre", "feed"),
        ("lieu", "place"),
    ],
)
def test_a_named_idea_has_one_french_and_one_english_term(french: str, english: str):
    assert [row[1] for row in rows() if row[0] == french] == [english]


@pytest.mark.parametrize("column", [0, 1], ids=["français", "English"])
def test_no_term_stands_twice(column: int):
    times = Counter(row[column].lower() for row in rows())
    assert [term for term, count in times.items() if count > 1] == []


def test_every_row_of_every_table_is_read():
    lines = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    tables = sum(line.startswith("|---") for line in lines)
    assert len(rows()) == len(lines) - 2 * tables


def test_each_idea_is_explained_in_a_sentence():
    assert [row for row in rows() if not row[2].endswith(".")] == []
