"""The list of plans, and the page of one: versions, comparison, searches, locks."""

from datetime import date
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.base.errors import NotFound
from mobigo.base.instants import paris_day
from mobigo.infra.auth import Permission, requires, signed_in
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.jobs import JobFilter, list_jobs
from mobigo.infra.web import services
from scolaire.export.change_map import COLOURS as CHANGE_COLOURS
from scolaire.export.change_map import change_map
from scolaire.model.demand import StopRules
from scolaire.rules.compare import hours_moved
from scolaire.service import plans as service
from scolaire.service.optimising import BELL_MINUTES, JOB
from scolaire.service.stop_rules import names_of
from scolaire.store import contracts, schools
from scolaire.store import plans as store
from scolaire.store.lines import line_seats
from scolaire.web.plans import bp
from scolaire.web.plans.forms import half_name, lock_words, me, origin_words, refused, state_words, text, writing

PLAN = Permission.SCHOOL_PLAN


def school_year(day: date) -> int:
    """The school year one plans on a day: from February on, the next one."""
    return day.year if day.month >= 2 else day.year - 1


@bp.get("/")
@requires(PLAN)
def plans() -> ResponseReturnValue:
    """Every plan, with what is in force of it."""
    with reading(services().engine) as session:
        rows = []
        lots = {each.id: each for each in contracts.lots(session)}
        for row in store.plans(session):
            told = store.versions(session, row.id)
            rows.append({"plan": row, "versions": len(told), "published": store.published(session, row.id),
                         "lot": lots.get(row.lot or "")})  # fmt: skip
        known = schools.schools(session)
    return render_template(
        "scolaire/plans.html", rows=rows, schools=known, lots=[*lots.values()], year=school_year(paris_day(now()))
    )


@bp.post("/")
@requires(PLAN)
def open_plan() -> ResponseReturnValue:
    """Opens a plan for some schools."""
    made: list[str] = []

    def act() -> None:
        year = text("year", 4)
        with writing() as session:
            row = service.open_plan(
                session, name=text("name"), year=int(year) if year.isdigit() else school_year(paris_day(now())),
                schools_=request.form.getlist("schools")[:500], lot=text("lot", 26) or None, by=me(), now=now(),
            )  # fmt: skip
            made.append(row.id)

    if refused(act):
        return redirect(url_for("school_plans.plans"), 303)
    return redirect(url_for("school_plans.plan", plan_id=made[0]), 303)


@bp.get("/<plan_id>")
@requires(PLAN)
def plan(plan_id: str) -> ResponseReturnValue:
    """One plan: its versions, what is being computed, what is fixed."""
    with reading(services().engine) as session:
        row = store.get_plan(session, plan_id)
        versions = store.versions(session, plan_id)
        steps = store.steps(session, [each.id for each in versions])
        jobs = [
            each for each in list_jobs(session, JobFilter(name=JOB, limit=50)) if each.params.get("plan") == plan_id
        ][:5]
        locks = store.locks(session, plan_id)
        lot = contracts.get_lot(session, row.lot) if row.lot else None
        declared = len(line_seats(session))
        stop_rules = _stop_rules(session, versions)
    return render_template(
        "scolaire/plan.html", plan=row, versions=versions, jobs=jobs, locks=locks, lot=lot,
        state={each.id: service.furthest(step.step for step in steps[each.id]) for each in versions},
        states=state_words(), origins=origin_words(), lock_kinds=lock_words(), number=_number(versions),
        bell_minutes=BELL_MINUTES, declared=declared, stop_rules=stop_rules,
    )  # fmt: skip


def _stop_rules(session: Session, versions: list[store.VersionRow]) -> dict[str, Any]:
    """The rules of stops of the latest version, as the form shows them; none where its content is gone."""
    rules, names = StopRules(), list[list[str]]([[], []])
    if versions:
        try:
            demand = service.demand_kept(session, versions[0].demand_digest)
        except NotFound:
            demand = None
        if demand is not None:
            rules = demand.stop_rules
            names = [names_of(demand, rules.forbidden), names_of(demand, rules.obligatory)]
    return {"least": rules.pupils_least, "apart": rules.apart_m, "forbidden": names[0], "obligatory": names[1]}


