"""A journey is one driver–passenger pair; a vehicle trip is the journeys of one car's run.

Two passengers in one car are two journeys with the same operator and `operator_trip_id` (as in the national registry,
RPC, API v3). The subsidy belongs to the vehicle trip: counting per pair would pay the same kilometre twice.
People are random ids: who they are stands in an erasable table of the store.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money


class ProofClass(StrEnum):
    """How well a journey is proven (RPC): A the match alone; B the match and one occupant's trip; C both occupants'
    trips and identities."""

    A = "A"
    B = "B"
    C = "C"


class JourneyState(StrEnum):
    """Where a journey stands, as the public statuses of the registry say it (carpool rules §1.3)."""

    PENDING = "pending"  # its checks have not ended
    OK = "ok"
    CANCELLED = "canceled"
    TERMS_VIOLATION = "terms_violation_error"
    ANOMALY = "anomaly_error"
    FRAUD = "fraud_error"


@dataclass(frozen=True, slots=True)
class LineLeg:
    """Where a journey ran on a carpool line: positions on the line's reference kilometre table, in metres from its
    first stop, in the direction driven (`from_m < to_m` whatever the direction)."""

    line: str
    direction: int  # 0 as the line is named, 1 the other way
    from_m: int
    to_m: int


@dataclass(frozen=True, slots=True)
class Journey:
    """One driver and one passenger (who may hold several seats), on one vehicle trip."""

    id: str
    operator: str  # the operator's code, ours included
    operator_journey_id: str
    operator_trip_id: str
    proof_class: ProofClass
    driver: str  # random person ids
    passenger: str
    seats: int
    started_at: datetime
    ended_at: datetime
    distance_m: int  # as declared
    received_at: datetime
    state: JourneyState = JourneyState.PENDING
    leg: LineLeg | None = None  # None off the lines
    start_insee: str | None = None
    end_insee: str | None = None
    passenger_over_18: bool | None = None  # unknown is not adult
    # For campaigns of zones and free rides alone; the rule of our lines looks at none of them.
    start: Point | None = None
    end: Point | None = None
    driver_revenue: Money | None = None
    incentives: Money = ZERO  # what others already give

    @property
    def day(self) -> date:
        """The day of its start, in France: the day that scales, caps and months count by."""
        return paris_day(self.started_at)


@dataclass(frozen=True, slots=True)
class VehicleTrip:
    """The journeys of one run of one car: same operator, same `operator_trip_id`, same driver."""

    operator: str
    operator_trip_id: str
    driver: str
    journeys: tuple[Journey, ...]
    # What the driver drove on the line, passenger or not; known for our own lines only.
    driven: LineLeg | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What names it for ever."""
        return (self.operator, self.operator_trip_id)

    @property
    def started_at(self) -> datetime:
        """Its earliest start: the instant whose day, in France, decides the scale and the month."""
        return min(journey.started_at for journey in self.journeys)

    @property
    def day(self) -> date:
        """The day of its start, in France."""
        return paris_day(self.started_at)


def order_of(trip: VehicleTrip) -> tuple[datetime, str, str]:
    """The order in which caps and budgets are used up: start, then operator, then trip id (rule §6.2.5)."""
    return (trip.started_at, trip.operator, trip.operator_trip_id)


def in_order(trips: Sequence[VehicleTrip]) -> list[VehicleTrip]:
    """The trips in the order of `order_of`."""
    return sorted(trips, key=order_of)
