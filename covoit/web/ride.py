"""The driver's pages: my runs, publish, drive now, and the run being driven with its code on the screen."""

from datetime import timedelta
from typing import Any, Final

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from covoit.model.bookings import Booking, BookingState, Offer, OfferState, Side
from covoit.rules import lines as line_rules
from covoit.rules import proofs as proof_rules
from covoit.rules.bookings import room
from covoit.service import bookings, lines, offers, proofs, statements
from covoit.store import bookings as booking_store
from covoit.store import offers as store
from covoit.store import proofs as proof_store
from covoit.web import bp
from covoit.web.driver.words import room as caps_left
from covoit.web.forms import (
    Faults,
    hour_of,
    me,
    moment_of,
    point_of,
    root_key,
    stops_of,
    text,
    told_at,
    told_script,
    whole,
    writing,
)
from covoit.web.lines import weekday_names
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.periods import Period
from mobigo.infra import ratelimit
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.forms import told_instant
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services, wants_problem

CODES_AT_ONCE: Final = 60  # half an hour of codes in one answer; the page asks for more while it has a network
CODES_AHEAD: Final = timedelta(hours=4)
CODES_HEARD: Final = "10 per month"  # of one booking: as good as for ever
_NOW: Final = {name: f"now_{name}" for name in ("from", "to", "seats")}  # the fields of "I drive now"
_PLACES: Final = {OfferState.DRIVING: 0, OfferState.ENDED: 2}  # of my runs: the one being driven first
_WEEKDAYS: Final = tuple("0123456")
VERSION, MASK = 6, 3  # one size and one mask of QR code for all: choosing the best mask takes four times as long


@bp.get("/covoiturage/conduire")
@requires(Permission.ACCOUNT_OWN)
def drive() -> ResponseReturnValue:
    """My runs to come, and the two ways of driving: publish, or drive now."""
    return _drive_page(Faults())


@bp.post("/covoiturage/conduire/publier")
@requires(Permission.ACCOUNT_OWN)
def publish() -> ResponseReturnValue:
    """Publishes one run, or a usual one when days are ticked."""
    faults = Faults()
    with faults.caught(), writing() as session:
        person, (_line, a, z) = me(session), stops_of()
        days = [int(day) for day in request.form.getlist("days") if day in _WEEKDAYS]
        seats = whole("seats", 3)
        if days:
            period = Period(paris_day(now()))
            offers.publish_regular(
                session, person, from_stop=a, to_stop=z, leaves=hour_of(), weekdays=days, seats=seats, period=period,
                now=now(),
            )  # fmt: skip
        else:
            offers.publish(session, person, from_stop=a, to_stop=z, leaves_at=moment_of(), seats=seats, now=now())
    if faults:
        return _drive_page(faults)
    flash(_("C’est publié. Les passagers voient votre trajet."), "good")
    return redirect(url_for("covoit.drive"), 303)


@bp.post("/covoiturage/conduire/maintenant")
@requires(Permission.ACCOUNT_OWN)
def drive_now() -> ResponseReturnValue:
    """ "I drive now": straight to the page with the code."""
    faults = Faults()
    with faults.caught(), writing() as session:
        _line, a, z = stops_of("now_from", "now_to")
        offer = offers.drive_now(session, me(session), from_stop=a, to_stop=z, seats=whole("now_seats", 3), now=now())
        proofs.open_session(session, offer.id, offer.driver, now())
    return _drive_page(faults, "now") if faults else redirect(url_for("covoit.ride", offer_id=offer.id), 303)


@bp.post("/covoiturage/conduire/habituels/<regular_id>/arreter")
@requires(Permission.ACCOUNT_OWN)
def end_regular(regular_id: str) -> ResponseReturnValue:
    """A usual trip of mine stops."""
    with writing() as session:
        offers.end_regular(session, regular_id, me(session), now())
    flash(_("Ce trajet habituel est arrêté."), "good")
    return redirect(url_for("covoit.drive"), 303)


