"""Is this plan what it claims? Every rule recomputed from the problem alone, one fault for each breach, none repaired.

Nothing of a solver is imported: a plan drawn by hand, received as a file or computed is judged alike.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from mobigo.base.decisions import Decision
from scolaire.model.demand import DAY_MS
from scolaire.model.plan import Block, Board, Circuit, Fault, Leave, Plan, Rule
from scolaire.model.problem import Problem, VehicleType


def faults(plan: Plan, problem: Problem) -> list[Fault]:
    """Every broken rule of the plan, in the order: names, pupils, then circuit by circuit, then block by block."""
    strange = [*_names(plan, problem)]
    if strange:  # the rest would speak of things that do not exist
        return strange
    type_of = _types(plan, problem)
    return [
        *_pupils(plan, problem),
        *(fault for circuit in plan.circuits for fault in circuit_faults(circuit, problem, type_of.get(circuit.id))),
        *_blocks(plan, problem),
    ]


def circuit_faults(circuit: Circuit, problem: Problem, vehicle: VehicleType | None) -> list[Fault]:
    """What is wrong within one circuit; its seats are judged when its vehicle is known. Every name has to exist."""
    return [
        *_order(circuit, problem),
        *_seats(circuit, problem, vehicle),
        *_rides(circuit, problem),
        *_times(circuit, problem),
    ]


def _at(ms: int) -> str:
    """An instant as it is read on a watch."""
    seconds = ms // 1000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _clock(ms: int, problem: Problem) -> str:
    """An instant of the problem as it is read on a watch."""
    return _at(DAY_MS - ms if problem.mirrored else ms)


def _unknown(where: str, name: str) -> Fault:
    return Fault(Rule.KNOWN, where, Decision("scolaire.broken_known", where=where, name=name))


def _served(where: str, need: str, carried: int, asked: int) -> Fault:
    said = Decision("scolaire.broken_served", need=need, carried=carried, asked=asked)
    return Fault(Rule.SERVED, where, said)


# ---------------------------------------------------------------- names and pupils


def _names(plan: Plan, problem: Problem) -> Iterator[Fault]:
    circuits = Counter(circuit.id for circuit in plan.circuits)
    for name, times in circuits.items():
        if times > 1:
            yield _unknown(name, name)
    for circuit in plan.circuits:
        for visit in circuit.visits:
            known = problem.need_of if isinstance(visit, Board) else problem.school_of
            name = visit.need if isinstance(visit, Board) else visit.school
            if name not in known:
                yield _unknown(circuit.id, name)
    types, depots = {each.id for each in problem.vehicle_types}, {each.id for each in problem.depots}
    for block in plan.blocks:
        for name in block.circuits:
            if name not in circuits:
                yield _unknown(block.id, name)
        if block.vehicle_type not in types:
            yield _unknown(block.id, block.vehicle_type)
        if block.depot not in depots:
            yield _unknown(block.id, block.depot)
    for left in plan.unserved:
        if left.need not in problem.need_of:
            yield _unknown(left.need, left.need)


def _pupils(plan: Plan, problem: Problem) -> Iterator[Fault]:
    carried: Counter[str] = Counter()
    wheelchairs: Counter[str] = Counter()
    for circuit in plan.circuits:
        for visit in circuit.visits:
            if isinstance(visit, Board):
                carried[visit.need] += visit.pupils
                wheelchairs[visit.need] += visit.wheelchairs
                if visit.pupils < 1 or not 0 <= visit.wheelchairs <= visit.pupils:
                    yield _served(circuit.id, visit.need, visit.pupils, 1)
    left: Counter[str] = Counter()
    for each in plan.unserved:
        left[each.need] += each.pupils
        if each.pupils < 1:
            yield _served(each.need, each.need, each.pupils, 1)
    for need in problem.needs:
        if carried[need.id] + left[need.id] != need.pupils:
            yield _served(need.id, need.id, carried[need.id], need.pupils)
        elif left[need.id] == 0 and wheelchairs[need.id] != need.wheelchairs:
            yield Fault(
                Rule.WHEELCHAIRS,
                need.id,
                Decision(
                    "scolaire.broken_wheelchairs", where=need.id, aboard=wheelchairs[need.id], places=need.wheelchairs
                ),
            )


# ---------------------------------------------------------------- one circuit


def _order(circuit: Circuit, problem: Problem) -> Iterator[Fault]:
    aboard: set[str] = set()
    schools: set[str] = set()
    for visit in circuit.visits:
        if isinstance(visit, Board):
            aboard.add(problem.need_of[visit.need].school)
        elif visit.school not in aboard:
            yield Fault(
                Rule.ORDER, circuit.id, Decision("scolaire.broken_order", where=circuit.id, school=visit.school)
            )
        else:
            aboard.discard(visit.school)
            schools.add(visit.school)
    for school in sorted(aboard):
        yield Fault(Rule.ORDER, circuit.id, Decision("scolaire.broken_order", where=circuit.id, school=school))
    if not circuit.visits:
        yield Fault(Rule.ORDER, circuit.id, Decision("scolaire.broken_order", where=circuit.id, school=""))
    if not problem.mixed and len(schools) > 1:
        yield Fault(Rule.SINGLE, circuit.id, Decision("scolaire.broken_single", where=circuit.id, schools=len(schools)))


@dataclass
class _Load:
    """Pupils on board now, by school, and at most: seats and wheelchair places."""

    seated: Counter[str]
    rolling: Counter[str]
    peak: int = 0
    peak_rolling: int = 0


def _loads(circuit: Circuit, problem: Problem) -> _Load:
    load = _Load(Counter(), Counter())
    for visit in circuit.visits:
        if isinstance(visit, Leave):
            del load.seated[visit.school], load.rolling[visit.school]
            continue
        school = problem.need_of[visit.need].school
        load.seated[school] += visit.pupils - visit.wheelchairs
        load.rolling[school] += visit.wheelchairs
        load.peak = max(load.peak, load.seated.total())
        load.peak_rolling = max(load.peak_rolling, load.rolling.total())
    return load


def _seats(circuit: Circuit, problem: Problem, vehicle: VehicleType | None) -> Iterator[Fault]:
    if vehicle is None:
        return
    load = _loads(circuit, problem)
    if load.peak > vehicle.seats:
        yield Fault(
            Rule.SEATS,
            circuit.id,
            Decision("scolaire.broken_seats", where=circuit.id, aboard=load.peak, places=vehicle.seats),
        )
    if load.peak_rolling > vehicle.wheelchairs:
        yield Fault(
            Rule.WHEELCHAIRS,
            circuit.id,
            Decision(
                "scolaire.broken_wheelchairs", where=circuit.id, aboard=load.peak_rolling, places=vehicle.wheelchairs
            ),
        )


def _rides(circuit: Circuit, problem: Problem) -> Iterator[Fault]:
    """A pupil's ride begins when the doors of the stop close, and ends when those of the school open."""
    riding: dict[str, list[Board]] = {}
    for visit in circuit.visits:
        if isinstance(visit, Board):
            riding.setdefault(problem.need_of[visit.need].school, []).append(visit)
            continue
        school = problem.school_of[visit.school]
        if not school.first_ms <= visit.at_ms <= school.last_ms:
            yield Fault(
                Rule.WINDOW,
                circuit.id,
                Decision(
                    "scolaire.broken_window_home" if problem.mirrored else "scolaire.broken_window",
                    where=circuit.id,
                    school=school.id,
                    at=_clock(visit.at_ms, problem),
                ),
            )
        for board in riding.pop(visit.school, ()):
            need = problem.need_of[board.need]
            ride_ms = visit.at_ms - board.at_ms - problem.handling.boarding(board.pupils)
            if ride_ms > need.ride_max_ms:
                yield Fault(
                    Rule.RIDE,
                    circuit.id,
                    Decision(
                        "scolaire.broken_ride",
                        where=circuit.id,
                        need=need.id,
                        ride=_at(ride_ms),
                        ride_max=_at(need.ride_max_ms),
                    ),
                )


