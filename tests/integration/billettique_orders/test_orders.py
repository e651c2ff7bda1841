"""From a basket to titles: kept prices, one winner of two edits, items served one by one, money that never stays."""

from datetime import timedelta

import pytest

from billettique.model.orders import Channel, ItemState
from billettique.service import baskets, books, fulfilment, refunds, shelf
from billettique.store import orders as store
from mobigo.base.errors import Conflict, Refused
from mobigo.base.money import Money
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from tests.billettique_orders_world import MINUTE, Shop

S = ItemState
COLLECTOR = books.collector_account("essai", "sim")


def test_a_coach_ticket_is_bought_from_basket_to_title(shop: Shop) -> None:
    order = shop.buy(email="a@example.org")

    assert shop.states(order) == [S.FULFILLED]
    # 1,50 € with 10 % of tax inside: 1,36 + 0,14
    assert shop.balance(books.sales_account("mobigo")) == Money(136)
    assert shop.balance(books.vat_account("10")) == Money(14)
    assert shop.balance(COLLECTOR) == Money(-150)
    assert shop.balance(books.order_account(order)) == Money(0)
    with reading(shop.engine) as session:
        moves = [each.after for each in store.moves_of(session, [shop.items(order)[0].id])]
        (mail,) = session.query(MessageRow).all()
    assert moves == ["DRAFT", "ON_HOLD", "CONFIRMED", "FULFILLED"]
    assert "/achats/commandes/" in mail.body
    assert "spécimens" in mail.body


def test_a_second_look_changes_nothing(shop: Shop) -> None:
    order = shop.buy(email="a@example.org")
    for _again in range(3):
        shop.serve(order)
        shop.work(1)

    assert shop.balance(books.sales_account("mobigo")) == Money(136)
    with reading(shop.engine) as session:
        assert session.query(MessageRow).count() == 1


def test_the_effect_alone_serves_an_order_whose_buyer_never_comes_back(shop: Shop) -> None:
    order = shop.basket()
    shop.pay(shop.place(order.id))
    assert shop.states(order.id) == [S.ON_HOLD]

    shop.work()

    assert shop.states(order.id) == [S.FULFILLED]


def test_listed_prices_are_kept_to_the_last_second_and_not_after(shop: Shop) -> None:
    order = shop.basket()
    kept_until = order.expires_at
    shop.now = kept_until - timedelta(seconds=1)
    with reading(shop.engine) as session:
        seen = baskets.look(session, order.id, shop.config, shop.now)
    assert (seen.expired, seen.warns) == (False, True)

    shop.now = kept_until
    with pytest.raises(Conflict) as refused:
        shop.place(order.id)
    assert refused.value.decision.code == "billettique.price_not_kept"


def test_prices_are_kept_longer_three_times_and_no_more(shop: Shop) -> None:
    order = shop.basket()
    for _time in range(3):
        shop.now += 29 * MINUTE
        with transaction(shop.engine) as session:
            assert baskets.extend(session, order.id, shop.config, shop.now) == shop.now + 30 * MINUTE
    with pytest.raises(Refused), transaction(shop.engine) as session:
        baskets.extend(session, order.id, shop.config, shop.now)
    shop.place(order.id)


def test_of_two_edits_of_one_version_one_wins(shop: Shop) -> None:
    order = shop.basket(*shop.coach(("adulte",)), *shop.coach(("jeune",)))
    first, _second = shop.items(order.id)
    with transaction(shop.engine) as session:
        baskets.remove(session, shop.config, order.id, first.id, {}, version=order.version, now=shop.now)
    with pytest.raises(Conflict) as refused:
        shop.place(order.id, version=order.version)
    assert refused.value.decision.code == "billettique.order_changed"


def test_a_refused_card_gives_the_basket_back_and_another_card_pays_it(shop: Shop) -> None:
    order = shop.basket()
    placed = shop.place(order.id)
    assert shop.pay(placed, "pm_card_visa_chargeDeclined") != "SUCCEEDED"
    assert shop.pay(placed) == "SUCCEEDED"
    shop.serve(order.id)
    assert shop.states(order.id) == [S.FULFILLED]


def test_what_was_given_up_and_is_paid_after_all_is_served(shop: Shop) -> None:
    """The buyer left; the provider's form expired; then the money came."""
    from billettique.service import payments

    order = shop.basket()
    placed = shop.place(order.id)
    assert placed.payment is not None
    with transaction(shop.engine) as session:
        fulfilment.on_payment(session, placed.payment, payments.PaymentState.FAILED, shop.now)
    shop.serve(order.id)
    assert shop.states(order.id) == [S.DRAFT]
    with reading(shop.engine) as session:
        assert store.get_order(session, order.id).placed_at is None

    shop.pay(placed)
    shop.serve(order.id)

    assert shop.states(order.id) == [S.FULFILLED]
    assert shop.refunds(order.id) == []


def test_two_payments_of_one_order_serve_once_and_the_second_goes_back(shop: Shop) -> None:
    from billettique.service import payments

    order = shop.basket()
    first = shop.place(order.id)
    assert first.payment is not None
    with transaction(shop.engine) as session:
        fulfilment.on_payment(session, first.payment, payments.PaymentState.FAILED, shop.now)
    shop.serve(order.id)
    second = shop.place(order.id)
    shop.pay(second)
    shop.serve(order.id)
    shop.pay(first)
    shop.work()

    assert shop.states(order.id) == [S.FULFILLED]
    assert shop.refunds(order.id) == [("surplus", 150, "SUCCEEDED")]
    assert shop.balance(books.order_account(order.id)) == Money(0)
    assert shop.balance(COLLECTOR) == Money(-150)


