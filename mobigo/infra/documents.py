"""The documents that people gave, whichever service keeps them: listed in their account, handed over with their data,
chosen again in place of sending the same paper twice.

A package registers how it finds those of a person; nothing is copied or kept here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from flask import Response
from sqlalchemy.orm import Session

from mobigo.base.errors import NotFound
from mobigo.infra.roles import Permission

ENDS: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}

# Never run by a browser, never kept by a cache, never told to another site.
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; sandbox", "X-Robots-Tag": "noindex",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Given:
    """One document: `ref` tells it from all others, `name` and `words` say what it is, in the language being read.

    `last_day`: the last on which it is surely kept; None: what it was given with goes on. `own`: False for what the
    service joined to its answer. `permission`: by which an agent who acts for the person sees that it is there; None:
    no agent does.
    """

    ref: str
    name: str
    words: str
    media: str
    size: int
    sha256: str
    given_at: datetime
    last_day: date | None = None
    own: bool = True
    permission: Permission | None = None


Find = Callable[[Session, str], Iterable[Given]]
_finders: dict[str, Find] = {}


def register_documents(package: str, find: Find) -> None:
    """How `package` finds the documents that a person gave it. A person is their random subject id."""
    _finders[package] = find


def every(session: Session, subject: str, *, but: str = "") -> list[Given]:
    """All documents a person gave, as often as they did; those given to one package left out (`but`)."""
    return [each for name in sorted(_finders.keys() - {but}) for each in _finders[name](session, subject)]


def given_by(session: Session, subject: str) -> list[Given]:
    """All documents a person gave, the latest first; the same content once."""
    latest: dict[str, Given] = {}
    for each in sorted(every(session, subject), key=lambda document: document.given_at):
        latest[each.sha256] = each
    return sorted(latest.values(), key=lambda document: document.given_at, reverse=True)


def get_given(session: Session, subject: str, ref: str) -> Given:
    """One document of this person. Raises NotFound("account.unknown_document"), also for one of somebody else."""
    for each in every(session, subject):
        if each.ref == ref:
            return each
    raise NotFound("account.unknown_document")


def response(content: bytes, media: str, name: str) -> Response:
    """A file somebody gave, to whoever may see it. A photograph is shown; a PDF, which may hold a program, is only ever
    saved. `name` is ours, without its ending."""
    shown = "attachment" if media == "application/pdf" else "inline"
    disposition = f'{shown}; filename="{name}.{ENDS[media]}"'
    return Response(content, content_type=media, headers={"Content-Disposition": disposition, **HEADERS})
