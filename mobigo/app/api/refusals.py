"""Input an operation's schema refuses, answered as every other error: a problem document, one entry for each fault."""

from typing import Any, Final

from apiflask import APIFlask, HTTPError
from flask import Response

from mobigo.base.decisions import Decision
from mobigo.infra import http_errors

_PLACES: Final = {
    "query": "query",
    "querystring": "query",
    "json": "body",
    "form": "body",
    "files": "body",
    "json_or_form": "body",
    "headers": "header",
    "cookies": "header",
    "path": "path",
}
FAULTS_SHOWN: Final = 50


def init_app(app: APIFlask) -> None:
    """Put APIFlask's validation errors, and those it raises itself, into our form."""
    app.error_callback = answer


def answer(error: HTTPError) -> Response:
    """The problem of a validation error: 422, code `api.bad_parameters`, `errors` with place, name and detail."""
    status = error.status_code
    if status != 422:
        reason = Decision(f"http.reason_{status}" if status in http_errors.SPOKEN else "http.reason_other")
        response = http_errors.answer(http_errors.Problem(status, reason, {}))
    else:
        found = faults(error.detail)
        names = ", ".join(dict.fromkeys(fault["name"] for fault in found))
        reason = Decision("api.bad_parameters", names=names or "—")
        response = http_errors.answer(http_errors.Problem(status, reason, {"errors": found}))
    for name, value in dict(error.headers or {}).items():
        response.headers[name] = value
    return response


def faults(detail: Any) -> list[dict[str, str]]:
    """APIFlask's `{place: {field: [message, …]}}` as a flat list, bounded."""
    found = []
    for place, fields in detail.items() if isinstance(detail, dict) else ():
        for name, messages in fields.items() if isinstance(fields, dict) else (("", fields),):
            for message in messages if isinstance(messages, list) else [messages]:
                found.append({"in": _PLACES.get(place, "body"), "name": str(name)[:100], "detail": str(message)[:300]})
    return found[:FAULTS_SHOWN]