def _times(circuit: Circuit, problem: Problem) -> Iterator[Fault]:
    aboard: Counter[str] = Counter()
    ready_ms, node = None, -1
    for visit in circuit.visits:
        here = node_of(visit, problem)
        if ready_ms is not None:
            soonest_ms = ready_ms + int(problem.travel.ms[node, here])
            if visit.at_ms < soonest_ms:
                yield Fault(
                    Rule.TIMES,
                    circuit.id,
                    Decision(
                        "scolaire.broken_times_home" if problem.mirrored else "scolaire.broken_times",
                        where=circuit.id,
                        at=_clock(visit.at_ms, problem),
                        soonest=_clock(soonest_ms, problem),
                    ),
                )
        ready_ms, node = visit.at_ms + _doors_ms(visit, problem, aboard), here


def node_of(visit: Board | Leave, problem: Problem) -> int:
    """Where a visit takes place."""
    return problem.need_of[visit.need].node if isinstance(visit, Board) else problem.school_of[visit.school].node


def _doors_ms(visit: Board | Leave, problem: Problem, aboard: Counter[str]) -> int:
    """How long the doors stay open here; keeps count of who is `aboard`, by school."""
    if isinstance(visit, Board):
        aboard[problem.need_of[visit.need].school] += visit.pupils
        return problem.handling.boarding(visit.pupils)
    return problem.handling.leaving(aboard.pop(visit.school, 0))


