"""The operations: read, call once, answer. Who asks is an organisation's key; it sees and changes its own journeys."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

import orjson
from flask import Response, current_app, request, send_file
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from werkzeug.exceptions import UnsupportedMediaType

from covoit.api import bp
from covoit.api.registry import answers, asked
from covoit.gateway import ndjson
from covoit.gateway.ndjson import Unreadable
from covoit.service import handover
from covoit.service import journeys as service
from covoit.service.ingest import terms_of
from mobigo.base.errors import NotFound, Refused
from mobigo.infra import apikeys
from mobigo.infra.auth import NotSignedIn, Permission, public, requires, signed_in
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.ratelimit import address, attempts, own_rate
from mobigo.infra.web import body_limit, services

# The registry's own rates (carpool rules §1.1).
WRITES: Final = "20000 per minute"
READS: Final = "2000 per minute"
EXCHANGES: Final = "120 per minute"
BULK_BYTES_MAX: Final = 512 * 1024 * 1024
BODY_BYTES_MAX: Final = ndjson.LINE_BYTES_MAX + 1
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def limited(name: str, rate: str) -> Callable[[View], View]:
    """Count this view's requests by operator, at the registry's rate and not at the site's."""

    def mark(view: View) -> View:
        @wraps(view)
        def counted(*args: Any, **values: Any) -> ResponseReturnValue:
            attempts().count(f"covoit.{name}", rate, signed_in().subject)
            return view(*args, **values)

        return own_rate(counted)  # type: ignore[return-value]  # the same signature

    return mark


@bp.post("/registry/auth/access_token")
@public
@own_rate
@body_limit(BODY_BYTES_MAX)
def access_token() -> ResponseReturnValue:
    """A token for five minutes, for an operator's key: `access_key` is the key's short name (8 signs), `secret_key`
    the key itself. The key may also be used directly, as a bearer."""
    attempts().count("covoit.exchange", EXCHANGES, address())
    keys: asked.Credentials = _body(asked.Credentials)
    with transaction(services().engine) as session:
        token = apikeys.exchange(session, keys.access_key, keys.secret_key, now())
    if token is None:
        raise NotSignedIn("auth.bad_key")
    return _json({"access_token": token}, 201)


@bp.post("/registry/journeys")
@requires(Permission.COVOIT_API)
@limited("write", WRITES)
@body_limit(BODY_BYTES_MAX)
def create() -> ResponseReturnValue:
    """Declare a journey; it is safe when 201 is answered. The same content again gets the same answer, other content
    under the same id 409 with both digests; a journey that breaks the terms 422 with their labels."""
    instant = now()
    operator = _operator()
    declared, digest = _read(lambda text: ndjson.read_declared(text, instant))
    answer = service.receive(
        services().engine, operator, declared, digest, terms_of(operator, instant, services().config.home), instant
    )
    if answer.violations:
        raise answers.TermsBroken(answer.operator_journey_id, answer.violations)
    return _json(answers.created(answer.operator_journey_id, answer.received_at), 201)


@bp.get("/registry/journeys")
@requires(Permission.COVOIT_API)
@limited("read", READS)
def index() -> ResponseReturnValue:
    """The ids of the operator's journeys of one status, the latest first; of the last seven days unless asked."""
    instant = now()
    wanted = asked.listing(request.args, instant)
    with reading(services().engine) as session:
        found = handover.list_ids(session, _operator(), wanted)
    return _json([{"operator_journey_id": name} for name in found])


@bp.get("/registry/journeys/<operator_journey_id>")
@requires(Permission.COVOIT_API)
@limited("read", READS)
def show(operator_journey_id: str) -> ResponseReturnValue:
    """The status of a journey, and what was found against it; it may still change until `final_at`."""
    with reading(services().engine) as session:
        stored = handover.get_stored(session, _operator(), operator_journey_id)
    return _json(answers.status(stored))


