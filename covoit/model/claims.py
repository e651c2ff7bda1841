"""What people ask of the carpool office, and what they are answered: statements, requests, complaints, decisions.

Pure values. A payment request (demande de versement) asks to be paid; a complaint (réclamation) asks that something be
looked at again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One vehicle trip on a statement. `amount` is what this statement adds for it: the whole trip the first time, the
    difference (negative for a withdrawal) when it was already on an earlier one."""

    award: str
    operator: str
    operator_trip_id: str
    started_at: datetime
    line: str | None
    distance_m: int
    passengers: int
    amount: Money
    whole: Money  # what the trip is due in all
    late: bool  # its own month was already closed
    reasons: tuple[Decision, ...] = ()
    scale_code: str = ""
    scale_hash: str = ""
    award_hash: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a driver is due for a month, line by line. `closed_at` None: the month is still open, amounts may change."""

    person: str
    month: str  # "2026-11"
    closed_at: datetime | None
    lines: tuple[StatementLine, ...]

    @property
    def trips(self) -> int:
        """How many vehicle trips it is about: a campaign adds a line to the trip's own."""
        return len({(line.operator, line.operator_trip_id) for line in self.lines})

    @property
    def total(self) -> Money:
        """The sum of its lines; may be negative when more was withdrawn than awarded."""
        return sum((line.amount for line in self.lines), ZERO)


@dataclass(frozen=True, slots=True)
class Room:
    """What caps leave a driver, before the trip. None: the scale in force sets no such cap."""

    day: date
    scale_code: str | None
    left_this_month: Money | None
    left_today: Money | None
    trips_left_today: int | None
    used_this_month: Money
    beyond_cost_trips_left: int  # trips under 15 km that may be paid beyond their cost (D3132-5)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an employer is told (forfait mobilités durables): days, trips, kilometres; never an amount."""

    name: str
    year: int
    role: str  # "driver" or "passenger"
    days: int
    trips: int
    distance_m: int
    by_month: tuple[tuple[str, int, int, int], ...]  # (month, days, trips, metres)
    made_at: datetime


class Kind(StrEnum):
    """What an individual decision is about."""

    PAYMENT_REQUEST = "payment_request"
    COMPLAINT = "complaint"
    PAPER_CLAIM = "paper_claim"
    BAN = "ban"
    RECOVERY = "recovery"
    IDENTITY = "identity"  # whose journeys, or whose number, two people say is theirs
    BAN_LIFT = "ban_lift"  # the end of a ban before its last day


class Outcome(StrEnum):
    """What was decided."""

    GRANTED = "granted"
    REFUSED = "refused"
    PARTLY = "partly"


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs: name and capacity (code des relations entre le public et l'administration, article L212-1)."""

    subject: str
    name: str
    capacity: str


@dataclass(frozen=True, slots=True)
class Individual:
    """An individual decision, lawful on its face: facts and rule applied (L211-2, L211-5), mention of algorithmic
    processing (L311-3-1), signatory (L212-1), remedies and their deadlines (L112-6, R421-5 of the justice code)."""

    id: str
    kind: Kind
    outcome: Outcome
    person: str
    object_id: str
    facts: Decision
    rule: Decision
    reason: str  # the human's own words; required when overriding what the rule proposed
    proposed: Outcome
    algorithmic: bool
    signatory: Signatory
    decided_at: datetime
    remedies: tuple[Decision, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def overrides(self) -> bool:
        """Whether a human decided otherwise than the rule proposed."""
        return self.outcome is not self.proposed
