"""From the way found to lines a person can read: each amount with its reason, adding up to the total."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from billettique.model.fares import Leg, TransferKind, TransferRule
from billettique.model.tariffs import Ask, Carnet, Cover, CoverKind, Discount, FareStep, Item, Quote
from billettique.rules import fares as rules
from mobigo.base.decisions import Decision
from mobigo.base.money import Money

if TYPE_CHECKING:
    from billettique.engine.cheapest import Best, Compiled, Option, Span


Instance = tuple[int, int, int]  # (cover, first operating day, last)


class Node(NamedTuple):
    """How one leg is paid, after the way to it (`before`). `kind`: ticket, unit, covered or capped. `cents`: paid for
    the ticket; `extra`: the price of the transfer; `pays`: whether the leg's own ticket is needed at all. `bought`: the
    cover bought for it; `opened`: its carnet was."""

    before: "Node | None"
    span: "Span"
    kind: str
    option: "Option | None" = None
    rule: TransferRule | None = None
    extra: int = 0
    cents: int = 0
    pays: bool = True
    discount: Discount | None = None
    cover: Cover | None = None
    carnet: Carnet | None = None
    bought: Instance | None = None
    opened: bool = False


class Way(NamedTuple):
    """The way of one rider, by position in the party."""

    rider: int
    best: "Best"


class Shared(NamedTuple):
    """Riders who pay together, and what they buy together."""

    bought: tuple[Instance, ...]
    ways: Sequence[Way]


def nodes(last: Node | None) -> list[Node]:
    """The legs of a way, from the first."""
    found = []
    while last is not None:
        found.append(last)
        last = last.before
    return found[::-1]


def names(last: Node | None) -> list[str]:
    """The names of what a way buys, from the last leg back: what settles a tie."""
    found: list[str] = []
    while last is not None:
        if last.pays and last.option is not None and last.kind in ("ticket", "capped"):
            found.append(last.option.product)
        if last.rule is not None and last.rule.product is not None and last.kind != "covered":
            found.append(last.rule.product)
        if last.bought is not None and last.cover is not None:
            found.append(last.cover.id)
        if last.opened and last.carnet is not None:
            found.append(last.carnet.id)
        last = last.before
    return found


def quote(
    compiled: "Compiled",
    ask: Ask,
    journeys: Sequence[Sequence[Leg]],
    groups: Sequence[Shared] | None,
    stuck: "Span | None",
) -> Quote:
    """The answer of the search as a quote."""
    if groups is None:
        return Quote(None, unknown=tuple(unknown(compiled, journeys, stuck)))
    lines = _Lines()
    items: list[Item] = []
    covers = compiled.tariff.covers
    for group in groups:
        everybody = tuple(sorted(way.rider for way in group.ways))
        for bought in group.bought:
            cover = covers[bought[0]]
            items.append(Item(cover.kind.value, cover.id, cover.name, cover.cents, everybody))
            lines.add("shared", everybody, cover.cents, _said_bought(cover, bought))
        for way in sorted(group.ways):
            for node in nodes(way.best[2]):
                _explain(compiled, journeys, node, (way.rider,), lines)
                mine = _items(node, (way.rider,), compiled.names)
                if _replaces(node):
                    _withdraw(items, node, way.rider)
                items += mine
    return Quote(Money(total_cents(compiled, groups)), tuple(items), tuple(lines.steps))


def total_cents(compiled: "Compiled", groups: Sequence[Shared]) -> int:
    """What all groups pay, from the search itself: the lines must add up to it."""
    covers = compiled.tariff.covers
    return sum(
        sum(covers[bought[0]].cents for bought in group.bought) + sum(way.best[0] for way in group.ways)
        for group in groups
    )


def unknown(compiled: "Compiled", journeys: Sequence[Sequence[Leg]], stuck: "Span | None") -> Iterator[Decision]:
    """Why a fare is unknown."""
    if stuck is None:
        return
    journey = journeys[stuck.journey]
    leg = rules.joined(journey, stuck.first, stuck.last)
    border = rules.border_of(leg, compiled.tariff.borders, compiled.tables)
    if border is not None:
        yield Decision("billettique.border_other_tariff", **_ends(leg.from_stop, leg.to_stop), border=border.stop)
    elif leg.distance_m is None and any(leg.networks == {band.network} for band in compiled.tariff.bands):
        yield Decision("billettique.unknown_fare_distance", **_ends(leg.from_stop, leg.to_stop))
    else:
        yield Decision("billettique.unknown_fare", **_ends(leg.from_stop, leg.to_stop))


class _Lines:
    def __init__(self) -> None:
        self.after_cents = 0
        self.steps: list[FareStep] = []

    def add(self, kind: str, riders: tuple[int, ...], cents: int, reason: Decision) -> None:
        self.after_cents += cents
        self.steps.append(FareStep(kind, riders, Money(cents), Money(self.after_cents), reason))


def _ends(from_stop: str, to_stop: str) -> dict[str, Any]:
    return {"from_stop": from_stop, "to_stop": to_stop}


def _explain(
    compiled: "Compiled", journeys: Sequence[Sequence[Leg]], node: Node, riders: tuple[int, ...], lines: _Lines
) -> None:
    journey = journeys[node.span.journey]
    ends = _ends(journey[node.span.first].from_stop, journey[node.span.last].to_stop)
    if node.bought is not None and node.cover is not None:
        lines.add(node.cover.kind.value, riders, node.cover.cents, _said_bought(node.cover, node.bought))
    if node.opened and node.carnet is not None:
        price = Money(node.carnet.cents)
        said = Decision("billettique.step_carnet", carnet=node.carnet.name, amount=price)
        lines.add("carnet", riders, node.carnet.cents, said)
    if node.kind == "covered" and node.cover is not None:
        lines.add("covered", riders, 0, Decision("billettique.step_covered", **ends, cover=node.cover.name))
        return
    option = node.option
    if option is None:
        return
    name = compiled.names.get(option.product, option.product)
    if _replaces(node) and node.before is not None:
        paid = _own_cents(node.before)
        lines.add("replaced", riders, -paid, Decision("billettique.step_replaced", **ends, amount=Money(paid)))
    if node.kind == "capped" and node.cover is not None:
        lines.add("capped", riders, 0, Decision("billettique.step_capped", **ends, cap=node.cover.name))
        return
    if node.rule is not None:
        _explain_transfer(compiled, node, riders, ends, lines)
    if not node.pays:
        return
    if node.kind == "unit" and node.carnet is not None:
        lines.add("unit", riders, 0, Decision("billettique.step_unit", **ends, carnet=node.carnet.name))
        return
    full = Money(option.full_cents)
    lines.add(
        "ticket", riders, option.full_cents, Decision("billettique.step_ticket", **ends, ticket=name, amount=full)
    )
    discount = node.discount or option.discount
    if discount is not None and node.cents != option.full_cents:
        lines.add("discount", riders, node.cents - option.full_cents, _said_discount(discount, node.cents))


def _explain_transfer(
    compiled: "Compiled", node: Node, riders: tuple[int, ...], ends: dict[str, Any], lines: _Lines
) -> None:
    rule = node.rule
    if rule is None:
        return
    if rule.product is None:
        lines.add("transfer", riders, 0, Decision("billettique.step_free_transfer", **ends))
    else:
        name = compiled.names.get(rule.product, rule.product)
        said = Decision("billettique.step_transfer", **ends, ticket=name, amount=Money(node.extra))
        lines.add("transfer", riders, node.extra, said)


def _replaces(node: Node) -> bool:
    """Whether the transfer to a leg replaces the ticket of the leg before."""
    return (
        node.rule is not None
        and node.rule.kind is TransferKind.TRANSFER_ALONE
        and node.before is not None
        and node.before.rule is None
    )


def _own_cents(node: Node) -> int:
    return 0 if node.kind in ("capped", "unit", "covered") else node.cents


BOUGHT: Final = {
    CoverKind.PASS: "billettique.step_pass",
    CoverKind.CARD: "billettique.step_card",
    CoverKind.CAP: "billettique.step_cap",
}


def _said_bought(cover: Cover, instance: Instance) -> Decision:
    first, last = date.fromordinal(instance[1]), date.fromordinal(instance[2])
    return Decision(BOUGHT[cover.kind], cover=cover.name, amount=Money(cover.cents), first_day=first, last_day=last)


def _said_discount(discount: Discount, cents: int) -> Decision:
    if discount.pct is None:
        return Decision("billettique.step_flat", discount=discount.name, amount=Money(cents))
    return Decision("billettique.step_discount", discount=discount.name, pct=discount.pct, amount=Money(cents))


def _items(node: Node, riders: tuple[int, ...], called: dict[str, str]) -> Iterator[Item]:
    """What is bought for one leg."""
    cover, carnet = node.cover, node.carnet
    if node.bought is not None and cover is not None and cover.kind is not CoverKind.CAP:
        yield Item(cover.kind.value, cover.id, cover.name, cover.cents, riders)
    if node.opened and carnet is not None:
        yield Item("carnet", carnet.id, carnet.name, carnet.cents, riders)
    if node.rule is not None and node.rule.product is not None and node.kind != "covered":
        extra = 0 if node.kind == "capped" else node.extra
        yield Item("transfer", node.rule.product, called.get(node.rule.product, node.rule.product), extra, riders)
    if node.option is not None and node.pays and node.kind in ("ticket", "capped"):
        cents = 0 if node.kind == "capped" else node.cents
        yield Item("ticket", node.option.product, called.get(node.option.product, node.option.product), cents, riders)


def _withdraw(items: list[Item], node: Node, rider: int) -> None:
    """Take back the ticket that a transfer replaced."""
    for at in range(len(items) - 1, -1, -1):
        if items[at].kind == "ticket" and items[at].riders == (rider,):
            if node.before is not None and node.before.kind in ("ticket", "capped"):
                del items[at]
            return
