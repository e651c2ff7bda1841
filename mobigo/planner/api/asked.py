"""The parameters of each operation: their types, bounds and sentences, checked before anything else happens.

Every parameter that is no list is given at most once, none is unknown, no text becomes a number by luck ("1_000",
"nan", " 5").
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from zoneinfo import ZoneInfo

from flask import request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point

LAT = r"-?(?:[0-8]?[0-9](?:\.[0-9]{1,10})?|90(?:\.0{1,10})?)"
LON = r"-?(?:(?:1[0-7][0-9]|[0-9]?[0-9])(?:\.[0-9]{1,10})?|180(?:\.0{1,10})?)"
POSITION = f"^{LAT},{LON}$"
MODES = "^(?:train|tram|bus|other)(?:,(?:train|tram|bus|other)){0,3}$"
KINDS = "^(?:commune|station|stop|address)(?:,(?:commune|station|stop|address)){0,3}$"
BOUND = "(?:[1-9][0-9]?|1[0-7][0-9]|180)"
BOUNDS = f"^{BOUND}(?:,{BOUND}){{0,5}}$"
FAULTS_MAX = 20  # an answer names no more than this
NUMBER_TEXT = re.compile(r"-?[0-9]{1,12}", re.ASCII)
DAY_TEXT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
INSTANT_TEXT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)


def _whole(value: Any) -> int:
    if isinstance(value, str) and NUMBER_TEXT.fullmatch(value):
        return int(value)
    raise ValueError("a whole number in digits")


def _flag(value: Any) -> bool:
    if value not in ("true", "false"):
        raise ValueError("true or false")
    return bool(value == "true")


def _day(value: Any) -> date:
    if isinstance(value, str) and DAY_TEXT.fullmatch(value):
        return date.fromisoformat(value)
    raise ValueError("a day as 2026-11-24")


def _instant(value: Any) -> datetime:
    """An instant of RFC 3339; the seconds and the zone may be missing (then: the network's own clock)."""
    found = INSTANT_TEXT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("an instant as 2026-11-24T08:05:00+01:00")
    seconds = found[2] or ":00"
    if seconds == ":60":  # a leap second, which RFC 3339 allows: the last one before it
        seconds = ":59"
    zone = (found[4] or "").upper().replace("Z", "+00:00")
    return datetime.fromisoformat(found[1].upper().replace(" ", "T") + seconds + zone)


Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Day = Annotated[date, BeforeValidator(_day)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Cursor = Annotated[Whole, Field(ge=0, le=1_000_000)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
# `format` tells programs what the texts are; no pattern can: any character may be in a feed's id.
LineIds = Annotated[tuple[Annotated[Text, Field(json_schema_extra={"format": "line-id"})], ...], Field(max_length=20)]
OperatorIds = Annotated[
    tuple[Annotated[Text, Field(json_schema_extra={"format": "operator-id"})], ...], Field(max_length=20)
]


class Asked(BaseModel):
    """What every operation accepts."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)
    lang: Literal["fr", "en"] | None = Field(None, description="Language of the sentences; else Accept-Language.")


class JourneysAsked(Asked):
    """Where from, where to, when, and what is accepted."""

    origin: Text = Field(alias="from", description="A place id, `feed:stop_id`, `lat,lon`, or a name.")
    destination: Text = Field(alias="to", description="The same, for the end of the journey.")
    at: Instant | None = Field(None, description="When to leave, or to be there; without a zone: local. Default: now.")
    arrive_by: Flag = Field(False, description="Whether `at` is when to be there.")
    window: Whole = Field(120, ge=0, le=1440, description="Minutes: every useful journey of that window; 0: the best.")
    changes: Annotated[Whole, Field(ge=0, le=7)] | None = Field(None, description="Changes, at most.")
    walk: Whole = Field(2000, ge=0, le=10_000, description="Metres on foot, at most, to the first stop and so on.")
    change_s: Whole = Field(0, ge=0, le=3600, description="Seconds added to every change.")
    wheelchair: Flag = Field(False, description="Only what is known to be accessible.")
    pace: Literal["usual", "slow", "stroller"] = Field("usual", description="How one walks.")
    prefer: Literal["usual", "fastest", "cheapest", "fewest_changes", "least_walking", "step_free", "lowest_co2"] = (
        Field(
            "usual",
            description="What comes first; none is left out, but `step_free` is `wheelchair` too. Without a known "
            "price (or CO2) a journey comes last.",
        )
    )
    rider: Text | None = Field(
        None, description="Whose prices: a kind of rider of the tariff (`jeune`); an adult without it."
    )
    hold: Annotated[tuple[Text, ...], Field(max_length=8)] = Field(
        (), description="Passes and cards of the tariff that the rider holds; may be given several times."
    )
    own: Literal["bike", "ebike", "bike_aboard", "car", "dropped", "fetched", "shared_bike"] | None = Field(
        None,
        description="A vehicle of one's own to the first stop, where it is left; one's bicycle taken on board of what "
        "is known to take it (`bike_aboard`); or somebody's car that drops one off there, or fetches one at the last "
        "stop.",
    )
    left_at: Text | None = Field(
        None, description="The stop where that vehicle was left: it is taken there, for the end of the way back."
    )
    park: Text | None = Field(
        None,
        description="With `own=car` and `left_at`: the car park where the car was left, as `park` says it on the way "
        "out.",
    )
    modes: Annotated[str, Field(pattern=MODES)] | None = Field(
        None, description="Vehicles allowed, separated by commas."
    )
    without_line: LineIds = Field(
        (),
        description="Lines not to take, by their `id` in `/lines` (`cars:LR119`); may be given several times.",
    )
    only_operator: OperatorIds = Field(
        (),
        description="Operators to keep to, by the `agency_id` of their lines (`ter:1187`); may be given several times.",
    )
    via: Text | None = Field(None, description="A place to go by; one may stay seated there.")
    stay: Whole = Field(0, ge=0, le=720, description="Minutes to stay at `via`, at least.")
    geometry: Flag = Field(True, description="Whether legs carry their way as GeoJSON.")
    stops: Flag = Field(True, description="Whether rides carry their intermediate stops.")
    explain: Flag = Field(
        False,
        description="Whether the answer says how the search went (`trace`): what was found, what became of each "
        "journey and by which rule, what each part took.",
    )


class StopsAsked(Asked):
    """A text, a position, or nothing: then every stop, those most served first."""

    q: Annotated[str, Field(max_length=200)] | None = Field(None, description="A name, typed as one can.")
    near: Annotated[str, Field(pattern=POSITION)] | None = Field(
        None, description="`lat,lon`: what is around, nearest first."
    )
    radius: Whole = Field(1000, ge=1, le=50_000, description="Metres around `near`.")
    kind: Annotated[str, Field(pattern=KINDS)] | None = Field(
        None, description="Kinds wanted, separated by commas. Default: stops. Addresses by `q` only."
    )
    limit: Whole = Field(10, ge=1, le=100, description="How many, at most.")
    cursor: Cursor | None = Field(None, description="Where to go on: `next` of the answer before.")


class DeparturesAsked(Asked):
    """A stop and an instant."""

    stop: Text = Field(description="A place id or `feed:stop_id`.")
    at: Instant | None = Field(None, description="From when on; without a zone: local. Default: now.")
    limit: Whole = Field(20, ge=1, le=500, description="How many, at most.")
    days: Whole = Field(7, ge=1, le=31, description="How many calendar days are looked through, at most.")


class LinesAsked(Asked):
    """A text, or nothing: then every line."""

    q: Annotated[str, Field(max_length=200)] | None = Field(None, description="A number, a town, an operator.")
    limit: Whole = Field(50, ge=1, le=500, description="How many, at most.")
    cursor: Cursor | None = Field(None, description="Where to go on: `next` of the answer before.")


class LineAsked(Asked):
    """A day."""

    date: Day | None = Field(None, description="The service day of the timetable. Default: today.")


class ReachableAsked(Asked):
    """Where from, when, and for how long."""

    origin: Text = Field(alias="from", description="A place id, `feed:stop_id`, `lat,lon`, or a name.")
    at: Instant | None = Field(None, description="When to leave; without a zone: local. Default: now.")
    duration: Whole = Field(60, ge=1, le=1440, description="Minutes one may travel.")
    walk: Whole = Field(2000, ge=0, le=10_000, description="Metres on foot to the first stop, at most.")
    limit: Whole = Field(20_000, ge=1, le=100_000, description="How many stops, at most, the soonest first.")


class AreasAsked(Asked):
    """Where from, when, and within which times."""

    origin: Text = Field(alias="from", description="A place id, `feed:stop_id`, `lat,lon`, or a name.")
    at: Instant | None = Field(None, description="When to leave; without a zone: local. Default: now.")
    minutes: Annotated[str, Field(pattern=BOUNDS)] = Field(
        "15,30,45,60", description="Minutes one may travel, separated by commas, each at most 180."
    )
    walk: Whole = Field(2000, ge=0, le=10_000, description="Metres on foot to the first stop and from the last.")

    @property
    def bounds(self) -> tuple[int, ...]:
        """The minutes, each once, the least first."""
        return tuple(sorted({int(each) for each in self.minutes.split(",")}))


class NothingAsked(Asked):
    """No parameter of its own."""


Model = TypeVar("Model", bound=Asked)
View = Callable[..., Any]


class Wrong(InvalidInput):
    """Parameters that cannot be read; `problem_members` lists each with its fault."""

    problem_members: ClassVar[dict[str, Any]] = {}

    def __init__(self, faults: list[dict[str, str]]) -> None:
        faults = faults[:FAULTS_MAX]
        super().__init__("planner.bad_parameters", names=", ".join(sorted({fault["name"] for fault in faults}))[:200])
        self.problem_members = {"errors": faults}  # type: ignore[misc]  # the instance's own; the class says the type


def asking(model: type[Asked]) -> Callable[[View], View]:
    """Give a view its checked parameters as `asked`. Raises Wrong, with every fault, before the view runs."""

    def mark(view: View) -> View:
        @wraps(view)
        def checked(**path: str) -> Any:
            return view(asked=parameters(model), **path)

        checked.__mobigo_asked__ = model  # type: ignore[attr-defined]  # read when the document is made
        return checked

    return mark


def parameters(model: type[Model]) -> Model:
    """The request's query as `model`."""
    given: dict[str, Any] = {}
    faults = []
    several = {field.alias or name for name, field in model.model_fields.items() if isinstance(field.default, tuple)}
    for name, values in request.args.lists():
        if name in several:
            given[name] = tuple(values)
            continue
        if len(values) > 1:
            faults.append({"in": "query", "name": name[:100], "detail": "given more than once"})
        given[name] = values[0]
    try:
        read = model.model_validate(given)
    except ValidationError as error:
        faults += [
            {"in": "query", "name": ".".join(str(part) for part in fault["loc"])[:100], "detail": fault["msg"]}
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise Wrong(faults) from None
    if faults:
        raise Wrong(faults)
    return read


def instant(asked: datetime | None, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant asked, aware; `now` when none was. None for one so far off that no calendar of ours holds it."""
    if asked is None:
        return now
    at = asked if asked.tzinfo is not None else asked.replace(tzinfo=zone)
    return at if 1900 < at.year < 2200 else None


def point(text: str) -> Point | None:
    """The position of `lat,lon`; None for anything else."""
    if not re.fullmatch(POSITION, text, re.ASCII):
        return None
    lat, lon = text.split(",")
    return Point(float(lat), float(lon))
