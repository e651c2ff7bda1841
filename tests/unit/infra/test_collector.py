"""The collector is spared while it is asked, and no longer."""

import gc

import pytest

from mobigo.infra.collector import SELDOM, seldom_collected


def test_it_collects_seldom_until_the_last_of_those_who_asked_ends() -> None:
    before = gc.get_threshold()
    first, second = seldom_collected(), seldom_collected()
    with first:
        assert gc.get_threshold() == SELDOM
        with second:
            pass
        assert gc.get_threshold() == SELDOM
    assert gc.get_threshold() == before


def test_it_is_as_before_after_a_fault() -> None:
    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), seldom_collected():
        _ = 1 // 0
    assert gc.get_threshold() == before
