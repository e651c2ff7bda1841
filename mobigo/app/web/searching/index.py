"""A small index in memory: what the site has, found by words, with plurals, accents and slips of the finger forgiven.
Pure; a few thousand entries answer in milliseconds."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

from mobigo.app.web.searching.words import WEAK, stem, terms
from mobigo.network.engine.placenames import fold

ENOUGH: Final = 0.42  # of what was asked, in weight, that a hit has to answer
_IN_TITLE, _BESIDE = 1.0, 0.85
_BEGINS, _NEAR = 0.8, 0.65


class Sort(IntEnum):
    """What a hit is, in the order groups stand in between equals."""

    JOURNEY = 0
    PROCEDURE = 1
    PLACE = 2
    LINE = 3
    FARE = 4
    CARPOOL = 5
    ON_DEMAND = 6
    DATASET = 7


_LIFT: Final = {Sort.JOURNEY: 0.3, Sort.PROCEDURE: 0.15, Sort.PLACE: 0.1, Sort.LINE: 0.06, Sort.DATASET: -0.12}


@dataclass(frozen=True, slots=True)
class Entry:
    """One page: its title, what it is for, where it is; `words`: how people ask for it otherwise."""

    sort: Sort
    title: str
    detail: str
    href: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry and how well it answers."""

    entry: Entry
    score: float


class Index:
    """Entries that are found by words."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._where: dict[str, dict[int, float]] = defaultdict(dict)
        self._length: list[int] = []
        for at, entry in enumerate(self.entries):
            title = {stem(word) for word in fold(entry.title).split()}
            self._length.append(max(1, len(terms(entry.title))))
            for word in terms_of(entry.words) | terms_of(entry.detail):
                self._where[word][at] = _BESIDE if word in terms_of(entry.words) else _BESIDE * 0.6
            for word in title:
                self._where[word][at] = _IN_TITLE
        self._like = lru_cache(maxsize=4_096)(self._resembling)

    def find(self, text: str, most: int = 40) -> list[Hit]:
        """The entries that answer, best first; none for a question that says nothing."""
        asked = terms(text)
        weights = {word: self._weight(word) for word in asked}
        whole = sum(weights.values())
        if not whole:
            return []
        scores: dict[int, float] = defaultdict(float)
        titled: dict[int, int] = defaultdict(int)
        for word in asked:
            best: dict[int, float] = {}
            for known, alike in self._like(word):
                for at, field in self._where[known].items():
                    best[at] = max(best.get(at, 0.0), alike * field)
            for at, value in best.items():
                scores[at] += value * weights[word]
                titled[at] += value > _BESIDE
        found = [
            Hit(self.entries[at], score / whole + 0.12 * min(1.0, titled[at] / self._length[at]) + self._lift(at))
            for at, score in scores.items() if score / whole >= ENOUGH
        ]  # fmt: skip
        return sorted(found, key=lambda hit: (-round(hit.score, 4), hit.entry.sort, hit.entry.title))[:most]

    def _lift(self, at: int) -> float:
        return _LIFT.get(self.entries[at].sort, 0.0)

    def _weight(self, word: str) -> float:
        """Rare words say more; a word that nothing here has says half as much as the rarest."""
        holding = {at for known, _alike in self._like(word) for at in self._where[known]}
        weight = math.log(1 + len(self.entries) / len(holding)) if holding else math.log(1 + len(self.entries)) / 2
        return weight * (0.25 if word in WEAK else 1.0)

    def _resembling(self, word: str) -> tuple[tuple[str, float], ...]:
        """The words of the index that this one may be, and how alike they are."""
        from rapidfuzz.distance import OSA

        if word in self._where:
            return ((word, 1.0),)
        begun = [(known, _BEGINS) for known in self._where if len(word) >= 3 and known.startswith(word)]
        if begun:
            return tuple(begun)
        slips = 0 if len(word) < 4 or word.isdigit() else 1 if len(word) < 8 else 2
        return tuple(
            (known, _NEAR) for known in self._where
            if slips and abs(len(known) - len(word)) <= slips and known[0] == word[0]
            and OSA.distance(word, known, score_cutoff=slips) <= slips
        )  # fmt: skip


@lru_cache(maxsize=8_192)
def terms_of(text: str) -> frozenset[str]:
    """Every word of a text that says something."""
    return frozenset(stem(word) for word in fold(text).split() if terms(word))
