"""Documents given in proof, and whether their files are still kept."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, delete, exists, literal, select, update
from sqlalchemy.orm import Session

from mobigo.infra.blobs import BlobRow
from mobigo.infra.db import changed
from scolaire.store.pupils import IdentityRow
from scolaire.store.registrations import PAPER_DAYS, DocumentRow, RegistrationRow


def owner(registration: str) -> str:
    """Under which name the files of a registration are kept."""
    return f"scolaire:{registration}"


def last_day(registration: RegistrationRow) -> date:
    """Until when the files of a registration are kept."""
    return registration.last_day + timedelta(days=PAPER_DAYS)


def of_registration(session: Session, registration: str) -> list[DocumentRow]:
    """The documents of a registration, in the order they came."""
    asked = select(DocumentRow).where(DocumentRow.registration == registration)
    return list(session.scalars(asked.order_by(DocumentRow.given_at, DocumentRow.id)))


def kept(session: Session, registration: str) -> set[str]:
    """The contents that a registration still has."""
    return set(session.scalars(select(BlobRow.sha256).where(BlobRow.owner == owner(registration))))


def has_file(session: Session, row: DocumentRow) -> bool:
    """Whether the file of a document is still kept."""
    return row.sha256 in kept(session, row.registration)


def given_by(session: Session, guardian: str) -> Sequence[tuple[DocumentRow, RegistrationRow, str, bool]]:
    """What a guardian gave: the document, the registration it is of, the pupil's first name, whether its file is still
    kept."""
    asked = (
        select(DocumentRow, RegistrationRow, IdentityRow.first_name, _has_file())
        .join(RegistrationRow, RegistrationRow.id == DocumentRow.registration)
        .join(IdentityRow, IdentityRow.pupil == RegistrationRow.pupil)
        .where(DocumentRow.given_by == guardian)
    )
    found = session.execute(asked.order_by(DocumentRow.given_at, DocumentRow.id))
    return [(row, of, name, bool(kept)) for row, of, name, kept in found]


def drop_files(session: Session, guardian: str, pupil: str) -> int:
    """Forget the files that a guardian gave for a pupil, but what somebody else gave too; that they were given, and
    what became of them, stays. How many files."""
    gone = 0
    for registration in session.scalars(select(RegistrationRow.id).where(RegistrationRow.pupil == pupil)).all():
        papers = of_registration(session, registration)
        others = {each.sha256 for each in papers if each.given_by != guardian}
        theirs = {each.sha256 for each in papers} - others
        which = delete(BlobRow).where(BlobRow.owner == owner(registration), BlobRow.sha256.in_(sorted(theirs)))
        gone += changed(session, which)
    return gone


def move(session: Session, guardian: str, to: str) -> None:
    """What one guardian gave is another's: they are one person."""
    session.execute(update(DocumentRow).where(DocumentRow.given_by == guardian).values(given_by=to))


def _has_file() -> ColumnElement[bool]:
    whose = BlobRow.owner == literal(owner("")) + DocumentRow.registration
    return exists().where(whose, BlobRow.sha256 == DocumentRow.sha256)
