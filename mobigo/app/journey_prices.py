"""The join of the planner and the tariffs: the price of each journey, line by line, for the planner to show.

The planner declares what it asks (`mobigo.planner.model.Fares`); what is answered comes from `billettique`. Kilometres
of the tariff of trains are not in a timetable: where no table of the tariff gives them, a price by distance is shown
only when every distance that the line could have (from the flight of a crow to `WINDING` times it) gives the same.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from sqlalchemy.exc import SQLAlchemyError

from billettique.model.fares import Leg
from billettique.model.promotions import Line, Promotion
from billettique.model.tariffs import Ask, FareStep, Quote, Rider
from billettique.rules import promotions
from billettique.rules.fares import operating_day
from billettique.rules.networks import RAIL, WINDING, NetworkLines, mode_of, network_of, table_on
from mobigo.base.decisions import Decision
from mobigo.base.errors import MobigoError
from mobigo.base.geo import Point, distance_m
from mobigo.base.instants import PARIS
from mobigo.base.money import ZERO, Money
from mobigo.infra.db import reading
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import ANYBODY, FareKinds, Journey, Payer, Price, PriceLine, Ride
from mobigo.planner.rules.fare_table import FareTable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from billettique.model.sales import NamedLeg
    from billettique.service.quoting import Priced, Pricer
    from billettique.service.travellers import Rights
    from mobigo.infra.web import Services

_log = logging.getLogger(__name__)
ADULT: Final = Rider("adulte")
NOON: Final = time(12)
DAYS_RIDDEN_MAX: Final = timedelta(days=3)  # that a journey lasts, at most


class JourneyPrices:
    """Answers the planner from the tariff in force on the day of each journey."""

    def __init__(self, services: "Services") -> None:
        self._services = services

    def prices(
        self, network: LiveNetwork, journeys: Sequence[Journey], payer: Payer = ANYBODY
    ) -> Sequence[Price | None]:
        """What the payer still pays for each journey; None for those on foot all the way."""
        from billettique.service.quoting import Pricer

        pricer = Pricer(self._services.config.home)
        offers = _Offers(self._services.engine)
        try:
            payers = Payers(self._services.engine, pricer, payer, [each.depart_at for each in journeys])
            return [
                self._price(network, journey, pricer, offers, payers) if journey.rides else None for journey in journeys
            ]
        except SQLAlchemyError:
            # The way is found without the database; what it costs is not, and that is said.
            _log.exception("prices could not be read")
            unread = Price(None, why_unknown=(Decision("billettique.fares_unreachable"),))
            return [unread if journey.rides else None for journey in journeys]

    def bought(self, network: LiveNetwork, journey: Journey, payer: Payer) -> str:
        """The page of the order with which the payer's account bought a journey; "" for none, or nobody signed in."""
        from billettique.service.baskets import secret_of
        from billettique.store.orders import bought_by, link_of

        if payer.subject is None or not journey.rides:
            return ""
        named = tuple(legs_of(network, journey, self._networks(network, journey.depart_at.date())[1]))
        wanted = [(each.leg.from_stop, each.leg.to_stop, each.leg.departs_at) for each in named]
        around = DAYS_RIDDEN_MAX
        with reading(self._services.engine) as session:
            for item in bought_by(session, payer.subject, journey.depart_at - around, journey.depart_at + around):
                legs = item.promised.get("legs", ())
                if wanted == [(leg["from"], leg["to"], datetime.fromisoformat(leg["departs_at"])) for leg in legs]:
                    secret = secret_of(self._services.config, item.order_id, link_of(session, item.order_id))
                    return f"/achats/commandes/{item.order_id}/{secret}"
        return ""

    def kinds(self, day: date) -> FareKinds:
        """Kinds of riders, passes, cards and proofs of the tariff of a day; nothing where it cannot be read."""
        from billettique.service.quoting import Pricer
        from billettique.service.travellers import kinds_of

        try:
            riders, holds, proofs = kinds_of(Pricer(self._services.config.home).compiled_on(day).tariff)
        except (MobigoError, SQLAlchemyError):
            _log.exception("the tariff of a day could not be read")
            return FareKinds()
        return FareKinds(riders, holds, proofs)

    def _price(
        self, network: LiveNetwork, journey: Journey, pricer: "Pricer", offers: "_Offers", payers: "Payers"
    ) -> Price:
        of_route = self._networks(network, journey.depart_at.date())[1]
        named = tuple(legs_of(network, journey, of_route))
        try:
            mine = payers.rights([each.leg for each in named])
            near = pricer.quote(Ask((tuple(each.leg for each in named),), (mine.rider,)))
            far = near
            if near.quote.total is not None and any(each.leg.distance_m is not None for each in named):
                longer = tuple(_longer(each.leg) for each in named)
                far = pricer.quote(Ask((longer,), (mine.rider,)))
        except MobigoError as refused:
            return Price(None, why_unknown=(refused.decision,))
        return self._shown(named, near, far, offers, mine, payers.payer)

    def _shown(
        self, named: "Sequence[NamedLeg]", near: "Priced", far: "Priced", offers: "_Offers", mine: "Rights",
        payer: Payer,
    ) -> Price:  # fmt: skip
        total, most = near.quote.total, far.quote.total
        names = {each.leg.from_stop: each.from_name for each in named}
        names |= {each.leg.to_stop: each.to_name for each in named}
        notes = [*_about_tickets(near), *mine.said]
        if total is None:
            return Price(
                None, why_unknown=tuple(_in_names(each, names) for each in near.quote.unknown), notes=mine.said
            )
        if most is None:
            least = Decision("billettique.price_at_least", least=total)
            return Price(None, why_unknown=(least,), notes=tuple(notes))
        if most != total:
            both = Decision("billettique.price_by_unknown_km", least=total, most=most)
            return Price(None, why_unknown=(both,), notes=tuple(notes), between=(total, most))
        if near.estimated and total > ZERO:
            notes.append(Decision("billettique.km_estimated"))
        own = own_words(near.quote, mine)
        to_buy = bool(near.quote.items)
        if payer.proofs and to_buy:
            notes.append(Decision("billettique.proof_sold_at_counter"))
        token = self._token(named)
        return Price(
            total,
            tuple(_line(each, names) for each in near.quote.steps),
            notes=tuple(notes),
            offers=offers.on(named, near, mine.rider.category),
            buy="" if payer.proofs or not to_buy else f"/achats/trajet/{token}{_said(payer)}",
            compare=f"/tarifs/comparer/{token}{_have(payer)}",
            own=own,
        )

    def _token(self, named: "Sequence[NamedLeg]") -> str:
        from billettique.service.journeys import write_token

        return write_token(self._services.config, named)

    def table(self, network: LiveNetwork, day: date, payer: Payer = ANYBODY) -> FareTable | None:
        """The tariff of a day for the search; None where a table cannot say it, or where it cannot be read."""
        from billettique.service.quoting import Pricer
        from mobigo.app.fare_tables import table_of

        try:
            pricer = Pricer(self._services.config.home)
            mine = Payers(self._services.engine, pricer, payer, [datetime.combine(day, NOON, PARIS)])
            rider = mine.rights_on((day,)).rider
            return table_of(network, day, pricer.compiled_on(day), *self._networks(network, day), rider)
        except (MobigoError, SQLAlchemyError):
            _log.exception("the tariff of a day could not be made a table")  # its prices say why, beside the journeys
            return None

    def _networks(
        self, network: LiveNetwork, day: date
    ) -> tuple[tuple[NetworkLines, ...], tuple[NetworkLines | None, ...]]:
        """The networks of the tariff on a day, and that of each route of the timetable."""
        from billettique.gateway.networks import network_tables

        table = table_on(network_tables(self._services.config.home), day)
        since = date.min if table is None else table.first_day
        lines = () if table is None else table.networks
        return lines, network.derived(
            f"fares.networks.{since}",
            lambda timetable: tuple(
                network_of(
                    timetable.agency_name[int(timetable.route_agency[route])]
                    if int(timetable.route_agency[route]) >= 0
                    else "",
                    int(timetable.route_type[route]),
                    lines,
                )
                for route in range(len(timetable.route_id))
            ),
        )


