"""Constats on real databases: what is owed and paid is in the ledger, each end is reached once, names go on time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from billettique.model.cases import CaseState, Constat, Person
from billettique.rules.cases import digest
from billettique.service import case_money, cases, cash, contests, regie_state, rounds
from billettique.store import inspections as store
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.privacy import erase_due
from mobigo.ledger import service as ledger

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SECRET = "ABCDEFGHJKLM"
CAMILLE = Person("Martin", "Camille", None, "", "1 rue de la Gare", "21000", "Dijon")
CONSTAT = Constat("0" * 32, "ABCDEFGH", digest(SECRET), NOW, "no_ticket", "127", "semur", Money(150), None, CAMILLE, "",
                  True)  # fmt: skip
INSPECTOR, AGENT = "inspector-subject", "agent-subject"


def drawn(engine: Engine, config: Config, constat: Constat = CONSTAT) -> str:
    with transaction(engine) as session:
        row = cases.draw_up(session, config, constat, by=INSPECTOR, device="i-device", now=NOW)
        return row.id


def books(engine: Engine) -> dict[str, int]:
    """What stands on each account, in cents: credits less debits."""
    found = {}
    with reading(engine) as session:
        for account in (case_money.OWED, case_money.EARNED, case_money.TRANSMITTED,
                        "billettique:collector:regie-mobigo:counter",
                        "billettique:penalties:to_give_back", "billettique:till:guichets:cash",
                        "billettique:till:guichets:cheque", "billettique:till:controle:cash"):  # fmt: skip
            try:
                found[account.rpartition("billettique:")[2]] = ledger.balance(session, account).net.cents
            except NotFound:
                continue
    assert sum(found.values()) == 0
    return found


def state(engine: Engine, case_id: str = CONSTAT.id) -> CaseState:
    with reading(engine) as session:
        return CaseState(store.get_case(session, case_id).state)


def test_a_constat_comes_once_and_is_owed(engine: Engine, database_config: Config) -> None:
    for _ in range(2):
        drawn(engine, database_config)
    assert books(engine) == {"penalties:owed": -8950, "penalties:earned": 8950}
    other = replace(CONSTAT, fare=Money(200))
    for changed in (other, replace(other, id="1" * 32)):  # the same id, the same reference
        with pytest.raises(Conflict):
            drawn(engine, database_config, changed)


def test_paid_on_the_spot_no_name_is_kept(engine: Engine, database_config: Config) -> None:
    with transaction(engine) as session:
        row = rounds.open_round(session, agent=INSPECTOR, regie="controle", opening=ZERO, home=None, now=NOW)
    drawn(engine, database_config, replace(CONSTAT, paid="cash", person=None, round_id=row.id, receipt=1))
    assert books(engine) == {
        "penalties:owed": 0, "penalties:earned": 5150, "collector:regie-mobigo:counter": 0, "till:controle:cash": -5150
    }  # fmt: skip
    assert state(engine) is CaseState.PAID
    with reading(engine) as session:
        assert store.person_of(session, CONSTAT.id) is None


def open_till(engine: Engine, *, training: bool = False) -> None:
    with transaction(engine) as session:
        cash.open_till(session, agent=AGENT, regie="guichets", place="dijon-ville", opening=ZERO, training=training,
                       home=None, now=NOW)  # fmt: skip


def in_till(engine: Engine) -> list[tuple[str, str, int]]:
    with reading(engine) as session:
        regie_state.check(session, "guichets")
        return [(each.kind, each.means, each.cents) for each in regie_state.moves_of(session, "guichets")]


@pytest.mark.parametrize("training", [None, True])
def test_what_is_paid_at_a_counter_needs_a_real_till(
    engine: Engine, database_config: Config, training: bool | None
) -> None:
    if training:
        open_till(engine, training=True)
    case_id = drawn(engine, database_config)
    with pytest.raises(Refused), transaction(engine) as session:
        cases.pay_at_counter(session, database_config, case_id, means="cash", proof="", by=AGENT, now=NOW)
    assert state(engine) is CaseState.OPEN
    assert in_till(engine) == []


def test_paid_at_the_counter_and_not_twice(engine: Engine, database_config: Config) -> None:
    open_till(engine)
    case_id = drawn(engine, database_config)
    with transaction(engine) as session:
        cases.pay_at_counter(session, database_config, case_id, means="cheque", proof="123", by=AGENT, now=NOW)
    assert state(engine) is CaseState.PAID
    assert books(engine)["penalties:owed"] == 0
    assert in_till(engine) == [("penalty", "cheque", 8950)]
    with reading(engine) as session:
        found = regie_state.state(session, "guichets", NOW.replace(day=1), NOW + timedelta(days=40), None)
    assert [(line.code, line.gross) for line in found.lines] == [("7588", Money(8950))]
    assert found.by_means["cheque"] == Money(8950)
    with pytest.raises(Conflict), transaction(engine) as session:
        cases.pay_at_counter(session, database_config, case_id, means="cheque", proof="123", by=AGENT, now=NOW)
    with pytest.raises(InvalidInput), transaction(engine) as session:
        cases.pay_at_counter(session, database_config, case_id, means="card", proof="", by=AGENT, now=NOW)


def test_a_forgotten_pass_costs_its_fee_until_the_eighth_day(engine: Engine, database_config: Config) -> None:
    open_till(engine)
    case_id = drawn(engine, database_config)
    late, in_time = NOW + timedelta(days=9), NOW + timedelta(days=8)
    with pytest.raises(Refused), transaction(engine) as session:
        cases.regularise(session, database_config, case_id, proof="P", means="cash", by=AGENT, now=late)
    with pytest.raises(Refused) as own, transaction(engine) as session:
        cases.regularise(session, database_config, case_id, proof="P", means="cash", by=INSPECTOR, now=in_time)
    assert own.value.decision.code == "billettique.own_constat"
    with transaction(engine) as session:
        cases.regularise(session, database_config, case_id, proof="P", means="cash", by=AGENT, now=in_time)
    assert state(engine) is CaseState.REGULARISED
    assert books(engine) == {
        "penalties:owed": 0, "penalties:earned": 1000, "collector:regie-mobigo:counter": 0, "till:guichets:cash": -1000
    }  # fmt: skip
    assert in_till(engine) == [("penalty", "cash", 1000)]


@pytest.mark.parametrize(("withdrawn", "end"), [(True, CaseState.WITHDRAWN), (False, CaseState.TRANSMITTED)])
def test_a_contest_is_answered_by_somebody_else(
    engine: Engine, database_config: Config, withdrawn: bool, end: CaseState
) -> None:
    case_id = drawn(engine, database_config)
    with pytest.raises(InvalidInput), transaction(engine) as session:
        contests.contest(session, database_config, case_id, "  ", NOW)
    with transaction(engine) as session:
        row = contests.contest(session, database_config, case_id, "J’avais un titre.", NOW)
        assert row.answer_by is not None
    with pytest.raises(Conflict), transaction(engine) as session:
        contests.contest(session, database_config, case_id, "Encore", NOW)
    with pytest.raises(Refused) as own, transaction(engine) as session:
        contests.answer(session, database_config, case_id, withdrawn=True, text="Oui", by=INSPECTOR, now=NOW)
    assert own.value.decision.code == "billettique.own_constat"
    with transaction(engine) as session:
        contests.answer(session, database_config, case_id, withdrawn=withdrawn, text="Vu.", by=AGENT, now=NOW)
    assert state(engine) is end
    left = {"penalties:earned": 0} if withdrawn else {"penalties:earned": 8950, "penalties:transmitted": -8950}
    assert books(engine) == {"penalties:owed": 0, **left}
    with pytest.raises(Conflict), transaction(engine) as session:
        contests.answer(session, database_config, case_id, withdrawn=True, text="Vu.", by=AGENT, now=NOW)


def test_a_contest_may_come_on_the_last_day_and_not_after(engine: Engine, database_config: Config) -> None:
    case_id = drawn(engine, database_config)
    last = datetime(2027, 2, 24, 20, 0, tzinfo=UTC)
    with pytest.raises(Refused), transaction(engine) as session:
        contests.contest(session, database_config, case_id, "Non", last + timedelta(days=1))
    with transaction(engine) as session:
        contests.contest(session, database_config, case_id, "Non", last)


def test_what_is_neither_paid_nor_contested_goes_to_the_prosecutor_after_its_term(
    engine: Engine, database_config: Config
) -> None:
    case_id = drawn(engine, database_config)
    last = datetime(2027, 2, 24, 20, 0, tzinfo=UTC)
    with transaction(engine) as session:
        assert cases.transmit_due(session, database_config, last) == 0
        assert cases.transmit_due(session, database_config, last + timedelta(days=1)) == 1
        assert cases.transmit_due(session, database_config, last + timedelta(days=2)) == 0
    assert state(engine, case_id) is CaseState.TRANSMITTED
    assert books(engine) == {"penalties:owed": 0, "penalties:earned": 8950, "penalties:transmitted": -8950}


def test_names_and_words_are_erased_on_time_and_amounts_stay(engine: Engine, database_config: Config) -> None:
    case_id = drawn(engine, database_config)
    with transaction(engine) as session:
        contests.contest(session, database_config, case_id, "J’étais malade.", NOW)
        contests.answer(session, database_config, case_id, withdrawn=True, text="Classé.", by=AGENT, now=NOW)
    with transaction(engine) as session:
        erase_due(session, NOW + timedelta(days=29, hours=23))
        assert store.person_of(session, case_id) is not None
        erase_due(session, NOW + timedelta(days=30))
        assert store.person_of(session, case_id) is None
        assert store.contest_of(session, case_id) is None
        assert store.get_case(session, case_id).indemnity_cents == 5000


def test_a_case_that_never_ends_keeps_no_name_for_ever(engine: Engine, database_config: Config) -> None:
    case_id = drawn(engine, database_config)
    with transaction(engine) as session:
        erase_due(session, NOW + timedelta(days=730))
        assert store.person_of(session, case_id) is None


def test_only_the_reference_with_its_secret_opens_a_case(engine: Engine, database_config: Config) -> None:
    drawn(engine, database_config)
    with reading(engine) as session:
        assert cases.open_by_secret(session, "abcd efgh", "abcd-efgh-jklm").id == CONSTAT.id
        for reference, secret in (("ABCDEFGH", "ABCDEFGHJKLN"), ("ABCDEFGJ", SECRET), ("", "")):
            with pytest.raises(NotFound):
                cases.open_by_secret(session, reference, secret)


def test_money_that_comes_to_a_closed_case_is_kept_apart(engine: Engine, database_config: Config) -> None:
    """A card payment that succeeds after the counter took the same amount."""
    from billettique.model.payments import PaymentState
    from billettique.service import payments
    from billettique.store.payments import get_payment
    from mobigo.app import jobs_registry

    jobs_registry.install()
    open_till(engine)
    case_id = drawn(engine, database_config)
    with transaction(engine) as session:
        payment = payments.begin(
            session, order_id=case_id, amount=Money(8950), means="card", provider="sim", attempt=1, return_url=None,
            purpose=case_money.PURPOSE, collector="regie-mobigo", now=NOW,
        )  # fmt: skip
        cases.pay_at_counter(session, database_config, case_id, means="cash", proof="", by=AGENT, now=NOW)
    for _ in range(2):  # told twice
        with transaction(engine) as session:
            assert get_payment(session, payment).purpose == case_money.PURPOSE
            case_money.on_payment(session, payment, PaymentState.SUCCEEDED, NOW)
    with reading(engine) as session:
        assert ledger.balance(session, "billettique:penalties:to_give_back").net == Money(8950)
        assert ledger.balance(session, case_money.OWED).net == ZERO


def test_in_production_an_act_has_to_decide_the_amounts(
    engine: Engine, database_config: Config, tmp_path: Path
) -> None:
    from billettique.gateway.penalties import DATA

    production = replace(database_config, environment="production", home=tmp_path)
    with pytest.raises(Refused) as refused:
        drawn(engine, production)
    assert refused.value.decision.code == "billettique.penalties_not_decided"
    text = (DATA / "2016-05-06-indemnites.toml").read_text(encoding="utf-8")
    decided = text.replace('code = "indemnites-2016"', 'code = "indemnites-2026"\nact = "délibération 26-01"')
    (tmp_path / "penalties").mkdir()
    (tmp_path / "penalties" / "2026.toml").write_text(decided.replace("cents = 5000", "cents = 6000"), encoding="utf-8")
    drawn(engine, production)
    assert books(engine)["penalties:owed"] == -9950


def test_a_case_is_paid_online_through_the_provider(engine: Engine, database_config: Config) -> None:
    from billettique.service import payments
    from billettique.store import payments as payment_store
    from mobigo.app import jobs_registry
    from tests.billettique_orders_world import Shop

    jobs_registry.install()
    shop = Shop(engine, replace(database_config, base_url="http://localhost"))
    with transaction(engine) as session:
        row = cases.draw_up(
            session, shop.config, replace(CONSTAT, found_at=shop.now), by=INSPECTOR, device="i-device", now=shop.now
        )
    address = case_money.begin_payment(shop.services, row.id, return_url="http://localhost/retour", now=shop.now)
    assert address
    assert (
        case_money.begin_payment(shop.services, row.id, return_url="http://localhost/retour", now=shop.now) == address
    )
    with reading(engine) as session:
        (payment,) = payment_store.payments_of(session, row.id)
    assert payment.provider_ref is not None
    shop.sim.bank.pay(payment.provider_ref, "pm_card_visa")
    payments.refresh(shop.services, payment.id, shop.now)
    assert state(engine) is CaseState.PAID
    with reading(engine) as session:
        assert ledger.balance(session, case_money.OWED).net == ZERO
    with pytest.raises(Conflict):
        case_money.begin_payment(shop.services, row.id, return_url="http://localhost/retour", now=shop.now)
