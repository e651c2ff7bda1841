"""Who was paid too much and has not given it back; what the ordonnateur gives up because it is too little to ask."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from covoit.rules.payments import recovery_by_order
from covoit.service import claims
from covoit.store import awards as award_store
from covoit.store import claims as store
from mobigo.base.money import ZERO, Money
from mobigo.infra.roles import Identity


@dataclass(frozen=True, slots=True)
class Debt:
    """What a person owes back. `undecided`: the part that waits for a decision; `small`: under the least order."""

    person: str
    owed: Money
    undecided: Money
    small: bool


def debts(session: Session) -> list[Debt]:
    """Everybody who owes something back, the largest sum first."""
    found = []
    for person in store.people_owing(session):
        owed = claims.owed_by(session, person)
        if owed > ZERO:
            undecided = store.undecided_recoveries(session, person)
            found.append(Debt(person, owed, undecided, not recovery_by_order(owed)))
    return sorted(found, key=lambda each: (-each.owed.cents, each.person))


def give_up(session: Session, person: str, *, by: Identity, reason: str, now: datetime) -> Money:
    """Give up a small debt; how much. One at a time: given up twice at once, it is given up once.

    Raises as `claims.write_off`."""
    award_store.lock(session)
    return claims.write_off(session, person, by=by, reason=reason, now=now)
