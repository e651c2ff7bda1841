"""Changes by hand, one at a time: the plan after the change, good or not. Its checker says what is wrong with it; a
planner may go on from a faulty plan, and nobody can approve one."""

from dataclasses import replace

from mobigo.base.errors import NotFound, Refused
from scolaire.engine.book import Book, Bus, Run, fresh_name
from scolaire.engine.crews import crewed
from scolaire.engine.repair import repair
from scolaire.engine.vehicles import blocks_of
from scolaire.model.day import DayPlan
from scolaire.model.demand import DAY_MS, Demand
from scolaire.model.plan import Plan
from scolaire.rules.halves import problem_of, problems_of, travel_of


def move_stop(demand: Demand, plan: DayPlan, half: str, need: str, service: str) -> DayPlan:
    """Those who wait together ride on another service, which goes by their stop where that is shortest."""
    book = _book(demand, plan, half)
    before, after = book.run_of(need), _run(book, service)
    if before is None or before.school != after.school:
        raise Refused("scolaire.edit_other_school")
    if before.name == after.name:
        return plan
    before.needs.remove(need)
    after.needs = _shortest(book, after, need)
    if not before.needs:
        book.remove(before.name)
    return _with(plan, half, book)


def reorder(demand: Demand, plan: DayPlan, half: str, service: str, need: str, place: int) -> DayPlan:
    """A stop of a service is served in another place of its order (from 1)."""
    book = _book(demand, plan, half)
    run = _run(book, service)
    if need not in run.needs:
        raise NotFound("scolaire.edit_unknown", name=need)
    run.needs.remove(need)
    run.needs.insert(min(max(place - 1, 0), len(run.needs)), need)
    return _with(plan, half, book)


def split(demand: Demand, plan: DayPlan, half: str, service: str, after: int) -> DayPlan:
    """A service becomes two: its first `after` stops, and the others on a bus of their own."""
    book = _book(demand, plan, half)
    run = _run(book, service)
    if not 1 <= after < len(run.needs):
        raise Refused("scolaire.edit_split", stops=len(run.needs))
    taken = {each.id for some in plan.halves.values() for each in some.circuits}
    name = fresh_name(taken, f"{half}-{run.school}")
    book.runs[name] = Run(name, run.school, run.needs[after:], run.at_ms)
    run.needs = run.needs[:after]
    return _with(plan, half, book)


def merge(demand: Demand, plan: DayPlan, half: str, service: str, into: str) -> DayPlan:
    """All stops of a service go to another one of the same school."""
    book = _book(demand, plan, half)
    run, other = _run(book, service), _run(book, into)
    if run.school != other.school or run.name == other.name:
        raise Refused("scolaire.edit_other_school")
    for need in [*run.needs]:
        other.needs = _shortest(book, other, need)
    book.remove(run.name)
    return _with(plan, half, book)


def retime(demand: Demand, plan: DayPlan, half: str, service: str, school_ms: int) -> DayPlan:
    """A service reaches its school (or leaves it, going home) at another instant of the day."""
    book = _book(demand, plan, half)
    _run(book, service).at_ms = DAY_MS - school_ms if book.problem.mirrored else school_ms
    return _with(plan, half, book)


def move_pupil(demand: Demand, plan: DayPlan, pupil: str, stop: str) -> DayPlan:
    """A pupil waits at another stop within reach: where a bus passes already if it has a seat, else by a detour.
    Raises Refused("scolaire.edit_out_of_reach" | "scolaire.edit_impossible")."""
    who = demand.pupil_of.get(pupil)
    if who is None:
        raise NotFound("scolaire.edit_unknown", name=pupil)
    if stop not in {each for each, _ in who.reach}:
        raise Refused("scolaire.edit_out_of_reach")
    seated = {each.id: each for each in demand.pupils if each.id in plan.seats or each.id == pupil}
    base = replace(plan, seats={each: seat for each, seat in plan.seats.items() if each != pupil})
    made = repair(demand, travel_of(demand), base, seated, {pupil: stop}, {}, {})
    if made is None:
        raise Refused("scolaire.edit_impossible")
    return replace(made, left=tuple(each for each in plan.left if each.pupil != pupil))


def buses_anew(demand: Demand, plan: DayPlan, half: str) -> DayPlan:
    """The buses of a half-day given again, as few as can be; its coaches and drivers are those of the day, which may
    change names in other half-days. Raises Refused("scolaire.no_vehicle" | "scolaire.fleet_short" |
    "scolaire.driver_day")."""
    book = _book(demand, plan, half)
    circuits = book.circuits()
    made = replace(plan, halves={**plan.halves, half: Plan(circuits, blocks_of(circuits, book.problem, {}))})
    return crewed(made, demand, travel_of(demand), problems_of(demand, made), {})


def _book(demand: Demand, plan: DayPlan, half: str) -> Book:
    if half not in plan.halves or half not in demand.half_of:
        raise NotFound("scolaire.edit_unknown", name=half)
    return Book.of(problem_of(demand, plan.seats, demand.half_of[half]), plan.halves[half])


def _run(book: Book, service: str) -> Run:
    run = book.runs.get(service)
    if run is None:
        raise NotFound("scolaire.edit_unknown", name=service)
    return run


def _shortest(book: Book, run: Run, need: str) -> list[str]:
    ways = [[*run.needs[:place], need, *run.needs[place:]] for place in range(len(run.needs) + 1)]
    return min(ways, key=lambda way: (book.lead_ms(run.school, way), way))


def _with(plan: DayPlan, half: str, book: Book) -> DayPlan:
    """A service without a bus gets one of its own; nothing else changes hands."""
    for name in book.runs:
        if book.bus_of(name) is None:
            taken = {block.id for each in plan.halves.values() for block in each.blocks}  # a name holds all day
            bus = fresh_name(taken | {*book.buses}, "car")
            vehicle = book.seats_for(book.runs[name]).id
            book.buses[bus] = Bus(bus, vehicle, book.problem.depots[0].id, [name])
    return replace(plan, halves={**plan.halves, half: book.plan()})
