"""A declared journey as JSON: strict reading, faults by field, the digest that knows a repetition; files of them, one
journey a line.

Source: RPC API v3.3, `POST /journeys`. No unknown property. What we have no use for (travel pass, driving licence,
signature of the commitment) is checked in form and not kept. The operator's journey id follows the examples of that
document (letters, digits, `-`, `_`), wider than its pattern, which its own example does not match.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, BinaryIO, Final, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.base.sheets import guarded

LINE_BYTES_MAX: Final = 65_536
FIRST_YEAR: Final = 2015  # no carpool was proven before; and no arithmetic on days leaves the calendar


# A whole number may be written 1 or 1.0, as JSON has it; never "1" nor true.
Cents = Annotated[float, Field(ge=0, le=1_000_000, multiple_of=1, description="Cents of euro.")]
Gift = Annotated[float, Field(ge=0, le=100_000, multiple_of=1, description="Cents of euro.")]
Order = Annotated[float, Field(ge=0, le=19, multiple_of=1, description="Order.")]
Seats = Annotated[float, Field(ge=1, le=8, multiple_of=1, description="Seats booked.")]
Metres = Annotated[float, Field(ge=1, le=1_000_000, multiple_of=1, description="Metres.")]
_PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"
Id = Annotated[str, Field(min_length=1, max_length=256, pattern=_PRINTABLE)]
Word = Annotated[str, Field(min_length=1, max_length=64, pattern=_PRINTABLE)]
Plate = Annotated[str, Field(min_length=1, max_length=32, pattern=_PRINTABLE)]
Message = Annotated[str, Field(max_length=512, pattern=_PRINTABLE)]
Siret = Annotated[str, Field(pattern=r"^[0-9]{14}$")]
JourneyId = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,256}$", description="The operator's id of the journey.")]


class Strict(BaseModel):
    """No unknown property, no conversion from another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class TravelPass(Strict):
    """A transport card; checked, not kept."""

    name: Literal["navigo"]
    user_id: Word


class Identity(Strict):
    """A person, by their identity key; the number, whole or without its two last digits, goes with it."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["phone_trunc"]}, {"required": ["phone"]}]})

    operator_user_id: Id
    identity_key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    phone: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{7,14}$")] = ""
    phone_trunc: Annotated[str, Field(pattern=r"^\+[0-9]{8,12}$")] = ""
    over_18: bool | None = None
    travel_pass: TravelPass | None = None
    driving_license: Word = ""
    application_timestamp: AwareDatetime | None = None


class Driver(Strict):
    """Who drove, and what they received."""

    identity: Identity
    revenue: Cents


class Payment(Strict):
    """A means of payment used by the passenger."""

    index: Order
    siret: Siret
    type: Word
    amount: Cents


class Passenger(Strict):
    """Who was driven, and what they paid."""

    identity: Identity
    contribution: Cents
    seats: Seats = 1.0
    payments: Annotated[list[Payment], Field(max_length=20, default_factory=list)]


class Incentive(Strict):
    """A sum given to the journey, and who gives it."""

    index: Order
    siret: Siret
    amount: Gift


class End(Strict):
    """Where and when the passenger got in, or out."""

    datetime: AwareDatetime
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class Correction(Strict):
    """What may be corrected of a journey (PATCH)."""

    operator_trip_id: Id | None = None
    operator_class: Literal["A", "B", "C"]
    incentives: Annotated[list[Incentive], Field(max_length=20)]
    start: End
    end: End
    distance: Metres


class Declared(Strict):
    """A journey as an operator declares it."""

    operator_journey_id: JourneyId
    operator_trip_id: Id
    operator_class: Literal["A", "B", "C"]
    incentives: Annotated[list[Incentive], Field(max_length=20)]
    start: End
    end: End
    distance: Metres
    driver: Driver
    passenger: Passenger
    licence_plate: Plate = ""
    incentive_counterparts: Annotated[list[Any], Field(default_factory=list)]


class Withdrawal(Strict):
    """Why a journey is withdrawn."""

    code: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{0,32}$")]
    message: Message = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: the field by its path, the value as it was (cut), the reason."""

    field: str
    value: str
    reason: Decision


