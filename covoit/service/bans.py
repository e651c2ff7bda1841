"""For how long somebody is kept out at most, and letting them back before the last day by a decision."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from covoit.gateway import lines as files
from covoit.model.claims import Individual, Kind, Outcome, Signatory
from covoit.rules import decisions as rules
from covoit.service import cases
from covoit.service.rights import not_oneself, require
from covoit.store import claims as store
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict
from mobigo.base.instants import paris_day
from mobigo.infra.clock import new_id
from mobigo.infra.roles import Identity, Permission


def bans_of(session: Session, person: str) -> Sequence[store.BanRow]:
    """Every ban of a person, the latest first."""
    return store.bans_of(session, person)


def lift(
    session: Session, ban_id: str, *, by: Identity, name: str, capacity: str, reason: str, now: datetime,
    language: str = "fr",
) -> Individual:  # fmt: skip
    """End a ban before its last day, by an individual decision with its reason; the person is written to.

    The other bans of the same person go on. Raises NotFound("covoit.unknown_ban"), Conflict("covoit.ban_over"),
    Refused("covoit.not_allowed" | "covoit.own_case"), InvalidInput without reason, name or capacity.
    """
    require(by, Permission.COVOIT_PREPARE)
    row = store.get_ban(session, ban_id, lock=True)
    not_oneself(session, [row.person], by)
    today = paris_day(now)
    if row.lifted_at is not None or row.last_day < today:
        raise Conflict("covoit.ban_over")
    decision = rules.decide(
        id=new_id(now), kind=Kind.BAN_LIFT, outcome=Outcome.GRANTED,
        proposed=Outcome.REFUSED,  # without a human who decides otherwise, a ban runs to its last day
        person=row.person, object_id=row.id,
        facts=Decision("covoit.facts_ban_lift", day=row.first_day, last_day=row.last_day),
        rule=cases.RULES[Kind.BAN_LIFT], reason=reason, algorithmic=False,
        signatory=Signatory(by.subject, name, capacity), now=now, today=today,
    )  # fmt: skip
    row.lifted_at = now
    cases.keep(session, decision, now, language)
    return decision


def longest_on(day: date) -> int | None:
    """For how many days somebody may be kept out by one decision taken that day; None while nothing says so."""
    measure = files.measure_on(day)
    return None if measure is None else measure.ban_days_max
