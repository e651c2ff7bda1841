"""Partners sell by API key (scope "sales.partner"): shelf, order, items, confirmation; the buyer pays on our page.

A partner is the organisation of its key, or the person who holds it; it sees its own orders, and no other.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final, Literal, TypeVar

import orjson
from flask import Response, current_app, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy.orm import Session

from billettique.api import bp
from billettique.service import baskets, orders
from billettique.service import partners as service
from billettique.service.journeys import finder_of
from billettique.service.shelf import total
from billettique.store import partners as store
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.money import Money
from mobigo.infra import auth, idempotency
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.ratelimit import attempts
from mobigo.infra.web import services

# Counted for a partner, whichever of its keys asks: more keys are not more sales.
READS: Final = "1200 per minute"
SEARCHES: Final = "120 per minute"  # a journey costs a search of the network
WRITES: Final = "300 per minute"
ID: Final = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
KEY: Final = "^[!-~]{1,200}$"
DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

Name = Annotated[str, Field(min_length=1, max_length=120)]
Version = Annotated[int, Field(ge=1, le=1_000_000)]


class Body(BaseModel):
    """What every body accepts: what is named, and nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Item(Body):
    """One product of the shelf, for one or several riders (a pass, a card, a carnet: for one); or one journey."""

    product: Name | None = Field(None, description="A product of the shelf; or else `journey`.")
    journey: Annotated[str, Field(min_length=1, max_length=4_000)] | None = Field(
        None, description="A journey of `/partner/journeys`, by its `journey`; or else `product`."
    )
    price_cents: Annotated[int, Field(ge=0, le=10_000_000)] | None = Field(
        None, description="What the buyer was told that this costs: 409 when it costs something else."
    )
    riders: Annotated[list[Name], Field(min_length=1, max_length=9)]
    first_day: Annotated[str, Field(pattern=DAY)] | None = Field(
        None, description="A pass or a card: a day of its first period. Default: today."
    )

    @model_validator(mode="after")
    def _one_thing(self) -> "Item":
        if (self.product is None) == (self.journey is None):
            raise ValueError("a product or a journey")
        return self

    def wanted(self) -> service.Wanted:
        """As the service asks. Raises InvalidInput("billettique.bad_first_day")."""
        price = None if self.price_cents is None else Money(self.price_cents)
        try:
            first = None if self.first_day is None else date.fromisoformat(self.first_day)
        except ValueError:
            raise InvalidInput("billettique.bad_first_day") from None
        return service.Wanted(self.product or "", tuple(self.riders), first, self.journey, price)


class NewOrder(Body):
    """An order begins with one thing at least."""

    items: Annotated[list[Item], Field(min_length=1, max_length=20)]


class OneMore(Item):
    """One thing more, into the order as it was seen."""

    version: Version


class Confirmation(Body):
    """The order as it was seen, and the way its buyer pays: one of the shelf's `ways`, the first unless said."""

    version: Version
    way: Annotated[str, Field(min_length=1, max_length=60)] | None = None


class JourneysAsked(BaseModel):
    """From where to where, when, and for whom."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    origin: Annotated[str, Field(min_length=1, max_length=200, alias="from")]
    destination: Annotated[str, Field(min_length=1, max_length=200, alias="to")]
    at: Annotated[AwareDatetime, Field(strict=False)] | None = Field(None, description="Default: now.")
    by: Literal["departure", "arrival"] = "departure"
    riders: Annotated[str, Field(min_length=1, max_length=400)] = "adulte"

    def party(self) -> tuple[str, ...]:
        """For whom, each rider's category."""
        return tuple(self.riders.split(","))


B = TypeVar("B", bound=Body)


@bp.get("/partner/shelf")
@requires(Permission.SALES_PARTNER)
def partner_shelf() -> ResponseReturnValue:
    """What is on sale today, for whom, and the ways to pay. What has a price that nobody confirmed is in `waiting`,
    with the reason, and is not sold."""
    _counted("read", READS)
    found = service.on_sale(services().config.home, now())
    return _json(
        {
            "tickets": [
                {"product": each.id, "name": each.name or each.id, "price_cents": each.amount} for each in found.tickets
            ],
            "carnets": [
                {"product": each.id, "name": each.name, "price_cents": each.cents,
                 "riders": None if each.riders is None else sorted(each.riders)} for each in found.carnets
            ],
            "covers": [
                {"product": each.id, "name": each.name, "price_cents": each.cents, "kind": str(each.kind)}
                for each in found.covers
            ],
            "riders": [{"id": id_, "name": name} for id_, name in found.riders],
            "waiting": [sentence(each) for each in found.waiting],
            "ways": [f"{provider}:{means}" for provider, means in orders.ways(services().config)],
        }
    )  # fmt: skip


