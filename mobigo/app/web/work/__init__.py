"""The page an agent's day begins on: what waits for them, wherever it came in, and one field that finds everything
they may open."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from mobigo.app.web.work.finding import LEAST_LETTERS, find
from mobigo.app.web.work.waiting import waiting
from mobigo.base.errors import Refused
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.web import services

bp = Blueprint("work", __name__)


@bp.get("/travail")
@requires(Permission.ACCOUNT_OWN)
def desk() -> ResponseReturnValue:
    """What waits for this person, what is late first; with `?q=`, what they may open that bears these words."""
    from mobigo.app.web import AGENTS

    identity = auth.signed_in()
    if not any(entry.permission is not None and identity.may(entry.permission) for entry in AGENTS):
        raise Refused("auth.no_work_here")
    asked = " ".join(request.args.get("q", "").replace("\x00", " ").split())[:80]
    groups = find(services(), identity, asked, now()) if len(asked) >= LEAST_LETTERS else []
    page = render_template(
        "work/desk.html", asked=asked, groups=groups, least=LEAST_LETTERS,
        waits=[] if asked else waiting(services(), identity, now()),
    )  # fmt: skip
    return page, 200, {"Cache-Control": "private, no-store"}
