"""Payments at the simulated provider: from the key to the money, whatever the order of things."""

from billettique.model.payments import PaymentState
from billettique.service import payments
from tests.payments_world import World


def test_a_card_is_paid_on_the_form_and_read_again(w: World) -> None:
    payment = w.asked()
    assert w.state(payment) is PaymentState.REQUIRES_ACTION
    w.sim.bank.pay(w.form(payment), "pm_card_visa")
    assert w.state(payment) is PaymentState.REQUIRES_ACTION  # nobody told us yet
    assert payments.refresh(w.services, payment, w.at) is PaymentState.SUCCEEDED
    assert w.heard == [(payment, "CREATED"), (payment, "REQUIRES_ACTION"), (payment, "SUCCEEDED")][1:]
    w.drain()
    assert w.heard[-1] == (payment, "SUCCEEDED")
    assert len(w.heard) == 2


def test_its_event_alone_is_enough(w: World) -> None:
    payment = w.paid()
    w.drain()
    assert w.state(payment) is PaymentState.SUCCEEDED
    assert w.row(payment).captured_cents == 300


def test_a_refund_is_given_back_by_the_worker(w: World) -> None:
    payment = w.paid()
    w.drain()
    refund = w.ask_refund(payment, 100)
    assert w.refund_state(refund) == "CREATED"
    w.drain()
    assert w.refund_state(refund) == "SUCCEEDED"
    assert w.ask_refund(payment, 100) == refund
