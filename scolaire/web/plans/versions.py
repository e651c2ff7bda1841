"""One version of a plan: its map, services, buses over the day, faults; approved and published by two people."""

from dataclasses import dataclass
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.infra.auth import Permission, requires, signed_in
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import body_limit, services
from scolaire.export.plan_map import plan_map
from scolaire.gateway.plan_csv import read_plan_csv
from scolaire.model.demand import DAY_MS, Demand
from scolaire.rules.crews import relayed
from scolaire.rules.halves import Passing, passings, problems_of
from scolaire.service import announcing, lines
from scolaire.service import plans as service
from scolaire.service.figures import day_confirmed
from scolaire.service.stop_rules import names_of
from scolaire.store import plans as store
from scolaire.web.plans import bp
from scolaire.web.plans.desk import figures
from scolaire.web.plans.forms import half_name, me, origin_words, refused, state_words, text, writing

PLAN = Permission.SCHOOL_PLAN
UPLOAD_BYTES = 20_000_000
CV, DRAWS, SHOWN = 0.15, 1_000, 50
GRACE_MS = 300_000  # a bus reaches the school five minutes before lessons at the latest, by the parameters of planning


@dataclass(frozen=True)
class Bar:
    """A service on the strip of its bus: where it begins and how long it lasts, in thousandths of the strip."""

    service: str
    x: float
    width: float
    begins: int
    ends: int
    pupils: int


@bp.get("/versions/<version_id>")
@requires(PLAN)
def version(version_id: str) -> ResponseReturnValue:
    """A version, seen by half-day."""
    with reading(services().engine) as session:
        found = service.open_version(session, version_id)
        plan = store.get_plan(session, found.row.plan)
        broken = service.check(session, found)
        steps = store.steps(session, [version_id])[version_id]
        parent = store.get_version(session, found.row.parent) if found.row.parent else None
        stranded = _stranded(session, plan, found)
        day = found.demand.driver_day
        confirmed = day is not None and day_confirmed(session, day)
    half = request.args.get("demi", "")
    halves = [*found.plan.halves]
    if half not in halves and halves:
        half = halves[0]
    identity = signed_in()
    return render_template(
        "scolaire/plan_version.html", plan=plan, found=found, half=half, halves=halves, half_name=half_name,
        faults=[(each.half, sentence(each.fault.said), each.fault.where) for each in broken],
        rows=_rows(found, half) if half else [], strip=_strip(found, half) if half else None,
        states=state_words(), origins=origin_words(), figures=figures(found.row), steps=steps, parent=parent,
        may_approve=identity.may(Permission.SCHOOL_APPROVE), own=found.row.author == identity.subject,
        stranded=[sentence(each) for each in stranded],
        relays=relayed(found.plan), day_confirmed=confirmed, stop_rules=_rules_said(found.demand),
        left=[(each.pupil, sentence(each.why)) for each in found.plan.left],
        schools=sorted(found.demand.schools, key=lambda each: each.name),
        hours=[(found.demand.school_of[name].name, by) for name, by in found.demand.moved.items()],
    )  # fmt: skip


def _rules_said(demand: Demand) -> list[str]:
    """The rules of stops that a version was asked to hold."""
    rules = demand.stop_rules
    said = [Decision("scolaire.rule_least", pupils=rules.pupils_least)] if rules.pupils_least > 1 else []
    said += [Decision("scolaire.rule_apart", metres=rules.apart_m)] if rules.apart_m else []
    said += [Decision("scolaire.rule_forbidden", stop=name) for name in names_of(demand, rules.forbidden)]
    said += [Decision("scolaire.rule_obligatory", stop=name) for name in names_of(demand, rules.obligatory)]
    return [sentence(each) for each in said]


def _stranded(session: Session, plan: store.PlanRow, found: service.Opened) -> list[Decision]:
    """What keeps pupils from the lines they were put on; the seats of pupils whose registrations cannot be read as a
    demand any more are not judged here."""
    if found.state == service.WITHDRAWN:
        return []
    try:
        return lines.riders_broken(session, plan, found.demand, services().regular_lines, paris_day(now()))
    except Refused:
        return []


def _told(found: service.Opened, half: str) -> dict[str, list[Passing]]:
    problem = problems_of(found.demand, found.plan).get(half)
    if problem is None:
        return {}
    return {each.id: passings(each, problem) for each in found.plan.halves[half].circuits}


def _rows(found: service.Opened, half: str) -> list[dict[str, Any]]:
    """The services of a half-day, as the table shows them."""
    block_of = {name: each for each in found.plan.halves[half].blocks for name in each.circuits}
    types = {each.id: each for each in found.demand.vehicle_types}
    rows = []
    for name, told in _told(found, half).items():
        block = block_of.get(name)
        vehicle = None if block is None else types.get(block.vehicle_type)
        schools = [found.demand.school_of[each.id].name for each in told if each.place == "school"]
        pupils = sum(each.on for each in told)
        rows.append(
            {
                "service": name, "school": ", ".join(dict.fromkeys(schools)), "bus": block.id if block else "",
                "driver": block.driver if block else "",
                "vehicle": vehicle, "begins_s": told[0].arrives_ms // 1000, "ends_s": told[-1].leaves_ms // 1000,
                "stops": sum(each.place == "stop" for each in told), "pupils": pupils,
                "full_pct": 100 * pupils // max(1, vehicle.seats + vehicle.wheelchairs) if vehicle else None,
            }
        )  # fmt: skip
    return sorted(rows, key=lambda row: (row["bus"], row["begins_s"]))


