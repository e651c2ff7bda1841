"""One edit of a scenario: what its form offers, the edit it makes, and an edit in words."""

import re
from datetime import date, datetime
from typing import Final

import numpy as np
from flask import request

from mobigo.base.errors import InvalidInput, MobigoError, NotFound
from mobigo.infra import formats
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.network.model.scenarios import (
    AlsoRuns,
    Edit,
    FeedReplaced,
    Scenario,
    StopAdded,
    StopRemoved,
    TripAdded,
    Withdrawn,
)
from mobigo.planner.export import names
from mobigo.planner.web.here import Here

TRIPS_SHOWN: Final = 400


def change_words() -> dict[str, str]:
    """What can be changed of a line."""
    return {
        "also_runs": _("Circuler d’autres jours"),
        "trip_added": _("Ajouter une course"),
        "withdrawn": _("Supprimer"),
        "stop_added": _("Desservir un arrêt de plus"),
        "stop_removed": _("Ne plus desservir un arrêt"),
    }


def weekday_words() -> list[str]:
    """The days of the week, Monday first."""
    monday = date(2024, 1, 1)
    return [
        formats.day(date.fromordinal(monday.toordinal() + n), current_language()).split()[0].strip(",")
        for n in range(7)
    ]


def trip_choices(here: Here, row: int, found: Scenario) -> list[tuple[str, str]]:
    """(trip_id, words) of the line's trips by their first hour, then those that the scenario adds."""
    t = here.live.timetable
    out = []
    for trip in np.flatnonzero(t.trip_route == row).tolist():
        first, last = int(t.trip_visit_start[trip]), int(t.trip_visit_start[trip + 1]) - 1
        if last > first:
            minutes = int(t.visit_depart_s[first]) // 60
            ends = f"{t.stop_name[t.visit_stop[first]]} → {t.stop_name[t.visit_stop[last]]}"
            out.append((minutes, t.trip_id[trip], f"{minutes // 60}:{minutes % 60:02} {ends} ({t.trip_id[trip]})"))
    known = {trip_id for _minutes, trip_id, _words in out}
    choices = [(trip_id, words) for _minutes, trip_id, words in sorted(out)[:TRIPS_SHOWN]]
    for each in found.in_force:
        if isinstance(each.edit, TripAdded) and each.edit.trip in known:
            made = f"{each.edit.trip}~{each.number}"
            choices.append((made, _("Course ajoutée par la retouche %(number)s") % {"number": each.number}))
    return choices


def stop_choices(here: Here, row: int) -> list[tuple[str, str]]:
    """(stop_id, words) of the stops the line serves, in the order of its trips."""
    t = here.live.timetable
    seen: dict[int, None] = {}
    for trip in np.flatnonzero(t.trip_route == row).tolist():
        seen.update(dict.fromkeys(t.visit_stop[t.trip_visit_start[trip] : t.trip_visit_start[trip + 1]].tolist()))
    return [(t.stop_id[stop], f"{t.stop_name[stop]} ({t.stop_id[stop]})") for stop in seen]


def edit_of(here: Here, line_id: str) -> Edit:
    """The form as an edit. Raises InvalidInput."""
    row = names.line_rows(here.live).get(line_id)
    if row is None:
        raise NotFound("planner.unknown_line", line=line_id[:80])
    t, form = here.live.timetable, request.form
    feed, route = t.feed_name[t.route_feed[row]], t.route_id[row]
    trip = form.get("trip", "")
    whole = "" if trip else route
    match form.get("quoi"):
        case "also_runs":
            like = form.get("like", "")
            return AlsoRuns(
                feed, route=whole, trip=trip,
                weekdays=tuple(sorted({int(each) for each in form.getlist("weekday") if each in set("0123456")})),
                dates=_dates(form.get("dates", "")), first_day=_day(form.get("first", "")),
                last_day=_day(form.get("last", "")), like=int(like) if like in set("0123456") and like else None,
            )  # fmt: skip
        case "trip_added":
            return TripAdded(feed, trip, _minutes("shift") * 60)
        case "withdrawn":
            return Withdrawn(feed, route=whole, trip=trip)
        case "stop_added":
            stop = _stop_named(here, feed, form.get("stop", ""))
            return StopAdded(feed, route, stop, form.get("after", ""), _minutes("ride") * 60, _minutes("delay") * 60)
        case "stop_removed":
            return StopRemoved(feed, route, form.get("stop", ""))
    raise InvalidInput("scenario.unknown_kind", kind=form.get("quoi", "")[:40])


def _minutes(name: str) -> int:
    text = request.form.get(name, "").strip().replace("−", "-")
    if not re.fullmatch(r"[+-]?\d{1,4}", text):
        raise InvalidInput("scenario.minutes_unreadable", value=text[:20])
    return int(text)


