"""A till's day: opened with its float, closed by a count; what a régie holds, gives back, pays over to the accountant.

Each move of cash is one row beside its payment, its refund or its deposit, under the lock of the régie; what changes
who holds public money is also in the ledger, in the same transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billettique.gateway.regies import get_regie
from billettique.model.regie import CashKind, Closing, Regie
from billettique.rules import cash as rules
from billettique.service import books
from billettique.store import cash as store
from billettique.store import rounds as round_store
from billettique.store.cash import CashSessionRow, DepositRow, RegieRow
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.ledger.model import Transfer

MEANS: Final = ("cash", "cheque", "terminal")


@dataclass(frozen=True, slots=True)
class Till:
    """An open till, with what its régie may do today."""

    row: CashSessionRow
    regie: Regie


def open_till(
    session: Session, *, agent: str, regie: str, place: str, opening: Money, training: bool, home: Path | None,
    now: datetime, moving: bool = False,
) -> CashSessionRow:  # fmt: skip
    """Open a till with the float that was counted into it, at a counter or, `moving`, for a round.

    Raises NotFound("billettique.no_regie"), InvalidInput("billettique.no_such_place", "billettique.other_float"),
    Conflict("billettique.till_open").
    """
    act = get_regie(regie, paris_day(now), home)
    if place not in {each.code for each in act.places if each.moving is moving}:
        raise InvalidInput("billettique.no_such_place", place=place[:60])
    if not ZERO <= opening <= act.float_:
        raise InvalidInput("billettique.other_float", opening=opening, most=act.float_)
    if store.find_open(session, agent) is not None:
        raise Conflict("billettique.till_open")
    row = CashSessionRow(
        id=new_id(now), regie=regie, place=place, agent=agent, training=training, opened_at=now,
        opening_cents=opening.cents,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # opened at the same moment in another window
        raise Conflict("billettique.till_open") from None
    audit.record(session, actor=agent, action="billettique.till.open", object_kind="till", object_id=row.id, now=now)
    return row


def get_till(session: Session, agent: str, home: Path | None, now: datetime) -> Till:
    """The till that an agent has open, which nobody counts and closes before the end of this transaction. Raises
    Refused("billettique.no_open_till")."""
    row = store.find_open(session, agent, lock=True)
    if row is None:
        raise Refused("billettique.no_open_till")
    return Till(row, get_regie(row.regie, paris_day(now), home))


# ---------------------------------------------------------------- what passes through it


def take(
    session: Session, till: Till, *, payment: str, collector: str, means: str, amount: Money, now: datetime,
    kind: CashKind = CashKind.SALE,
) -> list[Transfer]:  # fmt: skip
    """A payment is in the till. The régie is locked, its act and its ceiling are held; the postings, for the end of the
    transaction: the collector has passed it on to the till.

    Raises Refused("billettique.receipt_not_in_act", "billettique.means_not_in_act", "billettique.too_much_cash",
    "billettique.till_full").
    """
    row = store.lock_regie(session, till.regie.code, now)
    why = rules.refusal_of_sale(till.regie, row.holding, means, amount, kind)
    if why is not None:
        raise Refused(why.code, **why.params)
    return enter(session, row, till.row.id, ref=payment, collector=collector, means=means, amount=amount, kind=kind,
                 now=now)  # fmt: skip


def enter(
    session: Session, row: RegieRow, till: str, *, ref: str, collector: str, means: str, amount: Money, kind: CashKind,
    now: datetime,
) -> list[Transfer]:  # fmt: skip
    """Money that is in a till of a locked régie: its move, and the postings for the end of the transaction."""
    store.move(session, row, kind, means, amount, ref, till=till, now=now)
    held, before = held_account(row.regie, means), books.collector_account(collector, "counter")
    return [moved(f"{ref}:till", held, before, amount, "till", ref, now)]


def cash_back_refusal(session: Session, till: Till, amount: Money, now: datetime) -> Decision | None:
    """Why an amount cannot go back in cash here; None when it can. The régie is locked."""
    row = store.lock_regie(session, till.regie.code, now)
    return rules.refusal_of_cash_back(till.regie, row.holding, amount)


def give_cash(
    session: Session, till: Till, *, refund: str, collector: str, amount: Money, now: datetime
) -> list[Transfer]:
    """Money went back over the counter, out of the advance; the postings, for the end of the transaction.

    Raises Refused as `rules.refusal_of_cash_back` says.
    """
    row = store.lock_regie(session, till.regie.code, now)
    why = rules.refusal_of_cash_back(till.regie, row.holding, amount)
    if why is not None:
        raise Refused(why.code, **why.params)
    store.move(session, row, CashKind.REFUND, "cash", -amount, refund, till=till.row.id, now=now)
    held, before = held_account(till.regie.code, "advance"), books.collector_account(collector, "counter")
    return [moved(f"{refund}:till", before, held, amount, "till", refund, now)]


def close_till(
    session: Session, *, agent: str, pieces: Mapping[int, int], note: str, now: datetime
) -> tuple[CashSessionRow, Closing]:
    """Count a till and close it. The drawer holds the float, the cash takings, less what was given back.

    A difference is booked as one, and has to be explained. Raises Refused("billettique.no_open_till",
    "billettique.till_of_a_round"), InvalidInput("billettique.difference_unexplained") and what `rules.counted` raises.
    """
    row = store.find_open(session, agent, lock=True)
    if row is None:
        raise Refused("billettique.no_open_till")
    if row.round_number is not None:
        raise Refused("billettique.till_of_a_round")
    return row, count(session, row, pieces=pieces, note=note, now=now)


def count(session: Session, row: CashSessionRow, *, pieces: Mapping[int, int], note: str, now: datetime) -> Closing:
    """Count a locked till and close it: see `close_till`."""
    found = rules.counted(pieces)
    expected = Money(row.opening_cents) + store.cash_of(session, row.id)
    outcome = rules.closing(expected, found)
    if outcome.difference != ZERO and not note.strip() and not row.training:
        raise InvalidInput("billettique.difference_unexplained")
    row.closed_at, row.note = now, note.strip()[:1000] or None
    row.expected_cents, row.counted_cents = expected.cents, found.cents
    row.pieces = {str(value): count for value, count in sorted(pieces.items()) if count}
    if outcome.difference != ZERO and not row.training:
        _book_difference(session, row, outcome.difference, now)
    audit.record(
        session, actor=row.agent, action="billettique.till.close", object_kind="till", object_id=row.id, now=now
    )
    session.flush()
    return outcome


def _book_difference(session: Session, till: CashSessionRow, difference: Money, now: datetime) -> None:
    """Too much is the accountant's too; too little is first missing from what was taken, then from the float."""
    regie = store.lock_regie(session, till.regie, now)
    of_takings = max(difference, Money(-regie.cash_cents))
    if of_takings != ZERO:
        store.move(session, regie, CashKind.DIFFERENCE, "cash", of_takings, till.id, till=till.id, now=now)
    gap = gap_account(till.regie)
    transfers = []
    for part, means in ((of_takings, "cash"), (difference - of_takings, "float")):
        held = held_account(till.regie, means)
        pair = (held, gap) if part > ZERO else (gap, held)
        transfers.append(
            moved(f"{till.id}:difference:{means}", *pair, max(part, -part), "till_difference", till.id, now)
        )
    books.give(session, transfers, now)