class Payers:
    """One payer under the tariffs of some days: what their account holds is read once, and let go with this."""

    def __init__(self, engine: "Engine", pricer: "Pricer", payer: Payer, at: Sequence[datetime]) -> None:
        from billettique.service.travellers import ADULT, Owned, Traveller, owned_by

        self.payer = payer
        self._pricer = pricer
        self._who = Traveller(payer.category or ADULT, payer.holds, payer.proofs, payer.subject)
        self._owned = Owned()
        if payer.subject is not None and at:
            with reading(engine) as session:
                last = operating_day(max(at)) + DAYS_RIDDEN_MAX
                self._owned = owned_by(session, payer.subject, operating_day(min(at)), last)

    def rights(self, legs: Sequence[Leg]) -> "Rights":
        """What they hold and have paid, for one journey."""
        from billettique.service.travellers import days_of

        return self.rights_on(days_of(legs))

    def rights_on(self, days: Sequence[date]) -> "Rights":
        """The same, over operating days."""
        from billettique.service.travellers import Rights, rights

        if self.payer.is_anybody:
            return Rights(ADULT)
        return rights(self._pricer.compiled_on(min(days)).tariff, self._who, self._owned, days)


def own_words(quote: Quote, mine: "Rights") -> tuple[Decision, ...]:
    """What of a journey one's own passes cover, and which caps are reached: nothing where they change nothing."""
    bought = {each.name for each in quote.items}
    covers = {str(each.reason.params["cover"]) for each in quote.steps if each.kind == "covered"}
    own = sorted(each for each in covers if each in mine.mine and each not in bought)
    said: list[Decision] = []
    if own and not bought and quote.total == ZERO:
        said.append(Decision("billettique.covered_all", covers=", ".join(own)))
    elif own and quote.total is not None:
        said.append(Decision("billettique.covered_part", covers=", ".join(own), amount=quote.total))
    for step in quote.steps:
        if step.reason.code == "billettique.step_cap_reached":
            said.append(Decision("billettique.cap_reached", cap=step.reason.params["cover"]))
        elif step.reason.code == "billettique.step_cap_left":
            said.append(Decision("billettique.cap_reached_now", cap=step.reason.params["cover"], amount=step.amount))
    return tuple(said)


