"""Public data may be read by pages of other sites: CORS for reading, never with a cookie, never to write."""

from typing import Final

from flask import Flask, Response, request

from mobigo.app.api import PREFIX

# The API, what is told live, and other vocabularies for the same.
OPEN: Final = (
    f"{PREFIX}/", "/navitia/", "/siri/", "/covoiturage/gbfs/", "/perturbations.pb", "/perturbations.json",
    "/cars/temps-reel.pb", "/tad/temps-reel.pb", "/tad/gtfs-flex.zip",
)  # fmt: skip


def init_app(app: Flask) -> None:
    """Allow any origin to GET them. Nothing is allowed with credentials: such a page acts in nobody's name."""

    @app.after_request
    def allow(response: Response) -> Response:
        if not request.path.startswith(OPEN) or request.method not in ("GET", "HEAD", "OPTIONS"):
            return response
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "Link, Retry-After, X-Request-Id, ETag"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
            response.headers["Access-Control-Allow-Headers"] = "Accept, Accept-Language, Authorization"
            response.headers["Access-Control-Max-Age"] = "86400"
        return response
