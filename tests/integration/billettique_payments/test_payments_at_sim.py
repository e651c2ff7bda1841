"""Payments at the simulated provider: from the key to the money, whatever fails and in whatever order things come."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from billettique.model.payments import PaymentState, RefundState
from billettique.rules import payments as rules
from billettique.service import payment_refunds, payments, quarantine, webhooks
from billettique.store import notices
from billettique.store import payments as store
from mobigo.base.errors import Conflict, InvalidInput, Refused, Upstream
from mobigo.base.money import Money
from mobigo.infra.db import reading, transaction
from tests.covoit_money_world import agent
from tests.payments_world import RETURN, Role, World

REGISSEUR = agent(Role.REGISSEUR)


# ---------------------------------------------------------------- the straight way


def test_a_card_is_paid_on_the_form_and_read_again(w: World) -> None:
    payment = w.asked()
    assert w.state(payment) is PaymentState.REQUIRES_ACTION
    w.sim.bank.pay(w.form(payment), "pm_card_visa")
    assert w.state(payment) is PaymentState.REQUIRES_ACTION  # nobody told us yet
    assert payments.refresh(w.services, payment, w.at) is PaymentState.SUCCEEDED
    assert w.heard == [(payment, "REQUIRES_ACTION"), (payment, "SUCCEEDED")]
    w.drain()  # its events come after the page: nothing more
    assert len(w.heard) == 2
    with reading(w.engine) as session:
        moves = [(each.before, each.after, each.cause) for each in store.moves_of(session, payment)]
    assert moves == [
        (None, "CREATED", "begin"), ("CREATED", "REQUIRES_ACTION", "answer"), ("REQUIRES_ACTION", "SUCCEEDED", "read"),
    ]  # fmt: skip


def test_its_event_alone_is_enough(w: World) -> None:
    payment = w.paid()
    w.drain()
    assert w.state(payment) is PaymentState.SUCCEEDED
    assert w.row(payment).captured_cents == 300
    assert w.row(payment).look_at is None


def test_moves_cannot_be_rewritten(w: World) -> None:
    w.paid()
    for words in ("UPDATE billettique_payment_move SET after = 'SUCCEEDED'", "DELETE FROM billettique_payment_move"):
        with pytest.raises(DatabaseError, match="only grows"), transaction(w.engine) as session:
            session.execute(text(words))


# ---------------------------------------------------------------- keys


def test_the_key_is_there_before_anything_is_asked(w: World) -> None:
    payment = w.begin()
    assert w.row(payment).key == sha256(b"o1\n1\norder\n300").hexdigest()
    assert w.sim.bank.log() == []


def test_the_same_attempt_is_the_same_payment_and_another_amount_a_conflict(w: World) -> None:
    assert w.begin() == w.begin()
    with pytest.raises(Conflict, match=r"payments\.other_amount"):
        w.begin(cents=301)
    with pytest.raises(Conflict, match=r"payments\.other_amount"):
        w.begin(means="sepa_debit")
    assert w.begin(attempt=2) != w.begin()
    with pytest.raises(InvalidInput, match=r"payments\.no_amount"):
        w.begin(order="o2", cents=0)


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_silent_provider_is_asked_again_with_the_same_key(w: World, fault: str) -> None:
    payment = w.begin()
    w.sim.bank.script("checkout/sessions", fault)
    with pytest.raises(Upstream):
        payments.call(w.services, payment, w.at)
    assert w.state(payment) is PaymentState.CREATED
    w.later(seconds=29)
    w.drain()
    assert w.state(payment) is PaymentState.CREATED
    w.later(seconds=1)
    w.drain()
    assert w.state(payment) is PaymentState.REQUIRES_ACTION
    keys = {
        key for _, _, method, path, key, _, _ in w.sim.bank.log() if (method, path) == ("POST", "checkout/sessions")
    }
    assert keys == {w.row(payment).key}
    with w.sim.stripe.shelf.open() as book:
        assert len(book.listed("checkout.session")) == 1


def saved(w: World, card: str = "pm_card_visa") -> str:
    """A means that was left, as a later debit names it."""
    from billettique.model.payments import SaveAsk

    kind = "sepa_debit" if card.startswith("pm_sepa") else "card"
    seen = w.sim.save(SaveAsk(f"save-{card}", "holder", kind, RETURN))
    w.sim.bank.pay(seen.provider_ref, card)
    ref = w.sim.read_means(seen.provider_ref).means_ref
    assert ref is not None
    return ref


def test_an_event_may_come_before_the_answer(w: World) -> None:
    payment = w.begin(means_ref=saved(w), return_url=None)
    w.sim.bank.script("payment_intents", "after")
    with pytest.raises(Upstream):
        payments.call(w.services, payment, w.at)
    w.drain()  # the event alone: the debit was made, its answer was lost
    assert w.state(payment) is PaymentState.SUCCEEDED
    assert payments.call(w.services, payment, w.at).state is PaymentState.SUCCEEDED
    with w.sim.stripe.shelf.open() as book:
        assert len(book.listed("charge")) == 1


def test_a_debit_behind_a_replayed_500_is_found_under_its_key(w: World) -> None:
    payment = w.begin(means_ref=saved(w), return_url=None)
    w.sim.bank.script("payment_intents", "500_after")
    with pytest.raises(Upstream):
        payments.call(w.services, payment, w.at)
    assert payments.call(w.services, payment, w.at).state is PaymentState.SUCCEEDED


def test_what_was_not_made_after_an_hour_of_500_has_failed(w: World) -> None:
    payment = w.begin()
    w.sim.bank.script("checkout/sessions", "500")
    for minutes in (0, 59):
        w.later(minutes=minutes)
        with pytest.raises(Upstream):
            payments.call(w.services, payment, w.at)
    w.later(minutes=1)
    assert payments.call(w.services, payment, w.at).state is PaymentState.FAILED
    assert w.heard == [(payment, "FAILED")]


def test_after_a_day_a_payment_is_looked_for_under_what_was_written_on_it(w: World) -> None:
    payment = w.begin(means_ref=saved(w), return_url=None)
    w.sim.bank.script("payment_intents", "after")
    with pytest.raises(Upstream):
        payments.call(w.services, payment, w.at)
    w.later(hours=30)  # the provider has forgotten the key
    assert payments.call(w.services, payment, w.at).state is PaymentState.SUCCEEDED
    with w.sim.stripe.shelf.open() as book:
        assert len(book.listed("charge")) == 1


# ---------------------------------------------------------------- what does not happen


def test_what_nobody_asked_of_a_provider_is_given_up(w: World) -> None:
    payment = w.begin()
    w.later(minutes=30)
    w.drain()
    assert w.state(payment) is PaymentState.CANCELED
    assert w.sim.bank.log() == []


def test_a_form_that_closed_is_a_payment_given_up(w: World) -> None:
    payment = w.asked()
    w.later(hours=25)
    w.drain()
    assert w.state(payment) is PaymentState.CANCELED


def test_giving_up_is_told_to_the_provider_and_money_is_quicker(w: World) -> None:
    first, second, third = w.asked("o1"), w.asked("o2"), w.begin("o3")
    w.sim.bank.pay(w.form(second), "pm_card_visa")
    assert payments.give_up(w.services, first, w.at) is PaymentState.CANCELED
    assert payments.give_up(w.services, second, w.at) is PaymentState.SUCCEEDED
    assert payments.give_up(w.services, third, w.at) is PaymentState.CANCELED
    assert payments.give_up(w.services, first, w.at) is PaymentState.CANCELED


def test_a_payment_whose_call_was_cut_is_given_up_all_the_same(w: World) -> None:
    payment = w.begin()
    w.sim.bank.script("checkout/sessions", "after")
    with pytest.raises(Upstream):
        payments.call(w.services, payment, w.at)
    assert payments.give_up(w.services, payment, w.at) is PaymentState.CANCELED


def test_late_money_follows_a_refusal(w: World) -> None:
    payment = w.begin()
    w.sim.bank.script("checkout/sessions", "500_after")
    for minutes in (0, 60):
        w.later(minutes=minutes)
        try:
            payments.call(w.services, payment, w.at)
        except Upstream:
            continue
    assert w.state(payment) is PaymentState.FAILED
    with w.sim.stripe.shelf.open() as book:
        (form,) = book.listed("checkout.session")
    w.sim.bank.pay(form["id"], "pm_card_visa")
    w.drain()
    assert w.heard[-1] == (payment, "SUCCEEDED")


# ---------------------------------------------------------------- debits, disputes


@pytest.mark.parametrize(
    ("card", "heard"),
    [
        ("pm_sepa_success", ["REQUIRES_ACTION", "PROCESSING", "SUCCEEDED"]),
        ("pm_sepa_failed", ["REQUIRES_ACTION", "PROCESSING", "FAILED"]),
        ("pm_sepa_disputed", ["REQUIRES_ACTION", "PROCESSING", "SUCCEEDED", "DISPUTED"]),
    ],
)
def test_a_debit_is_known_later(w: World, card: str, heard: list[str]) -> None:
    w.paid(card=card, means="sepa_debit")
    w.drain()
    w.later(days=5)
    w.drain()
    assert [state for _, state in w.heard] == heard


def test_a_dispute_freezes_and_a_won_one_frees(w: World) -> None:
    payment = w.paid()
    w.drain()
    dispute = w.sim.bank.contest(w.intent(payment))
    w.drain()
    assert w.state(payment) is PaymentState.DISPUTED
    with pytest.raises(Refused, match=r"payments\.refund_disputed"):
        w.ask_refund(payment, 100)
    stale = w.sim.read(w.form(payment))
    w.sim.bank.judge(dispute, won=True)
    w.drain()
    assert w.state(payment) is PaymentState.SUCCEEDED
    with transaction(w.engine) as session:  # read before, applied after: it does not freeze again
        assert payments.apply(session, payment, stale, w.at) is PaymentState.SUCCEEDED
    assert [state for _, state in w.heard][2:] == ["DISPUTED", "SUCCEEDED"]


def test_a_lost_dispute_stays(w: World) -> None:
    payment = w.paid(card="pm_card_createDispute")
    w.drain()
    with reading(w.engine) as session:
        (dispute,) = store.disputes_of(session, payment)
    w.sim.bank.judge(dispute.ref, won=False)
    w.drain()
    assert w.state(payment) is PaymentState.DISPUTED
    assert [state for _, state in w.heard] == ["REQUIRES_ACTION", "SUCCEEDED", "DISPUTED"]


# ---------------------------------------------------------------- what does not match


def tampered(w: World, payment: str, **changes: Any) -> None:
    """Another amount, currency… at the provider than what was asked."""
    with w.sim.stripe.shelf.open() as book:
        intent = book.listed("payment_intent", note=w.row(payment).key)[0]
        book.put(intent | changes)


@pytest.mark.parametrize(
    ("changes", "code", "given_back"),
    [
        ({"amount_received": 299}, "payments.mismatch_amount", 299),
        ({"currency": "usd"}, "payments.mismatch_currency", 300),
        # More than there is cannot go back: a person decides.
        ({"amount_received": 301}, "payments.mismatch_amount", None),
    ],
)
def test_what_does_not_match_is_given_back_and_never_a_success(
    w: World, changes: dict[str, Any], code: str, given_back: int | None
) -> None:
    payment = w.paid()
    tampered(w, payment, **changes)
    w.drain()
    w.drain()
    assert w.state(payment) is PaymentState.FAILED
    assert "SUCCEEDED" not in [state for _, state in w.heard]
    with reading(w.engine) as session:
        (held,) = session.scalars(select(store.QuarantineRow))
        assert (held.code, held.payment) == (code, payment)
        assert held.ended == (None if given_back is None else "refunded")
    with w.sim.stripe.shelf.open() as book:
        assert [each["amount"] for each in book.listed("refund")] == ([] if given_back is None else [given_back])
    payments.refresh(w.services, payment, w.at)
    assert w.state(payment) is PaymentState.FAILED


def test_money_of_another_order_is_not_this_ones(w: World) -> None:
    payment = w.paid()
    with w.sim.stripe.shelf.open() as book:
        session = book.get("checkout.session", w.form(payment))
        assert session is not None
        book.put(session | {"metadata": session["metadata"] | {"mobigo_order": "o2"}})
    assert payments.refresh(w.services, payment, w.at) is PaymentState.FAILED
    with reading(w.engine) as session_:
        (held,) = quarantine.open_rows(session_)
    assert held.code == "payments.mismatch_order"


def test_an_accepted_payment_that_was_changed_there_is_for_a_person(w: World) -> None:
    payment = w.paid()
    w.drain()
    tampered(w, payment, amount_received=1)
    payments.refresh(w.services, payment, w.at)
    w.drain()
    assert w.state(payment) is PaymentState.SUCCEEDED
    with reading(w.engine) as session:
        (held,) = quarantine.open_rows(session)
    assert (held.refund_at, held.ended_at) == (None, None)


def forgotten(w: World) -> str:
    """A payment of ours that our database does not know: it was restored from yesterday."""
    payment = w.paid()
    form = w.form(payment)
    if w.engine.dialect.name == "sqlite":
        words = ["DROP TRIGGER billettique_payment_move_no_delete"]
    else:
        words = ["SET LOCAL session_replication_role = replica"]
    for table in ("billettique_payment_move", "billettique_payment_ref", "billettique_payment"):
        words.append(f"DELETE FROM {table}")
    with transaction(w.engine) as session:
        for each in words:
            session.execute(text(each))
    return form


def test_money_nobody_explains_goes_back_after_a_day(w: World) -> None:
    form = forgotten(w)
    w.drain()
    w.later(hours=24, seconds=-1)
    w.drain()
    assert w.sim.read(form).refunded == Money(0)
    w.later(seconds=1)
    w.drain()
    assert w.sim.read(form).refunded == Money(300)
    with reading(w.engine) as session:
        assert quarantine.open_rows(session) == []


def test_unless_a_person_keeps_it(w: World) -> None:
    form = forgotten(w)
    w.drain()
    with transaction(w.engine) as session:
        (held,) = quarantine.open_rows(session)
        quarantine.keep(session, held.id, by=REGISSEUR, note="billet émis avant la panne", now=w.at)
    w.later(days=2)
    w.drain()
    assert w.sim.read(form).refunded == Money(0)
    with pytest.raises(Conflict), transaction(w.engine) as session:
        quarantine.keep(session, held.id, by=REGISSEUR, note="encore", now=w.at)


def test_what_another_installation_does_on_the_same_account_is_left_alone(w: World) -> None:
    payment = w.paid()
    with w.sim.stripe.shelf.open() as book:
        for kind in ("checkout.session", "payment_intent"):
            for each in book.listed(kind):
                book.put(each | {"id": f"{each['id']}9", "metadata": {"mobigo_site": "https://elsewhere"}})
    assert webhooks.follow(w.services, w.providers, "sim", f"{w.form(payment)}9", w.at) is None
    assert webhooks.follow(w.services, w.providers, "sim", "pi_sim_none", w.at) is None
    with reading(w.engine) as session:
        assert quarantine.open_rows(session) == []


# ---------------------------------------------------------------- refunds


def test_a_refund_is_given_back_by_the_worker(w: World) -> None:
    payment = w.paid()
    w.drain()
    refund = w.ask_refund(payment, 100)
    assert w.refund_state(refund) == "CREATED"
    w.drain()
    assert w.refund_state(refund) == "SUCCEEDED"
    assert w.refunds == ["SUCCEEDED"]
    assert w.ask_refund(payment, 100) == refund
    with pytest.raises(Conflict, match=r"payments\.other_refund"):
        w.ask_refund(payment, 101)


def test_never_more_than_was_received(w: World) -> None:
    payment = w.paid()
    with pytest.raises(Refused, match=r"payments\.nothing_received"):
        w.ask_refund(payment, 1)
    w.drain()
    w.ask_refund(payment, 299, "a")
    with pytest.raises(Refused, match=r"payments\.more_than_left"):
        w.ask_refund(payment, 2, "b")
    w.ask_refund(payment, 1, "b")
    with pytest.raises(Refused, match=r"payments\.more_than_left"):
        w.ask_refund(payment, 1, "c")
    with pytest.raises(InvalidInput, match=r"payments\.no_amount"):
        w.ask_refund(payment, 0, "d")


def test_eight_agents_at_once_never_give_back_more_than_was_received(w: World) -> None:
    payment = w.paid(cents=1_000)
    w.drain()

    def one(n: int) -> int:
        try:
            w.ask_refund(payment, 150, f"k{n}")
        except Refused:
            return 0
        return 150

    with ThreadPoolExecutor(8) as agents:
        assert sum(agents.map(one, range(24))) == 900
    w.drain()
    assert w.sim.read(w.form(payment)).refunded == Money(900)


@pytest.mark.parametrize("fault", ["before", "after", "500", "500_after"])
def test_a_refund_whose_answer_is_lost_is_made_once(w: World, fault: str) -> None:
    payment = w.paid()
    w.drain()
    w.sim.bank.script("refunds", fault)
    refund = w.ask_refund(payment, 300)
    w.drain()
    assert w.refund_state(refund) == "CREATED"
    for _ in range(12):  # again, later and later: a 500 is replayed for a day
        w.later(hours=6)
        w.drain()
    assert w.refund_state(refund) == "SUCCEEDED"
    with w.sim.stripe.shelf.open() as book:
        assert [each["amount"] for each in book.listed("refund")] == [300]


@pytest.mark.parametrize(
    ("card", "states"),
    [
        ("pm_card_pendingRefund", ["PROCESSING", "SUCCEEDED"]),
        ("pm_card_refundFail", ["SUCCEEDED", "FAILED", "MANDATE"]),
    ],
)
def test_a_refund_ends_days_later_and_what_comes_back_is_paid_by_the_accountant(
    w: World, card: str, states: list[str]
) -> None:
    payment = w.paid(card=card)
    w.drain()
    refund = w.ask_refund(payment, 300)
    w.drain()
    w.later(days=1)
    w.drain()
    assert w.refunds == states
    if states[-1] == "MANDATE":
        with transaction(w.engine) as session:
            payment_refunds.settle_refund(session, refund, how="mandate", now=w.at)
            payment_refunds.settle_refund(session, refund, how="mandate", now=w.at)
        assert w.refund_state(refund) == "SUCCEEDED"
        with pytest.raises(Refused, match=r"payments\.more_than_left"):
            w.ask_refund(payment, 1, "again")


def test_a_refund_made_at_the_provider_is_known_and_not_made_again(w: World) -> None:
    payment = w.paid()
    w.drain()
    w.sim.refund(w.form(payment), Money(200), "by a person there")
    w.drain()
    assert w.refunds == ["SUCCEEDED"]
    with reading(w.engine) as session:
        assert [(each.cents, each.outside) for each in store.refunds_of(session, payment)] == [(200, True)]
    with pytest.raises(Refused, match=r"payments\.more_than_left"):
        w.ask_refund(payment, 101)
    w.ask_refund(payment, 100)
    w.drain()
    assert w.sim.read(w.form(payment)).refunded == Money(300)
    payments.refresh(w.services, payment, w.at)
    assert len(w.refunds) == 2


# ---------------------------------------------------------------- notices, in any order


def events_of_a_day(w: World) -> list[tuple[bytes, dict[str, str]]]:
    """What the provider says of a day with everything in it, signed, not delivered."""
    bank, first = w.sim.bank, w.paid("o1")
    w.paid("o2", card="pm_card_visa_chargeDeclined")
    w.paid("o3", card="pm_sepa_success", means="sepa_debit")
    w.paid("o4", card="pm_sepa_failed", means="sepa_debit")
    w.paid("o5", card="pm_card_createDispute")
    sixth = w.paid("o6")
    payments.refresh(w.services, first, w.at)
    w.ask_refund(first, 100)
    payments.refresh(w.services, sixth, w.at)
    bank.judge(bank.contest(w.intent(sixth)), won=True)
    for waiting in bank.waiting_debits():
        bank.settle(waiting)
    collected: list[tuple[bytes, dict[str, str]]] = []
    w.sim.deliver(lambda body, headers: collected.append((body, dict(headers))))
    return collected


def end_state(w: World) -> list[Any]:
    """All that became of the payments, without times: (order, state, received, refunds, disputes)."""
    with reading(w.engine) as session:
        return [
            (each.order_id, each.state, each.captured_cents,
             [(r.cents, r.state, r.outside) for r in store.refunds_of(session, each.id)],
             [(d.cents, d.state) for d in store.disputes_of(session, each.id)])
            for each in session.scalars(select(store.PaymentRow).order_by(store.PaymentRow.order_id))
        ]  # fmt: skip


EXPECTED = [
    ("o1", "SUCCEEDED", 300, [(100, "SUCCEEDED", False)], []),
    ("o2", "REQUIRES_ACTION", 0, [], []),
    ("o3", "SUCCEEDED", 300, [], []),
    ("o4", "FAILED", 0, [], []),
    ("o5", "DISPUTED", 300, [], [(300, "OPEN")]),
    ("o6", "SUCCEEDED", 300, [], [(300, "WON")]),
]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_events_five_times_each_and_shuffled_end_in_the_same_state(w: World, seed: int) -> None:
    collected = events_of_a_day(w)
    assert len(collected) == 28
    chance = random.Random(seed)
    sent = collected * 5
    chance.shuffle(sent)
    for number, (body, headers) in enumerate(sent):
        webhooks.receive(w.services, "sim", body, headers, w.at)
        if number % 30 == 0:
            w.drain()
    w.drain()
    assert end_state(w) == EXPECTED
    with reading(w.engine) as session:
        stored = session.scalars(select(notices.ProviderEventRow)).all()
    assert len(stored) == len(collected) + 2  # the refund's own, made meanwhile


@pytest.mark.parametrize("lost", [0.5, 1.0])
def test_what_was_lost_is_found_by_the_sweep(w: World, lost: float) -> None:
    chance = random.Random(3)
    for body, headers in events_of_a_day(w):
        if chance.random() >= lost:
            webhooks.receive(w.services, "sim", body, headers, w.at)
    for _ in range(2):  # the refund of the first round has events of its own
        webhooks.sweep(w.services, w.at)
        w.drain()
    assert end_state(w) == EXPECTED
    assert webhooks.sweep(w.services, w.at) == 0


def test_an_event_that_was_not_taken_comes_again(w: World) -> None:
    payment = w.paid()
    taken = [0]

    def down(body: bytes, headers: object) -> None:
        taken[0] += 1
        raise Upstream("payments.provider_silent", provider="us")

    assert w.sim.deliver(down) == taken[0] > 0
    w.drain()
    assert w.state(payment) is PaymentState.REQUIRES_ACTION
    w.later(minutes=1)
    w.drain()
    assert w.state(payment) is PaymentState.SUCCEEDED


def test_what_stays_unanswered_is_set_aside_and_may_be_tried_again(w: World) -> None:
    payment = w.paid()
    w.sim.bank.script("checkout/sessions/", *["before"] * 30)
    for _ in range(16):
        w.drain()
        w.later(hours=7)
    with transaction(w.engine) as session:
        aside = notices.set_aside(session)
        assert aside
        assert {each.error for each in aside} == {"payments.provider_silent"}
        assert notices.again(session, aside[0].id, w.at)
        assert not notices.again(session, "nobody", w.at)
    with w.sim.stripe.shelf.open() as book:
        book._run("DELETE FROM script")
    w.drain()
    assert w.state(payment) is PaymentState.SUCCEEDED


# ---------------------------------------------------------------- a counter


@pytest.mark.parametrize(
    ("means", "proof"),
    [("cash", {"given_cents": "500"}), ("cheque", {"cheque": "1234567"}), ("terminal", {"receipt": "A12"})],
)
def test_at_a_counter_the_agent_saw_the_money_and_a_refund_is_a_request(
    w: World, means: str, proof: dict[str, str]
) -> None:
    payment = w.begin(provider="counter", means=means, proof=proof, return_url=None)
    assert payments.call(w.services, payment, w.at).state is PaymentState.SUCCEEDED
    assert w.row(payment).collector == "essai"
    refund = w.ask_refund(payment, 300)
    w.drain()
    assert w.refund_state(refund) == RefundState.MANDATE
    assert payments.refresh(w.services, payment, w.at) is PaymentState.SUCCEEDED


def test_a_counter_without_its_proof_receives_nothing(w: World) -> None:
    payment = w.begin(provider="counter", means="cheque", proof={}, return_url=None)
    assert payments.call(w.services, payment, w.at).state is PaymentState.FAILED
    assert w.row(payment).why["code"] == "payments.no_proof"


# ---------------------------------------------------------------- rules on both sides


@pytest.mark.parametrize("then", list(PaymentState))
def test_money_that_was_received_is_never_lost_from_sight(then: PaymentState) -> None:
    for now in (PaymentState.SUCCEEDED, PaymentState.DISPUTED):
        assert rules.may_follow(now, then) == ({now, then} == {PaymentState.SUCCEEDED, PaymentState.DISPUTED})


def test_looks_are_less_and_less_often() -> None:
    waits = [rules.next_look(n) for n in range(20)]
    assert waits[0] == timedelta(seconds=30)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=12)


@pytest.mark.parametrize(
    "make",
    [
        lambda w: w.begin(provider="stripe"),
        lambda w: w.begin(provider="redirect", means="redirect"),
    ],
)
def test_a_provider_that_is_not_configured_is_not_asked(w: World, make: Callable[[World], str]) -> None:
    payment = make(w)
    with pytest.raises(InvalidInput, match=r"payments\.unknown_provider"):
        payments.call(w.services, payment, w.at)
    assert w.state(payment) is PaymentState.CREATED
