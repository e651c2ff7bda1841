"""A guide as it is written (a small Markdown: headings, paragraphs, lists, what is set apart by four spaces; strong,
emphasis, code) as sections to show and to find. Pure; what it does not know stays as it is written."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

_HEADING: Final = re.compile(r"(#{1,4}) (.+)")
_ITEM: Final = re.compile(r"(?:[-*]|\d+\.) (.+)")
_STRONG: Final = re.compile(r"\*\*(.+?)\*\*")
_EMPHASIS: Final = re.compile(r"(?<![*\w])\*([^*\s][^*]*)\*(?!\w)")
_CODE: Final = re.compile(r"`([^`]+)`")
_LINK: Final = re.compile(r"\[([^\]]+)\]\([^)\s]+\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, the items of a list, or lines as they are; `tag`: `p`, `ul`, `ol` or `pre`."""

    tag: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, what stands under it until the next one, and the anchor it is reached by. `level`: 2, 3 or 4."""

    level: int
    title: str
    anchor: str
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        """The words alone, a full stop after what has none."""
        said = [plain(item).rstrip() for block in self.blocks if block.tag != "pre" for item in block.items]
        return " ".join(each if each.endswith((".", "!", "?", "…")) else f"{each}." for each in said)


@dataclass(frozen=True, slots=True)
class Guide:
    """A title, what stands before the first section, the sections."""

    title: str
    lead: tuple[Block, ...]
    sections: tuple[Section, ...]


def read(text: str, anchors: Sequence[str] = ()) -> Guide:
    """The guide. `anchors`: those of the same guide in another language, so that one address leads to both; otherwise
    they are made of the headings."""
    title, lead = "", tuple[Block, ...]()
    found: list[Section] = []
    for level, heading, lines in _parts(text):
        if level == 1:
            title, lead = heading, _blocks(lines)
        else:
            known = anchors[len(found)] if len(found) < len(anchors) else ""
            found.append(Section(level, heading, known or anchor_of(heading), _blocks(lines)))
    return Guide(title, lead, tuple(found))


def anchor_of(heading: str) -> str:
    """The heading as a name in an address: small letters without accents, digits, hyphens."""
    from mobigo.network.engine.placenames import fold

    return fold(heading).replace(" ", "-")


def plain(text: str) -> str:
    """The words of a line without its marks."""
    for mark in (_CODE, _STRONG, _EMPHASIS, _LINK):
        text = mark.sub(r"\1", text)
    return text


def inline(text: str) -> Markup:
    """A line as HTML: escaped, then its marks; `/departs` in code is a link to that page."""
    shown = str(escape(text))
    shown = _CODE.sub(lambda found: _code(found[1]), shown)
    shown = _STRONG.sub(r"<strong>\1</strong>", shown)
    shown = _EMPHASIS.sub(r"<em>\1</em>", shown)
    return Markup(_LINK.sub(r"\1", shown))  # escaped above, and the text is ours


def _code(said: str) -> str:
    return f'<a href="{said}">{said}</a>' if re.fullmatch(r"/[\w/-]+", said) else f"<code>{said}</code>"


def _parts(text: str) -> Iterable[tuple[int, str, list[str]]]:
    """Each heading with its level and the lines under it."""
    level, heading, lines = 0, "", list[str]()
    for line in text.splitlines():
        found = _HEADING.fullmatch(line)
        if found is None:
            lines.append(line)
            continue
        if level:
            yield level, heading, lines
        level, heading, lines = len(found[1]), found[2].strip(), []
    if level:
        yield level, heading, lines


def _blocks(lines: Sequence[str]) -> tuple[Block, ...]:
    made: list[tuple[str, list[str]]] = []
    fresh = True  # whether the next line begins a block
    for line in lines:
        item = _ITEM.fullmatch(line)
        if not line.strip():
            fresh = True
        elif item is not None:
            tag = "ul" if line[0] in "-*" else "ol"
            if not made or made[-1][0] != tag:
                made.append((tag, []))
            made[-1][1].append(item[1].strip())
            fresh = False
        elif fresh and line.startswith("    "):
            if made and made[-1][0] == "pre":
                made[-1][1].append("")
            else:
                made.append(("pre", []))
            made[-1][1].append(line[4:])
            fresh = False
        elif fresh or not made:
            made.append(("p", [line.strip()]))
            fresh = False
        elif made[-1][0] == "pre":
            made[-1][1].append(line[4:])
        else:
            made[-1][1][-1] += " " + line.strip()
    return tuple(Block(tag, tuple(items)) for tag, items in made)
