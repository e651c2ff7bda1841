"""What is French in the typography of an English page: a space before : ; ? !, angle quotes."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from jinja2 import Environment

_SPACE: Final = "[ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]"
FRENCH: Final = re.compile(rf"\S*{_SPACE}[:;?!](?!\S)|[«»]")
_SAID_IN: Final = ("alt", "aria-label", "placeholder", "title")
_UNREAD: Final = {"script", "style", "code", "pre", "textarea"}
_VOID: Final = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class _Text(HTMLParser):
    """The words of a page: what is read of it, and not what is code or said to be French."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        unread = tag in _UNREAD or given.get("lang") == "fr" or bool(self._open and self._open[-1][1])
        if not unread:
            self.said += [given[name] or "" for name in _SAID_IN if name in given]
        if tag not in _VOID:
            self._open.append((tag, unread))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not (self._open and self._open[-1][1]):
            self.said.append(data)


def faults(page: str) -> list[str]:
    """What is written as in French, each with the words around."""
    text = _Text()
    text.feed(page)
    whole = [re.sub(r"[ \t\n]+", " ", each) for each in text.said]
    return [each[max(0, at.start() - 40) : at.end() + 20] for each in whole for at in FRENCH.finditer(each)]


def literals(path: Path) -> list[str]:
    """French separators written in a template outside its messages, where no catalogue can put them right."""
    calls, found, before = list[bool](), [], ""
    for _line, kind, value in Environment(extensions=["jinja2.ext.do", "jinja2.ext.i18n"]).lex(path.read_text("utf-8")):
        if kind == "operator" and value == "(":
            calls.append(before in ("_", "gettext", "ngettext"))
        elif kind == "operator" and value == ")":
            calls and calls.pop()
        elif kind == "data" or (kind == "string" and not any(calls)):
            found += [each[0] for each in re.finditer(rf".{{0,20}}{_SPACE}[:;?!](?=[\s<\"'{{]|$)|[«»]", value)]
        before = before if kind == "whitespace" else value
    return found
