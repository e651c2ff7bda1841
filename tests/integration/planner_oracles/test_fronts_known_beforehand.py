"""What a search is told beforehand bounds it, and changes nothing of what it finds."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from mobigo.planner.engine import alternatives as beside
from mobigo.planner.engine.found import Itinerary
from mobigo.planner.engine.search import Accepts, Searcher
from mobigo.planner.engine.weighed import weighed
from mobigo.planner.model import Endpoint, Limits, Query, Reach
from tests.builders import feed, trip
from tests.criteria_world import random_tariff, table_of
from tests.integration.planner_oracles.test_planner_four_criteria import _walked
from tests.oracles.spec import World
from tests.planner_adaptor import Asked, compiled, reach_of
from tests.strategies import random_case

DAY_S = 86_400
WINDOWS_S = (0, 1_800, 7_200)


def of_hours(
    searcher: Searcher, ends: tuple[Reach, Reach], accept: Accepts, at_s: int, window_s: int, rounds: int
) -> list[Itinerary]:
    """What the search by hours shows: the window, else the best behind it, each as late as its arrival allows."""
    found = searcher.window(*ends, at_s, at_s + window_s, False, rounds, DAY_S, accept) if window_s else []
    if not found:
        for each in searcher.one(*ends, at_s, False, rounds, DAY_S, accept):
            back = searcher.one(*ends, each.arrive_s, True, len(each.rides), DAY_S, accept)
            found.append(back[-1] if back else each)
    return found


def without_fronts(*given: Any, **options: Any) -> Any:
    """`weighed`, that finds out by itself what leaves at each start; the last searches keep their deadline."""
    if options["arrive_s_max"] is None:
        options["front"] = None
    return weighed(*given, **options)


def test_fronts_read_off_a_window_are_those_of_each_start(monkeypatch: pytest.MonkeyPatch) -> None:
    met, exact = 0, 0
    for seed in range(150):
        case = random_case(seed)
        files = case.spec.files()
        world, asked = World(files), Asked(compiled(files))
        for number, question in enumerate(case.questions):
            if question.access.keys() & question.egress.keys():
                continue
            table = table_of(random_tariff(seed * 7 + number, world), asked.timetable)
            ends = tuple(_walked(reach_of(asked.timetable, each)) for each in (question.access, question.egress))
            accept = asked.accepts(question)
            rounds = min(question.vehicles_max, 4)
            for window_s in WINDOWS_S:
                front = of_hours(asked.searcher, ends, accept, question.at, window_s, rounds)
                starts = (question.at, *(each.depart_s for each in front[:1]))  # the instant of a departure too
                for at_s in dict.fromkeys(starts):
                    front = of_hours(asked.searcher, ends, accept, at_s, window_s, rounds)
                    query = Query(
                        Endpoint("a"), Endpoint("b"), datetime.fromtimestamp(at_s, UTC), window_s=window_s,
                        limits=Limits(vehicles_max=rounds),
                    )  # fmt: skip
                    given = (asked.searcher, table, query, *ends, accept, front)
                    found = beside.alternatives(*given)
                    with monkeypatch.context() as patch:
                        patch.setattr(beside, "weighed", without_fronts)
                        assert found.chosen == beside.alternatives(*given).chosen, (seed, number, window_s, at_s)
                    met += bool(found.chosen)
                    exact += bool(front) and front[0].depart_s == at_s
    assert met > 50
    assert exact > 50


def test_a_journey_of_eight_vehicles_is_found_in_a_window() -> None:
    stops = "ABCDEFGHI"
    rides = [
        trip(f"t{n}", f"{a} {8 + n:02}:00 {b} {8 + n:02}:30", route=f"R{n}") for n, (a, b) in enumerate(pairwise(stops))
    ]
    searcher = Asked(compiled(feed(rides))).searcher
    row = {str(stop): n for n, stop in enumerate(searcher.timetable.stop_id)}
    assert len(row) == len(stops)
    ends = searcher.linked([row["A"]], leaving=True), searcher.linked([row["I"]], leaving=False)
    at_s = int(datetime(2025, 3, 18, 6, tzinfo=UTC).timestamp())
    (found,) = searcher.window(*ends, at_s, at_s + 7_200)
    assert len(found.rides) == 8
    assert [each.arrive_s for each in searcher.one(*ends, at_s)] == [found.arrive_s]
