"""What a traveller asks and what they are answered, as values. Stops and lines are rows of the timetable the answer
was made with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.base.money import ZERO, Money
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import F64, I32, Timetable
from mobigo.network.rules.opening import Opening


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a journey begins or ends: a position, or a set of stops (a station and its platforms), with the name
    people gave it."""

    name: str
    point: Point | None = None
    stops: tuple[int, ...] = ()  # rows of the timetable; reached without walking


class By(StrEnum):
    """How one goes along streets. `ABOARD`: by one's bicycle, which is taken on board. `DROPPED` and `FETCHED`: in
    somebody else's car, who brings one or comes for one."""

    WALK = "walk"
    BIKE = "bike"
    EBIKE = "ebike"
    ABOARD = "bike_aboard"
    CAR = "car"
    DROPPED = "dropped"
    FETCHED = "fetched"
    SHARED = "shared_bike"


class Pace(StrEnum):
    """How one walks. A wheelchair is a limit of its own (`Limits.wheelchair`)."""

    USUAL = "usual"
    SLOW = "slow"
    STROLLER = "stroller"


class Preset(StrEnum):
    """What a traveller puts first."""

    USUAL = "usual"
    FASTEST = "fastest"
    CHEAPEST = "cheapest"
    FEWEST_CHANGES = "fewest_changes"
    LEAST_WALKING = "least_walking"
    STEP_FREE = "step_free"
    LOWEST_CO2 = "lowest_co2"


@dataclass(frozen=True, slots=True)
class Own:
    """A vehicle for one end of the journey. With `left_at` (rows of the timetable) it stands at that stop since the way
    out, and is taken there for the last part of the way back; without, it is left where the first ride begins."""

    by: By
    left_at: tuple[int, ...] = ()
    park: str = ""  # the car park where the car stands (`rules.parks.key`), for the way back

    @property
    def at_end(self) -> bool:
        """Whether it is the last part of the journey, not the first."""
        return self.by is By.FETCHED or bool(self.left_at) or bool(self.park)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the traveller accepts."""

    vehicles_max: int = 8
    walk_m_max: int = 2_000  # to the first stop, from the last, or the whole way on foot
    change_s_extra: int = 0  # added to each change
    duration_s_max: int = 24 * 3600
    wheelchair: bool = False
    pace: Pace = Pace.USUAL
    route_types: frozenset[int] | None = None  # GTFS route types allowed; None: all
    without_routes: frozenset[str] = frozenset()  # "feed:route_id"
    only_agencies: frozenset[str] | None = None  # "feed:agency_id"


@dataclass(frozen=True, slots=True)
class Query:
    """One question. `at` is aware. With `window_s`, every useful departure (or arrival) of the window is answered."""

    origin: Endpoint
    destination: Endpoint
    at: datetime
    arrive_by: bool = False
    window_s: int = 0
    via: Endpoint | None = None
    via_stay_s: int = 0
    limits: Limits = Limits()
    own: Own | None = None
    preset: Preset = Preset.USUAL  # of the order alone; step-free is in `limits` too


@dataclass(frozen=True, slots=True)
class Visit:
    """A stop of a vehicle on the way: aware instants (UTC)."""

    stop: int
    arrive_at: datetime
    depart_at: datetime


@dataclass(frozen=True, slots=True)
class Ride:
    """A leg on board: from `visits[0]` to `visits[-1]`, along one trip, or several joined in-seat (`trips` with the
    visit where each begins)."""

    trips: tuple[tuple[int, int], ...]
    service_day: date
    visits: tuple[Visit, ...]
    by_frequency: bool = False

    @property
    def depart_at(self) -> datetime:
        return self.visits[0].depart_at

    @property
    def arrive_at(self) -> datetime:
        return self.visits[-1].arrive_at


@dataclass(frozen=True, slots=True)
class Direction:
    """An instruction for somebody on foot, good for the next `length_m` metres."""

    what: Decision
    length_m: int


@dataclass(frozen=True, slots=True)
class WalkedWay:
    """A way along the streets: its line and its instructions; both empty where no street is known."""

    path: tuple[Point, ...] = ()
    directions: tuple[Direction, ...] = ()


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the streets that is neither a door nor a stop: a station of shared bicycles, a car park. `note`: what
    is known of it now; `facts`: what is known of it at any time."""

    name: str
    point: Point
    note: Decision | None = None
    id: str = ""
    facts: tuple[Decision, ...] = ()
    opening: Opening | None = None  # None: not known, or always
    charge: Money | None = None  # what 24 hours cost; ZERO where it is free, None where that is not known


