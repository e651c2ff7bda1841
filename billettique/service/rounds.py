"""A round (tournée): an inspector, mandataire of a régie, takes money on the spot and has a till like any other.

Opened with its float before leaving; each payment has a receipt, numbered 1, 2, 3 … by the one device that carries the
round, without a network; booked when it comes, once, in whatever order. Counted blind, and only when no receipt is
missing up to the last one given (or the missing ones are explained: a telephone may be lost); then handed over to the
régisseur, never to oneself, who pays it over with the rest.

A count is never changed: a receipt that comes after it is booked, and so is a difference of the same amount.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from billettique.gateway.regies import get_regie, regies_on
from billettique.model.regie import CashKind, Closing, Regie
from billettique.rules import rounds as rules
from billettique.service import cash
from billettique.store import cash as cash_store
from billettique.store import rounds as store
from billettique.store.cash import CashSessionRow
from billettique.store.inspections import CaseRow
from billettique.store.reasons import told, written
from billettique.store.rounds import SpotReceiptRow
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import audit
from mobigo.ledger.model import Transfer


@dataclass(frozen=True, slots=True)
class Carried:
    """A round as its device carries it. `last`: the last receipt known here; `cash_max`: what may still be taken in
    cash; `payment_max`: of one person."""

    id: str
    label: str
    regie: Regie
    last: int
    cash_max: Money


def label_of(row: CashSessionRow) -> str:
    """What a round is called, and its receipts after it: "T12", "T12-3"."""
    return f"T{row.round_number}"


def regies_of_rounds(now: datetime, home: Path | None) -> list[Regie]:
    """The régies whose act lets mandataires take penalties on rounds."""
    found = regies_on(paris_day(now), home)
    return [
        act
        for act in found
        if str(CashKind.PENALTY) in act.receipts and act.round_max > ZERO and any(each.moving for each in act.places)
    ]


def open_round(
    session: Session, *, agent: str, regie: str, opening: Money, home: Path | None, now: datetime
) -> CashSessionRow:
    """Open a round with the float that was counted; it is numbered without a gap in its régie.

    Raises NotFound("billettique.no_regie"), InvalidInput("billettique.other_float"), Conflict("billettique.till_open"),
    Refused("billettique.round_not_handed_over") for who carries all that the act allows.
    """
    act = next((each for each in regies_of_rounds(now, home) if each.code == regie), None)
    if act is None:
        raise NotFound("billettique.no_regie", regie=regie[:60])
    carried = store.carried_by(session, agent)
    if rules.left_to_carry(act, carried) == ZERO:
        raise Refused("billettique.round_not_handed_over", carried=carried, most=act.round_max)
    place = next(each.code for each in act.places if each.moving)
    row = cash.open_till(session, agent=agent, regie=regie, place=place, opening=opening, training=False, home=home,
                         now=now, moving=True)  # fmt: skip
    held = cash_store.lock_regie(session, regie, now)
    held.rounds += 1
    row.round_number = held.rounds
    session.flush()
    return row


def claim(session: Session, *, agent: str, device: str, home: Path | None, now: datetime) -> Carried | None:
    """The open round of an agent, for the device that carries it: the first that asks; None without one.

    Raises Conflict("billettique.round_elsewhere") for another device: two would give the same numbers; and
    ("billettique.round_lost") once its telephone was said to be lost: it is to be counted, and another one opened.
    """
    row = cash_store.find_open(session, agent, lock=True)
    if row is None or row.round_number is None:
        return None
    if row.lost_at is not None:  # what its telephone gave is not known: no number is safe to give again
        raise Conflict("billettique.round_lost", round=label_of(row))
    if row.device is None:
        row.device = device
    if row.device != device:
        raise Conflict("billettique.round_elsewhere", round=label_of(row))
    act = get_regie(row.regie, paris_day(now), home)
    last = max((each.number for each in store.of_till(session, row.id)), default=0)
    return Carried(row.id, label_of(row), act, last, rules.left_to_carry(act, store.carried_by(session, agent)))


def take(
    session: Session, case: CaseRow, *, till: str, number: int, means: str, collector: str, home: Path | None,
    now: datetime,
) -> list[Transfer]:  # fmt: skip
    """What was paid on the spot for a case is in its round; the postings, for the end of the transaction.

    Raises NotFound("billettique.no_till"), Refused("billettique.round_of_another"),
    Conflict("billettique.receipt_taken") for a number that another case has.
    """
    row = cash_store.get_session(session, till, lock=True)
    if row.round_number is None or row.agent != case.inspector or row.device not in (None, case.device):
        raise Refused("billettique.round_of_another")
    row.device = case.device
    if store.find(session, row.id, number) is not None:
        raise Conflict("billettique.receipt_taken", receipt=f"{label_of(row)}-{number}")
    act, amount = get_regie(row.regie, paris_day(case.found_at), home), Money(case.owed_cents)
    held = cash_store.lock_regie(session, row.regie, now)
    flags = rules.flags(act, held.holding, store.carried_by(session, row.agent), means, amount)
    session.add(
        SpotReceiptRow(
            till=row.id, number=number, case_id=case.id, means=means, cents=amount.cents, taken_at=case.found_at,
            came_at=now, late=row.closed_at is not None, flags=[written(each) for each in flags],
        )
    )  # fmt: skip
    transfers = cash.enter(session, held, row.id, ref=case.id, collector=collector, means=means, amount=amount,
                           kind=CashKind.PENALTY, now=now)  # fmt: skip
    if row.closed_at is not None and means == "cash":  # it was counted, or is not there: the count stands
        cash_store.move(session, held, CashKind.DIFFERENCE, means, -amount, case.id, till=row.id, now=now)
        pair = cash.gap_account(row.regie), cash.held_account(row.regie, means)
        transfers.append(cash.moved(f"{case.id}:late", *pair, amount, "till_difference", row.id, now))
    session.flush()
    return transfers


def close_round(
    session: Session, *, agent: str, pieces: Mapping[int, int], last: int, note: str, now: datetime
) -> tuple[CashSessionRow, Closing]:
    """Count a round and close it. `last`: the number of the last receipt given, 0 for none.

    Raises Refused("billettique.no_open_round"), InvalidInput("billettique.receipts_missing") while receipts are missing
    and nothing explains it, and what `rules.missing` and `cash.count` raise.
    """
    row = cash_store.find_open(session, agent, lock=True)
    if row is None or row.round_number is None:
        raise Refused("billettique.no_open_round")
    gone = rules.missing((each.number for each in store.of_till(session, row.id)), last)
    if gone and not note.strip():
        shown = ", ".join(str(each) for each in gone[:10])
        raise InvalidInput("billettique.receipts_missing", count=len(gone), numbers=shown)
    row.last_receipt, row.missing = last, list(gone)
    return row, cash.count(session, row, pieces=pieces, note=note, now=now)


def hand_over(session: Session, till: str, *, by: str, now: datetime) -> CashSessionRow:
    """The régisseur has the money of a counted round, its float too. Raises NotFound("billettique.no_till"),
    Refused("billettique.round_own", "billettique.round_not_counted"), Conflict("billettique.round_handed_over")."""
    row = cash_store.get_session(session, till, lock=True)
    if row.round_number is None:
        raise NotFound("billettique.no_till")
    if row.agent == by:
        raise Refused("billettique.round_own")
    if row.closed_at is None:
        raise Refused("billettique.round_not_counted")
    if row.handed_at is not None:
        raise Conflict("billettique.round_handed_over")
    row.handed_to, row.handed_at = by, now
    audit.record(session, actor=by, action="billettique.round.receive", object_kind="till", object_id=row.id, now=now)
    session.flush()
    return row


def is_receipt_of(session: Session, case: CaseRow, till: str | None, number: int | None) -> bool:
    """Whether a case was paid by this receipt of this round."""
    found = store.of_case(session, case.id)
    return found is not None and (found.till, found.number) == (till, number)


def still_missing(session: Session, row: CashSessionRow) -> list[int]:
    """The receipts that had not come at the count, and have not come since."""
    came = {each.number for each in store.of_till(session, row.id)}
    return [number for number in row.missing or () if number not in came]


def flags_of(row: SpotReceiptRow) -> list[Decision]:
    """What is wrong with a receipt."""
    return [each for each in map(told, row.flags) if each is not None]
