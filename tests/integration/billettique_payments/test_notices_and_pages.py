"""The doors: the address that takes providers' notices, the pages of the simulated provider."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from billettique.gateway.psp import signing
from billettique.model.payments import Notice, PaymentState
from billettique.service import payments
from billettique.service.intake import Intake
from billettique.store import notices
from billettique.store.notices import ProviderEventRow, WorkRow
from mobigo.infra import clock
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.web import EXTENSION
from tests.payments_world import World, world

NOTICES = "/api/v1/billettique/notices/sim"


@pytest.fixture
def site(config: Config, sqlite_template: Any) -> Iterator[tuple[FlaskClient, World]]:
    """The application on SQLite, in a world whose clock is the true one."""
    import shutil

    from mobigo.app.factory import create_app

    config.home.mkdir(parents=True)
    shutil.copyfile(sqlite_template, config.home / "mobigo.sqlite")
    app = create_app(config)
    app.config["WTF_CSRF_ENABLED"] = False
    with world(config, now=clock.now()) as made:
        made.services = app.extensions[EXTENSION]
        yield app.test_client(), made


def event(client: World, number: int = 1) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(
        {
            "id": f"evt_{number}", "object": "event", "type": "payment_intent.succeeded", "livemode": False,
            "created": int(clock.now().timestamp()), "data": {"object": {"id": f"pi_{number}"}},
        }
    ).encode()  # fmt: skip
    return body, client.sim.signed(body)


def test_a_notice_is_stored_once_with_its_work(site: tuple[FlaskClient, World]) -> None:
    client, w = site
    body, headers = event(w)
    for _ in range(3):
        answer = client.post(NOTICES, data=body, headers=headers)
        assert (answer.status_code, answer.json) == (200, {"received": True})
    with reading(w.engine) as session:
        assert session.scalar(select(func.count()).select_from(ProviderEventRow)) == 1
        assert [(row.what, row.ref) for row in session.scalars(select(WorkRow))] == [("payment", "pi_1")]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda body, headers: (body + b" ", headers), 403),
        (lambda body, headers: (body, {}), 403),
        (lambda body, headers: (body, {signing.HEADER: signing.sign(body, "whsec_forged", clock.now())}), 403),
        (lambda body, headers: (b"x" * 262_145, headers), 413),
    ],
)
def test_what_is_not_ours_is_refused_and_not_stored(site: tuple[FlaskClient, World], change: Any, status: int) -> None:
    client, w = site
    body, headers = change(*event(w))
    assert client.post(NOTICES, data=body, headers=headers).status_code == status
    with reading(w.engine) as session:
        assert session.scalar(select(func.count()).select_from(ProviderEventRow)) == 0


def test_a_provider_that_is_not_configured_has_no_address(site: tuple[FlaskClient, World]) -> None:
    client, w = site
    body, headers = event(w)
    assert client.post(NOTICES.replace("sim", "stripe"), data=body, headers=headers).status_code == 422


def test_many_at_once_are_each_stored_once(w: World) -> None:
    intake = Intake(w.engine)
    sent = [Notice("sim", f"evt_{number % 100}", "x", f"pi_{number % 100}", w.at) for number in range(400)]
    with ThreadPoolExecutor(16) as web:
        fresh = list(web.map(lambda notice: intake.store(notice, w.at), sent))
    assert sum(fresh) == 100
    with reading(w.engine) as session:
        assert session.scalar(select(func.count()).select_from(ProviderEventRow)) == 100
        assert session.scalar(select(func.count()).select_from(WorkRow)) == 100


def test_what_cannot_be_stored_is_an_error_to_whoever_sent_it(w: World) -> None:
    intake = Intake(w.engine)
    bad = Notice("sim", "evt_1", "x", "pi_1", None)  # type: ignore[arg-type]  # the fault
    with pytest.raises(Exception, match="sent_at"):
        intake.store(bad, w.at)
    assert intake.store(Notice("sim", "evt_1", "x", "pi_1", w.at), w.at)


def test_a_notice_about_nothing_of_ours_asks_no_work(w: World) -> None:
    assert Intake(w.engine).store(Notice("sim", "evt_1", "customer.created", "", w.at), w.at)
    assert Intake(w.engine).store(Notice("sim", "evt_2", "payout.paid", "po_1", w.at, "payout"), w.at)
    with reading(w.engine) as session:
        assert session.scalar(select(func.count()).select_from(WorkRow)) == 0


# ---------------------------------------------------------------- the pages of the simulation


def asked(w: World, **differs: Any) -> tuple[str, str]:
    """A payment, and the path of its form."""
    back = f"{w.services.config.base_url}/achats/retour"
    payment = w.asked(**({"return_url": back} | differs))
    action = w.row(payment).action
    assert action is not None
    return payment, action.removeprefix(w.services.config.base_url)


def test_the_form_pays_and_leads_back(site: tuple[FlaskClient, World]) -> None:
    client, w = site
    payment, form = asked(w)
    page = client.get(form).text
    assert "Ceci est une simulation" in page
    assert "3,00" in page
    answer = client.post(form, data={"card": "pm_card_visa"})
    assert (answer.status_code, answer.location) == (303, "/achats/retour")
    with reading(w.engine) as session:  # its events came in as a provider's would
        assert session.scalar(select(func.count()).select_from(ProviderEventRow)) >= 3
    assert payments.refresh(w.services, payment, w.at) is PaymentState.SUCCEEDED
    assert "Revenir à la commande" in client.get(form).text
    assert client.post(form, data={"card": "pm_card_visa"}).status_code == 409


def test_a_refused_card_says_why_and_another_may_be_tried(site: tuple[FlaskClient, World]) -> None:
    client, w = site
    _, form = asked(w)
    page = client.post(form, data={"card": "pm_card_visa_chargeDeclinedInsufficientFunds"})
    assert page.status_code == 200
    assert "pas assez approvisionné" in page.text
    assert client.post(form, data={"card": "pm_card_visa"}).status_code == 303
    assert client.post(form, data={"card": "4242"}).status_code == 422


@pytest.mark.parametrize(("said", "state"), [("yes", PaymentState.SUCCEEDED), ("no", PaymentState.REQUIRES_ACTION)])
def test_the_bank_asks_on_a_page_of_its_own(site: tuple[FlaskClient, World], said: str, state: PaymentState) -> None:
    client, w = site
    payment, form = asked(w)
    answer = client.post(form, data={"card": "pm_card_authenticationRequired"})
    assert answer.status_code == 303
    assert "3-D Secure" in client.get(answer.location).text
    after = client.post(answer.location, data={"answer": said})
    assert after.status_code == (303 if said == "yes" else 200)
    assert payments.refresh(w.services, payment, w.at) is state


def test_a_debit_is_offered_only_the_means_of_a_debit(site: tuple[FlaskClient, World]) -> None:
    client, w = site
    page = client.get(asked(w, means="sepa_debit")[1]).text
    assert "pm_sepa_success" in page
    assert "pm_card_visa" not in page


@pytest.mark.parametrize("path", ["/simulation/paiement/cs_none", "/simulation/paiement/pi_sim_00000001"])
def test_a_form_that_is_none_is_not_found(site: tuple[FlaskClient, World], path: str) -> None:
    client, _ = site
    assert client.get(path).status_code == 404
    assert client.post(path, data={"card": "pm_card_visa"}).status_code == 404


def test_where_there_is_no_simulation_its_pages_do_not_exist(config: Config) -> None:
    from dataclasses import replace

    from mobigo.app.factory import create_app

    client = create_app(replace(config, payments=("counter",))).test_client()
    for path in ("/simulation/paiement/cs_sim_00000001", "/simulation/3ds/pi_sim_00000001"):
        assert client.get(path).status_code == 404


def test_a_browser_may_be_led_from_our_form_to_a_providers(site: tuple[FlaskClient, World]) -> None:
    """A browser refuses what a form leads to, redirections included, unless the page of the form allows it."""
    client, _ = site
    policy = client.get("/achats/payer").headers["Content-Security-Policy"]
    assert "form-action 'self' https://checkout.stripe.com" in policy
    assert "checkout.stripe.com" not in client.get("/achats").headers["Content-Security-Policy"]


def test_the_doctor_says_what_waits_for_a_person(site: tuple[FlaskClient, World]) -> None:
    from mobigo.app.doctor import Patient, check_payments

    _, w = site
    patient = Patient(w.services.config, w.engine, w.at)
    assert [each.says.code for each in check_payments(patient)] == ["doctor.payments"]
    with transaction(w.engine) as session:
        notices.ask(session, "sim", "payment", "pi_1", key="k", due_at=w.at, now=w.at)
        session.flush()
        session.execute(update(WorkRow).values(failed_at=w.at))
    assert [dict(each.says.params) for each in check_payments(patient)] == [{"unanswered": 1, "unexplained": 0}]