@bp.patch("/registry/journeys/<operator_journey_id>")
@requires(Permission.COVOIT_API)
@limited("read", READS)
@body_limit(BODY_BYTES_MAX)
def correct(operator_journey_id: str) -> ResponseReturnValue:
    """Correct a journey whose status is not final; its checks start again. A correction that breaks the terms is not
    made: 422."""
    instant = now()
    operator = _operator()
    correction, _ = _read(lambda text: ndjson.read_correction(text, instant))
    rules = terms_of(operator, instant, services().config.home)
    stored, violations = service.correct(services().engine, operator, operator_journey_id, correction, rules, instant)
    if violations:
        raise answers.TermsBroken(operator_journey_id, [found.as_json() for found in violations])
    return _json(answers.status(stored))


@bp.post("/registry/journeys/<operator_journey_id>/cancel")
@requires(Permission.COVOIT_API)
@limited("write", WRITES)
@body_limit(BODY_BYTES_MAX)
def cancel(operator_journey_id: str) -> ResponseReturnValue:
    """Withdraw a journey, at any time. Withdrawing twice is withdrawing once."""
    reason: ndjson.Withdrawal = _body(ndjson.Withdrawal)
    engine, operator = services().engine, _operator()
    service.withdraw(engine, operator, operator_journey_id, reason.code, reason.message, now())
    with reading(engine) as session:
        return _json(answers.status(handover.get_stored(session, operator, operator_journey_id)))


@bp.post("/registry/journeys/bulk")
@requires(Permission.COVOIT_API)
@limited("write", WRITES)
@body_limit(BULK_BYTES_MAX)
def bulk() -> ResponseReturnValue:
    """Hand over a file of journeys, one JSON document a line; it is received by a job. All or nothing, unless
    `good_part=true`. The same file again is the same order."""
    if request.mimetype not in ("application/x-ndjson", "application/ndjson", "application/jsonl"):
        raise UnsupportedMediaType
    good_part = asked.flag(request.args, "good_part", only=True)
    order = handover.hand_over(services(), _operator(), request.stream, good_part=good_part, now=now())
    return _json(_with_links(handover.show(services(), _operator(), order)), 202)


@bp.get("/registry/bulk/<order>")
@requires(Permission.COVOIT_API)
@limited("read", READS)
def bulk_show(order: str) -> ResponseReturnValue:
    """What became of a file handed over: how far its job is, its signed receipt, where its bad rows are explained."""
    return _json(_with_links(handover.show(services(), _operator(), order)))


@bp.get("/registry/bulk/<order>/errors")
@requires(Permission.COVOIT_API)
@limited("read", READS)
def bulk_errors(order: str) -> ResponseReturnValue:
    """The bad rows of a file, as CSV: line, field, value, reason, in French."""
    digest = handover.show(services(), _operator(), order)["errors_sha256"]
    if digest is None:
        raise NotFound("covoit.no_errors")
    content = services().blobs.open(digest)
    return send_file(content, "text/csv; charset=utf-8", as_attachment=True, download_name="lignes-refusees.csv")


def _operator() -> str:
    """The one organisation the asker acts for. Raises Refused("covoit.which_operator")."""
    where = signed_in().organisations(Permission.COVOIT_API)
    if where is None or len(where) != 1:
        raise Refused("covoit.which_operator")
    return next(iter(where))


def _read(reader: Callable[[bytes], Any]) -> Any:
    if request.mimetype not in ("application/json", ""):
        raise UnsupportedMediaType
    try:
        return reader(request.get_data(cache=False))
    except Unreadable as found:
        raise answers.BadJourney(found) from None


def _body(model: type[BaseModel]) -> Any:
    return _read(lambda text: ndjson.read(model, text))


def _with_links(order: dict[str, Any]) -> dict[str, Any]:
    base = f"/api/v1/covoit/registry/bulk/{order['id']}"
    return {**order, "url": base, "errors_url": None if order["errors_sha256"] is None else f"{base}/errors"}


def _json(document: Any, status: int = 200) -> Response:
    response = Response(orjson.dumps(document), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return current_app.make_response(response)
