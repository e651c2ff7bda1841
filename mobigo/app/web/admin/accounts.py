"""Accounts, their grants, and organisations. An administrator of one organisation sees and gives inside it only."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.app.web.account.forms import Faults, letter, public_url, text
from mobigo.app.web.admin import bp
from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.infra import account_links, audit, auth, grants, sessions
from mobigo.infra import accounts as people
from mobigo.infra.auth import Identity, Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.grants import GrantRow
from mobigo.infra.i18n import gettext
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import services

PAGE = 50


@bp.get("/comptes")
@requires(Permission.ACCOUNTS_READ)
def accounts() -> ResponseReturnValue:
    """The accounts this person may see; the search and the filter are in the address."""
    return _list(Faults())


@bp.post("/comptes")
@requires(Permission.ACCOUNTS_WRITE, everywhere=True)
def create_account() -> ResponseReturnValue:
    """Opens an account, with an address (a letter lets the person choose a password) or without one (at a counter)."""
    faults, instant, identity = Faults(), now(), auth.signed_in()
    with faults.caught(), transaction(services().engine) as session:
        subject = people.create(session, instant, email=text("email").strip() or None, name=text("name"))
        _record(session, "account.created", identity, subject)
        email = people.profile(session, subject).email
        if email is not None:
            secret = account_links.make_link(session, account_links.Purpose.RESET, instant, subject=subject)
            letter(
                session, "invitation", email, person=subject, key=f"invitation:{subject}", now=instant, language=None,
                link=public_url("account.reset", secret=secret), minutes=account_links.LIFE.seconds // 60,
                base_url=services().config.base_url,
            )  # fmt: skip
    if faults:
        return _list(faults)
    flash(gettext("Le compte est ouvert."), "good")
    return redirect(url_for("admin.account", subject=subject), 303)


@bp.get("/comptes/<subject>")
@requires(Permission.ACCOUNTS_READ)
def account(subject: str) -> ResponseReturnValue:
    """One account: who it is, its grants, its sessions."""
    return _detail(subject, Faults())


@bp.post("/comptes/<subject>/roles")
@requires(Permission.GRANTS_WRITE)
def give_role(subject: str) -> ResponseReturnValue:
    """Gives a role, inside the organisations where this person may give some."""
    identity, faults = auth.signed_in(), Faults()
    with faults.caught(), transaction(services().engine) as session:
        _visible(session, identity, subject, Permission.GRANTS_WRITE)
        if text("role") not in set(Role):
            raise InvalidInput("grant.unknown_role", role=text("role")[:40])
        grant = Grant(Role(text("role")), text("organisation") or None)
        if not identity.may_in(Permission.GRANTS_WRITE, grant.organisation):
            raise Refused("grant.not_yours_to_give")
        grants.give(session, subject, grant, now(), by=identity.subject)
        detail = {"role": str(grant.role), "organisation": grant.organisation}
        _record(session, "grant.given", identity, subject, detail)
    if faults:
        return _detail(subject, faults)
    flash(gettext("Le rôle est donné."), "good")
    return redirect(url_for("admin.account", subject=subject), 303)


@bp.post("/comptes/<subject>/roles/<grant_id>/retirer")
@requires(Permission.GRANTS_WRITE)
def take_role(subject: str, grant_id: str) -> ResponseReturnValue:
    """Ends a grant, inside the organisations where this person may. Raises NotFound, Conflict, Refused."""
    identity = auth.signed_in()
    with transaction(services().engine) as session:
        row = session.get(GrantRow, grant_id)
        if row is None or row.subject != subject:
            raise NotFound("grant.unknown")
        if not identity.may_in(Permission.GRANTS_WRITE, row.organisation):
            raise Refused("grant.not_yours_to_give")
        grants.take(session, grant_id, now(), by=identity.subject)
        _record(session, "grant.taken", identity, subject, {"role": row.role, "organisation": row.organisation})
    flash(gettext("Le rôle est retiré."), "good")
    return redirect(url_for("admin.account", subject=subject), 303)


@bp.post("/comptes/<subject>/fermer")
@requires(Permission.ACCOUNTS_WRITE, everywhere=True)
def close_account(subject: str) -> ResponseReturnValue:
    """Closes an account: its sessions and keys stop at once. It can be opened again."""
    identity = auth.signed_in()
    with transaction(services().engine) as session:
        people.close(session, subject, now())
        _record(session, "account.closed", identity, subject)
    flash(gettext("Le compte est fermé. Ses sessions et ses clés ne fonctionnent plus."), "good")
    return redirect(url_for("admin.account", subject=subject), 303)


@bp.post("/comptes/<subject>/rouvrir")
@requires(Permission.ACCOUNTS_WRITE, everywhere=True)
def reopen_account(subject: str) -> ResponseReturnValue:
    """Opens a closed account again; its sessions and keys stay ended."""
    identity = auth.signed_in()
    with transaction(services().engine) as session:
        people.reopen(session, subject)
        _record(session, "account.reopened", identity, subject)
    flash(gettext("Le compte est rouvert."), "good")
    return redirect(url_for("admin.account", subject=subject), 303)


@bp.post("/comptes/<subject>/sessions/fermer")
@requires(Permission.ACCOUNTS_WRITE, everywhere=True)
def close_sessions(subject: str) -> ResponseReturnValue:
    """Signs a person out everywhere."""
    identity = auth.signed_in()
    with transaction(services().engine) as session:
        people.profile(session, subject)
        sessions.close_all(session, subject, now())
        _record(session, "account.sessions_closed", identity, subject)
    flash(gettext("Toutes ses sessions sont fermées."), "good")
    return redirect(url_for("admin.account", subject=subject), 303)


@bp.get("/organisations")
@requires(Permission.ACCOUNTS_READ, everywhere=True)
def organisations() -> ResponseReturnValue:
    """The organisations, and the form that adds one."""
    return _organisations(Faults())


@bp.post("/organisations")
@requires(Permission.ACCOUNTS_WRITE, everywhere=True)
def create_organisation() -> ResponseReturnValue:
    """Adds an organisation."""
    identity, faults = auth.signed_in(), Faults()
    with faults.caught(), transaction(services().engine) as session:
        siren = "".join(text("siren").split()) or None
        row = grants.create_organisation(session, text("organisation_name"), now(), siren)
        audit.record(
            session, "organisation.created", actor=identity.subject, object_kind="organisation", object_id=row.id,
            now=now(),
        )  # fmt: skip
    if faults:
        return _organisations(faults)
    flash(gettext("L’organisation est ajoutée."), "good")
    return redirect(url_for("admin.organisations"), 303)


def _visible(session: Session, identity: Identity, subject: str, permission: Permission) -> people.Profile:
    """The person, when the asker may see them: everywhere, or inside an organisation of theirs.

    Raises NotFound("account.unknown") otherwise: that an account exists is already something to know.
    """
    where = identity.organisations(permission)
    known = people.profile(session, subject)
    if where is not None and not grants.holds_inside(session, subject, where):
        raise NotFound("account.unknown")
    return known


def _list(faults: Faults) -> ResponseReturnValue:
    identity = auth.signed_in()
    text_asked, role = request.args.get("q", "").strip()[:200], request.args.get("role", "")
    after = request.args.get("after", "")
    with reading(services().engine) as session:
        subjects = people.search(
            session,
            text_asked,
            role=role if role in set(Role) else None,
            within=identity.organisations(Permission.ACCOUNTS_READ),
            limit=PAGE + 1,
            after=after or None,
        )
        rows = [(people.profile(session, each), grants.grants_of(session, each)) for each in subjects[:PAGE]]
        names = {each.id: each.name for each in grants.list_organisations(session)}
    page = render_template(
        "admin/accounts.html",
        rows=rows,
        names=names,
        q=text_asked,
        role=role,
        roles=list(Role),
        older=subjects[PAGE - 1] if len(subjects) > PAGE else "",
        after=after,
        may_create=identity.organisations(Permission.ACCOUNTS_WRITE) is None,
        errors=faults.by_field,
        typed=request.form,
    )
    return page, faults.status if faults else 200


def _detail(subject: str, faults: Faults) -> ResponseReturnValue:
    identity, instant = auth.signed_in(), now()
    with reading(services().engine) as session:
        person = _visible(session, identity, subject, Permission.ACCOUNTS_READ)
        asked = select(GrantRow).where(GrantRow.subject == subject).order_by(GrantRow.granted_at.desc())
        rows = session.scalars(grants.scoped(asked, GrantRow.organisation, identity, Permission.ACCOUNTS_READ)).all()
        live = len(sessions.live_sessions(session, subject, instant))
        where = identity.organisations(Permission.GRANTS_WRITE)
        known = grants.list_organisations(session)
    page = render_template(
        "admin/account.html",
        person=person,
        rows=rows,
        live=live,
        names={each.id: each.name for each in known},
        roles=list(Role),
        organisations=[(each.id, each.name) for each in known if where is None or each.id in where],
        everywhere=where is None,
        may_grant=identity.may(Permission.GRANTS_WRITE) and identity.subject != subject,
        may_write=identity.organisations(Permission.ACCOUNTS_WRITE) is None,
        errors=faults.by_field,
        typed=request.form,
    )
    return page, faults.status if faults else 200


def _organisations(faults: Faults) -> ResponseReturnValue:
    with reading(services().engine) as session:
        known = grants.list_organisations(session)
    page = render_template("admin/organisations.html", organisations=known, errors=faults.by_field, typed=request.form)
    return page, faults.status if faults else 200


def _record(
    session: Session, action: str, identity: Identity, subject: str, detail: Mapping[str, object] | None = None
) -> None:
    audit.record(
        session, action, actor=identity.subject, object_kind="account", object_id=subject, now=now(), detail=detail
    )