@dataclass(frozen=True, slots=True)
class Walk:
    """A leg on foot, or (`by`) along the same streets by a vehicle of one's own. `from_stop`/`to_stop` are None at a
    door."""

    from_stop: int | None
    to_stop: int | None
    depart_at: datetime
    arrive_at: datetime
    distance_m: int
    path: tuple[Point, ...] = ()  # empty: as the crow flies
    directions: tuple[Direction, ...] = ()
    by: By = By.WALK
    from_spot: Spot | None = None  # the end is there, and neither at a door nor at a stop
    to_spot: Spot | None = None


Leg = Ride | Walk


@dataclass(frozen=True, slots=True)
class Journey:
    """Legs in order. `why` says why it is kept among the others ("planner.why_fastest", …)."""

    legs: tuple[Leg, ...]
    depart_at: datetime
    arrive_at: datetime
    why: tuple[Decision, ...] = ()

    @property
    def rides(self) -> tuple[Ride, ...]:
        return tuple(leg for leg in self.legs if isinstance(leg, Ride))

    @property
    def change_count(self) -> int:
        return max(0, len(self.rides) - 1)

    @property
    def walk_m(self) -> int:
        return sum(leg.distance_m for leg in self.legs if isinstance(leg, Walk) and leg.by is By.WALK)

    @property
    def own_m(self) -> int:
        """Metres by a vehicle of one's own."""
        return sum(leg.distance_m for leg in self.legs if isinstance(leg, Walk) and leg.by is not By.WALK)


@dataclass(frozen=True, slots=True)
class CarpoolWay:
    """A way along a carpool line: to its stop on foot, a wait that nobody can promise, the ride, and on foot again;
    with a journey of the timetable before or after it.

    `leave_at` and `arrive_at` are those of the whole. They count on `wait_s`: the expected wait or, where something
    must be caught or one must be there in time, that of nine in ten; never more than what the guarantee bounds it to.
    """

    line: str  # its name
    href: str  # its page
    board: str  # names of its stops
    board_point: Point
    alight: str
    alight_point: Point
    leave_at: datetime
    arrive_at: datetime
    since: datetime  # when drivers are expected, around that time
    until: datetime
    walk_to_m: int
    walk_from_m: int
    ride_s: int
    distance_m: int
    wait_s: int
    price: Money
    wait: Decision  # the expected wait, and on what it rests, in words
    guarantee: Decision | None = None
    drivers_expected: int | None = None
    board_place: str | None = None  # the place of the timetable where its stop is, when there is one
    alight_place: str | None = None
    before: "Journey | None" = None
    after: "Journey | None" = None
    buffer_s: int = 0  # left at least between being set down and the journey after
    board_at: datetime | None = None  # when one begins to wait; where a journey comes before or after
    alight_at: datetime | None = None  # when one counts on being set down
    rest: "Price | None" = None  # of the journey before or after
    why: tuple[Decision, ...] = ()

    @property
    def joined(self) -> "Journey | None":
        """The journey of the timetable before or after it."""
        return self.before or self.after

    @property
    def total(self) -> Money | None:
        """What the whole costs; None where a part of it is unknown."""
        if self.joined is None:
            return self.price
        return None if self.rest is None or self.rest.total is None else self.price + self.rest.total


@dataclass(frozen=True, slots=True)
class CarpoolHop:
    """One line between the stop of it nearest to a door and another of its stops, where the timetable may be met.

    `way(at, arrive_by, sure)`: the way along it leaving from `at` on (arriving by then), between the door and that stop
    itself; None when nobody drives there around that time. `sure`: on the wait of nine in ten.
    """

    line: str
    hub: str
    hub_point: Point
    way: Callable[[datetime, bool, bool], CarpoolWay | None]


@dataclass(frozen=True, slots=True)
class CarpoolAtPlace:
    """A carpool line that stops where a place of the timetable is."""

    line: str  # its name
    number: str
    href: str  # its page, seen from this stop
    stop: str  # the stop's own name
    where: str  # where exactly one waits
    distance_m: int  # from the place


