"""A seller with its simulated provider, and a buyer, for the tests of baskets, orders, fulfilment and refunds."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from billettique.gateway.psp import Providers
from billettique.gateway.psp.sim import Sim
from billettique.model.orders import Channel, ItemState, Offer
from billettique.model.payments import PaymentState
from billettique.service import baskets, fulfilment, orders, payment_refunds, payments, shelf
from billettique.store import notices
from billettique.store import orders as store
from billettique.store.orders import ItemRow, OrderRow
from billettique.store.payments import RefundRow
from mobigo.base.instants import PARIS
from mobigo.base.money import Money
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.outbox import deliver_effects
from mobigo.infra.web import Services
from mobigo.ledger import service as ledger

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=PARIS)
MINUTE = timedelta(minutes=1)


@dataclass
class Shop:
    """The services of one process, its clock, and what a buyer does there."""

    engine: Engine
    config: Config
    now: datetime = NOW
    seats: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services = Services(self.config, make_seats=lambda _services: self.seats)
        self.services.__dict__["engine"] = self.engine
        self.providers = Providers(self.config, lambda: self.now)
        self.services._parts[Providers] = self.providers

    @property
    def sim(self) -> Sim:
        found = self.providers.get("sim")
        assert isinstance(found, Sim)
        return found

    # ------------------------------------------------------------ what a buyer does

    def coach(self, riders: tuple[str, ...] = ("adulte",)) -> tuple[Offer, ...]:
        return shelf.flat_tickets("car-unite", riders, None, Channel.ONLINE, self.now)

    def basket(self, *offers: Offer) -> OrderRow:
        with transaction(self.engine) as session:
            order = baskets.open_basket(
                session, self.config, channel=Channel.ONLINE, language="fr", subject=None, now=self.now
            )
            baskets.add(session, order.id, offers or self.coach(), self.config, now=self.now)
        return order

    def place(self, order_id: str, means: str = "card", **more: Any) -> orders.Placed:
        with transaction(self.engine) as session:
            return orders.place(
                session, self.config, order_id, **{"version": None, **more}, means=means, provider="sim",
                return_url="http://localhost/retour", seats=self.seats, now=self.now,
            )  # fmt: skip

    def pay(self, placed: orders.Placed, card: str = "pm_card_visa") -> PaymentState:
        """Asks the provider, fills its form, and reads what became of it."""
        assert placed.payment is not None
        seen = payments.call(self.services, placed.payment, self.now)
        self.sim.bank.pay(seen.provider_ref, card)
        return payments.refresh(self.services, placed.payment, self.now)

    def serve(self, order_id: str) -> None:
        with transaction(self.engine) as session:
            fulfilment.fulfil(session, self.services, order_id, self.now)

    def buy(self, *offers: Offer, card: str = "pm_card_visa", means: str = "card", **more: Any) -> str:
        """A basket, placed, paid and served; its order."""
        order = self.basket(*offers)
        self.pay(self.place(order.id, means, **more), card)
        self.serve(order.id)
        return order.id

    # ------------------------------------------------------------ what the worker does

    def work(self, rounds: int = 3) -> None:
        """Effects, the calls that wait, the events of the provider, until nothing is left."""
        from mobigo.app.deliveries import handlers

        for _round in range(rounds):
            wired = {**handlers(self.services), orders.FULFIL: lambda session, effect: fulfilment.fulfil(
                session, self.services, effect.payload["order"], self.now)}  # fmt: skip
            deliver_effects(self.engine, wired, lambda: self.now)
            for refund in self.open_refunds():
                payment_refunds.give_back(self.services, self.providers, refund, self.now)

    def open_refunds(self) -> list[str]:
        with reading(self.engine) as session:
            return list(session.scalars(select(RefundRow.id).where(RefundRow.state == "CREATED")))

    # ------------------------------------------------------------ what is true afterwards

    def items(self, order_id: str) -> list[ItemRow]:
        with reading(self.engine) as session:
            return store.items_of(session, order_id)

    def states(self, order_id: str) -> list[ItemState]:
        return [each.now for each in self.items(order_id)]

    def balance(self, account: str) -> Money:
        with reading(self.engine) as session:
            return ledger.balance(session, account).net

    def refunds(self, order_id: str) -> list[tuple[str, int, str]]:
        with reading(self.engine) as session:
            return [
                (each.reason, each.amount_cents, session.get_one(RefundRow, each.refund).state)
                for each in store.refunds_of(session, order_id)
            ]


def no_notices(session: Session) -> int:
    """How many asks wait (imported here so that their tables are known to every test of selling)."""
    return session.query(notices.AskRow).count() if hasattr(notices, "AskRow") else 0
