"""Paying: the way, an e-mail for who wants one, a receipt for who asks; then to the provider, or to its simulation."""

from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billettique.gateway.psp import FORM_PAGES
from billettique.service import fulfilment, orders, payments
from billettique.service.seats import seats_of
from billettique.store.orders import OrderPaymentRow
from billettique.web import bp
from billettique.web.selling.shared import (
    Faults,
    check_link,
    current,
    find_basket,
    link_secret,
    private,
    shown,
    subject,
    text,
    whole,
)
from billettique.web.selling.words import item_lines, means_words
from mobigo.base.errors import InvalidInput, MobigoError, Upstream
from mobigo.base.money import ZERO
from mobigo.infra import csp
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.web import services

PAYS: Final = csp.policy(form_action=FORM_PAGES)  # a view whose form leads to a provider


@bp.get("/achats/payer")
@public
@PAYS
def checkout() -> ResponseReturnValue:
    """How to pay."""
    return _page(Faults())


@bp.post("/achats/payer")
@public
@PAYS
def pay() -> ResponseReturnValue:
    """Places the order, begins the payment, and leads to where it is made."""
    order = find_basket()
    if order is None:
        return redirect(url_for("billettique.basket"), 303)
    faults, instant = Faults(), now()
    placed, back = None, return_url(order.id)
    with faults.caught(), transaction(services().engine) as session:
        provider, means = _way()
        placed = orders.place(
            session, services().config, order.id, version=whole("version"), means=means, provider=provider,
            return_url=back, seats=seats_of(services()), email=text("email", 300),
            receipt=text("receipt") == "1", now=instant,
        )  # fmt: skip
    if faults or placed is None:
        return _page(faults)
    if placed.payment is None:
        serve(order.id)
        return redirect(order_page(order.id), 303)
    return lead_to_payment(order.id, placed.payment)


@bp.post("/achats/commandes/<order_id>/<secret>/payer")
@public
def pay_again(order_id: str, secret: str) -> ResponseReturnValue:
    """Back to a payment that was begun and not made."""
    check_link(order_id, secret)
    with reading(services().engine) as session:
        waiting = orders.open_payment(session, order_id)
    if waiting is None:
        return redirect(order_page(order_id), 303)
    return lead_to_payment(order_id, waiting.payment)


@bp.get("/achats/commandes/<order_id>/<secret>/retour")
@public
def landing(order_id: str, secret: str) -> ResponseReturnValue:
    """Where a provider sends the buyer back: what it says is read again from it, then the order is looked at."""
    check_link(order_id, secret)
    with reading(services().engine) as session:
        waiting = orders.open_payment(session, order_id)
    if waiting is not None:
        ask_provider(waiting)
    serve(order_id)
    return redirect(order_page(order_id), 303)


# ---------------------------------------------------------------- parts


def order_page(order_id: str) -> str:
    """The page of an order, for who holds its link."""
    secret = link_secret(order_id)
    return url_for("billettique.order", order_id=order_id, secret=secret)


def return_url(order_id: str) -> str:
    """Where a provider sends the buyer back."""
    secret = link_secret(order_id)
    return services().config.base_url + url_for("billettique.landing", order_id=order_id, secret=secret)


def lead_to_payment(order_id: str, payment: str) -> ResponseReturnValue:
    """To the provider's page; to the order's when there is nothing to do there, or the provider does not answer."""
    try:
        seen = payments.call(services(), payment, now())
    except Upstream:
        return redirect(order_page(order_id), 303)
    if seen.action is not None:
        return redirect(seen.action, 303)
    serve(order_id)
    return redirect(order_page(order_id), 303)


def ask_provider(payment: OrderPaymentRow) -> None:
    """Have the provider say where a payment stands; nothing when it does not answer, the sweep asks again."""
    try:
        payments.refresh(services(), payment.payment, now(), cause="landing")
    except Upstream:
        return


def serve(order_id: str) -> None:
    """Do all that is due on the order; what fails is done again by the effect that the payment left."""
    try:
        with transaction(services().engine) as session:
            fulfilment.fulfil(session, services(), order_id, now())
    except MobigoError:
        return


def _way() -> tuple[str, str]:
    """(provider, means) chosen. Raises InvalidInput("billettique.no_such_way")."""
    chosen = text("way", 60)
    for provider, means in ways():
        if chosen == f"{provider}:{means}":
            return provider, means
    raise InvalidInput("billettique.no_such_way")


def ways() -> list[tuple[str, str]]:
    """(provider, means) that one may pay with on this site."""
    return orders.ways(services().config)


def _page(faults: Faults) -> ResponseReturnValue:
    seen = current()
    if seen is None or not seen.items:
        return redirect(url_for("billettique.basket"), 303)
    offered = [(f"{provider}:{means}", means_words(means)) for provider, means in ways()]
    page = render_template(
        "billettique/checkout.html",
        basket=seen,
        lines=[item_lines(each) for each in seen.items],
        free=seen.total == ZERO,
        minutes=max(0, round((seen.expires_at - now()).total_seconds() / 60)),
        ways=offered,
        way=request.form.get("way", offered[0][0] if offered else ""),
        signed_in=subject() is not None,
        errors=faults.by_field,
        typed=request.form,
        **shown(),
    )
    return private((page, faults.status if faults else 200))
