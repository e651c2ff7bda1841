"""What somebody buys: an order of items, each with its own life. The names of the states are OSDM's.

An item keeps a snapshot of what was promised when it was put into the basket (price, tax, tariff, legs, operators,
kilometres): nothing is priced again later. Only a database transaction moves a state, and each move is a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from mobigo.base.money import Money, split_tax


class Channel(StrEnum):
    """Where a sale is made. The same products at the same price on all of them."""

    ONLINE = "online"
    COUNTER = "counter"
    PHONE = "phone"
    POST = "post"
    RESELLER = "reseller"
    PARTNER = "partner"


class ItemKind(StrEnum):
    """What kind of thing an item is; it decides who confirms it and what it becomes."""

    TICKET = "ticket"
    CARNET = "carnet"
    PASS = "pass"  # noqa: S105 (a pass, not a password)
    CARD = "card"
    CARPOOL_SEAT = "carpool_seat"
    TAD_SEAT = "tad_seat"  # on-demand transport


class ItemState(StrEnum):
    """The life of an item (OSDM, booking part states)."""

    DRAFT = "DRAFT"  # in a basket, price kept until the basket expires
    PREBOOKED = "PREBOOKED"  # its seat is held elsewhere, for a time
    ON_HOLD = "ON_HOLD"  # a payment is under way
    CONFIRMED = "CONFIRMED"  # paid, and whoever serves it said yes
    FULFILLED = "FULFILLED"  # its ticket is issued, its seat sure
    CANCELLED = "CANCELLED"  # given up before it was paid, or returned without money
    REFUNDED = "REFUNDED"
    EXCHANGED = "EXCHANGED"
    ERROR = "ERROR"  # paid, and could not be served: its refund is due, and asked


MOVES: Final[Mapping[ItemState, frozenset[ItemState]]] = {
    ItemState.DRAFT: frozenset({ItemState.PREBOOKED, ItemState.ON_HOLD, ItemState.CANCELLED}),
    ItemState.PREBOOKED: frozenset({ItemState.ON_HOLD, ItemState.CANCELLED}),
    ItemState.ON_HOLD: frozenset({ItemState.CONFIRMED, ItemState.CANCELLED, ItemState.ERROR, ItemState.DRAFT}),
    ItemState.CONFIRMED: frozenset({ItemState.FULFILLED, ItemState.ERROR}),
    ItemState.FULFILLED: frozenset({ItemState.REFUNDED, ItemState.EXCHANGED}),
    ItemState.ERROR: frozenset({ItemState.REFUNDED}),
    ItemState.CANCELLED: frozenset(),
    ItemState.REFUNDED: frozenset(),
    ItemState.EXCHANGED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What is put into a basket: a product at a price, for whom, when, where, and under which tariff.

    `product` is its code at its seller, `vat_pct` the rate of the tax inside `gross`, `collector` who may hold the
    money (a régie, an operator, a mandate). `riders` are categories, one a person. `promised` is the snapshot: legs,
    times, operators, kilometres, fare lines; it holds no name.
    """

    kind: ItemKind
    product: str
    name: str
    gross: Money
    vat_pct: Decimal
    collector: str
    seller: str
    tariff_hash: str
    riders: tuple[str, ...]
    first_at: datetime | None
    last_at: datetime | None
    promised: Mapping[str, Any]

    @property
    def net(self) -> Money:
        return split_tax(self.gross, self.vat_pct)[0]

    @property
    def tax(self) -> Money:
        return self.gross - self.net
