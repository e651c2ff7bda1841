"""The contract of a payment provider: one suite for every way of being paid. What a peer does not support is not asked
of it (see `tests.payment_peers`); Stripe's test mode is asked when its key is in the environment.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from billettique.gateway.psp import signing
from billettique.gateway.psp.counter import Counter
from billettique.gateway.psp.redirect import Redirect
from billettique.gateway.psp.sim import Sim
from billettique.model.payments import (
    DisputeState,
    PaymentAsk,
    PaymentState,
    RefundState,
    Seen,
)
from mobigo.base.errors import InvalidInput, NotFound, Refused, Upstream
from mobigo.base.money import Money
from mobigo.infra.config import load_config
from tests import payment_peers as peers
from tests.payment_peers import Peer
from tests.redirect_peer import RedirectPeer

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECRET = peers.SECRET

SUPPORTED = {
    "sim": peers.ALL,
    "stripe on sim": peers.ALL,
    "localstripe": peers.LOCALSTRIPE,
    "stripe test mode": peers.TEST_MODE,
}


class Clock:
    """A clock turned by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def local_stripe() -> Iterator[Peer]:
    with peers.localstripe() as peer:
        yield peer


@pytest.fixture
def peer(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Peer:
    name = request.param
    if name == "sim":
        config = load_config({"MOBIGO_HOME": str(tmp_path), "MOBIGO_BASE_URL": peers.SITE})
        return peers.sim_peer(Sim(config, clock))
    if name == "stripe on sim":
        return peers.stripe_on_sim(tmp_path / "sim.sqlite", clock)
    if name == "stripe test mode":
        return peers.test_mode()
    found: Peer = request.getfixturevalue("local_stripe")
    return found


def on(feature: str) -> pytest.MarkDecorator:
    """Every peer that supports this."""
    names = [
        pytest.param(name, marks=pytest.mark.stripe if name == "stripe test mode" else ())
        for name, features in SUPPORTED.items()
        if feature in features
    ]
    return pytest.mark.parametrize("peer", names, indirect=True)


def debited(peer: Peer, card: str = "pm_card_visa", cents: int = 300) -> tuple[PaymentAsk, Seen]:
    """A payment by a means that was left before."""
    assert peer.save is not None
    kind = "sepa_debit" if card.startswith("pm_sepa") else "card"
    ask = peer.ask(cents, means=kind, means_ref=peer.save(card), return_url=None)
    return ask, peer.provider.create(ask)


def formed(peer: Peer, card: str, cents: int = 300, means: str = "card") -> tuple[PaymentAsk, Seen]:
    """A payment on the hosted form, filled by its buyer."""
    assert peer.bank is not None
    ask = peer.ask(cents, means=means)
    seen = peer.provider.create(ask)
    peer.bank.pay(seen.provider_ref, card)
    return ask, peer.provider.read(seen.provider_ref)


# ---------------------------------------------------------------- being paid


@on("form")
def test_a_form_is_where_the_buyer_goes_on(peer: Peer) -> None:
    ask = peer.ask()
    seen = peer.provider.create(ask)
    assert seen.state is PaymentState.REQUIRES_ACTION
    assert seen.action is not None
    assert (seen.amount, seen.currency, seen.live) == (Money(300), "eur", False)
    assert (seen.order_id, seen.key) == (ask.order_id, ask.key)


@on("form")
def test_a_filled_form_is_money(peer: Peer) -> None:
    ask, seen = formed(peer, "pm_card_visa")
    assert seen.state is PaymentState.SUCCEEDED
    assert (seen.amount, seen.order_id, seen.key, seen.refunded) == (Money(300), ask.order_id, ask.key, Money(0))
    assert peer.provider.read(seen.refs[0]) == seen  # by its other name: an event says this one


@on("debit")
def test_a_means_left_before_is_debited(peer: Peer) -> None:
    ask, seen = debited(peer)
    assert seen.state is PaymentState.SUCCEEDED
    assert (seen.amount, seen.order_id, seen.key) == (Money(300), ask.order_id, ask.key)
    assert peer.provider.read(seen.provider_ref) == seen


@on("decline")
def test_a_refused_debit_is_an_answer(peer: Peer) -> None:
    _, seen = debited(peer, "pm_card_chargeCustomerFail")
    assert seen.state is PaymentState.FAILED
    assert seen.why is not None


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_visa_chargeDeclined", "payments.declined"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "payments.insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "payments.declined"),  # what a thief would like to know
        ("pm_card_visa_chargeDeclinedStolenCard", "payments.declined"),
        ("pm_card_visa_chargeDeclinedVelocityLimitExceeded", "payments.limit_reached"),
        ("pm_card_chargeDeclinedExpiredCard", "payments.expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "payments.incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "payments.try_again"),
    ],
)
@on("form")
def test_a_refused_card_leaves_the_form_open_and_says_why(peer: Peer, card: str, code: str) -> None:
    assert peer.bank is not None
    _, seen = formed(peer, card)
    assert seen.state is PaymentState.REQUIRES_ACTION
    assert seen.why is not None
    assert seen.why.code == code
    peer.bank.pay(seen.provider_ref, "pm_card_visa")
    assert peer.provider.read(seen.provider_ref).state is PaymentState.SUCCEEDED


