"""What comes after a purchase, or in its place: exchanges, what nobody came back for, offers with a code, a journey
that somebody tampers with."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from billettique.gateway import sales
from billettique.model.fares import Leg
from billettique.model.orders import Channel, ItemState
from billettique.model.payments import PaymentState
from billettique.model.promotions import OfferKind, Promotion
from billettique.model.sales import NamedLeg
from billettique.service import (
    baskets,
    books,
    exchanges,
    journeys,
    promotions,
    reductions,
    refunds,
    shelf,
    sweeping,
    titles,
)
from billettique.store import orders as store
from billettique.store.promotions import PromotionRow
from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.base.money import Money
from mobigo.base.periods import Period
from mobigo.infra.db import reading, transaction
from tests.billettique_orders_world import MINUTE, NOW, Shop

S = ItemState


@pytest.fixture
def pass_ok_on_sale(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one monthly pass we know has a price that no act confirms; here it is as if one did."""
    real = shelf.gateway.tariff_on
    monkeypatch.setattr(shelf.gateway, "tariff_on", lambda day, home=None, **_given: real(day, home, unconfirmed=True))


def pass_from(day: date, shop: Shop):  # type: ignore[no-untyped-def]
    return shelf.cover("pass-ok", "adulte", day, None, Channel.ONLINE, shop.now)


@pytest.mark.usefixtures("pass_ok_on_sale")
def test_a_pass_is_exchanged_for_another_month_and_the_first_is_void(shop: Shop) -> None:
    order = shop.buy(pass_from(date(2026, 12, 1), shop))
    (old,) = shop.items(order)
    with transaction(shop.engine) as session:
        exchanges.exchange(session, shop.services, order, old.id, pass_from(date(2027, 1, 1), shop), now=shop.now)
    shop.work()

    assert shop.states(order) == [S.EXCHANGED, S.FULFILLED]
    assert shop.refunds(order) == []
    assert shop.balance(books.order_account(order)) == Money(0)
    with reading(shop.engine) as session:
        from billettique.store.tickets import EntitlementRow

        states = [session.get_one(EntitlementRow, each.entitlement).state for each in shop.items(order)]
    assert states == ["revoked", "active"]


@pytest.mark.usefixtures("pass_ok_on_sale")
@pytest.mark.parametrize("day", [date(2027, 2, 27), date(2099, 1, 1), date.max])
def test_nobody_sells_years_ahead_at_the_price_of_today(shop: Shop, day: date) -> None:
    assert pass_from(date(2027, 2, 26), shop).first_at is not None  # 92 days after 26 November
    with pytest.raises(InvalidInput) as refused:
        pass_from(day, shop)
    assert refused.value.decision.code == "billettique.bad_first_day"


@pytest.mark.usefixtures("pass_ok_on_sale")
def test_an_exchange_that_costs_more_is_not_done_in_silence(shop: Shop) -> None:
    order = shop.buy()
    with pytest.raises(Refused) as refused, transaction(shop.engine) as session:
        exchanges.exchange(
            session, shop.services, order, shop.items(order)[0].id, pass_from(date(2026, 12, 1), shop), now=shop.now
        )
    assert refused.value.decision.code == "billettique.exchange_to_pay"
    assert shop.states(order) == [S.FULFILLED]


def test_a_payment_never_made_is_given_up_after_an_hour_and_not_before(shop: Shop) -> None:
    from billettique.service import payments

    order = shop.basket()
    placed = shop.place(order.id)
    assert placed.payment is not None
    payments.call(shop.services, placed.payment, shop.now)
    shop.now += 60 * MINUTE - timedelta(seconds=1)
    sweeping.sweep(shop.services, shop.now)
    assert shop.states(order.id) == [S.ON_HOLD]
    shop.now += timedelta(seconds=1)
    sweeping.sweep(shop.services, shop.now)
    assert shop.states(order.id) == [S.DRAFT]
    with reading(shop.engine) as session:
        assert PaymentState(store.payments_of(session, order.id)[0].state) in (
            PaymentState.CANCELED, PaymentState.FAILED,
        )  # fmt: skip


def test_what_cannot_be_served_for_an_hour_is_given_back(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object, **_named: object) -> str:
        raise RuntimeError("a defect")

    order = shop.basket()
    shop.pay(shop.place(order.id))
    monkeypatch.setattr(titles, "issue", broken)
    shop.now += 61 * MINUTE
    sweeping.sweep(shop.services, shop.now)
    shop.work()
    assert shop.states(order.id) == [S.REFUNDED]
    assert shop.refunds(order.id) == [("unserved", 150, "SUCCEEDED")]


def test_a_basket_left_alone_for_a_day_is_forgotten(shop: Shop) -> None:
    order = shop.basket()
    shop.now = order.expires_at + timedelta(days=1)
    sweeping.sweep(shop.services, shop.now)
    with pytest.raises(NotFound), reading(shop.engine) as session:
        baskets.look(session, order.id, shop.config, shop.now)


def offer(shop: Shop, **given: object) -> None:
    made = Promotion(
        "p1", "Rentrée", OfferKind.VOUCHER, Period(date(2026, 11, 1), date(2026, 12, 31)), Money(1_000), code="CAR50",
        **given,  # type: ignore[arg-type]
    )  # fmt: skip
    with transaction(shop.engine) as session:
        known = promotions.draft(session, made, "01DRAFTER", NOW)
        promotions.approve(session, known, "acte 1", "01APPROVER", NOW)


