"""The tables of journeys, and the passage from a row to a value and back.

Positions lie in a table of their own, erased three months after payment; the journey keeps them cut to two decimals.
People are random ids here.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Date, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from covoit.model.journeys import Journey, JourneyState, LineLeg, ProofClass
from covoit.rules import status
from covoit.rules.status import Acquisition, Check
from mobigo.base.geo import Point
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Days, describe

OWN_OPERATOR: Final = "mobigo"
JOURNEY_DAYS: Final = 3_653  # ten years, as the ledger it explains (accounting papers), without an identity
POSITION_DAYS: Final = 92  # three months after payment
UNPAID_DAYS: Final = 275  # what nobody pays is treated as paid nine months after the trip


class JourneyRow(Base):
    """One driver–passenger pair on one trip, as it stands. A change keeps the former state in `covoit_journey_past`."""

    __tablename__ = "covoit_journey"
    __table_args__ = (
        UniqueConstraint("operator", "operator_journey_id"),
        Index("ix_covoit_journey_trip", "operator", "operator_trip_id"),
        Index("ix_covoit_journey_driver_day", "driver", "day"),
        Index("ix_covoit_journey_passenger_day", "passenger", "day"),
        Index("ix_covoit_journey_day", "day"),
        Index(
            "ix_covoit_journey_open", "received_at",
            sqlite_where=text("frozen_at IS NULL"), postgresql_where=text("frozen_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    operator: Mapped[str] = mapped_column(String(40))
    operator_journey_id: Mapped[str] = mapped_column(String(256))
    operator_trip_id: Mapped[str] = mapped_column(String(256))
    proof_class: Mapped[str] = mapped_column(String(1))
    driver: Mapped[str] = mapped_column(String(26))
    passenger: Mapped[str] = mapped_column(String(26))
    passenger_over_18: Mapped[bool | None] = mapped_column()
    seats: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date] = mapped_column(Date)  # of the start, in France
    distance_m: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The content as first received: a repetition is known by it.
    digest: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int] = mapped_column(default=0)
    acquisition: Mapped[str] = mapped_column(String(24))
    fraud: Mapped[str] = mapped_column(String(8))
    anomaly: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(24))
    # Why: terms violated, frauds and anomalies found, each with its label and figures.
    findings: Mapped[Any] = mapped_column(Json, nullable=True)
    freezes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_code: Mapped[str | None] = mapped_column(String(32))
    cancel_message: Mapped[str | None] = mapped_column(String(512))
    priced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    line: Mapped[str | None] = mapped_column(String(40))
    direction: Mapped[int | None] = mapped_column()
    from_m: Mapped[int | None] = mapped_column()
    to_m: Mapped[int | None] = mapped_column()
    start_insee: Mapped[str | None] = mapped_column(String(5))
    end_insee: Mapped[str | None] = mapped_column(String(5))
    start_lat: Mapped[float | None] = mapped_column()  # cut to two decimals
    start_lon: Mapped[float | None] = mapped_column()
    end_lat: Mapped[float | None] = mapped_column()
    end_lon: Mapped[float | None] = mapped_column()
    revenue_cents: Mapped[int | None] = mapped_column()
    contribution_cents: Mapped[int | None] = mapped_column()
    # Incentives and payments as declared, when there are any.
    sums: Mapped[Any] = mapped_column(Json, nullable=True)
    intake: Mapped[str | None] = mapped_column(String(26))  # the file it came in


class PositionRow(Base):
    """Where a journey started and ended, exactly; and the vehicle's plate, when an operator sends it."""

    __tablename__ = "covoit_journey_position"

    journey: Mapped[str] = mapped_column(String(26), primary_key=True)
    start_lat: Mapped[float]
    start_lon: Mapped[float]
    end_lat: Mapped[float]
    end_lon: Mapped[float]
    plate: Mapped[str | None] = mapped_column(String(32))
    settled_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)  # paid, or no longer payable


