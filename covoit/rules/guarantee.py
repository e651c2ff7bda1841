"""Départ et retour garantis: when no driver came, a taxi or a voucher, by a dated rule. Pure."""

from datetime import datetime, timedelta

from covoit.model.lines import Guarantee, Line
from covoit.rules.lines import expected_at
from mobigo.base.decisions import Decision


def refusal(
    rule: Guarantee | None, line: Line, direction: int, *, since: datetime, now: datetime, boarded: bool
) -> Decision | None:
    """Why the guarantee does not apply (yet); None when it does.

    The wait must begin within the hours of the line in that direction, and have lasted `wait_min`: whoever began to
    wait at 9.25 under hours that end at 9.30 is taken home all the same.
    """
    if rule is None:
        return Decision("covoit.guarantee_none")
    if boarded:
        return Decision("covoit.guarantee_boarded")
    if expected_at(line, direction, since) is None:
        return Decision("covoit.guarantee_outside_hours")
    due = due_at(rule, since)
    if now < due:
        return Decision("covoit.guarantee_not_yet", at=due, minutes=rule.wait_min)
    return None


def due_at(rule: Guarantee, since: datetime) -> datetime:
    """From when on the guarantee applies to whoever waits since then."""
    return since + timedelta(minutes=rule.wait_min)
