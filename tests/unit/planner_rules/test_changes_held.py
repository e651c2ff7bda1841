"""How often a change could be made: from ten days on, and never better than what was noted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.planner.rules.robust import DAYS_MIN, Held, held

days_noted = st.lists(st.one_of(st.none(), st.integers(-120, 3_600)), max_size=60)


@pytest.mark.parametrize(
    ("late_s", "spare_s", "known"),
    [
        ([0] * 9, 300, None),
        ([0] * 10, 300, Held(10, 10)),
        ([300] * 10, 300, Held(10, 10)),
        ([301] * 10, 300, Held(0, 10)),
        ([0] * 8 + [600, None], 300, Held(8, 10)),  # late, and not run at all
        ([-60] * 10, 0, Held(10, 10)),
    ],
)
def test_a_change_is_made_when_one_is_there_in_time(late_s: list[int | None], spare_s: int, known: Held | None) -> None:
    assert held(late_s, spare_s) == known


@given(days_noted, st.integers(0, 3_600), st.integers(0, 600))
def test_more_time_to_spare_is_never_worse(late_s: list[int | None], spare_s: int, more_s: int) -> None:
    a, b = held(late_s, spare_s), held(late_s, spare_s + more_s)
    assert (a is None) == (b is None) == (len(late_s) < DAYS_MIN)
    if a is not None and b is not None:
        assert 0 <= a.times <= b.times <= a.days == len(late_s)
