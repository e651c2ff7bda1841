"""Studies of planners: the scenarios, what each changes, and the pages that change one more thing (`edits`)."""

import re
from typing import BinaryIO, Final, cast

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.infra import audit, auth, jobs
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.forms import one_line
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import body_limit, services
from mobigo.network.model.scenarios import FeedReplaced
from mobigo.network.service.importing import feed_name
from mobigo.network.store import scenarios as store
from mobigo.planner.export import names
from mobigo.planner.export.offered import lines_named
from mobigo.planner.rules.compared import COMPARISON
from mobigo.planner.web import bp
from mobigo.planner.web.edits import (
    change_words,
    edit_of,
    edit_words,
    field_of,
    stop_choices,
    trip_choices,
    weekday_words,
)
from mobigo.planner.web.here import pinned

DROP_LIMIT_BYTES: Final = 200_000_000
DROP_KEEP_DAYS: Final = 400
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
    text = one_line(request.form.get("line", ""), 200)
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
            edit = edit_of(here, line_id)
        with transaction(services().engine) as session:
            written = store.write(session, scenario_id, edit, by=auth.signed_in().subject, now=now())
            _record(session, "scenario.edited", scenario_id, number=written.number)
    except (InvalidInput, Conflict) as error:
        return _line_page(scenario_id, line_id, {field_of(error): sentence(error.decision)}, 422)
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
            trips=trip_choices(here, row, found),
            stops=stop_choices(here, row),
            weekdays=weekday_words(),
            errors=errors,
            given=request.form,
        )
    return page, status