class Unreadable(Exception):
    """A journey that cannot be read; its faults say all that is wrong."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__(faults[0].reason.code)


@cache
def _reader(model: type[BaseModel]) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def read_declared(text: bytes, now: datetime) -> tuple[Declared, str]:
    """A declared journey and its digest. Raises Unreadable.

    The digest is of the content, whatever the order of its properties and its spaces.
    """
    declared: Declared = read(Declared, text)
    _check_times(declared.start, declared.end, now)
    for role, identity in (("driver", declared.driver.identity), ("passenger", declared.passenger.identity)):
        if not identity.phone and not identity.phone_trunc:
            field = f"{role}.identity.phone_trunc"
            raise Unreadable([Fault(field, "", Decision("covoit.field_missing", field=field))])
    return declared, digest_of(text)


def read_correction(text: bytes, now: datetime) -> tuple[Correction, str]:
    """A correction and its digest. Raises Unreadable."""
    correction: Correction = read(Correction, text)
    _check_times(correction.start, correction.end, now)
    return correction, digest_of(text)


def read(model: type[BaseModel], text: bytes) -> Any:
    """The value of a JSON document. Raises Unreadable with every fault found."""
    if len(text) > LINE_BYTES_MAX:
        raise Unreadable([Fault("", "", Decision("covoit.line_too_long", longest=LINE_BYTES_MAX))])
    try:
        return _reader(model).validate_json(text)
    except ValidationError as found:
        raise Unreadable([_fault(each) for each in found.errors(include_url=False)[:20]]) from None


def digest_of(text: bytes) -> str:
    """SHA-256 of a JSON document written in one way: keys sorted, no space. Raises Unreadable."""
    try:
        return sha256(orjson.dumps(orjson.loads(text), option=orjson.OPT_SORT_KEYS)).hexdigest()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError) as found:
        reason = Decision("covoit.not_json", detail=str(found)[:100])
        raise Unreadable([Fault("", _shown(text), reason)]) from None


def positions(start: End, end: End) -> tuple[Point, Point]:
    """Both ends as positions."""
    return Point(start.lat, start.lon), Point(end.lat, end.lon)


def instant(end: End) -> datetime:
    """When, in UTC."""
    return end.datetime.astimezone(UTC)


def lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, with their number from 1. A line too long comes cut, one byte past the limit, and
    the rest of it is skipped: no line, however long, fills the memory."""
    number = 0
    while line := file.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(line) > LINE_BYTES_MAX and not line.endswith(b"\n"):
            while (rest := file.readline(LINE_BYTES_MAX)) and not rest.endswith(b"\n"):
                pass
        if number == 1 and line.startswith(b"\xef\xbb\xbf"):
            line = line[3:]
        if line.strip():
            yield number, line.strip() if len(line) <= LINE_BYTES_MAX else line


class ErrorFile:
    """The bad rows as a CSV that people open: line, field, value, reason; nothing a spreadsheet would run."""

    HEADER: Final = ("ligne", "champ", "valeur", "raison")

    def __init__(self, target: BinaryIO) -> None:
        self._text = io.TextIOWrapper(target, "utf-8-sig", newline="", write_through=True)
        self._rows = csv.writer(self._text, delimiter=";")
        self._rows.writerow(self.HEADER)

    def add(self, line: int, fault: Fault, sentence: str) -> None:
        """One fault of one line."""
        self._rows.writerow([line, guarded(fault.field), guarded(fault.value), sentence])

    def close(self) -> None:
        """Leave the file to its owner."""
        self._text.detach()


def _check_times(start: End, end: End, now: datetime) -> None:
    for name, each in (("start.datetime", start.datetime), ("end.datetime", end.datetime)):
        if not FIRST_YEAR <= each.year < 9_999:
            raise Unreadable([Fault(name, each.isoformat(), Decision("covoit.date_out_of_range", field=name))])
    if end.datetime > now:
        raise Unreadable([Fault("end.datetime", end.datetime.isoformat(), Decision("covoit.end_in_future"))])
    if start.datetime > end.datetime:
        raise Unreadable([Fault("start.datetime", start.datetime.isoformat(), Decision("covoit.start_after_end"))])


_KINDS: Final[Mapping[str, str]] = {
    "missing": "covoit.field_missing",
    "extra_forbidden": "covoit.field_unknown",
    "json_invalid": "covoit.not_json",
}


def _fault(error: ErrorDetails) -> Fault:
    field = ".".join(str(part) for part in error["loc"])[:200]
    code = _KINDS.get(error["type"], "covoit.field_bad")
    if code == "covoit.not_json":
        return Fault("", "", Decision(code, detail=str(error.get("ctx", {}).get("error", ""))[:100]))
    value = "" if error["type"] == "missing" else _shown(error["input"])
    if code == "covoit.field_bad":
        return Fault(field, value, Decision(code, field=field, expected=_expected(error)))
    return Fault(field, value, Decision(code, field=field))


def _expected(error: ErrorDetails) -> str:
    """What would be valid, in signs both languages read."""
    given = error.get("ctx", {})
    context = {name: int(value) if isinstance(value, float) else value for name, value in given.items()}
    signs = {
        "greater_than_equal": "≥ {ge}", "less_than_equal": "≤ {le}", "string_pattern_mismatch": "{pattern}",
        "string_too_long": "1…{max_length}", "string_too_short": "≥ {min_length}", "too_long": "≤ {max_length}",
        "literal_error": "{expected}", "multiple_of": "1, 2, 3…", "float_type": "1, 2, 3…", "bool_type": "true | false",
        "timezone_aware": "2026-01-31T08:00:00Z", "datetime_type": "2026-01-31T08:00:00Z", "string_type": '"…"',
        "list_type": "[…]", "model_type": "{{…}}", "model_attributes_type": "{{…}}",
    }  # fmt: skip
    if error["type"].startswith(("datetime_", "timezone_")):
        return "2026-01-31T08:00:00Z"
    return signs.get(error["type"], error["type"]).format(**context)


def _shown(value: object) -> str:
    """A value as it can be shown: cut, printable."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return "".join(letter if letter.isprintable() else "�" for letter in text[:80])
