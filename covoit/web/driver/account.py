"""Where I want to be paid: the account in one form, then the code that came by another road. Never the whole number."""

from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from covoit.service import claims
from covoit.store import ibans
from covoit.store.people import get_person
from covoit.web import bp
from covoit.web.driver.looking import looking
from covoit.web.forms import Faults, me, text, writing
from mobigo.infra import ratelimit
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _

ASKED: Final = "6 per hour"  # each sends a message
TRIED: Final = "15 per 15 minutes"


@bp.get("/covoiturage/mes-aides/compte-bancaire")
@requires(Permission.ACCOUNT_OWN)
def driver_iban() -> ResponseReturnValue:
    """The account that counts, masked, and the form for another one."""
    return _iban_page(Faults())


@bp.post("/covoiturage/mes-aides/compte-bancaire")
@requires(Permission.ACCOUNT_OWN)
def driver_iban_ask() -> ResponseReturnValue:
    """Takes an account and sends a code by another road; the account counts once the code is given back."""
    faults = Faults()
    with faults.caught(), writing() as session:
        person = me(session)
        claims.ask_iban(session, person, text("iban", 60), text("holder", 100), now=now(), language=current_language())
        ratelimit.attempts().count("covoit-iban", ASKED, person)  # what is refused here was not written
    return _iban_page(faults) if faults else redirect(url_for("covoit.driver_iban_code"), 303)


def _iban_page(faults: Faults) -> ResponseReturnValue:
    with looking() as (session, person):
        known = get_person(session, person)
        account = claims.find_iban(session, person)
        waits = ibans.waiting(session, person, lock=False) is not None
    name = " ".join(part for part in (known.first_name, known.last_name) if part)
    page = render_template(
        "covoit/driver_iban.html", account=account, waits=waits, name=name, errors=faults.by_field, typed=request.form
    )
    return page, faults.status if faults else 200


@bp.get("/covoiturage/mes-aides/compte-bancaire/code")
@requires(Permission.ACCOUNT_OWN)
def driver_iban_code() -> ResponseReturnValue:
    """The second form: the code received."""
    return _code_page({})


@bp.post("/covoiturage/mes-aides/compte-bancaire/code")
@requires(Permission.ACCOUNT_OWN)
def driver_iban_confirm() -> ResponseReturnValue:
    """Gives the code back; the account counts from then on. A wrong one is counted."""
    faults = Faults()
    refused = None
    with faults.caught(), writing() as session:
        person = me(session)
        ratelimit.attempts().count("covoit-iban-code", TRIED, person)
        code = "".join(text("code", 20).split())
        refused = claims.confirm_iban(session, person, code, now=now(), language=current_language())
    if faults:
        return _code_page(faults.by_field, faults.status)
    if refused is not None and refused.code == "covoit.iban_wrong_code":
        return _code_page({"code": sentence(refused)}, 422)
    if refused is not None:
        flash(sentence(refused), "warn")
        return redirect(url_for("covoit.driver_iban"), 303)
    flash(_("Votre compte bancaire est enregistré et confirmé."), "good")
    return redirect(url_for("covoit.driver"), 303)


def _code_page(errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    with looking() as (session, person):
        row = ibans.waiting(session, person, lock=False)
        shown: dict[str, Any] | None = None
        if row is not None:
            phone = get_person(session, person).reach
            shown = {
                "iban": claims.masked(row.iban or ""), "holder": row.holder, "until": row.expires_at,
                "phone_end": phone[-2:] if phone else None,
            }  # fmt: skip
    if shown is None:
        return redirect(url_for("covoit.driver_iban"), 303)
    return render_template("covoit/driver_iban_code.html", **shown, errors=errors), status
