"""What comes in: the models that check it, and the values they make. What is not named here is refused."""

from collections.abc import Sequence
from datetime import date, time
from typing import Annotated, Final, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.tad.model.bookings import Asked, Contact
from mobigo.tad.model.services import Place, Service
from mobigo.tad.rules.promises import PARTY_MAX, wanted_at

CODE: Final = "^[a-z0-9-]{1,40}$"
ID: Final = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
KEY: Final = "^[!-~]{1,200}$"
DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
CLOCK: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

Code = Annotated[str, Field(pattern=CODE)]
Day = Annotated[str, Field(pattern=DAY, description="The day of service, in France.")]
Clock = Annotated[str, Field(pattern=CLOCK, description="From when on, on the clock of that day in France.")]
Rider = Annotated[str, Field(min_length=1, max_length=60)]
Riders = Annotated[
    list[Rider], Field(min_length=1, max_length=PARTY_MAX, description="A category of the service each.")
]
Wheelchairs = Annotated[int, Field(ge=0, le=PARTY_MAX, description="How many of them stay in a wheelchair.")]
StopId = Annotated[str, Field(min_length=1, max_length=60)]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


def printable(text: str) -> str:
    """As forms read it: what cannot be printed is left out, so that nothing hides in a message."""
    return "".join(letter for letter in text if letter.isprintable()).strip()


class Body(BaseModel):
    """What every body accepts: what is named, and nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class End(Body):
    """A stop of the service, by its id; or a position in one of its zones, and how one says it to a driver."""

    stop: StopId | None = None
    lat: Lat | None = None
    lon: Lon | None = None
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "End":
        position = (self.lat, self.lon, self.name)
        if any(each is None for each in position) if self.stop is None else any(each is not None for each in position):
            raise ValueError("a stop, or a position (lat, lon) with its name")
        return self

    def place(self, service: Service) -> Place:
        """As the service knows it. Raises InvalidInput("tad.not_served")."""
        if self.stop is not None:
            found = service.stop(self.stop)
            if found is None:
                raise InvalidInput("tad.not_served", place=self.stop)
            return found
        assert self.lat is not None  # noqa: S101  # the validator says so; for the type checker
        assert self.lon is not None  # noqa: S101  # as above
        name = printable(self.name or "")
        if not name:
            raise InvalidInput("tad.not_served", place="—")
        return Place("", name, Point(self.lat, self.lon))


class Trip(Body):
    """What is asked for: from where to where, when, for whom."""

    origin: End = Field(alias="from")
    destination: End = Field(alias="to")
    day: Day
    time: Clock
    riders: Riders
    wheelchairs: Wheelchairs = 0

    def asked(self, service: Service) -> Asked:
        """As the service asks. Raises InvalidInput for a day that is none, a place that is not served."""
        return asked_of(
            service, self.origin.place(service), self.destination.place(service), self.day, self.time, self.riders,
            self.wheelchairs,
        )  # fmt: skip


class Person(Body):
    """Whom the driver calls, and who is told. Kept for 90 days after the ride."""

    name: Annotated[str, Field(min_length=2, max_length=100)]
    phone: Annotated[str, Field(min_length=9, max_length=30)]
    email: Annotated[str, Field(max_length=254)] = ""
    needs: Annotated[str, Field(max_length=200, description="What the driver must know: a walker, a guide dog.")] = ""

    def contact(self) -> Contact:
        """As the service asks."""
        return Contact(*(printable(each) for each in (self.name, self.phone, self.email, self.needs)))


class NewBooking(Trip):
    """Places to be held, and for whom."""

    service: Code
    contact: Person


class OffersAsked(BaseModel):
    """Between two stops of the service, when, for whom."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    origin: StopId = Field(alias="from")
    destination: StopId = Field(alias="to")
    day: Day
    time: Clock
    riders: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        None, description="Categories, with commas. Default: one of the first."
    )
    wheelchairs: Wheelchairs = 0

    def asked(self, service: Service) -> Asked:
        """As the service asks. Raises InvalidInput as `Trip.asked`."""
        origin, destination = (End(stop=each).place(service) for each in (self.origin, self.destination))
        party = [next(iter(service.fares))] if self.riders is None else self.riders.split(",")
        return asked_of(service, origin, destination, self.day, self.time, party, self.wheelchairs)


def asked_of(
    service: Service, origin: Place, destination: Place, day: str, clock: str, riders: Sequence[str], wheelchairs: int
) -> Asked:
    """The values. Raises InvalidInput("tad.bad_day", "tad.bad_party")."""
    try:
        when = date.fromisoformat(day)
    except ValueError:
        raise InvalidInput("tad.bad_day") from None
    return Asked(origin, destination, when, wanted_at(when, time.fromisoformat(clock)), tuple(riders), wheelchairs)


B = TypeVar("B", bound=BaseModel)


def body_of(model: type[B]) -> B:
    """The body, as its model reads it. Raises InvalidInput("api.bad_parameters") with what is wrong by name."""
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as found:
        raise _named(found) from None


def query_of(model: type[B]) -> B:
    """The parameters of the address. Raises InvalidInput("api.bad_parameters"), for one that is given twice too."""
    given = request.args.to_dict(flat=False)
    twice = [name for name, values in given.items() if len(values) > 1]
    if twice:
        raise InvalidInput("api.bad_parameters", names=", ".join(twice)[:200])
    try:
        return model.model_validate({name: values[0] for name, values in given.items()})
    except ValidationError as found:
        raise _named(found) from None


def _named(found: ValidationError) -> InvalidInput:
    names = dict.fromkeys(".".join(map(str, each["loc"]))[:100] or "—" for each in found.errors())
    return InvalidInput("api.bad_parameters", names=", ".join(list(names)[:20]))
