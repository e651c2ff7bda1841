"""What a sector asks of a school year: schools with their bells, stops, pupils by pseudonym, vehicles, depots.

A demand is whole and frozen: a plan is computed for it and judged by it, and both keep its digest. No name, no address:
a pupil is a random id and the stops within walking reach, with the metres of the way there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from scolaire.model.lines import Rider
from scolaire.model.problem import Handling, Travel, VehicleType

DAY_MS = 86_400_000
MINUTE_MS = 60_000


class Direction(StrEnum):
    TO = "to"  # to the schools: the buses arrive before the bell
    FROM = "from"  # home: they leave after it


@dataclass(frozen=True, slots=True)
class Half:
    """A half-day: the same services on all its weekdays (0 is Monday). A second bell is one of its own."""

    id: str
    direction: Direction
    weekdays: tuple[int, ...]


MORNING = Half("matin", Direction.TO, (0, 1, 2, 3, 4))
EVENING = Half("soir", Direction.FROM, (0, 1, 3, 4))
LATE = Half("soir-2", Direction.FROM, (0, 1, 3, 4))
LATER = (Half("soir-3", Direction.FROM, (0, 1, 3, 4)), Half("soir-4", Direction.FROM, (0, 1, 3, 4)))
WEDNESDAY = Half("mercredi", Direction.FROM, (2,))
WEDNESDAY_MORNING = Half("mercredi-matin", Direction.TO, (2,))  # where it is not a morning like the others
HALVES = (MORNING, WEDNESDAY, EVENING, LATE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is, in degrees (WGS84)."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class StopSite:
    id: str
    name: str
    at: Place


@dataclass(frozen=True, slots=True)
class SchoolSite:
    """`windows`: by half-day, from when to when a bus may reach the school (morning) or leave it (evening), in
    milliseconds after midnight. A half-day that is not there has no service for this school."""

    id: str
    name: str
    at: Place
    windows: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Pupil:
    """One right to be carried. `reach`: stops within walking distance, and how far (metres). `halves`: when."""

    id: str
    school: str
    reach: tuple[tuple[str, int], ...]
    halves: tuple[str, ...]
    ride_max_ms: int
    wheelchair: bool = False


@dataclass(frozen=True, slots=True)
class DepotSite:
    """`vehicles`: how many of each type stand there; None: as many as are asked for."""

    id: str
    name: str
    at: Place
    vehicles: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class DriverDay:
    """What a driver's day may be: from leaving the depot to being back, and the rest until the next day's departure."""

    amplitude_max_ms: int
    rest_min_ms: int


@dataclass(frozen=True, slots=True)
class StopRules:
    """What the choice of stops holds to. `pupils_least`: who wait at a stop that is served, of all schools and
    half-days together (0, 1: any). `apart_m`: between two such stops, as the crow flies (0: any). Neither is asked of a
    stop where only wheelchair users wait. `forbidden`: nobody waits there. `obligatory`: somebody does."""

    pupils_least: int = 0
    apart_m: int = 0
    forbidden: tuple[str, ...] = ()
    obligatory: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Roads:
    """How driving times are made where no street network gives them: as the crow flies, times `detour`, at one speed.
    Said on every page that shows a time."""

    detour: float = 1.3
    km_h: float = 42.0


@dataclass(frozen=True)
class Demand:
    """`travel`: between depots, schools and stops, in that order (None: made by `roads`). `amplitude_max_ms` of one
    half-day. `weeks` of school a year (code de l'éducation, article L521-1: thirty-six).
    `moved`: by school, the minutes by which a search moved its whole day (its windows are the moved ones). `mixed`:
    pupils of several schools may be on one bus together.
    `driver_day`: where it is given, a bus has one name all day and a driver (see `rules.crews`).
    `riders`: those who were given seats on regular lines; they are not among `pupils`.
    `streets`: the street network that `travel` is made by ("": none); `off_streets`: places that none of it leads to,
    whose times are estimated. `off_walks`: pupils for whom some way to a stop is estimated, as the crow flies (None:
    not known)."""

    id: str
    schools: tuple[SchoolSite, ...]
    stops: tuple[StopSite, ...]
    pupils: tuple[Pupil, ...]
    vehicle_types: tuple[VehicleType, ...]
    depots: tuple[DepotSite, ...]
    halves: tuple[Half, ...] = HALVES
    handling: Handling = field(default_factory=Handling)
    roads: Roads = field(default_factory=Roads)
    travel: Travel | None = None
    amplitude_max_ms: int | None = None
    weeks: int = 36
    moved: Mapping[str, int] = field(default_factory=dict)
    mixed: bool = False
    driver_day: DriverDay | None = None
    stop_rules: StopRules = StopRules()
    riders: tuple[Rider, ...] = ()
    streets: str = ""
    off_streets: int = 0
    off_walks: int | None = None

    @cached_property
    def node_of(self) -> dict[str, int]:
        """The node of each depot, school and stop, under "depot:", "school:" and "stop:" and its id."""
        names = [
            *(f"depot:{each.id}" for each in self.depots),
            *(f"school:{each.id}" for each in self.schools),
            *(f"stop:{each.id}" for each in self.stops),
        ]
        return {name: node for node, name in enumerate(names)}

    @cached_property
    def school_of(self) -> dict[str, SchoolSite]:
        return {each.id: each for each in self.schools}

    @cached_property
    def stop_of(self) -> dict[str, StopSite]:
        return {each.id: each for each in self.stops}

    @cached_property
    def pupil_of(self) -> dict[str, Pupil]:
        return {each.id: each for each in self.pupils}

    @cached_property
    def half_of(self) -> dict[str, Half]:
        return {each.id: each for each in self.halves}
