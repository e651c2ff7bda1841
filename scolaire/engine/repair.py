"""The plan of today carried over to the demand of tomorrow, changing as little as can be.

Pupils who are gone leave their seat; new ones, and those whose stop they can no longer reach, are put one after the
other where the buses go already, else where the detour is shortest, else on a bus more. Services that nobody needs end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mobigo.base.errors import Refused
from scolaire.engine.book import Book, Bus, Run, fresh_name
from scolaire.engine.exchange import Placed, exchange
from scolaire.engine.seats import ROLLING, open_stops, rolling_vehicle, widest
from scolaire.engine.vehicles import blocks_of, fitting, typed
from scolaire.model.day import DayPlan, Seat
from scolaire.model.demand import Demand, Pupil
from scolaire.model.plan import Block, Board, Circuit, Plan
from scolaire.model.problem import Need, Travel
from scolaire.rules.checker import faults
from scolaire.rules.halves import need_id, problem_of

NEW_BUS_MS = 10_000_000  # a bus more is worth so much driving
NEW_STOP_MS = 120_000


@dataclass
class Repair:
    """The books of all half-days, and who sits where."""

    demand: Demand
    travel: Travel
    base: DayPlan
    fixed: Mapping[str, str]
    frozen: Mapping[str, tuple[Run, ...]]
    vehicles: Mapping[str, Mapping[str, str]]
    seats: dict[str, Seat]
    books: dict[str, Book]


def repair(
    demand: Demand, travel: Travel, base: DayPlan, pupils: Mapping[str, Pupil], fixed: Mapping[str, str],
    frozen: Mapping[str, tuple[Run, ...]], vehicles: Mapping[str, Mapping[str, str]],
) -> DayPlan | None:  # fmt: skip
    """The plan for `pupils` (those who can be carried), without `left`; None when a half-day could not be mended.

    `fixed`: pupil → stop. `frozen`: by half-day, services as they must stand: they take no stop more. `vehicles`: by
    half-day, service → type."""
    seats = {}
    for pupil in pupils.values():
        seat = base.seats.get(pupil.id)
        rolling = seat is not None and seat.part >= ROLLING
        if seat is not None and rolling == pupil.wheelchair and seat.stop in open_stops(demand, travel, pupil, fixed):
            seats[pupil.id] = seat
    work = Repair(demand, travel, base, fixed, frozen, vehicles, seats, {})
    for half in demand.halves:
        problem = problem_of(demand, seats, half, travel)
        if half.id in base.halves or problem.needs:
            work.books[half.id] = Book.of(problem, base.halves.get(half.id, Plan((), ())))
            work.books[half.id].roomy = True
            _retime(work.books[half.id])
            for run in frozen.get(half.id, ()):
                _hold(work.books[half.id], run)
            _served(work, half.id)
    for school in demand.schools:
        _newcomers(work, school.id, [each for each in demand.pupils if each.school == school.id and each.id in pupils])
    for pupil in demand.pupils:
        if pupil.id in pupils and pupil.id not in seats:
            _put(work, pupil)
    return _finished(work)


def _newcomers(work: Repair, school: str, pupils: Sequence[Pupil]) -> None:
    """Seats for those of a school who have none, by the model that changes few services; who gets none is put later."""
    walking = [each for each in pupils if not each.wheelchair]
    if all(each.id in work.seats for each in walking):
        return
    able = {each.id: open_stops(work.demand, work.travel, each, work.fixed) for each in walking}
    held = {half: frozenset(each.name for each in runs) for half, runs in work.frozen.items()}
    nodes = {each.id: work.demand.node_of[f"stop:{each.id}"] for each in work.demand.stops}
    placed = exchange(school, work.books, work.seats, walking, able, held, widest(work.demand).seats, nodes)
    before = dict(work.seats), {half: book.problem for half, book in work.books.items()}
    _take(work, school, placed)
    if not all(_served_well(work, half, school) for half in work.books):
        for (half, run), more in placed.more.items():
            for _, seat in more:
                work.books[half].runs[run].needs.remove(need_id(seat, school))
        work.seats.clear()
        work.seats.update(before[0])
        for half, book in work.books.items():
            book.problem = before[1][half]


def _take(work: Repair, school: str, placed: Placed) -> None:
    work.seats.update(placed.seats)
    for half, book in work.books.items():
        book.problem = problem_of(work.demand, work.seats, work.demand.half_of[half], work.travel)
    for (half, run), more in placed.more.items():
        for place, seat in more:
            work.books[half].runs[run].needs.insert(place, need_id(seat, school))


def _served_well(work: Repair, half: str, school: str) -> bool:
    book = work.books[half]
    runs = [run for run in book.runs.values() if run.school == school]
    there = all(name in book.problem.need_of for run in runs for name in run.needs)
    return there and all(book.good(run.name) for run in runs)


def _retime(book: Book) -> None:
    """A school whose bell moved is reached at the nearest instant of its new window."""
    for run in book.runs.values():
        school = book.problem.school_of[run.school]
        run.at_ms = min(max(run.at_ms, school.first_ms), school.last_ms)


def _hold(book: Book, run: Run) -> None:
    """A frozen service as it must stand; what it takes leaves the services that took it."""
    needs = [each for each in run.needs if each in book.problem.need_of]
    for name in needs:
        other = book.run_of(name)
        if other is not None and other.name != run.name:
            other.needs.remove(name)
            if not other.needs:
                book.remove(other.name)
    if needs:
        book.runs[run.name] = replace(run, needs=needs)


def _served(work: Repair, half: str) -> None:
    """Needs that have no service in this half-day (new to it, or of a service that is gone)."""
    book = work.books[half]
    whole = {v.need for each in book.whole.values() for v in each.visits if isinstance(v, Board)}
    for need in book.problem.needs:
        if book.run_of(need.id) is None and need.id not in whole:
            _insert(work, half, need)


def _put(work: Repair, pupil: Pupil) -> None:
    """A seat for one pupil more: the candidate that costs the least driving over all half-days."""
    metres = dict(pupil.reach)
    tries = []
    for stop in open_stops(work.demand, work.travel, pupil, work.fixed):
        part = _part(work, pupil, stop)
        cost = sum(_cost(work, half, pupil, Seat(stop, part)) for half in pupil.halves)
        tries.append((cost, metres[stop], stop, part))
    _, _, stop, part = min(tries)
    seat = Seat(stop, part)
    work.seats[pupil.id] = seat
    for half in pupil.halves:
        if half not in work.books:
            empty = problem_of(work.demand, {}, work.demand.half_of[half], work.travel)
            work.books[half] = Book(empty, roomy=True)
        _add(work, half, pupil, seat)


def _part(work: Repair, pupil: Pupil, stop: str) -> int:
    """The first group at the stop that takes one pupil more in every half-day."""
    first = ROLLING if pupil.wheelchair else 0
    most = rolling_vehicle(work.demand).wheelchairs if pupil.wheelchair else widest(work.demand).seats
    part = first
    while True:
        name = need_id(Seat(stop, part), pupil.school)
        counts = [
            work.books[half].problem.need_of[name].pupils
            for half in pupil.halves
            if half in work.books and name in work.books[half].problem.need_of
        ]
        if not counts:
            return part
        if max(counts) < most and all(_room(work, half, name) for half in pupil.halves):
            return part
        part += 1


def _room(work: Repair, half: str, name: str) -> bool:
    """Whether the service that takes this need has a seat more in its vehicle."""
    book = work.books.get(half)
    run = None if book is None else book.run_of(name)
    if book is None or run is None:
        return True
    return _holds(book, run, extra=1, rolling=book.need(name).wheelchairs > 0)


def _holds(book: Book, run: Run, *, extra: int, rolling: bool) -> bool:
    vehicle = book.seats_for(run)
    needs = [book.need(each) for each in run.needs]
    wheels = sum(each.wheelchairs for each in needs)
    seated = sum(each.pupils for each in needs) - wheels
    return (wheels + extra <= vehicle.wheelchairs) if rolling else (seated + extra <= vehicle.seats)


def _need(work: Repair, half: str, pupil: Pupil, seat: Seat) -> Need:
    """The need as it is with this pupil."""
    name = need_id(seat, pupil.school)
    book = work.books.get(half)
    known = None if book is None else book.problem.need_of.get(name)
    if known is None:
        node = work.demand.node_of[f"stop:{seat.stop}"]
        return Need(name, seat.stop, node, pupil.school, 1, pupil.ride_max_ms, int(pupil.wheelchair))
    return replace(
        known, pupils=known.pupils + 1, wheelchairs=known.wheelchairs + pupil.wheelchair,
        ride_max_ms=min(known.ride_max_ms, pupil.ride_max_ms),
    )  # fmt: skip


def _cost(work: Repair, half: str, pupil: Pupil, seat: Seat) -> int:
    """Driving time more, when this pupil is put there."""
    book = work.books.get(half)
    if book is None:
        return NEW_BUS_MS
    need = _need(work, half, pupil, seat)
    before = book.problem
    run = book.run_of(need.id)
    try:
        book.put(need)
        if run is not None:
            return 0 if book.good(run.name) else NEW_BUS_MS
        found = _cheapest(work, half, need)
        return NEW_BUS_MS if found is None else NEW_STOP_MS + found[0]
    finally:
        book.problem = before


def _add(work: Repair, half: str, pupil: Pupil, seat: Seat) -> None:
    book = work.books[half]
    need = _need(work, half, pupil, seat)
    book.put(need)
    run = book.run_of(need.id)
    if run is None:
        _insert(work, half, need)
    elif not book.good(run.name):
        run.needs.remove(need.id)
        if not run.needs:
            book.remove(run.name)
        _insert(work, half, need)


def _insert(work: Repair, half: str, need: Need) -> None:
    """The need goes where the detour is shortest, else on a service and a bus of its own."""
    book = work.books[half]
    found = _cheapest(work, half, need)
    if found is not None:
        _, name, place = found
        book.runs[name].needs.insert(place, need.id)
        return
    taken = {*book.runs, *book.whole, *(each.id for each in work.base.halves.get(half, Plan((), ())).circuits)}
    name = fresh_name(taken, f"{half}-{need.school}")
    book.runs[name] = Run(name, need.school, [need.id], book.problem.school_of[need.school].first_ms)


def _cheapest(work: Repair, half: str, need: Need) -> tuple[int, str, int] | None:
    """The service of the same school, and the place in it, where the need costs least and nothing breaks."""
    book = work.books[half]
    tries = []
    for run in book.runs.values():
        rolling = any(book.need(each).wheelchairs for each in run.needs)
        if run.school != need.school or rolling != (need.wheelchairs > 0):
            continue
        if any(run.name == each.name for each in work.frozen.get(half, ())):
            continue
        before = book.lead_ms(run.school, run.needs)
        for place in range(len(run.needs) + 1):
            with_it = [*run.needs[:place], need.id, *run.needs[place:]]
            tries.append((book.lead_ms(run.school, with_it) - before, run.name, place))
    for more_ms, name, place in sorted(tries):
        run = book.runs[name]
        run.needs.insert(place, need.id)
        good = more_ms < NEW_BUS_MS and book.good(name)
        run.needs.pop(place)
        if good:
            return more_ms, name, place
    return None


def _finished(work: Repair) -> DayPlan | None:
    """Buses as they were where they still are in time; otherwise all of the half-day's given anew."""
    halves = {}
    for half, book in work.books.items():
        halves[half] = _half(work, half, book)
        if halves[half] is None:
            return None
    return DayPlan(work.seats, {name: plan for name, plan in halves.items() if plan is not None})


