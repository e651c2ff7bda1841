"""The network as it runs, in the words of SIRI (CEN/TS 15531, France profile): `/siri/2.0/<service>.json` is SIRI Lite,
`.xml` the same elements as the schema has them. Read only, for everybody.

Identifiers are those of the regional GTFS (`feed:stop_id`, `feed:route_id`, `feed:trip_id`). What operators say of
disruptions is theirs to publish: situations and messages are those that the Region wrote.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final, TypeVar

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput, MobigoError, NotFound
from mobigo.base.instants import PARIS
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.forms import one_line
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services
from mobigo.network.export import siri
from mobigo.network.export.siri import Tree
from mobigo.network.model.realtime import Alert
from mobigo.network.service import disruptions
from mobigo.planner.api.answers import json_response, stop_endpoint
from mobigo.planner.export import names
from mobigo.planner.export import siri as shown
from mobigo.planner.web.here import Here, pinned, pinned_today, regional_stops

bp = Blueprint("planner_siri", __name__, url_prefix="/siri/2.0")

View = TypeVar("View", bound=Callable[..., Any])
PREVIEW: Final = timedelta(hours=1)  # where nothing is asked
PREVIEW_MAX: Final = timedelta(hours=24)
VISITS_MAX: Final = 500
JOURNEYS_MAX: Final = 1_000
STOPS_MAX: Final = 20_000
ABOUT_THE_ASKER: Final = frozenset(("RequestorRef", "MessageIdentifier", "RequestTimestamp", "lang"))
_DURATION: Final = re.compile(r"PT(?=\d)(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,5})S)?", re.ASCII)
KEPT_S: Final = 30  # as long as a cache may keep what runs; what there is, ten minutes
FIXED_S: Final = 600


def answering(service: str, *parameters: str, kept_s: int = KEPT_S) -> Callable[[View], View]:
    """Parameters in, a tree out, written as the address ends; errors in SIRI's words. A parameter that is not of the
    service is refused, not passed over."""

    def decorated(view: View) -> View:
        @wraps(view)
        def answered(form: str) -> ResponseReturnValue:
            status = 200
            try:
                for name in request.args:
                    if name not in {*parameters, *ABOUT_THE_ASKER} or len(request.args.getlist(name)) > 1:
                        raise InvalidInput("planner.siri_parameter", name=name[:40], known=", ".join(parameters))
                tree = view()
            except MobigoError as wrong:
                status = 400 if isinstance(wrong, InvalidInput) else status_of(wrong)
                tree = siri.refusal(service, sentence(wrong.decision), now(), PARIS)
            response = _written(tree, form)
            response.status_code = status
            response.headers["Cache-Control"] = f"public, max-age={kept_s}" if status == 200 else "no-store"
            return response

        return answered  # type: ignore[return-value]  # a view again

    return decorated


def _written(tree: Tree, form: str) -> Response:
    return Response(siri.xml(tree), mimetype="application/xml") if form == "xml" else json_response(siri.lite(tree))


def _asked(name: str) -> str:
    return one_line(request.args.get(name, ""), 200)


def _window(here: Here) -> tuple[datetime, datetime]:
    """(since, until) of what is asked. Raises InvalidInput."""
    since = here.now
    if text := _asked("StartTime"):
        try:
            since = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not escaped
        except ValueError:
            raise InvalidInput("planner.siri_value", name="StartTime", like="2026-11-24T08:05:00+01:00") from None
        since = since if since.tzinfo is not None else since.replace(tzinfo=here.zone)
        if not 1900 < since.year < 2200:
            raise InvalidInput("planner.siri_value", name="StartTime", like="2026-11-24T08:05:00+01:00")
    return since, since + _preview()


def _preview() -> timedelta:
    text = _asked("PreviewInterval")
    if not text:
        return PREVIEW
    found = _DURATION.fullmatch(text)
    if found is None:
        raise InvalidInput("planner.siri_value", name="PreviewInterval", like="PT1H30M")
    lasts = timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0), seconds=int(found[3] or 0))
    return min(lasts, PREVIEW_MAX)


def _most(name: str, limit: int) -> int:
    text = _asked(name)
    if not text:
        return limit
    if not re.fullmatch(r"[1-9]\d{0,5}", text, re.ASCII):
        raise InvalidInput("planner.siri_value", name=name, like="20")
    return min(int(text), limit)


def _line(here: Here) -> str:
    """The line asked, "" for none. Raises NotFound."""
    asked = _asked("LineRef")
    if asked and asked not in names.line_rows(here.live):
        raise NotFound("planner.siri_unknown", name="LineRef", value=asked[:80])
    return asked


@bp.get("/stop-monitoring.<any(json, xml):form>")
@public
@answering("StopMonitoring", "MonitoringRef", "LineRef", "StartTime", "PreviewInterval", "MaximumStopVisits")
def stop_monitoring() -> Tree:
    """What leaves a stop (`feed:stop_id`; of a station, from any of its platforms) within an hour, or as long as asked,
    with what is expected of it."""
    with pinned_today() as here:
        monitored = _asked("MonitoringRef")
        stop = stop_endpoint(here.live, monitored)
        if stop is None:
            raise NotFound("planner.siri_unknown", name="MonitoringRef", value=monitored[:80])
        since, until = _window(here)
        delivery, more = shown.stop_monitoring(
            here.live, here.boards, monitored, stop.stops, since, until,
            line=_line(here), most=_most("MaximumStopVisits", VISITS_MAX),
        )  # fmt: skip
        return siri.answer("StopMonitoring", delivery, here.now, here.zone, more=more)


@bp.get("/estimated-timetable.<any(json, xml):form>")
@public
@answering("EstimatedTimetable", "LineRef", "StartTime", "PreviewInterval")
def estimated_timetable() -> Tree:
    """The vehicles on their way within the hour, or as long as asked, call by call: of a line, or of all."""
    with pinned_today() as here:
        line = _line(here)
        rows = [names.line_rows(here.live)[line]] if line else range(len(here.live.timetable.route_id))
        since, until = _window(here)
        delivery, more = shown.estimated_timetable(here.live, here.boards, rows, since, until, most=JOURNEYS_MAX)
        return siri.answer("EstimatedTimetable", delivery, here.now, here.zone, more=more)


@bp.get("/situation-exchange.<any(json, xml):form>")
@public
@answering("SituationExchange", "LineRef")
def situation_exchange() -> Tree:
    """What is going on and coming, as the Region wrote it; of a line, or of all."""
    at, alerts = _alerts()
    return siri.answer("SituationExchange", siri.situations(alerts, PARIS), at, PARIS)


@bp.get("/general-message.<any(json, xml):form>")
@public
@answering("GeneralMessage", "LineRef", "InfoChannelRef")
def general_message() -> Tree:
    """The same as messages, on the channel of disruptions; there is nothing on another."""
    at, alerts = _alerts()
    channel = _asked("InfoChannelRef")
    heard = alerts if channel in ("", siri.CHANNEL) else []
    return siri.answer("GeneralMessage", siri.general_messages(heard, at, PARIS), at, PARIS)


def _alerts() -> tuple[datetime, list[Alert]]:
    """What is told now: of the line asked, or of all. What names no line is of every one."""
    at, line = now(), _asked("LineRef")
    with regional_stops() as stops_of, reading(services().engine) as session:
        found = disruptions.alerts(session, at, stops_of)
    return at, [each for each in found if not line or not each.lines or line in each.lines]


@bp.get("/stoppoints-discovery.<any(json, xml):form>")
@public
@answering("StopPoints", kept_s=FIXED_S)
def stoppoints_discovery() -> Tree:
    """Every stop there is."""
    with pinned() as here:
        rows = range(min(len(here.live.timetable.stop_id), STOPS_MAX))
        return siri.discovery("StopPoints", shown.stops_discovered(here.live, rows), here.now, here.zone)


@bp.get("/lines-discovery.<any(json, xml):form>")
@public
@answering("Lines", kept_s=FIXED_S)
def lines_discovery() -> Tree:
    """Every line there is."""
    with pinned() as here:
        return siri.discovery("Lines", shown.lines_discovered(here.live), here.now, here.zone)
