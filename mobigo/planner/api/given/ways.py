"""One way of going there: by the timetable, along a carpool line, by a service that is booked."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from mobigo.planner.api.given.base import Given, Lat, Line, Lon, Notice, Place, Reason


class LineString(Given):
    """A way on the map (GeoJSON, RFC 7946): [lon, lat]."""

    type: Literal["LineString"]
    coordinates: Annotated[list[Annotated[list[float], Field(min_length=2, max_length=2)]], Field(min_length=2)]


class StopTime(Place):
    """A stop on the way."""

    arrival: AwareDatetime
    departure: AwareDatetime


class Ride(Given):
    """A leg on board."""

    type: Literal["ride"]
    departure: AwareDatetime
    arrival: AwareDatetime
    line: Line
    headsign: str
    number: str
    trip_ids: list[str]
    service_day: date
    realtime: Annotated[bool, Field(description="Whether realtime has a word of where one gets on or off.")]
    planned_departure: AwareDatetime | None
    planned_arrival: AwareDatetime | None
    planned_platform: str | None
    by_frequency: bool
    pickup_type: Annotated[int, Field(ge=0, le=3)]
    wheelchair: Literal["yes", "no", "unknown"]
    origin: Place = Field(alias="from")
    destination: Place = Field(alias="to")
    stops: list[StopTime] | None = None
    geometry: LineString | None = None


class Direction(Given):
    """An instruction for somebody on foot, in the language of the answer."""

    text: str
    distance_m: Annotated[int, Field(ge=0, description="How far it holds.")]


class Walk(Given):
    """A leg on foot, or along the same streets by a vehicle of one's own: one's bicycle, with or without a motor, one's
    car, the car of who drops one off or comes to fetch one, or a shared bicycle from station to station. `directions`:
    along the streets, where they are known; with them the `geometry` follows the streets (© OpenStreetMap
    contributors, ODbL); and inside stations, where a feed tells their pathways."""

    type: Literal["walk", "bike", "ebike", "bike_aboard", "car", "dropped", "fetched", "shared_bike"]
    departure: AwareDatetime
    arrival: AwareDatetime
    distance_m: Annotated[int, Field(ge=0)]
    origin: Place = Field(alias="from")
    destination: Place = Field(alias="to")
    directions: list[Direction] | None = None
    geometry: LineString | None = None
    notes: list[Reason] | None = None  # of a shared bicycle or of a car park: what is known of it
    park: str | None = None  # the car park where the car is left: what the way back asks with


class PriceLine(Given):
    """An amount, and what it is."""

    cents: int
    reason: Reason


class Price(Given):
    """What the rider of the question still pays, by what it says alone: never by an account. `own`: what of it the
    passes said to be held cover. `cents` is null where that is unknown (`unknown` says why), never 0 for it;
    `between` is then the least and the most it may be, where both are known."""

    cents: Annotated[int, Field(ge=0)] | None
    currency: Literal["EUR"]
    lines: list[PriceLine]
    between: Annotated[list[int], Field(min_length=2, max_length=2)] | None
    unknown: list[Reason]
    notes: list[Reason]
    own: list[Reason]
    offers: list[Reason]


class PlannedJourney(Given):
    """One way of going there. `notices`: what is said of its lines, trips and stops."""

    id: str
    departure: AwareDatetime
    arrival: AwareDatetime
    duration_s: Annotated[int, Field(ge=0)]
    changes: Annotated[int, Field(ge=0)]
    walk_m: Annotated[int, Field(ge=0, description="Metres on foot.")]
    own_m: Annotated[int, Field(ge=0, description="Metres by a vehicle of one's own.")]
    why: list[Reason]
    notices: list[Notice]
    legs: list[Ride | Walk]


class LegEmissions(Given):
    """What a leg emits; null where no official factor names its vehicle."""

    mode: str
    distance_m: Annotated[int, Field(ge=0, description="In straight lines from stop to stop: the least it can be.")]
    grams: Annotated[int, Field(ge=0)] | None


class Emissions(Given):
    """Greenhouse gases of one passenger, in grams of CO2 equivalent (article L. 1431-3 du code des transports). `grams`
    is null where a leg is unknown, never 0 for it. `car_grams`: the same metres, alone in a car."""

    grams: Annotated[int, Field(ge=0)] | None
    car_grams: Annotated[int, Field(ge=0)] | None
    source: str
    source_since: date
    legs: list[LegEmissions]


class Journey(PlannedJourney):
    """One way of going there. `price` is null where there is nothing to pay, or nobody knows fares; `emissions` where
    no factors are in force."""

    price: Price | None
    emissions: Emissions | None


class CarpoolStop(Given):
    """A stop of a carpool line. `place`: the place of the timetable that it is, when there is one."""

    name: str
    lat: float
    lon: float
    place: str | None = None


class Carpool(Given):
    """A way along a carpool line: fixed stops, no fixed time; with a journey of the timetable `before` or `after` it.
    `departure` and `arrival` are those of the whole. They count on `wait_s`, which is the expected wait (that of nine
    in ten where something must be caught) or, where nothing is known, what the guarantee bounds it to. `price_cents`:
    of the seat alone; `total_cents`: of the whole, null where a part of it is unknown. `why`: what it wins over every
    journey of the timetable."""

    line: str
    departure: AwareDatetime
    arrival: AwareDatetime
    board: CarpoolStop
    alight: CarpoolStop
    drivers_expected_since: AwareDatetime
    drivers_expected_until: AwareDatetime
    drivers_expected: Annotated[int, Field(ge=0)] | None
    walk_m: Annotated[int, Field(ge=0)]
    wait_s: Annotated[int, Field(ge=0)]
    wait: Reason
    ride_s: Annotated[int, Field(ge=0)]
    distance_m: Annotated[int, Field(ge=0)]
    price_cents: Annotated[int, Field(ge=0)]
    total_cents: Annotated[int, Field(ge=0)] | None
    guarantee: Reason | None
    waiting_since: AwareDatetime | None = Field(description="When one begins to wait; null without another journey.")
    set_down_at: AwareDatetime | None = Field(description="As one counts on it; null without another journey.")
    buffer_s: Annotated[int, Field(ge=0, description="Left at least before the journey after it.")]
    before: PlannedJourney | None
    after: PlannedJourney | None
    rest_price: Price | None = Field(description="Of the journey before or after it; null where nobody knows fares.")
    why: list[Reason]


class OnDemandStop(Given):
    """Where an on-demand vehicle takes in or sets down: a stop of the service, or the door itself."""

    name: str
    lat: Lat
    lon: Lon


class OnDemand(Given):
    """A way by an on-demand service that can still be booked, with a journey of the timetable before or after it.
    One is picked up between `pickup_since` and `pickup_until`, set down by `set_down_by`; `arrival` is at the door, at
    the latest. Between the service and that journey, `buffer_s` is left at least. `price_cents`: of the service
    alone."""

    service: str
    operator: Annotated[str, Field(description="Of a feed's service; empty for the Region's own.")]
    promised: Annotated[bool, Field(description="False: the hours are those of a feed, agreed with its operator.")]
    message: Annotated[str, Field(description="What the operator says of booking.")]
    booking_page: Annotated[str, Field(description="Ours, or the operator's own; empty where there is none.")]
    phone: str
    book_by: AwareDatetime | None
    booking: Annotated[str, Field(description="Until when and how one books, in words.")]
    departure: AwareDatetime
    arrival: AwareDatetime
    pickup_since: AwareDatetime
    pickup_until: AwareDatetime
    set_down_by: AwareDatetime
    board: OnDemandStop
    alight: OnDemandStop
    walk_m: Annotated[int, Field(ge=0, description="Metres on foot to and from the service alone.")]
    price_cents: Annotated[int, Field(ge=0)] | None
    buffer_s: Annotated[int, Field(ge=0)]
    before: PlannedJourney | None
    after: PlannedJourney | None
    then: "OnDemand | None" = Field(description="The service that takes one on after `after`, booked by itself.")
    total_cents: Annotated[int, Field(ge=0)] | None = Field(
        description="Of the whole; null where a part of it is unknown."
    )
    rest_price: Price | None = Field(description="Of `before` and `after`; null where nobody knows fares.")
    why: list[Reason] = Field(description="What it wins over every journey of the timetable.")


class Shown(Given):
    """One of the ways of going there: a row of `journeys`, of `carpool` or of `on_demand`."""

    kind: Literal["journey", "carpool", "on_demand"]
    index: Annotated[int, Field(ge=0)]
