"""Rounds on real databases: what inspectors take on the spot is in a till, once, whatever the order it comes in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import Engine

from billettique.model.cases import Constat
from billettique.service import case_money, cases, cash, regie_state, rounds
from billettique.store import cash as cash_store
from billettique.store import inspections as case_store
from billettique.store import rounds as store
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.ledger import service as ledger

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
INSPECTOR, REGISSEUR, DEVICE = "inspector-subject", "regisseur-subject", "i-device"
PAID = 5_150  # 50 € and a journey at 1,50 €
GAP = cash.gap_account("controle")


def opened(engine: Engine, opening: int = 1_000, agent: str = INSPECTOR) -> str:
    with transaction(engine) as session:
        row = rounds.open_round(session, agent=agent, regie="controle", opening=Money(opening), home=None, now=NOW)
        return row.id


def constat(till: str, number: int, means: str = "cash", fare: int = 150, agent: int = 0) -> Constat:
    name = f"{agent}{number:031x}"
    return Constat(name, f"AAAA{'ABCDEFGH'[agent]}{number:03d}".replace("0", "Z").replace("1", "Y"), "d", NOW,
                   "no_ticket", "", "", Money(fare), means, None, "", False, till, number)  # fmt: skip


def send(
    engine: Engine, config: Config, found: Constat, *, by: str = INSPECTOR, device: str = DEVICE, at: datetime = NOW
) -> None:
    with transaction(engine) as session:
        cases.draw_up(session, config, found, by=by, device=device, now=at)


def close(engine: Engine, cents: int, last: int, note: str = "", agent: str = INSPECTOR) -> int:
    """Counts a round; the difference found."""
    with transaction(engine) as session:
        pieces = {100: cents // 100, 50: cents % 100 // 50, 1: cents % 50}
        _row, outcome = rounds.close_round(session, agent=agent, pieces=pieces, last=last, note=note, now=NOW)
        return outcome.difference.cents


def balance(engine: Engine, account: str) -> int:
    with reading(engine) as session:
        try:
            return ledger.balance(session, account).net.cents
        except NotFound:
            return 0


def held(engine: Engine) -> tuple[int, int, int]:
    """(cash, cheques, terminal) of the régie by its rows, which are the ledger's too."""
    with reading(engine) as session:
        regie_state.check(session, "controle")
        row = cash_store.find_regie(session, "controle")
        return (0, 0, 0) if row is None else (row.cash_cents, row.cheque_cents, row.terminal_cents)


def receipts(engine: Engine, till: str) -> list[tuple[int, int, bool, list[str]]]:
    with reading(engine) as session:
        return [
            (each.number, each.cents, each.late, [why.code for why in rounds.flags_of(each)])
            for each in store.of_till(session, till)
        ]


def code_of(refused: pytest.ExceptionInfo[MobigoError]) -> str:
    return refused.value.decision.code


