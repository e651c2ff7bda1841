"""A journey that somebody follows, as a text in an address: what is ridden, where and when as planned, and between
which places. Nothing about it is stored: whoever has the address has the journey, and nobody else.

The text is read from a stranger's hand: `decoded` says no to whatever `encoded` would not have written.
"""

import base64
import binascii
import json
import unicodedata
import zlib
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from mobigo.base.geo import Point

FORMAT: Final = 1
TEXT_MAX: Final = 3_000
PLAIN_MAX: Final = 12_000
RIDES_MAX: Final = 12
NAME_MAX: Final = 200
LASTS_MAX: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class End:
    """A place at an end of the journey: its name, and where it is."""

    name: str
    at: Point


@dataclass(frozen=True, slots=True)
class FollowedRide:
    """A vehicle taken: `feed:trip_id` where one gets on and where one gets off (another one for trips joined in-seat),
    the service day of the first, `feed:stop_id` of both stops, the planned instants (seconds since 1970), and the
    seconds of way between the vehicle before (or the door) and this one."""

    trip: str
    last_trip: str
    day: date
    board: str
    alight: str
    depart_s: int
    arrive_s: int
    walk_s: int = 0


@dataclass(frozen=True, slots=True)
class FollowedTrip:
    """The whole journey; `walk_s` is the way from the last vehicle to the door."""

    origin: End
    destination: End
    rides: tuple[FollowedRide, ...]
    walk_s: int = 0
    wheelchair: bool = False

    @property
    def depart_s(self) -> int:
        """When one leaves the door, as planned."""
        return self.rides[0].depart_s - self.rides[0].walk_s

    @property
    def arrive_s(self) -> int:
        """When one is there, as planned."""
        return self.rides[-1].arrive_s + self.walk_s


def encoded(trip: FollowedTrip) -> str:
    """The text of a journey, for an address; the same journey gives the same text."""
    document = [
        FORMAT, _end(trip.origin), _end(trip.destination), trip.walk_s, int(trip.wheelchair),
        [
            [each.trip, each.last_trip if each.last_trip != each.trip else "", each.day.toordinal(), each.board,
             each.alight, each.depart_s, each.arrive_s - each.depart_s, each.walk_s]
            for each in trip.rides
        ],
    ]  # fmt: skip
    plain = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(zlib.compress(plain, 9)).decode().rstrip("=")


def _end(end: End) -> list[object]:
    return [end.name[:NAME_MAX], round(end.at.lat, 5), round(end.at.lon, 5)]


def decoded(text: str) -> FollowedTrip | None:
    """The journey of a text; None for a text that is no journey's."""
    if len(text) > TEXT_MAX:
        return None
    try:
        packed = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True)
        opener = zlib.decompressobj()
        plain = opener.decompress(packed, PLAIN_MAX)
        if not opener.eof or opener.unused_data:
            return None
        return _read(json.loads(plain))
    except (binascii.Error, UnicodeError, zlib.error, ValueError, TypeError, OverflowError, RecursionError):
        return None


def _read(document: Any) -> FollowedTrip:
    """Raises ValueError or TypeError for a document that is no journey."""
    form, origin, destination, walk_s, wheelchair, rides = document
    if _whole(form) != FORMAT or not isinstance(rides, list) or not 0 < len(rides) <= RIDES_MAX:
        raise ValueError("no journey")
    found = tuple(_ride(each) for each in rides)
    trip = FollowedTrip(_place(origin), _place(destination), found, _seconds(walk_s), _whole(wheelchair) == 1)
    if trip.arrive_s - trip.depart_s > LASTS_MAX.total_seconds():
        raise ValueError("too long")
    if any(after.depart_s < before.arrive_s for before, after in pairwise(found)):
        raise ValueError("out of order")
    return trip


def _ride(given: Any) -> FollowedRide:
    trip, last, day, board, alight, depart_s, lasts_s, walk_s = given
    at, day_is = _whole(depart_s), date.fromordinal(_whole(day))
    beside_s = at - (day_is.toordinal() - date(1970, 1, 1).toordinal()) * 86_400
    if not 1980 <= day_is.year <= 2099 or abs(beside_s) > 4 * 86_400:
        raise ValueError("another day")
    first = _text(trip)
    return FollowedRide(
        first, _text(last) if last else first, day_is, _text(board), _text(alight), at, at + _seconds(lasts_s),
        _seconds(walk_s),
    )  # fmt: skip


def _place(given: Any) -> End:
    name, lat, lon = given
    return End(_text(name), Point(float(lat), float(lon)))


def _text(given: Any) -> str:
    if not isinstance(given, str) or not 0 < len(given) <= 2 * NAME_MAX:
        raise ValueError("no text")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in given):  # half of a letter cannot be shown
        raise ValueError("no text")
    return given


def _whole(given: Any) -> int:
    if not isinstance(given, int) or isinstance(given, bool):
        raise TypeError("no whole number")
    return given


def _seconds(given: Any) -> int:
    value = _whole(given)
    if not 0 <= value <= LASTS_MAX.total_seconds():
        raise ValueError("no such duration")
    return value
