"""Insertion as requests come, and improvement between them. A promise once given is kept by every step: a change that
would break one is not made, so that the rounds handed back always serve whoever they served."""

from dataclasses import replace
from random import Random
from typing import Final

from mobigo.tad.engine.day import Day, Plan
from mobigo.tad.model.rounds import Problem, Request, Rounds

NEIGHBOURS: Final = 8  # how many requests are taken out and put back at a time
SEED: Final = 1


def insert(rounds: Rounds, problem: Problem, request: Request, *, tries: int = 0, only: str | None = None) -> (
    Rounds | None
):  # fmt: skip
    """The rounds with one request more, where it adds the fewest metres; None when it cannot be served.

    `tries`: when no vehicle can take it as the rounds are, how many times some of its neighbours are taken out and put
    back to make room. `only`: the one vehicle that may take it. `problem` is that of the rounds, without the request.
    """
    day = Day(problem)
    plan = Plan.of(day, rounds)
    r = day.add(request)
    car = None if only is None else next(n for n, each in enumerate(day.cars) if each.id == only)
    if plan.insert(r, car) or (car is None and make_room(plan, r, tries, Random(SEED))):  # noqa: S311 - a search, not a secret
        return plan.rounds()
    return None


def make_room(plan: Plan, r: int, tries: int, random: Random) -> bool:
    """Serve a request by moving others, each kept to its promise; the plan is as before where that fails."""
    for _ in range(tries):
        saved = plan.saved()
        gone = _neighbours(plan, r, random)
        if not gone:
            return False
        if plan.take_out(gone) and plan.insert(r):
            random.shuffle(gone)
            if all(plan.insert(each) for each in gone):
                return True
        plan.restore(saved)
    return False


def improve(plan: Plan, tries: int, random: Random) -> None:
    """Fewer metres for the same requests: some are taken out and put back, kept where that is shorter."""
    movable = plan.movable()
    for _ in range(tries if movable else 0):
        saved, before = plan.saved(), plan.total_m()
        gone = _neighbours(plan, random.choice(movable), random)
        random.shuffle(gone)
        if not (plan.take_out(gone) and all(plan.insert(each) for each in gone) and plan.total_m() <= before):
            plan.restore(saved)


def improved(rounds: Rounds, problem: Problem, tries: int, seed: int = SEED) -> Rounds:
    """The rounds after `tries` improvements."""
    plan = Plan.of(Day(problem), rounds)
    improve(plan, tries, Random(seed))  # noqa: S311 - a search, not a secret
    return plan.rounds()


def without(rounds: Rounds, problem: Problem, request_id: str) -> Rounds:
    """The rounds without one request; the others keep their promises. Its visits go even if the vehicle was under way.
    `problem` is that of the rounds, with the request."""
    plan = Plan.of(Day(problem), rounds)
    r = plan.day.index[request_id]
    for car, nodes in enumerate(plan.nodes):
        plan.fixed[car] -= sum(1 for node in nodes[: plan.fixed[car]] if node >> 1 == r)
        kept = [position for position, node in enumerate(nodes) if node >> 1 != r]
        if len(kept) < len(nodes):
            left, at = [nodes[position] for position in kept], [plan.at[car][position] for position in kept]
            # What was planned can still be driven; it is timed again where that makes somebody wait less.
            plan.put(car, left, plan.day.times(car, left, at[: plan.fixed[car]]) or at)
    return plan.rounds()


def moved(rounds: Rounds, problem: Problem, request_id: str, vehicle: str) -> Rounds | None:
    """A request by another vehicle, as a dispatcher asks; None when a promise would break."""
    request = problem.requests[request_id]
    fewer = replace(problem, requests={name: each for name, each in problem.requests.items() if name != request_id})
    plan = Plan.of(Day(problem), rounds)
    if plan.day.index[request_id] not in plan.movable():
        return None
    return insert(without(rounds, problem, request_id), fewer, request, only=vehicle)


def _neighbours(plan: Plan, r: int, random: Random) -> list[int]:
    """Some requests like this one: near in time and on the road. Itself only if it is in the plan."""
    day = plan.day
    here, at = day.place(0, 2 * r), day.earliest[2 * r]
    movable = plan.movable()
    there = day.place(0, 2 * r + 1)

    def unlike(other: int) -> float:
        apart = day.leg_s(here, day.place(0, 2 * other)) + day.leg_s(there, day.place(0, 2 * other + 1))
        return (apart + abs(day.earliest[2 * other] - at)) * (0.5 + random.random())

    near = [each for each in movable if abs(day.earliest[2 * each] - at) < 7_200]
    return sorted(near, key=unlike)[: random.randint(2, NEIGHBOURS)]
