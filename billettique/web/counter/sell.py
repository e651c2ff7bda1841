"""Selling at the counter: one page with everything on sale, one button, the change to give back."""

from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billettique.model.orders import Channel, Offer
from billettique.rules.fares import operating_day
from billettique.service import counter as service
from billettique.service import shelf
from billettique.store import cash as store
from billettique.web import bp
from billettique.web.counter.till import euros
from billettique.web.selling.shared import Faults, day_of, private, text, whole
from billettique.web.selling.words import means_words
from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.money import Money
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import new_id, now
from mobigo.infra.db import reading
from mobigo.infra.formats import amount
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services

MEANS: Final = ("cash", "terminal", "cheque")


@bp.get("/guichet/vendre")
@requires(Permission.SALES_COUNTER)
def counter_shelf() -> ResponseReturnValue:
    """Everything on sale at a counter today."""
    return _page(Faults())


@bp.post("/guichet/vendre")
@requires(Permission.SALES_COUNTER)
def counter_sell() -> ResponseReturnValue:
    """Sells what the form asks. The same form sent twice sells once."""
    faults = Faults()
    sale = None
    with faults.caught():
        channel = _channel()
        offers = _offers(channel)
        sale = service.sell(
            services(), services().engine, agent=auth.signed_in().subject, key=text("key", 40), channel=channel,
            offers=offers, means=_means(), proof=_proof(service.total(offers).cents),
            holder=text("holder", 120) or None, email=text("email", 300), receipt=text("receipt") == "1", now=now(),
        )  # fmt: skip
    if faults or sale is None:
        return _page(faults)
    if sale.training:
        said = _(
            "Exercice : vendu pour %(total)s, à rendre %(change)s. Rien n’est enregistré.", total=_euros(sale.total),
            change=_euros(sale.change),
        )  # fmt: skip
        flash(said, "good")
        return redirect(url_for("billettique.counter_shelf"), 303)
    flash(
        _("Vendu pour %(total)s. À rendre : %(change)s.", total=_euros(sale.total), change=_euros(sale.change)), "good"
    )
    return redirect(url_for("billettique.counter_order", order_id=sale.order_id), 303)


# ---------------------------------------------------------------- parts


def _euros(held: Money) -> str:
    return amount(held, current_language())


def _channel() -> Channel:
    chosen = text("channel", 10) or Channel.COUNTER
    if chosen not in service.CHANNELS:
        raise InvalidInput("billettique.no_such_channel", channel=chosen)
    return Channel(chosen)


def _means() -> str:
    chosen = text("means", 10)
    if chosen not in MEANS:
        raise InvalidInput("billettique.no_such_way")
    return chosen


def _proof(due_cents: int) -> dict[str, str]:
    """What the agent saw: cash given (nothing typed is the exact sum), the number of a cheque or of a receipt."""
    means = _means()
    if means == "cash":
        given = euros("given").cents if text("given") else due_cents
        return {"given_cents": str(given)}
    return {"cheque": text("number", 20)} if means == "cheque" else {"receipt": text("number", 20).upper()}


def _offers(channel: Channel) -> tuple[Offer, ...]:
    """Everything the form asks for. Raises Refused("billettique.basket_empty") when that is nothing."""
    home, instant = services().config.home, now()
    found: list[Offer] = []
    on_sale = shelf.on_sale(operating_day(instant), home, channel)
    for ticket in on_sale.tickets:
        riders = [id_ for id_, _name in on_sale.riders for _n in range(_count(f"t-{ticket.id}-{id_}"))]
        if riders:
            found += shelf.flat_tickets(ticket.id, riders, home, channel, instant)
    for carnet in on_sale.carnets:
        for _n in range(_count(f"c-{carnet.id}")):
            found.append(shelf.carnet(carnet.id, text("rider", 40), home, channel, instant))
    if text("cover", 120):
        found.append(shelf.cover(text("cover", 120), text("rider", 40), day_of("first_day"), home, channel, instant))
    if not found:
        raise Refused("billettique.basket_empty")
    return tuple(found)


def _count(name: str) -> int:
    count = whole(name)
    if not 0 <= count <= shelf.RIDERS_MAX:
        raise InvalidInput("billettique.bad_riders", most=shelf.RIDERS_MAX)
    return count


def _page(faults: Faults) -> ResponseReturnValue:
    instant, config = now(), services().config
    with reading(services().engine) as session:
        till = store.find_open(session, auth.signed_in().subject)
    if till is None:
        return redirect(url_for("billettique.counter"), 303)
    today = operating_day(instant)
    made = render_template(
        "billettique/counter_sell.html",
        shelf=shelf.on_sale(today, config.home, Channel.COUNTER),
        today=today,
        till=till,
        means=[(each, means_words(each)) for each in MEANS],
        channels=[("counter", _("au guichet")), ("phone", _("par téléphone")), ("post", _("par courrier"))],
        key=request.form.get("key") if faults else new_id(instant),
        simulation=not config.production,
        errors=faults.by_field,
        typed=request.form,
    )
    return private((made, faults.status if faults else 200))
