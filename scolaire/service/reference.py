"""The calendar, the stops and the schools as agents keep them: dated, each change by somebody, never overwritten."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.blobs import Blobs
from mobigo.infra.clock import new_id
from scolaire.model.schools import Way
from scolaire.rules.documents import photograph_taken
from scolaire.service.homes import walks_to
from scolaire.store.schools import BellRow, DaysRow, get_school
from scolaire.store.stops import CROSSINGS, SIDES, STATES, StopReviewRow, StopRow, get_stop

# A stop seen to need this is not put in service: pupils behind a bus that reverses, or on a road nobody may cross.
UNSAFE: Final = {"crossing": "forbidden", "reversing": True}


def add_days(
    session: Session, *, zone: str, uai: str | None, open_: bool, first_day: date, last_day: date, words: str, by: str,
    source: str, now: datetime,
) -> DaysRow:  # fmt: skip
    """Days off or on, of a zone or of one school. Raises InvalidInput("scolaire.bad_zone" | "scolaire.bad_period" |
    "scolaire.no_words")."""
    if zone not in ("A", "B", "C"):
        raise InvalidInput("scolaire.bad_zone")
    if not first_day <= last_day <= first_day + timedelta(days=366):
        raise InvalidInput("scolaire.bad_period")
    said = " ".join(words.split())
    if not said:
        raise InvalidInput("scolaire.no_words")
    if uai is not None:
        get_school(session, uai)
    row = DaysRow(
        id=new_id(now), zone=zone, uai=uai, open=open_, first_day=first_day, last_day=last_day, words=said[:200],
        source=source[:200], entered_by=by, entered_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(session, "scolaire.days_added", actor=by, object_kind="scolaire_days", object_id=row.id, now=now)
    return row


def end_days(session: Session, days: str, by: str, now: datetime) -> None:
    """A row of the calendar was wrong: it counts no more, and stays. Raises NotFound("scolaire.unknown_days")."""
    row = session.get(DaysRow, days)
    if row is None:
        raise NotFound("scolaire.unknown_days")
    if row.ended_at is None:
        row.ended_by, row.ended_at = by, now
        audit.record(session, "scolaire.days_ended", actor=by, object_kind="scolaire_days", object_id=days, now=now)


def add_bell(
    session: Session, uai: str, weekday: int, way: Way, at_s: int, first_day: date, by: str, now: datetime
) -> BellRow:
    """A bell from a day on. Raises NotFound("scolaire.unknown_school"), InvalidInput("scolaire.bad_hour")."""
    get_school(session, uai)
    if weekday not in range(7) or not 0 <= at_s < 86_400:
        raise InvalidInput("scolaire.bad_hour")
    row = BellRow(id=new_id(now), uai=uai, weekday=weekday, way=str(way), at_s=at_s, first_day=first_day)
    session.add(row)
    session.flush()
    audit.record(session, "scolaire.bell_added", actor=by, object_kind="scolaire_school", object_id=uai, now=now)
    return row


def end_bell(session: Session, bell: str, last_day: date, by: str, now: datetime) -> None:
    """A bell rings until a day, included. Raises NotFound("scolaire.unknown_bell")."""
    row = session.get(BellRow, bell)
    if row is None:
        raise NotFound("scolaire.unknown_bell")
    if last_day < row.first_day:
        session.delete(row)  # it never rang
    else:
        row.last_day = last_day
    audit.record(session, "scolaire.bell_ended", actor=by, object_kind="scolaire_school", object_id=row.uai, now=now)


def ask_stop(
    session: Session, *, name: str, commune: str, at: Point, why: str, organisation: str | None, by: str, now: datetime
) -> StopRow:
    """Ask for a stop (mairie, AO2): proposed until its safety is seen. Raises InvalidInput("scolaire.no_words")."""
    named, said = " ".join(name.split())[:200], " ".join(why.split())[:1_000]
    if not named or not said:
        raise InvalidInput("scolaire.no_words")
    row = StopRow(
        id=new_id(now), name=named, commune=commune, lat=at.lat, lon=at.lon, state="proposed", note=said,
        organisation=organisation, created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    walks_to(session, row)
    audit.record(session, "scolaire.stop_asked", actor=by, object_kind="scolaire_stop", object_id=row.id, now=now)
    return row


def _photographed(session: Session, blobs: Blobs, row: StopRow, content: bytes, now: datetime) -> str:
    bare, owner = photograph_taken(content), f"scolaire:stop:{row.id}"
    if row.photo is not None:
        blobs.drop(session, row.photo, owner=owner)
    return blobs.put(session, bare, owner=owner, purpose="scolaire.stop", now=now, keep_days=None)


def review_stop(
    session: Session, stop: str, found: Mapping[str, Any], state: str, words: str, by: str, now: datetime,
    *, photograph: bytes = b"", blobs: Blobs | None = None,
) -> StopReviewRow:  # fmt: skip
    """A look at a stop's safety, and the state that follows; a photograph takes the place of the one before. Raises
    what `rules.documents.photograph_taken` raises, InvalidInput("scolaire.unknown_choice" |
    "scolaire.review_incomplete") for one put in service without side and crossing, Conflict("scolaire.stop_unsafe")
    where a pupil would have to cross what nobody may cross, or a bus to reverse."""
    row = get_stop(session, stop)
    if state not in STATES or found["side"] not in (*SIDES, "") or found["crossing"] not in (*CROSSINGS, ""):
        raise InvalidInput("scolaire.unknown_choice")
    if state == "active":
        if not found["side"] or not found["crossing"]:
            raise InvalidInput("scolaire.review_incomplete")
        if any(found[name] == value for name, value in UNSAFE.items()):
            raise Conflict("scolaire.stop_unsafe")
    row.side, row.crossing = found["side"], found["crossing"]
    row.shelter, row.lighting, row.reversing = found["shelter"], found["lighting"], found["reversing"]
    row.waiting_max = found["waiting_max"]
    if photograph and blobs is not None:
        row.photo = _photographed(session, blobs, row, photograph, now)
    row.state, row.reviewed_on, row.updated_at = state, paris_day(now), now
    made = StopReviewRow(
        id=new_id(now), stop=stop, at=now, by=by, state=state, found=dict(found), words=words.strip()[:2_000]
    )
    session.add(made)
    session.flush()
    audit.record(
        session, "scolaire.stop_reviewed", actor=by, object_kind="scolaire_stop", object_id=stop, now=now,
        detail={"state": state},
    )  # fmt: skip
    return made
