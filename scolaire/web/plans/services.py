"""One service under the pencil: its places and hours, its faults, and the changes one may make to it."""

from flask import flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import MobigoError
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services
from scolaire.model.day import LockKind
from scolaire.model.plan import Board
from scolaire.service import editing
from scolaire.service import plans as service
from scolaire.store import plans as store
from scolaire.web.plans import bp
from scolaire.web.plans.forms import half_name, lock_words, me, refused, text, writing

PLAN = Permission.SCHOOL_PLAN


@bp.get("/versions/<version_id>/services/<half>/<name>")
@requires(PLAN)
def school_service(version_id: str, half: str, name: str) -> ResponseReturnValue:
    """A service: what its driver does, what is wrong with it, who rides on it, how to change it."""
    with reading(services().engine) as session:
        found = service.open_version(session, version_id)
        plan = store.get_plan(session, found.row.plan)
        opened = store.open_services(session, plan.id).get(name)
        locks = [each for each in store.locks(session, plan.id) if name in (each.subject, each.value)]
    told, broken = editing.service_faults(found.demand, found.plan, half, name)
    circuit = next(each for each in found.plan.halves[half].circuits if each.id == name)
    needs = [visit.need for visit in circuit.visits if isinstance(visit, Board)]
    school = next(each.id for each in told if each.place == "school")
    others = [
        each.id
        for each in found.plan.halves[half].circuits
        if each.id != name and any(not isinstance(v, Board) and v.school == school for v in each.visits)
    ]
    riders = _riders(found, half, set(needs))
    return render_template(
        "scolaire/plan_service.html", plan=plan, found=found, half=half, half_name=half_name, name=name, told=told,
        faults=[sentence(each.said) for each in broken], needs=needs, others=others, riders=riders, locks=locks,
        lock_kinds=lock_words(), opened=opened,
        free=service.free_seats(found.demand, found.plan).get(name, 0),
        stop_names={each.id: each.name for each in found.demand.stops},
        need_stop={need: need.partition(">")[0] for need in needs}, types=found.demand.vehicle_types, school=school,
        block=next((each for each in found.plan.halves[half].blocks if name in each.circuits), None),
    )  # fmt: skip


def _riders(found: service.Opened, half: str, needs: set[str]) -> list[dict[str, object]]:
    from scolaire.rules.halves import need_id

    rows = []
    for pupil in found.demand.pupils:
        seat = found.plan.seats.get(pupil.id)
        if seat is not None and half in pupil.halves and need_id(seat, pupil.school) in needs:
            rows.append({"id": pupil.id, "stop": seat.stop, "reach": pupil.reach, "wheelchair": pupil.wheelchair})
    return rows


@bp.get("/versions/<version_id>/services/<half>/<name>/verification")
@requires(PLAN)
def check_service(version_id: str, half: str, name: str) -> ResponseReturnValue:
    """What the checker says of one service: asked by the page at each change, quick."""
    with reading(services().engine) as session:
        found = service.open_version(session, version_id)
    told, broken = editing.service_faults(found.demand, found.plan, half, name)
    return jsonify(
        {
            "service": name,
            "faults": [sentence(each.said) for each in broken],
            "passings": [
                {
                    "place": each.place,
                    "id": each.id,
                    "arrives_s": each.arrives_ms // 1000,
                    "on": each.on,
                    "off": each.off,
                }
                for each in told
            ],
        }
    )


@bp.post("/versions/<version_id>/modifier/<act>")
@requires(PLAN)
def change(version_id: str, act: str) -> ResponseReturnValue:
    """One change by hand: a new version, with what its checker says."""
    made: list[store.VersionRow] = []

    def doing() -> None:
        asked = editing.change_of(act, lambda name: text(name, 120))
        with writing() as session:
            made.append(editing.change(session, version_id, asked, by=me(), why=text("why", 300), now=now()))

    back = text("half", 20), text("to", 120) if act == "fusionner" else text("service", 120)
    if refused(doing):
        return redirect(_page(version_id, *back), 303)
    row = made[0]
    if row.faults:
        flash(
            _(
                "C’est la version %(number)s ; il y reste %(count)s faute(s) à lever.",
                number=row.number,
                count=row.faults,
            ),
            "warn",
        )
    else:
        flash(_("C’est la version %(number)s, sans faute.", number=row.number), "good")
    with reading(services().engine) as session:
        found = service.open_version(session, row.id)
    half, name = back
    known = half in found.plan.halves and any(each.id == name for each in found.plan.halves[half].circuits)
    return redirect(_page(row.id, half, name if known else ""), 303)


@bp.post("/versions/<version_id>/essayer/<act>")
@requires(PLAN)
def try_change(version_id: str, act: str) -> ResponseReturnValue:
    """What a change would do, said before it is made; nothing is written. Asked by the page as the form is filled."""
    half = text("half", 20)
    try:
        asked = editing.change_of(act, lambda name: text(name, 120))
        with reading(services().engine) as session:
            broken, buses = editing.tried(session, version_id, asked, half)
    except MobigoError as error:
        return jsonify({"good": False, "words": sentence(error.decision)})
    if broken:
        told = [sentence(each.said) for each in broken[:3]]
        return jsonify(
            {"good": False, "words": _("Ce changement laisserait des fautes. %(first)s", first=" ".join(told))}
        )
    return jsonify({"good": True, "words": _("Ce changement est sans faute : %(buses)s cars.", buses=buses)})


def _page(version_id: str, half: str, name: str) -> str:
    if half and name:
        return url_for("school_plans.school_service", version_id=version_id, half=half, name=name)
    return url_for("school_plans.version", version_id=version_id, demi=half or None)


@bp.post("/versions/<version_id>/verrouiller")
@requires(PLAN)
def add_lock(version_id: str) -> ResponseReturnValue:
    """Fixes something of this version, with the reason."""
    half, name = text("half", 20), text("service", 120)

    def act() -> None:
        kind = text("kind", 20)
        with writing() as session:
            found = service.open_version(session, version_id)
            service.add_lock(
                session, found, kind=LockKind(kind) if kind in set(LockKind) else LockKind.SERVICE, half=half,
                subject=text("subject", 120) or name, value=text("value", 200), school=text("school", 40),
                reason=text("reason", 300), by=me(), now=now(),
            )  # fmt: skip
        flash(_("C’est verrouillé : les calculs n’y toucheront pas."), "good")

    refused(act)
    return redirect(_page(version_id, half, name), 303)


@bp.post("/versions/<version_id>/ouvrir")
@requires(PLAN)
def open_to_all(version_id: str) -> ResponseReturnValue:
    """Opens a service to all travellers, or keeps it to pupils again."""
    half, name = text("half", 20), text("service", 80)

    def act() -> None:
        with writing() as session:
            found = service.open_version(session, version_id)
            if text("open", 1) == "1":
                service.open_to_all(session, found, name, seats=editing.whole(text("seats", 3)), by=me(), now=now())
            else:
                store.set_open(session, found.row.plan, name, is_open=False, by=me(), now=now())
        flash(_("C’est enregistré."), "good")

    refused(act)
    return redirect(_page(version_id, half, name), 303)
