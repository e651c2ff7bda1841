"""What waits for each agent, and what is late: counts only, never a name.

Late is what a text says: two months of silence refuse a request (CRPA, L231-4), so an answer is due before; a month is
closed on the sixth of the next (`closing`); a transfer ordered for a day is booked the next working day (SEPA), so
three days later without an answer is late.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from covoit.model.claims import Kind
from covoit.model.payments import BatchState, Stage
from covoit.rules.claims import answer_by
from covoit.rules.payments import may_decide_recovery
from covoit.service import closing
from covoit.store import awards as award_store
from covoit.store import claims as claim_store
from covoit.store import fraud as fraud_store
from covoit.store import lines as line_store
from covoit.store import offers as offer_store
from covoit.store import payments as payment_store
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra.roles import Identity, Permission

SOON: Final = timedelta(days=15)
BANK_ANSWERS: Final = timedelta(days=3)
TAXI_WAITS_S: Final = 600  # as the page of guarantees says it


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kind of thing that waits: how many, how many are late or soon late, the nearest day, the sum."""

    what: str
    count: int
    late: int = 0
    soon: int = 0
    due: date | None = None
    since: datetime | None = None
    amount: Money | None = None


def inbox(session: Session, by: Identity, now: datetime) -> list[Waiting]:
    """What waits for this person, late things first; what they may not act on is not there, what is empty is."""
    found = list(_found(session, by, now))
    return sorted(found, key=lambda each: (each.count == 0, each.late == 0, each.soon == 0))


def _found(session: Session, by: Identity, now: datetime) -> Iterator[Waiting]:
    today = paris_day(now)
    may = {permission for permission in Permission if by.may_in(permission, None)}
    if Permission.COVOIT_PREPARE in may:
        yield requests(session, today)
        yield _batches(session, "to_send_again", today, BatchState.SENT_BACK, BatchState.REJECTED)
        yield from _measures(session, today)
        count, since = fraud_store.waiting(session)
        yield Waiting("alerts", count, since=since)
        yield months(session, today)
    if Permission.COVOIT_CHECK in may:
        yield _batches(session, "to_check", today, BatchState.PREPARED)
    if Permission.COVOIT_ORDER in may:
        yield _batches(session, "to_order", today, BatchState.CHECKED)
    if Permission.COVOIT_ACCOUNT in may:
        yield _batches(session, "to_accept", today, BatchState.ORDERED)
        yield _batches(session, "to_send", today, BatchState.ACCEPTED)
        yield returns(session, today)
    if Permission.COVOIT_DESK in may:
        yield _cases(session, "complaints", Kind.COMPLAINT, today)
        yield _cases(session, "paper_claims", Kind.PAPER_CLAIM, today)
        yield _cases(session, "identities", Kind.IDENTITY, today)
        open_rides = line_store.cases(session, open_only=True)
        late = [row for row in open_rides if row.ordered_at is None and _waited_s(row.opened_at, now) > TAXI_WAITS_S]
        yield Waiting(
            "guarantees", len(open_rides), len(late), since=min((r.opened_at for r in open_rides), default=None)
        )
        unread = offer_store.reports(session, unread_only=True)
        yield Waiting("reports", len(unread), since=min((row.at for row in unread), default=None))


def _waited_s(since: datetime, now: datetime) -> float:
    return (now - since).total_seconds()


def requests(session: Session, today: date) -> Waiting:
    """The payment requests in no batch."""
    rows = claim_store.waiting_sums(session)
    due = [answer_by(paris_day(made_at)) for made_at, _cents in rows]
    amount = Money(sum(cents for _made_at, cents in rows))
    since = min((made_at for made_at, _cents in rows), default=None)
    return Waiting("requests", len(rows), *_timed(due, today), due=min(due, default=None), since=since, amount=amount)


def _timed(due: list[date], today: date) -> tuple[int, int]:
    """(late, soon): days gone by, days within two weeks."""
    return sum(day < today for day in due), sum(today <= day <= today + SOON for day in due)


