"""Signing in at an OpenID provider: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0).

Authlib speaks to the provider and checks the claims; what is decided here is what we accept: one issuer, word for word;
asymmetric signatures only; a flow that this browser began, once, less than ten minutes ago. The providers come from
`MOBIGO_OIDC`, a JSON list:

    [{"name": "proconnect", "title": "ProConnect", "issuer": "https://…", "client_id": "…", "client_secret": "…",
      "scope": "openid email given_name"}]
"""

import hmac
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from mobigo.base.errors import InvalidInput, NotFound, Refused, Upstream
from mobigo.infra.config import Config

FLOW_LIFE: Final = timedelta(minutes=10)
METADATA_LIFE: Final = timedelta(hours=1)
TIMEOUT_S: Final = 5.0
LEEWAY_S: Final = 60
ANSWER_MAX_BYTES: Final = 200_000
# Asymmetric only: with an HMAC the client secret would be a signing key, and "none" is no signature at all.
ALGORITHMS: Final = ("RS256", "ES256", "PS256")


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that people may sign in with."""

    name: str  # in our addresses
    title: str  # as people know it
    issuer: str
    client_id: str
    client_secret: str
    scope: str = "openid email"


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in that one browser began; kept in its signed cookie until it comes back."""

    provider: str
    state: str
    nonce: str
    verifier: str
    began_at: str
    target: str = ""
    link_to: str = ""  # subject of the person who asked to tie the provider to their account

    def as_cookie(self) -> dict[str, str]:
        return asdict(self)

    @staticmethod
    def of_cookie(kept: object) -> "Flow":
        """Raises Refused("oidc.no_flow") when this browser began nothing."""
        try:
            return Flow(**kept)  # type: ignore[arg-type]  # anything else than our own fields is refused below
        except TypeError:
            raise Refused("oidc.no_flow") from None


@dataclass(frozen=True, slots=True)
class Claims:
    """What a provider vouches for. `email` is given only when the provider verified it."""

    issuer: str
    external: str
    email: str | None
    name: str | None
    id_token: str


def providers(config: Config) -> tuple[Provider, ...]:
    """Those of the configuration. Raises InvalidInput("oidc.bad_setting")."""
    return _providers(config.oidc, config.production)


@lru_cache(maxsize=16)
def _providers(text: str, production: bool) -> tuple[Provider, ...]:
    found = []
    for number, given in enumerate(json.loads(text), start=1):
        try:
            provider = Provider(**{**given, "title": given.get("title", given.get("name", ""))})
            fine = all(isinstance(value, str) and value for value in asdict(provider).values())
        except (TypeError, AttributeError):
            fine = False
        if not fine or not provider.name.isalnum() or not _is_safe(provider.issuer, production):
            raise InvalidInput("oidc.bad_setting", number=number)
        found.append(provider)
    if len({provider.name for provider in found}) != len(found):
        raise InvalidInput("oidc.bad_setting", number=len(found))
    return tuple(found)


def provider_named(config: Config, name: str) -> Provider:
    """Raises NotFound("oidc.unknown_provider")."""
    for provider in providers(config):
        if provider.name == name:
            return provider
    raise NotFound("oidc.unknown_provider")


def provider_of_issuer(config: Config, issuer: str) -> Provider | None:
    """The configured provider of this issuer, or None when it was withdrawn since."""
    return next((provider for provider in providers(config) if provider.issuer == issuer), None)


def begin(
    provider: Provider, redirect_uri: str, now: datetime, target: str = "", link_to: str = ""
) -> tuple[str, Flow]:
    """The address at the provider to send the browser to, and the flow to keep in its cookie.

    Raises Upstream("oidc.unreachable" | "oidc.bad_metadata").
    """
    from authlib.common.security import generate_token

    metadata = _metadata(provider, now)
    flow = Flow(
        provider.name, generate_token(32), generate_token(32), generate_token(64), now.isoformat(), target, link_to
    )
    with _session(provider, redirect_uri) as client:
        url, _ = client.create_authorization_url(
            metadata["authorization_endpoint"], state=flow.state, nonce=flow.nonce, code_verifier=flow.verifier
        )
    return str(url), flow


