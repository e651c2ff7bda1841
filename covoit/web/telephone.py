"""My telephone: the number in one form, the code that came to it in another; then the journeys known under it."""

from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from covoit.service import identities, telephones
from covoit.store import telephones as store
from covoit.store.people import get_person
from covoit.web import bp
from covoit.web.driver.looking import looking
from covoit.web.forms import Faults, me, text, writing
from mobigo.infra import ratelimit
from mobigo.infra.auth import Permission, requires, safe_next
from mobigo.infra.clock import now
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _

# Each sends a message: to one number, from one account, from one address.
TO_ONE_NUMBER: Final = "3 per hour"
FROM_ONE_PERSON: Final = "6 per hour"
FROM_ONE_ADDRESS: Final = "30 per hour"
TRIED: Final = "15 per 15 minutes"


@bp.get("/covoiturage/mon-telephone")
@requires(Permission.ACCOUNT_OWN)
def phone() -> ResponseReturnValue:
    """The number that counts, its end only, and the form for another one."""
    return _phone_page(Faults())


@bp.post("/covoiturage/mon-telephone")
@requires(Permission.ACCOUNT_OWN)
def phone_ask() -> ResponseReturnValue:
    """Sends a code to the number. The answer is the same whoever has the number."""
    faults = Faults()
    with faults.caught(), writing() as session:
        person = me(session)
        given = telephones.read(text("phone", 30), text("first_name", 100), text("last_name", 100))
        counted = ratelimit.attempts()
        counted.count("covoit-phone-address", FROM_ONE_ADDRESS, ratelimit.address())
        counted.count("covoit-phone-person", FROM_ONE_PERSON, person)
        counted.count("covoit-phone-number", TO_ONE_NUMBER, given.phone)
        telephones.ask(session, person, given, now=now(), language=current_language())
    if faults:
        return _phone_page(faults)
    return redirect(url_for("covoit.phone_code", next=_next() or None), 303)


def _next() -> str:
    """Where one was going."""
    return safe_next(request.values.get("next", "")[:2000]) or ""


def _phone_page(faults: Faults) -> ResponseReturnValue:
    with looking() as (session, person):
        known = get_person(session, person)
        waits = store.waiting(session, person, lock=False) is not None
        another = store.proven(session, person) is not None and known.phone_verified_at is None
    page = render_template(
        "covoit/phone.html", known=known, waits=waits, another=another, errors=faults.by_field, typed=request.form,
        next=_next(),
    )  # fmt: skip
    return page, faults.status if faults else 200


@bp.get("/covoiturage/mon-telephone/code")
@requires(Permission.ACCOUNT_OWN)
def phone_code() -> ResponseReturnValue:
    """The second form: the code received."""
    return _code_page({})


@bp.post("/covoiturage/mon-telephone/code")
@requires(Permission.ACCOUNT_OWN)
def phone_confirm() -> ResponseReturnValue:
    """Gives the code back; the number counts from then on. A wrong one is counted."""
    faults = Faults()
    refused, found = None, None
    with faults.caught(), writing() as session:
        person = me(session)
        ratelimit.attempts().count("covoit-phone-code", TRIED, person)
        refused = telephones.confirm(session, person, "".join(text("code", 20).split()), now=now())
        found = identities.find(session, person) if refused is None else None
    if faults:
        return _code_page(faults.by_field, faults.status)
    if refused is not None and refused.code == "covoit.phone_wrong_code":
        return _code_page({"code": sentence(refused)}, 422)
    if refused is not None:
        flash(sentence(refused), "warn")
        return redirect(url_for("covoit.phone", next=_next() or None), 303)
    flash(_("Votre numéro est vérifié."), "good")
    if found is not None:
        return redirect(url_for("covoit.earlier"), 303)
    return redirect(_next() or url_for("covoit.phone"), 303)


def _code_page(errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    with looking() as (session, person):
        row = store.waiting(session, person, lock=False)
        shown: dict[str, Any] | None = None
        if row is not None:
            shown = {"phone_end": row.phone[-2:], "until": row.expires_at}
    if shown is None:
        return redirect(url_for("covoit.phone", next=_next() or None), 303)
    return render_template("covoit/phone_code.html", **shown, errors=errors, next=_next()), status


# ---------------------------------------------------------------- journeys known before the account


@bp.get("/covoiturage/retrouver-mes-trajets")
@requires(Permission.ACCOUNT_OWN)
def earlier() -> ResponseReturnValue:
    """What operators declared under my number and my name: to be taken, or asked of an agent."""
    return _earlier_page(Faults())


@bp.post("/covoiturage/retrouver-mes-trajets")
@requires(Permission.ACCOUNT_OWN)
def earlier_take() -> ResponseReturnValue:
    """These journeys are mine: statements and payment requests are, from then on."""
    faults = Faults()
    with faults.caught(), writing() as session:
        identities.take(session, me(session), now=now(), language=current_language())
    if faults:
        return _earlier_page(faults)
    flash(_("C’est fait : ces trajets et leurs aides sont dans « Mes aides »."), "good")
    return redirect(url_for("covoit.driver"), 303)


@bp.post("/covoiturage/retrouver-mes-trajets/agent")
@requires(Permission.ACCOUNT_OWN)
def earlier_ask() -> ResponseReturnValue:
    """Asks an agent to look: another account has these journeys or this number, or something would be lost."""
    faults = Faults()
    with faults.caught(), writing() as session:
        case = identities.ask_agent(session, me(session), text("said", 4_000), now=now())
    if faults:
        return _earlier_page(faults)
    flash(_("Un agent regarde et vous écrit dans les deux mois."), "good")
    return redirect(url_for("covoit.driver_case", case_id=case), 303)


def _earlier_page(faults: Faults) -> ResponseReturnValue:
    with looking() as (session, person):
        known, found = get_person(session, person), identities.find(session, person)
        another = found is None and known.phone_verified_at is None and store.proven(session, person) is not None
    page = render_template(
        "covoit/earlier.html", known=known, found=found, another=another, errors=faults.by_field, typed=request.form
    )
    return page, faults.status if faults else 200
