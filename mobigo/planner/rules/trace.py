"""How a search went: what it began with, what each part took, what was found, and what became of each journey.

Made of what a search leaves, only where somebody asks. A journey that the search itself never finishes, because it is
beaten on the way, is no candidate: how many arrivals were known is in `Effort`, not which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.planner.model import CarpoolWay, Emission, Journey, Price, Query
from mobigo.planner.rules.dropped import Rule
from mobigo.planner.rules.ways import Way, worth_of_way

PARTS: Final = (
    "access", "search", "journeys", "neighbours", "beside", "prices", "carpool", "cancelled", "others", "trace",
)  # fmt: skip
WINDOW, FOOT, OWN, PRICE = "window", "foot", "own", "price"  # which search found a candidate
CARPOOL, ON_DEMAND = "carpool", "on_demand"  # who offers a way without a timetable


@dataclass(frozen=True, slots=True)
class Lap:
    """A part of the work (`PARTS`), and the seconds it took."""

    part: str
    took_s: float


@dataclass(frozen=True, slots=True)
class Effort:
    """One search of the timetable: `kind` is `window` (every departure of a while), `one` (one departure) or `price`.

    `departures` tried; `rounds`: with how many vehicles at most something was still reached sooner; `labels`: arrivals
    known at its end, of a stop with so many vehicles (`price`: all that were weighed); `journeys` it gave.
    """

    kind: str
    departures: int
    rounds: int
    labels: int
    journeys: int


@dataclass(frozen=True, slots=True)
class Around:
    """The stops reached from a door, or from which it is reached: how many, how many of them by a vehicle of one's own,
    the nearest (a row of the timetable) with its seconds and metres, and the seconds of the farthest."""

    stops: int
    own: int = 0
    nearest: int | None = None
    nearest_s: int = 0
    nearest_m: int = 0
    farthest_s: int = 0


@dataclass(frozen=True, slots=True)
class FeedUsed:
    """A feed of the network: the trips it has, and the first and last day on which one runs; None where none does."""

    name: str
    trips: int
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Source:
    """A source of realtime: as of when, whether it is too old to be used, how many of its trips were understood."""

    name: str
    at: datetime | None
    is_stale: bool
    trips: int
    used: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A journey that was found. `number`: that of the answer's list for those shown, the next ones for the others.

    `searched`: the least and the most that the search counted in cents, where it weighed the price (None: unknown to
    it). `rule`: what left it out, None for one shown; `by`: the numbers of those it is held against.
    """

    number: int
    journey: Journey
    source: str
    price: Price | None = None
    emission: Emission | None = None
    searched: tuple[int | None, int | None] | None = None
    rule: Rule | None = None
    by: tuple[int, ...] = ()

    @property
    def lasts_s(self) -> int:
        return int((self.journey.arrive_at - self.journey.depart_at).total_seconds())

    @property
    def cents(self) -> int | None:
        """What it costs as shown; None where that is unknown. On foot there is nothing to pay."""
        if self.price is None:
            return None if self.journey.rides else 0
        return None if self.price.total is None else self.price.total.cents

    @property
    def depart_at(self) -> datetime:
        return self.journey.depart_at

    @property
    def arrive_at(self) -> datetime:
        return self.journey.arrive_at

    @property
    def vehicles(self) -> int:
        return len(self.journey.rides)

    @property
    def walk_m(self) -> int:
        return self.journey.walk_m

    @property
    def why(self) -> tuple[Decision, ...]:
        return self.journey.why


@dataclass(frozen=True, slots=True)
class FoundWay:
    """A way along a carpool line or by an on-demand service that was found, numbered behind the journeys. `rule`: what
    left it out, None for one shown; `by`: the numbers of those it is held against."""

    number: int
    way: Way
    rule: Rule | None = None
    by: tuple[int, ...] = ()

    @property
    def source(self) -> str:
        return CARPOOL if isinstance(self.way, CarpoolWay) else ON_DEMAND

    @property
    def depart_at(self) -> datetime:
        return self.way.leave_at

    @property
    def arrive_at(self) -> datetime:
        return self.way.arrive_at

    @property
    def lasts_s(self) -> int:
        return int((self.arrive_at - self.depart_at).total_seconds())

    @property
    def vehicles(self) -> int:
        return worth_of_way(self.way).changes + 1

    @property
    def walk_m(self) -> int:
        return worth_of_way(self.way).walk_m

    @property
    def cents(self) -> int | None:
        """What the whole costs; None where a part of it is unknown."""
        return None if self.way.total is None else self.way.total.cents

    @property
    def why(self) -> tuple[Decision, ...]:
        return self.way.why


Found = Candidate | FoundWay


@dataclass(frozen=True, slots=True)
class Trace:
    """How a search went. `found`: how many journeys its searches gave, counted as they gave them, and how many ways
    there were beside."""

    query: Query
    network: str
    feeds: tuple[FeedUsed, ...]
    first_day: date
    last_day: date
    along_streets: bool
    realtime: tuple[Source, ...]
    changed_trips: int  # that run otherwise than planned
    unserved_calls: int  # where nobody gets on, though planned
    cancelled_trips: int
    access: Around
    egress: Around
    laps: tuple[Lap, ...]
    efforts: tuple[Effort, ...]
    found: int
    candidates: tuple[Candidate, ...]
    ways: tuple[FoundWay, ...] = ()

    @property
    def all(self) -> tuple[Found, ...]:
        """The journeys and the ways beside, by number."""
        return (*self.candidates, *self.ways)

    @property
    def kept(self) -> tuple[Found, ...]:
        return tuple(each for each in self.all if each.rule is None)

    @property
    def dropped(self) -> tuple[Found, ...]:
        return tuple(each for each in self.all if each.rule is not None)

    @property
    def took_s(self) -> float:
        """All of it, but for making the trace."""
        return sum(each.took_s for each in self.laps if each.part != "trace")


@dataclass(frozen=True, slots=True)
class Gap:
    """By how much one journey is worse than another in one thing (`depart`, `arrive`, `lasts`, `vehicles`, `walk`,
    `price`): seconds, vehicles, metres or cents, always more than zero."""

    what: str
    amount: int


def worse_by(a: Found, b: Found) -> list[Gap]:
    """In what a is worse than b, with how much; prices only where both are known."""
    gaps = [
        Gap("depart", int((b.depart_at - a.depart_at).total_seconds())),
        Gap("arrive", int((a.arrive_at - b.arrive_at).total_seconds())),
        Gap("lasts", a.lasts_s - b.lasts_s),
        Gap("vehicles", a.vehicles - b.vehicles),
        Gap("walk", a.walk_m - b.walk_m),
        Gap("price", 0 if a.cents is None or b.cents is None else a.cents - b.cents),
    ]
    return [each for each in gaps if each.amount > 0]


def effort_of(efforts: Sequence[Effort], kind: str) -> Effort | None:
    """All searches of a kind together (`rounds`: the most of them); None where there was none."""
    some = [each for each in efforts if each.kind == kind]
    if not some:
        return None
    return Effort(
        kind, sum(each.departures for each in some), max(each.rounds for each in some),
        sum(each.labels for each in some), sum(each.journeys for each in some),
    )  # fmt: skip
