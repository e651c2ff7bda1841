"""Batches of payments: prepared, checked, ordered, accepted by four people, then sent once.

    covoit:payable:<driver> → covoit:overpaid:<driver>     at preparation: what a decision takes back
    covoit:payable:<driver> → covoit:in_payment:<batch>    at the order (mandat)
    covoit:in_payment:<batch> → covoit:payable:<driver>    rejected by the public accountant, or blocked before sending
    covoit:in_payment:<batch> → bank                       paid (`covoit.service.returns`)

What the papers said when they were signed is what is paid: a batch whose drivers can no longer be paid those very sums
cannot be ordered, a line whose account changed since does not leave.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from covoit.gateway import campaigns
from covoit.gateway import payer as payers
from covoit.model.payments import (
    BatchState,
    Event,
    Stage,
    Step,
    Way,
)
from covoit.rules import payments as rules
from covoit.service import awards, claims, closing
from covoit.service import payment_steps as steps
from covoit.service.payment_papers import TITLE, account_id, bordereau, payment_file
from covoit.service.payment_steps import PERMISSION
from covoit.service.rights import require
from covoit.store import awards as award_store
from covoit.store import claims as claim_store
from covoit.store import ibans
from covoit.store import payments as store
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra.blobs import Blobs
from mobigo.infra.clock import new_id
from mobigo.infra.db import transaction
from mobigo.infra.i18n import sentence, use_language
from mobigo.infra.roles import Identity, Permission
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Transfer

__all__ = [
    "BANK", "PERMISSION", "Prepared", "Sent", "accept", "bordereau", "check", "in_payment", "order", "payment_file",
    "prepare", "reject", "send", "send_back",
]  # fmt: skip

BANK: Final = "bank"
KEEP_DAYS: Final = 3_653  # accounting papers: ten years


def in_payment(batch: str) -> str:
    return f"covoit:in_payment:{batch}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch just made, and who was left out of it: (claim, code of the reason)."""

    batch: str
    number: int
    lines: int
    total: Money
    left_out: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """What left: how many payments, their sum, the file's hash, and the requests that were held back."""

    batch: str
    payments: int
    total: Money
    file: str  # "" when none may leave
    blocked: tuple[str, ...]


# ---------------------------------------------------------------- the four acts


def prepare(engine: Engine, month: str, *, by: Identity, home: Path, now: datetime, days_ahead: int = 2) -> Prepared:
    """Make a batch of every request about months up to `month`.

    Raises InvalidInput("covoit.bad_month"), Refused("covoit.month_open") for a month that is not closed,
    Refused("covoit.scale_without_act") when an amount of it was computed under a scale that no act decides,
    Refused("covoit.nothing_to_pay"), Refused("covoit.not_allowed"), and what `load_payer` raises.
    """
    closing.first_day_of(month)
    payer = payers.load_payer(home)
    with transaction(engine) as session:
        award_store.lock(session)
        role = steps.role_for(by, Step.PREPARE)
        if award_store.find_month(session, month) is None:
            raise Refused("covoit.month_open", month=month)
        asked = claim_store.claims_to_pay(session, month)
        acts = _acts_of(session, asked, month, home)
        batch = new_id(now)
        left_out: list[tuple[str, str]] = []
        lines = _lines(session, batch, asked, acts, month, now, left_out)
        if not lines:
            raise Refused("covoit.nothing_to_pay", month=month)
        row = store.BatchRow(
            id=batch,
            number=store.next_number(session),
            last_month=month,
            way=str(payer.way),
            state=str(BatchState.PREPARED),
            execution_day=_working_day(paris_day(now) + timedelta(days=days_ahead)),
            lines=len(lines),
            cents=sum(line.cents for line in lines),
            prepared_at=now,
        )
        session.add(row)
        session.flush()
        session.add_all(lines)
        steps.record_act(session, row, Step.PREPARE, by, role, now)
        return Prepared(batch, row.number, row.lines, Money(row.cents), tuple(left_out))


def check(engine: Engine, batch: str, *, by: Identity, now: datetime) -> None:
    """A second person, of the finance service, looked at it. Raises Refused("covoit.batch_same_person") and so on."""
    with transaction(engine) as session:
        steps.act(session, store.get_batch(session, batch, lock=True), Step.CHECK, by, now)


