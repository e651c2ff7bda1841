"""What waits for an answer, as agents see it; a dispute answered by hand, or left to the bank, at a simulated
provider."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from billettique.model.payments import DisputeState
from billettique.rules.disputes import Step
from billettique.service import cases, contests, disputes
from billettique.store.payments import DisputeRow
from mobigo.app import create_app
from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.infra import accounts, grants, sessions
from mobigo.infra.clock import now
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Grant, Role
from tests.integration.billettique_inspection.test_cases import AGENT, CONSTAT
from tests.integration.billettique_inspection.test_give_backs_and_disputes import Desk, code_of, desk

__all__ = ["desk"]


def of_an_unused_ticket(desk: Desk) -> str:
    """A dispute of an order nothing of which was used."""
    payment = desk.shop.items(desk.shop.buy())[0].payment
    assert payment is not None
    return desk.contest(payment)


def shown(desk: Desk, ref: str) -> disputes.OpenDispute:
    with reading(desk.engine) as session:
        return disputes.get(session, "sim", ref, desk.shop.now)


def say(desk: Desk, ref: str, words: str = "Voici la commande.") -> None:
    disputes.answer_by_hand(desk.shop.services, desk.shop.providers, "sim", ref, words=words, by=AGENT,
                            now=desk.shop.now)  # fmt: skip


def concede(desk: Desk, ref: str) -> None:
    with transaction(desk.engine) as session:
        disputes.concede(session, "sim", ref, by=AGENT, now=desk.shop.now)


def test_a_dispute_says_until_when_and_waits_for_a_person_where_nothing_was_used(desk: Desk) -> None:
    ref = of_an_unused_ticket(desk)
    found = shown(desk, ref)
    assert (found.step, found.said, found.penalty) == (Step.TO_DECIDE, "", False)
    assert found.row.due_at == desk.shop.now + timedelta(days=9)
    assert found.about
    with pytest.raises(InvalidInput) as empty:
        say(desk, ref, "  ")
    assert code_of(empty) == "payments.no_words"
    say(desk, ref)
    assert shown(desk, ref).step is Step.ANSWERED
    with pytest.raises(Conflict):
        say(desk, ref)
    with pytest.raises(Conflict):
        concede(desk, ref)


def test_what_is_left_to_the_bank_is_not_answered_by_itself_later(desk: Desk) -> None:
    ref = desk.contest(desk.pay_online())
    assert shown(desk, ref).step is Step.LEAVING
    concede(desk, ref)
    assert disputes.send_proof(desk.shop.services, desk.shop.providers, "sim", ref, desk.shop.now) is False
    with reading(desk.engine) as session:
        row = session.get_one(DisputeRow, ("sim", ref))
        assert (row.proof_sent_at, row.handled_by, row.state) == (None, AGENT, DisputeState.OPEN)


def test_after_its_day_nobody_answers(desk: Desk) -> None:
    ref = of_an_unused_ticket(desk)
    desk.shop.now += timedelta(days=9, seconds=1)
    assert shown(desk, ref).step is Step.TOO_LATE
    with pytest.raises(Conflict) as late:
        say(desk, ref)
    assert code_of(late) == "payments.dispute_answered"


def test_a_dispute_that_a_bank_decided_waits_no_more(desk: Desk) -> None:
    payment = desk.pay_online()
    ref = desk.contest(payment)
    desk.judge(payment, ref, won=True)
    with pytest.raises(NotFound):
        shown(desk, ref)
    with reading(desk.engine) as session:
        assert disputes.open_disputes(session, desk.shop.now, 10) == []


# ---------------------------------------------------------------- the page

ROLES = {"counter": Role.COUNTER_AGENT, "regie": Role.REGISSEUR, "bearer": Role.MANDATAIRE}


@pytest.fixture
def people(database_config: Config) -> Iterator[dict[str, FlaskClient]]:
    """A constat contested thirty-one days ago, and who looks."""
    app = create_app(replace(database_config, environment="development", base_url="http://localhost",
                             payments=("counter", "sim")))  # fmt: skip
    app.config["WTF_CSRF_ENABLED"] = False
    services, found = app.extensions["mobigo"], {}
    with transaction(services.engine) as session:
        for name, role in ROLES.items():
            subject = accounts.create(session, now(), email=f"{name}@example.org", name=name, password_hash=None)
            grants.give(session, subject, Grant(role), now(), by=None)
            found[name] = app.test_client()
            found[name].set_cookie("mobigo", sessions.open_session(session, subject, now(), None, None))
        before = now() - timedelta(days=31)
        cases.draw_up(session, services.config, replace(CONSTAT, found_at=before), by="inspector", device="i-device",
                      now=before)  # fmt: skip
        contests.contest(session, services.config, CONSTAT.id, "Non.", before)
    yield found
    services.engine.dispose()


def test_who_follows_cases_sees_contests_with_what_is_late_others_only_money(people: dict[str, FlaskClient]) -> None:
    pages = {name: client.get("/billettique/agents/a-repondre") for name, client in people.items()}
    assert {each.status_code for each in pages.values()} == {200}
    assert CONSTAT.reference in pages["counter"].text
    assert "en retard" in pages["counter"].text
    for name in ("regie", "bearer"):
        assert CONSTAT.reference not in pages[name].text
        assert "Paiements contestés à la banque" in pages[name].text
    assert people["counter"].get("/billettique/agents/contestations/sim/du_x").status_code == 403
    assert people["regie"].get("/billettique/agents/contestations/sim/du_x").status_code == 404
    assert people["regie"].post("/billettique/agents/contestations/sim/du_x/autrement").status_code == 404


def test_a_letter_is_written_in_on_the_page_of_the_case(people: dict[str, FlaskClient]) -> None:
    page = f"/controle/dossiers/{CONSTAT.id}"
    refused = people["counter"].post(f"{page}/contester", data={"text": "Non", "received": "hier"})
    assert refused.status_code in (409, 422)
    assert people["counter"].post(f"{page}/classer", data={"why": "Erreur"}).status_code == 409
    done = people["counter"].post(f"{page}/repondre", data={"outcome": "withdrawn", "text": "Vu."})
    assert done.status_code == 303
    assert "Aucune contestation sans réponse" in people["counter"].get("/billettique/agents/a-repondre").text
