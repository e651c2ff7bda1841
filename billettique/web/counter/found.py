"""Finding somebody in three letters, their order, and giving a title back."""

from datetime import date
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billettique.model.orders import Channel, ItemKind, ItemState, Offer
from billettique.model.payments import RefundState
from billettique.rules.fares import operating_day
from billettique.service import addresses, mails, refunds, shelf, titles
from billettique.service import counter as service
from billettique.store import orders as store
from billettique.store.payments import get_refund
from billettique.web import bp
from billettique.web.counter.till import euros
from billettique.web.selling.checkout import order_page
from billettique.web.selling.shared import Faults, day_of, private, text, whole
from billettique.web.selling.words import STATE_KINDS, item_lines, state_words
from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra import auth, ratelimit
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.formats import amount
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services

TRIED: Final = "5 per day"  # answers about one order


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
    _say_back(back)
    return redirect(url_for("billettique.counter_order", order_id=order_id), 303)


@bp.post("/guichet/commandes/<order_id>/echanger/<item_id>")
@requires(Permission.SALES_COUNTER)
def counter_exchange(order_id: str, item_id: str) -> ResponseReturnValue:
    """Exchanges a title for another ticket, another pass or another first day, where that costs no more."""
    faults = Faults()
    back = None
    with faults.caught():
        with reading(services().engine) as session:
            riders = tuple(store.get_item(session, item_id, of=order_id).riders)
        offer = _asked_instead(riders)
        with transaction(services().engine) as session:
            back = service.exchange(
                session, services(), agent=auth.signed_in().subject, order_id=order_id, item_id=item_id, offer=offer,
                now=now(),
            )  # fmt: skip
    if faults or back is None:
        return _page(order_id, faults)
    if back.amount == ZERO:
        flash(_("C’est échangé : l’ancien titre n’est plus valable, le nouveau est prêt."), "good")
    else:
        _say_back(back)
    return redirect(url_for("billettique.counter_order", order_id=order_id), 303)


@bp.post("/guichet/commandes/<order_id>/email")
@requires(Permission.SALES_COUNTER)
def counter_email(order_id: str) -> ResponseReturnValue:
    """Sets a mistyped address right, for somebody who says what was paid and on which day; few tries a day."""
    faults, agent = Faults(), auth.signed_in().subject
    with faults.caught():
        ratelimit.attempts().count("billettique-order-email", TRIED, order_id[:26])
        with transaction(services().engine) as session:
            addresses.by_agent(session, services(), order_id, text("email", 300), paid=euros("paid"), day=_day_said(),
                               agent=agent, now=now())  # fmt: skip
    if faults:
        return _page(order_id, faults)
    flash(_("L’adresse est corrigée, et les titres repartent avec de nouveaux liens."), "good")
    return redirect(url_for("billettique.counter_order", order_id=order_id), 303)


def _day_said() -> date:
    try:
        return date.fromisoformat(text("day", 10))
    except ValueError:
        raise Refused("billettique.not_the_buyer") from None


def _asked_instead(riders: tuple[str, ...]) -> Offer:
    """The title asked for in place of another. Raises Refused("billettique.no_exchange") where one title cannot take
    the place of one, and what the shelf raises."""
    home, instant = services().config.home, now()
    kind, _colon, product = text("instead", 130).partition(":")
    if kind == "ticket":
        offers = shelf.flat_tickets(product, riders, home, Channel.COUNTER, instant)
    elif kind == "cover":
        offers = (shelf.cover(product, riders[0], day_of("first_day"), home, Channel.COUNTER, instant),)
    else:
        raise InvalidInput("billettique.no_such_form")
    if len(offers) != 1 or len(riders) != 1:
        raise Refused("billettique.no_exchange", kind=kind)
    return offers[0]


def _instead() -> list[tuple[str, str]]:
    """What a title may be exchanged for today: tickets at one price, passes."""
    found = shelf.on_sale(operating_day(now()), services().config.home, Channel.COUNTER)
    words = [(f"ticket:{each.id}", each.name or each.id, each.amount) for each in found.tickets]
    words += [(f"cover:{each.id}", each.name, each.cents) for each in found.covers]
    return [(value, name + _(" : ") + amount(Money(cents), current_language())) for value, name, cents in words]


def _say_back(back: service.Back) -> None:
    """How the money goes back, for the agent to do or to say."""
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
                "may_exchange": ItemKind(each.kind) in (ItemKind.TICKET, ItemKind.PASS) and len(each.riders) == 1,
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
        instead=_instead(),
        today=operating_day(instant),
        total=sum((each.price for each in rows if each.now is not ItemState.EXCHANGED), ZERO),
        citizen=order_page(order_id),
        simulation=not services().config.production,
        errors=faults.by_field,
        typed=request.form,
    )
    return private((made, faults.status if faults else 200))
