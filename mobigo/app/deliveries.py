"""Where effects and messages go: the handler of each topic, the gateway of each channel, the job.

A package that reacts to another's effect has its handler wired here, so that neither knows the other.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.infra.config import Config
from mobigo.infra.outbox import Effect, Gateway, Handler
from mobigo.infra.web import Services

JOB: Final = "outbox.deliver"


def handlers(services: Services) -> Mapping[str, Handler]:
    """The handler of each topic."""
    return {
        "billettique.fulfil": lambda session, effect: _fulfil(session, services, effect),
        "covoit.booking_told": _tell_partner,
        "scolaire.pass_ended": lambda session, effect: _school_pass(session, services, effect),
        "scolaire.pass_issued": lambda session, effect: _school_pass(session, services, effect),
        "opendata.happened": lambda session, effect: _tell_followers(session, services, effect),
    }


def _tell_partner(session: Session, effect: Effect) -> None:
    """The call leaves by a job: no transaction is open while another operator answers."""
    from mobigo.infra import clock
    from mobigo.infra.jobs import desk

    desk.enqueue(session, "covoit.tell_partner", dict(effect.payload), None, clock.now(), key=effect.key)


def _tell_followers(session: Session, services: Services, effect: Effect) -> None:
    from mobigo.infra import clock
    from opendata.service.following import tell

    tell(session, services.config, effect.payload["event"], clock.now())


def _fulfil(session: Session, services: Services, effect: Effect) -> None:
    from billettique.service.fulfilment import fulfil
    from mobigo.infra import clock

    fulfil(session, services, effect.payload["order"], clock.now())


def _school_pass(session: Session, services: Services, effect: Effect) -> None:
    from mobigo.app import school_titles
    from mobigo.infra import clock

    act = school_titles.issued if effect.topic == "scolaire.pass_issued" else school_titles.ended
    act(session, services, effect, clock.now())


def gateways(config: Config) -> dict[str, Gateway]:
    """The gateway of each channel: files under home/outbox."""
    from mobigo.infra.file_gateway import FileGateway

    files = FileGateway(config.home / "outbox")
    return {"email": files, "sms": files, "letter": files}


def ask_delivery(session: Session, due_at: datetime) -> bool:
    """Queue a delivery for `due_at`, in this transaction, unless one is already queued for then or sooner."""
    from mobigo.infra import clock
    from mobigo.infra.jobs import desk
    from mobigo.infra.jobs.tables import JobRow

    queued = select(JobRow.id).where(JobRow.name == JOB, JobRow.state == "queued", JobRow.due_at <= due_at).limit(1)
    if session.scalar(queued) is not None:
        return False
    desk.enqueue(session, JOB, {}, None, min(due_at, clock.now()), due_at=due_at)
    return True
