"""What a traveller asks: where from and to, when, how they move, and what they accept. Stops are rows of the
timetable it is asked of."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mobigo.base.geo import Point


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a journey begins or ends: a position, or a set of stops (a station and its platforms), with the name
    people gave it."""

    name: str
    point: Point | None = None
    stops: tuple[int, ...] = ()  # rows of the timetable; reached without walking


class By(StrEnum):
    """How one goes along streets. `ABOARD`: by one's bicycle, which is taken on board. `DROPPED` and `FETCHED`: in
    somebody else's car, who brings one or comes for one."""

    WALK = "walk"
    BIKE = "bike"
    EBIKE = "ebike"
    ABOARD = "bike_aboard"
    CAR = "car"
    DROPPED = "dropped"
    FETCHED = "fetched"
    SHARED = "shared_bike"


class Pace(StrEnum):
    """How one walks. A wheelchair is a limit of its own (`Limits.wheelchair`)."""

    USUAL = "usual"
    SLOW = "slow"
    STROLLER = "stroller"


class Preset(StrEnum):
    """What a traveller puts first."""

    USUAL = "usual"
    FASTEST = "fastest"
    CHEAPEST = "cheapest"
    FEWEST_CHANGES = "fewest_changes"
    LEAST_WALKING = "least_walking"
    STEP_FREE = "step_free"
    LOWEST_CO2 = "lowest_co2"


@dataclass(frozen=True, slots=True)
class Own:
    """A vehicle for one end of the journey. With `left_at` (rows of the timetable) it stands at that stop since the way
    out, and is taken there for the last part of the way back; without, it is left where the first ride begins."""

    by: By
    left_at: tuple[int, ...] = ()
    park: str = ""  # the car park where the car stands (`rules.parks.key`), for the way back

    @property
    def at_end(self) -> bool:
        """Whether it is the last part of the journey, not the first."""
        return self.by is By.FETCHED or bool(self.left_at) or bool(self.park)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the traveller accepts."""

    vehicles_max: int = 8
    walk_m_max: int = 2_000  # to the first stop, from the last, or the whole way on foot
    change_s_extra: int = 0  # added to each change
    duration_s_max: int = 24 * 3600
    wheelchair: bool = False
    pace: Pace = Pace.USUAL
    route_types: frozenset[int] | None = None  # GTFS route types allowed; None: all
    without_routes: frozenset[str] = frozenset()  # "feed:route_id"
    only_agencies: frozenset[str] | None = None  # "feed:agency_id"


@dataclass(frozen=True, slots=True)
class Query:
    """One question. `at` is aware. With `window_s`, every useful departure (or arrival) of the window is answered."""

    origin: Endpoint
    destination: Endpoint
    at: datetime
    arrive_by: bool = False
    window_s: int = 0
    via: Endpoint | None = None
    via_stay_s: int = 0
    limits: Limits = Limits()
    own: Own | None = None
    preset: Preset = Preset.USUAL  # of the order alone; step-free is in `limits` too
