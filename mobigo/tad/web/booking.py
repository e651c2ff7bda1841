"""What a traveller sees: the services, what can be had, and a booking of their own; and the same for an agent on the
telephone, who books for whoever calls. Everything works without a script."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.instants import PARIS, paris_day
from mobigo.base.servicetime import instant_of, service_day_start
from mobigo.infra import audit, auth, ratelimit
from mobigo.infra.auth import Permission, public, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import current_language, ngettext, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from mobigo.tad.model.bookings import Asked, Booking, Channel, Side, State
from mobigo.tad.model.rounds import Promise
from mobigo.tad.model.services import Service
from mobigo.tad.service import booking as service
from mobigo.tad.service import services as catalogue
from mobigo.tad.store import bookings as store
from mobigo.tad.web import bp
from mobigo.tad.web.forms import (
    Faults,
    asked_of,
    contact_of,
    cutoff_words,
    day_of,
    text,
    weekdays_words,
    writing,
)

HOLDS: Final = "20 per hour"  # of one address: nobody fills a day with places they do not confirm


@bp.get("/tad")
@public
def home() -> ResponseReturnValue:
    """The services in force."""
    with reading(services().engine) as session:
        found = [each.service for each in catalogue.services_on(session, paris_day(now()))]
    return render_template("tad/services.html", services=[_facts(each) for each in found])


def _facts(each: Service) -> dict[str, Any]:
    return {
        "service": each,
        "cutoff": cutoff_words(each.cutoff),
        "hours": [(weekdays_words(window.weekdays), window.since, window.until) for window in each.windows],
    }


@bp.get("/tad/gtfs-flex.zip")
@public
def flex() -> ResponseReturnValue:
    """The services in force as GTFS-Flex, for whoever plans journeys elsewhere."""
    from mobigo.tad.export.gtfs_flex import gtfs_flex

    with reading(services().engine) as session:
        found = [each.service for each in catalogue.services_on(session, paris_day(now()))]
    made = gtfs_flex(found, base_url=services().config.base_url, publisher="Mobigo")
    answer = Response(made, mimetype="application/zip", headers={"Cache-Control": "public, max-age=300"})
    answer.set_etag(sha256(made).hexdigest())
    return answer.make_conditional(request)


@bp.get("/tad/temps-reel.pb")
@public
def realtime() -> ResponseReturnValue:
    """The rounds of today as GTFS Realtime: when the vehicles are at the stops, and nothing of who travels."""
    from mobigo.tad.export.gtfs_flex import feed_version
    from mobigo.tad.export.gtfs_realtime import realtime as written
    from mobigo.tad.service.running import running_rounds

    instant = now()
    with reading(services().engine) as session:
        in_force = [each.service for each in catalogue.services_on(session, paris_day(instant))]
        made = written(running_rounds(session, services(), instant), instant, feed_version(in_force))
    return Response(made, mimetype="application/x-protobuf", headers={"Cache-Control": "public, max-age=30"})


@bp.get("/tad/<code>")
@public
def one(code: str) -> ResponseReturnValue:
    """A service: where, when, at what price, until when one books; and what can be had for the journey asked."""
    return _service_page(code, Faults(), agent=False)


@bp.post("/tad/<code>")
@public
def hold(code: str) -> ResponseReturnValue:
    """Keeps the places chosen for ten minutes: the next page confirms them."""
    return _held(code, agent=False)


@bp.get("/tad/agents/<code>/telephone")
@requires(Permission.TAD_DESK)
def telephone(code: str) -> ResponseReturnValue:
    """Somebody calls: what can be had, past the cut-off too where a vehicle can still take them."""
    return _service_page(code, Faults(), agent=True)


@bp.post("/tad/agents/<code>/telephone")
@requires(Permission.TAD_DESK)
def telephone_now(code: str) -> ResponseReturnValue:
    """Books for whoever calls, confirmed at once."""
    return _held(code, agent=True)


def _held(code: str, *, agent: bool) -> ResponseReturnValue:
    faults, instant, made = Faults(), now(), None
    if not agent:
        ratelimit.attempts().count("tad-hold", HOLDS, ratelimit.address())
    identity = auth.current_account()
    with faults.caught(), writing() as session:
        version = catalogue.get_service(session, code, day_of())
        if agent:
            catalogue.for_agent(version, auth.signed_in(), Permission.TAD_DESK)
        asked = asked_of(version.service)
        made = service.hold(
            session, services(), version, asked, contact_of(), channel=Channel.PHONE if agent else Channel.WEB,
            now=instant, subject=None if agent or identity is None else identity.subject,
        )  # fmt: skip
        if agent:
            service.confirm(session, services(), made.id, Side.AGENT, instant)
            audit.record(
                session, "tad.booked_by_telephone", actor=auth.signed_in().subject, object_kind="tad_booking",
                object_id=made.id, now=instant,
            )  # fmt: skip
    if faults or made is None:
        return _service_page(code, faults, agent=agent)
    return redirect(_link(made), 303)


def _link(made: Booking) -> str:
    return url_for("tad.booking", booking_id=made.id, secret=service.secret_of(services().config, made.id))


def _service_page(code: str, faults: Faults, *, agent: bool) -> ResponseReturnValue:
    instant = now()
    today = paris_day(instant)
    answer, asked, refused = None, None, ""
    with reading(services().engine) as session:
        day = today
        if text("day"):
            with faults.caught():
                day = day_of()
        version = catalogue.get_service(session, code, max(day, today))
        if agent:
            catalogue.for_agent(version, auth.signed_in(), Permission.TAD_DESK)
        if text("from") and text("to"):
            with faults.caught():
                asked = asked_of(version.service)
                answer = service.quote(session, services(), version.service, asked, instant, agent=agent)
                if answer.refused is not None:
                    refused = sentence(answer.refused)
    soon = instant.astimezone(PARIS) + timedelta(days=1)
    nearest = None
    if answer is not None and asked is not None:
        wanted_s = asked.wanted_s
        nearest = min(answer.offers, key=lambda each: abs(each.promise.earliest_s - wanted_s), default=None)
    offers = [] if answer is None or asked is None else [
        {"value": _clock(asked.day, each.promise.earliest_s), "offer": each, **_promised(asked.day, each.promise),
         "book_by": each.book_by, "chosen": each is nearest}
        for each in answer.offers
    ]  # fmt: skip
    page = render_template(
        "tad/service.html", **_facts(version.service), agent=agent, errors=faults.by_field, typed=request.values,
        offers=offers, answered=answer is not None, refused=refused, asked=asked, today=today,
        last_day=today + timedelta(days=version.service.ahead_days), soon=soon.strftime("%H:00"),
        stops=[
            ("", _("Choisir un arrêt")), *_doors(asked), *((each.id, each.name) for each in version.service.stops)
        ],
        fares=list(version.service.fares.items()),
        chairs=max(each.wheelchairs for each in version.service.vehicles),
        action=url_for("tad.telephone", code=code) if agent else url_for("tad.one", code=code),
    )  # fmt: skip
    return page, faults.status if faults else 200


def _doors(asked: Asked | None) -> list[tuple[str, str]]:
    """The doors asked for, to be chosen again beside the stops."""
    ends = () if asked is None else (asked.origin, asked.destination)
    return [(each.key, each.name) for each in ends if not each.id]


def _clock(day: Any, at_s: int) -> str:
    return instant_of(day, at_s, PARIS).astimezone(PARIS).strftime("%H:%M")


def _promised(day: Any, promise: Promise) -> dict[str, datetime]:
    start = service_day_start(day, PARIS)
    return {
        "since": start + timedelta(seconds=promise.earliest_s),
        "until": start + timedelta(seconds=promise.latest_s),
        "arrive": start + timedelta(seconds=promise.arrive_by_s),
    }


# ---------------------------------------------------------------- one booking


@bp.get("/tad/reservations/<booking_id>/<secret>")
@public
def booking(booking_id: str, secret: str) -> ResponseReturnValue:
    """A booking, by its link: what is promised, and what may still be done with it."""
    return _booking_page(booking_id, secret, Faults())


@bp.post("/tad/reservations/<booking_id>/<secret>/<act>")
@public
def booking_act(booking_id: str, secret: str, act: str) -> ResponseReturnValue:
    """Confirm, give up, change the hour, or come back each week."""
    faults, instant = Faults(), now()
    service.check_secret(services().config, booking_id, secret)
    made = None
    with faults.caught(), writing() as session:
        match act:
            case "confirmer":
                made = service.confirm(session, services(), booking_id, Side.PASSENGER, instant)
            case "annuler":
                made = service.cancel(session, services(), booking_id, Side.PASSENGER, instant)
            case "modifier":
                row = store.get_booking(session, booking_id)
                version = catalogue.get_service(session, row.service, day_of())
                made = service.change(
                    session, services(), booking_id, asked_of(version.service), Side.PASSENGER, instant
                )
            case "repeter":
                weeks = service.repeat(session, services(), booking_id, day_of("last_day"), Side.PASSENGER, instant)
                got = sum(1 for each in weeks if each.booking is not None)
                flash(
                    ngettext("%(num)s semaine de plus est réservée.", "%(num)s semaines de plus sont réservées.", got),
                    "good",
                )
                for each in weeks:
                    if each.refused is not None:
                        from mobigo.infra.formats import day as day_words

                        flash(day_words(each.day, current_language()) + _(" : ") + sentence(each.refused), "warn")
                made = store.booking_value(store.get_booking(session, booking_id))
            case _:
                faults.by_field["form"] = _("Ce bouton n’est plus celui de cette page : rechargez-la.")
    if faults or made is None:
        return _booking_page(booking_id, secret, faults)
    if act == "modifier":
        flash(_("Votre trajet est changé. Voici votre nouvelle réservation ; l’ancienne est annulée."), "good")
    return redirect(_link(made), 303)


def _booking_page(booking_id: str, secret: str, faults: Faults) -> ResponseReturnValue:
    instant = now()
    service.check_secret(services().config, booking_id, secret)
    with reading(services().engine) as session:
        made = store.booking_value(store.get_booking(session, booking_id))
        version = catalogue.get_version(session, made.version)
        series = (
            [] if made.series is None else [store.booking_value(row) for row in store.of_series(session, made.series)]
        )
    own = version.service
    page = render_template(
        "tad/booking.html", booking=made, service=own, secret=secret, errors=faults.by_field,
        state=made.state, states=State, late=service.is_late(own, made.asked, instant),
        over=instant >= instant_of(made.asked.day, made.promise.earliest_s, PARIS),
        series=[(each, _promised(each.asked.day, each.promise)["since"], _link(each)) for each in series],
        today=paris_day(instant), last_day=made.asked.day + timedelta(weeks=service.SERIES_MAX),
        stops=[*_doors(made.asked), *((each.id, each.name) for each in own.stops)],
        clock=_clock(made.asked.day, made.promise.earliest_s),
        counts=[(at, made.asked.riders.count(name)) for at, name in enumerate(own.fares)],
        **_promised(made.asked.day, made.promise),
    )  # fmt: skip
    return page, faults.status if faults else 200
