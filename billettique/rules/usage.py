"""From taps to ways, loads and revenue by line: pure functions over values that name nobody.

Only getting on is told (nobody taps out). Where somebody got off is inferred by chaining: next to where the same token
is seen next, and, after the last tap of the day, next to where the first one was. What cannot be inferred stays so: it
is counted, and never guessed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from math import cos, hypot, radians
from typing import Final, NamedTuple

from mobigo.base.instants import PARIS
from mobigo.base.money import ZERO, Money

WALK_MAX_M: Final = 1_500.0  # between getting off and the next getting on: a small town across
AGAIN_MAX: Final = timedelta(minutes=2)  # the same token twice at once is one person tapping twice, or two: not a chain
_DEGREE_M: Final = 111_195.0
PARTS: Final = ((0, 6, "nuit"), (6, 9, "matin"), (9, 16, "journee"), (16, 19, "soir"), (19, 24, "nuit"))


class Tap(NamedTuple):
    """A validation under a day's token."""

    token: str
    at: datetime
    line: str
    stop: str
    trip: str


class StopAt(NamedTuple):
    """A stop of a direction of a line, and where it is."""

    place: str
    lat: float
    lon: float


Ways = Mapping[str, Sequence[Sequence[StopAt]]]  # by line: its directions


@dataclass(slots=True)
class Chained:
    """A day's ways: flows by (part of the day, from, to), who is inferred to get on and off by (trip, stop), how many
    taps there were and how many got their way."""

    taps: int = 0
    inferred: int = 0
    flows: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    on: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # line, trip, stop
    off: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """The share of taps whose way is inferred, from 0 to 1."""
        return self.inferred / self.taps if self.taps else 0.0


def chain(taps: Iterable[Tap], ways: Ways) -> Chained:
    """A day's ways. `taps` in order of token, then of time."""
    found = Chained()
    places = {stop.place: stop for directions in ways.values() for way in directions for stop in way}
    for _token, some in groupby(taps, key=lambda tap: tap.token):
        day = list(some)
        found.taps += len(day)
        for tap, off in zip(day, alightings(day, ways, places), strict=True):
            if off is None:
                continue
            found.inferred += 1
            found.flows[part_of(tap.at), tap.stop, off] += 1
            if tap.trip:
                found.on[tap.line, tap.trip, tap.stop] += 1
                found.off[tap.line, tap.trip, off] += 1
    return found


def alightings(day: Sequence[Tap], ways: Ways, places: Mapping[str, StopAt]) -> list[str | None]:
    """Where each tap of one token's day got off; None where it cannot be said."""
    if len(day) < 2:
        return [None] * len(day)
    out: list[str | None] = []
    for at, tap in enumerate(day):
        following = day[at + 1] if at + 1 < len(day) else day[0]
        goal = places.get(following.stop)
        too_soon = at + 1 < len(day) and following.at - tap.at < AGAIN_MAX
        out.append(None if goal is None or too_soon else _nearest_after(ways.get(tap.line, ()), tap.stop, goal))
    return out


def _nearest_after(directions: Sequence[Sequence[StopAt]], stop: str, goal: StopAt) -> str | None:
    """The stop of the line, after this one in one of its directions, that is nearest to the goal, within a walk."""
    best: tuple[float, str] | None = None
    for way in directions:
        boarded = next((at for at, each in enumerate(way) if each.place == stop), None)
        if boarded is None:
            continue
        for each in way[boarded + 1 :]:
            found = (_metres(each, goal), each.place)
            if each.place != stop and (best is None or found < best):
                best = found
    return best[1] if best is not None and best[0] <= WALK_MAX_M else None


def _metres(one: StopAt, other: StopAt) -> float:
    east = (one.lon - other.lon) * cos(radians((one.lat + other.lat) / 2))
    return hypot(one.lat - other.lat, east) * _DEGREE_M


def part_of(at: datetime) -> str:
    """The part of the day of an instant, by the clock in France."""
    hour = at.astimezone(PARIS).hour
    return next(name for first, last, name in PARTS if first <= hour < last)


# ---------------------------------------------------------------- loads


@dataclass(frozen=True, slots=True)
class Boarded:
    """What is known of a trip at a stop: who got on, and, of those whose way is inferred, who got on and off."""

    stop: str
    boardings: int
    inferred_on: int
    inferred_off: int


def load_after(stops: Sequence[Boarded]) -> list[int]:
    """How many are on board after each stop of a trip, in its order: those whose way is unknown are taken to ride as
    the others do. Rounded to the nearest; never below zero. All zero where no way is inferred on the trip."""
    on, inferred = sum(each.boardings for each in stops), sum(each.inferred_on for each in stops)
    if not inferred:
        return [0] * len(stops)
    return [max(0, (2 * inside + inferred) // (2 * inferred)) for inside in _inside(stops, on, inferred)]


def _inside(stops: Sequence[Boarded], on: int, inferred: int) -> list[int]:
    """How many are on board after each stop, times how many are inferred; below zero where the order is not theirs."""
    inside, after = 0, []
    for each in stops:
        inside += each.boardings * inferred - each.inferred_off * on
        after.append(inside)
    return after


def in_order(stops: Mapping[str, Boarded], directions: Sequence[Sequence[str]]) -> list[Boarded]:
    """What is known of a trip, in the order of the direction it ran in: the one in which fewest get off before they
    got on. Stops of no direction come last."""
    on = sum(each.boardings for each in stops.values())
    inferred = sum(each.inferred_on for each in stops.values())
    orders = [[stops[stop] for stop in dict.fromkeys(way) if stop in stops] for way in directions]
    best = max(orders, key=lambda order: (len(order), min(_inside(order, on, inferred), default=0)), default=[])
    return best + [each for stop, each in stops.items() if each not in best]


# ---------------------------------------------------------------- revenue


def spread(amount: Money, weights: Mapping[str, int]) -> dict[str, Money]:
    """An amount over lines by whole weights, to the cent: the largest remainder gets the cent that is left (the first
    by name of equal ones). A negative amount is the exact opposite of its positive. Raises ValueError without weight.
    """
    total = sum(weights.values())
    if total <= 0 or min(weights.values()) < 0:
        raise ValueError("there is nothing to spread over")
    if amount < ZERO:
        return {line: -part for line, part in spread(-amount, weights).items()}
    shares = {line: divmod(amount.cents * weight, total) for line, weight in weights.items()}
    left = amount.cents - sum(whole for whole, _rest in shares.values())
    first = sorted(shares, key=lambda line: (-shares[line][1], line))[:left]
    return {line: Money(whole + (line in first)) for line, (whole, _rest) in shares.items()}


def by_line(earned: Mapping[str, Money], uses: Mapping[tuple[str, str], int]) -> dict[str, Money]:
    """What each line earned in a month: the revenue of each product spread by its validations, line by line; what was
    sold and never validated stands under "". The sum is that of `earned`, to the cent.

    `earned` by product, `uses` by (product, line).
    """
    lines: dict[str, Money] = {}
    for product, amount in sorted(earned.items()):
        weights = {line: count for (used, line), count in uses.items() if used == product and count > 0}
        for line, part in (spread(amount, weights) if weights else {"": amount}).items():
            lines[line] = lines.get(line, ZERO) + part
    return lines