def finish(provider: Provider, flow: Flow, answer: Mapping[str, str], redirect_uri: str, now: datetime) -> Claims:
    """What the provider vouches for, at the end of a flow that this browser began.

    Raises Refused("oidc.no_flow" | "oidc.expired" | "oidc.wrong_state" | "oidc.wrong_issuer" | "oidc.declined" |
    "oidc.bad_token") and Upstream("oidc.unreachable" | "oidc.bad_metadata").
    """
    if flow.provider != provider.name:
        raise Refused("oidc.no_flow")
    if not timedelta(0) <= now - datetime.fromisoformat(flow.began_at) < FLOW_LIFE:
        raise Refused("oidc.expired")
    if not hmac.compare_digest(flow.state.encode(), answer.get("state", "").encode()):
        raise Refused("oidc.wrong_state")
    # RFC 9207: where the answer names its issuer, it is the one that was asked.
    if answer.get("iss", provider.issuer) != provider.issuer:
        raise Refused("oidc.wrong_issuer", provider=provider.title)
    if "error" in answer or not answer.get("code"):
        raise Refused("oidc.declined", provider=provider.title)
    metadata = _metadata(provider, now)
    token = _exchange(provider, metadata, flow, answer["code"], redirect_uri)
    claims = _verified(provider, metadata, token, flow.nonce, now)
    if not claims.get("email") and metadata.get("userinfo_endpoint"):
        claims = {**_userinfo(provider, metadata, token, claims["sub"], now), **claims}
    verified = claims.get("email_verified") is True
    name = claims.get("name") or " ".join(
        str(claims[part]) for part in ("given_name", "usual_name", "family_name") if claims.get(part)
    )
    return Claims(
        provider.issuer,
        str(claims["sub"]),
        str(claims["email"]) if verified and claims.get("email") else None,
        str(name) if name else None,
        str(token["id_token"]),
    )


def logout_url(provider: Provider, id_token: str, back_to: str, now: datetime) -> str | None:
    """Where to send the browser so that it is signed out at the provider too; None when the provider has no such page
    or does not answer: signing out here never depends on it (OpenID Connect RP-Initiated Logout 1.0)."""
    try:
        endpoint = _metadata(provider, now).get("end_session_endpoint")
    except Upstream:
        return None
    if not endpoint:
        return None
    asked = {"id_token_hint": id_token, "client_id": provider.client_id, "post_logout_redirect_uri": back_to}
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


# ---------------------------------------------------------------- speaking to the provider

_lock = threading.Lock()
_known: dict[str, tuple[datetime, dict[str, Any]]] = {}


def forget_metadata() -> None:
    """Asks every provider again for its addresses and keys."""
    with _lock:
        _known.clear()


