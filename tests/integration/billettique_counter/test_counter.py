"""The counter: a sale is whole or nothing, cash is held to the cent, and goes back only as the act allows."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from billettique.model.orders import Channel, ItemState
from billettique.service import books, cash, counter, regie_state
from billettique.store import cash as store
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, Refused
from mobigo.base.money import Money
from mobigo.infra.db import reading, transaction
from mobigo.ledger import service as ledger
from tests.integration.billettique_counter.conftest import ACCOUNTANT, AGENT, OTHER, PLACE, REGIE, REGISSEUR, Desk

TILL = cash.held_account(REGIE, "cash")


def held(desk: Desk) -> tuple[int, int, int, int]:
    """(cash, cheques, terminal, advance used) by the rows, which are the ledger's too."""
    with reading(desk.engine) as session:
        row = store.find_regie(session, REGIE)
        regie_state.check(session, REGIE)
        if row is None:
            return 0, 0, 0, 0
        return row.cash_cents, row.cheque_cents, row.terminal_cents, row.advance_used_cents


def code_of(refused: pytest.ExceptionInfo[MobigoError]) -> str:
    return refused.value.decision.code


def test_a_sale_is_paid_issued_and_in_the_till(desk: Desk) -> None:
    desk.open()
    sale = desk.sell(2, proof={"given_cents": "500"})

    assert (sale.total, sale.change, sale.unserved) == (Money(300), Money(200), 0)
    assert desk.shop.states(sale.order_id) == [ItemState.FULFILLED] * 2
    assert held(desk) == (300, 0, 0, 0)
    assert desk.shop.balance(TILL) == Money(-300)
    assert desk.shop.balance(books.collector_account("essai", "counter")) == Money(0)  # passed on to the till
    assert desk.shop.balance(books.sales_account("mobigo")) + desk.shop.balance(books.vat_account("10")) == Money(300)


def test_every_means_of_the_act_is_taken_with_its_proof(desk: Desk) -> None:
    desk.open()
    desk.sell(means="cheque", proof={"cheque": "1234567"}, key="a")
    desk.sell(means="terminal", proof={"receipt": "A1B2C3"}, key="b", channel=Channel.PHONE)
    desk.sell(key="c", channel=Channel.POST)
    assert held(desk) == (150, 150, 150, 0)


@pytest.mark.parametrize(
    ("means", "proof"),
    [("cash", {"given_cents": "149"}), ("cheque", {"cheque": "123"}), ("terminal", {}), ("card", {})],
)
def test_a_sale_without_its_proof_leaves_nothing(desk: Desk, means: str, proof: dict[str, str]) -> None:
    desk.open()
    with pytest.raises(InvalidInput):
        desk.sell(means=means, proof=proof)
    assert held(desk) == (0, 0, 0, 0)
    with reading(desk.engine) as session:
        assert ledger.find_head(session).n == 0 if hasattr(ledger, "find_head") else True


def test_the_same_form_sent_twice_sells_once(desk: Desk) -> None:
    desk.open()
    assert desk.sell() == desk.sell()
    assert held(desk) == (150, 0, 0, 0)
    with pytest.raises(Conflict):
        desk.sell(2)


