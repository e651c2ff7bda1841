"""The jobs: what runs, how far it is, how it ended; cancel and retry."""

from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.app.web.admin import bp
from mobigo.infra import audit, auth
from mobigo.infra import jobs as desk
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext
from mobigo.infra.jobs import JobFilter, State
from mobigo.infra.web import services

PAGE = 50


@bp.get("/travaux")
@requires(Permission.JOBS_READ, everywhere=True)
def jobs() -> ResponseReturnValue:
    """The jobs, newest first; the filters are in the address."""
    state = request.args.get("state", "")
    wanted = JobFilter(
        states=[State(state)] if state in set(State) else None,
        name=request.args.get("name") or None,
        before=request.args.get("before") or None,
        limit=PAGE + 1,
    )
    with reading(services().engine) as session:
        found = desk.list_jobs(session, wanted)
        counts = desk.count_jobs(session)
        schedules = desk.list_schedules(session)
        names = sorted(
            {job.name for job in desk.list_jobs(session, replace(wanted, states=None, name=None, limit=500))}
        )
    shown = found[:PAGE]
    return render_template(
        "admin/jobs.html",
        jobs=shown,
        counts=counts,
        schedules=schedules,
        names=names,
        state=state,
        name=wanted.name or "",
        older=shown[-1].id if len(found) > PAGE else "",
        before=wanted.before,
        State=State,
        may_write=auth.signed_in().may(Permission.JOBS_WRITE),
        now=now(),
    )


@bp.post("/travaux/<job_id>/annuler")
@requires(Permission.JOBS_WRITE, everywhere=True)
def cancel_job(job_id: str) -> ResponseReturnValue:
    """Cancels a job that waits or runs. Raises NotFound, Conflict("jobs.already_ended")."""
    with transaction(services().engine) as session:
        job = desk.cancel(session, job_id, now())
        _record(session, "job.cancelled", job)
    flash(gettext("Le travail s’arrête."), "good")
    return _back()


@bp.post("/travaux/<job_id>/reprendre")
@requires(Permission.JOBS_WRITE, everywhere=True)
def retry_job(job_id: str) -> ResponseReturnValue:
    """Puts a failed or cancelled job back in the queue. Raises NotFound, Conflict("jobs.not_retryable")."""
    with transaction(services().engine) as session:
        job = desk.retry(session, job_id, now())
        _record(session, "job.retried", job)
    flash(gettext("Le travail repart dans la file."), "good")
    return _back()


def _back() -> ResponseReturnValue:
    state, name, before = (request.args.get(each) or None for each in ("state", "name", "before"))
    return redirect(url_for("admin.jobs", state=state, name=name, before=before), 303)


def _record(session: Session, action: str, job: desk.Job) -> None:
    audit.record(
        session, action, actor=auth.signed_in().subject, object_kind="job", object_id=job.id, now=now(),
        detail={"name": job.name},
    )  # fmt: skip
