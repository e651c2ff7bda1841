"""After a journey that was followed: what was planned and what happened, what it emitted and cost, and one question.
The journey is in the address, as for following it: no account is needed."""

import hmac
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.servicetime import service_day_start
from mobigo.infra import formats, keys, ratelimit
from mobigo.infra.auth import Permission, public, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.engine.following import alighting
from mobigo.planner.export import names
from mobigo.planner.export.delay import CertifiedRide
from mobigo.planner.export.emissions import emission_words
from mobigo.planner.export.following import line_of, stop_row
from mobigo.planner.gateway.emissions import with_emissions
from mobigo.planner.model import Answer, Endpoint, Journey, Price, Query, Ride, Visit
from mobigo.planner.rules.followed import FollowedTrip
from mobigo.planner.store import opinions
from mobigo.planner.web import bp
from mobigo.planner.web.delays import asked_trip, certified, why_not
from mobigo.planner.web.here import Here, pinned_today
from mobigo.planner.web.payers import only_theirs, payer_here
from mobigo.planner.web.shown import shown_price

ASKED_FOR: Final = timedelta(days=60)  # after the journey, the question is asked no more


@dataclass(frozen=True, slots=True)
class Happened:
    """A vehicle: as planned, and when it was there, as far as it was heard (`words`)."""

    line: str
    board: str
    alight: str
    depart_at: datetime
    planned_at: datetime
    was_at: datetime | None
    words: str


@bp.get("/suivre/<trip>/bilan")
@public
def trip_summary(trip: str) -> ResponseReturnValue:
    """The journey once made. Raises NotFound for a text that is no journey."""
    asked = asked_trip(trip)
    payer = payer_here()
    with pinned_today() as here:
        over = here.now >= datetime.fromtimestamp(asked.arrive_s, UTC)
        rides = certified(here, asked) if over else []
        why = why_not(rides, here.now) if over else None
        journey = made_of(here.as_planned.live, asked)
        price, receipt = _cost(here, journey, payer)
        page = render_template(
            "planner/trip_summary.html",
            text=trip,
            asked=asked,
            over=over,
            day=datetime.fromtimestamp(asked.depart_s, UTC).astimezone(here.zone).date(),
            rides=[_happened(here, ride, each) for ride, each in zip(asked.rides, rides, strict=False)],
            leave_at=datetime.fromtimestamp(asked.depart_s, UTC).astimezone(here.zone),
            arrive_at=datetime.fromtimestamp(asked.arrive_s, UTC).astimezone(here.zone),
            why="" if why is None else sentence(why),
            emissions=[] if journey is None else _emitted(here, journey),
            price=shown_price(price),
            receipt=receipt,
            answers=answer_words(),
            given=_given(trip),
            may_answer=over and _is_recent(asked, here.now),
            printed_at=here.now.astimezone(here.zone),
        )
    return only_theirs(page, payer)


@bp.post("/suivre/<trip>/avis")
@public
def trip_opinion(trip: str) -> ResponseReturnValue:
    """Count an answer, in the place of the one given before for this journey.

    Raises NotFound, InvalidInput("planner.bad_opinion"), Refused("planner.opinion_too_soon"),
    Refused("planner.opinion_too_late").
    """
    asked, answer, instant = asked_trip(trip), request.form.get("answer", ""), now()
    if answer not in opinions.ANSWERS:
        raise InvalidInput("planner.bad_opinion")
    if instant < datetime.fromtimestamp(asked.arrive_s, UTC):
        raise Refused("planner.opinion_too_soon")
    if not _is_recent(asked, instant):
        raise Refused("planner.opinion_too_late", days=ASKED_FOR.days)
    ratelimit.attempts().count("trips.opinion", ratelimit.MAIL_BY_ADDRESS, ratelimit.address())
    with pinned_today() as here:
        placed = alighting(here.as_planned.live, asked.rides[0])
        line = "" if placed is None else line_of(here.as_planned.live, placed.trip).id
        month: date = datetime.fromtimestamp(asked.depart_s, UTC).astimezone(here.zone).date().replace(day=1)
    if not line:
        raise Refused("planner.delay_trip_unknown")
    with transaction(services().engine) as session:
        opinions.put(session, mark_of(trip), month, line, answer, instant)
    flash(_("Merci : votre réponse est comptée, sans votre nom ni votre trajet."), "good")
    return redirect(url_for("planner.trip_summary", trip=trip), 303)


