"""Coaches and drivers over the half-days of a week: what one name means on every paper of a day.

Where a demand says what a driver's day may be, a bus that bears the same name in several half-days is one coach: one
vehicle, one depot, never in two places. A driver's day goes from leaving the depot to being back (its amplitude: code
des transports, article R3312-2), and the rest lies between two days. Nothing of a solver is imported.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from mobigo.base.decisions import Decision
from scolaire.model.day import DayPlan
from scolaire.model.demand import DAY_MS, Demand, DriverDay
from scolaire.model.plan import Block, Fault, Plan, Rule
from scolaire.model.problem import Problem
from scolaire.rules.checker import free_at_ms, node_of

WEEK = 7


class Duty(NamedTuple):
    """A bus in one half-day, by the clock: when its first doors open and its last ones are closed, and where; when it
    leaves its depot and is back."""

    half: str
    block: Block
    first_node: int
    begins_ms: int
    last_node: int
    ends_ms: int
    out_ms: int
    back_ms: int


def duties(half: str, plan: Plan, problem: Problem) -> list[Duty]:
    """The buses of a half-day that drive something, in the order of the plan."""
    circuits = {each.id: each for each in plan.circuits}
    depots = {each.id: each.node for each in problem.depots}
    found = []
    for block in plan.blocks:
        runs = [circuits[name] for name in block.circuits if circuits[name].visits]
        if not runs:
            continue
        first, last = node_of(runs[0].visits[0], problem), node_of(runs[-1].visits[-1], problem)
        begins_ms, ends_ms = runs[0].visits[0].at_ms, free_at_ms(runs[-1], problem)
        there = problem.travel.ms
        out_ms = begins_ms - int(there[depots[block.depot], first])
        back_ms = ends_ms + int(there[last, depots[block.depot]])
        if problem.mirrored:  # the same backwards
            first, last = last, first
            begins_ms, ends_ms, out_ms, back_ms = (DAY_MS - each for each in (ends_ms, begins_ms, back_ms, out_ms))
        found.append(Duty(half, block, first, begins_ms, last, ends_ms, out_ms, back_ms))
    return found


def all_duties(plan: DayPlan, problems: Mapping[str, Problem]) -> list[Duty]:
    """The buses of every half-day."""
    return [each for half, problem in problems.items() for each in duties(half, plan.halves[half], problem)]


def crew_faults(plan: DayPlan, demand: Demand, problems: Mapping[str, Problem]) -> Iterator[Fault]:
    """What is wrong with coaches and drivers; nothing is asked of a demand that does not say what a day may be."""
    if demand.driver_day is None or not problems:
        return
    found = all_duties(plan, problems)
    travel_ms = next(problem.travel.ms.T if problem.mirrored else problem.travel.ms for problem in problems.values())
    days = {half: demand.half_of[half].weekdays for half in problems}
    for coach, own in _by(found, lambda duty: duty.block.id).items():
        yield from _one_vehicle(coach, own)
        for some in _weekdays(own, days):
            for before, after in pairwise(some):
                soonest_ms = before.ends_ms + int(travel_ms[before.last_node, after.first_node])
                if after.begins_ms < soonest_ms:
                    yield _twice(Rule.CHAIN, "scolaire.broken_coach_time", coach, before, after, soonest_ms)
    for driver, own in _by((each for each in found if each.block.driver), lambda duty: duty.block.driver).items():
        yield from _driver(driver, own, days, demand.driver_day)
    yield from _depots(found, demand, days)


def _by(found: Iterable[Duty], key: object) -> dict[str, list[Duty]]:
    told: dict[str, list[Duty]] = {}
    for each in found:
        told.setdefault(key(each), []).append(each)  # type: ignore[operator]  # a function of a duty
    return told


def _weekdays(own: Sequence[Duty], days: Mapping[str, tuple[int, ...]]) -> list[list[Duty]]:
    """The duties of each weekday in the order of the clock; two weekdays that are alike are told once."""
    found: list[list[Duty]] = []
    for weekday in range(WEEK):
        some = sorted((each for each in own if weekday in days[each.half]), key=lambda each: each.begins_ms)
        if some and some not in found:
            found.append(some)
    return found


def _one_vehicle(coach: str, own: Sequence[Duty]) -> Iterator[Fault]:
    first = own[0].block
    for each in own[1:]:
        if (each.block.vehicle_type, each.block.depot) != (first.vehicle_type, first.depot):
            said = Decision(
                "scolaire.broken_coach", where=coach, half=own[0].half, one=first.vehicle_type, depot=first.depot,
                other_half=each.half, two=each.block.vehicle_type, other_depot=each.block.depot,
            )  # fmt: skip
            yield Fault(Rule.COACH, coach, said)


def _twice(rule: Rule, code: str, who: str, before: Duty, after: Duty, soonest_ms: int) -> Fault:
    return Fault(
        rule, who,
        Decision(code, where=who, half=after.half, before=before.half, at=clock(after.begins_ms),
                 soonest=clock(soonest_ms)),
    )  # fmt: skip


def _driver(driver: str, own: Sequence[Duty], days: Mapping[str, tuple[int, ...]], rule: DriverDay) -> Iterator[Fault]:
    """In one place at a time, no day longer than permitted, rest enough between two days."""
    for some in _weekdays(own, days):
        for before, after in pairwise(some):
            if before.block.id != after.block.id and after.out_ms < before.back_ms:  # from coach to coach at the depot
                yield _twice(Rule.CHAIN, "scolaire.broken_driver_time", driver, before, after, before.back_ms)
        out_ms, back_ms = ends_of(some)
        if back_ms - out_ms > rule.amplitude_max_ms:
            said = Decision(
                "scolaire.broken_driver_day", where=driver, out=clock(out_ms), back=clock(back_ms),
                span=clock(back_ms - out_ms), span_max=clock(rule.amplitude_max_ms),
            )  # fmt: skip
            yield Fault(Rule.AMPLITUDE, driver, said)
    rests = {rest_ms for weekday in range(WEEK) if (rest_ms := rest_of(own, days, weekday)) is not None}
    for rest_ms in sorted(each for each in rests if each < rule.rest_min_ms):
        said = Decision(
            "scolaire.broken_rest", where=driver, rest=clock(max(0, rest_ms)), rest_min=clock(rule.rest_min_ms)
        )
        yield Fault(Rule.REST, driver, said)


def ends_of(some: Sequence[Duty]) -> tuple[int, int]:
    """When a day begins and ends at the depot."""
    return min(each.out_ms for each in some), max(each.back_ms for each in some)


def rest_of(own: Sequence[Duty], days: Mapping[str, tuple[int, ...]], weekday: int) -> int | None:
    """Rest from a weekday's end to the beginning of the next; None where there is no work on one of them."""
    today = [each.back_ms for each in own if weekday in days[each.half]]
    tomorrow = [each.out_ms for each in own if (weekday + 1) % WEEK in days[each.half]]
    return DAY_MS + min(tomorrow) - max(today) if today and tomorrow else None


