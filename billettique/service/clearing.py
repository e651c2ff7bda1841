"""The month's clearing: what the ledger says was earned, item by item, shared among those who carry.

The sum of the statements and of what is nobody's is the ledger's, to the cent, or nothing is written.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from billettique.gateway.clearing import conventions_on
from billettique.model.clearing import Share, Sold
from billettique.rules import clearing as rules
from billettique.service.books import sales_account
from billettique.store import clearing as store
from billettique.store import invoices, usage
from billettique.store.clearing import StatementRow
from billettique.store.orders import ItemRow
from mobigo.base.errors import NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra.clock import new_id
from mobigo.ledger import service as ledger

_PAGE: Final = 300


@dataclass(frozen=True, slots=True)
class Cleared:
    """The shares of a month, and what they come from."""

    shares: tuple[Share, ...]
    products: Mapping[str, str]  # by item
    source: str
    names: Mapping[str, str]  # of parties

    @property
    def unshared(self) -> Money:
        """What nobody could be named for."""
        return rules.by_party(self.shares).get(None, ZERO)


def month_of(first_day: date, session: Session, network_of: Mapping[str, str], home: Path | None) -> Cleared:
    """The shares of the month that begins on `first_day`. `network_of`: the network of each line that is validated on.

    Raises NotFound("billettique.no_conventions"), AssertionError when the shares do not add up to the ledger.
    """
    last_day = (first_day + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    conventions = conventions_on(first_day, home)
    earned = _earned(session, first_day, last_day)
    sold = _sold(session, earned)
    used: dict[tuple[str, str], int] = defaultdict(int)
    for (product, line), count in usage.uses_by(session, first_day, last_day, "product", "line").items():
        if line in network_of:
            used[product, network_of[line]] += count
    found = rules.shares(sold, conventions, used)
    if sum((each.net for each in found), ZERO) != sum(earned.values(), ZERO):
        raise AssertionError("the shares of a month do not add up to the ledger")
    return Cleared(tuple(found), {each.item: each.product for each in sold}, conventions.source, conventions.names)


def by_party(cleared: Cleared) -> dict[str | None, Money]:
    """What each party earns of a month; under None what nobody could be named for."""
    return rules.by_party(cleared.shares)


def close_month(
    session: Session, first_day: date, network_of: Mapping[str, str], home: Path | None, now: datetime
) -> list[StatementRow]:
    """Write the statements of a month that is over; those that are there already are given back as they are.

    Raises Refused("billettique.month_not_over") and what `month_of` raises.
    """
    if paris_day(now) < (first_day + timedelta(days=32)).replace(day=1):
        raise Refused("billettique.month_not_over", month=f"{first_day:%Y-%m}")
    known = store.statements_of(session, f"{first_day:%Y-%m}")
    if known:
        return known
    cleared = month_of(first_day, session, network_of, home)
    lines: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for share in cleared.shares:
        if share.party is not None:
            lines[share.party][cleared.products[share.item]] += share.net.cents
    for party in sorted(lines):
        row = StatementRow(
            id=new_id(now), party=party, number=invoices.take_number(session, f"CLR-{party}"[:20]),
            month=f"{first_day:%Y-%m}", net_cents=sum(lines[party].values()),
            lines=[{"product": product, "net": cents} for product, cents in sorted(lines[party].items())],
            source=cleared.source[:300], made_at=now,
        )  # fmt: skip
        session.add(row)
    session.flush()
    return store.statements_of(session, f"{first_day:%Y-%m}")


def _earned(session: Session, first_day: date, last_day: date) -> dict[str, Money]:
    """By item, what the ledger moved on the sellers' accounts between two days in France."""
    amounts: dict[str, Money] = {}
    for seller in session.scalars(select(ItemRow.seller).distinct().order_by(ItemRow.seller)):
        account = sales_account(seller)
        try:
            entries = list(ledger.entries(session, account))
        except NotFound:
            continue
        for posted in entries:
            moved = posted.transfer
            if first_day <= paris_day(moved.happened_at) <= last_day:
                signed = posted.amount if moved.credit == account else -posted.amount
                amounts[moved.ref] = amounts.get(moved.ref, ZERO) + signed
    return amounts


def _sold(session: Session, earned: Mapping[str, Money]) -> list[Sold]:
    names = sorted(earned)
    found: dict[str, ItemRow] = {}
    for start in range(0, len(names), _PAGE):
        asked = select(ItemRow).where(ItemRow.id.in_(names[start : start + _PAGE]))
        found |= {row.id: row for row in session.scalars(asked)}
    return [_as_sold(found[name], earned[name]) for name in names]


def _as_sold(item: ItemRow, net: Money) -> Sold:
    metres: dict[str, int] = defaultdict(int)
    for leg in item.promised.get("legs", ()):
        if leg.get("network") and leg.get("distance_m"):
            metres[leg["network"]] += int(leg["distance_m"])
    return Sold(item.id, item.product, net, dict(metres), tuple(item.promised.get("networks", ())))
