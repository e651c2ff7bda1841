"""Seats that somebody else keeps (a carpool line, transport on demand), as a basket asks for them; `mobigo.app` joins.

Two phases: a hold for a time before the buyer pays, then a confirmation, or a release. Every call may be repeated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.orm import Session

from billettique.model.orders import ItemKind, Offer

if TYPE_CHECKING:
    from mobigo.infra.web import Services


@dataclass(frozen=True, slots=True)
class Held:
    """A seat kept until an instant."""

    ref: str
    until: datetime


class Seats(Protocol):
    """Who keeps the seats of one kind. All of it happens in the caller's transaction, or in a savepoint of it."""

    kind: ItemKind

    def offer(self, session: Session, asked: Mapping[str, str], now: datetime) -> Offer:
        """What is asked, at the price of the day. Raises NotFound, InvalidInput, Refused."""

    def hold(self, session: Session, promised: Mapping[str, Any], key: str, until: datetime, now: datetime) -> Held:
        """Keep the seat of an offer; the same key, the same seat. Raises Conflict when it is gone, Refused."""

    def confirm(self, session: Session, ref: str, now: datetime) -> None:
        """It is paid. Raises Conflict when it is gone after all."""

    def release(self, session: Session, ref: str, now: datetime) -> None:
        """Not wanted any more, paid or not. Raises Refused when it is too late to give it back."""


def seats_of(services: "Services") -> Mapping[ItemKind, Seats]:
    """Who keeps seats, as the application joined them; nobody where none were handed over."""
    found: Mapping[ItemKind, Seats] = services.seats or {}
    return found
