"""Calls an address that somebody gave, and only on the public network: the name is resolved once, checked, and
connected to as it was checked. No redirect is followed; time and answer are bounded."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mobigo.base.errors import InvalidInput, Upstream
from mobigo.network.gateway.fetch import FetchLimits, Resolve, check_url, connect, resolve

ANSWER_MAX: Final = 65_536


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Bounds of one call. `private` allows addresses that are not on the public network, and http."""

    seconds_max: float = 10.0
    private: bool = False


def check_address(url: str) -> None:
    """Raises InvalidInput for an address that we would not call by its look alone: https, no credentials."""
    check_url(url)
    if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in ("localhost", "127.0.0.1"):
        raise InvalidInput("opendata.https_only")
    if len(url) > 500:
        raise InvalidInput("opendata.long_address", most=500)


def post(url: str, body: bytes, headers: Mapping[str, str], limits: CallLimits, *, resolve: Resolve = resolve) -> None:
    """Send a JSON body. Raises Refused when the address leads to the private network, Upstream when it does not answer
    with a success (2xx) in time."""
    bounds = FetchLimits(silence_s_max=limits.seconds_max, private=limits.private)
    connection, path = connect(url, bounds, resolve)
    whole = {"Content-Type": "application/json", "User-Agent": "Mobigo", **headers}
    try:
        connection.request("POST", path, body=body, headers=whole)
        answer = connection.getresponse()
        answer.read(ANSWER_MAX)
        status = answer.status
    except (OSError, http.client.HTTPException) as error:
        raise Upstream("opendata.call_failed", reason=type(error).__name__) from error
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise Upstream("opendata.call_answered", status=status)
