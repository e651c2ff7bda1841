"""Paying an operator's call for funds: the operator has paid its drivers the aid, and gets it back, once.

    covoit:payable:<driver> → covoit:paid_operator:<operator>      each driver's part of the call

The money is taken from what is payable to the drivers themselves, in one transaction with the row that says the call is
paid: a sum cannot reach both the driver and the company. A driver whose part is no longer whole (they asked for it
directly, or owe) is left out of the call, and that is said. What is paid is a subsidy to a legal person, and published.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from covoit.export.opendata import GrantToCompany
from covoit.gateway.conventions import convention_of
from covoit.service import awards, claims
from covoit.service.closing import first_day_of, last_day_of
from covoit.store import awards as award_store
from covoit.store import calls as store
from covoit.store import claims as claim_store
from covoit.store.journey_rows import OWN_OPERATOR
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.money import ZERO, Money
from mobigo.base.periods import Period
from mobigo.infra import audit
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Transfer

REFERENCE_MAX: Final = 80


def paid_operator(operator: str) -> str:
    return f"covoit:paid_operator:{operator}"


def settle(
    session: Session, operator: str, month: str, *, campaign: str = "", reference: str, paid_on: date, by: str,
    home: Path, now: datetime,
) -> store.CallRow:  # fmt: skip
    """Record that the call of an operator for a closed month was paid to its company. The same again gives the same;
    with another mandate, Conflict("covoit.call_paid").

    Raises InvalidInput("covoit.bad_reference"), Refused("covoit.month_open" | "covoit.call_of_ours" |
    "covoit.call_empty" | "covoit.no_convention").
    """
    first, last = first_day_of(month), last_day_of(month)
    clean = " ".join(reference.split())
    if not clean or len(clean) > REFERENCE_MAX:
        raise InvalidInput("covoit.bad_reference", most=REFERENCE_MAX)
    if operator == OWN_OPERATOR:
        raise Refused("covoit.call_of_ours", operator=operator)
    award_store.lock(session)
    known = store.find_call(session, operator, month, campaign)
    if known is not None:
        if (known.reference, known.paid_on) != (clean, paid_on):
            raise Conflict("covoit.call_paid", operator=operator, month=month, reference=known.reference)
        return known
    if award_store.find_month(session, month) is None:
        raise Refused("covoit.month_open", month=month)
    agreement = convention_of(home, operator, first, last)
    parts, left = _parts(session, store.due_by_driver(session, operator, month, campaign))
    if not parts:
        raise Refused("covoit.call_empty", operator=operator, month=month)
    total = sum(parts.values(), ZERO)
    awards.open_accounts(session, {paid_operator(operator): None}, now)
    there, memo = paid_operator(operator), {"reference": clean}
    moves = [
        Transfer(
            f"call:{operator}:{month}:{campaign}:{person}", awards.payable(person), there, amount, now, "covoit.call",
            month, memo,
        )
        for person, amount in parts.items()
    ]  # fmt: skip
    ledger.post(session, moves, now=now)
    row = store.CallRow(
        operator=operator, month=month, supplement=campaign, cents=total.cents, drivers=len(parts),
        left_out=len(left), left_out_cents=sum(left.values()), reference=clean, paid_on=paid_on,
        beneficiary=agreement.name, siret=agreement.siret, agreement=agreement.reference,
        agreed_on=agreement.agreed_on, purpose=agreement.purpose, recorded_by=by, recorded_at=now,
    )  # fmt: skip
    session.add(row)
    audit.record(
        session, "covoit.call_paid", actor=by, object_kind="covoit_call", object_id=f"{operator}:{month}"[:64],
        now=now, detail={"cents": total.cents, "drivers": len(parts), "left_out": len(left), "reference": clean},
    )  # fmt: skip
    session.flush()
    return row


def _parts(session: Session, due: dict[str, int]) -> tuple[dict[str, Money], dict[str, int]]:
    """What is paid of each driver's part, and what is not: a driver with a request under way, or less than their part
    payable, is paid directly for what is left."""
    paid: dict[str, Money] = {}
    left: dict[str, int] = {}
    for person, cents in due.items():
        direct = claim_store.open_claim(session, person) is not None
        if cents > 0 and not direct and claims.payable_of(session, person) >= Money(cents):
            paid[person] = Money(cents)
        elif cents:
            left[person] = cents
    return paid, left


def grants(session: Session, within: Period | None = None) -> list[GrantToCompany]:
    """What was paid to companies (on days of a period), one for each agreement and year of payment; sums exact."""
    groups: dict[tuple[str, str, int], list[store.CallRow]] = {}
    for row in store.calls(session):
        if within is None or row.paid_on in within:
            groups.setdefault((row.siret, row.agreement, row.paid_on.year), []).append(row)
    return list(_grants(list(groups.values())))


def _grants(groups: Sequence[Sequence[store.CallRow]]) -> Iterator[GrantToCompany]:
    for rows in groups:
        one = rows[-1]
        days = [row.paid_on for row in rows]
        yield GrantToCompany(
            one.beneficiary, one.siret, one.agreed_on, one.agreement, one.purpose,
            sum((Money(row.cents) for row in rows), ZERO), min(days), max(days),
        )  # fmt: skip
