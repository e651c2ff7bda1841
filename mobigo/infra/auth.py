"""The doors: every view says who may enter, and nobody enters a view that says nothing.

    @bp.get("/feeds")                         @bp.get("/")
    @requires(Permission.FEEDS_READ)          @public
    def feeds(): ...                          def home(): ...

The marks are attributes, read by one hook that `install` puts before every request. They go under the route decorator,
on functions, on `MethodView` classes or their methods, and `mark` gives one to a whole blueprint. A view may ask
`current_account()` who is there, and `Identity.organisations` limits what it shows.
"""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar
from urllib.parse import urlsplit

import flask
from flask import Blueprint, Flask, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from mobigo.base.errors import Refused
from mobigo.infra import apikeys, keys, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import Config
from mobigo.infra.roles import Grant, Identity, Permission, Role

__all__ = [
    "Access",
    "Grant",
    "Identity",
    "NotSignedIn",
    "Permission",
    "Role",
    "StaleForm",
    "access_of",
    "current_account",
    "install",
    "machine_only",
    "mark",
    "public",
    "requires",
    "routes",
    "safe_next",
    "sign_in",
    "sign_out",
    "signed_in",
    "whose",
]

LOGIN: Final = "account.login"
FORM_LIFE_S: Final = 12 * 3600
UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_MARK: Final = "__mobigo_access__"
_MACHINE: Final = "__mobigo_machine_only__"
V = TypeVar("V")


class NotSignedIn(Refused):
    """Refused because nobody is signed in; signing in may be enough."""

    http_status = 401
    http_headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="mobigo"'}


class StaleForm(Refused):
    """Refused because the form was not one we gave to this browser, or too long ago."""

    http_status = 400


@dataclass(frozen=True, slots=True)
class Access:
    """Who may enter a view: everybody (`public`), or who holds all of `permissions`, somewhere or `everywhere`."""

    public: bool
    permissions: tuple[Permission, ...] = ()
    everywhere: bool = False

    def allows(self, identity: Identity | None) -> bool:
        """Whether this person may enter."""
        return self.public or (identity is not None and self.missing(identity) is None)

    def missing(self, identity: Identity) -> Permission | None:
        """The first permission that this person lacks."""
        for permission in self.permissions:
            if not identity.may(permission) or (self.everywhere and identity.organisations(permission) is not None):
                return permission
        return None


PUBLIC: Final = Access(public=True)


def public(view: V) -> V:
    """Marks a view that everybody may enter, signed in or not."""
    setattr(view, _MARK, PUBLIC)
    return view


def requires(*permissions: Permission, everywhere: bool = False) -> Callable[[V], V]:
    """Marks a view for those who hold every one of `permissions`: somewhere, and the view filters by organisation; or
    `everywhere`, for what belongs to no organisation (the jobs, the log)."""
    if not permissions:
        raise ValueError("name the permission; a view for everybody is @public, for any person ACCOUNT_OWN")
    access = Access(public=False, permissions=permissions, everywhere=everywhere)

    def marking(view: V) -> V:
        setattr(view, _MARK, access)
        return view

    return marking


def machine_only(view: V) -> V:
    """Marks a view called by machines that prove themselves in the body (a payment provider's call): no form token
    is asked, and no cookie is looked at."""
    setattr(view, _MACHINE, True)
    return view


def mark(blueprint: Blueprint, *permissions: Permission) -> None:
    """Gives every unmarked view of a blueprint the same mark: the permissions, or public without any."""
    setattr(blueprint, _MARK, Access(public=False, permissions=permissions) if permissions else PUBLIC)


def access_of(app: Flask, endpoint: str, method: str) -> Access | None:
    """The mark of a view: its own, else its method's, its class's, its blueprint's; None when it has none.

    Static files are public.
    """
    if _is_static(app, endpoint):
        return PUBLIC
    for marked in _candidates(app, endpoint, method):
        access = getattr(marked, _MARK, None)
        if access is not None:
            return access if isinstance(access, Access) else None
    return None