def spent(session: Session) -> tuple[int, int]:
    """(cents taken from the budget, uses)."""
    row = session.scalars(select(PromotionRow)).one()
    return row.spent_cents, row.used


def test_a_code_takes_off_what_it_says_and_a_free_ticket_needs_no_payment(shop: Shop) -> None:
    offer(shop, pct=100, uses_max=1)
    order, other = shop.basket(), shop.basket()
    for each in (order, other):
        with transaction(shop.engine) as session:
            reductions.type_code(session, shop.config, each.id, "car 50", shop.now)
    placed = shop.place(order.id)
    assert placed.payment is None
    shop.work()
    assert shop.states(order.id) == [S.FULFILLED]
    with pytest.raises(Refused):  # somebody used the rest meanwhile: nothing is sold at a price that no longer holds
        shop.place(other.id)
    assert shop.states(other.id) == [S.DRAFT]


def test_a_half_price_is_paid_half_and_given_back_half(shop: Shop) -> None:
    offer(shop, pct=50)
    order = shop.basket()
    with transaction(shop.engine) as session:
        reductions.type_code(session, shop.config, order.id, "CAR50", shop.now)
    assert shop.items(order.id)[0].price == Money(75)
    shop.pay(shop.place(order.id))
    shop.serve(order.id)
    with transaction(shop.engine) as session:
        refunds.refund(session, shop.services, order.id, shop.items(order.id)[0].id, now=shop.now)
    with reading(shop.engine) as session:
        assert spent(session) == (75, 1)
    shop.work()
    assert shop.refunds(order.id) == [("buyer", 75, "SUCCEEDED")]
    with reading(shop.engine) as session:
        assert spent(session) == (0, 0)  # the Region paid for no journey


@pytest.mark.usefixtures("pass_ok_on_sale")
@pytest.mark.parametrize(("day", "left"), [(date(2026, 12, 1), (0, 0)), (date(2026, 11, 26), None)])
def test_a_promotion_is_used_by_what_was_kept_of_a_title(shop: Shop, day: date, left: tuple[int, int] | None) -> None:
    offer(shop, pct=10)
    order = shop.basket(pass_from(day, shop))
    with transaction(shop.engine) as session:
        reductions.type_code(session, shop.config, order.id, "CAR50", shop.now)
    shop.pay(shop.place(order.id))
    shop.serve(order.id)
    with reading(shop.engine) as session:
        used = spent(session)
    with transaction(shop.engine) as session:
        refunds.refund(session, shop.services, order.id, shop.items(order.id)[0].id, now=shop.now)
    shop.work()
    with reading(shop.engine) as session:
        assert spent(session) == (used if left is None else left)


def test_a_code_that_opens_nothing_is_said(shop: Shop) -> None:
    order = shop.basket()
    with pytest.raises(NotFound), transaction(shop.engine) as session:
        reductions.type_code(session, shop.config, order.id, "RIEN", shop.now)


def test_nobody_shortens_the_journey_of_a_link(shop: Shop) -> None:
    leg = NamedLeg(Leg("ter", "dijon", "beaune", NOW, NOW + 25 * MINUTE, 37_000), "Dijon", "Beaune")
    token = journeys.write_token(shop.config, (leg,))
    assert journeys.read_token(shop.config, token) == (leg,)
    for at in range(0, len(token), 7):
        other = "A" if token[at] != "A" else "B"
        with pytest.raises(InvalidInput):
            journeys.read_token(shop.config, token[:at] + other + token[at + 1 :])


def test_a_train_ticket_is_good_on_its_day_and_priced_by_its_kilometres(shop: Shop) -> None:
    leg = NamedLeg(Leg("ter", "dijon", "beaune", NOW, NOW + 25 * MINUTE, 37_000), "Dijon", "Beaune")
    adult, child = shelf.journey((leg,), ("adulte", "enfant"), None, Channel.ONLINE, shop.now)
    assert (adult.gross, child.gross) == (Money(1000), Money(200))
    assert adult.last_at is not None
    assert adult.last_at < NOW + timedelta(days=1)
    assert "activation" not in adult.promised


def test_terms_and_rates_are_those_of_their_day() -> None:
    assert sales.vat_on(date(2014, 1, 1)).pct == 10
    with pytest.raises(NotFound):
        sales.vat_on(date(2013, 12, 31))
    with pytest.raises(NotFound):
        sales.terms_on(date(2020, 8, 31))
    assert sales.employer_share_on(date(2023, 9, 1)).public_pct == 75


def test_what_orders_hold_of_a_person_is_told_and_forgotten(shop: Shop) -> None:
    from billettique.service import buyers

    order = shop.buy(email="a@example.org")
    with transaction(shop.engine) as session:
        store.get_order(session, order).subject = "01SUBJECT0000000000000000A"
    with transaction(shop.engine) as session:
        told = buyers.export_subject(session, "01SUBJECT0000000000000000A")
        buyers.erase_subject(session, "01SUBJECT0000000000000000A", shop.now)
    assert [each["email"] for each in told["orders"]] == ["a@example.org"]  # type: ignore[attr-defined]
    with reading(shop.engine) as session:
        row = store.get_order(session, order)
    assert (row.subject, row.email) == (None, None)
    assert shop.states(order) == [S.FULFILLED]
