"""Who may act on money and on people: holding the right, and never on oneself."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from covoit.store.people import find_person
from mobigo.base.errors import Refused
from mobigo.infra.roles import Identity, Permission


def require(by: Identity, permission: Permission) -> None:
    """Raises Refused("covoit.not_allowed") when they hold no such right."""
    if not by.may_in(permission, None):
        raise Refused("covoit.not_allowed", permission=str(permission))


def not_oneself(session: Session, people: Sequence[str], by: Identity) -> None:
    """Nobody decides about themselves (impartiality: CRPA, L100-2). Raises Refused("covoit.own_case")."""
    mine = find_person(session, subject=by.subject)
    if mine is not None and mine.id in people:
        raise Refused("covoit.own_case")