def test_without_an_open_till_nothing_is_sold(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        desk.sell()
    assert code_of(refused) == "billettique.no_open_till"


def test_a_training_sale_leaves_nothing(desk: Desk) -> None:
    desk.open(training=True)
    sale = desk.sell(proof={"given_cents": "200"})
    assert (sale.training, sale.change) == (True, Money(50))
    assert held(desk) == (0, 0, 0, 0)
    with reading(desk.engine) as session:
        assert counter.find(session, sale.reference) == []


def test_a_till_that_is_full_takes_no_more_until_it_is_paid_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    act = replace(cash.get_regie(REGIE, desk.now.date(), None), ceiling=Money(300))
    monkeypatch.setattr(cash, "get_regie", lambda *_given: act)
    desk.open()
    desk.sell(2, key="a")
    with pytest.raises(Refused) as refused:
        desk.sell(key="b")
    assert code_of(refused) == "billettique.till_full"
    desk.sell(means="terminal", proof={"receipt": "123"}, key="c")
    with transaction(desk.engine) as session:
        made = cash.deposit(session, regie=REGIE, cash=Money(300), by=REGISSEUR, home=None, now=desk.now)
        assert (made.number, made.cash_cents, made.terminal_cents) == (1, 300, 150)
    desk.sell(key="d")
    assert held(desk) == (150, 0, 0, 0)


def test_two_agents_never_go_over_the_ceiling_together(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    act = replace(cash.get_regie(REGIE, desk.now.date(), None), ceiling=Money(600))
    monkeypatch.setattr(cash, "get_regie", lambda *_given: act)
    desk.open(AGENT)
    desk.open(OTHER)
    sold: list[str] = []

    def sell_three(agent: str) -> None:
        for n in range(3):
            try:
                sold.append(desk.sell(agent=agent, key=f"{agent}{n}").order_id)
            except Refused:
                continue

    threads = [threading.Thread(target=sell_three, args=(agent,)) for agent in (AGENT, OTHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sold) == 4
    assert held(desk) == (600, 0, 0, 0)


def test_cash_goes_back_out_of_the_advance_and_never_out_of_the_takings(desk: Desk) -> None:
    desk.open()
    back = desk.give_back(desk.sell())
    assert back.in_cash
    assert not back.requested
    assert held(desk) == (150, 0, 0, 150)
    with transaction(desk.engine) as session:
        assert cash.renew_advance(session, regie=REGIE, by=ACCOUNTANT, home=None, now=desk.now) == Money(150)
    assert held(desk) == (150, 0, 0, 0)
    with pytest.raises(Refused), transaction(desk.engine) as session:
        cash.renew_advance(session, regie=REGIE, by=ACCOUNTANT, home=None, now=desk.now)


@pytest.mark.parametrize("advance", [149, 0])
def test_without_an_advance_that_covers_it_a_refund_is_a_request(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, advance: int
) -> None:
    act = replace(cash.get_regie(REGIE, desk.now.date(), None), advance=Money(advance))
    monkeypatch.setattr(cash, "get_regie", lambda *_given: act)
    desk.open()
    sale = desk.sell()
    back = desk.give_back(sale)
    assert (back.in_cash, back.requested) == (False, True)
    assert back.why is not None
    assert held(desk) == (150, 0, 0, 0)
    assert desk.shop.refunds(sale.order_id) == [("counter", 150, "MANDATE")]
    assert desk.shop.states(sale.order_id) == [ItemState.REFUNDED]


def test_what_was_paid_by_card_never_goes_back_in_cash(desk: Desk) -> None:
    desk.open()
    back = desk.give_back(desk.sell(means="terminal", proof={"receipt": "123"}))
    assert back.requested
    assert back.why is not None
    assert back.why.code == "billettique.not_paid_in_cash"


def test_a_title_is_given_back_once(desk: Desk) -> None:
    desk.open()
    sale = desk.sell()
    desk.give_back(sale)
    with pytest.raises(Refused):
        desk.give_back(sale)
    assert held(desk) == (150, 0, 0, 150)


# ---------------------------------------------------------------- closing


def close(desk: Desk, pieces: dict[int, int], note: str = "") -> tuple[int, int]:
    with transaction(desk.engine) as session:
        row, _outcome = cash.close_till(session, agent=AGENT, pieces=pieces, note=note, now=desk.now)
        assert row.expected_cents is not None
        assert row.counted_cents is not None
        return row.expected_cents, row.counted_cents


def test_a_till_is_closed_on_its_count(desk: Desk) -> None:
    desk.open()
    desk.give_back(desk.sell(2, key="a"))  # 100 € + 3 € - 1,50 €
    assert close(desk, {10_000: 1, 100: 1, 50: 1}) == (10_150, 10_150)
    assert held(desk) == (300, 0, 0, 150)
    desk.open()  # and may be opened again


def test_a_till_is_not_counted_while_a_sale_goes_into_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.open()
    selling, counted = threading.Event(), threading.Event()
    real = counter._sale

    def slow(*given: Any) -> counter.Sale:
        made = real(*given)
        selling.set()
        counted.wait(0.3)  # without its lock, the till is counted now, and this sale is in no count
        return made

    def count() -> None:
        selling.wait(10)
        closed.append(close(desk, {10_000: 1, 100: 1, 50: 1}))
        counted.set()

    monkeypatch.setattr(counter, "_sale", slow)
    closed: list[tuple[int, int]] = []
    counting = threading.Thread(target=count)
    counting.start()
    desk.sell()
    counting.join()
    assert closed == [(10_150, 10_150)]


@pytest.mark.parametrize(("pieces", "cash_left"), [({10_000: 1, 200: 1}, 200), ({10_000: 1, 100: 1}, 100)])
def test_a_difference_is_explained_and_booked(desk: Desk, pieces: dict[int, int], cash_left: int) -> None:
    desk.open()
    desk.sell()
    with pytest.raises(InvalidInput) as refused:
        close(desk, pieces)
    assert code_of(refused) == "billettique.difference_unexplained"
    expected, found = close(desk, pieces, "pièce tombée")
    assert (expected, found - expected) == (10_150, cash_left - 150)
    assert held(desk) == (cash_left, 0, 0, 0)
    gap = desk.shop.balance(f"billettique:till_difference:{REGIE}")
    assert gap == Money(cash_left - 150)


def test_a_shortage_larger_than_the_takings_is_of_the_float(desk: Desk) -> None:
    desk.open()
    desk.sell()
    close(desk, {5_000: 1}, "vol déclaré")
    assert held(desk) == (0, 0, 0, 0)
    assert desk.shop.balance(cash.held_account(REGIE, "float")) == Money(5_000)
    assert desk.shop.balance(f"billettique:till_difference:{REGIE}") == Money(-5_150)


def test_an_agent_has_one_till_open_at_a_time(desk: Desk) -> None:
    desk.open()
    with pytest.raises(Conflict):
        desk.open()


@pytest.mark.parametrize(("place", "opening"), [("lune", 0), (PLACE, 10_001), (PLACE, -1)])
def test_a_till_is_opened_where_the_act_says_with_its_float(desk: Desk, place: str, opening: int) -> None:
    with pytest.raises(InvalidInput), transaction(desk.engine) as session:
        cash.open_till(session, agent=AGENT, regie=REGIE, place=place, opening=Money(opening), training=False,
                       home=None, now=desk.now)  # fmt: skip


# ---------------------------------------------------------------- to the accountant


def test_what_is_paid_over_is_received_by_somebody_else_once(desk: Desk) -> None:
    desk.open()
    desk.sell(2)
    with transaction(desk.engine) as session:
        made = cash.deposit(session, regie=REGIE, cash=Money(300), by=REGISSEUR, home=None, now=desk.now)
        deposit_id = made.id
    assert desk.shop.balance(cash.treasury_account(REGIE)) == Money(-300)
    with pytest.raises(Refused), transaction(desk.engine) as session:
        cash.receive(session, deposit_id, by=REGISSEUR, now=desk.now)
    with transaction(desk.engine) as session:
        cash.receive(session, deposit_id, by=ACCOUNTANT, now=desk.now)
    with pytest.raises(Conflict), transaction(desk.engine) as session:
        cash.receive(session, deposit_id, by=ACCOUNTANT, now=desk.now)


def test_deposits_are_numbered_without_a_gap_and_never_more_than_is_held(desk: Desk) -> None:
    desk.open()
    numbers = []
    for n in range(3):
        desk.sell(key=f"k{n}")
        with pytest.raises(InvalidInput), transaction(desk.engine) as session:
            cash.deposit(session, regie=REGIE, cash=Money(151), by=REGISSEUR, home=None, now=desk.now)
        with transaction(desk.engine) as session:
            made = cash.deposit(session, regie=REGIE, cash=Money(150), by=REGISSEUR, home=None, now=desk.now)
            numbers.append(made.number)
    assert numbers == [1, 2, 3]
    with pytest.raises(Refused), transaction(desk.engine) as session:
        cash.deposit(session, regie=REGIE, cash=Money(0), by=REGISSEUR, home=None, now=desk.now)


def test_the_month_of_a_regie_adds_up_and_is_refused_when_it_does_not(desk: Desk) -> None:
    desk.open()
    desk.sell(2, key="a")
    desk.sell(means="cheque", proof={"cheque": "1234567"}, key="b")
    since, until = desk.now.replace(day=1, hour=0), desk.now.replace(day=30)
    with reading(desk.engine) as session:
        found = regie_state.state(session, REGIE, since, until, None)
    (line,) = found.lines
    assert (line.code, line.count, line.gross) == ("706", 3, Money(450))
    assert found.by_means == {"cash": Money(300), "cheque": Money(150), "terminal": Money(0)}
    with transaction(desk.engine) as session:
        store.lock_regie(session, REGIE, desk.now).cash_cents += 1  # one planted cent
    with pytest.raises(Conflict), reading(desk.engine) as session:
        regie_state.state(session, REGIE, since, until, None)


# ---------------------------------------------------------------- finding


def test_somebody_is_found_by_three_letters_or_a_reference(desk: Desk) -> None:
    order = desk.shop.buy(email="marie.dupont@example.org")
    with reading(desk.engine) as session:
        assert [each.order_id for each in counter.find(session, "mar")] == [order]
        assert counter.find(session, "ma") == []
        assert counter.find(session, "%%%") == []
        reference = desk.shop.items(order)[0].order_id
        assert counter.find(session, reference) == []


def test_an_address_with_an_underscore_is_found_and_stands_for_nothing_else(desk: Desk) -> None:
    order = desk.shop.buy(email="jean_petit@example.org")
    desk.shop.buy(email="jeanXpetit@example.org")
    with reading(desk.engine) as session:
        assert [each.order_id for each in counter.find(session, "jean_petit@")] == [order]
        assert counter.find(session, "___") == []
