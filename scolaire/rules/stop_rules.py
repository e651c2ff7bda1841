"""What a plan's stops must hold to: how many wait at one, how far apart two are, which nobody or somebody uses.

A stop is served where a pupil waits. How many wait, and how far the next stop is, is not asked of a stop where only
wheelchair users wait: their transport does not depend on their neighbours. Nothing of a solver is imported.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from mobigo.base.decisions import Decision
from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand
from scolaire.model.plan import Fault, Rule
from scolaire.rules.halves import crow_m


def stop_rule_faults(plan: DayPlan, demand: Demand) -> Iterator[Fault]:
    """Every stop that breaks a rule of the demand; every name of the plan has to exist."""
    rules = demand.stop_rules
    waiting = Counter(seat.stop for seat in plan.seats.values())
    walking = {seat.stop for pupil, seat in plan.seats.items() if not demand.pupil_of[pupil].wheelchair}
    for stop in sorted(set(rules.forbidden) & set(waiting)):
        yield _said(Rule.FORBIDDEN, "scolaire.broken_forbidden", demand, stop, pupils=waiting[stop])
    for stop in sorted(set(rules.obligatory) - set(waiting)):
        yield _said(Rule.OBLIGATORY, "scolaire.broken_obligatory", demand, stop)
    for stop in sorted(walking):
        if waiting[stop] < rules.pupils_least:
            yield _said(
                Rule.STOP_LEAST, "scolaire.broken_stop_least", demand, stop, pupils=waiting[stop],
                least=rules.pupils_least,
            )  # fmt: skip
    for one, two, metres in too_near(demand, sorted(walking)):
        yield _said(
            Rule.SPACING, "scolaire.broken_spacing", demand, one, other=_name(demand, two), metres=metres,
            apart=rules.apart_m,
        )  # fmt: skip


def too_near(demand: Demand, stops: list[str]) -> list[tuple[str, str, int]]:
    """Pairs of stops nearer to each other than permitted, and how far they are (whole metres, downwards)."""
    if not demand.stop_rules.apart_m or len(stops) < 2:
        return []
    metres = crow_m([demand.stop_of[each].at for each in stops])
    return [
        (stops[i], stops[j], int(metres[i, j]))
        for i, j in combinations(range(len(stops)), 2)
        if metres[i, j] < demand.stop_rules.apart_m
    ]


def _name(demand: Demand, stop: str) -> str:
    return demand.stop_of[stop].name or stop


def _said(rule: Rule, code: str, demand: Demand, stop: str, **params: object) -> Fault:
    return Fault(rule, stop, Decision(code, stop=_name(demand, stop), **params))
