"""What a traveller is answered: everything found, and what must be said of it."""

from dataclasses import dataclass
from datetime import date, datetime

from mobigo.base.decisions import Decision
from mobigo.planner.model.carpools import CarpoolWay
from mobigo.planner.model.journeys import Journey
from mobigo.planner.model.on_demand import NONE_ON_DEMAND, OnDemandFound
from mobigo.planner.model.prices import Price
from mobigo.planner.model.questions import Query


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
    on_demand: OnDemandFound = NONE_ON_DEMAND  # somebody must book them
    prices: tuple[Price | None, ...] = ()  # of the journeys, in their order; empty where nobody knows fares
    emissions: tuple[Emission | None, ...] = ()  # of the journeys, in their order; empty where nobody asked
    cancelled: tuple[Journey, ...] = ()  # planned, and not possible today
    beaten: tuple[Decision, ...] = ()  # which lines and services go there too, and win nothing
    order: tuple[tuple[str, int], ...] = ()  # of everything in one list: journey, carpool or on_demand, and which
