"""The administrator's first page: what is there, and what waits for somebody."""

from flask import current_app, render_template
from flask.typing import ResponseReturnValue

from mobigo.app.web.admin import bp
from mobigo.infra import auth, jobs, outbox
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.web import services


@bp.get("/")
@requires(Permission.ACCOUNTS_READ)
def home() -> ResponseReturnValue:
    """A card for each page this person may enter, with the figures that call for an act."""
    identity, engine = auth.signed_in(), services().engine
    with reading(engine) as session:
        states = jobs.count_jobs(session) if identity.may(Permission.JOBS_READ) else {}
    waiting = outbox.waiting(engine, now()) if identity.may(Permission.SYSTEM_READ) else {}
    feeds = "network.feeds" in current_app.view_functions and identity.may(Permission.FEEDS_READ)
    return render_template(
        "admin/home.html", states=states, waiting=waiting, feeds=feeds, identity=identity, State=jobs.State
    )
