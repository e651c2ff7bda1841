"""The right to school transport (qualité d'ayant droit) as values: the rules of a département, a case, and the answer.

A rule set is dated data with its source and the act that decides it; a case is facts without a name; the answer says
why, home by home, and under which rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.base.periods import Period
from scolaire.model.people import HomeKind, Need, Regime
from scolaire.model.schools import Level, Stage, Standing


class Outcome(StrEnum):
    """What a pupil may expect. `paying`: carried on a seat that is left, for the family's contribution; `pending`:
    nothing is said before something is known; `elsewhere`: another authority answers."""

    ENTITLED = "entitled"
    PAYING = "paying"
    REFUSED = "refused"
    PENDING = "pending"
    ELSEWHERE = "elsewhere"


class Waiver(StrEnum):
    """Why a pupil goes to another school than the sector's."""

    OPTION = "option"  # a course that the sector's school has not
    ULIS = "ulis"  # a class for pupils with a disability (ULIS, SEGPA)
    ASSIGNED = "assigned"  # the rectorat assigned the pupil elsewhere, for want of a place
    MOVED = "moved"  # moved house during the cycle
    CHOICE = "choice"  # the family's own reasons


class Proof(StrEnum):
    """What a document proves, once an agent has accepted it."""

    HOME = "home"
    SCHOOLING = "schooling"
    CUSTODY = "custody"
    PLACEMENT = "placement"
    WAIVER = "waiver"


class SecondHome(StrEnum):
    """What the rules say of the other home in shared custody."""

    OWN_RIGHT = "own_right"  # judged as if it were the only one
    FOLLOWS = "follows"  # carried as of right whenever the main home is
    NOT_COVERED = "not_covered"


class Method(StrEnum):
    """How a length was found."""

    ESTIMATE = "estimate"  # as the crow flies, times a factor
    ROAD = "road"  # the shortest way in the street network
    AGENT = "agent"  # measured by an agent, who answers for it


@dataclass(frozen=True, slots=True)
class Measured:
    """The way from home to school: metres, how they were found and how far they may be from the truth (`margin_pct`,
    above or below), with the way itself to be shown on a map."""

    distance_m: int
    method: Method
    margin_pct: int = 0
    source: str = ""
    path: tuple[Point, ...] = ()

    def at_least(self, least_m: int) -> bool | None:
        """Whether the way is as long as that; None when the margin does not allow to say."""
        if self.distance_m * (100 - self.margin_pct) >= least_m * 100:
            return True
        return None if self.distance_m * (100 + self.margin_pct) >= least_m * 100 else False


@dataclass(frozen=True, slots=True)
class Act:
    """The act (délibération) that decides a rule set."""

    number: str
    day: date
    document: str


@dataclass(frozen=True, slots=True)
class Least:
    """How far school has to be, for some stages; `urban_m` where home and school lie in the same urban list."""

    stages: frozenset[Stage]
    rural_m: int
    urban_m: int


@dataclass(frozen=True, slots=True)
class RegimeRule:
    """What pupils of a regime are carried for: journeys a week; whatever the distance, or not."""

    journeys_week: int
    any_distance: bool = False


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Who is entitled in one département, for a time. `otherwise_*`: what who fails a condition is, `paying` or
    `refused`. `age_on`, `late_after`: month and day of the year the school year begins in.
    `road_margin_pct`: how far from the truth a way along the streets may be, where the act lets a right rest on them;
    None: it says nothing of streets, and rights rest on none."""

    code: str
    departement: str
    title: str
    period: Period
    source: str
    act: Act | None
    invented: bool
    hash: str
    age_min: int
    age_max: int | None
    age_on: tuple[int, int]
    levels: frozenset[Level]
    standings: frozenset[Standing]
    sector_stages: frozenset[Stage]
    waivers: frozenset[Waiver]
    otherwise_sector: Outcome
    least: tuple[Least, ...]
    urban: frozenset[str]
    otherwise_near: Outcome
    regimes: Mapping[Regime, RegimeRule]
    second_home: SecondHome
    placement_any_sector: bool
    placement_any_distance: bool
    proofs: frozenset[Proof]
    late_after: tuple[int, int] | None
    road_margin_pct: int | None = None

    def least_m(self, stage: Stage, home: str, school: str) -> int:
        """How far school has to be for this stage, from a commune to a commune (INSEE codes)."""
        for rule in self.least:
            if stage in rule.stages:
                return rule.urban_m if home in self.urban and school in self.urban else rule.rural_m
        return 0


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """One home of a case. `in_sector` None: nobody recorded the sector. `elsewhere`: why another authority answers for
    the way from this home (None: the Region does)."""

    id: str
    kind: HomeKind
    commune: str
    way: Measured | None = None
    in_sector: bool | None = None
    elsewhere: Decision | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What a right rests on. `year`: the calendar year the school year begins in."""

    year: int
    born_on: date
    level: Level
    regime: Regime
    school_commune: str
    standing: Standing
    homes: tuple[HomeFacts, ...]
    need: Need = Need.NONE
    waiver: Waiver | None = None
    proofs: frozenset[Proof] = frozenset()
    adapted_elsewhere: Decision | None = None  # who answers for adapted transport


@dataclass(frozen=True, slots=True)
class HomeRight:
    """The answer for one home."""

    home: str
    outcome: Outcome
    reason: Decision


@dataclass(frozen=True, slots=True)
class Right:
    """The answer: of the home that decides, and home by home; how many journeys a week, under which rules."""

    outcome: Outcome
    reason: Decision
    homes: tuple[HomeRight, ...]
    journeys_week: int | None
    rules: str
    rules_hash: str

    def of_home(self, home: str) -> HomeRight | None:
        return next((each for each in self.homes if each.home == home), None)


@dataclass(frozen=True, slots=True)
class Prices:
    """What a family pays for a school year, and for a duplicate; None: no price is known, and nothing is asked."""

    code: str
    period: Period
    source: str
    hash: str
    entitled: Money | None
    paying: Money | None
    paying_boarder: Money | None
    duplicate: Money | None
    late: Money | None
    departements: frozenset[str] = frozenset()  # empty: everywhere
    invented: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    """From when families register for a school year."""

    code: str
    period: Period
    source: str
    hash: str
    year: int
    opens_on: date
    invented: bool = False
