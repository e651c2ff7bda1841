"""Partners sell by API: the same products at the same price, in baskets that are theirs, paid by the buyer to us.

A partner never holds the money: the order it confirms is paid by its buyer on our page. Selling for an authority's
account with somebody else's till would need a mandate (CGCT, article L. 1611-7-1); this needs none. The offer itself is
open to those who build services of travel on it (Code des transports, articles L. 1115-10 and following).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.orm import Session

from billettique.model.orders import Channel, ItemState, Offer
from billettique.rules.fares import operating_day
from billettique.service import baskets, orders, shelf
from billettique.service.seats import seats_of
from billettique.service.shelf import Shelf
from billettique.store import orders as store
from billettique.store import partners
from billettique.store.orders import ItemRow, OrderRow
from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.base.money import ZERO
from mobigo.infra import audit

if TYPE_CHECKING:
    from mobigo.infra.config import Config
    from mobigo.infra.web import Services

# What an order says of itself as a whole: the first of these states that one of its items has.
STATES: Final = (
    (ItemState.ON_HOLD, "waiting"), (ItemState.CONFIRMED, "paid"), (ItemState.ERROR, "failed"),
    (ItemState.FULFILLED, "served"), (ItemState.REFUNDED, "given_back"), (ItemState.EXCHANGED, "given_back"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a partner asks for: a product of the shelf, for these riders; from which day, for a pass or a card."""

    product: str
    riders: tuple[str, ...]
    first_day: date | None = None


def on_sale(home: Path | None, now: datetime) -> Shelf:
    """What a partner finds today: what needs no proof that an agent has to see."""
    found = shelf.on_sale(operating_day(now), home, Channel.PARTNER)
    return Shelf(
        found.tickets, found.carnets, tuple(each for each in found.covers if each.proof is None), found.riders,
        found.waiting, found.networks,
    )  # fmt: skip


def offers(wanted: Wanted, home: Path | None, now: datetime) -> tuple[Offer, ...]:
    """The offers of what is asked. Raises NotFound("billettique.not_on_sale"), InvalidInput("billettique.bad_riders"),
    Refused("billettique.proof_at_counter") and what the shelf raises."""
    today = operating_day(now)
    found = shelf.on_sale(today, home, Channel.PARTNER)
    if wanted.product in {each.id for each in found.tickets}:
        return shelf.flat_tickets(wanted.product, wanted.riders, home, Channel.PARTNER, now)
    if len(wanted.riders) != 1:
        raise InvalidInput("billettique.bad_riders", most=1)
    (rider,) = wanted.riders
    if wanted.product in {each.id for each in found.carnets}:
        return (shelf.carnet(wanted.product, rider, home, Channel.PARTNER, now),)
    needing = next((each for each in found.covers if each.id == wanted.product and each.proof is not None), None)
    if needing is not None:
        raise Refused("billettique.proof_at_counter", product=needing.name)
    if wanted.product not in {each.id for each in found.covers}:
        raise NotFound("billettique.not_on_sale", product=wanted.product[:80])
    return (shelf.cover(wanted.product, rider, wanted.first_day or today, home, Channel.PARTNER, now),)


def open_order(
    session: Session, config: "Config", partner: str, wanted: Sequence[Wanted], *, language: str, now: datetime
) -> OrderRow:
    """A new order of this partner, with what is asked; its prices are kept until `expires_at`.

    Raises what `offers` and `baskets.add` raise; then nothing is opened.
    """
    order = baskets.open_basket(
        session, config, channel=Channel.PARTNER, language=language, subject=None, now=now
    )  # fmt: skip
    partners.opened(session, order.id, partner, now)
    for each in wanted:
        baskets.add(session, order.id, offers(each, config.home, now), config, now=now)
    return order


def add(
    session: Session, config: "Config", partner: str, order_id: str, wanted: Wanted, *, version: int, now: datetime
) -> OrderRow:
    """Put one thing more into an order. Raises what `get_own`, `offers` and `baskets.add` raise: among them
    Conflict("billettique.order_changed") for another version than was seen."""
    order = partners.get_own(session, order_id, partner)
    baskets.add(session, order.id, offers(wanted, config.home, now), config, version=version, now=now)
    return order


def remove(
    session: Session, services: "Services", partner: str, order_id: str, item_id: str, *, version: int, now: datetime
) -> OrderRow:
    """Take an item out of an order, with what was asked together with it. Raises what `baskets.remove` raises."""
    order = partners.get_own(session, order_id, partner)
    baskets.remove(session, services.config, order.id, item_id, seats_of(services), version=version, now=now)
    return order


def confirm(
    session: Session, services: "Services", partner: str, order_id: str, *, version: int, way: tuple[str, str],
    return_url: str, actor: str, now: datetime,
) -> OrderRow:  # fmt: skip
    """Nothing changes any more: the buyer pays on the order's page, or has nothing to pay. Raises what `orders.place`
    raises; then the order is as it was."""
    order = partners.get_own(session, order_id, partner)
    provider, means = way
    orders.place(
        session, services.config, order.id, version=version, means=means, provider=provider, return_url=return_url,
        seats=seats_of(services), now=now,
    )  # fmt: skip
    audit.record(session, "billettique.partner.confirm", actor=actor, object_kind="billettique_order",
                 object_id=order.id, now=now)  # fmt: skip
    return order


# ---------------------------------------------------------------- what is answered


def written(session: Session, order: OrderRow, now: datetime) -> dict[str, Any]:
    """An order as a document: amounts in cents, instants with their zone, nobody's name."""
    items = store.items_of(session, order.id)
    shown = [each for each in items if each.now is not ItemState.CANCELLED]
    return {
        "id": order.id,
        "reference": order.reference,
        "version": order.version,
        "state": _state(order, shown, now),
        "expires_at": order.expires_at.isoformat(),
        "total_cents": sum((each.price for each in shown), ZERO).cents,
        "currency": "EUR",
        "items": [_item(each) for each in shown],
    }


def _state(order: OrderRow, items: Sequence[ItemRow], now: datetime) -> str:
    if order.placed_at is None:
        return "expired" if order.expires_at <= now else "open"
    held = {each.now for each in items}
    return next((word for state, word in STATES if state in held), "cancelled")


def _item(item: ItemRow) -> dict[str, Any]:
    return {
        "id": item.id,
        "product": item.product,
        "name": item.name,
        "kind": item.kind,
        "riders": list(item.riders),
        "price_cents": item.price.cents,
        "tax_cents": item.tax.cents,
        "vat_pct": item.vat_pct,
        "state": item.state,
        "first_at": None if item.first_at is None else item.first_at.isoformat(),
        "last_at": None if item.last_at is None else item.last_at.isoformat(),
    }
