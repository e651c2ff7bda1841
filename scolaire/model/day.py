"""The plan of a sector: which stop each pupil walks to, and the circuits and buses of every half-day."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mobigo.base.decisions import Decision
from scolaire.model.plan import Fault, Plan


@dataclass(frozen=True, slots=True, order=True)
class Seat:
    """The stop of a pupil, and which group of those who wait there for the same school (0 unless they are too many for
    one bus)."""

    stop: str
    part: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """A pupil whom the plan does not carry, and why."""

    pupil: str
    why: Decision


@dataclass(frozen=True)
class DayPlan:
    """`halves`: by half-day. The times of a half-day that goes home are mirrored (see `rules.halves`)."""

    seats: Mapping[str, Seat]
    halves: Mapping[str, Plan]
    left: tuple[Left, ...] = ()


class LockKind(StrEnum):
    """What may be fixed by hand. `value` says to what."""

    PUPIL_STOP = "pupil_stop"  # pupil → stop
    STOP_SERVICE = "stop_service"  # stop of a school → service
    SERVICE = "service"  # the whole service stays as it is
    TIMES = "times"  # service at its first stop → "HH:MM"
    VEHICLE = "vehicle"  # service → vehicle type
    BELL = "bell"  # school in a half-day → "HH:MM": one instant instead of a window


@dataclass(frozen=True, slots=True, order=True)
class Lock:
    """One thing fixed. `half` is "" for a pupil's stop, which holds all day; `school` only for a stop's service."""

    id: str
    kind: LockKind
    half: str
    subject: str
    value: str = ""
    school: str = ""


@dataclass(frozen=True, slots=True)
class DayFault:
    """A broken rule and the half-day ("" for what concerns the whole day)."""

    half: str
    fault: Fault


@dataclass(frozen=True)
class Kpis:
    """What a plan is, in figures. Lengths and costs of one school week; a year has the demand's weeks. `drivers`: None
    where the demand does not say what a driver's day may be."""

    pupils: int
    left: int
    buses: int
    services: int
    km_loaded: float
    km_empty: float
    week_cents: int
    year_cents: int
    co2_year_kg: int
    ride_p50_s: int
    ride_p95_s: int
    ride_max_s: int
    earliest_s: int | None
    walk_p50_m: int
    walk_p95_m: int
    load_pct: float
    services_nearly_full: int
    drivers: int | None = None


@dataclass(frozen=True)
class Difference:
    """From one plan to another: who walks elsewhere, whose hour moves by a minute or more, which services are new, gone
    or different."""

    pupils_stop: tuple[str, ...]
    pupils_time: tuple[str, ...]
    pupils_new: tuple[str, ...]
    pupils_gone: tuple[str, ...]
    services_new: tuple[str, ...]
    services_gone: tuple[str, ...]
    services_changed: tuple[str, ...]
