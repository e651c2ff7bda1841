"""The passenger's pages: book, get in by scan or by six figures, my seats, waiting, the way home; and what protects
people: emergency, report, block."""

from datetime import timedelta
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from covoit.model.bookings import Booking, BookingState, OfferState, Side
from covoit.model.lines import Help
from covoit.rules import guarantee as guarantee_rules
from covoit.rules import lines as line_rules
from covoit.rules import proofs as proof_rules
from covoit.rules.bookings import SEATS_MAX, refusal_to_ride
from covoit.service import bookings, guarantee, lines, offers, proofs
from covoit.store import bookings as store
from covoit.store import lines as line_store
from covoit.store import offers as offer_store
from covoit.store import proofs as proof_store
from covoit.web import bp
from covoit.web.forms import (
    Faults,
    me,
    point_of,
    root_key,
    stops_of,
    text,
    told_at,
    told_script,
    viewer,
    whole,
    writing,
)
from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import csp, ratelimit
from mobigo.infra.auth import Permission, public, requires
from mobigo.infra.clock import now
from mobigo.infra.forms import one_line
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services, wants_problem

CODES_TRIED: Final = "10 per 15 minutes"
_camera = csp.policy(script_src=("'wasm-unsafe-eval'",))  # the reader of codes is WebAssembly, served by us


@bp.get("/covoiturage/places")
@requires(Permission.ACCOUNT_OWN)
def places() -> ResponseReturnValue:
    """My seats, my wait, whom I no longer want to meet, and my age as declared."""
    instant = now()
    with writing() as session:
        person = me(session)
        own = store.bookings_of(session, person, instant - timedelta(days=7))
        cars = {each.offer: offer_store.offer_value(offer_store.get_offer(session, each.offer)) for each in own}
        seen = offer_store.aliases(session, [each.driver for each in cars.values()])
        waiting = line_store.waiting_of(session, person)
        blocked = offer_store.blocks_of(session, person)
        names = offer_store.aliases(session, [each.other for each in blocked])
        member = offer_store.find_member(session, person)
    return render_template(
        "covoit/places.html",
        bookings=[_shown(each, seen.get(cars[each.offer].driver, (None, None))) for each in own],
        waiting=waiting,
        blocked=[(each, names.get(each.other, (None, None))[0]) for each in blocked],
        to_ride=refusal_to_ride(member),
        reachable=member.reachable,
    )


def _shown(booking: Booking, car: tuple[str | None, str | None]) -> dict[str, Any]:
    line = lines.get_line(booking.leg.line, paris_day(booking.pickup_at))
    return {
        "booking": booking,
        "line": line,
        "from": line_rules.stop_of(line, booking.from_stop),
        "to": line_rules.stop_of(line, booking.to_stop),
        "alias": car[0],
        "car": car[1],
    }


@bp.post("/covoiturage/places")
@requires(Permission.ACCOUNT_OWN)
def book() -> ResponseReturnValue:
    """Books a seat on a run. Whoever has no verified telephone is led to it, and back: nobody could tell them that the
    car does not come."""
    try:
        with writing() as session:
            made = bookings.book(
                session, offer_id=text("offer", 26), passenger=me(session), from_stop=text("from", 60),
                to_stop=text("to", 60), seats=whole("seats", 1), now=now(),
            )  # fmt: skip
            bookings.send_boarding_code(session, root_key(), made, now())
    except Refused as refused:
        if refused.decision.code != "covoit.phone_not_verified":
            raise
        line, _stop = lines.stop_and_line(text("from", 60), paris_day(now()))
        told = _("Pour réserver, vérifiez d’abord votre téléphone : nous vous y prévenons si la voiture ne vient pas.")
        flash(told, "warn")
        back = url_for("covoit.line", code=line.code, arret=text("from", 60))
        return redirect(url_for("covoit.phone", next=back), 303)
    flash(_("Votre place est réservée."), "good")
    return redirect(url_for("covoit.place", booking_id=made.id), 303)


@bp.get("/covoiturage/places/<booking_id>")
@requires(Permission.ACCOUNT_OWN)
def place(booking_id: str) -> ResponseReturnValue:
    """One seat of mine: the car, the hour, how to get in, and what became of it."""
    return _place_page(booking_id, Faults())


