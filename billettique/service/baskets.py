"""The basket: an order not yet placed. Listed prices are kept until it expires, and it may be extended.

Nobody says who they are: whoever holds the secret of a basket (a cookie, a link) may change it.
"""

import hmac
import secrets
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from billettique.gateway import sales
from billettique.model.orders import Channel, ItemKind, ItemState, Offer
from billettique.model.sales import SaleTerms
from billettique.service import reductions
from billettique.service.seats import Seats
from billettique.store import orders as store
from billettique.store.orders import ItemRow, OrderRow
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import keys
from mobigo.infra.clock import new_id
from mobigo.infra.config import Config

ITEMS_MAX: Final = 20
_LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # none that reads like another
BASKET: Final = (ItemState.DRAFT, ItemState.PREBOOKED)
OPEN_ENDED: Final = timedelta(days=1)  # a basket left alone is forgotten after that


@dataclass(frozen=True, slots=True)
class Basket:
    """What a buyer sees of a basket: items, what they cost, until when the prices are kept. `warns`: soon over."""

    order: OrderRow
    items: tuple[ItemRow, ...]
    total: Money
    expires_at: datetime
    expired: bool
    warns: bool
    may_extend: bool
    terms: SaleTerms


def secret_of(config: Config, order_id: str, link: int = 0) -> str:
    """What opens an order without an account, in its link. `link` counts the links it had: each opens alone."""
    return _secret(config, "billettique.order", order_id if link == 0 else f"{order_id}:{link}")


def check_secret(config: Config, order_id: str, secret: str, link: int = 0) -> None:
    """Raises NotFound("billettique.no_order") unless the secret is that of the order: nobody learns that it exists."""
    if not hmac.compare_digest(secret_of(config, order_id, link).encode(), secret.lower().encode()):
        raise NotFound("billettique.no_order")


def browser_secret(config: Config, order_id: str) -> str:
    """What the browser of a basket keeps in its cookie. Nobody makes it from a link: it tells who bought from who was
    written to."""
    return _secret(config, "billettique.basket", order_id)


def check_browser(config: Config, order_id: str, secret: str) -> None:
    """Raises NotFound("billettique.no_order") unless a cookie is that of the basket."""
    if not hmac.compare_digest(browser_secret(config, order_id).encode(), secret.lower().encode()):
        raise NotFound("billettique.no_order")


def _secret(config: Config, purpose: str, text: str) -> str:
    digest = hmac.new(keys.derived(config, purpose), text.encode(), sha256).digest()
    return b32encode(digest)[:26].decode().lower()


def open_basket(
    session: Session, config: Config, *, channel: Channel, language: str, subject: str | None, now: datetime
) -> OrderRow:
    """A new basket."""
    terms = sales.terms_on(paris_day(now), config.home)
    order = OrderRow(
        id=new_id(now), reference=_reference(), channel=str(channel), subject=subject, language=language,
        version=1, attempt=0, extended=0, receipt=False, created_at=now, expires_at=now + terms.keep, changed_at=now,
    )  # fmt: skip
    session.add(order)
    session.flush()
    return order


def _reference() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(9))


def add(
    session: Session, order_id: str, offers: Sequence[Offer], config: Config, *, holder: str | None = None,
    version: int | None = None, now: datetime,
) -> list[ItemRow]:  # fmt: skip
    """Put offers of one quote into a basket; the prices of all it holds are kept from now on.

    Raises Conflict("billettique.order_placed", "billettique.order_changed", "billettique.other_collector"),
    Refused("billettique.basket_full").
    """
    order = _open_order(session, order_id, version)
    held = store.items_of(session, order_id)
    mine = [each for each in held if each.now in BASKET]
    if len(mine) + len(offers) > ITEMS_MAX:
        raise Refused("billettique.basket_full", most=ITEMS_MAX)
    collectors = {each.collector for each in mine} | {each.collector for each in offers}
    if len(collectors) > 1:
        raise Conflict("billettique.other_collector")
    if order.expires_at <= now:  # what stood there at older prices goes, rather than be sold at them
        for item in mine:
            store.move(session, item, ItemState.CANCELLED, now, Decision("billettique.price_not_kept"))
    bundle, start = new_id(now), max((each.position for each in held), default=0)
    made = [_item(order_id, bundle, start + at, offer, holder, now) for at, offer in enumerate(offers, 1)]
    store.born(session, made, now)
    order.expires_at = now + sales.terms_on(paris_day(now), config.home).keep
    reductions.weigh_again(session, config, order, store.items_of(session, order_id, *BASKET), now)
    store.touch(order, now)
    session.flush()
    return made


def new_item(order_id: str, offer: Offer, *, position: int, now: datetime) -> ItemRow:
    """An item of its own, not written yet."""
    return _item(order_id, new_id(now), position, offer, None, now)


