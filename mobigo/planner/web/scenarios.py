"""Studies of planners: the scenarios, what each changes, and the forms that change one more thing."""

import re
from datetime import date, datetime
from typing import BinaryIO, Final, cast

import numpy as np
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound
from mobigo.infra import audit, auth, formats, jobs
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import body_limit, services
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
from mobigo.network.service.importing import feed_name
from mobigo.network.store import scenarios as store
from mobigo.planner.export import names
from mobigo.planner.export.offered import lines_named
from mobigo.planner.rules.compared import COMPARISON
from mobigo.planner.web import bp
from mobigo.planner.web.here import Here, pinned

DROP_LIMIT_BYTES: Final = 200_000_000
DROP_KEEP_DAYS: Final = 400
TRIPS_SHOWN: Final = 400
STUDY = Permission.NETWORK_STUDY


@bp.get("/etudes")
@requires(STUDY, everywhere=True)
def studies() -> ResponseReturnValue:
    """The scenarios, and the last matrices; where to begin."""
    with reading(services().engine) as session:
        found = store.list_scenarios(session)
    return render_template("planner/studies.html", scenarios=found)


@bp.post("/etudes")
@requires(STUDY, everywhere=True)
def scenario_new() -> ResponseReturnValue:
    """A new scenario."""
    name, note = " ".join(request.form.get("name", "").split()), request.form.get("note", "").strip()
    if not name:
        with reading(services().engine) as session:
            found = store.list_scenarios(session)
        errors = {"name": _("Écrivez un nom : celui de la question posée, par exemple « Ligne 119 le samedi ».")}
        return render_template("planner/studies.html", scenarios=found, errors=errors, given=request.form), 422
    with transaction(services().engine) as session:
        made = store.create(session, name, note[:2000], by=auth.signed_in().subject, now=now())
        _record(session, "scenario.created", made)
    return redirect(url_for("planner.scenario", scenario_id=made), 303)


@bp.get("/etudes/scenarios/<scenario_id>")
@requires(STUDY, everywhere=True)
def scenario(scenario_id: str) -> ResponseReturnValue:
    """What a scenario changes, its comparisons, and what can be done next. Raises NotFound."""
    return scenario_page(scenario_id, {}, 200)


def scenario_page(scenario_id: str, errors: dict[str, str], status: int) -> tuple[str, int]:
    """The page of a scenario, with what is wrong with the form sent."""
    with reading(services().engine) as session:
        found = store.get(session, scenario_id)
        asked = [
            job
            for job in jobs.list_jobs(session, jobs.JobFilter(name=COMPARISON, limit=200))
            if job.params.get("scenario") == scenario_id
        ]
    with pinned() as here:
        told = [(each, edit_words(here, each.edit)) for each in found.edits]
        page = render_template(
            "planner/scenario.html", it=found, told=told, asked=asked, errors=errors, given=request.form,
            today=here.now.astimezone(here.zone).date(), sentence=sentence, running=_is_running,
        )  # fmt: skip
    return page, status


def _is_running(job: jobs.Job) -> bool:
    return not job.ended


@bp.post("/etudes/scenarios/<scenario_id>/ligne")
@requires(STUDY, everywhere=True)
def scenario_line_chosen(scenario_id: str) -> ResponseReturnValue:
    """The line to change, by number or name: leads to its page."""
    text = " ".join(request.form.get("line", "").split())
    with pinned() as here:
        found = lines_named(here.live, text)
    if len(found) == 1:
        return redirect(url_for("planner.scenario_line", scenario_id=scenario_id, line_id=found[0].id), 303)
    if not found:
        wrong = _("Aucune ligne ne s’appelle « %(text)s ».") % {"text": text}
    else:
        ids = ", ".join(f"{line.id} ({line.long_name or line.label})" for line in found[:5])
        wrong = _("Plusieurs lignes s’appellent « %(text)s » : %(ids)s.") % {"text": text, "ids": ids}
    return scenario_page(scenario_id, {"line": wrong}, 422)


@bp.get("/etudes/scenarios/<scenario_id>/lignes/<path:line_id>")
@requires(STUDY, everywhere=True)
def scenario_line(scenario_id: str, line_id: str) -> ResponseReturnValue:
    """The form of one change of a line (`?quoi=`). Raises NotFound."""
    return _line_page(scenario_id, line_id, {}, 200)


@bp.post("/etudes/scenarios/<scenario_id>/lignes/<path:line_id>")
@requires(STUDY, everywhere=True)
def scenario_line_write(scenario_id: str, line_id: str) -> ResponseReturnValue:
    """Write the change."""
    try:
        with pinned() as here:
            edit = _edit_of(here, line_id)
        with transaction(services().engine) as session:
            written = store.write(session, scenario_id, edit, by=auth.signed_in().subject, now=now())
            _record(session, "scenario.edited", scenario_id, number=written.number)
    except (InvalidInput, Conflict) as error:
        return _line_page(scenario_id, line_id, {_field_of(error): sentence(error.decision)}, 422)
    flash(_("C’est écrit. Comparez quand la liste est complète."), "good")
    return redirect(url_for("planner.scenario", scenario_id=scenario_id), 303)


