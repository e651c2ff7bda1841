"""The driver of a coach: a run chosen, then a page for the telephone where one touches "arrived" and "left" at each
stop; and what is told of it to everybody, as GTFS Realtime, without who drives."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any, Final

from flask import Response, current_app, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput, MobigoError, NotFound
from mobigo.base.geo import Point
from mobigo.infra import auth
from mobigo.infra.auth import Permission, public, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.forms import one_day, one_line, told_instant
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services, wants_problem
from mobigo.network.model.tracking import Act, PlannedRun, Run
from mobigo.network.rules.tracking import expected
from mobigo.network.service import tracking
from mobigo.network.store import feeds
from mobigo.network.store import tracking as store
from mobigo.planner.export import names
from mobigo.planner.web import bp
from mobigo.planner.web.here import Here, pinned
from mobigo.planner.web.shown import line_styles

RUNS_SHOWN: Final = 40


@dataclass(frozen=True)
class ShownRun:
    """A run of the list."""

    course: str
    day: date
    line: names.Line
    start: str
    end: str
    leaves_at: datetime


@dataclass(frozen=True)
class ShownCall:
    """A stop of a run. `at`: when it is expected, or took place; `late_min`: against the timetable, of leaving."""

    position: int
    name: str
    planned_at: datetime
    at: datetime
    is_past: bool
    is_noted: bool
    late_min: int


@bp.get("/conduire/courses")
@requires(Permission.COACH_DRIVE)
def runs() -> ResponseReturnValue:
    """The runs to come of the coaches one may drive, all or those of a line."""
    text = one_line(request.args.get("ligne", ""), 40)
    with pinned() as here:
        lines = names.lines_of(here.live)
        routes = None if not text else [each.row for each in lines if text.casefold() in each.label.casefold()]
        found = tracking.runs_ahead(here.live, _feeds(), routes, here.now, RUNS_SHOWN)
        shown = [_listed(here, each) for each in found]
        styles = line_styles([each.line for each in shown])
        return render_template(
            "planner/runs.html", runs=shown, text=text, now=here.now.astimezone(here.zone), styles=styles
        )


@bp.get("/conduire/courses/suivie")
@requires(Permission.COACH_DRIVE)
def run() -> ResponseReturnValue:
    """The run: the next stop first."""
    with pinned() as here:
        return _page(here, _asked(here, request.args.get("course", ""), request.args.get("jour", "")), "", 200)


@bp.post("/conduire/courses/suivie/<act>")
@requires(Permission.COACH_DRIVE)
def run_act(act: str) -> ResponseReturnValue:
    """What the driver notes. The telephone may send it later than it happened: `at` says when that was."""
    if act not in set(Act):
        raise NotFound("tracking.no_such_run")
    form, moment, said, status = request.form, now(), "", 200
    with pinned() as here:
        planned = _asked(here, form.get("course", ""), form.get("jour", ""))
        try:
            at, point = _instant(form.get("at", ""), moment), _point(form.get("lat", ""), form.get("lon", ""))
            with transaction(services().engine) as session:
                tracking.note(
                    session, here.live, planned, Act(act), at, moment, position=_position(form.get("arret", "")),
                    point=point, undone=Act.LEFT if form.get("quoi") == Act.LEFT else Act.ARRIVED,
                )  # fmt: skip
        except MobigoError as wrong:
            said, status = sentence(wrong.decision), status_of(wrong)
        if wants_problem():
            return jsonify({"ok": not said, "detail": said}), status
        if said:
            return _page(here, planned, said, status)
    return redirect(url_for("planner.run", course=form.get("course", ""), jour=form.get("jour", "")), 303)


@bp.get("/cars/temps-reel.pb")
@public
def coaches_realtime() -> Response:
    """The coaches that are followed, as GTFS Realtime: TripUpdates and VehiclePositions with the ids of the regional
    GTFS, `feed:trip_id`."""
    told = services().timetable_version
    with pinned() as here, reading(services().engine) as session:
        version = "" if told is None else told(session)
        data = tracking.published(session, here.live, here.now, feed_version=version)
    return Response(data, mimetype="application/x-protobuf", headers={"Cache-Control": "public, max-age=15"})


@bp.get("/conduire/sw.js")
@requires(Permission.COACH_DRIVE)
def run_worker() -> ResponseReturnValue:
    """What keeps the run on the telephone; its address decides which pages it may keep."""
    static: Any = current_app.view_functions["static"]
    response = make_response(static(filename="planner/run-sw.js"))
    response.headers["Cache-Control"] = "no-cache"
    return response


def _feeds() -> list[str]:
    """The feeds whose coaches this person may drive."""
    with reading(services().engine) as session:
        return [each.name for each in feeds.feeds_for(session, auth.signed_in(), Permission.COACH_DRIVE)]


def _asked(here: Here, course: str, day_text: str) -> PlannedRun:
    """Raises NotFound for what is no run, or one of somebody else's coaches."""
    feed, _colon, trip_id = course[:400].partition(":")
    day = one_day(day_text)
    if day is None or feed not in _feeds():
        raise NotFound("tracking.no_such_run")
    return tracking.planned_run(here.live, feed, trip_id, day)