def _said(payer: Payer) -> str:
    """What the payer says of themselves, for the page that sells: never what their account holds."""
    fields = [("rider", payer.category)] if payer.category else []
    fields += [("hold", each) for each in payer.holds]
    return f"?{urlencode(fields)}" if fields else ""


def _have(payer: Payer) -> str:
    """The same for the page that compares, which asks for one thing held."""
    fields = [("rider", payer.category)] if payer.category else []
    fields += [("have", each) for each in payer.holds[:1]]
    return f"?{urlencode(fields)}" if fields else ""


class _Offers:
    """The offers that apply by themselves on a day, read once."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._rows: dict[date, list[tuple[Promotion, Money, int]]] = {}

    def on(self, named: "Sequence[NamedLeg]", priced: "Priced", rider: str | None) -> tuple[Decision, ...]:
        """What a journey would cost under the best of them; nothing where none applies or is left."""
        day = operating_day(named[0].leg.departs_at)
        networks = frozenset(each.leg.network for each in named if each.leg.network is not None)
        lines = [
            Line(each.id, networks, (rider or "adulte",), Money(each.cents))
            for each in priced.quote.items
            if each.cents
        ]
        total = priced.quote.total
        found = [
            reduced
            for promotion, spent, used in self._of(day)
            if (reduced := promotions.reduced(promotion, lines)).total > ZERO
            and promotions.refusal(promotion, day, spent, used, reduced.total, 0) is None
        ]
        best = promotions.best(found)
        if best is None or total is None:
            return ()
        return (
            Decision(
                "billettique.offer_applies", name=best.promotion.name, amount=total - best.total,
                last_day=best.promotion.period.last_day,
            ),
        )  # fmt: skip

    def _of(self, day: date) -> "list[tuple[Promotion, Money, int]]":
        if day not in self._rows:
            from billettique.store.promotions import in_force

            with reading(self._engine) as session:
                rows = in_force(session, day)
            self._rows[day] = [(row.value(), Money(row.spent_cents), row.used) for row in rows]
        return self._rows[day]


def legs_of(network: LiveNetwork, journey: Journey, networks: Sequence[NetworkLines | None]) -> "Iterator[NamedLeg]":
    """The rides of a journey as fare legs. A ride of no known network, of several, or beyond where its tariff holds, is
    of none: its fare is unknown."""
    from billettique.model.sales import NamedLeg
    from billettique.service.served_lines import uic_of

    timetable = network.timetable
    for ride in journey.rides:
        first, last = ride.visits[0].stop, ride.visits[-1].stop
        routes = {int(timetable.trip_route[trip]) for trip, _ in ride.trips}
        found = {networks[route] for route in routes}
        lines = found.pop() if len(found) == 1 else None
        ends = [
            (timetable.stop_name[stop], float(timetable.stop_lat[stop]), float(timetable.stop_lon[stop]))
            for stop in (first, last)
        ]
        if lines is not None and not all(lines.holds_at(*end) for end in ends):
            lines = None
        leg = Leg(
            None if lines is None else lines.id,
            station(network, first),
            station(network, last),
            ride.depart_at,
            ride.arrive_at,
            _crow_m(network, ride) if lines is not None and lines.by_distance else None,
        )
        rail = any(mode_of(int(timetable.route_type[route])) == RAIL for route in routes)
        uic = uic_of(timetable, first, rail), uic_of(timetable, last, rail)
        yield NamedLeg(leg, ends[0][0], ends[1][0], uic if all(uic) else None)


def _about_tickets(priced: "Priced") -> tuple[Decision, ...]:
    """What must be said of the tickets of a journey: a season ticket to be confirmed is no matter of one trip."""
    versions = (*priced.tariff.versions, *priced.tariff.waiting)
    titles = {
        each.title
        for each in versions
        if each.content is not None and (each.content.bands or each.content.tables.leg_rules)
    }
    return tuple(each for each in priced.said if each.params.get("title") in titles)


def station(network: LiveNetwork, stop: int) -> str:
    """Where fares are counted from: the station of a platform, by its stable place."""
    timetable = network.timetable
    parent = int(timetable.stop_parent[stop])
    return str(timetable.stop_place[parent if parent >= 0 else stop] or timetable.stop_name[stop])


def _crow_m(network: LiveNetwork, ride: Ride) -> int:
    """The straight lines from stop to stop: never more than the way itself."""
    timetable = network.timetable
    points = [Point(float(timetable.stop_lat[v.stop]), float(timetable.stop_lon[v.stop])) for v in ride.visits]
    return int(sum(distance_m(a, b) for a, b in pairwise(points)))


def _longer(leg: Leg) -> Leg:
    return leg if leg.distance_m is None else replace(leg, distance_m=int(leg.distance_m * WINDING))


def _line(step: FareStep, names: dict[str, str]) -> PriceLine:
    return PriceLine(step.amount, _in_names(step.reason, names))


def _in_names(reason: Decision, names: dict[str, str]) -> Decision:
    """A reason with the names of its stops, for people."""
    params = dict(reason.params)
    for end in ("from_stop", "to_stop", "border", "stop"):
        if end in params:
            params[end] = names.get(str(params[end]), params[end])
    return Decision(reason.code, **params)