def _place_page(booking_id: str, faults: Faults) -> ResponseReturnValue:
    with writing() as session:
        person = me(session)
        row = store.get_booking(session, booking_id)
        if row.passenger != person:
            raise NotFound("covoit.missing_booking")
        booking = store.booking_value(row)
        offer = offer_store.offer_value(offer_store.get_offer(session, row.offer))
        car = offer_store.aliases(session, [offer.driver]).get(offer.driver, (None, None))
        earned = proof_rules.proof_class(proofs.evidence_on(session, booking_id))
        told = proof_store.evidence_of(session, booking_id)
        starts, ends = ({each.side for each in told if each.phase == phase} for phase in ("start", "end"))
        history = store.history_of(session, booking_id)
    page = render_template(
        "covoit/place.html", offer=offer, earned=str(earned), aboard=bool(starts), history=history, states=BookingState,
        off=str(Side.PASSENGER) in ends,
        by_position=str(Side.PASSENGER) not in starts and offer.state is OfferState.DRIVING,
        boarding_code=proof_rules.boarding_code(root_key(), booking_id), errors=faults.by_field,
        **_shown(booking, car),
    )  # fmt: skip
    return page, faults.status if faults else 200


@bp.post("/covoiturage/places/<booking_id>/<act>")
@requires(Permission.ACCOUNT_OWN)
def place_act(booking_id: str, act: str) -> ResponseReturnValue:
    """What a passenger does with a seat: cancel, got in or off, confirm that the ride took place. A script, that sends
    what the telephone had kept, is answered JSON."""
    faults = Faults()
    with faults.caught(), writing() as session:
        person = me(session)
        if bookings.side_of(session, booking_id, person) is not Side.PASSENGER:
            raise NotFound("covoit.missing_booking")
        match act:
            case "annuler":
                bookings.change(session, booking_id, BookingState.CANCELLED, Side.PASSENGER, now())
            case "monte":
                proofs.got_in(
                    session, booking_id, person, device=text("device", 40), point=point_of(), at=told_at(), now=now(),
                    home=services().config.home,
                )  # fmt: skip
            case "descendu":
                proofs.got_off(
                    session, booking_id, person, device=text("device", 40), point=point_of(), at=told_at(),
                    now=now(), home=services().config.home,
                )  # fmt: skip
            case "confirmer":
                proofs.validate(session, booking_id, person, now())
            case _:
                raise NotFound("covoit.unknown_act")
    address = url_for("covoit.place", booking_id=booking_id)
    if wants_problem():
        return told_script(address, faults)
    return _place_page(booking_id, faults) if faults else redirect(address, 303)


# ---------------------------------------------------------------- getting in


@bp.get("/C/<token>")
@public
def code_read(token: str) -> ResponseReturnValue:
    """Where a camera leads that read a driver's code: to the page that gets one in, the code filled in."""
    return redirect(url_for("covoit.board", code=token[:200]), 303)


@bp.get("/covoiturage/monter")
@requires(Permission.ACCOUNT_OWN)
@_camera
def board() -> ResponseReturnValue:
    """Get in: scan the driver's screen where the browser can, else type the six figures."""
    return _board_page(Faults())


@bp.post("/covoiturage/monter")
@requires(Permission.ACCOUNT_OWN)
@_camera
def board_now() -> ResponseReturnValue:
    """Takes a scan (now, or kept by the telephone until it had a network) or six figures typed.

    Asked by a script (Accept: application/json), answers JSON: the script then forgets what it had kept.
    """
    faults = Faults()
    code, met = text("code", 300), None
    with faults.caught():
        with writing() as session:
            person = me(session)
        asked: dict[str, Any] = {
            "passenger": person, "from_stop": text("from", 60), "to_stop": text("to", 60), "seats": whole("seats", 1),
            "device": text("device", 40), "point": point_of(), "getting_off": bool(text("off")), "now": now(),
        }  # fmt: skip
        if proof_rules.read_token(code) is not None:  # whoever has booked needs say no stops
            at, home = min(told_at(), now()), services().config.home
            with writing() as session:
                met = proofs.scan(session, root_key(), text=code, scanned_at=at, home=home, **asked)
        else:
            line, _a, _z = stops_of()
            if not 1 <= asked["seats"] <= SEATS_MAX:
                raise InvalidInput("covoit.bad_seats", most=SEATS_MAX)
            if proof_rules.figures_typed(code, proof_rules.TYPED_FIGURES):  # all refused before said nothing of it
                ratelimit.attempts().count("covoit-code", CODES_TRIED, person)
            with writing() as session:
                met = proofs.typed(session, root_key(), line=line, code=code, **asked)
    if met is None:
        return told_script("", faults) if wants_problem() else _board_page(faults)
    address = url_for("covoit.place", booking_id=met.booking.id)
    if wants_problem():
        return told_script(address, faults, repeated=met.repeated)
    flash(_("C’est noté : vous êtes à bord. Bonne route !"), "good")
    return redirect(address, 303)


