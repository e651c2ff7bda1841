"""A small index in memory: what the site has, found by words, with plurals, accents and slips of the finger forgiven.
Pure; a few thousand entries answer in milliseconds."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from typing import Final

from mobigo.app.web.searching.words import WEAK, stem, terms
from mobigo.network.engine.placenames import fold

ENOUGH: Final = 0.42  # of what was asked, in weight, that a hit has to answer
A_PART: Final = 0.2  # enough where its title, or what it is for, says a word that was asked, or its text two
_BESIDE_THE_BEST: Final = 0.45  # of the best score: what answers less well than that is left out
_IN_TITLE, _BESIDE, _IN_DETAIL, _IN_TEXT = 1.0, 0.85, 0.51, 0.55
_BEGINS, _NEAR = 0.8, 0.65
_UNKNOWN: Final = 0.25  # of the weight of the rarest word: what nothing here speaks of
_EXCERPT_LETTERS: Final = 190


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
    GUIDE = 8


_LIFT: Final = {
    Sort.JOURNEY: 0.3, Sort.PROCEDURE: 0.15, Sort.PLACE: 0.1, Sort.LINE: 0.06, Sort.DATASET: -0.12, Sort.GUIDE: 0.02,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One page, or a part of one: its title, what it is for, where it is; `words`: how people ask for it otherwise;
    `text`: what is written there, of which the part that answers is shown."""

    sort: Sort
    title: str
    detail: str
    href: str
    words: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry and how well it answers; `excerpt`: the sentence of its text that does."""

    entry: Entry
    score: float
    excerpt: str = ""


@dataclass(slots=True)
class _Answer:
    """How much of a question an entry answers, in weight; how many words of it its title says; how far it was told so:
    two for a word in its title or beside it, one in its text."""

    score: float = 0.0
    titled: int = 0
    told: int = 0


class Index:
    """Entries that are found by words."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._where: dict[str, dict[int, float]] = defaultdict(dict)
        self._length: list[int] = []
        for at, entry in enumerate(self.entries):
            title = {stem(word) for word in fold(entry.title).split()}
            self._length.append(max(1, len(terms(entry.title))))
            for field, words in (
                (_IN_TEXT, terms_of(entry.text)), (_IN_DETAIL, terms_of(entry.detail)),
                (_BESIDE, terms_of(entry.words)), (_IN_TITLE, title),
            ):  # fmt: skip
                for word in words:
                    self._where[word][at] = max(field, self._where[word].get(at, 0.0))
        self._like = lru_cache(maxsize=4_096)(self._resembling)

    def find(self, text: str, most: int = 40) -> list[Hit]:
        """The entries that answer, best first; none for a question that says nothing."""
        asked = terms(text)
        weights = {word: self._weight(word) for word in asked}
        whole = sum(weights.values())
        if not whole:
            return []
        found = [
            Hit(
                self.entries[at],
                answered.score / whole + 0.12 * min(1.0, answered.titled / self._length[at]) + self._lift(at),
            )
            for at, answered in self._answers(weights).items()
            if answered.score / whole >= (A_PART if answered.told >= 2 else ENOUGH)
        ]
        least = max((hit.score for hit in found), default=0.0) * _BESIDE_THE_BEST
        near = [hit for hit in found if hit.score >= least]
        near.sort(key=lambda hit: (-round(hit.score, 4), hit.entry.sort, hit.entry.title))
        said = {known: weight * alike for word, weight in weights.items() for known, alike in self._like(word)}
        return [replace(hit, excerpt=excerpt(hit.entry.text, said)) if hit.entry.text else hit for hit in near[:most]]

    def _answers(self, weights: Mapping[str, float]) -> Mapping[int, "_Answer"]:
        """What each entry that holds a word asked says of the question."""
        telling = weights.keys() - WEAK or weights.keys()
        found: dict[int, _Answer] = defaultdict(_Answer)
        for word, weight in weights.items():
            best: dict[int, float] = {}
            for known, alike in self._like(word):
                for at, field in self._where[known].items():
                    best[at] = max(best.get(at, 0.0), alike * field)
            for at, value in best.items():
                answer = found[at]
                answer.score += value * weight
                answer.titled += value > _BESIDE
                if word in telling:
                    answer.told += 2 if value >= _BESIDE * _BEGINS else 1
        return found

    def _lift(self, at: int) -> float:
        return _LIFT.get(self.entries[at].sort, 0.0)

    def _weight(self, word: str) -> float:
        """Rare words say more; a word that nothing here has says less than any."""
        holding = {at for known, _alike in self._like(word) for at in self._where[known]}
        many = len(self.entries)
        weight = math.log(1 + many / len(holding)) if holding else math.log(1 + many) * _UNKNOWN
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


def excerpt(text: str, weights: Mapping[str, float]) -> str:
    """The sentence of a text that says most of these words, cut between words where it is long."""
    sentences = re.split(r"(?<=[.!?…])\s+(?=[^\W\d_a-z]|«|“)", text)
    best = max(sentences, key=lambda each: sum(weights.get(word, 0.0) for word in terms_of(each)))
    if len(best) <= _EXCERPT_LETTERS:
        return best
    words = best.split(" ")
    start = max(0, next((at for at, word in enumerate(words) if terms_of(word) & weights.keys()), 0) - 8)
    end = start
    while end < len(words) and len(" ".join(words[start : end + 1])) <= _EXCERPT_LETTERS:
        end += 1
    said = " ".join(words[start:end])
    return ("… " if start else "") + (said if end == len(words) else said.rstrip(",;: ") + " …")