@on("3ds")
@pytest.mark.parametrize("yes", [True, False])
def test_the_bank_asks_its_holder(peer: Peer, yes: bool) -> None:
    assert peer.bank is not None
    _, seen = formed(peer, "pm_card_authenticationRequired")
    assert seen.state is PaymentState.REQUIRES_ACTION
    peer.bank.authenticate(seen.refs[0], yes)
    after = peer.provider.read(seen.provider_ref)
    if yes:
        assert after.state is PaymentState.SUCCEEDED
    else:
        assert after.state is PaymentState.REQUIRES_ACTION
        assert after.why is not None
        assert after.why.code == "payments.authentication_failed"


@on("3ds")
def test_a_debit_that_must_be_confirmed_asks_its_holder_back(peer: Peer) -> None:
    _, seen = debited(peer, "pm_card_authenticationRequired")
    assert seen.state is PaymentState.FAILED
    assert seen.why is not None
    assert seen.why.code == "payments.authentication_required"


@on("late")
@pytest.mark.parametrize(
    ("card", "end"),
    [
        ("pm_sepa_success", PaymentState.SUCCEEDED),
        ("pm_sepa_failed", PaymentState.FAILED),
        ("pm_sepa_disputed", PaymentState.SUCCEEDED),  # then called back: see its disputes
    ],
)
@pytest.mark.parametrize("by_form", [True, False])
def test_a_debit_is_known_days_later(peer: Peer, card: str, end: PaymentState, by_form: bool) -> None:
    assert peer.bank is not None
    _, seen = formed(peer, card, means="sepa_debit") if by_form else debited(peer, card)
    assert seen.state is PaymentState.PROCESSING
    (waiting,) = peer.bank.waiting_debits()
    peer.bank.settle(waiting)
    after = peer.provider.read(seen.provider_ref)
    assert after.state is end
    assert [each.state for each in after.disputes] == ([DisputeState.LOST] if card == "pm_sepa_disputed" else [])


@on("dispute")
@pytest.mark.parametrize(("won", "end"), [(True, DisputeState.WON), (False, DisputeState.LOST)])
def test_a_payer_contests(peer: Peer, won: bool, end: DisputeState) -> None:
    assert peer.bank is not None
    _, seen = formed(peer, "pm_card_visa")
    dispute = peer.bank.contest(seen.refs[0])
    (found,) = peer.provider.read(seen.provider_ref).disputes
    assert (found.ref, found.state, found.amount) == (dispute, DisputeState.OPEN, Money(300))
    peer.provider.answer_dispute(dispute, "validé le 24 novembre à 8 h 05")
    peer.bank.judge(dispute, won)
    assert peer.provider.read(seen.provider_ref).disputes[0].state is end