def _strip(found: service.Opened, half: str) -> dict[str, Any] | None:
    """The buses of a half-day over the hours: a bar for each service."""
    told = _told(found, half)
    if not told:
        return None
    first = min(each[0].arrives_ms for each in told.values()) // 900_000 * 900_000
    last = -(-max(each[-1].leaves_ms for each in told.values()) // 900_000) * 900_000
    span = max(1, last - first)
    buses: list[dict[str, Any]] = []
    for block in found.plan.halves[half].blocks:
        bars: list[Bar] = [
            Bar(
                name, round(1000 * (told[name][0].arrives_ms - first) / span, 1),
                max(2.0, round(1000 * (told[name][-1].leaves_ms - told[name][0].arrives_ms) / span, 1)),
                told[name][0].arrives_ms // 1000, told[name][-1].leaves_ms // 1000, sum(each.on for each in told[name]),
            )
            for name in block.circuits if name in told
        ]  # fmt: skip
        buses.append({"id": block.id, "type": block.vehicle_type, "bars": _in_order(bars)})
    step = 900_000 if span <= 2 * 3_600_000 else 1_800_000
    ticks = [
        (round(1000 * (at - first) / span, 1), at // 1000 % (DAY_MS // 1000)) for at in range(first, last + 1, step)
    ]
    return {"buses": buses, "ticks": ticks}


def _in_order(bars: list[Bar]) -> list[Bar]:
    return sorted(bars, key=lambda each: each.begins)


@bp.get("/versions/<version_id>/carte.geojson")
@requires(PLAN)
def version_map(version_id: str) -> ResponseReturnValue:
    """The services of a half-day for the map, or one of them."""
    with reading(services().engine) as session:
        found = service.open_version(session, version_id)
    half = request.args.get("demi", "")
    if half not in found.plan.halves:
        raise NotFound("scolaire.edit_unknown", name=half[:40])
    service_, around = request.args.get("service") or None, request.args.get("autour") == "1"
    answer = jsonify(plan_map(found.plan, found.demand, half, service_, around=around))
    answer.headers["Content-Type"] = "application/geo+json"
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


@bp.get("/versions/<version_id>/retards")
@requires(PLAN)
def version_delays(version_id: str) -> ResponseReturnValue:
    """How punctual the mornings are when driving times vary: a thousand of them drawn, the same each time."""
    from scolaire.engine.delays import punctuality

    with reading(services().engine) as session:
        found = service.open_version(session, version_id)
        plan = store.get_plan(session, found.row.plan)
    drawn = punctuality(found.plan, found.demand, cv=CV, draws=DRAWS, grace_ms=GRACE_MS)
    rows = sorted(drawn.by_service.items(), key=lambda each: (each[1], each[0]))
    return render_template(
        "scolaire/plan_delays.html", plan=plan, found=found, share_pct=100 * drawn.share, late_s=drawn.late_p95_s,
        rows=[(name, 100 * share) for name, share in rows[:SHOWN]], draws=DRAWS, cv_pct=round(100 * CV),
    )  # fmt: skip


@bp.post("/versions/<version_id>/approuver")
@requires(Permission.SCHOOL_APPROVE)
def approve(version_id: str) -> ResponseReturnValue:
    """Approves what somebody else drew."""

    def act() -> None:
        with writing() as session:
            service.approve(session, version_id, by=me(), now=now(), words=text("words", 300))
        flash(_("La version est approuvée : elle peut être publiée."), "good")

    refused(act)
    return redirect(url_for("school_plans.version", version_id=version_id), 303)


@bp.post("/versions/<version_id>/publier")
@requires(Permission.SCHOOL_APPROVE)
def publish(version_id: str) -> ResponseReturnValue:
    """Puts an approved version in force."""

    def act() -> None:
        with writing() as session:
            _given, told = announcing.put_in_force(
                session, version_id, by=me(), config=services().config, now=now(), known=services().regular_lines
            )
        flash(
            _(
                "La version est en vigueur : établissements et transporteurs la voient. "
                "Familles prévenues : %(count)s.",
                count=told,
            ),
            "good",
        )

    refused(act)
    return redirect(url_for("school_plans.version", version_id=version_id), 303)


@bp.post("/versions/<version_id>/reprendre")
@requires(PLAN)
def restore(version_id: str) -> ResponseReturnValue:
    """Goes back to this version, as a new one."""
    with writing() as session:
        made = service.restore(session, version_id, by=me(), now=now())
    flash(_("Cette version est reprise sous un nouveau numéro."), "good")
    return redirect(url_for("school_plans.version", version_id=made.id), 303)


@bp.post("/versions/<version_id>/recevoir")
@requires(PLAN)
@body_limit(UPLOAD_BYTES)
def receive(version_id: str) -> ResponseReturnValue:
    """Takes a plan changed elsewhere (the CSV archive of the export), for the demand of this version."""
    made: list[str] = []

    def act() -> None:
        given = request.files.get("file")
        if given is None or not given.filename:
            raise InvalidInput("scolaire.csv_archive")
        plan = read_plan_csv(given.read())
        with writing() as session:
            found = service.open_version(session, version_id)
            row = service.add_version(
                session, found.row.plan, found.demand, plan, origin="received", by=me(), why=text("why", 300),
                now=now(), parent=version_id,
            )  # fmt: skip
            made.append(row.id)

    if refused(act):
        return redirect(url_for("school_plans.version", version_id=version_id), 303)
    flash(_("Le plan reçu est une nouvelle version."), "good")
    return redirect(url_for("school_plans.version", version_id=made[0]), 303)
