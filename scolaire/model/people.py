"""Pupils, their homes and who answers for them, as values without a name: a pupil is a random id, a home a commune."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

SCHOOL_WEEK: Final = frozenset(range(6))  # Monday to Saturday


class Regime(StrEnum):
    """How a pupil attends: out at noon, eating there, sleeping there, or alternating with a firm."""

    DAY = "day"  # externe
    HALF_BOARD = "half_board"  # demi-pensionnaire
    BOARDER = "boarder"  # interne
    APPRENTICE = "apprentice"  # apprenti, alternant


class HomeKind(StrEnum):
    """What a home is. A placement is decided by a judge or the département; its address is told to nobody."""

    MAIN = "main"
    SECOND = "second"  # the other parent's, in shared custody
    PLACEMENT = "placement"  # foster family, children's home


class Weeks(StrEnum):
    """In which weeks a pupil lives in a home: of the ISO calendar, by the parity of their number."""

    ALL = "all"
    EVEN = "even"
    ODD = "odd"

    def holds(self, day: date) -> bool:
        """Whether the week of this day is one of them."""
        number = day.isocalendar().week
        return self is Weeks.ALL or (number % 2 == 0) is (self is Weeks.EVEN)


@dataclass(frozen=True, slots=True)
class Stay:
    """When a pupil lives in a home: these weekdays (0 is Monday) of these weeks."""

    home: str
    weeks: Weeks = Weeks.ALL
    weekdays: frozenset[int] = SCHOOL_WEEK

    def holds(self, day: date) -> bool:
        """Whether the pupil lives there on this day."""
        return day.weekday() in self.weekdays and self.weeks.holds(day)


class Need(StrEnum):
    """What a seat has to allow. Adapted transport (a pupil with a disability who cannot use ours) is the département's
    affair (code de l'éducation, R213-13)."""

    NONE = "none"
    WHEELCHAIR = "wheelchair"
    ADAPTED = "adapted"


class Tie(StrEnum):
    """Who somebody is for a pupil."""

    PARENT = "parent"
    GUARDIAN = "guardian"  # tuteur, délégataire de l'autorité parentale
    INSTITUTION = "institution"  # who the child was entrusted to: aide sociale à l'enfance
    PUPIL = "pupil"  # of age


class Access(StrEnum):
    """What somebody may see and do of a pupil's file; parental authority is shared unless a judge said otherwise (code
    civil, article 372), and each parent sees their own home's address, never the other's."""

    FULL = "full"  # sees all but the other home's address; registers, asks, appeals
    READ = "read"  # sees; a decision of justice leaves the acts to the other
    NONE = "none"  # sees nothing any more


@dataclass(frozen=True, slots=True)
class Bond:
    """The bond of a guardian with a pupil. `home`: the one whose address they may see (None: no home of theirs)."""

    pupil: str
    guardian: str
    tie: Tie
    access: Access
    home: str | None = None

    @property
    def reads(self) -> bool:
        return self.access is not Access.NONE

    @property
    def acts(self) -> bool:
        return self.access is Access.FULL


def weekdays_of(mask: int) -> frozenset[int]:
    """The weekdays of a bit mask: bit 0 is Monday. Raises ValueError for what is no week."""
    if not 0 <= mask < 1 << 7:
        raise ValueError(f"not a week: {mask}")
    return frozenset(day for day in range(7) if mask >> day & 1)


def mask_of(weekdays: Collection[int]) -> int:
    """The bit mask of weekdays."""
    return sum(1 << day for day in set(weekdays))
