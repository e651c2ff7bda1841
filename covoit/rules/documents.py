"""Trips and priced trips as JSON, the same bytes in any process: what an amount is recomputed from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from covoit.model.journeys import Journey, JourneyState, LineLeg, ProofClass, VehicleTrip
from covoit.model.pricing import PricedTrip
from mobigo.base.canonical import canonical_json, content_hash
from mobigo.base.instants import to_utc


def trip_json(trip: VehicleTrip) -> dict[str, Any]:
    """All of a trip that a rule may look at, as JSON; instants in UTC, journeys by id."""
    return {
        "operator": trip.operator,
        "operator_trip_id": trip.operator_trip_id,
        "driver": trip.driver,
        "driven": _leg_json(trip.driven),
        "journeys": [_journey_json(journey) for journey in sorted(trip.journeys, key=_ID)],
    }


_ID: Final = attrgetter("id")


def _journey_json(journey: Journey) -> dict[str, Any]:
    return {
        "id": journey.id,
        "operator_journey_id": journey.operator_journey_id,
        "proof_class": journey.proof_class.value,
        "driver": journey.driver,
        "passenger": journey.passenger,
        "seats": journey.seats,
        "started_at": to_utc(journey.started_at).isoformat(),
        "ended_at": to_utc(journey.ended_at).isoformat(),
        "received_at": to_utc(journey.received_at).isoformat(),
        "distance_m": journey.distance_m,
        "state": journey.state.value,
        "leg": _leg_json(journey.leg),
        "start_insee": journey.start_insee,
        "end_insee": journey.end_insee,
    }


def _leg_json(leg: LineLeg | None) -> list[Any] | None:
    return None if leg is None else [leg.line, leg.direction, leg.from_m, leg.to_m]


def trip_from_json(document: Mapping[str, Any]) -> VehicleTrip:
    """The trip of `trip_json`."""
    operator, trip_id = document["operator"], document["operator_trip_id"]
    return VehicleTrip(
        operator,
        trip_id,
        document["driver"],
        tuple(_journey_from_json(each, operator, trip_id) for each in document["journeys"]),
        _leg_from_json(document["driven"]),
    )


def _journey_from_json(document: Mapping[str, Any], operator: str, trip_id: str) -> Journey:
    return Journey(
        id=document["id"],
        operator=operator,
        operator_journey_id=document["operator_journey_id"],
        operator_trip_id=trip_id,
        proof_class=ProofClass(document["proof_class"]),
        driver=document["driver"],
        passenger=document["passenger"],
        seats=document["seats"],
        started_at=datetime.fromisoformat(document["started_at"]),
        ended_at=datetime.fromisoformat(document["ended_at"]),
        distance_m=document["distance_m"],
        received_at=datetime.fromisoformat(document["received_at"]),
        state=JourneyState(document["state"]),
        leg=_leg_from_json(document["leg"]),
        start_insee=document["start_insee"],
        end_insee=document["end_insee"],
    )


def _leg_from_json(document: Sequence[Any] | None) -> LineLeg | None:
    return None if document is None else LineLeg(*document)


def priced_json(priced: PricedTrip) -> dict[str, Any]:
    """A priced trip as JSON: amounts in cents, decisions as code and parameters."""
    return {
        "operator": priced.operator,
        "operator_trip_id": priced.operator_trip_id,
        "driver": priced.driver,
        "started_at": to_utc(priced.started_at),
        "day": priced.day,
        "line": priced.line,
        "scale_code": priced.scale_code,
        "scale_hash": priced.scale_hash,
        "distance_m": priced.distance_m,
        "passengers": priced.passengers,
        "before_caps_cents": priced.before_caps,
        "amount_cents": priced.amount,
        "fare_cents": priced.fare,
        "net_cost_cents": priced.net_cost,
        "steps": [
            {"code": step.code, "change_cents": step.change, "after_cents": step.after, "reason": step.reason}
            for step in priced.steps
        ],
        "counted": list(priced.counted),
        "refused": dict(priced.refused),
        "flags": list(priced.flags),
        "shares_cents": dict(priced.shares),
        "inputs": dict(priced.inputs),
    }


def canonical_bytes(priced: PricedTrip) -> bytes:
    """The same priced trip is the same bytes, in any process: what is compared when an amount is recomputed."""
    return canonical_json(priced_json(priced))


def line_hash(priced: PricedTrip) -> str:
    """SHA-256 of `canonical_bytes`: what a ledger line may cite."""
    return content_hash(priced_json(priced))
