"""Journeys by arrival, vehicles, walking and price against a list of every journey, on random tiny networks with
random tariffs. A failure prints its world."""

from collections.abc import Iterator
from dataclasses import replace
from math import inf

import pytest

from mobigo.planner.engine.criteria import Slack
from mobigo.planner.engine.weighed import weighed
from mobigo.planner.model import Reach
from tests.counts import count
from tests.criteria_world import random_tariff, station_of, table_of
from tests.oracles import brute_criteria as oracle
from tests.oracles.brute_force import Expanded
from tests.oracles.spec import World
from tests.planner_adaptor import Asked, ask_of, compiled, reach_of
from tests.strategies import Case, random_case

DAY_S = 86_400
CHUNK = 50
CHUNKS_IN_CI = 7
CHUNKS = 100  # all together: the 5,000 networks
SLACKS = (
    Slack(3600, 1, waits=True), Slack(0, 0, waits=True), Slack(1800, 2, waits=True), Slack(DAY_S, 8, DAY_S, waits=True),
)  # fmt: skip


def _walked(reach: Reach) -> Reach:
    """A metre for each second from the door."""
    return replace(reach, walk_m=reach.time_s.copy())


def differences(case: Case) -> Iterator[str | None]:
    """What the search and the list disagree on, one for each question; None where they agree."""
    files = case.spec.files()
    world = World(files)
    asked = Asked(compiled(files))
    first = min(question.at for question in case.questions)
    last = max(question.at for question in case.questions)
    graph = Expanded(world, first - DAY_S, last + DAY_S)
    station = {stop: station_of(world, stop) for stop in world.stops}
    for number, asks in enumerate(case.questions):
        question = replace(asks, vehicles_max=min(asks.vehicles_max, 4))
        tariff = random_tariff(case.seed * 7 + number, world)
        slack = SLACKS[(case.seed + number) % len(SLACKS)]
        if question.access.keys() & question.egress.keys():
            continue
        ask = ask_of(question)
        found = graph.forward(ask, question.at)[0]
        latest = oracle.deadlines(
            found, (slack.arrive_s, slack.rides, slack.late_s), question.vehicles_max, question.at + DAY_S
        )
        walk_m = {**question.access, **question.egress}
        try:
            expected = oracle.front(graph, ask, walk_m, question.at, latest, priced(tariff), station)
        except oracle.TooMany:
            continue
        ends = (_walked(reach_of(asked.timetable, each)) for each in (question.access, question.egress))
        answer = weighed(
            asked.searcher, table_of(tariff, asked.timetable), *ends, question.at, question.vehicles_max,
            accepts=asked.accepts(question), slack=slack,
        )  # fmt: skip
        points = {
            (
                one.itinerary.arrive_s, len(one.itinerary.rides), one.walk_m,
                inf if one.least_cents is None else one.least_cents, inf if one.most_cents is None else one.most_cents,
            )
            for one in answer
        }  # fmt: skip
        if points == expected and len(answer) == len(points):
            yield None
        else:
            yield f"{question.text()}\n{tariff}\n{slack}\n missing {expected - points}\n beyond {points - expected}"


def priced(tariff: oracle.Tariff) -> oracle.Tariff:
    """What a table can say of a random tariff: no transfer to or from a network that joins."""
    return replace(tariff, groups={n: g for n, g in tariff.groups.items() if n not in tariff.joins})


def check(seeds: range) -> int:
    agreed = 0
    for seed in seeds:
        case = random_case(seed)
        for difference in differences(case):
            if difference is not None:
                pytest.fail(f"{difference}\n{case.text()}")
            agreed += 1
    return agreed


@pytest.mark.parametrize("chunk", range(count(CHUNKS_IN_CI, 1)))
def test_four_criteria_are_those_of_a_list_of_every_journey(chunk: int) -> None:
    assert check(range(chunk * CHUNK, (chunk + 1) * CHUNK)) > CHUNK


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(count(CHUNKS_IN_CI, 1), CHUNKS))
def test_four_criteria_are_those_of_a_list_on_five_thousand_networks(chunk: int) -> None:
    assert check(range(chunk * CHUNK, (chunk + 1) * CHUNK)) > CHUNK


def test_random_tariffs_hold_what_makes_fares_hard() -> None:
    """Journeys that only their price or their walking keeps, several vehicles, prices that are a range, and unknown
    ones are common among the questions."""
    traits = dict.fromkeys(("kept by price", "kept by walking", "two vehicles", "a range", "unknown", "free"), 0)
    for seed in range(100):
        case = random_case(seed)
        files = case.spec.files()
        world = World(files)
        asked = Asked(compiled(files))
        for number, question in enumerate(case.questions):
            table = table_of(random_tariff(seed * 7 + number, world), asked.timetable)
            ends = (_walked(reach_of(asked.timetable, each)) for each in (question.access, question.egress))
            found = weighed(asked.searcher, table, *ends, question.at, 4, slack=Slack(7200, 2, waits=True))
            for one in found:
                others = [each for each in found if each is not one]
                sooner = [
                    each
                    for each in others
                    if each.itinerary.arrive_s <= one.itinerary.arrive_s
                    and len(each.itinerary.rides) <= len(one.itinerary.rides)
                ]
                cheaper = all((one.least_cents or 0) < (each.least_cents or 0) for each in sooner)
                traits["kept by price"] += bool(sooner) and cheaper and one.least_cents is not None
                traits["kept by walking"] += bool(sooner) and all(one.walk_m < each.walk_m for each in sooner)
                traits["two vehicles"] += len(one.itinerary.rides) > 1
                traits["a range"] += one.least_cents != one.most_cents
                traits["unknown"] += one.most_cents is None
                traits["free"] += one.most_cents == 0
    assert {trait for trait, count in traits.items() if count < 5} == set(), traits
