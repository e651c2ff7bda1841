"""A question as words to compare: small words left out, singular and plural the same, one word for what has many."""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mobigo.network.engine.placenames import fold

TEXT_MAX: Final = 200
WORDS_MAX: Final = 12
_FILE: Final = Path(__file__).with_name("words.toml")
_SAID: Final = tomllib.loads(_FILE.read_text(encoding="utf-8"))
SMALL: Final = frozenset(_SAID["small"].split())
AROUND: Final = SMALL | frozenset(_SAID["around"].split())
_ENDS: Final = ("ations", "ation", "ees", "er", "ee", "es", "e")  # of what is done, and of the words for it
_STEM_MIN: Final = 4
_HOUR: Final = re.compile(r"\d{1,2}h\d{0,2}")


def _bare_of(word: str) -> str:
    """A folded word without its plural, then without the end of a verb or of its noun, where enough of it is left."""
    if len(word) > 3 and word.endswith("aux"):
        return word[:-3] + "al"
    short = word[:-1] if len(word) > 3 and word[-1] in "sx" else word
    end = next((end for end in _ENDS if short.endswith(end) and len(short) - len(end) >= _STEM_MIN), "")
    return short.removesuffix(end)


_SAME: Final[dict[str, str]] = {
    _bare_of(other): _bare_of(word) for word, others in _SAID["same"].items() for other in others.split()
}


def stem(word: str) -> str:
    """A folded word without its ends; one word for those that mean the same."""
    bare = _bare_of(word)
    return _SAME.get(bare, bare)


WEAK: Final = frozenset(stem(word) for word in _SAID["weak"].split())


def terms(text: str) -> list[str]:
    """The words of a question that say something, each once, in their order."""
    folded = fold(text[:TEXT_MAX]).split()
    said = [stem(word) for word in folded if word not in SMALL and not _HOUR.fullmatch(word) and _says(word)]
    return list(dict.fromkeys(said))[:WORDS_MAX]


def _says(word: str) -> bool:
    return len(word) > 1 or word.isdigit()


def place_words(text: str) -> list[str]:
    """The words that may name places: what one says around them left out at both ends."""
    folded = fold(text[:TEXT_MAX]).split()[: 2 * WORDS_MAX]
    return _bare(folded)


def halves(said: Sequence[str]) -> list[tuple[str, str]]:
    """The ways to read words as a departure and an arrival."""
    pairs = ((_bare(said[:at]), _bare(said[at:])) for at in range(1, len(said)))
    return [(" ".join(first), " ".join(last)) for first, last in pairs if first and last]


def _bare(said: Sequence[str]) -> list[str]:
    first, last = 0, len(said)
    while first < last and said[first] in AROUND - {"le", "la", "les", "l"}:
        first += 1
    while last > first and said[last - 1] in AROUND:
        last -= 1
    return list(said[first:last])
