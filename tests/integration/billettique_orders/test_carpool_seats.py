"""A carpool seat in the basket: held, paid, confirmed; gone meanwhile, it is given back and the rest is kept."""

import pytest

from billettique.model.orders import ItemKind, ItemState, Offer
from billettique.service import refunds
from covoit.model.bookings import BookingState, Side
from covoit.service import bookings
from covoit.service.fares import owed
from covoit.store import bookings as booking_store
from covoit.store.people import person_of
from mobigo.app.carpool_seats import CarpoolSeats
from mobigo.base.errors import Conflict, Refused
from mobigo.base.money import Money
from mobigo.infra.db import reading, transaction
from tests import covoit_lines_world as lines
from tests.billettique_orders_world import MINUTE, Shop

S = ItemState
SUBJECT = "01SUBJECT0000000000000000K"


def seat(shop: Shop, *, places: int = 1) -> tuple[Offer, str, str]:
    """A seat of a run that leaves in two hours: the offer, the run, the person who rides."""
    shop.now = lines.NOW
    keeper = CarpoolSeats(shop.services)
    shop.seats[keeper.kind] = keeper
    with transaction(shop.engine) as session:
        driver = lines.driver(session)
        rider = person_of(
            session, f"{'k':0>64}", subject=SUBJECT, over_18=True, phone="+33639980001", verified=True, now=lines.NOW
        )
        run = lines.published(session, driver, seats=places, at=lines.NOW + 120 * MINUTE)
        asked = {"run": run.id, "from": lines.A, "to": lines.Z, "seats": "1", "subject": SUBJECT}
        return keeper.offer(session, asked, shop.now), run.id, rider


def state_of(shop: Shop, order: str) -> BookingState:
    ref = next(each.seat for each in shop.items(order) if each.kind == ItemKind.CARPOOL_SEAT)
    with reading(shop.engine) as session:
        return BookingState(booking_store.get_booking(session, ref or "").state)


def test_a_seat_is_sold_at_the_coach_fare_and_settles_what_the_ride_will_cost(shop: Shop) -> None:
    offer, _run, rider = seat(shop)
    assert offer.gross == Money(150)
    order = shop.buy(offer, *shop.coach())

    assert shop.states(order) == [S.FULFILLED, S.FULFILLED]
    assert state_of(shop, order) is BookingState.CONFIRMED
    assert shop.balance(offer.promised["revenue"]) == Money(150)
    with reading(shop.engine) as session:
        assert owed(session, rider) == Money(0)


def test_a_seat_whose_driver_gives_up_before_the_money_comes_is_given_back_alone(shop: Shop) -> None:
    offer, run, _rider = seat(shop)
    order = shop.basket(offer, *shop.coach())
    placed = shop.place(order.id)
    assert state_of(shop, order.id) is BookingState.WAITING
    with transaction(shop.engine) as session:
        bookings.cancel_all(session, run, Side.DRIVER, shop.now)
    shop.pay(placed)
    shop.work()

    assert shop.states(order.id) == [S.REFUNDED, S.FULFILLED]
    assert shop.refunds(order.id) == [("unserved", 150, "SUCCEEDED")]


def test_the_last_seat_is_held_for_one_buyer(shop: Shop) -> None:
    offer, _run, _rider = seat(shop)
    first, second = shop.basket(offer), shop.basket(offer)
    shop.place(first.id)
    with pytest.raises(Conflict):
        shop.place(second.id)


def test_a_seat_given_back_in_time_is_free_again_and_one_too_late_is_not(shop: Shop) -> None:
    offer, _run, _rider = seat(shop)
    order = shop.buy(offer)
    item = shop.items(order)[0].id
    shop.now += 61 * MINUTE
    with pytest.raises(Refused), transaction(shop.engine) as session:
        refunds.refund(session, shop.services, order, item, now=shop.now)
    shop.now -= MINUTE
    with transaction(shop.engine) as session:
        refunds.refund(session, shop.services, order, item, now=shop.now)
    assert state_of(shop, order) is BookingState.CANCELLED
    assert shop.balance(offer.promised["revenue"]) == Money(0)
