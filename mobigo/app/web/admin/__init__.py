"""The administrator's pages: accounts and grants, organisations, jobs, the log; and the way to the feeds."""

from typing import Any

from flask import Blueprint

from mobigo.infra.i18n import gettext, sentence

bp = Blueprint("admin", __name__, url_prefix="/admin")


def job_name(name: str) -> str:
    """What people call a job; its code name where no catalogue says."""
    said = gettext(f"jobs.name.{name}")
    return name if said == f"jobs.name.{name}" else said


@bp.context_processor
def words() -> dict[str, Any]:
    """What the templates of these pages need besides the layout."""
    return {"job_name": job_name, "sentence": sentence}


from mobigo.app.web.admin import accounts, desk, jobs, log, region  # noqa: E402, F401 - they add their views to bp
