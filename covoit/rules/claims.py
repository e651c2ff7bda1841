"""When a payment request, a paper claim or a complaint can be received, and until when it is answered. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from covoit.model.claims import Certificate
from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money

# Two months of silence refuse a request (CRPA, L231-4 and L231-6): an answer is due before.
ANSWER_MONTHS: Final = 2
APPEAL_MONTHS: Final = 2  # before the administrative court (code de justice administrative, R421-1)


def refusal_of_claim(payable: Money, *, iban: bool, banned: bool, open_claim: bool) -> Decision | None:
    """First reason not to receive a payment request, or None."""
    if banned:
        return Decision("covoit.claim_banned")
    if open_claim:
        return Decision("covoit.claim_already_open")
    if payable <= ZERO:
        return Decision("covoit.claim_nothing_due")
    if not iban:
        return Decision("covoit.claim_without_iban")
    return None


def answer_by(made_day: date) -> date:
    """The last day to answer: two months later, the same day or the last of the month when there is none."""
    return months_after(made_day, ANSWER_MONTHS)


def appeal_by(notified_day: date) -> date:
    """The last day of the two months to go to court, counted from the day after the notice."""
    return months_after(notified_day, APPEAL_MONTHS) + timedelta(days=1)


def months_after(day: date, months: int) -> date:
    """The same day `months` later; the last day of the month when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in range(day.day, 27, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    return date(year, month + 1, day.day)


def refusal_of_paper_claim(started_day: date, received_day: date, deadline_days: int) -> Decision | None:
    """Why a claim on paper comes too late, or before its trip; or None. The day of the deadline still counts."""
    if received_day < started_day:
        return Decision("covoit.paper_claim_future", day=started_day)
    if received_day > started_day + timedelta(days=deadline_days):
        return Decision("covoit.paper_claim_late", day=started_day, days=deadline_days)
    return None


def certificate(name: str, year: int, role: str, trips: Sequence[tuple[date, int]], made_at: datetime) -> Certificate:
    """Days, trips and metres of a year, from (day, metres) of each proven trip."""
    kept = [(day, metres) for day, metres in trips if day.year == year]
    months: dict[str, list[tuple[date, int]]] = {}
    for day, metres in kept:
        months.setdefault(f"{day:%Y-%m}", []).append((day, metres))
    by_month = tuple(
        (month, len({day for day, _ in rows}), len(rows), sum(metres for _, metres in rows))
        for month, rows in sorted(months.items())
    )
    return Certificate(
        name=name,
        year=year,
        role=role,
        days=len({day for day, _ in kept}),
        trips=len(kept),
        distance_m=sum(metres for _, metres in kept),
        by_month=by_month,
        made_at=made_at,
    )
