"""The pages of the simulated provider, where a real one would show its own: choose what the bank will answer, confirm
as 3-D Secure asks, leave. They say "simulation" everywhere, and do not exist where `sim` is not configured.
"""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billettique.gateway.psp.sim import NAME, Sim
from billettique.gateway.psp.simcards import CARDS
from billettique.service import webhooks
from billettique.service.payments import providers_of
from billettique.web import bp
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.money import Money
from mobigo.infra.auth import public, safe_next
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services


@bp.get("/simulation/paiement/<form_id>")
@public
def sim_form(form_id: str) -> ResponseReturnValue:
    """The form of the simulated provider."""
    return _page(_sim().bank.look(form_id), None)


@bp.post("/simulation/paiement/<form_id>")
@public
def sim_pay(form_id: str) -> ResponseReturnValue:
    """The buyer sends the form, with the answer the bank is to give; its events reach us as a provider's would."""
    sim = _sim()
    card = request.form.get("card", "")
    if card not in CARDS:
        raise InvalidInput("payments.unknown_means", means=card[:40])
    form = sim.bank.pay(form_id, card)
    webhooks.deliver_simulated(services(), now)
    return _next(form)


@bp.get("/simulation/3ds/<intent_id>")
@public
def sim_question(intent_id: str) -> ResponseReturnValue:
    """What the bank of a payer asks: confirm, or refuse."""
    _sim()
    return render_template("billettique/sim_3ds.html", intent=intent_id)


@bp.post("/simulation/3ds/<intent_id>")
@public
def sim_answer(intent_id: str) -> ResponseReturnValue:
    """The payer answers their bank."""
    form = _sim().bank.authenticate(intent_id, request.form.get("answer") == "yes")
    webhooks.deliver_simulated(services(), now)
    return _next(form)


def _words() -> dict[str, str]:
    """What each means of the simulation makes the bank answer."""
    return {
        "pm_card_visa": _("La banque accepte"),
        "pm_card_authenticationRequired": _("La banque demande de confirmer (3-D Secure)"),
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": _(
            "3-D Secure, puis compte pas assez approvisionné"
        ),
        "pm_card_visa_chargeDeclined": _("La banque refuse, sans dire pourquoi"),
        "pm_card_visa_chargeDeclinedInsufficientFunds": _("Compte pas assez approvisionné"),
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded": _("Plafond de la carte atteint"),
        "pm_card_chargeDeclinedExpiredCard": _("Carte périmée"),
        "pm_card_chargeDeclinedIncorrectCvc": _("Cryptogramme faux"),
        "pm_card_chargeDeclinedProcessingError": _("La banque n’arrive pas à traiter le paiement"),
        "pm_card_createDispute": _("Paiement accepté, contesté aussitôt"),
        "pm_card_pendingRefund": _("Paiement accepté ; son remboursement prendra des jours"),
        "pm_card_refundFail": _("Paiement accepté ; son remboursement reviendra"),
        "pm_sepa_success": _("Prélèvement accepté, connu plus tard"),
        "pm_sepa_failed": _("Prélèvement refusé plus tard"),
        "pm_sepa_disputed": _("Prélèvement accepté, puis rappelé par la banque"),
    }


def _sim() -> Sim:
    providers = providers_of(services())
    if NAME not in providers.names:
        raise NotFound("payments.no_simulation")
    found = providers.get(NAME)
    if not isinstance(found, Sim):
        raise NotFound("payments.no_simulation")
    return found


def _next(form: dict[str, Any]) -> ResponseReturnValue:
    """To the bank's question, back to the order, or the form again with the bank's refusal."""
    step = form["next"]
    if form["status"] == "open" and step is not None:
        return redirect(url_for("billettique.sim_question", intent_id=form["payment_intent"]), 303)
    if form["status"] == "complete":
        return redirect(_back(form["success_url"]), 303)
    return _page(form, form["error"])


def _back(address: str | None) -> str:
    """The page of ours the buyer came from: never another site's."""
    path = (address or "").removeprefix(services().config.base_url)
    return safe_next(path) or "/"


def _page(form: dict[str, Any], error: Any) -> ResponseReturnValue:
    kinds = set(form["payment_method_types"])
    options = [(name, words) for name, words in _words().items() if CARDS[name].kind in kinds]
    words = None if error is None else _refusal(error)
    amount = None if form["amount_total"] is None else Money(form["amount_total"])
    page = render_template(
        "billettique/sim_form.html", form=form, options=options, amount=amount, refusal=words,
        back=_back(form["cancel_url"]),
    )  # fmt: skip
    return page, 200


def _refusal(error: Any) -> str:
    from billettique.gateway.psp.shapes import why
    from mobigo.infra.i18n import sentence

    reason = why(error)
    return sentence(reason) if reason is not None else _("La banque a refusé.")
