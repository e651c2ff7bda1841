"""Passes: given with the right, paid for where there is a price, replaced when lost, ended with the registration.

Ticketing makes a title of each pass: an effect says so in the transaction of the pass, and its handler, which the
composition root wires, writes the title back (`titled`).
"""

from datetime import date, datetime
from typing import Final, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import audit, outbox
from mobigo.infra.clock import new_id
from mobigo.infra.competence import departement_of
from mobigo.infra.config import Config
from scolaire.gateway import rulefiles
from scolaire.model.rights import Outcome
from scolaire.rules.rights import duplicate_price
from scolaire.store.pupils import HomeRow
from scolaire.store.registrations import DecisionRow, PassRow, RegistrationRow, decisions, get_registration, legs

ISSUED: Final = "scolaire.pass_issued"
ENDED: Final = "scolaire.pass_ended"
LESSONS_END: Final = (7, 5)
REASONS: Final = ("lost", "stolen", "damaged", "faulty")


class TitlePages(Protocol):
    """Where a title that ticketing made of a pass is shown; `mobigo.app` hands it over."""

    def path(self, session: Session, title: str) -> str: ...


def follow(session: Session, row: RegistrationRow, decision: DecisionRow, by: str, now: datetime) -> None:
    """What a decision does to the pass: the entitled pupil has one at once, the paying one once it is paid for; who has
    no right any more loses it."""
    outcome, price = Outcome(decision.outcome), Money(decision.price_cents or 0)
    current = current_pass(session, row.id)
    carried = outcome in (Outcome.ENTITLED, Outcome.PAYING)
    if current is not None and (not carried or (price > ZERO and current.why == "first" and not current.price_cents)):
        end_all(session, row.id, by, now)  # given for nothing, and now there is a price: it waits for its receipt
        current = None
    if carried and current is None and price == ZERO:
        _issue(session, row, "first", ZERO, None, by, now)


def pay(session: Session, registration: str, receipt: str, by: str, now: datetime) -> PassRow:
    """The contribution was paid at a counter, under this receipt: the pass is given. Raises Conflict(
    "scolaire.pass_known"), Refused("scolaire.nothing_to_pay"), InvalidInput("scolaire.bad_receipt")."""
    row = get_registration(session, registration, lock=True)
    found = decisions(session, registration)
    due = Money(found[-1].price_cents or 0) if found else ZERO
    carried = row.state == "decided" and row.outcome in (str(Outcome.ENTITLED), str(Outcome.PAYING))
    if not carried or due == ZERO:
        raise Refused("scolaire.nothing_to_pay")
    if current_pass(session, registration) is not None:
        raise Conflict("scolaire.pass_known")
    return _issue(session, row, "first", due, _receipt(session, receipt), by, now)


def replace(
    session: Session, registration: str, why: str, *, receipt: str, by: str, config: Config, now: datetime
) -> PassRow:
    """Another pass for one that is lost, stolen, damaged or faulty; the one before is good for nothing from now on.

    Raises NotFound("scolaire.no_pass"), InvalidInput("scolaire.bad_reason" | "scolaire.bad_receipt"), Refused(
    "scolaire.price_unknown")."""
    if why not in REASONS:
        raise InvalidInput("scolaire.bad_reason")
    row = get_registration(session, registration, lock=True)
    old = current_pass(session, registration)
    if old is None:
        raise NotFound("scolaire.no_pass")
    price = price_of_duplicate(session, row, why, config)
    if price is None:
        raise Refused("scolaire.price_unknown")
    paid = _receipt(session, receipt) if price > ZERO else None
    _end(session, old, by, now)
    return _issue(session, row, why, price, paid, by, now)


def price_of_duplicate(session: Session, row: RegistrationRow, why: str, config: Config) -> Money | None:
    """What another pass costs, today; None when no price is known. A faulty one is replaced for nothing."""
    homes = legs(session, [row.id])[row.id]
    commune = session.get_one(HomeRow, homes[0].home).commune if homes else ""
    try:
        prices = rulefiles.prices_on(
            departement_of(commune), row.first_day, config.home, production=config.production
        )  # fmt: skip
    except NotFound:
        return None
    return duplicate_price(prices, ours=why == "faulty")


def current_pass(session: Session, registration: str) -> PassRow | None:
    """The pass that is good; None before there is one, or after it ended."""
    asked = select(PassRow).where(PassRow.registration == registration, PassRow.ended_at.is_(None))
    return session.scalar(asked.order_by(PassRow.number.desc()).limit(1))


def end_all(session: Session, registration: str, by: str, now: datetime) -> None:
    """No pass of this registration is good any more."""
    asked = select(PassRow).where(PassRow.registration == registration, PassRow.ended_at.is_(None))
    for row in session.scalars(asked).all():
        _end(session, row, by, now)


def titled(session: Session, pass_id: str, title: str) -> None:
    """Ticketing made this title of the pass. A pass that is gone meanwhile is left alone."""
    row = session.get(PassRow, pass_id)
    if row is not None:
        row.title = title


def _issue(
    session: Session, row: RegistrationRow, why: str, price: Money, receipt: str | None, by: str, now: datetime
) -> PassRow:
    before = session.scalars(select(PassRow.number).where(PassRow.registration == row.id)).all()
    first_day = max(row.first_day, paris_day(now))
    # Lessons end in the first days of July (school calendar); a pass given later is for the rest of the school year.
    lessons_end = date(row.year + 1, *LESSONS_END)
    last_day = lessons_end if first_day <= lessons_end else row.last_day
    made = PassRow(
        id=new_id(now), registration=row.id, number=max(before, default=0) + 1, issued_at=now,
        first_day=first_day, last_day=last_day, why=why, price_cents=price.cents,
        paid_with=receipt, issued_by=by,
    )  # fmt: skip
    session.add(made)
    session.flush()
    outbox.emit(session, ISSUED, {"pass": made.id}, key=made.id, now=now)
    audit.record(
        session, ISSUED, actor=by, object_kind="scolaire_registration", object_id=row.id, now=now,
        detail={"number": made.number, "why": why, "cents": price.cents},
    )  # fmt: skip
    return made


def _end(session: Session, row: PassRow, by: str, now: datetime) -> None:
    row.ended_at = now
    outbox.emit(session, ENDED, {"pass": row.id, "title": row.title}, key=row.id, now=now)
    audit.record(
        session, ENDED, actor=by, object_kind="scolaire_registration", object_id=row.registration, now=now,
        detail={"number": row.number},
    )  # fmt: skip


def _receipt(session: Session, text: str) -> str:
    """The number of a receipt of the counter, used once."""
    receipt = " ".join(text.split())
    if not 3 <= len(receipt) <= 60 or not receipt.isprintable():
        raise InvalidInput("scolaire.bad_receipt")
    if session.scalar(select(PassRow.id).where(PassRow.paid_with == receipt)) is not None:
        raise Conflict("scolaire.receipt_known", receipt=receipt)
    return receipt
