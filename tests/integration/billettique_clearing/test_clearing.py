"""The month's statements are the ledger's, to the cent; numbered without a gap, written once."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from billettique.rules.clearing import by_party
from billettique.service import books, clearing, payment_refunds, payments, refunds
from mobigo.base.errors import Refused
from mobigo.base.instants import PARIS
from mobigo.base.money import ZERO, Money
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from tests.billettique_orders_world import Shop

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
LATER = datetime(2027, 1, 2, 9, 0, tzinfo=PARIS)


@pytest.fixture
def shop(engine: Engine, config: Config, monkeypatch: pytest.MonkeyPatch) -> Shop:
    settings = replace(
        config, environment="development", database_url=engine.url.render_as_string(hide_password=False),
        payments=("sim",),
    )  # fmt: skip
    for module in (payments, payment_refunds):
        monkeypatch.setattr(module, "wake", lambda *_given: False)
    return Shop(engine, settings)


def close(shop: Shop, month: date, now: datetime = LATER) -> list[tuple[str, int, int]]:
    with transaction(shop.engine) as session:
        return [
            (each.party, each.number, each.net_cents) for each in clearing.close_month(session, month, {}, None, now)
        ]


def test_the_statements_of_a_month_are_what_the_ledger_earned(shop: Shop) -> None:
    shop.buy(*shop.coach(("adulte",) * 3))
    with reading(shop.engine) as session:
        found = clearing.month_of(NOVEMBER, session, {}, None)
    assert by_party(found.shares) == {"region": Money(408)}  # 3 x 1,36 €
    assert found.unshared == ZERO
    assert close(shop, NOVEMBER) == [("region", 1, 408)]
    assert close(shop, NOVEMBER) == [("region", 1, 408)]  # once
    assert close(shop, DECEMBER) == []


def test_what_is_taken_back_later_is_of_the_later_month(shop: Shop) -> None:
    order = shop.buy()
    shop.now += timedelta(days=8)  # 4 December
    with transaction(shop.engine) as session:
        refunds.refund(session, shop.services, order, shop.items(order)[0].id, now=shop.now)
    shop.buy()
    assert close(shop, NOVEMBER) == [("region", 1, 136)]
    assert close(shop, DECEMBER) == [("region", 2, 0)]
    assert shop.balance(books.sales_account("mobigo")) == Money(136)


def test_a_month_that_is_not_over_is_not_closed(shop: Shop) -> None:
    shop.buy()
    with pytest.raises(Refused):
        close(shop, NOVEMBER, datetime(2026, 11, 30, 23, 59, tzinfo=PARIS))
    assert close(shop, NOVEMBER, datetime(2026, 12, 1, 0, 0, tzinfo=PARIS)) == [("region", 1, 136)]