@on("cancel")
def test_what_is_given_up_stays_so(peer: Peer) -> None:
    seen = peer.provider.create(peer.ask())
    assert peer.provider.cancel(seen.provider_ref).state is PaymentState.CANCELED
    assert peer.provider.cancel(seen.provider_ref).state is PaymentState.CANCELED


@on("form")
def test_money_that_was_quicker_than_giving_up_is_said(peer: Peer) -> None:
    _, seen = formed(peer, "pm_card_visa")
    assert peer.provider.cancel(seen.provider_ref).state is PaymentState.SUCCEEDED


@on("form")
def test_a_form_closes_by_itself(peer: Peer, clock: Clock) -> None:
    seen = peer.provider.create(peer.ask())
    clock.at += timedelta(hours=24) - timedelta(seconds=1)
    assert peer.provider.read(seen.provider_ref).state is PaymentState.REQUIRES_ACTION
    clock.at += timedelta(seconds=1)
    assert peer.provider.read(seen.provider_ref).state is PaymentState.CANCELED


@on("form")
@pytest.mark.parametrize(("means", "cents"), [("cash", 300), ("sepa_debit", 1_000_001)])
def test_what_it_does_not_take_is_refused_before_anything_is_asked(peer: Peer, means: str, cents: int) -> None:
    with pytest.raises((InvalidInput, Refused)):
        peer.provider.create(peer.ask(cents, means=means))


@on("form")
def test_less_than_it_charges_is_a_sure_refusal(peer: Peer) -> None:
    seen = peer.provider.create(peer.ask(49))
    assert seen.state is PaymentState.FAILED
    assert peer.provider.create(peer.ask(50)).state is PaymentState.REQUIRES_ACTION


# ---------------------------------------------------------------- keys


@on("idempotent")
def test_the_same_key_is_the_same_payment(peer: Peer) -> None:
    ask, seen = debited(peer)
    assert peer.provider.create(ask).provider_ref == seen.provider_ref


@on("form")
def test_the_same_key_with_another_amount_is_refused(peer: Peer) -> None:
    ask = peer.ask()
    peer.provider.create(ask)
    with pytest.raises(Refused):
        peer.provider.create(replace(ask, amount=Money(301)))


@on("cut")
@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_cut_line_says_nothing_and_the_same_key_asks_again(peer: Peer, fault: str) -> None:
    assert peer.bank is not None
    ask = peer.ask()
    peer.bank.script("checkout/sessions", fault)
    with pytest.raises(Upstream):
        peer.provider.create(ask)
    seen = peer.provider.create(ask)
    peer.bank.pay(seen.provider_ref, "pm_card_visa")
    assert peer.provider.find(ask.key) == peer.provider.read(seen.provider_ref)


@on("cut")
def test_a_500_is_replayed_for_a_day(peer: Peer, clock: Clock) -> None:
    assert peer.bank is not None
    ask = peer.ask()
    peer.bank.script("checkout/sessions", "500")
    for hours in (0, 12, 11.9):
        clock.at += timedelta(hours=hours)
        with pytest.raises(Upstream):
            peer.provider.create(ask)
    clock.at += timedelta(hours=0.2)
    assert peer.provider.create(ask).state is PaymentState.REQUIRES_ACTION


@on("cut")
def test_a_debit_made_behind_a_500_is_found_by_what_was_written_on_it(peer: Peer) -> None:
    assert peer.save is not None
    assert peer.bank is not None
    ask = peer.ask(means_ref=peer.save("pm_card_visa"), return_url=None)
    peer.bank.script("payment_intents", "500_after")
    with pytest.raises(Upstream):
        peer.provider.create(ask)
    with pytest.raises(Upstream):
        peer.provider.create(ask)
    found = peer.provider.find(ask.key)
    assert found is not None
    assert (found.state, found.order_id) == (PaymentState.SUCCEEDED, ask.order_id)


