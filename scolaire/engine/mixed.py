"""Pupils of several schools on one bus, where that is asked for: fewer buses than one school a circuit would take.

It begins with a plan and gives one that is as good or better: whole buses are given up and their pupils put on others
(`mixing`). Buses that carry wheelchairs, and circuits that are held, stay as they are. A circuit ends where nobody is
on board any more.
"""

from collections.abc import Sequence

import numpy as np

from mobigo.base.errors import Refused
from scolaire.engine.book import fresh_name
from scolaire.engine.going import Going, always
from scolaire.engine.mixing import (
    COLD,
    FAR,
    LONGEST,
    NONE,
    WARM,
    Facts,
    Ints,
    Lines,
    cost_of,
    hours,
    new_room,
    sow,
    try_turns,
)
from scolaire.engine.vehicles import fitting, typed
from scolaire.model.plan import Block, Board, Circuit, Leave, Plan
from scolaire.model.problem import Problem
from scolaire.rules.checker import faults

SLICE = 10  # turns between two looks at whether to go on
NEAR = 40


def mix(
    problem: Problem, plan: Plan, *, stem: str, turns: int, seed: int, held: frozenset[str] = frozenset(),
    going: Going = always,
) -> Plan:  # fmt: skip
    """The plan with the fewest buses found in so many turns, then the least driving; the plan itself when none is
    better. `problem.mixed` has to be set. `stem`: how new circuits are
    called. Raises nothing: a plan for which there are not buses enough is not better."""
    kept = [block for block in plan.blocks if _stays(problem, plan, block, held)]
    free = [block for block in plan.blocks if block not in kept]
    if not free or not problem.mixed:
        return plan
    facts = _facts(problem)
    best = _lines(problem, plan, free)
    if best is None:
        return plan
    room = new_room(len(problem.schools))
    if not all(hours(facts, best.visits[n], int(best.size[n]), room) for n in range(len(free))):
        return plan  # a bus whose day is longer than it may be, or that nobody could drive
    moving = np.flatnonzero(best.bus != NONE)
    near = _near(problem, moving)
    # numbers of the model are those of the needs that move, so that chance never meets one that stays
    facts = facts._replace(need=np.ascontiguousarray(facts.need[moving]))
    best = _renumbered(best, moving)
    before = cost_of(facts, best)
    now, here = (Lines(*(each.copy() for each in best)) for _ in range(2))
    heat, cooling, done = WARM, (COLD / WARM) ** (1 / max(1, turns)), 0
    sow(seed)
    while done < turns and going():
        some = min(SLICE, turns - done)
        heat = try_turns(facts, now, here, best, near, room, some, heat, cooling)
        done += some
    if cost_of(facts, best) >= before:
        return plan
    return _better(problem, plan, kept, _circuits(problem, facts, best, moving, plan, kept, stem))


def _stays(problem: Problem, plan: Plan, block: Block, held: frozenset[str]) -> bool:
    circuits = [each for each in plan.circuits if each.id in block.circuits]
    rolling = any(isinstance(v, Board) and v.wheelchairs for each in circuits for v in each.visits)
    part = any(
        isinstance(v, Board) and v.pupils != problem.need_of[v.need].pupils for each in circuits for v in each.visits
    )
    return rolling or part or any(name in held for name in block.circuits)


def _facts(problem: Problem) -> Facts:
    number = {each.id: n for n, each in enumerate(problem.schools)}
    doors, always_ms = problem.handling, problem.handling.leave_always_ms
    return Facts(
        np.ascontiguousarray(problem.travel.ms, dtype=np.int64),
        np.array(
            [(each.node, number[each.school], each.pupils, doors.boarding(each.pupils), each.ride_max_ms)
             for each in problem.needs], dtype=np.int64).reshape(-1, 5),
        np.array([(each.node, each.first_ms, each.last_ms) for each in problem.schools], dtype=np.int64).reshape(-1, 3),
        np.array([doors.leave_ms, doors.leave_pupil_ms] if always_ms is None else [always_ms, 0], dtype=np.int64),
        np.array(
            [max(each.seats for each in problem.vehicle_types),
             FAR if problem.amplitude_max_ms is None else problem.amplitude_max_ms], dtype=np.int64),
    )  # fmt: skip


