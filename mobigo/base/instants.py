"""Instants are aware and in UTC; the day of an instant, for money and rights, is the day in France."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def to_utc(instant: datetime) -> datetime:
    """The same instant in UTC. Raises ValueError for a naive datetime: nobody knows which instant that is."""
    if instant.tzinfo is None:
        raise ValueError("an instant carries its zone")
    return instant.astimezone(UTC)


def paris_day(instant: datetime) -> date:
    """The calendar day of an instant in France."""
    if instant.tzinfo is None:
        raise ValueError("an instant carries its zone")
    return instant.astimezone(PARIS).date()
