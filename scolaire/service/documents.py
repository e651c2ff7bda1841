"""Documents given in proof: kept as files, looked at by an agent, accepted or refused with a reason."""

from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.blobs import Blobs
from mobigo.infra.clock import new_id
from mobigo.infra.config import Config
from mobigo.infra.documents import Given, register_documents
from mobigo.infra.formats import day
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from scolaire.model.rights import Proof
from scolaire.rules.documents import kind_of, taken
from scolaire.service import telling
from scolaire.store import documents as store
from scolaire.store.pupils import find_guardian
from scolaire.store.registrations import DocumentRow, RegistrationRow, get_registration

COUNT_MAX: Final = 20
PACKAGE: Final = "scolaire"


def give(
    session: Session, blobs: Blobs, registration: str, kind: str, content: bytes, giver: str | None, now: datetime,
    *, entered_by: str | None = None,
) -> DocumentRow:  # fmt: skip
    """A document of a guardian (`giver`; None: of nobody in particular), kept until a year after the school year.
    `entered_by`: the agent who adds it for them. Given again, byte for byte: the one that is there.

    Raises what `rules.documents` raises; Conflict("scolaire.too_many_documents").
    """
    proof = kind_of(kind)
    content, media = taken(content)
    made = DocumentRow(kind=str(proof), media=media, given_by=giver, entered_by=entered_by)
    return add(session, blobs, registration, made, content, now)


def add(
    session: Session, blobs: Blobs, registration: str, made: DocumentRow, content: bytes, now: datetime
) -> DocumentRow:
    """What is `made` of a document, now one of this registration, whose file it keeps for itself. The one that is
    there, where it has this content as this proof already. Raises Conflict("scolaire.too_many_documents")."""
    row = get_registration(session, registration, lock=True)
    known, digest = store.of_registration(session, registration), sha256(content).hexdigest()
    if digest in store.kept(session, registration):
        same = next((each for each in known if each.sha256 == digest and each.kind == made.kind), None)
        if same is not None:
            return same
    if len(known) >= COUNT_MAX:
        raise Conflict("scolaire.too_many_documents", most=COUNT_MAX)
    blobs.put(
        session, content, owner=store.owner(registration), purpose="scolaire.document", now=now,
        keep_days=max(1, (store.last_day(row) - paris_day(now)).days),
    )  # fmt: skip
    made.id, made.registration, made.sha256, made.size = new_id(now), registration, digest, len(content)
    made.state, made.given_at = "received", now
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


def called(kind: str) -> str:
    """What a document of this kind is."""
    return {
        Proof.HOME: _("Justificatif de domicile"),
        Proof.SCHOOLING: _("Certificat de scolarité"),
        Proof.CUSTODY: _("Jugement ou attestation de garde alternée"),
        Proof.PLACEMENT: _("Attestation de placement"),
        Proof.WAIVER: _("Décision d’affectation ou de dérogation"),
    }[Proof(kind)]


def told(row: DocumentRow, of: RegistrationRow, first_name: str) -> str:
    """What a document is, when it was given first, for whom."""
    return _(
        "%(what)s, donné le %(day)s pour %(name)s (dossier %(reference)s)", what=called(row.kind),
        day=day(row.first_at or row.given_at, current_language(), year=True, weekday=False), name=first_name,
        reference=of.reference,
    )  # fmt: skip


def given_by(session: Session, subject: str) -> list[Given]:
    """What a person gave in proof and is still kept, for the list of their documents; what the other parent gave is not
    theirs."""
    guardian = find_guardian(session, subject)
    return [] if guardian is None else [
        Given(
            f"{PACKAGE}.{row.id}", called(row.kind), told(row, of, name), row.media, row.size, row.sha256, row.given_at,
            store.last_day(of),
        )
        for row, of, name, kept in store.given_by(session, guardian.id) if kept
    ]  # fmt: skip


register_documents(PACKAGE, given_by)
