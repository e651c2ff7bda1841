"""Prices that follow indices: values entered, a contract's formula, its prices on a day with every step, the annex."""

from datetime import date
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services
from scolaire.export.annex import annex, plain
from scolaire.model.indexing import Every, Formula, Rounding
from scolaire.rules.indexing import TERMS_MOST, decimal_of
from scolaire.service import indexing as service
from scolaire.store import contracts
from scolaire.store import indices as store
from scolaire.web.plans import bp
from scolaire.web.plans.forms import me, refused, text, writing
from scolaire.web.plans.papers import attached

PLAN = Permission.SCHOOL_PLAN


@bp.get("/indices")
@requires(PLAN)
def indices() -> ResponseReturnValue:
    """Every value entered, and a form for another."""
    with reading(services().engine) as session:
        rows = store.values(session)
    return render_template("scolaire/indices.html", rows=list(reversed(rows)), plain=plain, exact=Decimal)


@bp.post("/indices")
@requires(PLAN)
def add_index() -> ResponseReturnValue:
    """Enters a value, or corrects one by another."""

    def act() -> None:
        value = decimal_of(text("value", 30))
        if value is None:
            raise InvalidInput("scolaire.formula_number")
        with writing() as session:
            service.enter_value(
                session, text("code", 40), _day(text("published_on", 10)), value, text("source"), by=me(), now=now()
            )
        flash(_("La valeur est enregistrée."), "good")

    refused(act)
    return redirect(url_for("school_plans.indices"), 303)


@bp.get("/lots/<lot_id>/prix")
@requires(PLAN)
def lot_prices(lot_id: str) -> ResponseReturnValue:
    """The prices of a lot on a day (`?jour=`): as the contract wrote them, the steps of their revision, revised."""
    on, why, found = _asked_day(), None, None
    with reading(services().engine) as session:
        lot = contracts.get_lot(session, lot_id)
        contract = contracts.contract_on(session, lot_id, on)
        written = [] if contract is None else contracts.prices_of(session, contract.id)
        formula = None if contract is None else service.formula_of(session, contract.id)
        try:
            found = service.prices_on(session, lot_id, on)
        except Refused as missing:
            why = sentence(missing.decision)
    return render_template(
        "scolaire/lot_prices.html", lot=lot, on=on, contract=contract, written=written, formula=formula, found=found,
        why=why, plain=plain, most=range(TERMS_MOST), first_of=lambda month: date(2001, month, 1),
        months=[(str(each), str(each)) for each in range(1, 13)],
    )  # fmt: skip


@bp.post("/lots/<lot_id>/formule/<contract_id>")
@requires(PLAN)
def add_formula(lot_id: str, contract_id: str) -> ResponseReturnValue:
    """Enters the formula of a contract of this lot."""
    on = ""

    def act() -> None:
        nonlocal on
        with writing() as session:
            contract = session.get(contracts.ContractRow, contract_id)
            if contract is None or contract.lot != lot_id:
                raise NotFound("scolaire.unknown_contract")
            on = contract.first_day.isoformat()
            service.add_formula(session, contract_id, _formula(), by=me(), now=now())
        flash(_("La formule est enregistrée : les prix de ce contrat suivent ses indices."), "good")

    refused(act)
    return redirect(url_for("school_plans.lot_prices", lot_id=lot_id, jour=text("on", 10) or on or None), 303)


@bp.get("/lots/<lot_id>/annexe.pdf")
@requires(PLAN)
def lot_annex(lot_id: str) -> ResponseReturnValue:
    """The annex of the contract on a day: prices, formula, every step."""
    on = _asked_day()
    with reading(services().engine) as session:
        lot = contracts.get_lot(session, lot_id)
        found = service.prices_on(session, lot_id, on)
        if found is None:
            raise NotFound("scolaire.unknown_contract")
        source = found.contract.source
        content = annex(f"{lot.code} {lot.name}", source, on, found.written, found.revised, found.revision, now())
    return attached(content, f"annexe-prix-{on}.pdf", "application/pdf")


def _formula() -> Formula:
    """The formula of the form. Raises InvalidInput("scolaire.formula_number" | "scolaire.unknown_choice")."""
    terms = tuple(
        service.term_of(text(f"index-{n}", 40), text(f"weight-{n}", 30), text(f"base-{n}", 30))
        for n in range(TERMS_MOST)
        if text(f"index-{n}", 40)
    )
    given = text("fixed", 30)
    fixed = Decimal(0) if given in ("", "0") else decimal_of(given)
    if fixed is None:
        raise InvalidInput("scolaire.formula_number")
    month, decimals = text("month", 2) or "1", text("decimals", 1)
    if not (month.isascii() and month.isdigit() and decimals.isascii() and decimals.isdigit()):
        raise InvalidInput("scolaire.unknown_choice")
    try:
        every, rounding = Every(text("every", 10)), Rounding(text("rounding", 10))
    except ValueError:
        raise InvalidInput("scolaire.unknown_choice") from None
    return Formula(fixed, terms, every, int(month), int(decimals), rounding, text("article"))


def _asked_day() -> date:
    given = request.args.get("jour", "")
    return _day(given) if given else paris_day(now())


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise InvalidInput("scolaire.bad_day") from None
