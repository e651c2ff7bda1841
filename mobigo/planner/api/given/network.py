"""Stops, departures and lines."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from mobigo.planner.api.given.base import Given, Lat, Line, Lon, Notice, Place, Reason


class FoundPlace(Given):
    """A stop, a station with its platforms, a commune, or an address."""

    id: str
    name: str
    context: str
    label: str
    kind: Literal["commune", "station", "stop", "address"]
    lat: Lat
    lon: Lon
    modes: list[Literal["rail", "urban_rail", "coach", "bus", "on_demand", "other"]]
    distance_m: int | None = None


class FoundPlaces(Given):
    """Places, best first; `next` is the `cursor` of what follows."""

    stops: list[FoundPlace]
    next: int | None


class StopDetail(FoundPlace):
    """A stop with its platforms and lines."""

    platforms: list[Place]
    lines: list[Line]


class Departure(Given):
    """A vehicle leaving, at the hour expected. `planned_departure` and `planned_platform`: by the timetable, where
    realtime says otherwise; `realtime`: whether it has a word of this departure. `cancelled`: nobody gets on here
    today."""

    departure: AwareDatetime
    planned_departure: AwareDatetime | None
    planned_platform: str | None
    realtime: bool
    cancelled: bool
    service_day: date
    stop: Place
    line: Line
    headsign: str
    number: str
    trip_id: str
    by_frequency: bool
    pickup_type: Annotated[int, Field(ge=0, le=3)]


class Departures(Given):
    """What leaves a stop; when nothing does, the next day that is served. `realtime`: how old what is known is."""

    stop: FoundPlace
    notices: list[Notice]
    realtime: Reason | None
    at: datetime
    departures: list[Departure]
    next_day: date | None


class Lines(Given):
    """Lines; `next` is the `cursor` of what follows."""

    lines: list[Line]
    total: int
    next: int | None


class TimetableCell(Given):
    """A trip at a stop; times in seconds after noon minus 12 h of the service day."""

    arrival_s: int
    departure_s: int
    pickup_type: int
    drop_off_type: int


class TimetableTrip(Given):
    """A trip: one cell a stop, null where it does not call."""

    trip_id: str
    headsign: str
    number: str
    by_frequency: bool
    times: list[TimetableCell | None]


class TimetableDirection(Given):
    """One way of a line."""

    direction: int
    headsigns: list[str]
    stops: list[Place]
    trips: list[TimetableTrip]


class LineTimetable(Given):
    """A line on a day; without a trip that day, the next one that has some."""

    line: Line
    day: date = Field(alias="date")
    zone: str
    directions: list[TimetableDirection]
    next_day: date | None
