"""Who may see and do what of a pupil's file: guardians by their bond, organisations by their schools and communes.

Everything else asks here; what is not allowed is not found.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session

from mobigo.base.errors import NotFound, Refused
from mobigo.infra.roles import Identity, Permission
from scolaire.model.people import Bond
from scolaire.store.pupils import GuardianRow, HomeRow, bond_value, bonds_of_pupil, find_guardian
from scolaire.store.registrations import LegRow, RegistrationRow
from scolaire.store.schools import SchoolRow, communes_of


@dataclass(frozen=True, slots=True)
class Scope:
    """What an agent may see: everything (`everywhere`), or the pupils of these schools and of these communes."""

    everywhere: bool
    schools: frozenset[str] = frozenset()
    communes: frozenset[str] = frozenset()


def scope_of(session: Session, identity: Identity, permission: Permission, day: date) -> Scope:
    """What this permission opens to this person on a day."""
    where = identity.organisations(permission)
    if where is None:
        return Scope(everywhere=True)
    schools = select(SchoolRow.uai).where(SchoolRow.organisation.in_(sorted(where)))
    return Scope(False, frozenset(session.scalars(schools)), frozenset(communes_of(session, where, day)))


def within(scope: Scope) -> ColumnElement[bool]:
    """The registrations inside a scope: at one of its schools, or from a home in one of its communes."""
    if scope.everywhere:
        return true()
    if not scope.schools and not scope.communes:
        return false()
    lives = (
        exists()
        .where(LegRow.registration == RegistrationRow.id, LegRow.home == HomeRow.id)
        .where(HomeRow.commune.in_(sorted(scope.communes)), HomeRow.kind != "placement")
    )
    return or_(RegistrationRow.uai.in_(sorted(scope.schools)), lives)


def get_in_scope(session: Session, registration: str, scope: Scope) -> RegistrationRow:
    """A registration inside a scope. Raises NotFound("scolaire.unknown_registration") for any other, there or not."""
    row = session.scalar(select(RegistrationRow).where(and_(RegistrationRow.id == registration, within(scope))))
    if row is None:
        raise NotFound("scolaire.unknown_registration")
    return row


def bond_with(session: Session, subject: str, pupil: str, day: date, *, act: bool = False) -> Bond:
    """The bond of an account with a pupil. Raises NotFound("scolaire.unknown_pupil") where there is none that lets them
    read, Refused("scolaire.read_only") where one lets them read and not act."""
    guardian = find_guardian(session, subject)
    bond = None if guardian is None else _bonds(session, pupil, day).get(guardian.id)
    if bond is None:
        raise NotFound("scolaire.unknown_pupil")
    if act and not bond.acts:
        raise Refused("scolaire.read_only")
    return bond


def acting(session: Session, pupil: str, day: date) -> list[GuardianRow]:
    """Who may act for a pupil on a day, first come first."""
    return [session.get_one(GuardianRow, each) for each, bond in _bonds(session, pupil, day).items() if bond.acts]


def _bonds(session: Session, pupil: str, day: date) -> dict[str, Bond]:
    """The bond that holds on a day of each guardian who may read: the last; what a judge took away counts more than
    what was there before."""
    found: dict[str, list[Bond]] = {}
    for row in bonds_of_pupil(session, pupil, day):
        found.setdefault(row.guardian, []).append(bond_value(row))
    return {each: bonds[-1] for each, bonds in found.items() if all(bond.reads for bond in bonds)}


def registration_of(
    session: Session, subject: str, registration: str, day: date, *, act: bool = False
) -> tuple[RegistrationRow, Bond]:
    """A registration that an account may read (or act on), with the bond that lets it. Raises NotFound(
    "scolaire.unknown_registration"), Refused("scolaire.read_only")."""
    row = session.get(RegistrationRow, registration)
    if row is None:
        raise NotFound("scolaire.unknown_registration")
    try:
        return row, bond_with(session, subject, row.pupil, day, act=act)
    except NotFound:
        raise NotFound("scolaire.unknown_registration") from None
