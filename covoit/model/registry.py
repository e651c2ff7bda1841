"""What the registry says of a journey and compares it with: findings, terms, the journeys near it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple


class Kind(StrEnum):
    """Which check found it."""

    TERMS = "terms"
    ANOMALY = "anomaly"
    FRAUD = "fraud"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found against a journey: the registry's label, and the figures that led to it."""

    kind: Kind
    label: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As it is stored and answered."""
        return {"kind": self.kind.value, "label": self.label, **self.figures}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a journey must hold to be received, with the figures of the registry (carpool rules §1.4)."""

    # From the start of the trip; None where no time limit holds (a history taken over).
    deadline: timedelta | None = timedelta(hours=24)
    distance_m_min: int = 2_000
    trips_by_day_max: int = 4
    gap_min: timedelta = timedelta(minutes=30)


class Near(NamedTuple):
    """Another journey of one of the two persons, close in time. Only those that count, or still may, are near."""

    journey: str
    operator: str
    operator_journey_id: str
    operator_trip_id: str
    driver: str
    passenger: str
    started_at: datetime
    ended_at: datetime
    received_at: datetime
    day: date  # of its start, in France
