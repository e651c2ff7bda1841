"""A plan in figures: buses, kilometres, euros, minutes on board, metres on foot, seats."""

from collections import Counter
from collections.abc import Sequence

from scolaire.model.day import DayPlan, Kpis
from scolaire.model.demand import Demand
from scolaire.model.plan import Board, Circuit, Leave
from scolaire.model.problem import Problem, VehicleType
from scolaire.rules.costs import block_cents, metres_of
from scolaire.rules.crews import drivers_of
from scolaire.rules.halves import passings, problems_of

NEARLY_FULL_PCT = 90


def kpis(plan: DayPlan, demand: Demand) -> Kpis:
    """The figures of a plan that its checker accepts. A bus that drives in the morning and in the evening of one day is
    one bus, and its day is paid once."""
    problems = problems_of(demand, plan)
    types, depots = {each.id: each for each in demand.vehicle_types}, {}
    loaded = empty = grams = cents = 0
    for half, problem in problems.items():
        depots = {each.id: each for each in problem.depots}
        circuits = {each.id: each for each in plan.halves[half].circuits}
        days = len(demand.half_of[half].weekdays)
        for block in plan.halves[half].blocks:
            part = [circuits[name] for name in block.circuits]
            vehicle = types[block.vehicle_type]
            with_pupils, without = metres_of(part, problem, depots[block.depot])
            loaded, empty = loaded + with_pupils * days, empty + without * days
            grams += vehicle.co2_g_km * (with_pupils + without) * days
            cents += block_cents(part, problem, vehicle, depots[block.depot], days=days, with_day=False)
    cents += _days_cents(plan, demand, types)
    rides = ride_seconds(plan, problems)
    walks = sorted(_walk_m(plan, demand))
    seats, places, full = _loads(plan, problems, types)
    return Kpis(
        pupils=len(plan.seats), left=len(plan.left), buses=buses_of(plan, demand),
        services=sum(len(each.circuits) for each in plan.halves.values()),
        km_loaded=loaded / 1000, km_empty=empty / 1000, week_cents=cents, year_cents=cents * demand.weeks,
        co2_year_kg=round(grams * demand.weeks / 1_000_000),
        ride_p50_s=_share(rides, 0.5), ride_p95_s=_share(rides, 0.95), ride_max_s=rides[-1] if rides else 0,
        earliest_s=_earliest_s(plan, problems),
        walk_p50_m=_share(walks, 0.5), walk_p95_m=_share(walks, 0.95),
        load_pct=100 * seats / places if places else 0.0, services_nearly_full=full,
        drivers=drivers_of(plan, demand),
    )  # fmt: skip


def buses_of(plan: DayPlan, demand: Demand) -> int:
    """Vehicles needed: those that bear a name, where names hold all day; otherwise for each type as many as the
    busiest half-day takes."""
    if demand.driver_day is not None:
        return len({block.id for each in plan.halves.values() for block in each.blocks})
    most: Counter[str] = Counter()
    for each in plan.halves.values():
        most |= Counter(block.vehicle_type for block in each.blocks)
    return most.total()


def _days_cents(plan: DayPlan, demand: Demand, types: dict[str, VehicleType]) -> int:
    """The days of the vehicles, week over week."""
    total = 0
    for weekday in range(7):
        driven = [each for half, each in plan.halves.items() if weekday in demand.half_of[half].weekdays]
        most: Counter[str] = Counter()
        if demand.driver_day is not None:
            coaches = {block.id: block.vehicle_type for each in driven for block in each.blocks}
            most = Counter(coaches.values())
        else:
            for each in driven:
                most |= Counter(block.vehicle_type for block in each.blocks)
        total += sum(types[name].day_cents * count for name, count in most.items())
    return total


def ride_seconds(plan: DayPlan, problems: dict[str, Problem]) -> list[int]:
    """How long each pupil is on board, once for each half-day, sorted."""
    found: list[int] = []
    for half, problem in problems.items():
        for circuit in plan.halves[half].circuits:
            riding: dict[str, list[Board]] = {}
            for visit in circuit.visits:
                if isinstance(visit, Leave):
                    for board in riding.pop(visit.school, []):
                        ride_ms = visit.at_ms - board.at_ms - problem.handling.boarding(board.pupils)
                        found += [ride_ms // 1000] * board.pupils
                else:
                    riding.setdefault(problem.need_of[visit.need].school, []).append(visit)
    return sorted(found)


def _walk_m(plan: DayPlan, demand: Demand) -> list[int]:
    return [dict(pupil.reach)[plan.seats[pupil.id].stop] for pupil in demand.pupils if pupil.id in plan.seats]


def _earliest_s(plan: DayPlan, problems: dict[str, Problem]) -> int | None:
    begins = [
        passings(circuit, problem)[0].arrives_ms // 1000
        for half, problem in problems.items()
        if not problem.mirrored
        for circuit in plan.halves[half].circuits
    ]
    return min(begins, default=None)


def _loads(plan: DayPlan, problems: dict[str, Problem], types: dict[str, VehicleType]) -> tuple[int, int, int]:
    """Seats taken at the fullest moment of each service, seats there, services more than 90 % full."""
    taken = there = full = 0
    for half in problems:
        type_of = {name: types[block.vehicle_type] for block in plan.halves[half].blocks for name in block.circuits}
        for circuit in plan.halves[half].circuits:
            most = peak(circuit)
            seats = type_of[circuit.id].seats + type_of[circuit.id].wheelchairs
            taken, there = taken + most, there + seats
            full += most * 100 > seats * NEARLY_FULL_PCT
    return taken, there, full


def peak(circuit: Circuit) -> int:
    """Pupils on board at most: all of them, where one school is served."""
    schools = sum(isinstance(visit, Leave) for visit in circuit.visits)
    if schools <= 1:
        return sum(visit.pupils for visit in circuit.visits if isinstance(visit, Board))
    most = aboard = 0
    for visit in circuit.visits:  # several schools: nobody is forgotten, some may be counted too long
        aboard += visit.pupils if isinstance(visit, Board) else 0
        most = max(most, aboard)
    return most


def _share(ordered: Sequence[int], share: float) -> int:
    """The nearest-rank percentile of a sorted list; 0 for an empty one."""
    if not ordered:
        return 0
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def worth(plan: DayPlan, demand: Demand) -> tuple[int, int, int]:
    """What is better first: nobody left, then buses, then the euros of a week. Smaller is better."""
    found = kpis(plan, demand)
    return found.left, found.buses, found.week_cents
