"""The subsidy scale (barème) as a value: dated, hashed, decided by an act; and what it leans on, the legal ceiling and
the coach fare. Read from files by `covoit.gateway.scales`; never edited once used: a change is a new file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from covoit.model.journeys import ProofClass
from mobigo.base.errors import NotFound
from mobigo.base.money import Money
from mobigo.base.periods import Period


class DistanceBasis(StrEnum):
    """Which kilometres are paid: those with a passenger on board (the default), or all the driver drove on the line."""

    WITH_PASSENGER = "with_passenger"
    DRIVEN_ON_LINE = "driven_on_line"


class CapOf(StrEnum):
    """Whose use a cap counts."""

    VEHICLE_TRIP = "vehicle_trip"
    DRIVER = "driver"
    PASSENGER = "passenger"
    CAMPAIGN = "campaign"  # everybody's: a budget


class CapPer(StrEnum):
    """Over which calendar a cap counts, in France, by the day of the trip's start."""

    TRIP = "trip"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    CAMPAIGN = "campaign"


class CapMeasure(StrEnum):
    """What a cap counts: cents paid, trips paid (a trip that got nothing is not one), or persons paid for."""

    AMOUNT = "amount"
    TRIPS = "trips"
    PASSENGERS = "passengers"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` (cents, trips or persons) of `measure` for one `of` over one `per`."""

    of: CapOf
    per: CapPer
    measure: CapMeasure
    limit: int

    @property
    def code(self) -> str:
        """Its name, from what it counts: "driver_month_amount"."""
        return f"{self.of}_{self.per}_{self.measure}"


# Narrow before wide: a trip's own cap, then the day, the month, the year, the whole; numbers before amounts; a budget
# last (carpool rules §1.5 and §6.2.5). The order of the file does not count.
_WIDTH: Final = {each: rank for rank, each in enumerate(CapPer)}
_WHOSE: Final = {each: rank for rank, each in enumerate(CapOf)}
_WHAT: Final = {CapMeasure.PASSENGERS: 0, CapMeasure.TRIPS: 1, CapMeasure.AMOUNT: 2}


def ordered_caps(caps: Sequence[Cap]) -> tuple[Cap, ...]:
    """The caps in the order in which they apply. Raises ValueError for two of the same name."""
    names = [cap.code for cap in caps]
    if len(set(names)) != len(names):
        raise ValueError("two caps count the same thing")
    return tuple(sorted(caps, key=lambda cap: (_WHOSE[cap.of], _WIDTH[cap.per], _WHAT[cap.measure])))


@dataclass(frozen=True, slots=True)
class Act:
    """The decision of the authority that a scale applies: without one, nothing is paid."""

    number: str
    day: date
    document: str  # where it can be read: a title, a reference, an address


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What the law lets a driver receive: the costs of the trip, except on the first short trips of a day.

    Code des transports R3132-3 (aid ≤ costs), D3132-5 (under 15 km, two trips a day), R3132-1 (costs by the tax scale).
    """

    code: str
    hash: str
    period: Period
    rate_mills_per_km: int  # thousandths of a euro: 529 is 0.529 €/km
    short_below_m: int
    short_trips_per_day: int
    source: str


@dataclass(frozen=True, slots=True)
class CoachFare:
    """The price of a single coach ticket: what a passenger of a carpool line pays to the Region, each seat."""

    code: str
    hash: str
    period: Period
    single: Money
    source: str


@dataclass(frozen=True, slots=True)
class Scale:
    """One scale. `hash` is the SHA-256 of its file's content, the act left out (the act names the hash it decides)."""

    code: str
    hash: str
    title: Mapping[str, str]  # by language
    period: Period
    source: str
    rate_cents: int  # for each `rate_unit_m` metres
    bonus_cents: int
    first_counted_passenger: int  # 1: a bonus for every passenger; 2: from the second on
    passengers_max: int = 3
    rate_unit_m: int = 1_000
    leg_m_min: int = 2_000
    proof_class_min: ProofClass = ProofClass.B
    distance_basis: DistanceBasis = DistanceBasis.WITH_PASSENGER
    reference_tolerance_pct: int = 120  # a declared distance above this share of the reference is brought back to it
    overlap_pct: int = 70  # two journeys of one person in one car are one when they share this much of the shorter
    proof_deadline_days: int = 30
    caps: tuple[Cap, ...] = ()
    applies: bool = False  # whether it is the one in force on its days, among those that are not merely for comparison
    act: Act | None = None
    text: Mapping[str, str] = field(default_factory=dict)  # what a citizen reads, figures made from the file
    document: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)  # what the text's figures cite
    # What it leans on, dated apart: not part of its hash. The hash of the one used stands in each priced trip.
    ceilings: tuple[Ceiling, ...] = ()
    fares: tuple[CoachFare, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "caps", ordered_caps(self.caps))
        whole = (self.rate_cents, self.bonus_cents, self.leg_m_min, self.passengers_max, self.proof_deadline_days)
        if min(whole) < 0 or self.rate_unit_m <= 0 or self.first_counted_passenger < 1:
            raise ValueError("a scale counts with whole numbers from zero up")
        if self.reference_tolerance_pct < 100 or not 0 < self.overlap_pct <= 100:
            raise ValueError("a tolerance is at least 100 %, an overlap between 1 and 100 %")

    @property
    def first_day(self) -> date:
        return self.period.first_day

    @property
    def last_day(self) -> date | None:
        return self.period.last_day

    def cap(self, of: CapOf, per: CapPer, measure: CapMeasure) -> int | None:
        """The limit of that kind, None where the scale has none."""
        return next((cap.limit for cap in self.caps if (cap.of, cap.per, cap.measure) == (of, per, measure)), None)


def scale_on(scales: Sequence[Scale], day: date) -> Scale:
    """The scale in force on a day: among those that apply, the one that began last.

    Raises NotFound("covoit.no_scale") on a day without any.
    """
    found = [scale for scale in scales if scale.applies and day in scale.period]
    if not found:
        raise NotFound("covoit.no_scale", day=day)
    return max(found, key=lambda scale: (scale.period.first_day, scale.code))


def ceiling_on(ceilings: Sequence[Ceiling], day: date) -> Ceiling:
    """The legal ceiling of a day. Raises NotFound("covoit.no_ceiling") before the first one known."""
    found = [ceiling for ceiling in ceilings if day in ceiling.period]
    if not found:
        raise NotFound("covoit.no_ceiling", day=day)
    return max(found, key=lambda ceiling: ceiling.period.first_day)


def fare_on(fares: Sequence[CoachFare], day: date) -> CoachFare:
    """The coach fare of a day. Raises NotFound("covoit.no_coach_fare") before the first one known."""
    found = [fare for fare in fares if day in fare.period]
    if not found:
        raise NotFound("covoit.no_coach_fare", day=day)
    return max(found, key=lambda fare: fare.period.first_day)