@bp.get("/perturbations/gestion/avis")
@requires(Permission.DISRUPTIONS_WRITE, everywhere=True)
def opinions_desk() -> ResponseReturnValue:
    """How journeys went, by line and month."""
    with reading(services().engine) as session:
        rows = opinions.counts(session)
    with pinned_today() as here:
        labels = {line.id: line.label for line in names.lines_of(here.live)}
    return render_template(
        "planner/opinions.html", rows=rows, labels=labels, answers=answer_words(), fewest=opinions.FEWEST
    )


def mark_of(trip: str) -> str:
    """The mark under which a journey is counted once: nobody reads the journey from it."""
    key = keys.derived(services().config, "planner.opinions")
    return hmac.new(key, trip.encode(), sha256).hexdigest()[:40]


def answer_words() -> dict[str, str]:
    """The answers to choose from."""
    return {"good": _("Bien"), "fair": _("Moyennement"), "bad": _("Mal")}


def made_of(live: LiveNetwork, asked: FollowedTrip) -> Journey | None:
    """The vehicles of a journey as planned, without the ways on foot; None where the timetable holds one no more."""
    table, rides = live.timetable, []
    for each in asked.rides:
        placed, board = alighting(live, each), stop_row(live, each.board)
        if placed is None or board is None:
            return None
        first = int(table.trip_visit_start[placed.trip])
        zero_s = int(service_day_start(placed.day, ZoneInfo(table.zone)).timestamp()) + placed.shift_s
        visits = [
            Visit(
                int(table.visit_stop[row]),
                datetime.fromtimestamp(zero_s + int(table.visit_arrive_s[row]), UTC),
                datetime.fromtimestamp(zero_s + int(table.visit_depart_s[row]), UTC),
            )
            for row in range(first, first + placed.position + 1)
        ]
        boarded = [n for n, visit in enumerate(visits[:-1]) if visit.stop == board]
        if not boarded:
            return None
        start = min(boarded, key=lambda n: abs(int(visits[n].depart_at.timestamp()) - each.depart_s))
        rides.append(Ride(((placed.trip, 0),), placed.day, tuple(visits[start:])))
    return Journey(tuple(rides), rides[0].depart_at, rides[-1].arrive_at)


def _emitted(here: Here, journey: Journey) -> list[str]:
    nowhere = Endpoint("")
    answer = Answer(Query(nowhere, nowhere, journey.depart_at), (journey,))
    [found] = with_emissions(here.as_planned.live, services().config.home, answer).emissions
    return [] if found is None else emission_words(found)


def _cost(here: Here, journey: Journey | None, payer: Any) -> tuple[Price | None, str]:
    """What it costs by the tariff of its day, and where its receipt is when it was bought here by this account."""
    fares = services().fares
    if fares is None or journey is None:
        return None, ""
    live = here.as_planned.live
    receipt: str = fares.bought(live, journey, payer)
    found: Price | None = fares.prices(live, [journey], payer)[0]
    return found, receipt


def _happened(here: Here, asked: Any, ride: CertifiedRide) -> Happened:
    arrival, zone = ride.arrival, here.zone
    was_at = arrival.observed_at if arrival.is_observed else None
    if arrival.cancelled_at is not None:
        words = _("Supprimé")
    elif was_at is None or arrival.late_s is None:
        words = _("Rien n’a été noté de son arrivée")
    elif arrival.late_s >= 60:
        words = _("%(time)s de retard", time=formats.duration(arrival.late_s // 60 * 60, current_language()))
    else:
        words = _("À l’heure")
    return Happened(
        ride.line, ride.board, ride.alight, datetime.fromtimestamp(asked.depart_s, UTC).astimezone(zone),
        arrival.planned_at.astimezone(zone), None if was_at is None else was_at.astimezone(zone), words,
    )  # fmt: skip


def _given(trip: str) -> str | None:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with reading(services().engine) as session:
            return opinions.find(session, mark_of(trip))
    except SQLAlchemyError:  # the page says the rest without it
        return None


def _is_recent(asked: FollowedTrip, at: datetime) -> bool:
    return at <= datetime.fromtimestamp(asked.arrive_s, UTC) + ASKED_FOR
