"""No template holds a French separator outside its messages: an English page would show « Price : 3 »."""

from pathlib import Path

import pytest

from tests.catalogues import sources
from tests.english import faults, literals

TEMPLATES = [
    path
    for path in sources(".html") + sources(".txt")
    if "templates" in path.parts and not path.name.endswith(".fr.txt")
]


def test_separators_are_messages() -> None:
    assert len(TEMPLATES) > 200
    assert {str(path): found for path in TEMPLATES if (found := literals(path))} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ name }} : {{ price }}", 1),
        ("{{ name }}\u202f; {{ price }}", 1),
        ("<b>{{ name }}</b> :", 1),
        ("« {{ name }} »", 2),
        ('{{ a ~ " : " ~ b }}', 1),
        ('{{ _("Prix : ") }}{{ _("Oui ?") }}', 0),
        ('{{ name }}{{ _("\u202f: ") }}{{ price }}', 0),
        ("{{ name }}: {{ price }}", 0),
        ("{% if a %}{{ {'a': 1 }['a'] }}{% endif %}", 0),
    ],
)
def test_a_separator_of_a_template_is_seen(tmp_path: Path, text: str, found: int) -> None:
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    assert len(literals(path)) == found


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<p>Price : 3</p>", ["Price : 3"]),
        ("<p>Price\u202f: 3</p>", ["Price\u202f: 3"]),
        ("<p>Price: 3</p><p>at 8:05, really?</p>", []),
        ('<p aria-label="Sure ?">x</p>', ["Sure ?"]),
        ("<p>said « so »</p>", ["said « so »", "said « so »"]),
        ('<p lang="fr">Prix : 3</p><pre>a : b</pre><code>a ? b</code><p>c ! </p>', ["c !"]),
        ('<p lang="fr">un <br> deux : 3</p><p>d : 4</p>', ["d : 4"]),
    ],
)
def test_what_is_french_on_a_page_is_seen(page: str, found: list[str]) -> None:
    assert [each.strip() for each in faults(page)] == found
