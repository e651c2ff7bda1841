"""Exchanges at the counter: for a title that costs no more, the difference out of the advance; else told, undone."""

from dataclasses import replace

import pytest

from billettique.model.orders import ItemState, Offer
from billettique.service import cash, counter, regie_state
from billettique.service.counter import Back, Sale
from billettique.store import cash as store
from mobigo.base.errors import Refused
from mobigo.base.money import Money
from mobigo.infra.db import reading, transaction
from tests.integration.billettique_counter.conftest import AGENT, REGIE, Desk


def held(desk: Desk) -> tuple[int, int]:
    """(cash taken, advance used) by the rows, which are the ledger's too."""
    with reading(desk.engine) as session:
        row = store.find_regie(session, REGIE)
        regie_state.check(session, REGIE)
        assert row is not None
        return row.cash_cents, row.advance_used_cents


def close(desk: Desk, pieces: dict[int, int]) -> None:
    with transaction(desk.engine) as session:
        cash.close_till(session, agent=AGENT, pieces=pieces, note="", now=desk.now)


def exchange(desk: Desk, sale: Sale, offer: Offer) -> Back:
    item = desk.shop.items(sale.order_id)[0]
    with transaction(desk.engine) as session:
        return counter.exchange(session, desk.shop.services, agent=AGENT, order_id=sale.order_id, item_id=item.id,
                                offer=offer, now=desk.now)  # fmt: skip


def dearer_by(offer: Offer, cents: int) -> Offer:
    return replace(offer, gross=offer.gross + Money(cents))


@pytest.mark.parametrize(("difference", "back", "used"), [(0, 0, 0), (-50, 50, 50)])
def test_a_title_is_exchanged_for_one_that_costs_no_more(desk: Desk, difference: int, back: int, used: int) -> None:
    desk.open()
    sale = desk.sell()
    found = exchange(desk, sale, dearer_by(desk.coach()[0], difference))
    assert (found.amount, found.in_cash, found.requested) == (Money(back), back > 0, False)
    assert desk.shop.states(sale.order_id) == [ItemState.EXCHANGED, ItemState.FULFILLED]
    assert held(desk) == (150, used)  # what goes back is of the advance
    close(desk, {10_000: 1, 100: 1, 50: 0 if back else 1})  # the drawer holds 50 cents less


def test_a_supplement_is_told_and_nothing_is_changed(desk: Desk) -> None:
    desk.open()
    sale = desk.sell()
    with pytest.raises(Refused) as refused:
        exchange(desk, sale, dearer_by(desk.coach()[0], 1))
    assert (refused.value.decision.code, refused.value.decision.params["amount"]) == (
        "billettique.exchange_to_pay", Money(1),
    )  # fmt: skip
    assert desk.shop.states(sale.order_id) == [ItemState.FULFILLED]
    assert held(desk) == (150, 0)


def test_a_training_till_exchanges_nothing(desk: Desk) -> None:
    desk.open()
    sale = desk.sell()
    close(desk, {10_000: 1, 100: 1, 50: 1})
    desk.open(training=True)
    with pytest.raises(Refused) as refused:
        exchange(desk, sale, desk.coach()[0])
    assert refused.value.decision.code == "billettique.training_refund"
