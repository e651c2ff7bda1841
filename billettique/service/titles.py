"""What selling asks of tickets: issue, take back, freeze and free again, and whether a title was used."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from billettique.service import issuing, tickets
from billettique.store import tickets as store
from billettique.store import validations
from billettique.store.orders import ItemRow
from mobigo.base.decisions import Decision

if TYPE_CHECKING:
    from mobigo.infra.config import Config
    from mobigo.infra.web import Services


def issue(session: Session, services: "Services", item: ItemRow, now: datetime, *, subject: str | None = None) -> str:
    """The title of an item; the same item, the same title. Raises what cannot be put into a ticket."""
    return issuing.issue(session, services, item, now, subject=subject)


def give_back(session: Session, entitlement: str, now: datetime) -> None:
    """Good for nothing from now on, against money."""
    tickets.refunded(session, entitlement, now)


def exchange(session: Session, entitlement: str, now: datetime) -> None:
    """Good for nothing from now on: another one takes its place."""
    tickets.revoke(session, entitlement, Decision("billettique.exchanged_title"), now)


def suspend(session: Session, entitlement: str, why: Decision, now: datetime) -> None:
    """Refused at the next inspection that has heard of it, until `resume`."""
    tickets.suspend(session, entitlement, why, now)


def resume(session: Session, entitlement: str, now: datetime) -> None:
    """Good again."""
    tickets.resume(session, entitlement, now)


def use_of(session: Session, entitlement: str) -> tuple[datetime | None, int | None]:
    """(when it was first used, how many tickets of a carnet are left); (None, None) for what nobody used."""
    row = store.get(session, entitlement)
    if row.needs_activation and row.activated_at is not None:
        return row.activated_at, row.units_left
    mark = tickets.mark_of(row)
    used = validations.used_among(session, [mark])
    # Used longer ago than we may remember: its first day stands for it.
    return (used[mark] or row.first_at if mark in used else None), row.units_left


def page_of(session: Session, config: "Config", entitlement: str) -> str:
    """The path of the page that shows a title."""
    return tickets.path_of(config, store.get(session, entitlement))
