"""Is it alive, is it ready, and its figures: for whoever keeps it running."""

import ipaddress
import logging
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from mobigo.base.errors import MobigoError, NotFound
from mobigo.infra.auth import current_account, public
from mobigo.infra.metrics import EXTENSION, Metrics
from mobigo.infra.roles import Permission
from mobigo.infra.web import Services, services

bp = Blueprint("health", __name__)
_log = logging.getLogger(__name__)


@bp.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    """The process answers; it looks at nothing else, so that a restart is asked for only when one helps."""
    return Response("ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


@bp.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    """Whether requests can be served: 200, or 503 with what is missing. It names parts, never addresses.

    Each part stands on the one before: after one that fails, the rest is not looked at and counts as missing.
    """
    found: dict[str, bool] = {}
    for name, check in CHECKS.items():
        found[name] = all(found.values()) and _holds(name, check)
    answer = jsonify(ready=all(found.values()), **found)
    answer.headers["Cache-Control"] = "no-store"
    return answer, 200 if all(found.values()) else 503


@bp.get("/metrics")
@public
def figures() -> ResponseReturnValue:
    """Prometheus figures, for this machine and for who may read the system's state; hidden from all others."""
    identity = current_account()
    if not _from_this_machine() and not (identity is not None and identity.may(Permission.SYSTEM_READ)):
        raise NotFound("http.reason_404")
    metrics: Metrics = current_app.extensions[EXTENSION]
    return metrics.page()


def _from_this_machine() -> bool:
    # Behind a proxy on this machine everybody would come from it: a request that was passed on is not from here.
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip")):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _holds(name: str, check: Callable[[Services], bool]) -> bool:
    try:
        return check(services())
    except MobigoError as known:
        _log.warning("not ready", extra={"part": name, "code": known.decision.code})
    except Exception:
        _log.exception("not ready", extra={"part": name})
    return False


def _database(parts: Services) -> bool:
    with parts.engine.connect() as connection:
        return bool(connection.execute(text("SELECT 1")).scalar_one() == 1)


def _migrations(parts: Services) -> bool:
    from mobigo.app import schema

    return schema.current(parts.engine) == schema.head()


def _network(parts: Services) -> bool:
    with parts.networks.today() as network:  # what the first traveller would wait for is read here
        return network is not None


CHECKS: Final[dict[str, Callable[[Services], bool]]] = {
    "database": _database,
    "migrations": _migrations,
    "network": _network,
}
