"""French typography, as a function that says what is wrong: narrow no-break spaces before ; : ! ? and inside « »,
a no-break space between a number and its unit, the apostrophe ’, three dots in one sign.

`python -m tests.typography --fix PATH…` puts it right in the messages of templates, Python files and catalogues.
"""

import re
import sys
from pathlib import Path
from typing import Final

NARROW: Final = "\N{NARROW NO-BREAK SPACE}"
NBSP: Final = "\N{NO-BREAK SPACE}"
UNITS: Final = r"h|min|s|m|km|kg|g|€|%|ko|Mo|Go|px|jours?|heures?|minutes?|mois|ans?"
_CODE: Final = re.compile(
    r"%\(\w+\)[sd]|https?://\S+|\b[\w.-]+=\S*|`[^`]*`|\d\d?:\d\d|/api/\S+|::|\w+://\S*|sqlite:\S*"
)
_RULES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("a narrow no-break space goes before ; : ! ?", re.compile(rf"[^{NARROW}\s\d\W][;:!?](?=\s|$)|[ {NBSP}][;:!?]")),
    ("a narrow no-break space goes inside « »", re.compile(rf"«(?!{NARROW})|(?<!{NARROW})»")),
    ("the apostrophe is ’", re.compile(r"(?<=\w)'(?=\w)")),
    ("three dots are one sign: …", re.compile(r"\.\.\.")),
    ("a no-break space goes between a number and its unit", re.compile(rf"\d ({UNITS})\b|\d €|\d %")),
)


def faults(text: str) -> list[str]:
    """What is wrong in a French text, each rule once, with the words around; names and addresses are let be."""
    plain = _CODE.sub("X", text)
    found = []
    for rule, pattern in _RULES:
        match = pattern.search(plain)
        if match is not None:
            found.append(f"{rule}: “{plain[max(0, match.start() - 15) : match.end() + 10]}”")
    return found


def right(text: str) -> str:
    """The text with its spaces and apostrophes put right; it is never changed twice."""
    spaced = re.sub(rf"[ {NBSP}]+([;:!?»])(?=\W|$)", NARROW + r"\1", text)
    spaced = re.sub(rf"«[ {NBSP}]*(?!{NARROW})", "«" + NARROW, spaced)
    spaced = re.sub(rf"(\d) (?=({UNITS})\b|€|%)", r"\1" + NBSP, spaced)
    return re.sub(r"(?<=\w)'(?=\w)", "’", spaced).replace("...", "…")


def _fix(path: Path) -> bool:
    before = path.read_text(encoding="utf-8")
    if path.suffix == ".po":
        after = "".join(
            _fix_entry(entry, french="/fr/" in str(path)) for entry in re.split(r"(?<=\n)(?=msgid )", before)
        )
    else:
        after = re.sub(r'(?<=_\()(\s*)"((?:[^"\\]|\\.)*)"', lambda m: f'{m[1]}"{right(m[2])}"', before)
    if after != before:
        path.write_text(after, encoding="utf-8")
    return after != before


def _fix_entry(entry: str, french: bool) -> str:
    """The entry of a catalogue with its message put right, and its sentence too in the French catalogue."""
    message, mark, said = entry.partition("\nmsgstr")
    if entry.startswith('msgid ""\nmsgstr'):
        return entry
    return right(message) + mark + (right(said) if french else said)


if __name__ == "__main__":
    if sys.argv[1:2] != ["--fix"]:
        raise SystemExit("python -m tests.typography --fix PATH…")
    for name in sys.argv[2:]:
        if _fix(Path(name)):
            print(name)
