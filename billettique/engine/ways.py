"""A way to pay: what was chosen for each leg, as links back from the last one, and which of two ways is the better.

Ways are bare tuples, made by the million; the names of their places are below.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from billettique.model.fares import TransferKind, TransferRule
from billettique.model.tariffs import Carnet, Cover, Discount

if TYPE_CHECKING:
    from billettique.engine.compiled import Span

NO_LIMIT: Final = 1 << 30

Instance = tuple[int, int, int]  # (cover, first operating day, last)


class Option(NamedTuple):
    """A ticket for a leg: its leg group, its price, and its price with each card."""

    group: str | None
    product: str
    cents: int
    full_cents: int
    discount: Discount | None
    with_cards: tuple[tuple[int, int, Discount], ...]  # (cover, cents, discount): lower than without
    carnets: tuple[int, ...]
    leads: bool  # whether a transfer may start from its group


class Ticket(NamedTuple):
    """How a leg is paid. `kind`: ticket, unit (of a carnet), covered (by a pass, `option` None) or capped. `cents`:
    paid for it; `counted`: things bought."""

    kind: str
    option: Option | None
    cents: int
    counted: int
    discount: Discount | None = None
    cover: Cover | None = None
    carnet: Carnet | None = None
    opened: bool = False  # its carnet is bought for it


class Transfer(NamedTuple):
    """A transfer rule at the price of a profile. `pays`: the leg's own ticket is needed beside it."""

    rule: TransferRule
    limit: int
    cents: int
    items: int
    pays: bool


# (cents, things bought, the way before, its leg, its ticket, the transfer to it, the cover bought for it)
Way = tuple[int, int, "Way | None", "Span | None", "Ticket | None", Transfer | None, Instance | None]
START: Final[Way] = (0, 0, None, None, None, None, None)


def pays(way: Way) -> bool:
    """Whether the ticket of the last leg is needed at all, or the transfer stands for it."""
    return way[5] is None or way[5].pays


def replaces(way: Way) -> bool:
    """Whether the transfer to the last leg replaces the ticket of the leg before."""
    transfer, before = way[5], way[2]
    return (
        transfer is not None
        and transfer.rule.kind is TransferKind.TRANSFER_ALONE
        and before is not None
        and before[5] is None
    )


def names(way: Way | None) -> list[str]:
    """The names of what a way buys, from the last leg back: what settles a tie."""
    found: list[str] = []
    while way is not None and way[4] is not None:
        ticket, transfer = way[4], way[5]
        if ticket.option is not None and ticket.kind != "unit" and (transfer is None or transfer.pays):
            found.append(ticket.option.product)
        if transfer is not None and transfer.rule.product is not None:
            found.append(transfer.rule.product)
        if way[6] is not None and ticket.cover is not None:
            found.append(ticket.cover.id)
        if ticket.opened and ticket.carnet is not None:
            found.append(ticket.carnet.id)
        way = way[2]
    return found


def is_better(way: Way, known: Way) -> bool:
    """Cheaper; else fewer things to buy; else, of the same number, the first by their names."""
    if way[0] != known[0]:
        return way[0] < known[0]
    if way[1] != known[1]:
        return way[1] < known[1]
    return names(way) < names(known)


def keep(ways: dict[Any, Way], key: Any, way: Way) -> None:
    """Remember a way to a state, unless a better one is known."""
    known = ways.get(key)
    if known is None or is_better(way, known):
        ways[key] = way


def best_of(ways: Iterable[Way]) -> Way:
    """The best of the ways there are."""
    every = iter(ways)
    best = next(every)
    for way in every:
        if is_better(way, best):
            best = way
    return best
