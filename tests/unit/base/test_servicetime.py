"""Service time: seconds after noon minus 12 h, past 24 h, across both changes of the clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.instants import PARIS
from mobigo.base.servicetime import format_service_time, instant_of, parse_service_time, service_day_start

TIMES = st.integers(0, 999 * 3600 + 3599)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("text", "time_s"),
    [
        ("00:00:00", 0),
        ("0:00:00", 0),
        ("9:05:00", 32_700),
        (" 7:05:00", 25_500),
        ("07:05:00 ", 25_500),
        ("23:59:59", 86_399),
        ("24:00:00", 86_400),
        ("41:30:00", 149_400),
        ("100:00:00", 360_000),
    ],
)
def test_what_feeds_write_is_read(text: str, time_s: int) -> None:
    assert parse_service_time(text) == time_s


@pytest.mark.parametrize(
    "text",
    ["", " ", "7:5:00", "07:60:00", "07:00:60", "07:00", "-1:00:00", "7h05", "1000:00:00", "07:00:00.5", "٠٧:00"],
)
def test_what_is_not_a_service_time_is_none_and_not_midnight(text: str) -> None:
    assert parse_service_time(text) is None


@given(TIMES)
def test_writing_then_reading_gives_the_same_time(time_s: int) -> None:
    assert parse_service_time(format_service_time(time_s)) == time_s


def test_a_negative_time_is_not_written() -> None:
    with pytest.raises(ValueError, match="negative"):
        format_service_time(-1)


@pytest.mark.parametrize(
    ("day", "starts"),
    [
        (date(2026, 1, 15), datetime(2026, 1, 14, 23, tzinfo=UTC)),  # midnight in winter
        (date(2026, 7, 15), datetime(2026, 7, 14, 22, tzinfo=UTC)),  # midnight in summer
        # Sunday 29 March 2026: 23 hours long; noon minus 12 h is 23:00 on Saturday, local time
        (date(2026, 3, 29), datetime(2026, 3, 28, 22, tzinfo=UTC)),
        # Sunday 25 October 2026: 25 hours long; noon minus 12 h is 01:00 local time, still summer time
        (date(2026, 10, 25), datetime(2026, 10, 24, 23, tzinfo=UTC)),
    ],
)
def test_a_service_day_starts_twelve_hours_before_noon(day: date, starts: datetime) -> None:
    assert service_day_start(day, PARIS) == starts


@pytest.mark.parametrize(
    ("day", "time", "local"),
    [
        (date(2026, 3, 29), "08:00:00", "2026-03-29T08:00:00+02:00"),  # the hour read on the platform's clock
        (date(2026, 10, 25), "08:00:00", "2026-10-25T08:00:00+01:00"),
        (date(2026, 3, 28), "26:00:00", "2026-03-29T03:00:00+02:00"),  # Saturday's night bus: 02:00 does not exist
        (date(2026, 10, 24), "26:30:00", "2026-10-25T02:30:00+02:00"),  # the first of the two 02:30
        (date(2026, 10, 25), "02:30:00", "2026-10-25T02:30:00+01:00"),  # the second: it counts from noon
        (date(2026, 11, 24), "24:00:00", "2026-11-25T00:00:00+01:00"),
    ],
)
def test_instants_agree_with_the_clock_on_the_platform(day: date, time: str, local: str) -> None:
    time_s = parse_service_time(time)
    assert time_s is not None
    assert instant_of(day, time_s, PARIS).astimezone(PARIS).isoformat() == local


@given(
    DAYS, st.integers(12 * 3600, 23 * 3600), st.sampled_from(["Europe/Paris", "America/New_York", "Pacific/Auckland"])
)
def test_an_afternoon_time_is_the_local_time(day: date, time_s: int, zone_name: str) -> None:
    zone = ZoneInfo(zone_name)  # the clocks of these zones change at night
    local = instant_of(day, time_s, zone).astimezone(zone)
    assert (local.date(), local.hour * 3600 + local.minute * 60 + local.second) == (day, time_s)


@given(DAYS, TIMES, st.integers(0, 86_400))
def test_time_runs_evenly_within_a_service_day(day: date, time_s: int, more_s: int) -> None:
    later = instant_of(day, time_s + more_s, PARIS)
    assert later - instant_of(day, time_s, PARIS) == timedelta(seconds=more_s)


@given(DAYS)
def test_service_days_follow_one_another_by_23_24_or_25_hours(day: date) -> None:
    length = service_day_start(day + timedelta(days=1), PARIS) - service_day_start(day, PARIS)
    assert length in (timedelta(hours=23), timedelta(hours=24), timedelta(hours=25))
