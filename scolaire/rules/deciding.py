"""What a person may decide of a registration, what must stand in the decision, and until when one may contest it. Pure.

Sources: reasons in law and fact (CRPA, L211-5), signatory's name and capacity (L212-1), algorithmic processing
(L311-3-1), withdrawal within four months (L242-1), remedies (CJA, R421-1; CRPA, L411-2, L231-4).
"""

import calendar
from datetime import date
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, Refused
from scolaire.model.rights import Outcome

CONTEST_MONTHS: Final = 2
WITHDRAW_MONTHS: Final = 4
_RANK: Final = (Outcome.ENTITLED, Outcome.PAYING, Outcome.REFUSED, Outcome.ELSEWHERE)


def check(
    outcome: Outcome,
    proposed: Outcome,
    *,
    words: str,
    name: str,
    capacity: str,
    last: tuple[Outcome, date] | None,
    today: date,
    facts_changed: bool,
) -> None:
    """Raises InvalidInput("scolaire.pending_is_no_decision"); InvalidInput("scolaire.decision_without_reason") for an
    outcome that the rule does not propose, without words; InvalidInput("scolaire.decision_unsigned"); Refused(
    "scolaire.withdrawal_too_late") for a right taken back more than four months after it was given, the facts being
    the same."""
    if outcome is Outcome.PENDING:
        raise InvalidInput("scolaire.pending_is_no_decision")
    if outcome is not proposed and not words.strip():
        raise InvalidInput("scolaire.decision_without_reason")
    if not name.strip() or not capacity.strip():
        raise InvalidInput("scolaire.decision_unsigned")
    if last is None or facts_changed:
        return
    before, day = last
    limit = months_after(day, WITHDRAW_MONTHS)
    if _RANK.index(outcome) > _RANK.index(before) and today > limit:
        raise Refused("scolaire.withdrawal_too_late", day=limit)


def contest_by(decided_on: date) -> date:
    """The last day to contest a decision: two months after it was made known."""
    return months_after(decided_on, CONTEST_MONTHS)


def answer_by(made_on: date) -> date:
    """After this day, silence is a refusal of the appeal."""
    return months_after(made_on, CONTEST_MONTHS)


def remedies(decided_on: date) -> tuple[Decision, ...]:
    """What the family may do, and until when."""
    last = contest_by(decided_on)
    return (
        Decision("scolaire.remedy_same_authority", day=last),
        Decision("scolaire.remedy_court", day=last),
        Decision("scolaire.remedy_data_protection"),
    )


def months_after(day: date, months: int) -> date:
    """The same day of the month, so many months later; the last day of the month where there is no such day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
