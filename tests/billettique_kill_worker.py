"""Work of selling that may be killed at any moment: issuing invoices and credit notes, one after the other, whole
purchases, signing tickets anew. What it finds done it leaves."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, insert
from sqlalchemy.orm import configure_mappers

from billettique.model.orders import ItemState
from billettique.service import invoices, payment_refunds, payments, reissuing, webhooks
from billettique.store import invoices as invoice_store
from billettique.store import orders as store
from billettique.store.orders import ItemRow, OrderRow
from mobigo.base.errors import Refused
from mobigo.infra.config import load_config
from mobigo.infra.db import table_of, transaction
from mobigo.infra.web import Services
from tests.billettique_faults import Faults, Trial, open_quick
from tests.billettique_orders_world import NOW, Shop
from tests.kills import HOLDING, Say

configure_mappers()  # once, for all who are forked from here
FOREVER_S = 3600.0
LATER = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


def served(engine: Engine, count: int) -> list[str]:
    """That many orders of one ticket each, paid and served; their ids."""
    names = [f"order-{at:05}" for at in range(count)]
    orders = [
        {"id": name, "reference": name, "channel": "online", "language": "fr", "created_at": NOW, "expires_at": NOW,
         "placed_at": NOW, "changed_at": NOW}
        for name in names
    ]  # fmt: skip
    items = [
        {"id": f"item-{name}", "order_id": name, "position": 0, "bundle": name, "kind": "ticket", "product": "car",
         "name": "Billet", "gross_cents": 150 + at % 7, "vat_pct": "10", "collector": "regie", "seller": "region",
         "tariff_hash": "", "riders": ["adulte"], "promised": {}, "state": str(ItemState.FULFILLED),
         "created_at": NOW, "changed_at": NOW}
        for at, name in enumerate(names)
    ]  # fmt: skip
    with transaction(engine) as session:
        session.execute(insert(table_of(OrderRow)), orders)
        session.execute(insert(table_of(ItemRow)), items)
    return names


def issue(say: Say, url: str, orders: list[str], holds: int, life: int) -> None:
    """An invoice for each of these orders, unless it has one, and a credit note for one in three: each is said once it
    is committed. The first `holds` lives stop for ever with a number in their hand, at their first invoice."""
    engine = open_quick(url)
    for at, order in enumerate(orders):
        try:
            with transaction(engine) as session:
                row = invoices.issue(session, order, NOW)
                if life < holds:
                    say(HOLDING)
                    time.sleep(FOREVER_S)
        except Refused:
            pass
        else:
            say((row.series, row.number, order))
        if at % 3 == 0:
            with transaction(engine) as session:
                note = take_back(session, order)
            if note is not None:
                say((note.series, note.number, order))
    engine.dispose()


def take_back(session: store.Session, order: str) -> invoice_store.InvoiceRow | None:
    """A credit note for the whole of an order; None when it has one."""
    store.get_order(session, order, lock=True)
    if any(each.of is not None for each in invoice_store.invoices_of(session, order)):
        return None
    (item,) = store.items_of(session, order)
    return invoices.credit(session, item, item.net, item.tax, NOW)


def sell(say: Say, url: str, home: Path, seed: int, count: int, life: int = 0) -> None:
    """Whole purchases, with what follows them (provider, events, invoices, refunds), each said once it is over."""
    for module in (payments, payment_refunds, webhooks.waking):
        module.wake = _nobody  # type: ignore[attr-defined]  # no worker: what it would do is done here
    config = load_config({"MOBIGO_HOME": str(home), "MOBIGO_DATABASE_URL": url, "MOBIGO_ENV": "development"})
    trial = Trial(
        Shop(open_quick(url), config, NOW + timedelta(minutes=seed)), Faults(random.Random(seed * 1_000 + life))
    )
    trial.providers()
    for _purchase in range(count):
        order = trial.shop.basket(*trial.shop.coach(("adulte",)))
        trial.buyer(order.id)
        say(order.id)
    trial.shop.engine.dispose()


def sign_anew(say: Say, url: str, home: Path, seller: str, key_id: int) -> None:
    """The drill of a stolen key, few tickets a batch; how many are done is said after each."""
    reissuing.BATCH = 5  # type: ignore[misc]  # several batches of the few tickets of a test
    services = Services(load_config({"MOBIGO_HOME": str(home), "MOBIGO_DATABASE_URL": url}))
    reissuing.reissue(services, seller, key_id, LATER, progress=lambda done, _total: say(done))
    services.engine.dispose()


_nobody: Callable[..., bool] = lambda *_given: False  # noqa: E731 - a name for what is put in two places
