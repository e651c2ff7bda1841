"""What an error of Stripe's API means for us: an answer, a thing that is not there, a wrong request, or no answer."""

from collections.abc import Mapping
from typing import Any

from billettique.gateway.psp.intents import Declined
from mobigo.base.errors import NotFound, Refused, Upstream


def refusal(method: str, status: int, error: Mapping[str, Any], provider: str) -> Exception:
    """The exception of an error document. What is not sure is Upstream: the same key is used again."""
    code = str(error.get("code") or error.get("type"))[:60]
    if status == 404:
        return NotFound("payments.unknown_object", ref=code)
    if method.upper() == "POST" and (status == 402 or (status == 400 and error.get("type") != "idempotency_error")):
        return Declined(error)
    if 400 <= status < 500 and status not in (401, 403, 409, 429):
        return Refused("payments.provider_refused", provider=provider, reason=code)
    return Upstream("payments.provider_failed", provider=provider, status=status)
