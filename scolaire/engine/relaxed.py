"""What each constraint costs: the same search without it, or with it loosened, from the plan already found.

Such a plan is of another demand: it is counted and thrown away, never shown as one to follow. Each search begins with
the plan found, which a looser demand allows too, so that a constraint never seems to cost less than nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from mobigo.base.errors import Refused
from scolaire.engine.day import DayAsk, DayLimits, DayTold, Mode, plan_day
from scolaire.engine.going import Going, always
from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand, StopRules
from scolaire.rules.day import day_faults
from scolaire.rules.kpi import kpis

RIDE_MORE_MS = 10 * 60_000
HOURS_MORE_MS = 60 * 60_000


class Constraint(StrEnum):
    RIDE = "ride"  # everybody's ride cap ten minutes longer
    HOURS = "hours"  # coaches and drivers out an hour longer
    LOCKS = "locks"  # nothing locked
    STOPS = "stops"  # no rule of stops
    RESERVE = "reserve"  # no seat kept free


@dataclass(frozen=True, slots=True)
class Cost:
    """What a plan of the demand without (or with less of) a constraint spares: coaches, and cents a year."""

    constraint: Constraint
    buses: int
    year_cents: int


def constraint_costs(
    demand: Demand, ask: DayAsk, plan: DayPlan, limits: DayLimits, seed: int, *,
    told: Callable[[DayTold], bool] = lambda _: True, going: Going = always,
) -> list[Cost]:  # fmt: skip
    """What each constraint that binds something costs beside `plan`, a plan of `demand`; until somebody says stop. A
    constraint that the demand does not have is not there, nor one whose loosened search found no plan to count."""
    now = kpis(plan, demand)
    costs = []
    for constraint in Constraint:
        loose = loosened(demand, ask, constraint)
        if loose is None:
            continue
        if not (told(DayTold(f"without_{constraint}", "", None, None)) and going()):
            break
        asked_of, how = loose
        from_here = replace(how, mode=Mode.WARM, base=plan, base_demand=demand, pupil_cents=0)
        try:
            found = plan_day(asked_of, from_here, limits, seed, told=told, going=going)
        except Refused:
            continue
        if day_faults(found, asked_of, how.locks):
            continue
        then = kpis(found, asked_of)
        if then.left <= now.left and (then.buses, then.year_cents) <= (now.buses, now.year_cents):
            costs.append(Cost(constraint, now.buses - then.buses, now.year_cents - then.year_cents))
        else:
            costs.append(Cost(constraint, 0, 0))
    return costs


def loosened(demand: Demand, ask: DayAsk, constraint: Constraint) -> tuple[Demand, DayAsk] | None:
    """The demand and the question without that constraint, or with less of it; None where there is none to loosen."""
    match constraint:
        case Constraint.RIDE:
            pupils = tuple(replace(each, ride_max_ms=each.ride_max_ms + RIDE_MORE_MS) for each in demand.pupils)
            return (replace(demand, pupils=pupils), ask) if pupils else None
        case Constraint.HOURS:
            most, day = demand.amplitude_max_ms, demand.driver_day
            if most is None and day is None:
                return None
            more = None if day is None else replace(day, amplitude_max_ms=day.amplitude_max_ms + HOURS_MORE_MS)
            longer = None if most is None else most + HOURS_MORE_MS
            return replace(demand, amplitude_max_ms=longer, driver_day=more), ask
        case Constraint.LOCKS:
            return (demand, replace(ask, locks=())) if ask.locks else None
        case Constraint.STOPS:
            ruled = demand.stop_rules != StopRules()
            return (replace(demand, stop_rules=StopRules()), ask) if ruled else None
        case Constraint.RESERVE:
            return (demand, replace(ask, reserve=0)) if ask.reserve else None