class CarpoolLines(Protocol):
    """The carpool lines, as the planner asks them; filled by `covoit`, handed over by `mobigo.app`."""

    def ways(
        self, origin: Point, destination: Point, at: datetime, *, arrive_by: bool, window_s: int, walk_m_max: int
    ) -> Sequence[CarpoolWay]:
        """The ways along one line between two positions, leaving from `at` on (arriving by then), best first; empty
        where no line serves both, or none drives in that direction around that time."""

    def hops(self, door: Point, day: date, *, leaving: bool, walk_m_max: int) -> Sequence[CarpoolHop]:
        """From the stop of each line nearest to a door, where that is a walk away, to its other stops; not `leaving`:
        from those to it. Empty where no line stops near."""

    def why_none(self, origin: Point, destination: Point, at: datetime, *, walk_m_max: int) -> Decision | None:
        """Why there is no way, in a word for who counts on one; None where there are no lines at all."""

    def at_place(self, place: str) -> Sequence[CarpoolAtPlace]:
        """The carpool lines that stop at a place of the timetable, by number."""


@dataclass(frozen=True, slots=True)
class OnDemandWay:
    """A way by an on-demand service that can still be booked, with a journey of the timetable before or after it.

    Where `is_ours`, that is promised; else it is what an operator's feed lets one expect. One is picked up between
    `since` and `until`, set down by `set_down_by`; `arrive_at` is at the door, at the latest.
    """

    service: str  # its name
    href: str  # the page that books it
    board: str
    board_point: Point
    alight: str
    alight_point: Point
    leave_at: datetime
    since: datetime
    until: datetime
    set_down_by: datetime
    arrive_at: datetime
    walk_to_m: int
    walk_from_m: int
    price: Money | None  # of the service alone; None where nobody told us
    book_by: datetime | None
    phone: str
    before: Journey | None = None
    after: Journey | None = None
    buffer_s: int = 0  # left at least between the service and the journey before or after it
    is_ours: bool = True  # False: an operator's feed says it; the hour is agreed with them, `href` is their own page
    operator: str = ""
    message: str = ""  # what the operator says of booking
    then: "OnDemandWay | None" = None  # the service that takes one on, after the journey `after`
    rest: "Price | None" = None  # of the journeys before and after it
    why: tuple[Decision, ...] = ()

    @property
    def total(self) -> Money | None:
        """What the whole costs; None where a part of it is unknown."""
        parts = [self.price]
        if self.before is not None or self.after is not None:
            parts.append(None if self.rest is None else self.rest.total)
        if self.then is not None:
            parts.append(self.then.total)
        known = [each for each in parts if each is not None]
        return sum(known, ZERO) if len(known) == len(parts) else None


@dataclass(frozen=True, slots=True)
class OnDemandFound:
    """The ways by an on-demand service, soonest arrival first; and for each whose cut-off has passed, what can be done
    instead. `asked_at`: the instant at which the cut-offs were applied."""

    ways: tuple[OnDemandWay, ...] = ()
    missed: tuple[Decision, ...] = ()
    asked_at: datetime | None = None


class OnDemand(Protocol):
    """On-demand transport, as the planner asks it; filled by `mobigo.tad`, handed over by `mobigo.app`."""

    def ways(self, live: LiveNetwork, query: Query, a: Point, b: Point, now: datetime) -> OnDemandFound:
        """What can be had at `now` between two positions, leaving from the query's hour on (arriving by then)."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays, as they say it: a kind of rider, what they hold and what they may prove, by the ids of `Fares.kinds`.
    `subject`: whose account it is when they signed in; its passes and purchases count too. Never kept with an answer
    that another person may be given."""

    category: str = ""  # empty: an adult
    holds: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()
    subject: str | None = None

    @property
    def is_anybody(self) -> bool:
        """Whether nothing is known of them: one adult without a card."""
        return self == ANYBODY


ANYBODY: Final = Payer()