def _half(work: Repair, half: str, book: Book) -> Plan | None:
    """The chains as they are, where every service has one and they are in time; each with the smallest bus that holds
    it now."""
    locked = work.vehicles.get(half, {})
    circuits = book.circuits()
    able = {each.id: fitting(each, book.problem, locked) for each in circuits}
    by_id = {each.id: each for each in circuits}
    try:
        blocks = _as_chained(book, by_id, able)
        plan = Plan(circuits, blocks or blocks_of(circuits, book.problem, locked))
    except Refused:
        return None
    return None if faults(plan, book.problem) else plan


def _as_chained(book: Book, by_id: Mapping[str, Circuit], able: Mapping[str, frozenset[str]]) -> tuple[Block, ...]:
    """The buses of today, those services that have none on one each; nothing where a chain cannot be kept."""
    for name in by_id:
        if book.bus_of(name) is None:
            own = fresh_name(book.buses, "car")
            book.buses[own] = Bus(own, "", "", [name])
    names, parts, kept = list[tuple[str, str]](), list[list[Circuit]](), dict[int, tuple[str, str]]()
    for bus in book.buses.values():
        part = sorted((by_id[name] for name in bus.runs), key=lambda each: (each.visits[0].at_ms, each.id))
        if not book.in_time(bus) or not frozenset.intersection(*(able[each.id] for each in part)):
            return ()
        if bus.driver and all(bus.vehicle_type in able[each.id] for each in part):
            kept[len(parts)] = bus.vehicle_type, bus.depot  # it has a day beside this half of it
        names.append((bus.name, bus.driver))
        parts.append(part)
    try:
        blocks = typed(parts, book.problem, able, kept)
    except Refused:  # a depot is gone, or has fewer of them
        blocks = typed(parts, book.problem, able)
    return tuple(replace(block, id=name, driver=who) for (name, who), block in zip(names, blocks, strict=True))
