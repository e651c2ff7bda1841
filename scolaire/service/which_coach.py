"""Which coach a family looks for on a day: the planned one by its number, what replaces it, the second one; and the
numbers themselves, entered by whoever drives."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from scolaire.model.rides import Ride
from scolaire.model.running import Run
from scolaire.store import coaches as store
from scolaire.store import plans, running

SHOWN_MOST = 20


class Kind(StrEnum):
    """Which of the coaches of a service."""

    PLANNED = "planned"
    REPLACED = "replaced"
    USUAL = "usual"  # there is a second one, which is not theirs
    SECOND = "second"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Coach:
    """A coach by the number on its driver's side (empty: nobody said it); `beside`: that of the second one, where one
    may take either."""

    kind: Kind
    shown: str
    beside: str = ""


def coaches_on(session: Session, day: date, rides: Iterable[Ride]) -> dict[tuple[str, str], Coach]:
    """By (plan, service), the coach of each of these rides on a day; a regular line has none."""
    wanted = {(ride.plan, ride.service): ride.place for ride in rides if ride.plan}
    if not wanted:
        return {}
    numbers = store.numbers(session, {plan for plan, _service in wanted})
    replaced = {(row.plan, row.service): row for row in running.substitutions_between(session, day, day)}
    added = {(row.plan, row.service): row for row in store.added_between(session, day, day)}
    found = {}
    for key, place in wanted.items():
        other, second = replaced.get(key), added.get(key)
        shown = numbers.get(key, "") if other is None else other.shown
        if second is None:
            found[key] = Coach(Kind.PLANNED if other is None else Kind.REPLACED, shown)
        elif not second.stops:
            found[key] = Coach(Kind.EITHER, shown, second.shown)
        elif place in second.stops:
            found[key] = Coach(Kind.SECOND, second.shown)
        else:
            found[key] = Coach(Kind.USUAL, shown)
    return found


def enter_numbers(
    session: Session, plan: str, given: Mapping[str, str], runs: Iterable[Run], *, by: str,
    organisations: Collection[str] | None, now: datetime,
) -> int:  # fmt: skip
    """Keep the numbers of the planned coaches of these services; how many are other ones now. `runs`: the services in
    force; `organisations`: whose services one may tell (None: all).

    Raises InvalidInput("scolaire.coach_number", service), NotFound("scolaire.count_unknown_service", service) for a
    service that is not theirs."""
    plans.get_plan(session, plan, lock=True)
    theirs = {
        run.service for run in runs if run.plan == plan and (organisations is None or run.operator in organisations)
    }
    known, changed = store.numbers(session, [plan]), 0
    for service, words in sorted(given.items()):
        shown = " ".join(words.split())
        if service not in theirs:
            raise NotFound("scolaire.count_unknown_service", service=service[:40])
        if len(shown) > SHOWN_MOST:
            raise InvalidInput("scolaire.coach_number", service=service, most=SHOWN_MOST)
        if shown != known.get((plan, service), ""):
            session.add(
                store.CoachNumberRow(id=new_id(now), plan=plan, service=service, shown=shown, by=by, at=now)
            )  # fmt: skip
            changed += 1
    session.flush()
    if changed:
        audit.record(
            session, "scolaire.coach_numbers", actor=by, object_kind="scolaire_plan", object_id=plan, now=now,
            detail={"changed": changed},
        )  # fmt: skip
    return changed
