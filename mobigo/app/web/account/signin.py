"""Signing in with an address and a password, and signing out."""

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.app.web.account import bp
from mobigo.app.web.account.forms import Faults, public_url, text
from mobigo.base.decisions import Decision
from mobigo.infra import accounts, audit, auth, i18n, oidc, ratelimit
from mobigo.infra.auth import Permission, public, requires, safe_next
from mobigo.infra.clock import now
from mobigo.infra.db import transaction
from mobigo.infra.web import services

ANYBODY = "anybody"


@bp.get("/connexion")
@public
def login() -> ResponseReturnValue:
    """The sign-in page; `next` is a path of this site to come back to."""
    if auth.current_account() is not None:
        return redirect(safe_next(request.args.get("next")) or url_for("account.home"), 303)
    return _page("", request.args.get("next"), Faults())


@bp.post("/connexion")
@public
def sign_in() -> ResponseReturnValue:
    """Checks the password. A wrong one and an unknown address get the same answer, after the same work."""
    email, target, faults = text("email"), text("next"), Faults()
    guard, who = ratelimit.attempts(), accounts.email_key(email.strip())[:300]
    with faults.caught():
        guard.count("login-address", ratelimit.LOGIN_BY_ADDRESS, ratelimit.address())
        guard.count("login-account", ratelimit.LOGIN_BY_ACCOUNT, who)
    if faults:
        return _page(email, target, faults)
    engine = services().engine
    subject = accounts.check_password(engine, email, text("password"))
    with transaction(engine) as session:
        if subject is None:
            found = accounts.find_by_email(session, email)
            _record(session, "account.sign_in_refused", ANYBODY, found or "unknown")
        else:
            accepted(session, subject, method="password")
    if subject is None:
        faults.add(Decision("account.wrong_email_or_password"), "form", status=403)
        return _page(email, target, faults)
    guard.forget("login-account", ratelimit.LOGIN_BY_ACCOUNT, who)
    return welcome(subject, target)


@bp.post("/deconnexion")
@requires(Permission.ACCOUNT_OWN)
def sign_out() -> ResponseReturnValue:
    """Closes this session; a person whom a provider vouched for is offered to sign out there as well."""
    identity = auth.signed_in()
    with transaction(services().engine) as session:
        vouched = auth.sign_out(session)
        _record(session, "account.signed_out", identity.subject, identity.subject)
    provider = oidc.provider_of_issuer(services().config, vouched[0]) if vouched else None
    if vouched is None or provider is None:
        return redirect(url_for("account.signed_out"), 303)
    away = oidc.logout_url(provider, vouched[1], public_url("account.signed_out"), now())
    return render_template("account/signed_out.html", provider=provider, away=away)


@bp.get("/deconnexion/faite")
@public
def signed_out() -> ResponseReturnValue:
    """Says that one is signed out; providers send people back here."""
    return render_template("account/signed_out.html", provider=None, away=None)


def accepted(
    session: Session, subject: str, *, method: str, issuer: str | None = None, id_token: str | None = None
) -> None:
    """Opens the session of a person whose proof was accepted, and writes it down."""
    auth.sign_in(session, subject, issuer, id_token)
    _record(session, "account.signed_in", subject, subject, method=method)


def welcome(subject: str, target: str | None) -> ResponseReturnValue:
    """Sends a person who just signed in where they wanted to go, in the language they chose."""
    with transaction(services().engine) as session:
        language = accounts.profile(session, subject).language
    response = make_response(redirect(safe_next(target) or url_for("account.home"), 303))
    if language in i18n.LANGUAGES and request.cookies.get(i18n.COOKIE) is None:
        speak(response, language)
    return response


def speak(response: object, language: str) -> None:
    """Remembers a language in the browser, as the language switch does."""
    response.set_cookie(  # type: ignore[attr-defined]  # a Flask response
        i18n.COOKIE, language, max_age=365 * 86_400, samesite="Lax", httponly=True, secure=request.is_secure
    )


def _record(session: Session, action: str, actor: str, subject: str, **detail: object) -> None:
    audit.record(
        session, action, actor=actor, object_kind="account", object_id=subject, now=now(), detail=detail or None
    )


def _page(email: str, target: str | None, faults: Faults) -> ResponseReturnValue:
    page = render_template(
        "account/login.html",
        email=email,
        target=safe_next(target) or "",
        errors=faults.by_field,
        providers=oidc.providers(services().config),
    )
    return page, faults.status if faults else 200
