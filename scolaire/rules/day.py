"""Is this plan of a sector what it claims? The day as a whole, each half-day by the checker, and every lock.

Nothing of a solver is imported.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from mobigo.base.decisions import Decision
from scolaire.model.day import DayFault, DayPlan, Lock
from scolaire.model.demand import Demand
from scolaire.model.plan import Board, Fault, Rule
from scolaire.rules import checker
from scolaire.rules.crews import crew_faults
from scolaire.rules.halves import problems_of
from scolaire.rules.locks import lock_faults
from scolaire.rules.stop_rules import stop_rule_faults


def day_faults(plan: DayPlan, demand: Demand, locks: Sequence[Lock] = ()) -> list[DayFault]:
    """Every broken rule, in the order: pupils, stops, half-days, coaches and drivers, locks."""
    strange = [*_half_days(plan, demand), *_pupils(plan, demand)]
    if strange:  # a problem cannot be made of stops or half-days that do not exist
        return [DayFault("", fault) for fault in strange]
    problems = problems_of(demand, plan)
    stops = [DayFault("", fault) for fault in stop_rule_faults(plan, demand)]
    found = stops + [DayFault("", fault) for fault in (*_fleet(plan), *_same_bus_once(plan))]
    for name, problem in problems.items():
        found += [DayFault(name, fault) for fault in checker.faults(plan.halves[name], problem)]
        found += [DayFault(name, fault) for fault in _nobody_dropped(plan, name)]
    if all(each.fault.rule is not Rule.KNOWN for each in found):
        found += [DayFault("", fault) for fault in crew_faults(plan, demand, problems)]
    if not found:
        found += lock_faults(plan, problems, locks)
    return found


def _half_days(plan: DayPlan, demand: Demand) -> Iterator[Fault]:
    asked = {half for pupil in demand.pupils if pupil.id in plan.seats for half in pupil.halves}
    for half in sorted(asked - set(plan.halves)):
        yield Fault(Rule.CALENDAR, half, Decision("scolaire.day_half_missing", half=half))
    for half in sorted(set(plan.halves) - set(demand.half_of)):
        yield Fault(Rule.CALENDAR, half, Decision("scolaire.day_half_unknown", half=half))


def _pupils(plan: DayPlan, demand: Demand) -> Iterator[Fault]:
    left = Counter(each.pupil for each in plan.left)
    for pupil in demand.pupils:
        seat = plan.seats.get(pupil.id)
        if (seat is not None) + left[pupil.id] != 1:
            yield Fault(Rule.SERVED, pupil.id, Decision("scolaire.day_pupil_once", pupil=pupil.id))
        elif seat is not None and seat.stop not in {stop for stop, _ in pupil.reach}:
            yield Fault(Rule.REACH, pupil.id, Decision("scolaire.day_pupil_reach", pupil=pupil.id, stop=seat.stop))
        elif seat is not None and seat.part < 0:
            yield Fault(Rule.KNOWN, pupil.id, Decision("scolaire.day_pupil_once", pupil=pupil.id))
    for name in sorted((set(plan.seats) | set(left)) - set(demand.pupil_of)):
        yield Fault(Rule.KNOWN, name, Decision("scolaire.day_pupil_unknown", pupil=name))


def _nobody_dropped(plan: DayPlan, half: str) -> Iterator[Fault]:
    """Who has a stop has a bus: pupils are left by name, never by number in one half-day."""
    for left in plan.halves[half].unserved:
        yield Fault(Rule.SERVED, left.need, Decision("scolaire.day_need_left", need=left.need, pupils=left.pupils))


def _fleet(plan: DayPlan) -> Iterator[Fault]:
    """A vehicle type may be used at one depot only as often as it stands there: each half-day is judged by itself."""
    for half, each in plan.halves.items():
        names = Counter(block.id for block in each.blocks)
        for name, times in names.items():
            if times > 1:
                yield Fault(Rule.KNOWN, name, Decision("scolaire.broken_known", where=half, name=name))


def _same_bus_once(plan: DayPlan) -> Iterator[Fault]:
    """A service has a name of its own on the whole day: people and papers call it by it."""
    names: Counter[str] = Counter()
    for each in plan.halves.values():
        names.update(circuit.id for circuit in each.circuits)
    for name, times in names.items():
        if times > 1:
            yield Fault(Rule.KNOWN, name, Decision("scolaire.day_service_twice", service=name))


def carried(plan: DayPlan, half: str) -> dict[str, str]:
    """By need the service that takes it in a half-day (the first one, where a plan is broken)."""
    found: dict[str, str] = {}
    for circuit in plan.halves[half].circuits:
        for visit in circuit.visits:
            if isinstance(visit, Board):
                found.setdefault(visit.need, circuit.id)
    return found


def said(faults: Iterable[DayFault]) -> list[Decision]:
    """The sentences of faults."""
    return [each.fault.said for each in faults]
