"""Files joined to requests, and until when they are kept."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from mobigo.base.instants import paris_day
from mobigo.infra.blobs import forget_owner, keep_until
from mobigo.infra.db import changed
from mobigo.requests.store.requests import CONTACT_DAYS, FileRow, RequestRow


def owner(request: str) -> str:
    """Under which name the files of a request are kept."""
    return f"requests:{request}"


def of_request(session: Session, request: str) -> list[FileRow]:
    """The files of a request, in the order they came."""
    return list(session.scalars(select(FileRow).where(FileRow.request == request).order_by(FileRow.place, FileRow.id)))


def by_entry(session: Session, request: str) -> dict[str, list[FileRow]]:
    """The files of a request, by what was said with them."""
    found: dict[str, list[FileRow]] = defaultdict(list)
    for each in of_request(session, request):
        found[each.entry].append(each)
    return found


def of_subject(session: Session, subject: str) -> list[FileRow]:
    """The files joined to requests of an account by the person, or by an agent who entered one for them."""
    asked = select(FileRow).join(RequestRow, RequestRow.id == FileRow.request)
    return list(session.scalars(asked.where(RequestRow.subject == subject).order_by(FileRow.at, FileRow.place)))


def ended(session: Session, request: str, at: datetime | None) -> None:
    """The request ended then (None: it goes on): its files are counted from that day."""
    session.execute(update(FileRow).where(FileRow.request == request).values(ended_at=at))
    # One day more than the row: no row ever points to a file that is gone.
    keep_until(session, owner(request), None if at is None else paris_day(at) + timedelta(days=CONTACT_DAYS + 1))


def last_day(row: FileRow) -> date | None:
    """The last whole day on which this file is kept; None: its request goes on."""
    return None if row.ended_at is None else paris_day(row.ended_at) + timedelta(days=CONTACT_DAYS - 1)


def forget(session: Session, requests: Sequence[str]) -> int:
    """Drop the files of these requests: they go from the store with its next sweep; how many rows."""
    gone = sum(forget_owner(session, owner(each)) for each in requests)
    return gone + changed(session, delete(FileRow).where(FileRow.request.in_(requests)))
