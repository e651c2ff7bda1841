"""Which stop each pupil walks to, school by school: stops chosen and pupils assigned while tours are drawn (`stops`).

Wheelchair users keep the nearest stop they can reach and wait in a group of their own: their vehicle is another.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from mobigo.base.errors import Refused
from scolaire.engine.going import Going, always
from scolaire.engine.stops import StopLimits, choose_stops
from scolaire.model.day import Seat
from scolaire.model.demand import Demand, Pupil
from scolaire.model.problem import Travel, VehicleType
from scolaire.model.stops import StopPlan, StopProblem
from scolaire.rules.demand import reachable

ROLLING = 50  # groups from this number on hold wheelchair users
COPIES_MOST = 40


def seat_pupils(
    demand: Demand, travel: Travel, pupils: Mapping[str, Pupil], fixed: Mapping[str, str], limits: StopLimits,
    seed: int, going: Going = always, reserve: int = 0,
) -> dict[str, Seat]:  # fmt: skip
    """A seat for each of `pupils` (by id), who all can be carried. `fixed`: the stop some of them must have.
    `reserve`: seats to leave free on a tour. When `going` says no, the schools that remain are looked at briefly.
    Raises Refused("scolaire.too_many_at_stop", school) when no tour was found."""
    found: dict[str, Seat] = {}
    for school in demand.schools:
        own = [each for each in pupils.values() if each.school == school.id]
        walking = [each for each in own if not each.wheelchair]
        found |= dict(_rolling(demand, travel, [each for each in own if each.wheelchair], fixed))
        if walking:
            found |= _school(
                demand, travel, school.id, walking, fixed, limits if going() else StopLimits(20), seed, reserve, going
            )
    return found


def open_stops(demand: Demand, travel: Travel, pupil: Pupil, fixed: Mapping[str, str]) -> list[str]:
    """The stops a pupil may be given."""
    able = reachable(demand, travel, pupil)
    return [stop for stop in able if fixed.get(pupil.id, stop) == stop]


def widest(demand: Demand) -> VehicleType:
    """The vehicle with the most seats."""
    return max(demand.vehicle_types, key=lambda each: (each.seats, each.wheelchairs))


def rolling_vehicle(demand: Demand) -> VehicleType:
    """The vehicle that takes the most wheelchairs."""
    return max(demand.vehicle_types, key=lambda each: (each.wheelchairs, each.seats))


def _rolling(
    demand: Demand, travel: Travel, pupils: list[Pupil], fixed: Mapping[str, str]
) -> Iterator[tuple[str, Seat]]:
    places = rolling_vehicle(demand).wheelchairs
    waiting: dict[str, int] = {}
    for pupil in pupils:
        near = dict(pupil.reach)
        stop = min(open_stops(demand, travel, pupil, fixed), key=lambda each: (near[each], each))
        yield pupil.id, Seat(stop, ROLLING + waiting.get(stop, 0) // places)
        waiting[stop] = waiting.get(stop, 0) + 1


def _school(
    demand: Demand, travel: Travel, school: str, pupils: list[Pupil], fixed: Mapping[str, str], limits: StopLimits,
    seed: int, reserve: int, going: Going,
) -> dict[str, Seat]:  # fmt: skip
    """Stops and tours of one school. A stop that more pupils can reach than a bus has seats is there several times."""
    seats = max(1, widest(demand).seats - reserve)
    able = [open_stops(demand, travel, each, fixed) for each in pupils]
    count: dict[str, int] = {}
    for stops in able:
        for stop in stops:
            count[stop] = count.get(stop, 0) + 1
    copies = [(stop, part) for stop in sorted(count) for part in range(min(COPIES_MOST, -(-count[stop] // seats)))]
    place: dict[str, list[int]] = {}
    for number, (stop, _) in enumerate(copies, 1):
        place.setdefault(stop, []).append(number)
    nodes = [demand.node_of[f"school:{school}"], *(demand.node_of[f"stop:{stop}"] for stop, _ in copies)]
    costs = travel.ms[np.ix_(nodes, nodes)] / 1000.0
    reach = tuple(tuple(sorted(n for stop in stops for n in place[stop])) for stops in able)
    plan = choose_stops(StopProblem(costs, reach, seats), limits, seed, going)
    if plan is None:
        raise Refused("scolaire.too_many_at_stop", school=school)
    chosen = _nearest(plan, reach, [dict(each.reach) for each in pupils], copies)
    return {pupil.id: Seat(*copies[stop - 1]) for pupil, stop in zip(pupils, chosen, strict=True)}


def _nearest(
    plan: StopPlan, reach: tuple[tuple[int, ...], ...], metres: list[dict[str, int]], copies: list[tuple[str, int]]
) -> list[int]:
    """On the tour a pupil sits on, the nearest stop that it serves: the same seat, a shorter walk."""
    tour_of = {stop: number for number, tour in enumerate(plan.tours) for stop in tour}
    return [
        min(
            (each for each in within if tour_of.get(each) == tour_of[stop]),
            key=lambda each: (walk[copies[each - 1][0]], each),
        )
        for stop, within, walk in zip(plan.stop_of, reach, metres, strict=True)
    ]
