"""When a schedule fires next: whole days in France, across both changes of time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput
from mobigo.infra.jobs import rhythms

PARIS = ZoneInfo("Europe/Paris")


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("rhythm", "instant", "following"),
    [
        ("every 15 min", "2026-11-24 08:07", "2026-11-24 08:22"),
        ("every 2 h", "2026-03-29 01:30", "2026-03-29 04:30"),  # 01:30 + 2 h of real time, the clocks jumped
        ("every 30 s", "2026-11-24 23:59:45", "2026-11-25 00:00:15"),
        ("daily 03:15", "2026-11-24 03:14:59", "2026-11-24 03:15"),
        ("daily 03:15", "2026-11-24 03:15", "2026-11-25 03:15"),
        ("daily 00:00", "2026-12-31 23:59", "2027-01-01 00:00"),
        ("daily 02:30", "2026-03-28 12:00", "2026-03-29 03:30"),  # 02:30 does not exist that day
        ("daily 02:30", "2026-03-29 03:30", "2026-03-30 02:30"),
        ("daily 02:30", "2026-10-24 12:00", "2026-10-25 02:30"),  # 02:30 exists twice: the first
        ("daily 02:30", "2026-10-25 02:30", "2026-10-26 02:30"),
        ("weekly mon 06:00", "2026-11-24 08:00", "2026-11-30 06:00"),
        ("weekly tue 08:00", "2026-11-24 07:59", "2026-11-24 08:00"),
        ("weekly tue 08:00", "2026-11-24 08:00", "2026-12-01 08:00"),
        ("monthly 1 06:00", "2026-11-24 08:00", "2026-12-01 06:00"),
        ("monthly 28 06:00", "2026-02-28 06:00", "2026-03-28 06:00"),
    ],
)
def test_a_rhythm_fires_at_the_hour_people_wrote(rhythm: str, instant: str, following: str) -> None:
    assert rhythms.read(rhythm).after(paris(instant)) == paris(following).astimezone(UTC)


@pytest.mark.parametrize(
    "text",
    ["", "every 0 s", "every 1 day", "every -1 h", "daily 24:00", "daily 3:15", "weekly 03:15", "weekly lun 03:15",
     "monthly 0 03:15", "monthly 29 03:15", "daily 03:60", "DAILY 03:15", "daily 03:15 ", "every 1000000 s"],
)  # fmt: skip
def test_another_rhythm_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        rhythms.read(text)
    assert refused.value.decision.code == "jobs.bad_rhythm"


TEXTS = st.one_of(
    st.builds("every {} min".format, st.integers(1, 2_000)),
    st.builds("daily {:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59)),
    st.builds("weekly {} {:02d}:00".format, st.sampled_from(rhythms.DAYS), st.integers(0, 23)),
    st.builds("monthly {} {:02d}:30".format, st.integers(1, 28), st.integers(0, 23)),
)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@given(TEXTS, INSTANTS)
def test_the_next_instant_is_later_and_by_no_more_than_the_rhythm(text: str, instant: datetime) -> None:
    days_max = {"every": 2, "daily": 1, "weekly": 7, "monthly": 31}[text.partition(" ")[0]]
    following = rhythms.read(text).after(instant)
    assert instant < following <= instant + timedelta(days=days_max, hours=2)


@given(TEXTS.filter(lambda text: not text.startswith("every")), INSTANTS, INSTANTS)
def test_asking_later_never_gives_an_earlier_instant(text: str, one: datetime, other: datetime) -> None:
    rhythm = rhythms.read(text)
    assert rhythm.after(min(one, other)) <= rhythm.after(max(one, other))
