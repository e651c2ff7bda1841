"""What payment providers tell us: the raw body, verified and stored before it is answered. Nothing is applied here."""

from typing import Final

from flask import Response, request
from flask.typing import ResponseReturnValue

from billettique.api import bp
from billettique.service import webhooks
from mobigo.infra.auth import machine_only, public
from mobigo.infra.clock import now
from mobigo.infra.ratelimit import own_rate
from mobigo.infra.web import body_limit, services

BODY_BYTES_MAX: Final = 262_144


@bp.post("/notices/<provider>")
@public
@machine_only
@own_rate
@body_limit(BODY_BYTES_MAX)
def notice(provider: str) -> ResponseReturnValue:
    """Take a payment provider's notice. 200 when it is safe, also the second time; 403 for one that is not signed with
    our secret, or whose time is more than five minutes away; the provider sends again what is not answered by 200."""
    webhooks.receive(services(), provider, request.get_data(), dict(request.headers.items()), now())
    return Response(b'{"received": true}', mimetype="application/json")
