"""GTFS-Fares v2 as frozen values, and what is travelled: nothing is interpreted here (`billettique.rules.fares` does).

A field that a table leaves empty is None. What GTFS cannot say (bands of distance, discounts by calendar, passes) is in
`billettique.model.tariffs`, so that the public tables stay exactly what may be exported.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from typing import Final

DAY_S: Final = 86_400
UNLIMITED: Final = -1  # a transfer count


@dataclass(frozen=True, slots=True)
class Area:
    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Network:
    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """What fares need of a stop: its station, and its time zone where it is not that of the agency."""

    id: str
    parent: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Timeframe:
    """A stretch of local time, `start_s <= t < end_s` after midnight, on the days of a service."""

    group: str
    service: str
    start_s: int = 0
    end_s: int = DAY_S


@dataclass(frozen=True, slots=True)
class RiderCategory:
    id: str
    name: str | None = None
    is_default: bool = False
    eligibility_url: str | None = None


class MediumKind(IntEnum):
    NONE = 0
    PAPER = 1
    CARD = 2
    BANK_CARD = 3
    APP = 4


@dataclass(frozen=True, slots=True)
class FareMedium:
    id: str
    kind: MediumKind
    name: str | None = None


@dataclass(frozen=True, slots=True)
class FareProduct:
    """A price: one row of fare_products. `amount` counts the smallest unit of the currency (cents of euro)."""

    id: str
    amount: int
    currency: str = "EUR"
    name: str | None = None
    rider: str | None = None  # None: any rider
    medium: str | None = None  # None: any medium


@dataclass(frozen=True, slots=True)
class LegRule:
    product: str
    group: str | None = None
    network: str | None = None
    from_area: str | None = None
    to_area: str | None = None
    from_timeframe: str | None = None
    to_timeframe: str | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class JoinRule:
    from_network: str
    to_network: str
    from_stop: str | None = None
    to_stop: str | None = None


class DurationKind(IntEnum):
    """Between which validations of the first and the last leg a limit is measured."""

    DEPARTURE_TO_ARRIVAL = 0
    DEPARTURE_TO_DEPARTURE = 1
    ARRIVAL_TO_DEPARTURE = 2
    ARRIVAL_TO_ARRIVAL = 3


class TransferKind(IntEnum):
    """What two legs cost together: the first and the transfer; both and the transfer; the transfer alone."""

    FROM_AND_TRANSFER = 0
    FROM_TRANSFER_AND_TO = 1
    TRANSFER_ALONE = 2


@dataclass(frozen=True, slots=True)
class TransferRule:
    kind: TransferKind
    from_group: str | None = None
    to_group: str | None = None
    count: int | None = None
    duration_s: int | None = None
    duration_kind: DurationKind | None = None
    product: str | None = None  # None: the transfer costs nothing


@dataclass(frozen=True)
class FareTables:
    """The public tariff of a feed. `has_priority`: whether fare_leg_rules has that column; it changes what empty is."""

    products: tuple[FareProduct, ...] = ()
    leg_rules: tuple[LegRule, ...] = ()
    has_priority: bool = False
    join_rules: tuple[JoinRule, ...] = ()
    transfer_rules: tuple[TransferRule, ...] = ()
    areas: tuple[Area, ...] = ()
    stop_areas: tuple[tuple[str, str], ...] = ()  # (area, stop)
    networks: tuple[Network, ...] = ()
    route_networks: Mapping[str, str] = field(default_factory=dict)  # route: network
    timeframes: tuple[Timeframe, ...] = ()
    riders: tuple[RiderCategory, ...] = ()
    media: tuple[FareMedium, ...] = ()
    stops: Mapping[str, Stop] = field(default_factory=dict)
    services: Mapping[str, frozenset[date]] = field(default_factory=dict)  # days of each service a timeframe names
    zone: str = "Europe/Paris"


@dataclass(frozen=True, slots=True)
class Leg:
    """One ride in one vehicle: boarding and alighting are where a fare would be validated. Instants are aware."""

    network: str | None
    from_stop: str
    to_stop: str
    departs_at: datetime
    arrives_at: datetime
    distance_m: int | None = None

    def __post_init__(self) -> None:
        if self.departs_at.tzinfo is None or self.arrives_at.tzinfo is None:
            raise ValueError("an instant carries its zone")
        if self.arrives_at < self.departs_at:
            raise ValueError("a leg arrives after it departs")


@dataclass(frozen=True, slots=True)
class FareLeg:
    """An effective fare leg: one leg, or several that a join rule makes one. `networks`: of all of them."""

    networks: frozenset[str]
    from_stop: str
    to_stop: str
    departs_at: datetime
    arrives_at: datetime
    distance_m: int | None
    first: int  # positions of its first and last leg in the journey
    last: int