@bp.get("/partner/journeys")
@requires(Permission.SALES_PARTNER)
def partner_journeys() -> ResponseReturnValue:
    """Journeys and what a party buys for them, at the price of our own pages. `from`, `to`: a name, `feed:stop_id` or
    `lat,lon`; `at`: an instant with its zone (default: now), `by=arrival` to arrive by it; `riders`: categories of the
    shelf, with commas (default: one adult). `journey` puts one into an order; null where it is not sold, `why` says."""
    _counted("journeys", SEARCHES)
    asked = _journeys_asked()
    finder = finder_of(services())
    if finder is None:
        raise NotFound("billettique.no_journeys_here")
    found, said = service.priced(
        services(), finder, (asked.origin, asked.destination), asked.at, asked.party(),
        arrive_by=asked.by == "arrival", now=now(),
    )  # fmt: skip
    return _json({"journeys": [_journey(each) for each in found], "remarks": [sentence(each) for each in said]})


@bp.post("/partner/orders")
@requires(Permission.SALES_PARTNER)
def partner_open() -> ResponseReturnValue:
    """Open an order. Its prices are kept until `expires_at`; nothing is bought before it is confirmed and paid."""
    _counted("write", WRITES)
    asked = _body(NewOrder)
    wanted, instant, language = [each.wanted() for each in asked.items], now(), current_language()

    def act(session: Session, partner: str) -> dict[str, Any]:
        order = service.open_order(session, services().config, partner, wanted, language=language, now=instant)
        return service.written(session, order, instant)

    return _once("open", asked, act, 201)


@bp.get("/partner/orders/<order_id>")
@requires(Permission.SALES_PARTNER)
def partner_order(order_id: str) -> ResponseReturnValue:
    """An order as it stands: ask again until `state` is `served`, or until it is over."""
    _counted("read", READS)
    with reading(services().engine) as session:
        order = store.get_own(session, _id(order_id, "billettique.no_order"), _partner())
        return _json(_with_page(service.written(session, order, now())))


@bp.post("/partner/orders/<order_id>/items")
@requires(Permission.SALES_PARTNER)
def partner_add(order_id: str) -> ResponseReturnValue:
    """Put one thing more into an order that is open. 409 when it changed since `version`."""
    _counted("write", WRITES)
    _id(order_id, "billettique.no_order")
    asked = _body(OneMore)
    wanted, instant = asked.wanted(), now()

    def act(session: Session, partner: str) -> dict[str, Any]:
        order = service.add(
            session, services().config, partner, order_id, wanted, version=asked.version, now=instant
        )  # fmt: skip
        return service.written(session, order, instant)

    return _once(f"add:{order_id}", asked, act, 200)


@bp.delete("/partner/orders/<order_id>/items/<item_id>")
@requires(Permission.SALES_PARTNER)
def partner_remove(order_id: str, item_id: str) -> ResponseReturnValue:
    """Take an item out of an order that is open, with what was asked together with it. 409 when it changed since
    `version`."""
    _counted("write", WRITES)
    version = request.args.get("version", "")
    if not (re.fullmatch("[1-9][0-9]{0,6}", version, re.ASCII) and int(version) <= 1_000_000):
        raise InvalidInput("api.bad_parameters", names="version")
    instant = now()
    with transaction(services().engine) as session:
        order = service.remove(
            session, services(), _partner(), _id(order_id, "billettique.no_order"),
            _id(item_id, "billettique.no_item"), version=int(version), now=instant,
        )  # fmt: skip
        return _json(_with_page(service.written(session, order, instant)))