def _drive_page(faults: Faults, form: str = "publish") -> ResponseReturnValue:
    instant = now()
    with writing() as session:
        person = me(session)
        missing = offers.refusal_now(session, person, instant)
        left = statements.room_left(session, person, paris_day(instant), home=services().config.home)
        own = store.offers_of(session, person, instant - timedelta(hours=2))
        own.sort(key=lambda each: (_PLACES.get(each.state, 1), each.leaves_at))
        booked = booking_store.bookings_on(session, [each.id for each in own])
        usual = store.regulars(session, driver=person)
    page = render_template(
        "covoit/drive.html",
        lines=lines.current_lines(paris_day(instant)),
        missing=missing,
        used=left.used_this_month,
        caps=caps_left(left),
        runs=[
            {"offer": each, "booked": sum(b.seats for b in booked if b.offer == each.id), **_names(each)}
            for each in own
        ],
        usual=[
            {"row": each, "days": [name for n, name in enumerate(weekday_names()) if each.weekdays >> n & 1],
             **_stop_names(each.line, each.from_stop, each.to_stop)}
            for each in usual
        ],
        weekdays=list(enumerate(weekday_names())),
        errors={_NOW.get(name, name) if form == "now" else name: said for name, said in faults.by_field.items()},
        typed=request.form,
        today=paris_day(instant),
        soon=(instant.astimezone(PARIS) + timedelta(minutes=30)).strftime("%H:%M"),
    )  # fmt: skip
    return page, faults.status if faults else 200


def _stop_names(line_code: str, a: str, z: str) -> dict[str, Any]:
    line = lines.get_line(line_code, paris_day(now()))
    return {"line": line, "from": line_rules.stop_of(line, a), "to": line_rules.stop_of(line, z)}


def _names(offer: Offer) -> dict[str, Any]:
    return _stop_names(offer.line, offer.from_stop, offer.to_stop)


# ---------------------------------------------------------------- one run


@bp.get("/covoiturage/trajets/<offer_id>")
@requires(Permission.ACCOUNT_OWN)
def ride(offer_id: str) -> ResponseReturnValue:
    """A run of mine: who gets in where, who waits on the way, and while I drive the code on the screen."""
    return _ride_page(offer_id, Faults())


def _ride_page(offer_id: str, faults: Faults) -> ResponseReturnValue:
    instant = now()
    with writing() as session:
        person = me(session)
        offer = store.offer_value(offers.own_offer(session, offer_id, person))
        line = lines.get_line(offer.line, paris_day(offer.leaves_at))
        shown = None
        if offer.state is OfferState.DRIVING:
            opened = proofs.session_for(session, offer_id, person, instant)
            key = proof_rules.session_key(root_key(), opened.id)
            shown = proof_rules.typed_code(key, opened.id, proof_rules.step_of(instant))
        held = booking_store.bookings_on(session, [offer_id])
        seen = store.aliases(session, [each.passenger for each in held])
        told = {each.id: {(row.phase, row.side) for row in proof_store.evidence_of(session, each.id)} for each in held}
        on_way = [
            stop for stop in line_rules.stops_in(line, offer.leg.direction)
            if offer.leg.from_m <= line_rules.along_m(line, offer.leg.direction, stop) < offer.leg.to_m
        ]  # fmt: skip
        waiting = lines.waiters(session, [stop.id for stop in on_way], instant)
    passengers = [_passenger(line, each, seen, told[each.id]) for each in held]
    page = render_template(
        "covoit/ride.html",
        offer=offer,
        code=shown,
        passengers=passengers,
        errors=_where_shown(faults, passengers, offer.state is OfferState.DRIVING),
        booked=any(each.state is not BookingState.CANCELLED for each in held),
        met=any(each["aboard"] or each["off"] for each in passengers),
        left=room(offer, held, offer.leg),
        waiting=[
            {"stop": stop, "at": line_rules.passes_at(line, offer.leg, offer.leaves_at, stop),
             "seats": sum(each.seats for each in waiting[stop.id] if each.direction == offer.leg.direction)}
            for stop in on_way
        ],
        arrives_at=line_rules.passes_at(line, offer.leg, offer.leaves_at, line_rules.stop_of(line, offer.to_stop)),
        step_s=proof_rules.STEP_S,
        **_names(offer),
    )  # fmt: skip
    return page, faults.status if faults else 200


