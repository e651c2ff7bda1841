"""Places as people name them: communes, stations, stops of one name; and the families of vehicles that serve them."""

from dataclasses import dataclass
from enum import IntEnum

from mobigo.base.geo import Point


class Kind(IntEnum):
    """What a place is; the order is that of preference between equals."""

    COMMUNE = 0
    STATION = 1
    STOP = 2
    ADDRESS = 3  # a door, or a street


class Mode(IntEnum):
    """Families of GTFS route types (basic 0–12, extended 100–1700) as people tell them apart; bits of `Place.modes`."""

    RAIL = 1
    URBAN_RAIL = 2  # metro, tram
    COACH = 4  # interurban coach
    BUS = 8
    ON_DEMAND = 16
    OTHER = 32  # ferry, cable, funicular, air …


def mode_of(route_type: int) -> Mode:
    """The family of a GTFS route type (basic, or extended as Google lists them)."""
    if route_type == 2 or 100 <= route_type < 200:
        return Mode.RAIL
    if route_type in (0, 1, 5, 12) or 400 <= route_type < 700 or 900 <= route_type < 1000:
        return Mode.URBAN_RAIL
    if 200 <= route_type < 300:
        return Mode.COACH
    if route_type == 715:
        return Mode.ON_DEMAND
    if route_type in (3, 11) or 700 <= route_type < 900:
        return Mode.BUS
    return Mode.OTHER


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune as a name on the map: INSEE code, the position of its centre, its people."""

    insee: str
    name: str
    lat: float
    lon: float
    population: int = 0
    department: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One place. `id` is the stable place id of its main stop, `commune:INSEE`, or `address:…`."""

    id: str
    kind: Kind
    name: str
    context: str  # what tells it from others of its name: a commune for a stop, a department for a commune
    lat: float
    lon: float
    stops: tuple[int, ...] = ()  # rows of the timetable, stations and platforms, in order
    departures: int = 0  # stop times in the timetable, over all days
    modes: int = 0  # bits of `Mode`

    @property
    def point(self) -> Point:
        return Point(self.lat, self.lon)


@dataclass(frozen=True, slots=True)
class Match:
    """A place found by a text, with its score: 100 and more when every word of the text is in its name."""

    place: Place
    score: float
