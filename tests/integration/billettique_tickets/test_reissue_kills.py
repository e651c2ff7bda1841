"""The drill of a stolen key killed at any moment: each ticket is signed anew once, each buyer written to once, and told
of every ticket."""

import random
from collections import Counter, defaultdict

import pytest
from sqlalchemy import select

from billettique.service import issuing, keys, reissuing, tickets
from billettique.store.tickets import CodeRow, EntitlementRow
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import MessageRow
from mobigo.infra.web import Services
from tests import kills
from tests.billettique_kill_worker import LATER, sign_anew
from tests.holder_world import PASS, SELLER, Device, shown, sold
from tests.integration.billettique_tickets.test_tickets_keys import OK, order_with_address, revoked

A_FEW = pytest.param(16, 3, id="a few")
MANY = pytest.param(400, 60, id="many", marks=pytest.mark.slow)


@pytest.mark.parametrize(("count", "killed"), [A_FEW, MANY])
def test_a_drill_killed_at_any_moment_signs_and_writes_once(services: Services, count: int, killed: int) -> None:
    bought = {f"{at:03}": sold(services, PASS, item=f"{at:03}") for at in range(count)}
    for item in bought:
        order_with_address(services, f"order-{item}", f"{item}@example.org")
    with transaction(services.engine) as session:  # two tickets an order, not sold together: in any two batches
        for at in range(0, count, 2):
            session.get_one(EntitlementRow, bought[f"{count - 1 - at:03}"]).order_id = f"order-{at:03}"
    before = {each: shown(services, each).code for each in bought.values()}
    revoked(services, 1, LATER)
    url, chance = services.engine.url.render_as_string(hide_password=False), random.Random(count)
    args = (url, services.config.home, SELLER, 1)
    runs = [
        kills.run_and_kill(sign_anew, *args, chance=chance, longest_s=0.02, after=1 if at % 2 else 0)
        for at in range(killed)
    ]
    assert any(run.killed for run in runs)
    kills.run(sign_anew, *args)
    assert reissuing.waiting(services.engine, SELLER, 1, LATER) == 0
    with reading(services.engine) as session:
        codes = list(session.scalars(select(CodeRow)))
        messages = list(session.scalars(select(MessageRow)))
        of_order = defaultdict(list)
        for row in session.scalars(select(EntitlementRow)):
            of_order[row.order_id].append(tickets.path_of(services.config, row))
    assert Counter(code.replaced_at is None for code in codes) == {True: count, False: count}
    assert {code.key_id for code in codes if code.replaced_at is None}.isdisjoint({1})
    device = Device(services, LATER)
    assert {device.answer(shown(services, each).code, LATER) for each in bought.values()} == {OK}
    assert {device.answer(each, LATER) for each in before.values()} == {("UNKNOWN_KEY", "key_revoked")}
    told = {message.key.rpartition(":")[2]: message.body for message in messages}
    assert sorted(told) == sorted(of_order)
    assert len(messages) == count // 2
    assert all(path in told[order] for order, paths in of_order.items() for path in paths)
    assert all(len(paths) == 2 for paths in of_order.values())


def test_an_order_is_told_of_what_is_signed_anew_and_of_nothing_else(services: Services) -> None:
    """A ticket of another key, one that is over, and one given back go on as they are."""
    good = sold(services, PASS, item="good")
    given_back = sold(services, PASS, item="back")
    over = sold(services, item="over")
    order_with_address(services, "order-good", "a@example.org")
    with transaction(services.engine) as session:
        tickets.refunded(session, given_back, LATER)
        keys.rotate(session, services, LATER)
    revoked(services, 1, LATER)
    other = sold(services, PASS, item="other", now=LATER)
    with transaction(services.engine) as session:
        for each in (given_back, over, other):
            session.get_one(EntitlementRow, each).order_id = "order-good"
    assert reissuing.reissue(services, SELLER, 1, LATER) == reissuing.Reissued(1, 1)
    with reading(services.engine) as session:
        (message,) = session.scalars(select(MessageRow))
        pages = {each: tickets.path_of(services.config, session.get_one(EntitlementRow, each)) for each in (
            good, given_back, over, other)}  # fmt: skip
    assert {each for each, page in pages.items() if page in message.body} == {good}
    assert issuing.ticket_in(shown(services, good).code).reference