def _where_shown(faults: Faults, passengers: list[dict[str, Any]], driving: bool) -> dict[str, str]:
    """The faults by field; of a code that the page no longer asks for, as faults of the whole."""
    asked = {f"code-{each['booking'].id}" for each in passengers if driving and not (each["aboard"] or each["asked"])}
    gone = {name for name in faults.by_field if name.startswith("code-")} - asked
    return {"form" if name in gone else name: said for name, said in faults.by_field.items()}


def _passenger(
    line: Any, booking: Booking, seen: dict[str, Any], told: set[tuple[str | None, str | None]]
) -> dict[str, Any]:
    """What the driver sees of a passenger: a first name they chose, stops and seats. Never a telephone."""
    phases = {phase for phase, _ in told}
    return {
        "booking": booking,
        "alias": seen.get(booking.passenger, (None, None))[0],
        "from": line_rules.stop_of(line, booking.from_stop),
        "to": line_rules.stop_of(line, booking.to_stop),
        "aboard": "start" in phases,
        "taken_in": ("start", str(Side.DRIVER)) in told,
        "off": "end" in phases or booking.state is BookingState.VALIDATED,
        "asked": booking.state is BookingState.WAITING,
    }


@bp.post("/covoiturage/trajets/<offer_id>/partir")
@requires(Permission.ACCOUNT_OWN)
def set_off(offer_id: str) -> ResponseReturnValue:
    """I set off: the code comes on the screen."""
    with writing() as session:
        offer = offers.start(session, offer_id, me(session), now())
        proofs.session_for(session, offer_id, offer.driver, now())
    return redirect(url_for("covoit.ride", offer_id=offer_id), 303)


@bp.post("/covoiturage/trajets/<offer_id>/arrive")
@requires(Permission.ACCOUNT_OWN)
def arrive(offer_id: str) -> ResponseReturnValue:
    """I have arrived; the telephone may say so later than it happened, when it had no network: its script is answered
    JSON. An hour that cannot be is now: the ride ends all the same."""
    with writing() as session:
        person, instant = me(session), now()
        at = told_instant(text("at", 16)) or instant
        row = offers.own_offer(session, offer_id, person)
        began = row.started_at or row.leaves_at
        proofs.end_run(session, offer_id, person, at if began < at <= instant else instant)
    flash(_("Merci, votre trajet est terminé. Les preuves reçues sont enregistrées."), "good")
    address = url_for("covoit.ride", offer_id=offer_id)
    return told_script(address, Faults()) if wants_problem() else redirect(address, 303)


@bp.post("/covoiturage/trajets/<offer_id>/annuler")
@requires(Permission.ACCOUNT_OWN)
def withdraw(offer_id: str) -> ResponseReturnValue:
    """I do not drive after all; asked again where somebody booked since the page was shown."""
    faults = Faults()
    with faults.caught(), writing() as session:
        offers.withdraw(session, offer_id, me(session), now(), sure=bool(text("sure")))
    if faults:
        return _ride_page(offer_id, faults)
    flash(_("Le trajet est annulé ; les passagers qui avaient réservé sont prévenus."), "good")
    return redirect(url_for("covoit.drive"), 303)


@bp.post("/covoiturage/trajets/<offer_id>/passagers/<booking_id>/<act>")
@requires(Permission.ACCOUNT_OWN)
def passenger_act(offer_id: str, booking_id: str, act: str) -> ResponseReturnValue:
    """What a driver does with a booking of their run: accept, refuse, hear the code, take in by position, set down.
    A script, that sends what the telephone had kept, is answered JSON."""
    faults = Faults()
    with faults.caught(), writing() as session:
        person = me(session)
        offers.own_offer(session, offer_id, person)
        if booking_store.get_booking(session, booking_id).offer != offer_id:
            raise Conflict("covoit.offer_gone")
        match act:
            case "accepter":
                bookings.change(session, booking_id, BookingState.CONFIRMED, Side.DRIVER, now())
            case "refuser":
                bookings.change(session, booking_id, BookingState.CANCELLED, Side.DRIVER, now())
            case "code":
                code = text("code", 10)
                if proof_rules.figures_typed(code, proof_rules.BOARDING_FIGURES):
                    _count_try(booking_id)
                proofs.driver_hears(session, root_key(), driver=person, booking_id=booking_id, code=code, now=now())
            case "monte":
                proofs.got_in(
                    session, booking_id, person, device=None, point=point_of(), at=min(told_at(), now()), now=now()
                )
            case "descendu":
                proofs.set_down(session, booking_id, person, min(told_at(), now()), point_of())
            case _:
                raise InvalidInput("covoit.unknown_act")
    address = url_for("covoit.ride", offer_id=offer_id)
    if "code" in faults.by_field:  # of this passenger, among several
        faults.by_field[f"code-{booking_id}"] = faults.by_field.pop("code")
    if wants_problem():
        return told_script(address, faults)
    return _ride_page(offer_id, faults) if faults else redirect(address, 303)


