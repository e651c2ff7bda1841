"""Addresses put in columns as they come, one after the other, in about 24 bytes each; and what finds them by text.

A text is read with a house number at its head ("12 bis rue des Fleurs, Saulieu") and without one ("place du 8 mai"):
what fits best comes first. Nothing is made up: a number that a street does not have gives the street, under its own
name, never a neighbour's door.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from math import cos, radians
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.network.engine.placenames import LINK_WORDS, SHORT_FOR, fold, words
from mobigo.network.engine.vocabulary import F32, Vocabulary
from mobigo.network.model.addresses import DEGREE_MICROS, NO_NUMBER, Address, Addresses
from mobigo.network.model.places import Kind, Match, Place
from mobigo.network.model.timetable import I32, I64, Strings

ADDRESSES_MAX = 5_000_000
WHOLE = 200.0  # the score of a text that says all of an address, letter by letter
STREET = 125.0  # the same of a street: a stop of that name is as good an answer
PREFIX = "address:"
TEXT_CHARS_MAX, TEXT_WORDS_MAX = 120, 14
STREETS_KEPT = 40  # of each reading, before numbers are looked up
DEGREE_M = 111_195.0
SURROUNDINGS = np.float32(0.85)  # what a word of the commune weighs beside one of the street
SHORT_WAYS = {"r": "rue", "ch": "chemin", "che": "chemin", "imp": "impasse", "all": "allee", "res": "residence",
              "lot": "lotissement", "sq": "square", "pass": "passage", "rle": "ruelle", "qu": "quai"}  # fmt: skip
WAYS = frozenset(
    [
        "rue", "avenue", "boulevard", "place", "chemin", "impasse", "allee", "route", "quai", "square", "passage",
        "ruelle", "cours", "faubourg", "lotissement", "residence", "hameau", "venelle", "montee", "sentier",
        "esplanade",
    ]
)  # fmt: skip
_NUMBER = re.compile(r"([0-9]{1,4})(bis|ter|quater|quinquies|[a-z]?)", re.ASCII)
_SUFFIX = re.compile(r"bis|ter|quater|quinquies|[a-z]", re.ASCII)


class AddressBuilder:
    """Addresses in the order they come."""

    def __init__(self) -> None:
        self._streets: dict[tuple[str, str, str], int] = {}
        self._street: list[tuple[str, str, str]] = []  # name, former commune, postcode
        self._communes: dict[str, str] = {}
        self._suffixes: dict[str, int] = {"": 0}
        self._of, self._number, self._suffix = array("i"), array("i"), array("h")
        self._lat, self._lon = array("i"), array("i")

    def __len__(self) -> int:
        return len(self._of)

    def add(self, address: Address) -> None:
        """One more. Raises InvalidInput("network.addresses_too_many") past `ADDRESSES_MAX`."""
        if len(self._of) == ADDRESSES_MAX:
            raise InvalidInput("network.addresses_too_many", most=ADDRESSES_MAX)
        self._communes.setdefault(address.insee, address.commune)
        key = (address.insee, address.former_insee, fold(address.street))
        row = self._streets.setdefault(key, len(self._street))
        if row == len(self._street):
            self._street.append((address.street, address.former, address.postcode))
        self._of.append(row)
        self._number.append(address.number)
        self._suffix.append(self._suffixes.setdefault(address.suffix, len(self._suffixes)))
        self._lat.append(round(address.lat * DEGREE_MICROS))
        self._lon.append(round(address.lon * DEGREE_MICROS))

    def build(self, hash_: str) -> Addresses:
        """The columns; of an address given twice the first is kept. Same addresses, in the same order: same columns."""
        keys = [f"{insee}.{former} {name}" for insee, former, name in self._streets]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        rank = np.empty(len(keys), np.int32)
        rank[order] = np.arange(len(keys), dtype=np.int32)
        of: I32 = rank[np.array(self._of, np.int32)]
        number, suffix = np.array(self._number, np.int32), np.array(self._suffix, np.int16)
        lat, lon = np.array(self._lat, np.int32), np.array(self._lon, np.int32)
        sort = np.lexsort((np.arange(len(of)), suffix, number, of))
        of, number, suffix, lat, lon = of[sort], number[sort], suffix[sort], lat[sort], lon[sort]
        new = np.ones(len(of), bool)
        new[1:] = (of[1:] != of[:-1]) | (number[1:] != number[:-1]) | (suffix[1:] != suffix[:-1])
        of, number, suffix, lat, lon = of[new], number[new], suffix[new], lat[new], lon[new]
        middle = _middles(of, number, len(keys))
        street_lat, street_lon = lat[middle], lon[middle]
        own = number != NO_NUMBER
        start = np.zeros(len(keys) + 1, np.int64)
        np.cumsum(np.bincount(of[own], minlength=len(keys)), out=start[1:])
        insees = sorted(self._communes)
        commune_row = {insee: row for row, insee in enumerate(insees)}
        street_keys = list(self._streets)
        streets = [self._street[row] for row in order]
        communes = np.array([commune_row[street_keys[row][0]] for row in order], np.int32)
        names = [self._communes[insee] for insee in insees]
        vocabulary, word_start, word, word_own = _words(streets, [names[row] for row in communes.tolist()])
        return Addresses(
            hash=hash_,
            street_key=Strings.of([keys[row] for row in order]),
            street_name=Strings.of([name for name, _, _ in streets]),
            street_commune=communes,
            street_former=Strings.of([former for _, former, _ in streets]),
            street_postcode=Strings.of([postcode for _, _, postcode in streets]),
            street_lat=street_lat,
            street_lon=street_lon,
            commune_insee=Strings.of(insees),
            commune_name=Strings.of(names),
            number_start=start,
            number=number[own],
            number_suffix=suffix[own],
            number_lat=lat[own],
            number_lon=lon[own],
            suffix=Strings.of(list(self._suffixes)),
            vocabulary=vocabulary,
            street_word_start=word_start,
            street_word=word,
            street_word_own=word_own,
        )


def _middles(of: NDArray[np.int32], number: NDArray[np.int32], count: int) -> I64:
    """For each street the row that stands for it: the one without a number, else the middle of its numbers."""
    starts = np.searchsorted(of, np.arange(count + 1))
    first, last = starts[:-1], starts[1:]
    found: I64 = np.where(number[first] == NO_NUMBER, first, (first + last) // 2) if count else first
    return found


def _words(
    streets: Sequence[tuple[str, str, str]], communes: Sequence[str]
) -> tuple[Strings, I64, NDArray[np.int32], NDArray[np.bool_]]:
    """(the vocabulary, where each street's words begin, those words, whether each is of its name)."""
    number: dict[str, int] = {}
    start, word, own = array("q", [0]), array("i"), array("b")
    for (name, former, postcode), commune in zip(streets, communes, strict=True):
        named = list(dict.fromkeys(words(name))) or [""]
        around = [w for w in dict.fromkeys(words(f"{commune} {former} {postcode}")) if w not in named]
        for each in (*named, *around):
            word.append(number.setdefault(each, len(number)))
        own.extend([1] * len(named) + [0] * len(around))
        start.append(len(word))
    ordered = sorted(number)
    rank = np.empty(len(ordered), np.int32)
    for row, each in enumerate(ordered):
        rank[number[each]] = row
    return (
        Strings.of(ordered), np.array(start, np.int64), rank[np.array(word, np.int32)], np.array(own, np.bool_)
    )  # fmt: skip


class _Reading(NamedTuple):
    """One way of reading a text: a number (None: none was given), its suffix, and words."""

    number: int | None
    suffix: str
    words: list[str]


class AddressBook:
    """Addresses by text and by id. Same text, same list."""

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses
        self._words = Vocabulary(list(addresses.vocabulary))
        counts = np.bincount(addresses.street_word, minlength=len(self._words.words))
        self._rarity: F32 = np.log1p(max(addresses.street_count, 1) / (1.0 + counts)).astype(np.float32)
        link = np.array([word in LINK_WORDS for word in self._words.words], np.bool_)
        self._named = np.where(link, np.float32(0), self._rarity)  # what must be said of a name: not its small words
        self._rarity[link] *= np.float32(0.15)
        own, of = addresses.street_word_own, addresses.street_word
        self._weight = np.where(own, np.float32(1), SURROUNDINGS)
        self._own = np.where(own, self._named[of], np.float32(0))
        self._needed = np.maximum(np.add.reduceat(self._own, addresses.street_word_start[:-1]), np.float32(1e-6))

    @staticmethod
    def looks_like(text: str) -> bool:
        """Whether a text may be an address: a number at its head, or a kind of street in it."""
        asked = [SHORT_WAYS.get(word, word) for word in words(text[:TEXT_CHARS_MAX])]
        return len(asked) > 1 and (_NUMBER.fullmatch(asked[0]) is not None or not WAYS.isdisjoint(asked))

    def search(self, text: str, limit: int = 8, near: Point | None = None) -> list[Match]:
        """The best addresses and streets for `text`, best first; a score of `WHOLE` where it says all of
        a numbered one. `near` decides between namesakes."""
        if not self.addresses.street_count:
            return []
        best: dict[str, Match] = {}
        for reading in _readings(text):
            for match in self._found(reading, near):
                known = best.get(match.place.id)
                if known is None or known.score < match.score:
                    best[match.place.id] = match
            if any(match.score == WHOLE for match in best.values()):
                break  # the text says a door to the letter: it is no street with a number in its name
        doors = {id_.rpartition(":")[0] for id_ in best if id_.count(":") == 3}
        kept = [match for id_, match in best.items() if id_ not in doors]  # a door says its street
        return sorted(kept, key=lambda match: (-match.score, match.place.name, match.place.id))[:limit]

    def by_id(self, place_id: str) -> Place | None:
        """The address of an id given by `search`; None when this book does not hold it."""
        parts = place_id.removeprefix(PREFIX).split(":")
        if not place_id.startswith(PREFIX) or len(parts) not in (2, 3):
            return None
        book, key = self.addresses, f"{parts[0]} {parts[1].replace('-', ' ')}"
        row = bisect_left(book.street_key, key)
        if row == len(book.street_key) or book.street_key[row] != key:
            return None
        if len(parts) == 2:
            return self._place(row, None)
        asked = re.fullmatch(r"([0-9]{1,4})([a-z0-9]{0,8})", parts[2], re.ASCII)
        at = None if asked is None else self._number(row, int(asked[1]), asked[2])
        return None if at is None or asked is None or self._suffix(at) != asked[2] else self._place(row, at)

    def _found(self, reading: _Reading, near: Point | None) -> list[Match]:
        score, whole = self._scores(reading.words)
        rows = np.flatnonzero(score > 0)
        if near is not None and rows.size:
            score[rows] += self._closeness(near, rows)
        if rows.size > STREETS_KEPT:
            rows = rows[np.argpartition(-score[rows], STREETS_KEPT)[:STREETS_KEPT]]
        out = []
        for row in rows.tolist():
            said, points = bool(whole[row]), float(score[row])
            at = None if reading.number is None else self._number(row, reading.number, reading.suffix)
            if at is not None:
                exact = self._suffix(at) == reading.suffix
                said, points = said and exact, points + (10 if exact else 5)
            elif reading.number is not None:
                said, points = False, points - 30
            most = WHOLE if at is not None else STREET
            out.append(Match(self._place(row, at), most if said else round(min(points, most - 1), 3)))
        return out

    def _scores(self, asked: list[str]) -> tuple[F32, NDArray[np.bool_]]:
        """(a score per street, 0 where the text does not name it; whether the text says all of its name)."""
        book = self.addresses
        starts, of = book.street_word_start[:-1], book.street_word
        total, wanted = np.zeros(book.street_count, np.float32), 0.0
        missed, exact = np.zeros(book.street_count, np.int32), np.ones(book.street_count, np.bool_)
        known, said = np.zeros(len(self._words.words), np.float32), np.zeros(len(self._words.words), np.bool_)
        for i, word in enumerate(asked):
            quality = self._words.quality(word, i == len(asked) - 1)
            for short in (SHORT_FOR, SHORT_WAYS):
                if word in short:
                    quality = np.maximum(quality, self._words.quality(short[word], last=False))
            share = float(self._rarity[quality > 0].max(initial=0.0)) or float(self._rarity.max())
            share = max(share, 0.2) if word not in LINK_WORDS else 0.1
            wanted += share
            best = np.maximum.reduceat(quality[of] * self._weight, starts)
            total += best * np.float32(share)
            if word not in LINK_WORDS:
                missed += best == 0
                exact &= best >= SURROUNDINGS  # the very word
            known = np.maximum(known, quality)
            said |= quality == 1
        text_share = total / np.float32(wanted or 1)
        name_share = np.add.reduceat(self._own * known[of], starts) / self._needed
        whole = exact & (np.add.reduceat(self._own * said[of], starts) >= self._needed * np.float32(0.999))
        content = sum(word not in LINK_WORDS for word in asked)
        keep = (missed <= (1 if content >= 3 else 0)) & (text_share >= 0.5)
        score: F32 = np.where(keep, 100 * text_share + 15 * name_share - 25 * missed, 0).astype(np.float32)
        return score, whole & keep

    def _closeness(self, near: Point, rows: NDArray[np.int64]) -> F32:
        north = (self.addresses.street_lat[rows] / DEGREE_MICROS - near.lat) * DEGREE_M
        east = (self.addresses.street_lon[rows] / DEGREE_MICROS - near.lon) * DEGREE_M * cos(radians(near.lat))
        found: F32 = (4.0 / (1.0 + np.hypot(north, east) / 20_000.0)).astype(np.float32)
        return found

    def _number(self, street: int, number: int, suffix: str) -> int | None:
        """The row of a number: with that suffix, else one that begins as it does ("b" for "bis"), else without any."""
        book = self.addresses
        begin, end = int(book.number_start[street]), int(book.number_start[street + 1])
        low = begin + int(np.searchsorted(book.number[begin:end], number, "left"))
        high = begin + int(np.searchsorted(book.number[begin:end], number, "right"))
        by_suffix = {self._suffix(row): row for row in range(low, high)}
        if suffix in by_suffix:
            return by_suffix[suffix]
        like = [row for known, row in by_suffix.items() if suffix and known[:1] == suffix[:1]]
        return like[0] if len(like) == 1 else by_suffix.get("")

    def _suffix(self, at: int) -> str:
        return str(self.addresses.suffix[int(self.addresses.number_suffix[at])])

    def _place(self, street: int, at: int | None) -> Place:
        book = self.addresses
        name, former = book.street_name[street], book.street_former[street]
        commune = book.commune_name[int(book.street_commune[street])]
        insee, _, folded = book.street_key[street].partition(" ")
        id_ = f"{PREFIX}{insee}:{folded.replace(' ', '-')}"
        lat, lon = int(book.street_lat[street]), int(book.street_lon[street])
        if at is not None:
            number, suffix = int(book.number[at]), self._suffix(at)
            lat, lon = int(book.number_lat[at]), int(book.number_lon[at])
            name, id_ = f"{number}{_spaced(suffix)} {name}", f"{id_}:{number}{suffix}"
        context = " ".join(part for part in (book.street_postcode[street], commune) if part)
        if former and fold(former) != fold(commune):
            context += f" ({former})"
        return Place(id_, Kind.ADDRESS, name, context, lat / DEGREE_MICROS, lon / DEGREE_MICROS)


def _spaced(suffix: str) -> str:
    """ "12 bis", but "12B"."""
    return suffix.upper() if len(suffix) == 1 else f" {suffix}" if suffix else ""


def _readings(text: str) -> list[_Reading]:
    """A number at the head of the text, with what follows; and the text without any."""
    asked = fold(text[:TEXT_CHARS_MAX]).split()[:TEXT_WORDS_MAX]
    out = []
    head = _NUMBER.fullmatch(asked[0]) if asked else None
    if head is not None:
        rest, suffix = asked[1:], head[2]
        if not suffix and len(rest) > 1 and _SUFFIX.fullmatch(rest[0]) and rest[0] not in ("r", "l", "d"):
            suffix, rest = rest[0], rest[1:]
        if rest:
            out.append(_Reading(int(head[1]), suffix, rest))
    if len(asked) > (1 if head is not None else 0):
        out.append(_Reading(None, "", asked))
    return out
