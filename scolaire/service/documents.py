"""Documents given in proof: kept as files, looked at by an agent, accepted or refused with a reason."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.blobs import Blobs
from mobigo.infra.clock import new_id
from mobigo.infra.config import Config
from mobigo.infra.documents import Given, register_documents
from mobigo.infra.i18n import gettext as _
from scolaire.model.rights import Proof
from scolaire.rules.documents import BYTES_MAX, kind_of, taken
from scolaire.service import telling
from scolaire.store.registrations import PAPER_DAYS, DocumentRow, RegistrationRow, get_registration

COUNT_MAX: Final = 20


def give(
    session: Session, blobs: Blobs, registration: str, kind: str, content: bytes, by: str, now: datetime
) -> DocumentRow:
    """A document, kept until a year after the school year. Given again, byte for byte: the one that is there.

    Raises what `rules.documents` raises; Conflict("scolaire.too_many_documents").
    """
    row = get_registration(session, registration, lock=True)
    proof = kind_of(kind)
    content, media = taken(content)
    known = of_registration(session, registration)
    last_day = row.last_day + timedelta(days=PAPER_DAYS)
    digest = blobs.put(
        session, content, owner=owner(registration), purpose="scolaire.document", now=now, max_bytes=BYTES_MAX,
        keep_days=max(1, (last_day - paris_day(now)).days),
    )  # fmt: skip
    same = next((each for each in known if each.sha256 == digest and each.kind == proof), None)
    if same is not None:
        return same
    if len(known) >= COUNT_MAX:
        raise Conflict("scolaire.too_many_documents", most=COUNT_MAX)
    made = DocumentRow(
        id=new_id(now), registration=registration, kind=str(proof), sha256=digest, media=media, size=len(content),
        state="received", given_by=by, given_at=now,
    )  # fmt: skip
    session.add(made)
    if row.state == "incomplete":
        row.state = "received"
    row.updated_at = now
    session.flush()
    return made


def look(
    session: Session, document: str, *, accepted: bool, words: str, by: str, config: Config, now: datetime
) -> DocumentRow:
    """An agent accepts a document, or refuses it with a reason that the family is told. Raises InvalidInput(
    "scolaire.refusal_without_words")."""
    row = get_document(session, document)
    said = " ".join(words.split())[:400]
    if not accepted and not said:
        raise InvalidInput("scolaire.refusal_without_words")
    row.state, row.words = "accepted" if accepted else "refused", "" if accepted else said
    row.looked_by, row.looked_at = by, now
    registration = session.get_one(RegistrationRow, row.registration)
    if not accepted and registration.state == "received":
        registration.state = "incomplete"
    audit.record(
        session, f"scolaire.document_{row.state}", actor=by, object_kind="scolaire_registration",
        object_id=row.registration, now=now, detail={"document": row.id, "kind": row.kind},
    )  # fmt: skip
    if not accepted:
        telling.missing(session, registration, said, row.id, config, now)
    return row


def ask_for(session: Session, registration: str, words: str, by: str, config: Config, now: datetime) -> None:
    """An agent asks the family for something that is missing. Raises InvalidInput("scolaire.refusal_without_words")."""
    said = " ".join(words.split())[:400]
    if not said:
        raise InvalidInput("scolaire.refusal_without_words")
    row = get_registration(session, registration, lock=True)
    if row.state == "received":
        row.state = "incomplete"
    entry = audit.record(
        session, "scolaire.asked_for", actor=by, object_kind="scolaire_registration", object_id=registration, now=now
    )  # fmt: skip
    telling.missing(session, row, said, entry, config, now)


def deny(session: Session, row: RegistrationRow, by: str, now: datetime) -> None:
    """The school does not know this pupil: an undecided registration waits for an answer of the family, and the desk
    reads it in the file whatever its state."""
    if row.state == "received":
        row.state, row.updated_at = "incomplete", now
    audit.record(
        session, "scolaire.school_denied", actor=by, object_kind="scolaire_registration", object_id=row.id, now=now
    )  # fmt: skip


def get_document(session: Session, document: str) -> DocumentRow:
    """Raises NotFound("scolaire.unknown_document")."""
    row = session.get(DocumentRow, document)
    if row is None:
        raise NotFound("scolaire.unknown_document")
    return row


def of_registration(session: Session, registration: str) -> list[DocumentRow]:
    """The documents of a registration, in the order they came."""
    asked = select(DocumentRow).where(DocumentRow.registration == registration)
    return list(session.scalars(asked.order_by(DocumentRow.given_at, DocumentRow.id)))


def called(kind: str) -> str:
    """What a document of this kind is."""
    return {
        Proof.HOME: _("Justificatif de domicile"),
        Proof.SCHOOLING: _("Certificat de scolarité"),
        Proof.CUSTODY: _("Jugement ou attestation de garde alternée"),
        Proof.PLACEMENT: _("Attestation de placement"),
        Proof.WAIVER: _("Décision d’affectation ou de dérogation"),
    }[Proof(kind)]


def given_by(session: Session, subject: str) -> list[Given]:
    """What a person gave in proof, for the list of their documents; what the other parent gave is not theirs."""
    asked = select(DocumentRow, RegistrationRow.reference).join(
        RegistrationRow, RegistrationRow.id == DocumentRow.registration
    )
    return [
        Given(
            f"scolaire.{row.id}", called(row.kind),
            _("%(what)s, donné pour l’inscription %(reference)s", what=called(row.kind), reference=reference),
            row.media, row.size, row.sha256, row.given_at,
        )
        for row, reference in session.execute(asked.where(DocumentRow.given_by == subject))
    ]  # fmt: skip


def owner(registration: str) -> str:
    """Under which name the files of a registration are kept."""
    return f"scolaire:{registration}"


register_documents("scolaire", given_by)
