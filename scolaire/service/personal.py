"""What school transport holds of one person who has an account, given to them and forgotten on demand (GDPR, articles
15 and 17): themselves, and the children for whom they answer within their bond.

A child whom another guardian still answers for stays: only the person goes, with the address that was theirs and the
files they gave (that a fact was proven stays). Otherwise the child goes too: identity, homes, addresses, registrations,
decisions, documents.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from mobigo.base.instants import paris_day
from mobigo.infra.blobs import forget_owner
from mobigo.infra.db import changed
from mobigo.infra.privacy import register_subject
from scolaire.store import documents as papers
from scolaire.store import pupils as store
from scolaire.store.pupils import AddressRow, BondRow, GuardianRow, HomeRow, IdentityRow, PupilRow
from scolaire.store.registrations import (
    AppealRow,
    DecisionRow,
    LegRow,
    PassRow,
    RegistrationRow,
    legs,
)


def export_subject(session: Session, subject: str) -> Mapping[str, object]:
    """Everything, except what is another person's: the other parent's name and address, what they wrote."""
    guardian = store.find_guardian(session, subject)
    if guardian is None:
        return {}
    bonds = list(session.scalars(select(BondRow).where(BondRow.guardian == guardian.id).order_by(BondRow.id)))
    latest = {bond.pupil: bond for bond in bonds}
    return {
        "guardian": {
            name: getattr(guardian, name)
            for name in ("first_name", "last_name", "email", "phone", "postal", "prefers", "created_at", "last_day")
        },
        "bonds": [
            {
                "pupil": bond.pupil,
                "tie": bond.tie,
                "access": bond.access,
                "from": bond.first_day,
                "until": bond.last_day,
            }
            for bond in bonds
        ],
        "children": [_child(session, bond, guardian) for bond in latest.values() if bond.access != "none"],
    }


def erase_subject(session: Session, subject: str, now: datetime) -> int:
    """Forget a person, and the children for whom nobody else answers. Returns the rows touched. A pupil of age is their
    own guardian, and goes the same way."""
    guardian = store.find_guardian(session, subject)
    if guardian is None:
        return 0
    today, touched = paris_day(now), 0
    pupils = set(session.scalars(select(BondRow.pupil).where(BondRow.guardian == guardian.id)))
    for pupil in sorted(pupils):
        others = [bond for bond in store.bonds_of_pupil(session, pupil, today)
                  if bond.guardian != guardian.id and bond.access != "none"]  # fmt: skip
        if not others:
            touched += forget_pupil(session, pupil, now)
            continue
        own = select(BondRow.home).where(BondRow.guardian == guardian.id, BondRow.pupil == pupil)
        theirs = {home for home in session.scalars(own) if home is not None} - {bond.home for bond in others}
        touched += changed(session, delete(AddressRow).where(AddressRow.home.in_(sorted(theirs))))
        touched += changed(session, update(LegRow).where(LegRow.home.in_(sorted(theirs))).values(path=None))
        touched += papers.drop_files(session, guardian.id, pupil)
    session.flush()
    return touched + changed(session, delete(GuardianRow).where(GuardianRow.id == guardian.id))


def forget_pupil(session: Session, pupil: str, now: datetime) -> int:
    """All of one pupil: the files given in proof go with the next sweep, everything else at once. Passes end first, so
    that no title stays good."""
    from scolaire.service import passes

    touched = 0
    for registration in session.scalars(select(RegistrationRow.id).where(RegistrationRow.pupil == pupil)).all():
        passes.end_all(session, registration, "erasure", now)
        touched += forget_owner(session, papers.owner(registration))
    session.flush()
    for table, column in ((RegistrationRow, RegistrationRow.pupil), (HomeRow, HomeRow.pupil)):
        touched += changed(session, delete(table).where(column == pupil))
    touched += changed(session, delete(BondRow).where(BondRow.pupil == pupil))
    touched += changed(session, delete(IdentityRow).where(IdentityRow.pupil == pupil))
    return touched + changed(session, delete(PupilRow).where(PupilRow.id == pupil))


def _child(session: Session, bond: BondRow, guardian: GuardianRow) -> dict[str, object]:
    identity = session.get(IdentityRow, bond.pupil)
    rows = session.scalars(
        select(RegistrationRow).where(RegistrationRow.pupil == bond.pupil).order_by(RegistrationRow.year)
    ).all()
    homes = session.scalars(select(HomeRow).where(HomeRow.pupil == bond.pupil).order_by(HomeRow.id)).all()
    own = [home for home in homes if home.id == bond.home]
    return {
        "pupil": bond.pupil,
        "first_name": None if identity is None else identity.first_name,
        "last_name": None if identity is None else identity.last_name,
        "born_on": None if identity is None else identity.born_on,
        "homes": [_home(session, home) for home in own],
        "registrations": [_registration(session, row, {home.id for home in own}, guardian) for row in rows],
    }


def _home(session: Session, home: HomeRow) -> dict[str, object]:
    address = session.get(AddressRow, home.id)
    said = {} if address is None else {
        "line": address.line, "extra": address.extra, "postcode": address.postcode, "lat": address.lat,
        "lon": address.lon,
    }  # fmt: skip
    return {"kind": home.kind, "commune": home.commune, "weeks": home.weeks, "from": home.first_day, **said}


def _registration(session: Session, row: RegistrationRow, own: set[str], guardian: GuardianRow) -> dict[str, object]:
    found = session.scalars(
        select(DecisionRow).where(DecisionRow.registration == row.id).order_by(DecisionRow.number)
    ).all()
    appeals = session.scalars(
        select(AppealRow).where(AppealRow.decision.in_([each.id for each in found])).order_by(AppealRow.id)
    ).all()
    given = [each for each in papers.of_registration(session, row.id) if each.given_by == guardian.id]
    cards = session.scalars(select(PassRow).where(PassRow.registration == row.id).order_by(PassRow.number)).all()
    return {
        "reference": row.reference, "year": row.year, "school": row.uai, "level": row.level, "regime": row.regime,
        "need": row.need, "waiver": row.waiver, "state": row.state, "outcome": row.outcome,
        "received_at": row.received_at,
        "measures": [leg.measure for leg in legs(session, [row.id])[row.id] if leg.home in own],
        "decisions": [
            {"at": each.at, "outcome": each.outcome, "reason": each.reason, "words": each.words, "rules": each.rules,
             "signed": each.capacity, "cents": each.price_cents} for each in found
        ],
        "appeals": [{"at": each.made_at, "words": each.words, "upheld": each.upheld} for each in appeals
                    if each.made_by == guardian.subject],
        "documents": [{"kind": each.kind, "at": each.given_at, "first_at": each.first_at or each.given_at,
                       "state": each.state, "words": each.words} for each in given],
        "passes": [{"number": each.number, "from": each.first_day, "until": each.last_day, "ended_at": each.ended_at}
                   for each in cards],
    }  # fmt: skip


register_subject("scolaire", export=export_subject, erase=erase_subject)
