"""The certificate of delay of a journey: given from what was noted that day, refused with the reason otherwise."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from flask import Response, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.decisions import Decision
from mobigo.base.errors import NotFound, Refused
from mobigo.infra.auth import public
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from mobigo.network.store import observed
from mobigo.network.store.observed import Observed, TripKey
from mobigo.planner.engine.following import alighting
from mobigo.planner.export.delay import CertifiedRide, delay_pdf
from mobigo.planner.export.following import line_of, stop_name, stop_row
from mobigo.planner.rules.delays import Arrival, refusal
from mobigo.planner.rules.followed import FollowedTrip, decoded
from mobigo.planner.web import bp
from mobigo.planner.web.here import Here, pinned_today


@bp.get("/suivre/<trip>/attestation.pdf")
@public
def delay_certificate(trip: str) -> ResponseReturnValue:
    """The certificate (PDF). Raises NotFound for a text that is no journey, Refused where nothing can be certified."""
    asked = asked_trip(trip)
    with pinned_today() as here:
        rides = certified(here, asked)
        why = why_not(rides, here.now)
        if why is not None:
            raise Refused(why.code, **why.params)
        made_at = here.now.astimezone(here.zone)
        on = datetime.fromtimestamp(asked.depart_s, UTC).astimezone(here.zone).date()
        address = url_for("planner.trip", trip=trip, _external=True)
        authority = _("la Région Bourgogne-Franche-Comté (Mobigo)")
        body = delay_pdf(rides, on, made_at, address=address, authority=authority)
    headers = {"Content-Disposition": 'attachment; filename="attestation-de-retard.pdf"', "Cache-Control": "no-store"}
    return Response(body, mimetype="application/pdf", headers=headers)


def asked_trip(text: str) -> FollowedTrip:
    """The journey of an address. Raises NotFound."""
    found = decoded(text)
    if found is None:
        raise NotFound("planner.no_such_journey")
    return found


def why_not(rides: Sequence[CertifiedRide], now: datetime) -> Decision | None:
    """Why nothing can be certified of these vehicles; None when something can."""
    return refusal([each.arrival for each in rides], now) if rides else Decision("planner.delay_trip_unknown")


def certified(here: Here, asked: FollowedTrip) -> list[CertifiedRide]:
    """The vehicles of a journey with what was noted of them; empty when the timetable holds one of them no more."""
    live, rides, keys = here.as_planned.live, [], []
    for each in asked.rides:
        placed, board = alighting(live, each), stop_row(live, each.board)
        if placed is None or board is None:
            return []
        feed, trip_id = each.trip.split(":", 1)
        keys.append((TripKey(feed, trip_id, placed.day, placed.shift_s), placed.position))
        alight = int(live.timetable.visit_stop[int(live.timetable.trip_visit_start[placed.trip]) + placed.position])
        line = line_of(live, placed.trip).label
        planned = Arrival(datetime.fromtimestamp(placed.planned_s, UTC))
        rides.append(CertifiedRide(line, stop_name(live, board), stop_name(live, alight), planned))
    with reading(services().engine) as session:
        heard = observed.find(session, [key for key, _position in keys])
    return [_with(ride, heard.get(key), position) for ride, (key, position) in zip(rides, keys, strict=True)]


def _with(ride: CertifiedRide, heard: Observed | None, position: int) -> CertifiedRide:
    if heard is None:
        return ride
    late_s, at = heard.calls.get(position, (None, None))
    heard_at = None if at is None else datetime.fromtimestamp(at, UTC)
    return replace(ride, arrival=Arrival(ride.arrival.planned_at, late_s, heard_at, heard.cancelled_at))
