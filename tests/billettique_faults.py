"""Selling under faults: a process that dies at any statement, commit or call, a provider that loses its answers, events
that come twice, late, in any order, or from a forger; then a restart, and an auditor.

A crash is an exception that nothing of ours catches (`BaseException`); then the engine is thrown away and the database
opened again, as a new process would. Every run is drawn from its seed.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from billettique.export import invoice as invoice_export
from billettique.model.orders import ItemState
from billettique.service import fulfilment, invoices, orders, payments, refunds, sweeping, webhooks
from billettique.store import orders as store
from billettique.store.invoices import get_invoice
from mobigo.base.errors import MobigoError, Refused, Upstream
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.outbox import deliver_effects
from tests.billettique_orders_world import Shop

TABLES: Final = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
CARDS: Final = (
    ["pm_card_visa"] * 9
    + ["pm_card_visa_chargeDeclined", "pm_card_createDispute", "pm_card_pendingRefund", "pm_card_refundFail"]
    + ["pm_card_authenticationRequired"]
)
DEBITS: Final = ("pm_sepa_success", "pm_sepa_failed", "pm_sepa_disputed")
# What a run is made to die at, by name: each must have been met at least once in a session.
NAMED: Final = (
    "commit:before", "commit:after", "call:before", "call:after", "sql:outbox_effect", "sql:outbox_message",
    "sql:billettique_invoice_series", "sql:billettique_code", "sql:billettique_item", "sql:billettique_payment",
    "sql:billettique_payment_refund", "sql:ledger_line", "sql:billettique_provider_event", "pdf",
)  # fmt: skip


# Points that a purchase does not pass by itself: a run that is to die there does what leads there.
RARE: Final = ("pdf", "sql:billettique_invoice_series", "sql:outbox_message", "sql:billettique_payment_refund")


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Faults:
    """Where this run dies: at the nth tick, or at the kth passage at a named point. Off by default."""

    rng: random.Random
    ticks: set[int] = field(default_factory=set)
    named: Counter[str] = field(default_factory=Counter)  # point → passages left before it dies there
    fired: Counter[str] = field(default_factory=Counter)
    on: bool = False
    tick: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def plan(self) -> None:
        self.tick, self.ticks, self.named = 0, set(), Counter()
        for _fault in range(self.rng.randint(1, 3)):
            if self.rng.random() < 0.4:
                self.ticks.add(self.rng.randint(1, 160))
            else:
                point = self.rng.choice(NAMED)
                self.named[point] = 1 if point in RARE else self.rng.randint(1, 3)

    def at(self, point: str) -> None:
        """The process passes here. Raises Crash when it dies here."""
        if not self.on:
            return
        self.tick += 1
        if self.tick in self.ticks:
            self.ticks.discard(self.tick)
            self._die(point)
        if self.named[point] > 0:
            self.named[point] -= 1
            if self.named[point] == 0:
                self._die(point)

    def _die(self, point: str) -> None:
        self.fired[point] += 1
        raise Crash(point)


class Flaky:
    """A provider between which and us the process may die, and the line be cut."""

    def __init__(self, real: Any, faults: Faults) -> None:
        self._real, self._faults = real, faults

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name not in ("create", "read", "find", "cancel", "refund", "read_refund", "find_refund"):
            return found

        def call(*given: Any, **named: Any) -> Any:
            self._faults.at("call:before")
            answer = found(*given, **named)
            self._faults.at("call:after")
            if self._faults.on and self._faults.rng.random() < 0.05:
                self._faults.fired["call:lost"] += 1
                raise Upstream("payments.provider_failed", provider="sim", status=0)
            return answer

        return call


@lru_cache(maxsize=4096)
def point_of(sql: str) -> str:
    """What a statement is called as a point: by the table it writes to, if it writes."""
    found = TABLES.search(sql)
    return f"sql:{found[1]}" if found else "sql"


@contextmanager
def hooked(faults: Faults) -> Iterator[None]:
    """Every statement and every commit passes by the faults, whichever engine makes it."""

    def statement(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        faults.at(point_of(sql))

    def before(session: Session) -> None:
        if not session.in_nested_transaction():
            faults.at("commit:before")

    def after(session: Session) -> None:
        if not session.in_nested_transaction():
            faults.at("commit:after")

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Session, "before_commit", before)
    event.listen(Session, "after_commit", after)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Session, "before_commit", before)
        event.remove(Session, "after_commit", after)


@dataclass
class Trial:
    """One installation under faults, and the orders made on it."""

    shop: Shop
    faults: Faults
    orders: list[str] = field(default_factory=list)
    crashes: int = 0
    faulty_runs: int = 0
    forged: int = 0

    def reopen(self) -> None:
        """A new process: other connections, nothing remembered."""
        self.shop.engine.dispose()
        self.shop = Shop(self.shop.engine, self.shop.config, self.shop.now)
        self.providers()

    def providers(self) -> None:
        self.shop.providers.opened["sim"] = Flaky(self.shop.sim, self.faults)  # type: ignore[assignment]

    @property
    def sim(self) -> Any:
        return self.shop.providers.opened["sim"]._real  # type: ignore[attr-defined]

    # ------------------------------------------------------------ one run

    def run(self) -> None:
        """A buyer, a provider, a worker, and the faults drawn for them."""
        rng, before = self.faults.rng, sum(self.faults.fired.values())
        self.faults.plan()
        self.faults.on = True
        try:
            order_id = self.step(lambda: self.shop.basket(*self.shop.coach(("adulte",) * rng.randint(1, 2))).id, 3)
            if order_id is not None:
                self.orders.append(order_id)
                self.buyer(order_id)
        finally:
            self.faults.on = False
        self.faulty_runs += sum(self.faults.fired.values()) > before

    def buyer(self, order_id: str) -> None:
        rng = self.faults.rng
        for _attempt in range(rng.choice((1, 1, 1, 2))):
            means = "card" if rng.random() < 0.85 else "sepa_debit"
            mail = "a@example.org" if rng.random() < 0.3 or self.wants("sql:outbox_message") else ""
            receipt = rng.random() < 0.25 or self.wants("sql:billettique_invoice_series")
            self.step(lambda m=means, e=mail, r=receipt: self.shop.place(order_id, m, email=e, receipt=r), 2)
            form = self.step(lambda: self.ask(order_id), rng.randint(1, 2))
            if form and rng.random() < 0.93:
                self.fill(form, rng.choice(CARDS) if means == "card" else rng.choice(DEBITS))
            for act in rng.sample([self.events, self.land, self.effects, self.land], rng.randint(0, 4)):
                self.step(lambda a=act: a(order_id), 1)
        if rng.random() < 0.15 or self.wants("pdf"):
            self.step(lambda: self.land(order_id), 1)
            self.step(lambda: self.receipt(order_id), 2)
        if rng.random() < 0.25 or self.wants("sql:billettique_payment_refund"):
            self.step(lambda: self.refund(order_id), 2)
        if rng.random() < 0.2:
            self.step(lambda: self.work(order_id), 1)
        self.shop.now += timedelta(seconds=rng.randint(0, 40))

    def wants(self, point: str) -> bool:
        """Whether this run is still to die there."""
        return self.faults.named[point] > 0

    def step(self, act: Callable[[], Any], tries: int) -> Any:
        """What the act gives; None when it was refused, or the process died each time."""
        for _try in range(tries):
            try:
                return act()
            except Crash:
                self.crashes += 1
                self.reopen()
            except MobigoError:
                return None
        return None

    def ask(self, order_id: str) -> str | None:
        with reading(self.shop.engine) as session:
            waiting = orders.open_payment(session, order_id)
        if waiting is None:
            return None
        return payments.call(self.shop.services, waiting.payment, self.shop.now).provider_ref

    def fill(self, form: str, card: str) -> None:
        """The payer is not ours: nothing of this dies with us."""
        on, self.faults.on = self.faults.on, False
        try:
            if form.startswith("cs_"):
                seen = self.sim.bank.pay(form, card)
                if seen["next"] is not None:
                    self.sim.bank.authenticate(seen["payment_intent"], self.faults.rng.random() < 0.8)
        except MobigoError:
            pass
        finally:
            self.faults.on = on

    def land(self, order_id: str) -> None:
        with reading(self.shop.engine) as session:
            waiting = orders.open_payment(session, order_id)
        if waiting is not None:
            payments.refresh(self.shop.services, waiting.payment, self.shop.now)
        self.shop.serve(order_id)

    def events(self, _order_id: str) -> None:
        """What the provider has to say: some twice or five times, in any order, some later, one forged."""
        rng, heard = self.faults.rng, []

        def take(body: bytes, headers: dict[str, str]) -> None:
            if rng.random() < 0.2:
                raise Refused("payments.not_now")
            heard.append((body, headers))

        self.sim.deliver(take)
        heard = [each for each in heard for _copy in range(rng.choice((1, 1, 2, 5)))]
        rng.shuffle(heard)
        for body, headers in heard:
            webhooks.receive(self.shop.services, "sim", body, headers, self.shop.now)
        self.forge()

    def forge(self) -> None:
        """Somebody says that a payment succeeded. Nobody believes it."""
        body = json.dumps({"id": "evt_forged", "type": "checkout.session.completed", "created": 1}).encode()
        signed = self.sim.signed(body)
        try:
            webhooks.receive(self.shop.services, "sim", body.replace(b"forged", b"forgee"), signed, self.shop.now)
        except Refused:
            self.forged += 1
        else:
            raise AssertionError("a forged event was believed")

    def effects(self, _order_id: str = "") -> None:
        def handle(session: Session, effect: Any) -> None:
            fulfilment.fulfil(session, self.shop.services, effect.payload["order"], self.shop.now)

        deliver_effects(self.shop.engine, {orders.FULFIL: handle}, lambda: self.shop.now)

    def work(self, _order_id: str = "") -> None:
        webhooks.drain(self.shop.services, lambda: self.shop.now)
        self.effects()

    def refund(self, order_id: str) -> None:
        served = [each for each in self.shop.items(order_id) if each.now is ItemState.FULFILLED]
        if served:
            with transaction(self.shop.engine) as session:
                refunds.refund(session, self.shop.services, order_id, served[0].id, now=self.shop.now)

    def receipt(self, order_id: str) -> None:
        with transaction(self.shop.engine) as session:
            made = invoices.issue(session, order_id, self.shop.now).id
        with reading(self.shop.engine) as session:
            row = get_invoice(session, made, of=order_id)
            reference = store.get_order(session, order_id).reference
        self.faults.at("pdf")
        if self.faults.rng.random() < 0.05:  # the document itself is slow, and depends on nothing
            invoice_export.invoice_pdf(
                title_number=str(row.number), lines=invoices.lines_of(row), issued_at=row.issued_at,
                reference=reference, seller="Région", of_number=None, buyer="", specimen=True,
            )  # fmt: skip

    # ------------------------------------------------------------ after the restart

    def converge(self) -> int:
        """Nothing dies any more: days pass, until nothing is left to do. How many rounds that took."""
        self.reopen()
        for n in range(1, 40):
            for debit in self.sim.bank.waiting_debits():
                self.sim.bank.settle(debit)
            self.sim.bank.end_refunds()
            webhooks.drain(self.shop.services, lambda: self.shop.now)
            if n in (1, 5):
                webhooks.sweep(self.shop.services, self.shop.now)
            self.effects()
            sweeping.sweep(self.shop.services, self.shop.now)
            if n > 8 and self.quiet():
                return n
            self.shop.now += timedelta(hours=7)
        raise AssertionError(f"it never comes to rest: {self.left()}")

    def quiet(self) -> bool:
        return not any(self.left().values())

    def left(self) -> dict[str, list[Any]]:
        """What is still to be done."""
        asked = {
            "effects": "SELECT key, error FROM outbox_effect WHERE delivered_at IS NULL",
            "items": "SELECT id, state, why FROM billettique_item WHERE state IN ('ON_HOLD', 'CONFIRMED', 'ERROR')",
            "refunds": "SELECT id, state FROM billettique_payment_refund WHERE state IN ('CREATED', 'PROCESSING')",
        }
        with self.shop.engine.connect() as connection:
            return {name: [tuple(row) for row in connection.exec_driver_sql(sql)] for name, sql in asked.items()}


def open_quick(url: str) -> Engine:
    """An engine that does not wait for the disk: what dies here is a process, never the machine."""
    engine = open_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous = OFF"))
    return engine
