"""What is on sale today: tickets, passes, cards, carnets. A price that is unknown is said, never sold."""

from typing import Final

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billettique.model.orders import Channel, ItemKind, Offer
from billettique.rules.fares import operating_day
from billettique.service import baskets, journeys, shelf
from billettique.service.seats import seats_of
from billettique.service.travellers import ADULT, SAID_MAX, Rights, Traveller, rights_of
from billettique.web import bp
from billettique.web.selling.shared import Faults, day_of, find_basket, remember, shown, subject, text, whole
from mobigo.base.errors import InvalidInput
from mobigo.infra.auth import Permission, public, requires
from mobigo.infra.clock import now
from mobigo.infra.db import transaction
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.web import services

_SEAT: Final = {"run": "offer", "from": "from", "to": "to", "seats": "seats"}


@bp.get("/achats")
@public
def buy() -> ResponseReturnValue:
    """Everything on sale online today, and what is not, with the reason."""
    return _page(Faults())


@bp.post("/achats/ajouter")
@public
def add() -> ResponseReturnValue:
    """Puts what a form of the page asks into the basket of this browser."""
    faults = Faults()
    order_id = None
    with faults.caught():
        offers = _offers()
        holder = text("holder", 120) or None
        order_id = put(offers, holder)
    if faults or order_id is None:
        return _page(faults)
    return remember(redirect(url_for("billettique.basket"), 303), order_id)


@bp.get("/achats/trajet/<token>")
@public
def journey(token: str) -> ResponseReturnValue:
    """The price of a journey of the planner, and the button that puts it into the basket."""
    return _journey_page(token, Faults())


@bp.post("/achats/trajet/<token>")
@public
def add_journey(token: str) -> ResponseReturnValue:
    """Puts the journey into the basket, for the riders chosen."""
    faults = Faults()
    order_id = None
    with faults.caught():
        offers = journeys.offers_of(services().config, token, _riders(), Channel.ONLINE, now(), _rights(token).rider)
        order_id = put(offers, None) if offers else None
    if faults or order_id is None:
        return _journey_page(token, faults)
    return remember(redirect(url_for("billettique.basket"), 303), order_id)


@bp.post("/achats/covoiturage")
@requires(Permission.ACCOUNT_OWN)
def carpool_seat() -> ResponseReturnValue:
    """Puts a seat of a carpool run into the basket; refused, one reads why on the page of what is on sale."""
    faults = Faults()
    order_id = None
    asked = {name: text(field, 60) for name, field in _SEAT.items()}
    with faults.caught():
        keeper = seats_of(services()).get(ItemKind.CARPOOL_SEAT)
        if keeper is None:
            raise InvalidInput("billettique.no_such_form")
        with transaction(services().engine) as session:
            offer = keeper.offer(session, {**asked, "subject": subject() or ""}, now())
        order_id = put((offer,), None)
    if faults or order_id is None:
        return _page(faults)
    return remember(redirect(url_for("billettique.basket"), 303), order_id)


@bp.post("/achats/transport-a-la-demande")
@public
def on_demand_seat() -> ResponseReturnValue:
    """Puts places held on an on-demand service into the basket; refused, one reads why on the page of what is on
    sale."""
    faults = Faults()
    order_id = None
    with faults.caught():
        keeper = seats_of(services()).get(ItemKind.TAD_SEAT)
        if keeper is None:
            raise InvalidInput("billettique.no_such_form")
        with transaction(services().engine) as session:
            offer = keeper.offer(session, {name: text(name, 60) for name in ("booking", "secret")}, now())
        order_id = put((offer,), None)
    if faults or order_id is None:
        return _page(faults)
    return remember(redirect(url_for("billettique.basket"), 303), order_id)


def put(offers: tuple[Offer, ...], holder: str | None) -> str:
    """Offers of one quote, into the basket of this browser, made when there is none; its id."""
    known = find_basket()
    instant, config = now(), services().config
    with transaction(services().engine) as session:
        if known is None:
            order_id = baskets.open_basket(
                session, config, channel=Channel.ONLINE, language=current_language(), subject=subject(), now=instant
            ).id
        else:
            order_id = known.id
        baskets.add(session, order_id, offers, config, holder=holder, now=instant)
    return order_id


def _offers() -> tuple[Offer, ...]:
    home, instant, channel = services().config.home, now(), Channel.ONLINE
    match text("kind", 10):
        case "ticket":
            return shelf.flat_tickets(text("product", 120), _riders(), home, channel, instant)
        case "cover":
            first = day_of("first_day")
            if first < operating_day(instant):
                raise InvalidInput("billettique.bad_first_day")
            return (shelf.cover(text("product", 120), text("rider", 40), first, home, channel, instant),)
        case "carnet":
            return (shelf.carnet(text("product", 120), text("rider", 40), home, channel, instant),)
    raise InvalidInput("billettique.no_such_form")


def _riders() -> tuple[str, ...]:
    """How many of each category, in the order of the form."""
    found: list[str] = []
    for name in request.form:
        if name.startswith("n-"):
            count = whole(name)
            if not 0 <= count <= shelf.RIDERS_MAX:
                raise InvalidInput("billettique.bad_riders", most=shelf.RIDERS_MAX)
            found += [name[2:]] * count
    return tuple(found)


def _page(faults: Faults) -> ResponseReturnValue:
    today = operating_day(now())
    page = render_template(
        "billettique/buy.html",
        shelf=shelf.on_sale(today, services().config.home, Channel.ONLINE),
        today=today,
        last_day=today + shelf.AHEAD,
        errors=faults.by_field,
        typed=request.form,
        **shown(),
    )
    return page, faults.status if faults else 200


def _journey_page(token: str, faults: Faults) -> ResponseReturnValue:
    """The page of a journey, priced for who reads it: what they said of themselves on the way here, and what their
    account holds."""
    legs = journeys.read_token(services().config, token)
    home, instant = services().config.home, now()
    quoted: tuple[Offer, ...] = ()
    who, mine = _traveller(), None
    with faults.caught():
        mine = _rights(token)
        quoted = journeys.offers_of(services().config, token, (who.category,), Channel.ONLINE, instant, mine.rider)
    riders = shelf.on_sale(operating_day(legs[0].leg.departs_at), home, Channel.ONLINE).riders
    page = render_template(
        "billettique/journey.html",
        legs=legs,
        token=token,
        quoted=quoted,
        covered=not quoted and not faults,
        who=who,
        mine=mine,
        total=shelf.total(quoted),
        riders=riders,
        errors=faults.by_field,
        typed=request.form or {f"n-{each}": str(int(each == who.category)) for each, _name in riders},
        sentence=sentence,
        **shown(),
    )
    response = make_response(page, faults.status if faults else 200)
    response.headers["Cache-Control"] = "private, no-store"
    response.vary.add("Cookie")
    return response


def _traveller() -> Traveller:
    """Who reads, as the address and the session say. Proofs are looked at by people, at the counter."""
    holds = tuple(each[:60] for each in request.values.getlist("hold")[:SAID_MAX])
    return Traveller((request.values.get("rider") or ADULT)[:40], holds, subject=subject())


def _rights(token: str) -> Rights:
    legs = tuple(each.leg for each in journeys.read_token(services().config, token))
    return rights_of(services().engine, services().config.home, _traveller(), legs)
