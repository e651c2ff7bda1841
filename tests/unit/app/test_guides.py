"""Guides as they are written, as sections; those of the public, in both languages."""

import re
import tomllib
from html import unescape
from pathlib import Path

import pytest

from mobigo.app.web import guides
from mobigo.app.web.guides.reading import Section, anchor_of, read
from tests import english, typography

ROOT = Path(__file__).parents[3]
TAGS = re.compile(r"<(?:p|ul|ol|li|pre)\b")

WRITTEN = """\
# A guide

Before
the first.

## To buy

1. One,
   still one.
2. Two.

- a
- b

### When it's lost?

Say so.

    80 × 2
    160

After.
"""


def test_a_guide_is_read_as_sections() -> None:
    guide = read(WRITTEN)
    assert (guide.title, guide.lead) == ("A guide", "<p>Before\nthe first.</p>\n")
    assert [(each.level, each.title, each.anchor) for each in guide.sections] == [
        (2, "To buy", "to-buy"),
        (3, "When it's lost?", "when-it-s-lost"),
    ]
    assert guide.sections[0].html == (
        "<ol>\n<li>One,\nstill one.</li>\n<li>Two.</li>\n</ol>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"
    )
    assert guide.sections[1].html == '<p>Say so.</p>\n<pre tabindex="0">80 × 2\n160</pre>\n<p>After.</p>\n'
    assert guide.sections[0].text == "One, still one. Two. a. b."
    assert guide.sections[1].text == "Say so. After."


def test_another_language_keeps_the_addresses() -> None:
    assert [each.anchor for each in read(WRITTEN, ["acheter"]).sections] == ["acheter", "when-it-s-lost"]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**Buy** *now*", "<strong>Buy</strong> <em>now</em>"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("`/tad` or `mobigo`", '<a href="/tad">/tad</a> or <code>mobigo</code>'),
        ("<script>`//elsewhere.example`", "&lt;script&gt;<code>//elsewhere.example</code>"),
        ("[guide](voyageur.md)", "guide"),
    ],
)
def test_a_line_is_escaped_then_marked(text: str, html: str) -> None:
    assert read(f"# A guide\n\n{text}").lead == f"<p>{html}</p>\n"


def test_words_have_no_marks() -> None:
    assert read("## How\n\n**Buy** *now*, `/tad`, [this](x)").sections[0].text == "Buy now, /tad, this."
    assert anchor_of("L’autre parent : garde") == "l-autre-parent-garde"


@pytest.mark.parametrize("name", guides.PUBLIC)
def test_both_languages_say_the_same_sections(name: str) -> None:
    french, other = guides.guide(name, "fr"), guides.guide(name, "en")
    assert [(each.level, each.anchor) for each in french.sections] == [
        (each.level, each.anchor) for each in other.sections
    ]
    assert [TAGS.findall(each.html) for each in french.sections] == [TAGS.findall(each.html) for each in other.sections]
    assert len({each.anchor for each in french.sections}) == len(french.sections)
    assert all(each.text for each in french.sections + other.sections)


@pytest.mark.parametrize("name", guides.PUBLIC)
def test_each_is_written_as_its_language_is(name: str) -> None:
    for section in guides.guide(name, "fr").sections:
        for said in (section.title, *shown(section)):
            assert typography.faults(said) == []
    for section in guides.guide(name, "en").sections:
        for said in (section.title, *shown(section)):
            assert english.FRENCH.findall(said) == []


def shown(section: Section) -> list[str]:
    """What each paragraph, item and set-apart line says."""
    pieces = re.findall(r"<(?:p|li|pre)\b[^>]*>(.*?)</(?:p|li|pre)>", section.html, re.S)
    return [unescape(re.sub("<[^>]+>", "", piece)) for piece in pieces]


def test_they_are_in_the_wheel() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    held = build["targets"]["wheel"]["force-include"]
    texts = "mobigo/app/web/guides/texts"
    assert {held[f"docs/guides/{name}.md"] for name in guides.PUBLIC} == {
        f"{texts}/{name}.md" for name in guides.PUBLIC
    }
    assert held["docs/guides/en"] == f"{texts}/en"
    assert {path.stem for path in (ROOT / "docs/guides/en").iterdir()} == set(guides.PUBLIC)
