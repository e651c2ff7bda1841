"""Signing in at an OpenID provider, and tying one to an account.

Who may become whom: an identity already tied opens its account. A new one opens a new account, unless its verified
address already has one: then its owner signs in the usual way and ties it there themselves, because a provider that
says "this is their address" is not the person saying "this is my account".
"""

import flask
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.app.web.account import bp
from mobigo.app.web.account.forms import public_url
from mobigo.app.web.account.signin import accepted, welcome
from mobigo.base.errors import Conflict, Refused
from mobigo.infra import account_providers, accounts, audit, auth, grants, oidc, ratelimit
from mobigo.infra.auth import Permission, StaleForm, public, requires, safe_next
from mobigo.infra.clock import now
from mobigo.infra.db import transaction
from mobigo.infra.i18n import current_language
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import services

KEPT = "oidc"


@bp.get("/connexion/<name>")
@public
def provider_start(name: str) -> ResponseReturnValue:
    """Sends the browser to the provider."""
    return _start(name, link_to="")


@bp.get("/compte/fournisseurs/<name>")
@requires(Permission.ACCOUNT_OWN)
def provider_link(name: str) -> ResponseReturnValue:
    """Sends the browser to the provider, to tie it to the account that is signed in."""
    return _start(name, link_to=auth.signed_in().subject)


@bp.get("/connexion/<name>/retour")
@public
def provider_return(name: str) -> ResponseReturnValue:
    """The provider's answer: used once, whatever comes of it."""
    provider = oidc.provider_named(services().config, name)
    ratelimit.attempts().count("oidc-address", ratelimit.LOGIN_BY_ADDRESS, ratelimit.address())
    flow = oidc.Flow.of_cookie(flask.session.pop(KEPT, None))
    claims = oidc.finish(provider, flow, request.args, _return_url(name), now())
    if flow.link_to:
        return _tie(flow.link_to, claims)
    try:
        subject = _subject_of(claims)
    except Conflict:
        subject = _subject_of(claims)  # the same person in another tab was first: their account is there now
    return welcome(subject, flow.target)


@bp.post("/compte/fournisseurs/<name>/delier")
@requires(Permission.ACCOUNT_OWN)
def provider_unlink(name: str) -> ResponseReturnValue:
    """Unties a provider from my account."""
    identity = auth.signed_in()
    provider = oidc.provider_named(services().config, name)
    with transaction(services().engine) as session:
        account_providers.unlink(session, identity.subject, provider.issuer)
        _record(session, "account.provider_unlinked", identity.subject, provider.issuer)
    return redirect(url_for("account.home"), 303)


def _start(name: str, link_to: str) -> ResponseReturnValue:
    if request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site":
        raise StaleForm("auth.form_from_elsewhere")
    provider = oidc.provider_named(services().config, name)
    target = safe_next(request.args.get("next")) or ""
    url, flow = oidc.begin(provider, _return_url(name), now(), target, link_to)
    flask.session[KEPT] = flow.as_cookie()
    return redirect(url, 303)


def _return_url(name: str) -> str:
    return public_url("account.provider_return", name=name)


def _tie(subject: str, claims: oidc.Claims) -> ResponseReturnValue:
    """Ties the identity to the person who began, if they are still the one signed in."""
    identity = auth.current_account()
    if identity is None or identity.subject != subject or identity.by_key:
        raise Refused("oidc.no_flow")
    with transaction(services().engine) as session:
        if account_providers.find(session, claims.issuer, claims.external) != subject:
            account_providers.link(session, subject, claims.issuer, claims.external, now())
            _record(session, "account.provider_linked", subject, claims.issuer)
    return redirect(url_for("account.home"), 303)


def _subject_of(claims: oidc.Claims) -> str:
    """Signs in the account of this identity, opened now if it is new; returns its subject."""
    instant = now()
    with transaction(services().engine) as session:
        subject = account_providers.find(session, claims.issuer, claims.external)
        if subject is None:
            try:
                subject = accounts.create(
                    session, instant, email=claims.email, name=_short(claims.name), language=current_language()
                )
            except Conflict:
                raise Refused("oidc.email_taken") from None
            account_providers.link(session, subject, claims.issuer, claims.external, instant)
            grants.give(session, subject, Grant(Role.TRAVELLER), instant, by=None)
            _record(session, "account.registered", subject, claims.issuer)
        accepted(session, subject, method="oidc", issuer=claims.issuer, id_token=claims.id_token)
    return subject


def _short(name: str | None) -> str | None:
    """A provider's name as far as it can be shown; none rather than a refusal."""
    if name is None:
        return None
    shown = "".join(letter for letter in name if letter.isprintable() and letter not in "<>")
    return shown[: accounts.NAME_LENGTH_MAX] or None


def _record(session: Session, action: str, subject: str, issuer: str) -> None:
    audit.record(
        session, action, actor=subject, object_kind="account", object_id=subject, now=now(), detail={"issuer": issuer}
    )
