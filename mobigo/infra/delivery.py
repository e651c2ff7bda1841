"""How bytes leave: files under an address that changes with their content, compressed once; pages compressed as they
go; entity tags, so that what a browser already has is not sent again.

The addresses made by `url_for("static", …)` end in `?v=<hash of the content>` and may be kept for ever; the same
address without it is checked at each use.
"""

import hashlib
import mimetypes
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, abort, request
from werkzeug.security import safe_join

from mobigo.infra.auth import public

FOR_EVER: Final = "public, max-age=31536000, immutable"
LEAST_BYTES: Final = 860  # under one network packet, compressing costs and brings nothing
LEVEL_PAGE: Final = 5
LEVEL_FILE: Final = 9
_TEXT: Final = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/atom+xml",
        "application/feed+json",
        "application/geo+json",
        "application/ld+json",
        "application/rdf+xml",
        "application/manifest+json",
        "application/problem+json",
        "application/xml",
        "image/svg+xml",
        "application/wasm",
    }
)
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("application/manifest+json", ".webmanifest")
mimetypes.add_type("application/wasm", ".wasm")
mimetypes.add_type("application/geo+json", ".geojson")


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file as it is sent."""

    plain: bytes
    gzip: bytes | None
    kind: str
    version: str


def compressible(mimetype: str) -> bool:
    """Whether this kind of content is text, and worth compressing."""
    return mimetype.startswith("text/") or mimetype in _TEXT


def gzipped(plain: bytes, level: int) -> bytes:
    """The bytes as a gzip member without a date, so that the same content always gives the same bytes."""
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    return packer.compress(plain) + packer.flush()


@lru_cache(maxsize=256)
def _asset(path: Path, _changed_ns: int, _size: int) -> Asset:
    plain = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzipped(plain, LEVEL_FILE) if compressible(kind) and len(plain) >= LEAST_BYTES else None
    return Asset(plain, packed, kind, hashlib.sha256(plain).hexdigest()[:12])


def asset(folder: str | Path, filename: str) -> Asset | None:
    """The file of this name under `folder`, read and compressed once until it changes; None when there is none."""
    joined = safe_join(str(folder), filename)
    if joined is None:
        return None
    path = Path(joined)
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return _asset(path, found.st_mtime_ns, found.st_size) if path.is_file() else None


def accepts_gzip() -> bool:
    return request.accept_encodings.quality("gzip") > 0


def _send(folder: str, filename: str) -> Response:
    found = asset(folder, filename)
    if found is None:
        abort(404)
    packed = found.gzip is not None and accepts_gzip()
    response = Response(found.gzip if packed else found.plain, content_type=_content_type(found.kind))
    if found.gzip is not None:
        response.vary.add("Accept-Encoding")
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(found.version + ("-gzip" if packed else ""))
    response.headers["Cache-Control"] = FOR_EVER if request.args.get("v") == found.version else "no-cache"
    return response.make_conditional(request)  # type: ignore[return-value]  # gives back the same response


def _content_type(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def init_app(app: Flask, folder: Path) -> None:
    """Serve `folder` under /static, and compress the pages of `app`."""

    @public
    def static(filename: str) -> Response:
        return _send(str(folder), filename)

    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=static, methods=["GET"])

    @app.url_defaults
    def version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "v" not in values:
            found = asset(folder, values.get("filename", ""))
            if found is not None:
                values["v"] = found.version

    @app.after_request
    def compress(response: Response) -> Response:
        if request.endpoint == "static" or response.direct_passthrough or response.is_streamed:
            return response
        if not compressible(response.mimetype or "") or response.headers.get("Content-Encoding"):
            return response
        plain = response.get_data()
        # A weak tag: the same page, whatever the encoding. Only for what may be kept: not for what is someone's own.
        if request.method == "GET" and response.status_code == 200 and not response.cache_control.no_store:
            if not response.headers.get("ETag"):
                response.set_etag(hashlib.sha256(plain).hexdigest()[:20], weak=True)
            response.headers.setdefault("Cache-Control", "private, no-cache")
            response.make_conditional(request)
            if response.status_code == 304:
                return response
        response.vary.add("Accept-Encoding")
        if len(plain) < LEAST_BYTES or not accepts_gzip():
            return response
        response.set_data(gzipped(plain, LEVEL_PAGE))
        response.headers["Content-Encoding"] = "gzip"
        return response
