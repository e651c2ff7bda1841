"""Other operators that book seats on our lines: where their standard-covoiturage interface answers.

# MOBIGO_HOME/partners.toml
[[partner]]
operator = "PLATEFORME"                          # the organisation of the key under which it books here
url = "https://covoit.exemple.fr/standard"       # what stands before /bookings
key = "…"                                        # sent as `Authorization: Bearer …`; left out when it wants none

Without this file nothing is told to anybody: no call leaves by default.
"""

import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from covoit.gateway.wire import Wire
from mobigo.base.errors import InvalidInput, Upstream

FILE: Final = "partners.toml"


@dataclass(frozen=True, slots=True)
class Partner:
    """Another operator's interface."""

    operator: str
    url: str
    key: str | None = field(default=None, repr=False)


class Told(StrEnum):
    """What came of telling a status."""

    TAKEN = "taken"
    KNOWN = "known"  # it had that status already
    UNKNOWN = "unknown"  # it does not hold the booking any more
    REFUSED = "refused"  # it will not take it, however often it is told


def find_partner(home: Path, operator: str) -> Partner | None:
    """Where an operator's interface answers, None where nobody said. Raises
    InvalidInput("covoit.bad_partners_file")."""
    path = home / FILE
    if not path.is_file():
        return None
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        found = [Partner(str(each["operator"]), str(each["url"]), each.get("key")) for each in read.get("partner", [])]
        for each in found:
            Wire(each.url)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, UnicodeDecodeError, InvalidInput) as wrong:
        raise InvalidInput("covoit.bad_partners_file", reason=str(wrong)[:200]) from wrong
    return next((each for each in found if each.operator == operator), None)


def tell(partner: Partner, booking: str, status: str, *, timeout_s: float = 20.0) -> Told:
    """Tell a booking's new status (`PATCH /bookings/{id}?status=…`). Raises Upstream for what may pass by itself: no
    network, 5xx, too many calls, a key that does not work."""
    path = f"/bookings/{quote(booking, safe='')}?{urlencode({'status': status})}"
    code, _answer = Wire(partner.url, timeout_s=timeout_s).asked("PATCH", path, token=partner.key)
    if code in (401, 403, 429) or code >= 500:
        raise Upstream("covoit.rpc_failed", reason=f"HTTP {code}")
    return {404: Told.UNKNOWN, 409: Told.KNOWN}.get(code, Told.TAKEN if 200 <= code < 300 else Told.REFUSED)
