"""A small world of payments for tests: services on a database, the simulated provider with a clock that is turned by
hand, and what was told to those who listen."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from billettique.gateway.psp import Providers
from billettique.gateway.psp.sim import Sim
from billettique.model.payments import PaymentState
from billettique.service import listening, payments, webhooks
from billettique.store import payments as store
from mobigo.base.money import Money
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Role
from mobigo.infra.web import Services

__all__ = ["NOW", "RETURN", "Role", "World", "world"]

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
RETURN = "http://127.0.0.1:8000/billets/commande/o1"


@dataclass
class World:
    """Services, their clock, and what listeners heard."""

    services: Services
    at: datetime = NOW
    heard: list[tuple[str, str]] = field(default_factory=list)
    refunds: list[str] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.at

    def later(self, **wait: float) -> datetime:
        self.at += timedelta(**wait)
        return self.at

    @property
    def engine(self) -> Engine:
        return self.services.engine

    @property
    def providers(self) -> Providers:
        return payments.providers_of(self.services)

    @property
    def sim(self) -> Sim:
        found = self.providers.get("sim")
        assert isinstance(found, Sim)
        return found

    def begin(self, order: str = "o1", cents: int = 300, *, attempt: int = 1, **differs: Any) -> str:
        """An attempt to pay, by card at the simulated provider unless told otherwise."""
        asked: dict[str, Any] = {"means": "card", "provider": "sim", "return_url": RETURN} | differs
        with transaction(self.engine) as session:
            return payments.begin(session, order_id=order, amount=Money(cents), attempt=attempt, now=self.at, **asked)

    def asked(self, order: str = "o1", cents: int = 300, **differs: Any) -> str:
        """An attempt, and its provider asked."""
        payment = self.begin(order, cents, **differs)
        payments.call(self.services, payment, self.at)
        return payment

    def paid(self, order: str = "o1", cents: int = 300, card: str = "pm_card_visa", **differs: Any) -> str:
        """An attempt, paid with this means by its buyer; nothing is read yet."""
        payment = self.asked(order, cents, **differs)
        self.sim.bank.pay(self.form(payment), card)
        return payment

    def form(self, payment: str) -> str:
        """The buyer's form at the provider."""
        ref = self.row(payment).provider_ref
        assert ref is not None
        return ref

    def row(self, payment: str) -> store.PaymentRow:
        with reading(self.engine) as session:
            return store.get_payment(session, payment)

    def state(self, payment: str) -> PaymentState:
        return PaymentState(self.row(payment).state)

    def ask_refund(self, payment: str, cents: int, key: str = "k1") -> str:
        with transaction(self.engine) as session:
            return payments.ask_refund(session, payment, Money(cents), key, "test", self.at)

    def refund_state(self, refund: str) -> str:
        with reading(self.engine) as session:
            return store.get_refund(session, refund).state

    def drain(self) -> int:
        return webhooks.drain(self.services, self.clock)

    def intent(self, payment: str) -> str:
        with reading(self.engine) as session:
            return next(ref for ref in store.refs_of(session, payment) if ref.startswith("pi_"))


def on_payment(session: Session, payment_id: str, state: PaymentState, now: datetime) -> None:
    _current[-1].heard.append((payment_id, str(state)))


def on_refund(session: Session, refund_id: str, now: datetime) -> None:
    _current[-1].refunds.append(store.get_refund(session, refund_id).state)


_current: list[World] = []


@contextmanager
def world(config: Config, now: datetime = NOW) -> Iterator[World]:
    """A world on this configuration; its listeners take the place of the order's."""
    from mobigo.app import jobs_registry

    jobs_registry.install()
    services = Services(config)
    made = World(services, now)
    services._parts[Providers] = Providers(config, made.clock)
    before = list(listening.ON_PAYMENT), list(listening.ON_REFUND)
    listening.ON_PAYMENT[:] = ["tests.payments_world:on_payment"]
    listening.ON_REFUND[:] = ["tests.payments_world:on_refund"]
    _current.append(made)
    try:
        yield made
    finally:
        _current.pop()
        listening.ON_PAYMENT[:], listening.ON_REFUND[:] = before
        services.engine.dispose()
