"""Two files of one person become one: trips, what is due, what is owed, requests, cases and accounts follow. Nothing
that was closed or paid is written again: it stays under the former file, and is read with the other (`store.files`).

covoit:payable:<former> → covoit:payable:<person>                    what was closed and not paid
covoit:overpaid:<person> → covoit:overpaid:<former>                  what was paid too much
covoit:fare_receivable:<person> → covoit:fare_receivable:<former>    fares owed to the Region

What is on no statement yet is not moved but priced again under the person, by the reversals of the next run: so its
ranks, caps and budget are those of one person.
"""

from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from covoit.model.payments import Event, Stage
from covoit.rules import payments as payment_rules
from covoit.service import awards
from covoit.service.budgets import fare_receivable, overpaid, payable
from covoit.store import awards as award_store
from covoit.store import claims as claim_store
from covoit.store import files, ibans
from covoit.store.award_rows import HeadRow
from covoit.store.fraud import AlertRow, key_of
from covoit.store.journey_rows import JourneyRow
from covoit.store.people import OperatorUserRow
from mobigo.base.errors import NotFound, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra import audit
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Transfer


def refuse_under_way(session: Session, *people: str) -> None:
    """Raises Refused("covoit.identity_payment_under_way") while a batch that has not left holds a request of one of
    these people: its papers name them."""
    for person in people:
        for row in claim_store.claims_of(session, person):
            if row.batch is not None and row.stage in (Stage.CLAIMED, Stage.MANDATED):
                raise Refused("covoit.identity_payment_under_way")


def join_files(
    session: Session, former: str, person: str, *, of_another: bool, case: str, decision: str | None, by: str,
    now: datetime,
) -> None:  # fmt: skip
    """Join a former file to that of the same person. `of_another`: the kept file was somebody else's account until now;
    their bank account no longer counts, and their request ends."""
    award_store.lock(session)
    moved = {
        "payable": _payable(session, former, person, case, now).cents,
        "owed": _owed(session, former, person, case, now).cents,
        "fares": _fares(session, former, person, case, now).cents,
    }
    _trips(session, former, person)
    _cases(session, former, person)
    _bank_accounts(session, former, person, of_another, now)
    _requests(session, former, person, of_another, now)
    files.join(session, former, person, decision, now)
    session.expire_all()
    audit.record(
        session, "covoit.files_joined", actor=by, object_kind="covoit_person", object_id=person, now=now,
        detail={"former": former, "case": case, **moved},
    )  # fmt: skip


def _net(session: Session, account: str) -> Money:
    try:
        return ledger.balance(session, account).net
    except NotFound:
        return ZERO


def _post(session: Session, key: str, source: str, target: str, amount: Money, now: datetime) -> Money:
    if amount <= ZERO:
        return ZERO
    for account in (source, target):
        floor = ZERO if account.startswith("covoit:payable:") else None
        awards.open_accounts(session, {account: floor}, now)
    ledger.post(session, [Transfer(key, source, target, amount, now, "covoit.join", key.split(":")[1])], now=now)
    return amount


def _payable(session: Session, former: str, person: str, case: str, now: datetime) -> Money:
    """What was closed for the former file and not paid."""
    return _post(session, f"join:{case}:payable", payable(former), payable(person), _net(session, payable(former)), now)


def _owed(session: Session, former: str, person: str, case: str, now: datetime) -> Money:
    """What the former file was paid too much, but for what the open lines take back: these are priced again."""
    lines = session.scalars(select(HeadRow.line_cents).where(HeadRow.driver == former, HeadRow.open.is_(True)))
    taken = Money(sum(-cents for cents in lines if cents < 0))
    owed = -_net(session, overpaid(former)) - taken
    return _post(session, f"join:{case}:owed", overpaid(person), overpaid(former), owed, now)


def _fares(session: Session, former: str, person: str, case: str, now: datetime) -> Money:
    """What the former file owes as a passenger. Open trips are priced again, and their fares with them: moved now, they
    come back then; both files are read as one (`fares.owed`)."""
    owed = -_net(session, fare_receivable(former))
    return _post(session, f"join:{case}:fares", fare_receivable(person), fare_receivable(former), owed, now)


def _trips(session: Session, former: str, person: str) -> None:
    """Rides and the awards that count become the person's. A closed trip in which they rode with themselves is priced
    again: nobody is paid for that."""
    with_oneself = or_(
        (JourneyRow.driver == former) & (JourneyRow.passenger == person),
        (JourneyRow.driver == person) & (JourneyRow.passenger == former),
    )
    session.execute(update(JourneyRow).where(with_oneself).values(priced_at=None))
    session.execute(update(JourneyRow).where(JourneyRow.driver == former).values(driver=person))
    session.execute(update(JourneyRow).where(JourneyRow.passenger == former).values(passenger=person))
    session.execute(update(HeadRow).where(HeadRow.driver == former).values(driver=person))
    session.execute(update(OperatorUserRow).where(OperatorUserRow.person == former).values(person=person))


def _cases(session: Session, former: str, person: str) -> None:
    """Cases, decisions, bans and alerts are about the person."""
    for owner in (claim_store.CaseRow, claim_store.DecisionRow, claim_store.BanRow):
        session.execute(update(owner).where(owner.person == former).values(person=person))
    for alert in session.scalars(select(AlertRow)):
        if former in alert.people:
            people = sorted({person if each == former else each for each in alert.people})
            taken = AlertRow.month == alert.month, AlertRow.suspicion == alert.suspicion
            if session.scalar(select(AlertRow.id).where(*taken, AlertRow.people_key == key_of(people))) is None:
                alert.people, alert.people_key = people, key_of(people)
    session.flush()


def _bank_accounts(session: Session, former: str, person: str, of_another: bool, now: datetime) -> None:
    """One account counts: never the one of somebody who lost the file; of two of one person, the last confirmed."""
    for row in [*ibans.of_person(session, former), *ibans.of_person(session, person)]:
        if row.state == ibans.WAITING or (of_another and row.person == person and row.state == ibans.ACTIVE):
            row.state, row.ended_at, row.code_hash = ibans.ENDED, now, None
    session.flush()
    mine, theirs = ibans.active(session, former), ibans.active(session, person)
    if mine is not None and theirs is not None:
        older = min((mine, theirs), key=lambda row: row.confirmed_at or row.asked_at)
        older.state, older.ended_at = ibans.ENDED, now
        session.flush()
    session.execute(update(ibans.IbanRow).where(ibans.IbanRow.person == former).values(person=person))
    session.flush()


def _requests(session: Session, former: str, person: str, of_another: bool, now: datetime) -> None:
    """Requests are the person's; two that wait are one, for all that is payable; one of somebody else ends."""
    waiting = [claim_store.open_claim(session, each) for each in (person, former)]
    kept = waiting[0] if not of_another else None
    for row in waiting:
        if row is None:
            continue
        if kept is None and row.person == former:
            kept = row
        elif row is not kept:
            payment_rules.after(Stage(row.stage), Event.WITHDRAW)
            row.stage, row.ended_at, row.reason = str(Stage.REVERSED), now, "joined" if kept is not None else "identity"
    session.flush()
    session.execute(update(claim_store.ClaimRow).where(claim_store.ClaimRow.person == former).values(person=person))
    if kept is not None:
        due = _net(session, payable(person))
        if due > ZERO:
            kept.cents = due.cents
    session.flush()