def routes(app: Flask) -> list[tuple[str, str, str, Access | None]]:
    """Every (rule, method, endpoint, mark) of the application, sorted; HEAD and OPTIONS follow GET."""
    return sorted(
        (rule.rule, method, rule.endpoint, access_of(app, rule.endpoint, method))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    )


def current_account() -> Identity | None:
    """Who is asking, or None. Looked up once per request, at the first question.

    Raises NotSignedIn("auth.bad_key") when an API key is given and is not one that works.
    """
    if "mobigo_identity" not in g:
        g.mobigo_identity = _identify()
    identity: Identity | None = g.mobigo_identity
    return identity


def signed_in() -> Identity:
    """Who is asking. Raises NotSignedIn("auth.sign_in_needed") when nobody is."""
    identity = current_account()
    if identity is None:
        raise NotSignedIn("auth.sign_in_needed")
    return identity


def whose() -> str:
    """A mark of who is signed in, for what their telephone keeps until it has a network: nobody else sends it."""
    identity = current_account()
    if identity is None:
        return ""
    return hmac.new(_state().kept_key, identity.subject.encode(), "sha256").hexdigest()[:16]


def sign_in(session: Session, subject: str, issuer: str | None = None, id_token: str | None = None) -> None:
    """Opens a session for this person in this browser, under a new token; the one it had is closed.

    All that the browser held before (form token, OIDC state) is dropped, so that nothing planted there survives.
    """
    state = _state()
    instant = now()
    old = request.cookies.get(state.cookie)
    if old:
        sessions.close(session, old, instant)
    g.mobigo_cookie = sessions.open_session(session, subject, instant, issuer, id_token)
    g.pop("mobigo_identity", None)
    flask.session.clear()
    g.pop("csrf_token", None)


def sign_out(session: Session) -> tuple[str, str] | None:
    """Closes the session of this browser, here and in the database; the provider's issuer and identity token, when
    one vouched for it, so that the caller may sign out there too."""
    token = request.cookies.get(_state().cookie)
    provider = None
    if token:
        provider = sessions.provider_of(session, token)
        sessions.close(session, token, now())
    g.mobigo_cookie = ""
    g.mobigo_identity = None
    flask.session.clear()
    g.pop("csrf_token", None)
    return provider


def safe_next(target: str | None) -> str | None:
    """`target` when it is a path of this site, else None: a link to our sign-in page never sends anyone elsewhere.

    Browsers read `\\` as `/` and skip control characters, so both are refused, encoded host and scheme too.
    """
    if not target or not target.startswith("/") or target.startswith("//") or len(target) > 2_000:
        return None
    if "\\" in target or any(ord(letter) < 0x21 or ord(letter) == 0x7F for letter in target):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


@dataclass(frozen=True, slots=True)
class _State:
    engine: Engine
    csrf: CSRFProtect
    kept_key: bytes
    cookie: str
    secure: bool


def install(app: Flask, config: Config, engine: Engine) -> None:
    """Puts the doors on `app`: identity, marks, form tokens, cookies. Once, its secret key being set."""
    secure = config.base_url.startswith("https://")
    app.config.update(
        SESSION_COOKIE_NAME="__Host-mobigo-form" if secure else "mobigo-form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,  # asked by _check_form, which knows about API keys
        WTF_CSRF_SSL_STRICT=False,  # asks for a Referer, which our pages do not send; _check_form looks at the origin
        WTF_CSRF_TIME_LIMIT=FORM_LIFE_S,
    )
    cookie = "__Host-mobigo" if secure else "mobigo"
    app.extensions["mobigo.auth"] = _State(engine, CSRFProtect(app), keys.derived(config, "auth.kept"), cookie, secure)
    app.before_request(_enter)
    app.after_request(_leave)
    app.context_processor(lambda: {"current_account": current_account, "Permission": Permission, "whose": whose})


def _state() -> _State:
    state: _State = current_app.extensions["mobigo.auth"]
    return state