def test_a_round_from_its_float_to_the_accountant(engine: Engine, database_config: Config) -> None:
    till = opened(engine)
    for number, means in enumerate(("cash", "cheque", "terminal", "cash"), 1):
        for _ in range(2):  # a telephone that had no answer sends it again
            send(engine, database_config, constat(till, number, means))
    assert held(engine) == (2 * PAID, PAID, PAID)
    assert balance(engine, case_money.OWED) == 0
    assert balance(engine, "billettique:collector:regie-mobigo:counter") == 0  # all of it is in the till
    assert close(engine, 1_000 + 2 * PAID, 4) == 0
    with pytest.raises(InvalidInput) as carried, transaction(engine) as session:
        cash.deposit(session, regie="controle", cash=Money(1), by=REGISSEUR, home=None, now=NOW)
    assert code_of(carried) == "billettique.deposit_too_much"
    with pytest.raises(Refused) as own, transaction(engine) as session:
        rounds.hand_over(session, till, by=INSPECTOR, now=NOW)
    assert code_of(own) == "billettique.round_own"
    with transaction(engine) as session:
        rounds.hand_over(session, till, by=REGISSEUR, now=NOW)
        cash.deposit(session, regie="controle", cash=Money(2 * PAID), by=REGISSEUR, home=None, now=NOW)
    with pytest.raises(Conflict), transaction(engine) as session:
        rounds.hand_over(session, till, by=REGISSEUR, now=NOW)
    assert held(engine) == (0, 0, 0)
    assert balance(engine, cash.treasury_account("controle")) == -4 * PAID
    with reading(engine) as session:
        month = regie_state.state(session, "controle", NOW.replace(day=1), NOW + timedelta(days=10), None)
    assert [(each.code, each.count, each.gross) for each in month.lines] == [("7588", 4, Money(4 * PAID))]
    assert month.by_means == {"cash": Money(2 * PAID), "cheque": Money(PAID), "terminal": Money(PAID)}


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_receipts_come_in_any_order_and_again(engine: Engine, database_config: Config, order: Sequence[int]) -> None:
    till = opened(engine, 0)
    for number in (*order, *order):
        send(engine, database_config, constat(till, number))
    assert [each[0] for each in receipts(engine, till)] == [1, 2, 3]
    assert held(engine) == (3 * PAID, 0, 0)
    assert close(engine, 3 * PAID, 3) == 0


def test_a_round_is_not_counted_while_a_receipt_is_missing(engine: Engine, database_config: Config) -> None:
    till = opened(engine, 0)
    for number in (1, 3):
        send(engine, database_config, constat(till, number))
    with pytest.raises(InvalidInput) as missing:
        close(engine, 3 * PAID, 3)
    assert code_of(missing) == "billettique.receipts_missing"
    assert missing.value.decision.params["numbers"] == "2"
    with pytest.raises(InvalidInput) as fewer:
        close(engine, 2 * PAID, 2)
    assert code_of(fewer) == "billettique.bad_last_receipt"
    send(engine, database_config, constat(till, 2))
    assert close(engine, 3 * PAID, 3) == 0


@pytest.mark.parametrize(("counted", "gap_then", "gap_after"), [(2 * PAID, PAID, 0), (PAID, 0, -PAID)])
def test_a_receipt_that_comes_after_the_count_changes_no_count(
    engine: Engine, database_config: Config, counted: int, gap_then: int, gap_after: int
) -> None:
    """The telephone was lost: its money was in the drawer (found too much then), or was not."""
    till = opened(engine, 0)
    send(engine, database_config, constat(till, 1))
    assert close(engine, counted, 2, "Téléphone perdu, quittance 2 non envoyée.") == gap_then
    assert balance(engine, GAP) == gap_then
    late = constat(till, 2)
    for _ in range(2):
        send(engine, database_config, late, at=NOW + timedelta(days=2))
    assert receipts(engine, till)[1][:3] == (2, PAID, True)
    assert held(engine) == (counted, 0, 0)
    assert balance(engine, GAP) == gap_after
    assert balance(engine, case_money.OWED) == 0
    with reading(engine) as session:
        row = cash_store.get_session(session, till)
        assert (row.counted_cents, row.last_receipt, row.missing) == (counted, 2, [2])


def test_what_passes_the_limits_was_taken_all_the_same_and_is_said(engine: Engine, database_config: Config) -> None:
    till = opened(engine, 0)
    for number in range(1, 11):
        send(engine, database_config, constat(till, number))
    assert held(engine) == (10 * PAID, 0, 0)  # 515 €, and the act says 500
    assert [each[3] for each in receipts(engine, till)] == [[]] * 9 + [["billettique.round_too_heavy"]]
    close(engine, 10 * PAID, 10)
    with pytest.raises(Refused) as heavy:
        opened(engine)
    assert code_of(heavy) == "billettique.round_not_handed_over"
    with transaction(engine) as session:
        rounds.hand_over(session, till, by=REGISSEUR, now=NOW)
    opened(engine)


