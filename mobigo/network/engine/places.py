"""Places by name: the index behind the search fields, tolerant of accents, abbreviations and typing errors.

A *place* is what people call by one name: a commune, a station with its platforms, or the stops of one name a few steps
apart (both sides of a road, the same stop in two feeds). Search is deterministic: same text, same list.
What is kept from a name is its folded words (`placenames`); a text finds the places in which each of its words is a
word, the beginning of one, or one within one or two typing errors of it. `placegroups` makes the index of a timetable.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from math import cos, log1p, log10, radians

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from mobigo.base.geo import Point, distance_m
from mobigo.network.engine.addressing import PREFIX, WHOLE, AddressBook
from mobigo.network.engine.placenames import LINK_WORDS, SHORT_FOR, STATION_WORDS, fold, words
from mobigo.network.engine.vocabulary import Vocabulary
from mobigo.network.model.places import Kind, Match, Mode, Place
from mobigo.network.model.timetable import F64, I32

TEXT_CHARS_MAX = 100  # a longer text is cut: no place has a longer name, and the cost stays bounded
TEXT_WORDS_MAX = 12
TOWN_M = 4_000.0  # a stop that bears a commune's name this near its centre is a stop of that commune
DEGREE_M = 111_195.0

F32 = NDArray[np.float32]


class PlaceIndex:
    """The places of a timetable and of a list of communes, searchable by text, id and position."""

    def __init__(
        self, places: Sequence[Place], stop_place_row: I32, aliases: dict[str, int], book: AddressBook | None = None
    ) -> None:
        self.places = tuple(places)
        self._book = book
        self.place_of_stop = stop_place_row  # for each stop of the timetable its place's row
        self._row_of_id = aliases
        self._lat = np.array([p.lat for p in places], np.float64)
        self._lon = np.array([p.lon for p in places], np.float64)
        self._weight = np.array([_weight(p) for p in places], np.float32)
        # a fixed order between equal scores: kind, more departures, name, id
        order = sorted(
            range(len(places)), key=lambda i: (places[i].kind, -places[i].departures, places[i].name, places[i].id)
        )
        self._order = np.empty(len(places), np.int32)
        self._order[order] = np.arange(len(places), dtype=np.int32)
        self._kind = np.array([int(p.kind) for p in places], np.int8)
        spelled = [words(p.name) for p in places]
        self._compact = ["".join(name) for name in spelled]
        self._exact: dict[str, list[int]] = defaultdict(list)
        for row, name in enumerate(spelled):
            self._exact[" ".join(name)].append(row)
        self._town_stops: dict[str, tuple[int, ...]] = {}
        self._index_words(spelled)

    def _index_words(self, spelled: Sequence[Sequence[str]]) -> None:
        """The words of every place, name first then context, as flat arrays."""
        of_place: list[list[str]] = []
        own: list[int] = []
        for place, name in zip(self.places, spelled, strict=True):
            named = list(dict.fromkeys(name))
            around = [w for w in dict.fromkeys(words(place.context)) if w not in named]
            of_place.append(named + around or [""])  # a place without any word still has its row
            own.append(len(named))
        self._vocabulary = sorted({word for row in of_place for word in row})
        number = {word: i for i, word in enumerate(self._vocabulary)}
        lengths = np.array([len(row) for row in of_place], np.int64)
        self._row_start = np.zeros(len(of_place) + 1, np.int64)
        np.cumsum(lengths, out=self._row_start[1:])
        self._row_word = np.array([number[word] for row in of_place for word in row], np.int32)
        position = np.arange(len(self._row_word)) - np.repeat(self._row_start[:-1], lengths)
        self._row_own = position < np.repeat(np.array(own, np.int64), lengths)
        self._row_first = position == 0
        counts = np.bincount(self._row_word, minlength=len(self._vocabulary)) if len(self._row_word) else np.zeros(0)
        rarity = np.log1p(len(self.places) / (1.0 + counts)).astype(np.float32)
        for word in LINK_WORDS:
            if word in number:
                rarity[number[word]] *= 0.15
        self._rarity = rarity
        own_rarity = np.where(self._row_own, rarity[self._row_word], 0).astype(np.float32)
        self._name_rarity = self._sum_rows(own_rarity)
        self._words = Vocabulary(self._vocabulary)

    def _sum_rows(self, values: F32) -> F32:
        if not len(self.places):
            return np.zeros(0, np.float32)
        sums: F32 = np.add.reduceat(np.append(values, np.float32(0)), self._row_start[:-1]).astype(np.float32)
        return sums

    # --- text

    def search(self, text: str, limit: int = 8, kinds: Collection[Kind] = (), near: Point | None = None) -> list[Match]:
        """The best places for `text`, best first; none when nothing resembles it. `near` decides between namesakes.
        Addresses are among them where `kinds` names them."""
        doors = self._doors(text, limit, near) if Kind.ADDRESS in kinds else []
        found = self._search(text, limit, kinds, near)
        return _together(found, doors)[:limit]

    def _doors(self, text: str, limit: int, near: Point | None = None) -> list[Match]:
        """The addresses for a text that may be one."""
        return [] if self._book is None or not self._book.looks_like(text) else self._book.search(text, limit, near)

    def _search(self, text: str, limit: int, kinds: Collection[Kind], near: Point | None) -> list[Match]:
        asked = fold(text[:TEXT_CHARS_MAX]).split()[:TEXT_WORDS_MAX]
        if not asked or not self.places:
            return []
        score = self._scores(asked)
        if kinds:
            score[~np.isin(self._kind, [int(kind) for kind in kinds])] = 0
        found = np.flatnonzero(score > 0)
        if near is not None and found.size:
            score[found] += (4.0 / (1.0 + self._distances_m(near, found) / 20_000.0)).astype(np.float32)
        if found.size > limit:
            edge = np.partition(score[found], found.size - limit)[found.size - limit]
            found = found[score[found] >= edge]
        ranked = sorted(found.tolist(), key=lambda row: (-round(float(score[row]), 3), int(self._order[row])))
        return [Match(self.places[row], round(float(score[row]), 3)) for row in ranked[:limit]]

    def _scores(self, asked: list[str]) -> F32:
        """A score per place, 0 where the text does not name it."""
        count = len(self.places)
        by_rail = not STATION_WORDS.isdisjoint(asked)
        total = np.zeros(count, np.float32)
        wanted = 0.0
        covered = np.zeros(len(self._row_word), bool)
        missed = np.zeros(count, np.int32)
        starts = np.zeros(count, bool)
        for i, word in enumerate(asked):
            last = i == len(asked) - 1
            quality = self._words.quality(word, last)
            if word in SHORT_FOR:  # `st` may be Saint or begin Stade
                quality = np.maximum(quality, self._words.quality(SHORT_FOR[word], last))
            known = quality > 0
            share = float(self._rarity[known].max()) if known.any() else float(self._rarity.max())
            share = max(share, 0.2) if word not in LINK_WORDS else 0.15
            wanted += share
            of_row = quality[self._row_word] * np.where(self._row_own, np.float32(1), np.float32(0.72))
            best = np.maximum.reduceat(np.append(of_row, np.float32(0)), self._row_start[:-1])
            total += best * np.float32(share)
            if word not in LINK_WORDS:
                missed += best == 0
            covered |= (of_row > 0) & self._row_own
            if i == 0:
                starts = np.add.reduceat(np.append((of_row > 0) & self._row_first, False), self._row_start[:-1]) > 0
        text_share: F32 = total / np.float32(wanted)
        name_share = self._sum_rows(np.where(covered, self._rarity[self._row_word], 0).astype(np.float32))
        name_share /= np.maximum(self._name_rarity, np.float32(1e-6))
        score: F32 = (100 * text_share + 22 * name_share + 5 * starts + self._weight).astype(np.float32)
        # one word of several may be missing (a neighbourhood we do not know); then the rest must be good
        allowed = 1 if len(asked) >= 2 else 0
        keep = (missed <= allowed) & (text_share >= np.where(missed > 0, 0.6, 0.45))
        score = np.where(
            keep, score - 25 * missed + (12 * (self._kind == int(Kind.STATION)) if by_rail else 0), 0
        ).astype(np.float32)
        if not keep.any():
            score = self._whole_name_scores("".join(asked))
        return score

    def _whole_name_scores(self, compact: str) -> F32:
        """Scores by the whole name without its blanks, for words run together or cut apart (`bellefontaine`)."""
        score = np.zeros(len(self.places), np.float32)
        if len(compact) < 4:
            return score
        errors = max(1, len(compact) // 5)
        distances = cdist([compact], self._compact, scorer=OSA.distance, score_cutoff=errors, dtype=np.uint8)[0]
        near = np.flatnonzero(distances <= errors)
        score[near] = 92 - 60 * distances[near].astype(np.float32) / len(compact) + self._weight[near]
        return score

    def resolve(self, text: str) -> tuple[Place | None, list[Match]]:
        """(the one place meant, others it could be). The first is None when the text leaves a choice or names nothing.

        An id is its place. Otherwise a name is taken at its word when one commune bears it, or when no commune does and
        one station, or failing that one stop; then an address that the text says to the letter, when it is the only
        one; or when the best match is far ahead of the next.
        """
        known = self.by_id(text.strip())
        if known is not None:
            return known, []
        found, doors = self._search(text, 10, (), None), self._doors(text, 10)
        if not found and not doors:
            return None, []
        asked = words(text[:TEXT_CHARS_MAX])
        kinds: Sequence[Kind] = tuple(Kind)
        if asked[0] in STATION_WORDS and len(asked) > 1:  # "gare de Dole" is no commune
            kinds = (Kind.STATION, Kind.STOP)
            asked = asked[2:] if asked[1] in ("de", "d", "du") else asked[1:]
        folded = " ".join(asked)
        exact = list(self._exact.get(folded, ()))
        exact += [i for i, m in ((self._row_of_id[m.place.id], m) for m in found) if _told(m.place) == folded]
        for kind in kinds:
            of_kind = sorted({row for row in exact if self.places[row].kind == kind})
            if len(of_kind) == 1:
                chosen = self.places[of_kind[0]]
                return chosen, [m for m in found if m.place is not chosen]
            if of_kind:
                rows = sorted(of_kind, key=lambda row: int(self._order[row]))[:10]
                first = [Match(self.places[row], 200.0) for row in rows]
                return None, first + [m for m in found if m.place not in {f.place for f in first}]
        whole = [m for m in doors if m.score >= WHOLE]
        if len(whole) == 1:
            return whole[0].place, _together(found, [m for m in doors if m is not whole[0]])[:10]
        found = _together(found, doors)[:10]
        if whole:
            return None, found
        sure = found[0].score >= 100 and (len(found) == 1 or found[0].score - found[1].score >= 12)
        return (found[0].place, found[1:]) if sure else (None, found)

    # --- id and position

    def by_id(self, place_id: str) -> Place | None:
        """The place of an id: a stable place id, `feed:stop_id`, `commune:INSEE`, or `address:…`."""
        if place_id.startswith(PREFIX):
            return None if self._book is None else self._book.by_id(place_id)
        row = self._row_of_id.get(place_id)
        return None if row is None else self.places[row]

    def near(self, point: Point, radius_m: float, limit: int, kinds: Collection[Kind] = ()) -> list[tuple[Place, int]]:
        """The places within `radius_m` of `point` with their distance in metres, nearest first."""
        rows = np.arange(len(self.places))
        if kinds:
            rows = rows[np.isin(self._kind, [int(kind) for kind in kinds])]
        if not rows.size:
            return []
        distances = self._distances_m(point, rows)
        close = np.flatnonzero(distances <= radius_m)
        ranked = sorted(close.tolist(), key=lambda i: (round(float(distances[i])), int(self._order[rows[i]])))[:limit]
        return [(self.places[rows[i]], round(distance_m(point, self.places[rows[i]].point))) for i in ranked]

    def stops_of_commune(self, commune: Place) -> tuple[int, ...]:
        """The stops that bear the name of a commune ("Dijon Ville", "Saulieu, gare") within `TOWN_M` of its centre."""
        if commune.id not in self._town_stops:
            named = words(commune.name)
            around = self.near(commune.point, TOWN_M, 1_000, [Kind.STATION, Kind.STOP])
            own = [place for place, _ in around if words(place.name)[: len(named)] == named]
            self._town_stops[commune.id] = tuple(sorted({stop for place in own for stop in place.stops}))
        return self._town_stops[commune.id]

    def _distances_m(self, point: Point, rows: NDArray[np.int64]) -> F64:
        """Distances on a flat Earth around `point`: exact to 0.5 % within 50 km, and ordered beyond."""
        north = (self._lat[rows] - point.lat) * DEGREE_M
        east = (self._lon[rows] - point.lon) * DEGREE_M * cos(radians(point.lat))
        return np.hypot(north, east)


def _together(found: Sequence[Match], doors: Sequence[Match]) -> list[Match]:
    """Both lists as one, best first; of equals the stops and communes first."""
    return sorted([*found, *doors], key=lambda match: (-match.score, match.place.kind)) if doors else list(found)


def _told(place: Place) -> str:
    """The folded name with its context, as the lists show it."""
    return " ".join(words(f"{place.name} {place.context}"))


def _weight(place: Place) -> float:
    """What a place weighs beside the text: 0 to about 14, so that it orders equals and never beats a better name."""
    if place.kind is Kind.COMMUNE:
        return 2.0 + 2.2 * log10(max(place.departures, 1))
    return (
        (4.5 if place.kind is Kind.STATION else 1.5)
        + (1.5 if place.modes & Mode.RAIL else 0)
        + 0.5 * log1p(place.departures) / 2
    )