@on("find")
def test_a_key_nobody_used_is_not_found(peer: Peer) -> None:
    assert peer.provider.find("f" * 64) is None


# ---------------------------------------------------------------- refunds


@on("refund")
def test_part_then_the_rest_is_given_back(peer: Peer) -> None:
    _, seen = debited(peer)
    first = peer.provider.refund(seen.provider_ref, Money(100), "r-1")
    assert (first.state, first.amount) == (RefundState.SUCCEEDED, Money(100))
    assert peer.provider.read_refund(first.provider_ref) == first
    assert peer.provider.read(seen.provider_ref).refunded == Money(100)
    peer.provider.refund(seen.provider_ref, Money(200), "r-2")
    assert peer.provider.read(seen.provider_ref).refunded == Money(300)
    found = peer.provider.find_refund(seen.provider_ref, "r-1")
    assert found is not None
    assert found.provider_ref == first.provider_ref


@on("over_refund")
def test_more_than_was_paid_is_not_given_back(peer: Peer) -> None:
    ask, seen = debited(peer)
    assert peer.provider.refund(seen.provider_ref, Money(301), f"{ask.key}-1").state is RefundState.FAILED
    assert peer.provider.refund(seen.provider_ref, Money(300), f"{ask.key}-2").state is RefundState.SUCCEEDED
    assert peer.provider.refund(seen.provider_ref, Money(1), f"{ask.key}-3").state is RefundState.FAILED
    assert peer.provider.read(seen.provider_ref).refunded == Money(300)


@on("idempotent")
def test_the_same_refund_is_made_once(peer: Peer) -> None:
    ask, seen = debited(peer)
    first = peer.provider.refund(seen.provider_ref, Money(100), f"{ask.key}-1")
    assert peer.provider.refund(seen.provider_ref, Money(100), f"{ask.key}-1") == first
    assert peer.provider.read(seen.provider_ref).refunded == Money(100)


@on("dispute")
def test_a_contested_payment_is_not_given_back_a_second_time(peer: Peer) -> None:
    assert peer.bank is not None
    _, seen = formed(peer, "pm_card_visa")
    peer.bank.contest(seen.refs[0])
    refused = peer.provider.refund(seen.provider_ref, Money(300), "r-1")
    assert refused.state is RefundState.FAILED
    assert refused.why is not None
    assert refused.why.params["reason"] == "charge_disputed"


@on("late")
@pytest.mark.parametrize(
    ("card", "at_first", "end"),
    [
        ("pm_card_pendingRefund", RefundState.PROCESSING, RefundState.SUCCEEDED),
        ("pm_card_refundFail", RefundState.SUCCEEDED, RefundState.FAILED),
    ],
)
def test_a_refund_ends_days_later(peer: Peer, card: str, at_first: RefundState, end: RefundState) -> None:
    assert peer.bank is not None
    _, seen = formed(peer, card)
    refund = peer.provider.refund(seen.provider_ref, Money(300), "r-1")
    assert refund.state is at_first
    peer.bank.end_refunds()
    assert peer.provider.read_refund(refund.provider_ref).state is end


# ---------------------------------------------------------------- means that are left


@on("saves")
def test_a_means_taken_back_is_debited_no_more(peer: Peer) -> None:
    assert peer.save is not None
    ref = peer.save("pm_sepa_success")
    peer.provider.forget(ref)
    peer.provider.forget(ref)
    seen = peer.provider.create(peer.ask(means="sepa_debit", means_ref=ref, return_url=None))
    assert seen.state is PaymentState.FAILED


# ---------------------------------------------------------------- what it says


def last_event(peer: Peer) -> bytes:
    assert isinstance(peer.provider, Sim)
    with peer.provider.stripe.shelf.open() as book:
        return json.dumps(book.events(0)[0]).encode()


EVENT = json.dumps(
    {
        "id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "created": int(NOW.timestamp()),
        "livemode": False, "data": {"object": {"id": "pi_1", "object": "payment_intent"}},
    }
).encode()  # fmt: skip