def order(engine: Engine, batch: str, *, by: Identity, now: datetime) -> None:
    """The ordonnateur orders the payment: each sum leaves what is payable.

    Raises Refused("covoit.batch_changed") when a driver is no longer due what the papers say: it is then sent back.
    """
    with transaction(engine) as session:
        row = store.get_batch(session, batch, lock=True)
        steps.act(session, row, Step.ORDER, by, now)
        lines = store.lines_of(session, batch, store.LINE_WAITING)
        short = [line for line in lines if claims.payable_of(session, line.person) < Money(line.cents)]
        if short:
            raise Refused("covoit.batch_changed", lines=[line.number for line in short])
        ledger.open_account(session, in_payment(batch), floor=ZERO, now=now)
        ledger.post(
            session,
            [
                Transfer(
                    f"mandate:{batch}:{line.claim}", awards.payable(line.person), in_payment(batch), Money(line.cents),
                    now, "covoit.mandate", line.claim,
                )
                for line in lines
            ],
            now=now,
        )  # fmt: skip
        for line in lines:
            steps.move(session, line.claim, Event.MANDATE)


def send_back(engine: Engine, batch: str, *, by: Identity, reason: str, now: datetime) -> None:
    """Who checks or orders gives the batch back to be prepared again, with a reason."""
    with transaction(engine) as session:
        row = store.get_batch(session, batch, lock=True)
        step = {BatchState.PREPARED: Step.CHECK, BatchState.CHECKED: Step.ORDER}.get(BatchState(row.state))
        if step is None:
            raise Conflict("covoit.batch_not_there", step="send_back", state=row.state)
        steps.allowed(session, row, step, by)
        row.state, row.reason = str(BatchState.SENT_BACK), steps.reason(reason)
        steps.drop(session, row)
        steps.note(session, row, "covoit.batch_sent_back", by, now)


def accept(engine: Engine, batch: str, *, by: Identity, now: datetime) -> None:
    """The public accountant accepts it."""
    with transaction(engine) as session:
        steps.act(session, store.get_batch(session, batch, lock=True), Step.ACCEPT, by, now)


def reject(engine: Engine, batch: str, *, by: Identity, reason: str, now: datetime) -> None:
    """The public accountant rejects it, with a reason: the sums are payable again, the requests wait again."""
    with transaction(engine) as session:
        row = store.get_batch(session, batch, lock=True)
        role = steps.allowed(session, row, Step.ACCEPT, by)
        row.state, row.reason = str(BatchState.REJECTED), steps.reason(reason)
        lines = store.lines_of(session, batch, store.LINE_WAITING)
        ledger.give(session, [steps.unmandate(batch, line) for line in lines], now=now)
        for line in lines:
            line.state = store.LINE_DROPPED
            steps.wait_again(session, line.claim, Event.REJECT, now)
        session.add(store.ActRow(batch=batch, step=str(Step.ACCEPT), subject=by.subject, role=role, at=now))
        steps.note(session, row, "covoit.batch_rejected", by, now)


# ---------------------------------------------------------------- sending


def send(engine: Engine, blobs: Blobs, batch: str, *, by: Identity, home: Path, now: datetime) -> Sent:
    """Make the file of an accepted batch and mark its payments as sent, for ever; repeating it gives the same file.

    A line whose driver changed account since the preparation does not leave: its sum is payable again. When none may
    leave there is no file: the batch ends as rejected, and its requests wait for another one.
    """
    with transaction(engine) as session:
        require(by, Permission.COVOIT_ACCOUNT)
        row = store.get_batch(session, batch, lock=True)
        lines = store.lines_of(session, batch, store.LINE_WAITING)
        if row.state == BatchState.SENT:
            blocked = tuple(line.claim for line in store.lines_of(session, batch, store.LINE_BLOCKED))
            sent = store.payments_of(session, batch)
            return Sent(batch, len(sent), Money(sum(each.cents for each in sent)), row.file or "", blocked)
        if row.state != BatchState.ACCEPTED:
            raise Conflict("covoit.batch_not_there", step="send", state=row.state)
        current = ibans.actives(session, [line.person for line in lines])
        held = [line for line in lines if not rules.sendable(line.iban, account_id(current.get(line.person)))]
        leaving = [line for line in lines if line not in held]
        ledger.give(session, [steps.unmandate(batch, line) for line in held], now=now)
        for line in held:
            line.state = store.LINE_BLOCKED
            steps.wait_again(session, line.claim, Event.BLOCK, now)
        if not leaving:
            with use_language("fr"):
                row.state, row.reason = str(BatchState.REJECTED), sentence(Decision("covoit.all_blocked"))
            steps.note(session, row, "covoit.batch_rejected", by, now)
            return Sent(batch, 0, ZERO, "", tuple(line.claim for line in held))
        for line in leaving:
            line.state = store.LINE_SENT
            steps.move(session, line.claim, Event.SEND)
            session.add(
                store.PaymentRow(
                    end_to_end_id=rules.end_to_end_id(line.claim), claim=line.claim, batch=batch, cents=line.cents,
                    sent_at=now,
                )
            )  # fmt: skip
        row.state, row.sent_at = str(BatchState.SENT), now
        session.flush()
        content = payment_file(session, batch, home)
        row.file = blobs.put(
            session, content, owner="covoit", purpose="covoit.payment_file", keep_days=KEEP_DAYS, now=now,
            name=f"{TITLE}-{row.number:04d}.{'xml' if row.way == Way.MANDATARY else 'csv'}",
        )  # fmt: skip
        steps.note(session, row, "covoit.batch_sent", by, now)
        total = Money(sum(line.cents for line in leaving))
        return Sent(batch, len(leaving), total, row.file, tuple(line.claim for line in held))


