"""The basket: what it holds, until when its prices are kept, taking things out, keeping the prices longer."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billettique.service import baskets, reductions
from billettique.service.seats import seats_of
from billettique.web import bp
from billettique.web.selling.shared import Faults, current, find_basket, private, shown, text, whole
from billettique.web.selling.words import item_lines
from mobigo.base.errors import NotFound
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services


@bp.get("/achats/panier")
@public
def basket() -> ResponseReturnValue:
    """The basket of this browser."""
    return page(Faults())


@bp.post("/achats/panier/<act>")
@public
def basket_act(act: str) -> ResponseReturnValue:
    """`retirer` an item, `prolonger` the prices, `code` of an offer."""
    order = find_basket()
    if order is None:
        return redirect(url_for("billettique.basket"), 303)
    faults = Faults()
    instant = now()
    with faults.caught(), transaction(services().engine) as session:
        if act == "retirer":
            version = whole("version")
            baskets.remove(
                session,
                services().config,
                order.id,
                text("item", 26),
                seats_of(services()),
                version=version,
                now=instant,
            )
        elif act == "prolonger":
            baskets.extend(session, order.id, services().config, instant)
        elif act == "code":
            reductions.type_code(session, services().config, order.id, text("code", 40), instant)
        else:
            raise NotFound("billettique.no_such_form")
    if faults:
        return page(faults)
    said = {
        "retirer": _("C’est retiré."),
        "code": _("Le code est pris en compte."),
        "prolonger": _("Vos prix sont gardés plus longtemps."),
    }
    flash(said[act], "good")
    return redirect(url_for("billettique.basket"), 303)


def page(faults: Faults) -> ResponseReturnValue:
    """The page of the basket, with what was refused."""
    seen = current()
    made = render_template(
        "billettique/basket.html",
        basket=seen if seen is not None and seen.items else None,
        lines=[item_lines(each) for each in seen.items] if seen is not None else [],
        minutes=0 if seen is None else max(0, round((seen.expires_at - now()).total_seconds() / 60)),
        errors=faults.by_field,
        typed=request.form,
        **shown(),
    )
    return private((made, faults.status if faults else 200))
