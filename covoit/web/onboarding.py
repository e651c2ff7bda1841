"""Joining: what a driver declares and signs, what a passenger says of their age."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from covoit.rules import identity as identity_rules
from covoit.rules.bookings import TERMS, refusal_to_drive
from covoit.service import offers
from covoit.store.offers import MemberRow, find_member
from covoit.store.people import get_person, person_of
from covoit.web import bp
from covoit.web.forms import Faults, me, text, writing
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires, safe_next
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence


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
        person = me(session)
        known = get_person(session, person)
        phone, last_name = text("phone", 30), text("last_name", 100)
        if known.identity_key is None and (phone or last_name):
            key = identity_rules.identity_key(phone, last_name)
            number = identity_rules.normal_phone(phone)
            person_of(
                session, key, subject=auth.signed_in().subject, phone=number,
                phone_trunc=identity_rules.truncated(number), first_name=text("first_name", 100) or None,
                last_name=last_name, now=now(),
            )  # fmt: skip
        member = offers.declare(
            session, person, adult=True if text("adult") else None, licence=bool(text("licence")),
            insurance=bool(text("insurance")), terms=text("terms") or None, alias=text("alias", 40),
            car=text("car", 60), now=now(),
        )  # fmt: skip
        missing = refusal_to_drive(member)
    if faults:
        return _page(faults)
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
