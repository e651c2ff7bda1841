"""The files, at addresses that stay: `latest` and `next` move, `v/<version>` never does.

    /d/<dataset>/latest/<file>      /d/<dataset>/next/<file>      /d/<dataset>/v/<version>/<file>
    /gtfs.zip and /gtfs-next.zip: all networks as one, by redirection

Strong entity tags are the SHA-256 of the bytes as they are sent (RFC 9110 §8.8.3), so that a download goes on where it
stopped (Range, §14) and what did not change is not sent again (304). Digests follow RFC 9530.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import parse_range_header
from werkzeug.wsgi import FileWrapper

from mobigo.base.decisions import Decision
from mobigo.base.errors import NotFound, Upstream
from mobigo.infra import http_errors
from mobigo.infra.auth import public
from mobigo.infra.db import reading
from mobigo.infra.delivery import FOR_EVER, accepts_gzip
from mobigo.infra.http_errors import Problem
from mobigo.infra.web import services
from opendata.model.datasets import LICENCES, REGIONAL, Slot
from opendata.store import addresses, files
from opendata.store.addresses import Address
from opendata.web import bp
from opendata.web.rates import freely

CHUNK: Final = 1 << 16
MOVING: Final = "public, no-cache"  # asked again each time, answered 304 while nothing moved
EXPOSED: Final = "ETag, Last-Modified, Content-Digest, Repr-Digest, Content-Range, Content-Location, Link"
ASKED: Final = "If-None-Match, If-Modified-Since, If-Match, If-Range, Range"


class Gone(NotFound):
    """No such thing any more: it was public, and was taken out, for the reason given."""

    http_status = 410


@bp.get("/d/<dataset>/latest/<name>")
@public
@freely
def latest(dataset: str, name: str) -> ResponseReturnValue:
    """The file in force."""
    return _moving(dataset, Slot.LATEST, name)


@bp.get("/d/<dataset>/next/<name>")
@public
@freely
def coming(dataset: str, name: str) -> ResponseReturnValue:
    """The file of the period to come, while there is one."""
    return _moving(dataset, Slot.NEXT, name)


@bp.get("/gtfs.zip")
@public
@freely
def region() -> ResponseReturnValue:
    """A short address of the whole regional offer in force."""
    return redirect(url_for("opendata.latest", dataset=REGIONAL, name="gtfs.zip"))


@bp.get("/gtfs-next.zip")
@public
@freely
def region_to_come() -> ResponseReturnValue:
    """A short address of the whole regional offer from its next change on, while there is one."""
    return redirect(url_for("opendata.coming", dataset=REGIONAL, name="gtfs.zip"))


@bp.get("/d/<dataset>/v/<label>/<name>")
@public
@freely
def fixed(dataset: str, label: str, name: str) -> ResponseReturnValue:
    """The file of one version, for ever the same bytes."""
    if not (12 <= len(label) <= 64 and set(label) <= set("0123456789abcdef")):
        raise NotFound("opendata.unknown_file", dataset=dataset, file=name)
    with reading(services().engine) as session:
        found = addresses.at_label(session, dataset, label, name)
    # What people are behind may have to be withdrawn: no cache on the way keeps it unasked.
    return _sent(found, dataset, name, MOVING if found is not None and found.touches_people else FOR_EVER)


def _moving(dataset: str, slot: Slot, name: str) -> Response:
    with reading(services().engine) as session:
        found = addresses.at_slot(session, dataset, slot, name)
        in_force = found or addresses.at_slot(session, dataset, Slot.LATEST, name)
    if found is None and in_force is not None:
        instead = url_for("opendata.latest", dataset=dataset, name=name)
        raise NotFound("opendata.nothing_to_come", dataset=dataset, instead=instead)
    response = _sent(found, dataset, name, MOVING)
    assert found is not None  # noqa: S101 - `_sent` raises otherwise
    own = url_for("opendata.fixed", dataset=dataset, label=found.label, name=name)
    response.headers["Content-Location"] = own
    response.headers.add("Link", f'<{own}>; rel="canonical"')
    return response


def _sent(found: Address | None, dataset: str, name: str, cache: str) -> Response:
    """The file, or the part of it that is asked for. Raises NotFound, Gone, or Upstream when its bytes are missing."""
    if found is None:
        raise NotFound("opendata.unknown_file", dataset=dataset, file=name)
    if found.gone:
        raise Gone("opendata.gone", dataset=dataset, reason=found.gone, replaced_by=found.replaced_by or "—")
    digest, size, coding = _chosen(found)
    path = files.contents_of(services().config.home).path(digest)
    if not path.exists():
        raise Upstream("opendata.file_missing", dataset=dataset, file=name)
    response = Response(_Pieces(path), content_type=_content_type(found.media_type), direct_passthrough=True)
    response.content_length = size
    response.set_etag(digest)
    response.last_modified = found.since.replace(microsecond=0)
    if coding:
        response.headers["Content-Encoding"] = coding
    if found.gzip_sha256 is not None:
        response.vary.add("Accept-Encoding")
    _describe(response, found, digest, cache)
    response.headers["Accept-Ranges"] = "bytes"
    response.make_conditional(request.environ)  # preconditions come before ranges (RFC 9110 §13.2.2)
    if response.status_code == 200 and _one_range(size):
        try:
            response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
        except RequestedRangeNotSatisfiable:
            return _outside(size)
    if response.status_code == 200:
        response.headers["Content-Digest"] = response.headers["Repr-Digest"]
    return response


def _one_range(size: int) -> bool:
    """Whether one part is asked for, in bytes. Other units, and several parts at once, are a right that nobody has to
    honour (RFC 9110 §14.2): the whole file is sent; so it is to who asks for more of its end than there is
    (§14.1.2)."""
    asked = parse_range_header(request.headers.get("Range"))
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return False
    start, _end = asked.ranges[0]
    return not 0 < size < -start


def _outside(size: int) -> Response:
    response = http_errors.answer(Problem(416, Decision("opendata.bad_range", size=size), {}))
    response.headers["Content-Range"] = f"bytes */{size}"
    return response


def _chosen(found: Address) -> tuple[str, int, str]:
    """Which form is sent: hash, bytes, coding. What the asker already holds comes first; parts are parts of the plain
    file."""
    plain = (found.sha256, found.size, "")
    if found.gzip_sha256 is None or found.gzip_size is None:
        return plain
    packed = (found.gzip_sha256, found.gzip_size, "gzip")
    if request.if_none_match.contains(found.sha256):
        return plain
    if "Range" in request.headers:
        return packed if request.if_range.etag == found.gzip_sha256 else plain
    return packed if accepts_gzip() else plain


def _describe(response: Response, found: Address, digest: str, cache: str) -> None:
    response.headers["Cache-Control"] = cache
    response.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.add("Link", f'<{LICENCES[found.licence].url}>; rel="license"')
    response.headers.add("Link", f'<{url_for("opendata.dataset", code=found.dataset)}>; rel="describedby"')
    disposition = "inline" if found.media_type.startswith("text/html") else "attachment"
    response.headers["Content-Disposition"] = f'{disposition}; filename="{found.name}"'


def _content_type(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


class _Pieces:
    """The file by pieces, opened when the first one is wanted (never for 304 and HEAD); seekable, for parts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Any = None

    def __iter__(self) -> Iterator[bytes]:
        return iter(FileWrapper(self._opened(), CHUNK))

    def seekable(self) -> bool:
        return True

    def seek(self, *where: int) -> None:
        self._opened().seek(*where)

    def tell(self) -> int:
        position: int = self._opened().tell()
        return position

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _opened(self) -> Any:
        if self._file is None:
            self._file = self._path.open("rb")
        return self._file


@bp.after_request
def share(response: Response) -> Response:
    """Whatever is public here may be read by pages of other sites (CORS): files, catalogue, feeds, and their errors.
    Never what is somebody's own: what they follow, the desk."""
    own = request.path.startswith(("/donnees/gestion", "/donnees/suivre"))
    if not own and request.method in ("GET", "HEAD", "OPTIONS"):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = ASKED
            response.headers["Access-Control-Max-Age"] = "86400"
    return response
