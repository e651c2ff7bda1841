"""Too many aboard, too few, nobody to accompany the youngest: judged from counts and dated thresholds. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta

from scolaire.model.running import Counts, NoShow, Overload, RunRules
from scolaire.rules.rights import age_on


def places_of(seats: int, wheelchairs: int, rolling: int) -> int:
    """How many pupils have a place: everyone is seated (order of 2 July 1982), and a wheelchair place seats nobody
    who does not come in a wheelchair."""
    return seats + min(wheelchairs, rolling)


def overloads(counts: Counts, rules: RunRules, today: date) -> list[Overload]:
    """The services on which somebody had no place, the most first; then by name. A count equal to the places is
    none."""
    found = []
    for key, days in counts.items():
        over = [each for each in days if _recent(each.day, rules, today) and each.aboard > each.places]
        if over:
            worst = max(over, key=lambda each: (each.aboard - each.places, each.day))
            found.append(Overload(key, len(over), worst))
    return sorted(found, key=lambda each: (-each.standing, -each.days, each.key))


def no_shows(counts: Counts, rules: RunRules, today: date) -> list[NoShow]:
    """The services that pupils registered for and do not take: judged by the best of the last counted days, so that an
    outing or an epidemic of one day accuses nobody. The most missing first."""
    found = []
    for key, days in counts.items():
        recent = sorted((each for each in days if _recent(each.day, rules, today)), key=lambda each: each.day)
        last = recent[-rules.no_show_days :]
        if len(last) < rules.no_show_days:
            continue
        best = min(last, key=lambda each: (each.registered - each.aboard, each.day))
        missing = best.registered - best.aboard
        if missing >= rules.missing_least and missing * 100 >= rules.missing_pct * best.registered:
            found.append(NoShow(key, len(last), best))
    return sorted(found, key=lambda each: (-each.missing, each.key))


def youngest(born: Iterable[date], rules: RunRules, day: date) -> int:
    """How many of them are below the age at which nobody has to accompany them, on that day."""
    return sum(age_on(each, day) < rules.accompanied_under_years for each in born)


def _recent(day: date, rules: RunRules, today: date) -> bool:
    return today - timedelta(days=rules.within_days) < day <= today
