"""Selling dies at any point, and comes back: no ticket lost, none twice, no money without a ticket or its refund."""

import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from billettique.model.orders import ItemState
from billettique.service import books, issuing, payments, refunding, webhooks
from billettique.service.tickets import mark_of
from billettique.store.invoices import InvoiceRow
from billettique.store.keys import RevocationRow
from billettique.store.orders import ItemRow, OrderPaymentRow
from billettique.store.payments import RefundRow
from billettique.store.tickets import CodeRow, EntitlementRow
from mobigo.infra.config import Config
from mobigo.infra.db import reading
from mobigo.ledger import service as ledger
from mobigo.ledger.store import all_books
from tests.billettique_faults import NAMED, Faults, Trial, hooked, open_quick
from tests.billettique_orders_world import NOW, Shop
from tests.oracles.ticketing_auditor import findings, held_by_order

IN_CI = os.environ.get("MOBIGO_CI", "") not in ("", "0")
CHUNKS = 8
RUNS = 250 if IN_CI else 30


def audit(trial: Trial) -> None:
    """The auditor's look, then the books: sales = payments = ledger, invoices without a hole."""
    engine, config = trial.shop.engine, trial.shop.config
    held = held_by_order(config.home / "sim" / "provider.sqlite")
    with reading(engine) as session:
        refused = {
            bytes(each) for each in session.scalars(select(RevocationRow.mark).where(RevocationRow.lifted_at.is_(None)))
        }
        tickets = []
        seen: Counter[str] = Counter()
        for code, row in session.execute(
            select(CodeRow, EntitlementRow).join(EntitlementRow, EntitlementRow.id == CodeRow.entitlement)
        ):
            ticket = issuing.ticket_in(code.octets)
            assert ticket.specimen
            assert ticket.price is not None
            seen[row.item] += code.replaced_at is None
            if code.replaced_at is None:
                tickets.append((row.order_id, ticket.price.cents, mark_of(row) not in refused))
        assert max(seen.values(), default=1) == 1, "an item with two tickets"
        mandates: dict[str, int] = defaultdict(int)
        for refund, payment in session.execute(
            select(RefundRow, OrderPaymentRow).join(OrderPaymentRow, OrderPaymentRow.payment == RefundRow.payment)
        ):
            if refund.state == "MANDATE":
                mandates[payment.order_id] += refund.cents
        assert findings(held, tickets, mandates) == []
        _books(trial, held, mandates)
        numbers = defaultdict(list)
        for row in session.scalars(select(InvoiceRow).order_by(InvoiceRow.number)):
            numbers[row.series].append(row.number)
        assert all(each == list(range(1, len(each) + 1)) for each in numbers.values()), "a hole in a series"
    assert ledger.verify(engine).ok


def _books(trial: Trial, held: dict[str, int], mandates: dict[str, int]) -> None:
    with reading(trial.shop.engine) as session:
        net = {code: book.balance().net.cents for code, book in all_books(session).items()}
        sold = sum(
            item.gross_cents - item.reduction_cents
            for item in session.scalars(select(ItemRow).where(ItemRow.state == str(ItemState.FULFILLED)))
        )
    sales = sum(cents for code, cents in net.items() if code.startswith(("billettique:sales:", "billettique:vat:")))
    assert sales == sold, "sales and ledger differ"
    assert sum(-cents for code, cents in net.items() if code.startswith("billettique:collector:")) == sum(held.values())
    assert net.get(books.refunds_account("essai", "sim"), 0) == sum(mandates.values())
    left = {code: cents for code, cents in net.items() if code.startswith("billettique:order:") and cents}
    assert left == {}, "an order holds money that nobody has a use for"


def session_of_faults(folder: Path, template: Path, config: Config, seed: int, runs: int) -> Trial:
    database = folder / f"faults-{seed}.sqlite"
    shutil.copyfile(template, database)
    engine = open_quick(f"sqlite:///{database}")
    settings = replace(
        config, home=folder / f"home-{seed}", environment="development", database_url=f"sqlite:///{database}",
        payments=("sim",),
    )  # fmt: skip
    faults = Faults(random.Random(seed))
    trial = Trial(Shop(engine, settings), faults)
    trial.providers()
    while trial.faulty_runs < runs:
        with hooked(faults):
            trial.run()
    trial.converge()
    return trial


@pytest.fixture
def quick_folder() -> Path:
    """Where files cost nothing, when this machine has such a place."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=shared if shared.is_dir() and os.access(shared, os.W_OK) else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (payments, refunding, webhooks.waking):
        monkeypatch.setattr(module, "wake", lambda *_given: False)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_selling_survives_faults(chunk: int, quick_folder: Path, sqlite_template: Path, config: Config) -> None:
    trial = session_of_faults(quick_folder, sqlite_template, config, 1_000 + chunk, RUNS)
    audit(trial)
    assert trial.faulty_runs >= RUNS
    assert trial.forged > 0
    if IN_CI:
        missed = [point for point in NAMED if not trial.faults.fired[point]]
        assert missed == [], "a point where the process never died"
    trial.shop.engine.dispose()


KILLS = 10


def test_a_process_killed_ten_times_loses_no_ticket_and_no_cent(
    quick_folder: Path, sqlite_template: Path, config: Config
) -> None:
    """Real kills: a process that only sells is forked, and ended with SIGKILL wherever it happens to be."""
    database = quick_folder / "kills.sqlite"
    shutil.copyfile(sqlite_template, database)
    settings = replace(
        config, home=quick_folder / "home", environment="development", database_url=f"sqlite:///{database}",
        payments=("sim",),
    )  # fmt: skip
    luck = random.Random(7)
    for kill in range(KILLS):
        sold, tell = os.pipe()
        child = os.fork()
        if child == 0:
            _sell_until_killed(settings, kill, tell)
        os.close(tell)
        os.read(sold, 1)  # one order is behind it: the next one dies somewhere
        time.sleep(luck.uniform(0.0, 0.3))
        os.kill(child, signal.SIGKILL)
        _pid, status = os.waitpid(child, 0)
        os.close(sold)
        assert os.WIFSIGNALED(status), "the seller ended by itself"
    trial = Trial(Shop(open_quick(settings.database_url), settings, NOW + timedelta(hours=1)), Faults(luck))
    trial.providers()
    trial.converge()
    with reading(trial.shop.engine) as session:
        assert session.query(CodeRow).count() > 0, "nothing was sold before the kills"
    audit(trial)
    trial.shop.engine.dispose()


def _sell_until_killed(settings: Config, seed: int, tell: int) -> None:
    """Sells, works, gives back, and never returns."""
    try:
        trial = Trial(
            Shop(open_quick(settings.database_url), settings, NOW + timedelta(minutes=seed)),
            Faults(random.Random(seed)),
        )
        trial.providers()
        while True:
            order = trial.shop.basket(*trial.shop.coach(("adulte",)))
            trial.orders.append(order.id)
            trial.buyer(order.id)
            os.write(tell, b".")
    finally:
        os._exit(1)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(100))
def test_selling_survives_a_hundred_thousand_faults(
    chunk: int, quick_folder: Path, sqlite_template: Path, config: Config
) -> None:
    trial = session_of_faults(quick_folder, sqlite_template, config, 50_000 + chunk, 1_000)
    audit(trial)
    trial.shop.engine.dispose()
