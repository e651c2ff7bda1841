"""Until when one may book: second by second, on the French clock, over the days when the clocks change."""

from datetime import UTC, date, datetime, time

import pytest

from mobigo.base.instants import PARIS
from mobigo.base.servicetime import instant_of
from mobigo.tad.model.services import Cutoff, CutoffKind
from mobigo.tad.rules.cutoff import book_by, in_time

EVE = Cutoff(CutoffKind.DAYS, days=1, at=time(17))
WORKING_EVE = Cutoff(CutoffKind.DAYS, days=1, at=time(17), weekdays=frozenset(range(5)))
HALF_HOUR = Cutoff(CutoffKind.MINUTES, minutes=30)
TWO_HOURS = Cutoff(CutoffKind.MINUTES, minutes=120)


def paris(*when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=PARIS, fold=fold)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("cutoff", "day", "pickup_s", "now", "expected"),
    [
        pytest.param(EVE, date(2026, 11, 25), 9 * 3600, paris(2026, 11, 24, 16, 59, 59), True, id="one-second-before"),
        pytest.param(EVE, date(2026, 11, 25), 9 * 3600, paris(2026, 11, 24, 17, 0, 0), False, id="five-o-clock"),
        pytest.param(EVE, date(2026, 11, 25), 9 * 3600, paris(2026, 11, 25, 8, 0, 0), False, id="the-day-itself"),
        # 28 March 2027 has 23 hours: 17 h on the 27th is still 16 h UTC, 17 h on the 28th is 15 h UTC.
        pytest.param(EVE, date(2027, 3, 28), 9 * 3600, datetime(2027, 3, 27, 15, 59, 59, tzinfo=UTC), True,
                     id="eve-of-the-short-day"),
        pytest.param(EVE, date(2027, 3, 29), 9 * 3600, datetime(2027, 3, 28, 14, 59, 59, tzinfo=UTC), True,
                     id="on-the-short-day-before"),
        pytest.param(EVE, date(2027, 3, 29), 9 * 3600, datetime(2027, 3, 28, 15, 0, 0, tzinfo=UTC), False,
                     id="on-the-short-day-at"),
        # 25 October 2026 has 25 hours: 17 h is 16 h UTC again.
        pytest.param(EVE, date(2026, 10, 26), 9 * 3600, datetime(2026, 10, 25, 15, 59, 59, tzinfo=UTC), True,
                     id="on-the-long-day-before"),
        pytest.param(EVE, date(2026, 10, 26), 9 * 3600, datetime(2026, 10, 25, 16, 0, 0, tzinfo=UTC), False,
                     id="on-the-long-day-at"),
        # Monday's is on Friday when the telephone is answered from Monday to Friday.
        pytest.param(WORKING_EVE, date(2026, 11, 30), 9 * 3600, paris(2026, 11, 27, 16, 59, 59), True, id="friday"),
        pytest.param(WORKING_EVE, date(2026, 11, 30), 9 * 3600, paris(2026, 11, 29, 12, 0, 0), False, id="sunday"),
        pytest.param(HALF_HOUR, date(2026, 11, 25), 9 * 3600, paris(2026, 11, 25, 8, 30, 0), True, id="thirty-minutes"),
        pytest.param(HALF_HOUR, date(2026, 11, 25), 9 * 3600, paris(2026, 11, 25, 8, 30, 1), False, id="a-second-less"),
        # At 4 h on the short day two hours before is 1 h, before the clocks jump over 2 h.
        pytest.param(TWO_HOURS, date(2027, 3, 28), 4 * 3600, datetime(2027, 3, 28, 0, 0, tzinfo=UTC), True,
                     id="minutes-over-the-jump"),
        pytest.param(TWO_HOURS, date(2027, 3, 28), 4 * 3600, datetime(2027, 3, 28, 0, 0, 1, tzinfo=UTC), False,
                     id="minutes-over-the-jump-late"),
        pytest.param(Cutoff(CutoffKind.NONE), date(2026, 11, 25), 9 * 3600, paris(2026, 11, 25, 8, 59, 59), True,
                     id="no-cutoff"),
        pytest.param(Cutoff(CutoffKind.NONE), date(2026, 11, 25), 9 * 3600, paris(2026, 11, 25, 9, 0, 0), False,
                     id="no-cutoff-gone"),
        pytest.param(Cutoff(CutoffKind.DAYS, days=0, at=time(0)), date(2026, 11, 25), 9 * 3600,
                     paris(2026, 11, 24, 23, 59, 59), True, id="midnight-is-an-hour"),
        pytest.param(Cutoff(CutoffKind.DAYS, days=0, at=time(0)), date(2026, 11, 25), 9 * 3600,
                     paris(2026, 11, 25, 0, 0, 0), False, id="midnight-is-past"),
    ],
)  # fmt: skip
def test_the_last_moment_to_book(cutoff: Cutoff, day: date, pickup_s: int, now: datetime, expected: bool) -> None:
    pickup = instant_of(day, pickup_s, PARIS)
    assert in_time(cutoff, day, pickup, now) is expected
    last = book_by(cutoff, day, pickup)
    assert last is None or (now <= last) >= expected
