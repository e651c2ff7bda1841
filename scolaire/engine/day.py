"""From a demand to the plan of its day: stops, then every half-day, checked before it is told.

Fresh: stops are chosen, then routes. Warm: today's plan is carried over and kept unless a better one is found, so the
answer is never worse. Least change: today's plan is carried over, and a pupil who is moved has a price.

The first plan is told soon; a better one each time there is one. Deterministic for a seed under limits of iterations.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from mobigo.base.decisions import Decision
from mobigo.base.errors import Refused
from scolaire.engine.crews import crewed
from scolaire.engine.going import Going, always
from scolaire.engine.half import HalfAsk, Told, improve
from scolaire.engine.held import Held, fixed_stops, held_of
from scolaire.engine.mixed import mix
from scolaire.engine.repair import repair
from scolaire.engine.seats import seat_pupils
from scolaire.engine.solve import Limits
from scolaire.engine.stop_rules import asks, contradiction, hold, left_by_rules
from scolaire.engine.stops import StopLimits
from scolaire.model.day import DayPlan, Left, Lock, Seat
from scolaire.model.demand import Demand, Half, Pupil, StopRules
from scolaire.model.plan import Plan
from scolaire.model.problem import Problem, Travel
from scolaire.rules.compare import compare
from scolaire.rules.day import day_faults
from scolaire.rules.demand import demand_faults, without_place
from scolaire.rules.halves import need_id, problem_of, problems_of, travel_of
from scolaire.rules.kpi import kpis, worth
from scolaire.rules.stop_rules import stop_rule_faults


class Mode(StrEnum):
    FRESH = "fresh"
    WARM = "warm"
    LEAST_CHANGE = "least_change"


@dataclass(frozen=True)
class DayLimits:
    """Iterations of the search for stops, limits of each half-day, turns of mixing schools on buses."""

    stops: StopLimits = field(default_factory=lambda: StopLimits(2_000))
    halves: Limits = field(default_factory=lambda: Limits(iterations=200, rounds=3, choice_s=20.0))
    mixing: int = 1_000


@dataclass(frozen=True)
class DayAsk:
    """`base`: the plan of today and the demand it was made for. `pupil_cents`: what moving a pupil costs, in euros of a
    week (least change). `reserve`: seats that a service drawn anew leaves free, for pupils who come in the year."""

    mode: Mode = Mode.FRESH
    base: DayPlan | None = None
    base_demand: Demand | None = None
    locks: tuple[Lock, ...] = ()
    pupil_cents: int = 0
    reserve: int = 0


class DayTold(NamedTuple):
    """Where the work stands. `half` and `phase` of the search, `buses` of the best plan, a bound of the half-day."""

    phase: str
    half: str
    buses: int | None
    bound: float | None


@dataclass
class _Day:
    demand: Demand
    ask: DayAsk
    limits: DayLimits
    seed: int
    travel: Travel
    left: tuple[Left, ...]
    held: Held
    told: Callable[[DayTold], bool]
    keep: Callable[[DayPlan], None]
    asked: Going
    best: DayPlan | None = None
    best_worth: tuple[int, ...] = ()

    def better(self, plan: DayPlan) -> None:
        """Keep a plan, its coaches and drivers joined over the day, if it is worth more than the best so far. Raises
        AssertionError when its checker refuses it, Refused when there are not coaches enough for it and for none."""
        joined = self._joined(plan)
        if joined is None:
            return
        plan = joined
        broken = day_faults(plan, self.demand, self.ask.locks)
        if broken:
            raise AssertionError(f"the solver made a plan that its checker refuses: {broken[0]}")
        found = self._worth(plan)
        if self.best is None or found < self.best_worth:
            self.best, self.best_worth = plan, found
            self.keep(plan)

    def _joined(self, plan: DayPlan) -> DayPlan | None:
        try:
            return crewed(plan, self.demand, self.travel, problems_of(self.demand, plan), self.held.vehicles)
        except Refused:
            if self.best is None:
                raise
            return None

    def _worth(self, plan: DayPlan) -> tuple[int, ...]:
        if self.ask.mode is not Mode.LEAST_CHANGE or self.ask.base is None or self.ask.base_demand is None:
            return worth(plan, self.demand)
        moved = compare(self.ask.base, self.ask.base_demand, plan, self.demand)
        pupils = len({*moved.pupils_stop, *moved.pupils_time})
        figures = kpis(plan, self.demand)
        cents = figures.week_cents + pupils * self.ask.pupil_cents
        return figures.left, cents, pupils, figures.buses

    def going(self) -> bool:
        """Whether to go on, asked while stops are chosen."""
        return self.told(DayTold("stops", "", None, None)) and self.asked()

    def half_going(self) -> bool:
        """The same within a half-day, where nothing is stopped before there is a plan."""
        return self.best is None or self.asked()


def plan_day(
    demand: Demand, ask: DayAsk, limits: DayLimits, seed: int, *,
    told: Callable[[DayTold], bool] = lambda _: True, keep: Callable[[DayPlan], None] = lambda _: None,
    going: Going = always,
) -> DayPlan:  # fmt: skip
    """The best plan found. `keep` is given every plan that is better than the ones before; `told` hears of every step
    and ends the work by answering False; so does `going`, which is asked in the middle of long steps too.

    Raises Refused: "scolaire.demand_broken" (count, first), "scolaire.locks_conflict" (count, locks, why),
    "scolaire.stops_conflict" (count, rules), "scolaire.stops_undecided",
    "scolaire.no_route", "scolaire.no_vehicle", "scolaire.fleet_short", "scolaire.driver_day",
    "scolaire.too_many_at_stop".
    """
    broken = demand_faults(demand)
    if broken:
        raise Refused("scolaire.demand_broken", count=len(broken), first=broken[0])
    travel = travel_of(demand)
    left = without_place(demand, travel)
    held = held_of(demand, travel, ask.base, ask.locks, left)
    left |= _left_by_rules(demand, travel, ask, left)
    day = _Day(held.demand, ask, limits, seed, travel, tuple(left.values()), held, told, keep, going)
    pupils = {each.id: each for each in demand.pupils if each.id not in left}
    if ask.base is not None and (ask.mode is not Mode.FRESH or held.frozen):
        _carry_over(day, pupils)
    if ask.mode is Mode.FRESH or day.best is None:
        _fresh(day, pupils)
    else:
        _halves(day, day.best)
    if day.best is None:
        raise Refused("scolaire.no_choice")
    told(DayTold("done", "", kpis(day.best, day.demand).buses, None))
    return day.best


def _left_by_rules(demand: Demand, travel: Travel, ask: DayAsk, left: Mapping[str, Left]) -> dict[str, Left]:
    """Pupils for whom the rules of stops leave no stop. Raises Refused("scolaire.stops_conflict") with the smallest set
    found of rules and locks that cannot be held together."""
    if demand.stop_rules == StopRules():
        return {}
    pupils = {each.id: each for each in demand.pupils if each.id not in left}

    def fixed_by(some: Sequence[Lock]) -> dict[str, str]:
        return {name: stop for name, stop in fixed_stops(demand, ask.base, some).items() if name in pupils}

    core = contradiction(demand, travel, pupils, ask.locks, fixed_by)
    if core:
        raise Refused("scolaire.stops_conflict", count=len(core), rules=[each.said(demand) for each in core])
    if not asks(demand):
        return {}
    today = {} if ask.base is None else ask.base.seats
    found = left_by_rules(demand, travel, pupils, fixed_by(ask.locks), today)
    return {name: Left(name, Decision("scolaire.left_stop_rules")) for name in sorted(found)}


def _rules_held(day: _Day, seats: Mapping[str, Seat], pupils: Mapping[str, Pupil]) -> dict[str, Seat] | None:
    """The seats, changed as little as the rules of stops ask; None where the work was stopped."""
    if not asks(day.demand):
        return dict(seats)
    kept = {name: seat for name, seat in day.held.seats.items() if name in pupils}
    fixed = {**day.held.fixed, **{name: seat.stop for name, seat in kept.items()}}
    fixed = {name: stop for name, stop in fixed.items() if name in pupils}
    going = always if day.asked is always else day.half_going
    return hold(day.demand, day.travel, pupils, seats, fixed, kept, day.ask.reserve, going)


def _carry_over(day: _Day, pupils: Mapping[str, Pupil]) -> None:
    if day.ask.base is None:
        return
    held = day.held
    plan = repair(day.demand, day.travel, day.ask.base, pupils, held.fixed, held.frozen, held.vehicles)
    if plan is not None and asks(day.demand) and any(stop_rule_faults(plan, day.demand)):
        seats = _rules_held(day, plan.seats, pupils)
        fixed = {name: seat.stop for name, seat in (seats or {}).items()}
        plan = repair(day.demand, day.travel, day.ask.base, pupils, fixed, held.frozen, held.vehicles)
    if plan is not None:
        try:
            mended = crewed(
                replace(plan, left=day.left), day.demand, day.travel, problems_of(day.demand, plan), day.held.vehicles
            )
        except Refused:
            return  # what is drawn anew may need fewer buses
        if not day_faults(mended, day.demand, day.ask.locks):
            day.better(mended)


def _fresh(day: _Day, pupils: Mapping[str, Pupil]) -> None:
    """Stops, quickly and then well; every half-day of the better choice. Pupils of frozen services keep their seats."""
    kept = {name: seat for name, seat in day.held.seats.items() if name in pupils}
    free = {name: pupil for name, pupil in pupils.items() if name not in kept}
    for limits in (StopLimits(200), day.limits.stops):
        seats = seat_pupils(day.demand, day.travel, free, day.held.fixed, limits, day.seed, day.going, day.ask.reserve)
        if day.best is not None and not day.going():
            return
        held = _rules_held(day, {**kept, **_beside(kept, seats, pupils)}, pupils)
        if held is None:
            return
        _begin(day, held)
        if asks(day.demand):  # the longer search keeps to the stops that hold the rules together
            served = {seat.stop for seat in held.values()}
            free = {name: _among(pupil, served) for name, pupil in free.items()}
        if not day.going():
            return
    if day.best is not None:
        _halves(day, day.best)


def _among(pupil: Pupil, stops: Set[str]) -> Pupil:
    return replace(pupil, reach=tuple(way for way in pupil.reach if way[0] in stops))


def _beside(kept: Mapping[str, Seat], seats: Mapping[str, Seat], pupils: Mapping[str, Pupil]) -> dict[str, Seat]:
    """Groups of their own for those who are not on a frozen service, at the stops that frozen services serve."""
    taken = {need_id(seat, pupils[name].school) for name, seat in kept.items()}
    found, given = {}, dict[str, Seat]()
    for name, seat in seats.items():
        asked = need_id(seat, pupils[name].school)
        if asked not in given:
            free = seat
            while need_id(free, pupils[name].school) in taken:
                free = Seat(free.stop, free.part + 1)
            given[asked] = free
            taken.add(need_id(free, pupils[name].school)) if free != seat else None
        found[name] = given[asked]
    return found


def _begin(day: _Day, seats: Mapping[str, Seat]) -> None:
    """A quick plan of every half-day, together a plan of the day."""
    asked = {half for pupil in day.demand.pupils if pupil.id in seats for half in pupil.halves}
    halves = [half for half in day.demand.halves if half.id in asked]
    day.better(DayPlan(dict(seats), {half.id: _first(day, seats, half) for half in halves}, day.left))


def _first(day: _Day, seats: Mapping[str, Seat], half: Half) -> Plan:
    problem = problem_of(day.demand, seats, half, day.travel)
    found: list[Plan] = []
    improve(
        problem, _asked(day, problem, half, None), day.limits.halves, day.seed,
        lambda step: _heard(day, half, step) and not found, found.append,
    )  # fmt: skip
    return found[-1]


def _halves(day: _Day, whole: DayPlan) -> None:
    """Every half-day of a plan made better, its stops as they are."""
    for half in day.demand.halves:
        if half.id in whole.halves and day.told(DayTold("half", half.id, None, None)):
            whole = _better(day, whole, half)
            if day.demand.mixed and day.ask.mode is not Mode.LEAST_CHANGE:
                whole = _mixed(day, whole, half)


def _better(day: _Day, whole: DayPlan, half: Half) -> DayPlan:
    """The best plan whose stops these are, after a look at one half-day."""
    problem = problem_of(day.demand, whole.seats, half, day.travel)
    best = whole

    def keep(plan: Plan) -> None:
        nonlocal best
        day.better(replace(best, halves={**best.halves, half.id: plan}))
        if day.best is not None and day.best.seats == best.seats:
            best = day.best

    ask = _asked(day, problem, half, whole.halves[half.id])
    improve(
        problem, ask, day.limits.halves, day.seed, lambda step: _heard(day, half, step), keep,
        always if day.asked is always else day.half_going,
    )  # fmt: skip
    return best


def _mixed(day: _Day, whole: DayPlan, half: Half) -> DayPlan:
    """The same with pupils of several schools on one bus, where it takes fewer."""
    if not day.told(DayTold("mixed", half.id, None, None)):
        return whole
    problem = problem_of(day.demand, whole.seats, half, day.travel)
    held = frozenset(run.name for run in day.held.frozen.get(half.id, ()))
    plan = mix(
        problem, whole.halves[half.id], stem=half.id, turns=day.limits.mixing, seed=day.seed, held=held,
        going=day.half_going,
    )  # fmt: skip
    mixed = replace(whole, halves={**whole.halves, half.id: plan})
    day.better(mixed)
    return day.best if day.best is not None and day.best.seats == whole.seats else whole


def _heard(day: _Day, half: Half, step: Told) -> bool:
    return day.told(DayTold(step.phase, half.id, step.buses, step.bound))


def _asked(day: _Day, problem: Problem, half: Half, known: Plan | None) -> HalfAsk:
    price = None
    if day.ask.mode is Mode.LEAST_CHANGE and known is not None:
        price = day.ask.pupil_cents / _bus_cents(day.demand)
    frozen = day.held.circuits(problem, day.held.frozen.get(half.id, ()))
    return HalfAsk(half.id, known, frozen, day.held.vehicles.get(half.id, {}), price, day.ask.reserve)


def _bus_cents(demand: Demand) -> int:
    """What a bus costs a week, about; a price of nothing moves nobody."""
    return max(1, max(each.day_cents for each in demand.vehicle_types)) * 5
