"""A question as words to compare: small words left out, singular and plural the same, one word for what has many."""

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
WEAK: Final = frozenset(_SAID["weak"].split())
_SAME: Final[dict[str, str]] = {other: word for word, others in _SAID["same"].items() for other in others.split()}


def stem(word: str) -> str:
    """A folded word without its plural and its mute end; one word for those that mean the same."""
    short = word
    if len(short) > 3 and short.endswith("aux"):
        short = short[:-3] + "al"
    elif len(short) > 3 and short[-1] in "sx":
        short = short[:-1]
    if len(short) > 4 and short.endswith("e"):
        short = short[:-1]
    return _SAME.get(short, _SAME.get(word, short))


def terms(text: str) -> list[str]:
    """The words of a question that say something, each once, in their order."""
    folded = fold(text[:TEXT_MAX]).split()
    said = [stem(word) for word in folded if word not in SMALL and (len(word) > 1 or word.isdigit())]
    return list(dict.fromkeys(said))[:WORDS_MAX]


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
