"""The checker of rounds: reads a plan again from what was promised, and trusts no engine (it imports none).

Everything is computed here from the visits' own times and the road between them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mobigo.tad.model.rounds import Problem, Rounds


@dataclass(frozen=True, slots=True)
class Fault:
    """What a plan breaks: `code` is one of early, late, long_ride, late_arrival, seats, wheelchairs, order, road,
    served_twice, not_served, unknown."""

    code: str
    vehicle: str
    request: str = ""


def faults(rounds: Rounds, problem: Problem) -> list[Fault]:
    """Everything a plan breaks, in the order of vehicles and visits; nothing when every promise is kept."""
    found = [fault for vehicle in sorted(rounds) for fault in _round_faults(vehicle, rounds, problem)]
    served: dict[str, list[str]] = {}
    for vehicle in sorted(rounds):
        for visit in rounds[vehicle]:
            if visit.pickup:
                served.setdefault(visit.request, []).append(vehicle)
    found += [Fault("served_twice", cars[1], name) for name, cars in sorted(served.items()) if len(cars) > 1]
    found += [Fault("not_served", "", name) for name in sorted(problem.requests) if name not in served]
    return found


def _round_faults(vehicle: str, rounds: Rounds, problem: Problem) -> Iterator[Fault]:
    car = next((each for each in problem.vehicles if each.id == vehicle), None)
    if car is None:
        if rounds[vehicle]:
            yield Fault("unknown", vehicle)
        return
    here, free_s, taken = car.base, None, {}
    seats = wheelchairs = 0
    for visit in rounds[vehicle]:
        asked = problem.requests.get(visit.request)
        if asked is None:
            yield Fault("unknown", vehicle, visit.request)
            return
        there = asked.origin if visit.pickup else asked.destination
        if free_s is not None and visit.at_s < free_s + problem.travel.time_s(here, there):
            yield Fault("road", vehicle, visit.request)
        here, free_s = there, visit.at_s + problem.board_s
        promise = asked.promise
        if visit.pickup:
            taken[visit.request] = visit.at_s
            seats, wheelchairs = seats + asked.seats, wheelchairs + asked.wheelchairs
            if visit.at_s < promise.earliest_s:
                yield Fault("early", vehicle, visit.request)
            if visit.at_s > promise.latest_s:
                yield Fault("late", vehicle, visit.request)
            if seats > car.seats:
                yield Fault("seats", vehicle, visit.request)
            if wheelchairs > car.wheelchairs:
                yield Fault("wheelchairs", vehicle, visit.request)
            continue
        if visit.request not in taken:
            yield Fault("order", vehicle, visit.request)
            return
        rode = visit.at_s - taken.pop(visit.request) - problem.board_s
        seats, wheelchairs = seats - asked.seats, wheelchairs - asked.wheelchairs
        if rode > promise.ride_s_max:
            yield Fault("long_ride", vehicle, visit.request)
        if visit.at_s > promise.arrive_by_s:
            yield Fault("late_arrival", vehicle, visit.request)
    for name in taken:
        yield Fault("order", vehicle, name)


def metres(rounds: Rounds, problem: Problem) -> int:
    """What the vehicles drive, from their base and back to it."""
    total = 0
    for car in problem.vehicles:
        here = car.base
        for visit in rounds.get(car.id, ()):
            asked = problem.requests[visit.request]
            there = asked.origin if visit.pickup else asked.destination
            total += problem.travel.distance_m(here, there)
            here = there
        total += problem.travel.distance_m(here, car.base)
    return total