# ---------------------------------------------------------------- to the accountant


def deposit(
    session: Session, *, regie: str, cash: Money, by: str, home: Path | None, now: datetime
) -> DepositRow:  # fmt: skip
    """Pay over: so much cash, every cheque, every receipt of the terminal. Its number is taken in this transaction.
    Cash that a mandataire still carries is not at hand.

    Raises NotFound("billettique.no_regie"), InvalidInput("billettique.deposit_too_much"),
    Refused("billettique.nothing_to_deposit").
    """
    get_regie(regie, paris_day(now), home)
    row = store.lock_regie(session, regie, now)
    at_hand = Money(row.cash_cents) - round_store.on_rounds(session, regie)
    if not ZERO <= cash <= at_hand:
        raise InvalidInput("billettique.deposit_too_much", held=at_hand)
    amounts = {"cash": cash, "cheque": Money(row.cheque_cents), "terminal": Money(row.terminal_cents)}
    if all(amount <= ZERO for amount in amounts.values()):
        raise Refused("billettique.nothing_to_deposit")
    row.deposits += 1
    made = DepositRow(
        id=new_id(now), regie=regie, number=row.deposits, cash_cents=cash.cents, cheque_cents=row.cheque_cents,
        terminal_cents=row.terminal_cents, made_by=by, made_at=now,
    )  # fmt: skip
    session.add(made)
    row.deposited_at = now
    transfers = []
    for means, amount in amounts.items():
        if amount > ZERO:
            store.move(session, row, CashKind.DEPOSIT, means, -amount, f"{made.id}:{means}", till=None, now=now)
            held, treasury = held_account(regie, means), treasury_account(regie)
            transfers.append(moved(f"{made.id}:{means}", treasury, held, amount, "deposit", made.id, now))
    audit.record(
        session, actor=by, action="billettique.deposit.make", object_kind="deposit", object_id=made.id, now=now
    )
    session.flush()
    books.give(session, transfers, now)
    return made


