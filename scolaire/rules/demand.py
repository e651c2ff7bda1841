"""Can a demand be planned? What is broken in it, each in a sentence; and who cannot be carried whatever the plan.

A broken demand is refused whole: a plan made from half of it would drop pupils silently. A pupil whom no plan could
carry is no fault of the demand: the plan names them, with the reason.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from mobigo.base.decisions import Decision
from scolaire.model.day import Left
from scolaire.model.demand import DAY_MS, Demand, Direction, Place, Pupil
from scolaire.model.problem import Travel
from scolaire.rules.halves import travel_of

WALK_MAX_M = 50_000


def demand_faults(demand: Demand) -> list[Decision]:
    """Everything that makes a demand impossible to plan, in the order: names, places, fleet, schools, pupils, times."""
    return [
        *_names(demand),
        *_places(demand),
        *_fleet(demand),
        *_schools(demand),
        *_pupils(demand),
        *_travel(demand),
        *_stop_rules(demand),
    ]


def _names(demand: Demand) -> Iterator[Decision]:
    for kind, ids in (
        ("school", [each.id for each in demand.schools]),
        ("stop", [each.id for each in demand.stops]),
        ("pupil", [*(each.id for each in demand.pupils), *(each.pupil for each in demand.riders)]),
        ("vehicle", [each.id for each in demand.vehicle_types]),
        ("depot", [each.id for each in demand.depots]),
        ("half", [each.id for each in demand.halves]),
    ):
        for name, times in Counter(ids).items():
            if times > 1 or not name:
                yield Decision("scolaire.demand_name_twice", kind=kind, name=name)
        for name in ids:
            if any(letter in name for letter in "<>#|\n\r\t"):
                yield Decision("scolaire.demand_name_signs", kind=kind, name=name)


def _places(demand: Demand) -> Iterator[Decision]:
    sites = [(each.name or each.id, each.at) for each in demand.schools]
    sites += [(each.name or each.id, each.at) for each in demand.stops]
    sites += [(each.name or each.id, each.at) for each in demand.depots]
    for name, at in sites:
        if demand.travel is None and not _on_earth(at):
            yield Decision("scolaire.demand_place", name=name)


def _on_earth(place: Place) -> bool:
    numbers = math.isfinite(place.lat) and math.isfinite(place.lon)
    return numbers and -90 <= place.lat <= 90 and -180 <= place.lon <= 180


def _fleet(demand: Demand) -> Iterator[Decision]:
    if not demand.vehicle_types:
        yield Decision("scolaire.demand_without_vehicles")
    if not demand.depots:
        yield Decision("scolaire.demand_without_depots")
    if demand.vehicle_types and not any(each.seats for each in demand.vehicle_types):
        yield Decision("scolaire.demand_without_vehicles")
    for each in demand.vehicle_types:
        figures = (each.seats, each.wheelchairs, each.day_cents, each.km_cents, each.hour_cents, each.co2_g_km)
        if any(figure < 0 for figure in figures) or each.seats + each.wheelchairs < 1:
            yield Decision("scolaire.demand_vehicle", name=each.id)
    known = {each.id for each in demand.vehicle_types}
    for depot in demand.depots:
        for name, count in (depot.vehicles or {}).items():
            if name not in known or count < 0:
                yield Decision("scolaire.demand_depot", depot=depot.id, name=name)
    handling = demand.handling
    doors = (handling.board_ms, handling.board_pupil_ms, handling.leave_ms, handling.leave_pupil_ms)
    if any(each < 0 for each in doors) or (handling.leave_always_ms or 0) < 0:
        yield Decision("scolaire.demand_doors")
    if demand.amplitude_max_ms is not None and demand.amplitude_max_ms <= 0:
        yield Decision("scolaire.demand_amplitude")
    day = demand.driver_day
    if day is not None and not (0 < day.amplitude_max_ms <= DAY_MS and 0 <= day.rest_min_ms <= DAY_MS):
        yield Decision("scolaire.demand_driver_day")


def _schools(demand: Demand) -> Iterator[Decision]:
    for school in demand.schools:
        for half, (first_ms, last_ms) in school.windows.items():
            if half not in demand.half_of or not 0 <= first_ms <= last_ms < DAY_MS:
                yield Decision("scolaire.demand_window", school=school.name or school.id, half=half)


def _pupils(demand: Demand) -> Iterator[Decision]:
    for pupil in demand.pupils:
        school = demand.school_of.get(pupil.school)
        if school is None:
            yield Decision("scolaire.demand_pupil_school", pupil=pupil.id, school=pupil.school)
            continue
        for half in pupil.halves:
            if half not in school.windows:
                yield Decision("scolaire.demand_pupil_half", pupil=pupil.id, school=school.name, half=half)
        if len(set(pupil.halves)) != len(pupil.halves) or not pupil.halves:
            yield Decision("scolaire.demand_pupil_halves", pupil=pupil.id)
        if pupil.ride_max_ms <= 0:
            yield Decision("scolaire.demand_pupil_ride", pupil=pupil.id)
        for stop, metres in pupil.reach:
            if stop not in demand.stop_of or not 0 <= metres <= WALK_MAX_M:
                yield Decision("scolaire.demand_pupil_reach", pupil=pupil.id, stop=stop)


def _travel(demand: Demand) -> Iterator[Decision]:
    if demand.travel is None:
        if not (math.isfinite(demand.roads.detour) and demand.roads.detour >= 1 and 1 <= demand.roads.km_h <= 130):
            yield Decision("scolaire.demand_roads")
        return
    nodes = len(demand.depots) + len(demand.schools) + len(demand.stops)
    for matrix in (demand.travel.ms, demand.travel.metres):
        if matrix.shape != (nodes, nodes):
            yield Decision("scolaire.demand_matrix_shape", rows=matrix.shape[0], nodes=nodes)
        elif not np.isfinite(matrix).all() or (matrix < 0).any() or np.diagonal(matrix).any():
            yield Decision("scolaire.demand_matrix_values")


def _stop_rules(demand: Demand) -> Iterator[Decision]:
    rules = demand.stop_rules
    if rules.pupils_least < 0 or not 0 <= rules.apart_m <= WALK_MAX_M:
        yield Decision("scolaire.demand_stop_rules")
    for name in sorted({*rules.forbidden, *rules.obligatory} - set(demand.stop_of)):
        yield Decision("scolaire.demand_stop_unknown", stop=name)
    if rules.apart_m:
        for each in demand.stops:
            if not _on_earth(each.at):  # a table of times needs no places, a distance does
                yield Decision("scolaire.demand_place", name=each.name or each.id)


def without_place(demand: Demand, travel: Travel | None = None) -> dict[str, Left]:
    """Pupils whom no plan of this demand can carry, each with the reason: no stop within reach, none from which a bus
    alone with them is in time, no vehicle for a wheelchair. By pupil."""
    there = travel_of(demand) if travel is None else travel
    rolling = any(each.wheelchairs for each in demand.vehicle_types)
    found = {}
    for pupil in demand.pupils:
        if not pupil.reach:
            found[pupil.id] = Left(pupil.id, Decision("scolaire.left_no_stop"))
        elif pupil.wheelchair and not rolling:
            found[pupil.id] = Left(pupil.id, Decision("scolaire.left_no_wheelchair"))
        elif not reachable(demand, there, pupil):
            if any(stop in demand.stop_rules.forbidden for stop, _ in pupil.reach):
                found[pupil.id] = Left(pupil.id, Decision("scolaire.left_forbidden"))
                continue
            found[pupil.id] = Left(pupil.id, Decision("scolaire.left_too_far", minutes=pupil.ride_max_ms // 60_000))
    return found


def reachable(demand: Demand, travel: Travel, pupil: Pupil) -> tuple[str, ...]:
    """The permitted stops of a pupil from which the ride alone is within its cap, in every half-day."""
    school = demand.node_of[f"school:{pupil.school}"]
    ways = {demand.half_of[half].direction for half in pupil.halves}
    return tuple(
        stop
        for stop, _ in pupil.reach
        if stop not in demand.stop_rules.forbidden
        and _rides(travel, demand.node_of[f"stop:{stop}"], school, ways) <= pupil.ride_max_ms
    )


def _rides(travel: Travel, stop: int, school: int, ways: Iterable[Direction]) -> int:
    longest = 0
    for way in ways:
        ms = int(travel.ms[stop, school] if way is Direction.TO else travel.ms[school, stop])
        longest = max(longest, ms)
    return longest
