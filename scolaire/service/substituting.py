"""Another coach, or another operator, on a service for some days: everyone is seated in it, the families are told at
once and it is proved that they were."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.grants import list_organisations
from scolaire.gateway.running import run_rules_on
from scolaire.model.running import Run
from scolaire.rules.asking import current_year
from scolaire.rules.running import places_of
from scolaire.service import notices
from scolaire.service.no_coach import announced, days_between
from scolaire.service.running import Calendar, every_run
from scolaire.store import plans
from scolaire.store import running as store
from scolaire.store.coaches import AddedCoachRow

SEATS_MOST, WHEELCHAIRS_MOST = 200, 50


@dataclass(frozen=True, slots=True)
class Replacing:
    """What drives instead. `shown`: the number on the driver's side; `organisation`: another operator (None: the lot's
    own); `standing_ok`: why fewer seats than registered pupils are enough."""

    plan: str
    service: str
    first_day: date
    last_day: date
    vehicle: str
    seats: int
    wheelchairs: int
    reason: str
    shown: str = ""
    organisation: str | None = None
    standing_ok: str = ""


def substitute(session: Session, asked: Replacing, *, by: str, now: datetime) -> store.SubstitutionRow:
    """Replace, and tell the families of the service.

    Raises NotFound("scolaire.count_unknown_service"), InvalidInput("scolaire.substitution_vehicle" |
    "scolaire.substitution_reason" | "scolaire.unknown_choice" | "scolaire.bad_notice_days"), Refused(
    "scolaire.substitution_no_run" | "scolaire.substitution_cancelled" | "scolaire.substitution_wheelchairs" |
    "scolaire.substitution_seats" | "scolaire.substitution_standing"), Conflict("scolaire.substitution_twice")."""
    plans.get_plan(session, asked.plan, lock=True)
    vehicle, reason = " ".join(asked.vehicle.split()), " ".join(asked.reason.split())
    check_coach(session, asked, paris_day(now))
    for each in store.substitutions_between(session, asked.first_day, asked.last_day):
        if (each.plan, each.service) == (asked.plan, asked.service):
            raise Conflict(
                "scolaire.substitution_twice", service=each.service, first=each.first_day, last=each.last_day
            )
    run = run_asked(session, asked)
    _seated(session, asked, run, paris_day(now))
    words = reason if not asked.shown else f"{reason.rstrip('.')}. N° {asked.shown}"
    told = notices.announce(
        session,
        notices.Notice("replaced", "service", asked.service, asked.first_day, asked.last_day, words, plan=asked.plan),
        by, now,
    )  # fmt: skip
    row = store.SubstitutionRow(
        id=new_id(now), plan=asked.plan, service=asked.service, first_day=asked.first_day, last_day=asked.last_day,
        vehicle=vehicle, seats=asked.seats, wheelchairs=asked.wheelchairs, shown=asked.shown,
        organisation=asked.organisation, reason=reason, standing_ok=" ".join(asked.standing_ok.split())[:300],
        notice=told.id, made_by=by, made_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, "scolaire.substituted", actor=by, object_kind="scolaire_plan", object_id=asked.plan, now=now,
        detail={"service": asked.service, "seats": asked.seats, "told": told.told, "unreached": told.unreached},
    )  # fmt: skip
    return row


def end(session: Session, substitution: str, by: str, now: datetime) -> None:
    """The planned coach is back: the families are told. Raises NotFound("scolaire.unknown_substitution")."""
    over(session, store.get_substitution(session, substitution), "scolaire.substitution_ended", by, now)


def over(session: Session, row: store.SubstitutionRow | AddedCoachRow, act: str, by: str, now: datetime) -> None:
    """A coach of some days runs no more, once: the families are told."""
    if row.ended_at is not None:
        return
    row.ended_by, row.ended_at = by, now
    with suppress(NotFound):  # the alert's time is over, and it is gone
        notices.end(session, row.notice, by, now)
    audit.record(
        session, act, actor=by, object_kind="scolaire_plan", object_id=row.plan, now=now,
        detail={"service": row.service},
    )  # fmt: skip


def check_coach(session: Session, asked: Replacing, today: date) -> None:
    """What is asked of any coach for some days. Raises InvalidInput as `substitute` does."""
    most, vehicle, reason = notices.DAYS_MAX, " ".join(asked.vehicle.split()), " ".join(asked.reason.split())
    if not today <= asked.first_day <= asked.last_day <= asked.first_day + timedelta(days=most):
        raise InvalidInput("scolaire.bad_notice_days", most=most)
    places = 0 <= asked.seats <= SEATS_MOST and 0 <= asked.wheelchairs <= WHEELCHAIRS_MOST
    if not 1 <= len(vehicle) <= 40 or not places or asked.seats + asked.wheelchairs == 0 or len(asked.shown) > 20:
        raise InvalidInput("scolaire.substitution_vehicle", seats=SEATS_MOST, wheelchairs=WHEELCHAIRS_MOST)
    if not 3 <= len(reason) <= 200:
        raise InvalidInput("scolaire.substitution_reason")
    if asked.organisation is not None and asked.organisation not in {each.id for each in list_organisations(session)}:
        raise InvalidInput("scolaire.unknown_choice")


def run_asked(session: Session, asked: Replacing) -> Run:
    """The service, which runs on one of the days at least, and was not announced to be without a coach then."""
    runs = every_run(session, current_year(asked.first_day))
    run = next((each for each in runs if each.key == (asked.plan, asked.service)), None)
    if run is None:
        raise NotFound("scolaire.count_unknown_service", service=asked.service[:40])
    calendar = Calendar(session, asked.first_day)
    days = [day for day in days_between(asked.first_day, asked.last_day) if calendar.runs(run, day)]
    if not days:
        raise Refused("scolaire.substitution_no_run", service=run.service)
    if set(days) <= announced(session, run.plan, [run], asked.first_day, asked.last_day).get(run.service, frozenset()):
        raise Refused("scolaire.substitution_cancelled", service=run.service)
    return run


def _seated(session: Session, asked: Replacing, run: Run, today: date) -> None:
    """Everyone registered has a place; or nobody stands by the counts, and somebody says why that is enough."""
    if asked.wheelchairs < run.rolling:
        raise Refused("scolaire.substitution_wheelchairs", needed=run.rolling, places=asked.wheelchairs)
    places = places_of(asked.seats, asked.wheelchairs, run.rolling)
    if run.registered <= places:
        return
    rules = run_rules_on(today)
    first = today - timedelta(days=rules.within_days)
    counted = [
        row.aboard
        for row in store.counts_between(session, first, today, [run.plan])
        if row.service == run.service
    ]  # fmt: skip
    enough = len(counted) >= rules.no_show_days
    if enough and max(counted) > places:
        raise Refused("scolaire.substitution_standing", counted=max(counted), places=places,
                      standing=max(counted) - places)  # fmt: skip
    if not enough or not asked.standing_ok.strip():
        raise Refused(
            "scolaire.substitution_seats", registered=run.registered, places=places, standing=run.registered - places,
            days=rules.no_show_days,
        )  # fmt: skip
