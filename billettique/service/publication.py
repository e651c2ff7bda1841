"""Ticketing's tables for publication, gathered from what is stored: exact rows, to be reduced before they leave."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from billettique.export.opendata import Sold, Use, datasets
from billettique.gateway.fares import tariff_on
from billettique.gateway.points_of_sale import points_of_sale
from billettique.model.orders import ItemState
from billettique.service.usage import last_day
from billettique.store import usage as store
from billettique.store.orders import ItemRow, OrderRow
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money

if TYPE_CHECKING:
    from mobigo.base.datasets import Dataset


def month_tables(session: Session, month: date, home: Path) -> "Sequence[Dataset]":
    """The tables of the month that begins on this day; fares are those of its last day."""
    last = last_day(month)
    cells = store.uses_by(session, month, last, "day", "line", "stop", "hour", "product", "channel")
    flows = {(row.month, row.part, row.from_stop, row.to_stop): row.count for row in store.flows(session, month)}
    return datasets(
        tariff_on(last, home),
        points_of_sale(home),
        [
            Use(day, line, stop, hour, product, channel, count)
            for (day, line, stop, hour, product, channel), count in cells.items()
        ],
        flows,
        sales_of(session, month),
    )


def sales_of(session: Session, month: date) -> list[Sold]:
    """What was sold in a month and is not given back, by product and channel; the day of a sale is that in France of
    the instant at which its order was placed."""
    last = last_day(month)
    asked = (
        select(ItemRow, OrderRow.channel, OrderRow.placed_at)
        .join(OrderRow, OrderRow.id == ItemRow.order_id)
        .where(ItemRow.state == str(ItemState.FULFILLED), OrderRow.placed_at.is_not(None))
    )
    cells: dict[tuple[str, str], tuple[int, Money]] = {}
    for item, channel, placed_at in session.execute(asked).all():
        if placed_at is not None and month <= paris_day(placed_at) <= last:
            items, gross = cells.get((item.product, channel), (0, ZERO))
            cells[item.product, channel] = (items + 1, gross + item.price)
    return [Sold(month, product, channel, items, gross) for (product, channel), (items, gross) in cells.items()]
