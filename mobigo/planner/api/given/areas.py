"""What is reached within a time."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from mobigo.planner.api.given.base import Endpoint, Given, Lat, Lon


class ReachedStop(Given):
    """A stop and when one can be there."""

    id: str
    name: str
    lat: Lat
    lon: Lon
    arrival: AwareDatetime
    duration_s: Annotated[int, Field(ge=0)]
    vehicles: Annotated[int, Field(ge=0)]


class Reached(Given):
    """Every stop within reach, the soonest first; `total` counts those left out by `limit` too."""

    origin: Endpoint = Field(alias="from")
    at: datetime
    duration_s: int
    total: int
    stops: list[ReachedStop]


Ring = Annotated[list[Annotated[list[float], Field(min_length=2, max_length=2)]], Field(min_length=4)]


class Polygon(Given):
    """GeoJSON (RFC 7946): an outer ring, then its holes."""

    type: Literal["Polygon"]
    coordinates: list[Ring]


class MultiPolygon(Given):
    """Several polygons."""

    type: Literal["MultiPolygon"]
    coordinates: list[list[Ring]]


class AreaReached(Given):
    """How much is reached: communes by their centre, and their people."""

    minutes: Annotated[int, Field(ge=1)]
    communes: Annotated[int, Field(ge=0)]
    population: Annotated[int, Field(ge=0)]


class ReachedArea(Given):
    """What is reached within a time. [lon, lat]."""

    type: Literal["Feature"]
    geometry: Polygon | MultiPolygon
    properties: AreaReached


class ReachedCommune(Given):
    """A commune whose centre is reached, and within how many minutes."""

    insee: str
    name: str
    minutes: Annotated[int, Field(ge=0)]
    population: Annotated[int, Field(ge=0)]


class ReachedAreas(Given):
    """What is reached from a place, as GeoJSON: one feature for each time, the shortest first, good to `cell_m` metres;
    along the streets (© OpenStreetMap contributors, ODbL) where they are known. `communes`: the soonest first."""

    type: Literal["FeatureCollection"]
    along_streets: bool
    cell_m: Annotated[int, Field(ge=1)]
    features: list[ReachedArea]
    communes: list[ReachedCommune]
    origin: Endpoint = Field(alias="from")
    at: datetime