class PastRow(Base):
    """What a journey was until it was changed: one row a change, never altered."""

    __tablename__ = "covoit_journey_past"

    journey: Mapped[str] = mapped_column(String(26), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    because: Mapped[str] = mapped_column(String(16))  # patched, canceled
    facts: Mapped[Any] = mapped_column(Json)


class DrivenRow(Base):
    """What the driver of one of our own trips drove on the line, passenger or not."""

    __tablename__ = "covoit_driven"

    operator: Mapped[str] = mapped_column(String(40), primary_key=True)
    operator_trip_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    line: Mapped[str] = mapped_column(String(40))
    direction: Mapped[int]
    from_m: Mapped[int]
    to_m: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


describe(
    JourneyRow,
    purpose="prove carpools, pay for them, account for what was paid",
    keep=Days(JOURNEY_DAYS, after="received_at"),
    personal={
        "driver": "whom to pay (random person id)",
        "passenger": "who owes the fare; how many journeys they made (random person id)",
        "passenger_over_18": "what is reserved to adults",
        "cancel_message": "why the operator withdrew the journey, in its words",
    },
    plain="id operator operator_journey_id operator_trip_id proof_class seats started_at ended_at day distance_m "
    "received_at digest revision acquisition fraud anomaly status findings freezes_at frozen_at cancelled_at "
    "cancel_code priced_at line direction from_m to_m start_insee end_insee start_lat start_lon end_lat end_lon "
    "revenue_cents contribution_cents sums intake",
)
describe(
    PositionRow,
    purpose="check that a journey took place, until it is paid and can no longer be disputed",
    keep=Days(POSITION_DAYS, after="settled_at"),
    personal={
        "start_lat": "where the passenger was picked up",
        "start_lon": "where the passenger was picked up",
        "end_lat": "where the passenger was left",
        "end_lon": "where the passenger was left",
        "plate": "one car declared by several drivers",
    },
    plain="journey settled_at",
)
describe(
    PastRow,
    purpose="show what was declared before an operator corrected or withdrew it",
    keep=Days(JOURNEY_DAYS, after="until"),
    personal={"facts": "the journey as it was: times, distance, class, random person ids; no position, no name"},
    plain="journey revision until because",
)
describe(
    DrivenRow,
    purpose="pay what was driven on a line, where the scale counts it",
    keep=Days(JOURNEY_DAYS, after="recorded_at"),
    plain="operator operator_trip_id line direction from_m to_m recorded_at",
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A journey and what is kept beside it."""

    journey: Journey
    revision: int
    digest: str
    acquisition: Acquisition
    fraud: Check
    anomaly: Check
    status: str
    findings: Sequence[Mapping[str, Any]]
    freezes_at: datetime
    frozen_at: datetime | None
    cancelled_at: datetime | None
    revenue_cents: int | None = None
    contribution_cents: int | None = None
    sums: Mapping[str, Any] | None = None
    cancel_code: str | None = None


# ---------------------------------------------------------------- rows and values

VALUE_COLUMNS: Final = (
    "id", "operator", "operator_journey_id", "operator_trip_id", "proof_class", "driver", "passenger", "seats",
    "started_at", "ended_at", "distance_m", "received_at", "status", "line", "direction", "from_m", "to_m",
    "start_insee", "end_insee", "passenger_over_18",
)  # fmt: skip
_CLASSES: Final = {each.value: each for each in ProofClass}
_STATES: Final = {each.value: each for each in JourneyState}


def row_of(
    journey: Journey,
    *,
    digest: str,
    positions: tuple[Point, Point] | None = None,
    findings: Sequence[Mapping[str, Any]] = (),
    revenue_cents: int | None = None,
    contribution_cents: int | None = None,
    sums: Mapping[str, Any] | None = None,
    intake: str | None = None,
) -> dict[str, Any]:
    """The row of a journey just received."""
    acquisition, fraud, anomaly = status.checks_of(journey.state)
    final = journey.state not in (JourneyState.PENDING, JourneyState.TERMS_VIOLATION)
    leg = journey.leg
    return {
        "id": journey.id,
        "operator": journey.operator,
        "operator_journey_id": journey.operator_journey_id,
        "operator_trip_id": journey.operator_trip_id,
        "proof_class": journey.proof_class.value,
        "driver": journey.driver,
        "passenger": journey.passenger,
        "passenger_over_18": journey.passenger_over_18,
        "seats": journey.seats,
        "started_at": journey.started_at,
        "ended_at": journey.ended_at,
        "day": journey.day,
        "distance_m": journey.distance_m,
        "received_at": journey.received_at,
        "digest": digest,
        "revision": 0,
        "acquisition": acquisition.value,
        "fraud": fraud.value,
        "anomaly": anomaly.value,
        "status": journey.state.value,
        "findings": list(findings) or None,
        "freezes_at": status.freezes_at(journey.ended_at, journey.received_at),
        "frozen_at": journey.received_at if final else None,
        "cancelled_at": journey.received_at if journey.state is JourneyState.CANCELLED else None,
        "cancel_code": None,
        "cancel_message": None,
        "priced_at": None,
        "line": None if leg is None else leg.line,
        "direction": None if leg is None else leg.direction,
        "from_m": None if leg is None else leg.from_m,
        "to_m": None if leg is None else leg.to_m,
        "start_insee": journey.start_insee,
        "end_insee": journey.end_insee,
        **cells_of(positions),
        "revenue_cents": revenue_cents,
        "contribution_cents": contribution_cents,
        "sums": sums or None,
        "intake": intake,
    }


def position_of(
    journey: Journey, positions: tuple[Point, Point], plate: str | None = None, *, settled_at: datetime | None = None
) -> dict[str, Any]:
    """The row of a journey's exact positions. Their time counts from the trip, however late it was declared, and from
    the reception of one that says it ended later; `settled_at`: an earlier date that is known already."""
    unpaid = min(journey.ended_at, journey.received_at) + timedelta(days=UNPAID_DAYS)
    start, end = positions
    return {
        "journey": journey.id, "start_lat": start.lat, "start_lon": start.lon, "end_lat": end.lat, "end_lon": end.lon,
        "plate": plate, "settled_at": unpaid if settled_at is None else min(unpaid, settled_at),
    }  # fmt: skip


def journey_value(row: JourneyRow) -> Journey:
    """The value of a row."""
    return journey_from(*(getattr(row, name) for name in VALUE_COLUMNS))


def stored_value(row: JourneyRow) -> Stored:
    """The value of a row, and what is kept beside it."""
    return Stored(
        journey_value(row), row.revision, row.digest, Acquisition(row.acquisition), Check(row.fraud),
        Check(row.anomaly), row.status, row.findings or (), row.freezes_at, row.frozen_at, row.cancelled_at,
        row.revenue_cents, row.contribution_cents, row.sums, row.cancel_code,
    )  # fmt: skip


def facts_of(stored: Stored) -> dict[str, Any]:
    """A journey's facts and standing as JSON, without position or name: what its past keeps."""
    journey = stored.journey
    return {
        "operator_trip_id": journey.operator_trip_id,
        "proof_class": journey.proof_class.value,
        "driver": journey.driver,
        "passenger": journey.passenger,
        "seats": journey.seats,
        "started_at": journey.started_at.isoformat(),
        "ended_at": journey.ended_at.isoformat(),
        "distance_m": journey.distance_m,
        "status": stored.status,
        "acquisition": stored.acquisition.value,
        "fraud": stored.fraud.value,
        "anomaly": stored.anomaly.value,
        "findings": list(stored.findings),
        "frozen_at": None if stored.frozen_at is None else stored.frozen_at.isoformat(),
        "sums": stored.sums,
    }


def facts_digest(journey: Journey) -> str:
    """The digest of what a journey of ours declares, whenever it was received and whatever it became."""
    leg = journey.leg
    facts = [
        journey.operator, journey.operator_journey_id, journey.operator_trip_id, journey.proof_class.value,
        journey.driver, journey.passenger, journey.seats, journey.started_at.timestamp(),
        journey.ended_at.timestamp(), journey.distance_m, None if leg is None else [leg.line, leg.from_m, leg.to_m],
    ]  # fmt: skip
    return sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def journey_from(
    id: str, operator: str, operator_journey_id: str, operator_trip_id: str, proof_class: str, driver: str,
    passenger: str, seats: int, started_at: datetime, ended_at: datetime, distance_m: int, received_at: datetime,
    status: str, line: str | None, direction: int | None, from_m: int | None, to_m: int | None,
    start_insee: str | None, end_insee: str | None, passenger_over_18: bool | None,
) -> Journey:  # fmt: skip
    leg = None
    if line is not None and direction is not None and from_m is not None and to_m is not None:
        leg = LineLeg(line, direction, from_m, to_m)
    return Journey(
        id, operator, operator_journey_id, operator_trip_id, _CLASSES[proof_class], driver, passenger, seats,
        started_at, ended_at, distance_m, received_at, _STATES.get(status, JourneyState.PENDING), leg, start_insee,
        end_insee, passenger_over_18,
    )  # fmt: skip


def cells_of(positions: tuple[Point, Point] | None) -> dict[str, float | None]:
    if positions is None:
        return {"start_lat": None, "start_lon": None, "end_lat": None, "end_lon": None}
    start, end = positions
    cut: Callable[[float], float] = lambda degrees: int(degrees * 100) / 100  # noqa: E731 - towards zero, as the registry
    return {
        "start_lat": cut(start.lat), "start_lon": cut(start.lon), "end_lat": cut(end.lat), "end_lon": cut(end.lon),
    }  # fmt: skip
