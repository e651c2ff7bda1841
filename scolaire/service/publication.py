"""School transport's tables for publication, gathered from the plans in force: exact rows, to be reduced before they
leave."""

from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from mobigo.base.errors import NotFound
from mobigo.infra.grants import list_organisations
from scolaire.export.opendata import InForce
from scolaire.service import no_coach
from scolaire.service.papers import changes_of, days_of
from scolaire.service.plans import free_seats, open_version
from scolaire.service.running import runs_of_version
from scolaire.store import contracts, stops
from scolaire.store import plans as store

if TYPE_CHECKING:
    from datetime import date

    from scolaire.service.plans import Opened


def years_in_force(session: Session, today: "date") -> list[int]:
    """The school years that are not over and have a plan in force, the first one first."""
    year = today.year if today.month >= 9 else today.year - 1
    return sorted({row.year for row in store.plans(session) if row.year >= year and store.published(session, row.id)})


def plans_in_force(session: Session, year: int, *, open_only: bool = False) -> list[InForce]:
    """The plans of a school year that are in force (`open_only`: of which a service is open to everybody), with what is
    public of them; a plan whose content is gone is left out."""
    names = {each.id: each.name for each in list_organisations(session)}
    lots = {each.id: names.get(each.organisation or "", "") for each in contracts.lots(session)}
    public = frozenset(row.id for row in stops.stops(session) if row.place is not None)
    found = []
    for row in sorted(store.plans(session), key=lambda row: row.id):
        wanted = row.year == year and (not open_only or store.open_services(session, row.id))
        version = store.published(session, row.id) if wanted else None
        opened = None if version is None else _opened(session, version.id)
        if opened is not None:
            found.append(
                InForce(
                    row.id, year, lots.get(row.lot or "", ""), opened.demand, opened.plan,
                    _still_free(session, row.id, opened), public, days_of(session, opened, year),
                    _no_coach(session, row, opened),
                )
            )  # fmt: skip
    return found


def _still_free(session: Session, plan: str, opened: "Opened") -> frozenset[str]:
    """The services open to everybody that have the seats they promised: where pupils took them, travellers are told of
    none."""
    free = free_seats(opened.demand, opened.plan)
    return frozenset(name for name, seats in store.open_services(session, plan).items() if seats <= free.get(name, 0))


def _no_coach(session: Session, row: store.PlanRow, opened: "Opened") -> no_coach.NoRun:
    """What travellers may not wait for: days without a coach, announced or not, and those that no contract covers."""
    changes = changes_of(session, opened, row)
    runs = runs_of_version(session, row, opened.row.id)
    stopped = {name: each.no_run for name, each in changes.items()}
    return no_coach.together(stopped, no_coach.out_of_contract(session, row.lot, runs, row.year))


def _opened(session: Session, version: str) -> "Opened | None":
    try:
        return open_version(session, version)
    except NotFound:
        return None
