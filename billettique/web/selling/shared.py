"""What the buyer's pages share: the basket of this browser, fields of forms, refusals beside their field."""

from datetime import date
from typing import Any, Final

from flask import g, make_response, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from billettique.service import baskets
from billettique.service.baskets import Basket
from billettique.store import orders as store
from billettique.store.orders import OrderRow
from billettique.web import bp
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.money import Money
from mobigo.infra import auth, formats, forms
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import current_language, quoting
from mobigo.infra.web import services

COOKIE_LIFE_S: Final = 24 * 3600
# Which field a refusal is about; any other is about the whole form and stands at its head.
FIELDS: Final = {
    "billettique.bad_riders": "riders",
    "billettique.bad_email": "email",
    "billettique.bad_first_day": "first_day",
    "billettique.period_over": "first_day",
    "billettique.not_for_this_rider": "rider",
    "billettique.no_such_promotion": "code",
}


@bp.app_template_filter("cents")
def cents(amount: int) -> str:
    """An amount given in cents, as people read it."""
    return formats.amount(Money(amount), current_language())


@bp.app_template_filter("said")
def said(reason: Decision) -> Markup:
    """The sentence of a reason; what an authority named or wrote in it is quoted."""
    return quoting(reason, "title", "source")


def text(name: str, longest: int = 200) -> str:
    """One field of the form as typed, blanks trimmed, signs that nobody types left out; "" when it was not sent."""
    return "".join(letter for letter in request.form.get(name, "") if letter.isprintable()).strip()[:longest]


def whole(name: str, default: int = 0) -> int:
    """A whole number of the form; -1 for what is none, which every rule refuses with its own words."""
    given = text(name, 6)
    if not given:
        return default
    return int(given) if given.isascii() and given.isdigit() else -1


def day_of(name: str) -> date:
    """A day of the form. Raises InvalidInput("billettique.bad_first_day")."""
    try:
        return date.fromisoformat(text(name))
    except ValueError:
        raise InvalidInput("billettique.bad_first_day") from None


class Faults(forms.Faults):
    """The sentences of a refused form of the buyer's pages."""

    fields = FIELDS


# ---------------------------------------------------------------- the basket of this browser


def _cookie() -> str:
    return "__Host-mobigo-panier" if services().config.base_url.startswith("https://") else "mobigo-panier"


def basket_id() -> str | None:
    """The order this browser's cookie opens, if it opens one."""
    value = request.cookies.get(_cookie(), "")
    order_id, _dot, secret = value.partition(".")
    try:
        baskets.check_browser(services().config, order_id, secret)
    except NotFound:
        return None
    return order_id


def bought_here(order: OrderRow) -> bool:
    """Whether this browser, or the account signed in, is what bought the order. Its link alone does not show it."""
    signed = subject()
    return basket_id() == order.id or (signed is not None and signed == order.subject)


def current() -> Basket | None:
    """The basket of this browser as it stands, while it is one (a placed order is not); read once a request."""
    if "billettique_basket" not in g:
        g.billettique_basket = _read()
    found: Basket | None = g.billettique_basket
    return found


def _read() -> Basket | None:
    order_id = basket_id()
    if order_id is None:
        return None
    with reading(services().engine) as session:
        try:
            seen = baskets.look(session, order_id, services().config, now())
        except NotFound:  # forgotten meanwhile
            return None
    return None if seen.order.placed_at is not None else seen


def find_basket() -> OrderRow | None:
    """The order of the basket of this browser."""
    seen = current()
    return None if seen is None else seen.order


def remember(answer: ResponseReturnValue, order_id: str) -> ResponseReturnValue:
    """The same answer, and this browser knows its basket."""
    response = make_response(answer)
    value = f"{order_id}.{baskets.browser_secret(services().config, order_id)}"
    secure = services().config.base_url.startswith("https://")
    response.set_cookie(_cookie(), value, max_age=COOKIE_LIFE_S, path="/", secure=secure, httponly=True, samesite="Lax")
    return response


def link_secret(order_id: str) -> str:
    """The secret of the link that opens an order now."""
    with reading(services().engine) as session:
        return baskets.secret_of(services().config, order_id, store.link_of(session, order_id))


def check_link(order_id: str, secret: str) -> None:
    """Raises NotFound("billettique.no_order") unless this is the link that opens the order now."""
    with reading(services().engine) as session:
        baskets.check_secret(services().config, order_id, secret, store.link_of(session, order_id))


def private(answer: ResponseReturnValue) -> ResponseReturnValue:
    """The same answer, kept by no cache: whoever has its address may read it."""
    response = make_response(answer)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def subject() -> str | None:
    """The random id of who is signed in, if anybody is."""
    identity = auth.current_account()
    return None if identity is None else identity.subject


def shown() -> dict[str, Any]:
    """What every page of selling shows: whether it is a simulation, how many things wait in the basket."""
    seen = current()
    return {"simulation": not services().config.production, "in_basket": 0 if seen is None else len(seen.items)}
