"""Letting the other parent in, and coming in by a code."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.instants import paris_day
from mobigo.infra import ratelimit
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import ngettext
from scolaire.service import access, joining
from scolaire.store import pupils as store
from scolaire.web import bp
from scolaire.web.forms import Faults, looking, me, text, writing

TRIED = "10 per hour"


@bp.get("/scolaire/famille/rejoindre")
@requires(Permission.ACCOUNT_OWN)
def join() -> ResponseReturnValue:
    """Come in by a code: from the other parent, or from the letter that answered a paper form."""
    return _join_page(Faults())


@bp.post("/scolaire/famille/rejoindre")
@requires(Permission.ACCOUNT_OWN)
def join_now() -> ResponseReturnValue:
    """Ties my account to the pupil of the code."""
    faults, count = Faults(), 0
    with faults.caught(), writing() as session:
        ratelimit.attempts().count("scolaire-code", TRIED, me())
        count = joining.join(session, me(), text("code", 40), now())
    if faults:
        return _join_page(faults)
    flash(ngettext("Vous suivez maintenant %(num)s enfant.", "Vous suivez maintenant %(num)s enfants.", count), "good")
    return redirect(url_for("scolaire.family_home"), 303)


@bp.get("/scolaire/famille/eleves/<pupil>/autre-parent")
@requires(Permission.ACCOUNT_OWN)
def other_parent(pupil: str) -> ResponseReturnValue:
    """Make a code for the other parent."""
    return _other_page(pupil, Faults(), None)


@bp.post("/scolaire/famille/eleves/<pupil>/autre-parent")
@requires(Permission.ACCOUNT_OWN)
def invite_other(pupil: str) -> ResponseReturnValue:
    """Makes the code, and shows it once."""
    faults, made, instant = Faults(), None, now()
    with faults.caught(), writing() as session:
        ratelimit.attempts().count("scolaire-invite", TRIED, me())
        access.bond_with(session, me(), pupil, paris_day(instant), act=True)
        made = joining.invite_other(session, pupil, text("first_name"), text("last_name"), by=me(), now=instant)
    return _other_page(pupil, faults, made)


def _join_page(faults: Faults) -> ResponseReturnValue:
    page = render_template("scolaire/join.html", errors=faults.by_field, typed=request.form)
    return page, faults.status if faults else 200


def _other_page(pupil: str, faults: Faults, made: joining.Invited | None) -> ResponseReturnValue:
    with looking() as session:
        access.bond_with(session, me(), pupil, paris_day(now()), act=True)
        identity = store.identities(session, [pupil])[pupil]
    page = render_template(
        "scolaire/other_parent.html", pupil=pupil, identity=identity, made=made, errors=faults.by_field,
        typed=request.form,
    )  # fmt: skip
    return page, faults.status if faults else 200
