"""A small office of carpool money for tests: five agents who are signed in, two drivers with a closed month."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from covoit.service import awards, closing
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.db import transaction
from mobigo.infra.roles import Grant, Role
from tests.covoit_money_world import IBANS, driver, fund, record, ride

AGENTS = (
    Role.COUNTER_AGENT, Role.CARPOOL_MANAGER, Role.FINANCE_AGENT, Role.ORDONNATEUR, Role.COMPTABLE_PUBLIC,
)  # fmt: skip
NAMES = {
    Role.COUNTER_AGENT: "Guy Guichet", Role.CARPOOL_MANAGER: "Claire Gestion", Role.FINANCE_AGENT: "Firmin Finances",
    Role.ORDONNATEUR: "Odile Ordre", Role.COMPTABLE_PUBLIC: "Colin Compte",
}  # fmt: skip


def agents(engine: Engine, roles: Sequence[Role] = AGENTS) -> tuple[dict[Role, str], dict[Role, str]]:
    """(account, session token) of one signed-in person for each role."""
    subjects, tokens = {}, {}
    with transaction(engine) as session:
        for role in roles:
            email = f"{role}@example.org"
            subject = accounts.create(
                session, now(), email=email, name=NAMES.get(role, str(role)), password_hash=None, language="fr"
            )
            grants.give(session, subject, Grant(role), now(), by=None)
            subjects[role], tokens[role] = subject, sessions.open_session(session, subject, now(), None, None)
    return subjects, tokens


def a_closed_month(engine: Engine, home: Path, month: datetime, closed_at: datetime) -> tuple[str, str]:
    """Two drivers with an account: Anne drove three runs of 33 km with a passenger, Bruno one; the month is closed.

    33 km at 0.10 € and 1 € a passenger: 4.30 € a run, so 12.90 € and 4.30 €.
    """
    fund(engine, 100_000, home)
    anne, bruno = driver(engine, "anne"), driver(engine, "bruno", IBANS[1])
    runs = [ride(anne, at=month + timedelta(days=day, hours=7), trip_id=f"a{day}") for day in (1, 2, 3)]
    record(engine, [*runs, ride(bruno, at=month + timedelta(days=2, hours=7), trip_id="b2")])
    awards.award_ready(engine, closed_at, home=home)
    closing.close_month(engine, f"{month:%Y-%m}", closed_at, home=home, early=True)
    return anne, bruno


def last_month(at: datetime) -> datetime:
    """The first midnight (UTC) of the month before that of an instant."""
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first - timedelta(days=1)).replace(day=1).astimezone(UTC)
