"""The fare manager's page of offers: what applies, what it has cost, drafting, approving by an act, stopping."""

from datetime import date
from decimal import Decimal, InvalidOperation

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billettique.model.promotions import OfferKind, Promotion
from billettique.rules.fares import operating_day
from billettique.service import promotions
from billettique.store import promotions as store
from billettique.web import bp
from mobigo.base.errors import InvalidInput, MobigoError
from mobigo.base.money import Money
from mobigo.base.periods import Period
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services


@bp.get("/billettique/agents/offres")
@requires(Permission.SALES_READ)
def fare_offers() -> ResponseReturnValue:
    """Every offer, with its dates, its limits, what it has cost; and how to draft another."""
    return _page("")


def _page(wrong: str, status: int = 200) -> ResponseReturnValue:
    with reading(services().engine) as session:
        rows = store.every(session)
    me = auth.signed_in()
    page = render_template(
        "billettique/offers.html", rows=rows, today=operating_day(now()), wrong=wrong, typed=request.form, money=Money,
        kinds=OfferKind, me=me.subject, may=lambda permission: me.may(Permission(permission)),
    )  # fmt: skip
    return page, status


@bp.post("/billettique/agents/offres")
@requires(Permission.FARES_EDIT)
def fare_offer_draft() -> ResponseReturnValue:
    """Drafts an offer; somebody else approves it."""
    try:
        with transaction(services().engine) as session:
            promotions.draft(session, _asked(), auth.signed_in().subject, now())
    except MobigoError as error:
        return _page(sentence(error.decision), status_of(error))
    flash(_("L’offre est écrite. Elle s’appliquera quand une autre personne l’aura approuvée."), "good")
    return redirect(url_for("billettique.fare_offers"), 303)


@bp.post("/billettique/agents/offres/<offer_id>/approuver")
@requires(Permission.FARES_APPROVE)
def fare_offer_approve(offer_id: str) -> ResponseReturnValue:
    """Puts an offer in force by an act; never by the one who drafted it."""
    try:
        with transaction(services().engine) as session:
            promotions.approve(session, offer_id, _text("act_number"), auth.signed_in().subject, now())
    except MobigoError as error:
        return _page(sentence(error.decision), status_of(error))
    flash(_("L’offre est approuvée. Elle s’applique à ses dates, jusqu’à la fin de son budget."), "good")
    return redirect(url_for("billettique.fare_offers"), 303)


@bp.post("/billettique/agents/offres/<offer_id>/arreter")
@requires(Permission.FARES_EDIT)
def fare_offer_stop(offer_id: str) -> ResponseReturnValue:
    """Ends an offer now."""
    with transaction(services().engine) as session:
        promotions.stop(session, offer_id, auth.signed_in().subject, now())
    flash(_("L’offre est arrêtée. Ce qui a été vendu avec elle reste vendu."), "good")
    return redirect(url_for("billettique.fare_offers"), 303)


def _asked() -> Promotion:
    """The offer of the form. Raises InvalidInput("billettique.bad_offer") naming what is missing or wrong."""
    name = _text("name")
    if not name or not _text("source"):
        raise InvalidInput("billettique.bad_offer", field=_("Nom") if not name else _("Source"))
    how, value = _text("how"), _number("value")
    if value is None or how not in ("pct", "off", "flat"):
        raise InvalidInput("billettique.bad_offer", field=_("Combien"))
    budget = _number("budget")
    if budget is None:
        raise InvalidInput("billettique.bad_offer", field=_("Budget, en euros"))
    names = ("networks", "products", "riders")
    scopes = {each: frozenset(request.form.get(each, "").replace(",", " ").split()) or None for each in names}
    uses, person = _whole("uses_max"), _whole("per_person")
    try:
        return Promotion(
            "", name, OfferKind(_text("kind")), Period(_day("first_day"), _day("last_day")),
            _cents(budget, _("Budget, en euros")),
            pct=_pct(value) if how == "pct" else None,
            off_cents=_cents(value, "").cents if how == "off" else None,
            flat_cents=_cents(value, "").cents if how == "flat" else None,
            code=_text("code") or None, uses_max=uses, per_person=person, partner=_text("partner"),
            source=_text("source", 300), **scopes,
        )  # fmt: skip
    except ValueError as wrong:
        raise InvalidInput("billettique.bad_offer", field=str(wrong).partition(": ")[2] or _("Combien")) from wrong


def _text(name: str, longest: int = 120) -> str:
    return " ".join(request.form.get(name, "").split())[:longest]


def _number(name: str) -> Decimal | None:
    bare = "".join(request.form.get(name, "").split()).replace("€", "").replace("%", "").replace(",", ".")
    try:
        value = Decimal(bare)
    except InvalidOperation:
        return None
    return value if value.is_finite() and 0 <= value <= 10**7 else None


def _cents(value: Decimal, field: str) -> Money:
    if value * 100 != int(value * 100):
        raise InvalidInput("billettique.bad_offer", field=field or _("Combien"))
    return Money(int(value * 100))


def _pct(value: Decimal) -> int:
    if value != int(value):
        raise InvalidInput("billettique.bad_offer", field=_("Combien"))
    return int(value)


def _whole(name: str) -> int | None:
    text = _text(name)
    if not text:
        return None
    if not text.isdecimal():
        raise InvalidInput("billettique.bad_offer", field=name)
    return int(text)


def _day(name: str) -> date:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise InvalidInput("billettique.bad_offer", field=_("Dates")) from None
