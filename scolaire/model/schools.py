"""Schools, their bells, their sectors, and the days on which they are open: what is the same for every pupil."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mobigo.base.geo import Point
from mobigo.base.periods import Period


class Stage(StrEnum):
    """The four stages of French schools. Official French stays French."""

    MATERNELLE = "maternelle"
    ELEMENTAIRE = "elementaire"
    COLLEGE = "college"
    LYCEE = "lycee"


class Level(StrEnum):
    """The class a pupil is in."""

    PS = "ps"
    MS = "ms"
    GS = "gs"
    CP = "cp"
    CE1 = "ce1"
    CE2 = "ce2"
    CM1 = "cm1"
    CM2 = "cm2"
    SIXIEME = "6e"
    CINQUIEME = "5e"
    QUATRIEME = "4e"
    TROISIEME = "3e"
    SECONDE = "2de"
    PREMIERE = "1re"
    TERMINALE = "term"
    CAP1 = "cap1"
    CAP2 = "cap2"
    POST_BAC = "post_bac"

    @property
    def stage(self) -> Stage | None:
        """The stage of this class; None after the baccalauréat."""
        return _STAGE.get(self)


_STAGE = {
    **dict.fromkeys((Level.PS, Level.MS, Level.GS), Stage.MATERNELLE),
    **dict.fromkeys((Level.CP, Level.CE1, Level.CE2, Level.CM1, Level.CM2), Stage.ELEMENTAIRE),
    **dict.fromkeys((Level.SIXIEME, Level.CINQUIEME, Level.QUATRIEME, Level.TROISIEME), Stage.COLLEGE),
    **dict.fromkeys((Level.SECONDE, Level.PREMIERE, Level.TERMINALE, Level.CAP1, Level.CAP2), Stage.LYCEE),
}


class Standing(StrEnum):
    """What a school is for the State: `private_contract` is "sous contrat d'association" or "contrat simple"."""

    PUBLIC = "public"
    PRIVATE_CONTRACT = "private_contract"
    PRIVATE = "private"


class Way(StrEnum):
    """Towards school, or home."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class School:
    """A school by its national number (UAI: seven digits and a letter). `stages`: what it teaches. `early_s`: how long
    before the bell its gates are open, `late_s`: how long after the last one somebody watches the pupils."""

    uai: str
    name: str
    stages: frozenset[Stage]
    standing: Standing
    commune: str
    at: Point | None = None
    zone: str = "A"
    organisation: str | None = None
    early_s: int = 15 * 60
    late_s: int = 15 * 60


@dataclass(frozen=True, slots=True)
class Bell:
    """When lessons begin (`in`) or end (`out`) on a weekday (0 is Monday), in seconds after midnight on the wall clock.
    A day may have several of each: 8 h and 9 h, 16 h and 17 h."""

    uai: str
    weekday: int
    way: Way
    at_s: int
    period: Period


@dataclass(frozen=True, slots=True)
class Days:
    """Days off (`open` False: holidays, a bridge) or on (a Saturday made up for) of a zone; of one school when `uai`
    names it, which then counts more than its zone."""

    zone: str
    period: Period
    open: bool
    words: str
    uai: str | None = None


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """A school year by the calendar year it begins in: 2026 is 2026-2027. From 1 September to 31 August."""

    first: int

    @property
    def period(self) -> Period:
        return Period(date(self.first, 9, 1), date(self.first + 1, 8, 31))

    def __str__(self) -> str:
        return f"{self.first}-{self.first + 1}"
