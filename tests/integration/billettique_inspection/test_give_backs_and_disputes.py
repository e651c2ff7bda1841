"""Penalties given back by two people, contested at the bank, and the proof that leaves with a dispute, at a simulated
provider and on real databases. Every sum is in the ledger, once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from billettique.model.cases import CaseState, GiveBackState
from billettique.model.payments import DisputeState, PaymentState
from billettique.service import books, case_money, cases, cash, disputes, give_backs, payment_refunds, payments, tickets
from billettique.store import give_backs as store
from billettique.store import inspections as case_store
from billettique.store import payments as payment_store
from billettique.store import tickets as ticket_store
from billettique.store.payments import DisputeRow
from billettique.store.validations import FirstUseRow, UsedRow
from mobigo.base.errors import Conflict, MobigoError, NotFound, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.privacy import erase_due
from mobigo.ledger import service as ledger
from tests.billettique_orders_world import Shop
from tests.integration.billettique_inspection.test_cases import AGENT, CONSTAT, INSPECTOR

OTHER = "other-agent"
OWED = 8_950
HOUR = timedelta(hours=1)


class Desk:
    """A shop, one case, and what agents do with it."""

    def __init__(self, engine: Engine, config: Config) -> None:
        self.shop = Shop(engine, replace(config, base_url="http://localhost", payments=("counter", "sim")))
        self.engine = engine
        with transaction(engine) as session:
            found = replace(CONSTAT, found_at=self.shop.now)
            row = cases.draw_up(session, self.shop.config, found, by=INSPECTOR, device="i-device", now=self.shop.now)
            self.case = row.id

    def pay_online(self) -> str:
        """The person pays by card; the payment."""
        case_money.begin_payment(self.shop.services, self.case, return_url="http://localhost/r", now=self.shop.now)
        with reading(self.engine) as session:
            payment = payment_store.payments_of(session, self.case)[-1]
        self.shop.sim.bank.pay(payment.provider_ref, "pm_card_visa")
        assert payments.refresh(self.shop.services, payment.id, self.shop.now) is PaymentState.SUCCEEDED
        return payment.id

    def pay_cash(self) -> None:
        with transaction(self.engine) as session:
            cash.open_till(session, agent=AGENT, regie="guichets", place="dijon-ville", opening=ZERO, training=False,
                           home=None, now=self.shop.now)  # fmt: skip
            cases.pay_at_counter(session, self.shop.config, self.case, means="cash", proof="", by=AGENT,
                                 now=self.shop.now)  # fmt: skip

    def withdraw(self, by: str = AGENT) -> None:
        with transaction(self.engine) as session:
            cases.withdraw(session, self.shop.config, self.case, why="Le valideur était en panne.", by=by,
                           now=self.shop.now)  # fmt: skip

    def act(self, what: Any, by: str) -> None:
        with transaction(self.engine) as session:
            what(session, self.back().id, by=by, now=self.shop.now)

    def back(self) -> store.GiveBackRow:
        with reading(self.engine) as session:
            (row,) = store.of_case(session, self.case)
            return row

    def state(self) -> CaseState:
        with reading(self.engine) as session:
            return CaseState(case_store.get_case(session, self.case).state)

    def balance(self, account: str) -> int:
        with reading(self.engine) as session:
            try:
                return ledger.balance(session, account).net.cents
            except NotFound:
                return 0

    def books(self) -> tuple[int, int, int, int, int]:
        """(owed, earned, to give back, disputes, at the provider), credits less debits, in cents."""
        at_sim = self.balance(books.collector_account("essai", "sim"))
        accounts = (case_money.OWED, case_money.EARNED, give_backs.TO_GIVE_BACK, books.DISPUTES)
        owed, earned, back, contested = (self.balance(each) for each in accounts)
        return owed, earned, back, contested, at_sim

    def contest(self, payment: str) -> str:
        with reading(self.engine) as session:
            refs = payment_store.refs_of(session, payment)
        dispute: str = self.shop.sim.bank.contest(next(each for each in refs if each.startswith("pi_")))
        payments.refresh(self.shop.services, payment, self.shop.now)
        return dispute

    def judge(self, payment: str, dispute: str, *, won: bool) -> None:
        self.shop.sim.bank.judge(dispute, won=won)
        for _ in range(2):  # told twice
            payments.refresh(self.shop.services, payment, self.shop.now)


@pytest.fixture
def desk(engine: Engine, database_config: Config, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for module in (payments, payment_refunds):
        monkeypatch.setattr(module, "wake", lambda *_given: False)
    return Desk(engine, database_config)


def code_of(refused: pytest.ExceptionInfo[MobigoError]) -> str:
    return refused.value.decision.code


def test_a_card_gets_it_back_when_two_people_say_so(desk: Desk) -> None:
    desk.pay_online()
    assert desk.books() == (0, OWED, 0, 0, -OWED)
    with pytest.raises(Refused) as own:
        desk.withdraw(by=INSPECTOR)
    assert code_of(own) == "billettique.own_constat"
    desk.withdraw()
    assert desk.state() is CaseState.WITHDRAWN
    assert desk.books() == (0, 0, OWED, 0, -OWED)
    with pytest.raises(Conflict):
        desk.act(give_backs.agree, OTHER)  # nobody prepared it
    with pytest.raises(Refused):
        desk.act(give_backs.prepare, INSPECTOR)
    desk.act(give_backs.prepare, AGENT)
    with pytest.raises(Refused) as alone:
        desk.act(give_backs.agree, AGENT)
    assert code_of(alone) == "billettique.give_back_own"
    desk.act(give_backs.send_back, OTHER)
    assert desk.back().state == GiveBackState.OWED
    desk.act(give_backs.prepare, AGENT)
    desk.act(give_backs.agree, OTHER)
    with pytest.raises(Conflict):
        desk.act(give_backs.agree, OTHER)
    with pytest.raises(Conflict):  # a card: the accountant has nothing to pay
        desk.act(give_backs.paid_by_accountant, "accountant")
    desk.shop.work()
    assert desk.back().state == GiveBackState.PAID
    assert desk.books() == (0, 0, 0, 0, 0)
    with pytest.raises(Conflict):
        desk.withdraw()


def test_what_was_paid_in_cash_is_paid_back_by_the_accountant_once(desk: Desk) -> None:
    desk.pay_cash()
    desk.withdraw()
    with pytest.raises(Conflict):
        desk.act(give_backs.paid_by_accountant, "accountant")
    desk.act(give_backs.prepare, AGENT)
    desk.act(give_backs.agree, OTHER)
    with reading(desk.engine) as session:
        assert [each.id for each in store.by_mandate(session, 10)] == [desk.back().id]
    desk.act(give_backs.paid_by_accountant, "accountant")
    with pytest.raises(Conflict):
        desk.act(give_backs.paid_by_accountant, "accountant")
    assert desk.back().state == GiveBackState.PAID
    assert desk.books()[:3] == (0, 0, 0)
    assert desk.balance(books.ACCOUNTANT) == OWED
    assert desk.balance("billettique:till:guichets:cash") == -OWED  # what was taken is never spent


def test_money_that_came_to_a_closed_case_goes_the_same_way(desk: Desk) -> None:
    case_money.begin_payment(desk.shop.services, desk.case, return_url="http://localhost/r", now=desk.shop.now)
    with reading(desk.engine) as session:
        (payment,) = payment_store.payments_of(session, desk.case)
    desk.pay_cash()
    desk.shop.sim.bank.pay(payment.provider_ref, "pm_card_visa")
    for _ in range(2):
        payments.refresh(desk.shop.services, payment.id, desk.shop.now)
    assert desk.books() == (0, OWED, OWED, 0, -OWED)
    assert (desk.back().cents, desk.back().payment) == (OWED, payment.id)
    desk.act(give_backs.prepare, AGENT)
    desk.act(give_backs.agree, OTHER)
    desk.shop.work()
    assert desk.books() == (0, OWED, 0, 0, 0)
    desk.withdraw()  # and the constat was wrong too: the cash is owed, the card is not owed twice
    with reading(desk.engine) as session:
        backs = sorted((each.cents, each.means) for each in store.of_case(session, desk.case))
        assert backs == [(OWED, "card"), (OWED, "cash")]
    assert desk.books() == (0, 0, OWED, 0, 0)


def test_a_contested_payment_is_booked_and_comes_back_when_we_win(desk: Desk) -> None:
    payment = desk.pay_online()
    dispute = desk.contest(payment)
    payments.refresh(desk.shop.services, payment, desk.shop.now)
    assert desk.books() == (0, OWED, 0, -OWED, 0)
    assert desk.state() is CaseState.PAID
    desk.judge(payment, dispute, won=True)
    assert desk.books() == (0, OWED, 0, 0, -OWED)
    again = desk.contest(payment)
    assert desk.books() == (0, OWED, 0, -OWED, 0)
    desk.judge(payment, again, won=True)
    assert desk.books() == (0, OWED, 0, 0, -OWED)


def test_a_dispute_lost_is_owed_again_for_a_whole_term(desk: Desk) -> None:
    payment = desk.pay_online()
    dispute = desk.contest(payment)
    with reading(desk.engine) as session:
        term = case_store.get_case(session, desk.case).term
    desk.shop.now += timedelta(days=40)
    desk.judge(payment, dispute, won=False)
    assert desk.books() == (-OWED, OWED, 0, 0, 0)
    assert desk.state() is CaseState.OPEN
    with reading(desk.engine) as session:
        row = case_store.get_case(session, desk.case)
        assert row.term == term + timedelta(days=40)
        assert case_money.remaining(row) == Money(OWED)
    desk.pay_online()
    assert desk.state() is CaseState.PAID
    assert desk.books() == (0, OWED, 0, 0, -OWED)


def test_a_dispute_lost_about_somebody_forgotten_asks_nobody(desk: Desk) -> None:
    payment = desk.pay_online()
    dispute = desk.contest(payment)
    desk.shop.now += timedelta(days=61)
    with transaction(desk.engine) as session:
        erase_due(session, desk.shop.now)
    desk.judge(payment, dispute, won=False)
    assert desk.state() is CaseState.PAID
    assert desk.books() == (0, OWED, 0, -OWED, 0)


def test_what_the_bank_took_back_is_not_given_back_as_well(desk: Desk) -> None:
    payment = desk.pay_online()
    desk.withdraw()
    dispute = desk.contest(payment)
    desk.act(give_backs.prepare, AGENT)
    with pytest.raises(Refused) as contested:
        desk.act(give_backs.agree, OTHER)
    assert code_of(contested) == "payments.refund_disputed"
    desk.judge(payment, dispute, won=False)
    assert desk.back().state == GiveBackState.PAID
    assert desk.books() == (0, 0, 0, 0, 0)


def test_a_penalty_is_defended_without_naming_anybody(desk: Desk) -> None:
    payment = desk.pay_online()
    dispute = desk.contest(payment)
    for expected in (True, False):  # once
        assert disputes.send_proof(desk.shop.services, desk.shop.providers, "sim", dispute, desk.shop.now) is expected
    with reading(desk.engine) as session:
        row = session.get_one(DisputeRow, ("sim", dispute))
        assert row.proof_sent_at == desk.shop.now
        assert row.state == DisputeState.OPEN
        said = disputes.proof_of(session, payment_store.get_payment(session, payment), desk.shop.now)
    assert CONSTAT.reference in said
    assert "Martin" not in said


@pytest.mark.parametrize(
    ("hours", "uses", "sent", "words"),
    [
        (0, 0, False, ""),
        (47, 1, True, "présenté et accepté à bord le "),
        (49, 2, True, "(2 fois) ; la date et le lieu d’une validation ne sont pas"),
    ],
)
def test_a_ticket_is_defended_by_what_may_be_known_of_its_use(
    desk: Desk, hours: int, uses: int, sent: bool, words: str
) -> None:
    order = desk.shop.buy()
    item = desk.shop.items(order)[0]
    payment = item.payment
    assert payment is not None
    with transaction(desk.engine) as session:
        row = ticket_store.get(session, item.entitlement or "")
        mark = tickets.mark_of(row)
        if uses:
            session.add(UsedRow(mark=mark, until=desk.shop.now.date(), uses=uses))
            session.add(FirstUseRow(mark=mark, at=desk.shop.now - hours * HOUR, device="d", nonce="n"))
    dispute = desk.contest(payment)
    assert disputes.send_proof(desk.shop.services, desk.shop.providers, "sim", dispute, desk.shop.now) is sent
    with reading(desk.engine) as session:
        said = disputes.proof_of(session, payment_store.get_payment(session, payment), desk.shop.now)
    assert (words in said) is True
    assert bool(said) is sent