def _number(versions: list[store.VersionRow]) -> dict[str, int]:
    return {each.id: each.number for each in versions}


@bp.post("/verrous/<lock_id>/lever")
@requires(PLAN)
def end_lock(lock_id: str) -> ResponseReturnValue:
    """What was fixed may move again."""
    with writing() as session:
        plan_id = store.get_lock(session, lock_id).plan
        service.end_lock(session, lock_id, by=me(), now=now())
    flash(_("Le verrou est levé."), "good")
    return redirect(url_for("school_plans.plan", plan_id=plan_id) + "#verrous", 303)


@bp.get("/comparer")
@requires(PLAN)
def compare() -> ResponseReturnValue:
    """Two versions side by side: their figures, and who is concerned by the change."""
    before, after = request.args.get("avant", "")[:26], request.args.get("apres", "")[:26]
    with reading(services().engine) as session:
        one, two, moved = service.difference(session, before, after)
        row = store.get_plan(session, two.row.plan)
    halves = [half for half in two.demand.half_of if half in one.plan.halves or half in two.plan.halves]
    half = request.args.get("demi", "")
    may_write = signed_in().may(Permission.SCHOOL_ADDRESSES) and one.row.plan == two.row.plan
    return render_template(
        "scolaire/plan_compare.html", plan=row, one=one, two=two, moved=moved, rows=figures(one.row, two.row),
        halves=halves, half=half if half in halves else next(iter(halves), ""), half_name=half_name,
        colours=CHANGE_COLOURS, may_write=may_write,
        hours=[(two.demand.school_of[name].name, by) for name, by in hours_moved(one.demand, two.demand)],
    )  # fmt: skip


@bp.get("/comparer/carte.geojson")
@requires(PLAN)
def compare_map() -> ResponseReturnValue:
    """What changes from one version to another in a half-day, for the map."""
    before, after = request.args.get("avant", "")[:26], request.args.get("apres", "")[:26]
    half = request.args.get("demi", "")
    with reading(services().engine) as session:
        one, two, moved = service.difference(session, before, after)
    if half not in one.plan.halves and half not in two.plan.halves:
        raise NotFound("scolaire.edit_unknown", name=half[:40])
    answer = jsonify(change_map(one.plan, one.demand, two.plan, two.demand, moved, half))
    answer.headers["Content-Type"] = "application/geo+json"
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


def figures(*versions: store.VersionRow) -> list[dict[str, Any]]:
    """The figures of versions, one row each: words, values, and which way is better ("" where neither is)."""
    told = [
        (_("Élèves transportés"), "pupils", "count", "more"),
        (_("Élèves sans place"), "left", "count", "less"),
        (_("Cars"), "buses", "count", "less"),
        (_("Conducteurs"), "drivers", "count", "less"),
        (_("Services"), "services", "count", "less"),
        (_("Kilomètres avec élèves, par semaine"), "km_loaded", "km", "less"),
        (_("Kilomètres à vide, par semaine"), "km_empty", "km", "less"),
        (_("Coût par semaine, hors taxe"), "week_cents", "cents", "less"),
        (_("Coût par an, hors taxe"), "year_cents", "cents", "less"),
        (_("CO2 par an"), "co2_year_kg", "kg", "less"),
        (_("Trajet médian"), "ride_p50_s", "s", "less"),
        (_("Trajet dépassé par un élève sur vingt"), "ride_p95_s", "s", "less"),
        (_("Trajet le plus long"), "ride_max_s", "s", "less"),
        (_("Première montée du matin"), "earliest_s", "clock", ""),
        (_("Marche médiane"), "walk_p50_m", "m", "less"),
        (_("Marche dépassée par un élève sur vingt"), "walk_p95_m", "m", "less"),
        (_("Places occupées"), "load_pct", "pct", "more"),
        (_("Services presque pleins"), "services_nearly_full", "count", "less"),
    ]
    return [
        {"words": words, "unit": unit, "better": better, "values": [each.kpis.get(name) for each in versions]}
        for words, name, unit, better in told
        if any(each.kpis for each in versions)
    ]