def _item(order_id: str, bundle: str, position: int, offer: Offer, holder: str | None, now: datetime) -> ItemRow:
    return ItemRow(
        id=new_id(now), order_id=order_id, position=position, bundle=bundle, kind=str(offer.kind),
        product=offer.product, name=offer.name, gross_cents=offer.gross.cents, reduction_cents=0,
        vat_pct=format(Decimal(offer.vat_pct), "f"), collector=offer.collector, seller=offer.seller,
        tariff_hash=offer.tariff_hash, riders=list(offer.riders), first_at=offer.first_at, last_at=offer.last_at,
        promised=dict(offer.promised), holder=holder if offer.kind in (ItemKind.PASS, ItemKind.CARD) else None,
        state=str(ItemState.DRAFT), created_at=now, changed_at=now,
    )  # fmt: skip


def remove(
    session: Session, config: Config, order_id: str, item_id: str, seats: Mapping[ItemKind, Seats], *,
    version: int | None = None, now: datetime,
) -> None:  # fmt: skip
    """Take an item out, with what was quoted together with it; a seat held is given back.

    Raises NotFound("billettique.no_item"), Conflict("billettique.order_placed", "billettique.order_changed").
    """
    order = _open_order(session, order_id, version)
    mine = store.items_of(session, order_id, *BASKET)
    chosen = next((each for each in mine if each.id == item_id), None)
    if chosen is None:
        raise NotFound("billettique.no_item")
    for item in mine:
        if item.bundle == chosen.bundle:
            give_back_seat(session, item, seats, now)
            store.move(session, item, ItemState.CANCELLED, now, Decision("billettique.taken_out"))
    session.flush()
    reductions.weigh_again(session, config, order, store.items_of(session, order_id, *BASKET), now)
    store.touch(order, now)


def extend(session: Session, order_id: str, config: Config, now: datetime) -> datetime:
    """Keep the prices for as long again. Raises Refused("billettique.no_more_extension"),
    Conflict("billettique.price_not_kept") once it is too late."""
    order = _open_order(session, order_id, None)
    terms = sales.terms_on(paris_day(now), config.home)
    if order.expires_at <= now:
        raise Conflict("billettique.price_not_kept")
    if order.extended >= terms.extensions_max:
        raise Refused("billettique.no_more_extension", times=terms.extensions_max)
    order.extended += 1
    order.expires_at = now + terms.keep
    store.touch(order, now)
    return order.expires_at


def look(session: Session, order_id: str, config: Config, now: datetime) -> Basket:
    """The basket as it stands. Raises NotFound("billettique.no_order")."""
    order = store.get_order(session, order_id)
    items = tuple(store.items_of(session, order_id, *BASKET))
    terms = sales.terms_on(paris_day(now), config.home)
    left = order.expires_at - now
    return Basket(
        order, items, sum((each.price for each in items), ZERO), order.expires_at, left <= timedelta(0),
        timedelta(0) < left <= terms.warn, order.extended < terms.extensions_max, terms,
    )  # fmt: skip


def set_email(order: OrderRow, email: str) -> None:
    """Where the tickets are sent; nobody has to say. Raises InvalidInput("billettique.bad_email")."""
    written = email.strip()
    name, at, host = written.rpartition("@")
    if written and not (at and name and "." in host and len(written) <= 254 and written.isprintable()
                        and not any(letter.isspace() for letter in written)):  # fmt: skip
        raise InvalidInput("billettique.bad_email")
    order.email = written or None


def _open_order(session: Session, order_id: str, version: int | None) -> OrderRow:
    order = store.get_order(session, order_id, lock=True, version=version)
    if order.placed_at is not None:
        raise Conflict("billettique.order_placed")
    return order


def give_back_seat(session: Session, item: ItemRow, seats: Mapping[ItemKind, Seats], now: datetime) -> None:
    """Release the seat of an item, if one is held; a keeper who refuses (too late) keeps it, and that is written."""
    if item.seat is None:
        return
    keeper = seats.get(ItemKind(item.kind))
    if keeper is None:
        return
    with session.begin_nested():
        keeper.release(session, item.seat, now)
    item.seat = item.seat_until = None


def forget_old(session: Session, seats: Mapping[ItemKind, Seats], now: datetime, limit: int = 200) -> int:
    """Give back the seats of baskets that are over, and forget those left alone for a day."""
    over = list(
        session.scalars(
            select(OrderRow)
            .where(OrderRow.placed_at.is_(None), OrderRow.expires_at <= now)
            .order_by(OrderRow.expires_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    for order in over:
        mine = store.items_of(session, order.id, *BASKET)
        for item in mine:
            if item.seat is not None:
                give_back_seat(session, item, seats, now)
        if order.expires_at + OPEN_ENDED > now:
            continue
        if order.attempt == 0:
            session.execute(delete(ItemRow).where(ItemRow.order_id == order.id))
            session.execute(delete(OrderRow).where(OrderRow.id == order.id))
        else:  # money may still come for it: it stays, and what comes goes back
            for item in mine:
                store.move(session, item, ItemState.CANCELLED, now, Decision("billettique.left_alone"))
            order.placed_at = order.placed_at or now
            store.touch(order, now)
    return len(over)
