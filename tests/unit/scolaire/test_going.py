"""A search that is stopped ends in the middle of its step, with what it had; one that is not is as if nobody asked."""

import threading
from collections.abc import Callable

import numpy as np
import pytest

from scolaire.engine.going import always, beside
from scolaire.engine.routes import Ask, route
from scolaire.engine.stops import SLICE, StopLimits, choose_stops
from scolaire.model.stops import StopProblem
from scolaire.rules.stops import stop_faults
from tests.unit.scolaire.test_solve import drawn


def counted(times: int) -> tuple[list[int], Callable[[], bool]]:
    """Says yes so many times, then no; and how often it was asked."""
    asked = [0]

    def going() -> bool:
        asked[0] += 1
        return asked[0] <= times

    return asked, going


def plain(seed: int, stops: int = 12, pupils: int = 40) -> StopProblem:
    draw = np.random.default_rng(seed)
    places = draw.uniform(0, 100, (stops + 1, 2))
    costs = np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=2))
    return StopProblem(costs, tuple((1 + n % stops, 1 + (n + 1) % stops) for n in range(pupils)), 10)


def test_stops_looked_for_in_slices_are_those_of_one_piece() -> None:
    """The slices end where nobody can see: whoever asks changes nothing."""
    turns = StopLimits(2 * SLICE + 50)
    asked, going = counted(10)
    assert choose_stops(plain(1), turns, 3, going) == choose_stops(plain(1), turns, 3)
    assert asked == [3]  # before each slice


@pytest.mark.parametrize("yes", [0, 1, 2])
def test_stops_are_looked_for_no_longer_than_asked_but_once(yes: int) -> None:
    """Stopped at once there is a plan all the same: a refusal would say that pupils cannot be seated."""
    _, going = counted(yes)
    cooling = StopLimits(50 * SLICE)
    plan = choose_stops(plain(2), cooling, 3, going)
    assert plan is not None
    assert stop_faults(plan, plain(2)) == []
    _, same = counted(max(1, yes))
    assert plan == choose_stops(plain(2), cooling, 3, same)


def test_routes_end_between_two_turns() -> None:
    problem = drawn(1)
    ask = Ask("s0", tuple(n for n, each in enumerate(problem.needs) if each.school == "s0"), 465 * 60_000, 40)
    asked, going = counted(5)
    route(problem, ask, seed=1, iterations=100_000, going=going)
    assert asked == [6]


def test_a_solver_that_cannot_be_interrupted_is_left_alone() -> None:
    """The caller goes on at once; what works beside ends by itself."""
    leave, left = threading.Event(), threading.Event()

    def work() -> int:
        leave.wait(60)
        left.set()
        return 1

    _, going = counted(2)
    assert beside(work, going) is None
    assert not left.is_set()
    leave.set()
    assert left.wait(60)


def test_what_works_beside_gives_its_answer_or_its_error() -> None:
    assert beside(lambda: 7, always) == 7
    assert beside(lambda: 7, lambda: True) == 7
    assert beside(lambda: 7, lambda: False) is None
    with pytest.raises(KeyError):
        beside(lambda: {}["x"], lambda: True)
