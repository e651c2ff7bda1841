"""Registering a pupil for a school year: online by the family, or from a form that an agent enters; renewing.

The same pupil, asked twice by the same family for the same year, is refused; a namesake of another family is not told
about the first: the desk sees both and decides (`doubles`).
"""

import secrets
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.config import Config
from scolaire.gateway import rulefiles
from scolaire.model.asked import Asked, AskedHome, Channel, Contact
from scolaire.model.people import Access, HomeKind, Tie
from scolaire.model.schools import SchoolYear
from scolaire.rules import asking
from scolaire.rules.rights import is_late
from scolaire.service import homes, telling
from scolaire.store import pupils as store
from scolaire.store import schools
from scolaire.store.pupils import BondRow, GuardianRow, IdentityRow, PupilRow
from scolaire.store.registrations import RegistrationRow, living

REFERENCE_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH: Final = 8
PAPER_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Entered:
    """Who enters a form for somebody else, and under which reference of the paper."""

    agent: str
    channel: Channel
    paper: str = ""


def register(
    session: Session,
    asked: Asked,
    contact: Contact,
    *,
    config: Config,
    now: datetime,
    subject: str | None = None,
    entered: Entered | None = None,
) -> RegistrationRow:
    """A registration of a pupil we do not know yet, received. `subject`: the account of who asks.

    Raises what `rules.asking` raises; NotFound("scolaire.unknown_school"); Refused("scolaire.year_not_open"); Conflict(
    "scolaire.already_registered" | "scolaire.paper_known").
    """
    today = paris_day(now)
    _refuse_year(asked.year, today, config)
    asked = asking.checked(asked, schools.school_value(schools.get_school(session, asked.uai)))
    paper = _paper(session, entered)
    guardian = know_guardian(session, asking.checked_contact(contact), subject, _last_day(asked.year), now)
    _refuse_own_double(session, guardian, asked)
    pupil = _new_pupil(session, asked, now)
    row = _registration(session, asked, pupil, guardian, entered, paper, config, now)
    first_day = SchoolYear(asked.year).period.first_day
    made = [(homes.add(session, pupil, each, first_day, now), each.stop) for each in asked.homes]
    for home, stop in made:
        homes.add_leg(session, row, home, stop, config)
    placed = asked.homes[0].kind is HomeKind.PLACEMENT
    session.add(
        BondRow(
            id=new_id(now), pupil=pupil, guardian=guardian, tie=str(Tie.INSTITUTION if placed else Tie.PARENT),
            access=str(Access.FULL), home=made[0][0].id, first_day=today, recorded_at=now,
            recorded_by=entered.agent if entered else subject or guardian,
        )
    )  # fmt: skip
    return _done(session, row, entered, subject, config, now)


def renew(
    session: Session,
    pupil: str,
    asked: Asked,
    *,
    config: Config,
    now: datetime,
    guardian: str,
    subject: str | None = None,
    entered: Entered | None = None,
    moved: AskedHome | None = None,
) -> RegistrationRow:
    """The registration of a pupil we know for another school year: the same homes, unless the one of who asks `moved`.

    `asked.homes` is not read. Raises as `register`.
    """
    today = paris_day(now)
    _refuse_year(asked.year, today, config)
    if living(session, pupil, asked.year) is not None:
        raise Conflict("scolaire.already_registered", year=str(SchoolYear(asked.year)))
    first_day = max(SchoolYear(asked.year).period.first_day, today)
    known = store.homes(session, pupil, first_day)
    if not known:
        raise InvalidInput("scolaire.no_home")
    standing_for = AskedHome(HomeKind.MAIN, "--", "00000", known[0].commune)  # the homes are known, none is asked
    asked = asking.checked(
        replace(asked, homes=(standing_for,)), schools.school_value(schools.get_school(session, asked.uai))
    )
    session.get_one(GuardianRow, guardian).last_day = _last_day(asked.year)
    row = _registration(session, asked, pupil, guardian, entered, _paper(session, entered), config, now)
    own = {bond.home for bond in store.bonds_of_pupil(session, pupil, today) if bond.guardian == guardian}
    for home in known:
        here = homes.move(session, home, moved, first_day, now) if moved is not None and home.id in own else home
        homes.add_leg(session, row, here, None if moved is None else moved.stop, config)
    return _done(session, row, entered, subject, config, now)


def cancel(session: Session, registration: str, by: str, now: datetime) -> None:
    """The family gives a registration up; its pass ends with it."""
    from scolaire.service import passes

    row = session.get_one(RegistrationRow, registration, with_for_update=True)
    if row.state == "cancelled":
        return
    row.state, row.updated_at = "cancelled", now
    passes.end_all(session, registration, by, now)
    audit.record(
        session, "scolaire.cancelled", actor=by, object_kind="scolaire_registration", object_id=registration, now=now
    )  # fmt: skip


def doubles(session: Session, registration: RegistrationRow) -> list[RegistrationRow]:
    """Other living registrations of the same year for a pupil of the same name, born the same day."""
    own = session.get(IdentityRow, registration.pupil)
    if own is None:
        return []
    asked = (
        select(RegistrationRow)
        .join(IdentityRow, IdentityRow.pupil == RegistrationRow.pupil)
        .where(
            IdentityRow.folded == own.folded, IdentityRow.born_on == own.born_on,
            RegistrationRow.year == registration.year, RegistrationRow.state != "cancelled",
            RegistrationRow.id != registration.id,
        )
        .order_by(RegistrationRow.id)
    )  # fmt: skip
    first = asking.folded(own.first_name)
    rows = list(session.scalars(asked))
    known = store.identities(session, [row.pupil for row in rows])
    return [row for row in rows if asking.folded(known[row.pupil].first_name) == first]


