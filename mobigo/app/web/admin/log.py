"""The audit log as a page: who did what to what, when, by random ids."""

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from mobigo.app.web.admin import bp
from mobigo.infra.audit import AuditEntry
from mobigo.infra.auth import Permission, requires
from mobigo.infra.db import reading
from mobigo.infra.web import services

PAGE = 100
FILTERS = ("actor", "action", "object_kind", "object_id")


@bp.get("/journal")
@requires(Permission.AUDIT_READ, everywhere=True)
def audit() -> ResponseReturnValue:
    """The last acts, newest first; filters and page are in the address."""
    wanted = {name: request.args.get(name, "").strip()[:200] for name in FILTERS}
    before = request.args.get("before", "")
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(PAGE + 1)
    for name, value in wanted.items():
        if value:
            column = getattr(AuditEntry, name)
            query = query.where(column.startswith(value, autoescape=True) if name == "action" else column == value)
    if before:
        query = query.where(AuditEntry.id < before)
    with reading(services().engine) as session:
        found = session.scalars(query).all()
    return render_template(
        "admin/audit.html",
        entries=found[:PAGE],
        wanted=wanted,
        older=found[PAGE - 1].id if len(found) > PAGE else "",
        before=before,
    )