@pytest.mark.parametrize(
    ("body", "secret", "seconds", "why"),
    [
        (EVENT, SECRET, 0, None),
        (EVENT, SECRET, -300, None),
        (EVENT, SECRET, 300, None),
        (EVENT, SECRET, -301, "time"),
        (EVENT, SECRET, 301, "time"),  # Stripe's own library takes this one
        (EVENT, SECRET, 3_600, "time"),
        (EVENT, "whsec_old", 0, None),  # the other secret, while one replaces the other
        (EVENT, "whsec_forged", 0, "signature"),
        (EVENT.replace(b"false", b"true"), SECRET, 0, "livemode"),
        (b"[]", SECRET, 0, "body"),
        (b"{", SECRET, 0, "body"),
        (b'{"id": "evt_1"}', SECRET, 0, "body"),
    ],
)
def test_a_notice_is_believed_only_when_it_is_signed_and_of_now(
    tmp_path: Path, clock: Clock, body: bytes, secret: str, seconds: int, why: str | None
) -> None:
    provider = peers.stripe_on_sim(tmp_path / "sim.sqlite", clock).provider
    header = {signing.HEADER: signing.sign(body, secret, NOW + timedelta(seconds=seconds))}
    if why is None:
        notice = provider.notice(body, header, NOW)
        assert (notice.event_id, notice.object_ref, notice.about) == ("evt_1", "pi_1", "payment")
        return
    with pytest.raises(Refused) as refused:
        provider.notice(body, header, NOW)
    assert refused.value.decision.params["why"] == why


