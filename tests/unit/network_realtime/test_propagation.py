"""A course from its timetable and what is said of its calls: the propagation of the GTFS Realtime reference, and what
must be true where nothing is said."""

import pytest

from mobigo.network.model.realtime import CallKind
from mobigo.network.rules.propagation import Course, Placed, Word, propagated

PLAN = Course((0, 1, 2, 3), (0, 600, 1200, 1800), (0, 660, 1200, 1800), (Word.NONE,) * 4)
SKIPPED, NO_DATA, SCHEDULED = CallKind.SKIPPED, CallKind.NO_DATA, CallKind.SCHEDULED


def late(position: int, arrive_s: int | None = None, depart_s: int | None = None) -> Placed:
    return Placed(position, SCHEDULED, arrive_delay_s=arrive_s, depart_delay_s=depart_s)


@pytest.mark.parametrize(
    ("said", "delay_s", "departures", "words"),
    [
        pytest.param([], None, (0, 660, 1200, 1800), "----", id="nothing said"),
        pytest.param([], 60, (60, 720, 1260, 1860), "eeee", id="the trip is late"),
        pytest.param([late(1, 120, 120)], None, (0, 780, 1320, 1920), "-eee", id="a delay holds for what follows"),
        pytest.param([late(1, 120)], None, (0, 780, 1320, 1920), "-eee", id="late to arrive, late to leave"),
        pytest.param([late(1, 120, 120), late(3, 0, 0)], None, (0, 780, 1320, 1800), "-eee", id="until told otherwise"),
        pytest.param([late(2, 0, 0)], 300, (300, 960, 1200, 1800), "eeee", id="the trip's delay before the first call"),
        pytest.param(
            [late(0, 300, 300), Placed(1, SKIPPED)], None, (300, 960, 1500, 2100), "esee", id="over a skipped call"
        ),
        pytest.param(
            [late(0, 300, 300), Placed(2, NO_DATA)], None, (300, 960, 1200, 1800), "ee--", id="no data ends it"
        ),
        pytest.param(
            [late(1, 900, 900), Placed(2, NO_DATA)], None, (0, 1560, 1560, 1800), "-e--", id="but no call is before it"
        ),
        pytest.param([late(1, -620, -620)], None, (-20, 40, 580, 1180), "-eee", id="and none before was left after it"),
        pytest.param([late(1, 900, 900), late(2, 300, 300)], None, None, "", id="told times that go backwards"),
    ],
)
def test_what_is_said_of_some_calls_says_this_of_all(
    said: list[Placed], delay_s: int | None, departures: tuple[int, ...] | None, words: str
) -> None:
    course = propagated(PLAN, said, delay_s)
    assert (None if course is None else course.depart_s) == departures
    assert ("" if course is None else "".join("-es"[word] for word in course.word)) == words


def test_an_instant_says_as_much_as_a_delay() -> None:
    told = propagated(PLAN, [Placed(1, SCHEDULED, arrive_s=720, depart_s=780)])
    assert told == propagated(PLAN, [late(1, 120, 120)])


def test_another_stop_is_where_the_vehicle_comes() -> None:
    moved = propagated(PLAN, [Placed(2, SCHEDULED, arrive_delay_s=0, stop=9)])
    assert moved is not None
    assert moved.stop == (0, 1, 9, 3)
