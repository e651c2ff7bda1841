"""Départ et retour garantis, case by case: asked by who waits, ordered by an agent, its cost in the ledger."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from covoit.gateway import lines as files
from covoit.model.lines import Help
from covoit.rules import guarantee as rules
from covoit.service.bookings import refuse
from covoit.store import lines as store
from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import audit
from mobigo.infra.clock import new_id

PAID, REFUSED, NOT_NEEDED = "paid", "refused", "not_needed"
TAXI_ACCOUNT: Final = "covoit:payable:taxi"
WORDS_MAX: Final = 300


def ask(session: Session, waiting_id: str, passenger: str | None, kind: Help, now: datetime) -> store.GuaranteeRow:
    """Whoever waited long enough asks to be taken home. Asking twice is asking once.

    Raises NotFound for somebody else's wait; Refused with the reason of the rule: not yet (and from when), outside the
    hours of the line, already aboard, no guarantee in force.
    """
    waiting = store.get_waiting(session, waiting_id, lock=True)
    if waiting.passenger != passenger:
        raise NotFound("covoit.no_such_wait")
    known = store.case_of_wait(session, waiting_id)
    if known is not None:
        return known
    day = paris_day(waiting.since)
    line, rule = files.get_line(waiting.line, day), files.guarantee_on(day)
    boarded = waiting.outcome == store.BOARDED
    refuse(rules.refusal(rule, line, waiting.direction, since=waiting.since, now=now, boarded=boarded))
    assert rule is not None  # noqa: S101  # refused above without one; for the type checker
    if kind not in rule.kinds:
        raise InvalidInput("covoit.guarantee_kind")
    row = store.GuaranteeRow(
        id=new_id(now), waiting=waiting_id, line=line.code, direction=waiting.direction, stop=waiting.stop,
        to_stop=waiting.to_stop, passenger=passenger, rule=rule.digest, kind=str(kind), opened_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, "covoit.guarantee_asked", actor=passenger or "panel", object_kind="covoit_guarantee", object_id=row.id,
        now=now, detail={"line": line.code, "kind": str(kind)},
    )  # fmt: skip
    return row


def order(session: Session, case_id: str, *, agent: str, reference: str, now: datetime) -> store.GuaranteeRow:
    """An agent has ordered the taxi, or issued the voucher, under this reference; the wait ends there. Raises
    Conflict("covoit.case_closed" | "covoit.case_ordered"), InvalidInput("covoit.bad_reference")."""
    row = _open(session, case_id)
    clean = " ".join(reference.split())
    if not 1 <= len(clean) <= 100:
        raise InvalidInput("covoit.bad_reference", most=100)
    if row.ordered_at is not None:
        raise Conflict("covoit.case_ordered", reference=row.order_ref or "")
    row.ordered_at, row.ordered_by, row.order_ref = now, agent, clean
    store.end_waiting(session, row.waiting, store.LEFT, now)
    _log(session, row, "covoit.guarantee_ordered", agent, now, reference=clean)
    return row


def settle(session: Session, case_id: str, *, agent: str, cost: Money, now: datetime) -> store.GuaranteeRow:
    """The invoice is known: the case closes and its cost goes into the ledger, on the account of the line.

    Raises InvalidInput("covoit.bad_cost") for an amount not positive; a cost above the rule's ceiling is taken, and
    the log says so: the person is home. Conflict("covoit.case_not_ordered" | "covoit.case_closed").
    """
    from mobigo.ledger import service as ledger
    from mobigo.ledger.model import Transfer

    row = _open(session, case_id)
    if row.ordered_at is None:
        raise Conflict("covoit.case_not_ordered")
    if cost.cents <= 0:
        raise InvalidInput("covoit.bad_cost")
    row.cost_cents, row.closed_at, row.outcome = cost.cents, now, PAID
    session.flush()
    account = f"covoit:guarantee:{row.line}"
    for code in (account, TAXI_ACCOUNT):
        ledger.open_account(session, code, floor=None, now=now)
    transfer = Transfer(
        key=f"covoit:guarantee:{row.id}", debit=account, credit=TAXI_ACCOUNT, amount=cost,
        happened_at=row.ordered_at, kind="covoit.guarantee", ref=row.id,
        memo={"line": row.line, "kind": row.kind, "order": row.order_ref},
    )  # fmt: skip
    ledger.post(session, [transfer], now=now)
    rule = files.guarantee_on(paris_day(row.opened_at))
    above = rule is not None and cost > rule.cost_max
    _log(session, row, "covoit.guarantee_paid", agent, now, cents=cost.cents, above_ceiling=above)
    return row


def refuse_case(
    session: Session, case_id: str, *, agent: str, reason: str, needed: bool, now: datetime
) -> store.GuaranteeRow:
    """An agent closes a case without paying: refused, or no longer needed (a car came); always with words. Raises
    Conflict("covoit.case_closed" | "covoit.case_ordered"), InvalidInput("covoit.no_reason")."""
    row = _open(session, case_id)
    if row.ordered_at is not None:
        raise Conflict("covoit.case_ordered", reference=row.order_ref or "")
    clean = " ".join(reason.split())
    if not 3 <= len(clean) <= WORDS_MAX:
        raise InvalidInput("covoit.no_reason", most=WORDS_MAX)
    row.closed_at, row.outcome, row.reason = now, REFUSED if needed else NOT_NEEDED, clean
    _log(session, row, "covoit.guarantee_closed", agent, now, outcome=row.outcome)
    return row


def _open(session: Session, case_id: str) -> store.GuaranteeRow:
    row = store.get_case(session, case_id, lock=True)
    if row.closed_at is not None:
        raise Conflict("covoit.case_closed")
    return row


def _log(session: Session, row: store.GuaranteeRow, action: str, agent: str, now: datetime, **detail: object) -> None:
    session.flush()
    audit.record(session, action, actor=agent, object_kind="covoit_guarantee", object_id=row.id, now=now, detail=detail)
