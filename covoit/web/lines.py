"""The list of the lines, and the page of one: what it is, who drives next, how long one waits, how to ride."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Final

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue

from covoit.export.map import map_of_line
from covoit.model.lines import Line, PlaceNear, StopPlaces
from covoit.rules import lines as rules
from covoit.service import lines as service
from covoit.web import bp
from covoit.web.forms import viewer
from mobigo.base.instants import PARIS, paris_day
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.formats import hour
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services

NEXT_SHOWN: Final = 12
HOUR: Final = timedelta(hours=1)


@bp.get("/covoiturage")
@public
def lines() -> ResponseReturnValue:
    """Every line, with the hours when drivers are expected and how many announce themselves."""
    instant = now()
    today = paris_day(instant)
    with reading(services().engine) as session:
        shown = [
            {
                "line": line,
                "ends": (line.stops[0].name, line.stops[-1].name),
                "drivers": [
                    service.drivers_expected(session, line, direction, rules.stops_in(line, direction)[0], instant)
                    for direction in (0, 1)
                ],
            }
            for line in service.current_lines(today)
        ]
    return render_template("covoit/lines.html", lines=shown, price=service.price_on(today))


@bp.get("/covoiturage/lignes/<code>")
@public
def line(code: str) -> ResponseReturnValue:
    """One line in one direction, seen from one of its stops (default: the first)."""
    instant = now()
    today = paris_day(instant)
    found = service.get_line(code, today)
    direction = 1 if request.args.get("sens") == "1" else 0
    stops = rules.stops_in(found, direction)
    stop = found.stop(request.args.get("arret", "")) or stops[0]
    if stop == stops[-1]:  # nobody boards there in this direction
        stop = stops[0]
    with reading(services().engine) as session:
        drivers = service.next_drivers(session, found, direction, stop, instant, viewer=viewer())
        wait = service.expected_wait(session, found, direction, stop, instant)
        waiters = service.waiters(session, [each.id for each in stops], instant)
    in_hour = sum(each.passes_at <= instant.replace(microsecond=0) + HOUR for each in drivers)
    return render_template(
        "covoit/line.html",
        line=found,
        direction=direction,
        stops=stops,
        stop=stop,
        later=[each for each in stops if _after(found, direction, stop.id, each.id)],
        drivers=drivers[:NEXT_SHOWN],
        reached=lambda offer: [
            each for each in stops
            if rules.along_m(found, direction, stop) < rules.along_m(found, direction, each) <= offer.leg.to_m
        ],
        in_hour=in_hour,
        wait=wait,
        waiting={stop_id: sum(each.seats for each in some if each.direction == direction)
                 for stop_id, some in waiters.items()},
        price=service.price_on(today),
        guarantee=service.guarantee_on(today),
        hours=hours_words(found, direction),
        open_now=rules.expected_at(found, direction, instant) is not None,
        ride_s_to=lambda each: rules.ride_s(
            found, each.position_m if direction == 0 else found.length_m - each.position_m
        ),
        today=today,
        tomorrow_too=lambda moment: moment.astimezone(PARIS).date() != today,
        places=_places(found),
    )  # fmt: skip


def _places(line: Line) -> Mapping[str, PlaceNear]:
    """The place of the timetable that each stop is; nothing where the two were not joined."""
    joined: StopPlaces | None = services().carpool
    return {} if joined is None else joined.places_of(line)


@bp.get("/covoiturage/lignes/<code>/carte.geojson")
@public
def line_map(code: str) -> ResponseReturnValue:
    """The line for the map: its stops, and straight strokes from one to the next. The list of stops says the same."""
    found = service.get_line(code, paris_day(now()))
    answer = jsonify(map_of_line(found))
    answer.headers["Content-Type"] = "application/geo+json"
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


def _after(line: Line, direction: int, first: str, second: str) -> bool:
    a, b = line.stop(first), line.stop(second)
    return a is not None and b is not None and rules.along_m(line, direction, b) > rules.along_m(line, direction, a)


def hours_words(line: Line, direction: int) -> list[tuple[str, str]]:
    """The hours of a direction as people say them: (which days, which hours), days of the same hours together."""
    by_days: dict[frozenset[int], list[str]] = {}
    for each in sorted((h for h in line.hours if h.direction == direction), key=lambda h: (min(h.weekdays), h.since)):
        words = _("de %(since)s à %(until)s", since=_hour(each.since), until=_hour(each.until))
        by_days.setdefault(each.weekdays, []).append(words)
    return [(days_words(days), _(" et ").join(hours)) for days, hours in by_days.items()]


def days_words(days: frozenset[int]) -> str:
    """ "du lundi au vendredi", "le samedi"."""
    names = weekday_names()
    if days == frozenset(range(5)):
        return _("du lundi au vendredi")
    if len(days) == 1:
        return _("le %(day)s", day=names[min(days)])
    return ", ".join(names[day] for day in sorted(days))


def weekday_names() -> list[str]:
    """Monday first."""
    return [_("lundi"), _("mardi"), _("mercredi"), _("jeudi"), _("vendredi"), _("samedi"), _("dimanche")]


def _hour(moment: time) -> str:
    return hour(moment, current_language(), short=True)
