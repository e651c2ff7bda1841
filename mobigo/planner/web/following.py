"""A journey that is followed: where it stands now, and another way when it breaks. The journey is in the address, so
that following it needs no account and leaves nothing here."""

import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.base.errors import MobigoError, NotFound
from mobigo.infra import formats, ratelimit
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from mobigo.network.service.disruptions import channel_of
from mobigo.planner.engine.following import Breach, RideNow, Running, TripNow, trip_now
from mobigo.planner.export import names, today
from mobigo.planner.export.following import best_of, delays_of, followed_of, line_of, other_way, state_of
from mobigo.planner.gateway import trip_messages
from mobigo.planner.rules.followed import FollowedTrip, encoded
from mobigo.planner.store import followers
from mobigo.planner.store.followers import TripFollower
from mobigo.planner.web import bp
from mobigo.planner.web.delays import asked_trip, certified, why_not
from mobigo.planner.web.here import Here, pinned_today
from mobigo.planner.web.legs import Stopping, mode_word, stopping
from mobigo.planner.web.shown import ShownJourney, ShownNotice, age_words, line_styles, shown_journey, shown_notices

OVER: Final = timedelta(hours=2)  # after its end, no other way is looked for


@dataclass(frozen=True)
class ShownRide:
    """A vehicle of the journey. `trouble` says why it cannot be taken; `asked_at` when it was planned, where the
    timetable holds it no more."""

    start: Stopping | None
    end: Stopping | None
    line: names.Line | None
    mode: str
    headsign: str
    number: str
    trouble: str
    change: str
    is_next: bool
    asked_at: datetime


@dataclass(frozen=True)
class OtherWay:
    """What to do instead: a journey, and the address that follows it ("" where it cannot be followed)."""

    option: ShownJourney
    follow: str


@bp.get("/suivre/")
@public
def trips() -> ResponseReturnValue:
    """The journeys that this device keeps: the list is made by the device, nothing of it comes here."""
    return render_template("planner/trips.html")


@bp.get("/suivre/sw.js")
@public
def trips_worker() -> ResponseReturnValue:
    """What keeps the last state on the device; its address decides which pages it may keep."""
    static: Any = current_app.view_functions["static"]
    response = make_response(static(filename="planner/sw.js"))
    response.headers["Cache-Control"] = "no-cache"
    return response


@bp.get("/suivre/<trip>")
@public
def trip(trip: str) -> ResponseReturnValue:
    """The journey now. Raises NotFound for a text that is no journey."""
    return trip_page(trip, {}, 200)


@bp.post("/suivre/<trip>/prevenir")
@public
def trip_follow(trip: str) -> ResponseReturnValue:
    """Send the message that asks the address to confirm. The answer is the same whatever the address."""
    asked, address = asked_trip(trip), request.form.get("address", "").strip()
    counters = ratelimit.attempts()
    try:
        counters.count("trips.follow", ratelimit.MAIL_BY_ADDRESS, ratelimit.address())
        _channel, recipient = channel_of(address)  # however it was written
        counters.count("trips.follow.mail", ratelimit.MAIL_BY_RECIPIENT, recipient)
        with transaction(services().engine) as session:
            trip_messages.ask(
                session, services().config, asked, address=address, language=current_language(), now=now()
            )
    except MobigoError as error:
        return trip_page(trip, {"address": sentence(error.decision)}, status_of(error))
    flash(_("Un message est parti à cette adresse : ouvrez son lien pour confirmer."), "good")
    return redirect(url_for("planner.trip", trip=trip), 303)


@bp.get("/suivre/avis/<follower>/<token>")
@public
def trip_followed(follower: str, token: str) -> ResponseReturnValue:
    """The page of a message's link: confirm, see the journey, or stop. Reading it changes nothing: scanners of mail
    read it first."""
    with reading(services().engine) as session:
        found = known(session, services().config, follower, token)
    return render_template("planner/trip_followed.html", found=found)


@bp.post("/suivre/avis/<follower>/<token>")
@public
def trip_confirm(follower: str, token: str) -> ResponseReturnValue:
    """Confirm, or stop (`fin`)."""
    with transaction(services().engine) as session:
        known(session, services().config, follower, token)
        if request.form.get("fin") == "1":
            followers.drop(session, follower)
        else:
            followers.confirm(session, follower, now())
    if request.form.get("fin") == "1":
        flash(_("Vous ne serez plus prévenu ; votre adresse est oubliée."), "good")
        return redirect(url_for("planner.trips"), 303)
    flash(_("C’est confirmé."), "good")
    return redirect(url_for("planner.trip_followed", follower=follower, token=token), 303)


def known(session: Session, config: Config, follower: str, token: str) -> TripFollower:
    """The follower whose link this is. Raises NotFound."""
    if not hmac.compare_digest(trip_messages.token_of(config, follower).encode(), token.encode()):
        raise NotFound("planner.unknown_follower")
    return followers.get(session, follower)


