"""The driver's round: a page for the telephone, the next stop first, kept for where there is no network; on paper."""

from datetime import date
from typing import Any, Final

from flask import Response, jsonify, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.formats import day as day_words
from mobigo.infra.formats import hour as hour_words
from mobigo.infra.formats import telephone
from mobigo.infra.i18n import current_language, ngettext
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services, wants_problem
from mobigo.tad.export.sheet import sheet
from mobigo.tad.model.bookings import Side, State
from mobigo.tad.service import dispatch
from mobigo.tad.web import bp
from mobigo.tad.web.desk import day_in, version_for
from mobigo.tad.web.forms import Faults, text, told_at, writing

ACTS: Final = {
    "monte": State.ABOARD, "depose": State.DONE, "absent": State.NO_SHOW, "pas-monte": State.CONFIRMED,
    "pas-depose": State.ABOARD,
}  # fmt: skip


@bp.get("/tad/tournees/<code>/<day>/<vehicle>")
@requires(Permission.TAD_DRIVE)
def driving(code: str, day: str, vehicle: str) -> ResponseReturnValue:
    """The round of a vehicle: the next stop first."""
    return _round_page(code, day_in(day), vehicle, Faults())


@bp.post("/tad/tournees/<code>/<day>/<vehicle>/<act>")
@requires(Permission.TAD_DRIVE)
def driving_act(code: str, day: str, vehicle: str, act: str) -> ResponseReturnValue:
    """Who got in, who got out, who was not there. The telephone may send it later than it happened: `at` says when."""
    faults, on = Faults(), day_in(day)
    if act not in ACTS:
        raise InvalidInput("tad.unknown_act")
    with faults.caught(), writing() as session:
        version = version_for(session, code, on, Permission.TAD_DRIVE)
        dispatch.mark(
            session, services(), version, text("booking", 26), ACTS[act], Side.DRIVER, now(), noted_at=told_at(),
            on=(on, vehicle),
        )  # fmt: skip
    if wants_problem():
        return jsonify({"ok": not faults, "detail": " ".join(faults.by_field.values())}), 422 if faults else 200
    if faults:
        return _round_page(code, on, vehicle, faults)
    return redirect(url_for("tad.driving", code=code, day=day, vehicle=vehicle), 303)


def _sheet(code: str, day: date, vehicle: str) -> tuple[dispatch.Board, dispatch.Sheet]:
    with reading(services().engine) as session:
        version = version_for(session, code, day, Permission.TAD_DRIVE)
        seen = dispatch.board(session, services(), version, day, now())
    for each in seen.sheets:
        if each.vehicle.id == vehicle:
            return seen, each
    raise NotFound("tad.no_such_vehicle")


def _round_page(code: str, day: date, vehicle: str, faults: Faults) -> ResponseReturnValue:
    seen, mine = _sheet(code, day, vehicle)
    following = next((stop for stop in mine.stops if not stop.done), None)
    page = render_template(
        "tad/round.html", board=seen, service=seen.version.service, day=day, sheet=mine, following=following,
        errors=faults.by_field, today=paris_day(now()) == day, states=State, at=now(),
    )  # fmt: skip
    return page, faults.status if faults else 200


@bp.get("/tad/tournees/<code>/<day>/<vehicle>.pdf")
@requires(Permission.TAD_DRIVE)
def driving_sheet(code: str, day: str, vehicle: str) -> ResponseReturnValue:
    """The same on paper."""
    on = day_in(day)
    seen, mine = _sheet(code, on, vehicle)
    language = current_language()
    own = seen.version.service
    head = [
        f"{day_words(on, language, year=True)} · {own.name} · {own.operator} · {own.phone}",
        _("%(count)s arrêts, %(km)s km environ", count=len(mine.stops), km=round(mine.metres / 1000)),
    ]
    rows = [
        (
            hour_words(stop.at, language), _("Montée") if stop.pickup else _("Descente"), stop.place.name,
            who(stop), telephone(stop.contact.phone, language) if stop.contact and stop.pickup else "",
            stop.contact.needs if stop.contact and stop.pickup else "",
        )
        for stop in mine.stops
    ]  # fmt: skip
    made = sheet(f"{mine.vehicle.name}", head, rows, now(), language)
    return Response(made, mimetype="application/pdf", headers={"Cache-Control": "no-store"})


def who(stop: dispatch.Stop) -> str:
    """Who gets in or out, in a few words."""
    asked = stop.booking.asked
    people = ngettext("%(num)s personne", "%(num)s personnes", len(asked.riders))
    chairs = ngettext("dont %(num)s fauteuil", "dont %(num)s fauteuils", asked.wheelchairs)
    name = stop.contact.name if stop.contact else _("nom effacé")
    return f"{name}, {people}" + (f", {chairs}" if asked.wheelchairs else "")


@bp.get("/tad/tournees/sw.js")
@requires(Permission.TAD_DRIVE)
def driving_worker() -> ResponseReturnValue:
    """What keeps the round on the telephone; its address decides which pages it may keep."""
    from flask import current_app

    static: Any = current_app.view_functions["static"]
    response = make_response(static(filename="tad/sw.js"))
    response.headers["Cache-Control"] = "no-cache"
    return response
