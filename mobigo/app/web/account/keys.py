"""My API keys: made, shown once, revoked."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.app.web.account import bp
from mobigo.app.web.account.forms import Faults, text
from mobigo.infra import apikeys, audit, auth, grants
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext
from mobigo.infra.roles import Identity, scopes_offered
from mobigo.infra.web import services

LIVES_DAYS = (30, 90, 180, 365)


@bp.get("/compte/cles")
@requires(Permission.API_KEYS_OWN)
def api_keys() -> ResponseReturnValue:
    """The keys, and the form that makes one."""
    return _page(Faults())


@bp.post("/compte/cles")
@requires(Permission.API_KEYS_OWN)
def make_key() -> ResponseReturnValue:
    """Makes a key and shows it: this page is the only place where it is ever seen."""
    identity, faults, instant = auth.signed_in(), Faults(), now()
    days = int(text("life_days")) if text("life_days") in map(str, LIVES_DAYS) else 0
    with faults.caught(), transaction(services().engine) as session:
        row, shown = apikeys.make(
            session, identity, text("label"), request.form.getlist("scopes"), days, instant,
            organisation=text("organisation") or None,
        )  # fmt: skip
        detail = {"prefix": row.prefix, "scopes": row.scopes, "days": days}
        _record(session, identity, "api_key.made", row.id, detail)
    return _page(faults) if faults else _page(Faults(), made=shown)


@bp.post("/compte/cles/<key_id>/revoquer")
@requires(Permission.API_KEYS_OWN)
def revoke_key(key_id: str) -> ResponseReturnValue:
    """Ends a key at once."""
    identity = auth.signed_in()
    with transaction(services().engine) as session:
        row = apikeys.revoke(session, identity.subject, key_id, now())
        _record(session, identity, "api_key.revoked", row.id, {"prefix": row.prefix})
    flash(gettext("La clé ne fonctionne plus."), "good")
    return redirect(url_for("account.api_keys"), 303)


def _record(session: Session, identity: Identity, action: str, key_id: str, detail: dict[str, object]) -> None:
    audit.record(
        session, action, actor=identity.subject, object_kind="api_key", object_id=key_id, now=now(), detail=detail
    )


def _page(faults: Faults, made: str | None = None) -> ResponseReturnValue:
    identity = auth.signed_in()
    instant = now()
    with reading(services().engine) as session:
        rows = apikeys.list_keys(session, identity.subject)
        known = {each.id: each.name for each in grants.list_organisations(session)}
    offered = scopes_offered(identity)
    mine: set[str] = set()
    for scope in offered:
        where = identity.organisations(scope)
        mine |= set(known) if where is None else where
    page = render_template(
        "account/keys.html",
        keys=[(row, apikeys.is_live(row, instant)) for row in rows],
        offered=offered,
        organisations=sorted(((id, name) for id, name in known.items() if id in mine), key=lambda pair: pair[1]),
        names=known,
        lives=LIVES_DAYS,
        made=made,
        errors=faults.by_field,
        typed=request.form if faults else {},
        chosen=set(request.form.getlist("scopes")) if faults else set(),
    )
    return page, faults.status if faults else 200
