"""What pricing a vehicle trip answers: an amount, each step that led to it, each reason, each journey's share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the rule: what it is called, what it changed, what the amount is after it."""

    code: str  # "km", "passengers", "legal_cap", "day_cap", "budget" …
    change: Money
    after: Money
    reason: Decision  # the step said to the driver: figures as parameters


@dataclass(frozen=True, slots=True)
class PricedTrip:
    """A vehicle trip under one scale. `amount` is what the driver is due; zero carries its reason like any amount."""

    operator: str
    operator_trip_id: str
    driver: str
    started_at: datetime
    day: date  # of the start, in France
    line: str | None
    scale_code: str
    scale_hash: str
    distance_m: int  # the union of counted legs, or what the scale's `distance_basis` says
    passengers: int  # persons counted, after the limit of the scale
    before_caps: Money  # after pass one
    amount: Money  # after pass two
    steps: tuple[Step, ...] = ()
    counted: tuple[str, ...] = ()  # ids of the journeys that count
    refused: Mapping[str, Decision] = field(default_factory=dict)  # journey id → why it does not count
    flags: tuple[str, ...] = ()  # "longest_leg", "brought_back_to_reference" …
    shares: Mapping[str, Money] = field(default_factory=dict)  # journey id → its share; the sum is `amount`
    fare: Money = ZERO  # what the passengers owe the Region for the counted journeys
    inputs: Mapping[str, Any] = field(default_factory=dict)  # all that decided, as JSON: recomputable byte for byte

    @property
    def key(self) -> tuple[str, str]:
        """The vehicle trip's name."""
        return (self.operator, self.operator_trip_id)

    @property
    def net_cost(self) -> Money:
        """What it costs the Region: subsidy less fares; may be negative."""
        return self.amount - self.fare
