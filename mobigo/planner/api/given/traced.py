"""How a search went, for who asks (`explain`)."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from mobigo.planner.api.given.base import Given, Reason


class Candidate(Given):
    """A journey that was found, or (`source` carpool, on_demand: behind all journeys) a way beside the timetable.
    `number`: its place in `journeys` for a journey that is shown, the next numbers for the others. `id`: null for a way
    beside. `searched_cents`: the least and the most that the search counted, where it weighed the price. `rule`: what
    left it out, null for one that is shown; `by`: the numbers of the journeys it is held against."""

    number: Annotated[int, Field(ge=1)]
    id: str | None
    source: Literal["window", "foot", "own", "price", "carpool", "on_demand"]
    departure: AwareDatetime
    arrival: AwareDatetime
    duration_s: Annotated[int, Field(ge=0)]
    vehicles: Annotated[int, Field(ge=0)]
    walk_m: Annotated[int, Field(ge=0)]
    own_m: Annotated[int, Field(ge=0)]
    price_cents: Annotated[int, Field(ge=0)] | None
    searched_cents: Annotated[list[int | None], Field(min_length=2, max_length=2)] | None
    co2_grams: Annotated[int, Field(ge=0)] | None
    ways: str = Field(description="The lines taken, in order.")
    rule: (
        Literal[
            "outside",
            "beaten",
            "twin",
            "too_long",
            "known",
            "no_gain",
            "not_worth",
            "same_later",
            "enough",
            "as_good",
            "park_shut",
            "wins_nothing",
        ]
        | None
    )
    by: list[int]
    reason: Reason | None


class TracePart(Given):
    """A part of the work, and how long it took."""

    part: str
    ms: Annotated[float, Field(ge=0)]
    text: str


class TraceSearch(Given):
    """The searches of a kind together: every departure of a while (`window`), one departure, or by price and walking.
    `rounds`: with how many vehicles something was still reached sooner; `labels`: arrivals kept."""

    kind: Literal["window", "one", "price"]
    times: int
    departures: int
    rounds: int
    labels: int
    journeys: int


class NearestStop(Given):
    """A stop by its name, and the way to it."""

    name: str
    seconds: int
    metres: int


class AroundEnd(Given):
    """The stops around an end: how many, how many of them by a vehicle of one's own, the nearest, the farthest."""

    stops: int
    own: int
    nearest: NearestStop | None
    farthest_s: int


class TraceLimits(Given):
    """What was accepted."""

    window_s: int
    vehicles: int
    walk_m: int
    change_s: int
    duration_s: int
    step_free: bool


class FeedUsed(Given):
    """A feed of the network, and the days on which its trips run."""

    name: str
    trips: int
    first_day: date | None
    last_day: date | None


class NetworkUsed(Given):
    """The network that was searched."""

    hash: str
    first_day: date
    last_day: date
    along_streets: bool
    feeds: list[FeedUsed]


class RealtimeSource(Given):
    """A source of realtime: as of when, whether it is too old to be used, how many of its trips were understood."""

    name: str
    at: AwareDatetime | None
    is_stale: bool
    trips: int
    used: int


class RealtimeUsed(Given):
    """What realtime changed of the timetable."""

    sources: list[RealtimeSource]
    changed_trips: int
    cancelled_trips: int
    unserved_calls: int


class Trace(Given):
    """How the search went. `found` = `kept` + `dropped`, each once in `candidates`. A journey that the search never
    finishes is none of them."""

    found: int
    kept: int
    dropped: int
    candidates: list[Candidate]
    total_ms: Annotated[float, Field(ge=0)]
    parts: list[TracePart]
    searches: list[TraceSearch]
    access: AroundEnd
    egress: AroundEnd
    limits: TraceLimits
    network: NetworkUsed
    realtime: RealtimeUsed
