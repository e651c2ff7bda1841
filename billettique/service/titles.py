"""What selling asks of tickets: issue, take back, freeze and free again, and whether a title was used."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from billettique.store.orders import ItemRow
from mobigo.base.decisions import Decision

if TYPE_CHECKING:
    from mobigo.infra.web import Services


def issue(session: Session, services: "Services", item: ItemRow, now: datetime) -> str:
    """The title of an item; the same item, the same title."""
    from billettique.service import issuing

    return issuing.issue(session, services, item, now)


def revoke(session: Session, services: "Services", entitlement: str, why: Decision, now: datetime) -> None:
    """Good for nothing from now on."""


def suspend(session: Session, services: "Services", entitlement: str, why: Decision, now: datetime) -> None:
    """Refused at the next inspection that has heard of it, until `resume`."""


def resume(session: Session, services: "Services", entitlement: str, now: datetime) -> None:
    """Good again."""


def use_of(session: Session, entitlement: str) -> tuple[datetime | None, int | None]:
    """(when it was first used, how many tickets of a carnet are left); (None, None) for what nobody used."""
    return None, None