def _page(here: Here, planned: PlannedRun, error: str, status: int) -> ResponseReturnValue:
    with reading(services().engine) as session:
        noted = store.find(session, planned.feed, planned.trip_id, planned.day)
    calls = shown_calls(here, planned, noted)
    last = None if noted is None else noted.at  # what was noted last, and may be taken back
    stands = last is not None and last[1]
    following = next((each for each in calls if not each.is_past), None)
    line = _line(here, planned)
    page = render_template(
        "planner/run.html", run=noted, calls=calls, following=following, stands=stands, line=line, error=error,
        course=f"{planned.feed}:{planned.trip_id}", day=planned.day, last=planned.last,
        undone=None if last is None else (last[0], Act.ARRIVED if last[1] else Act.LEFT),
        now=here.now.astimezone(here.zone), over=noted is not None and noted.ended is not None,
        styles=line_styles([line]),
    )  # fmt: skip
    return page, status


def shown_calls(here: Here, planned: PlannedRun, noted: Run | None) -> list[ShownCall]:
    """The stops of a run, past and to come."""

    def local(second: int) -> datetime:
        return datetime.fromtimestamp(second, here.zone)

    coming = {}
    if noted is not None and noted.ended is None:
        coming = dict(enumerate(expected(noted, planned, int(here.now.timestamp())), noted.following))
    out = []
    for position, name in enumerate(planned.name):
        arrived, left = (None, None) if noted is None else noted.calls.get(position, (None, None))
        is_past = noted is not None and position < noted.following
        at = left or arrived or (coming[position][1] if position in coming else planned.depart[position])
        if position in coming and not is_past:
            at = coming[position][1 if position < planned.last else 0]
        late_min = round((at - planned.depart[position]) / 60)
        is_noted = arrived is not None or left is not None
        out.append(ShownCall(position, name, local(planned.depart[position]), local(at), is_past, is_noted, late_min))
    return out


def _line(here: Here, planned: PlannedRun) -> names.Line:
    return names.lines_of(here.live)[names.line_rows(here.live)[f"{planned.feed}:{planned.route_id}"]]


def _listed(here: Here, planned: PlannedRun) -> ShownRun:
    leaves = datetime.fromtimestamp(planned.depart[0], here.zone)
    course = f"{planned.feed}:{planned.trip_id}"
    return ShownRun(course, planned.day, _line(here, planned), planned.name[0], planned.name[-1], leaves)


def _instant(text: str, moment: datetime) -> datetime:
    """When it happened: now, unless the telephone says that it was earlier. Raises InvalidInput."""
    at = told_instant(text) if text else moment
    if at is None:
        raise InvalidInput("tracking.bad_hour")
    return min(at, moment) if at - moment < timedelta(minutes=1) else at


def _position(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else -1


def _point(lat_text: str, lon_text: str) -> Point | None:
    try:
        lat, lon = float(lat_text[:20]), float(lon_text[:20])
    except ValueError:
        return None
    return Point(lat, lon) if isfinite(lat) and isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180 else None
