"""The provider's account against ours: every line explained, every payout to the cent, a cent that is wrong found."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billettique.model.payments import BalanceLine, DisputeState
from billettique.rules import reconcile as rules
from billettique.service import payments, reconcile
from billettique.store import balance as store
from mobigo.app.cli import run
from mobigo.base.errors import Conflict, NotFound
from mobigo.base.money import ZERO, Money
from mobigo.infra import clock
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.ledger import service as ledger
from tests.covoit_agents_world import agents
from tests.covoit_money_world import agent
from tests.payments_world import NOW, Role, World, world

REGISSEUR = agent(Role.REGISSEUR)


def a_day(w: World) -> None:
    """A day with everything in it, read to its end: 10 + 20 + 5 + 8 + 7 € received, fees 40 + 55 + 35 + 37 + 36 c."""
    paid = {
        "o1": (1_000, "pm_card_visa", "card"), "o2": (2_000, "pm_card_visa", "card"),
        "o3": (500, "pm_sepa_success", "sepa_debit"), "o4": (800, "pm_card_createDispute", "card"),
        "o5": (700, "pm_card_visa", "card"), "o6": (900, "pm_card_visa_chargeDeclined", "card"),
    }  # fmt: skip
    made = {order: w.paid(order, cents, card, means=means) for order, (cents, card, means) in paid.items()}
    w.drain()
    w.later(minutes=3)
    w.drain()
    w.ask_refund(made["o1"], 400)
    w.sim.refund(w.form(made["o2"]), Money(300), "by a person there")
    dispute = w.sim.bank.contest(w.intent(made["o5"]))
    w.drain()
    w.sim.bank.judge(dispute, won=True)
    w.drain()


def lines_of(w: World) -> dict[str, int]:
    with reading(w.engine) as session:
        found: dict[str, int] = {}
        for row in session.query(store.BalanceRow):
            found[str(row.explained)] = found.get(str(row.explained), 0) + 1
    return found


def test_a_whole_day_is_explained_to_the_cent(w: World) -> None:
    a_day(w)
    w.sim.bank.pay_out()
    done = reconcile.reconcile(w.services, w.later(minutes=1))
    assert done.whole, done.unexplained
    ((provider, payout),) = done.payouts
    assert provider == "sim"
    assert (payout.gross, payout.fees, payout.refunds, payout.disputes) == (
        Money(5_000), Money(203), Money(700), Money(800),
    )  # fmt: skip
    assert payout.paid == Money(5_000 - 203 - 700 - 800)
    assert payout.difference == ZERO
    assert lines_of(w) == {"payment": 5, "refund": 2, "dispute": 3, "payout": 1}
    with reading(w.engine) as session:  # what was paid out, and what the provider kept
        assert ledger.balance(session, "billettique:bank:essai").net == -payout.paid
        assert ledger.balance(session, "billettique:fees:sim").net == -payout.fees


def test_repeating_it_changes_nothing(w: World) -> None:
    a_day(w)
    w.sim.bank.pay_out()
    first = reconcile.reconcile(w.services, w.at)
    with reading(w.engine) as session:
        before = ledger.balance(session, "billettique:fees:sim")
    assert reconcile.reconcile(w.services, w.at).payouts == first.payouts
    with reading(w.engine) as session:
        assert ledger.balance(session, "billettique:fees:sim") == before


@pytest.mark.parametrize("cent", [1, -1])
def test_a_planted_cent_is_found(w: World, cent: int) -> None:
    a_day(w)
    w.sim.bank.pay_out(planted_cents=cent)
    done = reconcile.reconcile(w.services, w.at)
    (found,) = done.unexplained
    assert (found.why.code, found.why.params["difference"]) == ("payments.payout_differs", Money(-cent))
    assert "payout" not in lines_of(w)


def planted(w: World, kind: str, **changes: Any) -> None:
    """Another figure in the provider's account than what it was."""
    with w.sim.stripe.shelf.open() as book:
        line = next(each for each in book.listed("balance_transaction") if each["reporting_category"] == kind)
        book.put(line | {name: line[name] + by for name, by in changes.items()})


