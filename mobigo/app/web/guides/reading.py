"""A guide as it is written (Markdown) as sections to show and to find. Pure; HTML in a guide stays text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

_PAGE: Final = re.compile(r"/[\w/-]+")
_ENDED: Final = (".", "!", "?", "…")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, what stands under it until the next one, and the anchor it is reached by. `level`: 2, 3 or 4; `html`:
    what is shown; `text`: the words alone, a full stop after what has none."""

    level: int
    title: str
    anchor: str
    html: Markup
    text: str


@dataclass(frozen=True, slots=True)
class Guide:
    """A title, what stands before the first section, the sections."""

    title: str
    lead: Markup
    sections: tuple[Section, ...]


def read(text: str, anchors: Sequence[str] = ()) -> Guide:
    """The guide. `anchors`: those of the same guide in another language, so that one address leads to both; otherwise
    they are made of the headings."""
    tokens = _markdown().parse(text)
    starts = [place for place, token in enumerate(tokens) if token.type == "heading_open"]
    title, lead, found = "", Markup(""), list[Section]()
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        level, heading, under = int(tokens[start].tag[1]), _words(tokens[start + 1]), tokens[start + 3 : end]
        if level == 1:
            title, lead = heading, _html(under)
        else:
            known = anchors[len(found)] if len(found) < len(anchors) else ""
            said = [_words(token) for token in under if token.type == "inline"]
            text_of = " ".join(each if each.endswith(_ENDED) else f"{each}." for each in said)
            found.append(Section(level, heading, known or anchor_of(heading), _html(under), text_of))
    return Guide(title, lead, tuple(found))


def anchor_of(heading: str) -> str:
    """The heading as a name in an address: small letters without accents, digits, hyphens."""
    from mobigo.network.engine.placenames import fold

    return fold(heading).replace(" ", "-")


@cache
def _markdown() -> MarkdownIt:
    """CommonMark; `/departs` in code leads to that page, a link to another file stays its words, and what is wider
    than a telephone is reached by the keyboard."""
    made = MarkdownIt("commonmark", {"html": False})
    made.add_render_rule("code_inline", lambda _, tokens, place, *rest: _code(tokens[place].content))
    made.add_render_rule("link_open", lambda *_: "")
    made.add_render_rule("link_close", lambda *_: "")
    made.add_render_rule("code_block", lambda _, tokens, place, *rest: _lines(tokens[place].content))
    made.add_render_rule("fence", lambda _, tokens, place, *rest: _lines(tokens[place].content))
    return made


def _code(said: str) -> str:
    return f'<a href="{said}">{said}</a>' if _PAGE.fullmatch(said) else f"<code>{escape(said)}</code>"


def _lines(said: str) -> str:
    return f'<pre tabindex="0">{escape(said.rstrip())}</pre>\n'


def _html(tokens: list[Token]) -> Markup:
    markdown = _markdown()
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))  # made from text alone: `html` is off


def _words(token: Token) -> str:
    """The words of a line without its marks."""
    held = token.children or []
    said = (" " if each.type in ("softbreak", "hardbreak") else each.content for each in held)
    return "".join(said).strip()
