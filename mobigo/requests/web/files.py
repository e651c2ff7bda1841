"""Files in the forms of requests, and the files of a request as whoever may see it gets them: never run by a browser,
never kept by a cache."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from flask import Response, request
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput
from mobigo.infra import auth, documents, ratelimit
from mobigo.infra.db import reading
from mobigo.infra.web import services
from mobigo.requests.rules.files import BYTES_MAX, FORM_MAX
from mobigo.requests.service import files
from mobigo.requests.store.requests import FileRow, RequestRow

BODY_MAX: Final = FORM_MAX * BYTES_MAX + 500_000
BY_ADDRESS: Final = "40 per hour"


def sent() -> list[files.Ready]:
    """The files of the form, then those chosen among the documents that whoever is signed in already gave.

    Raises InvalidInput for files that cannot be taken or are too many, NotFound for a document that is not theirs.
    """
    identity = auth.current_account()
    refs = [] if identity is None else list(dict.fromkeys(request.form.getlist("known")))
    found = given(others=len(refs))
    if identity is not None and refs:
        with reading(services().engine) as session:
            found += [files.chosen(session, services().blobs, identity.subject, ref) for ref in refs]
    return found


def given(*, others: int = 0, counted: bool = True) -> list[files.Ready]:
    """The files of the form; `others` are joined beside them. Raises InvalidInput as `sent` does."""
    received = [each for each in request.files.getlist("files") if each.filename]
    if len(received) + others > FORM_MAX:
        raise InvalidInput("requests.files_many", most=FORM_MAX)
    for _file in received if counted else ():
        ratelimit.attempts().count("requests-files", BY_ADDRESS, ratelimit.address())
    return [files.ready(each.filename or "", each.read(BYTES_MAX + 1)) for each in received]


def known(session: Session) -> list[documents.Given]:
    """The documents that whoever is signed in may choose again."""
    identity = auth.current_account()
    return [] if identity is None else documents.given_by(session, identity.subject)


def digests(ready: Sequence[files.Ready]) -> list[str]:
    """What tells the files of one form from those of another."""
    return [sha256(each.content).hexdigest() for each in ready]


def answer(row: RequestRow, found: FileRow) -> Response:
    """A file of a request, to whoever may see it."""
    name = f"demande-{row.number}-{found.id[-4:].lower()}"
    return documents.response(services().blobs.read(found.sha256), found.media, name)