def _lines(problem: Problem, plan: Plan, free: Sequence[Block]) -> Lines | None:
    """The buses as lines; None when one is longer than there is room for."""
    need = {each.id: n for n, each in enumerate(problem.needs)}
    school = {each.id: n for n, each in enumerate(problem.schools)}
    circuits = {each.id: each for each in plan.circuits}
    visits = np.zeros((len(free), LONGEST + 2), np.int64)
    size, bus = np.zeros(len(free), np.int64), np.full(len(problem.needs), NONE, np.int64)
    for n, block in enumerate(free):
        line = [visit for name in block.circuits for visit in circuits[name].visits]
        if len(line) > LONGEST:
            return None
        size[n] = len(line)
        for i, visit in enumerate(line):
            visits[n, i] = need[visit.need] if isinstance(visit, Board) else -1 - school[visit.school]
            if isinstance(visit, Board):
                bus[need[visit.need]] = n
    return Lines(visits, size, bus)


def _near(problem: Problem, moving: Ints) -> Ints:
    """For each need the others, the nearest first."""
    nodes = [problem.needs[n].node for n in moving]
    order = np.argsort(problem.travel.ms[np.ix_(nodes, nodes)], axis=1, kind="stable")
    return np.ascontiguousarray(order[:, :NEAR], dtype=np.int64)


def _renumbered(lines: Lines, moving: Ints) -> Lines:
    place = {int(need): n for n, need in enumerate(moving)}
    visits = lines.visits.copy()
    for n, size in enumerate(lines.size.tolist()):
        for i in range(size):
            visits[n, i] = place.get(int(visits[n, i]), visits[n, i])
    return Lines(visits, lines.size.copy(), lines.bus[moving].copy())


def _circuits(
    problem: Problem, facts: Facts, lines: Lines, moving: Ints, plan: Plan, kept: Sequence[Block], stem: str
) -> list[list[Circuit]]:
    """The lines as circuits, by bus: one begins where nobody is on board. Names of today stay where stops do."""
    room = new_room(len(problem.schools))
    stay = {name for block in kept for name in block.circuits}
    known = {_boards(each): each.id for each in plan.circuits if each.id not in stay}
    taken = {each.id for each in plan.circuits}
    buses = []
    for n, size in enumerate(lines.size.tolist()):
        if not size:
            continue
        hours(facts, lines.visits[n], size, room)
        found: list[Circuit] = []
        visits: list[Board | Leave] = []
        aboard: set[str] = set()
        for visit, at_ms in zip(lines.visits[n, :size].tolist(), room.at[:size].tolist(), strict=True):
            if visit >= 0:
                need = problem.needs[moving[visit]]
                visits.append(Board(need.id, need.pupils, at_ms))
                aboard.add(need.school)
                continue
            school = problem.schools[-visit - 1].id
            visits.append(Leave(school, at_ms))
            aboard.discard(school)
            if not aboard:
                drawn = Circuit("", tuple(visits))
                name = known.pop(_boards(drawn), None) or fresh_name(taken, f"{stem}-{school}")
                taken.add(name)
                found.append(Circuit(name, drawn.visits))
                visits = []
        buses.append(found)
    return buses


def _boards(circuit: Circuit) -> tuple[str, ...]:
    return tuple(visit.need if isinstance(visit, Board) else f">{visit.school}" for visit in circuit.visits)


def _better(problem: Problem, plan: Plan, kept: Sequence[Block], buses: list[list[Circuit]]) -> Plan:
    """The new plan when it is good and needs no bus more; else the one there was."""
    stay = {name for block in kept for name in block.circuits}
    held = [each for each in plan.circuits if each.id in stay]
    by_id = {each.id: each for each in held}
    parts = [*([by_id[name] for name in block.circuits] for block in kept), *buses]
    circuits = tuple(sorted((each for part in parts for each in part), key=lambda each: each.id))
    able = {each.id: fitting(each, problem, {}) for each in circuits}
    try:
        blocks = typed(parts, problem, able)
    except Refused:
        return plan
    made = Plan(circuits, blocks)
    return plan if len(blocks) > len(plan.blocks) or faults(made, problem) else made
