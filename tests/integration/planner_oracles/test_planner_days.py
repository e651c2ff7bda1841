"""Laws of the shortcuts the search for the next service takes, on random tiny networks: a day that is left out has no
journey; searched from either end, weekly view or not, a day has the same journeys; what is found beside the window
is what a search of that side finds."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from mobigo.planner.engine.found import Itinerary
from tests.planner_adaptor import ZONE, Asked, compiled, reach_of
from tests.strategies import random_case

SEEDS = range(30_000, 30_040)
DAY_S = 86_400


def midnight_s(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE)).timestamp())


def points(found: list[Itinerary]) -> set[tuple[int, int, int]]:
    return {(itinerary.depart_s, itinerary.arrive_s, len(itinerary.rides)) for itinerary in found}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_left_out_has_no_journey_and_each_day_is_the_same_from_either_end(seed: int) -> None:
    case = random_case(seed)
    asked = Asked(compiled(case.spec.files()))
    for question in case.questions:
        ends = reach_of(asked.timetable, question.access), reach_of(asked.timetable, question.egress)
        accepts, rounds = asked.accepts(question), question.vehicles_max
        first = datetime.fromtimestamp(question.at, UTC).astimezone(ZoneInfo(ZONE)).date() - timedelta(days=3)
        possible = asked.searcher.days(*ends, first, 8, rounds, 2 * DAY_S, accepts)
        for day in (first + timedelta(days=n) for n in range(8)):
            since_s, until_s = midnight_s(day), midnight_s(day + timedelta(days=1)) - 1
            window = asked.searcher.window(*ends, since_s, until_s, rounds=rounds, accepts=accepts)
            assert points(asked.searcher.leaving(*ends, since_s, until_s, rounds, DAY_S, accepts)) == points(window)
            assert day in possible or not window


@pytest.mark.parametrize("seed", SEEDS[::2])
@pytest.mark.parametrize("backward", [False, True])
def test_what_is_found_beside_the_window_is_what_a_search_of_that_side_finds(seed: int, *, backward: bool) -> None:
    case = random_case(seed)
    asked = Asked(compiled(case.spec.files()))
    for question in case.questions:
        ends = reach_of(asked.timetable, question.access), reach_of(asked.timetable, question.egress)
        accepts, rounds = asked.accepts(question), question.vehicles_max
        edge_s, window_s = question.by if backward else question.at, question.window_s
        if backward:
            inside, beside, all_of = (
                (edge_s - window_s, edge_s),
                (edge_s + 1, edge_s + DAY_S),
                (edge_s - window_s, edge_s + DAY_S),
            )
        else:
            inside, beside, all_of = (
                (edge_s, edge_s + window_s),
                (edge_s - DAY_S, edge_s - 1),
                (edge_s - DAY_S, edge_s + window_s),
            )

        search = partial(asked.searcher.window, *ends, backward=backward, rounds=rounds, accepts=accepts)
        both, alone = points(search(*all_of, enough_s=edge_s)), points(search(*beside))
        nearest = (
            min((point[1] for point in alone), default=None)
            if backward
            else max((point[0] for point in alone), default=None)
        )
        expected = {point for point in alone if point[1 if backward else 0] == nearest}
        assert both == points(search(*inside)) | expected
