"""A constat contested before it is paid, after, or both: every contest is answered, by somebody else, and what was paid
for nothing goes back. On real databases, at a simulated provider."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from billettique.model.cases import CaseState, GiveBackState
from billettique.service import cases, contests, give_backs
from billettique.store import inspections as store
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from mobigo.infra.privacy import erase_due
from tests.integration.billettique_inspection.test_cases import AGENT, INSPECTOR
from tests.integration.billettique_inspection.test_give_backs_and_disputes import OTHER, OWED, Desk, code_of, desk

__all__ = ["desk"]
DAY = timedelta(days=1)


def contest(desk: Desk, text: str = "Le valideur était en panne.", **differs: object) -> None:
    with transaction(desk.engine) as session:
        contests.contest(session, desk.shop.config, desk.case, text, desk.shop.now, **differs)  # type: ignore[arg-type]


def answer(desk: Desk, *, withdrawn: bool, by: str = AGENT) -> None:
    with transaction(desk.engine) as session:
        contests.answer(session, desk.shop.config, desk.case, withdrawn=withdrawn, text="Vu.", by=by, now=desk.shop.now)


def waiting(desk: Desk) -> list[str]:
    with reading(desk.engine) as session:
        return [row.id for row, _contest in store.unanswered(session, 10)]


def kept(desk: Desk) -> tuple[bool, bool]:
    """Whether the person and the contest are still there, once what is due was erased."""
    with transaction(desk.engine) as session:
        erase_due(session, desk.shop.now)
        return store.person_of(session, desk.case) is not None, store.contest_of(session, desk.case) is not None


def test_who_has_paid_may_contest_and_is_paid_back_when_right(desk: Desk) -> None:
    desk.pay_online()
    contest(desk)
    assert desk.state() is CaseState.PAID
    assert waiting(desk) == [desk.case]
    with pytest.raises(Refused) as own:
        answer(desk, withdrawn=True, by=INSPECTOR)
    assert code_of(own) == "billettique.own_constat"
    answer(desk, withdrawn=True)
    assert (desk.state(), waiting(desk)) == (CaseState.WITHDRAWN, [])
    assert desk.books() == (0, 0, OWED, 0, -OWED)
    desk.act(give_backs.prepare, AGENT)
    desk.act(give_backs.agree, OTHER)
    desk.shop.work()
    assert desk.back().state == GiveBackState.PAID
    assert desk.books() == (0, 0, 0, 0, 0)


def test_a_contest_maintained_after_payment_leaves_it_paid_and_goes_nowhere_else(desk: Desk) -> None:
    desk.pay_online()
    contest(desk)
    answer(desk, withdrawn=False)
    assert desk.state() is CaseState.PAID  # never passed on: the payment has ended the public action
    assert desk.books() == (0, OWED, 0, 0, -OWED)
    with pytest.raises(Conflict):
        answer(desk, withdrawn=True)
    with pytest.raises(Conflict) as before:
        contest(desk)
    assert code_of(before) == "billettique.contested_before"
    with transaction(desk.engine) as session:
        assert cases.transmit_due(session, desk.shop.config, desk.shop.now + 400 * DAY) == 0


def test_who_pays_while_the_contest_waits_is_answered_all_the_same(desk: Desk) -> None:
    contest(desk)
    assert desk.state() is CaseState.CONTESTED
    desk.pay_online()
    assert desk.state() is CaseState.PAID
    assert waiting(desk) == [desk.case]
    answer(desk, withdrawn=True)
    assert desk.books() == (0, 0, OWED, 0, -OWED)


def test_a_contest_that_waits_is_not_closed_without_an_answer(desk: Desk) -> None:
    desk.pay_cash()
    contest(desk)
    with pytest.raises(Conflict) as waits:
        desk.withdraw()
    assert code_of(waits) == "billettique.contest_waits"


def test_nothing_is_contested_once_it_is_withdrawn_or_passed_on(desk: Desk) -> None:
    desk.withdraw()
    with pytest.raises(Conflict) as closed:
        contest(desk)
    assert code_of(closed) == "billettique.case_closed"


@pytest.mark.parametrize(("days", "refused"), [(0, False), (1, True)])
def test_a_paid_constat_may_be_contested_until_its_term(desk: Desk, days: int, refused: bool) -> None:
    desk.pay_online()
    with reading(desk.engine) as session:
        term = store.get_case(session, desk.case).term
    desk.shop.now += (term - paris_day(desk.shop.now)) + days * DAY
    if refused:
        with pytest.raises(Refused) as late:
            contest(desk)
        assert code_of(late) == "billettique.too_late_to_contest"
    else:
        contest(desk)
        assert waiting(desk) == [desk.case]


@pytest.mark.parametrize(("came", "said"), [(-1, "billettique.bad_day_received"), (0, None), (91, None),
                                            (93, "billettique.too_late_to_contest"),
                                            (101, "billettique.bad_day_received")])  # fmt: skip
def test_a_letter_counts_from_the_day_it_came(desk: Desk, came: int, said: str | None) -> None:
    """Written in a hundred days after the constat, paid at once; its term is three months, 92 days here."""
    desk.pay_online()
    found = paris_day(desk.shop.now)
    with reading(desk.engine) as session:
        assert (store.get_case(session, desk.case).term - found).days == 92
    desk.shop.now += 100 * DAY
    if said is None:
        contest(desk, by=AGENT, received=found + came * DAY)
        with reading(desk.engine) as session:
            moves = [(each.kind, each.by) for each in store.moves_of(session, desk.case)]
        assert moves[-1] == ("contested", AGENT)
    else:
        with pytest.raises((InvalidInput, Refused)) as wrong:
            contest(desk, by=AGENT, received=found + came * DAY)
        assert code_of(wrong) == said


def test_a_name_is_kept_until_the_answer_and_a_while_after(desk: Desk) -> None:
    desk.pay_online()
    contest(desk)
    desk.shop.now += 61 * DAY  # a name is kept sixty days after a payment
    assert kept(desk) == (True, True)
    answer(desk, withdrawn=False)
    desk.shop.now += 59 * DAY
    assert kept(desk) == (True, True)
    desk.shop.now += DAY
    assert kept(desk) == (False, False)


def test_a_payment_after_a_contest_does_not_have_it_erased_unanswered(desk: Desk) -> None:
    contest(desk)
    desk.pay_online()
    desk.shop.now += 61 * DAY
    assert kept(desk) == (True, True)


@pytest.mark.parametrize(("answered", "end", "why"), [(False, CaseState.CONTESTED, None),
                                                      (True, CaseState.TRANSMITTED, "protest")])  # fmt: skip
def test_what_a_bank_takes_back_finds_the_contest_where_it_was(
    desk: Desk, answered: bool, end: CaseState, why: str | None
) -> None:
    """Not answered yet: it waits for the answer, and is passed on to nobody. Answered: it goes with the constat."""
    payment = desk.pay_online()
    contest(desk)
    if answered:
        answer(desk, withdrawn=False)
    desk.judge(payment, desk.contest(payment), won=False)
    assert desk.books() == (-OWED, OWED, 0, 0, 0)
    with transaction(desk.engine) as session:
        cases.transmit_due(session, desk.shop.config, desk.shop.now + 200 * DAY)
        row = store.get_case(session, desk.case)
        assert CaseState(row.state) is end
        last = store.moves_of(session, desk.case)[-1]
        assert (last.detail or {}).get("why") == why
    if not answered:
        answer(desk, withdrawn=True)
        assert desk.books() == (0, 0, 0, 0, 0)


def test_who_gave_an_address_is_told_of_the_answer_without_the_secret(engine: Engine, database_config: Config) -> None:
    from dataclasses import replace

    from tests.integration.billettique_inspection.test_cases import CAMILLE, CONSTAT, NOW, SECRET, drawn

    drawn(engine, database_config, replace(CONSTAT, person=replace(CAMILLE, email="camille@example.org")))
    with transaction(engine) as session:
        contests.contest(session, database_config, CONSTAT.id, "Non", NOW)
        contests.answer(session, database_config, CONSTAT.id, withdrawn=True, text="Classé.", by=AGENT, now=NOW)
    with reading(engine) as session:
        said = [row.body for row in session.scalars(select(MessageRow).order_by(MessageRow.id))]
    assert len(said) == 2
    assert CONSTAT.reference in said[1]
    assert SECRET not in said[1]
    assert "rendu" not in said[1]  # nothing was paid
