"""What was fixed by hand stays so. Judged on the finished plan, knowing no solver.

A lock on a whole service is judged against the plan it was made on (`held`): same stops, same hours, same pupils
counted by need or fewer or more of them, same school. What a lock names and the plan does not know is a broken lock.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from mobigo.base.decisions import Decision
from scolaire.model.day import DayFault, DayPlan, Lock, LockKind
from scolaire.model.demand import DAY_MS
from scolaire.model.plan import Board, Circuit, Fault, Rule
from scolaire.model.problem import Problem
from scolaire.rules.halves import passings, school_time_ms

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


def clock_ms(text: str) -> int | None:
    """ "07:05" or "07:05:30" in milliseconds after midnight; None when it is not an hour of the day."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    return ((int(found[1]) * 60 + int(found[2])) * 60 + int(found[3] or 0)) * 1000


def shape_of(circuit: Circuit, problem: Problem) -> str:
    """What a locked service must keep: its places in order, and the hour at the first and at the last. As text, which
    is how the lock keeps it."""
    told = passings(circuit, problem)
    places = ",".join(f"{each.place}:{each.id}" for each in told)
    return f"{places}|{told[0].leaves_ms if problem.mirrored else told[-1].arrives_ms}"


def lock_faults(plan: DayPlan, problems: Mapping[str, Problem], locks: Sequence[Lock]) -> list[DayFault]:
    """Every lock that the plan does not hold."""
    return [
        DayFault(lock.half, Fault(Rule.LOCK, lock.subject, broken))
        for lock in locks
        for broken in _broken(plan, problems, lock)
    ]


def _broken(plan: DayPlan, problems: Mapping[str, Problem], lock: Lock) -> Iterator[Decision]:
    if lock.kind is LockKind.PUPIL_STOP:
        seat = plan.seats.get(lock.subject)
        if seat is None or seat.stop != lock.value:
            yield Decision("scolaire.lock_pupil_stop", pupil=lock.subject, stop=lock.value)
        return
    half, problem = plan.halves.get(lock.half), problems.get(lock.half)
    if half is None or problem is None:
        yield Decision("scolaire.lock_half", half=lock.half)
        return
    circuits = {each.id: each for each in half.circuits}
    match lock.kind:
        case LockKind.STOP_SERVICE:
            if not _held_by(circuits.values(), problem, lock):
                yield Decision("scolaire.lock_stop_service", stop=lock.subject, service=lock.value)
        case LockKind.SERVICE:
            circuit = circuits.get(lock.subject)
            if circuit is None or shape_of(circuit, problem) != lock.value:
                yield Decision("scolaire.lock_service", service=lock.subject)
        case LockKind.TIMES:
            circuit = circuits.get(lock.subject)
            asked = clock_ms(lock.value)
            if circuit is None or asked is None or first_ms(circuit, problem) // 60_000 != asked // 60_000:
                yield Decision("scolaire.lock_times", service=lock.subject, at=lock.value)
        case LockKind.VEHICLE:
            types = [block.vehicle_type for block in half.blocks if lock.subject in block.circuits]
            if types != [lock.value]:
                yield Decision("scolaire.lock_vehicle", service=lock.subject, vehicle=lock.value)
        case LockKind.BELL:
            asked = clock_ms(lock.value)
            if any(asked != at for at in _bells(half.circuits, problem, lock.subject)):
                yield Decision("scolaire.lock_bell", school=lock.subject, at=lock.value)


def _held_by(circuits: object, problem: Problem, lock: Lock) -> bool:
    """Whether all of a school's pupils at the stop ride on the service named. A stop where nobody waits any more is
    held: there is nobody to carry."""
    found = False
    for circuit in circuits:  # type: ignore[attr-defined]  # the values of a dict
        for visit in circuit.visits:
            if isinstance(visit, Board):
                need = problem.need_of[visit.need]
                if need.stop == lock.subject and (not lock.school or need.school == lock.school):
                    if circuit.id != lock.value:
                        return False
                    found = True
    return found or not any(
        need.stop == lock.subject and (not lock.school or need.school == lock.school) for need in problem.needs
    )


def first_ms(circuit: Circuit, problem: Problem) -> int:
    """When a service begins, as people read it: its first doors open (morning), or close at the first school."""
    first = passings(circuit, problem)[0]
    return first.leaves_ms if problem.mirrored else first.arrives_ms


def _bells(circuits: Sequence[Circuit], problem: Problem, school: str) -> list[int]:
    schools = [each for each in circuits if any(not isinstance(v, Board) and v.school == school for v in each.visits)]
    return [school_time_ms(each, problem, school) % DAY_MS for each in schools]
