"""The page of an order: each thing bought and where it stands, tickets, money given back, a receipt for who asks."""

from dataclasses import dataclass
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from billettique.export.invoice import invoice_pdf
from billettique.model.orders import ItemState
from billettique.model.payments import RefundState
from billettique.rules.invoices import number_text
from billettique.service import addresses, baskets, invoices, mails, refunds, titles
from billettique.store import invoices as invoice_store
from billettique.store import orders as store
from billettique.store import subscriptions as subscription_store
from billettique.store.orders import ItemRefundRow, ItemRow
from billettique.store.payments import get_refund
from billettique.store.reasons import told
from billettique.web import bp
from billettique.web.selling.checkout import PAYS, order_page, serve, ways
from billettique.web.selling.shared import Faults, bought_here, check_link, link_secret, private, shown, text, whole
from billettique.web.selling.words import STATE_KINDS, item_lines, means_words, state_words
from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra import competence
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services


@bp.get("/achats/commandes/<order_id>/<secret>")
@public
@PAYS
def order(order_id: str, secret: str) -> ResponseReturnValue:
    """The order, for who holds its link."""
    check_link(order_id, secret)
    return page(order_id, Faults())


@bp.get("/achats/commandes/<order_id>/<secret>/rembourser/<item_id>")
@public
def refund(order_id: str, secret: str, item_id: str) -> ResponseReturnValue:
    """What giving an item back would do, before it is done."""
    check_link(order_id, secret)
    return _refund_page(order_id, item_id, Faults())


@bp.post("/achats/commandes/<order_id>/<secret>/rembourser/<item_id>")
@public
def refund_act(order_id: str, secret: str, item_id: str) -> ResponseReturnValue:
    """Gives an item back: the title is void, the money leaves."""
    check_link(order_id, secret)
    faults = Faults()
    with faults.caught(), transaction(services().engine) as session:
        shown_cents = whole("amount", -1)
        if shown_cents < 0:
            raise InvalidInput("billettique.no_such_form")
        refunds.refund(session, services(), order_id, item_id, expected=Money(shown_cents), now=now())
    if faults:
        return _refund_page(order_id, item_id, faults)
    serve(order_id)
    flash(_("C’est fait : ce titre n’est plus valable, et le remboursement est demandé."), "good")
    return redirect(order_page(order_id), 303)


@bp.post("/achats/commandes/<order_id>/<secret>/email")
@public
def order_email(order_id: str, secret: str) -> ResponseReturnValue:
    """Sends the titles to an address given afterwards; or to the right one, in place of one that was mistyped, when it
    is asked by the browser or the account that bought."""
    check_link(order_id, secret)
    faults = Faults()
    with faults.caught(), transaction(services().engine) as session:
        row = store.get_order(session, order_id, lock=True)
        if not text("email", 300):
            raise InvalidInput("billettique.bad_email")
        if row.email is not None:
            if not bought_here(row):
                raise Refused("billettique.email_by_an_agent")
            addresses.by_buyer(session, services(), order_id, text("email", 300), now())
        else:
            baskets.set_email(row, text("email", 300))
            mails.send_titles(session, services().config, row, store.items_of(session, order_id), now())
            store.touch(row, now())
    if faults:
        return page(order_id, faults)
    flash(_("Le message part."), "good")
    return redirect(order_page(order_id), 303)


@bp.post("/achats/commandes/<order_id>/<secret>/recu")
@public
def receipt(order_id: str, secret: str) -> ResponseReturnValue:
    """Makes the receipt that somebody asks for; none is made otherwise."""
    check_link(order_id, secret)
    faults = Faults()
    with faults.caught(), transaction(services().engine) as session:
        invoices.issue(session, order_id, now())
    return page(order_id, faults) if faults else redirect(order_page(order_id), 303)


