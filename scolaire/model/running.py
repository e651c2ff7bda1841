"""A day as it runs: the services that leave, what replaces what was planned, and how many pupils were aboard."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class RunRules:
    """What counts as too many or too few aboard, and below which age somebody accompanies. Dated; its source is told.

    `no_show_days`: counted days that a service must have, the latest ones; it is under-used when even the best of them
    left at least `missing_least` pupils and `missing_pct` per cent of the registered at home. `within_days`: how far
    back counts are looked at. `late_days`: until how many days later a count may be entered."""

    code: str
    first_day: date
    source: str
    no_show_days: int
    missing_least: int
    missing_pct: int
    within_days: int
    late_days: int
    accompanied_under_years: int


@dataclass(frozen=True, slots=True)
class Run:
    """A service of a plan in force: who it takes, in what, when it leaves. `service` names one half-day's circuit of
    `plan`. `seats` and `wheelchairs`: of the planned vehicle; `rolling`: pupils who take a wheelchair place.
    `departs_s`: seconds after midnight, at its first stop."""

    plan: str
    plan_name: str
    service: str
    half: str
    weekdays: tuple[int, ...]
    lot: str | None
    operator: str | None
    vehicle: str
    seats: int
    wheelchairs: int
    registered: int
    rolling: int
    departs_s: int
    first_stop: str
    schools: tuple[str, ...]
    stops: tuple[str, ...]
    pupils: tuple[str, ...]  # as the plan knows them: registration and home

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from any other."""
        return self.plan, self.service


class Source(StrEnum):
    """Who says how many were aboard."""

    COUNT = "count"  # whoever drove: on the page of the day, or by a file
    VALIDATIONS = "validations"  # the passes that validators accepted; a pupil who shows none is not in it


@dataclass(frozen=True, slots=True)
class Counted:
    """How many were aboard on a day, at most, of how many registered and how many places (as they were that day)."""

    day: date
    aboard: int
    registered: int
    places: int
    source: Source = Source.COUNT


@dataclass(frozen=True, slots=True)
class Overload:
    """A service on which more were aboard than have a place: on how many counted days, and the worst of them."""

    key: tuple[str, str]
    days: int
    worst: Counted

    @property
    def standing(self) -> int:
        """How many had no place on the worst day."""
        return self.worst.aboard - self.worst.places


@dataclass(frozen=True, slots=True)
class NoShow:
    """A service of which `missing` registered pupils stayed away on every one of the last `days` counted days."""

    key: tuple[str, str]
    days: int
    best: Counted

    @property
    def missing(self) -> int:
        """Registered, less those aboard on the best day."""
        return self.best.registered - self.best.aboard


@dataclass(frozen=True, slots=True)
class OtherCoach:
    """What drives a service instead of the planned coach on some days, or beside it. `shown`: the number on the
    driver's side; `stops`: those where it stops, all of them for none."""

    id: str
    days: frozenset[date]
    shown: str
    wheelchairs: int
    stops: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Changes:
    """What is not as planned of a service: the days on which it does not run, the coaches that replace another, those
    that double one."""

    no_run: frozenset[date] = frozenset()
    coaches: tuple[OtherCoach, ...] = ()
    added: tuple[OtherCoach, ...] = ()


def trip_of(service: str, coach: str = "") -> str:
    """How the closed timetable, and so a validator, names a service; another coach on it has a name of its own."""
    return f"{service}~{coach}" if coach else service


Counts = Mapping[tuple[str, str], tuple[Counted, ...]]
