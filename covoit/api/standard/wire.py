"""What goes over the wire: bodies and queries as strict models, answers as the standard shapes them, errors."""

import hashlib
import hmac
import math
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from covoit.api.standard import bp
from covoit.model.bookings import BookingState
from covoit.web.forms import root_key
from mobigo.base.errors import InvalidInput, MobigoError, NotFound
from mobigo.base.money import Money
from mobigo.infra.auth import NotSignedIn
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services

UNIX_MAX: Final = 4_102_444_800  # the year 2100
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Unix = Annotated[float, Field(strict=True, ge=0, le=UNIX_MAX, allow_inf_nan=False)]
Lat = Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False)]
Lon = Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False)]
Uuid = Annotated[str, Field(strict=True, pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Id = Annotated[str, Field(strict=True, min_length=1, max_length=255)]
Status = Literal["WAITING_CONFIRMATION", "CONFIRMED", "CANCELLED", "COMPLETED_PENDING_VALIDATION", "VALIDATED"]


class Given(BaseModel):
    """The standard's objects may hold more than it names: what we do not know is kept, not understood."""

    model_config = ConfigDict(extra="allow")


class User(Given):
    id: StrictStr
    operator: StrictStr
    alias: StrictStr
    firstName: StrictStr = ""
    lastName: StrictStr = ""
    grade: Annotated[int, Field(strict=True, ge=1, le=5)] = 1
    picture: StrictStr = ""
    gender: Literal["F", "M", "O"] = "O"
    verifiedIdentity: StrictBool = False


class Price(Given):
    type: Literal["FREE", "PAYING", "UNKNOWN"] = "UNKNOWN"
    amount: Number = 0.0
    currency: StrictStr = "EUR"


class Car(Given):
    model: StrictStr = ""
    brand: StrictStr = ""


class BookingGiven(Given):
    id: Uuid
    driver: User
    passenger: User
    status: Status
    price: Price
    passengerPickupDate: Unix
    passengerPickupLat: Lat
    passengerPickupLng: Lon
    passengerDropLat: Lat
    passengerDropLng: Lon
    passengerPickupAddress: StrictStr = ""
    passengerDropAddress: StrictStr = ""
    duration: StrictInt = 0
    distance: StrictInt = 0
    webUrl: StrictStr = ""
    car: Car = Car()
    driverJourneyId: Id | None = None
    passengerJourneyId: Id | None = None


class EventData(Given):
    id: StrictStr
    passengerPickupDate: Unix
    passengerPickupLat: Lat
    passengerPickupLng: Lon
    passengerDropLat: Lat
    passengerDropLng: Lon
    status: Status
    webUrl: StrictStr


class EventGiven(Given):
    id: Uuid
    idToken: StrictStr
    data: EventData


class MessageGiven(Given):
    sender: User = Field(alias="from")
    to: User
    message: Annotated[str, Field(strict=True, max_length=500)]
    recipientCarpoolerType: Literal["DRIVER", "PASSENGER"]
    driverJourneyId: Id | None = None
    passengerJourneyId: Id | None = None
    bookingId: Uuid | None = None


def body(model: type[Any]) -> Any:
    """The body as a checked value. Raises InvalidInput("covoit.wire_bad_body") naming the first field at fault."""
    given = request.get_json(force=True, silent=True)
    if not isinstance(given, dict):
        raise InvalidInput("covoit.wire_bad_body", field="body")
    try:
        return model.model_validate(given)
    except ValidationError as faults:
        where = ".".join(str(part) for part in faults.errors()[0]["loc"])
        raise InvalidInput("covoit.wire_bad_body", field=where[:100]) from None


def number(name: str, default: float | None = None, least: float = -math.inf, most: float = math.inf) -> float:
    """A number of the query. Raises InvalidInput("covoit.wire_bad_parameter") when missing, malformed or out of
    bounds."""
    given = request.args.get(name)
    if given is None and default is not None:
        return default
    try:
        found = float(given or "")
    except ValueError:
        found = math.nan
    if not (math.isfinite(found) and least <= found <= most) or "_" in (given or ""):
        raise InvalidInput("covoit.wire_bad_parameter", name=name)
    return found


def whole(name: str, default: int | None = None, least: int = -UNIX_MAX, most: int = UNIX_MAX) -> int | None:
    """A whole number of the query, or the default. Raises InvalidInput("covoit.wire_bad_parameter")."""
    given = request.args.get(name)
    if given is None:
        return default
    digits = given[1:] if given[:1] == "-" else given
    if not (digits.isascii() and digits.isdigit() and len(digits) < 15 and least <= int(given) <= most):
        raise InvalidInput("covoit.wire_bad_parameter", name=name)
    return int(given)


# ---------------------------------------------------------------- answers


def operator_name() -> str:
    """Our name as an operator: the domain of this site."""
    return urlsplit(services().config.base_url).hostname or "localhost"


def public_id(person: str) -> str:
    """What other platforms call a person: always the same, and not the id that our tables hold."""
    return hmac.new(root_key(), f"standard:{person}".encode(), hashlib.sha256).hexdigest()[:26]


def user(person: str, alias: str | None) -> dict[str, Any]:
    """A user of ours: an alias, never a name or a telephone."""
    return {"id": public_id(person), "operator": operator_name(), "alias": alias or "—"}


def price(amount: Money) -> dict[str, Any]:
    """A price as the standard writes it: a float, only here."""
    return {"type": "PAYING", "amount": amount.cents / 100, "currency": "EUR"}


def unix(moment: datetime) -> int:
    """Seconds since 1970."""
    return int(moment.timestamp())


def instant(seconds: float) -> datetime:
    """The instant of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def state_of(text: str) -> BookingState:
    """A status of the query. Raises InvalidInput("covoit.wire_bad_parameter")."""
    try:
        return BookingState(text)
    except ValueError:
        raise InvalidInput("covoit.wire_bad_parameter", name="status") from None


def answer(value: Any, status: int = 200) -> ResponseReturnValue:
    return jsonify(value), status


# Which of our reasons have a name in the standard; the others are told by our own code.
_NAMES: Final = {
    "covoit.status_already_set": "status_already_set",
    "covoit.missing_booking": "missing_booking",
    "covoit.offer_gone": "missing_journey",
    "covoit.unknown_person": "missing_user",
}


@bp.errorhandler(MobigoError)
def refused(error: MobigoError) -> Response:
    """The standard's own errors: 409 for the same status again, 404 for what is missing, 401, 429; the rest is 400.
    `error` is the code, `detail` a sentence for a person. It has no word for a key that may not: 403, as everywhere
    here."""
    code = error.decision.code
    if code == "covoit.status_already_set":
        status = 409
    elif isinstance(error, NotFound):
        status = 404
    elif isinstance(error, NotSignedIn):
        status = 401
    elif code == "auth.not_permitted":
        status = 403
    elif status_of(error) == 429:
        status = 429
    else:
        status = 400
    told = jsonify({"error": _NAMES.get(code, code), "detail": sentence(error.decision)})
    told.status_code = status
    for name, value in (getattr(error, "http_headers", None) or {}).items():
        told.headers[name] = value
    return told
