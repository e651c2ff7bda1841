"""Finding somebody in three letters, their order, and giving a title back."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billettique.model.orders import ItemState
from billettique.model.payments import RefundState
from billettique.service import counter as service
from billettique.service import mails, refunds, titles
from billettique.store import orders as store
from billettique.store.payments import get_refund
from billettique.web import bp
from billettique.web.selling.checkout import order_page
from billettique.web.selling.shared import Faults, private, text, whole
from billettique.web.selling.words import STATE_KINDS, item_lines, state_words
from mobigo.base.errors import InvalidInput
from mobigo.base.money import ZERO, Money
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.formats import amount
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services


@bp.get("/guichet/chercher")
@requires(Permission.SALES_COUNTER)
def counter_find() -> ResponseReturnValue:
    """Who an agent means, by three letters of a name, an e-mail, or the reference of an order."""
    typed = request.args.get("q", "")[:120]
    with reading(services().engine) as session:
        found = service.find(session, typed)
    short = 0 < len(typed.strip()) < service.LEAST_LETTERS
    return private(render_template("billettique/counter_find.html", typed_name=typed, found=found, short=short))


@bp.get("/guichet/commandes/<order_id>")
@requires(Permission.SALES_COUNTER)
def counter_order(order_id: str) -> ResponseReturnValue:
    """An order, for the agent who serves its buyer."""
    return _page(order_id, Faults())


@bp.post("/guichet/commandes/<order_id>/rendre/<item_id>")
@requires(Permission.SALES_COUNTER)
def counter_refund(order_id: str, item_id: str) -> ResponseReturnValue:
    """Gives a title back: in cash where the act of the régie allows it, else as a request the citizen can follow."""
    faults = Faults()
    back = None
    with faults.caught(), transaction(services().engine) as session:
        cents = whole("amount", -1)
        if cents < 0:
            raise InvalidInput("billettique.no_such_form")
        back = service.refund(
            session, services(), agent=auth.signed_in().subject, order_id=order_id, item_id=item_id,
            expected=Money(cents), now=now(),
        )  # fmt: skip
    if faults or back is None:
        return _page(order_id, faults)
    shown = amount(back.amount, current_language())
    if back.in_cash:
        flash(_("Le titre est annulé. Rendez %(amount)s en espèces.", amount=shown), "good")
    elif back.requested:
        why = "" if back.why is None else sentence(back.why)
        flash(
            _(
                "Le titre est annulé. %(amount)s : demande transmise au comptable, à suivre sur la page de la commande."
                " %(why)s", amount=shown, why=why,
            ), "good",
        )  # fmt: skip
    else:
        flash(_("Le titre est annulé. %(amount)s reviennent sur le moyen de paiement utilisé.", amount=shown), "good")
    return redirect(url_for("billettique.counter_order", order_id=order_id), 303)


def _page(order_id: str, faults: Faults) -> ResponseReturnValue:
    instant = now()
    with reading(services().engine) as session:
        order = store.get_order(session, order_id)
        rows = [each for each in store.items_of(session, order_id) if each.now is not ItemState.CANCELLED]
        items = [
            {
                "shown": item_lines(each),
                "state": state_words(each.now),
                "kind": STATE_KINDS.get(each.now, ""),
                "answer": refunds.answer(session, services(), each, instant),
                "page": None
                if each.entitlement is None
                else titles.page_of(session, services().config, each.entitlement),
            }
            for each in rows
        ]
        backs = [
            (Money(each.amount_cents), RefundState(get_refund(session, each.refund).state))
            for each in store.refunds_of(session, order_id)
        ]
    made = render_template(
        "billettique/counter_order.html",
        order=order,
        reference=mails.spaced(order.reference),
        items=items,
        backs=backs,
        total=sum((each.price for each in rows), ZERO),
        citizen=order_page(order_id),
        simulation=not services().config.production,
        errors=faults.by_field,
        typed_name=text("q"),
    )
    return private((made, faults.status if faults else 200))