# ---------------------------------------------------------------- blocks


def _types(plan: Plan, problem: Problem) -> dict[str, VehicleType]:
    by_id = {each.id: each for each in problem.vehicle_types}
    return {name: by_id[block.vehicle_type] for block in plan.blocks for name in block.circuits}


def _blocks(plan: Plan, problem: Problem) -> Iterator[Fault]:
    circuits = {circuit.id: circuit for circuit in plan.circuits}
    driven = Counter(name for block in plan.blocks for name in block.circuits)
    for name in circuits:
        if driven[name] != 1:
            yield Fault(Rule.BLOCK, name, Decision("scolaire.broken_block", where=name, buses=driven[name]))
    for block in plan.blocks:
        runs = [circuits[name] for name in block.circuits if circuits[name].visits]
        for before, after in pairwise(runs):
            yield from _chain(block, before, after, problem)
        if runs and problem.amplitude_max_ms is not None:
            span_ms = free_at_ms(runs[-1], problem) - runs[0].visits[0].at_ms
            if span_ms > problem.amplitude_max_ms:
                yield Fault(
                    Rule.AMPLITUDE,
                    block.id,
                    Decision(
                        "scolaire.broken_amplitude",
                        where=block.id,
                        span=_at(span_ms),
                        span_max=_at(problem.amplitude_max_ms),
                    ),
                )
    used = Counter((block.depot, block.vehicle_type) for block in plan.blocks)
    for depot in problem.depots:
        for (name, vehicle_type), buses in used.items():
            there = None if depot.vehicles is None else depot.vehicles.get(vehicle_type, 0)
            if name == depot.id and there is not None and buses > there:
                yield Fault(
                    Rule.DEPOT,
                    name,
                    Decision("scolaire.broken_depot", where=name, vehicle_type=vehicle_type, buses=buses, there=there),
                )


def _chain(block: Block, before: Circuit, after: Circuit, problem: Problem) -> Iterator[Fault]:
    first, last = after.visits[0], before.visits[-1]
    empty_ms = int(problem.travel.ms[node_of(last, problem), node_of(first, problem)])
    soonest_ms = free_at_ms(before, problem) + empty_ms
    if first.at_ms < soonest_ms:
        yield Fault(
            Rule.CHAIN,
            block.id,
            Decision(
                "scolaire.broken_chain_home" if problem.mirrored else "scolaire.broken_chain",
                where=block.id,
                circuit=after.id,
                at=_clock(first.at_ms, problem),
                soonest=_clock(soonest_ms, problem),
            ),
        )


def free_at_ms(circuit: Circuit, problem: Problem) -> int:
    """When the last doors of a circuit are closed."""
    aboard: Counter[str] = Counter()
    doors_ms = 0
    for visit in circuit.visits:
        doors_ms = _doors_ms(visit, problem, aboard)
    return circuit.visits[-1].at_ms + doors_ms
