"""What delays do to a plan: every drive drawn anew around its time, many mornings, and who is late at the bell.

A drive takes its planned time times a log-normal factor of mean 1 and the coefficient of variation asked for. A bus
never leaves a place before its hour, passes a delay on to all that follows, and gains time back only where the plan
lets it wait.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scolaire.model.day import DayPlan
from scolaire.model.demand import DAY_MS, Demand
from scolaire.model.plan import Board, Circuit, Leave, Plan
from scolaire.model.problem import Problem
from scolaire.rules.checker import node_of
from scolaire.rules.halves import problems_of

Draws = NDArray[np.float64]


@dataclass(frozen=True)
class Punctuality:
    """`share`: of arrivals at schools by the end of the window, over all draws. `by_service`: the same for each
    morning service. `late_p95_s`: how late the worst twentieth of arrivals is, at least."""

    share: float
    by_service: dict[str, float]
    late_p95_s: int


def punctuality(
    plan: DayPlan, demand: Demand, *, cv: float = 0.15, draws: int = 1_000, seed: int = 1, grace_ms: int = 0
) -> Punctuality:
    """How punctual the half-days that go to school are. `grace_ms`: how long after the window a bus is still in time
    for the bell."""
    random = np.random.default_rng(seed)
    spread = spread_of(cv)
    shares: dict[str, float] = {}
    lates = [np.zeros(1)]
    for half, problem in problems_of(demand, plan).items():
        if not problem.mirrored:
            found, late = _half(plan.halves[half], problem, random, spread, draws, grace_ms)
            shares |= found
            lates += late
    every = np.concatenate(lates)
    mean = sum(shares.values()) / len(shares) if shares else 1.0
    return Punctuality(mean, shares, int(np.percentile(every, 95)) // 1000)


def spread_of(cv: float) -> float:
    """The standard deviation of the logarithm of a factor of mean 1 and this coefficient of variation."""
    return float(np.sqrt(np.log1p(cv * cv)))


def half_shares(
    plan: Plan, problem: Problem, *, cv: float, draws: int, seed: int, grace_ms: int
) -> dict[str, float]:  # fmt: skip
    """By service of a morning, the share of draws in which it reaches every school in time."""
    return _half(plan, problem, np.random.default_rng(seed), spread_of(cv), draws, grace_ms)[0]


def _half(
    plan: Plan, problem: Problem, random: np.random.Generator, spread: float, draws: int, grace_ms: int
) -> tuple[dict[str, float], list[Draws]]:
    circuits = {each.id: each for each in plan.circuits}
    shares, lates = {}, []
    for block in plan.blocks:
        free, node = np.full(draws, -float(DAY_MS)), None
        for name in block.circuits:
            circuit = circuits[name]
            in_time = np.ones(draws, dtype=bool)
            for visit, arrives in _driven(circuit, problem, random, spread, free, node):
                free = arrives[1]
                if isinstance(visit, Leave):
                    last_ms = problem.school_of[visit.school].last_ms + grace_ms
                    late = np.maximum(0.0, arrives[0] - last_ms)
                    lates.append(late)
                    in_time &= late == 0
            node = node_of(circuit.visits[-1], problem)
            shares[name] = float(in_time.mean())
    return shares, lates


def _driven(
    circuit: Circuit, problem: Problem, random: np.random.Generator, spread: float, free: Draws, node: int | None
) -> list[tuple[Board | Leave, tuple[Draws, Draws]]]:
    """Each visit with when the doors open there and when they are closed again."""
    told = []
    aboard = 0
    for visit in circuit.visits:
        here = node_of(visit, problem)
        at = np.full(len(free), float(visit.at_ms))
        if node is not None:
            factor = np.exp(random.normal(-spread * spread / 2, spread, len(free)))
            at = free + int(problem.travel.ms[node, here]) * factor
        if isinstance(visit, Board):
            at = np.maximum(at, float(visit.at_ms))  # nobody is left behind by a bus that is early
            doors = problem.handling.boarding(visit.pupils)
            aboard += visit.pupils
        else:
            doors = problem.handling.leaving(aboard)
            aboard = 0
        free, node = at + doors, here
        told.append((visit, (at, free)))
    return told