@pytest.mark.parametrize("kind", ["charge", "refund", "dispute"])
def test_a_cent_planted_in_a_line_is_found_in_that_line(w: World, kind: str) -> None:
    a_day(w)
    planted(w, kind, amount=1, net=1)
    w.sim.bank.pay_out()
    done = reconcile.reconcile(w.services, w.at)
    by_code = {each.why.code for each in done.unexplained}
    assert "payments.payout_not_explained" in by_code
    assert by_code & {"payments.line_differs", "payments.line_no_refund"}


def test_money_of_nobody_is_found(w: World) -> None:
    w.paid("o1")
    w.drain()
    with w.sim.stripe.shelf.open() as book:
        w.sim.stripe.line(book, 123, 0, "charge", "charge", "ch_nobody")
        w.sim.stripe.line(book, -50, 0, "adjustment", "other_adjustment", "adj_1")
    done = reconcile.reconcile(w.services, w.at)
    assert sorted(each.why.code for each in done.unexplained) == ["payments.line_no_payment", "payments.line_unknown"]


def test_what_the_account_lacks_is_said_after_two_days(w: World) -> None:
    payment = w.paid("o1")
    w.drain()
    with w.sim.stripe.shelf.open() as book:
        book._run("DELETE FROM object WHERE kind = 'balance_transaction'")
    at = w.row(payment).moved_at
    assert reconcile.reconcile(w.services, at + timedelta(days=2, seconds=-1)).whole
    (found,) = reconcile.reconcile(w.services, at + timedelta(days=2)).unexplained
    assert (found.ref, found.amount, found.why.code) == (payment, Money(300), "payments.missing_charge")


def test_a_person_says_what_a_line_is(w: World) -> None:
    with w.sim.stripe.shelf.open() as book:
        ref = w.sim.stripe.line(book, -50, 0, "adjustment", "other_adjustment", "adj_1")
    assert not reconcile.reconcile(w.services, w.at).whole
    with transaction(w.engine) as session:
        reconcile.explain_by_hand(session, "sim", ref, note="frais de dossier, courrier du 3", by=REGISSEUR, now=w.at)
    assert reconcile.reconcile(w.services, w.at).whole
    with pytest.raises(Conflict), transaction(w.engine) as session:
        reconcile.explain_by_hand(session, "sim", ref, note="encore", by=REGISSEUR, now=w.at)
    with pytest.raises(NotFound), transaction(w.engine) as session:
        reconcile.explain_by_hand(session, "sim", "txn_none", note="x", by=REGISSEUR, now=w.at)


def test_money_that_was_set_aside_and_given_back_is_explained(w: World) -> None:
    payment = w.paid("o1")
    with w.sim.stripe.shelf.open() as book:
        session_ = book.get("checkout.session", w.form(payment))
        assert session_ is not None
        book.put(session_ | {"metadata": session_["metadata"] | {"mobigo_order": "o2"}})
    w.drain()
    w.drain()
    done = reconcile.reconcile(w.services, w.at)
    assert done.whole, done.unexplained
    assert lines_of(w) == {"quarantine": 1, "refund": 1}


def test_a_refund_that_came_back_is_explained_both_ways(w: World) -> None:
    payment = w.paid("o1", card="pm_card_refundFail")
    w.drain()
    w.ask_refund(payment, 300)
    w.drain()
    w.later(minutes=3)
    w.drain()
    done = reconcile.reconcile(w.services, w.at)
    assert done.whole, done.unexplained
    assert lines_of(w) == {"payment": 1, "refund": 2}
    assert payments.refresh(w.services, payment, w.at) == "SUCCEEDED"


# ---------------------------------------------------------------- the rules alone


def line(category: str, cents: int, ref: str = "x", fee: int = 0, payment: str = "") -> BalanceLine:
    return BalanceLine("txn", category, Money(cents), Money(fee), ref, NOW, "po", payment)