def _depots(found: Sequence[Duty], demand: Demand, days: Mapping[str, tuple[int, ...]]) -> Iterator[Fault]:
    """A coach stands at one depot: no more of a type drive on one day than there are."""
    for depot in demand.depots:
        for vehicle_type, there in sorted((depot.vehicles or {}).items()):
            buses = max(
                len({each.block.id for each in found
                     if weekday in days[each.half] and (each.block.depot, each.block.vehicle_type) ==
                     (depot.id, vehicle_type)})
                for weekday in range(WEEK)
            )  # fmt: skip
            if buses > there:
                said = Decision(
                    "scolaire.broken_depot", where=depot.id, vehicle_type=vehicle_type, buses=buses, there=there
                )
                yield Fault(Rule.DEPOT, depot.id, said)


def drivers_of(plan: DayPlan, demand: Demand) -> int | None:
    """How many drivers a week takes: a bus that names none has one of its own. None where nothing says what a day may
    be."""
    if demand.driver_day is None:
        return None
    blocks = [block for each in plan.halves.values() for block in each.blocks]
    return len({each.driver for each in blocks if each.driver}) + sum(not each.driver for each in blocks)


def relayed(plan: DayPlan) -> dict[str, list[str]]:
    """Coaches that more than one driver drives, and who: a single day would be too long, or the rest too short."""
    found: dict[str, set[str]] = {}
    for each in plan.halves.values():
        for block in each.blocks:
            if block.driver:
                found.setdefault(block.id, set()).add(block.driver)
    return {coach: sorted(drivers) for coach, drivers in sorted(found.items()) if len(drivers) > 1}


def clock(ms: int) -> str:
    """Hours and minutes, whole ones downwards; before midnight of the day with a minus sign."""
    minutes = abs(ms) // 60_000
    return f"{'-' if ms < 0 else ''}{minutes // 60:02}:{minutes % 60:02}"
