"""What is asked in Navitia's words: identifiers, instants, parameters. A parameter that is unknown here is refused, not
passed over: whoever forbids a line must not be led onto it."""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from mobigo.base.geo import Point

REGION: Final = "mobigo"
_COORD = re.compile(r"(?:coord:)?(-?\d{1,3}(?:\.\d{1,15})?)[;:](-?\d{1,2}(?:\.\d{1,15})?)", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})T(\d{2}):?(\d{2}):?(\d{2})?(?:\.\d{1,6})?(Z|[+-]\d{2}:?\d{2})?", re.ASCII
)
_KINDS: Final = ("stop_area", "stop_point", "admin", "address")


class NavitiaError(Exception):
    """What Navitia answers when it cannot: its own id of the error, and the HTTP status that goes with it."""

    def __init__(self, status: int, id_: str, message: str) -> None:
        self.status, self.id, self.message = status, id_, message
        super().__init__(id_)


def wrong(message: str) -> NavitiaError:
    """A question that cannot be read."""
    return NavitiaError(400, "unable_to_parse", message)


def unknown(what: str) -> NavitiaError:
    """Something that is not ours."""
    return NavitiaError(404, "unknown_object", f"the object {what[:100]!r} does not exist")


def coord_of(text: str) -> Point | None:
    """The position of `lon;lat` (or `coord:lon:lat`); None for any other text."""
    found = _COORD.fullmatch(text)
    if found is None:
        return None
    lon, lat = float(found[1]), float(found[2])
    return Point(lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def id_of(text: str) -> tuple[str, str]:
    """(kind, our own id) of an identifier. Raises NavitiaError for one that is not of a kind given here."""
    kind, colon, own = text.partition(":")
    if not colon or kind not in _KINDS or not own:
        raise unknown(text)
    if kind == "admin":
        return kind, f"commune:{own.removeprefix('fr:')}"
    return kind, own


def instant_of(text: str | None, now: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a parameter, that of the question where none was given. Raises NavitiaError."""
    if text is None:
        return now
    found = _INSTANT.fullmatch(text.replace(" ", "+"))  # a plus sign that was not escaped
    try:
        if found is None:
            raise ValueError(text)
        year, month, day, hour, minute = (int(found[n]) for n in range(1, 6))
        at = datetime(year, month, day, hour, minute, int(found[6] or 0), tzinfo=zone)
        if found[7]:
            offset = "+00:00" if found[7] == "Z" else found[7]
            at = datetime.fromisoformat(f"{at.replace(tzinfo=None).isoformat()}{offset}")
        at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong(f"unable to parse datetime, {text[:60]!r} is not valid: 20261124T080500 would be") from None
    if not 1900 < at.year < 2200:
        raise NavitiaError(404, "date_out_of_bounds", "date is not in data production period")
    return at


class Parameters:
    """The parameters of a question, each read once. `end` refuses those nobody read."""

    def __init__(self, given: "MultiDict[str, str]") -> None:
        self._given = given
        self._read: set[str] = set()

    def text(self, name: str) -> str | None:
        """One value, None for none. Raises NavitiaError when there are several."""
        self._read.add(name)
        values = self._given.getlist(name)
        if len(values) > 1:
            raise wrong(f"{name} is given more than once")
        if values and len(values[0]) > 200:
            raise wrong(f"{name} is longer than 200 characters")
        return values[0] if values else None

    def several(self, name: str, known: Collection[str] | None = None) -> Sequence[str]:
        """The values of `name[]`, each of `known` where that is given. Raises NavitiaError."""
        self._read |= {name, f"{name}[]"}
        values = [*self._given.getlist(f"{name}[]"), *self._given.getlist(name)]
        for value in values:
            if known is not None and value not in known:
                raise wrong(f"{name}[] may be {', '.join(sorted(known))}; not {value[:60]!r}")
        return values

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number between `least` and `most`. Raises NavitiaError."""
        text = self.text(name)
        if text is None:
            return default
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not least <= int(text) <= most:
            raise wrong(f"{name} must be a whole number from {least} to {most}")
        return int(text)

    def choice(self, name: str, default: str, known: Collection[str]) -> str:
        """One of `known`. Raises NavitiaError."""
        text = self.text(name)
        if text is not None and text not in known:
            raise wrong(f"{name} may be {', '.join(sorted(known))}; not {text[:60]!r}")
        return default if text is None else text

    def end(self) -> None:
        """Raises NavitiaError when something was asked that is not given here."""
        for name in self._given:
            if name not in self._read:
                raise wrong(f"{name[:60]!r} is not a parameter given here")
