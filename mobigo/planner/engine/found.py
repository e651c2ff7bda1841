"""What a search finds: rides of the timetable, from door to door."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class RideFound:
    """One vehicle: a run of a service day, boarded and left at positions of its pattern. Times in seconds since
    1970."""

    pattern: int
    run: int
    service_day: date
    board: int
    alight: int
    depart_s: int
    arrive_s: int
    board_node: int
    alight_node: int


@dataclass(frozen=True, slots=True)
class Itinerary:
    """Rides in order, from leaving the door to being there, in seconds since 1970."""

    depart_s: int
    arrive_s: int
    rides: tuple[RideFound, ...]
