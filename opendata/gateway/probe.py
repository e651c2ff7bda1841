"""Looks as a reuser does: asks the site itself, over HTTP and at its public address, for the end of a published file.

Whatever stands between this process and that address (name, certificate, proxy, server, database, disk) is in the
answer. Run from another machine (`mobigo opendata probe https://…`), it is an eye outside.
"""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from mobigo.base.decisions import Decision
from mobigo.base.errors import Upstream
from opendata.model.datasets import LiveAddress
from opendata.model.editions import KeptFile

Look = Callable[[str, KeptFile], Decision | None]  # a dataset's code and a file of its version in force
Hear = Callable[[LiveAddress, Path], Decision | None]  # an address, and where to keep what it says
TAIL: Final = 1024  # bytes asked for: the last ones, which a file that was cut has not
SECONDS_MAX: Final = 10.0
LISTING_MAX: Final = 16_000_000
LIVE_MAX: Final = 20_000_000
AGENT: Final = "Mobigo-sonde"
UNREACHABLE: Final = "opendata.probe_unreachable"  # the decision of a site that gave no answer


def look(base_url: str) -> Look:
    """Looks at the site of this address: what is wrong with a file, or None."""

    def at(dataset: str, file: KeptFile) -> Decision | None:
        tail = {"Range": f"bytes=-{min(TAIL, file.size)}"} if file.size else {}  # of an empty file, no part can be had
        headers = {**tail, "Accept-Encoding": "identity"}
        try:
            answer, body = _asked(base_url, f"/d/{dataset}/latest/{file.name}", headers, TAIL + 1)
        except (OSError, http.client.HTTPException) as error:
            return Decision("opendata.probe_unreachable", file=file.name, reason=type(error).__name__)
        return _fault(file, answer, body)

    return at


def hear(base_url: str) -> Hear:
    """Asks the live addresses of the site at this address: what is wrong with the answer, or None; the answer is then
    at the path given."""

    def at(address: LiveAddress, to: Path) -> Decision | None:
        try:
            answer, body = _asked(base_url, address.path, {"Accept": address.media_type}, LIVE_MAX + 1)
        except (OSError, http.client.HTTPException) as error:
            return Decision(UNREACHABLE, file=address.name, reason=type(error).__name__)
        if answer.status != 200:
            return Decision("opendata.probe_answered", file=address.name, status=answer.status)
        told = answer.headers.get_content_type()
        if told != address.media_type:
            return Decision("opendata.live_other_type", file=address.name, told=told, declared=address.media_type)
        if not 0 < len(body) <= LIVE_MAX:
            return Decision("opendata.live_size", file=address.name, size=len(body), limit=LIVE_MAX)
        to.write_bytes(body)
        return None

    return at


def _fault(file: KeptFile, answer: http.client.HTTPResponse, body: bytes) -> Decision | None:
    if answer.status != (206 if file.size else 200):
        return Decision("opendata.probe_answered", file=file.name, status=answer.status)
    whole = answer.getheader("Content-Range", "/0").rpartition("/")[2]
    if answer.getheader("ETag") != f'"{file.sha256}"' or whole != str(file.size):
        return Decision("opendata.probe_other_file", file=file.name)
    if len(body) != min(TAIL, file.size):
        return Decision("opendata.probe_cut", file=file.name)
    return None


def listed(base_url: str) -> Iterator[tuple[str, KeptFile]]:
    """The files in force, as the site's own API lists them. Raises Upstream("opendata.probe_no_list") when it does not
    answer as it should."""
    path: str | None = "/api/v1/opendata/datasets?limit=100"
    while path is not None:
        try:
            answer, body = _asked(base_url, path, {"Accept": "application/json"}, LISTING_MAX)
            page: dict[str, Any] = json.loads(body) if answer.status == 200 else {}
            for each in page["items"]:
                for file in (each["latest"] or {"files": ()})["files"]:
                    yield str(each["code"]), KeptFile(
                        name=file["name"], media_type=file["media_type"], sha256=file["sha256"], size=file["size"],
                        content_sha256=file["sha256"],
                    )  # fmt: skip
            path = page["next"]
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
            raise Upstream("opendata.probe_no_list", url=base_url, reason=type(error).__name__) from error


def _asked(
    base_url: str, path: str, headers: dict[str, str], most: int
) -> tuple[http.client.HTTPResponse, bytes]:  # fmt: skip
    where = urlsplit(base_url)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    with closing(kind(where.hostname or "", where.port, timeout=SECONDS_MAX)) as connection:
        connection.request("GET", where.path.rstrip("/") + path, headers={"User-Agent": AGENT, **headers})
        answer = connection.getresponse()
        return answer, answer.read(most)