@dataclass(frozen=True, slots=True)
class FareKinds:
    """What one may say of oneself on a day: kinds of riders (the first is who is priced by default), passes and cards
    one may hold, as (id, name), and proofs."""

    riders: tuple[tuple[str, str], ...] = ()
    holds: tuple[tuple[str, str], ...] = ()
    proofs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line of a price: an amount, and what it is."""

    amount: Money
    reason: Decision


@dataclass(frozen=True, slots=True)
class Price:
    """What the payer (`Payer`) still pays for a journey. `total` is None where that is unknown, never zero;
    `why_unknown` says why, and `between` the least and the most it may be, where both are known. `own`: what of it
    their passes cover, that a cap is reached; then `total` is what is paid beside. `notes`: what must be said. `buy`,
    `compare`: addresses of pages; empty where there is none."""

    total: Money | None
    lines: tuple[PriceLine, ...] = ()
    why_unknown: tuple[Decision, ...] = ()
    notes: tuple[Decision, ...] = ()
    offers: tuple[Decision, ...] = ()  # promotions that may apply
    buy: str = ""
    compare: str = ""
    between: tuple[Money, Money] | None = None
    own: tuple[Decision, ...] = ()


class Fares(Protocol):
    """The prices of journeys, as the planner asks them; filled by `billettique`, handed over by `mobigo.app`."""

    def prices(
        self, network: LiveNetwork, journeys: Sequence[Journey], payer: Payer = ANYBODY
    ) -> Sequence[Price | None]:
        """The price of each journey, in the same order; None where there is nothing to pay (on foot all the way)."""

    def bought(self, network: LiveNetwork, journey: Journey, payer: Payer) -> str:
        """The page of the order with which the payer's account bought a journey; "" for none."""

    def kinds(self, day: date) -> FareKinds:
        """What one may say of oneself under the tariff of a day; nothing where it cannot be read."""


@dataclass(frozen=True, slots=True)
class LegEmission:
    """What one leg emits, in grams of CO2 equivalent; None where no factor names its vehicle (`mode` is then empty)."""

    mode: str
    metres: int
    grams: int | None


@dataclass(frozen=True, slots=True)
class Emission:
    """What a journey emits for one passenger, in grams of CO2 equivalent: None where a leg is unknown, never zero for
    it. `car_grams`: the same metres alone in a car. `source`: whose factors, in force since `first_day`."""

    grams: int | None
    legs: tuple[LegEmission, ...]
    car_grams: int | None
    source: str
    first_day: date


@dataclass(frozen=True, slots=True)
class Answer:
    """The useful journeys, best first, and what must be said about them, above all when there is none."""

    query: Query
    journeys: tuple[Journey, ...]
    remarks: tuple[Decision, ...] = ()
    network_hash: str = ""
    earlier_at: datetime | None = None  # ask again at this instant for what runs before
    later_at: datetime | None = None
    next_at: datetime | None = None  # the next departure at all, when the window holds none
    carpool: tuple[CarpoolWay, ...] = ()  # they run at no fixed time
    no_carpool: Decision | None = None  # why there is none
    on_demand: OnDemandFound = OnDemandFound()  # somebody must book them
    prices: tuple[Price | None, ...] = ()  # of the journeys, in their order; empty where nobody knows fares
    emissions: tuple[Emission | None, ...] = ()  # of the journeys, in their order; empty where nobody asked
    cancelled: tuple[Journey, ...] = ()  # planned, and not possible today
    beaten: tuple[Decision, ...] = ()  # which lines and services go there too, and win nothing
    order: tuple[tuple[str, int], ...] = ()  # of everything in one list: journey, carpool or on_demand, and which


@dataclass(frozen=True)
class Reach:
    """Nodes reached from a position (or that reach it): seconds and metres of each, sorted by node. `paced`: people
    walk at the usual pace, and what the seconds say besides is waiting. `own`: those reached by a vehicle of one's own
    (`by`); None for none."""

    node: I32
    time_s: I32
    walk_m: I32
    paced: bool = True
    own: NDArray[np.bool_] | None = None
    by: By = By.WALK

    @classmethod
    def empty(cls) -> "Reach":
        return cls(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int32))


class AccessEgress(Protocol):
    """How people get between a door and the stops."""

    def reach(self, timetable: Timetable, point: Point, walk_m_max: int, leaving: bool) -> Reach:
        """The stops within reach of `point`, or (not `leaving`) from which it is within reach."""

    def direct(self, a: Point, b: Point, walk_m_max: int) -> tuple[int, int] | None:
        """(seconds, metres) from a to b on foot; None when it is farther, or there is no way."""

    def ways(self, point: Point, others: Sequence[Point], walk_m_max: int, leaving: bool) -> list[WalkedWay]:
        """The ways from `point` to each of the others, or from each to it."""


@dataclass(frozen=True)
class Reachable:
    """One-to-all: earliest arrival (UTC seconds since 1970) and vehicles taken at each stop of the timetable; -1
    where not reached."""

    arrive_epoch_s: F64 = field(repr=False)
    vehicles: I32 = field(repr=False)
