"""Contesting a constat, before it is paid and after; the answer, by somebody who did not draw it up.

Before: the contest stops the passing on, and an answer that maintains the constat passes it on with the contest (code
de procédure pénale, article 529-5). After: the payment has ended the public action (article 529-3), so nothing is
passed on; the answer gives the money back or leaves it paid. Who pays while the contest waits is answered all the same.
"""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from billettique.gateway.penalties import penalties_by_code
from billettique.model.cases import CaseState
from billettique.rules import cases as rules
from billettique.service.case_money import CITIZEN
from billettique.service.cases import PATH, TEXT_MAX, set_forgetting, transmit, withdrawn_of
from billettique.store import inspections as store
from billettique.store.inspections import CaseRow
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import formats, outbox
from mobigo.infra.config import Config
from mobigo.infra.i18n import gettext as _


def contest(
    session: Session, config: Config, case_id: str, text: str, now: datetime, *,
    by: str = CITIZEN, received: date | None = None,
) -> CaseRow:  # fmt: skip
    """The person says why they do not agree, within the term; once. `received`: the day a letter came, when an agent
    writes it in. Raises InvalidInput("billettique.contest_empty", "billettique.bad_day_received"),
    Refused("billettique.too_late_to_contest"), Conflict("billettique.case_closed", "billettique.contested_before")."""
    written = text.strip()[:TEXT_MAX]
    if not written:
        raise InvalidInput("billettique.contest_empty")
    row = store.get_case(session, case_id, lock=True)
    today = paris_day(now)
    day = today if received is None else received
    if not paris_day(row.found_at) <= day <= today:
        raise InvalidInput("billettique.bad_day_received")
    state = CaseState(row.state)
    rules.may_contest(state, store.contest_of(session, row.id) is not None, row.term, day)
    penalties = penalties_by_code(row.penalties, config.home)
    row.answer_by = today + timedelta(days=penalties.answer_days)
    most = rules.forgets_at(CaseState.OPEN, row.found_at, None, penalties)
    store.add_contest(session, row.id, written, now, most)
    store.forget_from(session, row.id, most)  # until it is answered
    store.move(session, row, "contested", by, now, state=CaseState.CONTESTED if state is CaseState.OPEN else None)
    return row


def answer(
    session: Session, config: Config, case_id: str, *, withdrawn: bool, text: str, by: str, now: datetime
) -> CaseRow:
    """Answer a contest. Withdrawn: nothing is owed, and what was paid is to be given back. Maintained: what is not paid
    is passed on with the contest, what is paid stays paid.

    Raises InvalidInput("billettique.answer_empty"), Conflict("billettique.not_contested"),
    Refused("billettique.own_constat") for the inspector who drew it up.
    """
    written = text.strip()[:TEXT_MAX]
    if not written:
        raise InvalidInput("billettique.answer_empty")
    row = store.get_case(session, case_id, lock=True)
    kept = store.contest_of(session, row.id)
    if not store.waits(kept) and CaseState(row.state) is not CaseState.CONTESTED:
        raise Conflict("billettique.not_contested")
    if by == row.inspector:
        raise Refused("billettique.own_constat")
    if kept is not None:
        kept.answered_at, kept.answered_by, kept.withdrawn, kept.answer = now, by, withdrawn, written
    if withdrawn:
        withdrawn_of(session, row, by, now, config.home)
    elif CaseState(row.state) is CaseState.CONTESTED:
        transmit(session, row, "protest", by, now, config.home)
    else:
        store.move(session, row, "upheld", by, now)
        set_forgetting(session, row, config.home, since=now)
    _tell(session, config, row, now)
    return row


def _tell(session: Session, config: Config, row: CaseRow, now: datetime) -> None:
    """The person who gave an address learns that there is an answer. It stands on the page that their secret opens."""
    person = store.person_of(session, row.id)
    if person is None or not person.email:
        return
    lines = [
        _("Bonjour,"),
        "",
        _("Votre contestation du constat %(reference)s a une réponse.", reference=row.reference),
        _("Elle est sur votre page, que la référence et votre code secret ouvrent :"),
        f"{config.base_url}{PATH}",
    ]
    if row.paid_cents and CaseState(row.state) is CaseState.WITHDRAWN:
        lines.append(
            _("Ce que vous avez payé (%(amount)s) vous sera rendu.", amount=formats.amount(Money(row.paid_cents)))
        )
    subject = _("Réponse à votre contestation %(reference)s", reference=row.reference)
    message = outbox.Message("email", person.email, subject, "\n".join(lines) + "\n")
    outbox.send(session, message, key=f"billettique:case:{row.id}:answer", now=now)
