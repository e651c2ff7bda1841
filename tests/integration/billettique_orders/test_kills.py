"""kill -9 of what sells, on both databases: no hole in the numbers of invoices whoever died with one in hand, no ticket
lost, none twice, no cent of which nobody knows."""

import random
from collections import defaultdict
from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select

from billettique.service import payment_refunds, payments, webhooks
from billettique.store.invoices import InvoiceRow, SeriesRow
from billettique.store.tickets import CodeRow
from mobigo.infra.config import Config
from mobigo.infra.db import reading
from tests import billettique_kill_worker as worker
from tests import kills
from tests.billettique_faults import Faults, Trial
from tests.billettique_orders_world import NOW, Shop
from tests.integration.billettique_orders.audit import audit

ISSUERS = 32


@pytest.mark.parametrize(
    ("orders", "killed", "holds"),
    [pytest.param(96, 8, 2, id="a few"), pytest.param(8_000, 500, 20, id="five hundred", marks=pytest.mark.slow)],
)
def test_thirty_two_issuers_killed_at_any_moment_leave_no_hole(
    engine: Engine, orders: int, killed: int, holds: int
) -> None:
    """Every order is known to two issuers; one issuer in eight dies with a number taken and not committed."""
    names = worker.served(engine, orders)
    url, share = engine.url.render_as_string(hide_password=False), orders // ISSUERS
    args = [
        (url, [*names[at * share : (at + 2) * share], *(names[:share] if at == ISSUERS - 1 else [])],
         holds if at % 8 == 0 else 0)
        for at in range(ISSUERS)
    ]  # fmt: skip
    runs = kills.crowd_and_kill(worker.issue, args, chance=random.Random(orders), kills=killed, gap_s=0.1)
    in_hand = sum(kills.HOLDING in run.said for run in runs)
    assert in_hand >= 2, "nobody died with a number in hand"
    assert sum(run.killed for run in runs) >= killed
    said = {(series, number): order for run in runs for series, number, order in _numbers(run)}
    assert len(said) == sum(len(_numbers(run)) for run in runs), "one number said for two invoices"
    written, of_order = defaultdict(list), defaultdict(list)
    with reading(engine) as session:
        for row in session.scalars(select(InvoiceRow).order_by(InvoiceRow.series, InvoiceRow.number)):
            written[row.series].append(row.number)
            of_order[row.order_id].append(row.series)
            assert said.pop((row.series, row.number), row.order_id) == row.order_id
            assert row.net_cents + row.tax_cents == row.gross_cents
        last = {row.series: row.last for row in session.scalars(select(SeriesRow))}
    assert said == {}, "an invoice that was given out is not in the books"
    assert {series: list(range(1, count + 1)) for series, count in last.items()} == written
    assert sorted(of_order) == names, "an order without its invoice"
    assert all(each.count("F2026") == 1 and each.count("A2026") <= 1 for each in of_order.values())
    assert last["F2026"] == orders
    assert last["A2026"] >= orders // 3


def _numbers(run: kills.Run) -> list[tuple[str, int, str]]:
    return [word for word in run.said if word != kills.HOLDING]


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (payments, payment_refunds, webhooks.waking):
        monkeypatch.setattr(module, "wake", lambda *_given: False)


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize(
    ("sellers", "purchases", "killed"),
    [pytest.param(2, 6, 3, id="a few"), pytest.param(8, 100, 250, id="many", marks=pytest.mark.slow)],
)
def test_sellers_killed_at_any_step_lose_no_ticket_and_no_cent(
    engine: Engine, config: Config, sellers: int, purchases: int, killed: int
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    settings = replace(config, environment="development", database_url=url, payments=("sim",))
    args = [(url, config.home, place, purchases) for place in range(sellers)]
    runs = kills.crowd_and_kill(worker.sell, args, chance=random.Random(11), kills=killed, gap_s=0.4)
    assert sum(run.killed for run in runs) >= killed
    trial = Trial(Shop(engine, settings, NOW.replace(hour=23)), Faults(random.Random(1)))
    trial.providers()
    trial.converge()
    with reading(engine) as session:
        sold = session.scalar(select(func.count()).select_from(CodeRow)) or 0
    assert sold >= sellers * purchases // 2, "too few were sold for this to prove anything"
    audit(trial)
