"""What follows the sale of a pass: going on each month, ending, paying what is due, another first day, the employer's
certificate; and a basket taken up again from the link of its order."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billettique.export.employer import certificate_pdf
from billettique.gateway import sales
from billettique.model.orders import ItemKind, ItemState
from billettique.rules.fares import operating_day
from billettique.service import exchanges, mails, means, orders, shelf, subscriptions
from billettique.store import orders as store
from billettique.store import subscriptions as subscription_store
from billettique.web import bp
from billettique.web.selling.checkout import lead_to_payment, order_page, return_url, serve, ways
from billettique.web.selling.order import page
from billettique.web.selling.shared import Faults, check_link, day_of, private, remember, shown
from billettique.web.selling.words import item_lines
from mobigo.base.errors import InvalidInput, Refused, Upstream
from mobigo.infra import competence
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services

ROOT = "/achats/commandes/<order_id>/<secret>"


@bp.post(f"{ROOT}/reprendre")
@public
def resume_basket(order_id: str, secret: str) -> ResponseReturnValue:
    """An order that was not paid is this browser's basket again."""
    check_link(order_id, secret)
    return remember(redirect(url_for("billettique.checkout"), 303), order_id)


@bp.post(f"{ROOT}/payer-du")
@public
def pay_due(order_id: str, secret: str) -> ResponseReturnValue:
    """Another payment for a title whose debit failed, by card."""
    check_link(order_id, secret)
    faults, payment, back = Faults(), None, return_url(order_id)
    with faults.caught(), transaction(services().engine) as session:
        provider = next((name for name, kind in ways() if kind == "card"), None)
        if provider is None:
            raise InvalidInput("billettique.no_such_way")
        payment = orders.pay_due(
            session, services().config, order_id, means="card", provider=provider, return_url=back, now=now(),
        )  # fmt: skip
    if faults or payment is None:
        return page(order_id, faults)
    return lead_to_payment(order_id, payment)


@bp.post(f"{ROOT}/continuer/<item_id>")
@public
def go_on(order_id: str, secret: str, item_id: str) -> ResponseReturnValue:
    """Have a monthly pass go on: to the provider's form, where a means is left for later debits."""
    check_link(order_id, secret)
    faults, left = Faults(), None
    with faults.caught(), transaction(services().engine) as session:
        wanted = request.form.get("means", "")
        provider = next((name for name, kind in ways() if kind == wanted and kind in ("card", "sepa_debit")), None)
        if provider is None:
            raise InvalidInput("billettique.no_such_way")
        back = services().config.base_url + url_for(
            "billettique.went_on", order_id=order_id, secret=secret, item_id=item_id
        )
        left = subscriptions.ask(
            session, order_id, item_id, means_kind=wanted, provider=provider, return_url=back, now=now()
        ).means
    if faults or left is None:
        return page(order_id, faults)
    try:
        action = means.call(services(), left, now())
    except Upstream:
        action = None
    return redirect(action or order_page(order_id), 303)


@bp.get(f"{ROOT}/continuer/<item_id>/retour")
@public
def went_on(order_id: str, secret: str, item_id: str) -> ResponseReturnValue:
    """Back from the provider's form."""
    check_link(order_id, secret)
    with reading(services().engine) as session:
        store.get_item(session, item_id, of=order_id)
        known = subscription_store.find_of_item(session, item_id)
    if known is not None and subscriptions.confirm(services(), known.id, now()) == "active":
        flash(_("Votre abonnement continuera chaque mois. Vous pouvez l’arrêter ici à tout moment."), "good")
    return redirect(order_page(order_id), 303)


@bp.post(f"{ROOT}/arreter/<item_id>")
@public
def end_pass(order_id: str, secret: str, item_id: str) -> ResponseReturnValue:
    """No debit any more."""
    check_link(order_id, secret)
    with transaction(services().engine) as session:
        store.get_item(session, item_id, of=order_id)
        known = subscription_store.find_of_item(session, item_id) or subscription_store.find_by_order(session, order_id)
        if known is not None:
            subscriptions.end(session, known.id, now())
    flash(_("Plus aucun prélèvement ne sera fait. Ce qui est payé reste valable jusqu’à son dernier jour."), "good")
    return redirect(order_page(order_id), 303)


@bp.get(f"{ROOT}/echanger/<item_id>")
@public
def exchange(order_id: str, secret: str, item_id: str) -> ResponseReturnValue:
    """A pass from another first day on."""
    check_link(order_id, secret)
    return _exchange_page(order_id, item_id, Faults())


@bp.post(f"{ROOT}/echanger/<item_id>")
@public
def exchange_act(order_id: str, secret: str, item_id: str) -> ResponseReturnValue:
    """The old pass is void, the new one is issued."""
    check_link(order_id, secret)
    faults = Faults()
    with faults.caught(), transaction(services().engine) as session:
        row = store.get_order(session, order_id)
        item = store.get_item(session, item_id, of=order_id)
        if ItemKind(item.kind) is not ItemKind.PASS:
            raise Refused("billettique.no_exchange", kind=item.kind)
        offer = shelf.cover(
            item.product, item.riders[0], day_of("first_day"), services().config.home, row.channel, now()
        )
        exchanges.exchange(session, services(), order_id, item_id, offer, now=now())
    if faults:
        return _exchange_page(order_id, item_id, faults)
    serve(order_id)
    flash(_("C’est échangé : l’ancien titre n’est plus valable, le nouveau est prêt."), "good")
    return redirect(order_page(order_id), 303)


@bp.get(f"{ROOT}/attestation/<item_id>.pdf")
@public
def employer_certificate(order_id: str, secret: str, item_id: str) -> ResponseReturnValue:
    """The certificate of one pass for its holder's employer; only passes, only with the name that is on them."""
    check_link(order_id, secret)
    config, instant = services().config, now()
    with reading(services().engine) as session:
        row = store.get_order(session, order_id)
        item = store.get_item(session, item_id, of=order_id)
    if ItemKind(item.kind) is not ItemKind.PASS or item.now is not ItemState.FULFILLED:
        raise Refused("billettique.certificate_for_passes")
    if not item.holder or item.first_at is None or item.last_at is None:
        raise Refused("billettique.certificate_needs_name")
    region = competence.table().authorities["region"].shown(production=config.production)
    made = certificate_pdf(
        holder=item.holder, product=item.name, first_day=operating_day(item.first_at),
        last_day=operating_day(item.last_at), paid=item.price, seller=region.name,
        reference=mails.spaced(row.reference),
        share=sales.employer_share_on(operating_day(item.first_at), config.home), made_at=instant,
        specimen=not config.production,
    )  # fmt: skip
    headers = {"Content-Disposition": 'inline; filename="attestation-transport.pdf"'}
    return private(Response(made, content_type="application/pdf", headers=headers))


def _exchange_page(order_id: str, item_id: str, faults: Faults) -> ResponseReturnValue:
    with reading(services().engine) as session:
        item = store.get_item(session, item_id, of=order_id)
    made = render_template(
        "billettique/exchange.html",
        shown_item=item_lines(item),
        today=operating_day(now()),
        back=order_page(order_id),
        errors=faults.by_field,
        typed=request.form,
        **shown(),
    )
    return private((made, faults.status if faults else 200))