def _enter() -> ResponseReturnValue | None:
    """The hook before every request: who may enter this view, then whether the form is ours."""
    rule = request.url_rule
    if rule is None or request.endpoint is None:
        return None  # no such page: 404, for everybody
    if request.method == "OPTIONS" and getattr(rule, "provide_automatic_options", False):
        return None
    access = access_of(current_app, request.endpoint, request.method)
    if access is None:
        raise Refused("auth.unmarked_view", endpoint=request.endpoint)
    if not access.public:
        identity = current_account()
        if identity is None:
            return _send_to_login()
        missing = access.missing(identity)
        if missing is not None:
            raise Refused("auth.not_permitted", permission=str(missing))
    elif request.authorization is not None and request.authorization.type == "bearer":
        current_account()  # a key that does not work is told so, on a public view too
    if request.method in UNSAFE:
        _check_form()
    return None


def _send_to_login() -> ResponseReturnValue:
    """A person is shown the sign-in page and comes back; a program is told 401."""
    if request.path.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        raise NotSignedIn("auth.sign_in_needed")
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for(LOGIN, next=safe_next(wanted)), 303)


def _check_form() -> None:
    """Raises StaleForm when a browser sends what did not come from a form of ours.

    Not asked of an API key, nor of an anonymous call to the API: nothing there acts in the name of a cookie.
    """
    if _machine_view() or not current_app.config["WTF_CSRF_ENABLED"]:
        return
    identity = current_account()
    if identity is not None and identity.by_key:
        return
    if identity is None and request.path.startswith("/api/"):
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") in ("cross-site", "same-site"):
        raise StaleForm("auth.form_from_elsewhere")
    origin = request.headers.get("Origin", "null")
    if origin != "null" and urlsplit(origin).netloc != request.host:
        raise StaleForm("auth.form_from_elsewhere")
    try:
        _state().csrf.protect()
    except CSRFError:
        raise StaleForm("auth.form_expired", hours=FORM_LIFE_S // 3600) from None


def _leave(response: Response) -> Response:
    """The hook after every request: the session's cookie, and no copy of a person's page in any cache."""
    state = _state()
    token = g.get("mobigo_cookie")
    if token:
        response.set_cookie(state.cookie, token, path="/", secure=state.secure, httponly=True, samesite="Lax")
    elif token == "" or (request.cookies.get(state.cookie) and g.get("mobigo_identity", "not asked") is None):
        response.delete_cookie(state.cookie, path="/", secure=state.secure, httponly=True, samesite="Lax")
    if token is not None or g.get("mobigo_identity") is not None or "csrf_token" in g:
        response.headers["Cache-Control"] = "private, no-store"
        response.vary.add("Cookie")
    return response


def _machine_view() -> bool:
    return request.endpoint is not None and hasattr(current_app.view_functions[request.endpoint], _MACHINE)


def _identify() -> Identity | None:
    if request.endpoint is not None and _machine_view():
        return None
    engine = _state().engine
    authorization = request.authorization
    if authorization is not None and authorization.type == "bearer":
        identity = apikeys.identify(engine, authorization.token or "", now())
        if identity is None:
            g.mobigo_identity = None  # the page that says so is an anonymous one
            raise NotSignedIn("auth.bad_key")
        return identity
    token = g.get("mobigo_cookie") or request.cookies.get(_state().cookie)
    return sessions.identify(engine, token, now()) if token else None


def _candidates(app: Flask, endpoint: str, method: str) -> Iterator[Any]:
    view = app.view_functions.get(endpoint)
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        yield getattr(view_class, method.lower(), None)
        yield view_class
    yield view
    blueprint = endpoint.rpartition(".")[0]
    while blueprint:
        yield app.blueprints.get(blueprint)
        blueprint = blueprint.rpartition(".")[0]


def _is_static(app: Flask, endpoint: str) -> bool:
    name, _, last = endpoint.rpartition(".")
    owner = app.blueprints.get(name) if name else app
    return last == "static" and owner is not None and (owner is app or owner.has_static_folder)
