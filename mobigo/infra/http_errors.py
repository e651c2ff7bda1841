"""Errors over HTTP, in one place: a problem document (RFC 9457) for programs, a page for people, one reference.

    NotFound 404 · InvalidInput 422 · Refused 403 (401, 400 where the error says so) · Conflict 409 · Upstream 502
    and what the web itself refuses: 400, 404, 405, 413, 415, 429 …; a database that does not answer, a disk or a
    memory that is full, 503; anything else is a defect of ours, 500.

Every answer says what happened and what to do, carries the request's reference (written in the log with the cause),
and never shows a trace, a path or a value of someone else's.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from flask import Flask, Response, current_app, json, render_template, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused, Upstream
from mobigo.infra.disk import is_full
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.web import request_id, wants_problem

_log = logging.getLogger(__name__)
STATUS: Final[Mapping[type[MobigoError], int]] = {
    NotFound: 404,
    InvalidInput: 422,
    Refused: 403,
    Conflict: 409,
    Upstream: 502,
}
# Titles and advice have a sentence for these; any other status falls back on its family (400 or 500).
SPOKEN: Final = (400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 414, 415, 422, 429, 500, 502, 503)
PROBLEM: Final = "application/problem+json"
RETRY_AFTER_S: Final = 10


@dataclass(frozen=True, slots=True)
class Problem:
    """What is answered: a status, the reason as a decision, and members of its own for programs."""

    status: int
    reason: Decision
    extra: Mapping[str, Any]

    @property
    def title(self) -> str:
        return sentence(Decision(f"http.title_{self.spoken}"))

    @property
    def text(self) -> str:
        """What happened."""
        return sentence(self.reason)

    @property
    def advice(self) -> str:
        """What is kept and what to do."""
        return sentence(Decision(f"http.advice_{self.spoken}"))

    @property
    def spoken(self) -> int:
        if self.status in SPOKEN:
            return self.status
        return 400 if self.status < 500 else 500


def status_of(error: MobigoError) -> int:
    """The HTTP status of one of the five words; an error may be more precise (`http_status`: 401 for "sign in")."""
    precise = getattr(error, "http_status", None)
    if isinstance(precise, int):
        return precise
    return next((status for word, status in STATUS.items() if isinstance(error, word)), 500)


def document(problem: Problem) -> dict[str, Any]:
    """The problem as RFC 9457 members; `code` and `params` are ours, for programs; `reference` is in our log."""
    return {
        "type": f"/api/v1/problems/{problem.reason.code}",
        "title": problem.title if problem.status != 404 else sentence(Decision("http.title_404_data")),  # no page
        "status": problem.status,
        "detail": problem.text,
        "instance": quote(request.path, safe="/:@!$&'()*+,;=~-._"),
        "code": problem.reason.code,
        "params": {name: _plain(value) for name, value in problem.reason.params.items()},
        "reference": request_id(),
        **problem.extra,
    }


def answer(problem: Problem) -> Response:
    """The problem in the form the asker reads."""
    if wants_problem():
        response = Response(json.dumps(document(problem)), problem.status, content_type=PROBLEM)
        response.headers["Content-Language"] = current_language()
        response.headers["Cache-Control"] = "no-store"
        return response
    try:
        page = render_template("errors/error.html", problem=problem, reference=request_id())
    except Exception:
        # The page itself is broken (a context processor, the database): people still get words, in plain text.
        _log.exception("the error page could not be made", extra={"reference": request_id()})
        page = f"{problem.title}\n\n{problem.text}\n{problem.advice}\n\n{request_id()}\n"
        return Response(page, problem.status, content_type="text/plain; charset=utf-8")
    response = Response(page, problem.status, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def _plain(value: object) -> Any:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _ours(error: MobigoError) -> Response:
    status = status_of(error)
    _log.log(
        logging.ERROR if status >= 500 else logging.INFO,
        "answered with an error",
        extra={"reference": request_id(), "code": error.decision.code, "status": status},
        exc_info=error if status >= 500 else None,
    )
    extra: Mapping[str, Any] = getattr(error, "problem_members", None) or {}
    return _with_headers(answer(Problem(status, error.decision, extra)), getattr(error, "http_headers", None))


def _of_the_web(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:  # a redirect raised on the way
        return current_app.make_response(error.get_response(request.environ))
    status = error.code
    params: dict[str, object] = {}
    if isinstance(error, RequestEntityTooLarge):
        params["limit"] = request.max_content_length or 0
    reason = Decision(f"http.reason_{status}" if status in SPOKEN else "http.reason_other", **params)
    _log.info("answered with an error", extra={"reference": request_id(), "code": reason.code, "status": status})
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After", "WWW-Authenticate")}
    return _with_headers(answer(Problem(status, reason, {})), kept)


def _defect(error: Exception) -> Response:
    _log.error("a defect of ours", extra={"reference": request_id(), "status": 500}, exc_info=error)
    return answer(Problem(500, Decision("http.reason_500"), {}))


def _database_away(error: Exception) -> Response:
    """The database does not answer, refuses to (it is stopping, or full), or no connection to it is free. Whether what
    was asked was recorded is not known when it left in the middle of it."""
    _log.error("the database does not answer", extra={"reference": request_id(), "status": 503}, exc_info=error)
    reason = Decision("http.database_away" if request.method in ("GET", "HEAD") else "http.database_away_sent")
    return _with_headers(answer(Problem(503, reason, {})), {"Retry-After": str(RETRY_AFTER_S)})


def _machine(error: OSError) -> Response:
    """A file that could not be written for want of room is no defect; any other trouble of the machine is one."""
    if not is_full(error):
        return _defect(error)
    _log.error("the disk is full", extra={"reference": request_id(), "status": 503}, exc_info=error)
    return _with_headers(answer(Problem(503, Decision("http.disk_full"), {})), {"Retry-After": str(RETRY_AFTER_S)})


def _memory(error: MemoryError) -> Response:
    """A machine that has no memory left for this request has some for the next, or for another process."""
    _log.error("no memory is left", extra={"reference": request_id(), "status": 503}, exc_info=error)
    reason = Decision("http.no_memory" if request.method in ("GET", "HEAD") else "http.no_memory_sent")
    return _with_headers(answer(Problem(503, reason, {})), {"Retry-After": str(RETRY_AFTER_S)})


def _with_headers(response: Response, headers: Mapping[str, str] | None) -> Response:
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def init_app(app: Flask) -> None:
    """Answer every error of `app` as this module says."""
    app.register_error_handler(MobigoError, _ours)
    app.register_error_handler(HTTPException, _of_the_web)
    for away in (OperationalError, InterfaceError, NoConnectionFree):
        app.register_error_handler(away, _database_away)
    app.register_error_handler(OSError, _machine)
    app.register_error_handler(MemoryError, _memory)
    app.register_error_handler(Exception, _defect)