@bp.post("/partner/orders/<order_id>/confirm")
@requires(Permission.SALES_PARTNER)
def partner_confirm(order_id: str) -> ResponseReturnValue:
    """Nothing changes any more: lead the buyer to `page`, where the order is paid and its tickets are shown. Whoever
    holds that address holds the tickets. A payment that fails opens the order again, to be confirmed once more."""
    _counted("write", WRITES)
    _id(order_id, "billettique.no_order")
    asked = _body(Confirmation)
    way, instant, actor = _way(asked.way), now(), auth.signed_in().subject
    landing = services().config.base_url + url_for(
        "billettique.landing", order_id=order_id, secret=baskets.secret_of(services().config, order_id)
    )

    def act(session: Session, partner: str) -> dict[str, Any]:
        order = service.confirm(
            session, services(), partner, order_id, version=asked.version, way=way, return_url=landing, actor=actor,
            now=instant,
        )  # fmt: skip
        return service.written(session, order, instant)

    return _once(f"confirm:{order_id}", asked, act, 200)


# ---------------------------------------------------------------- parts


def _journeys_asked() -> JourneysAsked:
    given = request.args.to_dict(flat=False)
    twice = [name for name, values in given.items() if len(values) > 1]
    if twice:
        raise InvalidInput("api.bad_parameters", names=", ".join(twice)[:200])
    try:
        return JourneysAsked.model_validate({name: values[0] for name, values in given.items()})
    except ValidationError as found:
        raise _named(found) from None


def _journey(each: service.Priced) -> dict[str, Any]:
    sold = bool(each.offers)
    return {
        "journey": each.found.token if sold else None,
        "rides": [
            {"from": ride.from_name, "to": ride.to_name, "departs_at": ride.departs_at.isoformat(),
             "arrives_at": ride.arrives_at.isoformat()} for ride in each.found.rides
        ],
        "offers": [
            {"product": offer.product, "name": offer.name, "kind": str(offer.kind), "riders": list(offer.riders),
             "price_cents": offer.gross.cents} for offer in each.offers
        ],
        "price_cents": total(each.offers).cents if sold else None,
        "why": [sentence(reason) for reason in each.why],
    }  # fmt: skip


def _named(found: ValidationError) -> InvalidInput:
    names = dict.fromkeys(".".join(map(str, each["loc"]))[:100] or "—" for each in found.errors())
    return InvalidInput("api.bad_parameters", names=", ".join(list(names)[:20]))


def _partner() -> str:
    """Whose orders these are: the organisation of the key, or of the one grant; else the person's own."""
    identity = auth.signed_in()
    where = identity.organisations(Permission.SALES_PARTNER)
    return next(iter(where)) if where is not None and len(where) == 1 else identity.subject


def _counted(name: str, limit: str) -> None:
    attempts().count(f"billettique.partner.{name}", limit, _partner())


def _id(given: str, code: str) -> str:
    if re.fullmatch(ID, given, re.ASCII) is None:
        raise NotFound(code)
    return given


def _way(asked: str | None) -> tuple[str, str]:
    ways = orders.ways(services().config)
    found = next((each for each in ways if asked is None or f"{each[0]}:{each[1]}" == asked), None)
    if found is None:
        raise InvalidInput("billettique.no_such_way")
    return found


def _body(model: type[B]) -> B:
    """The body, as its model reads it. Raises InvalidInput("api.bad_parameters") with what is wrong by name."""
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as found:
        raise _named(found) from None


def _once(what: str, asked: Body, act: Callable[[Session, str], dict[str, Any]], status: int) -> ResponseReturnValue:
    """The act, once for each key of this partner; the same answer to the same request again."""
    partner, key = _partner(), request.headers.get("Idempotency-Key", "")
    if re.fullmatch(KEY, key, re.ASCII) is None:
        raise InvalidInput("idempotency.bad_key", longest=idempotency.MAX_KEY_LENGTH)
    with transaction(services().engine) as session:
        answered = idempotency.once(
            session, f"billettique.partner:{partner}:{what}", key, asked.model_dump(), lambda: act(session, partner),
            now=now(),
        )  # fmt: skip
    return _json(_with_page(answered.answer), status)


def _with_page(order: dict[str, Any]) -> dict[str, Any]:
    """The order, and where its buyer pays and finds the tickets, once there is such a page."""
    if order["state"] in ("open", "expired"):
        return {**order, "page": None}
    config = services().config
    path = url_for("billettique.order", order_id=order["id"], secret=baskets.secret_of(config, order["id"]))
    return {**order, "page": config.base_url + path}


def _json(document: Any, status: int = 200) -> Response:
    response = Response(orjson.dumps(document), status, content_type="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    return current_app.make_response(response)
