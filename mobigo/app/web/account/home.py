"""My account: how I am greeted, my password, my sessions, my data, and forgetting me."""

from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from flask import Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import mobigo.app.tables  # noqa: F401 - where each package registers what it knows of a person, and how it forgets it
from mobigo.app.web.account import bp, mine
from mobigo.app.web.account.forms import Faults, letter, text
from mobigo.app.web.account.links import send_link
from mobigo.app.web.account.signin import speak
from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.infra import accounts, audit, auth, documents, i18n, oidc, passwords, privacy, ratelimit, sessions
from mobigo.infra.account_links import Purpose, drop_links
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.console import as_json_text
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext
from mobigo.infra.web import services

CONFIRMATION = {"fr": "EFFACER", "en": "ERASE"}


@bp.get("/compte")
@requires(Permission.ACCOUNT_OWN)
def home() -> ResponseReturnValue:
    """Everything a person may see and change of their account."""
    return _page(Faults())


@bp.post("/compte")
@requires(Permission.ACCOUNT_OWN)
def change_profile() -> ResponseReturnValue:
    """Changes the name and the language: those two fields, whatever else is sent."""
    identity, faults = auth.signed_in(), Faults()
    language = text("language") if text("language") in i18n.LANGUAGES else i18n.current_language()
    with faults.caught(), transaction(services().engine) as session:
        accounts.rename(session, identity.subject, text("name"), language)
    if faults:
        return _page(faults, name=text("name"))
    with i18n.use_language(language):
        flash(gettext("C’est enregistré."), "good")
    response = make_response(redirect(url_for("account.home"), 303))
    speak(response, language)
    return response


@bp.post("/compte/mot-de-passe")
@requires(Permission.ACCOUNT_OWN)
def change_password() -> ResponseReturnValue:
    """Changes the password, knowing the present one: the other sessions end, and the person is told by a letter."""
    identity, faults, engine, instant = auth.signed_in(), Faults(), services().engine, now()
    with faults.caught():
        _check_present(identity.subject)
        with reading(engine) as session:
            email = accounts.profile(session, identity.subject).email
        fresh = passwords.hashed(passwords.check_new(text("password"), email))
        with transaction(engine) as session:
            accounts.set_password(session, identity.subject, fresh, instant)
            drop_links(session, identity.subject, instant)
            sessions.close_all(session, identity.subject, instant, keep=identity.session_id)
            entry = _record(session, "account.password_changed")
            if email is not None:
                letter(
                    session, "password_changed", email, person=identity.subject, key=f"password:{entry}", now=instant,
                    language=None, base_url=services().config.base_url,
                )  # fmt: skip
    if faults:
        return _page(faults)
    flash(gettext("Votre mot de passe est changé. Vos autres sessions sont fermées."), "good")
    return redirect(url_for("account.home"), 303)


@bp.post("/compte/adresse")
@requires(Permission.ACCOUNT_OWN)
def change_email() -> ResponseReturnValue:
    """Sends a link to the new address; nothing changes before it is opened."""
    identity, faults = auth.signed_in(), Faults()
    with faults.caught():
        _check_present(identity.subject)
        send_link(
            Purpose.EMAIL, "account.email_confirm", text("email"), known="already", unknown="email",
            subject=identity.subject,
        )  # fmt: skip
    return _page(faults, email=text("email")) if faults else redirect(url_for("account.letter_sent"), 303)


@bp.post("/compte/sessions/<session_id>/fermer")
@requires(Permission.ACCOUNT_OWN)
def close_session(session_id: str) -> ResponseReturnValue:
    """Closes one of my sessions. Raises NotFound for one that is not mine."""
    identity = auth.signed_in()
    with transaction(services().engine) as session:
        if not sessions.close_one(session, identity.subject, session_id, now()):
            raise NotFound("account.unknown_session")
        _record(session, "account.session_closed")
    flash(gettext("La session est fermée."), "good")
    return redirect(url_for("account.home"), 303)


@bp.post("/compte/sessions/fermer")
@requires(Permission.ACCOUNT_OWN)
def close_other_sessions() -> ResponseReturnValue:
    """Closes all my sessions but this one."""
    identity = auth.signed_in()
    with transaction(services().engine) as session:
        sessions.close_all(session, identity.subject, now(), keep=identity.session_id)
        _record(session, "account.sessions_closed")
    flash(gettext("Vos autres sessions sont fermées."), "good")
    return redirect(url_for("account.home"), 303)