@bp.get("/achats/commandes/<order_id>/<secret>/recu/<invoice_id>.pdf")
@public
def receipt_pdf(order_id: str, secret: str, invoice_id: str) -> ResponseReturnValue:
    """The receipt, or the credit note. `nom` is printed on it, and kept nowhere."""
    check_link(order_id, secret)
    config = services().config
    with reading(services().engine) as session:
        row = invoice_store.get_invoice(session, invoice_id, of=order_id)
        reference = store.get_order(session, order_id).reference
        corrected = None if row.of is None else invoice_store.get_invoice(session, row.of, of=order_id)
    number = number_text(row.series, row.number)
    region = competence.table().authorities["region"].shown(production=config.production)
    made = invoice_pdf(
        title_number=number, lines=invoices.lines_of(row), issued_at=row.issued_at, reference=mails.spaced(reference),
        seller=", ".join(each for each in (region.name, region.postal) if each),
        of_number=None if corrected is None else number_text(corrected.series, corrected.number),
        buyer="".join(each for each in request.args.get("nom", "") if each.isprintable())[:120],
        specimen=not config.production,
    )  # fmt: skip
    headers = {"Content-Disposition": f'inline; filename="{number}.pdf"'}
    return private(Response(made, content_type="application/pdf", headers=headers))


# ---------------------------------------------------------------- parts


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Money on its way back, as the page shows it."""

    row: ItemRefundRow
    amount: Money
    state: RefundState


def page(order_id: str, faults: Faults) -> ResponseReturnValue:
    """The page of an order, with what was refused."""
    instant = now()
    with reading(services().engine) as session:
        row = store.get_order(session, order_id)
        rows = [
            each for each in store.items_of(session, order_id) if each.now is not ItemState.CANCELLED or each.payment
        ]
        payments = store.payments_of(session, order_id)
        bills = [
            {"id": each.id, "number": number_text(each.series, each.number), "credit": each.of is not None}
            for each in invoice_store.invoices_of(session, order_id)
        ]
        given = [
            GivenBack(each, Money(each.amount_cents), RefundState(get_refund(session, each.refund).state))
            for each in store.refunds_of(session, order_id)
        ]
        goes_on = {each.id: _goes_on(session, order_id, each) for each in rows if each.kind == "pass"}
        items: list[dict[str, Any]] = [
            {
                "shown": item_lines(each),
                "state": state_words(each.now),
                "kind": STATE_KINDS.get(each.now, ""),
                "answer": refunds.answer(session, services(), each, instant),
                "page": None
                if each.entitlement is None
                else titles.page_of(session, services().config, each.entitlement),
                "monthly": each.promised.get("span") == "month" and each.now is ItemState.FULFILLED,
                "going_on": goes_on.get(each.id),
                "certificate": bool(each.holder) and each.kind == "pass" and each.now is ItemState.FULFILLED,
                "exchange": each.kind == "pass",
                "why": told(each.why),
                "refunds": [back for back in given if back.row.item == each.id],
            }
            for each in rows
        ]
    states = {each.now for each in rows}
    to_pay = [each for each in payments if each.state in ("CREATED", "REQUIRES_ACTION")]
    made = render_template(
        "billettique/order.html",
        order=row,
        reference=mails.spaced(row.reference),
        secret=link_secret(order_id),
        items=items,
        waiting=bool(states & {ItemState.ON_HOLD, ItemState.CONFIRMED}),
        to_pay=to_pay if ItemState.ON_HOLD in states else [],
        processing=any(each.state == "PROCESSING" for each in payments),
        ready=ItemState.FULFILLED in states,
        unpaid=row.placed_at is None,
        bills=bills,
        debit_due=any(each.why is not None and each.why.get("code") == "billettique.debit_failed" for each in rows),
        debit_ways=[(means, means_words(means)) for _provider, means in ways() if means in ("card", "sepa_debit")],
        surplus=[back for back in given if back.row.item is None],
        total=sum((each.price for each in rows), ZERO),
        may_correct=row.email is not None and bought_here(row),
        errors=faults.by_field,
        typed=request.form,
        **shown(),
    )  # fmt: skip
    return private((made, faults.status if faults else 200))


def _goes_on(session: Session, order_id: str, item: ItemRow) -> str | None:
    """The state of the subscription of a pass; None where there is none."""
    found = subscription_store.find_of_item(session, item.id) or subscription_store.find_by_order(session, order_id)
    return None if found is None else found.state


def _refund_page(order_id: str, item_id: str, faults: Faults) -> ResponseReturnValue:
    with reading(services().engine) as session:
        row = store.get_order(session, order_id)
        item = store.get_item(session, item_id, of=order_id)
        answer = refunds.answer(session, services(), item, now())
    made = render_template(
        "billettique/refund.html",
        order=row,
        secret=link_secret(order_id),
        shown_item=item_lines(item),
        answer=answer,
        back=url_for("billettique.order", order_id=order_id, secret=link_secret(order_id)),
        errors=faults.by_field,
        **shown(),
    )
    return private((made, faults.status if faults else 200))
