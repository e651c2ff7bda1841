"""Seats for pupils who come in the year, so that as few services as can be change: one small exact model a school.

A newcomer sits where a bus passes already and has a seat. Where it has none, somebody who sits there may walk to a stop
of another service of the school; where that does not help either, one service goes by one stop more. Services that go
elsewhere weigh first, then pupils who get another stop or hour, then metres on foot. Seats, ride caps and the time
between two services of a bus are rows of the model; whoever calls judges what was made all the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from ortools.sat.python import cp_model

from scolaire.engine.book import Book, Run
from scolaire.engine.seats import ROLLING
from scolaire.model.day import Seat
from scolaire.model.demand import Pupil
from scolaire.rules.checker import free_at_ms, node_of
from scolaire.rules.halves import need_id

Sum = Any  # a sum of the model's variables, or a number
MINUTE_MS = 60_000
# What a change weighs: a newcomer not placed here, a service that goes elsewhere, a pupil with another stop or hour.
NOT_PLACED, SERVICE, MOVED = 60_000, 10_000, 100
METRES = 50  # on foot, that weigh one
WORK = 4.0  # deterministic seconds of one model


class Group(NamedTuple):
    """Pupils who are the same to the model: where they sit (None: nowhere yet), where they may, when, how long."""

    seat: Seat | None
    able: tuple[Seat, ...]
    halves: tuple[str, ...]
    ride_max_ms: int


class Extra(NamedTuple):
    """A service that goes by one seat's stop more: where in its order, how much sooner it begins, the ride from there,
    how many pupils have another hour, whether it goes elsewhere than today."""

    half: str
    run: str
    place: int
    sooner_ms: int
    ride_ms: int
    pupils: int
    elsewhere: bool


@dataclass
class Exchange:
    """The services of one school that may take pupils, by half-day, and who may sit where. `nodes`: of stops."""

    school: str
    books: Mapping[str, Book]
    runs: dict[str, dict[str, Run]]
    seats_most: int
    nodes: Mapping[str, int]
    groups: dict[Group, list[Pupil]] = field(default_factory=dict)
    extras: dict[Seat, list[Extra]] = field(default_factory=dict)


class Placed(NamedTuple):
    """Who sits where now (newcomers, and those who moved), and by half-day and service the seats it goes by more, with
    their places in the order it had."""

    seats: dict[str, Seat]
    more: dict[tuple[str, str], list[tuple[int, Seat]]]


def exchange(
    school: str, books: Mapping[str, Book], sitting: Mapping[str, Seat], pupils: Sequence[Pupil],
    able: Mapping[str, Sequence[str]], held: Mapping[str, frozenset[str]], seats_most: int,
    nodes: Mapping[str, int],
) -> Placed:  # fmt: skip
    """Seats for those of `pupils` (all of one school, without wheelchairs) who are not `sitting`. `able`: their stops.
    `held`: by half-day, services that stay as they are, and so do those who ride on them. `nodes`: of stops.
    Deterministic."""
    runs = {
        half: {
            run.name: run for run in book.runs.values()
            if run.school == school and run.name not in held.get(half, frozenset())
            and not any(book.need(each).wheelchairs for each in run.needs)
        }
        for half, book in books.items()
    }  # fmt: skip
    work = Exchange(school, books, runs, seats_most, nodes)
    _grouped(work, sitting, pupils, able)
    return _solved(work)


def _grouped(
    work: Exchange, sitting: Mapping[str, Seat], pupils: Sequence[Pupil], able: Mapping[str, Sequence[str]]
) -> None:
    """Who may sit where: seats that exist, and for newcomers one more at each of their stops."""
    known = sorted({seat for seat in (sitting.get(each.id) for each in pupils) if seat and seat.part < ROLLING})
    at_stop: dict[str, list[Seat]] = {}
    for seat in known:
        at_stop.setdefault(seat.stop, []).append(seat)
    new = [each for each in pupils if each.id not in sitting]
    for stop in sorted({stop for each in new for stop in able[each.id]}):
        parts = {each.part for each in at_stop.get(stop, ())}
        at_stop.setdefault(stop, []).append(Seat(stop, next(n for n in range(len(parts) + 1) if n not in parts)))
    fresh = {seat for seats in at_stop.values() for seat in seats} - set(known)
    halves = {half for each in new for half in each.halves}
    for seats in at_stop.values():
        for seat in seats:
            found = [extra for half in sorted(halves) for extra in _extras(work, half, seat)]
            work.extras[seat] = found
    for pupil in pupils:
        own = sitting.get(pupil.id)
        seats = [
            seat for stop in able[pupil.id] for seat in at_stop.get(stop, ())
            if (own is None or seat not in fresh) and all(_open(work, half, seat, own is None) for half in pupil.halves)
        ]  # fmt: skip
        if own is not None and not all(_service(work, half, own) for half in pupil.halves):
            continue  # rides on what is held, or with several schools
        if own is None or [seat for seat in seats if seat != own]:
            key = Group(own, tuple(sorted({*seats, *([own] if own else [])})), pupil.halves, pupil.ride_max_ms)
            work.groups.setdefault(key, []).append(pupil)


def _service(work: Exchange, half: str, seat: Seat) -> str | None:
    name = need_id(seat, work.school)
    return next((run.name for run in work.runs.get(half, {}).values() if name in run.needs), None)


def _open(work: Exchange, half: str, seat: Seat, new: bool) -> bool:
    """Whether somebody could sit there in a half-day: a service passes, or for a newcomer could."""
    if half not in work.books:
        return False
    if need_id(seat, work.school) in work.books[half].problem.need_of:
        return _service(work, half, seat) is not None
    return new and any(each.half == half for each in work.extras[seat])


def _extras(work: Exchange, half: str, seat: Seat) -> list[Extra]:
    """For each service the best place in its order for a seat it does not go by."""
    book = work.books.get(half)
    if book is None or need_id(seat, work.school) in book.problem.need_of:
        return []
    return [_extra(work, book, half, run, seat.stop) for run in work.runs[half].values()]


def _extra(work: Exchange, book: Book, half: str, run: Run, stop: str) -> Extra:
    problem, node = book.problem, work.nodes[stop]
    ms, board_ms = problem.travel.ms, problem.handling.boarding(0)
    ways = [problem.need_of[name].node for name in run.needs] + [problem.school_of[work.school].node]
    tries = []
    for place in range(len(run.needs) + 1):
        more = int(ms[node, ways[place]]) + board_ms
        if place:
            more += int(ms[ways[place - 1], node]) - int(ms[ways[place - 1], ways[place]])
        tries.append((more, place))
    sooner, place = min(tries)
    before = run.needs[:place]
    late = sooner >= MINUTE_MS
    passes = stop in {problem.need_of[name].stop for name in run.needs}
    ride = book.lead_ms(run.school, run.needs[place:]) + int(ms[node, ways[place]])
    moved = sum(problem.need_of[name].pupils for name in before) if late else 0
    return Extra(half, run.name, place, sooner, ride, moved, elsewhere=late or not passes)


def _solved(work: Exchange) -> Placed:
    model = cp_model.CpModel()
    at: dict[tuple[Group, Seat], cp_model.IntVar] = {}
    cost: list[Sum] = []
    for group, some in work.groups.items():
        for seat in group.able:
            here = at[group, seat] = model.new_int_var(0, len(some), "")
            if group.seat is None:
                walk = sum(dict(each.reach)[seat.stop] for each in some) // len(some)
                cost.append(here * (walk // METRES))
            elif seat != group.seat:
                cost.append(here * MOVED)
        placed = sum(at[group, seat] for seat in group.able)
        if group.seat is None:
            model.add(placed <= len(some))
            cost.append((len(some) - placed) * NOT_PLACED)
        else:
            model.add(placed == len(some))
    rows = _Rows(work, model, at)
    for extra in (each for some in rows.goes.values() for each in some.items()):
        weight = SERVICE * extra[0].elsewhere + MOVED * extra[0].pupils + extra[0].sooner_ms // 1_000
        cost.append(extra[1] * weight)
    model.minimize(sum(cost))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = WORK
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Placed({}, {})
    return _read(work, rows, {key: solver.value(each) for key, each in at.items()}, solver)


class _Rows:
    """The rows of the model that say what a service holds, how long rides are, and when a bus must be where."""

    def __init__(
        self, work: Exchange, model: cp_model.CpModel, at: Mapping[tuple[Group, Seat], cp_model.IntVar]
    ) -> None:
        self.work, self.model, self.at = work, model, at
        self.goes: dict[Seat, dict[Extra, cp_model.IntVar]] = {
            seat: {each: model.new_bool_var("") for each in some} for seat, some in work.extras.items()
        }
        most = sum(map(len, work.groups.values()))
        # by half-day and need, how many sit there more (or fewer) than now
        self.change: dict[tuple[str, str], Sum] = {}
        for (group, seat), here in at.items():
            for half in group.halves:
                self._add(half, seat, here)
                if seat == group.seat:
                    self._add(half, seat, -len(work.groups[group]))
                elif need_id(seat, work.school) not in work.books[half].problem.need_of:
                    model.add(here <= most * sum(v for e, v in self.goes[seat].items() if e.half == half))
        self.load = {key: self._loads(key, most) for key in self._new_seats()}
        for half, runs in work.runs.items():
            for run in runs.values():
                self._run(half, run)
            for bus in work.books[half].buses.values():
                if any(name in runs for name in bus.runs):
                    self._bus(half, bus.runs)

    def _add(self, half: str, seat: Seat, more: Sum) -> None:
        key = half, need_id(seat, self.work.school)
        self.change[key] = self.change.get(key, 0) + more

    def _new_seats(self) -> list[tuple[str, Seat]]:
        return sorted({(each.half, seat) for seat, some in self.goes.items() for each in some})

    def _loads(self, key: tuple[str, Seat], most: int) -> "dict[str, cp_model.IntVar]":
        """Pupils of a new seat, by the service that takes them: one service at most."""
        half, seat = key
        found = {}
        takes = [each for each in self.goes[seat].items() if each[0].half == half]
        for extra, goes in takes:
            found[extra.run] = self.model.new_int_var(0, most, "")
            self.model.add(found[extra.run] <= most * goes)
            self.model.add(found[extra.run] >= goes)
        self.model.add_at_most_one([goes for _, goes in takes])
        self.model.add(sum(found.values()) == self.change.get((half, need_id(seat, self.work.school)), 0))
        return found

    def _taken(self, half: str, run: Run) -> "list[tuple[Extra, Seat, cp_model.IntVar]]":
        return [
            (extra, seat, goes)
            for seat, some in self.goes.items()
            for extra, goes in some.items()
            if (extra.half, extra.run) == (half, run.name)
        ]

    def _more(self, half: str, run: Run, names: Sequence[str], *, after: int) -> Sum:
        """Pupils more at these needs of a service, and at new seats from a place on."""
        return sum(self.change.get((half, name), 0) for name in names) + sum(
            self.load[half, seat][run.name] for extra, seat, _ in self._taken(half, run) if extra.place >= after
        )

    def _run(self, half: str, run: Run) -> None:
        problem = self.work.books[half].problem
        taken = self._taken(half, run)
        self.model.add_at_most_one([goes for _, _, goes in taken])
        now = sum(problem.need_of[name].pupils for name in run.needs)
        self.model.add(now + self._more(half, run, run.needs, after=0) <= self.work.seats_most)
        each_ms = problem.handling.board_pupil_ms
        ride_ms, node = 0, problem.school_of[run.school].node
        for n in reversed(range(len(run.needs))):
            need = problem.need_of[run.needs[n]]
            ride_ms += int(problem.travel.ms[need.node, node])
            if (half, need.id) in self.change:
                self.model.add(need.pupils + self.change[half, need.id] >= 1)  # a stop that nobody uses is a change too
            longer = each_ms * self._more(half, run, run.needs[n + 1 :], after=n + 1)
            longer += sum(extra.sooner_ms * goes for extra, _, goes in taken if extra.place > n)
            self.model.add(ride_ms + longer <= self._cap(half, need.id, need.ride_max_ms))
            ride_ms, node = ride_ms + problem.handling.boarding(need.pupils), need.node
        for extra, seat, goes in taken:
            for group in self.work.groups:
                if (group, seat) in self.at and half in group.halves and extra.ride_ms > group.ride_max_ms:
                    self.model.add(self.at[group, seat] == 0).only_enforce_if(goes)

    def _cap(self, half: str, need: str, now_ms: int) -> Sum:
        """The cap of a need: lower when somebody who may ride less long could sit there."""
        least: Sum = now_ms
        for (group, seat), here in self.at.items():
            there = group.seat != seat and half in group.halves and need_id(seat, self.work.school) == need
            if there and group.ride_max_ms < now_ms:
                some = self.model.new_bool_var("")
                self.model.add(here == 0).only_enforce_if(~some)
                least -= (now_ms - group.ride_max_ms) * some
        return least

    def _bus(self, half: str, names: Sequence[str]) -> None:
        """What begins sooner leaves the bus less time to get there, and so does who gets off before."""
        book = self.work.books[half]
        problem, runs = book.problem, self.work.runs[half]
        circuits = [book.whole.get(name) or book.circuit(book.runs[name]) for name in names]
        circuits.sort(key=lambda each: each.visits[0].at_ms)
        for before, after in pairwise(circuits):
            from_node, first = node_of(before.visits[-1], problem), node_of(after.visits[0], problem)
            spare_ms = after.visits[0].at_ms - free_at_ms(before, problem) - int(problem.travel.ms[from_node, first])
            used: Sum = 0
            if before.id in runs and problem.handling.leave_always_ms is None:
                run = runs[before.id]
                used += problem.handling.leave_pupil_ms * self._more(half, run, run.needs, after=0)
            if after.id in runs:
                run = runs[after.id]
                used += problem.handling.board_pupil_ms * self._more(half, run, run.needs, after=0)
                for extra, seat, goes in self._taken(half, run):
                    node = self.work.nodes[seat.stop]
                    other = int(problem.travel.ms[from_node, node] - problem.travel.ms[from_node, first])
                    used += (extra.sooner_ms + (other if extra.place == 0 else 0)) * goes
            if not isinstance(used, int):
                self.model.add(used <= spare_ms)


def _read(work: Exchange, rows: _Rows, at: Mapping[tuple[Group, Seat], int], solver: cp_model.CpSolver) -> Placed:
    seats: dict[str, Seat] = {}
    for group, some in work.groups.items():
        left = list(some)
        for seat in sorted(group.able, key=lambda each: (each != group.seat, each)):
            here, left = left[: at[group, seat]], left[at[group, seat] :]
            if seat != group.seat:
                seats |= {pupil.id: seat for pupil in here}
    more: dict[tuple[str, str], list[tuple[int, Seat]]] = {}
    for seat, takes in rows.goes.items():
        for extra, goes in takes.items():
            if solver.value(goes):
                more.setdefault((extra.half, extra.run), []).append((extra.place, seat))
    return Placed(seats, more)