# ---------------------------------------------------------------- inside


def _lines(
    session: Session, batch: str, asked: Sequence[claim_store.ClaimRow], acts: dict[str, tuple[str, str]], month: str,
    now: datetime, left_out: list[tuple[str, str]],
) -> list[store.LineRow]:  # fmt: skip
    """The lines of a batch; what decisions take back is netted first. Whoever cannot be paid is left out, with why."""
    people = [row.person for row in asked]
    banned = claim_store.banned(session, people, paris_day(now))
    current = ibans.actives(session, people)
    counts = award_store.counts_of(session, people, month)
    decided = claim_store.decided_recoveries(session, people)
    lines: list[store.LineRow] = []
    for row in asked:
        account = current.get(row.person)
        if row.person in banned or account is None or account.iban is None:
            left_out.append((row.id, "covoit.claim_banned" if row.person in banned else "covoit.claim_without_iban"))
            continue
        net = _net(session, batch, row.person, decided.get(row.person, ZERO), now)
        amount = min(Money(row.cents), claims.payable_of(session, row.person))
        if amount <= ZERO:
            rules.after(Stage.CLAIMED, Event.REVERSE)
            row.stage, row.ended_at, row.reason = str(Stage.REVERSED), now, "netted"
            left_out.append((row.id, "covoit.claim_nothing_due"))
            continue
        row.batch = batch
        trips, first, last = counts.get(row.person, (0, row.last_month, row.last_month))
        scale, act = acts[row.person]
        lines.append(
            store.LineRow(
                batch=batch, claim=row.id, number=len(lines) + 1, person=row.person, cents=amount.cents,
                netted_cents=net.cents, iban=account.id, trips=trips, first_month=first, last_month=last,
                scale=scale[:200], act=act[:300], state=store.LINE_WAITING,
            )
        )  # fmt: skip
    session.flush()
    return lines


def _net(session: Session, batch: str, person: str, decided: Money, now: datetime) -> Money:
    """Take from what is payable what a decision allows to take back and is still owed."""
    if decided <= ZERO:
        return ZERO
    undecided = claim_store.undecided_recoveries(session, person)
    owed = min(decided, claims.owed_by(session, person) - undecided)
    amount = rules.netted(owed, claims.payable_of(session, person))
    if amount > ZERO:
        key = f"net:{batch}:{person}"
        source, target = awards.payable(person), awards.overpaid(person)
        ledger.post(session, [Transfer(key, source, target, amount, now, "covoit.net", batch)], now=now)
    return amount


def _acts_of(
    session: Session, asked: Sequence[claim_store.ClaimRow], month: str, home: Path
) -> dict[str, tuple[str, str]]:
    """The scale and the act behind each person's sums. Without an act nothing is paid."""
    found: dict[str, tuple[str, str]] = {}
    known: dict[tuple[str, str], str] = {}
    for person, used in award_store.scales_of(session, [row.person for row in asked], month).items():
        said = []
        for code, digest in sorted(used):
            if (code, digest) not in known:
                scale = campaigns.rule_of_code(code, home)
                if scale.act is None or scale.hash != digest:
                    raise Refused("covoit.scale_without_act", scale=code)
                known[code, digest] = f"{scale.act.number} ({scale.act.day:%d/%m/%Y})"
            said.append((code, known[code, digest]))
        found[person] = (", ".join(code for code, _act in said), ", ".join(sorted({act for _code, act in said})))
    for row in asked:
        found.setdefault(row.person, ("", ""))
    return found


def _working_day(day: date) -> date:
    """The day itself, or the Monday after a Saturday or a Sunday (TARGET is closed then)."""
    return day + timedelta(days=(7 - day.weekday()) % 7 if day.weekday() >= 5 else 0)
