"""How well a typed word stands for each of the words we know: the same, its beginning, or a typing error away."""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from mobigo.network.model.timetable import I32

F32 = NDArray[np.float32]


class Vocabulary:
    """Folded words in order."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self._heads: dict[int, tuple[list[str], I32]] = {}

    def quality(self, word: str, last: bool) -> F32:
        """For each word of the vocabulary how well `word` stands for it: 1 the same, less a beginning or an error.
        `last`: it may not be typed to its end."""
        quality = np.zeros(len(self.words), np.float32)
        low = bisect_left(self.words, word)
        high = bisect_left(self.words, word + "\U0010ffff")
        if high > low:
            lengths = np.array([len(w) for w in self.words[low:high]], np.float32)
            quality[low:high] = (0.80 if last else 0.66) + 0.16 * np.float32(len(word)) / lengths
            if self.words[low] == word:
                quality[low] = 1.0
        errors = 0 if len(word) < 4 else 1 if len(word) < 8 else 2
        if errors:
            heads, head_of = self._heads_of(len(word) + 1)
            distances = cdist([word], heads, scorer=OSA.distance, score_cutoff=errors, dtype=np.uint8)[0]
            near = np.flatnonzero(distances <= errors)
            if near.size:
                worst = np.full(len(heads), 0, np.float32)
                worst[near] = 0.74 - 0.16 * distances[near].astype(np.float32)
                # a typing error in the first letter is rare: such words come last
                worst[near] -= np.array([0.0 if heads[i][:1] == word[:1] else 0.12 for i in near], np.float32)
                quality = np.maximum(quality, worst[head_of])
        return quality

    def _heads_of(self, length: int) -> tuple[list[str], I32]:
        """The vocabulary cut at `length` letters, each beginning once, and for each word its beginning's row."""
        if length not in self._heads:
            heads = sorted({word[:length] for word in self.words})
            number = {head: i for i, head in enumerate(heads)}
            self._heads[length] = heads, np.array([number[word[:length]] for word in self.words], np.int32)
        return self._heads[length]
