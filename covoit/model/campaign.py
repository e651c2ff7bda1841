"""A campaign as data: rules, citizen's text and examples in one dated file, read by `covoit.gateway.campaigns`.

It covers what the campaigns of French authorities do: amounts by journey, seat and kilometre, by slices and ranges;
days, zones, operators, proofs; boosters; caps and budgets; rides made free. A scale of our lines is a special case
(`unit = "vehicle_trip"`, kilometres and passengers). It keeps a form of its own, `covoit.model.scale`, on which the
form of decision-makers and the columns of a million trips rest; a test holds the two equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any

from covoit.model.journeys import ProofClass
from covoit.model.scale import Act, Cap, CapOf, Ceiling, CoachFare, DistanceBasis, ordered_caps
from mobigo.base.geo import Point
from mobigo.base.periods import Period


class Unit(StrEnum):
    """What is priced: each journey (a passenger in a car), or the vehicle trip as a whole."""

    JOURNEY = "journey"
    VEHICLE_TRIP = "vehicle_trip"


@dataclass(frozen=True, slots=True)
class Range:
    """Lengths from one end to the other, each end in or out as stated; `to_m` None: no upper end."""

    from_m: int = 0
    to_m: int | None = None
    from_included: bool = True
    to_included: bool = False

    def __contains__(self, length_m: int) -> bool:
        low = length_m >= self.from_m if self.from_included else length_m > self.from_m
        if self.to_m is None or not low:
            return low
        return length_m <= self.to_m if self.to_included else length_m < self.to_m


class PartKind(StrEnum):
    """What a part of the amount counts."""

    FLAT = "flat"  # once
    PER_KM = "per_km"  # metres beyond `offset_m`, up to `limit_m`
    PER_PASSENGER = "per_passenger"  # from passenger no. `first` on, up to `most`
    FREE_RIDE = "free_ride"  # what the driver receives, less what others already give


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the amount; parts add up, exactly, and the sum is rounded once."""

    id: str
    kind: PartKind
    cents: int = 0  # flat: once; per_km: for each `unit_m`; per_passenger: each
    unit_m: int = 1_000
    offset_m: int = 0
    limit_m: int | None = None
    first: int = 1
    most: int | None = None
    per_seat: bool = False  # times the seats of the journey
    lengths: Range = Range()  # only for trips of these lengths


@dataclass(frozen=True, slots=True)
class Circle:
    """What lies within `radius_m` of a point, the rim included."""

    centre: Point
    radius_m: int


class TerritoryKind(StrEnum):
    """What communes are put together in, by a table that whoever runs the service gives."""

    EPCI = "epci"  # SIREN of the inter-municipal body
    AOM = "aom"  # SIREN of the mobility authority
    REGION = "region"  # INSEE code
    RESEAU = "reseau"  # the network, as its authority names it


@dataclass(frozen=True, slots=True)
class Membership:
    """A commune (or a whole département) belongs to a territory, on some days."""

    kind: TerritoryKind
    code: str
    member: str
    period: Period


@dataclass(frozen=True, slots=True)
class Zone:
    """A territory: communes (INSEE codes), départements, EPCI, AOM, régions, réseaux, countries (INSEE codes, France is
    99100), circles and polygons; what is in any of them is in it."""

    communes: frozenset[str] = frozenset()
    departements: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    # Of the EPCI, AOM, régions and réseaux it names: when each commune or département belongs to one of them.
    members: Mapping[str, tuple[Period, ...]] = field(default_factory=dict)
    circles: tuple[Circle, ...] = ()
    polygons: tuple[tuple[Point, ...], ...] = ()


class Ends(StrEnum):
    """Which ends of a journey a condition is about."""

    START = "start"
    END = "end"
    BOTH = "both"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class ZoneRule:
    """These ends are in the zone (`inside`), or it is not so that they are."""

    zone: str
    ends: Ends
    inside: bool = True


@dataclass(frozen=True, slots=True)
class OperatorRule:
    """An operator, and the days on which its journeys count."""

    code: str
    period: Period


@dataclass(frozen=True, slots=True)
class Booster:
    """On these days, the amount times a factor. Of two on one day, the first of the file alone applies."""

    id: str
    factor: Fraction
    period: Period
    weekdays: frozenset[int] = frozenset(range(1, 8))  # ISO: 1 is Monday
    days: frozenset[date] = frozenset()  # when stated, these alone

    def applies(self, day: date) -> bool:
        return day in self.period and day.isoweekday() in self.weekdays and (not self.days or day in self.days)


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign. `hash` is the SHA-256 of its file's content, the act left out."""

    code: str
    hash: str
    title: Mapping[str, str]
    period: Period
    source: str
    unit: Unit
    parts: tuple[Part, ...]
    lengths: Range = Range(2_000)
    proof_class_min: ProofClass = ProofClass.C
    operators: tuple[OperatorRule, ...] = ()  # none: all of them
    zones: Mapping[str, Zone] = field(default_factory=dict)
    where: tuple[ZoneRule, ...] = ()  # all of them hold
    adults_only: bool = False  # a passenger whose age is unknown is not an adult
    weekdays: frozenset[int] = frozenset(range(1, 8))
    except_days: frozenset[date] = frozenset()
    boosters: tuple[Booster, ...] = ()
    amount_cents_max: int | None = None  # of one unit, after boosters
    caps: tuple[Cap, ...] = ()
    legal_ceiling: bool = True  # the driver's aid, all journeys of the car together
    passengers_max: int = 8
    distance_basis: DistanceBasis = DistanceBasis.WITH_PASSENGER
    reference_tolerance_pct: int = 120
    overlap_pct: int = 70
    act: Act | None = None
    text: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[Mapping[str, Any], ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)  # what the text's figures cite
    ceilings: tuple[Ceiling, ...] = ()
    fares: tuple[CoachFare, ...] = ()
    passenger_pays_fare: bool = False  # the coach fare, each seat, to the Region

    def __post_init__(self) -> None:
        object.__setattr__(self, "caps", ordered_caps(self.caps))
        unknown = {rule.zone for rule in self.where} - set(self.zones)
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))} ?")
        for part in self.parts:
            if part.unit_m <= 0 or min(part.cents, part.offset_m, part.first - 1) < 0:
                raise ValueError(f"{part.id}: whole numbers from zero up")
            if part.kind is PartKind.FREE_RIDE and self.unit is not Unit.JOURNEY:
                raise ValueError(f"{part.id}: a free ride is one passenger's")

        if self.unit is not Unit.JOURNEY and any(cap.of is CapOf.PASSENGER for cap in self.caps):
            raise ValueError("a cap of passengers needs amounts for each journey")

    @property
    def leg_m_min(self) -> int:
        """The shortest length that counts."""
        return self.lengths.from_m if self.lengths.from_included else self.lengths.from_m + 1
