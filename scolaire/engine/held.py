"""What locks hold, turned into what the search may not touch; and whether they can all be held at once.

A lock that names a service holds its stops and their order: the service is taken out of the search as it stands. A
pupil's stop narrows the pupil's reach to it, a bell its school's window to one instant. When locks contradict each
other (or the demand), the smallest set of them that does is named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from mobigo.base.decisions import Decision
from mobigo.base.errors import Refused
from scolaire.engine.book import Book, Run
from scolaire.engine.vehicles import fitting
from scolaire.model.day import DayPlan, Left, Lock, LockKind, Seat
from scolaire.model.demand import DAY_MS, Demand, Direction, Half
from scolaire.model.plan import Circuit
from scolaire.model.problem import Problem, Travel
from scolaire.rules.checker import circuit_faults
from scolaire.rules.demand import reachable
from scolaire.rules.halves import need_id, problem_of
from scolaire.rules.locks import clock_ms, first_ms, shape_of

TRIED_MOST = 4_000
MINUTE_MS = 60_000
OF_SERVICE = frozenset({LockKind.STOP_SERVICE, LockKind.SERVICE, LockKind.TIMES, LockKind.VEHICLE})


@dataclass(frozen=True)
class Held:
    """`demand`: with bells and stops narrowed. `frozen`: by half-day, services as they must be. `seats` of the pupils
    who ride on them; `fixed`: pupil → stop; `vehicles`: by half-day, service → type."""

    demand: Demand
    frozen: Mapping[str, tuple[Run, ...]] = field(default_factory=dict)
    seats: Mapping[str, Seat] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    vehicles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @staticmethod
    def circuits(problem: Problem, runs: Iterable[Run]) -> tuple[Circuit, ...]:
        """Frozen services for the pupils of a problem; needs that have nobody left are passed by."""
        book = Book(problem)
        kept = [replace(run, needs=[each for each in run.needs if each in problem.need_of]) for run in runs]
        return tuple(book.circuit(run) for run in kept if run.needs)


def held_of(
    demand: Demand, travel: Travel, base: DayPlan | None, locks: Sequence[Lock], left: Mapping[str, Left]
) -> Held:
    """What the locks hold. Raises Refused("scolaire.locks_conflict", count, locks, why) with the smallest set of locks
    that cannot be held together (irreducible, where there are too many to try them all)."""
    why = _impossible(demand, travel, base, locks, left)
    if why is None:
        return _held(demand, base, locks)
    few = _fewest(demand, travel, base, locks, left)
    reason = _impossible(demand, travel, base, few, left) or why
    raise Refused("scolaire.locks_conflict", count=len(few), locks=[each.id for each in few], why=reason)


def fixed_stops(demand: Demand, base: DayPlan | None, locks: Sequence[Lock]) -> dict[str, str]:
    """By pupil, the stop that locks fix: by its name, or because the service that stands still goes there."""
    held = _held(demand, base, locks)
    return {**{name: seat.stop for name, seat in held.seats.items()}, **held.fixed}


def _fewest(
    demand: Demand, travel: Travel, base: DayPlan | None, locks: Sequence[Lock], left: Mapping[str, Left]
) -> list[Lock]:
    """Take away every lock whose absence changes nothing; then look for a smaller set among all of them."""
    core = list(locks)
    for lock in locks:
        without = [each for each in core if each.id != lock.id]
        if _impossible(demand, travel, base, without, left) is not None:
            core = without
    tried = 0
    for size in range(1, len(core)):
        for some in combinations(locks, size):
            tried += 1
            if tried > TRIED_MOST:
                return core
            if _impossible(demand, travel, base, some, left) is not None:
                return list(some)
    return core


def _impossible(
    demand: Demand, travel: Travel, base: DayPlan | None, locks: Sequence[Lock], left: Mapping[str, Left]
) -> Decision | None:
    """Why these locks cannot all be held; None when nothing speaks against it."""
    for check in (_alone, _twice):
        found = check(demand, base, locks)
        if found is not None:
            return found
    held = _held(demand, base, locks)
    for pupil, stop in held.fixed.items():
        if pupil not in demand.pupil_of:
            return Decision("scolaire.lock_pupil_unknown", pupil=pupil)
        if pupil in left or stop not in reachable(demand, travel, demand.pupil_of[pupil]):
            forbidden = stop in demand.stop_rules.forbidden and pupil not in left
            code = "scolaire.lock_forbidden" if forbidden else "scolaire.lock_out_of_reach"
            return Decision(code, pupil=pupil, stop=stop)
        if pupil in held.seats and held.seats[pupil].stop != stop:
            return Decision("scolaire.lock_pupil_rides", pupil=pupil, stop=stop)
    return _services(held, travel, left, locks)


def _services(held: Held, travel: Travel, left: Mapping[str, Left], locks: Sequence[Lock]) -> Decision | None:
    """Frozen services, each judged in the windows, with the vehicle and the pupils they must have."""
    seats = {name: seat for name, seat in held.seats.items() if name not in left}
    for half in held.demand.halves:
        runs = held.frozen.get(half.id, ())
        if not runs:
            continue
        problem = problem_of(held.demand, seats, half, travel)
        for circuit in held.circuits(problem, runs):
            types = fitting(circuit, problem, held.vehicles.get(half.id, {}))
            if not types:
                return Decision("scolaire.lock_no_vehicle", service=circuit.id)
            broken = circuit_faults(circuit, problem, None)
            if broken:
                return broken[0].said
        shapes = {each.id: shape_of(each, problem) for each in held.circuits(problem, runs)}
        for lock in locks:
            if lock.kind is LockKind.SERVICE and lock.half == half.id and shapes.get(lock.subject) != lock.value:
                return Decision("scolaire.lock_service", service=lock.subject)
    return None


def _alone(demand: Demand, base: DayPlan | None, locks: Sequence[Lock]) -> Decision | None:
    """Locks that mean nothing here: an unknown half-day, school, service, vehicle, hour."""
    for lock in locks:
        half = demand.half_of.get(lock.half)
        if lock.kind is LockKind.PUPIL_STOP:
            continue
        if half is None:
            return Decision("scolaire.lock_half", half=lock.half)
        if lock.kind is LockKind.BELL:
            school = demand.school_of.get(lock.subject)
            if school is None or half.id not in school.windows:
                return Decision("scolaire.lock_school_unknown", school=lock.subject)
        else:
            service = lock.value if lock.kind is LockKind.STOP_SERVICE else lock.subject
            if base is None or _circuit(base, half, service) is None:
                return Decision("scolaire.lock_service_unknown", service=service)
        if lock.kind in (LockKind.BELL, LockKind.TIMES) and clock_ms(lock.value) is None:
            return Decision("scolaire.lock_hour", value=lock.value)
        if lock.kind is LockKind.VEHICLE and lock.value not in {each.id for each in demand.vehicle_types}:
            return Decision("scolaire.lock_vehicle_unknown", vehicle=lock.value)
    return None


def _circuit(base: DayPlan, half: Half, service: str) -> Circuit | None:
    plan = base.halves.get(half.id)
    return None if plan is None else next((each for each in plan.circuits if each.id == service), None)


def _twice(_demand: Demand, _base: DayPlan | None, locks: Sequence[Lock]) -> Decision | None:
    """One thing fixed to two values."""
    seen: dict[tuple[str, str, str, str], str] = {}
    for lock in locks:
        key = (lock.kind, lock.half, lock.subject, lock.school)
        if seen.setdefault(key, lock.value) != lock.value:
            return Decision("scolaire.lock_twice", subject=lock.subject, one=seen[key], two=lock.value)
    return None


def _held(demand: Demand, base: DayPlan | None, locks: Sequence[Lock]) -> Held:
    narrowed = _with_bells(demand, locks)
    fixed = {lock.subject: lock.value for lock in locks if lock.kind is LockKind.PUPIL_STOP}
    frozen: dict[str, dict[str, Run]] = {}
    vehicles: dict[str, dict[str, str]] = {}
    seats: dict[str, Seat] = {}
    if base is not None:
        for half in demand.halves:
            own = [lock for lock in locks if lock.kind in OF_SERVICE and lock.half == half.id]
            if own and half.id in base.halves:
                frozen[half.id] = _frozen(narrowed, base, half, own)
                vehicles[half.id] = {lock.subject: lock.value for lock in own if lock.kind is LockKind.VEHICLE}
                seats |= _riders(narrowed, base, half, frozen[half.id])
    runs = {half: tuple(each[name] for name in sorted(each)) for half, each in frozen.items()}
    return Held(narrowed, runs, seats, fixed, vehicles)


def _with_bells(demand: Demand, locks: Sequence[Lock]) -> Demand:
    bells = {(lock.subject, lock.half): clock_ms(lock.value) for lock in locks if lock.kind is LockKind.BELL}
    if not bells:
        return demand
    schools = []
    for school in demand.schools:
        windows = dict(school.windows)
        for half in windows:
            at = bells.get((school.id, half))
            if at is not None:
                windows[half] = (at, at)
        schools.append(replace(school, windows=windows))
    return replace(demand, schools=tuple(schools))


def _frozen(demand: Demand, base: DayPlan, half: Half, locks: Sequence[Lock]) -> dict[str, Run]:
    """The services that locks name, as they must stand."""
    problem = problem_of(demand, base.seats, half)
    book = Book.of(problem, base.halves[half.id])
    found: dict[str, Run] = {}
    for lock in locks:
        name = lock.value if lock.kind is LockKind.STOP_SERVICE else lock.subject
        run = found.get(name) or book.runs.get(name)
        if run is None:
            continue
        if lock.kind is LockKind.STOP_SERVICE:
            run = _with_stop(book, run, lock)
        elif lock.kind is LockKind.TIMES:
            run = _at(problem, book, run, half, clock_ms(lock.value) or 0)
        found[name] = run
    return found


def _with_stop(book: Book, run: Run, lock: Lock) -> Run:
    """The service with all who wait at the stop for its school, where the way there is shortest."""
    needs = [
        need.id for need in book.problem.needs
        if need.stop == lock.subject and need.school == (lock.school or run.school) and need.id not in run.needs
    ]  # fmt: skip
    for name in needs:
        ways = [[*run.needs[:place], name, *run.needs[place:]] for place in range(len(run.needs) + 1)]
        run = replace(run, needs=min(ways, key=lambda way: (book.lead_ms(run.school, way), way)))
    return run


def _at(problem: Problem, book: Book, run: Run, half: Half, asked_ms: int) -> Run:
    """The service moved, no further than needed, so that it begins within the minute asked for."""
    minute_ms = asked_ms // MINUTE_MS * MINUTE_MS
    if half.direction is Direction.FROM:
        return replace(run, at_ms=DAY_MS - min(max(DAY_MS - run.at_ms, minute_ms), minute_ms + MINUTE_MS - 1))
    now_ms = first_ms(book.circuit(run), problem)
    return replace(run, at_ms=run.at_ms + min(max(now_ms, minute_ms), minute_ms + MINUTE_MS - 1) - now_ms)


def _riders(demand: Demand, base: DayPlan, half: Half, frozen: Mapping[str, Run]) -> dict[str, Seat]:
    """Who rides on frozen services now, and where they wait."""
    needs = {need for run in frozen.values() for need in run.needs}
    return {
        pupil.id: base.seats[pupil.id]
        for pupil in demand.pupils
        if pupil.id in base.seats
        and half.id in pupil.halves
        and base.seats[pupil.id].stop in {stop for stop, _ in pupil.reach}
        and need_id(base.seats[pupil.id], pupil.school) in needs
    }
