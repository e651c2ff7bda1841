"""When a payment request, a paper claim or a complaint can be received, until when it is answered, and what it is
about. Pure."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from covoit.model.claims import Certificate
from mobigo.base.decisions import Decision
from mobigo.base.instants import PARIS
from mobigo.base.money import ZERO, Money

# Two months of silence refuse a request (CRPA, L231-4 and L231-6): an answer is due before.
ANSWER_MONTHS: Final = 2
APPEAL_MONTHS: Final = 2  # before the administrative court (code de justice administrative, R421-1)
ANYTHING: Final = "-"  # a complaint about nothing in particular
_TRIP: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) \(([0-9A-Z]{26})\)", re.ASCII)
_MONTH: Final = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)  # an agent may write anything else


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


# ---------------------------------------------------------------- what a complaint is about


def object_of_trip(award: str, started_at: datetime) -> str:
    """How a complaint names a trip: its start on the clock of France, then its award. `award_of_object` reads it."""
    return f"{started_at.astimezone(PARIS):%Y-%m-%d %H:%M} ({award})"


def award_of_object(object_id: str) -> str | None:
    """The award a complaint is about; None for one about anything else."""
    found = _TRIP.fullmatch(object_id)
    return None if found is None else found[2]


def month_of_object(object_id: str) -> str | None:
    """The statement ("2026-11") a complaint is about; None for one about anything else."""
    return object_id if _MONTH.fullmatch(object_id) else None


def about(object_id: str) -> Decision | str:
    """What a complaint is about, to be said in a letter; as it was written when it is none of what we name."""
    trip = _TRIP.fullmatch(object_id)
    if trip is not None:
        try:
            at = datetime.fromisoformat(trip[1]).replace(tzinfo=PARIS)
        except ValueError:  # somebody else's way of writing, which looks like ours
            return object_id
        return Decision("covoit.about_trip", at=at)
    if month_of_object(object_id) is not None:
        return Decision("covoit.about_statement", month=object_id)
    return Decision("covoit.about_anything") if object_id == ANYTHING else object_id
