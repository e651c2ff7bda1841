"""What is in force, for those it concerns: an operator's services, a school's list. A pupil's own rides
are in `timesheet`."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy.orm import Session

from mobigo.base.errors import NotFound
from scolaire.service.plans import Opened, open_version
from scolaire.store import contracts, running, schools
from scolaire.store import plans as store

AHEAD_DAYS: Final = 31


@dataclass(frozen=True)
class Seen:
    """A version in force and what of it somebody may see: its buses (an operator), some of its schools; `lent`: the
    buses (half-day, bus) of services that one drives instead of the lot's operator."""

    plan: store.PlanRow
    opened: Opened
    buses: bool
    schools: tuple[str, ...] = ()
    lent: tuple[tuple[str, str], ...] = ()


def in_force(session: Session) -> list[tuple[store.PlanRow, Opened]]:
    """Every plan in force whose content is kept: that of a year long over is gone."""
    found = []
    for plan in store.plans(session):
        version = store.published(session, plan.id)
        if version is not None:
            with suppress(NotFound):
                found.append((plan, open_version(session, version.id)))
    return found


def of_lots(session: Session, organisations: Collection[str] | None) -> list[Seen]:
    """The plans in force that these organisations drive; every one for None."""
    lots = {each.id: each.organisation for each in contracts.lots(session)}
    return [
        Seen(plan, opened, True)
        for plan, opened in in_force(session)
        if organisations is None or (plan.lot is not None and lots.get(plan.lot) in organisations)
    ]


def replacing(session: Session, organisations: Collection[str], today: date) -> list[Seen]:
    """The plans in force of which these organisations replace another operator on some service, today or later."""
    rows = [
        row
        for row in running.substitutions_between(session, today, today + timedelta(days=AHEAD_DAYS))
        if row.organisation in organisations
    ]
    found = []
    for plan, opened in in_force(session) if rows else ():
        names = {row.service for row in rows if row.plan == plan.id}
        lent = tuple(
            (half, block.id)
            for half, each in opened.plan.halves.items()
            for block in each.blocks
            if names & set(block.circuits)
        )
        if lent:
            found.append(Seen(plan, opened, False, lent=lent))
    return found


def of_schools(session: Session, organisations: Collection[str] | None) -> list[Seen]:
    """The plans in force that serve schools of these organisations; every one for None."""
    own = {row.uai for row in schools.schools(session, organisations=organisations)}
    found = []
    for plan, opened in in_force(session):
        served = tuple(each.id for each in opened.demand.schools if each.id in own)
        if served:
            found.append(Seen(plan, opened, False, served))
    return found


def seen_by(session: Session, organisations: Collection[str] | None) -> list[Seen]:
    """What of the plans in force these organisations may see, plan by plan."""
    found: dict[str, Seen] = {}
    for each in (*of_lots(session, organisations), *of_schools(session, organisations)):
        known = found.get(each.plan.id)
        buses = each.buses or (known is not None and known.buses)
        found[each.plan.id] = Seen(each.plan, each.opened, buses, each.schools or (known.schools if known else ()))
    return list(found.values())
