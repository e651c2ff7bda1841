"""From the way found to lines a person can read: each amount with its reason, adding up to the total."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from billettique.engine.ways import Instance, Ticket, Transfer, Way, pays, replaces
from billettique.model.fares import FareLeg, Leg
from billettique.model.tariffs import Cover, CoverKind, Discount, FareStep, Item, Quote
from billettique.rules import fares as rules
from mobigo.base.decisions import Decision
from mobigo.base.money import Money

if TYPE_CHECKING:
    from billettique.engine.compiled import Compiled, Span


Ends = dict[str, Any]  # from_stop, to_stop


class RiderWay(NamedTuple):
    """The way of one rider, by position in the party."""

    rider: int
    way: Way


class Shared(NamedTuple):
    """Riders who pay together, and what they buy together."""

    bought: tuple[Instance, ...]
    ways: Sequence[RiderWay]


def legs_of(last: Way) -> list[Way]:
    """The ways to each leg of a way, from the first."""
    found = []
    way: Way | None = last
    while way is not None and way[3] is not None:
        found.append(way)
        way = way[2]
    return found[::-1]


@lru_cache(maxsize=4096)
def money(cents: int) -> Money:
    return Money(cents)


def quote(
    compiled: "Compiled", journeys: Sequence[Sequence[Leg]], groups: Sequence[Shared] | None, stuck: "Span | None"
) -> Quote:
    """The answer of the search as a quote."""
    if groups is None:
        return Quote(None, unknown=tuple(unknown(compiled, journeys, stuck)))
    lines = _Lines(compiled, journeys)
    covers = compiled.tariff.covers
    for group in groups:
        everybody = tuple(sorted(rider for rider, _ in group.ways))
        for bought in group.bought:
            cover = covers[bought[0]]
            lines.items.append(Item(cover.kind.value, cover.id, cover.name, cover.cents, everybody))
            lines.add("shared", everybody, cover.cents, _said_bought(cover, bought))
        for rider, way in sorted(group.ways, key=_rider):
            for leg in legs_of(way):
                lines.explain(leg, (rider,))
    return Quote(money(total_cents(compiled, groups)), tuple(lines.items), tuple(lines.steps))


def _rider(way: RiderWay) -> int:
    return way.rider


def total_cents(compiled: "Compiled", groups: Sequence[Shared]) -> int:
    """What all groups pay, from the search itself: the lines must add up to it."""
    covers = compiled.tariff.covers
    return sum(
        sum(covers[bought[0]].cents for bought in group.bought) + sum(each.way[0] for each in group.ways)
        for group in groups
    )


def unknown(compiled: "Compiled", journeys: Sequence[Sequence[Leg]], stuck: "Span | None") -> Iterator[Decision]:
    """Why a fare is unknown."""
    if stuck is None:
        return
    journey = journeys[stuck.journey]
    leg = compiled.joined(journey, stuck.first, stuck.last)
    ends = {"from_stop": leg.from_stop, "to_stop": leg.to_stop}
    border = rules.border_of(leg, compiled.tariff.borders, compiled.tables)
    if border is not None:
        yield Decision("billettique.border_other_tariff", **ends, border=border.stop)
    elif leg.distance_m is None and any(leg.networks == {band.network} for band in compiled.tariff.bands):
        yield Decision("billettique.unknown_fare_distance", **ends)
    elif (lost := _in_no_area(compiled, leg)) is not None:
        yield Decision("billettique.unknown_fare_zone", **ends, stop=lost)
    else:
        yield Decision("billettique.unknown_fare", **ends)


def _in_no_area(compiled: "Compiled", leg: FareLeg) -> str | None:
    """The end of a leg that no table puts in an area, where its networks are priced by areas alone."""
    mine = compiled.tables_of(leg.networks).leg_rules
    if not mine or any(rule.from_area is None and rule.to_area is None for rule in mine):
        return None
    return next((stop for stop in (leg.from_stop, leg.to_stop) if not compiled.areas_of(stop)), None)


class _Lines:
    """Lines and things to buy, as they are read off the ways."""

    def __init__(self, compiled: "Compiled", journeys: Sequence[Sequence[Leg]]) -> None:
        self.compiled, self.journeys = compiled, journeys
        self.after_cents = 0
        self.steps: list[FareStep] = []
        self.items: list[Item] = []

    def add(self, kind: str, riders: tuple[int, ...], cents: int, reason: Decision) -> None:
        self.after_cents += cents
        self.steps.append(FareStep(kind, riders, money(cents), money(self.after_cents), reason))

    def explain(self, way: Way, riders: tuple[int, ...]) -> None:
        """The lines of the last leg of a way, and what is bought for it."""
        _, _, before, span, ticket, transfer, bought = way
        if span is None or ticket is None:
            return
        journey = self.journeys[span.journey]
        ends = {"from_stop": journey[span.first].from_stop, "to_stop": journey[span.last].to_stop}
        if bought is not None or ticket.opened:
            self._bought(ticket, bought, riders)
        if replaces(way) and before is not None and before[4] is not None:
            self._withdraw(before[4], ends, riders)
        if ticket.option is None:
            if ticket.cover is not None:
                self.add("covered", riders, 0, Decision("billettique.step_covered", **ends, cover=ticket.cover.name))
        elif ticket.kind == "capped":
            self._capped(way, ticket, transfer, ends, riders)
        else:
            if transfer is not None:
                self._transfer(transfer, ends, riders)
            if transfer is None or transfer.pays:
                self._ticket(ticket, ends, riders)

    def _bought(self, ticket: Ticket, bought: Instance | None, riders: tuple[int, ...]) -> None:
        cover, carnet = ticket.cover, ticket.carnet
        if bought is not None and cover is not None:
            self.add(cover.kind.value, riders, cover.cents, _said_bought(cover, bought))
            if cover.kind is not CoverKind.CAP:
                self.items.append(Item(cover.kind.value, cover.id, cover.name, cover.cents, riders))
        if ticket.opened and carnet is not None:
            said = Decision("billettique.step_carnet", carnet=carnet.name, amount=money(carnet.cents))
            self.add("carnet", riders, carnet.cents, said)
            self.items.append(Item("carnet", carnet.id, carnet.name, carnet.cents, riders))

    def _withdraw(self, ticket: Ticket, ends: Ends, riders: tuple[int, ...]) -> None:
        """Take back the ticket that a transfer replaces."""
        paid = ticket.cents
        self.add("replaced", riders, -paid, Decision("billettique.step_replaced", **ends, amount=money(paid)))
        if ticket.kind in ("ticket", "capped"):
            for at in range(len(self.items) - 1, -1, -1):
                if self.items[at].kind == "ticket" and self.items[at].riders == riders:
                    del self.items[at]
                    return

    def _capped(self, way: Way, ticket: Ticket, transfer: Transfer | None, ends: Ends, riders: tuple[int, ...]) -> None:
        cap = "" if ticket.cover is None else ticket.cover.name
        self.add("capped", riders, 0, Decision("billettique.step_capped", **ends, cap=cap))
        if transfer is not None and transfer.rule.product is not None:
            self._item("transfer", transfer.rule.product, 0, riders)
        if ticket.option is not None and pays(way):
            self._item("ticket", ticket.option.product, 0, riders)

    def _transfer(self, transfer: Transfer, ends: Ends, riders: tuple[int, ...]) -> None:
        product = transfer.rule.product
        if product is None:
            self.add("transfer", riders, 0, Decision("billettique.step_free_transfer", **ends))
            return
        name = self.compiled.names.get(product, product)
        said = Decision("billettique.step_transfer", **ends, ticket=name, amount=money(transfer.cents))
        self.add("transfer", riders, transfer.cents, said)
        self._item("transfer", product, transfer.cents, riders)

    def _ticket(self, ticket: Ticket, ends: Ends, riders: tuple[int, ...]) -> None:
        option = ticket.option
        if option is None:
            return
        if ticket.kind == "unit":
            carnet = "" if ticket.carnet is None else ticket.carnet.name
            self.add("unit", riders, 0, Decision("billettique.step_unit", **ends, carnet=carnet))
            return
        name = self.compiled.names.get(option.product, option.product)
        full = option.full_cents
        if any(ends.values()):
            said = Decision("billettique.step_ticket", **ends, ticket=name, amount=money(full))
        else:  # sold for no journey in particular
            said = Decision("billettique.step_ticket_alone", ticket=name, amount=money(full))
        self.add("ticket", riders, full, said)
        if ticket.discount is not None and ticket.cents != full:
            self.add("discount", riders, ticket.cents - full, _said_discount(ticket.discount, ticket.cents))
        self.items.append(Item("ticket", option.product, name, ticket.cents, riders))

    def _item(self, kind: str, product: str, cents: int, riders: tuple[int, ...]) -> None:
        self.items.append(Item(kind, product, self.compiled.names.get(product, product), cents, riders))


BOUGHT: Final = {
    CoverKind.PASS: "billettique.step_pass",
    CoverKind.CARD: "billettique.step_card",
    CoverKind.CAP: "billettique.step_cap",
}


def _said_bought(cover: Cover, instance: Instance) -> Decision:
    first, last = date.fromordinal(instance[1]), date.fromordinal(instance[2])
    return Decision(BOUGHT[cover.kind], cover=cover.name, amount=money(cover.cents), first_day=first, last_day=last)


def _said_discount(discount: Discount, cents: int) -> Decision:
    if discount.pct is None:
        return Decision("billettique.step_flat", discount=discount.name, amount=money(cents))
    return Decision("billettique.step_discount", discount=discount.name, pct=discount.pct, amount=money(cents))