def test_an_item_that_cannot_be_served_goes_back_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from billettique.service import titles

    order = shop.basket(*shop.coach(("adulte", "jeune")))
    bad = shop.items(order.id)[1].id

    good = titles.issue

    def issue(session, services, item, now, *, subject=None):  # type: ignore[no-untyped-def]
        if item.id == bad:
            raise Refused("billettique.title_over", name=item.name, at=now)
        return good(session, services, item, now, subject=subject)

    monkeypatch.setattr(titles, "issue", issue)
    shop.pay(shop.place(order.id))
    shop.work()

    assert shop.states(order.id) == [S.FULFILLED, S.REFUNDED]
    assert shop.refunds(order.id) == [("unserved", 150, "SUCCEEDED")]
    assert shop.balance(books.sales_account("mobigo")) == Money(136)
    assert shop.balance(COLLECTOR) == Money(-150)


def test_a_fault_of_ours_serves_nothing_and_the_next_try_serves_all(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from billettique.service import titles

    def broken(*_given: object, **_named: object) -> str:
        raise RuntimeError("a defect")

    good = titles.issue
    order = shop.basket()
    shop.pay(shop.place(order.id))
    monkeypatch.setattr(titles, "issue", broken)
    shop.work(1)
    assert shop.states(order.id) == [S.ON_HOLD]

    monkeypatch.setattr(titles, "issue", good)
    shop.now += 2 * MINUTE
    shop.work()
    assert shop.states(order.id) == [S.FULFILLED]


def test_an_unused_ticket_goes_back_once(shop: Shop) -> None:
    order = shop.buy()
    item = shop.items(order)[0].id
    with transaction(shop.engine) as session:
        back = refunds.refund(session, shop.services, order, item, expected=Money(150), now=shop.now)
    assert (back.amount, back.rule) == (Money(150), "billet-non-utilise")
    with pytest.raises(Refused), transaction(shop.engine) as session:
        refunds.refund(session, shop.services, order, item, now=shop.now)
    shop.work()

    assert shop.states(order) == [S.REFUNDED]
    assert shop.refunds(order) == [("buyer", 150, "SUCCEEDED")]
    assert shop.balance(COLLECTOR) == Money(0)
    assert shop.balance(books.sales_account("mobigo")) == Money(0)
    assert shop.balance(books.vat_account("10")) == Money(0)
    assert shop.balance(books.refunds_account("essai", "sim")) == Money(0)


def test_a_refund_is_not_done_for_another_amount_than_was_shown(shop: Shop) -> None:
    order = shop.buy()
    item = shop.items(order)[0].id
    with pytest.raises(Conflict), transaction(shop.engine) as session:
        refunds.refund(session, shop.services, order, item, expected=Money(149), now=shop.now)
    assert shop.states(order) == [S.FULFILLED]


def test_a_contested_payment_freezes_its_title_and_a_won_one_frees_it(shop: Shop) -> None:
    from billettique.service import payments

    order = shop.basket()
    placed = shop.place(order.id)
    shop.pay(placed)
    shop.serve(order.id)
    assert placed.payment is not None
    intent = shop.sim.bank.look(payments.call(shop.services, placed.payment, shop.now).provider_ref)["payment_intent"]
    dispute = shop.sim.bank.contest(intent)
    payments.refresh(shop.services, placed.payment, shop.now)
    shop.work()
    assert shop.items(order.id)[0].why["code"] == "billettique.payment_disputed"
    assert shop.balance(books.DISPUTES) == Money(-150)

    shop.sim.bank.judge(dispute, won=True)
    payments.refresh(shop.services, placed.payment, shop.now)
    shop.work()
    assert shop.items(order.id)[0].why is None
    assert shop.balance(books.DISPUTES) == Money(0)


def test_a_card_is_bought_for_its_year_and_goes_back_only_before_it_begins(shop: Shop) -> None:
    next_week = shop.now.date() + timedelta(days=7)
    card = shelf.cover("carte-ter", "adulte", next_week, None, Channel.ONLINE, shop.now)
    order = shop.buy(card)
    item = shop.items(order)[0]
    with reading(shop.engine) as session:
        before = refunds.answer(session, shop.services, item, shop.now)
        after = refunds.answer(session, shop.services, item, shop.now + timedelta(days=7))
    assert before.back is not None
    assert before.back.amount == Money(2000)
    assert after.back is None


def test_an_unknown_fare_cannot_be_bought(shop: Shop) -> None:
    from billettique.model.fares import Leg
    from billettique.model.sales import NamedLeg

    leg = NamedLeg(Leg("nulle-part", "a", "b", shop.now, shop.now + MINUTE), "A", "B")
    with pytest.raises(Refused) as refused:
        shelf.journey((leg,), ("adulte",), None, Channel.ONLINE, shop.now)
    assert refused.value.decision.code == "billettique.unknown_fare"


def test_an_order_is_placed_once(shop: Shop) -> None:
    order = shop.basket()
    shop.place(order.id)
    with pytest.raises(Conflict) as refused:
        shop.place(order.id)
    assert refused.value.decision.code == "billettique.order_placed"