def _board_page(faults: Faults) -> ResponseReturnValue:
    today = paris_day(now())
    known = lines.current_lines(today)
    asked = request.values.get("from", "") or request.args.get("arret", "")
    line = next((each for each in known if each.stop(asked) is not None), None)
    if line is None:
        line = next((each for each in known if each.code == request.args.get("ligne", "")), None)
    with writing() as session:
        to_ride = refusal_to_ride(offer_store.find_member(session, me(session)))
    page = render_template(
        "covoit/board.html", lines=known, line=line, from_stop=asked,
        code=one_line(request.values.get("code", ""), 200),
        typed=request.form, errors=faults.by_field, to_ride=to_ride, price=lines.price_on(today),
    )  # fmt: skip
    return page, faults.status if faults else 200


# ---------------------------------------------------------------- waiting, and the way home


@bp.post("/covoiturage/attente")
@requires(Permission.ACCOUNT_OWN)
def wait() -> ResponseReturnValue:
    """I wait at this stop: the panel and the drivers see it."""
    with writing() as session:
        row = lines.start_waiting(
            session, from_stop=text("from", 60), to_stop=text("to", 60), passenger=me(session),
            seats=whole("seats", 1), now=now(),
        )  # fmt: skip
    return redirect(url_for("covoit.waiting", waiting_id=row.id), 303)


@bp.get("/covoiturage/attente/<waiting_id>")
@requires(Permission.ACCOUNT_OWN)
def waiting(waiting_id: str) -> ResponseReturnValue:
    """My wait: who comes next, how long one waits here, and from when on the way is guaranteed."""
    instant = now()
    with writing() as session:
        person = me(session)
        row = line_store.get_waiting(session, waiting_id)
        if row.passenger != person:
            raise NotFound("covoit.no_such_wait")
        day = paris_day(row.since)
        line = lines.get_line(row.line, day)
        stop = line_rules.stop_of(line, row.stop)
        rule = lines.guarantee_on(day)
        drivers = lines.next_drivers(session, line, row.direction, stop, instant, viewer=person)[:4]
        expected = lines.expected_wait(session, line, row.direction, stop, instant)
        case = line_store.case_of_wait(session, waiting_id)
        refused = guarantee_rules.refusal(
            rule, line, row.direction, since=row.since, now=instant, boarded=row.outcome == line_store.BOARDED
        )
    return render_template(
        "covoit/waiting.html", waiting=row, line=line, stop=stop, to=line_rules.stop_of(line, row.to_stop),
        drivers=drivers, expected=expected, rule=rule, case=case, now=instant,
        refused=None if refused is None else sentence(refused), helps=Help,
    )  # fmt: skip


@bp.post("/covoiturage/attente/<waiting_id>/<act>")
@requires(Permission.ACCOUNT_OWN)
def wait_act(waiting_id: str, act: str) -> ResponseReturnValue:
    """I leave without a car; or no car came, and I ask to be taken home."""
    with writing() as session:
        person = me(session)
        if act == "partir":
            lines.stop_waiting(session, waiting_id, person, now())
            flash(_("Vous n’attendez plus. Merci de l’avoir dit : l’attente annoncée en devient plus juste."), "good")
            return redirect(url_for("covoit.lines"), 303)
        if act not in ("taxi", "voucher"):
            raise NotFound("covoit.unknown_act")
        guarantee.ask(session, waiting_id, person, Help(act), now())
    flash(_("Votre demande est reçue. Un agent s’en occupe et vous rappelle."), "good")
    return redirect(url_for("covoit.waiting", waiting_id=waiting_id), 303)


