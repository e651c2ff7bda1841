"""Fraud alerts: each reason in words, its journeys in a table, and two acts: there is nothing, or a case is opened."""

from collections.abc import Sequence
from typing import Final

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from covoit.model.claims import Kind
from covoit.model.fraud import Suspicion
from covoit.model.journeys import Journey
from covoit.rules import awards as award_rules
from covoit.rules.lines import along_m
from covoit.service import closing, counter
from covoit.service import fraud as service
from covoit.service import lines as line_service
from covoit.store import claims as claim_store
from covoit.store import fraud as store
from covoit.store.fraud import AlertState
from covoit.web import bp
from covoit.web.forms import Faults, text, writing
from covoit.web.money import words
from covoit.web.money.shared import agent_name, me, names_of, page
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import jobs
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import ngettext, sentence
from mobigo.infra.jobs import JobFilter
from mobigo.infra.web import services

JOB: Final = "covoit.fraud"


@bp.get("/covoiturage/agents/alertes")
@requires(Permission.COVOIT_PREPARE)
def alerts() -> ResponseReturnValue:
    """The alerts of the fraud checks, those that wait first; the filters are in the address."""
    return _alerts_page(Faults())


def _alerts_page(faults: Faults) -> ResponseReturnValue:
    month, state, suspicion = (request.args.get(each) or None for each in ("mois", "etat", "soupcon"))
    today = paris_day(now())
    with reading(services().engine) as session:
        rows = store.alerts(session, month=month, state=state, suspicion=suspicion)
        people = names_of(session, [person for row in rows for person in row.people])
        months = store.months(session)
        looks = jobs.list_jobs(session, JobFilter(name=JOB, limit=2))
        due = service.totals_of(session, rows)
    return page(
        "money_alerts.html", faults, typed=request.form, rows=rows, people=people, months=months, month=month or "",
        state=state or "",
        suspicion=suspicion or "", states=list(AlertState), suspicions=list(Suspicion), due=due, looks=looks,
        total=sum(due.values(), ZERO), last_month=closing.month_before(today), reasons=award_rules.reasons_from,
        sentence=sentence,
    )  # fmt: skip


@bp.post("/covoiturage/agents/alertes")
@requires(Permission.COVOIT_PREPARE)
def look_for_fraud() -> ResponseReturnValue:
    """Asks for a look at a month that is over; it goes on when the page is closed."""
    month, faults = text("month", 7), Faults()
    with faults.caught():
        service.refuse_month(month, now())
    if faults:
        return _alerts_page(faults)
    with writing() as session:
        waiting = [job for job in jobs.list_jobs(session, JobFilter(name=JOB, limit=1)) if not job.ended]
        if not waiting:
            jobs.enqueue(session, JOB, {"month": month}, me().subject, now())
    flash(_("Le mois est regardé : les alertes viennent sur cette page."), "good")
    return redirect(url_for("covoit.alerts"), 303)


@bp.get("/covoiturage/agents/alertes/<alert_id>")
@requires(Permission.COVOIT_PREPARE)
def alert(alert_id: str) -> ResponseReturnValue:
    """One alert: why, whose journeys, what they were due, what was done about it."""
    return _detail(alert_id, Faults())


def _detail(alert_id: str, faults: Faults) -> ResponseReturnValue:
    instant = now()
    with writing() as session:
        row = store.get_alert(session, alert_id)
        for person in row.people:
            counter.saw(session, person, by=me(), page="alert", now=instant)
        journeys = store.journeys_of(session, row.journeys)
        everybody = {person for each in journeys for person in (each.driver, each.passenger)} | set(row.people)
        due = service.due_of(session, row)
        return page(
            "money_alert.html", faults, row=row, names=names_of(session, everybody), journeys=journeys,
            reasons=[sentence(each) for each in award_rules.reasons_from(row.reasons)], due=due,
            paid=service.paid_for(session, journeys), firsts=_firsts(journeys), total=sum(due.values(), ZERO),
            metres=sum(each.distance_m for each in journeys), way=_way, zero=ZERO, Kind=Kind, typed=request.form,
            cases=claim_store.cases_about(session, claim_store.alert_object(row.id)), Money=Money,
            drivers=service.drivers_decided(session, row), outcome=_outcomes(session, row.id),
            answered_by=None if row.answered_by is None else agent_name(session, row.answered_by),
        )  # fmt: skip


def _firsts(journeys: Sequence[Journey]) -> set[str]:
    """The first journey of each vehicle trip: the amount of the trip stands beside it, once."""
    seen: dict[tuple[str, str], str] = {}
    for each in journeys:
        seen.setdefault((each.operator, each.operator_trip_id), each.id)
    return set(seen.values())


def _outcomes(session: Session, alert_id: str) -> dict[str, words.Badge]:
    found = {}
    for row in claim_store.cases_about(session, claim_store.alert_object(alert_id)):
        if row.decision is not None:
            found[row.id] = words.outcome(row.kind, claim_store.get_decision(session, row.decision).outcome)
    return found


def _way(journey: Journey) -> str:
    """The stops at both ends on our lines; the communes elsewhere."""
    if journey.leg is None:
        return f"{journey.start_insee or '?'} → {journey.end_insee or '?'}"
    try:
        line = line_service.get_line(journey.leg.line, journey.day)
    except NotFound:
        return journey.leg.line
    names = {along_m(line, journey.leg.direction, stop): stop.name for stop in line.stops}
    return f"{names.get(journey.leg.from_m, '?')} → {names.get(journey.leg.to_m, '?')}"


@bp.post("/covoiturage/agents/alertes/<alert_id>/ecarter")
@requires(Permission.COVOIT_PREPARE)
def clear_alert(alert_id: str) -> ResponseReturnValue:
    """There is nothing, and why."""
    faults = Faults()
    with faults.caught(), writing() as session:
        service.clear(session, alert_id, by=me(), words=text("reason", 2_000), now=now())
    return _after(alert_id, faults, _("L’alerte est écartée. Aucun paiement n’a changé."))


@bp.post("/covoiturage/agents/alertes/<alert_id>/ouvrir")
@requires(Permission.COVOIT_PREPARE)
def open_alert_cases(alert_id: str) -> ResponseReturnValue:
    """Opens a case for each person chosen: told, heard, then a person decides."""
    faults = Faults()
    with faults.caught(), writing() as session:
        if text("kind") not in (Kind.RECOVERY, Kind.BAN):
            raise InvalidInput("covoit.alert_kind")
        service.open_cases(
            session, alert_id, Kind(text("kind")), request.form.getlist("person"), by=me(), words=text("reason", 2_000),
            now=now(),
        )  # fmt: skip
    return _after(alert_id, faults, _("Le dossier est ouvert : prévenez la personne. Aucun paiement n’a changé."))


@bp.post("/covoiturage/agents/alertes/<alert_id>/retirer")
@requires(Permission.COVOIT_PREPARE)
def withdraw_alert(alert_id: str) -> ResponseReturnValue:
    """Withdraws the journeys, once a decision granted it."""
    faults, count = Faults(), 0
    with faults.caught(), writing() as session:
        count = service.withdraw(session, alert_id, by=me(), now=now())
    done = ngettext("%(num)s trajet est retiré.", "%(num)s trajets sont retirés.", count)
    return _after(alert_id, faults, done)


def _after(alert_id: str, faults: Faults, done: str) -> ResponseReturnValue:
    if faults:
        return _detail(alert_id, faults)
    flash(done, "good")
    return redirect(url_for("covoit.alert", alert_id=alert_id), 303)
