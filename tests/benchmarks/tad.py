"""On-demand transport: requests answered one by one, beside the best rounds found by who knew them all in advance.

    python -m tests.benchmarks.tad [--requests N] [--vehicles N] [--seconds N] [--seed N]

A day around Saulieu: sixty villages, four requests in ten to or from the town, promises as the demonstration's service
gives them (picked up within half an hour). Ours is what `hold` and the half-hourly job do: each request is answered
before the next is known, and a promise is never broken. The peer knows every request: the best of OR-Tools (requests
may be left out; begun from our rounds, and from those of our insertion with the requests in the order of their hour and
more tries), by requests served, then kilometres. Kilometres are compared for the same requests. The bound is an
assignment: each stop has one before it that can be reached in time; or, where more, everybody's own kilometres
shared by the seats of a full vehicle. No rounds drive less, most drive much more: it is weak. All rounds are checked.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace
from random import Random

import numpy as np
from scipy.optimize import linear_sum_assignment

from mobigo.base.geo import Point
from mobigo.tad.engine.insertion import improved, insert
from mobigo.tad.engine.optimise import reoptimised, search
from mobigo.tad.gateway.travel import CrowFly
from mobigo.tad.model.rounds import Limits, Problem, Request, Rounds
from mobigo.tad.model.services import Terms, Vehicle
from mobigo.tad.rules.checker import faults, metres
from mobigo.tad.rules.promises import promise_of
from mobigo.tad.service.booking import ROOM_TRIES
from mobigo.tad.service.dispatch import IMPROVEMENTS
from tests.benchmarks.measures import Measure, line, percentile

TOWN = Point(47.281, 4.230)
TERMS = Terms(wait_s=1_800, detour_pct=50, detour_s=900, board_s=60)
EVERY = 50  # requests between two runs of the job
NEVER_M = 10**9


def drawn(count: int, vehicles: int, seed: int) -> tuple[Problem, list[Request]]:
    """An empty day, and the requests in the order in which they come."""
    random = Random(seed)
    villages = [Point(TOWN.lat + random.uniform(-0.14, 0.14), TOWN.lon + random.uniform(-0.2, 0.2)) for _ in range(60)]
    travel, requests = CrowFly(), []
    for number in range(count):
        a = random.choice(villages)
        z = TOWN if random.random() < 0.4 else random.choice([each for each in villages if each != a])
        if random.random() < 0.5:
            a, z = z, a
        promise = promise_of(TERMS, travel.time_s(a, z), random.randrange(6 * 3600, 20 * 3600, 300))
        requests.append(
            Request(f"r{number:04d}", a, z, promise, random.choice((1, 1, 1, 2, 3)), int(random.random() < 0.04))
        )
    cars = tuple(Vehicle(f"v{number:02d}", "", 8, 1, TOWN) for number in range(vehicles))
    return Problem(cars, {}, travel, TERMS.board_s), requests


def answered(
    day: Problem, requests: list[Request], tries: int, improvements: int
) -> tuple[Rounds, Problem, list[float]]:
    """Each request answered before the next is known; the rounds, those served, and the seconds of each answer."""
    rounds: Rounds = {}
    spent = []
    for number, each in enumerate(requests, 1):
        began = time.thread_time()
        found = insert(rounds, day, each, tries=tries)
        spent.append(time.thread_time() - began)
        if found is not None:
            rounds, day = found, replace(day, requests={**day.requests, each.id: each})
        if number % EVERY == 0:
            rounds = improved(rounds, day, improvements)
    return rounds, day, spent


def bound_m(problem: Problem) -> int:
    """Metres that no rounds serving these requests go below: an assignment of each stop to the one before it."""
    nodes = [
        (point, early, late)
        for each in problem.requests.values()
        for point, early, late in (
            (each.origin, each.promise.earliest_s, each.promise.latest_s),
            (each.destination, each.promise.earliest_s, each.promise.arrive_by_s),
        )
    ]
    count, cars = len(nodes), len(problem.vehicles)
    cost = np.zeros((count + cars, count + cars))
    travel = problem.travel
    for i, (a, early, _late) in enumerate(nodes):
        for j, (z, _early, late) in enumerate(nodes):
            in_time = early + problem.board_s + travel.time_s(a, z) <= late
            back = i % 2 and j == i - 1
            cost[i, j] = travel.distance_m(a, z) if i != j and in_time and not back else NEVER_M
        for k, car in enumerate(problem.vehicles):
            cost[i, count + k] = cost[count + k, i] = travel.distance_m(a, car.base)
    rows, columns = linear_sum_assignment(cost)
    room = max(car.seats + car.wheelchairs for car in problem.vehicles)
    carried = sum(
        (each.seats + each.wheelchairs) * travel.distance_m(each.origin, each.destination)
        for each in problem.requests.values()
    )
    return max(int(cost[rows, columns].sum()), carried // room)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--requests", type=int, default=500)
    asked.add_argument("--vehicles", type=int, default=15)
    asked.add_argument("--seconds", type=int, default=60, help="of each search of the peer")
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--cap-s", type=float, help="of each search of the peer at most")
    options = asked.parse_args()
    seconds = options.seconds if options.cap_s is None else min(options.seconds, int(options.cap_s))
    empty, requests = drawn(options.requests, options.vehicles, options.seed)
    rounds, day, spent = answered(empty, requests, ROOM_TRIES, IMPROVEMENTS)
    everyone = replace(empty, requests={each.id: each for each in requests})
    limits = Limits(solutions=10**6, seconds=seconds)
    in_order = sorted(requests, key=lambda each: (each.promise.earliest_s, each.id))
    known, known_day, _ = answered(empty, in_order, 5 * ROOM_TRIES, IMPROVEMENTS)
    offline: list[tuple[int, int]] = [(len(known_day.requests), metres(known, known_day))]
    for begun in (rounds, known):
        found = search(begun, everyone, limits, promised=False)
        if found is not None:
            served = {name: each for name, each in everyone.requests.items() if name not in found.left_out}
            at_end = replace(empty, requests=served)
            if not faults(found.rounds, at_end):
                offline.append((len(served), metres(found.rounds, at_end)))
    best = max(each for each, _metres in offline)
    ours_m = metres(rounds, day)
    shortest = reoptimised(rounds, day, limits)
    least = min(metres(shortest, day), ours_m)
    broken = len(faults(rounds, day)) + len(faults(shortest, day)) + len(faults(known, known_day))
    note = f"{options.requests} requests, {options.vehicles} vehicles, seed {options.seed}"
    note += f"; peer {seconds} s a search"
    measures: Mapping[str, Measure] = {
        "served": Measure(
            "tad/served online", len(day.requests), "requests", 0.93, best, "best offline found",
            higher_is_better=True, note=f"{note}; aim 0.97",
        ),
        "km": Measure(
            "tad/kilometres online", ours_m / 1000, "km", 1.15, least / 1000, "OR-Tools, same requests",
            note=f"{note}; aim 1.08",
        ),
        "bound": Measure(
            "tad/kilometres beside the bound", ours_m / 1000, "km", None, bound_m(day) / 1000,
            "assignment, no rounds drive less", note=note,
        ),
        "answer": Measure(
            "tad/an answer, p99", percentile(spent, 0.99) * 1e3, "CPU ms", None, note=f"{note}; p50 "
            f"{percentile(spent, 0.5) * 1e3:.1f} ms",
        ),
        "broken": Measure("tad/promises broken", broken, "promises", 0, note=note),
    }  # fmt: skip
    for each in measures.values():
        print(line(each), flush=True)


if __name__ == "__main__":
    main()