@on("balance")
def test_its_own_account_says_every_cent(peer: Peer) -> None:
    assert peer.bank is not None
    _, seen = formed(peer, "pm_card_visa", 1_000)  # fee 15 + 25
    peer.provider.refund(seen.provider_ref, Money(400), "r-1")
    payout = peer.bank.pay_out()
    lines = peer.provider.balance(NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    said = sorted((line.category, line.amount.cents, line.fee.cents, line.payout) for line in lines)
    assert said == [("charge", 1_000, 40, payout), ("payout", -560, 0, payout), ("refund", -400, 0, payout)]
    assert next(line.object_ref for line in lines if line.category == "charge") == seen.refs[0]


@on("sweep")
def test_gaps_are_filled_by_reading(peer: Peer) -> None:
    _, seen = formed(peer, "pm_card_visa")
    (found,) = peer.provider.recent(NOW)
    assert (found.state, found.key, found.amount, found.provider_ref) == (
        seen.state, seen.key, seen.amount, seen.refs[0],
    )  # fmt: skip
    assert list(peer.provider.recent(NOW + timedelta(seconds=1))) == []
    kinds = [notice.kind for notice in peer.provider.notices(NOW)]
    assert kinds == [
        "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed",
    ]  # fmt: skip
    assert {n.object_ref for n in peer.provider.notices(NOW) if n.about == "payment"} <= {
        seen.provider_ref, seen.refs[0],
    }  # fmt: skip


@on("form")
@pytest.mark.parametrize("ref", ["cs_none", "pi_none", "ch_none", "", "../refunds"])
def test_what_it_does_not_know_is_not_found(peer: Peer, ref: str) -> None:
    with pytest.raises(NotFound):
        peer.provider.read(ref)


# ---------------------------------------------------------------- a counter, a redirection


CASH = PaymentAsk("k" * 64, "o1", Money(300), "cash", None, proof={"given_cents": "500"})


@pytest.mark.parametrize(
    ("means", "proof", "fault"),
    [
        ("cash", {"given_cents": "300"}, None),
        ("cash", {"given_cents": "500"}, None),
        ("cash", {"given_cents": "299"}, "payments.given_too_little"),
        ("cash", {"given_cents": "-300"}, "payments.no_proof"),
        ("cash", {}, "payments.no_proof"),
        ("cheque", {"cheque": "1234567"}, None),
        ("cheque", {"cheque": "123456"}, "payments.no_proof"),
        ("cheque", {"cheque": "12345678"}, "payments.no_proof"),
        ("terminal", {"receipt": "A12"}, None),
        ("terminal", {"receipt": "A1"}, "payments.no_proof"),
        ("terminal", {"receipt": "A123456789012"}, "payments.no_proof"),
        ("card", {}, "payments.unknown_means"),
    ],
)
def test_a_counter_takes_what_is_proven(means: str, proof: dict[str, str], fault: str | None) -> None:
    ask = replace(CASH, means=means, proof=proof)
    counter = Counter(live=False)
    if fault is not None:
        with pytest.raises(InvalidInput, match=fault.replace(".", r"\.")):
            counter.create(ask)
        return
    seen = counter.create(ask)
    assert (seen.state, seen.amount, seen.order_id, seen.key) == (PaymentState.SUCCEEDED, Money(300), "o1", "k" * 64)
    assert counter.create(ask) == seen


@pytest.mark.parametrize("make", [lambda: Counter(live=False), lambda: redirect(RedirectPeer())])
def test_what_they_cannot_do_is_said(make: Callable[[], Counter | Redirect]) -> None:
    provider = make()
    assert not provider.abilities.refunds
    for act in (
        lambda: provider.refund("x", Money(1), "k"),
        lambda: provider.balance(NOW, NOW),
        lambda: provider.answer_dispute("d", "x"),
        lambda: provider.forget("x"),
    ):
        with pytest.raises(Refused, match=r"payments\.not_able"):
            act()


def redirect(peer: RedirectPeer, *, live: bool = False) -> Redirect:
    return Redirect(peer, client="006382", site=peers.SITE, live=live, page="http://paie.exemple/?idop=")


@pytest.mark.parametrize(
    ("result", "state"),
    [("P", PaymentState.SUCCEEDED), ("V", PaymentState.SUCCEEDED), ("A", PaymentState.CANCELED),
     ("R", PaymentState.FAILED)],
)  # fmt: skip
def test_a_redirection_is_read_after_its_notice(result: str, state: PaymentState) -> None:
    other_side = RedirectPeer()
    provider = redirect(other_side)
    ask = PaymentAsk("ab" * 32, "o1", Money(300), "redirect", peers.BACK)
    seen = provider.create(ask)
    assert seen.state is PaymentState.REQUIRES_ACTION
    assert seen.action == f"http://paie.exemple/?idop={seen.provider_ref}"
    with pytest.raises(Upstream, match=r"payments\.not_known_yet"):
        provider.read(seen.provider_ref)
    other_side.end(seen.provider_ref, result)
    notice = provider.notice(f"idop={seen.provider_ref}".encode(), {}, NOW)
    assert (notice.object_ref, notice.signed) == (seen.provider_ref, False)
    after = provider.read(notice.object_ref)
    assert (after.state, after.amount, after.order_id, after.live) == (state, Money(300), "o1", False)
    assert ask.key.startswith(after.key or "?")


def test_a_redirection_of_the_other_world_is_seen_as_such() -> None:
    other_side = RedirectPeer()
    seen = redirect(other_side, live=True).create(PaymentAsk("ab" * 32, "o1", Money(300), "redirect", peers.BACK))
    other_side.operations[seen.provider_ref]["saisie"] = "T"
    other_side.end(seen.provider_ref, "P")
    assert redirect(other_side, live=True).read(seen.provider_ref).live is False


@pytest.mark.parametrize("body", [b"", b"idop=", b"idop=%2e%2e", b"\xff\xfe", b"idop=" + b"a" * 65])
def test_a_notice_of_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match=r"payments\.forged_notice"):
        redirect(RedirectPeer()).notice(body, {}, NOW)


def test_the_key_of_test_mode_is_of_test_mode() -> None:
    key = os.environ.get(peers.STRIPE_KEY, "sk_test_x")
    assert "_test_" in key, "the contract is never run where money is real"
