"""Before any circuit: as many pupils as can be on regular lines that have seats for them, walking little.

A pupil is put on lines only for all half-days, from one stop. One integer programme; the same question has the same
answer.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from ortools.sat.python import cp_model

from scolaire.model.demand import Demand
from scolaire.model.lines import LineRide, Rider, Spare
from scolaire.rules.lines import rides

A_PUPIL = 100_000  # what a pupil on a line is worth, in metres walked
MOST_RIDES = 4  # runs looked at for a pupil in a half-day
LIMIT = 60.0  # deterministic seconds


def with_riders(demand: Demand, spares: Sequence[Spare]) -> Demand:
    """The demand with those on lines taken out of its pupils and named in `riders`."""
    model = cp_model.CpModel()
    seated: dict[tuple[int, str], cp_model.IntVar] = {}
    taken: dict[tuple[int, str], list[tuple[cp_model.IntVar, LineRide]]] = {}
    load: dict[tuple[str, str, str], list[cp_model.IntVar]] = defaultdict(list)
    gain: list[cp_model.LinearExprT] = []
    for n, pupil in enumerate(demand.pupils):
        for stop, metres in pupil.reach:
            found = {half: rides(pupil, stop, half, demand, spares)[:MOST_RIDES] for half in pupil.halves}
            if not all(found.values()):
                continue
            seated[n, stop] = there = model.new_bool_var("")
            gain.append(there * (A_PUPIL - metres))
            taken[n, stop] = []
            for half, options in found.items():
                chosen = [(model.new_bool_var(""), ride) for ride in options]
                model.add(sum(each for each, _ in chosen) == there)
                taken[n, stop] += chosen
                for each, ride in chosen:
                    load[ride.line, half, ride.run].append(each)
                    gain.append(each * -ride.walk_m)
        model.add_at_most_one(seated[n, stop] for stop, _ in pupil.reach if (n, stop) in seated)
    if not seated:
        return demand
    seats = {each.line: each for each in spares}
    for (line, _half, run), those in sorted(load.items()):
        model.add(sum(those) <= max(0, seats[line].seats - seats[line].taken.get(run, 0)))
    model.maximize(sum(gain))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = LIMIT
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return demand
    riders = tuple(
        Rider(
            demand.pupils[n].id, demand.pupils[n].school, stop,
            tuple(sorted((ride for each, ride in taken[n, stop] if solver.value(each)), key=lambda ride: ride.half)),
        )
        for (n, stop), there in seated.items()
        if solver.value(there)
    )  # fmt: skip
    gone = {each.pupil for each in riders}
    return replace(demand, pupils=tuple(each for each in demand.pupils if each.id not in gone), riders=riders)
