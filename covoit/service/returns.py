"""What the bank answers, applied once: paid, or given back. A repeated file changes nothing.

covoit:in_payment:<batch> → bank                     paid
covoit:in_payment:<batch> → covoit:payable:<driver>  refused before it was booked
bank → covoit:payable:<driver>                       given back after it was booked
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from covoit.gateway.bank import BankMessage, read_bank_file
from covoit.model.payments import Answer, BankLine, BatchState, Event, Stage
from covoit.rules import payments as rules
from covoit.service import awards
from covoit.service.claims import ACCOUNT_REASONS
from covoit.service.payments import BANK, in_payment
from covoit.store import awards as award_store
from covoit.store import claims as claim_store
from covoit.store import ibans
from covoit.store import journeys as journey_store
from covoit.store import payments as store
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, Refused
from mobigo.base.money import Money
from mobigo.infra import audit
from mobigo.infra.blobs import Blobs
from mobigo.infra.db import insert_new, transaction
from mobigo.infra.roles import Identity, Permission
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Order, Transfer

OURS: Final = "MOBIGO-"


@dataclass(frozen=True, slots=True)
class Applied:
    """What a file changed; `faults` are its lines that fit nothing of ours, left for a person to look at."""

    paid: int = 0
    returned: int = 0
    repeated: int = 0
    waiting: int = 0
    faults: tuple[tuple[str, Decision], ...] = ()


def apply_bank_file(engine: Engine, blobs: Blobs | None, content: bytes, *, by: Identity, now: datetime) -> Applied:
    """Read a pain.002 or camt.054 and apply it. Raises InvalidInput("covoit.bank_file_…"), Refused."""
    message = read_bank_file(content)
    with transaction(engine) as session:
        if not by.may_in(Permission.COVOIT_ACCOUNT, None):
            raise Refused("covoit.not_allowed", permission=str(Permission.COVOIT_ACCOUNT))
        if blobs is not None:
            blobs.put(session, content, owner="covoit", purpose="covoit.bank_file", keep_days=3_653, now=now)
        return apply(session, _spread(session, message), file=message.digest, by=by.subject, now=now)


def confirm_batch(engine: Engine, batch: str, *, by: Identity, now: datetime) -> Applied:
    """The public accountant says that a whole batch was paid, where no bank file comes back to us.

    Raises NotFound("covoit.unknown_batch"), Conflict("covoit.batch_not_there") for a batch that was not sent."""
    with transaction(engine) as session:
        if not by.may_in(Permission.COVOIT_ACCOUNT, None):
            raise Refused("covoit.not_allowed", permission=str(Permission.COVOIT_ACCOUNT))
        row = store.get_batch(session, batch, lock=True)
        if row.state != BatchState.SENT:
            raise Conflict("covoit.batch_not_there", step="paid", state=row.state)
        lines = [BankLine(sent.end_to_end_id, Answer.PAID) for sent in store.payments_of(session, batch)]
        done = {name for name, _ in store.events_of(session, [line.end_to_end_id for line in lines])}
        fresh = [line for line in lines if line.end_to_end_id not in done]
        return apply(session, fresh, file="accountant", by=by.subject, now=now)


def apply(session: Session, lines: Sequence[BankLine], *, file: str, by: str, now: datetime) -> Applied:
    """Apply a bank's lines, each once: its payment moves in the table of stages, its money in the ledger."""
    award_store.lock(session)
    ledger.open_account(session, BANK, floor=None, now=now)
    sent = store.find_payments(session, sorted({line.end_to_end_id for line in lines}))
    said = store.events_of(session, sorted(sent))
    paid = returned = repeated = waiting = 0
    faults: list[tuple[str, Decision]] = []
    orders: list[Order] = []
    for line in lines:
        if line.answer is Answer.WAITING:
            waiting += 1
            continue
        payment = sent.get(line.end_to_end_id)
        fault = _fault(line, payment)
        if payment is None or fault is not None:
            faults.append((line.end_to_end_id, fault or Decision("covoit.bank_unknown")))
            continue
        if (line.end_to_end_id, str(line.answer)) in said:
            repeated += 1
            continue
        claim = claim_store.get_claim(session, payment.claim, lock=True)
        event = Event.CONFIRM if line.answer is Answer.PAID else Event.RETURN
        if (Stage(claim.stage), event) not in rules.TABLE:
            faults.append((line.end_to_end_id, Decision("covoit.bank_contradicts", stage=claim.stage)))
            continue
        orders.append(_movement(line, payment, claim, now))
        claim.stage = str(rules.after(Stage(claim.stage), event))
        claim.ended_at = now
        claim.reason = line.reason[:60] or None
        said.add((line.end_to_end_id, str(line.answer)))
        insert_new(
            session,
            store.BankEventRow,
            {
                "end_to_end_id": line.end_to_end_id, "answer": str(line.answer), "reason": line.reason[:10],
                "file": file, "recorded_at": now,
            },
        )  # fmt: skip
        if line.answer is Answer.PAID:
            paid += 1
            stated = journey_store.journeys_stated(session, claim.person, claim.last_month)
            journey_store.note_paid(session, stated, payment.sent_at)
        else:
            returned += 1
            _end_account(session, payment, line.reason, now)
    ledger.give(session, orders, now=now)
    session.flush()
    audit.record(
        session, "covoit.bank_file", actor=by, object_kind="covoit_bank_file", object_id=file, now=now,
        detail={"paid": paid, "returned": returned, "repeated": repeated, "faults": len(faults)},
    )  # fmt: skip
    return Applied(paid, returned, repeated, waiting, tuple(faults))


def _spread(session: Session, message: BankMessage) -> list[BankLine]:
    """The message's lines; one answer for a whole file of ours is one for each payment it does not name."""
    lines = list(message.lines)
    if message.whole is None or not (message.original_message_id or "").startswith(OURS):
        return lines
    named = {line.end_to_end_id for line in lines}
    batch = (message.original_message_id or "").removeprefix(OURS)
    lines += [
        BankLine(row.end_to_end_id, message.whole, None, message.whole_reason)
        for row in store.payments_of(session, batch)
        if row.end_to_end_id not in named
    ]
    return lines


def _fault(line: BankLine, payment: store.PaymentRow | None) -> Decision | None:
    if payment is None:
        return Decision("covoit.bank_unknown")
    if line.amount is not None and line.amount != Money(payment.cents):
        return Decision("covoit.bank_other_amount", sent=Money(payment.cents), said=line.amount)
    return None


def _movement(line: BankLine, payment: store.PaymentRow, claim: claim_store.ClaimRow, now: datetime) -> Transfer:
    amount, name, batch = Money(payment.cents), line.end_to_end_id, in_payment(payment.batch)
    if line.answer is Answer.PAID:
        return Transfer(f"paid:{name}", batch, BANK, amount, now, "covoit.paid", claim.id)
    source = BANK if claim.stage == Stage.PAID else batch
    return Transfer(f"returned:{name}", source, awards.payable(claim.person), amount, now, "covoit.returned", claim.id)


def _end_account(session: Session, payment: store.PaymentRow, reason: str, now: datetime) -> None:
    """An account the bank refuses no longer counts: another must be given and confirmed before the payment is asked
    for again."""
    if reason not in ACCOUNT_REASONS:
        return
    line = session.get_one(store.LineRow, (payment.batch, payment.claim))
    row = ibans.by_ids(session, [line.iban]).get(line.iban)
    if row is not None and row.state == ibans.ACTIVE:
        row.state, row.ended_at, row.returned = ibans.ENDED, now, reason[:10]
