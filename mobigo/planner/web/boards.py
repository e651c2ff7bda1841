"""Departure boards: find a stop, then what leaves it now or on a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import NotFound
from mobigo.infra import formats
from mobigo.infra.auth import public
from mobigo.infra.forms import one_line
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from mobigo.network.engine.boards import (
    Departure,
    board_of_day,
    local_midnight,
    next_day_served,
    next_departures,
    routes_at,
)
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.places import Kind, Place
from mobigo.network.model.today import Unserved
from mobigo.planner.export import names, today
from mobigo.planner.export.names import lines_of
from mobigo.planner.web import bp
from mobigo.planner.web.asked import full_label, label, position, read_day, read_time
from mobigo.planner.web.here import Here, pinned_today
from mobigo.planner.web.legs import DRIVER, PHONE, mode_word
from mobigo.planner.web.near import bikes_near, parks_near
from mobigo.planner.web.shown import age_words, line_styles, shown_notices

NEXT_SHOWN = 12
DAY_SHOWN_MAX = 400
NEAR_M = 3_000


@dataclass(frozen=True)
class BoardRow:
    """One departure of a board."""

    at: datetime
    line: names.Line
    mode: str
    headsign: str
    number: str
    platform: str
    stop_name: str
    notes: tuple[str, ...]
    service_day: date
    planned_at: datetime | None = None  # when that is another minute
    planned_platform: str = ""  # when it is another platform
    is_on_time: bool = False
    is_cancelled: bool = False  # nobody gets on here: the trip does not run, or does not stop


def with_unserved(
    live: LiveNetwork, found: Sequence[Departure], stops: Sequence[int], since: datetime, until: datetime
) -> tuple[list[Departure], dict[Departure, Unserved]]:
    """The departures of a board, and among them in order those where nobody gets on today."""
    gone = dict(today.unserved_departures(live, stops, since, until))
    return sorted([*found, *gone], key=lambda each: each.depart_at), gone


def board_rows(
    live: LiveNetwork,
    found: Sequence[Departure],
    zone: ZoneInfo,
    unserved: Mapping[Departure, Unserved] | None = None,
) -> list[BoardRow]:
    """A board as it is shown."""
    timetable = live.timetable
    lines = names.lines_of(live)
    language = current_language()
    out = []
    unserved = unserved or {}
    for departure in found:
        gone = unserved.get(departure)
        status = (
            today.status_of(live, departure.trip, departure.position, departure.stop, departure.depart_at)
            if gone is None
            else today.NOTHING
        )
        line = lines[int(timetable.trip_route[departure.trip])]
        at = departure.depart_at.astimezone(zone)
        notes = []
        if gone is not None:
            notes.append(_("supprimé") if gone.is_cancelled else _("ne s’arrête pas ici aujourd’hui"))
        if status.is_added:
            notes.append(_("course ajoutée"))
        if departure.pickup == PHONE:
            notes.append(_("sur réservation"))
        elif departure.pickup == DRIVER:
            notes.append(_("faites signe au conducteur"))
        if departure.by_frequency:
            notes.append(_("heure indicative"))
        if at.date() != departure.service_day:
            notes.append(_("service du %(day)s") % {"day": formats.day(departure.service_day, language)})
        out.append(
            BoardRow(
                at=at,
                line=line,
                mode=mode_word(line.route_type),
                headsign=names.headsign(timetable, departure.trip, departure.position),
                number=names.train_number(timetable, departure.trip),
                platform=timetable.stop_platform[departure.stop],
                stop_name=timetable.stop_name[departure.stop],
                notes=tuple(notes),
                service_day=departure.service_day,
                planned_at=status.planned_at.astimezone(zone) if status.is_moved and status.planned_at else None,
                planned_platform=timetable.stop_platform[status.planned_stop]
                if status.planned_stop is not None
                else "",
                is_on_time=status.is_expected and status.planned_at is not None and not status.is_moved,
                is_cancelled=gone is not None,
            )
        )
    return out


@bp.get("/departs")
@public
def departures() -> ResponseReturnValue:
    """The field where one names a stop; straight to its board when the name leaves no doubt."""
    text = one_line(request.args.get("stop", ""), 200)
    with pinned_today() as here:
        if not text:
            return render_template("planner/departures.html", text="", found=(), error="")
        point = position(text)
        if point is not None:
            found = [place for place, _m in here.places.near(point, NEAR_M, 10, [Kind.STATION, Kind.STOP])]
        else:
            matches = here.places.search(text, 10, [Kind.STATION, Kind.STOP])
            found = [match.place for match in matches]
            place, _others = here.places.resolve(text)
            if place is not None and place.stops:
                return redirect(url_for("planner.stop", place_id=place.id), 303)
            if place is not None and place.kind is Kind.COMMUNE:  # the stops of a commune: those around its centre
                around = [near for near, _m in here.places.near(place.point, NEAR_M, 10, [Kind.STATION, Kind.STOP])]
                found = list(dict.fromkeys(found[:3] + around))[:10]
        if len(found) == 1:
            return redirect(url_for("planner.stop", place_id=found[0].id), 303)
        error = "" if found else _("Aucun arrêt ne ressemble à « %(text)s ».") % {"text": text[:60]}
        page = render_template(
            "planner/departures.html", text=text, found=found, error=error, label=label, full_label=full_label
        )
        return page, 200 if found else 404


@bp.get("/arrets/<path:place_id>")
@public
def stop(place_id: str) -> ResponseReturnValue:
    """The board of a stop: the next departures, or those of a whole day."""
    with pinned_today() as here:
        place = stop_place(here, place_id)
        day_text, time_text = request.args.get("date", "").strip(), request.args.get("time", "").strip()
        day, clock = read_day(day_text), read_time(time_text)
        errors = {}
        if day_text and day is None:
            errors["date"] = _("Écrivez un jour de calendrier, par exemple 24/11/2026.")
        if time_text and clock is None:
            errors["time"] = _("Écrivez une heure de 0 h 00 à 23 h 59, par exemple 8:05.")
        this_day = here.now.astimezone(here.zone).date()
        if day is not None:
            found = board_of_day(here.boards, place.stops, day)
            if clock is not None:
                since = datetime(day.year, day.month, day.day, *clock, tzinfo=here.zone)
                found = [each for each in found if each.depart_at >= since]
        else:
            found = next_departures(here.boards, place.stops, here.now, NEXT_SHOWN)
        found, unserved = with_unserved(here.live, found, place.stops, *_span(here, found, day, clock))
        rows = board_rows(here.live, found[:DAY_SHOWN_MAX], here.zone, unserved)
        lines = [lines_of(here.live)[row] for row in routes_at(here.boards, place.stops)]
        shown_day = day or this_day
        following = next_day_served(here.boards, place.stops, shown_day) if not rows else None
        page = render_template(
            "planner/stop.html",
            place=place,
            name=label(place),
            rows=rows,
            left_out=max(0, len(found) - DAY_SHOWN_MAX),
            lines=lines,
            day=day,
            shown_day=shown_day,
            clock=time_text if clock is not None else "",
            today=this_day,
            following=following,
            previous_day=_within(here, shown_day - timedelta(days=1)),
            next_day=_within(here, shown_day + timedelta(days=1)),
            now=here.now.astimezone(here.zone),
            updated_at=local_midnight(shown_day, here.zone),
            several_platforms=len({row.platform for row in rows if row.platform}) > 0,
            several_names=len({row.stop_name for row in rows}) > 1,
            near=_near(here, place),
            age=age_words(here.live),
            notices=shown_notices(
                today.notices(
                    here.live,
                    here.now if day is None else local_midnight(day, here.zone) + timedelta(hours=12),
                    routes=routes_at(here.boards, place.stops),
                    stops=place.stops,
                    every_line=True,
                )
            ),
            carpool=() if services().carpool is None else services().carpool.at_place(place.id),
            parks=parks_near(place.point, here.now),
            bikes=bikes_near(place.point, here.now),
            errors=errors,
            label=label,
            styles=line_styles(lines + [row.line for row in rows]),
        )
        return page, 422 if errors else 200


def _span(
    here: Here, found: Sequence[Departure], day: date | None, clock: tuple[int, int] | None
) -> tuple[datetime, datetime]:
    """The time a board is about: the day, or from now to its last departure (an hour at least)."""
    if day is None:
        last = max((each.depart_at for each in found), default=here.now)
        return here.now, max(last, here.now + timedelta(hours=1))
    since = local_midnight(day, here.zone)
    if clock is not None:
        since = datetime(day.year, day.month, day.day, *clock, tzinfo=here.zone)
    return since, local_midnight(day + timedelta(days=1), here.zone)


def stop_place(here: Here, place_id: str) -> Place:
    """The place of an id. Raises NotFound when it names none with stops."""
    place = here.places.by_id(place_id)
    if place is None or not place.stops:
        raise NotFound("planner.no_such_stop", stop=place_id[:80])
    return place


def _within(here: Here, day: date) -> date | None:
    """The day, when the timetable holds it."""
    return day if here.live.timetable.first_day <= day <= here.live.timetable.last_day else None


def _near(here: Here, place: Place) -> list[tuple[Place, int]]:
    found = here.places.near(place.point, 1_000, 6, [Kind.STATION, Kind.STOP])
    return [(each, metres) for each, metres in found if each.id != place.id][:5]
