"""What payment providers tell us: the raw body, verified and stored before it is answered. Nothing is applied here."""

from typing import Any, Final

from flask import Response, request
from flask.typing import ResponseReturnValue

from billettique.api import bp
from billettique.service import webhooks
from mobigo.infra.auth import machine_only, public
from mobigo.infra.clock import now
from mobigo.infra.openapi import Json
from mobigo.infra.ratelimit import own_rate
from mobigo.infra.web import body_limit, services

BODY_BYTES_MAX: Final = 262_144
PATH: Final = "/api/v1/billettique/notices/{provider}"
PROBLEM: Final = {"$ref": "#/components/responses/Problem"}


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


# ---------------------------------------------------------------- the document


def complete(document: Json) -> Json:
    """The document with this operation: its body is the provider's own."""
    operation = document.get("paths", {}).get(PATH, {}).get("post")
    if operation is not None:
        operation.update(DOCUMENT)
    return document


DOCUMENT: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "provider", "in": "path", "required": True,
            "schema": {"type": "string", "enum": ["redirect", "sim", "stripe"]},
        },
        {
            "name": "Stripe-Signature", "in": "header", "description": "Of `stripe` and `sim`.",
            "schema": {"type": "string"},
        },
    ],
    "requestBody": {
        "required": True,
        "description": "As the provider sends it: an event of Stripe, or `idop` of the State's form.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    "responses": {
        "200": {
            "description": "It is safe; the same one again is answered the same.",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object", "required": ["received"], "properties": {"received": {"const": True}},
                    }
                }
            },
        },
        "403": PROBLEM | {"description": "Not signed with our secret, or more than five minutes away."},
        "422": PROBLEM | {"description": "This provider is not configured here."},
    },
}  # fmt: skip
