"""Service time: seconds after "noon minus 12 h" of the service day, in the agency's zone; it may pass 24 h.

Source: GTFS Schedule reference, field type "Time": counted from noon minus 12 hours, which is midnight except on
the days when the clocks change.
"""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY_S = 86_400
_TIME = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)")


def parse_service_time(text: str) -> int | None:
    """Seconds of `H:MM:SS`, `HH:MM:SS` or `HHH:MM:SS`, blanks around allowed; None when it is not a service time."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = (int(group) for group in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def format_service_time(time_s: int) -> str:
    """`HH:MM:SS`, as GTFS writes it; past 24 h the hours go on counting."""
    if time_s < 0:
        raise ValueError("a service time is not negative")
    return f"{time_s // 3600:02d}:{time_s // 60 % 60:02d}:{time_s % 60:02d}"


def service_day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) from which the service times of `day` count: noon there, minus 12 hours."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    return noon.astimezone(UTC) - timedelta(hours=12)


def instant_of(day: date, time_s: int, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a service time of a service day."""
    return service_day_start(day, zone) + timedelta(seconds=time_s)
