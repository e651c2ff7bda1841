"""The desk of the day: every vehicle's round, every booking, a map, moves by hand checked at once."""

from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.servicetime import instant_of
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.forms import one_day
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from mobigo.tad.export.drawn import drawn
from mobigo.tad.model.bookings import LIVE, Side, State
from mobigo.tad.model.rounds import Limits
from mobigo.tad.service import booking, dispatch
from mobigo.tad.service import services as catalogue
from mobigo.tad.web import bp
from mobigo.tad.web.forms import Faults, text, writing

DAYS_SHOWN = 8


def day_in(given: str) -> date:
    """The day of an address. Raises InvalidInput("tad.bad_day")."""
    day = one_day(given)
    if day is None:
        raise InvalidInput("tad.bad_day")
    return day


def version_for(session: Any, code: str, day: date, permission: Permission) -> catalogue.Version:
    """The version of a day, if who is signed in may act on it. Raises NotFound("tad.no_such_service")."""
    return catalogue.for_agent(catalogue.get_service(session, code, day), auth.signed_in(), permission)


@bp.get("/tad/agents")
@requires(Permission.TAD_DESK)
def agents() -> ResponseReturnValue:
    """The services one works for, and their coming days."""
    instant = now()
    today = paris_day(instant)
    shown = []
    with reading(services().engine) as session:
        for each in catalogue.services_on(session, today):
            if not auth.signed_in().may_in(Permission.TAD_DESK, each.organisation):
                continue
            days = []
            for ahead in range(DAYS_SHOWN):
                day = today + timedelta(days=ahead)
                board = dispatch.board(session, services(), version_for(session, each.service.code, day,
                                       Permission.TAD_DESK), day, instant)  # fmt: skip
                live = [one for one in board.bookings if one.state in LIVE]
                days.append(
                    {
                        "day": day,
                        "runs": bool(dispatch.hours(each.service, day)),
                        "bookings": len(live),
                        "people": sum(len(one.asked.riders) for one in live),
                        "faults": len(board.faults),
                    }
                )
            shown.append({"service": each.service, "days": days})
    return render_template("tad/agents.html", shown=shown)


@bp.get("/tad/agents/<code>/<day>")
@requires(Permission.TAD_DESK)
def board(code: str, day: str) -> ResponseReturnValue:
    """A day on the desk."""
    return _board_page(code, day_in(day), Faults())


@bp.post("/tad/agents/<code>/<day>/<act>")
@requires(Permission.TAD_DESK)
def board_act(code: str, day: str, act: str) -> ResponseReturnValue:
    """Move a booking to another vehicle, cancel one for somebody who calls, or make the day's rounds shorter."""
    faults, on, instant = Faults(), day_in(day), now()
    with faults.caught(), writing() as session:
        version = version_for(session, code, on, Permission.TAD_DESK)
        match act:
            case "deplacer":
                dispatch.move(
                    session, services(), version, on, text("booking", 26), text("vehicle", 60),
                    by=auth.signed_in().subject, now=instant,
                )  # fmt: skip
                flash(_("C’est fait : toutes les promesses sont tenues."), "good")
            case "annuler":
                dispatch.own(session, version, text("booking", 26))
                booking.cancel(session, services(), text("booking", 26), Side.AGENT, instant)
                flash(_("La réservation est annulée et la personne prévenue."), "good")
            case "optimiser":
                before, after = dispatch.optimise(session, services(), version, on, instant, Limits(100, 5))
                flash(_("Tournées : %(before)s km avant, %(after)s km maintenant.", before=round(before / 1000),
                        after=round(after / 1000)), "good")  # fmt: skip
            case _:
                raise InvalidInput("tad.unknown_act")
    return _board_page(code, on, faults) if faults else redirect(url_for("tad.board", code=code, day=day), 303)


def _board_page(code: str, day: date, faults: Faults) -> ResponseReturnValue:
    with reading(services().engine) as session:
        version = version_for(session, code, day, Permission.TAD_DESK)
        seen = dispatch.board(session, services(), version, day, now())
    page = render_template(
        "tad/board.html", board=seen, service=version.service, day=day, errors=faults.by_field, states=State,
        before=day - timedelta(days=1), after=day + timedelta(days=1),
        picture=_picture(seen, request.args.get("vehicule", "")),
        vehicles=[(each.id, each.name) for each in version.service.vehicles],
        times={
            each.id: (instant_of(day, each.promise.earliest_s, PARIS), instant_of(day, each.promise.latest_s, PARIS))
            for each in seen.bookings
        },
        of_vehicle={stop.booking.id: sheet.vehicle.id for sheet in seen.sheets for stop in sheet.stops},
    )  # fmt: skip
    return page, faults.status if faults else 200


def _picture(seen: dispatch.Board, chosen: str) -> str:
    """The map of the day: every vehicle, or the one chosen."""
    sheets = [each for each in seen.sheets if not chosen or each.vehicle.id == chosen]
    ways = [
        (each.vehicle.name, [each.vehicle.base, *(stop.place.point for stop in each.stops), each.vehicle.base])
        for each in sheets
        if each.stops
    ]
    places = {stop.place.point: stop.place.name for each in sheets for stop in each.stops}
    named = sorted(((name, point) for point, name in places.items()), key=lambda each: each[0])
    return drawn(ways, named, _("Les tournées du jour, aussi dans les tableaux"))