def trip_page(text: str, errors: dict[str, str], status: int) -> tuple[str, int]:
    """The page of a journey, with what was wrong in the form sent."""
    asked = asked_trip(text)
    with pinned_today() as here:
        now_is = trip_now(here.live, asked)
        now_is = _as_told(now_is)
        other = _other_way(here, now_is)
        rides = [_shown(here, now_is, number) for number in range(len(now_is.rides))]
        lines = [each.line for each in rides if each.line is not None]
        if other is not None:
            lines += [leg.line for leg in other.option.legs if leg.line is not None]
        page = render_template(
            "planner/trip.html",
            text=text,
            asked=asked,
            rides=rides,
            state=sentence(state_of(here.live, now_is, here.now)),
            broken=now_is.broken is not None,
            delays=[sentence(each) for each in delays_of(here.live, now_is)],
            notices=_notices(here, now_is),
            leave_at=_local(here, now_is.leave_at),
            arrive_at=_local(here, now_is.arrive_at),
            walk_to_s=asked.rides[0].walk_s,
            walk_from_s=asked.walk_s,
            day=datetime.fromtimestamp(asked.depart_s, UTC).astimezone(here.zone).date(),
            over=_is_over(here, asked),
            other=other,
            certificate=_certificate(here, asked),
            age=age_words(here.live),
            now=here.now.astimezone(here.zone),
            made_ms=int(here.now.timestamp() * 1000),
            errors=errors,
            given=request.form,
            styles=line_styles(lines),
        )
    return page, status


def _certificate(here: Here, asked: FollowedTrip) -> str | None:
    """Why no delay can be certified; "" when one can; None while the journey is to come."""
    if here.now < datetime.fromtimestamp(asked.rides[0].arrive_s, UTC):
        return None
    why = why_not(certified(here, asked), here.now)
    return "" if why is None else sentence(why)


def _as_told(now_is: TripNow) -> TripNow:
    """The same, when the traveller says that the vehicle of this number left without them (`?rate=0`)."""
    told = request.args.get("rate", "")
    if not told.isdecimal() or int(told[:3]) >= len(now_is.rides):
        return now_is
    return replace(now_is, broken=int(told[:3]), breach=Breach.MISSED)


def _is_over(here: Here, asked: FollowedTrip) -> bool:
    return here.now > datetime.fromtimestamp(asked.arrive_s, UTC) + OVER


def _local(here: Here, at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(here.zone)


def _shown(here: Here, now_is: TripNow, number: int) -> ShownRide:
    live, zone, ride = here.live, here.zone, now_is.rides[number]
    asked_at = datetime.fromtimestamp(ride.asked.depart_s, UTC).astimezone(zone)
    if ride.board is None or ride.alight is None:
        words = _("L’horaire actuel ne contient plus ce départ.")
        return ShownRide(None, None, None, "", "", "", words, "", False, asked_at)
    line, table = line_of(live, ride.trip), live.timetable
    ends = []
    for call in (ride.board, ride.alight):
        known = today.Status(call.expected_at is not None, False, call.planned_at, call.planned_stop, call.late_s)
        ends.append(stopping(live, call.stop, call.at, zone, known))
    gone = ride.running is Running.CANCELLED
    start, end = (replace(each, is_cancelled=gone) for each in ends)
    position = names.boarding_position(table, ride.trip, ride.board.stop, ride.alight.stop)
    return ShownRide(
        start,
        end,
        line,
        mode_word(line.route_type),
        names.headsign(table, ride.trip, position),
        names.train_number(table, ride.trip),
        _trouble(ride, now_is.broken == number),
        _change(ride),
        now_is.next_ride(here.now) == number,
        asked_at,
    )


def _trouble(ride: RideNow, is_breach: bool) -> str:
    words = {
        Running.CANCELLED: _("Supprimé"),
        Running.PASSES_BOARD: _("Ne s’arrête pas aujourd’hui là où vous montez"),
        Running.PASSES_ALIGHT: _("Ne s’arrête pas aujourd’hui là où vous descendez"),
    }
    if ride.running in words:
        return words[ride.running]
    if not is_breach:
        return ""
    return _("Départ manqué") if ride.margin_s is None else _("Correspondance manquée")


def _change(ride: RideNow) -> str:
    """How much is left to change to this vehicle."""
    if ride.margin_s is None or ride.running is not Running.RUNS or ride.margin_s < 0:
        return ""
    minutes = ride.margin_s // 60
    if minutes < 2:
        return _("Correspondance juste : moins de deux minutes d’avance.")
    return _("%(time)s d’avance pour ce changement.", time=formats.duration(minutes * 60, current_language()))


def _notices(here: Here, now_is: TripNow) -> tuple[ShownNotice, ...]:
    """What is said of the lines, trips and stops of the journey."""
    live, overlay = here.live, None if here.live.today is None else here.live.today.overlay
    routes, stops, trips = set(), set(), set()
    for ride in now_is.rides:
        if ride.board is not None and ride.alight is not None:
            trips.add(ride.trip if overlay is None else overlay.planned_trip_of(ride.trip))
            routes.add(int(live.timetable.trip_route[ride.trip]))
            stops |= {ride.board.stop, ride.alight.stop}
    return shown_notices(today.notices(live, here.now, routes=routes, stops=stops, trips=trips))


def _other_way(here: Here, now_is: TripNow) -> OtherWay | None:
    """The next possibility when the journey breaks: from where one stands then, the soonest to arrive."""
    if now_is.broken is None or _is_over(here, now_is.asked):
        return None
    query = other_way(here.live, now_is, here.now)
    try:
        best = best_of(here.plan(query).journeys)
    except MobigoError:  # the places of an old address may lie where nothing is known any more
        return None
    if best is None:
        return None
    origin, destination, wheelchair = query.origin, query.destination, query.limits.wheelchair
    whole = followed_of(here.live, best, origin, destination, wheelchair=wheelchair)
    follow = "" if whole is None else url_for("planner.trip", trip=encoded(whole))
    return OtherWay(shown_journey(here.live, best, origin, destination, here.zone), follow)