# ---------------------------------------------------------------- protecting people


@bp.get("/covoiturage/urgence")
@public
def emergency() -> ResponseReturnValue:
    """The numbers to call, whoever asks; and to an occupant, the facts of the trip to say. Nobody is called for them;
    that one of them opened it is logged."""
    offer_id = request.args.get("trajet", "").replace("\x00", "")[:26]
    person, facts = viewer(), None
    if person is not None:
        with writing() as session:
            facts = _facts(session, person, offer_id)
            offers.emergency(session, person, None if facts is None else offer_id, now())
    return render_template("covoit/emergency.html", facts=facts, logged=person is not None, now=now())


def _facts(session: Session, person: str, offer_id: str) -> dict[str, Any] | None:
    """What an occupant of a run has to say on the telephone; None for anybody else."""
    row = session.get(offer_store.OfferRow, offer_id)
    if row is None or (row.driver != person and bookings.live_booking(session, person, offer_id) is None):
        return None
    offer = offer_store.offer_value(row)
    line = lines.get_line(offer.line, paris_day(offer.leaves_at))
    alias, car = offer_store.aliases(session, [offer.driver]).get(offer.driver, (None, None))
    return {
        "line": line, "from": line_rules.stop_of(line, offer.from_stop), "to": line_rules.stop_of(line, offer.to_stop),
        "offer": offer, "alias": alias, "car": car,
    }  # fmt: skip


@bp.get("/covoiturage/signaler")
@requires(Permission.ACCOUNT_OWN)
def report() -> ResponseReturnValue:
    """Tell us what happened, and if one wants, never meet that person again."""
    return _report_page(Faults())


@bp.post("/covoiturage/signaler")
@requires(Permission.ACCOUNT_OWN)
def report_now() -> ResponseReturnValue:
    """Keeps the report for an agent; blocks the other occupant when asked."""
    faults = Faults()
    with faults.caught(), writing() as session:
        person = me(session)
        offer_id, booking_id = text("trajet", 26) or None, text("place", 36) or None
        about = _other(session, person, booking_id)
        if booking_id is not None:
            offer_id = store.get_booking(session, booking_id).offer
        if text("words", 2_100) or not text("block"):
            offers.report(
                session, person, about=about, offer=offer_id, kind=text("kind") or "other", words=text("words", 2_100),
                now=now(),
            )  # fmt: skip
        if text("block"):
            if about is None:
                raise Refused("covoit.nobody_to_block")
            offers.block(session, person, about, now())
    if faults:
        return _report_page(faults)
    flash(_("C’est reçu. Un agent lit chaque signalement et s’en occupe."), "good")
    return redirect(url_for("covoit.places"), 303)


def _other(session: Session, person: str, booking_id: str | None) -> str | None:
    """The other occupant of a booking of mine. Raises NotFound for a booking that is not."""
    if booking_id is None:
        return None
    side = bookings.side_of(session, booking_id, person)
    row = store.get_booking(session, booking_id)
    return row.passenger if side is Side.DRIVER else offer_store.get_offer(session, row.offer).driver


def _report_page(faults: Faults) -> ResponseReturnValue:
    page = render_template(
        "covoit/report.html", errors=faults.by_field, typed=request.form,
        booking_id=request.values.get("place", "")[:36], offer_id=request.values.get("trajet", "")[:26],
        kinds=report_kinds(),
    )  # fmt: skip
    return page, faults.status if faults else 200


def report_kinds() -> list[tuple[str, str]]:
    """What one may tell of, in words."""
    return [
        ("danger", _("Une conduite dangereuse")),
        ("behaviour", _("Un comportement déplacé")),
        ("refusal", _("On a refusé de me prendre")),
        ("fraud", _("Une fraude")),
        ("other", _("Autre chose")),
    ]


@bp.post("/covoiturage/bloques/<other>/debloquer")
@requires(Permission.ACCOUNT_OWN)
def unblock(other: str) -> ResponseReturnValue:
    """I may meet this person again."""
    with writing() as session:
        offers.unblock(session, me(session), other, now())
    return redirect(url_for("covoit.places"), 303)
