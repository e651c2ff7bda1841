"""What the code says and what the catalogues know: messages and decision codes found by reading the sources.

`python -m tests.catalogues [PATH…]` prints what is missing in each catalogue, as entries to fill in.
"""

import ast
import io
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("mobigo", "covoit", "scolaire", "billettique", "opendata")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
# The five words and their like: a call of any class of the code base that derives from one of them is a decision too.
WORDS = {"Decision", "MobigoError", "NotFound", "InvalidInput", "Refused", "Conflict", "Upstream"}
CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-zA-Z0-9_]+)+")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


@dataclass(frozen=True)
class Said:
    """A message, or a decision's code with the parameters it is given; and where."""

    text: str
    where: str
    params: frozenset[str] | None = None


def sources(suffix: str) -> list[Path]:
    found = [path for package in PACKAGES for path in (ROOT / package).rglob(f"*{suffix}")]
    return sorted(path for path in found if "vendor" not in path.parts and "migrations" not in path.parts)


@cache
def messages() -> list[Said]:
    """Every message of templates and of Python, the plural one after the singular."""
    found = []
    for path in sources(".html") + sources(".txt") + sources(".py"):
        if path.suffix == ".txt" and "templates" not in path.parts:
            continue
        method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
        options = {} if path.suffix == ".py" else {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.do"}
        stream = io.BytesIO(path.read_bytes())
        for line, said, _comments, _context in extract(method, stream, KEYWORDS, options=options):
            for text in (said,) if isinstance(said, str) else said:
                if text:
                    found.append(Said(text, f"{path.relative_to(ROOT)}:{line}"))
    return found


@cache
def codes() -> list[Said]:
    """Every decision of the code: the constant code it is called with, and the names of its parameters."""
    classes: list[tuple[str, set[str]]] = []
    calls: list[tuple[Path, ast.Call]] = []
    for path in sources(".py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                classes.append((node.name, {_name(base) for base in node.bases}))
            elif isinstance(node, ast.Call) and node.args:
                calls.append((path, node))
    words = set(WORDS)
    while (
        more := {name for name, bases in classes if bases & words} - words
    ):  # subclasses of the five words, and theirs
        words |= more
    found = []
    for path, node in calls:
        if _name(node.func) not in words:
            continue
        for constant in _constants(node.args[0]):
            if CODE.fullmatch(constant):
                known = len(node.args) == 1 and all(keyword.arg is not None for keyword in node.keywords)
                params = frozenset(keyword.arg or "" for keyword in node.keywords) if known else None
                found.append(Said(constant, f"{path.relative_to(ROOT)}:{node.lineno}", params))
    return found


def _constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def catalogue_files(language: str) -> list[Path]:
    return [path for path in sources("messages.po") if path.parts[-3] == language]


def entries(language: str) -> Iterator[tuple[Path, Message]]:
    """Every filled entry of every catalogue of this language."""
    for path in catalogue_files(language):
        with path.open("rb") as stream:
            for message in read_po(stream, locale=language, abort_invalid=True):
                if message.id:
                    yield path, message


@cache
def known(language: str) -> dict[str, str]:
    """Message → its sentence (the singular one), for every entry that has one."""
    found = {}
    for _path, message in entries(language):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        words = message.string if isinstance(message.string, tuple) else (message.string,)
        if all(words) and not message.fuzzy:
            found.update(dict.fromkeys(ids, words[0]))
    return found


def placeholders(text: str) -> frozenset[str]:
    return frozenset(PLACEHOLDER.findall(text))


def missing(language: str, prefixes: Iterable[str] = ()) -> list[Said]:
    """What the code says and this catalogue does not: codes in both languages, messages in English."""
    have = known(language)
    wanted = codes() + (messages() if language == "en" else [])
    starts = tuple(prefixes)
    first: dict[str, Said] = {}
    for said in wanted:
        if said.text not in have and (not starts or said.where.startswith(starts)):
            first.setdefault(said.text, said)
    return list(first.values())


if __name__ == "__main__":
    for language in ("fr", "en"):
        print(f"# ---- {language}")
        for said in missing(language, sys.argv[1:]):
            params = f"  # {', '.join(sorted(said.params))}" if said.params else ""
            print(f'#: {said.where}{params}\nmsgid {said.text!r}\nmsgstr ""\n')
