"""Stripe: the transport of `intents` over Stripe's own library, its API version pinned. The only module that imports
it, and only when keys are configured: no other installation asks anything outside.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from billettique.gateway.psp.intents import Intents
from billettique.gateway.psp.refusals import refusal
from mobigo.base.errors import InvalidInput, Refused, Upstream
from mobigo.infra.config import Config

if TYPE_CHECKING:
    from stripe import HTTPClient

NAME: Final = "stripe"
# Every document is read as this version writes it; a newer one is taken by hand, with the tests.
API_VERSION: Final = "2026-10-28.endive"
TIMEOUT_S: Final = 20
RETRIES: Final = 1  # with the same key; then the worker takes over
SECRETS_MAX: Final = 2


class StripeApi:
    """Requests to Stripe, or to a peer that speaks like it (`base_url`, in tests)."""

    def __init__(
        self, key: str, *, base_url: str | None = None, client: "HTTPClient | None" = None, retries: int = RETRIES
    ) -> None:
        import stripe

        self._errors = stripe
        stripe.enable_telemetry = False
        self._client = stripe.StripeClient(
            key,
            stripe_version=API_VERSION,
            max_network_retries=retries,
            base_addresses={} if base_url is None else {"api": base_url},
            http_client=client or stripe.RequestsClient(timeout=TIMEOUT_S),
        )

    def post(self, path: str, params: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
        return self._asked("post", path, params, key)

    def get(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return self._asked("get", path, params, None)

    def _asked(self, method: str, path: str, params: Mapping[str, Any], key: str | None) -> dict[str, Any]:
        given = dict(params)
        if key is not None:
            given["idempotency_key"] = key
        try:
            answer = self._client.raw_request(method, f"/v1/{quote(path, safe='/')}", **given)
        except self._errors.StripeError as failure:
            if isinstance(failure, self._errors.APIConnectionError) or failure.http_status is None:
                raise Upstream("payments.provider_silent", provider=NAME) from failure
            body = failure.json_body if isinstance(failure.json_body, dict) else {}
            error = body.get("error")
            raise refusal(method, failure.http_status, error if isinstance(error, dict) else {}, NAME) from failure
        found: dict[str, Any] = answer.data
        return found


def open_stripe(config: Config) -> Intents:
    """The provider of this configuration. Raises InvalidInput("payments.unknown_provider") without a key, and
    Refused("payments.test_key", "payments.live_key", "payments.too_many_secrets") for one of the other world."""
    key = config.stripe_key
    if not key:
        raise InvalidInput("payments.unknown_provider", provider=NAME)
    live = "_live_" in key
    if config.production and not live:
        raise Refused("payments.test_key")
    if live and not config.production:
        raise Refused("payments.live_key")
    secrets = [each.strip() for each in (config.stripe_webhook_secrets or "").split(",") if each.strip()]
    if len(secrets) > SECRETS_MAX:
        raise Refused("payments.too_many_secrets", most=SECRETS_MAX)
    return Intents(NAME, StripeApi(key), site=config.base_url, live=live, secrets=secrets, language=config.language)
