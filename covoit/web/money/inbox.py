"""The inbox: what waits for who looks, and what is late."""

from flask.typing import ResponseReturnValue

from covoit.service import inbox as service
from covoit.web import bp
from covoit.web.money.shared import me, page
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.web import services


@bp.get("/covoiturage/agents")
@requires(Permission.COVOIT_INBOX)
def agents() -> ResponseReturnValue:
    """What waits for me, late things first; what is empty is said in one line."""
    with reading(services().engine) as session:
        found = service.inbox(session, me(), now())
    return page(
        "money_inbox.html", waiting=[each for each in found if each.count], empty=[e for e in found if not e.count]
    )
