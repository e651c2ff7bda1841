"""Documents a family gave before, given again in place of sending the same paper twice: by the family, or by an agent
who acts for it.

Nothing is lent. What is chosen becomes a document of the registration it is chosen for: kept as long as that one keeps
its papers, looked at for that one, and still there when the first is erased. The file is stored once, whoever keeps it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra import documents as everywhere
from mobigo.infra.blobs import Blobs
from mobigo.infra.formats import day
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.roles import Identity, Permission
from scolaire.model.documents import Earlier
from scolaire.model.rights import Proof
from scolaire.rules.documents import kind_of, refused, usable
from scolaire.service.access import Scope, acting, within
from scolaire.service.documents import PACKAGE, add, told
from scolaire.store import documents as store
from scolaire.store.pupils import GuardianRow, IdentityRow
from scolaire.store.registrations import DocumentRow, RegistrationRow


@dataclass(frozen=True, slots=True)
class Desk:
    """The agent who acts for a family, and the registrations they may see."""

    agent: Identity
    scope: Scope


@dataclass(frozen=True, slots=True)
class Origin:
    """Of which earlier document one is the same, and how that one stands: `received`, `accepted`, `refused`, `joined`
    to a request, `expired` (its file is no longer kept), `erased`."""

    words: str
    state: str


def choices(
    session: Session, registration: RegistrationRow, guardian: str, today: date, desk: Desk | None = None
) -> list[Earlier]:
    """What this guardian gave before and may give again for a registration, the latest first: not what was refused
    last, is past its keeping, or is in the file already. At a desk: of that, what the agent may see."""
    all_ = _given_by(session, guardian)
    here = {each.sha256 for each in store.of_registration(session, registration.id)}
    return usable(_seen(session, all_, desk), refused(all_) | here, today)


def choose(
    session: Session, blobs: Blobs, registration: str, ref: str, kind: str, guardian: str, by: str, now: datetime,
    desk: Desk | None = None,
) -> DocumentRow:  # fmt: skip
    """Gives an earlier document of this guardian again, to prove `kind` ("": the same as the first time).

    Raises NotFound("account.unknown_document") for one that is not theirs, or that the agent does not see;
    Refused("scolaire.document_not_usable") for one that was refused or is no longer kept; InvalidInput(
    "scolaire.known_without_kind"); Conflict("scolaire.too_many_documents").
    """
    all_ = _given_by(session, guardian)
    found = next((each for each in _seen(session, all_, desk) if each.ref == ref), None)
    if found is None:
        raise NotFound("account.unknown_document")
    if not usable([found], refused(all_), paris_day(now)):
        raise Refused("scolaire.document_not_usable")
    proof = kind_of(kind) if kind else found.kind
    if proof is None:
        raise InvalidInput("scolaire.known_without_kind")
    made = DocumentRow(
        kind=str(proof), media=found.media, given_by=guardian, entered_by=None if desk is None else by, again_of=ref,
        first_at=found.given_at,
    )  # fmt: skip
    row = add(session, blobs, registration, made, blobs.read(found.sha256), now)
    if row is made:
        audit.record(
            session, "scolaire.document_again", actor=by, object_kind="scolaire_registration", object_id=registration,
            now=now, detail={"document": row.id, "kind": row.kind, "of": ref},
        )  # fmt: skip
    return row


def guardian_of(session: Session, registration: RegistrationRow, ref: str, today: date, desk: Desk) -> str:
    """Which of those who act for a pupil gave this document. Raises NotFound("account.unknown_document")."""
    for guardian in acting(session, registration.pupil, today):
        if any(each.ref == ref for each in _seen(session, _given_by(session, guardian.id), desk)):
            return guardian.id
    raise NotFound("account.unknown_document")


def origin(session: Session, paper: DocumentRow, today: date, desk: Desk | None = None) -> Origin | None:
    """Of which earlier document this one is the same; None where it came by itself. To an agent who does not see where
    that one is: its day alone."""
    if paper.again_of is None:
        return None
    first = paper.first_at or paper.given_at
    bare = _("donné le %(day)s", day=day(first, current_language(), year=True, weekday=False))
    found = _find(session, paper)
    if found is None:
        return Origin(bare, "erased")
    past = not found.kept or (found.last_day is not None and today > found.last_day)
    state = "expired" if past else "joined" if found.kind is None else found.state
    return Origin(found.words if _seen(session, [found], desk) else bare, state)


def _find(session: Session, paper: DocumentRow) -> Earlier | None:
    """The document that one was chosen from, where there still is one."""
    package, _dot, key = str(paper.again_of).partition(".")
    if package == PACKAGE:
        row = session.get(DocumentRow, key)
        if row is None:
            return None
        of = session.get_one(RegistrationRow, row.registration)
        return _earlier(row, of, session.get_one(IdentityRow, of.pupil).first_name, store.has_file(session, row))
    joined = [] if paper.given_by is None else _joined(session, paper.given_by)
    return next((each for each in joined if each.ref == paper.again_of), None)


def _given_by(session: Session, guardian: str) -> list[Earlier]:
    """All that a guardian gave: for registrations, and, with their account, with requests."""
    given = [_earlier(*each) for each in store.given_by(session, guardian)]
    return given + _joined(session, guardian)


def _earlier(row: DocumentRow, of: RegistrationRow, first_name: str, kept: bool) -> Earlier:
    return Earlier(
        f"{PACKAGE}.{row.id}", told(row, of, first_name), row.sha256, row.media, row.size, row.first_at or row.given_at,
        Proof(row.kind), row.state, row.looked_at, store.last_day(of), kept, of.id,
    )  # fmt: skip


def _joined(session: Session, guardian: str) -> list[Earlier]:
    row = session.get(GuardianRow, guardian)
    if row is None or row.subject is None:
        return []
    return [
        Earlier(
            each.ref, each.words, each.sha256, each.media, each.size, each.given_at, last_day=each.last_day,
            permission=each.permission or "",
        )
        for each in everywhere.every(session, row.subject, but=PACKAGE) if each.own
    ]  # fmt: skip


def _seen(session: Session, earlier: Sequence[Earlier], desk: Desk | None) -> Sequence[Earlier]:
    """All of it to the family; to an agent what is of registrations inside their scope, and of requests they answer."""
    if desk is None:
        return earlier
    inside = _inside(session, {each.registration for each in earlier}, desk.scope)
    return [each for each in earlier
            if each.registration in inside
            or (each.permission and desk.agent.may_in(Permission(each.permission), None))]  # fmt: skip


def _inside(session: Session, registrations: Collection[str], scope: Scope) -> set[str]:
    asked = select(RegistrationRow.id).where(RegistrationRow.id.in_(sorted(registrations)), within(scope))
    return set(session.scalars(asked))
