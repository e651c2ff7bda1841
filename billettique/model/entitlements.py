"""The right to travel that a sale becomes: an entitlement, its states, and what an item sold has to say for it.

An entitlement keeps one reference for ever; its codes (what a camera reads) come and go: activated, moved to another
telephone, signed anew with another key. What is promised is read from the item's snapshot:

    promised = {"activation": true, "valid_min": 120, "units": 10, "class": "second",
                "area": {"stations": [["8771800", "stationUIC"], …], "zones": [["3999", 90010, 1], …],
                         "lines": [["3999", 204], …], "words": "Dijon – Beaune"},
                "checks": {"identity": true, "age": false, "card": false, "words": "…"},
                "legs": [{"from_name": …, "to_name": …}, …], "networks": […], "proof": …}

Every part may be absent; other names are no affair of a ticket.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from billettique.model.orders import ItemKind, Offer
from billettique.model.ticket import Ticket


class EntitlementState(StrEnum):
    """Where a right to travel stands. A suspended one comes back, the last two never do."""

    ACTIVE = "active"
    SUSPENDED = "suspended"  # a debit failed, a payment is contested
    REVOKED = "revoked"
    REFUNDED = "refunded"


class KeyPurpose(StrEnum):
    """What a key of a seller signs."""

    TICKETS = "tickets"
    LISTS = "lists"  # the key list and the revocation list: what devices are given first


class Sold(Protocol):
    """An item of an order, once it is paid. `holder` is a name, on a personal ticket."""

    @property
    def id(self) -> str: ...

    @property
    def order_id(self) -> str: ...

    @property
    def holder(self) -> str | None: ...

    def offer(self) -> Offer: ...


@dataclass(frozen=True, slots=True)
class Bare:
    """A thing sold outside an order: a trial ticket of the command line, a pass brought in from elsewhere."""

    id: str
    order_id: str
    offered: Offer
    holder: str | None = None

    def offer(self) -> Offer:
        return self.offered


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A right to travel as its holder sees it. `ticket` and `code` are None where nothing is shown to an inspector (a
    carnet: its tickets are; a discount card). `bound`: the code is signed for one telephone, which signs it in turn."""

    id: str
    item: str
    order: str
    kind: ItemKind
    state: EntitlementState
    reference: str
    name: str
    first_at: datetime
    last_at: datetime
    needs_activation: bool
    activated_at: datetime | None
    units: int | None
    units_left: int | None
    moves: int  # how many times it was put on another telephone, or back to paper
    link: int  # the number of its secret link
    ticket: Ticket | None
    code: bytes | None
    bound: bool
    code_at: datetime | None

    @property
    def dead(self) -> bool:
        return self.state in (EntitlementState.REVOKED, EntitlementState.REFUNDED)
