"""A round as it runs: what is late stays late only as long as it must, and what is told names stops alone."""

from hypothesis import given
from hypothesis import strategies as st

from mobigo.tad.model.rounds import Problem, Request, Visit
from mobigo.tad.model.services import Place
from mobigo.tad.rules.running import RunningRound, calls_of, expected
from tests.tad_world import WEDNESDAY, Ruler, at_km, request, vehicle

NINE = 9 * 3600
# One rider from km 0 to km 10, a second from km 10 to km 20 who is promised an hour later.
FIRST, SECOND = request("one", 0, 10, NINE), request("two", 10, 20, NINE + 3600)
ROUND = (
    Visit("one", True, NINE),
    Visit("one", False, NINE + 60 + 600),
    Visit("two", True, NINE + 3600),
    Visit("two", False, NINE + 3600 + 60 + 600),
)


def problem(*requests: Request) -> Problem:
    return Problem((vehicle(),), {each.id: each for each in requests}, Ruler(), 60)


def hours(happened: dict[tuple[str, bool], int]) -> list[int]:
    return [at_s - NINE for _visit, at_s, _passed in expected(ROUND, problem(FIRST, SECOND), happened)]


def test_without_a_word_of_the_driver_the_plan_stands() -> None:
    assert hours({}) == [0, 660, 3600, 4260]


def test_a_late_start_is_late_until_the_vehicle_has_waited_it_away() -> None:
    # 20 min late: on board 60 s, 10 km at a minute each; then it waits for the second, promised at ten.
    assert hours({("one", True): NINE + 1200}) == [1200, 1860, 3600, 4260]
    # 70 min late: the second is fetched when the vehicle is there.
    late = 4200
    assert hours({("one", True): NINE + late}) == [late, late + 660, late + 720, late + 1380]


def test_what_nobody_noted_before_the_last_that_was_is_taken_for_passed() -> None:
    told = expected(ROUND, problem(FIRST, SECOND), {("one", False): NINE + 700})
    assert [(at_s - NINE, passed) for _visit, at_s, passed in told] == [
        (0, True), (700, True), (3600, False), (4260, False),
    ]  # fmt: skip


@given(st.integers(-1800, 7200), st.integers(0, 7200))
def test_hours_never_go_backwards_nor_before_the_plan(late: int, more: int) -> None:
    found = hours({("one", True): NINE + late, ("one", False): NINE + late + more})
    assert found == sorted(found)
    assert found[2] >= 3600
    assert found[3] >= 4260


def test_a_door_is_not_told_and_several_at_one_stop_are_one_call() -> None:
    a, b = Place("a", "Aubigny", at_km(0)), Place("b", "Brazey", at_km(10))
    told = expected(ROUND, problem(FIRST, SECOND), {})
    both = {("one", True): a, ("one", False): b, ("two", True): b}  # the second is set down at a door
    assert [(each.stop.id, each.at_s - NINE) for each in calls_of(told, both)] == [("a", 0), ("b", 660)]
    assert calls_of(told, {}) == ()


def test_a_door_between_two_calls_at_a_stop_parts_them() -> None:
    a = Place("a", "Aubigny", at_km(0))
    told = expected(ROUND, problem(FIRST, SECOND), {})
    calls = calls_of(told, {("one", True): a, ("two", True): a})
    assert [each.at_s - NINE for each in calls] == [0, 3600]
    assert not RunningRound("essai", WEDNESDAY, 1, calls).is_under_way
