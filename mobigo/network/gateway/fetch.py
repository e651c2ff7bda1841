"""Fetches a feed over HTTP, and only from the public network: addresses are resolved here, checked, and connected to
as they were checked.

Not here: what is in it. Every redirect is checked like the first address; size and time are bounded.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from mobigo.base.errors import InvalidInput, Refused, Upstream
from mobigo.infra import clock

_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Bounds of one fetch. `private` allows addresses that are not on the public network."""

    bytes_max: int = 512 << 20
    seconds_max: float = 300.0
    silence_s_max: float = 30.0
    redirects_max: int = 5
    private: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch brought: `changed` tells whether the file was written; the validators are those to send next
    time."""

    changed: bool
    etag: str
    last_modified: str


Resolve = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a host name."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def fetch(
    url: str,
    target: Path,
    *,
    etag: str = "",
    last_modified: str = "",
    limits: FetchLimits | None = None,
    resolve: Resolve = resolve,
) -> Fetched:
    """Write what `url` gives to `target`, unless it did not change since the validators given.

    Raises InvalidInput for an address that is none of ours to fetch (another scheme, credentials in it), Refused when
    it leads to the private network, gives too much or redirects for ever, Upstream when it does not answer as it
    should.
    """
    limits = limits or FetchLimits()
    deadline_s = clock.monotonic_s() + limits.seconds_max
    headers = {"User-Agent": "Mobigo (+https://www.viamobigo.fr)", "Accept": "application/zip, */*;q=0.5"}
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    for _ in range(limits.redirects_max + 1):
        connection, path = connect(url, limits, resolve)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            if answer.status in _REDIRECTS:
                url = urljoin(url, answer.headers.get("Location", ""))
                continue
            if answer.status == 304:
                return Fetched(False, etag, last_modified)
            if answer.status != 200:
                raise Upstream("network.fetch_status", url=_shown(url), status=answer.status)
            _save(answer, target, url, limits, deadline_s)
            return Fetched(True, answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""))
        except (OSError, http.client.HTTPException) as error:
            raise Upstream("network.fetch_failed", url=_shown(url), reason=type(error).__name__) from error
        finally:
            connection.close()
    raise Refused("network.fetch_redirects", url=_shown(url), limit=limits.redirects_max)


def check_url(url: str) -> None:
    """Raises InvalidInput for an address that we would not fetch by its look alone."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InvalidInput("network.bad_url", url=_shown(url)) from error
    known = parts.scheme in ("http", "https") and parts.hostname and parts.username is None and url.isprintable()
    if not known or " " in url:
        raise InvalidInput("network.bad_url", url=_shown(url))


def connect(url: str, limits: FetchLimits, resolve: Resolve) -> tuple[http.client.HTTPConnection, str]:
    """A connection to the host of `url`, at an address that was checked, and the path to ask of it.

    Raises InvalidInput for an address that is none, Upstream when its name leads nowhere, Refused when it leads to the
    private network.
    """
    check_url(url)
    parts = urlsplit(url)
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise Upstream("network.fetch_failed", url=_shown(url), reason="DNS") from error
    if not addresses:
        raise Upstream("network.fetch_failed", url=_shown(url), reason="DNS")
    # All of them must be public: a name that also leads inside is not to be trusted with either.
    if not limits.private and not all(is_public(address) for address in addresses):
        raise Refused("network.fetch_private", url=_shown(url))
    made = (_Pinned if not secure else _PinnedSecure)(host, port, addresses[0], limits.silence_s_max)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return made, path


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public network."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            found = inner
        elif found in ipaddress.ip_network("64:ff9b::/96"):
            found = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found.is_global and not found.is_multicast


class _Pinned(http.client.HTTPConnection):
    """A connection to the very address that was checked: the name is not resolved again."""

    def __init__(self, host: str, port: int, address: str, timeout_s: float) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _PinnedSecure(_Pinned):
    """The same over TLS; the certificate must be the host name's."""

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _save(answer: http.client.HTTPResponse, target: Path, url: str, limits: FetchLimits, deadline_s: float) -> None:
    size = 0
    with target.open("wb") as file:
        while piece := answer.read1(_CHUNK):
            size += len(piece)
            if size > limits.bytes_max:
                raise Refused("network.fetch_too_large", url=_shown(url), limit_mb=limits.bytes_max >> 20)
            if clock.monotonic_s() > deadline_s:
                raise Upstream("network.fetch_too_slow", url=_shown(url), limit_s=int(limits.seconds_max))
            file.write(piece)
    if answer.length not in (None, 0):
        raise Upstream("network.fetch_failed", url=_shown(url), reason="IncompleteRead")


def _shown(url: str) -> str:
    """An address fit for a message: no credentials, no key in the query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "?"
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"[:200]
