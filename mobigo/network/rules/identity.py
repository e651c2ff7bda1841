"""Which place a stop is: the place outlives the ids that a feed gives its stops.

A stop id that survives keeps its place, wherever it moved. An id that appears takes the place of one that
disappeared, when both have the same name and kind and stand within `SAME_PLACE_M`; where several could, the nearest.
What is left is a new place, or a place that ended.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from mobigo.base.geo import Point, distance_m

SAME_PLACE_M = 150.0
_PAIRS_MAX = 100_000  # pairs of stops of one name that are measured


@dataclass(frozen=True, slots=True)
class StopSeen:
    """A stop of one version of a feed; `point` is None when it has no position that can be read."""

    stop_id: str
    name: str
    kind: int
    point: Point | None


@dataclass(frozen=True, slots=True)
class Succession:
    """How the stops of a version follow those of the one before."""

    kept: tuple[str, ...]  # ids in both
    renamed: dict[str, str]  # new id → the old id whose place it takes
    new: tuple[str, ...]
    ended: tuple[str, ...]
    splits: tuple[tuple[str, tuple[str, ...]], ...]  # old id → the new ids that stand where it stood, the heir first
    merges: tuple[tuple[str, str], ...]  # ended old id → the id (old or new) that stands where it stood


def succession(before: Sequence[StopSeen], after: Sequence[StopSeen]) -> Succession:
    """How `after` follows `before`. Does not depend on the order of either."""
    old = {stop.stop_id: stop for stop in before}
    new = {stop.stop_id: stop for stop in after}
    kept = tuple(sorted(old.keys() & new.keys()))
    gone = sorted(old.keys() - new.keys())
    come = sorted(new.keys() - old.keys())
    came_under: dict[tuple[str, int], list[str]] = {}
    for stop_id in come:
        came_under.setdefault(_key(new[stop_id]), []).append(stop_id)
    crowds: dict[tuple[str, int], int] = {}
    for stop_id in gone:
        crowds[_key(old[stop_id])] = crowds.get(_key(old[stop_id]), 0) + 1
    for key, many in crowds.items():
        if not key[0] or many * len(came_under.get(key, ())) > _PAIRS_MAX:
            came_under.pop(key, None)  # a name that so many share, or none at all, tells nobody apart
    pairs = sorted(
        (metres, one, other)
        for one in gone
        for other in came_under.get(_key(old[one]), ())
        if (metres := _apart(old[one], new[other])) is not None
    )
    heir: dict[str, str] = {}
    renamed: dict[str, str] = {}
    for _, one, other in pairs:
        if one not in heir and other not in renamed:
            heir[one], renamed[other] = other, one
    followers: dict[str, list[str]] = {}
    for _, one, other in pairs:
        if one in heir and other not in renamed:
            followers.setdefault(one, []).append(other)
    stands: dict[str, str] = {}
    for _, one, other in pairs:
        if one not in heir:
            stands.setdefault(one, other)
    stay_under: dict[tuple[str, int], list[str]] = {}
    for stop_id in kept:
        stay_under.setdefault(_key(new[stop_id]), []).append(stop_id)
    for one in gone:
        if one not in heir and one not in stands:
            near = [
                (metres, other)
                for other in stay_under.get(_key(old[one]), ())
                if (metres := _apart(old[one], new[other])) is not None
            ]
            if near:
                stands[one] = min(near)[1]
    return Succession(
        kept=kept,
        renamed=renamed,
        new=tuple(stop_id for stop_id in come if stop_id not in renamed),
        ended=tuple(stop_id for stop_id in gone if stop_id not in heir),
        splits=tuple((one, (heir[one], *others)) for one, others in sorted(followers.items())),
        merges=tuple(sorted(stands.items())),
    )


def _key(stop: StopSeen) -> tuple[str, int]:
    """Names alike but for case, accents and punctuation are the same name."""
    letters = unicodedata.normalize("NFKD", stop.name.casefold())
    return "".join(letter for letter in letters if letter.isalnum()), stop.kind


def _apart(one: StopSeen, other: StopSeen) -> float | None:
    """How far apart two stops are, if they may be one place; None when they may not."""
    if one.point is None or other.point is None:
        return None
    metres = distance_m(one.point, other.point)
    return metres if metres <= SAME_PLACE_M else None