def receive(session: Session, deposit_id: str, *, by: str, now: datetime) -> DepositRow:
    """The accountant counted it and has it. Raises NotFound("billettique.no_deposit"),
    Conflict("billettique.deposit_received"), Refused("billettique.deposit_own") for who paid it over."""
    row = store.get_deposit(session, deposit_id, lock=True)
    if row.made_by == by:
        raise Refused("billettique.deposit_own")
    store.received(row, by, now)
    audit.record(session, actor=by, action="billettique.deposit.receive", object_kind="deposit", object_id=row.id,
                 now=now)  # fmt: skip
    return row


def renew_advance(session: Session, *, regie: str, by: str, home: Path | None, now: datetime) -> Money:
    """The accountant fills the advance up to what the act allows; how much that was.

    Raises Refused("billettique.advance_whole") when nothing was used.
    """
    get_regie(regie, paris_day(now), home)
    row = store.lock_regie(session, regie, now)
    used = Money(row.advance_used_cents)
    if used == ZERO:
        raise Refused("billettique.advance_whole")
    ref = new_id(now)
    store.move(session, row, CashKind.RENEWAL, "cash", used, ref, till=None, now=now)
    audit.record(session, actor=by, action="billettique.advance.renew", object_kind="regie", object_id=regie, now=now)
    held, treasury = held_account(regie, "advance"), treasury_account(regie)
    books.give(session, [moved(f"{ref}:advance", held, treasury, used, "advance", ref, now)], now)
    return used


def held_account(regie: str, means: str) -> str:
    """The account of what a régie holds: cash, cheques, receipts of a terminal, its advance, its float."""
    return f"{books.PREFIX}:till:{regie}:{means}"


def gap_account(regie: str) -> str:
    """The account of what counts found too much or too little."""
    return f"{books.PREFIX}:till_difference:{regie}"


def treasury_account(regie: str) -> str:
    """The account of what the accountant received of a régie."""
    return f"{books.PREFIX}:treasury:{regie}"


def moved(key: str, debit: str, credit: str, amount: Money, kind: str, ref: str, now: datetime) -> Transfer:
    """A posting of a régie."""
    return Transfer(f"{books.PREFIX}:{key}", debit, credit, amount, now, f"{books.PREFIX}.{kind}", ref)


def must_pay_over(regie: Regie, row: RegieRow | None, now: datetime) -> bool:
    """Whether the time the act gives between two payments to the accountant is over."""
    if row is None or row.cash_cents + row.cheque_cents + row.terminal_cents == 0:
        return False
    since = row.deposited_at or row.moved_at
    return (now - since).days >= regie.justify_days
