"""Matrices of travel times: the form, the last ones asked for, and their files while they are kept."""

from datetime import date, timedelta
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra import auth, jobs
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import body_limit, services
from mobigo.planner.export.offered import lines_named
from mobigo.planner.gateway.territory import load_territory
from mobigo.planner.rules.points import BYTES_MAX
from mobigo.planner.web import bp
from mobigo.planner.web.comparisons import HOUR, content_of, csv_answer, find
from mobigo.planner.web.here import Here, pinned

MATRIX: Final = "planner.matrix"  # the job
STUDY = Permission.NETWORK_STUDY
STEPS_MIN: Final = (5, 10, 15, 30, 60)
SHOWN: Final = 20
POINTS_KEEP_DAYS: Final = 7


@bp.get("/etudes/matrices")
@requires(STUDY, everywhere=True)
def matrices() -> ResponseReturnValue:
    """The form, and the last matrices of this person."""
    return _page({}, 200)


def _page(errors: dict[str, str], status: int) -> tuple[str, int]:
    with reading(services().engine) as session:
        asked = jobs.list_jobs(session, jobs.JobFilter(name=MATRIX, asked_by=auth.signed_in().subject, limit=SHOWN))
    communes = load_territory(services().config.home).communes
    departments = sorted({(each.insee[:2], each.department) for each in communes})
    with pinned() as here:
        today = here.now.astimezone(here.zone).date()
    page = render_template(
        "planner/matrices.html", asked=asked, departments=departments, steps=STEPS_MIN, errors=errors,
        sentence=sentence, given=request.form, tomorrow=(today + timedelta(days=1)).isoformat(), kept=_is_kept,
    )  # fmt: skip
    return page, status


def _is_kept(job: jobs.Job) -> bool:
    digest = None if job.outcome is None else job.outcome.params.get("sha256")
    return job.state is jobs.State.DONE and isinstance(digest, str) and content_of(job) is not None


@bp.post("/etudes/matrices")
@requires(STUDY, everywhere=True)
@body_limit(2 * BYTES_MAX + 100_000)
def matrix_ask() -> ResponseReturnValue:
    """Ask for a matrix. What is too large, or cannot be read, is said before anything is worked out."""
    form = request.form
    errors: dict[str, str] = {}
    day = form.get("date", "")
    try:
        date.fromisoformat(day)
    except ValueError:
        errors["date"] = _("Choisissez un jour.")
    for name in ("since", "until"):
        if not HOUR.fullmatch(form.get(name, "")):
            errors[name] = _("Écrivez une heure, par exemple 8:05.")
    step = form.get("step", "")
    params: dict[str, Any] = {
        "day": day, "since": form.get("since", "").rjust(5, "0"), "until": form.get("until", "").rjust(5, "0"),
        "step_min": int(step) if step in {str(each) for each in STEPS_MIN} else 10,
    }  # fmt: skip
    with pinned() as here, transaction(services().engine) as session:
        specs = {name: _spec(here, session, name, errors) for name in ("origins", "destinations")}
        if not errors:
            _check(here, specs, params, errors)
        if not errors:
            sent = {name: spec for name, (spec, _points) in specs.items()}
            jobs.enqueue(session, MATRIX, {**params, **sent}, auth.signed_in().subject, now())
    if errors:
        return _page(errors, 422)
    flash(_("Le calcul a commencé ; le fichier sera ici une semaine."), "good")
    return redirect(url_for("planner.matrices"), 303)


def _check(here: Here, specs: Any, params: dict[str, Any], errors: dict[str, str]) -> None:
    from mobigo.planner.service.everywhere import check_size
    from mobigo.planner.service.studies import StudyHours, places_for

    territory, counts = load_territory(services().config.home), []
    for name, (spec, points) in specs.items():
        try:
            counts.append(len(places_for(here.live, territory, spec, points)))
        except InvalidInput as error:
            errors[name] = sentence(error.decision)
    if len(counts) == 2:
        try:
            check_size(counts[0], counts[1], StudyHours.of(params).window(here.zone))
        except InvalidInput as error:
            errors["size"] = sentence(error.decision)


def _spec(here: Here, session: Session, name: str, errors: dict[str, str]) -> tuple[dict[str, Any], bytes | None]:
    """(the specification of the places of one side, the points dropped for it)."""
    kind = request.form.get(name, "communes")
    if kind == "line":
        found = lines_named(here.live, " ".join(request.form.get(f"{name}_line", "").split()))
        if len(found) != 1:
            errors[name] = _("Écrivez le numéro d’une ligne, ou son nom.")
            return {}, None
        return {"kind": "line", "line": found[0].id}, None
    if kind == "points":
        upload: FileStorage | None = request.files.get(f"{name}_file")
        content = b"" if upload is None else upload.read(BYTES_MAX + 1)
        if not content:
            errors[name] = _("Choisissez un fichier CSV de points (colonnes id, name, lat, lon).")
            return {}, None
        digest = services().blobs.put(
            session, content, owner=f"account:{auth.signed_in().subject}", purpose="planner.points",
            keep_days=POINTS_KEEP_DAYS, now=now(), name="points.csv",
        )  # fmt: skip
        return {"kind": "points", "sha256": digest}, content
    department = request.form.get(f"{name}_department", "")
    return {"kind": "communes", "department": department[:3]}, None


@bp.get("/etudes/matrices/<job_id>.csv")
@requires(STUDY, everywhere=True)
def matrix_csv(job_id: str) -> ResponseReturnValue:
    """The file of a matrix of one's own. Raises NotFound for another's, and once it is no longer kept."""
    job = find(job_id, MATRIX)
    content = content_of(job)
    if content is None or job.asked_by != auth.signed_in().subject:
        raise NotFound("planner.no_such_study")
    return csv_answer(content, f"matrice-{job.params.get('day')}.csv")
