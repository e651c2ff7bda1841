"""What goes out: models that describe it in the OpenAPI document, filled from our values."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from mobigo.base.decisions import Decision
from mobigo.base.instants import PARIS
from mobigo.base.servicetime import service_day_start
from mobigo.infra.i18n import sentence
from mobigo.tad.model.bookings import Booking
from mobigo.tad.model.bookings import Offer as OfferValue
from mobigo.tad.model.rounds import Promise as PromiseValue
from mobigo.tad.model.services import Service as ServiceValue

Cents = Annotated[int, Field(ge=0)]
Position = Annotated[list[float], Field(min_length=2, max_length=2, description="[lon, lat]")]


class Given(BaseModel):
    """What is named, and nothing else."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Stop(Given):
    """A stop of the service."""

    id: str
    name: str
    lat: float
    lon: float


class Zone(Given):
    """An area served from door to door: a closed ring (GeoJSON)."""

    id: str
    name: str
    ring: Annotated[list[Position], Field(min_length=4)]


class Hours(Given):
    """When one may be picked up; weekdays from 0, Monday. `until` is excluded."""

    weekdays: list[Annotated[int, Field(ge=0, le=6)]]
    since: str
    until: str


class Fare(Given):
    """A category of rider, and what it pays."""

    rider: str
    price_cents: Cents


class Service(Given):
    """A service in force."""

    code: str
    name: str
    operator: str
    phone: str
    phone_hours: str
    stops: list[Stop]
    zones: list[Zone]
    hours: list[Hours]
    closed_days: list[date]
    fares: list[Fare]
    ahead_days: Annotated[int, Field(ge=1, description="How far ahead one may book.")]


class Services(Given):
    """The services in force, by name."""

    services: list[Service]


class Promise(Given):
    """Picked up between `pickup_since` and `pickup_until`, set down by `set_down_by`."""

    pickup_since: AwareDatetime
    pickup_until: AwareDatetime
    set_down_by: AwareDatetime


class Reason(Given):
    """Why: `code` for programs, `text` for people, in the language asked for."""

    code: str
    text: str


class Offer(Given):
    """A departure that can be had now."""

    time: Annotated[str, Field(description="The `time` to book it with.")]
    promise: Promise
    price_cents: Cents
    book_by: AwareDatetime | None


class Offers(Given):
    """Departures about the hour asked, soonest first; without any, `refused` says why."""

    offers: list[Offer]
    refused: Reason | None


class End(Given):
    """A stop of the service by its id, or a place in a zone (null)."""

    stop: str | None
    name: str


class Booked(Given):
    """A booking as it stands. It names nobody."""

    id: str
    service: str
    state: Literal["held", "confirmed", "aboard", "done", "cancelled", "no_show"]
    held_until: Annotated[AwareDatetime | None, Field(description="Confirm before, or the places are given back.")]
    day: date
    origin: End = Field(alias="from")
    destination: End = Field(alias="to")
    promise: Promise
    riders: list[str]
    wheelchairs: Annotated[int, Field(ge=0)]
    price_cents: Cents
    late: Annotated[bool, Field(description="Given up past the cut-off, which counts as not being there.")]


Json = dict[str, Any]


def promise_json(day: date, promise: PromiseValue) -> Json:
    """The promise, as instants."""
    start = service_day_start(day, PARIS)

    def at(seconds: int) -> str:
        return (start + timedelta(seconds=seconds)).astimezone(PARIS).isoformat()

    return {
        "pickup_since": at(promise.earliest_s),
        "pickup_until": at(promise.latest_s),
        "set_down_by": at(promise.arrive_by_s),
    }


def booking_json(made: Booking) -> Json:
    """A booking, without whom it is for."""
    asked = made.asked
    return {
        "id": made.id,
        "service": made.service,
        "state": str(made.state),
        "held_until": _instant(made.held_until) if made.state == "held" else None,
        "day": asked.day.isoformat(),
        "from": {"stop": asked.origin.id or None, "name": asked.origin.name},
        "to": {"stop": asked.destination.id or None, "name": asked.destination.name},
        "promise": promise_json(asked.day, made.promise),
        "riders": list(asked.riders),
        "wheelchairs": asked.wheelchairs,
        "price_cents": made.price.cents,
        "late": made.late,
    }


def offer_json(day: date, offer: OfferValue) -> Json:
    """A departure that can be had."""
    promise = promise_json(day, offer.promise)
    return {
        "time": promise["pickup_since"][11:16],
        "promise": promise,
        "price_cents": offer.price.cents,
        "book_by": _instant(offer.book_by),
    }


def service_json(service: ServiceValue) -> Json:
    """A service in force."""
    return {
        "code": service.code,
        "name": service.name,
        "operator": service.operator,
        "phone": service.phone,
        "phone_hours": service.phone_hours,
        "stops": [
            {"id": each.id, "name": each.name, "lat": each.point.lat, "lon": each.point.lon} for each in service.stops
        ],
        "zones": [
            {"id": each.id, "name": each.name,
             "ring": [[point.lon, point.lat] for point in (*each.ring, each.ring[0])]}
            for each in service.zones
        ],
        "hours": [
            {"weekdays": sorted(each.weekdays), "since": f"{each.since:%H:%M}", "until": f"{each.until:%H:%M}"}
            for each in service.windows
        ],
        "closed_days": sorted(each.isoformat() for each in service.closed_days),
        "fares": [{"rider": rider, "price_cents": fare.cents} for rider, fare in service.fares.items()],
        "ahead_days": service.ahead_days,
    }  # fmt: skip


def reason_json(reason: Decision | None) -> Json | None:
    """A reason, or none."""
    return None if reason is None else {"code": reason.code, "text": sentence(reason)}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(PARIS).isoformat()
