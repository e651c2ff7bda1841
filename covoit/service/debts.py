"""Who was paid too much and has not given it back; what the ordonnateur gives up because it is too little to ask."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from covoit.model.payments import LEAST_RECOVERY_ORDER
from covoit.rules.payments import recovery_by_order
from covoit.service import awards
from covoit.service.rights import not_oneself, require
from covoit.store import awards as award_store
from covoit.store import claims as store
from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.roles import Identity, Permission
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Transfer

WRITTEN_OFF: Final = "covoit:written_off"


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
        owed = owed_by(session, person)
        if owed > ZERO:
            undecided = store.undecided_recoveries(session, person)
            found.append(Debt(person, owed, undecided, not recovery_by_order(owed)))
    return sorted(found, key=lambda each: (-each.owed.cents, each.person))


def give_up(session: Session, person: str, *, by: Identity, reason: str, now: datetime) -> Money:
    """Give up a small debt; how much. One at a time: given up twice at once, it is given up once.

    Raises as `write_off`."""
    award_store.lock(session)
    return write_off(session, person, by=by, reason=reason, now=now)


def owed_by(session: Session, person: str) -> Money:
    """What a person was paid too much and has not given back."""
    try:
        return max(ZERO, -ledger.balance(session, awards.overpaid(person)).net)
    except NotFound:
        return ZERO


def write_off(session: Session, person: str, *, by: Identity, reason: str, now: datetime) -> Money:
    """Give up what a person owes, when it is too little for a recovery order (under 15 €, D1611-1) ; how much.

    Raises Refused("covoit.write_off_too_much") from 15 € on, InvalidInput without a reason."""
    require(by, Permission.COVOIT_ORDER)
    not_oneself(session, [person], by)
    if not reason.strip():
        raise InvalidInput("covoit.decision_without_reason")
    owed = owed_by(session, person)
    if owed == ZERO:
        return ZERO
    if recovery_by_order(owed):
        raise Refused("covoit.write_off_too_much", owed=owed, least=LEAST_RECOVERY_ORDER)
    ledger.open_account(session, WRITTEN_OFF, floor=None, now=now)
    ledger.post(
        session,
        [
            Transfer(
                f"written-off:{new_id(now)}",
                WRITTEN_OFF,
                awards.overpaid(person),
                owed,
                now,
                "covoit.write_off",
                person,
            )
        ],
        now=now,
    )
    audit.record(
        session, "covoit.write_off", actor=by.subject, object_kind="covoit_person", object_id=person, now=now,
        detail={"cents": owed.cents},
    )  # fmt: skip
    return owed
