"""What a browser may do with our pages: the Content-Security-Policy and the other headers that protect a visitor.

Nothing runs or is drawn that we did not serve: no inline script, no inline style, no other site. The two exceptions
are marked where they are needed: `policy` on a view adds sources (the inspector's page runs WebAssembly), and
`page_style` in a template allows one block of styles by its hash (the colours of the lines come from the feed).
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from flask import Flask, Response, current_app, g, request
from markupsafe import Markup

View = TypeVar("View", bound=Callable[..., Any])
_MARK: Final = "__mobigo_policy__"
POLICY: Final[Mapping[str, tuple[str, ...]]] = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "worker-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'", "data:", "blob:"),  # the map decodes its own images through blob:
    "font-src": ("'self'",),
    "connect-src": ("'self'",),
    "manifest-src": ("'self'",),
    "form-action": ("'self'",),
    "frame-ancestors": ("'none'",),
    "base-uri": ("'none'",),
}
HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # our addresses say where people travel
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(), payment=(), usb=(), interest-cohort=()",
}


def policy(**added: tuple[str, ...]) -> Callable[[View], View]:
    """Mark a view whose page needs more: `@policy(script_src=("'wasm-unsafe-eval'",))`."""
    sources = {name.replace("_", "-"): values for name, values in added.items()}
    unknown = set(sources) - set(POLICY)
    if unknown:
        raise ValueError(f"no such directive: {', '.join(sorted(unknown))}")

    def mark(view: View) -> View:
        setattr(view, _MARK, sources)
        return view

    return mark


def page_style(css: str) -> Markup:
    """A `<style>` element of this page, allowed by the hash of its text. Raises ValueError for text that would end the
    element: build it from figures and colours, never from what someone wrote."""
    if "<" in css:
        raise ValueError("a style that contains < could end its element")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    g.setdefault("style_hashes", []).append(f"'sha256-{digest}'")
    return Markup("<style>{}</style>").format(Markup(css))  # refused above when it could end the element


def init_app(app: Flask, *, https: bool) -> None:
    """Put the headers on every response, and `page_style` within reach of templates."""
    app.jinja_env.globals["page_style"] = page_style

    @app.after_request
    def protect(response: Response) -> Response:
        directives = {name: list(values) for name, values in POLICY.items()}
        view = current_app.view_functions.get(request.endpoint or "")
        for name, values in getattr(view, _MARK, {}).items():
            directives[name] += values
        directives["style-src"] += g.get("style_hashes", [])
        text = "; ".join(f"{name} {' '.join(values)}" for name, values in directives.items())
        # A view that hands over a stranger's file has said something stricter.
        response.headers.setdefault("Content-Security-Policy", text + ("; upgrade-insecure-requests" if https else ""))
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return response
