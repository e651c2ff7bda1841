"""Closing a month: accrued amounts become payable, statements are frozen, what a line took back is netted.

A month is closed from the sixth day of the next one, the months in order. One transaction: either the month is closed,
its statements written and its money moved, or nothing of it. What becomes known later goes on a later statement.

    covoit:accrued:<driver> → covoit:payable:<driver>     what the month adds
    covoit:payable:<driver> → covoit:overpaid:<driver>    what was taken back and not paid out yet
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from covoit.rules.payments import netted
from covoit.service import awards
from covoit.store import awards as store
from covoit.store import claims as claim_store
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import audit
from mobigo.infra.db import roomy, table_of, transaction
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Transfer

CLOSING_DAY: Final = 6  # of the next month: the payment calls of the registry are drawn that day
_MONTH: Final = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)  # of this century: its neighbours exist too


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing did. `already`: the month was closed before, and nothing was done."""

    month: str
    lines: int
    people: int
    total: Money
    already: bool = False


def first_day_of(month: str) -> date:
    """The first day of "2026-11". Raises InvalidInput("covoit.bad_month")."""
    if not _MONTH.fullmatch(month):
        raise InvalidInput("covoit.bad_month", value=month[:20])
    return date(int(month[:4]), int(month[5:]), 1)


def last_day_of(month: str) -> date:
    return (first_day_of(month) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def month_before(day: date) -> str:
    """The month before that of `day`: what the job closes."""
    return f"{day.replace(day=1) - timedelta(days=1):%Y-%m}"


def close_month(
    engine: Engine, month: str, now: datetime, *, by: str = audit.SYSTEM, home: Path | None = None, early: bool = False
) -> Closed:
    """Close a month; repeating it does nothing more.

    Raises InvalidInput("covoit.bad_month"), Refused("covoit.month_not_over") before the sixth day of the next month
    (`early` lets the demonstration close once the month is over), Conflict("covoit.month_order") when a later month is
    closed already, Refused("covoit.budget_not_opened") when trips wait for a budget that nobody granted.
    """
    last_day = last_day_of(month)
    allowed = last_day + timedelta(days=1 if early else CLOSING_DAY)
    if paris_day(now) < allowed:
        raise Refused("covoit.month_not_over", month=month, day=allowed)
    return awards.again_if_short(lambda careful: _try(engine, month, last_day, now, by, home, careful))


def _try(
    engine: Engine, month: str, last_day: date, now: datetime, by: str, home: Path | None, careful: bool
) -> Closed:
    with transaction(engine) as session, roomy(session):
        store.lock(session)
        known = store.find_month(session, month)
        if known is not None:
            return Closed(month, known.lines, store.people_of_month(session, month), Money(known.cents), already=True)
        later = store.last_closed(session)
        if later is not None and later > month:
            raise Conflict("covoit.month_order", month=month, closed=later)
        run = awards.run_in(session, now, home=home, last_day=last_day, careful=careful, closing=True)
        if run.without_budget:
            raise Refused("covoit.budget_not_opened", campaign=", ".join(sorted(run.without_budget)))
        return _close(session, run, month, last_day, now, by)


def _close(session: Session, run: awards.Run, month: str, last_day: date, now: datetime, by: str) -> Closed:
    lines = store.freeze(session, month, last_day)
    run.mark_closed()
    total, people = ZERO, 0
    batch: list[_Sum] = []
    for person, rows in groupby(store.lines_of_month(session, month), key=lambda row: row[0]):
        batch.append(_summed(person, month, rows))
        people += 1
        total += Money(batch[-1].cents)
        if len(batch) == awards.BATCH:
            _validate(session, month, batch, now)
            batch = []
    _validate(session, month, batch, now)
    session.add(store.MonthRow(month=month, closed_at=now, closed_by=by, lines=lines, cents=total.cents))
    audit.record(
        session, "covoit.close", actor=by, object_kind="covoit_month", object_id=month, now=now,
        detail={"lines": lines, "people": people, "cents": total.cents},
    )  # fmt: skip
    session.flush()
    return Closed(month, lines, people, total)


@dataclass(frozen=True, slots=True)
class _Sum:
    person: str
    month: str
    lines: int
    cents: int
    digest: str
    due: Money
    taken: Money

    @property
    def row(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("person", "month", "lines", "cents", "digest")}


def _summed(person: str, month: str, rows: Iterator[tuple[str, str, int, str]]) -> _Sum:
    """A statement row: count, sum, and a digest over the hash and amount of each line in order."""
    digest, cents, due, taken, count = sha256(f"{person} {month}".encode()), 0, 0, 0, 0
    for _person, _award, line_cents, line_digest in rows:
        digest.update(f"\n{line_digest} {line_cents}".encode())
        cents += line_cents
        due, taken = due + max(0, line_cents), taken + max(0, -line_cents)
        count += 1
    return _Sum(person, month, count, cents, digest.hexdigest(), Money(due), Money(taken))


def _validate(session: Session, month: str, batch: list[_Sum], now: datetime) -> None:
    """Write statements and move their money: what is due becomes payable, what was taken back is netted with it."""
    if not batch:
        return
    session.execute(insert(table_of(store.StatementRow)), [each.row for each in batch])
    accounts: dict[str, Money | None] = {}
    transfers = []
    for each in batch:
        person, due = each.person, each.due
        if due > ZERO:
            accounts[awards.payable(person)] = ZERO
            transfers.append(
                Transfer(
                    f"close:{month}:{person}", awards.accrued(person), awards.payable(person), due, now,
                    "covoit.validate", month,
                )
            )  # fmt: skip
    awards.open_accounts(session, accounts, now)
    ledger.post(session, transfers, now=now)
    for each in batch:
        if each.taken > ZERO:
            _net(session, month, each.person, each.taken, now)


def _net(session: Session, month: str, person: str, taken: Money, now: datetime) -> None:
    """Take back from what is not paid out yet; what exceeds it was paid, and is asked back by a recovery, which a
    person decides after the driver was heard."""
    awards.open_accounts(session, {awards.payable(person): ZERO, awards.overpaid(person): None}, now)
    amount = netted(taken, ledger.balance(session, awards.payable(person)).spendable)
    if amount > ZERO:
        ledger.post(
            session,
            [
                Transfer(
                    f"net:{month}:{person}", awards.payable(person), awards.overpaid(person), amount, now, "covoit.net",
                    month,
                )
            ],
            now=now,
        )  # fmt: skip
    if taken > amount:
        claim_store.open_recovery(session, person, month, taken - amount, now)
