"""Periods of days, first and last day included; an open end is None."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """From `first_day` to `last_day`, both included. Raises ValueError when it ends before it begins."""

    first_day: date
    last_day: date | None = None

    def __post_init__(self) -> None:
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError(f"a period that ends ({self.last_day}) before it begins ({self.first_day})")

    def __contains__(self, day: date) -> bool:
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)

    def overlaps(self, other: "Period") -> bool:
        return (other.last_day is None or self.first_day <= other.last_day) and (
            self.last_day is None or other.first_day <= self.last_day
        )

    def days(self) -> Iterator[date]:
        """Every day of a closed period. Raises ValueError for an open one."""
        if self.last_day is None:
            raise ValueError("an open period has no last day")
        day = self.first_day
        while day <= self.last_day:
            yield day
            day += timedelta(days=1)
