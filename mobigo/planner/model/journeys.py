"""A journey of the timetable: rides on board, and legs on foot or by a vehicle of one's own. Its stops and trips are
rows of the timetable it was made with."""

from dataclasses import dataclass
from datetime import date, datetime

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.network.rules.opening import Opening
from mobigo.planner.model.questions import By


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
