"""Where effects and messages go: the handler of each topic, the gateway of each channel, the job.

A package that reacts to another's effect has its handler wired here, so that neither knows the other.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.infra.config import Config
from mobigo.infra.outbox import Gateway, Handler

JOB: Final = "outbox.deliver"

# Topic → handler. No package reacts to another one's effects yet.
HANDLERS: Final[Mapping[str, Handler]] = {}


def gateways(config: Config) -> dict[str, Gateway]:
    """The gateway of each channel: files under home/outbox."""
    from mobigo.infra.file_gateway import FileGateway

    files = FileGateway(config.home / "outbox")
    return {"email": files, "sms": files, "letter": files}


def ask_delivery(session: Session, due_at: datetime) -> bool:
    """Queue a delivery for `due_at`, in this transaction, unless one is already queued for then or sooner."""
    from mobigo.infra.jobs import desk
    from mobigo.infra.jobs.tables import JobRow

    queued = select(JobRow.id).where(JobRow.name == JOB, JobRow.state == "queued", JobRow.due_at <= due_at).limit(1)
    if session.scalar(queued) is not None:
        return False
    desk.enqueue(session, JOB, {}, None, due_at, due_at=due_at)
    return True
