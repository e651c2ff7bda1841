"""Journeys written one a line (NDJSON), to be priced without being recorded: in our own short shape, or as the national
registry's API takes them (then off the lines, and taken as proven and accepted).

    {"operator_trip_id": "t1", "driver": "anne", "passenger": "karim", "started_at": "2026-11-23T07:30:00+01:00",
     "leg": {"line": "saulieu-chatillon", "direction": 0, "from_m": 0, "to_m": 80000}}

`distance_m` may stand for `leg` off the lines; `seats` 1, `proof_class` "C", `state` "ok", `operator` "mobigo" and
`ended_at` (the start) may be left out.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from covoit.model.journeys import Journey, JourneyState, LineLeg, ProofClass, VehicleTrip
from mobigo.base.decisions import Decision

SEATS_MAX: Final = 8
LENGTH_M_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read, from 1, and why."""

    line: int
    reason: Decision


def read_trips(lines: Iterable[str]) -> tuple[list[VehicleTrip], list[BadLine]]:
    """The vehicle trips of the lines, in order of appearance, and every line that could not be read; blank lines are
    skipped. A trip is made of the lines of one operator and `operator_trip_id`, which must name one driver."""
    found: dict[tuple[str, str], list[Journey]] = {}
    bad: list[BadLine] = []
    seen: dict[tuple[str, str], int] = {}
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            journey = _journey(json.loads(text), number)
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as wrong:
            bad.append(BadLine(number, Decision("covoit.bad_journey_line", line=number, reason=_said(wrong))))
            continue
        named = (journey.operator, journey.operator_journey_id)
        trip = found.setdefault((journey.operator, journey.operator_trip_id), [])
        if named in seen:
            bad.append(BadLine(number, Decision("covoit.same_journey_line", line=number, first=seen[named])))
        elif trip and trip[0].driver != journey.driver:
            bad.append(BadLine(number, Decision("covoit.two_drivers", line=number, trip=journey.operator_trip_id)))
        else:
            seen[named] = number
            trip.append(journey)
    trips = [VehicleTrip(*key, journeys[0].driver, tuple(journeys)) for key, journeys in found.items() if journeys]
    return trips, bad


def _said(wrong: Exception) -> str:
    if isinstance(wrong, KeyError):
        return f"{wrong.args[0]} ?"
    return str(wrong)[:200]


def _journey(document: Any, number: int) -> Journey:
    if not isinstance(document, dict):
        raise ValueError("{…} ?")
    flat = _from_registry(document) if "driver" in document and isinstance(document["driver"], dict) else document
    started = _instant(flat, "started_at")
    ended = _instant(flat, "ended_at") if flat.get("ended_at") is not None else started
    if ended < started:
        raise ValueError("ended_at < started_at")
    leg = _leg(flat["leg"]) if flat.get("leg") is not None else None
    length = (
        _whole(flat, "distance_m", 0, LENGTH_M_MAX) if leg is None or "distance_m" in flat else leg.to_m - leg.from_m
    )
    name = str(flat.get("operator_journey_id") or f"ligne-{number}")
    operator = _text(flat, "operator") if "operator" in flat else "mobigo"
    return Journey(
        id=f"{operator}/{name}",
        operator=operator,
        operator_journey_id=name,
        operator_trip_id=_text(flat, "operator_trip_id"),
        proof_class=ProofClass(flat.get("proof_class", "C")),
        driver=_text(flat, "driver"),
        passenger=_text(flat, "passenger"),
        seats=_whole({"seats": flat.get("seats", 1)}, "seats", 1, SEATS_MAX),
        started_at=started,
        ended_at=ended,
        distance_m=length,
        received_at=_instant(flat, "received_at") if flat.get("received_at") is not None else ended,
        state=JourneyState(flat.get("state", "ok")),
        leg=leg,
        start_insee=flat.get("start_insee"),
        end_insee=flat.get("end_insee"),
    )


def _from_registry(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same facts from the shape of the registry's API (v3)."""
    driver, passenger = document["driver"], document["passenger"]
    return {
        "operator": document.get("operator", "mobigo"),
        "operator_journey_id": document["operator_journey_id"],
        "operator_trip_id": document["operator_trip_id"],
        "proof_class": document["operator_class"],
        "driver": driver["identity"]["identity_key"],
        "passenger": passenger["identity"]["identity_key"],
        "seats": passenger.get("seats", 1),
        "started_at": document["start"]["datetime"],
        "ended_at": document["end"]["datetime"],
        "distance_m": document["distance"],
    }


def _leg(document: Mapping[str, Any]) -> LineLeg:
    direction = _whole(document, "direction", 0, 1) if "direction" in document else 0
    leg = LineLeg(
        _text(document, "line"),
        direction,
        _whole(document, "from_m", 0, LENGTH_M_MAX),
        _whole(document, "to_m", 0, LENGTH_M_MAX),
    )
    if leg.from_m >= leg.to_m:
        raise ValueError("leg: from_m >= to_m")
    return leg


def _instant(document: Mapping[str, Any], name: str) -> datetime:
    value = datetime.fromisoformat(_text(document, name))
    if value.tzinfo is None:
        raise ValueError(f"{name}: {document[name]} (+01:00, Z) ?")
    return value


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name}: {value!r} ?")
    return value


def _whole(document: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = document[name]
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name}: {value!r}, {least}…{most}")
    return value
