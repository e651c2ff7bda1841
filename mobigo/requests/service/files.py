"""Photographs and documents joined to a request, by the person or by an agent: sent with the form, or chosen among
those already given to another service."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, NotFound
from mobigo.infra import documents
from mobigo.infra.blobs import Blobs
from mobigo.infra.clock import new_id
from mobigo.infra.formats import day
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.requests.model import Service, Side
from mobigo.requests.rules import files as rules
from mobigo.requests.rules.numbers import said
from mobigo.requests.rules.steps import NEEDS
from mobigo.requests.store import files as store
from mobigo.requests.store.requests import FileRow, RequestRow, entries_of, of_subject


@dataclass(frozen=True, slots=True)
class Ready:
    """A file that may be joined, as it is kept."""

    name: str
    media: str
    content: bytes


def ready(name: str, content: bytes) -> Ready:
    """A file as it is kept. Raises InvalidInput, as `rules.files.taken` does, with its name."""
    shown = " ".join(name.split())[-rules.NAME_MAX :] or "document"
    kept, media = rules.taken(shown, content)
    return Ready(rules.named(name, media), media, kept)


def chosen(session: Session, blobs: Blobs, subject: str, ref: str) -> Ready:
    """A document the person already gave. Raises NotFound("account.unknown_document") for one that is not theirs."""
    found = documents.get_given(session, subject, ref)
    return ready(found.name, blobs.read(found.sha256))


def join(
    session: Session, blobs: Blobs, row: RequestRow, files: Sequence[Ready], side: Side, now: datetime
) -> list[FileRow]:  # fmt: skip
    """The files, joined to what was said last; one that the request already has is not kept twice. `row` is held by the
    caller. Raises Conflict("requests.files_full")."""
    if not files:
        return []
    known = {each.sha256 for each in store.of_request(session, row.id)}
    entry = entries_of(session, row.id)[-1]
    made: list[FileRow] = []
    for each in files:
        if sha256(each.content).hexdigest() in known:
            continue
        if len(known) >= rules.REQUEST_MAX:
            raise Conflict("requests.files_full", most=rules.REQUEST_MAX)
        digest = blobs.put(
            session, each.content, owner=store.owner(row.id), purpose="requests.file", keep_days=None, now=now
        )  # fmt: skip
        made.append(
            FileRow(
                id=new_id(now), request=row.id, entry=entry.id, place=len(known), side=str(side), name=each.name,
                media=each.media, size=len(each.content), sha256=digest, at=now,
            )
        )  # fmt: skip
        known.add(digest)
    session.add_all(made)
    session.flush()
    store.ended(session, row.id, row.ended_at)
    return made


def get_file(session: Session, row: RequestRow, file_id: str) -> FileRow:
    """A file of this request. Raises NotFound("requests.unknown_file")."""
    found = session.get(FileRow, file_id)
    if found is None or found.request != row.id:
        raise NotFound("requests.unknown_file")
    return found


def given(session: Session, subject: str) -> list[documents.Given]:
    """What the requests of a person hold, for the list of their documents."""
    asked = {each.id: each for each in of_subject(session, subject)}
    return [
        documents.Given(
            f"requests.{row.id}", row.name,
            _("%(name)s, joint à la demande %(number)s le %(day)s", name=row.name,
              number=said(asked[row.request].number),
              day=day(row.at, current_language(), year=True, weekday=False)),
            row.media, row.size, row.sha256, row.at, store.last_day(row), row.side == Side.PERSON,
            NEEDS[Service(asked[row.request].service)],
        )
        for row in store.of_subject(session, subject)
    ]  # fmt: skip


documents.register_documents("requests", given)
