"""What each operation gives back, as models: they describe it in the OpenAPI document. The views build dictionaries."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-90, le=90)]


class Given(BaseModel):
    """Nothing but what is described."""

    model_config = ConfigDict(extra="forbid")


class Reason(Given):
    """Why: a stable code, and the sentence in the language asked."""

    code: str
    text: str
    params: dict[str, int | str] = Field(description="What the sentence names: days, places, a telephone number …")


class Place(Given):
    """A stop, a platform, or a door (then without an id)."""

    id: str | None
    name: str
    lat: Lat | None
    lon: Lon | None
    platform: str


class Endpoint(Given):
    """An end of the journey as it was understood; `alternatives` are other places of that name."""

    name: str
    lat: Lat | None
    lon: Lon | None
    stop_ids: list[str]
    alternatives: list["Alternative"]


class Alternative(Given):
    """Another place that could have been meant."""

    id: str
    name: str
    context: str


class LineString(Given):
    """A way on the map (GeoJSON, RFC 7946): [lon, lat]."""

    type: Literal["LineString"]
    coordinates: Annotated[list[Annotated[list[float], Field(min_length=2, max_length=2)]], Field(min_length=2)]


class Line(Given):
    """A line. `color` and `text_color` can be read on one another (4.5:1). `agency_id` is `feed:agency_id`, empty
    where the feed names no operator."""

    id: str
    name: str
    long_name: str
    agency: str
    agency_id: str
    route_type: int
    mode: Literal["rail", "urban_rail", "coach", "bus", "on_demand", "other"]
    color: Annotated[str, Field(pattern="^[0-9a-f]{6}$")]
    text_color: Annotated[str, Field(pattern="^[0-9a-f]{6}$")]


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


class Notice(Given):
    """What is said to travellers of a line, a stop or a trip."""

    title: str
    text: str
    url: str
    effect: str


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


class Candidate(Given):
    """A journey that was found. `number`: its place in `journeys` for one that is shown, the next numbers for the
    others. `searched_cents`: the least and the most that the search counted, where it weighed the price. `rule`: what
    left it out, null for one that is shown; `by`: the numbers of the journeys it is held against."""

    number: Annotated[int, Field(ge=1)]
    id: str
    source: Literal["window", "foot", "own", "price"]
    departure: AwareDatetime
    arrival: AwareDatetime
    duration_s: Annotated[int, Field(ge=0)]
    vehicles: Annotated[int, Field(ge=0)]
    walk_m: Annotated[int, Field(ge=0)]
    own_m: Annotated[int, Field(ge=0)]
    price_cents: Annotated[int, Field(ge=0)] | None
    searched_cents: Annotated[list[int | None], Field(min_length=2, max_length=2)] | None
    co2_grams: Annotated[int, Field(ge=0)] | None
    ways: str = Field(description="The lines taken, in order.")
    rule: (
        Literal[
            "outside",
            "beaten",
            "twin",
            "too_long",
            "known",
            "no_gain",
            "not_worth",
            "same_later",
            "enough",
            "as_good",
            "park_shut",
        ]
        | None
    )
    by: list[int]
    reason: Reason | None


class TracePart(Given):
    """A part of the work, and how long it took."""

    part: str
    ms: Annotated[float, Field(ge=0)]
    text: str


class TraceSearch(Given):
    """The searches of a kind together: every departure of a while (`window`), one departure, or by price and walking.
    `rounds`: with how many vehicles something was still reached sooner; `labels`: arrivals kept."""

    kind: Literal["window", "one", "price"]
    times: int
    departures: int
    rounds: int
    labels: int
    journeys: int


class NearestStop(Given):
    """A stop by its name, and the way to it."""

    name: str
    seconds: int
    metres: int


class AroundEnd(Given):
    """The stops around an end: how many, how many of them by a vehicle of one's own, the nearest, the farthest."""

    stops: int
    own: int
    nearest: NearestStop | None
    farthest_s: int


class TraceLimits(Given):
    """What was accepted."""

    window_s: int
    vehicles: int
    walk_m: int
    change_s: int
    duration_s: int
    step_free: bool


class FeedUsed(Given):
    """A feed of the network, and the days on which its trips run."""

    name: str
    trips: int
    first_day: date | None
    last_day: date | None


class NetworkUsed(Given):
    """The network that was searched."""

    hash: str
    first_day: date
    last_day: date
    along_streets: bool
    feeds: list[FeedUsed]


class RealtimeSource(Given):
    """A source of realtime: as of when, whether it is too old to be used, how many of its trips were understood."""

    name: str
    at: AwareDatetime | None
    is_stale: bool
    trips: int
    used: int


class RealtimeUsed(Given):
    """What realtime changed of the timetable."""

    sources: list[RealtimeSource]
    changed_trips: int
    cancelled_trips: int
    unserved_calls: int


class Trace(Given):
    """How the search went. `found` = `kept` + `dropped`, each once in `candidates`. A journey that the search never
    finishes is none of them."""

    found: int
    kept: int
    dropped: int
    candidates: list[Candidate]
    total_ms: Annotated[float, Field(ge=0)]
    parts: list[TracePart]
    searches: list[TraceSearch]
    access: AroundEnd
    egress: AroundEnd
    limits: TraceLimits
    network: NetworkUsed
    realtime: RealtimeUsed


class Journeys(Given):
    """The useful journeys, best first; without any, `remarks` says why and `next_at` when the next one is.
    `on_demand`: by a service that must be booked, and can be now; `on_demand_missed`: those whose cut-off has passed,
    and what can be done. `cancelled`: what the timetable promises and does not run today; `realtime`: how old what is
    known is."""

    origin: Endpoint = Field(alias="from")
    destination: Endpoint = Field(alias="to")
    at: datetime
    arrive_by: bool
    network: str
    journeys: list[Journey]
    carpool: list[Carpool]
    no_carpool: Reason | None = Field(description="Why there is no way along a carpool line, where there are lines.")
    on_demand: list[OnDemand]
    on_demand_missed: list[Reason]
    beaten: list[Reason] = Field(description="Which lines and services go there too, and win nothing.")
    order: list[Shown] = Field(description="All the ways in one list, as a page shows them.")
    cancelled: list[PlannedJourney]
    realtime: Reason | None
    remarks: list[Reason]
    earlier_at: AwareDatetime | None
    later_at: AwareDatetime | None
    next_at: AwareDatetime | None
    trace: Trace | None = Field(description="With `explain=true` alone.")


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