@bp.post("/etudes/scenarios/<scenario_id>/gtfs")
@requires(STUDY, everywhere=True)
@body_limit(DROP_LIMIT_BYTES)
def scenario_drop(scenario_id: str) -> ResponseReturnValue:
    """A whole GTFS in place of a feed, or beside the others. It is read when the scenario is compared."""
    upload = request.files.get("archive")
    if upload is None or not upload.filename:
        return scenario_page(scenario_id, {"archive": _("Choisissez un fichier GTFS (.zip).")}, 422)
    feed = request.form.get("feed", "").strip()
    wanted = re.sub(r"[^a-z0-9]+", "-", feed.lower()).strip("-")[:64] if feed else feed_name_of(upload.filename)
    try:
        with transaction(services().engine) as session:
            digest = services().blobs.put(
                session, cast(BinaryIO, upload.stream), owner=f"scenario:{scenario_id}", purpose="scenario.gtfs",
                keep_days=DROP_KEEP_DAYS, now=now(), name=upload.filename[:255],
            )  # fmt: skip
            edit = FeedReplaced(wanted or "gtfs", digest, upload.filename[:120])
            written = store.write(session, scenario_id, edit, by=auth.signed_in().subject, now=now())
            _record(session, "scenario.edited", scenario_id, number=written.number)
    except (InvalidInput, Conflict) as error:
        return scenario_page(scenario_id, {"archive": sentence(error.decision)}, 422)
    flash(_("Le fichier est reçu ; il sera lu à la comparaison."), "good")
    return redirect(url_for("planner.scenario", scenario_id=scenario_id), 303)


def feed_name_of(file_name: str) -> str:
    """A feed's name made of a file's."""
    from pathlib import Path

    return feed_name(Path(file_name))


@bp.post("/etudes/scenarios/<scenario_id>/retouches/<edit_id>/retirer")
@requires(STUDY, everywhere=True)
def scenario_undo(scenario_id: str, edit_id: str) -> ResponseReturnValue:
    """Take a change back; it stays in the list, struck out. Raises NotFound, Conflict."""
    with transaction(services().engine) as session:
        store.undo(session, scenario_id, edit_id, now())
        _record(session, "scenario.edit_undone", scenario_id, edit=edit_id)
    flash(_("C’est retiré de ce qui sera comparé."), "good")
    return redirect(url_for("planner.scenario", scenario_id=scenario_id), 303)


@bp.post("/etudes/scenarios/<scenario_id>/etat")
@requires(STUDY, everywhere=True)
def scenario_close(scenario_id: str) -> ResponseReturnValue:
    """Put a scenario away, or take it out again. Raises NotFound."""
    closed = request.form.get("closed") == "1"
    with transaction(services().engine) as session:
        store.close(session, scenario_id, now(), closed=closed)
        _record(session, "scenario.closed" if closed else "scenario.reopened", scenario_id)
    return redirect(url_for("planner.scenario", scenario_id=scenario_id), 303)


def _record(session, action: str, scenario_id: str, **detail: object) -> None:  # type: ignore[no-untyped-def]  # a Session
    audit.record(
        session, action, actor=auth.signed_in().subject, object_kind="scenario", object_id=scenario_id, now=now(),
        detail=detail,
    )  # fmt: skip


# ---------------------------------------------------------------- the form of a line


def _line_page(scenario_id: str, line_id: str, errors: dict[str, str], status: int) -> tuple[str, int]:
    with reading(services().engine) as session:
        found = store.get(session, scenario_id)
    what = request.values.get("quoi", "also_runs")
    with pinned() as here:
        row = names.line_rows(here.live).get(line_id)
        if row is None:
            raise NotFound("planner.unknown_line", line=line_id[:80])
        page = render_template(
            "planner/scenario_line.html",
            it=found,
            line=names.lines_of(here.live)[row],
            what=what if what in change_words() else "also_runs",
            changes=change_words(),
            trips=_trip_choices(here, row, found),
            stops=_stop_choices(here, row),
            weekdays=weekday_words(),
            errors=errors,
            given=request.form,
        )
    return page, status


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


def _trip_choices(here: Here, row: int, found: Scenario) -> list[tuple[str, str]]:
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


def _stop_choices(here: Here, row: int) -> list[tuple[str, str]]:
    t = here.live.timetable
    seen: dict[int, None] = {}
    for trip in np.flatnonzero(t.trip_route == row).tolist():
        seen.update(dict.fromkeys(t.visit_stop[t.trip_visit_start[trip] : t.trip_visit_start[trip + 1]].tolist()))
    return [(t.stop_id[stop], f"{t.stop_name[stop]} ({t.stop_id[stop]})") for stop in seen]


def _edit_of(here: Here, line_id: str) -> Edit:
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


def _field_of(error: MobigoError) -> str:
    return {
        "scenario.no_day": "weekday", "scenario.day_unreadable": "dates", "scenario.line_like_no_day": "like",
        "scenario.ends_before_it_begins": "last", "scenario.no_such_stop": "stop",
        "scenario.shift_out_of_range": "shift", "scenario.minutes_unreadable": "minutes",
        "scenario.ride_out_of_range": "minutes",
    }.get(error.decision.code, "form")  # fmt: skip


# ---------------------------------------------------------------- an edit in words


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
            minutes = abs(edit.shift_s) // 60
            if edit.shift_s > 0:
                return _("une course de plus, %(minutes)s min après %(what)s") % {"minutes": minutes, "what": what}
            return _("une course de plus, %(minutes)s min avant %(what)s") % {"minutes": minutes, "what": what}
        case Withdrawn():
            return _("%(what)s ne circule plus") % {"what": what}
        case StopAdded():
            words = _(
                "%(what)s dessert aussi %(stop)s, %(minutes)s min après %(after)s ; la suite %(delay)s min plus tard"
            )
            return words % {
                "what": what, "stop": _stop_words(here, edit.feed, edit.stop), "minutes": edit.ride_s // 60,
                "after": _stop_words(here, edit.feed, edit.after), "delay": edit.delay_s // 60,
            }  # fmt: skip
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
