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
from billettique.service import baskets, journeys, orders, shelf
from billettique.service.journeys import Finder, Found
from billettique.service.seats import seats_of
from billettique.service.shelf import Shelf
from billettique.store import orders as store
from billettique.store import partners
from billettique.store.orders import ItemRow, OrderRow
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.base.money import ZERO, Money
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
    """What a partner asks for: a product of the shelf, or a journey by its token, for these riders; from which day, for
    a pass or a card. `price`: what the partner was told it costs."""

    product: str
    riders: tuple[str, ...]
    first_day: date | None = None
    journey: str | None = None
    price: Money | None = None


@dataclass(frozen=True, slots=True)
class Priced:
    """A journey, and what a party has to buy for it: nothing where `why` says why it is not sold."""

    found: Found
    offers: tuple[Offer, ...]
    why: tuple[Decision, ...]


def on_sale(home: Path | None, now: datetime) -> Shelf:
    """What a partner finds today: what needs no proof that an agent has to see."""
    found = shelf.on_sale(operating_day(now), home, Channel.PARTNER)
    return Shelf(
        found.tickets, found.carnets, tuple(each for each in found.covers if each.proof is None), found.riders,
        found.waiting, found.networks,
    )  # fmt: skip


def priced(
    services: "Services", finder: Finder, ends: tuple[str, str], at: datetime | None, riders: Sequence[str], *,
    arrive_by: bool, now: datetime,
) -> tuple[list[Priced], Sequence[Decision]]:  # fmt: skip
    """Journeys from one place to another, priced for a party by the same engine as on our own pages; what is to be said
    of them as a whole. Raises what the finder raises, InvalidInput("billettique.bad_riders")."""
    shelf.check_riders(riders, services.config.home, at or now)
    found, said = finder.find(*ends, at, arrive_by=arrive_by)
    return [_priced(services.config, each, riders, now) for each in found], said


def _priced(config: "Config", found: Found, riders: Sequence[str], now: datetime) -> Priced:
    if found.token is None:
        return Priced(found, (), found.why)
    try:
        return Priced(found, journeys.offers_of(config, found.token, riders, Channel.PARTNER, now), ())
    except MobigoError as refused:
        return Priced(found, (), (refused.decision,))


def offers(wanted: Wanted, config: "Config", now: datetime) -> tuple[Offer, ...]:
    """The offers of what is asked. Raises NotFound("billettique.not_on_sale"), InvalidInput("billettique.bad_riders",
    "billettique.bad_journey"), Refused("billettique.proof_at_counter"), Conflict("billettique.price_not_as_told") when
    they cost something else than the partner was told, and what the shelf raises."""
    if wanted.journey is not None:
        made = journeys.offers_of(config, wanted.journey, wanted.riders, Channel.PARTNER, now)
    else:
        made = _of_shelf(wanted, config.home, now)
    if wanted.price is not None and shelf.total(made) != wanted.price:
        raise Conflict("billettique.price_not_as_told", told=wanted.price, price=shelf.total(made))
    return made


def _of_shelf(wanted: Wanted, home: Path | None, now: datetime) -> tuple[Offer, ...]:
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
        baskets.add(session, order.id, offers(each, config, now), config, now=now)
    return order


def add(
    session: Session, config: "Config", partner: str, order_id: str, wanted: Wanted, *, version: int, now: datetime
) -> OrderRow:
    """Put one thing more into an order. Raises what `get_own`, `offers` and `baskets.add` raise: among them
    Conflict("billettique.order_changed") for another version than was seen."""
    order = partners.get_own(session, order_id, partner)
    baskets.add(session, order.id, offers(wanted, config, now), config, version=version, now=now)
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