def _batches(session: Session, what: str, today: date, *states: BatchState) -> Waiting:
    """Batches that wait for a step; late once the day they were to be executed is gone. Those given back count as long
    as the requests they held wait in no other."""
    rows = [row for row in payment_store.batches(session) if row.state in states]
    if what == "to_send_again":
        rows = [row for row in rows if _still_free(session, row.id)]
    return Waiting(
        what, len(rows), sum(row.execution_day < today for row in rows) if what != "to_send_again" else 0,
        due=min((row.execution_day for row in rows), default=None),
        since=min((row.prepared_at for row in rows), default=None), amount=Money(sum(row.cents for row in rows)),
    )  # fmt: skip


def _still_free(session: Session, batch: str) -> bool:
    asked = (
        select(func.count())
        .select_from(payment_store.LineRow)
        .join(claim_store.ClaimRow, claim_store.ClaimRow.id == payment_store.LineRow.claim)
        .where(
            payment_store.LineRow.batch == batch, claim_store.ClaimRow.stage == Stage.CLAIMED,
            claim_store.ClaimRow.batch.is_(None),
        )
    )  # fmt: skip
    return bool(session.scalar(asked))


def returns(session: Session, today: date) -> Waiting:
    """The batches that left and of which the bank has not said everything."""
    rows = payment_store.unanswered(session)
    due = [row.execution_day + BANK_ANSWERS for row in rows]
    late = sum(day < today for day in due)
    amount = Money(sum(row.cents for row in rows))
    return Waiting("returns", len(rows), late, due=min(due, default=None), amount=amount)


def months(session: Session, today: date) -> Waiting:
    """The months that are over and not closed, from the first month with an award on."""
    waiting = closing_months(session, today)
    due = [closing.last_day_of(month) + timedelta(days=closing.CLOSING_DAY) for month in waiting]
    late = sum(day < today for day in due)
    return Waiting("months", sum(day <= today for day in due), late, due=min(due, default=None))


def closing_months(session: Session, today: date) -> list[str]:
    """The months that are over, hold something to close and are not closed, oldest first."""
    last = award_store.last_closed(session)
    days = (
        session.scalar(select(func.min(award_store.HeadRow.day)).where(award_store.HeadRow.open.is_(True))),
        award_store.first_unpriced_day(session),  # final, and no run has priced it yet: closing does
    )
    known = [day for day in days if day is not None]
    if not known:
        return []
    first = f"{min(known):%Y-%m}"
    if last is not None and first <= last:
        first = f"{closing.last_day_of(last) + timedelta(days=1):%Y-%m}"
    found = []
    while first < f"{today:%Y-%m}":
        found.append(first)
        first = f"{closing.last_day_of(first) + timedelta(days=1):%Y-%m}"
    return found


def _measures(session: Session, today: date) -> Iterator[Waiting]:
    """Recoveries and bans: those nobody was told of yet, those that may be decided now."""
    rows = [row for kind in (Kind.RECOVERY, Kind.BAN) for row in claim_store.cases_to_answer(session, kind)]
    untold = [row for row in rows if row.notified_at is None]
    ready = [
        row
        for row in rows
        if row.notified_at is not None
        and may_decide_recovery(paris_day(row.notified_at), today, answered=row.heard_at is not None)
    ]
    for what, some in (("to_notify", untold), ("to_decide", ready)):
        due = [row.answer_by for row in some]
        amount = Money(sum(row.cents or 0 for row in some))
        yield Waiting(what, len(some), *_timed(due, today), due=min(due, default=None), amount=amount)


def _cases(session: Session, what: str, kind: Kind, today: date) -> Waiting:
    due = [row.answer_by for row in claim_store.cases_to_answer(session, kind)]
    return Waiting(what, len(due), *_timed(due, today), due=min(due, default=None))
