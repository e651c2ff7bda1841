"""Joining: what a driver declares and signs, what a passenger says of their age."""

from datetime import date
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from covoit.rules.bookings import TERMS, refusal_to_drive
from covoit.service import ages, offers
from covoit.store.offers import MemberRow, find_member
from covoit.store.people import get_person
from covoit.web import bp
from covoit.web.forms import Faults, me, text, writing
from mobigo.base.errors import InvalidInput
from mobigo.infra import ratelimit
from mobigo.infra.auth import Permission, requires, safe_next
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence

CORRECTED: Final = "5 per day"


@bp.get("/covoiturage/inscription")
@requires(Permission.ACCOUNT_OWN)
def join() -> ResponseReturnValue:
    """What one declares to drive on the lines."""
    return _page(Faults())


@bp.post("/covoiturage/inscription")
@requires(Permission.ACCOUNT_OWN)
def join_now() -> ResponseReturnValue:
    """Keeps what was declared and signed, each with its time, and says what is still missing."""
    faults = Faults()
    with faults.caught(), writing() as session:
        member = offers.declare(
            session, me(session), adult=True if text("adult") else None, licence=bool(text("licence")),
            insurance=bool(text("insurance")), terms=text("terms") or None, alias=text("alias", 40),
            car=text("car", 60), now=now(),
        )  # fmt: skip
        missing = refusal_to_drive(member)
    if faults:
        return _page(faults)
    if missing is not None and missing.code == "covoit.phone_not_verified":
        flash(_("C’est enregistré. Il reste à vérifier votre téléphone."), "warn")
        return redirect(url_for("covoit.phone", next=url_for("covoit.join")), 303)
    if missing is not None:
        flash(_("C’est enregistré. Il manque encore ceci : %(what)s", what=sentence(missing)), "warn")
        return redirect(url_for("covoit.join"), 303)
    flash(_("Vous pouvez conduire sur les lignes : publiez un trajet ou partez tout de suite."), "good")
    return redirect(url_for("covoit.drive"), 303)


@bp.post("/covoiturage/age")
@requires(Permission.ACCOUNT_OWN)
def declare_age() -> ResponseReturnValue:
    """A passenger says that they are adult, or that a parent agrees."""
    with writing() as session:
        offers.declare_rider(
            session, me(session), adult={"yes": True, "no": False}.get(text("adult")), consent=bool(text("consent")),
            now=now(),
        )  # fmt: skip
    return redirect(safe_next(text("next", 2000)) or url_for("covoit.places"), 303)


@bp.get("/covoiturage/age")
@requires(Permission.ACCOUNT_OWN)
def age() -> ResponseReturnValue:
    """What is declared of my age, and the way to correct it."""
    return _age_page(Faults())


@bp.post("/covoiturage/age/corriger")
@requires(Permission.ACCOUNT_OWN)
def correct_age() -> ResponseReturnValue:
    """Corrects an age declared by mistake, from a day of birth that is not kept and a statement on one's honour."""
    faults, adult = Faults(), False
    with faults.caught(), writing() as session:
        person = me(session)
        ratelimit.attempts().count("covoit-age", CORRECTED, person)
        if not text("honour"):
            raise InvalidInput("covoit.age_not_sworn")
        adult = ages.correct_mine(session, person, _born(), now())
    if faults:
        return _age_page(faults)
    flash(_("C’est corrigé : vous avez 18 ans ou plus.") if adult else _("C’est corrigé : vous êtes mineur."), "good")
    return redirect(url_for("covoit.places"), 303)


def _born() -> date:
    """The day of birth of the form. Raises InvalidInput("covoit.bad_birth")."""
    try:
        return date.fromisoformat(text("born", 10))
    except ValueError:
        raise InvalidInput("covoit.bad_birth") from None


def _age_page(faults: Faults) -> ResponseReturnValue:
    with writing() as session:
        person = me(session)
        known, again = get_person(session, person), ages.corrected(session, person)
    page = render_template("covoit/age.html", known=known, again=again, errors=faults.by_field, typed=request.form)
    return page, faults.status if faults else 200


def _page(faults: Faults) -> ResponseReturnValue:
    with writing() as session:
        person = me(session)
        known, member, row = get_person(session, person), find_member(session, person), session.get(MemberRow, person)
        facts = {"alias": row.alias if row else None, "car": row.car if row else None}
    page = render_template(
        "covoit/join.html", known=known, member=member, facts=facts, terms=TERMS, errors=faults.by_field,
        typed=request.form, ready=refusal_to_drive(member) is None,
    )  # fmt: skip
    return page, faults.status if faults else 200
