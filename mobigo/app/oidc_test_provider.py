"""A local OpenID provider for the demonstration and the tests: one picks who one is from a list, without proof.

It is a real provider otherwise (Authlib: discovery, authorization code, PKCE required, signed identity tokens,
userinfo, end of session), on an address of its own, so that signing in at FranceConnect or ProConnect can be shown and
tested without either. It refuses to start in production.
"""

import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, abort, jsonify, redirect, render_template_string, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import RSAKey

from mobigo.base.errors import Refused
from mobigo.infra.clock import now
from mobigo.infra.config import Config

CODE_LIFE: Final = timedelta(minutes=1)
END_S: Final = 0.02  # how soon the server notices that it is over
NAME: Final = "essai"
TITLE: Final = "Fournisseur d’essai"

_PAGE: Final = """<!doctype html><html lang="fr"><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Fournisseur d’essai</title><body><main><h1>Fournisseur d’essai</h1>
<p>Ce fournisseur d’identité ne demande aucune preuve : il sert à la démonstration. Qui êtes-vous ?</p>
<form method="post">{% for each in people %}
<p><button name="sub" value="{{ each.sub }}">{{ each.name }}</button></p>{% endfor %}
<p><button name="sub" value="">Refuser</button></p></form></main></body></html>"""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person this provider vouches for."""

    sub: str
    name: str
    email: str | None = None
    email_verified: bool = True

    def get_user_id(self) -> str:
        return self.sub

    def claims(self, scope: str) -> dict[str, Any]:
        """What is said of them within `scope`."""
        said: dict[str, Any] = {"sub": self.sub, "name": self.name}
        if self.email is not None and "email" in scope.split():
            said |= {"email": self.email, "email_verified": self.email_verified}
        return said


PEOPLE: Final = (
    Somebody("essai-camille", "Camille Citoyenne", "camille@exemple.fr"),
    Somebody("essai-alex", "Alex Agent", "alex@exemple.fr"),
    Somebody("essai-sans-adresse", "Sacha Sans Adresse"),
)

# What a test puts here rewrites an identity token on its way out: (claims, header) → (claims, header, key or None).
Tamper = Callable[[dict[str, Any], dict[str, Any]], tuple[dict[str, Any], dict[str, Any], Any]]


@dataclass
class Code:
    """An authorization code that was handed out, once."""

    code: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    somebody: Somebody
    code_challenge: str
    code_challenge_method: str
    auth_time: int

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> str | None:
        return None

    def get_amr(self) -> list[str] | None:
        return None


@dataclass(frozen=True, slots=True)
class Client:
    """The one application that this provider knows: ours."""

    client_id: str
    client_secret: str
    redirect_uri: str

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(each for each in (scope or "").split() if each in ("openid", "email", "profile"))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret, self.client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Provider:
    """The state of one running provider; `tamper` is for tests."""

    issuer: str
    client: Client
    people: tuple[Somebody, ...] = PEOPLE
    key: Any = field(default_factory=lambda: new_key())
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, tuple[Somebody, str]] = field(default_factory=dict)
    tamper: Tamper | None = None
    metadata_issuer: str | None = None

    def find(self, sub: str) -> Somebody | None:
        return next((each for each in self.people if each.sub == sub), None)

    def setting(self, name: str = NAME, title: str = TITLE) -> str:
        """This provider as `MOBIGO_OIDC` wants it."""
        told = {
            "name": name,
            "title": title,
            "issuer": self.issuer,
            "client_id": self.client.client_id,
            "client_secret": self.client.client_secret,
            "scope": "openid email profile",
        }
        return json.dumps([told], ensure_ascii=False)


def new_key() -> Any:
    """A key to sign with, new: takes a tenth of a second to find."""
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


def create_provider(provider: Provider) -> Flask:
    """The provider as a web application of its own."""
    app = Flask("mobigo.oidc_test_provider", static_folder=None, template_folder=None)
    server = AuthorizationServer(
        app, lambda _id: _known(provider, _id), lambda token, asked: _keep(provider, token, asked)
    )

    class Codes(AuthorizationCodeGrant):  # type: ignore[misc]  # authlib is untyped
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, asked: Any) -> None:
            data = asked.payload.data
            provider.codes[code] = Code(
                code, asked.client.client_id, asked.payload.redirect_uri, asked.payload.scope or "", data.get("nonce"),
                asked.user, data.get("code_challenge", ""), data.get("code_challenge_method", ""), _seconds(),
            )  # fmt: skip

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            found = provider.codes.get(code)
            late = found is not None and _seconds() - found.auth_time > CODE_LIFE.total_seconds()
            return None if found is None or late or found.client_id != client.client_id else found

        def delete_authorization_code(self, authorization_code: Code) -> None:
            provider.codes.pop(authorization_code.code, None)

        def authenticate_user(self, authorization_code: Code) -> Somebody:
            return authorization_code.somebody

    server.register_grant(Codes, [_identity(provider), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def metadata() -> ResponseReturnValue:
        base = provider.issuer
        return jsonify(
            issuer=provider.metadata_issuer or base,
            authorization_endpoint=f"{base}/authorize",
            token_endpoint=f"{base}/token",
            userinfo_endpoint=f"{base}/userinfo",
            jwks_uri=f"{base}/jwks",
            end_session_endpoint=f"{base}/end",
            response_types_supported=["code"],
            subject_types_supported=["pairwise"],
            id_token_signing_alg_values_supported=["RS256"],
            code_challenge_methods_supported=["S256"],
            authorization_response_iss_parameter_supported=True,
        )

    @app.get("/jwks")
    def jwks() -> ResponseReturnValue:
        return jsonify(keys=[provider.key.as_dict(private=False)])

    @app.before_request
    def insist_on_pkce() -> None:
        if request.path == "/authorize" and request.args.get("code_challenge_method") != "S256":
            abort(400)

    @app.get("/authorize")
    def authorize() -> ResponseReturnValue:
        try:
            server.get_consent_grant(end_user=provider.people[0])
        except OAuth2Error as error:
            return jsonify(dict(error.get_body())), 400
        return render_template_string(_PAGE, people=provider.people)

    @app.post("/authorize")
    def choose() -> ResponseReturnValue:
        grant = server.get_consent_grant(end_user=provider.people[0])
        answer: Response = server.create_authorization_response(
            grant=grant, grant_user=provider.find(request.form.get("sub", ""))
        )
        where = answer.headers.get("Location")
        if where:
            answer.headers["Location"] = f"{where}{'&' if '?' in where else '?'}{urlencode({'iss': provider.issuer})}"
        return answer

    @app.post("/token")
    def token() -> ResponseReturnValue:
        given: Response = server.create_token_response()
        return given

    @app.get("/userinfo")
    def userinfo() -> ResponseReturnValue:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        found = provider.tokens.get(bearer)
        if found is None:
            abort(401)
        return jsonify(found[0].claims(found[1]))

    @app.get("/end")
    def end() -> ResponseReturnValue:
        back = request.args.get("post_logout_redirect_uri", "")
        origin = provider.client.redirect_uri.split("/connexion/")[0]
        return redirect(back, 303) if back.startswith(f"{origin}/") else ("Déconnecté.", 200)

    return app


def _identity(provider: Provider) -> OpenIDCode:
    class Identity(OpenIDCode):  # type: ignore[misc]  # authlib is untyped
        def exists_nonce(self, nonce: str, asked: Any) -> bool:
            return any(code.nonce == nonce for code in provider.codes.values())

        def encode_id_token(self, token: Mapping[str, Any], asked: Any) -> str:
            code: Code = asked.authorization_code
            instant = _seconds()
            claims = {
                "iss": provider.issuer,
                "aud": provider.client.client_id,
                "iat": instant,
                "exp": instant + 300,
                "auth_time": code.auth_time,
                "nonce": code.nonce,
                **asked.user.claims(token["scope"]),
            }
            header: dict[str, Any] = {"alg": "RS256", "kid": provider.key.kid}
            key = provider.key
            if provider.tamper is not None:
                claims, header, key = provider.tamper(claims, header)
            return jwt.encode(header, claims, key, algorithms=[header["alg"]])

    return Identity(require_nonce=True)


def _known(provider: Provider, client_id: str) -> Client | None:
    return provider.client if client_id == provider.client.client_id else None


def _keep(provider: Provider, token: Mapping[str, Any], asked: Any) -> None:
    provider.tokens[token["access_token"]] = (asked.user, token["scope"])


def _seconds() -> int:
    return int(now().timestamp())


@contextmanager
def running(
    config: Config, port: int = 0, people: tuple[Somebody, ...] = PEOPLE, name: str = NAME, key: Any = None
) -> Iterator[Provider]:
    """Serves a provider on this machine alone, for the block: `provider.setting()` goes into `MOBIGO_OIDC`. It signs
    with `key`, or with one of its own.

    Raises Refused("oidc.test_provider_in_production").
    """
    if config.production:
        raise Refused("oidc.test_provider_in_production")
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Says nothing: the application's own log tells who signs in."""

    client = Client("mobigo", secrets.token_urlsafe(24), f"{config.base_url}/connexion/{name}/retour")
    provider = Provider("http://127.0.0.1", client, people, new_key() if key is None else key)
    server = make_server("127.0.0.1", port, create_provider(provider), threaded=True, request_handler=Quiet)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(END_S,), name="oidc-test-provider", daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def beside(config: Config) -> Iterator[Config]:
    """In a demonstration without providers of its own, a provider beside the application, and the configuration that
    names it; elsewhere the configuration as it is."""
    if config.environment != "demo" or json.loads(config.oidc):
        yield config
        return
    port = config.port + 1 if _is_free(config.port + 1) else 0
    with running(config, port) as provider:
        yield replace(config, oidc=provider.setting())


def _is_free(port: int) -> bool:
    with socket.socket() as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
        return True
