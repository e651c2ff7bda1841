"""A mistyped e-mail set right: by who bought, or by an agent who was told what only the buyer knows; and whoever was
written to by mistake holds nothing any more."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from billettique.gateway.psp import Providers
from billettique.rules import u2
from billettique.rules.tickets import mark_of_code
from billettique.service import addresses, baskets, keys, mails, payment_refunds, payments, tickets
from billettique.store import orders as store
from billettique.store import tickets as ticket_store
from billettique.store.tickets import EntitlementRow
from billettique.store.validations import UsedRow
from mobigo.app import create_app
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import accounts, clock, grants, sessions
from mobigo.infra.audit import AuditEntry
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from mobigo.infra.roles import Grant, Role
from mobigo.infra.web import EXTENSION, Services
from tests.billettique_orders_world import NOW, Shop
from tests.integration.billettique_orders.test_pages import Guest, buy, session_of

WRONG, RIGHT = "camile@example.org", "camille@example.org"
PAID, DAY = Money(150), NOW.date()


def messages(shop: Shop) -> list[tuple[str, str]]:
    with reading(shop.engine) as session:
        found = session.scalars(select(MessageRow).order_by(MessageRow.id))
        return [(each.recipient, each.body) for each in found]


def entitlement(shop: Shop, order: str) -> EntitlementRow:
    with reading(shop.engine) as session:
        (row,) = ticket_store.of_order(session, order)
        return row


def code_of(shop: Shop, order: str) -> bytes:
    with reading(shop.engine) as session:
        found = ticket_store.current_code(session, entitlement(shop, order).id)
        assert found is not None
        return found.octets


def by_buyer(shop: Shop, order: str, email: str = RIGHT) -> None:
    with transaction(shop.engine) as session:
        addresses.by_buyer(session, shop.services, order, email, shop.now)


def by_agent(shop: Shop, order: str, paid: Money = PAID, day: date = DAY, email: str = RIGHT) -> None:
    with transaction(shop.engine) as session:
        addresses.by_agent(session, shop.services, order, email, paid=paid, day=day, agent="agent", now=shop.now)


def test_the_right_person_gets_all_of_it_and_the_wrong_one_holds_nothing(shop: Shop) -> None:
    order = shop.buy(email=WRONG)
    row, code = entitlement(shop, order), code_of(shop, order)
    (sent,) = messages(shop)
    assert sent[0] == WRONG
    shop.now += timedelta(minutes=2)
    by_buyer(shop, order)
    ((to, body),) = messages(shop)  # what had not left for the wrong address leaves no more
    assert to == RIGHT
    config, changed = shop.config, entitlement(shop, order)
    assert mails.order_url(config, shop_order(shop, order)) in body
    with pytest.raises(NotFound):
        baskets.check_secret(config, order, baskets.secret_of(config, order), 1)
    token = tickets.path_of(config, row).strip("/").split("/")[-1]
    with pytest.raises(NotFound), reading(shop.engine) as session:
        tickets.opened(session, config, changed.id, token)
    fresh = code_of(shop, order)
    assert fresh != code
    assert changed.reference == row.reference  # the same ticket, under another code
    with reading(shop.engine) as session:
        revoked = keys.revocation_list(session, shop.now).marks
    marks = [mark_of_code(u2.read_code(each)) for each in (code, fresh)]
    assert [each in revoked for each in marks] == [True, False]  # every device refuses the one, from its next list on
    shop.serve(order)
    assert len(messages(shop)) == 1  # looked at again, nobody is written to twice
    with reading(shop.engine) as session:
        (logged,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "billettique.order.email"))
        assert "example.org" not in str(logged.detail)


def shop_order(shop: Shop, order: str) -> store.OrderRow:
    with reading(shop.engine) as session:
        return store.get_order(session, order)


def test_a_message_that_left_cannot_be_taken_back_and_another_leaves(shop: Shop) -> None:
    order = shop.buy(email=WRONG)
    with transaction(shop.engine) as session:
        session.scalars(select(MessageRow)).one().delivered_at = shop.now
    by_buyer(shop, order)
    assert {each[0] for each in messages(shop)} == {WRONG, RIGHT}


@pytest.mark.parametrize("how", ["activated", "telephone", "used"])
def test_once_something_was_used_an_agent_has_to_do_it(shop: Shop, how: str) -> None:
    order = shop.buy(email=WRONG)
    code = code_of(shop, order)
    with transaction(shop.engine) as session:
        (row,) = ticket_store.of_order(session, order)
        if how == "activated":
            tickets.activate(session, shop.services, row.id, shop.now)
        elif how == "telephone":
            row.bound_key = b"\2" + bytes(31) + b"\1"
        else:
            session.add(UsedRow(mark=tickets.mark_of(row), until=DAY, uses=1))
    with pytest.raises(Refused) as refused:
        by_buyer(shop, order)
    assert refused.value.decision.code == "billettique.email_after_use"
    shop.now += timedelta(minutes=2)
    by_agent(shop, order)
    assert shop_order(shop, order).email == RIGHT
    assert entitlement(shop, order).bound_key is None or how == "used"
    assert (code_of(shop, order) == code) is (how == "used")  # used up: there is nothing to take back


@pytest.mark.parametrize(
    ("paid", "day"), [(Money(149), DAY), (Money(151), DAY), (PAID, DAY - timedelta(days=1)), (PAID, date(2026, 11, 27))]
)
def test_an_agent_needs_what_only_the_buyer_knows(shop: Shop, paid: Money, day: date) -> None:
    order = shop.buy(email=WRONG)
    with pytest.raises(Refused) as refused:
        by_agent(shop, order, paid, day)
    assert refused.value.decision.code == "billettique.not_the_buyer"
    assert shop_order(shop, order).email == WRONG
    assert [each[0] for each in messages(shop)] == [WRONG]


@pytest.mark.parametrize(("email", "kind"), [("", InvalidInput), ("x", InvalidInput), ("CAMILE@example.org", Conflict)])
def test_an_address_that_is_none_or_the_same_changes_nothing(shop: Shop, email: str, kind: type[MobigoError]) -> None:
    order = shop.buy(email=WRONG)
    with pytest.raises(kind):
        by_buyer(shop, order, email)
    row = shop_order(shop, order)
    assert (row.email, row.link) == (WRONG, 0)
    with pytest.raises(Conflict):
        by_buyer(shop, shop.buy(), RIGHT)  # none was given: there is nothing to be set right


# ---------------------------------------------------------------- the pages


@pytest.fixture
def guest(database_config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guest]:
    for module in (payments, payment_refunds):
        monkeypatch.setattr(module, "wake", lambda *_given: False)
    app = create_app(replace(database_config, payments=("sim", "counter"), environment="development"))
    services: Services = app.extensions[EXTENSION]
    services._parts[Providers] = Providers(services.config, clock.now)
    yield Guest(app.test_client(), services)
    services.engine.dispose()


def bought(guest: Guest, email: str) -> str:
    """The page of an order, paid and served."""
    location = buy(guest, email=email)
    sim = guest.services.part(Providers, lambda _services: Providers(guest.services.config)).get("sim")
    sim.bank.pay(session_of(guest, location), "pm_card_visa")  # type: ignore[attr-defined]
    with guest.services.engine.connect() as connection:
        url = connection.exec_driver_sql("SELECT return_url FROM billettique_payment").scalar_one()
    return guest.get(url.removeprefix(guest.services.config.base_url).split("?")[0]).headers["Location"]


def agent(guest: Guest) -> FlaskClient:
    with transaction(guest.services.engine) as session:
        subject = accounts.create(session, clock.now(), email="agent@example.org", name="agent", password_hash=None)
        grants.give(session, subject, Grant(Role.COUNTER_AGENT), clock.now(), by=None)
        client = guest.client.application.test_client()
        client.set_cookie("mobigo", sessions.open_session(session, subject, clock.now(), None, None))
        return client


def test_the_link_alone_corrects_nothing_and_the_browser_that_bought_does(guest: Guest) -> None:
    page = bought(guest, WRONG)
    other = Guest(guest.client.application.test_client(), guest.services)
    assert "un guichet ou le téléphone" in other.get(page).text  # who was written to by mistake
    order = page.split("/")[-2]
    other.client.set_cookie("mobigo-panier", f"{order}.{page.split('/')[-1]}")  # a cookie made out of the link
    assert "Corriger mon adresse" not in other.get(page).text
    assert other.send(f"{page}/email", email="thief@example.org").status_code == 403
    assert "Corriger mon adresse" in guest.get(page).text
    done = guest.send(f"{page}/email", email=RIGHT)
    assert done.status_code == 303
    assert done.location != page
    assert other.get(page).status_code == 404
    assert guest.get(done.location).status_code == 200


def test_an_agent_corrects_it_and_guesses_are_counted(guest: Guest) -> None:
    page = bought(guest, WRONG)
    order = page.split("/")[-2]
    client = Guest(agent(guest), guest.services)
    path = f"/guichet/commandes/{order}"
    assert "Corriger l’adresse" in client.get(path).text
    today = paris_day(clock.now()).isoformat()
    assert client.send(f"{path}/email", paid="1,40", day=today, email=RIGHT).status_code == 403
    assert client.send(f"{path}/email", paid="1,50", day="hier", email=RIGHT).status_code == 403
    assert client.send(f"{path}/email", paid="1,50", day=today, email=RIGHT).status_code == 303
    for _ in range(2):
        client.send(f"{path}/email", paid="1,40", day=today, email=WRONG)
    assert client.send(f"{path}/email", paid="1,50", day=today, email=WRONG).status_code == 429
