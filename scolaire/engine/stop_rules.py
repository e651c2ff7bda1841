"""Seats that hold the rules of stops: who cannot have one, who has to walk elsewhere, and which rules contradict.

The search for stops (`stops`) knows one school at a time; how many wait at a stop and how far it is from the next
concerns all of them. So what it found is put right by two programmes (CP-SAT): as few as can be are left, then few of
the others walk elsewhere and few stops open. Deterministic: one worker, limits of work; small sectors are proven.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, NamedTuple

from ortools.sat.python import cp_model

from mobigo.base.decisions import Decision
from mobigo.base.errors import Refused
from scolaire.engine.going import Going, always, beside
from scolaire.engine.seats import ROLLING, rolling_vehicle, widest
from scolaire.model.day import Lock, Seat
from scolaire.model.demand import Demand, Pupil, StopRules
from scolaire.model.problem import Travel
from scolaire.rules.demand import reachable
from scolaire.rules.stop_rules import too_near

WORK, NEARLY = 2.0, 0.01  # deterministic seconds of one programme; how near the best it may stop
LEFT, LEFT_TODAY, MOVED, OPENED, METRES = 200_000, 210_000, 100, 300, 50  # METRES on foot weigh one
TRIED_MOST = 300
Able = Mapping[str, tuple[str, ...]]  # by pupil, the stops there are for them


@dataclass(frozen=True)
class Item:
    """Something that may contradict the rest: a lock, or a rule of stops (`kind`: least, apart, forbidden,
    obligatory)."""

    kind: str
    subject: str = ""

    def said(self, demand: Demand) -> Decision:
        """The thing in words."""
        rules, name = demand.stop_rules, self.subject
        stop = demand.stop_of[name].name or name if name in demand.stop_of else name
        match self.kind:
            case "least":
                return Decision("scolaire.rule_least", pupils=rules.pupils_least)
            case "apart":
                return Decision("scolaire.rule_apart", metres=rules.apart_m)
            case "forbidden":
                return Decision("scolaire.rule_forbidden", stop=stop)
            case "obligatory":
                return Decision("scolaire.rule_obligatory", stop=stop)
            case _:
                return Decision("scolaire.rule_lock", lock=name)


class Group(NamedTuple):
    """Pupils who are the same to the programme: the stops there are for them, whether in a wheelchair, whether they
    must be seated, where they wait now ("": nowhere)."""

    able: tuple[str, ...]
    wheelchair: bool
    fixed: bool
    now: str


@dataclass
class _Programme:
    model: cp_model.CpModel
    groups: dict[Group, list[str]]
    at: dict[tuple[Group, str], Any]  # how many of a group wait at a stop
    open: dict[str, Any]  # stops for those who walk


def asks(demand: Demand) -> bool:
    """Whether there is a rule that the search for stops does not hold by itself."""
    rules = demand.stop_rules
    return bool(rules.pupils_least > 1 or rules.apart_m or rules.obligatory)


def able_of(
    demand: Demand, travel: Travel, pupils: Mapping[str, Pupil], fixed: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """The stops there are for each pupil: one, where it is fixed."""
    return {
        name: (fixed[name],) if name in fixed else reachable(demand, travel, pupil) for name, pupil in pupils.items()
    }


def left_by_rules(
    demand: Demand, travel: Travel, pupils: Mapping[str, Pupil], fixed: Mapping[str, str], today: Mapping[str, Seat],
) -> frozenset[str]:  # fmt: skip
    """Pupils for whom no stop remains, as few as the programme finds in its limits; who is fixed never is. `today`: who
    has a seat already, and is left last. Raises Refused("scolaire.stops_undecided") when it found nothing in them."""
    now = {name: seat.stop for name, seat in today.items()}
    made = _programme(demand, _grouped(pupils, able_of(demand, travel, pupils, fixed), fixed, now), leave=True)
    cost = []
    for group, names in made.groups.items():
        seated = sum(made.at[group, stop] for stop in group.able)
        cost.append((LEFT_TODAY if group.now else LEFT) * (len(names) - seated))
    made.model.minimize(sum(cost))
    solver = _solved(made, always)
    if solver is None:
        raise Refused("scolaire.stops_undecided")
    return frozenset(set(pupils) - set(_chosen(made, pupils, solver)))


def hold(
    demand: Demand, travel: Travel, pupils: Mapping[str, Pupil], seats: Mapping[str, Seat], fixed: Mapping[str, str],
    kept: Mapping[str, Seat], reserve: int, going: Going = always,
) -> dict[str, Seat] | None:  # fmt: skip
    """The seats, changed as little as the rules permit; None when it was stopped. `fixed`: the stop some pupils must
    have; `kept`: seats whose groups nobody joins. Raises Refused("scolaire.stops_undecided")."""
    now = {name: seat.stop for name, seat in seats.items()}
    made = _programme(demand, _grouped(pupils, able_of(demand, travel, pupils, fixed), fixed, now), leave=False)
    served = {*now.values()}
    cost = [OPENED * is_open for stop, is_open in made.open.items() if stop not in served]
    for group, names in made.groups.items():
        for stop in group.able:
            walk_m = sum(dict(pupils[name].reach).get(stop, 0) for name in names) // len(names)
            cost.append((walk_m // METRES + (MOVED if stop != group.now else 0)) * made.at[group, stop])
            made.model.add_hint(made.at[group, stop], len(names) if stop == group.now else 0)
    made.model.minimize(sum(cost))
    if not going():
        return None
    solver = _solved(made, going, NEARLY)
    if solver is None:
        if not going():
            return None
        raise Refused("scolaire.stops_undecided")
    return _seated(demand, pupils, seats, _chosen(made, pupils, solver), kept, reserve)


def _grouped(
    pupils: Mapping[str, Pupil], able: Able, fixed: Mapping[str, str], now: Mapping[str, str]
) -> dict[Group, list[str]]:
    found: dict[Group, list[str]] = {}
    for name, stops in able.items():
        group = Group(tuple(sorted(stops)), pupils[name].wheelchair, name in fixed, now.get(name, ""))
        found.setdefault(group, []).append(name)
    return found


def _programme(demand: Demand, groups: dict[Group, list[str]], *, leave: bool) -> _Programme:
    """How many of each group wait where, and which stops are open to those who walk. `leave`: who is not fixed may have
    no stop."""
    model, rules = cp_model.CpModel(), demand.stop_rules
    made = _Programme(model, groups, {}, {})
    waiting: dict[str, list[Any]] = defaultdict(list)
    for group, names in groups.items():
        places = []
        for stop in group.able:
            here = model.new_int_var(0, len(names), "")
            made.at[group, stop] = here
            waiting[stop].append(here)
            places.append(here)
            if not group.wheelchair:
                if stop not in made.open:
                    made.open[stop] = model.new_bool_var("")
                model.add(here <= len(names) * made.open[stop])
        if leave and not group.fixed:
            model.add(sum(places) <= len(names))
        else:
            model.add(sum(places) == len(names))
    for stop, is_open in made.open.items():
        if rules.pupils_least > 1:
            model.add(sum(waiting[stop]) >= rules.pupils_least * is_open)
    for one, two, _ in too_near(demand, sorted(made.open)):
        model.add_at_most_one([made.open[one], made.open[two]])
    for stop in rules.obligatory:
        model.add(sum(waiting[stop]) >= 1)
    for stop in set(rules.forbidden) & set(waiting):  # a seat that is fixed there
        model.add(sum(waiting[stop]) == 0)
    return made


def _chosen(made: _Programme, pupils: Mapping[str, Pupil], solver: cp_model.CpSolver) -> dict[str, str]:
    """By pupil the stop, for those who have one. Within a group who waits there already stays, then who is nearest."""
    found: dict[str, str] = {}
    for group, names in made.groups.items():
        for stop in sorted(group.able, key=lambda each: (each != group.now, each)):
            free = [name for name in names if name not in found]
            free.sort(key=lambda name: (dict(pupils[name].reach).get(stop, 0), name))
            found.update(dict.fromkeys(free[: solver.value(made.at[group, stop])], stop))
    return found


def _solved(made: _Programme, going: Going, gap: float = 0.0) -> cp_model.CpSolver | None:
    """The solver with its answer; None when it has none, or was stopped."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = WORK
    solver.parameters.relative_gap_limit = gap
    status = beside(lambda: solver.solve(made.model), going)
    return solver if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else None


