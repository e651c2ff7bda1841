"""What goes through a link sent to an address: registering, choosing a new password, changing an address.

Whatever the address, the page answers the same, after the same work: a letter goes out either way, and only its reader
learns whether an account is there.
"""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.app.web.account import bp
from mobigo.app.web.account.forms import Faults, letter, public_url, text
from mobigo.app.web.account.signin import accepted, welcome
from mobigo.base.errors import Refused
from mobigo.infra import account_links, accounts, audit, auth, grants, passwords, ratelimit, sessions
from mobigo.infra.account_links import Link, Purpose
from mobigo.infra.auth import Permission, public, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import current_language
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import services

MINUTES = account_links.LIFE.seconds // 60


@bp.get("/inscription")
@public
def register() -> ResponseReturnValue:
    """Asks for an address."""
    return render_template("account/register.html", email="", errors={})


@bp.post("/inscription")
@public
def register_send() -> ResponseReturnValue:
    """Sends the link that opens an account; to an address that has one, a letter that says so."""
    return _send(Purpose.REGISTER, "account/register.html", known="already", unknown="register")


@bp.get("/inscription/<secret>")
@public
def register_finish(secret: str) -> ResponseReturnValue:
    """Asks for a name and a password. Reading the page does not use the link up: mail scanners read it first."""
    link = _live(secret, Purpose.REGISTER)
    return render_template("account/register_finish.html", email=link.email, name="", errors={})


@bp.post("/inscription/<secret>")
@public
def register_create(secret: str) -> ResponseReturnValue:
    """Opens the account and signs in."""
    link, faults, instant = _live(secret, Purpose.REGISTER), Faults(), now()
    password_hash = ""
    with faults.caught():
        accounts.clean_name(text("name"))
        password_hash = passwords.hashed(passwords.check_new(text("password"), link.email))
    if not faults:
        with faults.caught(), transaction(services().engine) as session:
            used = account_links.use_link(session, secret, Purpose.REGISTER, instant)
            subject = accounts.create(
                session,
                instant,
                email=used.email,
                name=text("name"),
                password_hash=password_hash,
                language=current_language(),
            )
            grants.give(session, subject, Grant(Role.TRAVELLER), instant, by=None)
            _record(session, "account.registered", subject, subject)
            accepted(session, subject, method="register")
    if faults:
        page = render_template(
            "account/register_finish.html", email=link.email, name=text("name"), errors=faults.by_field
        )
        return page, faults.status
    return welcome(subject, None)


@bp.get("/mot-de-passe-oublie")
@public
def forgotten() -> ResponseReturnValue:
    """Asks for the address of the account."""
    return render_template("account/forgotten.html", email="", errors={})


@bp.post("/mot-de-passe-oublie")
@public
def forgotten_send() -> ResponseReturnValue:
    """Sends the link that lets one choose a new password."""
    return _send(Purpose.RESET, "account/forgotten.html", known="reset", unknown="nobody")


@bp.get("/lettre-envoyee")
@public
def letter_sent() -> ResponseReturnValue:
    """Says that a letter is on its way, whatever the address was."""
    return render_template("account/letter_sent.html", minutes=MINUTES)


@bp.get("/mot-de-passe/<secret>")
@public
def reset(secret: str) -> ResponseReturnValue:
    """Asks for the new password."""
    _live(secret, Purpose.RESET)
    return render_template("account/reset.html", errors={})


@bp.post("/mot-de-passe/<secret>")
@public
def reset_set(secret: str) -> ResponseReturnValue:
    """Sets the new password: every session and every other link of the account ends, and this browser signs in."""
    _live(secret, Purpose.RESET)
    faults, instant, engine = Faults(), now(), services().engine
    password_hash = subject = ""
    with faults.caught():
        password_hash = passwords.hashed(passwords.check_new(text("password")))
    if not faults:
        with faults.caught(), transaction(engine) as session:
            subject = account_links.use_link(session, secret, Purpose.RESET, instant).subject or ""
            if not subject or accounts.profile(session, subject).closed_at is not None:
                raise Refused("account.bad_link")
            accounts.set_password(session, subject, password_hash, instant)
            account_links.drop_links(session, subject, instant)
            sessions.close_all(session, subject, instant)
            _record(session, "account.password_reset", subject, subject)
            accepted(session, subject, method="reset")
    if faults:
        return render_template("account/reset.html", errors=faults.by_field), faults.status
    return welcome(subject, None)