def _metadata(provider: Provider, now: datetime, fresh: bool = False) -> dict[str, Any]:
    with _lock:
        kept = _known.get(provider.issuer)
    if kept is not None and not fresh and now - kept[0] < METADATA_LIFE:
        return kept[1]
    found = _get_json(provider, f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    local = not provider.issuer.startswith("https://")
    addresses = [found.get(name) for name in (*needed, "userinfo_endpoint", "end_session_endpoint") if found.get(name)]
    if (
        found.get("issuer") != provider.issuer
        or not all(found.get(name) for name in needed)
        or not all(isinstance(address, str) and _is_safe(address, production=not local) for address in addresses)
    ):
        raise Upstream("oidc.bad_metadata", provider=provider.title)
    found["jwks"] = _get_json(provider, found["jwks_uri"])
    with _lock:
        _known[provider.issuer] = (now, found)
    return found


def _get_json(provider: Provider, url: str) -> dict[str, Any]:
    import requests

    try:
        answer = requests.get(url, timeout=TIMEOUT_S, allow_redirects=False, headers={"Accept": "application/json"})
        if answer.status_code != 200 or len(answer.content) > ANSWER_MAX_BYTES:
            raise Upstream("oidc.unreachable", provider=provider.title)
        document = answer.json()
    except (requests.RequestException, ValueError):
        raise Upstream("oidc.unreachable", provider=provider.title) from None
    if not isinstance(document, dict):
        raise Upstream("oidc.bad_metadata", provider=provider.title)
    return document


def _exchange(
    provider: Provider, metadata: Mapping[str, Any], flow: Flow, code: str, redirect_uri: str
) -> dict[str, Any]:
    import requests
    from authlib.integrations.base_client import OAuthError

    try:
        with _session(provider, redirect_uri) as client:
            token = client.fetch_token(
                metadata["token_endpoint"],
                code=code,
                code_verifier=flow.verifier,
                grant_type="authorization_code",
                timeout=TIMEOUT_S,
            )
    except OAuthError:
        raise Refused("oidc.declined", provider=provider.title) from None
    except (requests.RequestException, ValueError):
        raise Upstream("oidc.unreachable", provider=provider.title) from None
    if not isinstance(token.get("id_token"), str):
        raise Refused("oidc.bad_token", provider=provider.title)
    return dict(token)


def _verified(
    provider: Provider, metadata: Mapping[str, Any], token: Mapping[str, Any], nonce: str, now: datetime
) -> dict[str, Any]:
    """The claims of the identity token, all checked: signature, algorithm, issuer, audience, dates, nonce."""
    from authlib.oidc.core import CodeIDToken
    from joserfc.errors import JoseError

    try:
        decoded = _decode(provider, metadata, str(token["id_token"]), now)
        options = {
            "iss": {"essential": True, "value": provider.issuer},
            "sub": {"essential": True},
            "aud": {"essential": True, "value": provider.client_id},
            "exp": {"essential": True},
            "iat": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        }
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options,
            {"nonce": nonce, "client_id": provider.client_id, "access_token": token.get("access_token")},
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
    except (JoseError, _authlib_errors(), ValueError, TypeError, KeyError):
        raise Refused("oidc.bad_token", provider=provider.title) from None
    found = dict(decoded.claims)
    audience = found["aud"] if isinstance(found["aud"], list) else [found["aud"]]
    if (
        not isinstance(found.get("sub"), str)
        or not 1 <= len(found["sub"]) <= 255
        or audience != [provider.client_id]
        or not hmac.compare_digest(str(found.get("nonce")).encode(), nonce.encode())
    ):
        raise Refused("oidc.bad_token", provider=provider.title)
    return found


def _decode(provider: Provider, metadata: Mapping[str, Any], text: str, now: datetime) -> Any:
    """The token once its signature is right. Keys are asked for again when none of those known made it."""
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError
    from joserfc.jwk import KeySet
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    try:
        return jwt.decode(text, key=KeySet.import_key_set(metadata["jwks"]), registry=registry)
    except InvalidKeyIdError:
        jwks = _metadata(provider, now, fresh=True)["jwks"]
        return jwt.decode(text, key=KeySet.import_key_set(jwks), registry=registry)


def _userinfo(
    provider: Provider, metadata: Mapping[str, Any], token: Mapping[str, Any], external: str, now: datetime
) -> dict[str, Any]:
    """What the provider adds about the person: JSON, or a signed token (FranceConnect), about the same `sub` only."""
    import requests
    from joserfc.errors import JoseError

    bearer = {"Authorization": f"Bearer {token.get('access_token', '')}"}
    try:
        answer = requests.get(metadata["userinfo_endpoint"], headers=bearer, timeout=TIMEOUT_S, allow_redirects=False)
        if answer.status_code != 200 or len(answer.content) > ANSWER_MAX_BYTES:
            return {}
        if answer.headers.get("Content-Type", "").startswith("application/jwt"):
            found = dict(_decode(provider, metadata, answer.text, now).claims)
        else:
            found = answer.json()
    except (requests.RequestException, ValueError, JoseError):
        return {}
    return found if isinstance(found, dict) and found.get("sub") == external else {}


def _session(provider: Provider, redirect_uri: str) -> Any:
    from authlib.integrations.requests_client import OAuth2Session

    return OAuth2Session(
        provider.client_id,
        provider.client_secret,
        scope=provider.scope,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    )


def _authlib_errors() -> type[Exception]:
    from authlib.common.errors import AuthlibBaseError

    return AuthlibBaseError  # type: ignore[no-any-return]  # authlib is untyped


def _is_safe(address: str, production: bool) -> bool:
    """https everywhere; plain http only on this machine, and never in production."""
    parts = urlsplit(address)
    loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(parts.netloc) and (parts.scheme == "https" or (parts.scheme == "http" and loopback and not production))
