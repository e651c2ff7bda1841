"""Which place of the timetable a stop of a carpool line is: the nearest, closer when its name says nothing. Pure."""

import unicodedata
from collections.abc import Iterable
from typing import Final

from covoit.model.lines import LineStop, PlaceNear
from mobigo.base.geo import Point, distance_m

SURE_M: Final = 150  # so near, it is the same place whatever its name
NAMED_M: Final = 800  # as far as across a village, when the place bears the commune's name


def same_place(stop: LineStop, candidates: Iterable[tuple[str, str, Point]]) -> PlaceNear | None:
    """The nearest of (id, name, position) that is the same place as the stop, or None; of equals the first id."""
    found = [PlaceNear(id, name, round(distance_m(stop.point, point))) for id, name, point in candidates]
    near = [
        each
        for each in found
        if each.distance_m <= SURE_M or (each.distance_m <= NAMED_M and _names(each.name, stop.commune))
    ]
    return min(near, key=lambda each: (each.distance_m, each.id), default=None)


def _names(place: str, commune: str) -> bool:
    """Whether a place's name holds every word of a commune's, accents and capitals aside."""
    return set(_words(commune)) <= set(_words(place))


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    letters = "".join(letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    return ["saint" if word == "st" else "sainte" if word == "ste" else word for word in letters.split()]
