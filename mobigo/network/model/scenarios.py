"""A scenario: what would run, told as a few edits of what runs. An edit names the feed it changes, and trips, lines and
stops by the ids they have there. Times are in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from mobigo.base.errors import InvalidInput

SHIFT_S_MAX: Final = 24 * 3600
DAYS_MAX: Final = 400  # days that one edit adds at most


@dataclass(frozen=True, slots=True)
class AlsoRuns:
    """The trip, or every trip of the line, also runs on these weekdays (0 is Monday) from `first_day` to `last_day`,
    and on these dates. `like`: as on that weekday of the same week, so that only what runs then is added; None, for a
    trip alone: whatever its days are."""

    feed: str
    route: str = ""
    trip: str = ""
    weekdays: tuple[int, ...] = ()
    dates: tuple[date, ...] = ()
    first_day: date | None = None  # None: of the feed
    last_day: date | None = None
    like: int | None = None


@dataclass(frozen=True, slots=True)
class TripAdded:
    """A trip like another, `shift_s` later (negative: earlier), on the same days."""

    feed: str
    trip: str
    shift_s: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The trip, or every trip of the line, runs no more."""

    feed: str
    route: str = ""
    trip: str = ""


@dataclass(frozen=True, slots=True)
class StopAdded:
    """Every trip of the line that calls at `after` calls at `stop` next: `ride_s` after it left. What follows is
    `delay_s` later."""

    feed: str
    route: str
    stop: str
    after: str
    ride_s: int
    delay_s: int = 0


@dataclass(frozen=True, slots=True)
class StopRemoved:
    """No trip of the line calls at the stop; the other hours stay."""

    feed: str
    route: str
    stop: str


@dataclass(frozen=True, slots=True)
class FeedReplaced:
    """A whole feed in place of the one of that name, or beside the others; its archive is a blob."""

    feed: str
    archive_sha256: str
    file_name: str = ""


Edit = AlsoRuns | TripAdded | Withdrawn | StopAdded | StopRemoved | FeedReplaced
KINDS: Final[dict[str, type[Edit]]] = {
    "also_runs": AlsoRuns,
    "trip_added": TripAdded,
    "withdrawn": Withdrawn,
    "stop_added": StopAdded,
    "stop_removed": StopRemoved,
    "feed_replaced": FeedReplaced,
}


@dataclass(frozen=True, slots=True)
class Written:
    """An edit as it was written: the how manieth of its scenario, by whom and when; and when it was taken back."""

    id: str
    number: int
    edit: Edit
    written_at: datetime
    written_by: str
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario with its edits in order, those taken back among them."""

    id: str
    name: str
    note: str
    created_at: datetime
    created_by: str
    closed_at: datetime | None = None
    edits: tuple[Written, ...] = ()

    @property
    def in_force(self) -> tuple[Written, ...]:
        """The edits that were not taken back."""
        return tuple(each for each in self.edits if each.undone_at is None)


def checked(edit: Edit) -> Edit:
    """The edit, when it says something that can be done. Raises InvalidInput("scenario.…") naming what is wrong."""
    if not edit.feed:
        raise InvalidInput("scenario.no_feed")
    match edit:
        case AlsoRuns():
            _one_of(edit.route, edit.trip)
            if not edit.weekdays and not edit.dates:
                raise InvalidInput("scenario.no_day")
            if any(not 0 <= each <= 6 for each in (*edit.weekdays, *([] if edit.like is None else [edit.like]))):
                raise InvalidInput("scenario.bad_weekday")
            if edit.route and edit.like is None:
                raise InvalidInput("scenario.line_like_no_day")
            if edit.first_day is not None and edit.last_day is not None and edit.last_day < edit.first_day:
                raise InvalidInput("scenario.ends_before_it_begins")
        case Withdrawn():
            _one_of(edit.route, edit.trip)
        case TripAdded():
            if not edit.trip:
                raise InvalidInput("scenario.no_trip")
            if not 0 < abs(edit.shift_s) <= SHIFT_S_MAX:
                raise InvalidInput("scenario.shift_out_of_range", most=SHIFT_S_MAX // 60)
        case StopAdded():
            if not (edit.route and edit.stop and edit.after):
                raise InvalidInput("scenario.no_stop")
            if not (0 < edit.ride_s <= 4 * 3600 and 0 <= edit.delay_s <= 4 * 3600):
                raise InvalidInput("scenario.ride_out_of_range", most=240)
        case StopRemoved():
            if not (edit.route and edit.stop):
                raise InvalidInput("scenario.no_stop")
        case FeedReplaced():
            if not edit.archive_sha256:
                raise InvalidInput("scenario.no_archive")
    return edit


def _one_of(route: str, trip: str) -> None:
    if bool(route) == bool(trip):
        raise InvalidInput("scenario.trip_or_line")


def encoded(edit: Edit) -> tuple[str, dict[str, Any]]:
    """(kind, plain values) of an edit; `decoded` reads them."""
    kind = next(name for name, made in KINDS.items() if isinstance(edit, made))
    values = {name: getattr(edit, name) for name in edit.__dataclass_fields__}
    return kind, {name: _plain(value) for name, value in values.items()}


def decoded(kind: str, values: Mapping[str, Any]) -> Edit:
    """The edit that `encoded` was given. Raises InvalidInput("scenario.unknown_kind")."""
    made = KINDS.get(kind)
    if made is None:
        raise InvalidInput("scenario.unknown_kind", kind=kind[:40])
    read = dict(values)
    for name in ("first_day", "last_day"):
        if read.get(name):
            read[name] = date.fromisoformat(read[name])
    if "dates" in read:
        read["dates"] = tuple(date.fromisoformat(each) for each in read["dates"])
        read["weekdays"] = tuple(read["weekdays"])
    return made(**read)


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