def know_guardian(session: Session, contact: Contact, subject: str | None, last_day: date, now: datetime) -> str:
    """Who asks: the guardian of this account with what they now say of themselves, or a new one."""
    row = None if subject is None else store.find_guardian(session, subject)
    if row is None:
        row = GuardianRow(id=new_id(now), subject=subject, created_at=now, last_day=last_day)
        session.add(row)
    row.first_name, row.last_name, row.email = contact.first_name, contact.last_name, contact.email
    row.phone, row.postal, row.prefers = contact.phone, contact.postal, contact.prefers
    row.last_day = max(row.last_day, last_day)
    session.flush()
    return row.id


def _last_day(year: int) -> date:
    return date(year + 1, 8, 31)


def _refuse_year(year: int, today: date, config: Config) -> None:
    if year not in rulefiles.years_open(today, config.home, production=config.production):
        raise Refused("scolaire.year_not_open", year=str(SchoolYear(year)))


def _paper(session: Session, entered: Entered | None) -> str | None:
    """The reference of a paper form, entered once."""
    if entered is None or entered.channel is not Channel.PAPER:
        return None
    reference = " ".join(entered.paper.split())
    if not 1 <= len(reference) <= PAPER_MAX or not reference.isprintable():
        raise InvalidInput("scolaire.bad_paper", most=PAPER_MAX)
    if session.scalar(select(RegistrationRow.id).where(RegistrationRow.paper == reference)) is not None:
        raise Conflict("scolaire.paper_known", reference=reference)
    return reference


def _refuse_own_double(session: Session, guardian: str, asked: Asked) -> None:
    theirs = select(BondRow.pupil).where(BondRow.guardian == guardian)
    same = select(IdentityRow).where(
        IdentityRow.pupil.in_(theirs), IdentityRow.folded == asking.folded(asked.last_name)[:100],
        IdentityRow.born_on == asked.born_on,
    )  # fmt: skip
    for known in session.scalars(same):
        alike = asking.folded(known.first_name) == asking.folded(asked.first_name)
        if alike and living(session, known.pupil, asked.year) is not None:
            raise Conflict("scolaire.already_registered", year=str(SchoolYear(asked.year)))


def _new_pupil(session: Session, asked: Asked, now: datetime) -> str:
    row = PupilRow(id=new_id(now), created_at=now, last_day=_last_day(asked.year))
    session.add(row)
    session.flush()
    session.add(
        IdentityRow(
            pupil=row.id, first_name=asked.first_name, last_name=asked.last_name,
            folded=asking.folded(asked.last_name)[:100], born_on=asked.born_on,
        )
    )  # fmt: skip
    return row.id


def _registration(
    session: Session, asked: Asked, pupil: str, guardian: str, entered: Entered | None, paper: str | None,
    config: Config, now: datetime,
) -> RegistrationRow:  # fmt: skip
    today = paris_day(now)
    row = RegistrationRow(
        id=new_id(now), reference=_free_reference(session), pupil=pupil, year=asked.year, uai=asked.uai,
        level=str(asked.level), regime=str(asked.regime), need=str(asked.need),
        waiver=None if asked.waiver is None else str(asked.waiver), state="received", asked_by=guardian,
        channel=str(entered.channel if entered else Channel.ONLINE), paper=paper,
        entered_by=entered.agent if entered else None, received_at=now, updated_at=now,
        late=_is_late(asked, today, config),
        first_day=max(SchoolYear(asked.year).period.first_day, today), last_day=_last_day(asked.year),
    )  # fmt: skip
    pupil_row = session.get_one(PupilRow, pupil)
    pupil_row.last_day = max(pupil_row.last_day, row.last_day)
    session.add(row)
    session.flush()
    return row


def _is_late(asked: Asked, today: date, config: Config) -> bool:
    """Late by the rules of the main home; never where no rules are known."""
    try:
        rules = rulefiles.rules_on(
            asked.homes[0].commune[:2], SchoolYear(asked.year).period.first_day, config.home,
            production=config.production,
        )  # fmt: skip
    except NotFound:
        return False
    return is_late(today, asked.year, rules)


def _free_reference(session: Session) -> str:
    """Eight letters that nobody guesses and no other registration has; never figures alone."""
    while True:
        drawn = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(REFERENCE_LENGTH))
        taken = session.scalar(select(RegistrationRow.id).where(RegistrationRow.reference == drawn))
        if taken is None and not drawn.isdigit():
            return drawn


def _done(
    session: Session, row: RegistrationRow, entered: Entered | None, subject: str | None, config: Config, now: datetime
) -> RegistrationRow:
    session.flush()
    audit.record(
        session, "scolaire.registered", actor=entered.agent if entered else subject or audit.SYSTEM,
        object_kind="scolaire_registration", object_id=row.id, now=now,
        detail={"year": row.year, "uai": row.uai, "channel": row.channel},
    )  # fmt: skip
    telling.received(session, row, config, now)
    return row