def test_money_without_a_round_or_for_another_one_is_not_taken(engine: Engine, database_config: Config) -> None:
    till = opened(engine, 0)
    send(engine, database_config, constat(till, 1))
    cases_of = {
        "billettique.round_missing": (replace(constat(till, 2), round_id=None), INSPECTOR, DEVICE),
        "billettique.bad_constat": (replace(constat(till, 2), receipt=0), INSPECTOR, DEVICE),
        "billettique.round_of_another": (constat(till, 2), "somebody-else", DEVICE),
        "billettique.no_till": (constat("0" * 26, 2), INSPECTOR, DEVICE),
        "billettique.receipt_taken": (replace(constat(till, 1), id="f" * 32, reference="AAAAZZZ3"), INSPECTOR, DEVICE),
    }
    for code, (found, by, device) in cases_of.items():
        with pytest.raises(MobigoError) as refused:
            send(engine, database_config, found, by=by, device=device)
        assert code_of(refused) == code
        if found.id != constat(till, 1).id:
            with reading(engine) as session:
                assert case_store.find_case(session, found.id) is None  # all of it or nothing
    with pytest.raises(Refused):
        send(engine, database_config, constat(till, 2), device="i-another")
    assert held(engine) == (PAID, 0, 0)


def test_one_telephone_carries_a_round_and_learns_its_last_number(engine: Engine, database_config: Config) -> None:
    with transaction(engine) as session:
        assert rounds.claim(session, agent=INSPECTOR, device=DEVICE, home=None, now=NOW) is None
    till = opened(engine, 0)
    for _ in range(2):
        with transaction(engine) as session:
            found = rounds.claim(session, agent=INSPECTOR, device=DEVICE, home=None, now=NOW)
            assert found is not None
            assert (found.id, found.label, found.last, found.cash_max) == (till, "T1", 0, Money(50_000))
    with pytest.raises(Conflict), transaction(engine) as session:
        rounds.claim(session, agent=INSPECTOR, device="i-another", home=None, now=NOW)
    send(engine, database_config, constat(till, 4))
    with transaction(engine) as session:
        again = rounds.claim(session, agent=INSPECTOR, device=DEVICE, home=None, now=NOW)
        assert again is not None
        assert (again.last, again.cash_max) == (4, Money(50_000 - PAID))


def test_rounds_are_numbered_without_a_gap_in_their_regie(engine: Engine, database_config: Config) -> None:
    numbers = []
    for agent in ("a", "b", "c"):
        till = opened(engine, 0, agent)
        with pytest.raises(Conflict):  # a number is not lost by a refusal
            opened(engine, 0, agent)
        with reading(engine) as session:
            numbers.append(cash_store.get_session(session, till).round_number)
    assert numbers == [1, 2, 3]


def test_a_round_is_no_counter_and_a_counter_no_round(engine: Engine, database_config: Config) -> None:
    opened(engine, 0)
    with pytest.raises(Refused) as counted, transaction(engine) as session:
        cash.close_till(session, agent=INSPECTOR, pieces={}, note="", now=NOW)
    assert code_of(counted) == "billettique.till_of_a_round"
    with pytest.raises(InvalidInput), transaction(engine) as session:
        cash.open_till(session, agent="x", regie="controle", place="tournee", opening=ZERO, training=False, home=None,
                       now=NOW)  # fmt: skip
    with pytest.raises(NotFound), transaction(engine) as session:
        rounds.open_round(session, agent="x", regie="guichets", opening=ZERO, home=None, now=NOW)
    with transaction(engine) as session:
        cash.open_till(session, agent="x", regie="guichets", place="dijon-ville", opening=ZERO, training=False,
                       home=None, now=NOW)  # fmt: skip
    with pytest.raises(Refused) as none:
        close(engine, 0, 0, agent="x")
    assert code_of(none) == "billettique.no_open_round"
