"""Whoever has no internet buys the same titles at the same price, on each day on which a price changes."""

import tomllib
from datetime import UTC, date, datetime, time

import pytest

from billettique.gateway.fares import DATA
from billettique.model.orders import Channel
from billettique.service import shelf
from billettique.service.shelf import Shelf

FIRST_DAYS = sorted(
    {tomllib.loads(path.read_text(encoding="utf-8"))["first_day"] for path in (DATA / "fares").glob("*.toml")}
)
ASSISTED = (Channel.COUNTER, Channel.PHONE, Channel.POST)


def titles(found: Shelf) -> dict[str, int]:
    """What may be bought, and its price in cents."""
    products = {f"ticket {each.id}": each.amount for each in found.tickets}
    return products | {f"{type(each).__name__} {each.id}": each.cents for each in (*found.carnets, *found.covers)}


@pytest.mark.parametrize("channel", ASSISTED)
@pytest.mark.parametrize("day", FIRST_DAYS)
def test_what_is_sold_online_is_sold_by_an_agent_at_the_same_price(day: date, channel: Channel) -> None:
    online, assisted = (titles(shelf.on_sale(day, None, each)) for each in (Channel.ONLINE, channel))
    assert online.items() <= assisted.items()


@pytest.mark.parametrize("channel", ASSISTED)
def test_a_ticket_costs_the_same_whoever_sells_it(channel: Channel) -> None:
    at = datetime.combine(FIRST_DAYS[-1], time(12), UTC)
    for product in shelf.on_sale(at.date(), None, Channel.ONLINE).tickets:
        prices = [
            shelf.total(shelf.flat_tickets(product.id, ("adulte",), None, each, at))
            for each in (Channel.ONLINE, channel)
        ]
        assert prices[0] == prices[1], product.id


def test_something_is_sold_online_at_all() -> None:
    assert titles(shelf.on_sale(FIRST_DAYS[-1], None, Channel.ONLINE))