OURS = rules.Ours(
    payments={"pi_1": ("p1", Money(300))},
    refunds={"re_1": ("r1", Money(100))},
    outside={"pi_1": [("r2", Money(50))]},
    disputes={"du_1": (Money(300), DisputeState.OPEN), "du_2": (Money(300), DisputeState.WON)},
)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (line("charge", 300, "pi_1"), ("payment", "p1")),
        (line("charge", 299, "pi_1"), "payments.line_differs"),
        (line("charge", 300, "pi_2"), "payments.line_no_payment"),
        (line("refund", -100, "re_1"), ("refund", "r1")),
        (line("refund", 100, "re_1"), ("refund", "r1")),  # it came back
        (line("refund", -101, "re_1"), "payments.line_differs"),
        (line("refund", -50, "re_9", payment="pi_1"), ("refund", "r2")),
        (line("refund", -51, "re_9", payment="pi_1"), "payments.line_no_refund"),
        (line("dispute", -300, "du_1"), ("dispute", "du_1")),
        (line("dispute", 300, "du_1"), "payments.line_not_won"),
        (line("dispute", 300, "du_2"), ("dispute", "du_2")),
        (line("dispute", -300, "du_9"), "payments.line_no_dispute"),
        (line("fee", -25, "du_1"), ("fee", "du_1")),
        (line("adjustment", 5), "payments.line_unknown"),
    ],
)
def test_each_line_is_explained_or_said(said: BalanceLine, found: Any) -> None:
    answer = rules.explain(said, OURS)
    got = (answer.by, answer.id) if isinstance(answer, rules.Explained) else answer.code
    assert got == found


def test_a_payout_is_what_is_left() -> None:
    lines = [
        line("charge", 1_000, fee=40), line("refund", -300), line("dispute", -200), line("dispute", 200),
        line("fee", -20), line("adjustment", -5), line("payout", -635),
    ]  # fmt: skip
    payout = rules.payout_of("po", lines)
    assert (payout.gross, payout.fees, payout.refunds, payout.disputes, payout.other, payout.paid) == (
        Money(1_000), Money(60), Money(300), ZERO, Money(-5), Money(635),
    )  # fmt: skip
    assert payout.difference == ZERO


# ---------------------------------------------------------------- the command, the page

PAGE = "/billettique/agents/rapprochement"


@pytest.fixture
def here(config: Config, sqlite_template: Path) -> Iterator[World]:
    """A world of today, on SQLite."""
    config.home.mkdir(parents=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    with world(config, now=clock.now()) as made:
        made.paid("o1")
        made.drain()
        yield made


def odd_line(w: World) -> str:
    """A line nothing explains; its reference."""
    with w.sim.stripe.shelf.open() as book:
        return w.sim.stripe.line(book, -50, 0, "adjustment", "other_adjustment", "adj_1")


def test_the_command_says_what_nothing_explains(
    here: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MOBIGO_HOME", str(here.services.config.home))
    command = ["billettique", "reconcile"]
    assert run([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    ref = odd_line(here)
    assert run([*command, "--json"]) == 3
    assert [each["amount"] for each in json.loads(capsys.readouterr().out)["unexplained"]] == [-50]
    assert run(command) == 3
    assert f"sim {ref} (−0,50 €)" in capsys.readouterr().out.replace("\u00a0", " ")


def test_the_page_lets_a_regisseur_say_what_a_line_is(here: World) -> None:
    from mobigo.app.factory import create_app

    ref = odd_line(here)
    reconcile.reconcile(here.services, here.at)
    app = create_app(here.services.config)
    app.config["WTF_CSRF_ENABLED"] = False
    _, tokens = agents(here.engine, (Role.REGISSEUR, Role.FINANCE_AGENT))
    client = app.test_client()
    client.set_cookie("mobigo", tokens[Role.REGISSEUR])
    assert ref in client.get(PAGE).text
    given = {"provider": "sim", "ref": ref, "note": ""}
    assert client.post(f"{PAGE}/expliquer", data=given).status_code == 422
    assert client.post(f"{PAGE}/expliquer", data=given | {"note": "courrier du 3"}).status_code == 303
    assert client.post(f"{PAGE}/expliquer", data=given | {"note": "courrier du 3"}).status_code == 409
    assert "Tout est expliqué" in client.get(PAGE).text
    assert client.post(f"{PAGE}/effacer", data={}).status_code == 404
    client.set_cookie("mobigo", tokens[Role.FINANCE_AGENT])
    assert client.get(PAGE).status_code == 403
