"""Cells of files that people open in a spreadsheet: no text of ours, nor of whoever typed it, becomes a formula there
(OWASP, CSV injection). Files that programs read, of a format that knows no apostrophe, are not made with these."""

import re
from typing import Final

_SPACES: Final = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"  # which Python does not call printable
_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")


def begins_formula(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula."""
    return text.startswith(_STARTS) or text.lstrip().startswith(_STARTS)


def neutral(text: str) -> str:
    """The text as a spreadsheet shows it, never as a formula: an apostrophe before what would begin one, control
    characters left out, every space a plain one."""
    spaced = text.translate(dict.fromkeys(map(ord, _SPACES), " "))
    shown = "".join(letter for letter in spaced if letter.isprintable())
    return f"'{shown}" if begins_formula(text) or begins_formula(shown) else shown


def guarded(value: object) -> object:
    """A cell with nothing lost: a text that would begin a formula after an apostrophe (a plain number begins none),
    None as nothing, anything else as it is."""
    if value is None:
        return ""
    if isinstance(value, str) and begins_formula(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    bare = text.removeprefix("'")
    return bare if bare != text and guarded(bare) == text else text