def _seated(
    demand: Demand, pupils: Mapping[str, Pupil], seats: Mapping[str, Seat], chosen: Mapping[str, str],
    kept: Mapping[str, Seat], reserve: int,
) -> dict[str, Seat]:  # fmt: skip
    """Who stays keeps their group; who comes joins the first group of the stop that a bus still holds."""
    found = {name: seats[name] for name in pupils if name in seats and seats[name].stop == chosen[name]}
    count = Counter((seat.stop, pupils[name].school, seat.part) for name, seat in found.items())
    closed = {(seat.stop, pupils[name].school, seat.part) for name, seat in kept.items()}
    rolling, walking = rolling_vehicle(demand).wheelchairs, max(1, widest(demand).seats - reserve)
    for name in sorted(set(pupils) - set(found)):
        pupil, stop = pupils[name], chosen[name]
        part, most = (ROLLING, rolling) if pupil.wheelchair else (0, walking)
        while count[stop, pupil.school, part] >= most or (stop, pupil.school, part) in closed:
            part += 1
        found[name] = Seat(stop, part)
        count[stop, pupil.school, part] += 1
    return found


# ---------------------------------------------------------------- rules that contradict each other


def contradiction(
    demand: Demand, travel: Travel, pupils: Mapping[str, Pupil], locks: Sequence[Lock],
    fixed_by: Callable[[Sequence[Lock]], Mapping[str, str]],
) -> list[Item]:  # fmt: skip
    """The smallest set found of locks and rules that no plan can hold together; none when all of them can be held.
    `fixed_by`: by pupil, the stop that some locks fix."""
    rules = demand.stop_rules
    items = [Item("lock", each.id) for each in locks]
    items += [Item("least")] if rules.pupils_least > 1 else []
    items += [Item("apart")] if rules.apart_m else []
    items += [Item("forbidden", each) for each in rules.forbidden]
    items += [Item("obligatory", each) for each in rules.obligatory]

    def held(some: Sequence[Item]) -> bool:
        kept = {each.subject for each in some if each.kind == "lock"}
        fixed = fixed_by([each for each in locks if each.id in kept])
        asked = replace(demand, stop_rules=_only(rules, some))
        needed = {*fixed.values(), *asked.stop_rules.obligatory}  # everybody else may be left
        able = {
            name: tuple(stop for stop in stops if stop in needed)
            for name, stops in able_of(asked, travel, pupils, fixed).items()
        }
        able = {name: stops for name, stops in able.items() if stops}
        return _solved(_programme(asked, _grouped(pupils, able, fixed, {}), leave=True), always) is not None

    if held(items):
        return []
    core = _explained(held, [], items)
    tried = 0
    for size in range(1, len(core)):
        for some in combinations(items, size):
            tried += 1
            if tried > TRIED_MOST:
                return core
            if not held(some):
                return list(some)
    return core


def _explained(held: Callable[[Sequence[Item]], bool], base: list[Item], items: list[Item]) -> list[Item]:
    """An irreducible set of `items` that cannot be held with `base` (QuickXplain: Junker, AAAI 2004)."""
    if base and not held(base):
        return []
    if len(items) == 1:
        return items
    half = len(items) // 2
    first, second = items[:half], items[half:]
    of_second = _explained(held, base + first, second)
    of_first = _explained(held, base + of_second, first)
    return of_first + of_second


def _only(rules: StopRules, some: Sequence[Item]) -> StopRules:
    kinds = {each.kind for each in some}
    return StopRules(
        rules.pupils_least if "least" in kinds else 0,
        rules.apart_m if "apart" in kinds else 0,
        tuple(each.subject for each in some if each.kind == "forbidden"),
        tuple(each.subject for each in some if each.kind == "obligatory"),
    )
