"""What is on sale on a day, and offers of it: priced by the tariff in force, with the snapshot an order keeps.

A fare that is unknown is never an offer: it is refused with its reason, never sold at nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from billettique.gateway import fares as gateway
from billettique.gateway import sales
from billettique.model.fares import FareProduct, Leg
from billettique.model.orders import Channel, ItemKind, Offer
from billettique.model.sales import NamedLeg, SaleTerms, Validity
from billettique.model.tariffs import Ask, Carnet, Cover, CoverKind, FareStep, Item, Rider, Tariff
from billettique.rules import areas
from billettique.rules import fares as rules
from billettique.rules.tariffs import said_of
from billettique.service import quoting
from billettique.store.reasons import written
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.base.instants import PARIS
from mobigo.base.money import ZERO, Money

RIDERS_MAX: Final = 9  # in one go, online; larger groups are quoted by an agent
AHEAD: Final = timedelta(days=92)  # how far ahead a pass or a card may begin: its price is today's
DAY_BEGINS: Final = time(4)
_KINDS: Final = {"pass": ItemKind.PASS, "card": ItemKind.CARD, "carnet": ItemKind.CARNET}


@dataclass(frozen=True, slots=True)
class Shelf:
    """What may be bought on a day: tickets at one price, carnets, passes and cards; `waiting`: what has a price that
    nobody confirmed, and is not sold."""

    tickets: tuple[FareProduct, ...]
    carnets: tuple[Carnet, ...]
    covers: tuple[Cover, ...]
    riders: tuple[tuple[str, str], ...]
    waiting: tuple[Decision, ...]
    networks: Mapping[str, tuple[str, ...]]  # product of a ticket → the networks it is good on


def on_sale(day: date, home: Path | None, channel: str) -> Shelf:
    """What a buyer finds on a channel, that day."""
    tariff = gateway.tariff_on(day, home)
    networks = _flat(tariff)
    terms = {each.product: each for each in tariff.terms}

    def sold_here(product: str) -> bool:
        asked = terms.get(product)
        return asked is None or asked.channels is None or channel in asked.channels

    tickets = {
        each.id: each
        for each in tariff.tables.products
        if each.id in networks and each.rider is None and sold_here(each.id)
    }
    return Shelf(
        tuple(tickets.values()),
        tuple(each for each in tariff.carnets if each.channels is None or channel in each.channels),
        tuple(
            each for each in tariff.covers
            if each.kind is not CoverKind.CAP and (each.channels is None or channel in each.channels)
            and (each.proof is None or channel != Channel.ONLINE)
        ),
        tuple((each.id, each.name or each.id) for each in tariff.tables.riders),
        tuple(
            Decision("billettique.not_sold_to_confirm", title=each.title, source=each.source)
            for each in tariff.waiting
        ),
        networks,
    )  # fmt: skip


def _flat(tariff: Tariff) -> dict[str, tuple[str, ...]]:
    """Tickets that cost the same wherever one goes on their networks: sold without a journey."""
    found: dict[str, list[str]] = {}
    for rule in tariff.tables.leg_rules:
        anywhere = (rule.from_area, rule.to_area, rule.from_timeframe, rule.to_timeframe) == (None, None, None, None)
        if rule.network is not None and anywhere:
            found.setdefault(rule.product, []).append(rule.network)
    return {product: tuple(sorted(networks)) for product, networks in found.items()}


# ---------------------------------------------------------------- offers


def flat_tickets(
    product: str, riders: Sequence[str], home: Path | None, channel: str, now: datetime
) -> tuple[Offer, ...]:
    """Tickets of one price, one a rider, good from now on.

    Raises NotFound("billettique.not_on_sale"), and what `journey` raises.
    """
    day = rules.operating_day(now)
    shelf = on_sale(day, home, channel)
    if product not in {each.id for each in shelf.tickets}:
        raise NotFound("billettique.not_on_sale", product=product[:80])
    networks = shelf.networks[product]
    anywhere = Leg(networks[0], "", "", now, now)
    return _tickets((NamedLeg(anywhere, "", ""),), riders, home, channel, open_since=now, networks=frozenset(networks))


def journey(
    legs: Sequence[NamedLeg], riders: Sequence[str], home: Path | None, channel: str, now: datetime,
    mine: Rider | None = None,
) -> tuple[Offer, ...]:  # fmt: skip
    """What is to be bought for one journey by a party, the cheapest way; nothing where it is all paid already. `mine`:
    what the first rider of that category holds and has paid.

    Raises InvalidInput("billettique.no_journey", "billettique.bad_riders"), Refused with the reason when the price of a
    leg is not known, Refused("billettique.journey_past").
    """
    if not legs:
        raise InvalidInput("billettique.no_journey")
    if legs[-1].leg.arrives_at < now:
        raise Refused("billettique.journey_past", at=legs[-1].leg.arrives_at)
    networks = frozenset(each.leg.network for each in legs if each.leg.network is not None)
    return _tickets(tuple(legs), riders, home, channel, open_since=None, networks=networks, mine=mine)


def _tickets(
    named: tuple[NamedLeg, ...], riders: Sequence[str], home: Path | None, channel: str, *,
    open_since: datetime | None, networks: frozenset[str], mine: Rider | None = None,
) -> tuple[Offer, ...]:  # fmt: skip
    legs = tuple(each.leg for each in named)
    party = _with_rights(_party(riders, home, legs[0].departs_at), mine)
    priced = quoting.quote(Ask((legs,), party, channel=channel), home)
    found = priced.quote
    if found.total is None:
        raise _unknown(found.unknown)
    day = rules.operating_day(legs[0].departs_at)
    terms, rate = sales.terms_on(day, home), sales.vat_on(day, home)
    first_at, last_at = _window(ItemKind.TICKET, networks, legs, open_since, terms)
    offers = []
    for alone in _by_riders(found.items):
        kind = _KINDS.get(alone[0].kind, ItemKind.TICKET)
        cents = sum(each.cents for each in alone)
        if kind is ItemKind.TICKET:  # a cap is paid with the tickets it makes free
            caps = (each for each in found.steps if each.kind == "cap" and each.riders == alone[0].riders)
            cents += sum(each.amount.cents for each in caps)
        riding = tuple(riders[at] for at in alone[0].riders)
        window = (first_at, last_at)
        if kind is not ItemKind.TICKET:
            window = _window_of(kind, alone[0].id, priced.tariff, day, terms)
        offers.append(
            Offer(
                kind, alone[0].id, " + ".join(dict.fromkeys(each.name for each in alone)), Money(cents), rate.pct,
                terms.collector, terms.seller, _hash_of(priced.tariff), riding, *window,
                {
                    "legs": [] if open_since is not None else [_leg(each) for each in named],
                    "networks": sorted(networks),
                    "steps": [
                        {"amount": each.amount.cents, **(written(each.reason) or {})}
                        for each in found.steps if set(each.riders) & set(alone[0].riders)
                    ],
                    "said": [written(each) for each in priced.said],
                    "versions": [each.code for each in priced.tariff.versions],
                    "terms": terms.code,
                    "area": _area(priced.tariff, alone, () if open_since is not None else named),
                    **_shown_with(priced.tariff, found.steps, party, alone[0].riders),
                    **(_activation(kind, networks, terms) if kind in (ItemKind.TICKET, ItemKind.CARNET) else {}),
                },
            )
        )  # fmt: skip
    if sum((each.gross.cents for each in offers), 0) != found.total.cents:
        raise AssertionError("the offers of a quote do not add up to it")
    return tuple(offers)


def cover(cover_id: str, rider: str, first_day: date, home: Path | None, channel: str, now: datetime) -> Offer:
    """A pass or a card, from the period that holds `first_day`.

    Raises NotFound("billettique.not_on_sale"), Refused("billettique.not_for_this_rider", "billettique.period_over"),
    InvalidInput("billettique.bad_first_day") for one that is further ahead than `AHEAD`.
    """
    if first_day > rules.operating_day(now) + AHEAD:
        raise InvalidInput("billettique.bad_first_day")
    tariff = gateway.tariff_on(first_day, home)
    found = next((each for each in tariff.covers if each.id == cover_id and each.kind is not CoverKind.CAP), None)
    if found is None:
        raise NotFound("billettique.not_on_sale", product=cover_id[:80])
    if found.proof is not None and channel == Channel.ONLINE:
        raise Refused("billettique.proof_at_counter", product=found.name)
    if not rules.may_hold(found, rider, frozenset() if found.proof is None else frozenset({found.proof}), channel):
        raise Refused("billettique.not_for_this_rider", product=found.name, rider=rider)
    terms, rate = sales.terms_on(first_day, home), sales.vat_on(first_day, home)
    kind = ItemKind.PASS if found.kind is CoverKind.PASS else ItemKind.CARD
    window = _window_of(kind, cover_id, tariff, first_day, terms)
    if window[1] is not None and window[1] < now:
        raise Refused("billettique.period_over", product=found.name, at=window[1])
    return Offer(
        kind, found.id, found.name, Money(found.cents), rate.pct, terms.collector, terms.seller, _hash_of(tariff),
        (rider,), *window,
        {
            "legs": [], "networks": sorted(found.networks or ()), "steps": [], "span": str(found.span),
            "said": [written(each) for each in said_of(tariff, found.networks or ())], "seats": found.seats,
            "proof": found.proof, "versions": [each.code for each in tariff.versions], "terms": terms.code,
            "area": _area_of_cover(tariff, found),
        },
    )  # fmt: skip


def carnet(carnet_id: str, rider: str, home: Path | None, channel: str, now: datetime) -> Offer:
    """A carnet. Raises NotFound("billettique.not_on_sale"), Refused("billettique.not_for_this_rider")."""
    day = rules.operating_day(now)
    tariff = gateway.tariff_on(day, home)
    found = next((each for each in tariff.carnets if each.id == carnet_id), None)
    if found is None or not (found.channels is None or channel in found.channels):
        raise NotFound("billettique.not_on_sale", product=carnet_id[:80])
    if found.riders is not None and rider not in found.riders:
        raise Refused("billettique.not_for_this_rider", product=found.name, rider=rider)
    terms, rate = sales.terms_on(day, home), sales.vat_on(day, home)
    networks = _flat(tariff).get(found.product, ())
    window = _window(ItemKind.CARNET, frozenset(), (), now, terms)
    return Offer(
        ItemKind.CARNET, found.id, found.name, Money(found.cents), rate.pct, terms.collector, terms.seller,
        _hash_of(tariff), (rider,), *window,
        {
            "legs": [], "networks": list(networks), "steps": [], "units": found.units,
            "said": [], "versions": [each.code for each in tariff.versions], "terms": terms.code,
            "area": areas.area_promised((), _named(tariff, networks)),
            **_activation(ItemKind.CARNET, frozenset(networks), terms),
        },
    )  # fmt: skip


# ---------------------------------------------------------------- parts


def check_riders(riders: Sequence[str], home: Path | None, at: datetime) -> None:
    """Raises InvalidInput("billettique.bad_riders") for a party nobody sells to, by the tariff of a day."""
    _party(riders, home, at)


def _party(riders: Sequence[str], home: Path | None, at: datetime) -> tuple[Rider, ...]:
    known = {each.id for each in gateway.tariff_on(rules.operating_day(at), home).tables.riders}
    if not 1 <= len(riders) <= RIDERS_MAX or not set(riders) <= known:
        raise InvalidInput("billettique.bad_riders", most=RIDERS_MAX)
    return tuple(Rider(category) for category in riders)


def _with_rights(party: tuple[Rider, ...], mine: Rider | None) -> tuple[Rider, ...]:
    """The party, its first rider of that category being the traveller."""
    at = next((n for n, each in enumerate(party) if mine is not None and each.category == mine.category), None)
    return party if at is None or mine is None else (*party[:at], mine, *party[at + 1 :])


def _shown_with(
    tariff: Tariff, steps: Sequence[FareStep], party: Sequence[Rider], riders: Sequence[int]
) -> dict[str, Any]:
    """What must be shown with a title whose price rests on what its holder has: the pass of the other legs, the card of
    the reduction."""
    held = {each.cover for at in riders for each in party[at].held}
    by_discount = {each.name: each.card for each in tariff.discounts if each.card is not None}
    names = {each.id: each.name for each in tariff.covers if each.id in held}
    used = {each.reason.params.get("cover") for each in steps if each.kind == "covered"}
    used |= {names.get(by_discount.get(str(each.reason.params.get("discount", "")), "") or "") for each in steps}
    words = ", ".join(sorted(name for name in names.values() if name in used))
    return {"checks": {"card": True, "words": words}} if words else {}


def _by_riders(items: Sequence[Item]) -> list[list[Item]]:
    """Tickets and transfers of the same riders are one title; a pass, a card, a carnet stand alone."""
    found: dict[tuple[object, ...], list[Item]] = {}
    for at, item in enumerate(items):
        key: tuple[object, ...] = (item.riders, "title") if item.kind in ("ticket", "transfer") else (item.riders, at)
        found.setdefault(key, []).append(item)
    return list(found.values())


def _area(tariff: Tariff, items: Sequence[Item], legs: Sequence[NamedLeg]) -> dict[str, Any]:
    """Where what is sold for a journey is good: on the networks where its ticket costs the same wherever one goes, from
    stop to stop on the others; a pass or a card, where it always is."""
    cover = next((each for each in tariff.covers if each.id == items[0].id), None)
    if cover is not None:
        return _area_of_cover(tariff, cover)
    flat = _flat(tariff)
    products = {each.id for each in items}
    products |= {each.product for each in tariff.carnets if each.id in products}
    everywhere = {network for product in products for network in flat.get(product, ())}
    ridden = [each for each in legs if each.leg.network not in everywhere]
    stops = [stop for each in ridden for stop in (each.leg.from_stop, each.leg.to_stop)]
    first, last = (ridden[0].uic, ridden[-1].uic) if ridden else (None, None)
    ends = (first[0], last[1]) if first and last else None
    return areas.area_promised(stops, _named(tariff, sorted(everywhere)), ends)


def _area_of_cover(tariff: Tariff, cover: Cover) -> dict[str, Any]:
    """Where a pass or a card is good. One that is limited to areas says their names, for the inspector to read: which
    stops are in them, the tariff knows by names alone."""
    if cover.areas is not None:
        return {"words": ", ".join(each.name or each.id for each in tariff.tables.areas if each.id in cover.areas)}
    return areas.area_promised((), _named(tariff, sorted(cover.networks or ())))


def _named(tariff: Tariff, networks: Sequence[str]) -> list[tuple[str, str]]:
    names = {each.id: each.name for each in tariff.tables.networks}
    return [(each, names.get(each) or each) for each in networks]


def _validity(kind: ItemKind, networks: frozenset[str], terms: SaleTerms) -> Validity:
    fitting = (each for each in terms.validity if each.kind is kind)
    found = (each for each in fitting if each.networks is None or networks <= each.networks)
    return next(found, Validity(kind, 1))


def _activation(kind: ItemKind, networks: frozenset[str], terms: SaleTerms) -> dict[str, Any]:
    """What a ticket promises of its activation."""
    minutes = _validity(kind, networks, terms).use_min
    return {} if minutes is None else {"activation": True, "valid_min": minutes}


def _window(
    kind: ItemKind, networks: frozenset[str], legs: Sequence[Leg], since: datetime | None, terms: SaleTerms
) -> tuple[datetime | None, datetime | None]:
    days = _validity(kind, networks, terms).days
    start = since if since is not None else legs[0].departs_at
    first = rules.operating_day(start)
    end = _begins(first + timedelta(days=days))
    if legs and since is None:
        end = max(end, _begins(rules.operating_day(legs[-1].arrives_at) + timedelta(days=1)))
        start = min(start, _begins(first))
    return start, end - timedelta(seconds=1)


def _window_of(
    kind: ItemKind, product: str, tariff: Tariff, day: date, terms: SaleTerms
) -> tuple[datetime | None, datetime | None]:
    found = next((each for each in tariff.covers if each.id == product), None)
    if found is None:
        return _window(kind, frozenset(), (), datetime.combine(day, time(12), PARIS), terms)
    period = rules.span_from(found, day)
    last = period.first_day if period.last_day is None else period.last_day
    return _begins(period.first_day), _begins(last + timedelta(days=1)) - timedelta(seconds=1)


def _begins(day: date) -> datetime:
    return datetime.combine(day, DAY_BEGINS, PARIS)


def _leg(named: NamedLeg) -> dict[str, Any]:
    leg = named.leg
    return {
        "network": leg.network, "from": leg.from_stop, "to": leg.to_stop, "from_name": named.from_name,
        "to_name": named.to_name, "departs_at": leg.departs_at.isoformat(), "arrives_at": leg.arrives_at.isoformat(),
        "distance_m": leg.distance_m,
    }  # fmt: skip


def _hash_of(tariff: Tariff) -> str:
    """Names the exact versions a price rests on."""
    import hashlib

    return hashlib.sha256("\n".join(sorted(each.hash for each in tariff.versions)).encode()).hexdigest()


def _unknown(reasons: Sequence[Decision]) -> Refused:
    """Why nothing is sold: the engine's own reason, else that the fare is not known."""
    if reasons:
        return Refused(reasons[0].code, **reasons[0].params)
    return Refused("billettique.fare_unknown")


def total(offers: Sequence[Offer]) -> Money:
    """What several offers cost together."""
    return sum((each.gross for each in offers), ZERO)
