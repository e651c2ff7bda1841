"""Passes that go on: one debit a period, before it begins; served early only for who paid before; suspended aloud."""

from datetime import date, datetime, timedelta

import pytest

from billettique.model.orders import Channel, ItemState
from billettique.service import books, means, orders, shelf, subscriptions
from billettique.store.orders import OrderRow
from billettique.store.subscriptions import PeriodRow, SubscriptionRow, get_subscription
from mobigo.base.errors import Conflict, Refused
from mobigo.base.instants import PARIS
from mobigo.base.money import Money
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from tests.billettique_orders_world import NOW, Shop

S = ItemState


@pytest.fixture(autouse=True)
def pass_ok_on_sale(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one monthly pass we know has a price that no act confirms; here it is as if one did."""
    real = shelf.gateway.tariff_on
    monkeypatch.setattr(shelf.gateway, "tariff_on", lambda day, home=None, **_given: real(day, home, unconfirmed=True))


def first_month(shop: Shop) -> tuple[str, str]:
    offer = shelf.cover("pass-ok", "adulte", NOW.date(), None, Channel.ONLINE, NOW)
    with transaction(shop.engine) as session:
        from billettique.service import baskets

        order = baskets.open_basket(
            session, shop.config, channel=Channel.ONLINE, language="fr", subject=None, now=shop.now
        )
        baskets.add(session, order.id, (offer,), shop.config, holder="Anne DUPRÉ", now=shop.now)
    shop.pay(shop.place(order.id, email="a@example.org"))
    shop.serve(order.id)
    return order.id, shop.items(order.id)[0].id


def going_on(shop: Shop, debit: str = "pm_sepa_success") -> str:
    order, item = first_month(shop)
    with transaction(shop.engine) as session:
        row = subscriptions.ask(
            session, order, item, means_kind="sepa_debit", provider="sim", return_url="http://localhost/", now=shop.now
        )
    form = means.call(shop.services, row.means, shop.now)
    assert form is not None
    shop.sim.bank.pay(form.rstrip("/").split("/")[-1], debit)
    assert subscriptions.confirm(shop.services, row.id, shop.now) == "active"
    return row.id


def latest(shop: Shop) -> str:
    with reading(shop.engine) as session:
        return session.query(PeriodRow).order_by(PeriodRow.first_day.desc()).first().order_id  # type: ignore[union-attr]


def settle(shop: Shop) -> None:
    from billettique.service import payments

    for debit in shop.sim.bank.waiting_debits():
        shop.sim.bank.settle(debit)
    with reading(shop.engine) as session:
        begun = [each.payment for each in session.query(PeriodRow).all()]
    for each in begun:
        payments.refresh(shop.services, each, shop.now)
    shop.work()


def at(day: int, month: int = 12) -> datetime:
    return datetime(2026 if month > 6 else 2027, month, day, 9, 0, tzinfo=PARIS)


def test_a_period_is_debited_once_three_days_before_and_not_sooner(shop: Shop) -> None:
    subscription = going_on(shop)
    shop.now = datetime(2026, 11, 27, 23, 0, tzinfo=PARIS)
    assert subscriptions.run(shop.services, shop.now) == 0
    shop.now = datetime(2026, 11, 28, 5, 0, tzinfo=PARIS)
    assert subscriptions.run(shop.services, shop.now) == 1
    assert subscriptions.run(shop.services, shop.now) == 0
    with reading(shop.engine) as session:
        assert get_subscription(session, subscription).next_day == date(2027, 1, 1)
        said = session.query(MessageRow).filter(MessageRow.key.like("billettique:debit:%")).one()
    assert "48" in said.body


def test_the_first_debit_is_served_when_the_bank_answers_and_the_next_one_before(shop: Shop) -> None:
    going_on(shop)
    shop.now = at(28, 11)
    subscriptions.run(shop.services, shop.now)
    first = latest(shop)
    assert shop.states(first) == [S.ON_HOLD]
    settle(shop)
    assert shop.states(first) == [S.FULFILLED]

    shop.now = at(29)
    subscriptions.run(shop.services, shop.now)
    second = latest(shop)
    assert shop.states(second) == [S.FULFILLED]
    item = shop.items(second)[0].id
    assert shop.balance(books.due_account(item)) == Money(-4800)
    settle(shop)
    assert shop.balance(books.due_account(item)) == Money(0)
    assert shop.balance(books.order_account(second)) == Money(0)


def test_a_debit_that_fails_suspends_aloud_and_paying_takes_it_up_again(shop: Shop) -> None:
    subscription = going_on(shop)
    shop.now = at(28, 11)
    subscriptions.run(shop.services, shop.now)
    settle(shop)
    paid_before = latest(shop)
    shop.now = at(29)
    with reading(shop.engine) as session:
        means_id = get_subscription(session, subscription).means
    assert means_id
    subscriptions.run(shop.services, shop.now)
    order = latest(shop)
    from billettique.model.payments import PaymentState
    from billettique.service import fulfilment

    with transaction(shop.engine) as session:  # the payer's bank refuses, days later
        payment = session.get_one(PeriodRow, (subscription, date(2027, 1, 1))).payment
        fulfilment.on_payment(session, payment, PaymentState.FAILED, shop.now)
    shop.work()
    shop.serve(paid_before)  # its page is looked at again: that pays nothing
    assert shop.items(order)[0].why["code"] == "billettique.debit_failed"
    with reading(shop.engine) as session:
        assert get_subscription(session, subscription).state == "suspended"
        assert session.query(MessageRow).filter(MessageRow.key.like("billettique:debit_failed:%")).count() == 1
    shop.now = at(30)
    assert subscriptions.run(shop.services, shop.now + timedelta(days=31)) == 0

    with transaction(shop.engine) as session:
        again = orders.pay_due(
            session, shop.config, order, means="card", provider="sim", return_url="http://localhost/", now=shop.now
        )
    shop.pay(orders.Placed(OrderRow(), again, Money(4800)))
    shop.work()
    assert shop.items(order)[0].why is None
    assert shop.balance(books.order_account(order)) == Money(0)
    with reading(shop.engine) as session:
        assert get_subscription(session, subscription).state == "active"


def test_only_a_monthly_pass_goes_on_and_an_ended_one_is_debited_no_more(shop: Shop) -> None:
    order = shop.buy()
    with pytest.raises(Refused), transaction(shop.engine) as session:
        subscriptions.ask(
            session, order, shop.items(order)[0].id, means_kind="card", provider="sim", return_url="", now=shop.now
        )
    subscription = going_on(shop)
    with transaction(shop.engine) as session:
        subscriptions.end(session, subscription, shop.now)
    assert subscriptions.run(shop.services, at(31)) == 0
    with reading(shop.engine) as session:
        assert session.query(SubscriptionRow).count() == 1


def test_whoever_left_the_form_or_was_refused_there_may_ask_again(shop: Shop) -> None:
    order, item = first_month(shop)

    def asked() -> SubscriptionRow:
        with transaction(shop.engine) as session:
            return subscriptions.ask(
                session, order, item, means_kind="sepa_debit", provider="sim", return_url="http://localhost/",
                now=shop.now,
            )  # fmt: skip

    first = asked()
    assert means.call(shop.services, first.means, shop.now) is not None  # and the buyer closes that page
    again = asked()
    assert (again.id, again.means != first.means) == (first.id, True)
    form = means.call(shop.services, again.means, shop.now)
    assert form is not None
    shop.sim.bank.pay(form.rstrip("/").split("/")[-1], "pm_sepa_success")
    assert subscriptions.confirm(shop.services, again.id, shop.now) == "active"
    with pytest.raises(Conflict) as refused:
        asked()
    assert refused.value.decision.code == "billettique.goes_on_already"