def _day(text: str) -> date | None:
    text = text.strip()
    if not text:
        return None
    try:
        return datetime.strptime(text, "%d/%m/%Y").date() if "/" in text else date.fromisoformat(text)  # noqa: DTZ007 - a day
    except ValueError:
        raise InvalidInput("scenario.day_unreadable", value=text[:20]) from None


def _dates(text: str) -> tuple[date, ...]:
    found = [_day(each) for each in re.split(r"[\s,;]+", text) if each]
    return tuple(sorted({each for each in found if each is not None}))


def _stop_named(here: Here, feed: str, text: str) -> str:
    """The stop of that feed that a text names: an id of the feed, or a name."""
    t = here.live.timetable
    text = " ".join(text.split())
    rows = np.flatnonzero(t.stop_feed == list(t.feed_name).index(feed)).tolist()
    if any(t.stop_id[row] == text for row in rows):
        return text
    place, others = here.places.resolve(text)
    for each in (place, *(other.place for other in others)):
        found = [] if each is None else [row for row in each.stops if row in set(rows) and t.stop_type[row] == 0]
        if found:
            return str(t.stop_id[found[0]])
    raise InvalidInput("scenario.no_such_stop", text=text[:80])


def field_of(error: MobigoError) -> str:
    """The field beside which a fault is said."""
    return {
        "scenario.no_day": "weekday", "scenario.day_unreadable": "dates", "scenario.line_like_no_day": "like",
        "scenario.ends_before_it_begins": "last", "scenario.no_such_stop": "stop",
        "scenario.shift_out_of_range": "shift", "scenario.minutes_unreadable": "minutes",
        "scenario.ride_out_of_range": "minutes",
    }.get(error.decision.code, "form")  # fmt: skip


def edit_words(here: Here, edit: Edit) -> str:
    """What an edit changes, for people."""
    line, trip = _line_words(here, edit.feed, getattr(edit, "route", "")), getattr(edit, "trip", "")
    what = _("la course %(trip)s") % {"trip": trip} if trip else line
    match edit:
        case AlsoRuns():
            days = [weekday_words()[each] for each in edit.weekdays]
            days += [formats.day(each, current_language(), year=True) for each in edit.dates]
            words = _("%(what)s circule aussi : %(days)s") % {"what": what, "days": ", ".join(days)}
            if edit.like is not None:
                words += _(", comme le %(day)s de la même semaine") % {"day": weekday_words()[edit.like]}
            if edit.first_day is not None:
                words += _(", à partir du %(day)s") % {
                    "day": formats.day(edit.first_day, current_language(), year=True)
                }
            if edit.last_day is not None:
                words += _(", jusqu’au %(day)s") % {"day": formats.day(edit.last_day, current_language(), year=True)}
            return words
        case TripAdded():
            shift = formats.duration(abs(edit.shift_s), current_language())
            if edit.shift_s > 0:
                return _("une course de plus, %(time)s après %(what)s", time=shift, what=what)
            return _("une course de plus, %(time)s avant %(what)s", time=shift, what=what)
        case Withdrawn():
            return _("%(what)s ne circule plus") % {"what": what}
        case StopAdded():
            language = current_language()
            later = formats.duration(edit.delay_s, language) if edit.delay_s else f"0{formats.NBSP}min"
            return _(
                "%(what)s dessert aussi %(stop)s, %(time)s après %(after)s ; la suite %(delay)s plus tard",
                what=what, stop=_stop_words(here, edit.feed, edit.stop), delay=later,
                after=_stop_words(here, edit.feed, edit.after), time=formats.duration(edit.ride_s, language),
            )  # fmt: skip
        case StopRemoved():
            return _("%(what)s ne dessert plus %(stop)s") % {
                "what": what, "stop": _stop_words(here, edit.feed, edit.stop)
            }  # fmt: skip
        case FeedReplaced():
            return _("l’offre « %(feed)s » est celle du fichier %(file)s") % {"feed": edit.feed, "file": edit.file_name}


def _line_words(here: Here, feed: str, route: str) -> str:
    row = names.line_rows(here.live).get(f"{feed}:{route}")
    if row is None:
        return _("la ligne %(line)s") % {"line": f"{feed}:{route}"}
    line = names.lines_of(here.live)[row]
    return _("la ligne %(line)s") % {"line": f"{line.label} {line.long_name}".strip()}


def _stop_words(here: Here, feed: str, stop: str) -> str:
    t = here.live.timetable
    rows = here.live.derived(
        "planner.stop_names",
        lambda table: {
            f"{table.feed_name[f]}:{id_}": n
            for n, (f, id_) in enumerate(zip(table.stop_feed.tolist(), table.stop_id, strict=True))
        },
        lasting=True,
    )
    row = rows.get(f"{feed}:{stop}")
    return stop if row is None else str(t.stop_name[row])
