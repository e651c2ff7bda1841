"""From a day to its half-days: the problem of each, and hours as people read them.

A half-day that goes home is told as a morning whose time runs backwards: driving times transposed, instants counted
from the end of the day. One solver and one checker then serve both directions. A door that opens at `at_ms` for
`doors_ms` in the mirror opens at DAY_MS - at_ms - doors_ms in the day.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mobigo.base.geo import EARTH_RADIUS_M
from scolaire.model.day import DayPlan, Seat
from scolaire.model.demand import DAY_MS, Demand, Direction, Half, Place, Pupil
from scolaire.model.plan import Board, Circuit, Leave
from scolaire.model.problem import Depot, Need, Problem, School, Travel


def need_id(seat: Seat, school: str) -> str:
    """The name of those who wait together for one school: stable from one plan to the next."""
    return f"{seat.stop}>{school}" if seat.part == 0 else f"{seat.stop}>{school}#{seat.part + 1}"


def travel_of(demand: Demand) -> Travel:
    """Driving times and lengths between depots, schools and stops (in that order)."""
    if demand.travel is not None:
        return demand.travel
    places = [*(each.at for each in demand.depots), *(each.at for each in demand.schools)]
    metres = crow_m([*places, *(each.at for each in demand.stops)]) * demand.roads.detour
    return Travel(np.rint(metres / (demand.roads.km_h / 3.6) * 1000).astype(np.int32), np.rint(metres).astype(np.int32))


def crow_m(places: list[Place]) -> NDArray[np.float64]:
    """Metres as the crow flies between all places (haversine)."""
    degrees = np.radians(np.array([(each.lat, each.lon) for each in places], dtype=np.float64).reshape(-1, 2))
    lat, lon = degrees[:, 0], degrees[:, 1]
    chord = (
        np.sin((lat[:, None] - lat[None]) / 2) ** 2
        + np.cos(lat[:, None]) * np.cos(lat[None]) * np.sin((lon[:, None] - lon[None]) / 2) ** 2
    )
    found: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(chord)))
    return found


def waiting(demand: Demand, seats: Mapping[str, Seat], half: Half) -> dict[str, list[Pupil]]:
    """Who waits where in a half-day, by need, in the order of the demand."""
    found: dict[str, list[Pupil]] = {}
    for pupil in demand.pupils:
        seat = seats.get(pupil.id)
        if seat is not None and half.id in pupil.halves:
            found.setdefault(need_id(seat, pupil.school), []).append(pupil)
    return found


def problem_of(demand: Demand, seats: Mapping[str, Seat], half: Half, travel: Travel | None = None) -> Problem:
    """The problem of one half-day for pupils at their stops. `travel`: `travel_of(demand)`, when it is known."""
    there = travel_of(demand) if travel is None else travel
    home = half.direction is Direction.FROM
    if home:
        there = Travel(np.ascontiguousarray(there.ms.T), np.ascontiguousarray(there.metres.T))
    node_of = demand.node_of
    schools = []
    for school in demand.schools:
        window = school.windows.get(half.id)
        if window is not None:
            first, last = (DAY_MS - window[1], DAY_MS - window[0]) if home else window
            schools.append(School(school.id, node_of[f"school:{school.id}"], first, last))
    needs = []
    for name, pupils in sorted(waiting(demand, seats, half).items()):
        stop = seats[pupils[0].id].stop
        needs.append(
            Need(
                name, stop, node_of[f"stop:{stop}"], pupils[0].school, len(pupils),
                min(each.ride_max_ms for each in pupils), sum(each.wheelchair for each in pupils),
            )
        )  # fmt: skip
    depots = tuple(Depot(each.id, node_of[f"depot:{each.id}"], each.vehicles) for each in demand.depots)
    return Problem(
        there, tuple(schools), tuple(needs), demand.vehicle_types, depots, demand.handling,
        mixed=demand.mixed, amplitude_max_ms=_amplitude_ms(demand), mirrored=home,
    )  # fmt: skip


def _amplitude_ms(demand: Demand) -> int | None:
    """Of one half-day: no longer than a whole day of a driver may be."""
    limits = (demand.amplitude_max_ms, None if demand.driver_day is None else demand.driver_day.amplitude_max_ms)
    return min((each for each in limits if each is not None), default=None)


def problems_of(demand: Demand, plan: DayPlan) -> dict[str, Problem]:
    """The problem of every half-day of a plan that the demand knows."""
    travel = travel_of(demand)
    return {half.id: problem_of(demand, plan.seats, half, travel) for half in demand.halves if half.id in plan.halves}


class Passing(NamedTuple):
    """A service at one of its places, in the order and at the times of the day: doors open, doors closed. `on`, `off`:
    pupils; `place`: "stop" or "school", and its id."""

    place: str
    id: str
    arrives_ms: int
    leaves_ms: int
    on: int
    off: int
    needs: tuple[str, ...]


def passings(circuit: Circuit, problem: Problem) -> list[Passing]:
    """A circuit as its driver reads it. Needs at one stop, one after the other, are one passing."""
    aboard: Counter[str] = Counter()
    told = []
    for visit in circuit.visits:
        if isinstance(visit, Board):
            need = problem.need_of[visit.need]
            aboard[need.school] += visit.pupils
            doors = problem.handling.boarding(visit.pupils)
            told.append(Passing("stop", need.stop, visit.at_ms, visit.at_ms + doors, visit.pupils, 0, (visit.need,)))
        else:
            off = aboard.pop(visit.school, 0)
            doors = problem.handling.leaving(off)
            told.append(Passing("school", visit.school, visit.at_ms, visit.at_ms + doors, 0, off, ()))
    if problem.mirrored:
        told = [
            each._replace(
                arrives_ms=DAY_MS - each.leaves_ms, leaves_ms=DAY_MS - each.arrives_ms, on=each.off, off=each.on
            )
            for each in reversed(told)
        ]
    return list(_together(told))


def _together(told: list[Passing]) -> Iterator[Passing]:
    kept: Passing | None = None
    for each in told:
        if kept is not None and (kept.place, kept.id) == (each.place, each.id) and each.arrives_ms >= kept.leaves_ms:
            kept = kept._replace(
                leaves_ms=each.leaves_ms, on=kept.on + each.on, off=kept.off + each.off, needs=kept.needs + each.needs
            )
            continue
        if kept is not None:
            yield kept
        kept = each
    if kept is not None:
        yield kept


def school_time_ms(circuit: Circuit, problem: Problem, school: str) -> int:
    """When the doors open at the school (morning), or close there (going home)."""
    at = next(v.at_ms for v in circuit.visits if isinstance(v, Leave) and v.school == school)
    return DAY_MS - at if problem.mirrored else at