@bp.get("/compte/donnees")
@requires(Permission.ACCOUNT_OWN)
def data() -> ResponseReturnValue:
    """All that is held about me, as a file (GDPR, articles 15 and 20)."""
    identity = auth.signed_in()
    with transaction(services().engine) as session:
        held = privacy.export_subject(session, identity.subject)
        _record(session, "account.exported")
    response = Response(as_json_text(held), content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="mobigo.json"'
    return response


@bp.get("/compte/donnees.zip")
@requires(Permission.ACCOUNT_OWN)
def data_with_documents() -> ResponseReturnValue:
    """The same, with the documents I gave and those joined to my requests."""
    identity, instant = auth.signed_in(), now()
    with transaction(services().engine) as session:
        held = privacy.export_subject(session, identity.subject)
        given = sorted(documents.given_by(session, identity.subject), key=lambda each: each.given_at)
        _record(session, "account.exported")
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        archive.writestr(_member("mobigo.json", instant), as_json_text(held), ZIP_DEFLATED)
        for number, each in enumerate(given, 1):
            name = f"documents/{number:02}.{documents.ENDS[each.media]}"
            archive.writestr(_member(name, each.given_at), services().blobs.read(each.sha256))
        listed = "\n".join(f"{number:02}. {each.words}" for number, each in enumerate(given, 1))
        archive.writestr(_member("documents.txt", instant), listed + "\n", ZIP_DEFLATED)
    response = Response(made.getvalue(), content_type="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="mobigo.zip"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _member(name: str, at: datetime) -> ZipInfo:
    return ZipInfo(name, date_time=at.timetuple()[:6])


@bp.get("/compte/documents/<ref>")
@requires(Permission.ACCOUNT_OWN)
def document(ref: str) -> ResponseReturnValue:
    """One of my documents, to keep. Raises NotFound("account.unknown_document") for one that is not mine."""
    with reading(services().engine) as session:
        found = documents.get_given(session, auth.signed_in().subject, ref)
    return documents.response(services().blobs.read(found.sha256), found.media, f"document-{found.ref[-4:].lower()}")


@bp.get("/compte/effacer")
@requires(Permission.ACCOUNT_OWN)
def erase() -> ResponseReturnValue:
    """Says what will be erased and what the law keeps, and asks to confirm by typing."""
    return _erase_page(Faults())


@bp.post("/compte/effacer")
@requires(Permission.ACCOUNT_OWN)
def erase_now() -> ResponseReturnValue:
    """Forgets the person wherever no law says to keep, and signs out (GDPR, article 17)."""
    identity, faults = auth.signed_in(), Faults()
    with faults.caught():
        if text("confirmation").strip().upper() not in CONFIRMATION.values():
            raise InvalidInput("account.not_confirmed", word=CONFIRMATION[i18n.current_language()])
        _check_present(identity.subject)
        with transaction(services().engine) as session:
            privacy.erase_subject(session, identity.subject, now())
            _record(session, "account.erased")
            auth.sign_out(session)
    if faults:
        return _erase_page(faults)
    return render_template("account/erased.html")


def _check_present(subject: str) -> None:
    """Raises Refused("account.wrong_password") unless the form has the present password; a person without one, who
    signs in at a provider, is not asked. Guesses are counted."""
    engine = services().engine
    with reading(engine) as session:
        if not accounts.profile(session, subject).has_password:
            return
    guard = ratelimit.attempts()
    guard.count("own-password", ratelimit.OWN_PASSWORD_CHECKS, subject)
    if not accounts.check_own_password(engine, subject, text("current")):
        raise Refused("account.wrong_password")
    guard.forget("own-password", ratelimit.OWN_PASSWORD_CHECKS, subject)


def _record(session: Session, action: str) -> str:
    subject = auth.signed_in().subject
    return audit.record(session, action, actor=subject, object_kind="account", object_id=subject, now=now())


def _page(faults: Faults, **typed: str) -> ResponseReturnValue:
    identity = auth.signed_in()
    with reading(services().engine) as session:
        person = accounts.profile(session, identity.subject)
        given = documents.given_by(session, identity.subject)
        live = sessions.live_sessions(session, identity.subject, now())
    page = render_template(
        "account/home.html",
        person=person,
        identity=identity,
        cards=mine.cards(services(), identity.subject, now()),
        sessions=live,
        documents=given,
        errors=faults.by_field,
        typed=typed,
        providers=oidc.providers(services().config),
        length_min=passwords.LENGTH_MIN,
    )
    return page, faults.status if faults else 200


def _erase_page(faults: Faults) -> ResponseReturnValue:
    identity = auth.signed_in()
    with reading(services().engine) as session:
        person = accounts.profile(session, identity.subject)
    word = CONFIRMATION[i18n.current_language()]
    page = render_template("account/erase.html", person=person, word=word, errors=faults.by_field)
    return page, faults.status if faults else 200
