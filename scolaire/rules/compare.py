"""Two plans side by side: who walks elsewhere, whose hour moves, which services change."""

from scolaire.model.day import DayPlan, Difference
from scolaire.model.demand import Demand
from scolaire.rules.halves import Passing, need_id, passings, problems_of

MINUTE_MS = 60_000


def compare(before: DayPlan, old: Demand, after: DayPlan, new: Demand) -> Difference:
    """From `before` (of the demand `old`) to `after` (of `new`). An hour that moves by less than a minute did not."""
    were, are = hours_of(before, old), hours_of(after, new)
    both = sorted(set(before.seats) & set(after.seats))
    stops = tuple(each for each in both if before.seats[each].stop != after.seats[each].stop)
    times = tuple(each for each in both if _moved(were[each], are[each]))
    had, have = _services(before, old), _services(after, new)
    return Difference(
        stops,
        times,
        tuple(sorted(set(after.seats) - set(before.seats))),
        tuple(sorted(set(before.seats) - set(after.seats))),
        tuple(sorted(set(have) - set(had))),
        tuple(sorted(set(had) - set(have))),
        tuple(sorted(name for name in set(had) & set(have) if _differ(had[name], have[name]))),
    )


def hours_moved(old: Demand, new: Demand) -> tuple[tuple[str, int], ...]:
    """Schools (ids) whose hours are others in `new`, and by how many minutes, in the first half-day where they are."""
    found = []
    for school in sorted(new.schools, key=lambda each: each.id):
        before = old.school_of.get(school.id)
        both = [half for half in school.windows if before is not None and half in before.windows]
        by = [(school.windows[half][0] - before.windows[half][0]) // MINUTE_MS for half in both if before is not None]
        changed = next((each for each in by if each), None)
        if changed is not None:
            found.append((school.id, changed))
    return tuple(found)


def _moved(before: dict[str, int], after: dict[str, int]) -> bool:
    return any(abs(before[half] - after[half]) >= MINUTE_MS for half in set(before) & set(after))


def hours_of(plan: DayPlan, demand: Demand) -> dict[str, dict[str, int]]:
    """For each pupil with a stop, by half-day, when the bus is there (milliseconds after midnight)."""
    at: dict[tuple[str, str], int] = {}
    for half, problem in problems_of(demand, plan).items():
        for circuit in plan.halves[half].circuits:
            for each in passings(circuit, problem):
                for need in each.needs:
                    at[half, need] = each.arrives_ms
    found: dict[str, dict[str, int]] = {}
    for pupil in demand.pupils:
        seat = plan.seats.get(pupil.id)
        if seat is not None:
            need = need_id(seat, pupil.school)
            found[pupil.id] = {half: at[half, need] for half in pupil.halves if (half, need) in at}
    return found


def _services(plan: DayPlan, demand: Demand) -> dict[str, list[Passing]]:
    """What a service is for its driver and for those who wait: its places and hours."""
    return {
        circuit.id: passings(circuit, problem)
        for half, problem in problems_of(demand, plan).items()
        for circuit in plan.halves[half].circuits
    }


def _differ(before: list[Passing], after: list[Passing]) -> bool:
    """Whether a service goes elsewhere, or passes anywhere a minute or more earlier or later. How many get on is not
    part of it."""
    if [(each.place, each.id) for each in before] != [(each.place, each.id) for each in after]:
        return True
    return any(abs(one.arrives_ms - two.arrives_ms) >= MINUTE_MS for one, two in zip(before, after, strict=True))
