"""A plan as GeoJSON (RFC 7946): services as strokes from place to place, stops and schools as points. No street is
drawn: the strokes say the order, not the road."""

from typing import Any

from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand
from scolaire.model.plan import Circuit, Leave
from scolaire.rules.halves import Passing, passings, problems_of

# Dark enough on paper, light enough on night; told apart by number too.
COLOURS = ("#7b1e3b", "#0b5d4b", "#1b5fd1", "#8a4b00", "#6b3fa0", "#00707a", "#9a2f6b", "#4d6a00")


def plan_map(
    plan: DayPlan, demand: Demand, half: str, service: str | None = None, *, around: bool = False
) -> dict[str, Any]:
    """The services of a half-day, or one of them, and the places they serve. `kind` is what the planner's map draws.
    `around`: with the strokes of the other services of its schools, of another `journey`, which the map draws pale."""
    features: list[dict[str, Any]] = []
    served: dict[tuple[str, str], list[str]] = {}
    problem = problems_of(demand, plan)[half]
    schools = {each for circuit in plan.halves[half].circuits if circuit.id == service for each in _schools(circuit)}
    for number, circuit in enumerate(plan.halves[half].circuits):
        other = service is not None and circuit.id != service
        if other and not (around and schools & _schools(circuit)):
            continue
        told = passings(circuit, problem)
        for each in () if other else told:
            served.setdefault((each.place, each.id), []).append(circuit.id)
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": [_at(demand, each) for each in told]},
                "properties": {
                    "kind": "ride", "journey": int(other), "name": circuit.id, "service": circuit.id, "half": half,
                    "color": COLOURS[number % len(COLOURS)], "pupils": sum(each.on for each in told),
                    "begins": clock(told[0].arrives_ms), "ends": clock(told[-1].leaves_ms),
                },
            }
        )  # fmt: skip
    for (place, name), services in sorted(served.items()):
        site = demand.stop_of[name] if place == "stop" else demand.school_of[name]
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [site.at.lon, site.at.lat]},
                "properties": {
                    "kind": "to" if place == "school" else "change", "journey": 0, "name": site.name, "id": name,
                    "place": place, "services": services,
                },
            }
        )  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def _schools(circuit: Circuit) -> set[str]:
    return {visit.school for visit in circuit.visits if isinstance(visit, Leave)}


def clock(ms: int) -> str:
    """HH:MM:SS."""
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}"


def _at(demand: Demand, each: Passing) -> list[float]:
    site = demand.stop_of[each.id] if each.place == "stop" else demand.school_of[each.id]
    return [site.at.lon, site.at.lat]