@bp.get("/compte/adresse/<secret>")
@requires(Permission.ACCOUNT_OWN)
def email_confirm(secret: str) -> ResponseReturnValue:
    """Shows the new address and asks to confirm it."""
    return render_template("account/email_confirm.html", email=_own(secret).email, errors={})


@bp.post("/compte/adresse/<secret>")
@requires(Permission.ACCOUNT_OWN)
def email_change(secret: str) -> ResponseReturnValue:
    """Changes the address, and tells the one before: who did not ask for it learns it there."""
    link, instant, identity, faults = _own(secret), now(), auth.signed_in(), Faults()
    with faults.caught(), transaction(services().engine) as session:
        account_links.use_link(session, secret, Purpose.EMAIL, instant)
        before = accounts.change_email(session, identity.subject, link.email or "")
        account_links.drop_links(session, identity.subject, instant)
        _record(session, "account.email_changed", identity.subject, identity.subject)
        if before is not None:
            letter(
                session, "email_changed", before, person=identity.subject, key=f"email-changed:{link.hash[:32]}",
                now=instant, language=None, base_url=services().config.base_url,
            )  # fmt: skip
    if faults:
        return render_template("account/email_confirm.html", email=link.email, errors=faults.by_field), faults.status
    return redirect(url_for("account.home"), 303)


def send_link(
    purpose: Purpose, endpoint: str, email: str, *, known: str, unknown: str, subject: str | None = None
) -> None:
    """Counts the attempt, then sends one of two letters to `email`: `known` when an account is there, else `unknown`.

    `subject` is the person who asks, when they are signed in. Raises TooMany and InvalidInput("account.bad_email").
    """
    address, guard, instant = accounts.clean_email(email), ratelimit.attempts(), now()
    guard.count("mail-address", ratelimit.MAIL_BY_ADDRESS, ratelimit.address())
    guard.count("mail-recipient", ratelimit.MAIL_BY_RECIPIENT, accounts.email_key(address))
    with transaction(services().engine) as session:
        there = accounts.find_by_email(session, address)
        secret = account_links.make_link(session, purpose, instant, subject=subject or there, email=address)
        facts = {
            "link": public_url(endpoint, secret=secret),
            "minutes": MINUTES,
            "base_url": services().config.base_url,
        }
        language = accounts.profile(session, there).language if there is not None else None
        letter(
            session, unknown if there is None else known, address, person=subject or there,
            key=f"{purpose}:{account_links.digest(secret)}", now=instant, language=language, **facts,
        )  # fmt: skip


def _send(purpose: Purpose, page: str, *, known: str, unknown: str) -> ResponseReturnValue:
    faults, email = Faults(), text("email")
    endpoint = "account.register_finish" if purpose is Purpose.REGISTER else "account.reset"
    with faults.caught():
        send_link(purpose, endpoint, email, known=known, unknown=unknown)
    if faults:
        return render_template(page, email=email, errors=faults.by_field), faults.status
    return redirect(url_for("account.letter_sent"), 303)


def _live(secret: str, purpose: Purpose) -> Link:
    """The link while it works. Raises Refused("account.bad_link"), one answer for used, expired and never made."""
    with reading(services().engine) as session:
        link = account_links.find_link(session, secret, purpose, now())
    if link is None:
        ratelimit.attempts().count("link", ratelimit.LINK_BY_ADDRESS, ratelimit.address())
        raise Refused("account.bad_link")
    return link


def _own(secret: str) -> Link:
    link = _live(secret, Purpose.EMAIL)
    if link.subject != auth.signed_in().subject:
        raise Refused("account.bad_link")
    return link


def _record(session: Session, action: str, actor: str, subject: str) -> None:
    audit.record(session, action, actor=actor, object_kind="account", object_id=subject, now=now())
