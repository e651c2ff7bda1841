"""A counter on both databases: an agent, a régisseur, an accountant, and what they hold."""

from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from sqlalchemy import Engine

from billettique.model.orders import Channel, Offer
from billettique.service import cash, counter, payment_refunds, payments, shelf
from billettique.service.counter import Back, Sale
from mobigo.base.money import Money
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from tests.billettique_orders_world import Shop

AGENT, OTHER, REGISSEUR, ACCOUNTANT = "agent-one", "agent-two", "regisseur", "comptable"
REGIE, PLACE = "guichets", "dijon-ville"


@dataclass
class Desk:
    """A shop with a counter."""

    shop: Shop

    @property
    def engine(self) -> Engine:
        return self.shop.engine

    @property
    def now(self) -> datetime:
        return self.shop.now

    def open(self, agent: str = AGENT, opening: int = 10_000, *, training: bool = False) -> None:
        with transaction(self.engine) as session:
            cash.open_till(session, agent=agent, regie=REGIE, place=PLACE, opening=Money(opening), training=training,
                           home=None, now=self.now)  # fmt: skip

    def coach(self, count: int = 1) -> tuple[Offer, ...]:
        return shelf.flat_tickets("car-unite", ("adulte",) * count, None, Channel.COUNTER, self.now)

    def sell(
        self, count: int = 1, *, means: str = "cash", agent: str = AGENT, key: str = "k1",
        proof: dict[str, str] | None = None, channel: Channel = Channel.COUNTER,
    ) -> Sale:  # fmt: skip
        offers = self.coach(count)
        proof = proof if proof is not None else {"given_cents": str(counter.total(offers).cents)}
        return counter.sell(
            self.shop.services, self.engine, agent=agent, key=key, channel=channel, offers=offers, means=means,
            proof=proof, holder=None, email="", receipt=False, now=self.now,
        )  # fmt: skip

    def give_back(self, sale: Sale, expected: int = 150, agent: str = AGENT) -> Back:
        item = self.shop.items(sale.order_id)[0]
        with transaction(self.engine) as session:
            return counter.refund(session, self.shop.services, agent=agent, order_id=sale.order_id, item_id=item.id,
                                  expected=Money(expected), now=self.now)  # fmt: skip


@pytest.fixture
def desk(engine: Engine, config: Config, monkeypatch: pytest.MonkeyPatch) -> Desk:
    settings = replace(
        config, environment="development", database_url=engine.url.render_as_string(hide_password=False),
        payments=("counter", "sim"),
    )  # fmt: skip
    for module in (payments, payment_refunds):
        monkeypatch.setattr(module, "wake", lambda *_given: False)
    return Desk(Shop(engine, settings))
