"""A sheet of paper signed by driver and passenger, entered by an agent: a proof like the others."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from covoit.gateway import lines as files
from covoit.model.bookings import OfferState
from covoit.model.proofs import Meeting
from covoit.rules import lines as line_rules
from covoit.service import bookings
from covoit.service.settling import Proven, deadline_days, settle
from covoit.store import proofs as store
from covoit.store.offers import OfferRow
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.clock import new_id

REFERENCE_MAX: Final = 60


def paper(
    session: Session,
    *,
    agent: str,
    reference: str,
    driver: str,
    passenger: str,
    line_code: str,
    from_stop: str,
    to_stop: str,
    started_at: datetime,
    ended_at: datetime,
    seats: int,
    now: datetime,
    home: Path | None = None,
) -> Proven:
    """A sheet signed by driver and passenger, entered by an agent under its own reference, once.

    Raises InvalidInput("covoit.bad_reference" | "covoit.bad_times" | "covoit.own_car"), Conflict("covoit.paper_known")
    for a reference already entered, Refused("covoit.proof_too_late") after the scale's delay.
    """
    sheet = " ".join(reference.split())
    if not 1 <= len(sheet) <= REFERENCE_MAX or not sheet.isprintable():
        raise InvalidInput("covoit.bad_reference", most=REFERENCE_MAX)
    if driver == passenger:
        raise InvalidInput("covoit.own_car")
    if not started_at < ended_at <= now:
        raise InvalidInput("covoit.bad_times")
    days = deadline_days(started_at, home)
    if now > started_at + timedelta(days=days):
        raise Refused("covoit.proof_too_late", days=days)
    line = files.get_line(line_code, paris_day(started_at))
    leg = line_rules.leg_between(line, from_stop, to_stop)
    device = f"paper:{sheet}"
    if store.has_evidence(session, f"{device}:start"):
        raise Conflict("covoit.paper_known", reference=sheet)
    # One sheet, one run: the lines of a sheet that share its driver and start share its vehicle trip.
    run = session.scalar(
        select(OfferRow).where(
            OfferRow.driver == driver, OfferRow.line == line.code, OfferRow.direction == leg.direction,
            OfferRow.leaves_at == started_at, OfferRow.state == str(OfferState.ENDED),
        )
    )  # fmt: skip
    if run is None:
        run = OfferRow(
            id=new_id(now), driver=driver, line=line.code, direction=leg.direction, from_stop=from_stop,
            to_stop=to_stop, from_m=leg.from_m, to_m=leg.to_m, leaves_at=started_at, day=paris_day(started_at),
            seats=max(seats, 4), state=str(OfferState.ENDED), created_at=now, started_at=started_at, ended_at=ended_at,
        )  # fmt: skip
        session.add(run)
        session.flush()
    booking = bookings.book(
        session, offer_id=run.id, passenger=passenger, from_stop=from_stop, to_stop=to_stop, seats=seats,
        origin="paper", was_open=True, now=now,
    )  # fmt: skip
    for phase, at, stop in (("start", started_at, from_stop), ("end", ended_at, to_stop)):
        store.add_evidence(
            session, key=f"{device}:{phase}", booking=booking.id, meeting=str(Meeting.PAPER), side="both", phase=phase,
            device=device, stop=stop, at=at, received_at=now, detail={"reference": sheet},
        )  # fmt: skip
    audit.record(
        session, "covoit.paper_entered", actor=agent, object_kind="covoit_booking", object_id=booking.id, now=now,
        detail={"reference": sheet},
    )  # fmt: skip
    return settle(session, booking.id, now)
