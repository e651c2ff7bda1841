"""What a family asks for, as one form says it: the pupil, where they live, where they go to school."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mobigo.base.geo import Point
from scolaire.model.people import SCHOOL_WEEK, HomeKind, Need, Regime, Weeks
from scolaire.model.rights import Waiver
from scolaire.model.schools import Level


class Channel(StrEnum):
    """How a registration reached us. Every online act has a paper and a counter twin."""

    ONLINE = "online"
    PAPER = "paper"
    COUNTER = "counter"
    RENEWAL = "renewal"


@dataclass(frozen=True, slots=True)
class AskedHome:
    """A home as it is written. `commune`: its INSEE code. `at`: where it is, when somebody knows."""

    kind: HomeKind
    line: str
    postcode: str
    commune: str
    extra: str = ""
    weeks: Weeks = Weeks.ALL
    weekdays: frozenset[int] = SCHOOL_WEEK
    at: Point | None = None
    stop: str | None = None  # the stop wished for


@dataclass(frozen=True, slots=True)
class Asked:
    """One pupil, one school year, one school."""

    year: int
    first_name: str
    last_name: str
    born_on: date
    uai: str
    level: Level
    regime: Regime
    homes: tuple[AskedHome, ...]
    need: Need = Need.NONE
    waiver: Waiver | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Who asks, and how to reach them: by e-mail, text message or letter."""

    first_name: str
    last_name: str
    email: str | None = None
    phone: str | None = None
    postal: str = ""
    prefers: str = "email"
