"""A demand or a plan as one JSON text: what is kept, sent, and hashed. The same value gives the same bytes."""

import json
from dataclasses import astuple
from typing import Any

from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand, StopRules
from scolaire.model.lines import Rider
from scolaire.model.plan import Board, Leave, Plan

DEMAND = "mobigo-school-demand-1"
PLAN = "mobigo-school-plan-1"


def demand_json(demand: Demand) -> bytes:
    """The demand, pupils as rows [id, school, [[stop, metres], …], halves, ride cap (ms), wheelchair]."""
    return _text(
        {
            "format": DEMAND,
            "id": demand.id,
            "halves": [[each.id, str(each.direction), list(each.weekdays)] for each in demand.halves],
            "schools": [
                [each.id, each.name, each.at.lat, each.at.lon, {half: list(w) for half, w in each.windows.items()}]
                for each in demand.schools
            ],
            "stops": [[each.id, each.name, each.at.lat, each.at.lon] for each in demand.stops],
            "pupils": [
                [each.id, each.school, [list(way) for way in each.reach], list(each.halves), each.ride_max_ms,
                 int(each.wheelchair)]
                for each in demand.pupils
            ],
            "vehicle_types": [
                [each.id, each.seats, each.wheelchairs, each.day_cents, each.km_cents, each.hour_cents, each.co2_g_km]
                for each in demand.vehicle_types
            ],
            "depots": [
                [each.id, each.name, each.at.lat, each.at.lon, None if each.vehicles is None else dict(each.vehicles)]
                for each in demand.depots
            ],
            "handling": [
                demand.handling.board_ms, demand.handling.board_pupil_ms, demand.handling.leave_ms,
                demand.handling.leave_pupil_ms, demand.handling.leave_always_ms,
            ],
            "roads": [demand.roads.detour, demand.roads.km_h],
            "travel": None if demand.travel is None else [demand.travel.ms.tolist(), demand.travel.metres.tolist()],
            "amplitude_max_ms": demand.amplitude_max_ms,
            "weeks": demand.weeks,
            **({"moved": dict(demand.moved)} if demand.moved else {}),
            **({"mixed": True} if demand.mixed else {}),
            **({"stop_rules": list(astuple(demand.stop_rules))} if demand.stop_rules != StopRules() else {}),
            **({"driver_day": list(astuple(demand.driver_day))} if demand.driver_day is not None else {}),
            **({"streets": [demand.streets, demand.off_streets]} if demand.streets else {}),
            **({} if demand.off_walks is None else {"off_walks": demand.off_walks}),
            **({"riders": [_rider(each) for each in demand.riders]} if demand.riders else {}),
        }
    )  # fmt: skip


def _rider(rider: Rider) -> list[object]:
    return [rider.pupil, rider.school, rider.stop, [list(astuple(each)) for each in rider.rides]]


def plan_json(plan: DayPlan) -> bytes:
    """The plan: seats by pupil, circuits as [id, visits], blocks as [id, type, depot, circuits,
    driver where there is one]."""
    return _text(
        {
            "format": PLAN,
            "seats": {pupil: [seat.stop, seat.part] for pupil, seat in plan.seats.items()},
            "left": [[each.pupil, each.why.code, dict(each.why.params)] for each in plan.left],
            "halves": {half: _half(each) for half, each in plan.halves.items()},
        }
    )


def _half(plan: Plan) -> dict[str, Any]:
    return {
        "circuits": [[each.id, [_visit(visit) for visit in each.visits]] for each in plan.circuits],
        "blocks": [
            [each.id, each.vehicle_type, each.depot, list(each.circuits), *([each.driver] if each.driver else [])]
            for each in plan.blocks
        ],
        "unserved": [[each.need, each.pupils, each.why.code, dict(each.why.params)] for each in plan.unserved],
    }


def _visit(visit: Board | Leave) -> list[object]:
    if isinstance(visit, Board):
        return [visit.need, visit.pupils, visit.at_ms, visit.wheelchairs]
    return [visit.school, visit.at_ms]


def _text(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