def _count_try(booking_id: str) -> None:
    """Ten tries at a passenger's four figures, whoever types them and however slowly: ten thousand would find them.
    Raises Refused("covoit.code_tried")."""
    try:
        ratelimit.attempts().count("covoit-heard", CODES_HEARD, booking_id)
    except ratelimit.TooMany:
        raise Refused("covoit.code_tried") from None


# ---------------------------------------------------------------- the code


def code_address(token: str) -> str:
    """What the picture holds: an address in capitals, which any camera opens, and QR codes pack tightly."""
    return f"{services().config.base_url}/C/{token}".upper()


def _matrix(address: str) -> Any:
    import segno

    try:
        return segno.make(address, error="m", micro=False, version=VERSION, mask=MASK, boost_error=False)
    except ValueError:  # a long host name
        return segno.make(address, error="m", micro=False, mask=MASK, boost_error=False)


@bp.get("/covoiturage/trajets/<offer_id>/code.svg")
@requires(Permission.ACCOUNT_OWN)
def code_picture(offer_id: str) -> ResponseReturnValue:
    """The code of this moment as a picture, for a page without scripts."""
    import io

    instant = now()
    with writing() as session:
        opened = proofs.session_for(session, offer_id, me(session), instant)
    key = proof_rules.session_key(root_key(), opened.id)
    drawn = io.BytesIO()
    token = proof_rules.token_text(key, opened.id, proof_rules.step_of(instant))
    _matrix(code_address(token)).save(drawn, kind="svg", scale=8, border=4, dark="#000", light="#fff", xmldecl=False)
    return Response(drawn.getvalue(), content_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@bp.get("/covoiturage/trajets/<offer_id>/codes.json")
@requires(Permission.ACCOUNT_OWN)
def codes(offer_id: str) -> ResponseReturnValue:
    """The codes of the coming half hour, drawn: the telephone shows them without a network, and no key leaves us.

    `?after=STEP` gives those that follow. Each code: `step`, `size` (modules a side), `bits` (rows of modules as one
    hexadecimal number), `typed` (the six figures). Raises Conflict once the run is over.
    """
    instant = now()
    with writing() as session:
        person = me(session)
        offers.own_offer(session, offer_id, person)
        opened = proofs.session_for(session, offer_id, person, instant)
    key = proof_rules.session_key(root_key(), opened.id)
    current = proof_rules.step_of(instant)
    asked = request.args.get("after", "")
    first = max(current - 1, int(asked) + 1 if asked.isascii() and asked.isdigit() and len(asked) < 12 else 0)
    last = min(first + CODES_AT_ONCE, current + int(CODES_AHEAD.total_seconds()) // proof_rules.STEP_S)
    return jsonify(
        {
            "step_s": proof_rules.STEP_S,
            "now_ms": int(instant.timestamp() * 1000),
            "codes": [_drawn(key, opened.id, step) for step in range(first, last)],
        }
    )


def _drawn(key: bytes, session: str, step: int) -> dict[str, Any]:
    matrix = _matrix(code_address(proof_rules.token_text(key, session, step))).matrix
    bits = "".join("1" if module else "0" for row in matrix for module in row)
    width = -(-len(bits) // 4)
    return {
        "step": step,
        "size": len(matrix),
        "bits": f"{int(bits.ljust(width * 4, '0'), 2):0{width}x}",
        "typed": proof_rules.typed_code(key, session, step),
    }
