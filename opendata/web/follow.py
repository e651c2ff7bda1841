"""Following a dataset, and how the service holds: pages for reusers."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import MobigoError, NotFound
from mobigo.infra import auth, ratelimit
from mobigo.infra.auth import Permission, public, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import current_language, gettext, sentence
from mobigo.infra.web import services
from opendata.rules.following import REASONS
from opendata.rules.withheld import WITHHELD
from opendata.service import following, measuring
from opendata.store import followers, versions
from opendata.web import bp, words
from opendata.web.pages import _shown


@bp.get("/donnees/suivre")
@public
def follow() -> ResponseReturnValue:
    """Ask to be told of a dataset (`jeu`), or of all."""
    return _form({}, 200)


@bp.post("/donnees/suivre")
@public
def ask() -> ResponseReturnValue:
    """Send the letter that asks the address to confirm. The answer is the same whatever the address."""
    identity = auth.current_account()
    email = request.form.get("email", "").strip()
    counters = ratelimit.attempts()
    try:
        counters.count("opendata.follow", ratelimit.MAIL_BY_ADDRESS, ratelimit.address())
        counters.count("opendata.follow.mail", ratelimit.MAIL_BY_RECIPIENT, email.lower())
        with transaction(services().engine) as session:
            following.ask_by_mail(
                session, services().config, dataset=request.form.get("dataset", ""),
                reasons=request.form.getlist("reasons"), email=email, language=current_language(), now=now(),
                person=identity.subject if identity is not None and not identity.by_key else None,
            )  # fmt: skip
    except MobigoError as error:
        field = "reasons" if error.decision.code == "opendata.bad_reasons" else "email"
        return _form({field: sentence(error.decision)}, status_of(error))
    flash(gettext("Une lettre est partie à cette adresse : ouvrez-la pour confirmer."), "good")
    return redirect(url_for("opendata.follow"), 303)


def _form(errors: dict[str, str], status: int) -> tuple[str, int]:
    asked = request.form.get("dataset", request.args.get("jeu", ""))
    with reading(services().engine) as session:
        found = [(kept.code, kept.declared.title) for kept in versions.list_datasets(session)]
        identity = auth.current_account()
        own = [] if identity is None or identity.by_key else followers.of_person(session, identity.subject)
    secrets = {each.id: following.secret_of(services().config, each.id) for each in own if each.channel == "call"}
    page = render_template(
        "opendata/follow.html", found=found, asked=asked, errors=errors, reasons=REASONS, words=words, own=own,
        secrets=secrets, signed_in=identity is not None, email=request.form.get("email", ""),
        address=request.form.get("address", ""), chosen=request.form.getlist("reasons") or list(REASONS),
        titles=dict(found),
    )  # fmt: skip
    return page, status


@bp.post("/donnees/suivre/appels")
@requires(Permission.ACCOUNT_OWN)
def ask_calls() -> ResponseReturnValue:
    """Have an address called, for who is signed in."""
    try:
        with transaction(services().engine) as session:
            following.ask_by_call(
                session, dataset=request.form.get("dataset", ""), reasons=request.form.getlist("reasons"),
                address=request.form.get("address", "").strip(), person=auth.signed_in().subject,
                language=current_language(), now=now(),
            )  # fmt: skip
    except MobigoError as error:
        return _form({"address": sentence(error.decision)}, status_of(error))
    flash(gettext("C’est noté : la clé de signature est ci-dessous."), "good")
    return redirect(url_for("opendata.follow"), 303)


@bp.post("/donnees/suivre/appels/<follower>/fin")
@requires(Permission.ACCOUNT_OWN)
def end_calls(follower: str) -> ResponseReturnValue:
    """Stop what one follows oneself. Raises NotFound for somebody else's."""
    with transaction(services().engine) as session:
        if followers.get(session, follower).person != auth.signed_in().subject:
            raise NotFound("opendata.unknown_follower")
        followers.drop(session, follower)
    flash(gettext("Vous ne serez plus prévenu."), "good")
    return redirect(url_for("opendata.follow"), 303)


@bp.get("/donnees/suivre/<follower>/<token>")
@public
def followed(follower: str, token: str) -> ResponseReturnValue:
    """The page of a link: confirm, or stop. Reading it changes nothing: mail scanners read it first."""
    with reading(services().engine) as session:
        found = following.known(session, services().config, follower, token)
        title = versions.get_dataset(session, found.dataset).declared.title if found.dataset else ""
    return render_template("opendata/followed.html", found=found, title=title, token=token, words=words)


@bp.post("/donnees/suivre/<follower>/<token>")
@public
def confirm(follower: str, token: str) -> ResponseReturnValue:
    """Confirm, or stop (`fin`)."""
    with transaction(services().engine) as session:
        following.known(session, services().config, follower, token)
        if request.form.get("fin") == "1":
            followers.drop(session, follower)
        else:
            followers.confirm(session, follower, now())
    if request.form.get("fin") == "1":
        flash(gettext("Vous ne serez plus prévenu ; votre adresse est oubliée."), "good")
        return redirect(url_for("opendata.catalogue"), 303)
    flash(gettext("C’est confirmé."), "good")
    return redirect(url_for("opendata.followed", follower=follower, token=token), 303)


@bp.get("/donnees/service")
@public
def standing() -> ResponseReturnValue:
    """How available, fresh and sound each dataset has been over thirty days."""
    with reading(services().engine) as session:
        found = measuring.standings(session, now())
    return render_template("opendata/service.html", found=found, words=words)


@bp.get("/donnees/<code>/service")
@public
def standing_of(code: str) -> ResponseReturnValue:
    """The last thirty days of one dataset, day by day. Raises NotFound, Gone."""
    instant = now()
    with reading(services().engine) as session:
        shown = _shown(session, code)
        days = measuring.history(session, code, instant)
    return render_template("opendata/service_dataset.html", shown=shown, days=days, words=words)


@bp.get("/donnees/non-publiees")
@public
def withheld() -> ResponseReturnValue:
    """What is not published, and why."""
    with reading(services().engine) as session:
        known = {kept.code: kept.declared.title for kept in versions.list_datasets(session)}
    return render_template("opendata/withheld.html", found=WITHHELD, known=known)
