"""Timetables on paper, for who has no telephone: the poster of a stop, the pocket sheet of a line (PDF)."""

from datetime import date

from flask import Response, request
from flask.typing import ResponseReturnValue

from mobigo.base.errors import NotFound
from mobigo.base.publicholidays import public_holidays
from mobigo.infra.auth import public
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from mobigo.planner.export import names
from mobigo.planner.gateway.territory import load_school_holidays
from mobigo.planner.rules.periods import Calendar
from mobigo.planner.web import bp
from mobigo.planner.web.asked import label
from mobigo.planner.web.boards import stop_place
from mobigo.planner.web.here import Here, pinned


@bp.get("/affiches/<path:place_id>.pdf")
@public
def stop_poster(place_id: str) -> ResponseReturnValue:
    """The poster of a stop, A4 or A3 (`?format=a3`). Raises NotFound for no stop, or no timetable."""
    from mobigo.planner.export import posters

    paper = "a3" if request.args.get("format") == "a3" else "a4"
    with pinned() as here:
        place = stop_place(here, place_id)
        made_at = here.now.astimezone(here.zone)
        calendar = _calendar(here, made_at.date())
        body = posters.stop_poster(
            here.live, here.boards, place.stops, label(place), calendar, made_at, paper=paper, more=_more()
        )
    return _pdf(body, "affiche.pdf")


@bp.get("/fiches/<path:line_id>.pdf")
@public
def line_sheet(line_id: str) -> ResponseReturnValue:
    """The pocket sheet of a line. Raises NotFound for a line that is none, or without a timetable."""
    from mobigo.planner.export import posters

    with pinned() as here:
        row = names.line_rows(here.live).get(line_id)
        if row is None:
            raise NotFound("planner.no_such_line", line=line_id[:80])
        made_at = here.now.astimezone(here.zone)
        calendar = _calendar(here, made_at.date())
        line = names.lines_of(here.live)[row]
        body = posters.line_sheet(here.live, here.boards, line, calendar, made_at, more=_more())
    return _pdf(body, "fiche-horaire.pdf")


def _calendar(here: Here, today: date) -> Calendar:
    """The days a paper made today is good for. Raises NotFound when the timetable is over."""
    from mobigo.planner.export.posters import window

    days = window(here.live.timetable, today)
    if not days:
        raise NotFound("planner.no_timetable_ahead", last_day=here.live.timetable.last_day)
    public = public_holidays(range(days[0].year, days[-1].year + 1))
    return Calendar(days, public, load_school_holidays(services().config.home, days[0], days[-1]))


def _more() -> str:
    return _("Horaires du jour, retards et suppressions : %(address)s", address=services().config.base_url)


def _pdf(body: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(body, mimetype="application/pdf", headers=headers)
