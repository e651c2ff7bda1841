"""Who is adult, from a day of birth; and when an age declared by mistake may be corrected. Pure."""

from datetime import date
from typing import Final

from mobigo.base.decisions import Decision

ADULT_YEARS: Final = 18  # code civil, article 414
OLDEST_YEARS: Final = 120


def years_old(born: date, today: date) -> int:
    """Whole years. Whoever was born on 29 February turns a year older on 1 March of a common year."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def refusal_of_birth(born: date, today: date) -> Decision | None:
    """Why this is nobody's day of birth, or None."""
    if born > today or years_old(born, today) > OLDEST_YEARS:
        return Decision("covoit.bad_birth")
    return None


def refusal_of_correction(*, declared: bool | None, adult: bool, corrected_before: bool) -> Decision | None:
    """Why a person may not correct their age by themselves, or None. Saying that one is minor is always heard; from
    minor to adult is corrected once, then by an agent who saw a paper."""
    if declared is False and adult and corrected_before:
        return Decision("covoit.age_by_agent")
    return None
