"""The driver's money: asking to be paid, and what the law makes of what is not asked for.

A payment request is one call (`claim`); repeating it while one waits gives the same one. Accounts for payment are in
`ibans`, complaints and individual decisions in `cases`, what is owed back in `debts`: their names are here too, for who
serves a driver from one place.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from covoit.gateway.payer import check_iban
from covoit.model.claims import Individual, Kind, Outcome, Signatory
from covoit.model.payments import PRESCRIPTION_YEARS, Event, Stage
from covoit.rules import claims as rules
from covoit.rules import decisions as decision_rules
from covoit.rules import payments as payment_rules
from covoit.service import awards, cases
from covoit.service.cases import (
    complain,
    decide_case,
    decision_of,
    hear,
    notify_case,
    propose_ban,
    receive_paper_claim,
)
from covoit.service.debts import WRITTEN_OFF, owed_by, write_off
from covoit.service.ibans import (
    ACCOUNT_REASONS,
    CODE_LIFE,
    TRIES_MAX,
    IbanView,
    ask_iban,
    check_holder,
    confirm_iban,
    confirm_iban_at_counter,
    find_iban,
    masked,
)
from covoit.service.rights import not_oneself, require
from covoit.store import awards as award_store
from covoit.store import claims as store
from covoit.store import ibans
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.db import insert_new, reading, transaction
from mobigo.infra.roles import Identity, Permission
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Transfer

__all__ = [
    "ACCOUNT_REASONS", "CODE_LIFE", "PRESCRIBED", "TRIES_MAX", "WRITTEN_OFF", "IbanView", "ask_iban", "check_holder",
    "claim", "complain", "confirm_iban", "confirm_iban_at_counter", "decide_case", "decision_of", "erase_money",
    "export_money", "find_iban", "hear", "masked", "not_oneself", "notify_case", "owed_by", "payable_of", "prescribe",
    "prescribe_due", "propose_ban", "receive_paper_claim", "refusal_of_claim", "refuse_claim", "withdraw_claim",
    "write_off",
]  # fmt: skip

PRESCRIBED: Final = "covoit:prescribed"


def payable_of(session: Session, person: str) -> Money:
    """What a person may ask for now."""
    try:
        return max(ZERO, ledger.balance(session, awards.payable(person)).spendable)
    except NotFound:
        return ZERO


def refusal_of_claim(session: Session, person: str, now: datetime) -> Decision | None:
    """Why the button does not work, or None. What waits already is no refusal: it is shown."""
    return rules.refusal_of_claim(
        payable_of(session, person),
        iban=ibans.active(session, person) is not None,
        banned=bool(store.banned(session, [person], paris_day(now))),
        open_claim=False,
    )


def claim(session: Session, person: str, *, now: datetime, by: str | None = None) -> store.ClaimRow:
    """Ask for all that is payable. While a request waits, the same one is given again.

    A payment that came back is asked for anew under a new name, once, to an account confirmed since. Raises
    Refused with the code of `rules.refusal_of_claim`.
    """
    waiting = store.open_claim(session, person)
    if waiting is not None:
        return waiting
    refusal = refusal_of_claim(session, person, now)
    if refusal is not None:
        raise Refused(refusal.code, **refusal.params)
    account = ibans.active(session, person)
    if account is None or account.iban is None:
        raise Refused("covoit.claim_without_iban")
    check_iban(account.iban)
    returned = store.returned_claim(session, person)
    months = [row.month for row in award_store.statements_of(session, person)]
    row: dict[str, Any] = {
        "id": new_id(now),
        "person": person,
        "cents": payable_of(session, person).cents,
        "last_month": months[-1] if months else f"{paris_day(now):%Y-%m}",
        "made_at": now,
        "made_by": by or person,
        "stage": str(payment_rules.after(Stage.VALIDATED, Event.CLAIM)),
        "batch": None,
        "reissue_of": None if returned is None else returned.id,
        "ended_at": None,
        "reason": None,
    }
    if not insert_new(session, store.ClaimRow, row):
        waiting = store.open_claim(session, person)
        if waiting is None:
            raise Conflict("covoit.claim_already_open")
        return waiting
    for old in store.claims_of(session, person):
        if old.stage == Stage.RETURNED:
            old.stage, old.ended_at = str(payment_rules.after(Stage.RETURNED, Event.REISSUE)), now
            old.reason = f"reissued:{row['id']}"
    session.flush()
    audit.record(
        session, "covoit.claim", actor=by or person, object_kind="covoit_claim", object_id=row["id"], now=now,
        detail={"cents": row["cents"]},
    )  # fmt: skip
    return store.get_claim(session, row["id"])


def withdraw_claim(session: Session, claim_id: str, *, now: datetime, reason: str) -> None:
    """End a request that is in no batch; its amount may be asked for again. Raises Conflict."""
    row = store.get_claim(session, claim_id, lock=True)
    if row.batch is not None:
        raise Conflict("covoit.claim_in_batch")
    payment_rules.after(Stage(row.stage), Event.WITHDRAW)
    row.stage, row.ended_at, row.reason = str(Stage.REVERSED), now, reason[:60]
    session.flush()


def refuse_claim(
    session: Session, claim_id: str, *, by: Identity, name: str, capacity: str, reason: str, now: datetime,
    language: str = "fr",
) -> Individual:  # fmt: skip
    """Refuse a payment request that is in no batch, by an individual decision; its amount stays payable."""
    require(by, Permission.COVOIT_PREPARE)
    row = store.get_claim(session, claim_id, lock=True)
    decision = decision_rules.decide(
        id=new_id(now),
        kind=Kind.PAYMENT_REQUEST,
        outcome=Outcome.REFUSED,
        proposed=decision_rules.proposed_for_claim(
            Decision("covoit.claim_banned") if store.banned(session, [row.person], paris_day(now)) else None
        ),
        person=row.person,
        object_id=row.id,
        facts=Decision("covoit.facts_claim", amount=Money(row.cents), day=paris_day(row.made_at)),
        rule=cases.RULES[Kind.PAYMENT_REQUEST],
        reason=reason,
        algorithmic=True,
        signatory=Signatory(by.subject, name, capacity),
        now=now,
        today=paris_day(now),
    )
    withdraw_claim(session, claim_id, now=now, reason=f"refused:{decision.id}")
    cases.keep(session, decision, now, language)
    return decision


# ---------------------------------------------------------------- prescription


def prescribe(session: Session, person: str, *, now: datetime) -> Money:
    """Move what a person may no longer claim (law 68-1250) out of what is payable; how much. A request that waits, or
    a payment under way, keeps its amount."""
    if store.open_claim(session, person) is not None:
        return ZERO
    payable = payable_of(session, person)
    by_year = award_store.validated_by_year(session, person)
    total = sum(by_year.values(), ZERO)
    lost = payment_rules.prescribed(by_year, total - payable, store.last_request_year(session, person), paris_day(now))
    lost = min(lost, payable)
    if lost <= ZERO:
        return ZERO
    ledger.open_account(session, PRESCRIBED, floor=None, now=now)
    year = paris_day(now).year
    ledger.post(
        session,
        [
            Transfer(
                f"prescribed:{year}:{person}",
                awards.payable(person),
                PRESCRIBED,
                lost,
                now,
                "covoit.prescribe",
                str(year),
            )
        ],
        now=now,
    )
    return lost


def prescribe_due(engine: Engine, now: datetime) -> Money:
    """The same for everybody with a statement old enough; how much in all."""
    limit = f"{paris_day(now).year - PRESCRIPTION_YEARS:04d}-01"
    with reading(engine) as session:
        people = award_store.people_before(session, limit)
    total = ZERO
    for person in people:
        with transaction(engine) as session:
            total += prescribe(session, person, now=now)
    return total


# ---------------------------------------------------------------- one person's data


def export_money(session: Session, person: str) -> Mapping[str, object]:
    """What the money side holds of a person, for their own eyes."""
    return {
        "accounts": [
            {"shown": masked(row.iban or ""), "iban": row.iban, "holder": row.holder, "state": row.state,
             "asked_at": row.asked_at, "confirmed_at": row.confirmed_at}
            for row in ibans.of_person(session, person)
        ],
        "statements": [
            {"month": row.month, "lines": row.lines, "cents": row.cents}
            for row in award_store.statements_of(session, person)
        ],
        "claims": [
            {"id": row.id, "cents": row.cents, "made_at": row.made_at, "stage": row.stage}
            for row in store.claims_of(session, person)
        ],
        "cases": [
            {"kind": row.kind, "opened_at": row.opened_at, "said": row.said, "heard": row.heard,
             "answer_by": row.answer_by, "answered_at": row.answered_at}
            for row in store.cases_of(session, person)
        ],
        "decisions": [
            {"kind": row.kind, "outcome": row.outcome, "reason": row.reason, "decided_at": row.decided_at}
            for row in store.decisions_of(session, person)
        ],
    }  # fmt: skip


def erase_money(session: Session, person: str, now: datetime) -> int:
    """Forget a person's accounts and words. Accounts stay while a payment to them is under way: they are forgotten by
    the register's time once it has ended. What is payable stays payable, to be claimed at the counter."""
    under_way = any(
        row.stage in (Stage.CLAIMED, Stage.MANDATED, Stage.SENT) for row in store.claims_of(session, person)
    )
    touched = store.forget_words(session, person)
    if not under_way:
        return touched + ibans.forget(session, person)
    for row in ibans.of_person(session, person):
        if row.state == ibans.WAITING:
            row.state, row.ended_at, row.code_hash = ibans.ENDED, now, None
            touched += 1
    session.flush()
    return touched
