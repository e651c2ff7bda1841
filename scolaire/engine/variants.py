"""Several plans of one demand, each with something else put first: rides, walks, safety of the hours.

A variant is the same search for a demand that asks for more (shorter rides, nearer stops, slower roads). What it finds
is a plan of the demand itself, where it is judged and counted. Safety of the hours needs no search of its own: the
first plan's services keep their stops and have other hours and chains.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from mobigo.base.errors import Refused
from scolaire.engine.crews import crewed
from scolaire.engine.day import DayAsk, DayLimits, DayTold, Mode, plan_day
from scolaire.engine.delays import punctuality
from scolaire.engine.going import Going, always
from scolaire.engine.held import held_of
from scolaire.engine.steady import Aim, steadied
from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand, Direction, Pupil
from scolaire.model.problem import Travel
from scolaire.rules.compare import compare
from scolaire.rules.day import day_faults
from scolaire.rules.frontier import Offer, frontier, offer
from scolaire.rules.halves import problems_of, travel_of
from scolaire.rules.kpi import kpis

FURTHER_M = 150  # a stop so much further than the nearest is still near
DRAWS, CV, GRACE_MS = 300, 0.15, 300_000


class Variant(StrEnum):
    BUSES = "buses"  # the demand as it is: the fewest buses, then the fewest euros
    RIDE_85 = "ride_85"  # nobody rides longer than so many hundredths of their cap
    RIDE_70 = "ride_70"
    WALK = "walk"  # stops near the nearest one only
    SAFE = "safe"  # the first plan, its mornings held steady against delays


RIDES: Mapping[Variant, int] = MappingProxyType({Variant.BUSES: 100, Variant.RIDE_85: 85, Variant.RIDE_70: 70})


@dataclass(frozen=True)
class Variants:
    """What was found: plans by variant, those worth a look, and buses by share of the ride cap (in hundredths)."""

    plans: Mapping[Variant, DayPlan]
    offers: tuple[Offer, ...]
    curve: tuple[tuple[int, int], ...]


def plan_variants(
    demand: Demand, ask: DayAsk, limits: DayLimits, seed: int, *,
    told: Callable[[DayTold], bool] = lambda _: True, keep: Callable[[DayPlan], None] = lambda _: None,
    going: Going = always,
) -> Variants:  # fmt: skip
    """A plan for every variant, until somebody says stop. `keep` is given every better plan of the first one."""
    plans: dict[Variant, DayPlan] = {}
    offers = []
    for variant in Variant:
        if plans and not (told(DayTold(f"variant_{variant}", "", None, None)) and going()):
            break
        first = variant is Variant.BUSES
        asked = ask if first else replace(ask, mode=Mode.FRESH if ask.mode is Mode.LEAST_CHANGE else ask.mode)
        try:
            plan = (
                steady_day(plans[Variant.BUSES], demand, asked)
                if variant is Variant.SAFE
                else plan_day(
                    asking(demand, variant), asked, limits, seed, told=told, keep=keep if first else lambda _: None,
                    going=going,
                )
            )  # fmt: skip
        except Refused:
            if first:
                raise
            continue  # what it asks more cannot be had with the locks, the rules of stops or the coaches there are
        if not first and day_faults(plan, demand, ask.locks):
            continue  # pupils whom the demand itself can carry were left, or a lock speaks of the hours it has
        plans[variant] = plan
        changed, punctual = _changed(ask, plan, demand), _punctual(plan, demand)
        offers.append(offer(variant, kpis(plan, demand), changed=changed, punctual=punctual))
    curve = tuple((RIDES[each], kpis(plans[each], demand).buses) for each in RIDES if each in plans)
    return Variants(plans, tuple(frontier(offers)), curve)


def asking(demand: Demand, variant: Variant) -> Demand:
    """The demand of a variant: nobody who can be carried becomes one who cannot."""
    if variant is Variant.WALK:
        return replace(demand, pupils=tuple(_near(each) for each in demand.pupils))
    if variant is Variant.SAFE:
        return demand
    travel, share = travel_of(demand), RIDES[variant]
    return replace(demand, pupils=tuple(_shorter(demand, travel, each, share) for each in demand.pupils))


def steady_day(plan: DayPlan, demand: Demand, ask: DayAsk, aim: Aim | None = None) -> DayPlan:
    """The plan with its mornings held steady against delays; services that locks name keep their hours, a school whose
    bell is locked its instant. Raises Refused("scolaire.fleet_short" | "scolaire.driver_day")."""
    travel = travel_of(demand)
    held = held_of(demand, travel, ask.base, ask.locks, {each.pupil: each for each in plan.left})
    halves = dict(plan.halves)
    for half, problem in problems_of(held.demand, plan).items():
        frozen = {run.name for run in held.frozen.get(half, ())}
        halves[half] = steadied(halves[half], problem, aim or Aim(), held=frozen, vehicles=held.vehicles.get(half, {}))
    made = replace(plan, halves=halves)
    return crewed(made, demand, travel, problems_of(demand, made), held.vehicles)


def _near(pupil: Pupil) -> Pupil:
    nearest = min((metres for _, metres in pupil.reach), default=0)
    return replace(pupil, reach=tuple(way for way in pupil.reach if way[1] <= nearest + FURTHER_M))


def _shorter(demand: Demand, travel: Travel, pupil: Pupil, share: int) -> Pupil:
    """A ride of at most a share of the cap, but never less than the shortest there is from a stop of theirs."""
    school = demand.node_of[f"school:{pupil.school}"]
    ways = {demand.half_of[half].direction for half in pupil.halves}
    alone = [
        max(int(travel.ms[stop, school] if way is Direction.TO else travel.ms[school, stop]) for way in ways)
        for stop in (demand.node_of[f"stop:{each}"] for each, _ in pupil.reach)
    ]
    least = min((each for each in alone if each <= pupil.ride_max_ms), default=0)
    return replace(pupil, ride_max_ms=min(pupil.ride_max_ms, max(pupil.ride_max_ms * share // 100, least)))


def _changed(ask: DayAsk, plan: DayPlan, demand: Demand) -> int:
    if ask.base is None or ask.base_demand is None:
        return 0
    moved = compare(ask.base, ask.base_demand, plan, demand)
    return len({*moved.pupils_stop, *moved.pupils_time})


def _punctual(plan: DayPlan, demand: Demand) -> float:
    return punctuality(plan, demand, cv=CV, draws=DRAWS, grace_ms=GRACE_MS).share
